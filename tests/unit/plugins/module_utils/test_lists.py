# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists: complete and in order on any server, also while they move, and with few requests."""

from __future__ import annotations

import threading
import typing as t
from datetime import datetime, timezone
from email.utils import format_datetime
from urllib.parse import urlsplit

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._client import Client
from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError, ResponseError, TransientError
from ansible_collections.tutum.cloud.plugins.module_utils._lists import MAX_PASSES, ListReader, ListResult
from ansible_collections.tutum.cloud.tests.unit.fakes import (
    API_URL,
    FakeApi,
    FakeClient,
    make_settings,
    page,
    response,
    uuid_of,
)

if t.TYPE_CHECKING:
    from ansible_collections.tutum.cloud.plugins.module_utils._http import Response

FAR = 1e12
"""A deadline that is never reached."""

RUNNING = (0.0, "In progress")
IN_PROGRESS = {"state": "In progress"}
BOTH_ORDERS = pytest.mark.parametrize("newest_first", [False, True], ids=["oldest first", "newest first"])
CAPS = pytest.mark.parametrize("cap", [1, 2, 7, 1000])

TOTALS: dict[str, t.Callable[[int], object]] = {
    "missing": lambda _count: ...,
    "null": lambda _count: None,
    "text": str,
    "zero": lambda _count: 0,
    "too low": lambda count: count // 2,
    "one too high": lambda count: count + 1,
    "too high": lambda count: 3 * count + 100,
    "far too high": lambda count: count + 10**8,
    "absurd": lambda count: count + 10**30,
}
EVERY_TOTAL = pytest.mark.parametrize("total", TOTALS)


@pytest.fixture(params=[False, True], ids=["server oldest first", "server newest first"])
def api(request: pytest.FixtureRequest) -> FakeApi:
    return FakeApi(newest_first=request.param)


def add(api: FakeApi, count: int, *, seconds: float = 10.0) -> list[str]:
    """Add actions in progress, and return their UUIDs, the oldest first.

    :param seconds: the time between two starts.
    """
    first = api.clock.now - seconds * count
    return [api.add(RUNNING, started=first + seconds * number) for number in range(count)]


def read(api: FakeApi, filters: t.Mapping[str, str] | None = None, **options: t.Any) -> ListResult:
    reader = ListReader(FakeClient(api, max_retries=0))
    return reader.read(filters or {}, deadline=FAR, **options)


def read_uuids(api: FakeApi, filters: t.Mapping[str, str] | None = None, **options: t.Any) -> list[str]:
    return [one["uuid"] for one in read(api, filters, **options).actions]


def in_order(uuids: list[str], *, newest_first: bool) -> list[str]:
    return uuids[::-1] if newest_first else uuids


# A list that does not move.


@CAPS
@BOTH_ORDERS
@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 13, 21])
def test_list_is_complete_and_in_order_with_any_page_size(
    api: FakeApi, count: int, cap: int, newest_first: bool
) -> None:
    api.max_limit = cap
    uuids = add(api, count)
    result = read(api, newest_first=newest_first)
    assert [one["uuid"] for one in result.actions] == in_order(uuids, newest_first=newest_first)
    assert (result.total_count, result.has_more) == (count, False)


@CAPS
@BOTH_ORDERS
def test_limit_returns_the_beginning_of_the_order(api: FakeApi, cap: int, newest_first: bool) -> None:
    api.max_limit = cap
    uuids = add(api, 21)
    for limit in (1, 2, 5, 20, 21, 22, 600):
        result = read(api, newest_first=newest_first, limit=limit)
        assert [one["uuid"] for one in result.actions] == in_order(uuids, newest_first=newest_first)[:limit]
        assert (result.total_count, result.has_more) == (21, limit < 21)


def test_server_order_is_kept_where_it_is_requested(api: FakeApi) -> None:
    listed = in_order(add(api, 5, seconds=0), newest_first=api.newest_first)
    assert read_uuids(api, newest_first=None) == listed
    result = read(api, newest_first=None, limit=3)
    assert [one["uuid"] for one in result.actions] == listed[:3]
    assert (result.total_count, result.has_more) == (5, True)
    # The start dates show no order, and none is needed.
    assert len(api.urls) == 2


@pytest.mark.parametrize(("cap", "requests"), [(1000, 1), (25, 5), (3, 50), (2, 99)])
def test_list_needs_one_request_per_page(api: FakeApi, cap: int, requests: int) -> None:
    """Each page but the first has one action that was read already."""
    api.max_limit = cap
    uuids = add(api, 100)
    assert read_uuids(api) == uuids
    assert len(api.urls) == requests


def test_pages_of_one_action_are_read_twice(api: FakeApi) -> None:
    """Only a second pass shows that none was missed: such pages cannot overlap."""
    api.max_limit = 1
    uuids = add(api, 20)
    assert read_uuids(api, newest_first=api.newest_first) == in_order(uuids, newest_first=api.newest_first)
    # One for the order of the server, with the page after it.
    assert len(api.urls) <= 2 * 20 + 3


# The total.


@CAPS
@BOTH_ORDERS
@EVERY_TOTAL
def test_total_count_is_not_needed(api: FakeApi, total: str, cap: int, newest_first: bool) -> None:
    api.max_limit = cap
    api.total_count = TOTALS[total]
    uuids = add(api, 13)
    for limit in (None, 1, 5, 13):
        result = read(api, newest_first=newest_first, limit=limit)
        assert [one["uuid"] for one in result.actions] == in_order(uuids, newest_first=newest_first)[:limit]
        assert result.has_more is (limit is not None and limit < 13)
        # A list that was read completely was counted.
        assert result.has_more or result.total_count == 13


@BOTH_ORDERS
@pytest.mark.parametrize("total", ["missing", "null", "text", "zero", "absurd"])
def test_total_count_is_null_if_the_server_does_not_show_it_and_not_all_is_read(
    api: FakeApi, total: str, newest_first: bool
) -> None:
    api.total_count = TOTALS[total]
    add(api, 50)
    result = read(api, newest_first=newest_first, limit=10)
    assert (result.total_count, result.has_more) == (None, True)


def test_total_count_that_was_refuted_is_null() -> None:
    api = FakeApi(total_count=lambda _count: 30)
    add(api, 50)
    assert read(api, limit=28).total_count == 30
    assert read(api, limit=29).total_count is None


@pytest.mark.slow
@BOTH_ORDERS
@EVERY_TOTAL
def test_wrong_total_count_costs_few_requests(api: FakeApi, total: str, newest_first: bool) -> None:
    api.total_count = TOTALS[total]
    uuids = add(api, 3000)
    assert read_uuids(api, newest_first=newest_first, limit=3) == in_order(uuids, newest_first=newest_first)[:3]
    # The end of the list is found by doubling and halving an offset.
    assert len(api.urls) <= (1 if newest_first is api.newest_first else 20)


# Many actions.


@pytest.fixture(scope="module")
def history() -> tuple[FakeApi, list[str]]:
    made = FakeApi()
    return made, add(made, 100_000, seconds=0.5)


@pytest.mark.slow
@BOTH_ORDERS
@pytest.mark.parametrize("server_newest_first", [False, True])
@pytest.mark.parametrize(("cap", "pages"), [(1000, 1), (25, 1), (4, 3)])
def test_10_of_100000_need_few_requests(
    history: tuple[FakeApi, list[str]], cap: int, pages: int, newest_first: bool, server_newest_first: bool
) -> None:
    api, uuids = history
    api.urls.clear()
    api.max_limit, api.newest_first = cap, server_newest_first
    result = read(api, newest_first=newest_first, limit=10)
    assert [one["uuid"] for one in result.actions] == in_order(uuids, newest_first=newest_first)[:10]
    assert (result.total_count, result.has_more) == (100_000, True)
    # At the other end of the list, one request shows its length.
    assert len(api.urls) == (pages if newest_first is server_newest_first else pages + 1)


# The link to the next page.


@CAPS
@pytest.mark.parametrize(
    "link",
    [
        "/api/v1/action/?limit=500&limit={limit}&offset=0&offset={offset}",
        "?limit={limit}&offset={offset}",
        "https://evil.example.org/api/v1/action/?limit={limit}&offset={offset}",
        "http://tutum.example.org/api/v1/action/?limit={limit}&offset={offset}",
        "https://tutum.example.org:8443/gateway/api/v1/action/?limit={limit}&offset={offset}",
        "https://tutum.example.org/api/v1/action/?page=2",
        "there is more",
    ],
)
def test_next_may_have_any_form_and_no_request_goes_there(api: FakeApi, link: str, cap: int) -> None:
    api.max_limit = cap
    api.next_link = lambda limit, offset: link.format(limit=limit, offset=offset)
    uuids = add(api, 10)
    assert read_uuids(api, IN_PROGRESS) == uuids
    for url, query in zip(api.urls, api.queries):
        assert url.startswith(f"{API_URL}action/?")
        assert set(query) <= {"state", "limit", "offset"}
        assert len(urlsplit(url).query.split("&")) == len(query)


def test_missing_next_does_not_end_a_list(api: FakeApi) -> None:
    class Api(FakeApi):
        def _list(self, *arguments: t.Any) -> dict[str, t.Any]:
            content = super()._list(*arguments)
            del content["meta"]["next"]
            return content

    other = Api(newest_first=api.newest_first, max_limit=4)
    uuids = add(other, 11)
    assert read_uuids(other) == uuids


class SparseApi(FakeApi):
    """Applies filters after the selection of a page: pages may be empty, or have a few of their actions."""

    def _list(self, existing: t.Any, query: dict[str, str]) -> dict[str, t.Any]:
        state = query.pop("state", None)
        content = super()._list(existing, query)
        content["objects"] = [one for one in content["objects"] if state in (None, one["state"])]
        return content


@pytest.mark.parametrize("newest_first", [False, True])
def test_empty_page_with_a_next_is_not_the_end(newest_first: bool) -> None:
    api = SparseApi(newest_first=newest_first, max_limit=2)
    add(api, 11)
    for number, one in enumerate(api.actions):
        if number not in (0, 8):
            one.timeline = [(0, "Success")]
    assert read_uuids(api, IN_PROGRESS) == [api.actions[0].uuid, api.actions[8].uuid]


@pytest.mark.slow
@BOTH_ORDERS
@pytest.mark.parametrize("server_newest_first", [False, True])
def test_end_of_a_list_with_empty_pages_is_found(newest_first: bool, server_newest_first: bool) -> None:
    api = SparseApi(newest_first=server_newest_first, max_limit=25, total_count=lambda _count: None)
    uuids = add(api, 1200)
    for number, one in enumerate(api.actions):
        if number % 7:
            one.timeline = [(0, "Success")]
    expected = in_order(uuids[::7], newest_first=newest_first)
    assert read_uuids(api, IN_PROGRESS, newest_first=newest_first, limit=3) == expected[:3]


class EstimatingApi(FakeApi):
    """Derives ``next`` from an estimated total."""

    def _list(self, existing: t.Any, query: dict[str, str]) -> dict[str, t.Any]:
        offset, limit = int(query["offset"]), min(int(query["limit"]), self.max_limit)
        content = super()._list(existing, query)
        has_next = offset + limit < content["meta"]["total_count"]
        content["meta"]["next"] = self.next_link(limit, offset + limit) if has_next else None
        return content


@BOTH_ORDERS
@pytest.mark.parametrize("limit", [None, 1, 12])
@pytest.mark.parametrize("server_newest_first", [False, True])
def test_next_of_a_total_that_is_too_high_leads_to_empty_pages(
    limit: int | None, newest_first: bool, server_newest_first: bool
) -> None:
    api = EstimatingApi(max_limit=5, newest_first=server_newest_first, total_count=lambda count: count + 25)
    uuids = in_order(add(api, 23), newest_first=newest_first)
    assert read_uuids(api, newest_first=newest_first, limit=limit) == uuids[:limit]


@pytest.mark.parametrize("next_link", ["?offset=0", "?offset=-5", "?offset=x", "more"])
def test_empty_page_whose_next_does_not_advance_is_a_loop(next_link: str) -> None:
    api = FakeApi()
    api.fault_for = lambda _url: response(page([], 10, next_link))
    with pytest.raises(ResponseError, match=r"offset=0 failed: Pagination loop: an empty page links to another page\."):
        read(api)
    assert len(api.urls) == 1


@pytest.mark.parametrize("limit", [None, 3])
@BOTH_ORDERS
def test_empty_pages_without_an_end_are_a_loop(limit: int | None, newest_first: bool) -> None:
    api = FakeApi()

    def empty(_url: str) -> Response:
        offset = int(api.queries[-1]["offset"])
        return response(page([], None, f"?offset={offset + 25}"))

    api.fault_for = empty
    with pytest.raises(ResponseError, match="Pagination loop"):
        read(api, limit=limit, newest_first=newest_first)
    assert len(api.urls) <= 50


# Ties: the API shows whole seconds.


@BOTH_ORDERS
@CAPS
def test_ties_keep_the_order_of_the_server(api: FakeApi, cap: int, newest_first: bool) -> None:
    api.max_limit = cap
    # Three a second.
    uuids = in_order(add(api, 12, seconds=1 / 3), newest_first=newest_first)
    for limit in (None, 1, 3, 7, 9):
        assert read_uuids(api, newest_first=newest_first, limit=limit) == uuids[:limit]


@BOTH_ORDERS
@pytest.mark.parametrize("limit", [None, 1])
def test_tie_in_the_whole_list_is_decided_by_the_list_of_all(
    api: FakeApi, limit: int | None, newest_first: bool
) -> None:
    api.add((0, "Success"), started=1.0)
    uuids = [api.add(RUNNING, started=5 + number / 10) for number in range(3)]
    expected = in_order(uuids, newest_first=newest_first)[:limit]
    assert read_uuids(api, IN_PROGRESS, newest_first=newest_first, limit=limit) == expected
    assert api.queries[1] == {"limit": "100", "offset": "0"}
    assert len(api.urls) <= 3


@BOTH_ORDERS
@pytest.mark.parametrize("cap", [2, 4])
def test_tie_on_the_first_pages_does_not_hide_the_order(api: FakeApi, cap: int, newest_first: bool) -> None:
    api.max_limit = cap
    uuids = [api.add(RUNNING, started=second + number / 10) for second in (1, 2, 3) for number in range(9)]
    expected = in_order(uuids, newest_first=newest_first)
    for limit in (None, 1, 2, 4):
        assert read_uuids(api, newest_first=newest_first, limit=limit) == expected[:limit]


def test_list_of_one_second_is_in_the_order_of_the_reference() -> None:
    """Chronological. Nothing else shows an order."""
    api = FakeApi()
    uuids = add(api, 4, seconds=0)
    reader = ListReader(FakeClient(api))
    for _read in range(2):
        result = reader.read(IN_PROGRESS, deadline=FAR, newest_first=True, limit=3)
        assert [one["uuid"] for one in result.actions] == uuids[:0:-1]
    # The order is requested once.
    assert len([query for query in api.queries if "state" not in query]) == 1


# Lists that are not sorted, or not readable.


class ShuffledApi(FakeApi):
    """Lists actions in an order of its own, always the same."""

    def _list(self, existing: t.Any, query: dict[str, str]) -> dict[str, t.Any]:
        actions = list(existing)
        shuffled = sorted(actions, key=lambda one: one.uuid[-2:])
        starts = {one.uuid: one.started for one in actions}
        for number, one in enumerate(shuffled):
            one.started = float(number)
        content = super()._list(shuffled, query)
        for one in actions:
            one.started = starts[one.uuid]
        for shown in content["objects"]:
            shown["start_date"] = _date(starts[shown["uuid"]])
        return content


def _date(second: float) -> str:
    return format_datetime(datetime.fromtimestamp(1_400_000_000 + second, timezone.utc))


@BOTH_ORDERS
@pytest.mark.parametrize("limit", [None, 1, 4, 10])
@pytest.mark.parametrize("cap", [5, 1000])
def test_unsorted_list_is_read_completely_and_sorted(limit: int | None, cap: int, newest_first: bool) -> None:
    api = ShuffledApi(max_limit=cap)
    seconds = [5, 3, 9, 1, 7, 11, 2, 8, 4, 6, 10, 0]
    uuids = [api.add(RUNNING, started=float(second)) for second in seconds]
    expected = [uuid for _second, uuid in sorted(zip(seconds, uuids), reverse=newest_first)]
    assert read_uuids(api, newest_first=newest_first, limit=limit) == expected[:limit]


@BOTH_ORDERS
@pytest.mark.parametrize("unreadable", [{0}, {19}, {4, 5, 6}, {0, 1, 18, 19}])
def test_unreadable_date_does_not_change_the_order(api: FakeApi, unreadable: set[int], newest_first: bool) -> None:
    api.max_limit = 6
    uuids = in_order(add(api, 20), newest_first=newest_first)
    for number in unreadable:
        api.actions[number].fields["start_date"] = None if number % 2 else "soon"
    for limit in (None, 1, 2, 5, 19):
        assert read_uuids(api, newest_first=newest_first, limit=limit) == uuids[:limit]


@pytest.mark.parametrize("cap", [1, 3, 100])
@pytest.mark.parametrize("limit", [None, 4])
def test_list_without_readable_dates_is_complete(cap: int, limit: int | None) -> None:
    api = FakeApi(max_limit=cap, show_date=lambda _date: "soon")
    uuids = add(api, 10)
    assert read_uuids(api, limit=limit) == uuids[:limit]


class RepeatingApi(FakeApi):
    """Repeats an action of each page on the next one, as an unstable order in a database does."""

    def __init__(self, repeats: t.Mapping[int, int], **options: t.Any) -> None:
        """
        :param repeats: for a position in the list, the position of the action that it shows instead.
        """
        super().__init__(**options)
        self.repeats = repeats

    def _list(self, existing: t.Any, query: dict[str, str]) -> dict[str, t.Any]:
        actions = list(existing)
        content = super()._list(actions, dict(query))
        offset = int(query["offset"])
        for index in range(len(content["objects"])):
            if offset + index in self.repeats:
                content["objects"][index] = actions[self.repeats[offset + index]].shown(self.clock.now)
        return content


def test_list_that_always_repeats_an_action_returns_it_once() -> None:
    api = RepeatingApi({6: 2, 11: 10}, max_limit=5)
    uuids = add(api, 15)
    assert read_uuids(api) == [uuid for number, uuid in enumerate(uuids) if number not in (6, 11)]
    # The second pass shows that it is not an accident.
    assert api.queries[-1]["offset"] == "12"
    assert len(api.urls) == 8


def test_list_that_once_repeats_an_action_is_read_again() -> None:
    """The repeated action may have replaced another one."""
    repeats = {6: 2}
    api = RepeatingApi(repeats, max_limit=5)
    uuids = add(api, 15)
    api.before = lambda _url: repeats.clear() if len(api.urls) > 3 else None
    assert read_uuids(api) == uuids


@pytest.mark.parametrize("limit", [None, 3])
def test_action_repeated_within_a_page_is_returned_once(limit: int | None) -> None:
    api = RepeatingApi({1: 0, 4: 3}, max_limit=10)
    uuids = add(api, 6)
    expected = [uuids[0], uuids[2], uuids[3], uuids[5]]
    assert read_uuids(api, limit=limit) == expected[:limit]


# Lists that move.


@BOTH_ORDERS
@pytest.mark.parametrize("cap", [1, 2, 5])
@pytest.mark.parametrize("leaves", [0, 3, 9])
@pytest.mark.parametrize("request_number", [2, 3])
def test_action_that_leaves_hides_no_other(
    api: FakeApi, request_number: int, leaves: int, cap: int, newest_first: bool
) -> None:
    api.max_limit = cap
    uuids = add(api, 12)

    def leave(_url: str) -> None:
        if len(api.urls) == request_number:
            api.actions[leaves].timeline = [(0, "Success")]

    api.before = leave
    found = read_uuids(api, IN_PROGRESS, newest_first=newest_first)
    del uuids[leaves]
    assert [uuid for uuid in found if uuid in uuids] == in_order(uuids, newest_first=newest_first)
    assert len(found) <= 12


@BOTH_ORDERS
@pytest.mark.parametrize("cap", [1, 2, 5])
@pytest.mark.parametrize("second", [0.5, 55.0, 990.0], ids=["the oldest", "in the middle", "the newest"])
@pytest.mark.parametrize("request_number", [2, 3])
def test_action_that_enters_repeats_no_other(
    api: FakeApi, request_number: int, second: float, cap: int, newest_first: bool
) -> None:
    api.max_limit = cap
    uuids = [api.add(RUNNING, started=10.0 * number) for number in range(1, 13)]

    def enter(_url: str) -> None:
        if len(api.urls) == request_number:
            api.add(RUNNING, started=second)

    api.before = enter
    found = read_uuids(api, IN_PROGRESS, newest_first=newest_first)
    assert [uuid for uuid in found if uuid in uuids] == in_order(uuids, newest_first=newest_first)
    assert len(found) == len(set(found))


@BOTH_ORDERS
@pytest.mark.parametrize("request_number", [2, 3, 4])
def test_newest_60_of_120_are_complete_if_one_leaves_and_one_enters(
    api: FakeApi, request_number: int, newest_first: bool
) -> None:
    api.max_limit = 25
    uuids = add(api, 120)
    leaving = 100 if newest_first else 20

    def move(_url: str) -> None:
        if len(api.urls) == request_number:
            api.actions[leaving].timeline = [(0, "Success")]
            api.add(RUNNING, started=api.clock.now)

    api.before = move
    result = read(api, IN_PROGRESS, newest_first=newest_first, limit=60)
    found = [one["uuid"] for one in result.actions]
    expected = [uuid for uuid in in_order(uuids, newest_first=newest_first) if uuid != uuids[leaving]]
    kept = [uuid for uuid in found if uuid in expected]
    # Only the action that left, and the one that entered, may take the place of others.
    assert kept == expected[: len(kept)]
    assert len(kept) >= 58
    assert (len(found), result.has_more) == (60, True)
    assert len(api.urls) <= 8


@BOTH_ORDERS
@pytest.mark.parametrize("limit", [3, 10])
def test_end_of_a_list_is_found_when_it_shrinks(api: FakeApi, limit: int, newest_first: bool) -> None:
    uuids = add(api, 40)

    def shrink(_url: str) -> None:
        if len(api.urls) == 2:
            for one in api.actions[15:25]:
                one.vanishes = 0.0

    api.before = shrink
    left = uuids[:15] + uuids[25:]
    assert read_uuids(api, newest_first=newest_first, limit=limit) == in_order(left, newest_first=newest_first)[:limit]


@pytest.mark.parametrize("left", [0, 1, 2, 30])
@pytest.mark.parametrize("cap", [2, 25])
def test_list_that_becomes_short_is_read_to_its_end(api: FakeApi, left: int, cap: int) -> None:
    api.max_limit = cap
    uuids = add(api, 60)

    def shrink(_url: str) -> None:
        if len(api.urls) == 3:
            for one in api.actions[: 60 - left]:
                one.vanishes = 0.0

    api.before = shrink
    found = read_uuids(api)
    assert [uuid for uuid in found if uuid in uuids[60 - left :]] == uuids[60 - left :]


def test_list_that_moves_in_each_pass_is_an_error(api: FakeApi) -> None:
    api.max_limit = 1
    add(api, 10)
    api.before = lambda url: api.add(RUNNING, started=900.0 + len(api.urls)) if url.endswith("&offset=0") else None
    with pytest.raises(TransientError) as caught:
        read(api)
    assert str(caught.value) == (
        f"GET {API_URL}action/ failed: The list changed repeatedly during pagination. Narrow the query, or retry."
    )
    assert len(api.urls) <= 20 * MAX_PASSES


@BOTH_ORDERS
def test_list_that_grows_as_fast_as_it_is_read_ends_by_its_deadline(api: FakeApi, newest_first: bool) -> None:
    api.max_limit, api.latency = 5, 1.0
    add(api, 20)

    def grow(_url: str) -> None:
        for _action in range(4):
            api.add(RUNNING, started=api.clock.now)

    api.before = grow
    deadline = api.clock() + 60
    reader = ListReader(FakeClient(api, max_retries=0))
    with pytest.raises(ApiError, match=r"timeout expired|Pagination loop"):
        reader.read({}, deadline=deadline, newest_first=newest_first)
    assert api.clock() <= deadline


@BOTH_ORDERS
@pytest.mark.parametrize("limit", [None, 5])
def test_order_of_the_server_is_not_learned_from_two_states_of_a_list(limit: int | None, newest_first: bool) -> None:
    """The second page begins with an action that started after the first page was read."""
    api = FakeApi(newest_first=True, max_limit=1, total_count=lambda _count: None)
    uuids = [api.add(RUNNING, started=second + number / 10) for second in (5, 6) for number in range(4)]

    def start(_url: str) -> None:
        if len(api.urls) == 3:
            api.add(RUNNING, started=900.0)
            api.add(RUNNING, started=901.0)

    api.before = start
    found = read_uuids(api, IN_PROGRESS, newest_first=newest_first, limit=limit)
    expected = in_order(uuids, newest_first=newest_first)
    kept = [uuid for uuid in found if uuid in uuids]
    assert kept == expected[: len(kept)]
    assert len(kept) >= (8 if limit is None else 3)


# Servers that do not conform to the reference.


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "Failed"),
        ("object", "/api/v1/service/other/"),
        ("uuid__startswith", "ffffffff"),
        ("start_date__gte", "2014-10-01T00:00:00Z"),
        ("start_date__lte", "2014-09-01T00:00:00Z"),
        ("end_date__gte", "2014-10-01T00:00:00Z"),
        ("end_date__lte", "2014-09-01T00:00:00Z"),
    ],
)
@pytest.mark.parametrize("limit", [None, 1])
def test_server_that_ignores_a_filter_is_an_error_that_names_it(name: str, value: str, limit: int | None) -> None:
    api = FakeApi(ignored_filters=[name])
    api.add()
    with pytest.raises(ResponseError, match=f"do not match the filter {name}: the server ignores it"):
        read(api, {name: value}, limit=limit)
    # The same server and filter, but nothing that shows it.
    api.actions.clear()
    assert read_uuids(api, {name: value}) == []


def test_server_that_ignores_a_filter_on_the_second_page_is_an_error(api: FakeApi) -> None:
    api.max_limit = 3
    add(api, 9)

    def ignore(_url: str) -> None:
        if len(api.urls) == 2:
            api.actions[4].timeline = [(0, "Success")]
            api.ignored_filters = ["state"]

    api.before = ignore
    with pytest.raises(ResponseError, match="the filter state"):
        read(api, IN_PROGRESS)


class FixedApi(FakeApi):
    """Ignores the offset."""

    def _list(self, existing: t.Any, query: dict[str, str]) -> dict[str, t.Any]:
        return super()._list(existing, {**query, "offset": "0"})


@CAPS
@BOTH_ORDERS
@pytest.mark.parametrize("limit", [None, 2, 15])
@pytest.mark.parametrize("total", ["null", "one too high"])
@pytest.mark.parametrize("server_newest_first", [False, True])
def test_server_that_ignores_the_offset_is_a_pagination_loop(
    cap: int, limit: int | None, total: str, newest_first: bool, server_newest_first: bool
) -> None:
    api = FixedApi(max_limit=cap, newest_first=server_newest_first, total_count=TOTALS[total])
    uuids = add(api, 20)
    try:
        found = read_uuids(api, newest_first=newest_first, limit=limit)
    except ResponseError as error:
        assert "Pagination loop" in str(error)  # noqa: PT017 - not with every parameter
    else:
        # All requested actions were on one page.
        assert found == in_order(uuids, newest_first=newest_first)[:limit]
        assert cap >= (limit or 20)
    assert len(api.urls) <= 50


def test_action_that_never_ends_a_list_is_a_pagination_loop(api: FakeApi) -> None:
    action = {"uuid": uuid_of(1)}
    api.fault_for = lambda _url: response(page([action], 10**6, f"?offset={len(api.urls)}"))
    with pytest.raises(ResponseError) as caught:
        read(api)
    assert "Pagination loop: the page contains no new actions but links to another page." in str(caught.value)
    assert len(api.urls) <= 11


def test_server_that_changes_its_page_size_loses_no_action(api: FakeApi) -> None:
    uuids = add(api, 30)
    sizes = iter([4, 3, 6, 1, 5, 2, 2, 7])
    api.before = lambda _url: setattr(api, "max_limit", next(sizes, 4))
    assert read_uuids(api) == uuids


# Errors, and the actions that were read before them.


def test_error_on_a_page_leaves_what_was_collected(api: FakeApi) -> None:
    api.max_limit = 10
    uuids = add(api, 30)
    api.fault_for = lambda _url: response(status=503) if len(api.urls) == 3 else None
    reader = ListReader(FakeClient(api, max_retries=0))
    with pytest.raises(TransientError, match="HTTP 503"):
        reader.read({}, deadline=FAR)
    assert list(reader.collected) == in_order(uuids, newest_first=api.newest_first)[:19]


def test_error_of_the_request_for_the_order_collects_no_other_action(api: FakeApi) -> None:
    api.add((0, "Success"))
    api.add(RUNNING)
    api.add(RUNNING)
    api.fault_for = lambda url: None if "state" in url else response(status=403)
    reader = ListReader(FakeClient(api))
    with pytest.raises(ApiError, match="403"):
        reader.read(IN_PROGRESS, deadline=FAR)
    assert sorted(reader.collected) == [uuid_of(2), uuid_of(3)]


def test_deadline_ends_a_list() -> None:
    api = FakeApi(max_limit=2, latency=3.0)
    add(api, 100)
    reader = ListReader(FakeClient(api))
    deadline = api.clock() + 10
    with pytest.raises(TransientError):
        reader.read({}, deadline=deadline)
    assert api.clock() <= deadline
    assert len(api.urls) == 4


def test_keep_reduces_each_action_as_it_is_read(api: FakeApi) -> None:
    api.max_limit = 3
    uuids = add(api, 8)
    kept: list[str] = []

    def keep(action: dict[str, t.Any]) -> dict[str, t.Any]:
        kept.append(action["uuid"])
        return {name: action[name] for name in ("uuid", "start_date", "state")}

    result = ListReader(FakeClient(api), keep=keep).read({}, deadline=FAR)
    assert [one["uuid"] for one in result.actions] == uuids
    assert {len(one) for one in result.actions} == {3}
    assert set(kept) == set(uuids)


# Several connections.


class SlowTransport:
    """Each response takes long by the clock; the second request and later ones are held until two run at a time."""

    def __init__(self, api: FakeApi) -> None:
        self._api = api
        self._lock = threading.Lock()
        self._both = threading.Event()
        self._running = 0
        self.most = 0

    def send(self, method: str, url: str, seconds: float, **options: t.Any) -> Response:
        with self._lock:
            self._running += 1
            self.most = max(self.most, self._running)
            if self._running > 1:
                self._both.set()
        if len(self._api.urls) > 2:
            self._both.wait(10)
        with self._lock:
            self._running -= 1
            return self._api.send(method, url, seconds, **options)

    def close(self) -> None:
        pass


@pytest.mark.parametrize("limit", [None, 80])
def test_pages_of_a_slow_server_are_read_over_several_connections(api: FakeApi, limit: int | None) -> None:
    api.max_limit, api.latency = 5, 0.3
    uuids = add(api, 100)
    transport = SlowTransport(api)
    client = Client(make_settings(), clock=api.clock, transport=t.cast("t.Any", transport))
    result = ListReader(client).read({}, deadline=FAR, newest_first=api.newest_first, limit=limit)
    assert [one["uuid"] for one in result.actions] == in_order(uuids, newest_first=api.newest_first)[:limit]
    assert transport.most > 1
    # No page is requested twice, and no page that is not needed.
    assert len(api.urls) == len(set(api.urls)) == (25 if limit is None else 20)
