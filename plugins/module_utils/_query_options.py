# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The query that a user describes, validated before anything is sent."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

from ansible_collections.tutum.cloud.plugins.module_utils._actions import STATES, Fields
from ansible_collections.tutum.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.tutum.cloud.plugins.module_utils._references import parse_action_reference, parse_object

DATE_FILTERS = ("start_date_gte", "start_date_lte", "end_date_gte", "end_date_lte")
FILTERS = ("state", *DATE_FILTERS, "object", "include_related", "limit")


class Query:
    """What a user requests, validated: the actions with these UUIDs, or those that match the filters."""

    def __init__(self, options: t.Mapping[str, t.Any], api_url: str, now: datetime | None = None) -> None:
        """
        :param options: those of ``tutum_action_info``; None for one that is not set.
        :param api_url: the base of the API's URLs.
        :param now: the present, with its zone, for relative dates.
        :raises OptionError: an option has an invalid value, or two of them exclude each other.
        """
        self.fields = Fields(options)
        self.skip_missing = options.get("missing") == "skip"
        self.newest_first = options.get("order") == "newest_first"
        self.limit: int | None = options.get("limit")
        self.states: list[str] | None = options.get("state")
        self.filters: dict[str, str] = {}
        self.references: list[str] | None = None
        if options.get("uuid") is None:
            self._read_filters(options, api_url, now or datetime.now(timezone.utc))
            return
        for name in FILTERS:
            if options.get(name) is not None:
                raise OptionError(name, options[name], "Filters cannot be combined with uuid. Remove one of them")
        if self.newest_first:
            problem = "Cannot be combined with uuid: actions are returned in the order of uuid. Remove order"
            raise OptionError("order", "newest_first", problem)
        self.references = [parse_action_reference(value, api_url) for value in options["uuid"]]

    def _read_filters(self, options: t.Mapping[str, t.Any], api_url: str, now: datetime) -> None:
        # The API returns an empty list for a wrong state, and ignores a filter that it does not know.
        for state in self.states or []:
            if state not in STATES:
                raise OptionError("state", state, f"Unknown state. Must be one of: {', '.join(STATES)}")
        if self.limit is not None and self.limit < 1:
            raise OptionError("limit", self.limit, "Must be 1 or greater. Omit it to return all actions")
        for name in DATE_FILTERS:
            if options.get(name) is not None:
                # Imported only here: a task without a date does not need it.
                from ansible_collections.tutum.cloud.plugins.module_utils._user_dates import parse_user_date

                self.filters[name.replace("date_", "date__")] = parse_user_date(name, options[name], now)
        if options.get("object") is not None:
            self.filters["object"] = parse_object(options["object"], api_url)
        if options.get("include_related") is not None:
            if "object" not in self.filters:
                raise OptionError(
                    "include_related", options["include_related"], "Requires the option object. Set object"
                )
            self.filters["include_related"] = "true" if options["include_related"] else "false"
