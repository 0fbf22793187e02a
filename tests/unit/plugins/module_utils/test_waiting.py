# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A wait: its schedule, its time limit, its results, and the states that count as success."""

from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.tutum.cloud.plugins.module_utils._schedule import JITTER
from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY, SERVICE, FakeApi, response, uuid_of
from ansible_collections.tutum.cloud.tests.unit.wait_runs import RUNNING, WaitRun, request_moments


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


# The schedule.


def test_wait_polls_immediately_then_less_often_and_finally_at_the_timeout(api: FakeApi) -> None:
    moments = request_moments(api)
    results = WaitRun(api, api.add(RUNNING), timeout=25.0, max_interval=2.0).run()
    assert moments[:12] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert moments[-1] == 25
    assert all(1 <= later - sooner <= 2 for sooner, later in zip(moments[:-1], moments[1:-1]))
    assert (results["polls"], results["timed_out"], results["elapsed"]) == (len(moments), True, 25.0)


@pytest.mark.parametrize("random", [0.0, 0.5, 1.0])
def test_wait_pauses_have_jitter_but_are_never_shorter_than_interval(api: FakeApi, random: float) -> None:
    WaitRun(api, api.add(RUNNING), timeout=60.0, random_source=lambda: random).run()
    assert api.clock.sleeps[0] == pytest.approx(1 + JITTER * random)
    assert min(api.clock.sleeps[:-1]) >= 1.0
    assert api.clock.sleeps[-2] == pytest.approx(5.0 * (1 - JITTER * random), abs=0.7)


@pytest.mark.parametrize("interval", [1.0, 5.0])
def test_wait_pauses_have_no_jitter_beyond_max_interval(api: FakeApi, interval: float) -> None:
    run = WaitRun(api, api.add(RUNNING), timeout=20.0, interval=interval, max_interval=1.0, random_source=lambda: 1.0)
    run.run()
    assert set(api.clock.sleeps) == {interval}


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
def test_wait_always_polls_at_the_timeout(api: FakeApi, timeout: float, delay: float, expected: list[float]) -> None:
    moments = request_moments(api)
    WaitRun(api, api.add(RUNNING), timeout=timeout, delay=delay).run()
    assert moments == expected


def test_wait_interval_above_max_interval_is_kept(api: FakeApi) -> None:
    moments = request_moments(api)
    WaitRun(api, api.add(RUNNING), interval=30.0, timeout=65.0).run()
    assert moments == [0, 30, 60, 65]


def test_wait_interval_0_does_not_poll_continuously(api: FakeApi) -> None:
    moments = request_moments(api)
    WaitRun(api, api.add(RUNNING), interval=0.0, max_interval=0.0, timeout=2.0).run()
    assert len(moments) <= 22


@pytest.mark.parametrize("end", [0.0, 0.4, 7.3, 59.0, 200.0, 299.9, 300.0])
def test_wait_notices_an_end_within_a_tenth_of_the_wait(api: FakeApi, end: float) -> None:
    run = WaitRun(api, api.add(RUNNING, (end, "Success"), started=api.clock()))
    results = run.run()
    assert run.message == ""
    assert end <= results["elapsed"] <= end + max(1.0, end / 10)
    assert (results["unfinished"], results["unsuccessful"], results["timed_out"]) == ([], [], False)


def test_wait_for_finished_actions_does_not_sleep(api: FakeApi) -> None:
    results = WaitRun(api, api.add()).run()
    assert api.clock.sleeps == []
    assert (results["polls"], results["elapsed"]) == (1, 0.0)


def test_wait_on_a_suspended_machine_polls_once_more(api: FakeApi) -> None:
    uuid = api.add(RUNNING, (100.0, "Success"), started=api.clock())
    run = WaitRun(api, uuid, timeout=20.0)

    def suspend(_url: str) -> None:
        api.clock.now += 3600 if len(api.urls) == 3 else 0

    api.before = suspend
    results = run.run()
    assert (run.states, results["timed_out"]) == (["Success"], False)


def test_wait_sleeps_again_after_a_sleep_that_was_too_short(api: FakeApi) -> None:
    run = WaitRun(api, api.add(RUNNING), timeout=3.0)
    run.wait._sleep = lambda seconds: api.clock.sleep(min(seconds, 0.25))
    moments = request_moments(api)
    run.run()
    assert moments == [0, 1, 2, 3]


def test_wait_does_not_read_the_wall_clock(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be wrong, or be set while the wait lasts."""

    def fail() -> t.NoReturn:
        raise AssertionError

    uuid = api.add(RUNNING, (3.0, "Success"), started=api.clock())
    api.add(RUNNING, (1.0, "Success"), started=api.clock())
    run = WaitRun(api, uuid, object=SERVICE, delay=1.5)
    monkeypatch.setattr(time, "time", fail)
    monkeypatch.setattr(time, "monotonic", fail)
    assert run.run()["states"] == {"Success": 2}


# The time limit.

PHASES = {
    "always": lambda _second: True,
    "from the second poll on": lambda second: second > 0,
    "at the timeout": lambda second: second >= 20.0,
}


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("latency", [1.9, 4.0, 40.0, 1e6])
@pytest.mark.parametrize(
    "options", [{}, {"object": SERVICE}, {"object": SERVICE, "delay": 5.0}, {"on_timeout": "cancel"}]
)
@pytest.mark.parametrize("count", [1, 50])
def test_timeout_is_exceeded_by_at_most_5_seconds(
    api: FakeApi, phase: str, latency: float, options: dict[str, t.Any], count: int
) -> None:
    now = api.clock()
    uuids = [api.add(RUNNING, (5.0, "Failed")) for _number in range(3)]
    uuids += [api.add(RUNNING) for _number in range(count)]
    api.lists_have_logs = False
    api.latency_for = lambda _url: latency if PHASES[phase](api.clock() - now) else 0.01
    run = WaitRun(api, *uuids, uuid_of(999), "6246c558", timeout=20.0, **options)
    results = run.run()
    assert results["timed_out"]
    assert results["elapsed"] <= 25.0


@pytest.mark.parametrize("request_timeout", [0.5, 30.0])
def test_timeout_shorter_than_request_timeout_is_kept(api: FakeApi, request_timeout: float) -> None:
    api.latency = 1e6
    run = WaitRun(api, uuid_of(1), timeout=5.0, settings={"request_timeout": request_timeout})
    assert run.run()["elapsed"] <= 10.0


def test_timeout_0_polls_once(api: FakeApi) -> None:
    run = WaitRun(api, api.add(), timeout=0.0)
    results = run.run()
    assert (run.message, results["polls"], results["timed_out"]) == ("", 1, False)


def test_timeout_0_knows_every_action_whose_response_is_good(api: FakeApi) -> None:
    first, second = api.add(), api.add()
    api.fault_for = lambda url: response({}) if first in url else None
    run = WaitRun(api, first, second, timeout=0.0)
    results = run.run()
    assert (results["states"], results["unfinished"]) == ({"Success": 1}, [first])
    assert f"- action {first}: no data received." in run.message


def test_timeout_end_seen_by_the_last_poll_is_a_success(api: FakeApi) -> None:
    uuid = api.add(RUNNING, (10.0, "Success"), started=api.clock())
    api.latency_for = lambda _url: 5.0 if api.clock() == 1009 else 0.0
    run = WaitRun(api, uuid, timeout=10.0)
    run.run()
    assert (run.message, run.states) == ("", ["Success"])


def test_timeout_message_says_what_is_unfinished_and_what_to_do(api: FakeApi) -> None:
    uuids = [api.add((0, "Failed")), api.add(RUNNING, object=None)]
    run = WaitRun(api, *uuids, timeout=3.0)
    run.run()
    assert run.message == (
        "1 of 2 actions did not finish with state Success:\n"
        f"- Service Start of {SERVICE} (action {uuids[0]}): state Failed.\n"
        "Timed out after 3 s. 1 of 2 actions unfinished:\n"
        f"- Service Start (action {uuids[1]}): state In progress.\n"
        "Increase timeout if the actions need more time."
    )


def test_timeout_message_names_the_error_of_the_last_poll(api: FakeApi) -> None:
    uuid = api.add(RUNNING)
    api.fault_for = lambda _url: response({"error": "maintenance"}, status=503) if api.clock() > 1005 else None
    run = WaitRun(api, uuid, timeout=20.0)
    results = run.run()
    assert (run.states, results["timed_out"]) == (["In progress"], True)
    assert "\nThe last poll failed: GET https://tutum.example.org/api/v1/action/" in run.message
    assert "Server message: maintenance." in run.message
    assert run.wait.details() == {"status": 503, "url": f"https://tutum.example.org/api/v1/action/{uuid}/"}


# States.


@pytest.mark.parametrize(
    "state", ["Pending", "In progress", "Canceling", "Paused", "success", "Success ", "", None, 7, ["Success"]]
)
def test_state_that_is_not_final_is_waited_for_until_the_timeout(api: FakeApi, state: t.Any) -> None:
    uuid = api.add((0.0, state))
    run = WaitRun(api, uuid, timeout=5.0, success_states=["Success", "Failed", "Canceled"])
    results = run.run()
    assert (results["timed_out"], results["unfinished"]) == (True, [uuid])
    assert "Timed out after 5 s. 1 of 1 actions unfinished:" in run.message
    assert ("(unknown; treated as unfinished)" in run.message) is (state not in ("Pending", "In progress", "Canceling"))


def test_state_that_is_missing_is_waited_for_until_the_timeout(api: FakeApi) -> None:
    uuid = api.add()
    api.fault_for = lambda _url: response({"uuid": uuid})
    run = WaitRun(api, uuid, timeout=5.0)
    assert run.run()["unfinished"] == [uuid]
    assert f"- action {uuid}: no state (unknown; treated as unfinished)." in run.message


@pytest.mark.parametrize("state", ["Success", "Failed", "Canceled"])
@pytest.mark.parametrize(
    "success_states", [["Success"], ["Canceled", "Success"], ["Failed"], ["Success", "Failed", "Canceled"]]
)
def test_success_states_decide_what_fails(api: FakeApi, state: str, success_states: list[str]) -> None:
    uuid = api.add((0.0, state))
    run = WaitRun(api, uuid, success_states=success_states)
    is_success = state in success_states
    assert run.run()["unsuccessful"] == ([] if is_success else [uuid])
    assert (run.message == "") is is_success


def test_states_on_the_way_to_an_end_are_waited_out(api: FakeApi) -> None:
    uuid = api.add((0.0, "Pending"), (3.0, "In progress"), (6.0, "Canceling"), (9.0, "Canceled"), started=api.clock())
    run = WaitRun(api, uuid)
    assert run.run()["unsuccessful"] == [uuid]
    assert f"(action {uuid}): state Canceled." in run.message
    assert run.elapsed >= 9


# fail_fast.


@pytest.mark.parametrize("count", [1, 10])
def test_fail_fast_ends_at_the_first_failure(api: FakeApi, count: int) -> None:
    now = api.clock()
    failing = api.add(RUNNING, (5.0, "Failed"), started=now)
    slow = [api.add(RUNNING, (50.0, "Success"), started=now) for _number in range(count)]
    run = WaitRun(api, *slow, failing, fail_fast=True)
    results = run.run()
    assert 5 <= run.elapsed < 7
    assert (results["unsuccessful"], results["unfinished"], results["timed_out"]) == ([failing], slow, False)
    assert run.message.endswith("still running when fail_fast stopped the wait.")


def test_fail_fast_off_waits_for_all(api: FakeApi) -> None:
    now = api.clock()
    failing = api.add(RUNNING, (5.0, "Failed"), started=now)
    slow = api.add(RUNNING, (50.0, "Success"), started=now)
    run = WaitRun(api, slow, failing)
    results = run.run()
    assert (results["unfinished"], results["unsuccessful"]) == ([], [failing])
    assert run.elapsed >= 50


@pytest.mark.parametrize(
    "fault", [response(status=503, Retry_After="20"), response(status=404), response(b"<html>"), response(status=401)]
)
def test_fail_fast_logs_that_cannot_be_fetched_cost_one_short_attempt(api: FakeApi, fault: t.Any) -> None:
    api.lists_have_logs = False
    now = api.clock()
    failing = api.add(RUNNING, (2.0, "Failed"), started=now)
    others = [api.add(RUNNING, (60.0, "Success"), started=now) for _number in range(5)]
    api.fault_for = lambda url: fault if failing in url else None
    run = WaitRun(api, failing, *others, fail_fast=True)
    assert run.run()["unsuccessful"] == [failing]
    assert run.elapsed == 2.0
    assert api.paths.count(f"action/{failing}/") <= 2


def test_fail_fast_logs_that_take_long_cost_2_seconds(api: FakeApi) -> None:
    api.lists_have_logs = False
    uuids = [api.add((0.0, "Failed")) for _number in range(20)]
    api.latency_for = lambda _url: 60.0 if len(api.urls) > 3 else 0.0
    run = WaitRun(api, *uuids, fail_fast=True)
    run.run()
    assert run.elapsed <= 2.0


# Empty waits.


def test_empty_uuid_list_is_a_success_with_a_warning_and_without_polls(api: FakeApi) -> None:
    run = WaitRun(api, uuid=[])
    results = run.run()
    assert (run.message, results["actions"], results["polls"], results["elapsed"]) == ("", [], 0, 0.0)
    assert run.wait.warnings == ["Nothing to wait for: uuid is an empty list."]
    assert api.urls == []


def test_wait_for_actions_has_no_warning(api: FakeApi) -> None:
    run = WaitRun(api, api.add())
    run.run()
    assert run.wait.warnings == []


def test_null_uuid_and_object_are_refused_before_anything_is_sent(api: FakeApi) -> None:
    with pytest.raises(OptionError, match="Neither uuid nor object has a value"):
        WaitRun(api, uuid=None, object=None)
    assert api.urls == []


# Results.


def test_results_have_the_order_of_uuid_and_repeat_duplicates(api: FakeApi) -> None:
    first, second = api.add(RUNNING), api.add((0, "Failed"))
    results = WaitRun(api, second, first, second, timeout=2.0).run()
    assert [action["uuid"] for action in results["actions"]] == [second, first, second]
    assert (results["states"], results["unsuccessful"]) == ({"Failed": 1, "In progress": 1}, [second])
    assert (results["actions"][0]["finished"], results["changed"]) == (True, False)


def test_duplicates_are_requested_once(api: FakeApi) -> None:
    uuid = api.add()
    results = WaitRun(api, uuid, uuid.upper(), f"/api/v1/action/{uuid}/", f" {uuid}\n").run()
    assert len(results["actions"]) == 4
    assert len(api.urls) == 1


def test_results_are_available_while_the_wait_lasts(api: FakeApi) -> None:
    uuid = api.add(RUNNING)
    run = WaitRun(api, uuid, timeout=60.0)

    def interrupt(_seconds: float) -> t.NoReturn:
        raise KeyboardInterrupt

    run.wait._sleep = interrupt
    with pytest.raises(KeyboardInterrupt):
        run.run()
    assert run.wait.results()["unfinished"] == [uuid]


@pytest.mark.parametrize("name", ["action", "object", "logs", "start_date", "duration", "x_extra"])
def test_hidden_fields_are_absent_from_results(api: FakeApi, name: str) -> None:
    uuid = api.add((0, "Failed"), x_extra=1)
    run = WaitRun(api, uuid, hidden_fields=[name])
    (action,) = run.run()["actions"]
    assert name not in action
    assert run.wait.warnings == []


def test_hidden_fields_that_no_action_has_cause_a_warning(api: FakeApi) -> None:
    run = WaitRun(api, api.add(), hidden_fields=["log", "body"])
    run.run()
    assert run.wait.warnings == ["hidden_fields: no action has a field log. Check the name."]


def test_hidden_fields_cause_no_warning_where_no_action_was_seen(api: FakeApi) -> None:
    run = WaitRun(api, uuid_of(1), hidden_fields=["log"], timeout=1.0)
    run.run()
    assert run.wait.warnings == []


def test_hidden_logs_are_not_fetched(api: FakeApi) -> None:
    api.lists_have_logs = False
    uuids = [api.add((0, "Failed"), logs="secret") for _number in range(5)]
    WaitRun(api, *uuids, hidden_fields=["logs"]).run()
    assert api.paths == [f"action/{uuids[0]}/", f"action/{uuids[-1]}/", "action/"]


def test_short_key_does_not_hide_states_dates_and_uuids(api: FakeApi) -> None:
    uuid = api.add()
    run = WaitRun(api, uuid, settings={"authorization": "ApiKey alice:s", "secrets": ["s"]})
    results = run.run()
    assert results["states"] == {"Success": 1}
    assert (results["actions"][0]["state"], results["actions"][0]["uuid"]) == ("Success", uuid)


def test_key_that_the_api_returns_is_in_no_result(api: FakeApi) -> None:
    fields: dict[str, t.Any] = {API_KEY: f"a {API_KEY}"}
    api.add((0, f"Odd {API_KEY}"), **fields)
    run = WaitRun(api, uuid_of(1), timeout=1.0)
    results = run.run()
    assert results["states"] == {"Odd ***": 1}
    assert API_KEY not in repr(results) + run.message + repr(run.statuses)
