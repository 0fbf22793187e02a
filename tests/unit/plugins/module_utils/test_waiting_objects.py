# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option object: which actions a wait includes, when there are none, and which clock counts."""

from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError, OptionError, ResponseError
from ansible_collections.tutum.cloud.tests.unit.fakes import EPOCH, SERVICE, FakeApi, page, response, uuid_of
from ansible_collections.tutum.cloud.tests.unit.wait_runs import RUNNING, WaitRun, fail_between, request_moments

NODE = "/api/v1/node/7a4cfe51-03bb-42d6-825e-3b533888d8cd/"
NO_RETRIES = {"max_retries": 0}


@pytest.fixture(params=[False, True], ids=["oldest first", "newest first"])
def api(request: pytest.FixtureRequest) -> FakeApi:
    return FakeApi(newest_first=request.param)


def found(results: t.Mapping[str, t.Any]) -> list[str]:
    """Return the UUIDs of the actions in the results, sorted."""
    return sorted(action["uuid"] for action in results["actions"])


# The actions to wait for.


@pytest.mark.parametrize("max_limit", [1, 2, 25, 1000])
def test_object_unfinished_actions_are_waited_for(api: FakeApi, max_limit: int) -> None:
    now = api.clock()
    api.max_limit = max_limit
    api.add((0, "Failed"))
    api.add(RUNNING, object=NODE)
    expected = [
        api.add((0, state), (10.0 + number, "Success"), started=now - number)
        for number, state in enumerate(("Pending", "In progress", "Canceling", "Pending", "In progress"))
    ]
    api.add(RUNNING, started=now + 5)
    run = WaitRun(api, object=SERVICE)
    assert found(run.run()) == expected
    assert (run.message, run.wait.warnings) == ("", [])
    assert 10 <= run.elapsed <= 14


def test_object_uuid_in_capitals_finds_its_actions(api: FakeApi) -> None:
    uuid = api.add(RUNNING, (2.0, "Success"), started=api.clock())
    service = SERVICE.replace("2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5", "2C2B2AEF-2ED9-4A3F-98BF-8E9A04B4F4B5")
    assert found(WaitRun(api, object=service).run()) == [uuid]


def test_object_that_is_an_action_is_refused_before_anything_is_sent(api: FakeApi) -> None:
    uuid = api.add(RUNNING)
    with pytest.raises(OptionError, match="To name an action, use uuid"):
        WaitRun(api, object=f"/api/v1/action/{uuid}/")
    assert api.urls == []


def test_object_action_that_moves_on_while_it_is_looked_for_is_found(api: FakeApi) -> None:
    uuid = api.add((0, "Pending"))

    def move_on(_url: str) -> None:
        api.actions[0].timeline = {1: [(0, "Pending")], 2: [(0, "In progress")], 3: [(0, "Canceling")]}.get(
            len(api.urls), [(0, "Success")]
        )

    api.before = move_on
    assert found(WaitRun(api, object=SERVICE).run()) == [uuid]


def test_object_and_uuid_are_waited_for_together(api: FakeApi) -> None:
    now = api.clock()
    named = api.add(RUNNING, (5.0, "Success"), started=now, object=NODE)
    discovered = api.add(RUNNING, (9.0, "Success"), started=now)
    run = WaitRun(api, named, object=SERVICE)
    assert [action["uuid"] for action in run.run()["actions"]] == [named, discovered]
    assert run.elapsed == 9.0


def test_object_action_that_is_also_named_is_counted_once(api: FakeApi) -> None:
    uuid = api.add(RUNNING, (3.0, "Success"), started=api.clock())
    run = WaitRun(api, uuid[:8], uuid, object=SERVICE)
    results = run.run()
    assert (results["states"], run.statuses[-1]) == ({"Success": 1}, "1/1 done after 3 s")


@pytest.mark.parametrize(("include_related", "expected"), [(False, [1]), (None, [1]), (True, [1, 2])])
def test_include_related_adds_parents_and_children(
    api: FakeApi, include_related: bool | None, expected: list[int]
) -> None:
    now = api.clock()
    api.related_objects = {NODE}
    api.add(RUNNING, (3.0, "Success"), started=now)
    api.add(RUNNING, (6.0, "Success"), started=now, object=NODE)
    api.add(RUNNING, started=now, object="/api/v1/stack/x/")
    run = WaitRun(api, object=SERVICE, include_related=include_related)
    assert found(run.run()) == [uuid_of(number) for number in expected]
    assert run.message == ""


def test_include_related_is_sent_with_every_list_of_the_object(api: FakeApi) -> None:
    WaitRun(api, object=SERVICE, include_related=True, timeout=2.0).run()
    assert {query.get("include_related") for query in api.queries} == {"true"}
    assert {query.get("object") for query in api.queries} == {SERVICE}


@pytest.mark.parametrize("include_related", [False, True])
def test_object_with_many_actions_is_polled_with_lists(api: FakeApi, include_related: bool) -> None:
    now = api.clock()
    uuids = [api.add(RUNNING, (20.0, "Success"), started=now - number / 10) for number in range(50)]
    for _number in range(200):
        api.add(RUNNING, started=now, object="/api/v1/stack/x/")
    api.related_objects = {NODE}
    run = WaitRun(api, object=SERVICE, include_related=include_related)
    assert found(run.run()) == uuids
    assert len(api.urls) <= 40


@pytest.mark.parametrize("name", ["object", "state"])
def test_object_on_a_server_that_ignores_a_filter_is_an_error_that_names_it(api: FakeApi, name: str) -> None:
    for one in (SERVICE, NODE):
        for state in ("Success", "In progress"):
            api.add((0, state), object=one)
    api.ignored_filters = {name}
    with pytest.raises(ResponseError, match=f"do not match the filter {name}: the server ignores it"):
        WaitRun(api, object=SERVICE).run()


def test_object_on_a_server_that_ignores_dates_is_an_error_that_names_the_filter(api: FakeApi) -> None:
    api.add((0, "Failed"))
    api.ignored_filters = {"end_date__gte"}
    api.latency = 0.5
    with pytest.raises(ResponseError, match="do not match the filter end_date__gte"):
        WaitRun(api, object=SERVICE).run()


def test_object_list_that_does_not_match_its_filter_later_is_a_failed_poll(api: FakeApi) -> None:
    uuid = api.add(RUNNING, (20.0, "Success"), started=api.clock(), listed_after=8.0)
    stranger = response(page([{"uuid": uuid_of(77), "state": "Failed", "object": NODE}], 1))
    fail_between(api, 2.5, 6.5, stranger)
    run = WaitRun(api, object=SERVICE, min_actions=1)
    assert (found(run.run()), run.message, run.wait.failed_polls) == ([uuid], "", 3)


# Nothing to wait for.


@pytest.mark.parametrize("options", [{}, {"delay": 5.0}, {"uuid": []}, {"missing": "skip"}])
def test_object_without_unfinished_actions_is_a_success_with_a_warning(api: FakeApi, options: dict[str, t.Any]) -> None:
    api.add((0, "Failed"))
    run = WaitRun(api, object=SERVICE, **options)
    results = run.run()
    assert (run.message, results["actions"], results["elapsed"], results["polls"]) == ("", [], 0.0, 1)
    assert run.wait.warnings == [f"Nothing to wait for: there is no unfinished action of {SERVICE}."]
    assert len(api.urls) == 4


@pytest.mark.parametrize("one", [SERVICE, "/api/v1/services/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/", NODE])
@pytest.mark.parametrize("options", [{}, {"delay": 2.0}])
def test_object_without_any_action_is_a_failure_after_5_seconds_and_3_polls(
    api: FakeApi, one: str, options: dict[str, t.Any]
) -> None:
    api.add(RUNNING, object="/api/v1/stack/x/")
    run = WaitRun(api, object=one, **options)
    results = run.run()
    assert (results["polls"] >= 3, results["timed_out"]) == (True, False)
    assert 5.0 <= run.elapsed <= 6.0
    assert run.message == (f"{one} has no action at all. Check object (its type and its UUID), or set missing to skip.")


def test_object_without_any_action_needs_3_polls(api: FakeApi) -> None:
    run = WaitRun(api, object=SERVICE, interval=20.0)
    assert (run.run()["polls"], run.elapsed) == (3, 40.0)


def test_object_whose_first_action_is_visible_late_is_found(api: FakeApi) -> None:
    uuid = api.add(RUNNING, (10.0, "Success"), started=api.clock(), listed_after=3.5)
    run = WaitRun(api, object=SERVICE)
    assert (found(run.run()), run.message) == ([uuid], "")


def test_object_without_any_action_missing_skip_is_a_success_with_a_warning(api: FakeApi) -> None:
    run = WaitRun(api, object=SERVICE, missing="skip")
    assert run.run()["timed_out"] is False
    assert run.message == ""
    assert run.wait.warnings == [f"Nothing to wait for: there is no unfinished action of {SERVICE}."]


@pytest.mark.parametrize("missing", ["error", "skip"])
def test_object_without_any_action_at_the_timeout_is_a_failure(api: FakeApi, missing: str) -> None:
    run = WaitRun(api, object=SERVICE, timeout=2.0, missing=missing)
    assert run.run()["timed_out"]
    assert f"Timed out after 2 s.\nNo action of {SERVICE} was found. Check object.\n" in run.message
    assert run.wait.warnings == []


# min_actions.


@pytest.mark.parametrize("listed_after", [0.5, 2.5, 60.0])
def test_min_actions_waits_for_an_action_that_is_listed_late(api: FakeApi, listed_after: float) -> None:
    api.add((0, "Success"))
    uuid = api.add(RUNNING, (listed_after + 5, "Failed"), started=api.clock(), listed_after=listed_after)
    run = WaitRun(api, object=SERVICE, min_actions=1)
    results = run.run()
    assert (found(results), results["unsuccessful"]) == ([uuid], [uuid])


def test_min_actions_after_three_empty_lists_finds_the_action_that_fails(api: FakeApi) -> None:
    uuid = api.add(RUNNING, (0.05, "Failed"), started=api.clock())
    empty = response(page([], 0))
    # One poll reads up to five lists.
    api.faults = [empty] * 15
    run = WaitRun(api, object=SERVICE, min_actions=1)
    assert run.run()["unsuccessful"] == [uuid]


def test_min_actions_that_are_never_found_are_a_failure_at_the_timeout(api: FakeApi) -> None:
    now = api.clock()
    api.add((0, "Success"))
    api.add(RUNNING, (3.0, "Success"), started=now)
    run = WaitRun(api, object=SERVICE, min_actions=2, timeout=20.0)
    results = run.run()
    assert (results["timed_out"], results["unfinished"], results["unsuccessful"]) == (True, [], [])
    assert f"Found 1 of at least 2 actions (min_actions) of {SERVICE}." in run.message


@pytest.mark.parametrize("missing", ["error", "skip"])
def test_min_actions_of_an_object_without_any_action_are_looked_for_until_the_timeout(
    api: FakeApi, missing: str
) -> None:
    run = WaitRun(api, object=SERVICE, min_actions=1, timeout=20.0, missing=missing)
    assert run.run()["timed_out"]
    assert f"Found 0 of at least 1 actions (min_actions) of {SERVICE}." in run.message


@pytest.mark.parametrize("ended_before", [0.1, 0.6, 1.2])
def test_min_actions_does_not_take_an_earlier_success_for_the_new_action(api: FakeApi, ended_before: float) -> None:
    """The server's clock shows seconds only, and the new action is listed late."""
    api.clock.now += 0.3
    now = api.clock()
    api.add(RUNNING, (3.0, "Success"), started=now - 3.0 - ended_before)
    new = api.add(RUNNING, (20.0, "Failed"), started=now - 0.1, listed_after=5.0)
    run = WaitRun(api, object=SERVICE, min_actions=1)
    assert run.run()["unsuccessful"] == [new]


@pytest.mark.parametrize("end", [2.2, 3.0])
def test_min_actions_counts_a_success_before_it_is_listed(api: FakeApi, end: float) -> None:
    uuid = api.add(RUNNING, (end, "Success"), started=api.clock(), listed_after=5.0)
    run = WaitRun(api, object=SERVICE, min_actions=1)
    assert (found(run.run()), run.message) == ([uuid], "")


def test_min_actions_with_fail_fast_ends_at_the_first_failure(api: FakeApi) -> None:
    api.add(RUNNING, (3.0, "Failed"), started=api.clock())
    run = WaitRun(api, object=SERVICE, min_actions=2, fail_fast=True)
    assert len(run.run()["unsuccessful"]) == 1
    assert run.elapsed <= 4


def test_min_actions_that_are_there_need_no_further_lists(api: FakeApi) -> None:
    api.add(RUNNING, (9.0, "Success"), started=api.clock())
    WaitRun(api, object=SERVICE, min_actions=1).run()
    assert sum("state" in query for query in api.queries) == 3


# Actions that were unfinished when the wait began.


@pytest.mark.parametrize("delay", [0.9, 5.0, 10.0])
def test_delay_action_that_fails_in_it_counts(api: FakeApi, delay: float) -> None:
    uuid = api.add(RUNNING, (0.5, "Failed"), started=api.clock())
    run = WaitRun(api, object=SERVICE, delay=delay)
    assert run.run()["unsuccessful"] == [uuid]
    assert run.elapsed == delay


def test_delay_action_that_starts_in_it_is_not_waited_for(api: FakeApi) -> None:
    now = api.clock()
    uuid = api.add(RUNNING, (8.0, "Success"), started=now)
    api.add(RUNNING, (60.0, "Failed"), started=now + 2)
    run = WaitRun(api, object=SERVICE, delay=5.0)
    assert (found(run.run()), run.message) == ([uuid], "")


def test_delay_looks_up_the_actions_of_the_object_before_it(api: FakeApi) -> None:
    api.add(RUNNING, (3.0, "Success"), started=api.clock())
    moments = request_moments(api)
    results = WaitRun(api, object=SERVICE, delay=5.0).run()
    assert (moments, results["polls"]) == ([0, 0, 0, 5], 2)


@pytest.mark.parametrize(
    ("failing_for", "settings"),
    [(0.5, NO_RETRIES), (1.1, {}), (1.1, NO_RETRIES), (10.0, {}), (10.0, NO_RETRIES), (100.0, {}), (100.0, NO_RETRIES)],
)
@pytest.mark.parametrize("delay", [0.0, 5.0])
def test_object_action_that_fails_before_it_can_be_listed_counts(
    api: FakeApi, failing_for: float, delay: float, settings: dict[str, t.Any]
) -> None:
    now = api.clock()
    api.add((0, "Failed"), started=now - 9)
    uuid = api.add(RUNNING, (0.3, "Failed"), started=now)
    fail_between(api, 0, failing_for, response(status=503))
    run = WaitRun(api, object=SERVICE, delay=delay, settings=settings, interval=0.0)
    assert run.run()["unsuccessful"] == [uuid]


def test_object_lists_that_were_read_before_an_error_are_not_read_again(api: FakeApi) -> None:
    now = api.clock()
    pending = api.add((0, "Pending"), (3.0, "In progress"), (9.0, "Success"), started=now)
    running = api.add(RUNNING, (8.0, "Success"), started=now)
    api.fault_for = lambda url: response(status=503) if "progress" in url and api.clock() < now + 5 else None
    results = WaitRun(api, object=SERVICE, settings=NO_RETRIES).run()
    assert (found(results), results["states"]) == (sorted([pending, running]), {"Success": 2})
    states = [query.get("state") for query in api.queries if "object" in query]
    assert states.count("Pending") == states.count("Canceling") == 1
    assert states.count("In progress") > 2


def test_object_action_that_fails_while_slow_lists_are_read_counts(api: FakeApi) -> None:
    uuid = api.add(RUNNING, (0.5, "Failed"), started=api.clock())
    api.latency = 0.9
    assert WaitRun(api, object=SERVICE).run()["unsuccessful"] == [uuid]


@pytest.mark.parametrize("failed_before", [3.0, 60.0])
def test_object_action_that_failed_before_the_wait_does_not_count(api: FakeApi, failed_before: float) -> None:
    now = api.clock()
    api.add(RUNNING, (1.0, "Failed"), started=now - 1 - failed_before)
    fail_between(api, 0, 5, response(status=503))
    run = WaitRun(api, object=SERVICE)
    assert (run.run()["actions"], run.message) == ([], "")


@pytest.mark.parametrize("offset", [-100.0, 0.0, 10.0, 100.0])
@pytest.mark.parametrize("delay", [0.0, 5.0])
def test_object_with_a_wrong_clock_of_this_host_follows_the_servers(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch, offset: float, delay: float
) -> None:
    now = api.clock()
    api.add(RUNNING, (1.0, "Failed"), started=now - 61)
    expected = [api.add(RUNNING, (end, "Failed"), started=now - 5) for end in (5.4, 9.0)]
    monkeypatch.setattr(time, "time", lambda: EPOCH.timestamp() + api.clock() + offset)
    fail_between(api, 0, 5, response(status=503))
    assert found(WaitRun(api, object=SERVICE, delay=delay).run()) == expected


def test_object_discovered_late_without_the_servers_clock_is_never_a_success(api: FakeApi) -> None:
    """Actions that finished in the meantime look like those that finished before."""
    api.add(RUNNING, (0.5, "Failed"), started=api.clock())
    api.has_date = False
    fail_between(api, 0, 2, response(status=503))
    run = WaitRun(api, object=SERVICE, timeout=10.0)
    run.run()
    assert f"The unfinished actions of {SERVICE} could not be listed." in run.message
    assert "The response has no Date header" in run.message


def test_object_discovered_immediately_does_not_need_the_servers_clock(api: FakeApi) -> None:
    uuid = api.add(RUNNING, (3.0, "Success"), started=api.clock())
    api.has_date = False
    run = WaitRun(api, object=SERVICE)
    assert (found(run.run()), run.message) == ([uuid], "")


# Errors.


@pytest.mark.parametrize("status", [404, 503])
def test_object_whose_lists_fail_is_never_a_success(api: FakeApi, status: int) -> None:
    api.fault_for = lambda _url: response(status=status)
    run = WaitRun(api, object=SERVICE, timeout=4.0, missing="skip")
    assert run.run()["timed_out"]
    assert f"The unfinished actions of {SERVICE} could not be listed." in run.message


def test_object_whose_lists_respond_404_for_5_seconds_fails(api: FakeApi) -> None:
    api.fault_for = lambda _url: response(status=404)
    run = WaitRun(api, object=SERVICE, missing="skip")
    with pytest.raises(ApiError, match="HTTP 404"):
        run.run()
    assert run.elapsed == 5.0


def test_object_whose_lists_respond_404_only_at_first_is_waited_for(api: FakeApi) -> None:
    uuid = api.add(RUNNING, (10.0, "Success"), started=api.clock())
    fail_between(api, 0, 4, response(status=404))
    assert found(WaitRun(api, object=SERVICE).run()) == [uuid]


@pytest.mark.parametrize("fault", [response(status=503), response({})])
def test_object_that_cannot_be_listed_does_not_hide_a_named_action(api: FakeApi, fault: t.Any) -> None:
    named = api.add(RUNNING, (5.0, "Failed"), started=api.clock(), object=NODE)
    api.fault_for = lambda url: fault if "state=" in url else None
    run = WaitRun(api, named, object=SERVICE, fail_fast=True, settings=NO_RETRIES)
    results = run.run()
    assert (results["unsuccessful"], results["timed_out"], results["elapsed"]) == ([named], False, 5.0)
    assert results["failed_polls"] == results["polls"]


@pytest.mark.parametrize("failing", ["In%20progress", "Canceling"])
def test_object_action_found_before_a_list_failed_is_waited_for(api: FakeApi, failing: str) -> None:
    pending = api.add((0, "Pending"), (5.0, "Failed"), started=api.clock())
    api.fault_for = lambda url: response(status=503) if failing in url and api.clock() < 1020 else None
    run = WaitRun(api, object=SERVICE)
    assert run.run()["unsuccessful"] == [pending]
    assert "state Failed" in run.message


def test_object_actions_of_an_invalid_list_are_not_waited_for(api: FakeApi) -> None:
    api.add((0, "Pending"), (0.5, "Failed"), started=api.clock())
    invalid = response(page([{"uuid": uuid_of(77), "state": "In progress", "object": SERVICE}, 7], 2))
    api.fault_for = lambda url: invalid if "In%20progress" in url and api.clock() < 1000.5 else None
    run = WaitRun(api, object=SERVICE, interval=0.0)
    assert found(run.run()) == [uuid_of(1)]
    assert run.wait.failed_polls == 5


def test_object_is_listed_once_the_server_is_available(api: FakeApi) -> None:
    uuid = api.add(RUNNING, (20.0, "Success"), started=api.clock())
    fail_between(api, 0, 10, response(status=503))
    run = WaitRun(api, object=SERVICE)
    assert (found(run.run()), run.message) == ([uuid], "")
