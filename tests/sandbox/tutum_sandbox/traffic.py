# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log of requests, in memory."""

from __future__ import annotations

import threading
from collections import deque
from typing import TypedDict


class Entry(TypedDict):
    """One request to the API. The key never gets here."""

    time: float  # seconds since the epoch, when the request was read
    method: str
    path: str
    query: str
    status: int | None  # null: not (yet) answered
    connection: int  # counted from 1 since the server's start
    authorization: bool
    scheme: str | None  # "apikey", "basic", or "other"
    fault: str | None  # the kind of the rule that spoiled it


class RequestLog:
    """The last requests."""

    def __init__(self, size: int = 200_000) -> None:
        self._entries: deque[Entry] = deque(maxlen=size)
        self._lock = threading.Lock()

    def add(self, entry: Entry) -> None:
        """Note a request."""
        with self._lock:
            self._entries.append(entry)

    def clear(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._entries.clear()

    def entries(self) -> list[Entry]:
        """Return all requests, oldest first."""
        with self._lock:
            return list(self._entries)


request_log = RequestLog()
