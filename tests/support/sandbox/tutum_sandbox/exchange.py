# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An HTTP response before it is sent, and the operations of a fault on the request and its connection."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass
class Response:
    """An HTTP response before it is sent."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str:
        """Return the value of a header, or an empty string if there is no such header."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def with_header(self, name: str, value: str) -> Response:
        """Return this response with a header set."""
        others = [(key, old) for key, old in self.headers if key.lower() != name.lower()]
        return Response(self.status, [*others, (name, value)], self.body)


class Exchange(Protocol):
    """One request that waits for its response, and the connection that it came on."""

    target: str  # path?query, as the client sent it
    authorization: str  # the header's value, or an empty string

    def now(self) -> float:
        """Return the time by the server's clock (seconds since the epoch)."""

    def real_response(self, parameters: Mapping[str, str] | None = None) -> Response:
        """Let Django carry the request out, with these query parameters added, and return its response."""

    def send(self, response: Response) -> None:
        """Send a response unchanged."""

    def head_of(self, response: Response) -> bytes:
        """Return the status line and headers of a response, ready to be sent."""

    def write(self, data: bytes) -> None:
        """Send bytes unchanged."""

    def pause(self, seconds: float) -> None:
        """Sleep; end the exchange when the client disconnects or the server stops in the meantime."""

    def close(self) -> NoReturn:
        """Close the connection in good order (FIN)."""

    def reset(self) -> NoReturn:
        """Abort the connection (RST)."""
