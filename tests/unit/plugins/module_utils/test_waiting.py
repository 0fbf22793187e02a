# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting: when it asks, whom it asks about, when it ends, and what it says."""

from __future__ import annotations

import json
import random
import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._actions import Actions
from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError, OptionError, TransientError
from ansible_collections.tutum.cloud.plugins.module_utils._waiting import (
    MAX_LOG_CHARACTERS,
    MAX_LOG_LINES,
    MAX_NAMED,
    QUIET_SECONDS,
    SHORTEST_PAUSE,
    SINGLE_QUESTIONS,
    Wait,
    WaitOptions,
    next_pause,
)
from ansible_collections.tutum.cloud.tests.unit.fakes import (
    API_KEY,
    API_URL,
    SERVICE,
    FakeApi,
    FakeClient,
    answer,
    page,
    uuid_of,
)

RUNNING = (0.0, "In progress")
DEFAULTS: dict[str, t.Any] = {
    "success_states": ["Success"],
    "timeout": 300.0,
    "delay": 0.0,
    "interval": 1.0,
    "max_interval": 15.0,
    "fail_fast": False,
}


class Trial:
    """A wait on a fake API: its outcome, what it reported, and when it asked."""

    def __init__(self, api: FakeApi, *uuids: str, connection: dict[str, t.Any] | None = None, **options: t.Any) -> None:
        self.api = api
        self.begun = api.clock()
        self.lines: list[str] = []
        self.client = FakeClient(api, **(connection or {}))
        self.wait = Wait(
            Actions(self.client),
            WaitOptions({**DEFAULTS, "uuid": list(uuids), **options}, API_URL),
            clock=api.clock,
            sleep=api.clock.sleep,
            wall_clock=api.clock.wall,
            report=self.lines.append,
        )

    def run(self) -> dict[str, t.Any]:
        """Wait, and return the results."""
        self.wait.run()
        return self.wait.results()

    def states(self) -> list[object]:
        return [one.get("state") for one in self.wait.results()["actions"]]

    @property
    def elapsed(self) -> float:
        return self.api.clock() - self.begun

    @property
    def message(self) -> str:
        return self.wait.failure() or ""


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


def fails_while(api: FakeApi, begin: float, end: float, fault: t.Any) -> None:
    """Let every request between two readings of the clock fail."""
    api.fault_for = lambda _url: fault if begin <= api.clock() < end else None


# When it asks


@pytest.mark.parametrize(
    ("waited", "interval", "max_interval", "pause"),
    [
        (0, 1, 15, 1),
        (9, 1, 15, 1),
        (20, 1, 15, 2),
        (100, 1, 15, 10),
        (1e9, 1, 15, 15),
        (0, 0, 15, SHORTEST_PAUSE),
        (0.5, 0, 15, SHORTEST_PAUSE),
        (20, 0, 15, 2),
        (1e9, 0, 0, SHORTEST_PAUSE),
        (1e9, 5, 5, 5),
    ],
)
def test_a_pause_is_a_tenth_of_the_time_waited_within_its_bounds(
    waited: float, interval: float, max_interval: float, pause: float
) -> None:
    assert next_pause(waited, interval, max_interval) == pytest.approx(pause)


def moments(api: FakeApi) -> list[float]:
    """When each request came, in seconds since now."""
    begun = api.clock()
    asked: list[float] = []
    api.before = lambda _url: asked.append(round(api.clock() - begun, 3))
    return asked


def test_it_asks_at_once_then_seldomer_and_at_last_on_the_deadline(api: FakeApi) -> None:
    asked = moments(api)
    results = Trial(api, api.add(RUNNING), timeout=25.0, max_interval=2.0).run()
    assert asked[:12] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert asked[-1] == 25
    assert all(1 <= later - sooner <= 2 for sooner, later in zip(asked[:-1], asked[1:-1]))
    assert results["polls"] == len(asked)
    assert results["timed_out"] is True
    assert results["elapsed"] == 25.0


@pytest.mark.parametrize(
    ("timeout", "delay", "expected"),
    [
        (0.0, 0.0, [0]),
        (0.5, 0.0, [0, 0.5]),
        (3.0, 0.0, [0, 1, 2, 3]),
        (3.0, 2.0, [2, 3]),
        (3.0, 3.0, [3]),
        (3.0, 99.0, [3]),
    ],
)
def test_the_deadline_always_has_its_question(
    api: FakeApi, timeout: float, delay: float, expected: list[float]
) -> None:
    asked = moments(api)
    Trial(api, api.add(RUNNING), timeout=timeout, delay=delay).run()
    assert asked == expected


@pytest.mark.parametrize("end", [0.0, 0.4, 7.3, 59.0, 200.0, 299.9, 300.0])
def test_an_end_is_noticed_within_a_tenth_of_the_wait(api: FakeApi, end: float) -> None:
    uuid = api.add(RUNNING, (end, "Success"), started=api.clock())
    trial = Trial(api, uuid)
    results = trial.run()
    assert trial.wait.failure() is None
    assert end <= results["elapsed"] <= end + max(1.0, end / 10)
    assert results["unfinished"] == results["unsuccessful"] == []
    assert results["states"] == {"Success": 1}
    assert not results["timed_out"]


def test_nothing_is_waited_for_after_the_last_end(api: FakeApi) -> None:
    results = Trial(api, api.add()).run()
    assert api.clock.sleeps == []
    assert (results["polls"], results["elapsed"]) == (1, 0.0)


def test_no_action_is_no_wait(api: FakeApi) -> None:
    trial = Trial(api)
    assert trial.run()["actions"] == []
    assert trial.message == ""
    assert api.urls == []


def test_a_slow_answer_does_not_cross_the_deadline_by_more_than_a_request(api: FakeApi) -> None:
    api.latency = 40.0
    trial = Trial(api, api.add(RUNNING), timeout=100.0)
    results = trial.run()
    assert results["timed_out"]
    assert results["polls"] == results["failed_polls"]
    assert 100 <= trial.elapsed <= 130


def test_an_end_seen_by_the_last_question_is_a_success(api: FakeApi) -> None:
    uuid = api.add(RUNNING, (10.0, "Success"), started=api.clock())
    api.before = lambda _url: setattr(api, "latency", 5.0 if api.clock() >= 1009 else 0.0)
    trial = Trial(api, uuid, timeout=10.0)
    trial.run()
    assert trial.message == ""


def test_a_suspended_machine_still_asks_once_more(api: FakeApi) -> None:
    uuid = api.add(RUNNING, (100.0, "Success"), started=api.clock())
    trial = Trial(api, uuid, timeout=20.0)

    def suspend(_url: str) -> None:
        api.clock.now += 3600 if len(api.urls) == 3 else 0

    api.before = suspend
    results = trial.run()
    assert trial.states() == ["Success"]
    assert results["timed_out"] is False


def test_a_sleep_that_ends_too_soon_is_slept_again(api: FakeApi) -> None:
    trial = Trial(api, api.add(RUNNING), timeout=3.0)
    trial.wait._sleep = lambda seconds: api.clock.sleep(min(seconds, 0.25))
    asked = moments(api)
    trial.run()
    assert asked == [0, 1, 2, 3]


@pytest.mark.parametrize("retry_after", ["120", "31536000", "9" * 400])
def test_a_retry_after_beyond_the_deadline_leaves_the_last_question(api: FakeApi, retry_after: str) -> None:
    uuid = api.add(RUNNING, (50.0, "Success"), started=api.clock())
    api.faults = [answer(status=429, Retry_After=retry_after)]
    trial = Trial(api, uuid, timeout=60.0)
    results = trial.run()
    assert trial.message == ""
    assert (results["polls"], results["failed_polls"], results["elapsed"]) == (2, 1, 60.0)


def test_a_retry_after_is_kept_between_questions(api: FakeApi) -> None:
    uuid = api.add(started=api.clock())
    api.faults = [answer(status=429, Retry_After="20")]
    asked = moments(api)
    Trial(api, uuid, connection={"max_retries": 0}).run()
    assert asked == [0, 20]


# What is worth waiting for


@pytest.mark.parametrize(
    "state", ["Pending", "In progress", "Canceling", "Paused", "success", "", None, 7, ["Success"]]
)
def test_what_is_not_final_is_waited_for_until_the_deadline(api: FakeApi, state: object) -> None:
    uuid = api.add((0.0, state))
    trial = Trial(api, uuid, timeout=5.0, success_states=["Success", "Failed", "Canceled"])
    results = trial.run()
    assert results["timed_out"]
    assert results["unfinished"] == [uuid]
    assert "Timed out after 5 s. 1 of 1 action unfinished:" in trial.message
    is_known = state in ("Pending", "In progress", "Canceling")
    assert ("is no state that this collection knows" in trial.message) is not is_known


def test_a_missing_state_is_waited_for_too(api: FakeApi) -> None:
    uuid = api.add()
    api.fault_for = lambda _url: answer({"uuid": uuid})
    trial = Trial(api, uuid, timeout=5.0)
    assert trial.run()["unfinished"] == [uuid]
    assert "counts neither as an end nor as a success" in trial.message


@pytest.mark.parametrize("state", ["Success", "Failed", "Canceled"])
@pytest.mark.parametrize(
    "success_states", [["Success"], ["Canceled", "Success"], ["Failed"], ["Success", "Failed", "Canceled"]]
)
def test_the_user_says_which_ends_are_good(api: FakeApi, state: str, success_states: list[str]) -> None:
    uuid = api.add((0.0, state))
    trial = Trial(api, uuid, success_states=success_states)
    is_good = state in success_states
    assert trial.run()["unsuccessful"] == ([] if is_good else [uuid])
    assert (trial.message == "") is is_good


def test_the_states_on_the_way_are_gone_through(api: FakeApi) -> None:
    uuid = api.add((0.0, "Pending"), (3.0, "In progress"), (6.0, "Canceling"), (9.0, "Canceled"), started=api.clock())
    trial = Trial(api, uuid)
    assert trial.run()["unsuccessful"] == [uuid]
    assert "action 00000001-0000-4000-8000-000000000001) is Canceled." in trial.message
    assert trial.elapsed >= 9


def test_results_come_in_the_order_asked_as_often_as_asked(api: FakeApi) -> None:
    first, second = api.add(RUNNING), api.add((0, "Failed"))
    results = Trial(api, second, first, second, timeout=2.0).run()
    assert [one["uuid"] for one in results["actions"]] == [second, first, second]
    assert results["states"] == {"Failed": 1, "In progress": 1}
    assert results["unsuccessful"] == [second]
    assert results["actions"][0]["finished"] is True


@pytest.mark.parametrize("count", [2, 3, 10])
def test_one_that_is_gone_ended_badly_and_the_others_go_on(api: FakeApi, count: int) -> None:
    now = api.clock()
    vanishing = api.add(RUNNING, started=now, vanishes=5.0)
    others = [api.add(RUNNING, (20.0, "Success"), started=now) for _number in range(count - 1)]
    trial = Trial(api, vanishing, *others)
    results = trial.run()
    assert results["unsuccessful"] == [vanishing]
    assert results["unfinished"] == []
    # As it was last seen.
    assert trial.states() == ["In progress", *["Success"] * (count - 1)]
    assert f"(action {vanishing}) does not exist (any more)." in trial.message


@pytest.mark.parametrize("count", [1, 5])
def test_one_that_never_was_is_named(api: FakeApi, count: int) -> None:
    others = [api.add() for _number in range(count - 1)]
    trial = Trial(api, uuid_of(99), *others)
    results = trial.run()
    assert results["unsuccessful"] == [uuid_of(99)]
    assert len(results["actions"]) == count - 1
    assert f"- action {uuid_of(99)} does not exist (any more)." in trial.message


def test_fail_fast_ends_at_the_first_bad_end(api: FakeApi) -> None:
    now = api.clock()
    bad = api.add(RUNNING, (5.0, "Failed"), started=now)
    slow = api.add(RUNNING, (50.0, "Success"), started=now)
    trial = Trial(api, slow, bad, fail_fast=True)
    results = trial.run()
    assert 5 <= trial.elapsed < 7
    assert (results["unsuccessful"], results["unfinished"], results["timed_out"]) == ([bad], [slow], False)
    assert "1 action unfinished when fail_fast ended the wait." in trial.message


def test_without_fail_fast_all_ends_are_awaited(api: FakeApi) -> None:
    now = api.clock()
    bad = api.add(RUNNING, (5.0, "Failed"), started=now)
    slow = api.add(RUNNING, (50.0, "Success"), started=now)
    trial = Trial(api, slow, bad)
    assert trial.run()["unfinished"] == []
    assert trial.elapsed >= 50


# When the API does not answer well


@pytest.mark.parametrize(
    "fault",
    [answer(status=503), answer(status=500), TransientError("url", "refused"), answer(b"<html>"), answer({"uuid": 1})],
    ids=["503", "500", "no connection", "no JSON", "another action"],
)
@pytest.mark.parametrize("count", [1, 10])
def test_a_fault_shorter_than_the_time_left_is_survived(api: FakeApi, fault: t.Any, count: int) -> None:
    now = api.clock()
    uuids = [api.add(RUNNING, (30.0, "Success"), started=now) for _number in range(count)]
    fails_while(api, now + 5, now + 200, fault)
    trial = Trial(api, *uuids, connection={"max_retries": 1})
    results = trial.run()
    assert trial.message == ""
    assert results["failed_polls"] > 0
    assert results["polls"] > results["failed_polls"]
    assert 200 <= trial.elapsed <= 220


def test_a_fault_that_stays_is_named_when_time_is_over(api: FakeApi) -> None:
    uuid = api.add(RUNNING)
    fails_while(api, api.clock() + 5, 1e9, answer({"error": "maintenance"}, status=503))
    trial = Trial(api, uuid, timeout=20.0)
    results = trial.run()
    assert results["timed_out"]
    assert trial.states() == ["In progress"]
    assert "The last question failed: GET " in trial.message
    assert "The server says: maintenance." in trial.message


def test_what_was_never_seen_is_said_to_be_so(api: FakeApi) -> None:
    uuid = api.add()
    fails_while(api, 0, 1e9, answer(status=503))
    trial = Trial(api, uuid, timeout=5.0)
    assert trial.run()["actions"] == []
    assert f"- action {uuid} was never seen." in trial.message


@pytest.mark.parametrize("status", [400, 401, 403, 405])
@pytest.mark.parametrize("count", [1, 10])
def test_what_never_gets_better_ends_the_wait_at_once_with_what_was_seen(api: FakeApi, status: int, count: int) -> None:
    now = api.clock()
    uuids = [api.add(RUNNING, started=now) for _number in range(count)]
    fails_while(api, now + 3, 1e9, answer(status=status))
    trial = Trial(api, *uuids)
    with pytest.raises(ApiError, match=f"HTTP {status}") as caught:
        trial.run()
    assert trial.elapsed == 3
    assert [one["uuid"] for one in caught.value.results["actions"]] == uuids
    assert caught.value.results["unfinished"] == uuids


def test_one_that_cannot_be_read_does_not_keep_the_others_from_being_seen(api: FakeApi) -> None:
    now = api.clock()
    uuids = [api.add(RUNNING, (10.0, "Success"), started=now) for _number in range(3)]
    api.fault_for = lambda url: answer(b"broken") if uuids[0] in url else None
    trial = Trial(api, *uuids, timeout=60.0)
    results = trial.run()
    assert results["unfinished"] == uuids[:1]
    assert results["states"] == {"Success": 2}


def test_a_list_that_cannot_be_read_is_done_without(api: FakeApi) -> None:
    now = api.clock()
    uuids = [api.add(RUNNING, (10.0, "Success"), started=now) for _number in range(10)]
    api.fault_for = lambda url: answer({"meta": {}}) if "?" in url else None
    trial = Trial(api, *uuids, timeout=60.0)
    results = trial.run()
    assert results["states"] == {"Success": 10}
    assert results["failed_polls"] == 0


@pytest.mark.parametrize(
    "strange",
    [
        {"object": None},
        {"object": 7},
        {"start_date": None},
        {"start_date": ["x"]},
        {"action": {"x": 1}},
        {"logs": 7},
        pytest.param(
            {"object": ["x"]},
        ),
        pytest.param(
            {"object": {}},
        ),
    ],
)
def test_a_field_of_a_strange_type_ends_no_wait(api: FakeApi, strange: dict[str, t.Any]) -> None:
    now = api.clock()
    uuids = [api.add(RUNNING, (10.0, "Failed"), started=now, **strange) for _number in range(6)]
    trial = Trial(api, *uuids)
    assert trial.run()["unsuccessful"] == uuids
    assert uuids[5] in trial.message


# Many actions in few requests


def many(api: FakeApi, count: int, *, seconds: float = 30.0, started: float | None = None) -> list[str]:
    """Actions that end at random within so many seconds."""
    chance = random.Random(count)
    return [
        api.add(RUNNING, (chance.uniform(0, seconds), chance.choice(["Success", "Failed"])), started=started or 1000.0)
        for _number in range(count)
    ]


def check_all_right(api: FakeApi, trial: Trial, uuids: list[str]) -> None:
    """Each is reported as the API has it."""
    results = trial.run()
    by_uuid = {one.uuid: one.state(api.clock()) for one in api.actions}
    assert [one["uuid"] for one in results["actions"]] == uuids
    assert trial.states() == [by_uuid[uuid] for uuid in uuids]
    assert results["unsuccessful"] == [uuid for uuid in uuids if by_uuid[uuid] == "Failed"]
    assert results["unfinished"] == []


def test_two_hundred_actions_take_few_requests(api: FakeApi) -> None:
    """And each end is followed by a question within a second, or a tenth of the time waited, whichever is more."""
    uuids = many(api, 200)
    trial = Trial(api, *uuids)
    asked = moments(api)
    check_all_right(api, trial, uuids)
    assert len(api.urls) <= 40
    assert 29 <= trial.elapsed <= 33
    for one in api.actions:
        end = one.timeline[-1][0]
        noticed = min(moment for moment in asked if moment >= end)
        assert noticed - end <= max(1.0, end / 10)


def test_they_are_found_whatever_the_server_caps_pages_to(api: FakeApi) -> None:
    api.max_limit = 20
    uuids = many(api, 100)
    check_all_right(api, Trial(api, *uuids), uuids)


def test_they_are_found_among_thousands_of_others(api: FakeApi) -> None:
    for number in range(1500):
        api.add(started=float(number) / 2)
    uuids = many(api, 50)
    for _number in range(500):
        api.add(RUNNING, started=1000.5, object="/api/v1/node/x/")
    check_all_right(api, Trial(api, *uuids), uuids)
    assert len(api.urls) <= 150


def test_old_ones_are_found_too(api: FakeApi) -> None:
    old = [api.add(RUNNING, (1010.0 + number, "Success"), started=0.0) for number in range(5)]
    for number in range(300):
        api.add(started=1.0 + number)
    new = [api.add(RUNNING, (12.0, "Success"), started=999.0) for _number in range(5)]
    trial = Trial(api, *old, *new)
    check_all_right(api, trial, [*old, *new])


@pytest.mark.parametrize("count", [1, SINGLE_QUESTIONS])
def test_a_few_are_asked_for_one_by_one(api: FakeApi, count: int) -> None:
    uuids = many(api, count)
    Trial(api, *uuids).run()
    assert "action/" not in api.paths


def test_lists_without_logs_are_completed_for_those_that_ended_badly(api: FakeApi) -> None:
    api.lists_have_logs = False
    bad = [api.add((0, "Failed"), logs=f"log of {number}") for number in range(2)]
    good = [api.add(logs="log") for _number in range(8)]
    results = Trial(api, *bad, *good).run()
    assert [one.get("logs") for one in results["actions"]] == ["log of 0", "log of 1", *[None] * 8]
    assert len(api.urls) <= 4


@pytest.mark.parametrize("who_fails", ["itself", "another"])
def test_logs_that_could_not_be_read_are_read_with_the_next_question(api: FakeApi, who_fails: str) -> None:
    api.lists_have_logs = False
    now = api.clock()
    bad = api.add(RUNNING, (3.0, "Failed"), started=now, logs="no space left")
    others = [api.add(RUNNING, (20.0, "Success"), started=now) for _number in range(4)]
    # In another window of time: it is asked for by itself.
    late = api.add(RUNNING, (20.0, "Success"), started=now - 5000)
    failing = bad if who_fails == "itself" else late
    api.fault_for = lambda url: answer(status=503) if failing in url and api.clock() < now + 10 else None
    trial = Trial(api, bad, *others, late, connection={"max_retries": 0})
    trial.run()
    assert "no space left" in trial.message


def test_logs_that_the_api_does_not_have_are_asked_for_once(api: FakeApi) -> None:
    api.lists_have_logs = False
    now = api.clock()
    bad = [api.add(RUNNING, (1.0, "Failed"), started=now) for _number in range(4)]
    api.add(RUNNING, (60.0, "Success"), started=now)
    found = api._answer

    def without_logs(url: str) -> t.Any:
        status, headers, body = found(url)
        return status, headers, json.dumps({**json.loads(body), "logs": None}).encode().replace(b', "logs": null', b"")

    api.fault_for = without_logs
    Trial(api, *bad, api.actions[-1].uuid).run()
    assert [api.paths.count(f"action/{uuid}/") for uuid in bad] == [1, 1, 1, 1]


@pytest.mark.parametrize("fault", [answer(status=500), TransientError("url", "too late")])
def test_lists_that_never_come_do_not_keep_an_end_from_being_seen(api: FakeApi, fault: t.Any) -> None:
    """Somebody else's action may break each list that it is in."""
    now = api.clock()
    uuids = [api.add(RUNNING, (20.0, "Success"), started=now) for _number in range(5)]
    api.fault_for = lambda url: fault if "?" in url else None
    trial = Trial(api, *uuids)
    results = trial.run()
    assert results["states"] == {"Success": 5}
    assert trial.message == ""


def test_a_throttled_list_is_not_replaced_by_many_requests(api: FakeApi) -> None:
    uuids = [api.add(RUNNING) for _number in range(50)]
    api.fault_for = lambda _url: answer(status=429)
    Trial(api, *uuids, timeout=30.0).run()
    assert set(api.paths) == {"action/"}


def test_a_retried_action_that_goes_back_is_waited_for_again(api: FakeApi) -> None:
    now = api.clock()
    retried = api.add(RUNNING, (5.0, "Failed"), (7.0, "In progress"), (12.0, "Success"), started=now)
    others = [api.add(RUNNING, (20.0, "Success"), started=now) for _number in range(9)]
    trial = Trial(api, retried, *others)
    assert trial.run()["unsuccessful"] == []
    assert trial.states() == ["Success"] * 10


# Everything on an object


def test_all_that_is_unfinished_on_an_object_is_waited_for(api: FakeApi) -> None:
    now = api.clock()
    api.add((0, "Failed"))
    api.add(RUNNING, object="/api/v1/node/x/")
    expected = [
        api.add((0, state), (10.0 + number, "Success"), started=now)
        for number, state in enumerate(("Pending", "In progress", "Canceling"))
    ]
    api.add(RUNNING, started=now + 5)
    trial = Trial(api, object=SERVICE)
    results = trial.run()
    assert sorted(one["uuid"] for one in results["actions"]) == sorted(expected)
    assert trial.message == ""
    assert 12 <= trial.elapsed <= 14


def test_who_moves_on_while_the_object_is_listed_is_found(api: FakeApi) -> None:
    uuid = api.add((0, "Pending"))

    def move_on(_url: str) -> None:
        api.actions[0].timeline = {1: [(0, "Pending")], 2: [(0, "In progress")], 3: [(0, "Canceling")]}.get(
            len(api.urls), [(0, "Success")]
        )

    api.before = move_on
    assert [one["uuid"] for one in Trial(api, object=SERVICE).run()["actions"]] == [uuid]


def test_an_object_on_which_nothing_goes_on_is_no_wait(api: FakeApi) -> None:
    api.add()
    results = Trial(api, object=SERVICE).run()
    assert (results["actions"], results["elapsed"], len(api.urls)) == ([], 0.0, 3)


def test_an_object_and_uuids_are_waited_for_together(api: FakeApi) -> None:
    now = api.clock()
    named = api.add(RUNNING, (5.0, "Success"), started=now, object="/api/v1/node/x/")
    found = api.add(RUNNING, (9.0, "Success"), started=now)
    assert [one["uuid"] for one in Trial(api, named, object=SERVICE).run()["actions"]] == [named, found]


def test_an_object_that_cannot_be_listed_is_never_a_success(api: FakeApi) -> None:
    fails_while(api, 0, 1e9, answer(status=503))
    trial = Trial(api, object=SERVICE, timeout=5.0)
    assert trial.run()["timed_out"]
    assert f"The unfinished actions of {SERVICE} could not be listed." in trial.message


@pytest.mark.parametrize("fault", [answer(status=503), answer({})])
def test_an_object_that_cannot_be_listed_hides_no_action_that_is_named(api: FakeApi, fault: t.Any) -> None:
    now = api.clock()
    named = api.add(RUNNING, (5.0, "Failed"), started=now, object="/api/v1/node/x/")
    api.fault_for = lambda url: fault if "state=" in url else None
    trial = Trial(api, named, object=SERVICE, fail_fast=True, connection={"max_retries": 0})
    results = trial.run()
    assert (results["unsuccessful"], results["timed_out"], results["elapsed"]) == ([named], False, 5.0)
    assert results["failed_polls"] == results["polls"]


@pytest.mark.parametrize("fails", ["In%20progress", "Canceling"])
def test_what_was_found_before_a_list_failed_is_waited_for(api: FakeApi, fails: str) -> None:
    """It may have failed when the list comes at last."""
    now = api.clock()
    pending = api.add((0, "Pending"), (5.0, "Failed"), started=now)
    api.fault_for = lambda url: answer(status=503) if fails in url and api.clock() < now + 20 else None
    trial = Trial(api, object=SERVICE)
    assert trial.run()["unsuccessful"] == [pending]
    assert "is Failed" in trial.message


def test_what_a_list_that_makes_no_sense_names_is_not_waited_for(api: FakeApi) -> None:
    """Nor is what was found before it forgotten."""
    now = api.clock()
    pending = api.add((0, "Pending"), (0.5, "Failed"), started=now)
    nonsense = answer(page([{"uuid": uuid_of(77)}], 1, "/api/v1/action/?offset=0"))
    api.fault_for = lambda url: nonsense if "In%20progress" in url and api.clock() < now + 0.5 else None
    trial = Trial(api, object=SERVICE, interval=0.0)
    assert trial.run()["unsuccessful"] == [pending]
    assert (len(trial.states()), trial.wait.failed_polls) == (1, 5)


@pytest.mark.parametrize("is_away", [True, False])
def test_what_ends_before_it_can_be_listed_counts(api: FakeApi, is_away: bool) -> None:
    """It was unfinished when the wait began, be it that the server is away then, or that nobody asks."""
    now = api.clock()
    api.add((0, "Failed"), started=now - 9)
    ends = api.add(RUNNING, (5.0, "Failed"), started=now)
    if is_away:
        fails_while(api, now, now + 10, answer(status=503))
    trial = Trial(api, object=SERVICE, delay=0.0 if is_away else 10.0)
    assert trial.run()["unsuccessful"] == [ends]


def test_an_object_is_listed_when_the_fault_is_over(api: FakeApi) -> None:
    now = api.clock()
    api.add(RUNNING, (20.0, "Success"), started=now)
    fails_while(api, now, now + 10, answer(status=503))
    trial = Trial(api, object=SERVICE)
    assert len(trial.run()["actions"]) == 1
    assert trial.message == ""


# Options


@pytest.mark.parametrize(
    ("options", "words"),
    [
        *(
            ({name: value}, f"{name}: {value!r} cannot be used")
            for name in ("timeout", "delay", "interval", "max_interval")
            for value in (-1.0, float("nan"), float("inf"))
        ),
        ({"interval": 20.0}, "interval: 20.0 cannot be used: it is longer than max_interval, 15.0"),
        ({"success_states": []}, "success_states: [] cannot be used"),
        ({"success_states": ["In progress"]}, "success_states: 'In progress' cannot be used"),
        ({"uuid": ["x"]}, "uuid: 'x' cannot be used"),
        ({"object": "x"}, "object: 'x' cannot be used"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(options: dict[str, t.Any], words: str) -> None:
    with pytest.raises(OptionError) as caught:
        WaitOptions({**DEFAULTS, **options}, API_URL)
    assert str(caught.value).startswith(words)


# Messages


def test_a_message_names_operation_object_uuid_state_and_the_end_of_the_logs(api: FakeApi) -> None:
    logs = "".join(f"line {number}\n" for number in range(30))
    uuid = api.add((0, "Failed"), action="Service Redeploy", logs=logs)
    trial = Trial(api, uuid)
    trial.run()
    assert trial.message == (
        "1 of 1 action did not end as Success:\n"
        f"- Service Redeploy of {SERVICE} (action {uuid}) is Failed. Its logs end with:\n"
        + "\n".join(f"line {number}" for number in range(30 - MAX_LOG_LINES, 30))
    )


def test_a_message_is_not_too_long_and_obeyed_by_no_terminal(api: FakeApi) -> None:
    hostile = "\x1b[2J\r\b\0\u202e" + "x" * 100_000
    uuids = [api.add((0, "Failed"), logs=hostile, action=hostile, object=hostile) for _number in range(30)]
    trial = Trial(api, *uuids)
    trial.run()
    assert len(trial.message) < MAX_NAMED * (MAX_LOG_CHARACTERS + 1000)
    assert not {"\x1b", "\r", "\b", "\0", "\u202e"} & set(trial.message)
    assert f"- and {30 - MAX_NAMED} more, all of them are in the results." in trial.message


def test_several_good_ends_are_named(api: FakeApi) -> None:
    trial = Trial(api, api.add((0, "Failed")), success_states=["Canceled", "Success"])
    trial.run()
    assert "did not end as Success or Canceled:" in trial.message


def test_bad_ends_and_a_time_out_are_told_together(api: FakeApi) -> None:
    trial = Trial(api, api.add((0, "Failed")), api.add(RUNNING), timeout=3.0)
    trial.run()
    assert "1 of 2 actions did not end as Success:" in trial.message
    assert "Timed out after 3 s. 1 of 2 actions unfinished:" in trial.message


SECRETS: dict[str, t.Any] = {"action": "op-secret", "object": "/api/v1/service/object-secret/", "logs": "log-secret"}


@pytest.mark.parametrize("name", ["action", "object", "logs", "state", "uuid", "start_date"])
@pytest.mark.parametrize("count", [1, 5])
def test_a_hidden_field_is_in_no_result_message_or_line(api: FakeApi, name: str, count: int) -> None:
    bad = [api.add((0, "Failed"), **SECRETS) for _number in range(count)]
    running = api.add(RUNNING, **SECRETS)
    trial = Trial(api, *bad, running, timeout=3.0, hidden_fields=[name])
    results = trial.run()
    said = trial.message + "".join(trial.lines)
    assert all(name not in one for one in results["actions"])
    for field, secret in {**SECRETS, "uuid": bad[0], "state": "Failed"}.items():
        assert (secret in said) is (field != name), field


def test_a_key_that_the_api_returns_is_in_no_message_line_or_name(api: FakeApi) -> None:
    """Ansible hides it in values, but not in names, nor the half of it that a cut leaves."""
    bad = api.add(
        (0, "Failed"), action=f"{API_KEY} {'x' * 190}{API_KEY}", logs=API_KEY + "x" * (MAX_LOG_CHARACTERS - 5)
    )
    odd = api.add((0, f"Odd {API_KEY}"))
    trial = Trial(api, bad, odd, timeout=3.0)
    results = trial.run()
    said = trial.message + "".join(trial.lines) + "".join(results["states"])
    assert results["states"] == {"Failed": 1, "Odd ***": 1}
    assert not [half for half in (API_KEY[:8], API_KEY[-5:]) if half in said]


def test_hidden_logs_are_not_even_asked_for(api: FakeApi) -> None:
    api.lists_have_logs = False
    uuids = [api.add((0, "Failed"), logs="secret") for _number in range(5)]
    Trial(api, *uuids, hidden_fields=["logs"]).run()
    assert set(api.paths) == {"action/"}


# Progress


def test_progress_is_told_on_news_and_else_now_and_then(api: FakeApi) -> None:
    now = api.clock()
    first = api.add((0, "Pending"), (5.0, "In progress"), (100.0, "Success"), started=now)
    second = api.add(RUNNING, (10.0, "Failed"), started=now)
    trial = Trial(api, first, second)
    told: list[tuple[float, str]] = []
    trial.wait._report = lambda line: told.append((api.clock() - now, line))
    trial.run()
    when, lines = [moment for moment, _line in told], [line for _moment, line in told]
    assert when[:3] == [0, 5, 10]
    assert all(QUIET_SECONDS <= later - sooner < QUIET_SECONDS + 10 for sooner, later in zip(when[2:], when[3:]))
    assert len(when) == 5
    assert lines[0].startswith("0 of 2 actions finished; waiting for ")
    assert "(Pending for 0 s)" in lines[0]
    assert lines[0].endswith("; 300 s left")
    assert lines[2].startswith(
        f"1 of 2 actions finished (1 badly); waiting for Service Start of {SERVICE} (In progress"
    )


def test_progress_shows_a_few_and_counts_the_rest(api: FakeApi) -> None:
    uuids = [api.add(RUNNING) for _number in range(50)]
    trial = Trial(api, *uuids, timeout=3.0)
    trial.run()
    assert len(trial.lines) == 1
    assert ", 47 more; " in trial.lines[0]


def test_progress_tells_of_trouble_and_of_its_end(api: FakeApi) -> None:
    now = api.clock()
    uuid = api.add(RUNNING, started=now)
    fails_while(api, now + 5, now + 8, answer(status=503))
    trial = Trial(api, uuid, timeout=20.0, connection={"max_retries": 0})
    trial.run()
    assert ["the last question failed" in line for line in trial.lines] == [False, True, False]


def test_a_line_of_progress_is_one_line(api: FakeApi) -> None:
    trial = Trial(api, api.add(RUNNING, action="a\nb\x1b[31m", object="c\rd\u2028e"), timeout=1.0)
    trial.run()
    assert trial.lines
    assert all(line.isprintable() for line in trial.lines)


def test_nobody_has_to_listen(api: FakeApi) -> None:
    wait = Wait(
        Actions(FakeClient(api)),
        WaitOptions({**DEFAULTS, "uuid": [api.add(RUNNING)], "timeout": 3.0}, API_URL),
        clock=api.clock,
        sleep=api.clock.sleep,
    )
    wait.run()
    assert wait.timed_out
