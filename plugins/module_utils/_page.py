# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""One page of a list of actions: its structure and its filters are checked, then it is believed.

Follows the API's reference, "List all actions". Servers ignore parameters that they do not know, so what a filter returned is
compared with the filter.
"""

from __future__ import annotations

import typing as t
from urllib.parse import parse_qs, urlsplit

from ansible_collections.tutum.cloud.plugins.module_utils._dates import cut_to_second, parse_api_date
from ansible_collections.tutum.cloud.plugins.module_utils._errors import CHECK_URL, FilterIgnoredError, ResponseError
from ansible_collections.tutum.cloud.plugins.module_utils._references import is_uuid, last_parameter
from ansible_collections.tutum.cloud.plugins.module_utils._text import json_type

Action = t.Dict[str, t.Any]
"""An action as the API describes it."""

Filters = t.Mapping[str, str]
"""The API's filters: ``state``, ``object``, ``start_date__gte``, ..."""

MAX_TOTAL_COUNT = 10**9
"""A larger total count is an error of the server, and is ignored."""


class Page(t.NamedTuple):
    """A page of a list."""

    objects: list[Action]
    uuids: list[str]
    """The UUIDs of the objects, in their order, in lowercase."""
    offset: int
    """The position of the first object in the list."""
    has_next: bool
    next_offset: int | None
    """The offset in ``meta.next``, if it has one."""
    total_count: int | None
    """A hint: it may be missing, estimated, or out of date."""

    @property
    def end(self) -> int:
        """The position after the last object."""
        return self.offset + len(self.objects)


def parse_page(url: str, content: t.Mapping[str, t.Any], *, offset: int, limit: int, filters: Filters) -> Page:
    """Return a response as a page.

    :param url: the requested URL, for messages.
    :param content: the JSON object in the response.
    :param offset: the requested offset.
    :param limit: the requested number of objects; the server may return fewer.
    :param filters: the requested filters.
    :raises ResponseError: the structure is invalid, a UUID is not one, or an action does not match a filter.
    """

    def invalid(problem: str) -> ResponseError:
        return ResponseError(url, f"Invalid list response: {problem}. {CHECK_URL}", status=200)

    meta, objects = content.get("meta"), content.get("objects")
    if not isinstance(meta, dict):
        raise invalid(f"meta is {'missing' if 'meta' not in content else json_type(meta)}")
    if not isinstance(objects, list):
        raise invalid(f"objects is {'missing' if 'objects' not in content else json_type(objects)}")
    uuids = []
    for index, one in enumerate(objects):
        if not isinstance(one, dict):
            raise invalid(f"objects[{index}] is {json_type(one)}")
        if not is_uuid(one.get("uuid")):
            raise invalid(f"the uuid of objects[{index}] is not a UUID")
        uuids.append(one["uuid"].lower())
    ignored = next((name for name in map(_ignored_filter(filters), objects) if name), None) if filters else None
    if ignored:
        problem = f"The list has actions that do not match the filter {ignored}: the server ignores it"
        raise FilterIgnoredError(url, f"{problem}. Remove the option, or use another server", status=200)
    total_count = meta.get("total_count")
    if not isinstance(total_count, int) or isinstance(total_count, bool) or not 0 <= total_count <= MAX_TOTAL_COUNT:
        total_count = None
    link = meta.get("next")
    if link is not None and not isinstance(link, str):
        raise invalid(f"meta.next is {json_type(link)}")
    # Tastypie leaves `next` out where it does not page; a page that the server cut shows that it does.
    has_more = bool(objects) and total_count is not None and total_count > offset + len(objects)
    has_next = bool(link) if "next" in meta else len(objects) >= limit or has_more
    return Page(objects, uuids, offset, has_next, _offset_of(link), total_count)


def _offset_of(link: str | None) -> int | None:
    """Return the offset in a link to a next page. Nothing else in it is used: a gateway may have changed the rest."""
    try:
        value = last_parameter(parse_qs(urlsplit(link or "").query), "offset")
        return int(value) if value else None
    except ValueError:
        return None


def _ignored_filter(filters: Filters) -> t.Callable[[Action], str | None]:
    """Return a function that returns the name of a filter which an action does not match."""
    checks: list[tuple[str, t.Callable[[Action], bool]]] = []
    if "state" in filters:
        checks.append(("state", lambda action: action.get("state") == filters["state"]))
    if "object" in filters and filters.get("include_related") != "true":
        checks.append(("object", lambda action: action.get("object") == filters["object"]))
    if "uuid__startswith" in filters:
        checks.append(
            ("uuid__startswith", lambda action: str(action["uuid"]).lower().startswith(filters["uuid__startswith"]))
        )
    for field in ("start_date", "end_date"):
        for comparison in ("gte", "lte"):
            name = f"{field}__{comparison}"
            bound = parse_api_date(filters.get(name))
            if bound:
                checks.append((name, _date_check(field, comparison, bound)))

    def check(action: Action) -> str | None:
        return next((name for name, matches in checks if not matches(action)), None)

    return check


def _date_check(field: str, comparison: str, bound: t.Any) -> t.Callable[[Action], bool]:
    """Return a check of a date by the second: the API shows no fractions, but compares them."""
    bound = cut_to_second(bound)

    def check(action: Action) -> bool:
        moment = parse_api_date(action.get(field))
        if moment is None:
            # An unfinished action has no end, so it cannot match. Any other date that cannot be read is no proof.
            return field != "end_date" or action.get(field) is not None
        shown = cut_to_second(moment)
        return bool(shown >= bound if comparison == "gte" else shown <= bound)

    return check
