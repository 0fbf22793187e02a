# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists on simulated servers of either order that cap pages, count wrongly, and change while they are read.

The property: every action that matched in each response is returned exactly once and in order, or there is an error.
"""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from ansible_collections.tutum.cloud.plugins.module_utils._actions import STATES, ActionsClient
from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError
from ansible_collections.tutum.cloud.plugins.module_utils._queries import QueryRunner
from ansible_collections.tutum.cloud.plugins.module_utils._query_options import Query
from ansible_collections.tutum.cloud.tests.unit.fakes import API_URL, FakeAction, FakeApi, FakeClient
from ansible_collections.tutum.cloud.tests.unit.properties import PROPERTY

pytestmark = pytest.mark.slow

MAX_REQUESTS = 700
"""More requests for at most 60 actions are a loop."""

WANTED = "In progress"

TOTALS: dict[str, t.Callable[[int], object]] = {
    "honest": lambda count: count,
    "missing": lambda _count: ...,
    "null": lambda _count: None,
    "zero": lambda _count: 0,
    "half": lambda count: count // 2,
    "one too high": lambda count: count + 1,
    "double": lambda count: 2 * count + 9,
    "far too high": lambda count: count + 7000,
    "absurd": lambda count: count * 10**20,
}


class Change(t.NamedTuple):
    """A change of the server's list before the response to a request."""

    request: int
    kind: str
    position: float
    """The index of the action that changes, among those that may change."""
    second: float
    """When an action that enters has started."""


class Server(FakeApi):
    """Changes its lists as specified, and records the actions that each response could show."""

    def __init__(
        self, started: t.Iterable[tuple[float, bool]], total: str, changes: t.Sequence[Change] = (), **options: t.Any
    ) -> None:
        """
        :param started: when each action started, and whether it matches.
        :param total: how the server counts.
        :param changes: what changes while the list is read.
        """
        super().__init__(total_count=TOTALS[total], **options)
        for second, matches in started:
            self.add((0, WANTED if matches else "Success"), started=second)
        self.is_honest = total == "honest"
        self.changes = changes
        self.matching: list[set[str]] = []
        """The UUIDs that matched at each response."""
        self.shows_order = False
        """Whether a page had actions of different seconds."""
        self.before = self._change

    def _change(self, _url: str) -> None:
        number = len(self.urls)
        assert number <= MAX_REQUESTS
        for change in self.changes:
            if change.request == number:
                self._apply(change)
        self.matching.append({one.uuid for one in self.actions if self._is_wanted(one)})

    def _is_wanted(self, one: FakeAction) -> bool:
        return one.state(self.clock.now) == WANTED

    def _apply(self, change: Change) -> None:
        inside = [one for one in self.actions if self._is_wanted(one)]
        outside = [one for one in self.actions if not self._is_wanted(one)]
        if change.kind == "leaves" and inside:
            inside[int(change.position * len(inside))].timeline = [(0, "Success")]
        elif change.kind == "returns" and outside:
            outside[int(change.position * len(outside))].timeline = [(0, WANTED)]
        elif change.kind == "enters":
            self.add((0, WANTED), started=change.second)
        elif change.kind == "starts":
            self.add((0, WANTED), started=500.0 + change.request / 3)

    def _list(self, existing: t.Any, query: dict[str, str]) -> dict[str, t.Any]:
        content = super()._list(existing, query)
        self.shows_order = self.shows_order or len({one["start_date"] for one in content["objects"]}) > 1
        return content

    def ranks(self, *, newest_first: bool) -> dict[str, int]:
        """Return the place of each action in the requested order."""
        ordered = sorted(self.actions, key=lambda one: one.started)
        return {one.uuid: -place if newest_first else place for place, one in enumerate(ordered)}


seconds = st.integers(0, 5) | st.integers(0, 40)
"""Many actions start in the same second, which is all that the API shows."""

moments = st.builds(lambda second, half: second + half / 2, seconds, st.integers(0, 1))
servers = st.fixed_dictionaries(
    {
        "started": st.lists(st.tuples(moments, st.booleans()), max_size=30),
        "total": st.sampled_from(list(TOTALS)),
        "newest_first": st.booleans(),
        "max_limit": st.sampled_from([1, 2, 3, 5, 25]),
    }
)
changes = st.lists(
    st.builds(
        Change,
        st.integers(2, 14),
        st.sampled_from(["leaves", "enters", "starts", "returns"]),
        st.floats(0, 0.999),
        moments.map(lambda moment: moment + 0.25),
    ),
    max_size=12,
)
limits = st.none() | st.sampled_from([1, 2, 3, 5, 10, 20])
orders = st.sampled_from(["oldest_first", "newest_first"])


def run(server: Server, **options: t.Any) -> t.Any:
    return QueryRunner(ActionsClient(FakeClient(server, max_retries=0))).run(Query(options, API_URL))


def check(server: Server, *, order: str, limit: int | None) -> None:
    """Read the list of a server, and compare it with the possible responses."""
    try:
        result = run(server, state=[WANTED], order=order, limit=limit)
    except ApiError as error:
        event(error.problem)
        # Without a change there is no reason for an error.
        assert server.changes
        return
    found = [one["uuid"] for one in result.actions]
    assert len(found) == len(set(found))
    assert set(found) <= set().union(*server.matching)
    always = set.intersection(*server.matching)
    missing = always - set(found)
    ranks = server.ranks(newest_first=order == "newest_first")
    stable = [ranks[uuid] for uuid in found if uuid in always]
    starts = {one.uuid: int(one.started) for one in server.actions}
    is_order_shown = server.shows_order or len({starts[uuid] for uuid in found}) > 1
    if is_order_shown:
        assert stable == sorted(stable)
    if limit is None:
        assert not missing
        assert result.truncated is False
    elif missing:
        assert len(found) == limit
        assert result.truncated is True
        sign = -1 if order == "newest_first" else 1
        assert max(sign * starts[uuid] for uuid in found) <= min(sign * starts[uuid] for uuid in missing)
        if is_order_shown and stable:
            assert stable[-1] < min(ranks[uuid] for uuid in missing)
    if not server.changes:
        assert result.truncated is (limit is not None and limit < len(always))
        if server.is_honest or not result.truncated:
            assert result.total_count == len(always)
        else:
            # A number that is too high cannot be told from a right one.
            assert result.total_count is None or result.total_count > len(found)


@settings(PROPERTY, max_examples=300)
@given(servers, orders, limits)
def test_list_that_does_not_change_is_complete_and_in_order(
    server: dict[str, t.Any], order: str, limit: int | None
) -> None:
    made = Server(**server)
    check(made, order=order, limit=limit)
    # Pages of one action are read twice.
    assert len(made.urls) <= 2 * len(made.actions) + 30


@settings(PROPERTY, max_examples=500)
@given(servers, changes, orders, limits)
def test_list_that_changes_is_complete_and_in_order_or_an_error(
    server: dict[str, t.Any], changes: list[Change], order: str, limit: int | None
) -> None:
    check(Server(changes=changes, **server), order=order, limit=limit)


@settings(PROPERTY, max_examples=200)
@given(
    made=st.lists(st.tuples(st.sampled_from(STATES), moments), max_size=30),
    total=st.sampled_from(list(TOTALS)),
    max_limit=st.sampled_from([1, 2, 5, 45]),
    server_newest_first=st.booleans(),
    order=orders,
    limit=limits,
    wanted=st.lists(st.sampled_from(STATES), min_size=1, max_size=6),
)
def test_states_are_merged_as_if_they_were_one_list(
    *,
    made: list[tuple[str, float]],
    total: str,
    max_limit: int,
    server_newest_first: bool,
    order: str,
    limit: int | None,
    wanted: list[str],
) -> None:
    server = Server([], total, max_limit=max_limit, newest_first=server_newest_first)
    for state, moment in made:
        server.add((0, state), started=moment)
    result = run(server, state=wanted, order=order, limit=limit)
    found = [one["uuid"] for one in result.actions]
    ranks = server.ranks(newest_first=order == "newest_first")
    starts = {one.uuid: int(one.started) for one in server.actions}
    matching = [one.uuid for one in server.actions if one.state(0) in wanted]
    expected = sorted(matching, key=ranks.__getitem__)[:limit]
    assert [starts[uuid] for uuid in found] == [starts[uuid] for uuid in expected]
    assert len(found) == len(set(found))
    if server.shows_order:
        assert set(found) == set(expected)
    assert result.truncated is (limit is not None and limit < len(matching))
    assert result.total_count == len(matching) or (result.truncated and total != "honest")
