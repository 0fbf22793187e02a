# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Properties of every wait, on servers that move actions, cap pages, lag, or respond with anything."""

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import assume, event, example, given, settings
from hypothesis import strategies as st

from ansible_collections.tutum.cloud.plugins.module_utils._actions import FINAL_STATES, STATES, UNFINISHED_STATES
from ansible_collections.tutum.cloud.plugins.module_utils._errors import TransientError, TutumError
from ansible_collections.tutum.cloud.plugins.module_utils._schedule import MIN_PAUSE_SECONDS, poll_interval
from ansible_collections.tutum.cloud.tests.unit.fakes import (
    API_KEY,
    SERVICE,
    FakeApi,
    FakeClock,
    page,
    response,
    result_of,
    uuid_of,
)
from ansible_collections.tutum.cloud.tests.unit.properties import PROPERTY, json_values
from ansible_collections.tutum.cloud.tests.unit.wait_runs import WaitRun

if t.TYPE_CHECKING:
    from ansible_collections.tutum.cloud.plugins.module_utils._http import Response

pytestmark = pytest.mark.slow

NODE = "/api/v1/node/x/"
START = FakeClock().now
"""When every wait begins, by the fake clock."""

OVERTIME_SECONDS = 5.0
"""A wait may exceed its timeout by this long."""

state_sets = st.sets(st.sampled_from(FINAL_STATES), min_size=1).map(sorted)


def results_of(run: WaitRun) -> tuple[dict[str, t.Any], TutumError | None]:
    """Wait, and return the results with the error that ended the wait, if one did."""
    try:
        return run.run(), None
    except TutumError as error:
        return error.results, error


def check_promises(run: WaitRun, results: dict[str, t.Any], error: TutumError | None, timeout: float) -> None:
    """Check the properties of every wait."""
    assert run.elapsed <= timeout + OVERTIME_SECONDS + 1e-6
    assert results["failed_polls"] <= results["polls"]
    assert results["changed"] is False
    assert API_KEY not in json.dumps(results) + run.message + "".join(run.statuses + run.logs) + str(error)
    assert all(line.isprintable() for line in run.statuses)


# The schedule.


@given(st.floats(0, 1e9), st.floats(0, 1e6), st.floats(0, 1e6))
@PROPERTY
def test_poll_interval_keeps_its_limits(waited: float, interval: float, longer: float) -> None:
    max_interval = interval + longer
    pause = poll_interval(waited, interval, max_interval)
    assert max(MIN_PAUSE_SECONDS, interval) <= pause <= max(MIN_PAUSE_SECONDS, max_interval)
    assert pause <= max(MIN_PAUSE_SECONDS, interval, waited / 10)
    assert poll_interval(waited + 1, interval, max_interval) >= pause


# Any response.


class ScriptedApi(FakeApi):
    """An API that responds with anything, as slowly as its script says; the last step is repeated."""

    def __init__(self, script: t.Iterable[tuple[float, t.Any]]) -> None:
        super().__init__()
        self._script = iter(script)
        self._last: tuple[float, t.Any] = (0.0, response(status=503))

    def send(self, method: str, url: str, seconds: float, **options: t.Any) -> Response:
        if seconds <= 0:
            return super().send(method, url, seconds, **options)
        self.urls.append(url)
        latency, outcome = self._last = next(self._script, self._last)
        self.clock.now += min(latency, seconds)
        if latency > seconds:
            raise TransientError(url, "No complete response in time")
        return result_of(outcome(url) if callable(outcome) else outcome)


def respond_with(fields: t.Mapping[str, object]) -> t.Callable[[str], Response]:
    """Respond with the requested action, or with a list of the first ten, with these fields."""

    def respond(url: str) -> Response:
        if "?" not in url:
            return response({"uuid": url.split("/")[-2], "object": SERVICE, **fields})
        objects = [{"uuid": uuid_of(number), "object": SERVICE, **fields} for number in range(1, 11)]
        return response(page(objects, 10), Date="Wed, 17 Sep 2014 08:16:40 GMT")

    return respond


any_state = st.sampled_from([*STATES, *FINAL_STATES, "Success", "Paused", "", None, 7])
any_response = st.one_of(
    st.just(respond_with({"state": "Success"})),
    st.just(respond_with({"state": "Success", "start_date": "Wed, 17 Sep 2014 08:16:40 +0000"})),
    st.builds(respond_with, st.fixed_dictionaries({"state": any_state})),
    st.builds(respond_with, st.fixed_dictionaries({"state": any_state, "uuid": st.text(max_size=3)})),
    st.builds(
        respond_with,
        st.dictionaries(st.sampled_from(["logs", "start_date", "action", "end_date", "object", "state"]), json_values),
    ),
    st.builds(lambda status: response(status=status), st.sampled_from([404, 408, 429, 500, 503, 520])),
    st.builds(lambda status: response(status=status), st.sampled_from([400, 401, 403, 302, 501])),
    st.builds(lambda after: response(status=429, Retry_After=after), st.text(alphabet="0123456789-.x", max_size=6)),
    st.builds(response, json_values),
    st.builds(response, st.binary(max_size=30)),
    st.just(response(page([], 0))),
    st.just(TransientError("url", "Connection failed: reset")),
)
scripts = st.lists(st.tuples(st.sampled_from([0.0, 0.0, 0.3, 2.0, 50.0]), any_response), max_size=25)


@given(
    scripts,
    st.sampled_from([1, 2, 3, 4, 10]),
    st.sampled_from([0.0, 0.5, 20.0, 90.0]),
    st.fixed_dictionaries({"fail_fast": st.booleans(), "follow_logs": st.booleans(), "missing": st.just("error")}),
    state_sets,
)
@settings(PROPERTY, max_examples=100)
def test_wait_succeeds_only_if_every_action_was_last_seen_in_a_success_state(
    script: list[tuple[float, t.Any]], count: int, timeout: float, options: dict[str, t.Any], success_states: list[str]
) -> None:
    api = ScriptedApi(script)
    uuids = [uuid_of(number) for number in range(1, count + 1)]
    run = WaitRun(
        api,
        *uuids,
        timeout=timeout,
        success_states=success_states,
        settings={"request_timeout": 10.0, "max_retries": 2},
        **options,
    )
    results, error = results_of(run)
    check_promises(run, results, error, timeout)
    if error:
        event(f"error {getattr(error, 'status', None)}")
        assert not isinstance(error, TransientError)
    elif run.message:
        event("failure")
        assert results["timed_out"] or results["unsuccessful"]
    else:
        event("success")
        assert [action["uuid"] for action in results["actions"]] == uuids
        assert all(action["state"] in success_states for action in results["actions"])
        assert (results["timed_out"], results["unfinished"], results["unsuccessful"]) == (False, [], [])


@given(scripts, st.sampled_from([0.0, 8.0, 90.0]), st.sampled_from([0, 1, 11]), st.sampled_from([0.0, 3.0]))
@settings(PROPERTY, max_examples=100)
def test_wait_for_an_object_succeeds_only_with_actions_or_after_good_lists(
    script: list[tuple[float, t.Any]], timeout: float, min_actions: int, delay: float
) -> None:
    run = WaitRun(
        ScriptedApi(script),
        object=SERVICE,
        timeout=timeout,
        min_actions=min_actions,
        delay=delay,
        settings={"request_timeout": 10.0, "max_retries": 2},
    )
    results, error = results_of(run)
    check_promises(run, results, error, timeout)
    if error is None and not run.message:
        event(f"success with {len(results['actions'])}")
        assert len(results["actions"]) >= min_actions
        assert all(action["state"] == "Success" for action in results["actions"])
        assert results["actions"] or any("Nothing to wait for" in warning for warning in run.wait.warnings)


# Servers that move, cap, lie and lag.

servers = st.fixed_dictionaries(
    {
        "newest_first": st.booleans(),
        "max_limit": st.sampled_from([1, 2, 3, 7, 25, 1000]),
        "latency": st.sampled_from([0.0, 0.0, 0.05]),
        "total_count": st.sampled_from(
            [lambda count: count, lambda _count: ..., lambda _count: None, lambda count: count + 7, lambda _count: 0]
        ),
        "next_link": st.sampled_from(
            [
                lambda limit, offset: f"/api/v1/action/?limit={limit}&offset={offset}",
                lambda limit, offset: f"/api/v1/action/?limit=500&limit={limit}&offset=0&offset={offset}",
                lambda _limit, offset: f"http://gateway.example.org/elsewhere/?offset={offset}",
            ]
        ),
        "show_date": st.sampled_from([None, lambda moment: moment.isoformat()[:19]]),
    }
)


class Plan(t.NamedTuple):
    """An action that passes through its states after the wait began."""

    age: float
    pending: float
    running: float
    end: str
    listed_after: float

    def add_to(self, api: FakeApi, **fields: t.Any) -> str:
        """Add the action to an API, and return its UUID."""
        timeline = (
            (0.0, "Pending"),
            (self.age + self.pending, "In progress"),
            (self.age + self.pending + self.running, self.end),
        )
        return api.add(*timeline, started=START - self.age, listed_after=self.age + self.listed_after, **fields)


def seconds_up_to(longest: int) -> st.SearchStrategy[float]:
    """Return seconds that floats represent exactly, so that their sums are exact, too."""
    return st.integers(0, 8 * longest).map(lambda eighths: eighths / 8)


plans = st.lists(
    st.builds(
        Plan,
        seconds_up_to(100),
        seconds_up_to(10),
        seconds_up_to(40),
        st.sampled_from(FINAL_STATES),
        st.sampled_from([-1000.0, -1000.0, -1000.0, 3.0, 30.0]),
    ),
    min_size=1,
    max_size=12,
)
hiccup_faults = st.sampled_from(
    [
        *(response(status=status) for status in (400, 401, 403, 404, 405, 408, 425, 500, 503, 520, 596)),
        response(status=429, Retry_After="2"),
        response(status=302, Location="https://login.example.org/"),
        response(b"<html>"),
        response(b""),
        response({}),
        response({"meta": {}, "objects": 7}),
        response({"uuid": uuid_of(99), "state": "Success"}),
        TransientError("url", "Connection failed: reset"),
    ]
)
hiccups = st.lists(st.tuples(st.floats(0.5, 60), st.floats(0.1, 4.0), hiccup_faults), max_size=4)


def make_api(server: dict[str, t.Any]) -> FakeApi:
    """Return an API with these habits, and with actions of others that come and go."""
    given_options = {name: value for name, value in server.items() if value is not None}
    api = FakeApi(**given_options)
    for number in range(30):
        api.add(
            (0.0, "In progress"),
            (60.0, "Success"),
            started=START - 20 + 2 * number,
            object=NODE,
            vanishes=5.0 + number,
            uuid=uuid_of(1000 + number),
        )
    return api


def add_hiccups(api: FakeApi, moments: t.Sequence[tuple[float, float, t.Any]]) -> None:
    """Let all requests fail for some seconds, several times."""

    def fault_for(_url: str) -> t.Any:
        waited = api.clock() - START
        return next((fault for begin, seconds, fault in moments if begin <= waited < begin + seconds), None)

    api.fault_for = fault_for


def outcome_of(results: dict[str, t.Any]) -> tuple[object, ...]:
    """Return the values that temporary errors must not change."""
    states = [(action["uuid"], action["state"]) for action in results["actions"]]
    return states, results["unsuccessful"], results["unfinished"], results["timed_out"]


@given(plans, servers, hiccups, state_sets)
@settings(PROPERTY, max_examples=100)
def test_wait_results_are_those_of_the_api_with_and_without_hiccups(
    made: list[Plan], server: dict[str, t.Any], moments: list[tuple[float, float, t.Any]], success_states: list[str]
) -> None:
    # Together, 401 and 403 may last for 10 seconds, and 404 for 5.
    assume(sum(seconds for _begin, seconds, _fault in moments) < 4.5)
    outcomes = []
    for faults in ([], moments):
        api = make_api(server)
        uuids = [plan.add_to(api) for plan in made]
        add_hiccups(api, faults)
        run = WaitRun(api, *uuids, success_states=success_states, settings={"max_retries": 1})
        results = run.run()
        check_promises(run, results, None, 300.0)
        assert run.states == [plan.end for plan in made]
        assert (run.message == "") is all(plan.end in success_states for plan in made)
        outcomes.append(outcome_of(results))
    assert outcomes[0] == outcomes[1]


@given(plans, servers, st.sampled_from([0.0, 0.0, 2.0, 12.0]), st.sampled_from([0.0, 0.0, 5.0]))
@settings(PROPERTY, max_examples=100)
@example([Plan(0.0, 0.0, 0.3, "Failed", -1000.0)], {"newest_first": False}, 2.0, 0.0)
def test_wait_for_an_object_is_for_exactly_what_was_unfinished_when_it_began(
    made: list[Plan], server: dict[str, t.Any], outage: float, delay: float
) -> None:
    made = [plan._replace(listed_after=-1000.0) for plan in made]
    api = make_api(server)
    finished = [api.add((0.0, "Success"), (1.0, "Failed"), started=START - 50.0 - number) for number in range(2)]
    # What ends while the lists are read, in less than the second that the server's clock shows, cannot be told.
    assume(outage or not api.latency or all(plan.pending + plan.running > 1.5 for plan in made))
    uuids = [plan.add_to(api) for plan in made]
    late = api.add((0.0, "In progress"), (5.0, "Failed"), started=START + 1.5)
    add_hiccups(api, [(0.0, outage, response(status=503))])
    run = WaitRun(api, object=SERVICE, delay=delay, success_states=["Success"])
    results = run.run()
    expected = {uuid for uuid, plan in zip(uuids, made) if plan.pending + plan.running > 0}
    found = {action["uuid"] for action in results["actions"]}
    assert expected <= found
    # Where the lists come late, it is not known which of those that are running then began before the wait.
    assert found <= ({*uuids, late} if outage or api.latency else set(uuids))
    assert not found & set(finished)
    assert not results["unfinished"]
    assert set(results["unsuccessful"]) == found - {uuid for uuid, plan in zip(uuids, made) if plan.end == "Success"}


@given(
    st.lists(st.tuples(st.sampled_from(STATES), st.booleans()), max_size=8),
    servers,
    st.sampled_from(["error", "skip"]),
    st.integers(0, 3),
)
@settings(PROPERTY, max_examples=100)
def test_wait_that_is_empty_succeeds_only_if_that_was_requested(
    made: list[tuple[str, bool]], server: dict[str, t.Any], missing: str, min_actions: int
) -> None:
    """The actions do not change, so a wait for an unfinished one times out."""
    api = make_api(server)
    for number, (state, is_ours) in enumerate(made):
        api.add((0.0, state), started=START - 10 - number, object=SERVICE if is_ours else NODE)
    run = WaitRun(api, object=SERVICE, timeout=20.0, missing=missing, min_actions=min_actions)
    results = run.run()
    states = [state for state, is_ours in made if is_ours]
    is_running = any(state in UNFINISHED_STATES for state in states)
    is_success = not is_running and min_actions == 0 and bool(states or missing == "skip")
    assert (run.message == "") is is_success
    assert (results["actions"] == []) is not is_running
    warned = any("Nothing to wait for" in warning for warning in run.wait.warnings)
    assert warned is is_success
