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

from ansible_collections.tutum.cloud.plugins.module_utils._dates import cut_to_second, parse_api_date
from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError, ResponseError, TransientError
from ansible_collections.tutum.cloud.plugins.module_utils._pages import Action, Filters, Page, parse_page

if t.TYPE_CHECKING:
    from datetime import datetime

    from ansible_collections.tutum.cloud.plugins.module_utils._client import Client

LIST_PATH = "action/"

PAGE_SIZE = 500
"""How many actions are requested per page. The server may return fewer."""

MAX_PASSES = 5
"""How often a list that changes while it is read is read again, and how often the reader goes back for one page."""

MAX_PAGES_WITHOUT_NEWS = 3
"""Consecutive pages without a new action. More is a loop: actions that entered the list explain some of them."""

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
        """The server's order, once it is known."""
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
        first = page(0, limit=PAGE_SIZE if limit is None else max(2, min(PAGE_SIZE, limit + 1)))
        if limit is not None and first.has_next:
            result = self._read_part(page, first, deadline, newest_first, limit)
            if result:
                return result
        actions, _has_next = self._read_range(page, first, None)
        ordered = actions if newest_first is None else self._in_order(actions, deadline, newest_first)
        return ListResult(ordered[:limit], len(ordered), limit is not None and len(ordered) > limit)

    def page(self, filters: Filters, offset: int, *, deadline: float, limit: int = PAGE_SIZE) -> Page:
        """Return one page."""
        url = self._client.url(LIST_PATH, {**filters, "limit": limit, "offset": offset})
        content = self._client.get(url, deadline=deadline)
        page = parse_page(url, content, offset=offset, limit=limit, filters=filters)
        page = page._replace(objects=[self._keep(action) for action in page.objects])
        self.collected.update(zip(page.uuids, page.objects))
        return page

    def _read_part(
        self, page: t.Callable[..., Page], first: Page, deadline: float, newest_first: bool | None, limit: int
    ) -> ListResult | None:
        """Return the beginning of the requested order; None if the list is not in order, so that all of it is needed."""
        is_newest_first = _direction(first.objects)
        if is_newest_first is None:
            is_newest_first = self._server_order(deadline)
        if newest_first is None or is_newest_first == newest_first:
            actions, has_more = self._read_range(page, first, limit)
        else:
            actions, has_more = self._read_end(page, first, limit)
        if newest_first is None:
            return ListResult(actions[:limit], first.total_count, has_more or len(actions) > limit)
        if not _is_sorted(actions, is_newest_first):
            return None
        ordered = self._in_order(actions, deadline, newest_first, is_newest_first)
        total = None if first.total_count is None else max(first.total_count, len(ordered))
        return ListResult(ordered[:limit], total, has_more or len(ordered) > limit)

    def _read_end(self, page: t.Callable[..., Page], first: Page, count: int) -> tuple[list[Action], bool]:
        """Return up to ``count`` actions at the end of the list, and whether there are more before them."""
        start = max(0, (first.total_count or 0) - count)
        for attempt in range(MAX_PASSES):
            if not start:
                break
            actions, _has_next = self._read_range(page, page(start), None)
            if len(actions) >= count:
                return actions[-count:], True
            # The total was too high, or actions left the list.
            start = max(0, start + len(actions) - count if actions else start - count - PAGE_SIZE * 2**attempt)
        actions, _has_next = self._read_range(page, first, None)
        return actions[-count:], len(actions) > count

    def _read_range(
        self, page: t.Callable[..., Page], first: Page, needed: int | None
    ) -> tuple[list[Action], bool]:
        """Return the actions from a page on, up to the end of the list or as many as needed, and whether there are more.

        Two consecutive passes must agree where one is no proof: pages of a single action cannot overlap, and a list that
        repeats actions may have left out others.
        """
        previous: list[str] | None = None
        for _pass in range(MAX_PASSES):
            try:
                found, has_next, is_certain = self._read_once(page, first, needed)
            except ListMovedError:
                previous = None
            else:
                if is_certain or list(found) == previous:
                    return list(found.values()), has_next
                previous = list(found)
            first = page(first.offset)
        url = self._client.url(LIST_PATH)
        raise TransientError(url, "The list changed repeatedly during pagination. Narrow the query, or retry")

    def _read_once(
        self, page: t.Callable[..., Page], first: Page, needed: int | None
    ) -> tuple[dict[str, Action], bool, bool]:
        """Return actions by UUID in the list's order, whether there are more, and whether none was certainly left out."""
        found = dict(zip(first.uuids, first.objects))
        is_certain = len(found) == len(first.uuids)
        current = first
        without_news = 0
        while current.has_next and (needed is None or len(found) < needed):
            overlap = 1 if len(current.objects) > 1 else 0
            is_certain = is_certain and bool(overlap)
            for following in self._pages_after(page, current, overlap, first.offset, needed):
                known = len(found)
                is_expected = following.offset == current.end - overlap
                if overlap and not (following.uuids and following.uuids[0] in found):
                    following = self._go_back(page, following, first.offset, found)  # noqa: PLW2901 - in its place
                    is_expected = False
                elif following.uuids[:1] == current.uuids[-1:]:
                    # Nothing moved, so what is repeated below is repeated by the list itself.
                    is_certain = is_certain and not any(uuid in found for uuid in following.uuids[1:])
                for uuid, one in zip(following.uuids, following.objects):
                    found.setdefault(uuid, one)
                current = following
                without_news = 0 if len(found) > known else without_news + 1
                if current.has_next and without_news >= MAX_PAGES_WITHOUT_NEWS:
                    raise self._endless(current, "the page contains no new actions but links to another page")
                if not (is_expected and current.has_next) or (needed is not None and len(found) >= needed):
                    break
        return found, current.has_next, is_certain

    def _pages_after(
        self, page: t.Callable[..., Page], current: Page, overlap: int, start: int, needed: int | None
    ) -> t.Iterator[Page]:
        """Yield the pages that follow, several of them requested at a time as far as their offsets are known."""
        step = len(current.objects) - overlap
        if not step:
            # An empty page that has a next one: the server filters after it selects.
            if current.next_offset is None or current.next_offset <= current.offset:
                raise self._endless(current, "an empty page links to another page")
            yield page(current.next_offset)
            return
        first = current.offset + step
        end = current.total_count or 0
        if needed is not None:
            end = min(end, start + needed)
        offsets = range(first, max(end - overlap, first + 1), step)
        with closing(self._client.map_in_order(page, offsets)) as outcomes:
            for outcome in outcomes:
                if isinstance(outcome, ApiError):
                    raise outcome
                yield outcome

    def _endless(self, page: Page, problem: str) -> ResponseError:
        url = self._client.url(LIST_PATH, {"offset": page.offset})
        return ResponseError(url, f"Pagination loop: {problem}", status=200)

    def _go_back(self, page: t.Callable[..., Page], moved: Page, start: int, found: t.Container[str]) -> Page:
        """Return a page further to the beginning that begins with an action that was read already."""
        back = max(1, len(moved.objects))
        offset = moved.offset
        for attempt in range(MAX_PASSES):
            offset = max(start, offset - back * 2**attempt)
            earlier = page(offset)
            if earlier.uuids and earlier.uuids[0] in found:
                return earlier
            if offset == start:
                if not start:
                    return earlier
                break
        raise ListMovedError

    def _in_order(
        self, actions: list[Action], deadline: float, newest_first: bool, is_newest_first: bool | None = None
    ) -> list[Action]:
        """Return actions by their start; within one second, which is all that the API shows, in the server's order."""
        if len(actions) < 2:
            return actions
        if is_newest_first is None:
            is_newest_first = _direction(actions)
        if is_newest_first is None:
            is_newest_first = self._server_order(deadline)
        ordered = actions[::-1] if is_newest_first else list(actions)
        starts = [start_of(action) for action in ordered]
        if all(starts):
            ordered = [ordered[index] for index in sorted(range(len(ordered)), key=starts.__getitem__)]
        return ordered[::-1] if newest_first else ordered

    def _server_order(self, deadline: float) -> bool:
        """Return whether the server lists the newest first. Asked only where the list itself does not show it."""
        if self._is_newest_first is None:
            collected = dict(self.collected)
            first = self.page({}, 0, deadline=deadline, limit=ORDER_SAMPLE)
            order = _direction(first.objects)
            if order is None and first.has_next and first.total_count and first.total_count > first.end:
                last = self.page({}, first.total_count - 1, deadline=deadline, limit=ORDER_SAMPLE)
                order = _direction([*first.objects[:1], *last.objects[-1:]])
            # All in one second: the order is the reference's.
            self._is_newest_first = bool(order)
            self.collected = collected
        return self._is_newest_first


def start_of(action: Action) -> datetime | None:
    """Return the start of an action, to the second; None if it cannot be read."""
    moment = parse_api_date(action.get("start_date"))
    return cut_to_second(moment) if moment else None


def _direction(actions: t.Sequence[Action]) -> bool | None:
    """Return whether actions are listed with the newest first; None if their start dates do not show it."""
    first, last = (start_of(actions[0]), start_of(actions[-1])) if actions else (None, None)
    return None if first is None or last is None or first == last else first > last


def _is_sorted(actions: t.Sequence[Action], is_newest_first: bool) -> bool:
    starts = [start_of(action) for action in actions]
    known = [start for start in starts if start]
    return len(known) == len(starts) and known == sorted(known, reverse=is_newest_first)
