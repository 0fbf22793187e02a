# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base class of all fault rules, and the rules that send something else than the API's response.

A rule is identified by its `kind`; its parameters are the fields of its class. Django is not called, so that the
request is not carried out, except by the rules that have the parameter `after` and have it set.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from .exchange import Response

if TYPE_CHECKING:
    from .exchange import Exchange

JSON = "application/json"
HTML = "text/html; charset=utf-8"


# The cache of `re` is too small for the rules of a fault matrix.
pattern_of = functools.cache(re.compile)


@dataclass
class Selection:
    """Which requests a fault affects."""

    match: str = ""  # a regular expression, searched for in path?query as the client sent them
    method: str | list[str] | None = None  # only requests with this method, or one of these; null: any

    def selects(self, method: str, target: str) -> bool:
        """Return whether a request has one of the methods, and a path?query that matches."""
        methods = [self.method] if isinstance(self.method, str) else self.method
        return (methods is None or method in methods) and pattern_of(self.match).search(target) is not None

    def check_selection(self) -> None:
        """Raise a ValueError if one of the fields above is not valid."""
        try:
            pattern_of(self.match)
        except (re.error, TypeError) as error:
            raise ValueError(f"match {self.match!r} is not a regular expression: {error}") from error
        methods: Any = self.method if isinstance(self.method, list) else [self.method]
        if self.method is not None and not all(re.fullmatch("[A-Z]+", str(each)) for each in methods):
            raise ValueError(f"method {self.method!r} is neither an HTTP method such as POST nor a list of them")


@dataclass
class Rule(Selection):
    """A fault that affects some of the requests that it selects. The subclasses define how."""

    kind: ClassVar[str]

    times: int | None = None  # how many requests are affected; null: all
    skip: int = 0  # how many selected requests pass before the first affected one
    used: int = field(default=0, init=False)  # how many requests were affected so far
    passed: int = field(default=0, init=False)

    def apply(self, exchange: Exchange) -> None:
        """Send a response, or fail to."""
        raise NotImplementedError

    def take(self, method: str, target: str) -> bool:
        """Return whether the rule affects this request, and count it."""
        if (self.times is not None and self.used >= self.times) or not self.selects(method, target):
            return False
        if self.passed < self.skip:
            self.passed += 1
            return False
        self.used += 1
        return True


def as_bytes(body: Any, encoding: str = "utf-8") -> bytes:
    """Return a rule's `body` as it is sent: text unchanged, anything else as JSON (NaN included)."""
    return (body if isinstance(body, str) else json.dumps(body)).encode(encoding, "surrogateescape")


def filled(text: str, exchange: Exchange) -> str:
    """Return a rule's text with its placeholders replaced.

    `{now+5}` and `{now-5}` become the HTTP date that many seconds from now by the server's clock. `{authorization}`
    becomes the client's Authorization header: there are servers that show it in their errors.
    """
    text = text.replace("{authorization}", exchange.authorization)
    return re.sub(r"\{now([+-]\d+)\}", lambda found: formatdate(exchange.now() + int(found[1]), usegmt=True), text)


@dataclass
class Status(Rule):
    """Any status, headers and body: `{"kind": "status", "status": 503, "headers": {"Retry-After": "2"}}`."""

    kind = "status"
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = ""
    content_type: str | None = None  # null: HTML for a body that begins like it, else JSON
    after: bool = False  # whether Django carries the request out first

    def apply(self, exchange: Exchange) -> None:
        """Send the chosen response."""
        if self.after:
            exchange.real_response()
        body = as_bytes(filled(self.body, exchange) if isinstance(self.body, str) else self.body)
        guessed = HTML if body.lstrip().startswith(b"<") else JSON
        headers = {"Content-Type": self.content_type or guessed} if body else {}
        headers |= {name: filled(value, exchange) for name, value in self.headers.items()}
        exchange.send(Response(self.status, list(headers.items()), body))


@dataclass
class Body(Rule):
    """A 200 with any body, of any content type: empty, truncated, not JSON, JSON of another shape."""

    kind = "body"
    body: Any = ""
    content_type: str = JSON
    after: bool = False

    def apply(self, exchange: Exchange) -> None:
        """Send the chosen body."""
        if self.after:
            exchange.real_response()
        exchange.send(Response(HTTPStatus.OK, [("Content-Type", self.content_type)], as_bytes(self.body)))


@dataclass
class Redirect(Rule):
    """A redirect; by default to the same URL."""

    kind = "redirect"
    location: str | None = None
    status: int = 302

    def apply(self, exchange: Exchange) -> None:
        """Send the redirect."""
        location = exchange.target if self.location is None else filled(self.location, exchange)
        exchange.send(Response(self.status, [("Location", location)]))


@dataclass
class Raw(Rule):
    """Any bytes instead of a response, HTTP or not; then the connection is closed."""

    kind = "raw"
    data: str = ""
    after: bool = False

    def apply(self, exchange: Exchange) -> None:
        """Send the bytes unchanged."""
        if self.after:
            exchange.real_response()
        exchange.write(as_bytes(filled(self.data, exchange)))
        exchange.close()


@dataclass
class Reset(Rule):
    """The connection is aborted (RST) instead of a response."""

    kind = "reset"
    after: bool = False

    def apply(self, exchange: Exchange) -> None:
        """Abort the connection."""
        if self.after:
            exchange.real_response()
        exchange.reset()


@dataclass
class Close(Rule):
    """The connection is closed (FIN) instead of a response."""

    kind = "close"
    after: bool = False

    def apply(self, exchange: Exchange) -> None:
        """Close the connection."""
        if self.after:
            exchange.real_response()
        exchange.close()


@dataclass
class Huge(Rule):
    """A 200 whose body is JSON of the given number of bytes."""

    kind = "huge"
    size: int = 100 * 1024 * 1024
    chunked: bool = False

    def apply(self, exchange: Exchange) -> None:
        """Send the body block by block, so that it is never in memory as a whole."""
        begin, end, block = b'{"logs": "', b'"}', b"x" * 65536
        rest = max(self.size - len(begin) - len(end), 0)
        size = len(begin) + rest + len(end)
        length = ("Transfer-Encoding", "chunked") if self.chunked else ("Content-Length", str(size))
        exchange.write(exchange.head_of(Response(HTTPStatus.OK, [("Content-Type", JSON), length])))

        def send(data: bytes) -> None:
            exchange.write(b"%x\r\n%b\r\n" % (len(data), data) if self.chunked else data)

        send(begin)
        while rest:
            send(block[:rest])
            rest -= min(rest, len(block))
        send(end)
        if self.chunked:
            exchange.write(b"0\r\n\r\n")
