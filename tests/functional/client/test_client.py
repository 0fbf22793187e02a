# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The normal operation of the client, over real connections."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from tutum_sandbox.process import Sandbox

from ansible_collections.tutum.cloud.plugins.module_utils._actions import STATES
from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError, OptionError, TransientError
from tests.functional.client.conftest import SANDBOX_PYTHON
from tests.support.faults import STALL
from tests.support.operations import client_for, query, settings_for, wait
from tests.support.servers import Proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ansible_collections.tutum.cloud.plugins.module_utils._client import Client

    Connect = Callable[..., Client]

EXAMPLE = "6246c558-976c-4df6-ba60-eb1a344a17af"
SERVICE = "/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/"
PROXY_LOGIN = "proxy-user:not-the-key-but-secret"


# Credentials and URLs.


@pytest.mark.parametrize(("options", "scheme"), [({}, "apikey"), ({"auth_scheme": "basic"}, "basic")])
def test_username_and_api_key(sandbox: Sandbox, connect: Connect, options: dict[str, str], scheme: str) -> None:
    assert query(connect(**options), uuid=[EXAMPLE]).actions[0]["state"] == "Success"
    (request,) = sandbox.requests()
    assert (request["scheme"], request["authorization"]) == (scheme, True)


def test_authorization(sandbox: Sandbox, connect: Connect) -> None:
    client = connect(authorization=f"ApiKey {sandbox.username}:{sandbox.api_key}")
    assert query(client, uuid=[EXAMPLE]).actions[0]["uuid"] == EXAMPLE


def test_api_key_wrong(connect: Connect) -> None:
    message = r"HTTP 401: authentication failed .*api_key from the option api_key.* Check the API key"
    with pytest.raises(ApiError, match=message):
        query(connect(api_key="another"), uuid=[EXAMPLE])


@pytest.mark.parametrize("base", ["", "/", "/api/v1/", "/api/v1", "/api/audit/v1/"])
def test_api_url_with_a_base(sandbox: Sandbox, connect: Connect, base: str) -> None:
    client = connect(api_url=f"{sandbox.url}{base}")
    expected = "/api/audit/v1/action/" if "audit" in base else "/api/v1/action/"
    (action,) = query(client, limit=1).actions
    assert action["resource_uri"] == f"{expected}{action['uuid']}/"
    assert query(client, uuid=[action["resource_uri"]]).actions == [action]
    assert {entry["path"] for entry in sandbox.requests()} == {expected, action["resource_uri"]}


def test_api_url_with_a_path_prefix(sandbox: Sandbox, connect: Connect) -> None:
    """A gateway adds a prefix. The server's links lack it, and name another host: none of them is requested."""
    sandbox.set(path_prefix="/gateway", next_base="http://internal.example:8000/other", max_page_size=7)
    client = connect(api_url=f"{sandbox.url}/gateway/api/v1/")
    assert len(query(client).actions) == 60
    uuid = sandbox.create_action([[0, "In progress"], [1, "Success"]], object=SERVICE)
    assert wait(client, object=SERVICE).failure() is None
    assert query(client, uuid=[f"/gateway/api/v1/action/{uuid}/", f"/api/v1/action/{uuid}/"]).total_count == 1
    assert all(entry["path"].startswith("/gateway/api/v1/action/") for entry in sandbox.requests())


def test_netrc_ignored(sandbox: Sandbox, connect: Connect) -> None:
    """Neither instead of the key nor with it, and not after a redirect."""
    Path("~/.netrc").expanduser().write_text("machine 127.0.0.1 login netrc password netrc\n", encoding="ascii")
    sandbox.add_fault(kind="redirect", location=f"/api/audit/v1/action/{EXAMPLE}/", times=1)
    assert query(connect(), uuid=[EXAMPLE]).actions[0]["uuid"] == EXAMPLE
    assert [entry["scheme"] for entry in sandbox.requests()] == ["apikey", "apikey"]


# Lists.


def overlapping(count: int, size: int) -> int:
    """Return the number of pages for this many actions. Each page begins with the last action of the previous page."""
    return 1 + max(0, -(-(count - size) // (size - 1)))


@pytest.mark.parametrize("max_page_size", [7, 25, 1000, 0])
def test_list_of_all_pages(listing_sandbox: Sandbox, connect: Connect, max_page_size: int) -> None:
    listing_sandbox.set(max_page_size=max_page_size)
    result = query(connect())
    assert (len(result.actions), result.total_count, result.truncated) == (60, 60, False)
    assert len({action["uuid"] for action in result.actions}) == 60
    starts = [action["started_at"] for action in result.actions]
    assert starts == sorted(starts)
    assert len(listing_sandbox.requests()) == overlapping(60, max_page_size or 500)


def test_list_with_pages_of_one_action(listing_sandbox: Sandbox, connect: Connect) -> None:
    every = query(connect(), limit=20).actions
    listing_sandbox.set(max_page_size=1)
    assert query(connect(), end_date_lte=every[9]["end_date"]).actions == every[:10]


@pytest.mark.parametrize("max_page_size", [3, 25, 1000])
@pytest.mark.parametrize("order", ["oldest_first", "newest_first"])
def test_limit(listing_sandbox: Sandbox, connect: Connect, max_page_size: int, order: str) -> None:
    every = query(connect()).actions
    listing_sandbox.set(max_page_size=max_page_size)
    listing_sandbox.clear_requests()
    result = query(connect(), limit=8, order=order)
    assert result.actions == (every[:8] if order == "oldest_first" else every[:-9:-1])
    assert (result.total_count, result.truncated) == (60, True)
    # One or two more to find the end of the list, and its order.
    assert len(listing_sandbox.requests()) <= overlapping(8, max_page_size) + 2


@pytest.mark.parametrize(
    "settings",
    [
        {"total_count": "missing"},
        {"total_count": "null"},
        {"total_count": "high"},
        {"total_count": "low"},
        {"repeated_parameters": True},
        {"next_base": "http://internal.example:8000/other"},
    ],
    ids=str,
)
def test_list_with_unusual_meta(listing_sandbox: Sandbox, connect: Connect, settings: dict[str, Any]) -> None:
    every = query(connect()).actions
    listing_sandbox.set(max_page_size=7, **settings)
    assert query(connect()).actions == every
    assert query(connect(), order="newest_first", limit=9).actions == every[:-10:-1]
    assert (
        query(connect(), state=["Failed", "Success"], order="newest_first", limit=9).actions
        == [action for action in reversed(every) if action["state"] in ("Failed", "Success")][:9]
    )


@pytest.mark.parametrize("dates", ["padded", "unpadded", "iso", "iso_utc"])
def test_dates_of_the_api(listing_sandbox: Sandbox, connect: Connect, dates: str) -> None:
    """Each format is read, and the order is that of the dates."""
    every = query(connect()).actions
    listing_sandbox.set(dates=dates, max_page_size=7)
    options: dict[str, Any] = {"state": ["Failed", "Success"], "order": "newest_first", "limit": 5}
    expected = [action for action in reversed(every) if action["state"] in options["state"]][:5]
    found = query(connect(), **options).actions
    derived = ("uuid", "started_at", "ended_at", "duration")
    assert [[action[name] for name in derived] for action in found] == [
        [action[name] for name in derived] for action in expected
    ]
    assert all(action["started_at"] for action in found)


def test_list_while_actions_move(listing_sandbox: Sandbox, connect: Connect) -> None:
    """One action leaves the list while it is read, and one enters: none of the others is missing."""
    phases: list[list[Any]] = [[0, "In progress"], [999, "Success"]]
    described = [{"phases": phases, "started_ago": 1000 - number} for number in range(60)]
    uuids = listing_sandbox.create_actions(described)
    leaving = listing_sandbox.create_action(
        [[0, "In progress"], [0.4, "Success"]], from_first_request=True, started_ago=990
    )
    entering = listing_sandbox.create_action(
        [[0, "Pending"], [0.4, "In progress"]], from_first_request=True, started_ago=995
    )
    listing_sandbox.set(max_page_size=6, latency=60.0)
    found = [action["uuid"] for action in query(connect(), state=["In progress"]).actions]
    assert [uuid for uuid in found if uuid not in (leaving, entering)] == uuids
    assert len(found) == len(set(found))


@pytest.mark.parametrize("name", ["state", "object", "start_date__gte"])
def test_list_with_an_ignored_filter(sandbox: Sandbox, connect: Connect, name: str) -> None:
    sandbox.set(ignored_filters=[name])
    options: dict[str, Any] = {"state": ["Failed"], "object": SERVICE, "start_date_gte": "1 s ago"}
    with pytest.raises(ApiError, match=f"do not match the filter {name}: the server ignores it"):
        query(connect(), **{key: value for key, value in options.items() if name.startswith(key[:10])})
    if name == "object":
        with pytest.raises(ApiError, match="do not match the filter object"):
            wait(connect(), object=SERVICE, missing="skip")


def test_filters(connect: Connect) -> None:
    client = connect()
    every = query(client).actions
    for state in STATES:
        wanted = [action for action in every if action["state"] == state]
        assert query(client, state=[state]).actions == wanted
    assert query(client, state=list(STATES)).actions == every
    middle = every[30]
    assert query(client, start_date_gte=middle["start_date"]).actions == every[30:]
    assert query(client, start_date_lte=middle["started_at"]).actions == every[:31]
    assert middle in query(client, object=middle["object"]).actions
    assert query(client, start_date_gte="1 s ago", end_date_lte="2014-09-17").actions == []
    for now in ("now", "today", f"{int(time.time())}"):
        assert query(client, start_date_lte=now, start_date_gte="2014-01-01").actions[:40] == every[:40]


def test_list_over_one_connection(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.set(max_page_size=5)
    client = connect()
    query(client)
    query(client, uuid=[EXAMPLE])
    entries = sandbox.requests()
    assert len(entries) == overlapping(60, 5) + 1
    assert len({entry["connection"] for entry in entries}) == 1


def test_slow_list_over_several_connections(listing_sandbox: Sandbox, connect: Connect) -> None:
    listing_sandbox.set(max_page_size=3, latency=250.0)
    started = time.monotonic()
    result = query(connect())
    duration = time.monotonic() - started
    assert len(result.actions) == 60
    assert [action["started_at"] for action in result.actions] == sorted(one["started_at"] for one in result.actions)
    entries = listing_sandbox.requests()
    assert len(entries) == 30
    assert 2 <= len({entry["connection"] for entry in entries}) <= 8
    assert duration < 30 * 0.25


def test_uuid_with_many_values(sandbox: Sandbox, connect: Connect) -> None:
    """Returned in the given order, as often as given, each requested once."""
    uuids = [action["uuid"] for action in query(connect()).actions]
    sandbox.clear_requests()
    wanted = [*reversed(uuids), uuids[3], uuids[3].upper(), f"{sandbox.url}/api/v1/action/{uuids[4]}/"]
    found = [action["uuid"] for action in query(connect(), uuid=wanted).actions]
    assert found == [*reversed(uuids), uuids[3], uuids[3], uuids[4]]
    assert len(sandbox.requests()) == len(uuids)


@pytest.mark.parametrize("value", ["6246c558", "6246C558-976c", f" {EXAMPLE}\n", f"/api/v1/action/{EXAMPLE}/ "])
def test_uuid_short_or_with_white_space(connect: Connect, value: str) -> None:
    assert [action["uuid"] for action in query(connect(), uuid=[value]).actions] == [EXAMPLE]
    assert wait(connect(), uuid=[value]).failure() is None


def test_uuid_ambiguous(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.create_actions({"uuid": f"aaaaaaaa-000{number}-4000-8000-000000000000"} for number in range(2))
    with pytest.raises(OptionError, match="Several actions have a UUID that begins with this"):
        query(connect(), uuid=["aaaaaaaa"])


def test_list_that_fails_returns_what_was_read(listing_sandbox: Sandbox, connect: Connect) -> None:
    listing_sandbox.set(max_page_size=25)
    listing_sandbox.add_fault(kind="status", status=503, skip=1)
    with pytest.raises(TransientError) as caught:
        query(connect(max_retries=0))
    assert len(caught.value.results["actions"]) == 25
    assert caught.value.results["truncated"] is True
    details = caught.value.details()
    assert (details["status"], details["error_type"]) == (503, "http")
    assert details["url"].startswith(f"{listing_sandbox.url}/api/v1/action/?")


# No value escapes its place in the URL.

ESCAPES = (
    "../service/",
    f"{EXAMPLE}/../../service/",
    f"{EXAMPLE}?limit=0",
    f"{EXAMPLE}#fragment",
    f"..%2f{EXAMPLE}",
    f"%2e%2e/{EXAMPLE}",
    f"{EXAMPLE}\r\nX-Header: injected",
    f"/api/v1/action/{EXAMPLE}/\x00",
    f"/api/v1/action/{EXAMPLE}/../cancel/",
    f"//elsewhere.example/api/v1/action/{EXAMPLE}/",
    f"https://elsewhere.example/api/v1/action/{EXAMPLE}/",
    f"http://127.0.0.1:1/api/v1/action/{EXAMPLE}/",
    f"http://user:key@127.0.0.1/api/v1/action/{EXAMPLE}/",
    f"\uff0f{EXAMPLE}",
    "\uff16\uff12\uff14\uff16c558-976c-4df6-ba60-eb1a344a17af",  # digits, but not ASCII
    "a" * 10_000,
    f"/api/v1/action/{'../' * 3_000}{EXAMPLE}/",
    "",
    " ",
)


@pytest.mark.parametrize("value", ESCAPES, ids=range(len(ESCAPES)))
@pytest.mark.parametrize("option", ["uuid", "object", "start_date_gte", "state"])
def test_option_with_an_escape_is_refused(sandbox: Sandbox, connect: Connect, option: str, value: str) -> None:
    """Nothing is sent, and the message names the option and is short."""
    client = connect()
    options: dict[str, Any] = {option: [value] if option in ("uuid", "state") else value}
    operations: list[Callable[..., object]] = [query, wait] if option in ("uuid", "object") else [query]
    for operation in operations:
        with pytest.raises(OptionError, match=f"^Invalid value for option {option}: ") as caught:
            operation(client, **options)
        assert len(str(caught.value)) < 500
        assert str(caught.value).isprintable()
        assert option not in ("uuid", "object") or ":key" not in str(caught.value)
    assert sandbox.requests() == []


# Proxies.


@pytest.fixture
def proxy(sandbox: Sandbox) -> Iterator[Proxy]:
    """Start a proxy in front of the sandbox."""
    with Proxy(sandbox.url) as proxy:
        yield proxy


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_http_proxy(proxy: Proxy, connect: Connect, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, proxy.url)
    monkeypatch.setenv("NO_PROXY", "localhost,.other.example")
    client = connect(api_url="http://tutum.example")
    assert query(client, uuid=[EXAMPLE]).actions[0]["uuid"] == EXAMPLE
    assert proxy.targets == [("GET", f"http://tutum.example/api/v1/action/{EXAMPLE}/")]
    assert "unencrypted" in client.settings.warnings[0]


@pytest.mark.parametrize("no_proxy", ["127.0.0.1", "example.org,127.0.0.1", "*", "127.0.0.0/8"])
def test_no_proxy(proxy: Proxy, connect: Connect, monkeypatch: pytest.MonkeyPatch, no_proxy: str) -> None:
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", no_proxy)
    assert query(connect(), uuid=[EXAMPLE]).actions[0]["uuid"] == EXAMPLE
    assert proxy.targets == []


def test_https_proxy_with_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy gets its own password and never the key, which is sent through the tunnel."""
    with Sandbox(SANDBOX_PYTHON, actions=1, tls="good") as tls, Proxy(tls.url, login=PROXY_LOGIN) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", f"//{PROXY_LOGIN}@"))
        localhost = tls.url.replace("127.0.0.1", "localhost")
        with closing(client_for(tls, api_url=localhost, ca_path=tls.ca_file)) as client:
            assert query(client, uuid=[EXAMPLE]).actions[0]["uuid"] == EXAMPLE
        assert proxy.targets == [("CONNECT", localhost.removeprefix("https://"))]
        assert tls.requests()[0]["authorization"] is True


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://{login}@127.0.0.1:{port}", "HTTP 407: the proxy requires|Proxy connection failed"),
        ("http://{login}@127.0.0.1:1", "Proxy connection failed"),
        ("http://{login}@[::1", "Cannot send the request"),
        ("http://{login}@127.0.0.1:port", "Cannot send the request"),
        ("http://{login}@", "Cannot send the request"),
        ("gopher://{login}@127.0.0.1:{port}", "Cannot send the request|Proxy connection failed"),
        ("socks5h://{login}@127.0.0.1:{port}", "the Python library PySocks is missing"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_proxy_that_fails(
    sandbox: Sandbox, connect: Connect, monkeypatch: pytest.MonkeyPatch, *, scheme: str, url: str, message: str
) -> None:
    """The message names the proxy's variable, without its password."""
    with Proxy(sandbox.url, login="another:login") as proxy:
        monkeypatch.setenv(f"{scheme}_proxy", url.format(login=PROXY_LOGIN, port=proxy.port))
        with pytest.raises(ApiError, match=message) as caught:
            query(connect(api_url=f"{scheme}://tutum.example", max_retries=0), uuid=[EXAMPLE])
    assert PROXY_LOGIN.partition(":")[2] not in str(caught.value)
    assert f"{scheme}_proxy" in str(caught.value).lower()


# Certificates. (The invalid ones are in the fault matrix.)


@pytest.mark.parametrize("tls_sandbox", ["good"], indirect=True)
@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_ca_variables(tls_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, str(tls_sandbox.ca_file))
    with closing(client_for(tls_sandbox)) as client:
        assert query(client, limit=1).total_count == 3


@pytest.mark.parametrize("tls_sandbox", ["good"], indirect=True)
def test_ca_path(tls_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It takes precedence over REQUESTS_CA_BUNDLE, and a file without certificates is an error that names it."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    with closing(client_for(tls_sandbox, environ={"TUTUM_CA_PATH": str(tls_sandbox.ca_file)})) as client:
        assert query(client, limit=1).total_count == 3
    with closing(client_for(tls_sandbox, validate_certs=False)) as client:
        assert query(client, limit=1).total_count == 3
    with closing(client_for(tls_sandbox)) as client, pytest.raises(ApiError, match="REQUESTS_CA_BUNDLE"):
        query(client, limit=1)

    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    no_certificates = tmp_path / "ca.pem"
    no_certificates.write_text("These are not certificates.\n", encoding="ascii")
    directory = tmp_path / "directory"
    directory.mkdir()
    for path in (no_certificates, directory):
        with (
            closing(client_for(tls_sandbox, ca_path=str(path), max_retries=0)) as client,
            pytest.raises(ApiError, match="ca_path"),
        ):
            query(client, limit=1)
    assert all(entry["authorization"] for entry in tls_sandbox.requests())


def test_https_to_a_server_with_http(sandbox: Sandbox, connect: Connect) -> None:
    client = connect(api_url=sandbox.url.replace("http:", "https:"))
    with pytest.raises(ApiError, match=r"TLS handshake failed: .*Check the scheme and port"):
        query(client, uuid=[EXAMPLE])


# Time.


def test_latency_within_request_timeout(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.set(latency=700.0)
    started = time.monotonic()
    assert len(query(connect(request_timeout=20.0), uuid=[EXAMPLE]).actions) == 1
    assert time.monotonic() - started >= 0.7


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "slow_first_byte", "seconds": 60.0},
        {"kind": "drip", "part": "headers", "seconds": 0.2},
        {"kind": "drip", "part": "body", "seconds": 0.2},
    ],
)
@pytest.mark.parametrize("options", [{"uuid": [EXAMPLE]}, {}])
def test_request_timeout_bounds_a_query(
    sandbox: Sandbox, connect: Connect, fault: dict[str, Any], options: dict[str, Any]
) -> None:
    """A query takes at most `request_timeout` for each of its attempts."""
    sandbox.add_fault(**fault)
    started = time.monotonic()
    with pytest.raises(TransientError, match="No complete response within"):
        query(connect(request_timeout=1.0, max_retries=1), **options)
    assert time.monotonic() - started < 2.0 + STALL


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Return a port where connections are accepted, and nothing is sent."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_request_timeout_with_a_silent_server(connect: Connect, silent_port: int, scheme: str) -> None:
    """The limit includes the TLS handshake."""
    client = connect(api_url=f"{scheme}://127.0.0.1:{silent_port}", request_timeout=1.0, max_retries=0)
    started = time.monotonic()
    message = r"No complete response within 1 s \(request_timeout\)|Connection timed out after 0.333 s, a third"
    with pytest.raises(TransientError, match=message):
        query(client, uuid=[EXAMPLE])
    assert 0.3 < time.monotonic() - started < 1.0 + STALL


def test_request_timeout_with_a_slow_resolver(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit includes name resolution, of a query and of a wait."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: time.sleep(12))
    client = connect(api_url="http://tutum.example", request_timeout=1.0, max_retries=0)
    started = time.monotonic()
    with pytest.raises(TransientError, match="No complete response within 1 s"):
        query(client, uuid=[EXAMPLE])
    assert wait(client, uuid=[EXAMPLE], timeout=2.0).timed_out
    assert time.monotonic() - started < 1.0 + 2.0 + 5.0


# Secrets in messages.


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 400, "body": '{"error": "You sent {authorization}"}'},
        {"kind": "status", "status": 500, "body": '{"error_message": "{authorization}"}'},
        {"kind": "status", "status": 200, "body": "<p>" + "x" * 60 + "{authorization}"},
        {"kind": "redirect", "location": "http://elsewhere.example/?{authorization}"},
        {"kind": "redirect", "location": "/loop/?{authorization}"},
        {"kind": "raw", "data": "{authorization}\r\n\r\n"},
        {"kind": "patch", "patch": [{"path": ["objects", 0, "uuid"], "value": "{authorization}"}]},
        {"kind": "patch", "patch": [{"path": ["meta"], "value": "{authorization}"}]},
    ],
)
@pytest.mark.parametrize("auth_scheme", ["apikey", "basic"])
def test_message_without_the_key(sandbox: Sandbox, connect: Connect, auth_scheme: str, fault: dict[str, Any]) -> None:
    sandbox.add_fault(**fault)
    with pytest.raises(ApiError) as caught:
        query(connect(auth_scheme=auth_scheme, max_retries=1))
    message = str(caught.value)
    secrets = settings_for(sandbox, auth_scheme=auth_scheme).redactor.secrets
    assert secrets
    assert not [secret for secret in secrets if secret in message or quote(secret) in message]
    assert sandbox.api_key[:20] not in message


def test_result_without_the_key(sandbox: Sandbox, connect: Connect) -> None:
    """The key is hidden in the values and in the names of fields, at any depth."""
    header = f"ApiKey {sandbox.username}:{sandbox.api_key}"
    told = {header: header, "inner": [{sandbox.api_key: [sandbox.api_key]}]}
    sandbox.add_fault(kind="patch", patch=[{"path": ["told"], "value": told}])
    (action,) = query(connect(), uuid=[EXAMPLE]).actions
    assert sandbox.api_key not in repr(action)
    assert action["told"] == {"***": "***", "inner": [{"***": ["***"]}]}
    assert action["state"] == "Success"
