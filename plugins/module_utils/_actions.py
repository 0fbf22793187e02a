# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Actions: their states, the fields that are derived, and how they are fetched and changed.

Follows the API's reference, "Actions", with "Get an action by UUID".
"""

from __future__ import annotations

import typing as t

from ansible_collections.tutum.cloud.plugins.module_utils._dates import format_iso, parse_api_date
from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    CHECK_URL,
    ApiError,
    NotFoundError,
    OptionError,
    ResponseError,
)
from ansible_collections.tutum.cloud.plugins.module_utils._references import LIST_PATH, is_short, object_parts

if t.TYPE_CHECKING:
    from ansible_collections.tutum.cloud.plugins.module_utils._client import Client
    from ansible_collections.tutum.cloud.plugins.module_utils._page import Action

UNFINISHED_STATES = ("Pending", "In progress", "Canceling")
"""In the order in which an action passes through them: lists read in this order do not miss one that moves."""

FINAL_STATES = ("Success", "Failed", "Canceled")
STATES = (*UNFINISHED_STATES, *FINAL_STATES)

ESSENTIAL_FIELDS = ("uuid", "state")
"""These identify an action and its state, and cannot be hidden."""

DERIVED_FIELDS = ("started_at", "ended_at", "duration", "finished", "object_type", "object_uuid")
DOCUMENTED_FIELDS = frozenset(
    (
        *("uuid", "resource_uri", "action", "object", "state", "method", "path", "body", "logs", "ip", "location"),
        *("user_agent", "start_date", "end_date", "is_user_action", "can_be_canceled", "can_be_retried"),
        *DERIVED_FIELDS,
    )
)
_SOURCES_OF_DERIVED_FIELDS = {
    "started_at": ("start_date",),
    "ended_at": ("end_date",),
    "duration": ("start_date", "end_date"),
    "finished": ("state",),
    "object_type": ("object",),
    "object_uuid": ("object",),
}
_FIELDS_OF_LISTS = frozenset(("uuid", "state", "start_date"))
"""The fields with which the reader of lists identifies, checks, and sorts an action."""


def is_finished(action: t.Mapping[str, t.Any]) -> bool:
    """Return whether the state of an action is final. One that is unknown or missing is not."""
    return action.get("state") in FINAL_STATES


class Fields:
    """Which fields of an action a user wants to see."""

    def __init__(self, options: t.Mapping[str, t.Any]) -> None:
        """
        :param options: those of a plugin: ``fields`` and ``hidden_fields``.
        :raises OptionError: both are given, or what cannot be hidden is.
        """
        self.selected: frozenset[str] | None = None
        if options.get("fields") is not None:
            if options.get("hidden_fields"):
                raise OptionError(
                    "fields", options["fields"], "Cannot be combined with hidden_fields. Remove one of them"
                )
            if not options["fields"]:
                raise OptionError("fields", [], "Must not be empty. Omit it to return all fields")
            self.selected = frozenset(options["fields"])
        self.hidden = frozenset(options.get("hidden_fields") or ())
        for name in ESSENTIAL_FIELDS:
            if name in self.hidden:
                problem = f"The field {name} cannot be hidden, because it identifies the action or its outcome"
                raise OptionError("hidden_fields", name, f"{problem}. Remove {name}")
        self._unknown = {*(self.selected or ()), *self.hidden} - DOCUMENTED_FIELDS
        selected = DERIVED_FIELDS if self.selected is None else self.selected
        self._sources = frozenset(one for name in selected for one in _SOURCES_OF_DERIVED_FIELDS.get(name, ()))
        self._kept = self._sources | _FIELDS_OF_LISTS | (self.selected or frozenset())
        self._dropped = self.hidden - _FIELDS_OF_LISTS

    def note(self, action: Action) -> None:
        """Remember the names of an action's fields, for which no warning is needed."""
        self._unknown.difference_update(action)

    def keep(self, action: Action) -> Action:
        """Return an action without the fields that are not needed, as soon as it is read: a history can be long."""
        self.note(action)
        if self.selected is not None:
            return {name: value for name, value in action.items() if name in self._kept}
        for name in self._dropped.intersection(action):
            del action[name]
        return action

    def show(self, action: Action) -> Action:
        """Return an action as users get it: with the derived fields, without the hidden ones.

        A field that is derived from a hidden one is null.
        """
        self.note(action)
        shown = {name: value for name, value in action.items() if name not in self.hidden}
        # Parsing a date takes time, so only the dates that are needed are parsed.
        start, end = (
            parse_api_date(shown.get(name)) if name in self._sources else None for name in ("start_date", "end_date")
        )
        shown["started_at"] = format_iso(start) if start else None
        shown["ended_at"] = format_iso(end) if end else None
        shown["duration"] = (end - start).total_seconds() if start and end else None
        shown["finished"] = is_finished(shown)
        shown["object_type"], shown["object_uuid"] = object_parts(shown.get("object"))
        if self.selected is not None:
            return {name: value for name, value in shown.items() if name in self.selected}
        for name in self.hidden:
            shown.pop(name, None)
        return shown

    @property
    def warnings(self) -> list[str]:
        """Names that are neither documented nor in any action that was read."""
        option = "hidden_fields" if self.selected is None else "fields"
        return [f"{option}: no action has a field {name}. Check the name." for name in sorted(self._unknown)]


class ActionsClient:
    """Fetches, finds and cancels actions."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def url(self, uuid: str, operation: str = "") -> str:
        """Return the URL of an action, or of an operation on it."""
        return self.client.url(f"{LIST_PATH}{uuid}/{operation}")

    def get(self, uuid: str, *, deadline: float, max_retries: int | None = None) -> Action:
        """Return an action by its whole UUID.

        :param deadline: when the response must be complete, by the client's clock.
        :raises NotFoundError: the API does not know the UUID.
        :raises ResponseError: the response has another action.
        :raises ApiError: as :meth:`Client.get`.
        """
        url = self.url(uuid)
        action = self.client.get(url, deadline=deadline, max_retries=max_retries)
        shown = action.get("uuid")
        if not isinstance(shown, str) or shown.lower() != uuid:
            problem = f"The response contains a different action than the one requested. {CHECK_URL}"
            raise ResponseError(url, problem, status=200)
        return action

    def get_many(
        self,
        uuids: t.Sequence[str],
        *,
        deadline: float,
        max_retries: int | None = None,
        concurrently: bool = False,
    ) -> t.Iterator[tuple[str, Action | ApiError]]:
        """Yield each UUID with its action, or with the error in its place, in the given order."""

        def get(uuid: str) -> Action:
            return self.get(uuid, deadline=deadline, max_retries=max_retries)

        return zip(uuids, self.client.map_in_order(get, uuids, concurrently=concurrently))

    def resolve_short_uuid(self, reference: str, *, deadline: float) -> str:
        """Return the whole UUID for a reference: itself, or the only one that begins with a short UUID.

        :raises NotFoundError: none begins with it.
        :raises OptionError: several do.
        :raises ApiError: the list cannot be read.
        """
        if not is_short(reference):
            return reference
        # Imported only here: a whole UUID needs no list.
        from ansible_collections.tutum.cloud.plugins.module_utils._lists import ListReader

        filters = {"uuid__startswith": reference}
        found = ListReader(self.client).read(filters, deadline=deadline, newest_first=None, limit=2)
        uuids = [action["uuid"].lower() for action in found.actions]
        if not uuids:
            url = self.client.url(LIST_PATH, filters)
            raise NotFoundError(url, "No action has a UUID that begins with this. Check the UUID and api_url")
        if len(uuids) > 1 or found.has_more:
            problem = f"Several actions have a UUID that begins with this, such as {' and '.join(uuids)}"
            raise OptionError("uuid", reference, f"{problem}. Specify more characters")
        return str(uuids[0])

    def cancel(self, uuid: str, *, deadline: float) -> Action:
        """Cancel an action, and return it as the API then shows it. Sent once.

        :raises ApiError: it cannot be canceled, or it is not known whether it was.
        """
        _response, content = self.client.send("POST", self.url(uuid, "cancel/"), deadline=deadline)
        return content if isinstance(content, dict) else {}
