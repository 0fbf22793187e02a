# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What a wait knows of its actions: which they are, how each was last seen, and what follows from that."""

from __future__ import annotations

import typing as t
from collections import Counter

from ansible_collections.tutum.cloud.plugins.module_utils._actions import is_finished
from ansible_collections.tutum.cloud.plugins.module_utils._references import is_short

if t.TYPE_CHECKING:
    from ansible_collections.tutum.cloud.plugins.module_utils._page import Action

NOT_FOUND_SECONDS = 5.0
NOT_FOUND_POLLS = 3
"""A 404 counts only after this long and this many polls: a fresh action may not be visible everywhere immediately, and
proxies respond with 404, too."""

REFUSAL_SECONDS = 10.0
REFUSAL_POLLS = 3
"""After a good response, a 401 or 403 ends the polls only once it has lasted this long and this many polls."""


class LastingCondition:
    """Detects that a condition has persisted: for a time, and for a number of polls."""

    def __init__(self, seconds: float, polls: int) -> None:
        self._seconds = seconds
        self._polls = polls
        self._since: dict[str, tuple[float, int]] = {}

    def note(self, name: str, now: float) -> bool:
        """Note that the condition holds, and return whether it has lasted.

        :param name: what it holds for.
        :param now: monotonic seconds.
        """
        since, polls = self._since.get(name, (now, 0))
        self._since[name] = since, polls + 1
        return polls + 1 >= self._polls and now - since >= self._seconds

    def clear(self, name: str) -> None:
        """Record that the condition does not hold."""
        self._since.pop(name, None)


class WatchedActions:
    """The actions of one wait, each of them once, in the order in which they are requested or discovered."""

    def __init__(self, references: t.Sequence[str], success_states: t.Container[str], *, skip_missing: bool) -> None:
        """
        :param references: UUIDs and short UUIDs in lowercase; one may be repeated.
        :param success_states: the final states that count as success.
        :param skip_missing: whether an action that was never found is left out, and not a failure. One that was seen
            before is a failure all the same: it did not succeed.
        """
        self.references = list(references)
        self._success_states = success_states
        self._skip_missing = skip_missing
        self._uuids = {one: one for one in references if not is_short(one)}
        self._last_seen: dict[str, Action | None] = {}
        self._seen_at: dict[str, float] = {}
        self._not_found: set[str] = set()
        self._missing = LastingCondition(NOT_FOUND_SECONDS, NOT_FOUND_POLLS)
        for reference in references:
            self._last_seen.setdefault(reference, None)

    def watch(self, uuid: str) -> None:
        """Add an action that was discovered."""
        if uuid not in self._last_seen:
            self.references.append(uuid)
            self._uuids[uuid] = uuid
            self._last_seen[uuid] = None

    def resolve(self, reference: str, uuid: str) -> None:
        """Replace a short UUID by the whole one."""
        self._uuids[reference] = uuid
        self._missing.clear(reference)
        renamed = {uuid if key == reference else key: seen for key, seen in self._last_seen.items()}
        if uuid in self._last_seen:
            renamed[uuid] = self._last_seen[uuid]
        self._last_seen = renamed

    def record(self, action: Action, now: float) -> bool:
        """Note how an action was seen, and return whether it is a watched one.

        :param now: monotonic seconds.
        """
        uuid = action["uuid"].lower()
        if uuid not in self._last_seen:
            return False
        known = self._last_seen[uuid]
        # Final states do not change, except through a retry. A server that lags behind must not undo one.
        if known is None or is_finished(action) or not is_finished(known):
            # A list may lack fields that the response to the action's own URL had.
            is_same = known is not None and known.get("state") == action.get("state")
            self._last_seen[uuid] = {**known, **action} if known is not None and is_same else action
        self._seen_at[uuid] = now
        self._not_found.discard(uuid)
        self._missing.clear(uuid)
        return True

    def note_not_found(self, reference: str, now: float) -> None:
        """Note a 404 for an action, or that no UUID begins with a short one."""
        if self._missing.note(reference, now):
            self._not_found.add(reference)

    @property
    def uuids(self) -> list[str]:
        """All actions, short UUIDs included."""
        return list(self._last_seen)

    @property
    def unresolved(self) -> list[str]:
        """The short UUIDs that are not resolved yet."""
        return [one for one in self._last_seen if is_short(one) and one not in self._not_found]

    @property
    def unfinished(self) -> list[str]:
        """Actions that are not known to be in a final state, including short UUIDs."""
        return [
            uuid
            for uuid, action in self._last_seen.items()
            if uuid not in self._not_found and (action is None or not is_finished(action))
        ]

    @property
    def finished_count(self) -> int:
        return len(self._last_seen) - len(self.unfinished) - len(self._not_found)

    @property
    def failed(self) -> list[str]:
        """Actions that finished in a state that does not count as success."""
        return [uuid for uuid, action in self._last_seen.items() if action and self._has_failed(action)]

    @property
    def not_found(self) -> list[str]:
        """Actions that the API does not know (any more), without the skipped ones."""
        return [uuid for uuid in self._last_seen if uuid in self._not_found and not self._is_skipped(uuid)]

    @property
    def unsuccessful(self) -> list[str]:
        """Actions that failed or were not found."""
        bad = {*self.failed, *self.not_found}
        return [uuid for uuid in self._last_seen if uuid in bad]

    @property
    def states(self) -> dict[str, int]:
        """How many actions are in each state."""
        return dict(Counter(str(action.get("state")) for action in self._last_seen.values() if action))

    def __len__(self) -> int:
        """Return the number of actions, without those that are skipped."""
        return len(self._last_seen) - sum(map(self._is_skipped, self._not_found))

    def last_seen(self, uuid: str) -> Action | None:
        """Return an action as it was last seen; None if no data was received."""
        return self._last_seen.get(uuid)

    def seen_at(self, uuid: str) -> float | None:
        """Return when an action was last seen, in monotonic seconds."""
        return self._seen_at.get(uuid)

    def in_order(self) -> list[Action]:
        """Return the actions as last seen, in the requested order, as often as requested."""
        found = (self._last_seen.get(self._uuids.get(reference, reference)) for reference in self.references)
        return [action for action in found if action is not None]

    def _is_skipped(self, uuid: str) -> bool:
        return self._skip_missing and uuid in self._not_found and self._last_seen.get(uuid) is None

    def _has_failed(self, action: Action) -> bool:
        return is_finished(action) and action["state"] not in self._success_states
