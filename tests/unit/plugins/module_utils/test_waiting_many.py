# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits for many actions: how many requests they send, on all kinds of servers, and under throttling."""

from __future__ import annotations

import random
import threading
import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._polling import MAX_DETAIL_POLLS, MAX_FAILED_DETAILS
from ansible_collections.tutum.cloud.tests.unit.fakes import FakeApi, FakeClock, response
from ansible_collections.tutum.cloud.tests.unit.wait_runs import RUNNING, WaitRun, request_moments

pytestmark = pytest.mark.slow

NODE = "/api/v1/node/x/"


@pytest.fixture(params=[False, True], ids=["oldest first", "newest first"])
def api(request: pytest.FixtureRequest) -> FakeApi:
    return FakeApi(newest_first=request.param)


def add_many(api: FakeApi, count: int, *, seconds: float = 30.0, spread: float = 0.0, **fields: t.Any) -> list[str]:
    """Add actions that end at random within some seconds.

    :param spread: the seconds before the present within which they start.
    """
    source = random.Random(count)
    now = api.clock()
    uuids = []
    for number in range(count):
        age = spread * (1 - number / count)
        end = age + source.uniform(0, seconds)
        uuids.append(api.add(RUNNING, (end, source.choice(["Success", "Failed"])), started=now - age, **fields))
    return uuids


def check_outcome(api: FakeApi, run: WaitRun, uuids: list[str]) -> None:
    """Wait, and compare the results with the API."""
    results = run.run()
    states = {one.uuid: one.state(api.clock()) for one in api.actions}
    assert [action["uuid"] for action in results["actions"]] == uuids
    assert run.states == [states[uuid] for uuid in uuids]
    assert results["unsuccessful"] == [uuid for uuid in uuids if states[uuid] == "Failed"]
    assert (results["unfinished"], results["failed_polls"]) == ([], 0)


# The number of requests.


@pytest.mark.parametrize("spread", [0.0, 3.0, 120.0])
def test_200_actions_need_few_requests_and_each_end_is_noticed_soon(api: FakeApi, spread: float) -> None:
    uuids = add_many(api, 200, spread=spread)
    run = WaitRun(api, *uuids)
    now = api.clock()
    moments = request_moments(api)
    check_outcome(api, run, uuids)
    assert len(api.urls) <= 40
    assert 29 <= run.elapsed <= 33
    for one in api.actions:
        end = one.started + one.timeline[-1][0] - now
        noticed = min(moment for moment in moments if moment >= end)
        assert noticed - end <= max(1.5, end / 10) + 0.001


def test_200_actions_in_any_order_need_few_requests_after_the_first_poll(api: FakeApi) -> None:
    uuids = add_many(api, 200, spread=120.0)
    random.Random(1).shuffle(uuids)
    check_outcome(api, WaitRun(api, *uuids), uuids)
    assert len(api.urls) <= 240


@pytest.mark.parametrize("random_source", [0.0, 0.99])
def test_200_actions_of_an_object_need_few_requests(api: FakeApi, random_source: float) -> None:
    add_many(api, 200)
    for number in range(200):
        api.add(RUNNING, started=api.clock() - number / 20, object=NODE)
    run = WaitRun(api, object=api.actions[0].shown(0.0)["object"], random_source=lambda: random_source)
    assert len(run.run()["actions"]) == 200
    assert len(api.urls) <= 40


@pytest.mark.parametrize("max_limit", [1, 10, 25, 100])
def test_many_actions_are_found_with_any_page_size_of_the_server(api: FakeApi, max_limit: int) -> None:
    api.max_limit = max_limit
    uuids = add_many(api, 100)
    check_outcome(api, WaitRun(api, *uuids), uuids)
    # Not many more than one for each unfinished action and poll.
    assert len(api.urls) <= 32 * 60


def test_page_size_of_25_needs_few_requests(api: FakeApi) -> None:
    api.max_limit = 25
    uuids = add_many(api, 200)
    check_outcome(api, WaitRun(api, *uuids), uuids)
    assert len(api.urls) <= 32 * 8


@pytest.mark.parametrize(("count", "newest_first"), [(4, False), (4, True), (50, False)])
def test_10000_neighbors_in_the_same_second_do_not_multiply_requests(count: int, newest_first: bool) -> None:
    api = FakeApi(newest_first=newest_first)
    _add_neighbors(api, 5000, api.clock())
    uuids = add_many(api, count)
    _add_neighbors(api, 5000, api.clock())
    run = WaitRun(api, *uuids)
    check_outcome(api, run, uuids)
    assert len(api.urls) <= 30 * (count + 2)


def _add_neighbors(api: FakeApi, count: int, started: float) -> None:
    """Add actions of others, which are created quickly."""
    for _number in range(count):
        api.add((0.0, "Success"), started=started, object=NODE)


def test_actions_among_thousands_of_others_are_found(api: FakeApi) -> None:
    for number in range(1500):
        api.add(started=float(number) / 2)
    uuids = add_many(api, 50)
    for _number in range(500):
        api.add(RUNNING, started=api.clock() + 0.5, object=NODE)
    check_outcome(api, WaitRun(api, *uuids), uuids)
    assert len(api.urls) <= 150


def test_actions_that_started_long_ago_are_found(api: FakeApi) -> None:
    old = [api.add(RUNNING, (1010.0 + number, "Success"), started=0.0) for number in range(5)]
    for number in range(300):
        api.add(started=1.0 + number)
    new = [api.add(RUNNING, (12.0, "Success"), started=999.0) for _number in range(5)]
    check_outcome(api, WaitRun(api, *old, *new), [*old, *new])


@pytest.mark.parametrize("count", [1, MAX_DETAIL_POLLS])
def test_few_actions_are_polled_one_by_one(api: FakeApi, count: int) -> None:
    uuids = add_many(api, count)
    WaitRun(api, *uuids).run()
    assert "action/" not in api.paths


@pytest.mark.parametrize(
    "fields",
    [{"start_date": None}, {"start_date": "soon"}, {"start_date": ["x"]}, {"start_date": "9999-12-31T23:59:59Z"}],
)
def test_actions_without_a_usable_start_are_polled_one_by_one(api: FakeApi, fields: dict[str, t.Any]) -> None:
    uuids = add_many(api, 6, **fields)
    check_outcome(api, WaitRun(api, *uuids), uuids)


@pytest.mark.parametrize(
    "fields",
    [{"object": None}, {"object": 7}, {"object": ["x"]}, {"object": {}}, {"action": {"x": 1}}, {"logs": 7}],
)
def test_fields_of_another_type_do_not_end_a_wait(api: FakeApi, fields: dict[str, t.Any]) -> None:
    uuids = add_many(api, 6, **fields)
    check_outcome(api, WaitRun(api, *uuids), uuids)


# Lists of servers that are not exact.


@pytest.mark.parametrize("ignored_filters", [{"start_date__gte"}, {"start_date__gte", "start_date__lte"}])
def test_server_that_ignores_dates_is_polled_one_by_one(api: FakeApi, ignored_filters: set[str]) -> None:
    for number in range(30):
        api.add(started=float(number))
    api.ignored_filters = ignored_filters
    uuids = add_many(api, 10)
    check_outcome(api, WaitRun(api, *uuids), uuids)


@pytest.mark.parametrize("total_count", [None, ..., 0, 1, 10**6, "many"])
def test_server_with_a_wrong_total_count_is_polled(api: FakeApi, total_count: t.Any) -> None:
    api.total_count = lambda _count: total_count
    api.max_limit = 20
    uuids = add_many(api, 50)
    check_outcome(api, WaitRun(api, *uuids), uuids)


@pytest.mark.parametrize("next_link", ["/api/v1/action/?offset=0", "https://evil.example.org/", 7, "x"])
def test_server_with_a_strange_next_link_is_polled(api: FakeApi, next_link: t.Any) -> None:
    api.next_link = lambda _limit, _offset: next_link
    api.max_limit = 20
    uuids = add_many(api, 50)
    check_outcome(api, WaitRun(api, *uuids), uuids)
    assert not [url for url in api.urls if "evil" in url]


def test_server_whose_lists_lag_is_polled_one_by_one(api: FakeApi) -> None:
    now = api.clock()
    uuids = [api.add(RUNNING, (5.0, "Success"), started=now, listed_after=60.0) for _number in range(10)]
    check_outcome(api, WaitRun(api, *uuids), uuids)


def test_server_that_shows_a_finished_action_as_running_again_is_not_believed(api: FakeApi) -> None:
    """A list of a replica that lags behind shows older states."""
    now = api.clock()
    failed = api.add(RUNNING, (5.0, "Failed"), (7.0, "In progress"), started=now)
    others = [api.add(RUNNING, (20.0, "Success"), started=now) for _number in range(9)]
    run = WaitRun(api, failed, *others)
    results = run.run()
    assert (results["unsuccessful"], results["unfinished"]) == ([failed], [])


# Logs that lists lack.


def test_logs_that_lists_lack_are_fetched_for_what_failed(api: FakeApi) -> None:
    api.lists_have_logs = False
    failed = [api.add((0, "Failed"), logs=f"log of {number}") for number in range(2)]
    good = [api.add(logs="log") for _number in range(8)]
    results = WaitRun(api, good[0], *failed, *good[1:]).run()
    assert [action.get("logs") for action in results["actions"]][1:-1] == ["log of 0", "log of 1", *[None] * 6]
    assert len(api.urls) == 5


def test_logs_that_the_api_does_not_have_are_requested_once(api: FakeApi) -> None:
    now = api.clock()
    failed = [api.add((0, "Failed"), started=now) for _number in range(4)]
    others = [api.add(RUNNING, (60.0, "Success"), started=now) for _number in range(2)]
    api.lists_have_logs = False
    shown = {one.uuid: one.shown for one in api.actions}

    def without_logs(url: str) -> t.Any:
        uuid = url.split("/")[-2]
        if uuid not in shown:
            return None
        return response({name: value for name, value in shown[uuid](api.clock()).items() if name != "logs"})

    api.fault_for = without_logs
    WaitRun(api, others[0], *failed, others[1]).run()
    assert [api.paths.count(f"action/{uuid}/") for uuid in failed] == [1, 1, 1, 1]


# Slow servers and servers that fail.


def test_details_that_there_was_no_time_for_come_first_in_the_next_poll(api: FakeApi) -> None:
    """Otherwise the last actions would never be polled."""
    now = api.clock()
    slow = [api.add(RUNNING, started=now) for _number in range(20)]
    last = api.add(RUNNING, (3.0, "Failed"), started=now)
    api.fault_for = lambda url: response(status=501) if "?" in url else None
    api.latency = 1.0
    run = WaitRun(api, *slow, last, fail_fast=True, settings={"request_timeout": 10.0})
    results = run.run()
    assert (results["unsuccessful"], results["timed_out"]) == ([last], False)
    assert run.elapsed <= 60


@pytest.mark.parametrize("fault", [response(status=503), response(status=500), response(status=401)])
def test_server_that_fails_is_polled_less_often(api: FakeApi, fault: t.Any) -> None:
    uuids = [api.add(RUNNING) for _number in range(50)]
    api.fault_for = lambda _url: fault if api.clock() >= 1002 else None
    run = WaitRun(api, *uuids, timeout=300.0)
    try:
        run.run()
    except Exception:  # noqa: BLE001 - a refusal ends the wait
        assert fault.status == 401
    assert run.wait.polls <= 35
    # At most three attempts for a list, and some details.
    assert len(api.urls) <= 60 + run.wait.polls * (3 + MAX_FAILED_DETAILS)


def test_details_that_fail_do_not_keep_others_from_being_polled(api: FakeApi) -> None:
    now = api.clock()
    broken = [api.add(RUNNING, started=now) for _number in range(3 * MAX_FAILED_DETAILS)]
    failing = api.add(RUNNING, (5.0, "Failed"), started=now)
    api.fault_for = lambda url: None if failing in url else response(status=503)
    run = WaitRun(api, *broken, failing, fail_fast=True)
    assert run.run()["unsuccessful"] == [failing]
    assert run.elapsed <= 30


# Throttling.


@pytest.mark.parametrize("headers", [{}, {"Retry_After": "5"}])
def test_throttled_list_is_not_replaced_by_many_requests(api: FakeApi, headers: dict[str, str]) -> None:
    uuids = [api.add(RUNNING) for _number in range(50)]
    api.fault_for = lambda url: response(status=429, **headers) if "?" in url else None
    run = WaitRun(api, *uuids, timeout=60.0)
    assert run.run()["timed_out"]
    # Three attempts for the list, and three details; the first poll also finds out when the actions started.
    assert len(api.urls) <= 6 * run.wait.polls + 3


@pytest.mark.parametrize("headers", [{}, {"Retry_After": "5"}])
def test_throttled_details_are_not_all_requested(api: FakeApi, headers: dict[str, str]) -> None:
    """The server allows 10 requests a second, and has no lists."""
    now = api.clock()
    uuids = [api.add(RUNNING, (20.0, "Success"), started=now) for _number in range(50)]
    accepted = _throttle(api, 10, headers, no_lists=True)
    run = WaitRun(api, *uuids)
    assert run.run()["states"] == {"Success": 50}
    refused = len(api.urls) - len(accepted)
    assert refused <= 2 * run.wait.polls


def _throttle(api: FakeApi, per_second: int, headers: dict[str, str], *, no_lists: bool = False) -> list[str]:
    """Let the server allow a number of requests per second for all clients; return a list that receives their URLs."""
    counts: dict[int, int] = {}
    accepted: list[str] = []

    def fault_for(url: str) -> t.Any:
        second = int(api.clock())
        counts[second] = counts.get(second, 0) + 1
        if counts[second] > per_second:
            return response(status=429, **headers)
        accepted.append(url)
        return response(status=501) if no_lists and "?" in url else None

    api.fault_for = fault_for
    return accepted


class SharedClock(FakeClock):
    """A clock for several threads, of which one runs at a time: the one whose sleep ends first."""

    def __init__(self, threads: int) -> None:
        super().__init__()
        self._condition = threading.Condition()
        self._waking: dict[int, float] = {}
        self._running = threads

    def run(self, number: int, call: t.Callable[[], object]) -> None:
        """Run a call that sleeps by this clock in this thread."""
        self._turn(number, self.now)
        try:
            call()
        finally:
            with self._condition:
                self._running -= 1
                self._condition.notify_all()

    def sleep_of(self, number: int) -> t.Callable[[float], object]:
        """Return the function with which a thread sleeps."""
        return lambda seconds: self._turn(number, self.now + seconds)

    def _turn(self, number: int, moment: float) -> None:
        with self._condition:
            self._waking[number] = moment
            self._condition.notify_all()
            assert self._condition.wait_for(lambda: self._is_next(number), timeout=60)
            self.now = max(self.now, self._waking.pop(number))

    def _is_next(self, number: int) -> bool:
        return (
            len(self._waking) == self._running and min(self._waking, key=lambda one: (self._waking[one], one)) == number
        )


class SimultaneousWaits:
    """Waits of many hosts that begin at the same time."""

    def __init__(self, count: int) -> None:
        self.clock = SharedClock(count)
        self.api = FakeApi(self.clock)
        self.runs: list[WaitRun] = []
        self.outcomes: dict[int, t.Any] = {}

    def add(self, *uuids: str, **options: t.Any) -> None:
        """Add the wait of a host."""
        number = len(self.runs)
        run = WaitRun(self.api, *uuids, random_source=random.Random(number).random, timeout=120.0, **options)
        run.wait._sleep = run.wait._client._sleep = self.clock.sleep_of(number)
        run.wait._client._random = random.Random(1000 + number).random
        self.runs.append(run)

    def run(self) -> None:
        """Run all waits."""
        threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(len(self.runs))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

    def _run(self, number: int) -> None:
        self.clock.run(number, lambda: self.outcomes.update({number: self.runs[number].run()}))


@pytest.mark.parametrize("headers", [{}, {"Retry_After": "3"}])
def test_20_throttled_waits_of_50_actions_end_in_time(headers: dict[str, str]) -> None:
    """20 waits that poll once a second, on a server that allows 10 requests a second for all of them."""
    waits = SimultaneousWaits(20)
    now = waits.clock()
    for number in range(20):
        age = 10.0 * number
        ends = [age + 20.0 + one / 5 for one in range(50)]
        waits.add(*(waits.api.add(RUNNING, (end, "Success"), started=now - age) for end in ends))
    accepted = _throttle(waits.api, 10, headers)
    waits.run()
    states = {number: outcome["states"] for number, outcome in waits.outcomes.items()}
    assert states == {number: {"Success": 50} for number in range(20)}
    assert not [run.message for run in waits.runs if run.message]
    # The last action ends after 30 seconds.
    assert max(outcome["elapsed"] for outcome in waits.outcomes.values()) <= 60.0
    assert len(waits.api.urls) <= 3 * len(accepted)


@pytest.mark.parametrize("headers", [{}, {"Retry_After": "1"}])
def test_20_waits_for_one_object_end_in_time_on_a_throttled_server(headers: dict[str, str]) -> None:
    """20 waits for the same actions, on a server that allows 2 requests a second for all of them."""
    waits = SimultaneousWaits(20)
    now = waits.clock()
    last_end = 60.0
    for share in (0.5, 0.9, 1.0):
        waits.api.add(RUNNING, (last_end * share, "Success"), started=now, object=NODE)
    for _number in range(20):
        waits.add(object=NODE)
    accepted = _throttle(waits.api, 2, headers)
    waits.run()
    assert len(waits.outcomes) == 20
    assert not [run.message for run in waits.runs if run.message]
    assert max(outcome["elapsed"] for outcome in waits.outcomes.values()) <= last_end + 30.0
    assert len(waits.api.urls) <= 8 * len(accepted)


def test_polls_of_20_waits_spread() -> None:
    """They begin at the same time, and soon do not poll at the same time any more."""
    waits = SimultaneousWaits(20)
    uuid = waits.api.add(RUNNING, (60.0, "Success"), started=waits.clock())
    for _number in range(20):
        waits.add(uuid)
    moments = request_moments(waits.api)
    waits.run()
    assert moments.count(0.0) == 20
    for begin in (10, 20, 30, 40):
        tenths = [int(10 * moment) for moment in moments if begin <= moment < begin + 10]
        # Without jitter, all of them would poll in the same tenth of a second.
        assert max(tenths.count(tenth) for tenth in tenths) <= 10
        assert len(set(tenths)) >= 20
