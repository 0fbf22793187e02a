# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults: rules that spoil answers, so that a client meets real bad traffic and no mock of it.

A rule is one of the classes below, named by its `kind`; its fields are those of the class. Knows no sockets: what can
be done to a connection is the protocol `Exchange`, which the server's request handler fulfils.
"""

from __future__ import annotations

import copy
import gzip
import json
import re
import threading
import time
from dataclasses import asdict, dataclass, field, fields
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

JSON = "application/json"
HTML = "text/html; charset=utf-8"


@dataclass
class Answer:
    """An HTTP answer before it is sent."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str:
        """Return the value of a header, empty where it is absent."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def with_header(self, name: str, value: str) -> Answer:
        """Return this answer with a header set."""
        others = [(key, old) for key, old in self.headers if key.lower() != name.lower()]
        return Answer(self.status, [*others, (name, value)], self.body)


class Exchange(Protocol):
    """One request whose answer is due, and the connection that it came on."""

    target: str  # path?query
    authorization: str  # the header, or nothing

    def real_answer(self) -> Answer:
        """Let the API answer."""

    def send(self, answer: Answer) -> None:
        """Send an answer as it should be."""

    def head_of(self, answer: Answer) -> bytes:
        """Return status line and headers of an answer, ready to be sent."""

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""

    def pause(self, seconds: float) -> None:
        """Sleep; ends the exchange when the client goes away or the server stops meanwhile."""

    def close(self) -> NoReturn:
        """Close the connection in good order (FIN)."""

    def reset(self) -> NoReturn:
        """Break the connection off (RST)."""


@dataclass
class Rule:
    """Which requests are spoiled. The subclasses say how."""

    kind: ClassVar[str]

    match: str = ""  # a regular expression that is searched for in path?query
    times: int | None = None  # how many requests are spoiled; null: all
    skip: int = 0  # how many matching requests pass before the first
    used: int = field(default=0, init=False)  # how many requests were spoiled so far
    passed: int = field(default=0, init=False)

    def spoil(self, exchange: Exchange) -> None:
        """Answer, or do not."""
        raise NotImplementedError

    def take(self, target: str) -> bool:
        """Tell whether this request is one to spoil, and count it."""
        if (self.times is not None and self.used >= self.times) or not re.search(self.match, target):
            return False
        if self.passed < self.skip:
            self.passed += 1
            return False
        self.used += 1
        return True


def as_bytes(body: Any, encoding: str = "utf-8") -> bytes:
    """Return a rule's `body` as it goes over the wire: text as it is, anything else as JSON (NaN included)."""
    return (body if isinstance(body, str) else json.dumps(body)).encode(encoding, "surrogateescape")


def filled(text: str, exchange: Exchange) -> str:
    """Return a rule's text as this request gets it.

    `{now+5}` and `{now-5}` become an HTTP date so many seconds away, `{authorization}` what the client sent: there are
    servers that show it in their errors.
    """
    text = text.replace("{authorization}", exchange.authorization)
    return re.sub(r"\{now([+-]\d+)\}", lambda found: formatdate(time.time() + int(found[1]), usegmt=True), text)


@dataclass
class Status(Rule):
    """Any status, headers and body: `{"kind": "status", "status": 503, "headers": {"Retry-After": "2"}}`."""

    kind = "status"
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = ""
    content_type: str | None = None  # null: HTML for a body that begins like it, else JSON

    def spoil(self, exchange: Exchange) -> None:
        """Send the chosen answer."""
        body = as_bytes(filled(self.body, exchange) if isinstance(self.body, str) else self.body)
        guessed = HTML if body.lstrip().startswith(b"<") else JSON
        headers = {"Content-Type": self.content_type or guessed} if body else {}
        headers |= {name: filled(value, exchange) for name, value in self.headers.items()}
        exchange.send(Answer(self.status, list(headers.items()), body))


@dataclass
class Body(Rule):
    """A 200 with any body, of any content type: empty, truncated, not JSON, JSON of another shape."""

    kind = "body"
    body: Any = ""
    content_type: str = JSON

    def spoil(self, exchange: Exchange) -> None:
        """Send the chosen body."""
        exchange.send(Answer(HTTPStatus.OK, [("Content-Type", self.content_type)], as_bytes(self.body)))


@dataclass
class Redirect(Rule):
    """A redirect; without a location it leads to itself."""

    kind = "redirect"
    location: str | None = None
    status: int = 302

    def spoil(self, exchange: Exchange) -> None:
        """Send the client elsewhere."""
        location = exchange.target if self.location is None else filled(self.location, exchange)
        exchange.send(Answer(self.status, [("Location", location)]))


@dataclass
class Raw(Rule):
    """Anything in place of an answer, HTTP or not; then the connection is closed."""

    kind = "raw"
    data: str = ""

    def spoil(self, exchange: Exchange) -> None:
        """Send it as it is."""
        exchange.write(as_bytes(filled(self.data, exchange)))
        exchange.close()


@dataclass
class Reset(Rule):
    """The connection is broken off (RST) in place of an answer."""

    kind = "reset"

    def spoil(self, exchange: Exchange) -> None:
        """Break off."""
        exchange.reset()


@dataclass
class Close(Rule):
    """The connection is closed in place of an answer."""

    kind = "close"

    def spoil(self, exchange: Exchange) -> None:
        """Close."""
        exchange.close()


@dataclass
class CloseMidHeaders(Rule):
    """The connection is closed in the middle of the headers."""

    kind = "close_mid_headers"

    def spoil(self, exchange: Exchange) -> None:
        """Send the first half of the head."""
        head = exchange.head_of(exchange.real_answer())
        exchange.write(head[: len(head) // 2])
        exchange.close()


@dataclass
class CloseMidBody(Rule):
    """The connection is closed in the middle of the body, whose length was announced, or which is chunked."""

    kind = "close_mid_body"
    chunked: bool = False

    def spoil(self, exchange: Exchange) -> None:
        """Send the first half of the body."""
        answer = exchange.real_answer()
        half = answer.body[: len(answer.body) // 2]
        if self.chunked:
            head = exchange.head_of(answer.with_header("Transfer-Encoding", "chunked"))
            half = b"%x\r\n%b\r\n" % (len(half), half) if half else b""
        else:
            head = exchange.head_of(answer)
        exchange.write(head + half)
        exchange.close()


@dataclass
class SlowFirstByte(Rule):
    """The right answer, after so many seconds."""

    kind = "slow_first_byte"
    seconds: float = 1.0

    def spoil(self, exchange: Exchange) -> None:
        """Wait, then answer."""
        exchange.pause(self.seconds)
        exchange.send(exchange.real_answer())


@dataclass
class Drip(Rule):
    """The right answer, of which one part (`headers` or `body`) comes byte by byte, so many seconds apart."""

    kind = "drip"
    seconds: float = 0.1
    part: str = "body"

    def spoil(self, exchange: Exchange) -> None:
        """Send one part at once, the other slowly."""
        answer = exchange.real_answer()
        head, body = exchange.head_of(answer), answer.body
        if self.part == "body":
            exchange.write(head)
        for byte in body if self.part == "body" else head:
            exchange.pause(self.seconds)
            exchange.write(bytes([byte]))
        if self.part != "body":
            exchange.write(body)


@dataclass
class Patch(Rule):
    """The right answer with changes: a list of `{"path": [...], "value": ...}` or `{"path": [...], "delete": true}`.

    A path leads from the whole document (`[]`) through keys and indexes; `"*"` is every element. What a path does not
    find stays as it is. `{n}` in a value that is text becomes the number of the request that is spoiled, from 1.
    """

    kind = "patch"
    patch: list[dict[str, Any]] = field(default_factory=list)

    def spoil(self, exchange: Exchange) -> None:
        """Change the answer where it is JSON."""
        answer = exchange.real_answer()
        if answer.header("Content-Type").startswith(JSON) and answer.body:
            holder = {"": json.loads(answer.body)}
            for change in self.patch:
                value = change.get("value")
                if isinstance(value, str):
                    value = filled(value.replace("{n}", str(self.used)), exchange)
                self.change(holder, ["", *change["path"]], {**change, "value": value})
            answer.body = json.dumps(holder[""]).encode() if holder else b""
        exchange.send(answer)

    def change(self, place: Any, path: list[Any], change: dict[str, Any]) -> None:
        """Make one change below a place."""
        key, *rest = path
        if key == "*":
            for each in list(place) if isinstance(place, dict) else range(len(place) if isinstance(place, list) else 0):
                self.change(place, [each, *rest], change)
            return
        try:
            if rest:
                self.change(place[key], rest, change)
            elif change.get("delete"):
                del place[key]
            else:
                place[key] = copy.deepcopy(change["value"])
        except (LookupError, TypeError):
            return


@dataclass
class Huge(Rule):
    """A 200 whose body is JSON of so many bytes."""

    kind = "huge"
    size: int = 100 * 1024 * 1024
    chunked: bool = False

    def spoil(self, exchange: Exchange) -> None:
        """Send it block by block, so that it is nowhere in memory as a whole."""
        begin, end, block = b'{"logs": "', b'"}', b"x" * 65536
        rest = max(self.size - len(begin) - len(end), 0)
        size = len(begin) + rest + len(end)
        length = ("Transfer-Encoding", "chunked") if self.chunked else ("Content-Length", str(size))
        exchange.write(exchange.head_of(Answer(HTTPStatus.OK, [("Content-Type", JSON), length])))

        def send(data: bytes) -> None:
            exchange.write(b"%x\r\n%b\r\n" % (len(data), data) if self.chunked else data)

        send(begin)
        while rest:
            send(block[:rest])
            rest -= min(rest, len(block))
        send(end)
        if self.chunked:
            exchange.write(b"0\r\n\r\n")


@dataclass
class Gzip(Rule):
    """The right answer, compressed."""

    kind = "gzip"

    def spoil(self, exchange: Exchange) -> None:
        """Compress the answer."""
        answer = exchange.real_answer().with_header("Content-Encoding", "gzip")
        answer.body = gzip.compress(answer.body)
        exchange.send(answer)


KINDS: dict[str, type[Rule]] = {rule.kind: rule for rule in Rule.__subclasses__()}


def rule_from(description: dict[str, Any]) -> Rule:
    """Make a rule from its description; ValueError says what is wrong with it."""
    given = dict(description)
    kind = given.pop("kind", None)
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} is none of {', '.join(sorted(KINDS))}")
    known = {each.name for each in fields(KINDS[kind]) if each.init}
    if unknown := sorted(set(given) - known):
        raise ValueError(f"kind {kind} has no {', '.join(unknown)}; it has {', '.join(sorted(known))}")
    rule = KINDS[kind](**given)
    try:
        re.compile(rule.match)
    except re.error as error:
        raise ValueError(f"match {rule.match!r} is not a regular expression: {error}") from error
    return rule


class Faults:
    """The rules in force. The first that wants a request gets it."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def add(self, rules: Iterable[Rule]) -> None:
        """Put rules behind those in force."""
        with self._lock:
            self._rules.extend(rules)

    def clear(self) -> None:
        """Let all requests through."""
        with self._lock:
            self._rules.clear()

    def described(self) -> list[dict[str, Any]]:
        """Return the rules in force, and how often each was used."""
        with self._lock:
            return [{"kind": rule.kind, **asdict(rule)} for rule in self._rules]

    def take(self, target: str) -> Rule | None:
        """Return the rule that spoils this request, if any."""
        with self._lock:
            return next((rule for rule in self._rules if rule.take(target)), None)


faults = Faults()
