# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Finds the actions of an object to wait for: those that were unfinished when the wait began."""

from __future__ import annotations

import typing as t

from ansible_collections.tutum.cloud.plugins.module_utils._actions import UNFINISHED_STATES
from ansible_collections.tutum.cloud.plugins.module_utils._dates import format_iso, from_timestamp, parse_api_date
from ansible_collections.tutum.cloud.plugins.module_utils._errors import ResponseError
from ansible_collections.tutum.cloud.plugins.module_utils._lists import ListReader
from ansible_collections.tutum.cloud.plugins.module_utils._references import LIST_PATH
from ansible_collections.tutum.cloud.plugins.module_utils._watched import (
    NOT_FOUND_POLLS,
    NOT_FOUND_SECONDS,
    LastingCondition,
)

if t.TYPE_CHECKING:
    from ansible_collections.tutum.cloud.plugins.module_utils._client import Client
    from ansible_collections.tutum.cloud.plugins.module_utils._page import Action
    from ansible_collections.tutum.cloud.plugins.module_utils._wait_options import WaitOptions
    from ansible_collections.tutum.cloud.plugins.module_utils._watched import WatchedActions

GRACE_SECONDS = 1.0
"""If an object's unfinished actions are known later than this after the start, or not with the first attempt, those that
finished in the meantime are looked up, too. The server's clock is known to the second only."""


class Discovery:
    """Looks for the actions of the object of one wait. What it finds is in ``watched``."""

    def __init__(self, client: Client, options: WaitOptions, watched: WatchedActions) -> None:
        """
        :param client: sends the requests.
        :param options: what to wait for.
        :param watched: takes what is found.
        """
        self._client = client
        self._options = options
        self._watched = watched
        self._started = client.clock()
        self._attempts = 0
        self._states_to_list = list(UNFINISHED_STATES)
        self._absence = LastingCondition(NOT_FOUND_SECONDS, NOT_FOUND_POLLS)
        self._uncertain: set[str] = set()
        """What succeeded in about the second in which the wait began, so perhaps before it."""
        self.uuids: set[str] = set()
        """The actions that were found."""
        self.is_needed = options.object is not None
        """Whether the object's actions are still looked for."""
        self.object_is_missing = False
        """Whether the object certainly has no action at all."""

    def start(self) -> None:
        """Record that the wait begins now."""
        self._started = self._client.clock()

    @property
    def count(self) -> int:
        """How many actions to wait for are known, for ``min_actions``: an earlier one must not be taken for a new one."""
        return len(self._watched) - len(self._uncertain)

    def run(self, deadline: float, take: t.Callable[[t.Sequence[Action]], None]) -> None:
        """Watch every action of the object that was unfinished when the wait began.

        :param deadline: when the last response must be complete, by the client's clock.
        :param take: takes the actions of each good response.
        :raises ApiError: a list cannot be read. What was found before that is kept.
        """
        self._attempts += 1
        # After an error, the next attempt continues: an action does not return to a state that was listed.
        while self._states_to_list:
            self._find({"state": self._states_to_list[0]}, deadline, take)
            del self._states_to_list[0]
        now = self._client.clock()
        if self._attempts > 1 or now - self._started > GRACE_SECONDS:
            self._find_finished(deadline, take)
        self._states_to_list = list(UNFINISHED_STATES)
        has_enough = self.count >= self._options.min_actions
        if self.uuids or self._has_any(deadline, take):
            self._absence.clear("object")
            self.is_needed = not has_enough
        elif has_enough and self._absence.note("object", now):
            self.object_is_missing = True
            self.is_needed = False

    def _find_finished(self, deadline: float, take: t.Callable[[t.Sequence[Action]], None]) -> None:
        """Watch every action of the object that finished since the wait began, by the server's clock."""
        known = set(self._watched.uuids) - self._uncertain
        sent = self._client.clock()
        # Cut to the second, so that none is missed.
        since = format_iso(from_timestamp(int(self._start_on_server())))
        actions = self._find({"end_date__gte": since}, deadline, take)
        # The Date header, too, is cut to the second; and it was written at any time between the request and the response.
        latest_start = self._start_on_server() + 1 + self._client.clock() - sent
        for action in actions:
            end = parse_api_date(action.get("end_date"))
            is_later = end is not None and end.timestamp() >= latest_start
            uuid = action["uuid"].lower()
            if uuid in known or is_later or action.get("state") not in self._options.success_states:
                self._uncertain.discard(uuid)
            else:
                self._uncertain.add(uuid)

    def _find(
        self, selection: dict[str, str], deadline: float, take: t.Callable[[t.Sequence[Action]], None]
    ) -> list[Action]:
        """Watch these actions of the object, and return them."""
        reader = ListReader(self._client)
        found = reader.read({**self._filters(), **selection}, deadline=deadline, newest_first=None)
        for action in found.actions:
            uuid = action["uuid"].lower()
            self._watched.watch(uuid)
            self.uuids.add(uuid)
        take(found.actions)
        return found.actions

    def _start_on_server(self) -> float:
        """Return when the wait began at the earliest, by the server's clock, in seconds since the epoch."""
        started = self._client.server_time(self._started)
        if started is None:
            problem = "The response has no Date header, so it is unknown which actions finished since the task began"
            raise ResponseError(self._client.url(LIST_PATH), problem, status=200)
        return started

    def _has_any(self, deadline: float, take: t.Callable[[t.Sequence[Action]], None]) -> bool:
        """Return whether the object has any action, in any state."""
        page = ListReader(self._client).page(self._filters(), 0, deadline=deadline, limit=1)
        take(())
        return bool(page.objects)

    def _filters(self) -> dict[str, str]:
        filters = {"object": str(self._options.object)}
        return {**filters, "include_related": "true"} if self._options.include_related else filters
