# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""One poll of a wait: which requests find out about all unfinished actions.

A few actions are polled one by one. More are polled with a list of those that started in the same time: one request for all,
in any state. What such a list does not show, or cannot show, is polled one by one, so no list needs to be complete
here, and none can do harm.
"""

from __future__ import annotations

import typing as t
from functools import partial

from ansible_collections.tutum.cloud.plugins.module_utils._dates import SECOND, SMALLEST_STEP, format_iso
from ansible_collections.tutum.cloud.plugins.module_utils._discovery import Discovery
from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    ApiError,
    NotFoundError,
    ThrottledError,
    TransientError,
)
from ansible_collections.tutum.cloud.plugins.module_utils._lists import ListReader
from ansible_collections.tutum.cloud.plugins.module_utils._ordering import start_of

if t.TYPE_CHECKING:
    from datetime import datetime

    from ansible_collections.tutum.cloud.plugins.module_utils._actions import ActionsClient
    from ansible_collections.tutum.cloud.plugins.module_utils._page import Action
    from ansible_collections.tutum.cloud.plugins.module_utils._wait_options import WaitOptions
    from ansible_collections.tutum.cloud.plugins.module_utils._watched import WatchedActions

MAX_DETAIL_POLLS = 3
"""Up to this many actions are polled one by one. For more, a list needs fewer requests."""

ACTIONS_PER_PAGE = 10
"""A poll reads at most one page for this many unfinished actions, so that it never needs many more requests than it saves."""

MAX_FAILED_DETAILS = 8
"""After this many failures, and no good response, the other actions have their turn in the next poll: the server is down."""

LIST_SECONDS = 2.0
"""How long a list may take before the actions are polled one by one; in a long wait, a tenth of the time waited."""

LOGS_SECONDS = 2.0


class Poller:
    """Polls the actions of one wait, and stores the results in ``watched``."""

    def __init__(self, actions: ActionsClient, options: WaitOptions, watched: WatchedActions) -> None:
        """
        :param actions: sends the requests.
        :param options: what to wait for.
        :param watched: takes what is learned.
        """
        self._actions = actions
        self._client = actions.client
        self._options = options
        self._watched = watched
        self._started = self._client.clock()
        self._recorded: set[str] = set()
        self._last_polls: dict[str, int] = {}
        self._number = 0
        self._lists_paused_until = 0.0
        self.discovery = Discovery(self._client, options, watched)
        self.error: ApiError | None = None
        """The first error of the last poll; a 404 only if there was no other."""
        self.refusal: ApiError | None = None
        """The 401 or 403 of the last poll."""
        self.throttling: ThrottledError | None = None
        """The last one of the last poll."""
        self.discovery_failed = False
        """Whether the object's actions could not be listed in the last poll."""
        self.had_response = False
        """Whether any response of the last poll was good."""
        self.filters_work = False
        """Whether actions were ever looked for with the API's filters, and without an error."""

    def start(self) -> None:
        """Record that the wait begins now."""
        self._started = self._client.clock()
        self.discovery.start()

    def poll(self, deadline: float) -> None:
        """Find out about everything that is unfinished. What was learned before an error is kept.

        :param deadline: when the last response must be complete, by the client's clock.
        :raises OptionError: a short UUID is ambiguous.
        """
        now = self._client.clock()
        # Lists that hang leave time for the actions that are known.
        has_known = len(self._watched.unfinished) > len(self._watched.unresolved)
        lists_deadline = now + (deadline - now) / 2 if has_known else deadline
        self.discover(lists_deadline)
        for reference in self._watched.unresolved:
            self._attempt(partial(self._resolve, reference, lists_deadline))
        uuids = [uuid for uuid in self._unresponsive_first() if uuid not in self._recorded]
        is_throttled = False
        if len(uuids) > MAX_DETAIL_POLLS and self._client.clock() >= self._lists_paused_until:
            is_throttled = not self._poll_lists(uuids, deadline)
        rest = [uuid for uuid in uuids if uuid not in self._recorded]
        # A request for each of many would make the throttling worse, but some get their turn in each poll.
        self._poll_details(rest[:MAX_DETAIL_POLLS] if is_throttled else rest, deadline, no_retry=is_throttled)

    def discover(self, deadline: float) -> None:
        """Begin a poll, and look for the actions of the object, if there is one."""
        self._number += 1
        self._recorded.clear()
        self.error = self.refusal = self.throttling = None
        self.had_response = self.discovery_failed = False
        if self.discovery.is_needed:
            self.discovery_failed = not self._attempt(partial(self.discovery.run, deadline, self._take))
            self.filters_work = self.filters_work or not self.discovery_failed

    def fetch_missing_logs(self, deadline: float) -> None:
        """Fetch the logs of the actions that failed, since lists may lack them; one short attempt."""
        lacking = [uuid for uuid in self._watched.failed if "logs" not in (self._watched.last_seen(uuid) or {})]
        if not lacking or "logs" in self._options.fields.hidden:
            return
        deadline = min(deadline, self._client.clock() + LOGS_SECONDS)
        for _uuid, outcome in self._actions.get_many(lacking, deadline=deadline, max_retries=0, concurrently=True):
            if not isinstance(outcome, ApiError):
                self._record(outcome)

    def _attempt(self, request: t.Callable[[], object]) -> bool:
        """Send requests, record an error, and return whether there was none."""
        try:
            request()
        except ApiError as error:
            self._note(error)
            return False
        return True

    def _note(self, error: ApiError) -> None:
        if self.error is None or (isinstance(self.error, NotFoundError) and not isinstance(error, NotFoundError)):
            self.error = error
        if error.status in (401, 403):
            self.refusal = error
        if isinstance(error, ThrottledError):
            self.throttling = error

    def _take(self, actions: t.Iterable[Action]) -> None:
        self.had_response = True
        for action in actions:
            self._record(action)

    def _record(self, action: Action) -> None:
        if self._watched.record(action, self._client.clock()):
            self._recorded.add(action["uuid"].lower())
        self.had_response = True

    def _resolve(self, reference: str, deadline: float) -> None:
        """Find the whole UUID for a short one."""
        try:
            uuid = self._actions.resolve_short_uuid(reference, deadline=deadline)
        except NotFoundError as error:
            self._watched.note_not_found(reference, self._client.clock())
            if error.status is not None:
                self._note(error)
                return
        else:
            self._watched.resolve(reference, uuid)
        self.had_response = self.filters_work = True

    def _unresponsive_first(self) -> list[str]:
        """Return the unfinished actions, those first whose last poll is the longest ago, so that all get their turn."""
        unresolved = set(self._watched.unresolved)
        uuids = [uuid for uuid in self._watched.unfinished if uuid not in unresolved]
        return sorted(uuids, key=lambda uuid: self._last_polls.get(uuid, 0))

    def _poll_details(self, uuids: t.Sequence[str], deadline: float, *, no_retry: bool = False) -> None:
        """Poll actions one by one; where one fails, the others are still polled."""
        # For one of several, the next poll is the retry: the others must not wait for it.
        max_retries = 0 if no_retry or len(uuids) > 1 else None
        outcomes = self._actions.get_many(uuids, deadline=deadline, max_retries=max_retries, concurrently=True)
        failures = 0
        for uuid, outcome in outcomes:
            if not (isinstance(outcome, TransientError) and not outcome.was_sent):
                self._last_polls[uuid] = self._number
            if isinstance(outcome, NotFoundError):
                self._watched.note_not_found(uuid, self._client.clock())
                self._note(outcome)
            elif isinstance(outcome, ApiError):
                self._note(outcome)
                failures += 1
                is_down = failures >= MAX_FAILED_DETAILS and not self.had_response
                if len(uuids) > MAX_DETAIL_POLLS and (is_down or isinstance(outcome, ThrottledError)):
                    break  # The other actions have their turn in the next poll.
            else:
                self._record(outcome)

    def _poll_lists(self, uuids: t.Sequence[str], deadline: float) -> bool:
        """Poll actions with a list of all that started in the same time. Return False if the server is throttling."""
        window = self._window(uuids)
        is_guess = window is None
        if window is None:
            # Most likely they were started one after the other: the first and the last show when.
            self._poll_details([uuids[0], uuids[-1]], deadline)
            window = self._window(uuids)
            if window is None:
                return True
        now = self._client.clock()
        waited = now - self._started
        try:
            is_useful = self._read_pages(window, uuids, min(deadline, now + max(LIST_SECONDS, waited / 10)))
        except ThrottledError as error:
            self._note(error)
            return False
        except ApiError:
            self._pause_lists()
        else:
            # After a wrong guess, the next poll knows when the actions started.
            if not (is_useful or is_guess):
                self._pause_lists()
        return True

    def _read_pages(self, window: dict[str, str], uuids: t.Sequence[str], deadline: float) -> bool:
        """Poll these actions with a list, and return whether that saved requests."""
        reader = ListReader(self._client)
        missing = {uuid for uuid in uuids if uuid not in self._recorded}
        wanted = len(missing)
        offset = pages = 0
        while missing and pages * ACTIONS_PER_PAGE <= wanted:
            page = reader.page(window, offset, deadline=deadline)
            pages += 1
            for uuid, action in zip(page.uuids, page.objects):
                if uuid in missing and not self._must_have_logs(action):
                    self._record(action)
                    missing.discard(uuid)
            if not page.has_next or not page.objects:
                break
            offset = page.end
        return wanted - len(missing) > pages

    def _must_have_logs(self, action: Action) -> bool:
        """Return whether an action's own response is needed to follow its logs."""
        if not self._options.follow_logs or "logs" in action:
            return False
        self._pause_lists()
        return True

    def _pause_lists(self) -> None:
        """Use no lists until this wait is twice as long."""
        now = self._client.clock()
        self._lists_paused_until = now + max(LIST_SECONDS, now - self._started)

    def _window(self, uuids: t.Sequence[str]) -> dict[str, str] | None:
        """Return filters that these actions pass in any state, and few others do: when they started, and the object."""
        known = [action for action in map(self._watched.last_seen, uuids) if action is not None]
        starts: list[datetime] = [start for start in map(start_of, known) if start is not None]
        if not starts:
            return None
        # The API shows whole seconds, but compares what it stores.
        window = {
            "start_date__gte": format_iso(min(starts)),
            "start_date__lte": format_iso(max(starts) + (SECOND - SMALLEST_STEP)),
        }
        if self.discovery.uuids.issuperset(uuids) and not self._options.include_related:
            window["object"] = str(self._options.object)
        return window
