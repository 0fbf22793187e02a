# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fault rules that begin with the API's own response: Django has carried the request out."""

from __future__ import annotations

import copy
import gzip
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .rules import JSON, Rule, filled

if TYPE_CHECKING:
    from .exchange import Exchange


@dataclass
class CloseMidHeaders(Rule):
    """The connection is closed in the middle of the headers."""

    kind = "close_mid_headers"

    def apply(self, exchange: Exchange) -> None:
        """Send the first half of the status line and headers."""
        head = exchange.head_of(exchange.real_response())
        exchange.write(head[: len(head) // 2])
        exchange.close()


@dataclass
class CloseMidBody(Rule):
    """The connection is closed in the middle of the body, whose length was announced, or which is chunked.

    If the body is empty, the connection is closed in the middle of the headers.
    """

    kind = "close_mid_body"
    chunked: bool = False

    def apply(self, exchange: Exchange) -> None:
        """Send the first half of the body."""
        response = exchange.real_response()
        half = response.body[: len(response.body) // 2]
        if self.chunked:
            head = exchange.head_of(response.with_header("Transfer-Encoding", "chunked"))
            half = b"%x\r\n%b\r\n" % (len(half), half) if half else b""
        else:
            head = exchange.head_of(response)
        exchange.write(head + half if response.body else head[: len(head) // 2])
        exchange.close()


@dataclass
class SlowFirstByte(Rule):
    """The right response, after so many seconds. With `after` the request is carried out before them, else after."""

    kind = "slow_first_byte"
    seconds: float = 1.0
    after: bool = False

    def apply(self, exchange: Exchange) -> None:
        """Wait, then send the response."""
        response = exchange.real_response() if self.after else None
        exchange.pause(self.seconds)
        exchange.send(response or exchange.real_response())


@dataclass
class Drip(Rule):
    """The right response, of which one part (`headers` or `body`) is sent byte by byte, so many seconds apart."""

    kind = "drip"
    seconds: float = 0.1
    part: str = "body"

    def apply(self, exchange: Exchange) -> None:
        """Send one part immediately, the other slowly."""
        response = exchange.real_response()
        head, body = exchange.head_of(response), response.body
        if self.part == "body":
            exchange.write(head)
        for byte in body if self.part == "body" else head:
            exchange.pause(self.seconds)
            exchange.write(bytes([byte]))
        if self.part != "body":
            exchange.write(body)


@dataclass
class Patch(Rule):
    """The right response with changes: a list of `{"path": [...], "value": ...}` or `{"path": [...], "delete": true}`.

    A path leads from the whole document (`[]`) through keys and indexes; `"*"` is every element. A path that finds
    nothing changes nothing. `{n}` in a value that is text becomes the number of the affected request, from 1.
    """

    kind = "patch"
    patch: list[dict[str, Any]] = field(default_factory=list)

    def apply(self, exchange: Exchange) -> None:
        """Change the response if it is JSON."""
        response = exchange.real_response()
        if response.header("Content-Type").startswith(JSON) and response.body:
            holder = {"": json.loads(response.body)}
            for change in self.patch:
                value = change.get("value")
                if isinstance(value, str):
                    value = filled(value.replace("{n}", str(self.used)), exchange)
                self.change(holder, ["", *change["path"]], {**change, "value": value})
            response.body = json.dumps(holder[""]).encode() if holder else b""
        exchange.send(response)

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
class Gzip(Rule):
    """The right response, compressed."""

    kind = "gzip"

    def apply(self, exchange: Exchange) -> None:
        """Compress the response."""
        response = exchange.real_response().with_header("Content-Encoding", "gzip")
        response.body = gzip.compress(response.body)
        exchange.send(response)


@dataclass
class Query(Rule):
    """The right response to the request with these parameters added to its query.

    A test that cannot change the URL of a client's call chooses its outcome and response in this way.
    """

    kind = "query"
    parameters: dict[str, Any] = field(default_factory=dict)

    def apply(self, exchange: Exchange) -> None:
        """Send the response to the changed request."""
        added = {
            name: value if isinstance(value, str) else json.dumps(value) for name, value in self.parameters.items()
        }
        exchange.send(exchange.real_response(added))
