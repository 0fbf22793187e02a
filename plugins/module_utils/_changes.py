# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Changes: which actions have entered one of some states since the last poll, each entry exactly once.

The API has no list of changes, only the actions as they are:

- A final state: the filter ``end_date__gte`` also finds what happened while the server could not be reached. An action ends
  again if it is retried, so an entry is an action, its state, and its end.
- An unfinished state: lists of all actions in these states, compared with those of the poll before.

All dates are compared by the server's clock.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone

from ansible_collections.tutum.cloud.plugins.module_utils._actions import (
    FINAL_STATES,
    UNFINISHED_STATES,
    ActionsClient,
    Fields,
)
from ansible_collections.tutum.cloud.plugins.module_utils._dates import (
    cut_to_second,
    format_iso,
    from_timestamp,
    parse_api_date,
)
from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    CHECK_URL,
    ApiError,
    FilterIgnoredError,
    NotFoundError,
    ResponseError,
    TransientError,
)
from ansible_collections.tutum.cloud.plugins.module_utils._lists import ListReader
from ansible_collections.tutum.cloud.plugins.module_utils._ordering import start_of
from ansible_collections.tutum.cloud.plugins.module_utils._references import LIST_PATH
from ansible_collections.tutum.cloud.plugins.module_utils._watched import (
    NOT_FOUND_POLLS,
    NOT_FOUND_SECONDS,
    REFUSAL_POLLS,
    REFUSAL_SECONDS,
    LastingCondition,
)

if t.TYPE_CHECKING:
    from ansible_collections.tutum.cloud.plugins.module_utils._change_options import ChangeOptions
    from ansible_collections.tutum.cloud.plugins.module_utils._page import Action, Page

Entry = t.Tuple[str, str, t.Optional[datetime]]
"""An entry into a final state: UUID, state, and end."""

LATE = timedelta(seconds=120)
"""How much later than it ended, or started, a list may show an action: each poll covers this time before the last one again."""

MEMORY = timedelta(hours=1)
"""How long an entry is remembered in addition to that. The server's clock may be set back by as much."""

GRACE_SECONDS = 1.0
"""If the first response is later than this after the start, an action that ended in the second of the start counts as a
change: the server's clock is known to the second only."""

MAX_ACTIONS_PER_POLL = 5000
"""If more actions have ended since the last poll, several polls without a pause read them, to limit the use of memory."""

SMALLEST_WINDOW = timedelta(minutes=1)

MAX_PAUSE_SECONDS = 3600.0
"""The longest pause that a server can request (Retry-After)."""

LOG_SECONDS = 600.0
"""How often a failure that lasts is logged again."""


class Changes:
    """Finds changes, one poll after the other. The caller pauses between two polls."""

    def __init__(self, actions: ActionsClient, options: ChangeOptions, log: t.Callable[[str], object]) -> None:
        """
        :param actions: sends the requests; its client's clock is used.
        :param options: which changes to report.
        :param log: takes a sentence about a failure that passes, or its end.
        """
        self._actions = actions
        self._client = actions.client
        self._options = options
        self._log = log
        self._filters = {"object": options.object} if options.object else {}
        self._started = self._client.clock()
        self._attempts = 0
        self._since: datetime | None = None
        """Earlier changes are not reported; None before the first response."""
        self._covered: datetime | None = None
        """Up to when all ends were read, by the server's clock."""
        self._known: set[Entry] = set()
        self._forgotten = datetime.min.replace(tzinfo=timezone.utc)
        """Entries before this are not known any more."""
        self._unfinished: dict[str, str] = {}
        """The state in which each unfinished action was last seen."""
        self._looked: set[str] = set()
        """The unfinished states that were listed before."""
        self._missing = LastingCondition(NOT_FOUND_SECONDS, NOT_FOUND_POLLS)
        self._refusals = LastingCondition(REFUSAL_SECONDS, REFUSAL_POLLS)
        self._has_succeeded = False
        self._failing: tuple[float, int, float, str] | None = None
        """Since when polls fail, how many did, and when and what was last logged."""
        self.pause = options.interval
        """The seconds before the next poll."""

    def poll(self) -> list[Action]:
        """Return the actions that have entered one of the states, as ``tutum_action_info`` returns them.

        :raises ApiError: only a user can fix it (a wrong key or URL).
        """
        found: list[Action] = []
        self._attempts += 1
        self.pause = self._options.interval
        try:
            since = self._since or self._begin()
            seen = self._read_unfinished(found, since) if self._options.unfinished else None
            finished = self._read_finished(found, since) if self._options.final else set()
            if seen is not None:
                self._forget_finished(seen, finished)
        except ApiError as error:
            # What was found is reported before the source ends: the next poll has the same error.
            if self._is_fatal(error) and not found:
                raise
            self._note_failure(error)
        else:
            self._note_success()
        hide, show = self._client.redactor.hide, Fields({}).show
        return [hide(show(action)) for action in found]

    def _begin(self) -> datetime:
        """Learn the server's clock, and return from when on changes are reported."""
        page = self._first({})
        started = self._server_time(self._started)
        self._since = self._options.since(self._server_time(self._client.clock())) or cut_to_second(started)
        if self._options.object and not page.objects:
            self._log(f"{self._options.object} has no action yet. If that is unexpected, check object.")
        return self._since

    def _read_unfinished(self, found: list[Action], since: datetime) -> set[str]:
        """Append the actions that have entered an unfinished state, and return the UUIDs of all that are unfinished."""
        seen = set()
        # In the order in which an action passes through them, so that one that moves is not missed.
        for state in UNFINISHED_STATES:
            for action in self._read({"state": state}):
                uuid = action["uuid"].lower()
                if self._unfinished.get(uuid) != state:
                    if state in self._options.unfinished and self._has_entered(action, since):
                        found.append(action)
                    self._unfinished[uuid] = state
                seen.add(uuid)
            self._looked.add(state)
        return seen

    def _has_entered(self, action: Action, since: datetime) -> bool:
        """Return whether an unfinished action that is new in its list has entered its state since a moment."""
        if self._server_time(self._client.clock()) < since:
            return False
        if action["uuid"].lower() in self._unfinished:
            return True
        if self._is_first_look():
            return False
        start = start_of(action)
        if start is not None and start >= cut_to_second(since):
            return True
        # An action that started before may be listed late. One that started long before was retried.
        was_listed = action["state"] in self._looked
        return was_listed and (start is None or start < since - LATE)

    def _read_finished(self, found: list[Action], since: datetime) -> set[str]:
        """Append the actions that have entered a final state, and return the UUIDs of all that recently did."""
        begun = self._client.clock()
        first = max(since, self._forgotten, (self._covered or since) - LATE)
        filters = {"end_date__gte": format_iso(first)}
        if len(self._options.final) == 1:
            (filters["state"],) = self._options.final
        last = self._last_of_window(filters, first)
        actions = self._read({**filters, "end_date__lte": format_iso(last)} if last else filters)
        entries = [
            ((action["uuid"].lower(), action["state"], _end_of(action)), action)
            for action in actions
            if action.get("state") in FINAL_STATES
        ]
        entries.sort(key=lambda entry: (entry[0][2] is None, entry[0][2]))
        is_first_look = self._is_first_look()
        current: set[Entry] = set()
        for key, action in entries:
            current.add(key)
            if key not in self._known:
                self._known.add(key)
                if action["state"] in self._options.final and not is_first_look:
                    found.append(action)
        self._covered = last or self._server_time(begun)
        self._forgotten = max(self._forgotten, first - MEMORY)
        oldest = cut_to_second(self._forgotten)
        self._known = {key for key in self._known if (key in current if key[2] is None else key[2] >= oldest)}
        if last:
            self.pause = 0.0
        return {uuid for uuid, _state, _end in current}

    def _last_of_window(self, filters: dict[str, str], first: datetime) -> datetime | None:
        """Return up to when to read so that it is not too much in one poll; None for all."""
        now = self._server_time(self._client.clock())
        last = None
        while (last or now) - first > MEMORY:
            bounds = {**filters, "end_date__lte": format_iso(last)} if last else filters
            count = self._first(bounds).total_count
            middle = first + ((last or now) - first) / 2
            if count is None or count <= MAX_ACTIONS_PER_POLL or middle - first < LATE + SMALLEST_WINDOW:
                break
            last = middle
        return last

    def _forget_finished(self, seen: set[str], finished: set[str]) -> None:
        """Forget the unfinished state of the actions that left it: they may enter it again. A list may just lack an action."""
        for uuid in finished & self._unfinished.keys():
            del self._unfinished[uuid]
        left = [uuid for uuid in self._unfinished if uuid not in seen]
        deadline = self._client.query_deadline()
        for uuid, outcome in self._actions.get_many(left, deadline=deadline, max_retries=0, concurrently=True):
            if isinstance(outcome, NotFoundError):
                is_over = self._missing.note(uuid, self._client.clock())
            else:
                # After another error, the next poll requests it again.
                is_over = not isinstance(outcome, ApiError) and outcome.get("state") not in UNFINISHED_STATES
            if is_over:
                del self._unfinished[uuid]
            if is_over or not isinstance(outcome, ApiError):
                self._missing.clear(uuid)

    def _read(self, selection: dict[str, str]) -> list[Action]:
        filters, deadline = {**self._filters, **selection}, self._client.query_deadline()
        return ListReader(self._client).read(filters, deadline=deadline, newest_first=None).actions

    def _first(self, selection: dict[str, str]) -> Page:
        filters, deadline = {**self._filters, **selection}, self._client.query_deadline()
        return ListReader(self._client).page(filters, 0, deadline=deadline, limit=1)

    def _is_first_look(self) -> bool:
        """Return whether the lists that are read now show the state at the start of the source."""
        is_prompt = self._attempts == 1 and self._client.clock() - self._started <= GRACE_SECONDS
        return is_prompt and self._options.starts_now

    def _server_time(self, moment: float) -> datetime:
        seconds = self._client.server_time(moment)
        if seconds is None:
            problem = "The response has no Date header, so it is unknown which actions have changed since the start"
            raise ResponseError(self._client.url(LIST_PATH), f"{problem}. {CHECK_URL}", status=200)
        return from_timestamp(seconds)

    def _is_fatal(self, error: ApiError) -> bool:
        """Return whether an error ends the source. After a good response, a proxy or gateway is the likely cause."""
        now = self._client.clock()
        has_response = self._since is not None
        if error.status not in (401, 403):
            self._refusals.clear("")
        elif has_response:
            return self._refusals.note("", now)
        if not has_response:
            if isinstance(error, NotFoundError):
                return self._missing.note("", now)
            return not isinstance(error, TransientError)
        return isinstance(error, FilterIgnoredError) and not self._has_succeeded

    def _note_failure(self, error: ApiError) -> None:
        now = self._client.clock()
        retry_after = error.retry_after if isinstance(error, TransientError) else None
        self.pause = max(self._options.interval, min(retry_after or 0.0, MAX_PAUSE_SECONDS))
        reason = error.problem.partition(". ")[0]
        since, count, logged, last_reason = self._failing or (now, 0, now, "")
        if reason != last_reason or now - logged >= LOG_SECONDS:
            logged = now
            self._log(f"A poll failed. The next one follows in {self.pause:g} s. {error}")
        self._failing = since, count + 1, logged, reason

    def _note_success(self) -> None:
        self._has_succeeded = True
        self._refusals.clear("")
        if self._failing:
            since, count, _logged, _reason = self._failing
            self._failing = None
            self._log(f"Polls succeed again after {self._client.clock() - since:.0f} s ({count} failed).")


def _end_of(action: Action) -> datetime | None:
    """Return the end of an action, to the second; None if it cannot be read."""
    moment = parse_api_date(action.get("end_date"))
    return cut_to_second(moment) if moment else None
