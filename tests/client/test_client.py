# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client's everyday work, over real connections."""

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
from tests.client.asking import client_for, connection_for, query, wait
from tests.client.conftest import SANDBOX_PYTHON
from tests.client.faults import STALL
from tests.client.servers import Proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ansible_collections.tutum.cloud.plugins.module_utils._client import Client

    Connect = Callable[..., Client]

EXAMPLE = "6246c558-976c-4df6-ba60-eb1a344a17af"
SERVICE = "/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/"
PROXY_LOGIN = "proxy-user:not-the-key-but-secret"


# Who asks, and where.


@pytest.mark.parametrize(("options", "scheme"), [({}, "apikey"), ({"auth_scheme": "basic"}, "basic")])
def test_username_and_key(sandbox: Sandbox, connect: Connect, options: dict[str, str], scheme: str) -> None:
    assert query(connect(**options), uuid=[EXAMPLE]).actions[0]["state"] == "Success"
    (request,) = sandbox.requests()
    assert (request["scheme"], request["authorization"]) == (scheme, True)


def test_whole_header(sandbox: Sandbox, connect: Connect) -> None:
    client = connect(authorization=f"ApiKey {sandbox.username}:{sandbox.api_key}")
    assert query(client, uuid=[EXAMPLE]).actions[0]["uuid"] == EXAMPLE


def test_wrong_key(connect: Connect) -> None:
    with pytest.raises(
        ApiError, match=r"HTTP 401, the API refuses .*api_key from the option api_key.* Is the key right"
    ):
        query(connect(api_key="another"), uuid=[EXAMPLE])


@pytest.mark.parametrize("base", ["", "/", "/api/v1/", "/api/v1", "/api/audit/v1/"])
def test_base_urls(sandbox: Sandbox, connect: Connect, base: str) -> None:
    client = connect(api_url=f"{sandbox.url}{base}")
    expected = "/api/audit/v1/action/" if "audit" in base else "/api/v1/action/"
    (action,) = query(client, limit=1).actions
    assert action["resource_uri"] == f"{expected}{action['uuid']}/"
    assert query(client, uuid=[action["resource_uri"]]).actions == [action]
    assert {entry["path"] for entry in sandbox.requests()} == {expected, action["resource_uri"]}


def test_netrc_is_not_read(sandbox: Sandbox, connect: Connect) -> None:
    """Neither instead of the key nor with it, and not after a redirect."""
    Path("~/.netrc").expanduser().write_text("machine 127.0.0.1 login netrc password netrc\n", encoding="ascii")
    sandbox.add_fault(kind="redirect", location=f"/api/audit/v1/action/{EXAMPLE}/", times=1)
    assert query(connect(), uuid=[EXAMPLE]).actions[0]["uuid"] == EXAMPLE
    assert [entry["scheme"] for entry in sandbox.requests()] == ["apikey", "apikey"]


# Lists.


def overlapping(count: int, size: int) -> int:
    """How many pages show so many actions, when each begins with the last one of the page before."""
    return 1 + max(0, -(-(count - size) // (size - 1)))


@pytest.mark.parametrize("max_page_size", [7, 25, 1000, 0])
def test_all_pages_are_read(sandbox: Sandbox, connect: Connect, max_page_size: int) -> None:
    sandbox.set(max_page_size=max_page_size)
    result = query(connect())
    assert (len(result.actions), result.total_count, result.truncated) == (60, 60, False)
    assert len({action["uuid"] for action in result.actions}) == 60
    starts = [action["started_at"] for action in result.actions]
    assert starts == sorted(starts)
    assert len(sandbox.requests()) == overlapping(60, max_page_size or 500)


@pytest.mark.parametrize("max_page_size", [3, 25, 1000])
@pytest.mark.parametrize("order", ["oldest_first", "newest_first"])
def test_limit(sandbox: Sandbox, connect: Connect, max_page_size: int, order: str) -> None:
    every = query(connect()).actions
    sandbox.set(max_page_size=max_page_size)
    sandbox.clear_requests()
    result = query(connect(), limit=8, order=order)
    assert result.actions == (every[:8] if order == "oldest_first" else every[:-9:-1])
    assert (result.total_count, result.truncated) == (60, True)
    # One more to learn where the end is.
    pages = overlapping(8, max_page_size) if order == "oldest_first" else 1 + -(-8 // max_page_size)
    assert len(sandbox.requests()) == pages


def test_every_filter_means_what_it_says(connect: Connect) -> None:
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


def test_quick_pages_share_a_connection(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.set(max_page_size=5)
    client = connect()
    query(client)
    query(client, uuid=[EXAMPLE])
    entries = sandbox.requests()
    assert len(entries) == overlapping(60, 5) + 1
    assert len({entry["connection"] for entry in entries}) == 1


def test_slow_pages_are_read_several_at_a_time(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.set(max_page_size=3, latency=250.0)
    begun = time.monotonic()
    result = query(connect())
    took = time.monotonic() - begun
    assert len(result.actions) == 60
    assert [action["started_at"] for action in result.actions] == sorted(one["started_at"] for one in result.actions)
    entries = sandbox.requests()
    assert len(entries) == 30
    assert 2 <= len({entry["connection"] for entry in entries}) <= 8
    assert took < 30 * 0.25


def test_many_uuids(sandbox: Sandbox, connect: Connect) -> None:
    """In the order asked, as often as asked, each asked for once."""
    uuids = [action["uuid"] for action in query(connect()).actions]
    sandbox.clear_requests()
    wanted = [*reversed(uuids), uuids[3], uuids[3].upper(), f"{sandbox.url}/api/v1/action/{uuids[4]}/"]
    found = [action["uuid"] for action in query(connect(), uuid=wanted).actions]
    assert found == [*reversed(uuids), uuids[3], uuids[3], uuids[4]]
    assert len(sandbox.requests()) == len(uuids)


def test_a_list_that_fails_in_the_middle_gives_what_was_read(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.set(max_page_size=25)
    sandbox.add_fault(kind="status", status=503, skip=1)
    with pytest.raises(TransientError) as caught:
        query(connect(max_retries=0))
    assert len(caught.value.results["actions"]) == 25
    assert caught.value.results["truncated"] is True


# Nothing escapes its place in the URL.

ESCAPES = (
    "../service/",
    f"{EXAMPLE}/../../service/",
    f"{EXAMPLE}?limit=0",
    f"{EXAMPLE}#fragment",
    f"..%2f{EXAMPLE}",
    f"%2e%2e/{EXAMPLE}",
    f"{EXAMPLE}\n",
    f"{EXAMPLE}\r\nX-Header: injected",
    f"/api/v1/action/{EXAMPLE}/\x00",
    f"/api/v1/action/{EXAMPLE}/../cancel/",
    f"//elsewhere.example/api/v1/action/{EXAMPLE}/",
    f"https://elsewhere.example/api/v1/action/{EXAMPLE}/",
    f"http://127.0.0.1:1/api/v1/action/{EXAMPLE}/",
    f"http://user:key@127.0.0.1/api/v1/action/{EXAMPLE}/",
    f"\uff0f{EXAMPLE}",
    "\uff16\uff12\uff14\uff16c558-976c-4df6-ba60-eb1a344a17af",  # digits, but not ASCII's
    "a" * 10_000,
    f"/api/v1/action/{'../' * 3_000}{EXAMPLE}/",
    "",
    " ",
)


@pytest.mark.parametrize("value", ESCAPES, ids=range(len(ESCAPES)))
@pytest.mark.parametrize("option", ["uuid", "object", "start_date_gte", "state"])
def test_values_stay_in_their_place(sandbox: Sandbox, connect: Connect, option: str, value: str) -> None:
    """They are refused before anything is sent, by a message that names the option and stays short."""
    client = connect()
    options: dict[str, Any] = {option: [value] if option in ("uuid", "state") else value}
    asks: list[Callable[..., object]] = [query, wait] if option in ("uuid", "object") else [query]
    for ask in asks:
        with pytest.raises(OptionError, match=f"^{option}: .* cannot be used: ") as caught:
            ask(client, **options)
        assert len(str(caught.value)) < 500
        assert str(caught.value).isprintable()
        assert option not in ("uuid", "object") or ":key" not in str(caught.value)
    assert sandbox.requests() == []


# Proxies.


@pytest.fixture
def proxy(sandbox: Sandbox) -> Iterator[Proxy]:
    """A proxy in front of the sandbox."""
    with Proxy(sandbox.url) as proxy:
        yield proxy


def test_http_proxy(proxy: Proxy, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "localhost,.other.example")
    client = connect(api_url="http://tutum.example")
    assert query(client, uuid=[EXAMPLE]).actions[0]["uuid"] == EXAMPLE
    assert proxy.asked == [("GET", f"http://tutum.example/api/v1/action/{EXAMPLE}/")]
    assert "not encrypted" in client.connection.warnings[0]


@pytest.mark.parametrize("no_proxy", ["127.0.0.1", "example.org,127.0.0.1", "*", "127.0.0.0/8"])
def test_no_proxy(proxy: Proxy, connect: Connect, monkeypatch: pytest.MonkeyPatch, no_proxy: str) -> None:
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", no_proxy)
    assert query(connect(), uuid=[EXAMPLE]).actions[0]["uuid"] == EXAMPLE
    assert proxy.asked == []


def test_https_proxy_with_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy gets its own password and never the key, which goes through the tunnel."""
    with Sandbox(SANDBOX_PYTHON, actions=1, tls="good") as tls, Proxy(tls.url, login=PROXY_LOGIN) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", f"//{PROXY_LOGIN}@"))
        localhost = tls.url.replace("127.0.0.1", "localhost")
        with closing(client_for(tls, api_url=localhost, ca_path=tls.ca_file)) as client:
            assert query(client, uuid=[EXAMPLE]).actions[0]["uuid"] == EXAMPLE
        assert proxy.asked == [("CONNECT", localhost.removeprefix("https://"))]
        assert tls.requests()[0]["authorization"] is True


@pytest.mark.parametrize(
    ("variable", "says"),
    [
        ("http://{login}@127.0.0.1:{port}", "HTTP 407, the proxy wants|the proxy does not help"),
        ("http://{login}@127.0.0.1:1", "the proxy does not help"),
        ("http://{login}@[::1", "the request cannot be sent"),
        ("http://{login}@127.0.0.1:port", "the request cannot be sent"),
        ("http://{login}@", "the request cannot be sent"),
        ("gopher://{login}@127.0.0.1:{port}", "the request cannot be sent|does not help"),
        ("socks5h://{login}@127.0.0.1:{port}", "the request cannot be sent"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_does_not_help(
    sandbox: Sandbox, connect: Connect, monkeypatch: pytest.MonkeyPatch, *, scheme: str, variable: str, says: str
) -> None:
    """The message says so, without the proxy's password."""
    with Proxy(sandbox.url, login="somebody:else") as proxy:
        monkeypatch.setenv(f"{scheme}_proxy", variable.format(login=PROXY_LOGIN, port=proxy.port))
        with pytest.raises(ApiError, match=says) as caught:
            query(connect(api_url=f"{scheme}://tutum.example", max_retries=0), uuid=[EXAMPLE])
    assert PROXY_LOGIN.partition(":")[2] not in str(caught.value)
    assert "proxy" in str(caught.value)


# Certificates. (The bad ones are in the fault matrix.)


@pytest.mark.parametrize("tls_sandbox", ["good"], indirect=True)
def test_ca_certificates(tls_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """REQUESTS_CA_BUNDLE is honoured, and what the user chose beats it."""
    ca_file = str(tls_sandbox.ca_file)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ca_file)
    with closing(client_for(tls_sandbox)) as client:
        assert query(client, limit=1).total_count == 3
    with closing(client_for(tls_sandbox, environ={"TUTUM_CA_PATH": ca_file})) as client:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
        assert query(client, limit=1).total_count == 3
    with closing(client_for(tls_sandbox, validate_certs=False)) as client:
        assert query(client, limit=1).total_count == 3
    with closing(client_for(tls_sandbox)) as client, pytest.raises(ApiError, match="REQUESTS_CA_BUNDLE"):
        query(client, limit=1)

    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    no_certificates = tmp_path / "ca.pem"
    no_certificates.write_text("These are no certificates.\n", encoding="ascii")
    folder = tmp_path / "folder"
    folder.mkdir()
    for path in (no_certificates, folder):
        with (
            closing(client_for(tls_sandbox, ca_path=str(path), max_retries=0)) as client,
            pytest.raises(ApiError, match="ca_path"),
        ):
            query(client, limit=1)
    assert all(entry["authorization"] for entry in tls_sandbox.requests())


def test_https_to_a_server_that_speaks_http(sandbox: Sandbox, connect: Connect) -> None:
    client = connect(api_url=sandbox.url.replace("http:", "https:"))
    with pytest.raises(ApiError, match=r"no TLS connection: .*https and port"):
        query(client, uuid=[EXAMPLE])


# Time.


def test_latency_within_the_limit(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.set(latency=700.0)
    begun = time.monotonic()
    assert len(query(connect(request_timeout=20.0), uuid=[EXAMPLE]).actions) == 1
    assert time.monotonic() - begun >= 0.7


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "slow_first_byte", "seconds": 60.0},
        {"kind": "drip", "part": "headers", "seconds": 0.2},
        {"kind": "drip", "part": "body", "seconds": 0.2},
    ],
)
@pytest.mark.parametrize("asks", [{"uuid": [EXAMPLE]}, {}])
def test_a_query_ends_in_time(sandbox: Sandbox, connect: Connect, fault: dict[str, Any], asks: dict[str, Any]) -> None:
    """It takes `request_timeout` for each of its tries, at the most."""
    sandbox.add_fault(**fault)
    begun = time.monotonic()
    with pytest.raises(TransientError, match="there was no whole answer within"):
        query(connect(request_timeout=1.0, max_retries=1), **asks)
    assert time.monotonic() - begun < 2.0 + STALL


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_accepts_and_says_nothing(connect: Connect, scheme: str) -> None:
    """The limit holds for the TLS handshake, too."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = connect(
            api_url=f"{scheme}://127.0.0.1:{listening.getsockname()[1]}", request_timeout=1.0, max_retries=0
        )
        begun = time.monotonic()
        with pytest.raises(TransientError, match=r"there was no whole answer within 1 s.*request_timeout"):
            query(client, uuid=[EXAMPLE])
        assert 0.9 < time.monotonic() - begun < 1.0 + STALL


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
        {"kind": "patch", "patch": [{"path": ["meta", "next"], "value": "/?{authorization}"}]},
        {"kind": "patch", "patch": [{"path": ["meta", "total_count"], "value": "{authorization}"}]},
    ],
)
@pytest.mark.parametrize("auth_scheme", ["apikey", "basic"])
def test_a_server_that_shows_the_key(
    sandbox: Sandbox, connect: Connect, auth_scheme: str, fault: dict[str, Any]
) -> None:
    sandbox.add_fault(**fault)
    with pytest.raises(ApiError) as caught:
        query(connect(auth_scheme=auth_scheme, max_retries=1))
    message = str(caught.value)
    secrets = connection_for(sandbox, auth_scheme=auth_scheme).secrets
    assert not [secret for secret in secrets if secret in message or quote(secret) in message]
    assert sandbox.api_key[:20] not in message
