# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client: retries, redirects, JSON, calls that are sent once, concurrency, the server's clock."""

from __future__ import annotations

import json
import threading
import time
import typing as t
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tutum.cloud.plugins.module_utils import _http, _workers
from ansible_collections.tutum.cloud.plugins.module_utils._client import (
    MAX_RETRY_DELAY_SECONDS,
    RETRY_DELAY_SECONDS,
    Client,
)
from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    ApiError,
    LibraryError,
    NotFoundError,
    ResponseError,
    TransientError,
)
from ansible_collections.tutum.cloud.plugins.module_utils._http import MAX_CONNECTIONS, Response
from ansible_collections.tutum.cloud.tests.unit.fakes import (
    API_KEY,
    API_URL,
    EPOCH,
    FakeApi,
    FakeClient,
    FakeClock,
    make_settings,
    response,
)
from ansible_collections.tutum.cloud.tests.unit.properties import PROPERTY

URL = f"{API_URL}action/"
FAR = 1e12
"""A deadline that no test reaches."""

TEST_TIMEOUT_SECONDS = 10.0
"""The seconds after which a test fails."""


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


def get(api: FakeApi, *, deadline: float = FAR, **settings: t.Any) -> dict[str, t.Any]:
    return FakeClient(api, **settings).get(URL, deadline=deadline)


def offline(**options: t.Any) -> Client:
    """Return a client that sends nothing."""
    settings = options.pop("settings", {})
    return Client(make_settings(**settings), transport=t.cast("t.Any", FakeApi()), **options)


# URLs


def test_url_parameters_are_encoded() -> None:
    client = offline()
    assert client.url("action/", {"state": "In progress", "d": "+/?&"}) == f"{URL}?state=In%20progress&d=%2B%2F%3F%26"
    assert client.url("action/", {}) == client.url("action/") == URL


# Which failures are retried


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 507, 520, 522, 524, 596])
def test_get_transient_status_is_retried(api: FakeApi, status: int) -> None:
    api.faults = [*[response(status=status)] * 3, response({"x": 1})]
    assert get(api, max_retries=3) == {"x": 1}
    assert len(api.urls) == 4


@pytest.mark.parametrize("status", [204, 304, 400, 401, 403, 404, 405, 409, 415, 418, 501, 505])
def test_get_permanent_status_fails_immediately(api: FakeApi, status: int) -> None:
    api.faults = [response(status=status)] * 2
    with pytest.raises(ApiError, match=f"^GET {URL} failed: HTTP {status}: ") as caught:
        get(api)
    assert isinstance(caught.value, NotFoundError) is (status == 404)
    assert caught.value.status == status
    assert len(api.urls) == 1


def test_get_broken_connection_is_retried(api: FakeApi) -> None:
    api.faults = [TransientError(URL, "Connection failed"), response({})]
    assert get(api) == {}


@pytest.mark.parametrize("max_retries", [0, 1, 5])
def test_get_max_retries_bounds_the_attempts(api: FakeApi, max_retries: int) -> None:
    api.fault_for = lambda _url: response(status=503)
    with pytest.raises(TransientError) as caught:
        get(api, max_retries=max_retries)
    assert len(api.urls) == max_retries + 1
    assert (f"Gave up after {max_retries + 1} attempts." in str(caught.value)) is (max_retries > 0)


def test_get_max_retries_of_the_call_takes_precedence(api: FakeApi) -> None:
    api.fault_for = lambda _url: response(status=503)
    with pytest.raises(TransientError):
        FakeClient(api, max_retries=5).get(URL, deadline=FAR, max_retries=1)
    assert len(api.urls) == 2


# When they are retried


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("attempts", [1, 2, 3, 7, 50, 1101])
def test_retry_delay_doubles_to_its_maximum_less_jitter(attempts: int, jitter: float) -> None:
    delay = offline(random_source=lambda: jitter).retry_delay(attempts, None)
    full = min(MAX_RETRY_DELAY_SECONDS, RETRY_DELAY_SECONDS * 2 ** min(attempts - 1, 20))
    assert delay == pytest.approx(full * (1 - jitter / 2))


@pytest.mark.parametrize("jitter", [0.0, 1.0])
def test_retry_delay_is_not_shorter_than_retry_after(jitter: float) -> None:
    assert offline(random_source=lambda: jitter).retry_delay(9, 7.0) == 7.0 + jitter * RETRY_DELAY_SECONDS


def test_get_sleeps_between_attempts(api: FakeApi) -> None:
    api.faults = [response(status=503), response(status=429, Retry_After="7"), response(status=500), response({})]
    get(api)
    assert api.clock.sleeps == [0.5, 7.0, 2.0]


@pytest.mark.parametrize("value", ["60", "31536000", "9" * 400])
def test_get_retry_after_beyond_the_deadline_fails_immediately(api: FakeApi, value: str) -> None:
    api.fault_for = lambda _url: response(status=429, Retry_After=value)
    with pytest.raises(TransientError, match=r"Not retried after attempt 1 because only 60\.0 s remain\.$") as caught:
        get(api, deadline=api.clock() + 60)
    assert caught.value.retry_after == float(value)
    assert f"The server requested a delay of {float(value):.0f} s (Retry-After)." in str(caught.value)
    assert api.clock.sleeps == []


@pytest.mark.parametrize("latency", [0.0, 0.3, 2.0, 40.0])
@pytest.mark.parametrize("seconds", [0.1, 5.0, 29.9])
def test_get_never_exceeds_the_deadline(latency: float, seconds: float) -> None:
    api = FakeApi(latency=latency)
    api.fault_for = lambda _url: response(status=503)
    deadline = api.clock() + seconds
    with pytest.raises(TransientError):
        get(api, deadline=deadline, max_retries=1000)
    assert api.clock() <= deadline


def test_get_after_the_deadline_sends_nothing(api: FakeApi) -> None:
    with pytest.raises(TransientError, match="The timeout expired before the request was sent"):
        get(api, deadline=api.clock())
    assert api.urls == []


def test_get_time_limit_is_request_timeout_or_what_remains(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[float] = []
    send = api.send

    def record(method: str, url: str, seconds: float, **options: t.Any) -> Response:
        limits.append(seconds)
        return send(method, url, seconds, **options)

    monkeypatch.setattr(api, "send", record)
    client = FakeClient(api, request_timeout=30.0)
    client.get(URL + "?limit=1", deadline=FAR)
    client.get(URL + "?limit=1", deadline=api.clock() + 4)
    assert limits == [30.0, 4.0]


def test_get_redirects_share_one_time_limit() -> None:
    api = FakeApi(latency=8.0)
    api.fault_for = lambda _url: response(status=302, Location="/api/v1/action/")
    started = api.clock()
    with pytest.raises(TransientError, match="No complete response"):
        get(api, request_timeout=30.0, max_retries=0)
    assert api.clock() - started == 30.0


def test_query_deadline_is_bounded_by_the_attempts(api: FakeApi) -> None:
    assert FakeClient(api, request_timeout=10.0, max_retries=2).query_deadline() == api.clock() + 30


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/api/v1/action/x/", "x/", f"{URL}x/", "HTTPS://TUTUM.example.org:443/x"])
def test_get_redirect_to_the_same_origin_is_followed(api: FakeApi, status: int, location: str) -> None:
    api.faults = [response(status=status, Location=location), response({"x": 1})]
    assert get(api) == {"x": 1}
    assert api.urls[1].lower().startswith("https://tutum.example.org")


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example.org/",
        "//evil.example.org/",
        "http://tutum.example.org/api/v1/action/",
        "https://tutum.example.org:8443/",
        "https://tutum.example.org.evil.org/",
        "https://tutum.example.org@evil.org/",
        "ftp://tutum.example.org/",
        "https://[::1",
        "https://tutum.example.org:port/",
    ],
)
def test_get_redirect_to_another_origin_is_refused(api: FakeApi, location: str) -> None:
    api.faults = [response(status=302, Location=location)]
    with pytest.raises(
        ApiError, match=r"HTTP 302: refused to follow a redirect to another host \(.*protect the API key"
    ):
        get(api)
    assert len(api.urls) == 1


@pytest.mark.parametrize("headers", [{}, {"Location": ""}])
def test_get_redirect_without_location_is_an_error(api: FakeApi, headers: dict[str, str]) -> None:
    api.faults = [response(status=301, **headers)]
    with pytest.raises(ApiError, match=r"HTTP 301: redirect without a Location header. Check api_url"):
        get(api)


def test_get_redirects_are_bounded(api: FakeApi) -> None:
    api.fault_for = lambda _url: response(status=302, Location="/api/v1/action/")
    with pytest.raises(ApiError, match=r"Too many redirects \(more than 5, the last one to https://tutum"):
        get(api)
    assert len(api.urls) == 6


REDIRECT_WITH_KEY = f"/login?key={API_KEY}\x1b[31m"


@pytest.mark.parametrize("base", ["https://evil.example.org", ""])
def test_get_redirect_target_is_shown_without_the_key(api: FakeApi, base: str) -> None:
    api.fault_for = lambda _url: response(status=302, Location=f"{base}{REDIRECT_WITH_KEY}")
    with pytest.raises(ApiError) as caught:
        get(api)
    assert "/login?key=***" in str(caught.value)
    assert str(caught.value).isprintable()


def test_get_error_after_a_redirect_shows_the_requested_url(api: FakeApi) -> None:
    api.faults = [response(status=302, Location=REDIRECT_WITH_KEY), response(status=401)]
    with pytest.raises(ApiError, match=f"^GET {URL} failed: HTTP 401") as caught:
        get(api)
    assert caught.value.url == URL
    assert "login" not in str(caught.value)


# Bodies


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "The response is empty. Check api_url"),
        (b"<html>", "The response is not valid JSON (starts with '<html>'). Check api_url"),
        (b'{"x": 1', "The response is not valid JSON (starts with '{'). Check api_url"),
        (b'{"x": NaN}', "The response is not valid JSON"),
        (b'{"x": -Infinity}', "The response is not valid JSON"),
        (b"\xff\xfe\x00", "The response is not valid JSON"),
        (b'{"x": ' * 100_000, "The response is not valid JSON"),
        (b'{"x": ' + b"[" * 300 + b"]" * 300 + b"}", "The response is not valid JSON"),
        (b"[]", "Expected a JSON object, got a list. Check api_url"),
        (b"null", "Expected a JSON object, got null"),
        (b'"x"', "Expected a JSON object, got a string"),
        (b"1", "Expected a JSON object, got a number"),
        (b"true", "Expected a JSON object, got a boolean"),
        (f"ApiKey alice:{API_KEY}".encode(), "(starts with '***')"),
    ],
)
def test_get_body_other_than_an_object_is_an_error(api: FakeApi, body: bytes, problem: str) -> None:
    api.fault_for = lambda _url: response(body)
    with pytest.raises(ResponseError) as caught:
        get(api)
    assert problem in str(caught.value)
    assert API_KEY not in str(caught.value)
    assert caught.value.status == 200
    assert len(api.urls) == 1


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("text", [json.dumps([API_KEY]), json.dumps({API_KEY: API_KEY}), API_KEY])
def test_get_body_in_utf_16_is_refused_without_the_key(api: FakeApi, encoding: str, text: str) -> None:
    api.fault_for = lambda _url: response(text.encode(encoding))
    with pytest.raises(ResponseError, match="The response is not valid JSON") as caught:
        get(api)
    shown = "".join(character for character in str(caught.value) if character.isalnum())
    assert "s3cr3t" not in shown


def test_get_body_cuts_only_after_the_key_is_hidden(api: FakeApi) -> None:
    api.faults = [response(b"x" * 70 + API_KEY.encode())]
    with pytest.raises(ResponseError) as caught:
        get(api)
    assert API_KEY[:10] not in str(caught.value)


def test_get_body_shows_no_field_of_an_invalid_object(api: FakeApi) -> None:
    """The user may have hidden it."""
    api.faults = [response(b'[{"logs": "log-secret')]
    with pytest.raises(ResponseError, match=r"starts with '\[\{'") as caught:
        get(api)
    assert "secret" not in str(caught.value)


def message_of(call: t.Callable[[], object]) -> str:
    """Return the message of the error that a call raises, if it does."""
    try:
        call()
    except ApiError as error:
        return str(error)
    return ""


@PROPERTY
@given(st.binary(max_size=60), st.sampled_from([200, 202, 302, 400, 404, 503]))
def test_any_bytes_are_a_result_or_a_printable_error(body: bytes, status: int) -> None:
    api = FakeApi()
    api.fault_for = lambda _url: response(body, status=status)
    client = FakeClient(api, max_retries=0)
    assert message_of(lambda: client.get(URL, deadline=FAR)).isprintable()
    assert message_of(lambda: client.send("POST", URL, deadline=FAR)).isprintable()


# Calls that change something


class Recorder:
    """A transport that records calls, and returns the given responses."""

    def __init__(self, outcome: Response | Exception) -> None:
        self.outcome = outcome
        self.calls: list[tuple[str, str, float, dict[str, t.Any]]] = []

    def send(self, method: str, url: str, seconds: float, **options: t.Any) -> Response:
        self.calls.append((method, url, seconds, options))
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def call(outcome: Response | Exception, *, method: str = "POST", **options: t.Any) -> tuple[Recorder, t.Any]:
    """Send a call, and return the transport and the result."""
    recorder = Recorder(outcome)
    client = Client(make_settings(request_timeout=30.0), clock=lambda: 0.0, transport=t.cast("t.Any", recorder))
    return recorder, client.send(method, URL, deadline=10.0, **options)


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_send_is_one_request_with_json_and_user_agent(method: str) -> None:
    accepted = response({"uuid": "x"}, status=202, X_Tutum_Action_URI="/api/v1/action/x/")
    recorder, (received, content) = call(accepted, method=method, body={"a": "é"}, user_agent="mine")
    assert recorder.calls == [(method, URL, 10.0, {"body": b'{"a": "\\u00e9"}', "user_agent": "mine"})]
    assert (received, content) == (accepted, {"uuid": "x"})


def test_send_without_body_has_none() -> None:
    recorder, _result = call(response({}, status=202))
    assert recorder.calls[0][3] == {"body": None, "user_agent": "ansible-collection-tutum.cloud"}


@pytest.mark.parametrize("body", [None, b" \r\n"])
def test_send_response_without_content_is_none(body: bytes | None) -> None:
    assert call(response(body, status=204))[1][1] is None


def test_send_hides_secrets_in_values_and_names() -> None:
    assert call(response({API_KEY: [API_KEY], "x": 1}))[1][1] == {"***": ["***"], "x": 1}


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_send_transient_status_is_not_retried(status: int) -> None:
    api = FakeApi()
    api.faults = [response(status=status, Retry_After="1"), response({})]
    with pytest.raises(TransientError, match=f"^POST {URL} failed: HTTP {status}") as caught:
        FakeClient(api).send("POST", URL, deadline=FAR)
    assert caught.value.retry_after == 1.0
    assert len(api.urls) == 1
    assert api.clock.sleeps == []


def test_send_broken_connection_is_not_retried(api: FakeApi) -> None:
    api.faults = [TransientError(URL, "Connection failed", method="POST"), response({})]
    with pytest.raises(TransientError):
        FakeClient(api).send("POST", URL, deadline=FAR)
    assert len(api.urls) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/api/v1/action/x/", f"{URL}x/", "https://evil.example.org/", None])
def test_send_is_never_redirected(api: FakeApi, status: int, location: str | None) -> None:
    api.faults = [response(status=status, **({"Location": location} if location else {}))]
    with pytest.raises(ApiError, match=f"^POST {URL} failed: HTTP {status}: refused to follow a redirect") as caught:
        FakeClient(api).send("POST", URL, deadline=FAR)
    assert not isinstance(caught.value, TransientError)
    assert len(api.urls) == 1


def test_send_redirect_target_is_shown_without_the_key(api: FakeApi) -> None:
    api.faults = [response(status=302, Location=REDIRECT_WITH_KEY)]
    with pytest.raises(ApiError, match=r"redirect to /login\?key=\*\*\*") as caught:
        FakeClient(api).send("POST", URL, deadline=FAR)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("body", [b"<html>", json.dumps({"key": API_KEY}).encode("utf-16")])
def test_send_invalid_json_is_an_error_with_the_status(body: bytes) -> None:
    with pytest.raises(ResponseError, match=f"^POST {URL} failed: The response is not valid JSON") as caught:
        call(response(body, status=202))
    assert caught.value.status == 202


# The server's clock


def test_server_time_is_unknown_before_a_response(api: FakeApi) -> None:
    client = FakeClient(api)
    assert client.server_time(api.clock()) is None
    api.faults = [TransientError(URL, "Connection failed")]
    with pytest.raises(TransientError):
        client.get(URL, deadline=FAR, max_retries=0)
    assert client.server_time(api.clock()) is None


@pytest.mark.parametrize("offset", [0.0, -100.0, 3600.0])
def test_server_time_follows_the_date_header(api: FakeApi, offset: float) -> None:
    api.clock_offset = offset
    client = FakeClient(api)
    client.get(f"{URL}?limit=1", deadline=FAR)
    expected = (EPOCH + timedelta(seconds=1000 + offset)).timestamp()
    api.clock.now += 50
    assert client.server_time(1000.0) == expected
    assert client.server_time(1050.0) == expected + 50
    assert client.server_time(900.0) == expected - 100


def test_server_time_follows_the_latest_response(api: FakeApi) -> None:
    client = FakeClient(api)
    client.get(f"{URL}?limit=1", deadline=FAR)
    api.clock_offset = 30.0
    api.faults = [response(status=404)]
    with pytest.raises(NotFoundError):
        client.get(URL, deadline=FAR)
    assert client.server_time(1000.0) == (EPOCH + timedelta(seconds=1030)).timestamp()


def test_server_time_is_noted_from_calls(api: FakeApi) -> None:
    client = FakeClient(api)
    client.send("POST", f"{URL}?limit=1", deadline=FAR)
    assert client.server_time(1000.0) == (EPOCH + timedelta(seconds=1000)).timestamp()


@pytest.mark.parametrize(("status", "date"), [(503, None), (401, ""), (401, "nonsense")])
def test_server_time_ignores_gateways_and_invalid_dates(api: FakeApi, status: int, date: str | None) -> None:
    api.faults = [response(status=status, **({} if date is None else {"Date": date}))]
    client = FakeClient(api)
    with pytest.raises(ApiError):
        client.get(URL, deadline=FAR, max_retries=0)
    assert client.server_time(1000.0) is None


# Several requests


class Calls:
    """Records the calls and their threads; calls for some items fail."""

    def __init__(self, fails: t.Container[int] = (), then: t.Callable[[int], object] = lambda _item: None) -> None:
        self._fails = fails
        self._then = then
        self._lock = threading.Lock()
        self._running = 0
        self.most_running = 0
        self.items: list[int] = []
        self.threads: set[threading.Thread] = set()

    def __call__(self, item: int) -> int:
        with self._lock:
            self.items.append(item)
            self.threads.add(threading.current_thread())
            self._running += 1
            self.most_running = max(self.most_running, self._running)
        self._then(item)
        with self._lock:
            self._running -= 1
        if item in self._fails:
            raise ApiError(URL, f"no {item}")
        return item


def outcomes(results: t.Iterable[int | ApiError]) -> list[int | str]:
    return [one.problem if isinstance(one, ApiError) else one for one in results]


def test_map_in_order_fast_calls_run_one_after_the_other() -> None:
    calls = Calls(fails={1})
    results = offline(clock=lambda: 0.0).map_in_order(calls, range(40))
    assert outcomes(results) == [0, "no 1", *range(2, 40)]
    assert calls.items == list(range(40))
    assert calls.threads == {threading.current_thread()}


def test_map_in_order_slow_calls_run_concurrently() -> None:
    clock = FakeClock()
    barrier = threading.Barrier(MAX_CONNECTIONS)

    def then(item: int) -> None:
        if item:
            barrier.wait(TEST_TIMEOUT_SECONDS)
        else:
            clock.now += 0.5

    count = 1 + 3 * MAX_CONNECTIONS
    calls = Calls(fails={5, 20}, then=then)
    results = offline(clock=clock).map_in_order(calls, range(count))
    expected: list[int | str] = list(range(count))
    expected[5], expected[20] = "no 5", "no 20"
    assert outcomes(results) == expected
    assert calls.most_running == MAX_CONNECTIONS
    assert sorted(calls.items) == list(range(count))


def test_map_in_order_concurrently_from_the_start() -> None:
    barrier = threading.Barrier(3)
    calls = Calls(fails={1}, then=lambda _item: barrier.wait(TEST_TIMEOUT_SECONDS))
    results = offline(clock=lambda: 0.0).map_in_order(calls, range(3), concurrently=True)
    assert outcomes(results) == [0, "no 1", 2]
    assert calls.most_running == 3


@pytest.mark.parametrize("items", [[], [7]])
def test_map_in_order_concurrently_one_item_needs_no_thread(items: list[int]) -> None:
    calls = Calls()
    assert list(offline().map_in_order(calls, items, concurrently=True)) == items
    assert calls.threads <= {threading.current_thread()}


@pytest.mark.parametrize(("request_timeout", "connections"), [(30.0, [8]), (3.1, [3]), (0.9, [])])
def test_map_in_order_connections_leave_each_request_its_time(
    monkeypatch: pytest.MonkeyPatch, request_timeout: float, connections: list[int]
) -> None:
    """A server that handles one request at a time responds to the last one within half of the time limit."""
    clock = FakeClock()
    used: list[int] = []

    def map_concurrently(call: t.Callable[[int], int], items: t.Iterable[int], count: int) -> t.Iterator[int]:
        used.append(count)
        return map(call, items)

    monkeypatch.setattr(_workers, "map_concurrently", map_concurrently)
    client = offline(clock=clock, settings={"request_timeout": request_timeout})
    calls = Calls(then=lambda _item: clock.sleep(0.5))
    assert list(client.map_in_order(calls, range(40))) == list(range(40))
    assert used == connections


def test_map_in_order_last_item_needs_no_thread() -> None:
    clock = FakeClock()
    calls = Calls(then=lambda _item: clock.sleep(2.0))
    assert list(offline(clock=clock).map_in_order(calls, range(2))) == [0, 1]
    assert calls.threads == {threading.current_thread()}


@pytest.mark.parametrize("concurrently", [False, True])
def test_map_in_order_closed_early_starts_no_new_call(concurrently: bool) -> None:
    released = threading.Event()
    calls = Calls(then=lambda item: item == 0 or released.wait(TEST_TIMEOUT_SECONDS))
    results = offline(clock=lambda: 0.0).map_in_order(calls, range(1000), concurrently=concurrently)
    assert next(results) == 0
    results.close()
    released.set()
    for thread in calls.threads - {threading.current_thread()}:
        thread.join(TEST_TIMEOUT_SECONDS)
        assert not thread.is_alive()
    assert len(calls.items) <= 1 + MAX_CONNECTIONS


def test_map_in_order_other_exceptions_are_raised() -> None:
    def fail(_item: int) -> t.NoReturn:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        list(offline().map_in_order(fail, range(3)))


# The end


def test_close_ends_a_delay() -> None:
    requested = threading.Event()
    errors: list[Exception] = []

    class Down:
        def send(self, _method: str, url: str, _seconds: float, **_options: t.Any) -> t.NoReturn:
            requested.set()
            raise TransientError(url, "Connection failed", retry_after=60.0)

        def close(self) -> None:
            pass

    client = Client(make_settings(), transport=t.cast("t.Any", Down()))

    def run() -> None:
        try:
            client.get(URL, deadline=time.monotonic() + 1000)
        except TransientError as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert requested.wait(TEST_TIMEOUT_SECONDS)
    client.close()
    thread.join(TEST_TIMEOUT_SECONDS)
    assert not thread.is_alive()
    assert len(errors) == 1


def test_close_prevents_further_attempts(api: FakeApi) -> None:
    api.fault_for = lambda _url: response(status=503)
    client = FakeClient(api)
    api.before = lambda _url: client.close()
    with pytest.raises(TransientError):
        client.get(URL, deadline=FAR)
    assert (len(api.urls), api.closed, api.clock.sleeps) == (1, 1, [])


def test_missing_library_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_http, "REQUESTS_IMPORT_ERROR", ImportError("No module named 'requests'"))
    with pytest.raises(LibraryError, match=r"required Python library \(requests\)"):
        Client(make_settings())
