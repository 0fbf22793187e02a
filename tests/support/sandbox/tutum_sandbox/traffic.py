# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log of requests, and the count of the calls that were carried out, in memory."""

from __future__ import annotations

import threading
from collections import deque
from typing import TypedDict


class Entry(TypedDict):
    """One request to the API. The key is never part of it."""

    time: float  # seconds since the epoch by the machine's clock, when the request was read
    method: str
    path: str
    query: str
    status: int | None  # null: no response was sent (yet)
    connection: int  # counted from 1 since the server's start
    user_agent: str | None  # null: there was no such header
    authorization: bool
    scheme: str | None  # "apikey", "basic", or "other"
    fault: str | None  # the kind of the rule that affected it, or the name of a random fault


class RequestLog:
    """The last requests."""

    def __init__(self, size: int = 200_000) -> None:
        self._entries: deque[Entry] = deque(maxlen=size)
        self._lock = threading.Lock()

    def add(self, entry: Entry) -> None:
        """Add a request."""
        with self._lock:
            self._entries.append(entry)

    def clear(self) -> None:
        """Remove all requests."""
        with self._lock:
            self._entries.clear()

    def entries(self) -> list[Entry]:
        """Return all requests, oldest first."""
        with self._lock:
            return list(self._entries)


class Call(TypedDict):
    """How often a call was carried out, regardless of the responses."""

    method: str
    path: str  # as Django sees it: without a path prefix
    count: int
    actions: list[str]  # UUIDs of the actions that the calls created, canceled or retried


class CallCount:
    """The calls that were carried out: those that start actions, and cancel and retry."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], Call] = {}
        self._lock = threading.Lock()

    def add(self, method: str, path: str, action: str | None) -> None:
        """Count a call, and the UUID of its action if it has one."""
        with self._lock:
            empty = Call(method=method, path=path, count=0, actions=[])
            call = self._calls.setdefault((method, path), empty)
            call["count"] += 1
            if action is not None:
                call["actions"].append(action)

    def clear(self) -> None:
        """Remove all counts."""
        with self._lock:
            self._calls.clear()

    def entries(self) -> list[Call]:
        """Return all calls, in the order in which they were first made."""
        with self._lock:
            return [Call(**{**call, "actions": list(call["actions"])}) for call in self._calls.values()]


request_log = RequestLog()
call_count = CallCount()
