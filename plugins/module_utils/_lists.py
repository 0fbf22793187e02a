# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""One reader for every list of actions: complete and in order, or an error.

The reference says "in chronological order"; the live service listed the newest first. So the start dates tell the order.
Lists move while they are read: an action that leaves a list moves those after it to earlier positions, one that enters moves
them to later ones. Each page therefore begins with an action that was read already; if it does not, the reader goes back.
"""

from __future__ import annotations

import typing as t
from contextlib import closing
from functools import partial

from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    CHECK_URL,
    ApiError,
    ResponseError,
    TransientError,
)
from ansible_collections.tutum.cloud.plugins.module_utils._ordering import direction_of, sort_by_start
from ansible_collections.tutum.cloud.plugins.module_utils._page import (
    MAX_TOTAL_COUNT,
    Action,
    Filters,
    Page,
    parse_page,
)
from ansible_collections.tutum.cloud.plugins.module_utils._references import LIST_PATH

if t.TYPE_CHECKING:
    from ansible_collections.tutum.cloud.plugins.module_utils._client import Client

    GetPage = t.Callable[..., Page]

PAGE_SIZE = 500
"""How many actions are requested per page. The server may return fewer."""

MAX_PASSES = 5
"""How often a list that changes while it is read is read again, and how often the reader goes back for one page."""

MAX_PAGES_WITHOUT_NEWS = 10
"""Consecutive pages without a new action. More are a loop: actions that enter the list explain some of them."""

SORTED_SAMPLE = 10
"""How many actions are requested at least where a part of a list is enough if the list is sorted."""

ORDER_SAMPLE = 100
"""How many actions are requested to learn the server's order."""


class ListMovedError(Exception):
    """The list changed in a way that the reader cannot follow."""


class ListResult(t.NamedTuple):
    """Actions in the requested order."""

    actions: list[Action]
    total_count: int | None
    """How many match; None if that is not known."""
    has_more: bool
    """Whether more match than are here."""


class ListReader:
    """Reads lists of one client."""

    def __init__(self, client: Client, *, keep: t.Callable[[Action], Action] = lambda action: action) -> None:
        """
        :param client: sends the requests.
        :param keep: reduces an action to what is needed of it; ``uuid``, ``start_date`` and ``state`` are.
        """
        self._client = client
        self._keep = keep
        self._is_newest_first: bool | None = None
        """The server's order, once a page shows it."""
        self._order_was_requested = False
        self.collected: dict[str, Action] = {}
        """What was read, by UUID, also if the list cannot be read completely."""

    def read(
        self, filters: Filters, *, deadline: float, newest_first: bool | None = False, limit: int | None = None
    ) -> ListResult:
        """Return the actions that match, by their start.

        :param filters: the API's filters.
        :param deadline: when the last response must be complete, by the client's clock.
        :param newest_first: the order of the result; None for the server's.
        :param limit: at most this many, of the beginning of that order.
        :raises ResponseError: a page is invalid, or the list has no end.
        :raises TransientError: the list changes faster than it can be read.
        :raises ApiError: as :meth:`Client.get`.
        """
        self.collected = {}
        page = partial(self.page, filters, deadline=deadline)
        least = 0 if newest_first is None else SORTED_SAMPLE
        first = page(0, limit=PAGE_SIZE if limit is None else min(PAGE_SIZE, max(least, limit + 1)))
        if limit is not None and first.has_next:
            result = self._read_part(page, first, deadline, newest_first, limit)
            if result:
                return result
        actions, _has_next = self._read_range(page, first, None)
        ordered = actions if newest_first is None else self._in_order(actions, deadline, newest_first)
        return ListResult(ordered[:limit], len(ordered), limit is not None and len(ordered) > limit)

    def page(self, filters: Filters, offset: int, *, deadline: float, limit: int = PAGE_SIZE) -> Page:
        """Return one page."""
        page = self._fetch(filters, offset, deadline=deadline, limit=limit)
        self.collected.update(zip(page.uuids, page.objects))
        if self._is_newest_first is None:
            self._is_newest_first = direction_of(page.objects)
        return page

    def _fetch(self, filters: Filters, offset: int, *, deadline: float, limit: int) -> Page:
        url = self._client.url(LIST_PATH, {**filters, "limit": limit, "offset": offset})
        content = self._client.get(url, deadline=deadline)
        page = parse_page(url, content, offset=offset, limit=limit, filters=filters)
        return page._replace(objects=[self._keep(action) for action in page.objects])

    def _read_part(
        self, page: GetPage, first: Page, deadline: float, newest_first: bool | None, limit: int
    ) -> ListResult | None:
        """Return the beginning of the requested order; None if only the whole list shows it."""
        is_newest_first = newest_first if newest_first is None else self._server_order(deadline)
        if newest_first is not None and is_newest_first is None:
            return None
        if is_newest_first == newest_first:
            actions, has_more = self._read_range(page, first, limit)
            listed = actions
        else:
            actions, has_more = self._read_end(page, first, limit)
            listed = [*first.objects, *actions] if has_more else actions
        if newest_first is not None:
            if listed != sort_by_start(listed, newest_first=bool(is_newest_first)):
                return None
            actions = self._in_order(actions, deadline, newest_first)
        known = len(actions) + has_more
        # The server's number is only a hint: the actions that were read may contradict it.
        total = known if not has_more else first.total_count if (first.total_count or 0) >= known else None
        return ListResult(actions[:limit], total, known > limit)

    def _read_end(self, page: GetPage, first: Page, count: int) -> tuple[list[Action], bool]:
        """Return the last actions of the list, as many or all, and whether there are more before them."""
        length = first.total_count or 0
        for _attempt in range(MAX_PASSES):
            if length <= first.end:
                length = self._find_length(page, first)
            start = length - count
            if start < first.end:
                break
            actions, has_next = self._read_range(page, page(start), count + PAGE_SIZE)
            if len(actions) >= count and not has_next:
                return actions[-count:], True
            # The total was wrong, or actions left the list.
            length = 0 if has_next or not actions else start + len(actions)
        return self._read_range(page, first, None)

    def _find_length(self, page: GetPage, first: Page) -> int:
        """Return the length of a list, less at most a page, by doubling and halving: the server does not report it."""
        low, high = first.end, 2 * first.end + 1
        while page(high, limit=1).objects:
            low, high = high, 2 * high
            if high > MAX_TOTAL_COUNT:
                raise self._endless(low, "the list has no end")
        while high - low > PAGE_SIZE:
            middle = (low + high) // 2
            low, high = (middle, high) if page(middle, limit=1).objects else (low, middle)
        return low + 1

    def _read_range(self, page: GetPage, first: Page, needed: int | None) -> tuple[list[Action], bool]:
        """Return the actions from a page on, up to the end of the list or as many as needed, and whether there are more.

        Two consecutive passes must agree where one is no proof: pages of a single action cannot overlap, and a list that
        repeats actions may have left out others.
        """
        previous: list[str] | None = None
        for number in range(MAX_PASSES):
            try:
                again = page(first.offset) if number else first
                found, uuids, has_next, is_certain = self._read_once(page, again, needed)
            except ListMovedError:
                previous = None
                continue
            if is_certain or uuids[:needed] == previous:
                return list(found.values()), has_next
            previous = uuids[:needed]
        url = self._client.url(LIST_PATH)
        raise TransientError(url, "The list changed repeatedly during pagination. Narrow the query, or retry")

    def _read_once(
        self, page: GetPage, first: Page, needed: int | None
    ) -> tuple[dict[str, Action], list[str], bool, bool]:
        """Return actions by UUID, all UUIDs that were read, whether there are more, and whether none was left out.

        :raises ListMovedError: the actions before this page moved beyond it.
        """
        found = dict(zip(first.uuids, first.objects))
        uuids = list(first.uuids)
        is_certain = len(found) == len(uuids)
        current = first
        without_news = 0
        while current.has_next and (needed is None or len(found) < needed):
            overlap = 1 if len(current.objects) > 1 else 0
            is_certain = is_certain and bool(overlap)
            for following in self._pages_after(page, current, overlap, needed and first.offset + needed):
                previous, current = current, following
                has_moved = bool(overlap) and not (current.uuids and current.uuids[0] in found)
                if has_moved:
                    current = self._go_back(page, previous, current.offset, first.offset, found)
                known, last = len(found), next(reversed(found), None)
                for uuid, action in zip(current.uuids, current.objects):
                    found.setdefault(uuid, action)
                uuids.extend(current.uuids[overlap:])
                news = len(found) - known
                if current.uuids[:1] == [last] and news < len(current.uuids) - 1:
                    # Nothing moved, so the list itself repeats actions.
                    is_certain = False
                without_news = 0 if news else without_news + 1
                if current.has_next and without_news >= MAX_PAGES_WITHOUT_NEWS:
                    raise self._endless(current.offset, "the page contains no new actions but links to another page")
                if has_moved:
                    break
        return found, uuids, current.has_next, is_certain

    def _pages_after(self, page: GetPage, current: Page, overlap: int, stop: int | None) -> t.Iterator[Page]:
        """Yield the pages that follow, several of them requested at a time as far as their offsets are known."""
        step = len(current.objects) - overlap
        if not step:
            # An empty page that has a next one: the server filters after it selects.
            if current.next_offset is None or current.next_offset <= current.offset:
                raise self._endless(current.offset, "an empty page links to another page")
            yield page(current.next_offset)
            return
        first = current.offset + step
        end = current.total_count or 0
        offsets = range(first, max(first + 1, min(end, stop or end) - overlap), step)
        with closing(self._client.map_in_order(page, offsets)) as outcomes:
            for outcome in outcomes:
                if isinstance(outcome, ApiError):
                    raise outcome
                yield outcome
                if not outcome.has_next or len(outcome.objects) != len(current.objects):
                    break

    def _endless(self, offset: int, problem: str) -> ResponseError:
        url = self._client.url(LIST_PATH, {"offset": offset})
        return ResponseError(url, f"Pagination loop: {problem}. {CHECK_URL}", status=200)

    def _go_back(self, page: GetPage, current: Page, offset: int, start: int, found: t.Container[str]) -> Page:
        """Return a page further to the beginning that begins with an action that was read already."""
        for attempt in range(MAX_PASSES):
            offset = max(start, offset - (len(current.objects) - 1) * 2**attempt)
            earlier = page(offset)
            if (earlier.uuids and earlier.uuids[0] in found) or not offset:
                return earlier
            if offset == start:
                break
        raise ListMovedError

    def _in_order(self, actions: list[Action], deadline: float, newest_first: bool) -> list[Action]:
        """Return actions by their start; within one second, which is all that the API shows, in the server's order."""
        if len(actions) < 2:
            return actions
        is_newest_first = self._server_order(deadline)
        if is_newest_first is None:
            # If all started in one second, the order is the reference's.
            is_newest_first = bool(direction_of(actions))
        return sort_by_start(actions if is_newest_first == newest_first else actions[::-1], newest_first=newest_first)

    def _server_order(self, deadline: float) -> bool | None:
        """Return whether the server lists the newest first; None if neither a page so far nor the list of all shows it."""
        if self._is_newest_first is None and not self._order_was_requested:
            self._order_was_requested = True
            fetch = partial(self._fetch, {}, deadline=deadline, limit=ORDER_SAMPLE)
            first = fetch(0)
            order = direction_of(first.objects)
            # Far enough away that no list moves as far in the meantime.
            beyond = first.end + ORDER_SAMPLE
            for offset in (beyond, (first.total_count or 0) - len(first.objects)):
                if order is None and first.has_next and offset >= beyond:
                    order = direction_of([*first.objects, *fetch(offset).objects])
            self._is_newest_first = order
        return self._is_newest_first
