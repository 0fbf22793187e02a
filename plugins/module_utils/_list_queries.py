# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Queries of lists: actions that match filters, also those in any of several states, of which the API's filter takes one."""

from __future__ import annotations

import typing as t

from ansible_collections.tutum.cloud.plugins.module_utils._actions import STATES
from ansible_collections.tutum.cloud.plugins.module_utils._dates import SECOND, SMALLEST_STEP, format_iso
from ansible_collections.tutum.cloud.plugins.module_utils._lists import ListReader, ListResult
from ansible_collections.tutum.cloud.plugins.module_utils._ordering import sort_by_start, start_of

if t.TYPE_CHECKING:
    from ansible_collections.tutum.cloud.plugins.module_utils._client import Client
    from ansible_collections.tutum.cloud.plugins.module_utils._page import Action
    from ansible_collections.tutum.cloud.plugins.module_utils._query_options import Query


class ListQuery:
    """Reads the actions that match the filters of a query."""

    def __init__(self, client: Client, query: Query, deadline: float) -> None:
        """
        :param client: sends the requests.
        :param query: without UUIDs.
        :param deadline: when the last response must be complete, by the client's clock.
        """
        self._query = query
        self._deadline = deadline
        self._reader = ListReader(client, keep=query.fields.keep)
        self._collected: dict[str, Action] = {}

    def run(self) -> ListResult:
        """Return the actions.

        :raises ApiError: a list cannot be read. :meth:`matching` returns what was read before.
        """
        if self._query.states is None:
            return self._read(self._query.filters, limit=self._query.limit)
        return self._read_states(self._query.states, self._query.limit)

    def matching(self) -> list[Action]:
        """Return what was read so far, in no particular order."""
        states = self._query.states
        collected = {**self._collected, **self._reader.collected}
        # To learn an order, actions in other states are read, too.
        return [action for action in collected.values() if states is None or action.get("state") in states]

    def _read(self, filters: dict[str, str], *, limit: int | None = None) -> ListResult:
        return self._reader.read(filters, deadline=self._deadline, newest_first=self._query.newest_first, limit=limit)

    def _read_states(self, states: t.Collection[str], limit: int | None) -> ListResult:
        """Return actions in any of some states: a list for each, since the API's filter takes one."""
        total: int | None = 0
        has_more = False
        # In the order in which an action passes through them, so that one that moves is not missed.
        wanted = [state for state in STATES if state in states]
        for state in wanted:
            found = self._read({**self._query.filters, "state": state}, limit=limit)
            has_more = has_more or found.has_more
            total = None if total is None or found.total_count is None else total + found.total_count
            # An action that moved from one state to the next while the lists were read counts in the later state.
            self._collected.update((action["uuid"].lower(), action) for action in found.actions)
        actions = list(self._collected.values())
        if len(wanted) > 1:
            actions = self._merge(actions, limit)
        if not has_more:
            total = len(actions)
        kept = actions[:limit]
        return ListResult(kept, total, has_more or len(actions) > len(kept))

    def _merge(self, actions: list[Action], limit: int | None) -> list[Action]:
        """Return the actions of several lists in one order; where the limit cuts, that is the server's, also in a tie."""
        actions = sort_by_start(actions, newest_first=self._query.newest_first)
        if limit is None or limit >= len(actions):
            return actions
        tied, bounds = actions, {}
        if all(map(start_of, actions)):
            last, second = (start_of(action) for action in actions[limit - 1 : limit + 1])
            tied = [action for action in actions if start_of(action) == second]
            if second is None or last != second or len({action.get("state") for action in tied}) == 1:
                return actions
            end = second + SECOND - SMALLEST_STEP
            bounds = {"start_date__gte": format_iso(second), "start_date__lte": format_iso(end)}
        # The list without the filter on the state shows the order that the dates do not show.
        order = self._read({**self._query.filters, **bounds})
        position = {action["uuid"].lower(): index for index, action in enumerate(order.actions)}
        first = actions.index(tied[0])
        tied = sorted(tied, key=lambda action: position.get(action["uuid"].lower(), len(position)))
        return [*actions[:first], *tied, *actions[first + len(tied) :]]
