# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Queries: actions named by UUID, or actions that match filters.

Follows the API's reference, "List all actions".
"""

from __future__ import annotations

import typing as t

from ansible_collections.tutum.cloud.plugins.module_utils._actions import is_finished
from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError, NotFoundError, TutumError

if t.TYPE_CHECKING:
    from ansible_collections.tutum.cloud.plugins.module_utils._actions import ActionsClient
    from ansible_collections.tutum.cloud.plugins.module_utils._page import Action
    from ansible_collections.tutum.cloud.plugins.module_utils._query_options import Query

OTHER_UUID_HINT = "The UUID of a service, or of another object, is not that of an action"


class QueryResult(t.NamedTuple):
    """What a query returned."""

    actions: list[Action]
    total_count: int | None
    """How many actions match; None if that is not known."""
    truncated: bool
    """Whether more match than are here."""
    warnings: list[str]

    def results(self) -> dict[str, t.Any]:
        """Return the values that the module returns."""
        return {"actions": self.actions, "total_count": self.total_count, "truncated": self.truncated}


class QueryRunner:
    """Runs queries. An action that was queried by UUID and has finished is not requested again."""

    def __init__(self, actions: ActionsClient) -> None:
        self._actions = actions
        self._client = actions.client
        self._finished: dict[str, Action] = {}
        self._uuids: dict[str, str] = {}
        """The whole UUID for each short one."""

    def run(self, query: Query) -> QueryResult:
        """Return the actions. Nothing is sent if nothing is requested.

        :raises TutumError: the query failed; ``results`` holds what was retrieved.
        """
        deadline = self._client.query_deadline()
        if query.references is not None:
            return self._query_uuids(query.references, query, deadline)
        return self._query_list(query, deadline)

    def _query_uuids(self, references: list[str], query: Query, deadline: float) -> QueryResult:
        found: dict[str, Action] = {}
        missing: list[NotFoundError] = []

        def result(*, truncated: bool = False) -> QueryResult:
            shown = [self._show(found[one], query) for one in references if one in found]
            count = len({action["uuid"].lower() for action in found.values()})
            return QueryResult(shown, count, truncated, query.fields.warnings)

        try:
            wanted = list(dict.fromkeys(references))
            uuids = {}
            for reference, outcome in zip(wanted, self._client.map_in_order(self._finder(deadline), wanted)):
                if isinstance(outcome, NotFoundError):
                    missing.append(outcome)
                elif isinstance(outcome, ApiError):
                    raise outcome
                else:
                    uuids[reference] = self._uuids[reference] = outcome
            unread = list(dict.fromkeys(uuid for uuid in uuids.values() if uuid not in self._finished))
            known = {uuid: self._finished[uuid] for uuid in uuids.values() if uuid in self._finished}
            for uuid, one in self._actions.get_many(unread, deadline=deadline):
                if isinstance(one, NotFoundError):
                    one.add(OTHER_UUID_HINT)
                    missing.append(one)
                elif isinstance(one, ApiError):
                    raise one
                else:
                    known[uuid] = one
                    found.update((reference, one) for reference in wanted if uuids.get(reference) == uuid)
                    if is_finished(one):
                        self._finished[uuid] = one
            found.update((reference, known[uuid]) for reference, uuid in uuids.items() if uuid in known)
            if missing and not query.skip_missing:
                error = missing[0]
                if len(missing) > 1:
                    error.add(f"{len(missing)} of the {len(wanted)} requested actions were not found")
                error.add("To ignore missing actions, set missing to skip")
                raise error
        except TutumError as error:
            error.results = result(truncated=True).results()
            raise
        return result()

    def _finder(self, deadline: float) -> t.Callable[[str], str]:
        return lambda reference: (
            self._uuids.get(reference) or self._actions.resolve_short_uuid(reference, deadline=deadline)
        )

    def _query_list(self, query: Query, deadline: float) -> QueryResult:
        # Imported only here: actions named by UUID need no list.
        from ansible_collections.tutum.cloud.plugins.module_utils._list_queries import ListQuery

        listing = ListQuery(self._client, query, deadline)
        try:
            found = listing.run()
        except ApiError as error:
            actions = [self._show(action, query) for action in listing.matching()]
            error.results = QueryResult(actions, None, True, []).results()
            raise
        actions, total_count, has_more = found
        # Nothing else may hold what was read: a long history must not be in memory twice.
        del listing, found
        for index, action in enumerate(actions):
            actions[index] = self._show(action, query)
        return QueryResult(actions, total_count, has_more, query.fields.warnings)

    def _show(self, action: Action, query: Query) -> Action:
        """Return an action as users get it.

        Ansible hides only what came as an option of a module, and nothing in the result of a lookup.
        """
        return t.cast("Action", self._client.redactor.hide(query.fields.show(action)))
