# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fault matrix: faults of servers and networks, and the expected result of queries and waits that meet them.

One table for the client in process (tests/functional/client) and for real Ansible (tests/functional/cli). Each case has
its own actions in each way, and its faults affect only the requests for these. So all cases are set up together, and
run concurrently.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import socket
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from tutum_sandbox.process import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Fault = dict[str, Any]
"""A rule for the sandbox, without its `match`. Placeholders such as `{uuid}` in its texts are filled in."""

# The ways to send requests. A fault affects a wait from its first request on, or once, after a good response.
QUERY, LOOKUP, WAIT, MIDDLE = "query", "lookup", "wait", "middle of a wait"
WAITS = (WAIT, MIDDLE)

# What is requested: an action by its UUID, or the three actions of an object, which come in two pages.
DETAIL, LIST = "detail", "list"
PAGE_SIZE = 2
COUNTS = {DETAIL: 1, LIST: 3}
PAGES = {DETAIL: 1, LIST: 2}

# The possible results.
GOOD, REFUSED, TIMED_OUT = "good", "refused", "timed out"

RETRIES = 2
SHORT_WAIT, LONG_WAIT = 2.0, 60.0
STALL = 5.0
"""Seconds that a busy machine may add to an upper limit of a duration."""

VERBS = "check|set|use|install|increase|specify|remove|reduce|add|try|narrow|retry"
REMEDY = re.compile(rf"\b(?:{VERBS})\b", re.IGNORECASE)
RHETORICAL = re.compile(r"\w\?(\s|$)")

_NAMES = uuid.UUID("0f9a3c52-5a0c-4c5c-9d3e-6a3f1c1a2b4d")
_ACTION_IN_PATH = re.compile(r"/action/([0-9a-f-]{36})/")
_OBJECT_IN_QUERY = re.compile(r"service%2F([0-9a-f-]{36})%2F")


@dataclass(frozen=True)
class Expected:
    """The expected result in one way."""

    end: str
    message: str = ""
    """A regular expression that matches the error message."""
    requests: int | None = None
    """The number of requests; None where it depends on timing."""
    failed_polls: int | None = None
    """The number of failed polls of a wait; None where it depends on timing."""
    seconds: float = 0.0
    """The least duration."""
    fields: dict[str, Any] = field(default_factory=dict)
    """Fields of the first returned action."""


@dataclass(frozen=True)
class Case:
    """One fault."""

    name: str
    target: str
    faults: tuple[Fault, ...]
    query: Expected
    wait: Expected
    wait_faults: tuple[Fault, ...] = ()
    """The faults that a wait meets, if not those of a query."""
    middle_faults: tuple[Fault, ...] = ()
    """The faults that cost a wait one poll, after a good response; by default the first of `faults`, once."""
    middle_failures: int | None = 1
    """How many polls those faults cost; None if there is no such test."""
    options: dict[str, Any] = field(default_factory=dict)
    server: str = "plain"

    def expected(self, way: str) -> Expected:
        """Return the expected result in a way."""
        if way == MIDDLE:
            return good(failed_polls=self.middle_failures)
        return self.wait if way == WAIT else self.query

    def has(self, way: str) -> bool:
        """Return whether the case is tested in a way."""
        return way != MIDDLE or (self.middle_failures is not None and bool(self.faults))


@dataclass
class Outcome:
    """The actual result."""

    end: str
    message: str = ""
    actions: list[dict[str, Any]] = field(default_factory=list)
    results: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


# The table.


def good(**expected: Any) -> Expected:
    """Expect exactly the requested actions."""
    return Expected(GOOD, **expected)


def refused(message: str, **expected: Any) -> Expected:
    """Expect an error."""
    return Expected(REFUSED, message, **expected)


def timed_out(message: str = "", **expected: Any) -> Expected:
    """Expect that the wait continues until its timeout, and reports what it saw."""
    return Expected(TIMED_OUT, message, **expected)


def times(number: int, fault: Fault) -> Fault:
    """Return the fault for this number of requests."""
    return {**fault, "times": number}


def passing(name: str, fault: Fault, target: str = DETAIL, options: dict[str, Any] | None = None) -> Case:
    """A transient error that ends soon: within the retries of a query, and after one failed poll of a wait."""
    return Case(
        f"{name}, for a while",
        target,
        (times(RETRIES, fault),),
        good(requests=RETRIES + PAGES[target]),
        good(failed_polls=1),
        wait_faults=(times(RETRIES + 2, fault),),
        middle_faults=(times(RETRIES + 1, fault),),
        options=options or {},
    )


def lasting(name: str, fault: Fault, message: str, target: str = DETAIL, options: dict[str, Any] | None = None) -> Case:
    """A transient error that does not end."""
    return Case(
        f"{name}, permanently",
        target,
        (fault,),
        refused(message, requests=RETRIES + 1),
        # The last poll may have too little time for all of its attempts.
        timed_out(f"{message}|No complete response within"),
        middle_failures=None,
        options={"timeout": SHORT_WAIT, **(options or {})},
    )


def transient(
    name: str, fault: Fault, message: str, target: str = DETAIL, options: dict[str, Any] | None = None
) -> Iterator[Case]:
    """A transient error that ends soon, and one that does not."""
    yield passing(name, fault, target, options)
    yield lasting(name, fault, message, target, options)


def permanent(name: str, fault: Fault, message: str, requests: int = 1, **more: Any) -> Case:
    """An error that only a user can fix, unless the API has responded before."""
    expected = refused(message, requests=requests)
    once = (times(requests, fault),)
    return Case(name, DETAIL, (fault,), expected, expected, middle_faults=once, **more)


def invalid(name: str, target: str, fault: Fault, message: str) -> Case:
    """An invalid response, which is not retried."""
    expected = refused(message, requests=1 if target == DETAIL else None)
    return Case(name, target, (fault,), expected, expected)


def readable(name: str, target: str, fault: Fault) -> Case:
    """An unusual response that has everything that is needed."""
    return Case(name, target, (fault,), good(), good(failed_polls=0), middle_failures=0)


def odd(name: str, change: dict[str, Any], **fields: Any) -> Case:
    """An action with an unusual value, which is returned unchanged and does not delay a wait."""
    expected = good(requests=1, fields={**change, **fields})
    return Case(name, DETAIL, (patch(change),), expected, good(failed_polls=0), middle_failures=0)


def odd_state(name: str, state: object, message: str = r"\(unknown; treated as unfinished\)") -> Case:
    """A state that is unknown: never a success, and never final."""
    return Case(
        f"state: {name}",
        DETAIL,
        (patch({"state": state}),),
        good(requests=1, fields={"state": state, "finished": False}),
        timed_out(message),
        middle_failures=0,
        options={"timeout": SHORT_WAIT},
    )


def status(number: int, body: Any = "", **headers: str) -> Fault:
    """Return a response with this status."""
    return {
        "kind": "status",
        "status": number,
        "body": body,
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
    }


def body(content: Any) -> Fault:
    """Return a 200 with this body."""
    return {"kind": "body", "body": content}


def patch(change: dict[str, Any]) -> Fault:
    """Return the right response with these fields changed; dots separate the steps of a path."""
    return {"kind": "patch", "patch": [{"path": _path(key), "value": value} for key, value in change.items()]}


def without(key: str) -> Fault:
    """Return the right response without this field."""
    return {"kind": "patch", "patch": [{"path": _path(key), "delete": True}]}


def _path(key: str) -> list[str | int]:
    return [int(part) if part.isdigit() else part for part in key.split(".")]


def retry_after(value: str, **expected: Any) -> Case:
    """A delay that the server requests, and that the client uses if it is valid."""
    return Case(
        f"503 once, Retry-After: {value[:40]}",
        DETAIL,
        (times(1, status(503, Retry_After=value)),),
        good(requests=2, **expected),
        good(requests=2, failed_polls=0, **expected),
        middle_failures=0,
    )


def retry_after_the_timeout(value: str) -> Case:
    """A delay that exceeds the time left."""
    return Case(
        f"503 once, Retry-After: {value[:40]}",
        DETAIL,
        (times(1, status(503, Retry_After=value)),),
        refused(r"requested a delay of .+ s.*Not retried", requests=1),
        good(requests=2, failed_polls=1, seconds=SHORT_WAIT),
        options={"timeout": SHORT_WAIT},
    )


HTML = "<html><head><title>Bad Gateway</title></head><body>nginx</body></html>"
SLOW = {"request_timeout": 3.0}
SERVER_ERROR = "the server reports an error"


def _statuses() -> Iterator[Case]:
    for number, content, message in (
        (503, {"error": "Maintenance"}, "HTTP 503.*Server message: Maintenance"),
        (500, {"error_message": "Sorry."}, "HTTP 500.*Server message: Sorry"),
        (500, "", "HTTP 500: internal server error"),
        (502, HTML, f"HTTP 502: {SERVER_ERROR}"),
        (429, "", "HTTP 429: rate limit exceeded"),
    ):
        kind = "without a body" if not content else "with HTML" if content == HTML else "with JSON"
        yield from transient(f"{number} {kind}", status(number, content), message)
    for number in (408, 425, 504, 507, 520, 522, 524, 530, 596, 599):
        yield passing(str(number), status(number))
    yield from transient("503 in a list", status(503), "HTTP 503: the server is temporarily unavailable", LIST)
    yield replace(passing("502 in the middle of a list", {**status(502), "skip": 1}, LIST), middle_failures=None)

    yield retry_after("1", seconds=1.0)
    yield retry_after("{now+2}", seconds=1.0)
    invalid_values = ("soon", "-5", "0", "1.5", " ", "Wed, 99 Foo 2026 25:61:61 GMT", "{now-3600}")
    yield from map(retry_after, invalid_values)
    yield from map(retry_after_the_timeout, ("31536000", "{now+31536000}", "9" * 400))

    yield permanent(
        "400 with JSON", status(400, {"error": "No such filter"}), "HTTP 400.*Server message: No such filter"
    )
    yield permanent("400 without a body", status(400), "HTTP 400: bad request")
    yield permanent("401 without a body", status(401), "HTTP 401: authentication failed .*Check the API key")
    yield permanent("401 with HTML", status(401, HTML), "HTTP 401: authentication failed")
    yield permanent("401 with Retry-After", status(401, Retry_After="1"), "HTTP 401: authentication failed")
    yield permanent("403", status(403, {"error": "Not yours"}), "HTTP 403.*Server message: Not yours")
    yield permanent("405", status(405), "HTTP 405: the endpoint does not support GET")
    yield permanent("415", status(415), "HTTP 415: the endpoint does not support JSON")
    for number in (201, 202, 204, 206, 304, 409, 410, 418, 451, 501, 505, 999):
        yield permanent(str(number), status(number), f"HTTP {number}: unexpected status code")
    yield permanent("an error of the wrong type", status(400, {"error": {"a": [None]}}), "HTTP 400")
    yield permanent("an error that is long", status(400, {"error": "x" * 100_000}), r"HTTP 400.*x\.\.\.")
    yield permanent(
        "an error with control characters", status(400, {"error": "\x1b[2Jx"}), r"HTTP 400.*message:  \[2Jx"
    )
    not_found = r"1 of 1 actions not found\. Check"
    for name, content in (("without a body", ""), ("with HTML", HTML)):
        fault = status(404, content)
        lasts = refused(not_found, seconds=5.0)
        yield Case(f"404 {name}, permanently", DETAIL, (fault,), refused("HTTP 404", requests=1), lasts)
        once = (times(1, fault),)
        yield Case(f"404 {name}, once", DETAIL, once, refused("HTTP 404", requests=1), good(requests=2, failed_polls=1))


def _connections() -> Iterator[Case]:
    failed, cut = "Connection failed", "closed before the response was complete|Connection failed"
    yield from transient("reset", {"kind": "reset"}, failed)
    yield from transient("closed without a response", {"kind": "close"}, failed)
    yield from transient(
        "closed in the headers", {"kind": "close_mid_headers"}, "closed before the response was complete"
    )
    yield from transient("closed in the body", {"kind": "close_mid_body"}, cut)
    yield from transient("closed in a chunked body", {"kind": "close_mid_body", "chunked": True}, failed)
    yield from transient("closed in a list", {"kind": "close_mid_body"}, cut, LIST)
    late = "No complete response within"
    for name, fault in (
        ("late", {"kind": "slow_first_byte", "seconds": 30.0}),
        ("headers byte by byte", {"kind": "drip", "part": "headers", "seconds": 0.3}),
        ("body byte by byte", {"kind": "drip", "part": "body", "seconds": 0.3}),
    ):
        once = (times(1, fault),)
        more: dict[str, Any] = {"middle_failures": None, "options": SLOW}
        yield Case(f"{name}, once", DETAIL, once, good(requests=2), good(requests=2), **more)
        yield lasting(name, fault, late, options={**SLOW, "timeout": 6.0})
    slow = {"kind": "slow_first_byte", "seconds": 30.0}
    yield replace(passing("late", slow, options=SLOW), middle_faults=(times(RETRIES + 1, slow),))
    yield from transient(
        "invalid gzip", status(200, "plain", Content_Encoding="gzip"), "Cannot decompress the response"
    )
    yield Case(
        "refused", DETAIL, (), refused(failed), timed_out(failed), options={"timeout": SHORT_WAIT}, server="closed port"
    )
    yield invalid("two lengths", DETAIL, status(200, "{}", Content_Length="2, 3"), "headers.*Content-Length")
    yield from transient("not HTTP", {"kind": "raw", "data": "SSH-2.0-OpenSSH_9.2p1\r\n"}, failed)
    headers = "HTTP/1.1 200 OK\r\n" + "A: b\r\n" * 200
    yield from transient("endless headers", {"kind": "raw", "data": headers}, failed)


def _redirects() -> Iterator[Case]:
    elsewhere = r"refused to follow a redirect to another host \(.*set api_url"
    for name, location in (
        ("another host", "http://elsewhere.example/api/v1/action/{uuid}/"),
        ("another port", "{stranger}/api/v1/action/{uuid}/"),
        ("another host without a scheme", "//elsewhere.example/"),
        ("https", "https://127.0.0.1/api/v1/action/{uuid}/"),
        ("a similar host", "http://127.0.0.1.elsewhere.example/"),
        ("another host after a username", "http://127.0.0.1@elsewhere.example/"),
        ("an invalid URL", "http://["),
        ("an invalid port", "http://127.0.0.1:99999/"),
        ("a script", "javascript:alert(1)"),
        ("a file", "file:///etc/passwd"),
        ("bytes", "http://\xff\xfe/"),
    ):
        yield permanent(f"redirect to {name}", {"kind": "redirect", "location": location}, elsewhere)
    yield permanent("redirect without a Location", status(302), "HTTP 302: redirect without a Location")
    yield permanent("redirect to itself", {"kind": "redirect"}, r"Too many redirects \(more than 5", requests=6)
    for number in (301, 302, 303, 307, 308):
        there = {"kind": "redirect", "status": number, "location": "/api/audit/v1/action/{uuid}/"}
        once = (times(1, there),)
        yield Case(f"{number} on the same host", DETAIL, once, good(requests=2), good(requests=2), middle_failures=0)
    yield permanent(
        "redirect from https to http",
        {"kind": "redirect", "location": "{plain}/api/v1/action/{uuid}/"},
        elsewhere,
        server="good",
        options={"ca_path": "{ca_file}"},
    )


def _bodies() -> Iterator[Case]:
    not_json, not_object = "The response is not valid JSON", "Expected a JSON object, got"
    contents: list[tuple[str, Any, str]] = [
        ("empty", "", "The response is empty"),
        ("white space", " \n", not_json),
        ("cut off", '{"uuid": "6246c558', rf"{not_json} \(starts with"),
        ("HTML", "<html>Log in</html>", rf"{not_json} \(starts with '<html>Log in"),
        ("two documents", "{} {}", not_json),
        ("NaN", '{"uuid": NaN}', not_json),
        ("Infinity", '{"duration": -Infinity}', not_json),
        ("bytes", "\udcff\udcfe\udcfd", not_json),
        ("UTF-16", "\udcff\udcfe{\x00}\x00", not_json),
        ("300 nested lists", '{"logs": ' + "[" * 300 + "]" * 300 + "}", not_json),
        ("100,000 brackets", "[" * 100_000, not_json),
        ("a number of 100,000 digits", '{"id": ' + "9" * 100_000 + "}", not_json),
        ("a list", [{}], f"{not_object} a list"),
        ("null", "null", f"{not_object} null"),
        ("a number", 42, f"{not_object} a number"),
        ("a string", '"Success"', f"{not_object} a string"),
    ]
    for target, (name, content, message) in itertools.product((DETAIL, LIST), contents):
        yield invalid(f"body of a {target}: {name}", target, body(content), message)
    different = "contains a different action than the one requested"
    yield invalid("action: {}", DETAIL, body({}), different)
    yield invalid("action: a list", DETAIL, body({"meta": {}, "objects": []}), different)
    yield invalid("action: of another UUID", DETAIL, patch({"uuid": str(_NAMES)}), different)
    yield invalid("action: without a UUID", DETAIL, without("uuid"), different)
    yield invalid("action: UUID null", DETAIL, patch({"uuid": None}), different)
    yield invalid("action: UUID a list", DETAIL, patch({"uuid": []}), different)
    for chunked in (False, True):
        huge = {"kind": "huge", "chunked": chunked}
        yield invalid(f"100 MiB{', chunked' * chunked}", DETAIL, huge, "exceeds 64 MiB")
    yield replace(readable("gzip", DETAIL, {"kind": "gzip"}), query=good(requests=1))
    yield replace(readable("gzip of a list", LIST, {"kind": "gzip"}), query=good(requests=PAGES[LIST]))


def _lists() -> Iterator[Case]:
    for name, fault, message in (
        ("meta missing", without("meta"), "meta is missing"),
        ("meta null", patch({"meta": None}), "meta is null"),
        ("meta a list", patch({"meta": []}), "meta is a list"),
        ("objects missing", without("objects"), "objects is missing"),
        ("objects null", patch({"objects": None}), "objects is null"),
        ("objects an object", patch({"objects": {}}), "objects is an object"),
        ("an object null", patch({"objects.0": None}), r"objects\[0\] is null"),
        ("an object a list", patch({"objects.0": []}), r"objects\[0\] is a list"),
        ("an object without a UUID", without("objects.0.uuid"), r"uuid of objects\[0\] is not a UUID"),
        ("an object with a number for a UUID", patch({"objects.0.uuid": 7}), r"uuid of objects\[0\] is not a UUID"),
        ("a path for a UUID", patch({"objects.0.uuid": "../../x y"}), r"uuid of objects\[0\] is not a UUID"),
        ("control characters in a UUID", patch({"objects.0.uuid": "\x1b[2J"}), r"uuid of objects\[0\] is not a UUID"),
        ("total_count NaN", patch({"meta.total_count": float("nan")}), "not valid JSON"),
        ("next a number", patch({"meta.next": 2}), "meta.next is a number"),
    ):
        yield invalid(f"list: {name}", LIST, fault, message)
    # A server that ignores a filter is not a temporary error: the wait ends as soon as this is seen.
    other = patch({"objects.0.object": "/api/v1/service/x/"})
    ignored = invalid("list: of another object", LIST, other, "do not match the filter object")
    yield replace(ignored, middle_failures=None)
    endless = {"uuid": str(_NAMES), "object": "{object}", "state": "{state}"}
    loop = patch({"objects": [endless], "meta.next": "?offset={n}"})
    yield replace(invalid("list: next without an end", LIST, loop, "Pagination loop"), middle_failures=None)
    for name, fault in (
        ("total_count missing", without("meta.total_count")),
        ("total_count null", patch({"meta.total_count": None})),
        ("total_count a string", patch({"meta.total_count": "3"})),
        ("total_count a fraction", patch({"meta.total_count": 3.0})),
        ("total_count true", patch({"meta.total_count": True})),
        ("total_count negative", patch({"meta.total_count": -1})),
        ("total_count absurd", patch({"meta.total_count": 10**30})),
        ("total_count too high", patch({"meta.total_count": 500})),
        ("total_count too low", patch({"meta.total_count": 1})),
        ("total_count too high at first", times(1, patch({"meta.total_count": 400}))),
        ("next missing", without("meta.next")),
        ("next with repeated parameters", times(1, patch({"meta.next": "?limit=500&limit=2&offset=0&offset=2"}))),
        ("next an invalid URL", times(1, patch({"meta.next": "http://["}))),
        ("next that omits some", times(1, patch({"meta.next": "?offset=4"}))),
        ("next without an offset", times(1, patch({"meta.next": "/api/v1/action/?limit=2"}))),
        ("next with an invalid offset", times(1, patch({"meta.next": "?offset=two"}))),
        ("next to itself", times(1, patch({"meta.next": "?offset=0"}))),
        ("next backwards", times(1, patch({"meta.next": "?offset=-2"}))),
        ("next to another host", times(1, patch({"meta.next": "{stranger}/api/v1/action/?offset=2"}))),
        ("next to another path", times(1, patch({"meta.next": "/api/v1/service/?offset=2"}))),
    ):
        yield readable(f"list: {name}", LIST, fault)


def _actions() -> Iterator[Case]:
    yield odd_state("unknown", "Exploded", r"state Exploded \(unknown; treated as unfinished\)")
    states: tuple[Any, ...] = (None, 1, True, ["Success"], {"Success": "Success"}, "success", "Success ", "")
    for state in states:
        yield odd_state(repr(state), state)
    missing = odd_state("missing", None)
    yield replace(missing, faults=(without("state"),), query=good(requests=1, fields={"finished": False}))
    lie = {"state": "In progress", "finished": True}
    claims = odd_state("unfinished, in an action with finished: true", "In progress", "state In progress")
    yield replace(claims, faults=(patch(lie),))

    dates: tuple[Any, ...] = ("soon", "", 42, [], None, "Wed, 99 Foo 2014 26:61:61 +9900", "2014-09-17")
    for date in dates:
        yield odd(f"start_date {date!r}", {"start_date": date}, started_at=None, duration=None)
    read = {"started_at": "2014-09-17T08:26:22Z"}
    yield odd("start_date in ISO 8601", {"start_date": "2014-09-17T08:26:22"}, **read)
    yield odd(
        "start_date padded with a space",
        {"start_date": "Wed,  1 Oct 2014 08:26:22 +0000"},
        started_at="2014-10-01T08:26:22Z",
    )
    yield odd("end_date of a success null", {"end_date": None}, ended_at=None, duration=None, finished=True)
    yield odd("an end before the start", {"end_date": "Wed, 17 Sep 2014 08:26:22 +0000"}, finished=True)
    objects: tuple[Any, ...] = (None, "", 42, [], "/api/v1/service/../../", "http://elsewhere.example/")
    for path in objects:
        yield odd(f"object {path!r}", {"object": path}, object_type=None, object_uuid=None)
    texts: tuple[Any, ...] = (None, 42, [], {"a": 1}, "\x00\x1b[31m", "x" * 100_000)
    for logs in texts:
        yield odd(f"logs {str(logs)[:20]!r}", {"logs": logs})
    half = odd("a lone surrogate in the logs", {"logs": "half \ud83d"})
    yield replace(half, query=good(requests=1, fields={"logs": "half ?"}))
    yield odd("an unknown field", {"color": {"of": ["the", {"sky": None}]}})


def _servers() -> Iterator[Case]:
    trusting: dict[str, Any] = {"ca_path": "{ca_file}"}
    not_trusted = "TLS certificate verification failed.*set ca_path"
    for kind, options in (("good", {}), ("self-signed", trusting), ("expired", trusting), ("wrong-host", trusting)):
        name = "of an unknown CA" if kind == "good" else kind
        refusal = refused(not_trusted, requests=0)
        yield Case(f"certificate {name}", DETAIL, (), refusal, refusal, server=kind, options=options)
        insecure = {"validate_certs": False}
        yield Case(f"certificate {name}, not verified", DETAIL, (), good(), good(), server=kind, options=insecure)
    yield Case("certificate of the CA in ca_path", DETAIL, (), good(), good(), server="good", options=trusting)
    many_retries = {"max_retries": 30, "timeout": LONG_WAIT}
    for target in (DETAIL, LIST):
        yield Case(
            f"throttled by Tastypie, {target}", target, (), good(), good(), server="throttled", options=many_retries
        )


def _in_both_orders(cases: Iterable[Case]) -> Iterator[Case]:
    """Yield the cases, those of lists also for a server that lists the newest first."""
    for case in cases:
        yield case
        if case.target == LIST and case.server == "plain":
            yield replace(case, name=f"{case.name} (newest first)", server="newest")


CASES: dict[str, Case] = {
    case.name: case
    for case in _in_both_orders(
        (
            *_statuses(),
            *_connections(),
            *_redirects(),
            *_bodies(),
            *_lists(),
            *_actions(),
            *_servers(),
        )
    )
}


# The set-up.


class Servers:
    """The servers of the cases, each started when it is first used."""

    def __init__(self, python: str) -> None:
        self._python = python
        self._stack = contextlib.ExitStack()
        self._running: dict[str, Sandbox] = {}
        self._closed_url = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def __getitem__(self, name: str) -> Sandbox:
        """Return the server of this name."""
        if name not in self._running:
            options: dict[str, Any] = {"actions": 0, "max_page_size": PAGE_SIZE}
            if name == "throttled":
                options["throttle"] = "5/2"
            elif name == "newest":
                options["order"] = "newest_first"
            elif name not in ("plain", "stranger"):
                options["tls"] = name
            self._running[name] = self._stack.enter_context(Sandbox(self._python, **options))
        return self._running[name]

    def url(self, name: str) -> str:
        """Return the URL of a server; `closed port` is one that does not run."""
        if name != "closed port":
            return self[name].url
        if not self._closed_url:
            # Bound but not listening: refused, and no other process gets the port.
            bound = self._stack.enter_context(socket.socket())
            bound.bind(("127.0.0.1", 0))
            self._closed_url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        return self._closed_url


@dataclass(frozen=True)
class Prepared:
    """A case that is set up for one way."""

    case: Case
    way: str
    api_url: str
    uuids: tuple[str, ...]
    object: str
    options: dict[str, Any]
    """The options of the module or lookup, those that name the actions included."""

    @property
    def expected(self) -> Expected:
        """The expected result."""
        return self.case.expected(self.way)


def prepare(cases: Iterable[Case], ways: Iterable[str], servers: Servers) -> list[Prepared]:
    """Create the actions and the faults of each case in each of these ways."""
    found = []
    actions: dict[str, list[dict[str, Any]]] = {}
    rules: dict[str, list[Fault]] = {}
    for case, way in itertools.product(cases, ways):
        if not case.has(way):
            continue
        one = _prepared(case, way, servers)
        found.append(one)
        if case.server != "closed port":
            actions.setdefault(case.server, []).extend(_described(one))
            rules.setdefault(case.server, []).extend(_rules(one, servers))
    for name, described in actions.items():
        servers[name].create_actions(described)
        servers[name].control("POST", "faults", rules[name])
    return found


def _prepared(case: Case, way: str, servers: Servers) -> Prepared:
    name = f"{case.name}/{way}"
    uuids = tuple(str(uuid.uuid5(_NAMES, f"{name}/{number}")) for number in range(COUNTS[case.target]))
    path = f"/api/v1/service/{uuid.uuid5(_NAMES, name)}/"
    options: dict[str, Any] = {"request_timeout": 30.0, "max_retries": RETRIES, **case.options}
    if options.get("ca_path"):
        options["ca_path"] = servers[case.server].ca_file
    if case.target == LIST:
        options["object"] = path
    elif way != LOOKUP:
        options["uuid"] = list(uuids)
    if way in WAITS:
        options = {"timeout": LONG_WAIT, "interval": 0.1, **options}
    else:
        options.pop("timeout", None)
    if way == MIDDLE and not (case.wait.end == GOOD and case.wait.seconds):
        options["timeout"] = LONG_WAIT
    return Prepared(case, way, servers.url(case.server), uuids, path, options)


def _described(prepared: Prepared) -> list[dict[str, Any]]:
    # A wait for an object reads three lists: "Pending", "In progress", "Canceling". So the fault comes with the first
    # response, or after a good one. The action's own response shows it as finished (see `_rules`).
    state = {WAIT: "Pending", MIDDLE: "In progress"}.get(prepared.way, "Success")
    phases = [[0, state]] if prepared.case.target == LIST and prepared.way in WAITS else [[-1, "Success"]]
    count = len(prepared.uuids)
    return [
        {"uuid": one, "object": prepared.object, "phases": phases, "started_ago": 60 + count - number}
        for number, one in enumerate(prepared.uuids)
    ]


def _rules(prepared: Prepared, servers: Servers) -> Iterator[Fault]:
    case = prepared.case
    detail = f"/action/({'|'.join(prepared.uuids)})/"
    listed = re.escape(prepared.object.replace("/", "%2F"))
    state = "Success"
    faults = case.faults
    if prepared.way in WAITS:
        faults = case.wait_faults or case.faults
        state = {WAIT: "Pending", MIDDLE: "In progress"}[prepared.way]
        if case.target == LIST:
            ended = {"state": "Success", "end_date": "Mon, 23 Nov 2026 12:00:00 +0000"}
            yield {**patch(ended), "match": detail}
            listed += f".*{state.replace(' ', '%20')}"
        elif prepared.way == MIDDLE:
            yield {**times(1, patch({"state": "In progress", "end_date": None})), "match": detail}
    if prepared.way == MIDDLE:
        faults = case.middle_faults or tuple(times(1, fault) for fault in case.faults)
    for fault in faults:
        values = {"uuid": prepared.uuids[0], "object": prepared.object, "state": state}
        filled = _filled(fault, values, servers)
        yield {**filled, "match": detail if case.target == DETAIL else listed}


def _filled(value: Any, values: dict[str, str], servers: Servers) -> Any:
    """Return a rule with the placeholders in its texts filled in."""
    if isinstance(value, dict):
        return {key: _filled(each, values, servers) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, values, servers) for each in value]
    if isinstance(value, str):
        for name, text in values.items():
            value = value.replace(f"{{{name}}}", text)
        for name in ("plain", "stranger"):
            if f"{{{name}}}" in value:
                value = value.replace(f"{{{name}}}", servers[name].url)
    return value


# The check.


def count_requests(prepared: Iterable[Prepared], servers: Servers) -> dict[tuple[str, str], int]:
    """Return how many requests each case saw, by its name and way."""
    prepared = list(prepared)
    owners = {
        name: (one.case.name, one.way)
        for one in prepared
        for name in (*one.uuids, one.object.strip("/").split("/")[-1])
    }
    counts = dict.fromkeys(owners.values(), 0)
    for server in {one.case.server for one in prepared} - {"closed port"}:
        for entry in servers[server].requests():
            found = _ACTION_IN_PATH.search(entry["path"]) or _OBJECT_IN_QUERY.search(entry["query"])
            assert found, f"a request for nothing that was requested: {entry}"
            assert found[1] in owners, f"a request for an unknown action: {entry}"
            counts[owners[found[1]]] += 1
    return counts


def check(prepared: Prepared, outcome: Outcome, requests: int) -> None:
    """Compare a result with the expected one."""
    expected = prepared.expected
    assert "Traceback" not in outcome.message
    assert outcome.end == expected.end, outcome.message
    assert outcome.seconds >= expected.seconds
    if expected.requests is not None:
        assert requests == expected.requests, outcome.message
    if prepared.way in WAITS and expected.failed_polls is not None:
        failed_polls = outcome.results.get("failed_polls", 0)
        # With a short request_timeout a busy machine can make other polls fail.
        is_exact = prepared.options["request_timeout"] > STALL
        assert failed_polls == expected.failed_polls or (failed_polls > expected.failed_polls and not is_exact)
    if expected.end == GOOD:
        assert not outcome.message
        uuids = [action["uuid"] for action in outcome.actions]
        if prepared.way in WAITS and "object" in prepared.options:
            assert sorted(uuids) == sorted(prepared.uuids)
        else:
            assert uuids == list(prepared.uuids)
        shown = {name: outcome.actions[0].get(name) for name in expected.fields}
        assert shown == expected.fields
        if prepared.way in WAITS:
            assert {action["state"] for action in outcome.actions} == {"Success"}
        return
    assert re.search(expected.message, outcome.message, re.DOTALL), outcome.message
    assert REMEDY.search(outcome.message), f"no remedy: {outcome.message}"
    assert not RHETORICAL.search(outcome.message), outcome.message
    named = f"{prepared.api_url}/api/v1/action/"
    assert named in outcome.message or prepared.uuids[0] in outcome.message, outcome.message
    if expected.end == TIMED_OUT:
        limit = prepared.options["timeout"] + 5.0
        assert prepared.options["timeout"] <= outcome.results["elapsed"] <= limit + STALL
        assert outcome.results["timed_out"] is True


def summary(outcomes: Iterable[Outcome]) -> str:
    """Return the line that is printed."""
    ends = [outcome.end for outcome in outcomes]
    return (
        f"fault matrix: {len(ends)} cases, {ends.count(GOOD)} recovered,"
        f" {ends.count(REFUSED) + ends.count(TIMED_OUT)} refused with a clear error"
    )
