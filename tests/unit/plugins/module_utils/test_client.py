# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client's rules: what is tried again and when, what is followed, what is believed, what is never said."""

from __future__ import annotations

import json
import threading
import time
import typing as t
from email.utils import formatdate

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils import _client
from ansible_collections.tutum.cloud.plugins.module_utils._client import (
    FIRST_BACKOFF,
    MAX_BACKOFF,
    MAX_CONNECTIONS,
    TRANSIENT_STATUSES,
    Client,
)
from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    ApiError,
    LibraryError,
    NotFoundError,
    ResponseError,
    TransientError,
)
from ansible_collections.tutum.cloud.tests.unit.fakes import (
    API_KEY,
    API_URL,
    Answer,
    FakeApi,
    FakeClient,
    OfflineClient,
    answer,
    make_connection,
    page,
)

URL = f"{API_URL}action/"
FAR = 1e12
"""A deadline that nothing reaches."""


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


def get(api: FakeApi, *, deadline: float = FAR, **connection: t.Any) -> dict[str, t.Any]:
    return FakeClient(api, **connection).get(URL, deadline=deadline)


# Which answers are errors, and which are tried again


@pytest.mark.parametrize("status", sorted(TRANSIENT_STATUSES))
def test_what_may_pass_is_tried_again(api: FakeApi, status: int) -> None:
    api.faults = [*[answer(status=status)] * 3, answer({"x": 1})]
    assert get(api, max_retries=3) == {"x": 1}
    assert len(api.urls) == 4


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (204, ApiError, "not an answer of the API"),
        (304, ApiError, "not an answer of the API"),
        (400, ApiError, "does not understand"),
        (401, ApiError, "refuses the credentials (the option api_key)"),
        (403, ApiError, "does not allow this with these credentials (the option api_key)"),
        (404, NotFoundError, "there is no such object"),
        (405, ApiError, "does not answer GET"),
        (409, ApiError, "not an answer of the API"),
        (415, ApiError, "does not speak JSON"),
        (418, ApiError, "not an answer of the API"),
        (501, ApiError, "not an answer of the API"),
    ],
)
def test_everything_else_fails_at_once(api: FakeApi, status: int, kind: type[ApiError], words: str) -> None:
    api.faults = [answer(status=status)] * 2
    with pytest.raises(kind) as caught:
        get(api)
    assert caught.type is kind
    assert caught.value.status == status
    assert str(caught.value).startswith(f"GET {URL}: HTTP {status}, ")
    assert words in str(caught.value)
    assert len(api.urls) == 1


@pytest.mark.parametrize("max_retries", [0, 1, 5])
def test_the_tries_are_counted_and_told(api: FakeApi, max_retries: int) -> None:
    api.fault_for = lambda _url: answer(status=503)
    with pytest.raises(TransientError) as caught:
        get(api, max_retries=max_retries)
    assert len(api.urls) == max_retries + 1
    assert (f"Tried {max_retries + 1} times." in str(caught.value)) is (max_retries > 0)


def test_a_broken_connection_is_tried_again(api: FakeApi) -> None:
    api.faults = [TransientError(URL, "reset"), answer({})]
    assert get(api) == {}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": "no such state"}', "The server says: no such state."),
        (b'{"error_message": "it broke"}', "The server says: it broke."),
        (b'{"error": null, "error_message": "it broke"}', "The server says: it broke."),
        (f'{{"error": "bad key {API_KEY}"}}'.encode(), "The server says: bad key ***."),
        (b'{"error": "a\\u001b[31m\\nb"}', "The server says: a [31m b."),
        (json.dumps({"error": "x" * 1000}).encode(), f"The server says: {'x' * 300}..."),
        (b'{"error": {"limit": "wrong"}}', None),
        (b'["error"]', None),
        (b"<html>Bad gateway</html>", None),
        (b"[" * 100_000, None),
        (b"\xff\xfe", None),
        (b"", None),
    ],
)
def test_the_servers_own_words_are_told_cleaned(api: FakeApi, body: bytes, words: str | None) -> None:
    api.faults = [answer(body, status=400)]
    with pytest.raises(ApiError) as caught:
        get(api)
    said = str(caught.value)
    assert (words in said) if words else ("The server says" not in said)
    assert API_KEY not in said
    assert "html" not in said


# When it is tried again


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("tries", [1, 2, 3, 7, 50, 1000])
def test_the_backoff_doubles_to_its_maximum_less_up_to_half(tries: int, chance: float) -> None:
    client = Client(make_connection(), chance=lambda: chance)
    full = min(MAX_BACKOFF, FIRST_BACKOFF * 2 ** (tries - 1))
    assert client._pause_before_next(tries, None) == pytest.approx(full * (1 - chance / 2))


def test_the_backoff_has_no_end() -> None:
    assert MAX_BACKOFF / 2 <= Client(make_connection())._pause_before_next(1101, None) <= MAX_BACKOFF


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_the_server_is_left_alone_as_long_as_it_asks(chance: float) -> None:
    pause = Client(make_connection(), chance=lambda: chance)._pause_before_next(9, 7.0)
    assert pause == 7.0 + chance * FIRST_BACKOFF


def test_the_pauses_are_slept(api: FakeApi) -> None:
    api.faults = [answer(status=503), answer(status=429, Retry_After="7"), answer(status=500), answer({})]
    get(api)
    assert api.clock.sleeps == [0.5, 7.0, 2.0]


NOW = 1_700_000_000


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("0", None, 0.0),
        ("120", None, 120.0),
        (" 5 ", None, 5.0),
        ("31536000", None, 31536000.0),
        ("9" * 400, None, float("inf")),
        (formatdate(NOW + 90, usegmt=True), None, 90.0),
        # The server's clock goes an hour late: what counts is what it says of itself.
        (formatdate(NOW - 3600 + 90, usegmt=True), formatdate(NOW - 3600, usegmt=True), 90.0),
        (formatdate(NOW + 90, usegmt=True), "nonsense", 90.0),
        (formatdate(NOW - 90, usegmt=True), None, None),
        ("-5", None, None),
        ("1.5", None, None),
        ("soon", None, None),
        ("", None, None),
        ("٣", None, None),
        ("Mon, 99 Foo 2014 99:99:99 GMT", None, None),
        ("Mon, 1 Jan 99999 00:00:00 GMT", None, None),
        ("1 Jan 2014 00:00:00 +99999999999999999999", None, None),
    ],
)
def test_both_forms_of_retry_after(
    monkeypatch: pytest.MonkeyPatch, value: str, date: str | None, seconds: float | None
) -> None:
    monkeypatch.setattr(time, "time", lambda: float(NOW))
    assert _client._retry_after({"Retry-After": value, **({"Date": date} if date else {})}) == seconds


def test_no_retry_after_is_none() -> None:
    assert _client._retry_after({}) is None


@pytest.mark.parametrize("value", ["60", "31536000", "9" * 400])
def test_a_retry_after_beyond_the_time_left_is_an_error_at_once(api: FakeApi, value: str) -> None:
    api.fault_for = lambda _url: answer(status=429, Retry_After=value)
    with pytest.raises(TransientError, match="It was not tried again") as caught:
        get(api, deadline=api.clock() + 60)
    assert caught.value.retry_after == float(value)
    assert f"{float(value):.0f} s (Retry-After)" in str(caught.value)
    assert "only 60.0 s are left" in str(caught.value)
    assert api.clock.sleeps == []


@pytest.mark.parametrize("latency", [0.0, 0.3, 2.0, 40.0])
@pytest.mark.parametrize("seconds", [0.1, 5.0, 29.9])
def test_the_deadline_is_never_crossed(latency: float, seconds: float) -> None:
    api = FakeApi(latency=latency)
    api.fault_for = lambda _url: answer(status=503)
    deadline = api.clock() + seconds
    with pytest.raises(TransientError):
        get(api, deadline=deadline, max_retries=1000)
    assert api.clock() <= deadline


def test_nothing_is_sent_after_the_deadline(api: FakeApi) -> None:
    with pytest.raises(TransientError, match="there is no time left to ask"):
        Client(make_connection(), clock=api.clock).get(URL, deadline=api.clock())


def test_a_request_is_given_its_own_limit_or_what_is_left(api: FakeApi) -> None:
    limits: list[float] = []

    def exchange(_url: str, seconds: float) -> Answer:
        limits.append(seconds)
        return answer({})

    client = OfflineClient(exchange, make_connection(request_timeout=30.0), clock=api.clock)
    client.get(URL, deadline=FAR)
    client.get(URL, deadline=api.clock() + 4)
    assert limits == [30.0, 4.0]


def test_a_query_is_bounded_by_its_tries(api: FakeApi) -> None:
    assert FakeClient(api, request_timeout=10.0, max_retries=2).query_deadline() == api.clock() + 30


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/api/v1/action/x/", "x/", f"{URL}x/", "HTTPS://TUTUM.example.org:443/x"])
def test_a_redirect_on_the_same_host_is_followed(api: FakeApi, status: int, location: str) -> None:
    api.faults = [answer(status=status, Location=location), answer({"x": 1})]
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
def test_a_redirect_to_another_place_is_not_followed(api: FakeApi, location: str) -> None:
    api.faults = [answer(status=302, Location=location)]
    with pytest.raises(ApiError, match="is not followed, since the key is only for the host of api_url"):
        get(api)
    assert len(api.urls) == 1


@pytest.mark.parametrize("headers", [{}, {"Location": ""}])
def test_a_redirect_to_nowhere_is_an_error(api: FakeApi, headers: dict[str, str]) -> None:
    api.faults = [answer(status=301, **headers)]
    with pytest.raises(ApiError, match="a redirect to nowhere"):
        get(api)


def test_redirects_have_an_end(api: FakeApi) -> None:
    api.fault_for = lambda _url: answer(status=302, Location="/api/v1/action/")
    with pytest.raises(ApiError, match="more than 5 redirects"):
        get(api)
    assert len(api.urls) == 6


REDIRECT_WITH_KEY = f"/login?key={API_KEY}\x1b[31m"


def test_a_refused_redirects_target_is_shown_without_the_key(api: FakeApi) -> None:
    api.faults = [answer(status=302, Location=f"https://evil.example.org{REDIRECT_WITH_KEY}")]
    with pytest.raises(ApiError) as caught:
        get(api)
    assert API_KEY not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_the_last_redirects_target_is_shown_without_the_key(api: FakeApi) -> None:
    api.fault_for = lambda _url: answer(status=302, Location=REDIRECT_WITH_KEY)
    with pytest.raises(ApiError) as caught:
        get(api)
    assert API_KEY not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_an_error_behind_a_redirect_does_not_show_the_key() -> None:
    clock = FakeApi().clock

    class Redirected(Client):
        def _exchange(self, *asked: t.Any) -> Answer:
            target, seconds = asked[-2:]
            if target == URL:
                clock.now += seconds
                return answer(status=302, Location=REDIRECT_WITH_KEY)
            return super()._exchange(*asked)

    with pytest.raises(TransientError) as caught:
        Redirected(make_connection(max_retries=0), clock=clock).get(URL, deadline=FAR)
    assert API_KEY not in str(caught.value)


# Bodies


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "the answer is empty"),
        (b"<html>", "it begins with '<html>'"),
        (b'{"x": 1', "it begins with"),
        (b'{"x": NaN}', "the answer is not JSON"),
        (b'{"x": -Infinity}', "the answer is not JSON"),
        (b"\xff\xfe\x00", "the answer is not JSON"),
        (b'{"x": ' * 100_000, "the answer is not JSON"),
        (b"[]", "not a JSON object, but a list"),
        (b"null", "not a JSON object, but null"),
        (b'"x"', "not a JSON object, but a string"),
        (b"1", "not a JSON object, but a number"),
        (b"true", "not a JSON object, but a boolean"),
        (f"ApiKey alice:{API_KEY}".encode(), "it begins with '***'"),
    ],
)
def test_an_answer_that_is_no_json_object_is_an_error_at_once(api: FakeApi, body: bytes, words: str) -> None:
    api.fault_for = lambda _url: answer(body)
    with pytest.raises(ResponseError) as caught:
        get(api)
    assert words in str(caught.value)
    assert API_KEY not in str(caught.value)
    assert len(api.urls) == 1


def test_a_key_at_the_cut_is_not_shown_in_part(api: FakeApi) -> None:
    api.faults = [answer(b"x" * 70 + API_KEY.encode())]
    with pytest.raises(ResponseError) as caught:
        get(api)
    assert API_KEY[:10] not in str(caught.value)


def test_fields_of_an_answer_that_is_no_json_are_not_shown(api: FakeApi) -> None:
    """A user may have hidden them."""
    api.faults = [answer(b'{"logs": "log-secret')]
    with pytest.raises(ResponseError, match=r"it begins with '\{'") as caught:
        get(api)
    assert "secret" not in str(caught.value)


def test_a_foreign_text_is_scrubbed_of_each_secret_the_longest_first() -> None:
    client = Client(make_connection(secrets=["abc", "abcdef"]))
    assert client._printable("abcdef abc") == "*** ***"


# Lists


def read(api: FakeApi, **options: t.Any) -> list[str]:
    """The UUIDs of a list, page after page."""
    pages = FakeClient(api).pages("action/", {}, deadline=FAR, **options)
    return [one["uuid"] for one_page in pages for one in one_page.objects]


@pytest.mark.parametrize("max_limit", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("count", [0, 1, 6, 7, 8, 21])
def test_all_pages_are_read_whatever_the_server_caps_them_to(count: int, max_limit: int) -> None:
    api = FakeApi(max_limit=max_limit)
    uuids = [api.add(started=float(number)) for number in range(count)]
    assert read(api) == uuids
    assert len(api.urls) == max(1, -(-count // max_limit))


def test_a_list_can_be_read_from_the_middle(api: FakeApi) -> None:
    uuids = [api.add() for _number in range(7)]
    assert read(api, start=3, page_size=2) == uuids[3:]


def test_parameters_are_encoded() -> None:
    client = Client(make_connection())
    assert client.url("action/", {"state": "In progress", "d": "+/?&"}) == f"{URL}?state=In%20progress&d=%2B%2F%3F%26"
    assert client.url("action/", {}) == URL


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("https://evil.example.org/api/v1/action/?offset=2", "leads out of the list"),
        ("http://tutum.example.org/api/v1/action/?offset=2", "leads out of the list"),
        ("https://tutum.example.org:444/api/v1/action/?offset=2", "leads out of the list"),
        ("/api/v1/service/?offset=2", "leads out of the list"),
        ("?offset=0", "does not lead on"),
        ("?offset=-2", "does not lead on"),
        ("?offset=two", "meta.next is"),
        ("?limit=2", "meta.next is"),
        ("", "does not lead on"),
        ("https://[::1", "meta.next is"),
        (f"https://evil.example.org/?offset=2&key={API_KEY}", "&key=***"),
        (2, "meta.next is a number"),
        (True, "meta.next is a boolean"),
        ({}, "meta.next is an object"),
    ],
)
def test_a_next_that_does_not_lead_on_in_this_list_is_an_error(api: FakeApi, link: object, words: str) -> None:
    api.faults = [answer(page([{"uuid": "a"}, {"uuid": "b"}], 4, link))]
    with pytest.raises(ResponseError) as caught:
        read(api)
    assert words in str(caught.value)
    assert API_KEY not in str(caught.value)
    assert len(api.urls) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({}, "meta is null or missing"),
        ({"meta": [], "objects": []}, "meta is a list"),
        ({"meta": {"total_count": 0}}, "objects is null or missing"),
        ({"meta": {"total_count": 0}, "objects": {}}, "objects is an object"),
        (page([None], 1), "objects[0] is null"),
        (page([{"uuid": "a"}, "b"], 2), "objects[1] is a string"),
        (page([{}], 1), "the uuid of objects[0] is null or missing"),
        (page([{"uuid": 7}], 1), "the uuid of objects[0] is a number"),
        (page([], None), "meta.total_count is None"),
        (page([], "0"), "meta.total_count is '0'"),
        (page([], 1.0), "meta.total_count is 1.0"),
        (page([], True), "meta.total_count is True"),
        (page([], -1), "meta.total_count is -1"),
    ],
)
def test_a_page_of_a_wrong_shape_is_an_error(api: FakeApi, content: object, words: str) -> None:
    api.faults = [answer(content)]
    with pytest.raises(ResponseError, match="the answer is not a page of a list") as caught:
        read(api)
    assert words in str(caught.value)


CONTRADICTIONS = [
    (page([{"uuid": "a"}], 2), "meta.total_count is 2, but the list ends after 1"),
    (page([], 2), "meta.total_count is 2, but the list ends after 0"),
    (page([{"uuid": "a"}], 0), "meta.total_count is 0, but there are 1 objects"),
    (page([{"uuid": "a"}], 3, "?offset=2"), "meta.next leads to offset 2, but the page ends at 1"),
]


@pytest.mark.parametrize(("content", "words"), CONTRADICTIONS)
def test_a_page_that_goes_on_to_contradict_itself_is_an_error(api: FakeApi, content: object, words: str) -> None:
    api.fault_for = lambda _url: answer(content)
    with pytest.raises(ResponseError, match=f"the answer is not a page of a list: {words}"):
        read(api)
    assert len(api.urls) == 2


@pytest.mark.parametrize(("content", "_words"), CONTRADICTIONS)
def test_a_list_that_changed_while_the_server_read_it_is_read_once_more(
    api: FakeApi, content: object, _words: str
) -> None:
    uuids = [api.add() for _number in range(3)]
    api.faults = [answer(content)]
    assert read(api) == uuids
    assert len(api.urls) == 2


def test_a_list_without_end_is_an_error() -> None:
    api = FakeApi()
    offsets = iter(range(1, 10**6))
    api.fault_for = lambda _url: answer(page([{"uuid": "a"}], 10**6, f"?offset={next(offsets)}"))
    with pytest.raises(ResponseError, match="brings nothing new"):
        read(api)
    assert len(api.urls) == 2


def test_a_next_that_changes_its_step_is_still_followed(api: FakeApi) -> None:
    uuids = [api.add() for _number in range(10)]
    api.max_limit = 4

    def lower_the_limit(url: str) -> None:
        api.max_limit = 3 if "offset=4" in url else api.max_limit

    api.before = lower_the_limit
    assert read(api) == uuids


def test_a_next_that_skips_objects_is_an_error(api: FakeApi) -> None:
    api.faults = [
        answer(page([{"uuid": "a"}, {"uuid": "b"}], 6, "?offset=4")),
        answer(page([{"uuid": "e"}, {"uuid": "f"}], 6)),
    ]
    with pytest.raises(ResponseError):
        read(api)


def test_an_absurd_total_is_an_error_of_the_answer() -> None:
    def exchange(_url: str, _seconds: float) -> Answer:
        return answer(page([{"uuid": "a"}], 10**30, "?offset=1"))

    with pytest.raises(ResponseError):
        list(OfflineClient(exchange).pages("action/", {}, deadline=FAR))


def test_an_error_in_the_middle_ends_the_list_after_the_pages_before_it(api: FakeApi) -> None:
    api.max_limit = 2
    uuids = [api.add() for _number in range(6)]
    api.fault_for = lambda url: answer(status=401) if "offset=4" in url else None
    seen: list[str] = []

    def read_all() -> None:
        for one_page in FakeClient(api).pages("action/", {}, deadline=FAR):
            seen.extend(one["uuid"] for one in one_page.objects)

    with pytest.raises(ApiError, match="HTTP 401"):
        read_all()
    assert seen == uuids[:4]


def test_pages_beyond_what_is_needed_are_not_read_ahead(api: FakeApi) -> None:
    api.max_limit = 2
    for _number in range(100):
        api.add()
    pages = FakeClient(api).pages("action/", {}, deadline=FAR, at_most=4)
    assert [len(next(pages).objects), len(next(pages).objects)] == [2, 2]
    assert len(api.urls) == 2


# Many questions: one after the other, or several at once


class Slow:
    """Answers after real time, in threads: what each was asked, and how many were asked at once."""

    def __init__(self, seconds: float, fails: t.Container[int] = ()) -> None:
        self.seconds = seconds
        self.fails = fails
        self.asked: list[int] = []
        self.now = self.most = 0
        self.threads: set[int] = set()
        self._lock = threading.Lock()

    def __call__(self, item: int) -> int:
        with self._lock:
            self.asked.append(item)
            self.now += 1
            self.most = max(self.most, self.now)
            self.threads.add(threading.get_ident())
        # The later it is asked, the sooner it is answered: order does not come by itself.
        time.sleep(self.seconds / (1 + item % 7))
        with self._lock:
            self.now -= 1
        if item in self.fails:
            raise ApiError(URL, f"no {item}")
        return item


def outcomes(ask: Slow, count: int) -> list[object]:
    return [
        str(one) if isinstance(one, ApiError) else one for one in Client(make_connection()).in_order(ask, range(count))
    ]


def test_what_is_quick_is_asked_one_after_the_other() -> None:
    ask = Slow(0.0, fails={1})
    assert outcomes(ask, 40) == [0, f"GET {URL}: no 1.", *range(2, 40)]
    assert ask.threads == {threading.get_ident()}


def test_what_would_take_long_is_asked_on_several_connections_and_comes_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_client, "PATIENCE", 0.1)
    ask = Slow(0.05, fails={5, 30})
    expected: list[object] = list(range(40))
    expected[5], expected[30] = f"GET {URL}: no 5.", f"GET {URL}: no 30."
    assert outcomes(ask, 40) == expected
    assert 1 < ask.most <= MAX_CONNECTIONS
    assert sorted(ask.asked) == list(range(40))


@pytest.mark.parametrize(("request_timeout", "connections"), [(30.0, [8]), (3.1, [3]), (0.9, [])])
def test_no_answer_is_late_because_of_the_others(
    monkeypatch: pytest.MonkeyPatch, request_timeout: float, connections: list[int]
) -> None:
    """A server that answers one request after the other does so within half of the time limit."""
    client = Client(make_connection(request_timeout=request_timeout))
    now = [0.0]
    client.clock = lambda: now[0]
    opened: list[int] = []

    def in_parallel(ask: t.Callable[[int], int], items: t.Iterable[int], several: int) -> t.Iterator[int]:
        opened.append(several)
        return map(ask, items)

    monkeypatch.setattr(client, "_in_parallel", in_parallel)

    def ask(item: int) -> int:
        now[0] += 0.5
        return item

    assert list(client.in_order(ask, range(40))) == list(range(40))
    assert opened == connections


def test_one_that_is_left_needs_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_client, "PATIENCE", 0.0)
    ask = Slow(0.001)
    assert outcomes(ask, 2) == [0, 1]
    assert ask.threads == {threading.get_ident()}


def test_who_stops_listening_stops_the_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_client, "PATIENCE", 0.0)
    ask = Slow(0.02)
    answers = Client(make_connection()).in_order(ask, range(1000))
    assert [next(answers), next(answers)] == [0, 1]
    answers.close()
    time.sleep(0.1)
    # Those under way, and a few that a free thread took before it was told.
    assert len(ask.asked) <= 1 + 4 * MAX_CONNECTIONS
    assert ask.now == 0


def test_pages_are_read_ahead_when_the_server_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_client, "PATIENCE", 0.1)
    api = FakeApi(max_limit=2)
    uuids = [api.add() for _number in range(40)]
    under_way: list[int] = [0, 0]
    lock = threading.Lock()

    def exchange(url: str, seconds: float) -> Answer:
        with lock:
            under_way[0] += 1
            under_way[1] = max(under_way)
        time.sleep(0.03)
        with lock:
            under_way[0] -= 1
            return api.exchange(url, seconds)

    pages = OfflineClient(exchange).pages("action/", {}, deadline=FAR)
    assert [one["uuid"] for one_page in pages for one in one_page.objects] == uuids
    assert 1 < under_way[1] <= MAX_CONNECTIONS


# The end


def test_close_ends_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_client, "FIRST_BACKOFF", 20.0)
    errors: list[Exception] = []

    asked: list[str] = []

    def exchange(url: str, _seconds: float) -> Answer:
        asked.append(url)
        raise TransientError(url, "down")

    client = OfflineClient(exchange)

    def ask() -> None:
        try:
            client.get(URL, deadline=time.monotonic() + 1000)
        except TransientError as error:
            errors.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    while not asked:
        time.sleep(0.001)
    client.close()
    thread.join(5)
    assert not thread.is_alive()
    assert len(errors) == 1


def test_nothing_is_asked_after_close() -> None:
    api = FakeApi()
    api.fault_for = lambda _url: answer(status=503)
    client = FakeClient(api)
    client._sleep = lambda _seconds: client.close()
    with pytest.raises(TransientError):
        client.get(URL, deadline=FAR)
    assert len(api.urls) == 1


def test_a_missing_library_is_said_where_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_client, "REQUESTS_IMPORT_ERROR", ImportError("No module named 'requests'"))
    with pytest.raises(LibraryError, match="The Python library requests cannot be imported"):
        Client(make_connection())
