# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fault matrix: what a server or a network does wrong, and how each way to ask ends then.

One table for the client in process (tests/client) and for real Ansible (tests/cli). Each case has actions of its own in
each way, and its faults hit only the requests about these. So all cases can be put in force at once, and run at once.
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
"""A rule for the sandbox, without its `match`. `{uuid}` and `{stranger}` in its texts are filled in."""

# The ways to ask.
QUERY, LOOKUP, WAIT = "query", "lookup", "wait"

# What is asked: an action by its UUID, or the three actions of an object, which come in three pages.
DETAIL, LIST = "detail", "list"
PAGE_SIZE = 1
COUNTS = {DETAIL: 1, LIST: 3}
PAGES = {DETAIL: 1, LIST: 3}

# How a case may end.
GOOD, REFUSED, TIMED_OUT = "good", "refused", "timed out"

RETRIES = 2
SHORT_WAIT, LONG_WAIT = 2.0, 60.0
STALL = 5.0
"""Seconds that a busy machine may stand still, where a test says how long something takes at most."""

REMEDY = re.compile(r"\?|\b(?:Set|Try|Use|Write|Give|Ask|Remove)\b|\boption\b")

_NAMES = uuid.UUID("0f9a3c52-5a0c-4c5c-9d3e-6a3f1c1a2b4d")
_ACTION_IN_PATH = re.compile(r"/action/([0-9a-f-]{36})/")
_OBJECT_IN_QUERY = re.compile(r"service%2F([0-9a-f-]{36})%2F")


@dataclass(frozen=True)
class Expected:
    """How one way ends."""

    end: str
    says: str = ""
    """A regular expression that the error's message fits."""
    requests: int | None = None
    """How many requests the server sees about this case; None where that is a matter of timing."""
    failed_polls: int = 0
    """How many questions of a wait failed, at least."""
    seconds: float = 0.0
    """How long it takes, at least."""
    fields: dict[str, Any] = field(default_factory=dict)
    """What the first action returned has."""


@dataclass(frozen=True)
class Case:
    """Something that goes wrong."""

    name: str
    asks: str
    faults: tuple[Fault, ...]
    query: Expected
    wait: Expected
    wait_faults: tuple[Fault, ...] = ()
    """Where a wait meets others than a query."""
    options: dict[str, Any] = field(default_factory=dict)
    server: str = "plain"

    def expected(self, way: str) -> Expected:
        """How it ends when it is asked in this way."""
        return self.wait if way == WAIT else self.query


@dataclass
class Outcome:
    """How it did end."""

    end: str
    message: str = ""
    actions: list[dict[str, Any]] = field(default_factory=list)
    results: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


# The table.


def good(**expected: Any) -> Expected:
    """Exactly the actions asked for come back."""
    return Expected(GOOD, **expected)


def refused(says: str, **expected: Any) -> Expected:
    """There is an error."""
    return Expected(REFUSED, says, **expected)


def timed_out(says: str = "", **expected: Any) -> Expected:
    """The wait goes on to its deadline, and says what it saw."""
    return Expected(TIMED_OUT, says, **expected)


def times(number: int, fault: Fault) -> Fault:
    """This fault, for so many requests."""
    return {**fault, "times": number}


def passing(name: str, fault: Fault, asks: str = DETAIL, options: dict[str, Any] | None = None) -> Case:
    """What is worth trying again, and is over soon: for a wait, only after it has cost it a question."""
    return Case(
        f"{name}, for a while",
        asks,
        (times(RETRIES, fault),),
        good(requests=RETRIES + PAGES[asks]),
        good(failed_polls=1),
        wait_faults=(times(RETRIES + 2, fault),),
        options=options or {},
    )


def transient(
    name: str, fault: Fault, says: str, asks: str = DETAIL, options: dict[str, Any] | None = None
) -> Iterator[Case]:
    """What is worth trying again: once it is soon over, once it never is."""
    yield passing(name, fault, asks, options)
    yield Case(
        f"{name}, for good",
        asks,
        (fault,),
        refused(says, requests=RETRIES + 1),
        timed_out(says, failed_polls=1),
        options={"timeout": SHORT_WAIT, **(options or {})},
    )


def final(name: str, fault: Fault, says: str, requests: int = 1, **more: Any) -> Case:
    """What is not worth trying again, by nobody."""
    expected = refused(says, requests=requests)
    return Case(name, DETAIL, (fault,), expected, expected, **more)


def misshapen(name: str, asks: str, fault: Fault, says: str, *, failed_polls: int = 1) -> Case:
    """An answer that cannot be believed: the end of a query; a wait asks again."""
    return Case(
        name,
        asks,
        (fault,),
        refused(says, requests=1 if asks == DETAIL else None),
        good(failed_polls=failed_polls),
        wait_faults=(times(2, fault),),
    )


def odd(name: str, change: dict[str, Any], **fields: Any) -> Case:
    """An action with something odd in it, which comes back as it is and keeps no wait from its end."""
    return Case(name, DETAIL, (patch(change),), good(requests=1, fields={**change, **fields}), good())


def odd_state(name: str, state: object, says: str = "no state that this collection knows") -> Case:
    """A state that is none: never a success, and never an end."""
    return Case(
        f"state: {name}",
        DETAIL,
        (patch({"state": state}),),
        good(requests=1, fields={"state": state, "finished": False}),
        timed_out(says),
        options={"timeout": SHORT_WAIT},
    )


def status(number: int, body: Any = "", **headers: str) -> Fault:
    """An answer with this status."""
    return {
        "kind": "status",
        "status": number,
        "body": body,
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
    }


def body(content: Any) -> Fault:
    """A 200 with this body."""
    return {"kind": "body", "body": content}


def patch(change: dict[str, Any]) -> Fault:
    """The right answer with these fields changed; dots lead into it."""
    return {"kind": "patch", "patch": [{"path": _path(key), "value": value} for key, value in change.items()]}


def without(key: str) -> Fault:
    """The right answer without this field."""
    return {"kind": "patch", "patch": [{"path": _path(key), "delete": True}]}


def _path(key: str) -> list[str | int]:
    return [int(part) if part.isdigit() else part for part in key.split(".")]


def retry_after(value: str, **expected: Any) -> Case:
    """A pause that is asked for, and kept where it makes sense."""
    return Case(
        f"503 once, Retry-After: {value[:40]}",
        DETAIL,
        (times(1, status(503, Retry_After=value)),),
        good(requests=2, **expected),
        good(requests=2, **expected),
    )


def retry_after_the_end(value: str) -> Case:
    """A pause that is longer than there is time."""
    return Case(
        f"503 once, Retry-After: {value[:40]}",
        DETAIL,
        (times(1, status(503, Retry_After=value)),),
        refused(r"left alone for .+ s.*not tried again", requests=1),
        good(requests=2, failed_polls=1, seconds=SHORT_WAIT),
        options={"timeout": SHORT_WAIT},
    )


HTML = "<html><head><title>Bad Gateway</title></head><body>nginx</body></html>"
SLOW = {"request_timeout": 1.5}
NOT_WELL = "the server is not well"


def _statuses() -> Iterator[Case]:
    for number, content, says in (
        (503, {"error": "Maintenance"}, "HTTP 503.*The server says: Maintenance"),
        (500, {"error_message": "Sorry."}, "HTTP 500.*The server says: Sorry"),
        (500, "", f"HTTP 500, {NOT_WELL}"),
        (502, HTML, f"HTTP 502, {NOT_WELL}"),
        (504, "", f"HTTP 504, {NOT_WELL}"),
        (429, "", "HTTP 429, the server throttles"),
    ):
        kind = "without a body" if not content else "with HTML" if content == HTML else "with JSON"
        yield from transient(f"{number} {kind}", status(number, content), says)
    yield from transient("503 in a list", status(503), f"HTTP 503, {NOT_WELL}", LIST)
    yield passing("502 in the middle of a list", {**status(502), "skip": 1}, LIST)

    yield retry_after("1", seconds=1.0)
    yield retry_after("{now+2}", seconds=1.0)
    absurd = ("soon", "-5", "0", "1.5", " ", "Wed, 99 Foo 2026 25:61:61 GMT", "{now-3600}")
    yield from map(retry_after, absurd)
    yield from map(retry_after_the_end, ("31536000", "{now+31536000}", "9" * 400))

    yield final("400 with JSON", status(400, {"error": "No such filter"}), "HTTP 400.*The server says: No such filter")
    yield final("400 without a body", status(400), "HTTP 400, the API does not understand")
    yield final("401 without a body", status(401), "HTTP 401, the API refuses the credentials .*Is the key right")
    yield final("401 with HTML", status(401, HTML), "HTTP 401, the API refuses the credentials")
    yield final("401 with Retry-After", status(401, Retry_After="1"), "HTTP 401, the API refuses the credentials")
    yield final("403", status(403, {"error": "Not yours"}), "HTTP 403.*The server says: Not yours")
    yield final("405", status(405), "HTTP 405, this address does not answer GET")
    yield final("415", status(415), "HTTP 415, this address does not speak JSON")
    for number in (201, 202, 204, 206, 304, 409, 410, 418, 451, 501, 505, 599, 999):
        yield final(str(number), status(number), f"HTTP {number}, this is not an answer of the API")
    yield final("an error of the wrong shape", status(400, {"error": {"a": [None]}}), "HTTP 400")
    yield final("an error that is long", status(400, {"error": "x" * 100_000}), r"HTTP 400.*x\.\.\.")
    yield final("an error that moves the cursor", status(400, {"error": "\x1b[2Jgone"}), r"HTTP 400.*says:  \[2Jgone")
    gone = r"does not exist \(any more\)"
    yield Case("404 without a body", DETAIL, (status(404),), refused("HTTP 404", requests=1), refused(gone, requests=1))
    yield Case("404 with HTML", DETAIL, (status(404, HTML),), refused("HTTP 404", requests=1), refused(gone))


def _connections() -> Iterator[Case]:
    failed, cut = "the connection failed", "closed in the middle|connection failed"
    yield from transient("reset", {"kind": "reset"}, failed)
    yield from transient("closed without an answer", {"kind": "close"}, failed)
    yield from transient("closed in the headers", {"kind": "close_mid_headers"}, "closed in the middle")
    yield from transient("closed in the body", {"kind": "close_mid_body"}, cut)
    yield from transient("closed in a chunked body", {"kind": "close_mid_body", "chunked": True}, failed)
    yield from transient("closed in a list", {"kind": "close_mid_body"}, cut, LIST)
    late = "there was no whole answer within"
    for name, fault in (
        ("late", {"kind": "slow_first_byte", "seconds": 30.0}),
        ("headers byte by byte", {"kind": "drip", "part": "headers", "seconds": 0.3}),
        ("body byte by byte", {"kind": "drip", "part": "body", "seconds": 0.3}),
    ):
        yield Case(f"{name}, once", DETAIL, (times(1, fault),), good(requests=2), good(requests=2), options=SLOW)
        yield Case(
            f"{name}, for good",
            DETAIL,
            (fault,),
            refused(late),
            timed_out(late),
            options={**SLOW, "timeout": 3.0},
        )
    broken = "the answer cannot be unpacked"
    yield from transient("gzip that is none", status(200, "plain", Content_Encoding="gzip"), broken)
    yield Case(
        "refused", DETAIL, (), refused(failed), timed_out(failed), options={"timeout": SHORT_WAIT}, server="nobody"
    )
    yield misshapen("two lengths", DETAIL, status(200, "{}", Content_Length="2, 3"), "headers.*Content-Length")
    yield from transient("no HTTP", {"kind": "raw", "data": "SSH-2.0-OpenSSH_9.2p1\r\n"}, failed)
    headers = "HTTP/1.1 200 OK\r\n" + "A: b\r\n" * 200
    yield from transient("endless headers", {"kind": "raw", "data": headers}, failed)


def _redirects() -> Iterator[Case]:
    elsewhere = "redirect to .* is not followed.*only for the host of api_url"
    for name, location in (
        ("another host", "http://elsewhere.example/api/v1/action/{uuid}/"),
        ("another port", "{stranger}/api/v1/action/{uuid}/"),
        ("another host without a scheme", "//elsewhere.example/"),
        ("https", "https://127.0.0.1/api/v1/action/{uuid}/"),
        ("a host that only looks like it", "http://127.0.0.1.elsewhere.example/"),
        ("another host behind a user name", "http://127.0.0.1@elsewhere.example/"),
        ("no URL", "http://["),
        ("no port", "http://127.0.0.1:99999/"),
        ("a script", "javascript:alert(1)"),
        ("a file", "file:///etc/passwd"),
        ("bytes", "http://\xff\xfe/"),
    ):
        yield final(f"redirect to {name}", {"kind": "redirect", "location": location}, elsewhere)
    yield final("redirect to nowhere", status(302), "HTTP 302, a redirect to nowhere")
    yield final("redirect to itself", {"kind": "redirect"}, "more than 5 redirects", requests=6)
    for number in (301, 302, 303, 307, 308):
        there = {"kind": "redirect", "status": number, "location": "/api/audit/v1/action/{uuid}/"}
        yield Case(f"{number} on the same host", DETAIL, (times(1, there),), good(requests=2), good(requests=2))
    yield final(
        "redirect from https to http",
        {"kind": "redirect", "location": "{plain}/api/v1/action/{uuid}/"},
        elsewhere,
        server="good",
        options={"ca_path": "{ca_file}"},
    )


def _bodies() -> Iterator[Case]:
    contents: list[tuple[str, Any, str]] = [
        ("empty", "", "the answer is empty"),
        ("blank", " \n", "the answer is not JSON"),
        ("cut off", '{"uuid": "6246c558', "the answer is not JSON, it begins with"),
        ("HTML", "<html>Log in</html>", "not JSON, it begins with '<html>Log in"),
        ("two documents", "{} {}", "the answer is not JSON"),
        ("NaN", '{"uuid": NaN}', "the answer is not JSON"),
        ("Infinity", '{"duration": -Infinity}', "the answer is not JSON"),
        ("bytes", "\udcff\udcfe\udcfd", "the answer is not JSON"),
        ("100,000 brackets", "[" * 100_000, "the answer is not JSON"),
        ("a number of 100,000 digits", '{"id": ' + "9" * 100_000 + "}", "the answer is not JSON"),
        ("a list", [{}], "not a JSON object, but a list"),
        ("null", "null", "not a JSON object, but null"),
        ("a number", 42, "not a JSON object, but a number"),
        ("a string", '"Success"', "not a JSON object, but a string"),
    ]
    for asks, (name, content, says) in itertools.product((DETAIL, LIST), contents):
        yield misshapen(f"body of a {asks}: {name}", asks, body(content), says)
    stranger = "not the action asked for"
    yield misshapen("action: {}", DETAIL, body({}), stranger)
    yield misshapen("action: a list", DETAIL, body({"meta": {}, "objects": []}), stranger)
    yield misshapen("action: of another UUID", DETAIL, patch({"uuid": str(_NAMES)}), stranger)
    yield misshapen("action: without a UUID", DETAIL, without("uuid"), stranger)
    yield misshapen("action: UUID null", DETAIL, patch({"uuid": None}), stranger)
    yield misshapen("action: UUID a list", DETAIL, patch({"uuid": []}), stranger)
    for chunked in (False, True):
        huge = {"kind": "huge", "chunked": chunked}
        case = misshapen(f"100 MiB{', chunked' * chunked}", DETAIL, huge, "larger than 64 MiB")
        yield replace(case, wait_faults=(times(1, huge),))
    yield Case("gzip", DETAIL, ({"kind": "gzip"},), good(requests=1), good())
    yield Case("gzip of a list", LIST, ({"kind": "gzip"},), good(requests=3), good())


def _lists() -> Iterator[Case]:
    for name, fault, says in (
        ("meta missing", without("meta"), "meta is null or missing"),
        ("meta null", patch({"meta": None}), "meta is null"),
        ("meta a list", patch({"meta": []}), "meta is a list"),
        ("objects missing", without("objects"), "objects is null or missing"),
        ("objects null", patch({"objects": None}), "objects is null"),
        ("objects an object", patch({"objects": {}}), "objects is an object"),
        ("an object null", patch({"objects.0": None}), r"objects\[0\] is null"),
        ("an object a list", patch({"objects.0": []}), r"objects\[0\] is a list"),
        ("an object without a UUID", without("objects.0.uuid"), r"uuid of objects\[0\] is null or missing"),
        ("an object with a number for a UUID", patch({"objects.0.uuid": 7}), r"uuid of objects\[0\] is a number"),
        ("total_count missing", without("meta.total_count"), "meta.total_count is None"),
        ("total_count a string", patch({"meta.total_count": "3"}), "meta.total_count is '3'"),
        ("total_count a fraction", patch({"meta.total_count": 3.0}), "meta.total_count is 3.0"),
        ("total_count true", patch({"meta.total_count": True}), "meta.total_count is True"),
        ("total_count negative", patch({"meta.total_count": -1}), "meta.total_count is -1"),
        ("total_count NaN", patch({"meta.total_count": float("nan")}), "not JSON"),
        ("total_count absurd", patch({"meta.total_count": 10**30}), "meta.total_count is 10{30}"),
        ("next missing", without("meta.next"), "total_count is 3, but the list ends after 1"),
        ("next null", patch({"meta.next": None}), "total_count is 3, but the list ends after 1"),
        ("next a number", patch({"meta.next": 2}), "meta.next is a number"),
        ("next no URL", patch({"meta.next": "http://["}), r"meta.next is http://\["),
        ("next leaves some out", patch({"meta.next": "?offset=2"}), "leads to offset 2, but the page ends at 1"),
        ("next without an offset", patch({"meta.next": "/api/v1/action/?limit=2"}), "meta.next is /api"),
        ("next with an odd offset", patch({"meta.next": "?offset=two"}), r"meta.next is \?offset=two"),
        ("next to itself", patch({"meta.next": "?offset=0"}), "does not lead on from offset 0"),
        ("next backwards", patch({"meta.next": "?offset=-2"}), "does not lead on from offset 0"),
        ("next the same again", patch({"meta.next": "?offset=1"}), "does not lead on from offset 1"),
        ("next to another host", patch({"meta.next": "{stranger}/api/v1/action/?offset=2"}), "leads out of the list"),
        ("next to another path", patch({"meta.next": "/api/v1/service/?offset=2"}), "leads out of the list"),
        (
            "next without an end",
            patch({"objects": [{"uuid": str(_NAMES)}], "meta.next": "?offset={n}", "meta.total_count": 1}),
            "nothing new.*this list has no end",
        ),
    ):
        yield misshapen(f"list: {name}", LIST, fault, says)
    high = patch({"meta.total_count": 500})
    too_high = misshapen("list: total_count too high", LIST, high, "is 500, but the list ends after 3")
    yield replace(too_high, wait=good())
    low = patch({"meta.total_count": 1})
    yield Case("list: total_count too low", LIST, (low,), good(requests=3), good())
    first_high = times(1, patch({"meta.total_count": 400}))
    yield Case("list: total_count too high at first", LIST, (first_high,), good(), good())


def _actions() -> Iterator[Case]:
    yield odd_state("unknown", "Exploded", "is Exploded, which is no state that this collection knows")
    states: tuple[Any, ...] = (None, 1, True, ["Success"], {"Success": "Success"}, "success", "Success ", "")
    for state in states:
        yield odd_state(repr(state), state)
    missing = odd_state("missing", None)
    yield replace(missing, faults=(without("state"),), query=good(requests=1, fields={"finished": False}))
    lie = {"state": "In progress", "finished": True}
    claims = odd_state("unfinished, in an action that says it is finished", "In progress", "is In progress")
    yield replace(claims, faults=(patch(lie),))

    dates: tuple[Any, ...] = ("soon", "", 42, [], None, "Wed, 99 Foo 2014 26:61:61 +9900", "2014-09-17")
    for date in dates:
        yield odd(f"start_date {date!r}", {"start_date": date}, started_at=None, duration=None)
    yield odd("end_date of a success null", {"end_date": None}, ended_at=None, duration=None, finished=True)
    yield odd("an end before the start", {"end_date": "Wed, 17 Sep 2014 08:26:22 +0000"}, finished=True)
    objects: tuple[Any, ...] = (None, "", 42, [], "/api/v1/service/../../", "http://elsewhere.example/")
    for path in objects:
        yield odd(f"object {path!r}", {"object": path}, object_type=None, object_uuid=None)
    texts: tuple[Any, ...] = (None, 42, [], {"a": 1}, "\x00\x1b[31m", "x" * 100_000)
    for logs in texts:
        yield odd(f"logs {str(logs)[:20]!r}", {"logs": logs})
    half = odd("half a character in the logs", {"logs": "half \ud83d"})
    yield replace(half, query=good(requests=1, fields={"logs": "half ?"}))
    yield odd("a field that nobody knows", {"color": {"of": ["the", {"sky": None}]}})


def _servers() -> Iterator[Case]:
    trusting: dict[str, Any] = {"ca_path": "{ca_file}"}
    not_trusted = "the server's certificate is not trusted.*option ca_path"
    for kind, options in (("good", {}), ("self-signed", trusting), ("expired", trusting), ("wrong-host", trusting)):
        name = "of an unknown CA" if kind == "good" else kind
        refusal = refused(not_trusted, requests=0)
        yield Case(f"certificate {name}", DETAIL, (), refusal, refusal, server=kind, options=options)
        careless = {"validate_certs": False}
        yield Case(f"certificate {name}, not verified", DETAIL, (), good(), good(), server=kind, options=careless)
    yield Case("certificate of a CA that is named", DETAIL, (), good(), good(), server="good", options=trusting)
    patient = {"max_retries": 30, "timeout": LONG_WAIT}
    for asks in (DETAIL, LIST):
        yield Case(f"throttled by Tastypie, {asks}", asks, (), good(), good(), server="throttled", options=patient)


CASES: dict[str, Case] = {
    case.name: case
    for case in (
        *_statuses(),
        *_connections(),
        *_redirects(),
        *_bodies(),
        *_lists(),
        *_actions(),
        *_servers(),
    )
}


# Putting it in force.


class Servers:
    """The servers that the cases need, each started when it is first asked for."""

    def __init__(self, python: str) -> None:
        self._python = python
        self._stack = contextlib.ExitStack()
        self._running: dict[str, Sandbox] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def __getitem__(self, name: str) -> Sandbox:
        """The server of this name."""
        if name not in self._running:
            options: dict[str, Any] = {"actions": 0, "max_page_size": PAGE_SIZE}
            if name == "throttled":
                options["throttle"] = "5/2"
            elif name not in ("plain", "stranger"):
                options["tls"] = name
            self._running[name] = self._stack.enter_context(Sandbox(self._python, **options))
        return self._running[name]

    def url(self, name: str) -> str:
        """Where this server is; at `nobody` there is none."""
        if name != "nobody":
            return self[name].url
        if name not in self.__dict__:
            # Bound but not listening: refused, and nobody else gets the port.
            bound = self._stack.enter_context(socket.socket())
            bound.bind(("127.0.0.1", 0))
            self.__dict__[name] = f"http://127.0.0.1:{bound.getsockname()[1]}"
        found: str = self.__dict__[name]
        return found


@dataclass(frozen=True)
class Planted:
    """A case in force for one way."""

    case: Case
    way: str
    api_url: str
    uuids: tuple[str, ...]
    object: str
    options: dict[str, Any]
    """Those of the module or lookup, the actions asked for among them."""

    @property
    def expected(self) -> Expected:
        """How it must end."""
        return self.case.expected(self.way)


def plant(cases: Iterable[Case], ways: Iterable[str], servers: Servers) -> list[Planted]:
    """Create each case's actions, and put its faults in force, for each of these ways."""
    found = []
    actions: dict[str, list[dict[str, Any]]] = {}
    rules: dict[str, list[Fault]] = {}
    for case, way in itertools.product(cases, ways):
        one = _planted(case, way, servers)
        found.append(one)
        if case.server != "nobody":
            actions.setdefault(case.server, []).extend(_described(one))
            rules.setdefault(case.server, []).extend(_rules(one, servers))
    for name, described in actions.items():
        servers[name].create_actions(described)
        servers[name].control("POST", "faults", rules[name])
    return found


def _planted(case: Case, way: str, servers: Servers) -> Planted:
    name = f"{case.name}/{way}"
    uuids = tuple(str(uuid.uuid5(_NAMES, f"{name}/{number}")) for number in range(COUNTS[case.asks]))
    path = f"/api/v1/service/{uuid.uuid5(_NAMES, name)}/"
    options: dict[str, Any] = {"request_timeout": 30.0, "max_retries": RETRIES, **case.options}
    if options.get("ca_path"):
        options["ca_path"] = servers[case.server].ca_file
    if case.asks == LIST:
        options["object"] = path
    elif way != LOOKUP:
        options["uuid"] = list(uuids)
    if way == WAIT:
        options = {"timeout": LONG_WAIT, "interval": 0.1, **options}
    else:
        options.pop("timeout", None)
    return Planted(case, way, servers.url(case.server), uuids, path, options)


def _described(planted: Planted) -> list[dict[str, Any]]:
    # A wait for an object finds what is unfinished in the list; asked for by itself, it has ended (see `_rules`).
    runs = planted.way == WAIT and planted.case.asks == LIST
    phases = [[0, "In progress"]] if runs else [[-1, "Success"]]
    count = len(planted.uuids)
    return [
        {"uuid": one, "object": planted.object, "phases": phases, "started_ago": 60 + count - number}
        for number, one in enumerate(planted.uuids)
    ]


def _rules(planted: Planted, servers: Servers) -> Iterator[Fault]:
    case = planted.case
    detail = f"/action/({'|'.join(planted.uuids)})/"
    listed = re.escape(planted.object.replace("/", "%2F"))
    if planted.way == WAIT and case.asks == LIST:
        ended = {"state": "Success", "end_date": "Mon, 23 Nov 2026 12:00:00 +0000"}
        yield {**patch(ended), "match": detail}
        listed += ".*In%20progress"
    faults = case.wait_faults if planted.way == WAIT and case.wait_faults else case.faults
    for fault in faults:
        filled = _filled(fault, uuid=planted.uuids[0], servers=servers)
        yield {**filled, "match": detail if case.asks == DETAIL else listed}


def _filled(value: Any, **given: Any) -> Any:
    """A rule with its texts filled in."""
    if isinstance(value, dict):
        return {key: _filled(each, **given) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, **given) for each in value]
    if isinstance(value, str):
        value = value.replace("{uuid}", given["uuid"])
        for name in ("plain", "stranger"):
            if f"{{{name}}}" in value:
                value = value.replace(f"{{{name}}}", given["servers"][name].url)
    return value


# Looking at the end.


def count_requests(planted: Iterable[Planted], servers: Servers) -> dict[tuple[str, str], int]:
    """How many requests each case saw, by its name and way."""
    planted = list(planted)
    owners = {
        name: (one.case.name, one.way) for one in planted for name in (*one.uuids, one.object.strip("/").split("/")[-1])
    }
    counts = dict.fromkeys(owners.values(), 0)
    for server in {one.case.server for one in planted} - {"nobody"}:
        for entry in servers[server].requests():
            found = _ACTION_IN_PATH.search(entry["path"]) or _OBJECT_IN_QUERY.search(entry["query"])
            assert found, f"a request about nothing that was asked for: {entry}"
            counts[owners[found[1]]] += 1
    return counts


def check(planted: Planted, outcome: Outcome, requests: int) -> None:
    """Hold an outcome against what is expected; an AssertionError tells the difference."""
    expected = planted.expected
    assert "Traceback" not in outcome.message
    assert outcome.end == expected.end, outcome.message
    assert outcome.seconds >= expected.seconds
    if expected.requests is not None:
        assert requests == expected.requests, outcome.message
    if planted.way == WAIT:
        assert outcome.results.get("failed_polls", 0) >= expected.failed_polls
    if expected.end == GOOD:
        assert not outcome.message
        assert [action["uuid"] for action in outcome.actions] == list(planted.uuids)
        shown = {name: outcome.actions[0].get(name) for name in expected.fields}
        assert shown == expected.fields
        if planted.way == WAIT:
            assert {action["state"] for action in outcome.actions} == {"Success"}
        return
    assert re.search(expected.says, outcome.message, re.DOTALL), outcome.message
    assert REMEDY.search(outcome.message), f"no remedy: {outcome.message}"
    named = f"{planted.api_url}/api/v1/action/"
    assert named in outcome.message or planted.uuids[0] in outcome.message, outcome.message
    if expected.end == TIMED_OUT:
        limit = planted.options["timeout"] + planted.options["request_timeout"]
        assert planted.options["timeout"] <= outcome.results["elapsed"] <= limit + STALL
        assert outcome.results["timed_out"] is True


def summary(outcomes: Iterable[Outcome]) -> str:
    """The line that is printed."""
    ends = [outcome.end for outcome in outcomes]
    return (
        f"fault matrix: {len(ends)} cases, {ends.count(GOOD)} recovered,"
        f" {ends.count(REFUSED) + ends.count(TIMED_OUT)} refused with a clear error"
    )
