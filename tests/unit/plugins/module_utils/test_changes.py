# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes on a simulated server: each entry into a watched state is found once, also if lists or responses are late."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils import _changes
from ansible_collections.tutum.cloud.plugins.module_utils._actions import STATES, ActionsClient
from ansible_collections.tutum.cloud.plugins.module_utils._argspec import CHANGES
from ansible_collections.tutum.cloud.plugins.module_utils._change_options import ChangeOptions
from ansible_collections.tutum.cloud.plugins.module_utils._changes import Changes
from ansible_collections.tutum.cloud.plugins.module_utils._dates import format_iso
from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError, FilterIgnoredError, TransientError
from ansible_collections.tutum.cloud.tests.unit.fakes import (
    API_KEY,
    API_URL,
    EPOCH,
    SERVICE,
    FakeApi,
    FakeClient,
    response,
)

OTHER_SERVICE = "/api/v1/service/5d7a1c36-0e0c-4f7b-9c65-b6a3d0c1e201/"
START = 1000.0
"""The value of the fake clock when a source starts."""


def iso(second: float) -> str:
    """Return a value of the fake clock as a date."""
    return format_iso(EPOCH + timedelta(seconds=second))


class Source:
    """An event source without asyncio: it polls, and stores the events and the log."""

    def __init__(self, api: FakeApi, *, max_retries: int = 0, **options: t.Any) -> None:
        self.api = api
        self.log: list[str] = []
        chosen = {**{name: option.get("default") for name, option in CHANGES.items()}, **options}
        client = FakeClient(api, max_retries=max_retries)
        self.changes = Changes(ActionsClient(client), ChangeOptions(chosen, API_URL), self.log.append)
        self.events: list[tuple[str, str]] = []
        self.actions: list[dict[str, t.Any]] = []

    def poll(self, times: int = 1) -> list[tuple[str, str]]:
        """Poll, pause, and return the new events: UUID and state."""
        count = len(self.events)
        for _number in range(times):
            found = self.changes.poll()
            self.actions += found
            self.events += [(action["uuid"], action["state"]) for action in found]
            self.api.clock.sleep(self.changes.pause)
        return self.events[count:]


@pytest.fixture(params=[False, True], ids=["oldest_first", "newest_first"])
def api(request: pytest.FixtureRequest) -> FakeApi:
    """Return a server, for each order of its lists."""
    return FakeApi(newest_first=request.param)


# Final states.


def test_changes_final_state_is_reported_once(api: FakeApi) -> None:
    source = Source(api)
    source.poll()
    uuid = api.add((0, "In progress"), (3, "Failed"), started=api.clock.now)
    assert source.poll() == []
    assert source.poll() == [(uuid, "Failed")]
    assert source.poll(50) == []


def test_changes_action_is_as_action_info_returns_it(api: FakeApi) -> None:
    source = Source(api)
    source.poll()
    api.add((0, "In progress"), (3, "Success"), started=api.clock.now, logs=f"the key is {API_KEY}")
    source.poll(2)
    (action,) = source.actions
    assert action["started_at"] == iso(1005)
    assert (action["duration"], action["finished"], action["object_type"]) == (3.0, True, "service")
    assert action["logs"] == "the key is ***"


def test_changes_already_final_is_not_reported(api: FakeApi) -> None:
    for second in (0, 990, START - 0.5, START):
        api.add(started=second)
    assert Source(api).poll(30) == []


def test_changes_that_started_before_the_source_are_reported(api: FakeApi) -> None:
    uuid = api.add((0, "In progress"), (500, "Success"), started=600)
    assert Source(api).poll(30) == [(uuid, "Success")]


def test_changes_two_in_the_same_second_are_both_reported(api: FakeApi) -> None:
    source = Source(api)
    source.poll()
    first = api.add((0, "Failed"), started=1006.2)
    api.clock.sleep(1.4)
    assert source.poll() == [(first, "Failed")]
    second = api.add((0, "Failed"), started=1006.9)
    assert source.poll() == [(second, "Failed")]


def test_changes_late_in_the_lists_are_reported(api: FakeApi) -> None:
    source = Source(api)
    source.poll()
    late = api.add((0, "Failed"), started=1006, listed_after=60)
    later = api.add((0, "Failed"), started=1030)
    assert source.poll(40) == [(later, "Failed"), (late, "Failed")]


def test_changes_before_the_start_that_are_listed_late_are_not_reported(api: FakeApi) -> None:
    api.add((0, "Failed"), started=990, listed_after=60)
    assert Source(api).poll(40) == []


def test_changes_only_of_watched_states_are_reported(api: FakeApi) -> None:
    source = Source(api, state=["Failed"])
    source.poll()
    api.add((0, "Success"), started=1006)
    uuid = api.add((0, "Failed"), started=1006)
    assert source.poll(3) == [(uuid, "Failed")]


def test_changes_retried_action_is_reported_again(api: FakeApi) -> None:
    source = Source(api)
    source.poll()
    uuid = api.add((0, "Failed"), started=1003)
    assert source.poll(3) == [(uuid, "Failed")]
    api.actions[0].timeline = [(0, "In progress"), (60, "Failed")]
    assert source.poll(20) == [(uuid, "Failed")]


def test_changes_of_an_object_are_reported_without_others(api: FakeApi) -> None:
    source = Source(api, object=SERVICE)
    source.poll()
    api.add((0, "Failed"), started=1006, object=OTHER_SERVICE)
    uuid = api.add((0, "Failed"), started=1006)
    assert source.poll(3) == [(uuid, "Failed")]


def test_changes_object_without_actions_is_logged(api: FakeApi) -> None:
    source = Source(api, object=SERVICE)
    source.poll(3)
    assert source.log == [f"{SERVICE} has no action yet. If that is unexpected, check object."]


# The option since.


def test_changes_since_the_past_are_reported_by_end(api: FakeApi) -> None:
    api.add((0, "In progress"), (100, "Success"), started=400)
    later = api.add((0, "In progress"), (300, "Success"), started=300)
    sooner = api.add((0, "In progress"), (90, "Success"), started=420)
    assert Source(api, since=iso(505)).poll(5) == [(sooner, "Success"), (later, "Success")]


def test_changes_relative_since_is_by_the_clock_of_the_server(api: FakeApi) -> None:
    uuid = api.add(started=START - 50)
    api.add(started=START - 70)
    assert Source(api, since="60 seconds ago").poll(5) == [(uuid, "Success")]


def test_changes_since_the_future_are_not_reported_before(api: FakeApi) -> None:
    source = Source(api, since=iso(START + 60), state=list(STATES))
    api.add((0, "Pending"), (10, "In progress"), (20, "Success"), started=1010)
    uuid = api.add((0, "Pending"), (10, "In progress"), (60, "Success"), started=1020)
    assert source.poll(30) == [(uuid, "Success")]


# Unfinished states.


def test_changes_through_several_states_are_each_reported(api: FakeApi) -> None:
    source = Source(api, state=["Pending", "In progress", "Success"])
    source.poll()
    uuid = api.add(
        (0, "Pending"), (10, "In progress"), (20, "Canceling"), (30, "In progress"), (40, "Success"), started=1003
    )
    states = ["Pending", "In progress", "In progress", "Success"]
    assert source.poll(20) == [(uuid, state) for state in states]


def test_changes_unfinished_at_the_start_is_not_reported_until_it_changes(api: FakeApi) -> None:
    uuid = api.add((0, "Pending"), (100, "In progress"), started=START - 50)
    source = Source(api, state=["Pending", "In progress"])
    assert source.poll(8) == []
    assert source.poll(8) == [(uuid, "In progress")]


def test_changes_unfinished_since_the_past_is_reported_by_start(api: FakeApi) -> None:
    api.add((0, "In progress"), started=400)
    uuid = api.add((0, "In progress"), started=600)
    assert Source(api, state=["In progress"], since=iso(500)).poll(5) == [(uuid, "In progress")]


def test_changes_unfinished_that_a_list_lacks_is_not_reported_again(api: FakeApi) -> None:
    source = Source(api, state=["In progress"])
    source.poll()
    uuid = api.add((0, "In progress"), started=1003)
    assert source.poll(2) == [(uuid, "In progress")]
    api.actions[0].listed_after = 60
    assert source.poll(20) == []


@pytest.mark.parametrize("state", [["In progress"], ["In progress", "Failed"], list(STATES)])
def test_changes_retry_of_an_old_action_is_reported(api: FakeApi, state: list[str]) -> None:
    uuid = api.add((0, "Failed"), started=100)
    source = Source(api, state=state)
    source.poll(3)
    api.actions[0].timeline = [(0, "In progress"), (950, "Failed")]
    assert source.poll(20) == [(uuid, one) for one in ("In progress", "Failed") if one in state]


def test_changes_deleted_action_is_forgotten(api: FakeApi) -> None:
    source = Source(api, state=["In progress"])
    source.poll()
    api.add((0, "In progress"), started=1003, vanishes=10)
    source.poll(10)
    requests = len(api.urls)
    source.poll()
    assert len(api.urls) - requests == 3


# Interruptions.


def test_changes_during_an_interruption_are_reported_once_after_it(api: FakeApi) -> None:
    source = Source(api, state=["Failed"])
    source.poll()
    api.fault_for = lambda url: TransientError(url, "Connection failed: refused. Check api_url")
    uuids = [api.add((0, "In progress"), (100, "Failed"), started=second) for second in (1010, 1300, 2000)]
    assert source.poll(400) == []
    api.fault_for = lambda _url: None
    assert source.poll(50) == [(uuid, "Failed") for uuid in uuids]


def test_changes_before_the_first_response_are_reported(api: FakeApi) -> None:
    source = Source(api)
    api.fault_for = lambda url: TransientError(url, "Connection failed: refused. Check api_url")
    source.poll(20)
    api.fault_for = lambda _url: None
    api.add((0, "Failed"), started=START - 2)
    uuid = api.add((0, "Failed"), started=START + 50)
    assert source.poll(5) == [(uuid, "Failed")]


@pytest.mark.parametrize(
    "fault", [response(status=503), response(b"<html>maintenance</html>"), response(status=401), response(status=404)]
)
def test_changes_single_fault_is_logged_and_survived(api: FakeApi, fault: t.Any) -> None:
    source = Source(api)
    source.poll()
    uuid = api.add((0, "Failed"), started=1003)
    api.faults = [fault]
    assert source.poll() == []
    assert source.poll(5) == [(uuid, "Failed")]
    failure, recovery = source.log
    assert failure.startswith(f"A poll failed. The next one follows in 5 s. GET {API_URL}action/?")
    assert recovery == "Polls succeed again after 5 s (1 failed)."


def test_changes_what_a_failed_poll_found_is_not_lost(api: FakeApi) -> None:
    source = Source(api, state=["In progress", "Success"])
    source.poll()
    uuid = api.add((0, "In progress"), (3, "Success"), started=1004)
    api.fault_for = lambda url: response(status=503) if "end_date" in url else None
    assert source.poll() == [(uuid, "In progress")]
    api.fault_for = lambda _url: None
    assert source.poll(5) == [(uuid, "Success")]


def test_changes_failure_that_lasts_is_logged_every_ten_minutes(api: FakeApi) -> None:
    source = Source(api)
    source.poll()
    api.fault_for = lambda _url: response(status=503)
    source.poll(int(3600 / 5))
    assert len(source.log) == 6


def test_changes_retry_after_lengthens_the_pause(api: FakeApi) -> None:
    source = Source(api)
    source.poll()
    api.faults = [response(status=503, Retry_After="90"), response(status=503, Retry_After="999999")]
    source.poll(2)
    assert api.clock.sleeps[-2:] == [90.0, 3600.0]
    source.poll()
    assert api.clock.sleeps[-1] == 5.0


def test_changes_on_a_slow_server_are_reported_once(api: FakeApi) -> None:
    api.latency = 20.0
    source = Source(api, state=["In progress", "Failed"])
    source.poll()
    uuid = api.add((0, "In progress"), (200, "Failed"), started=api.clock.now)
    assert source.poll(10) == [(uuid, "In progress"), (uuid, "Failed")]


# Errors that end a source.


@pytest.mark.parametrize("status", [400, 401, 403, 405])
def test_changes_refused_first_request_ends_the_source(api: FakeApi, status: int) -> None:
    api.faults = [response(status=status)]
    with pytest.raises(ApiError, match=f"HTTP {status}"):
        Source(api).poll()


@pytest.mark.parametrize("status", [401, 403])
def test_changes_refusal_that_lasts_ends_the_source(api: FakeApi, status: int) -> None:
    source = Source(api)
    source.poll()
    api.fault_for = lambda _url: response(status=status)
    source.poll(2)
    with pytest.raises(ApiError, match=f"HTTP {status}"):
        source.poll()


def test_changes_missing_list_ends_the_source_after_three_polls(api: FakeApi) -> None:
    api.fault_for = lambda _url: response(status=404)
    source = Source(api)
    source.poll(2)
    with pytest.raises(ApiError, match="HTTP 404"):
        source.poll()


def test_changes_ignored_filter_ends_the_source() -> None:
    api = FakeApi(ignored_filters=["end_date__gte"])
    api.add(started=100)
    with pytest.raises(FilterIgnoredError, match="end_date__gte"):
        Source(api).poll()


def test_changes_missing_date_header_ends_the_source() -> None:
    api = FakeApi()
    api.has_date = False
    with pytest.raises(ApiError, match=r"no Date header.*Check"):
        Source(api).poll()


# Requests and memory.


def test_changes_of_a_long_history_are_read_without_it(api: FakeApi) -> None:
    for number in range(3000):
        api.add(started=number / 10)
    source = Source(api)
    source.poll()
    requests = len(api.urls)
    assert source.poll(10) == []
    assert len(api.urls) - requests == 10


def test_changes_long_ago_are_forgotten(api: FakeApi) -> None:
    source = Source(api)
    for number in range(200):
        api.add(started=START + 100 * number)
    for _number in range(200):
        api.clock.sleep(95)
        source.poll()
    assert len(source.events) == 200
    assert len(source.changes._known) < 45


def test_changes_since_long_ago_are_read_in_several_polls(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_changes, "MAX_ACTIONS_PER_POLL", 50)
    api.clock.now = 100_000.0
    uuids = [api.add(started=200.0 * number) for number in range(490)]
    source = Source(api, since=iso(0))
    assert len(source.poll()) <= 50
    assert api.clock.sleeps == [0.0]
    source.poll(30)
    assert source.events == [(uuid, "Success") for uuid in uuids]
    assert api.clock.sleeps[-1] == 5.0


@pytest.mark.parametrize("seconds", [-3000.0, -100.0, 100.0])
def test_changes_clock_of_the_server_that_is_set_is_followed(api: FakeApi, seconds: float) -> None:
    """The dates of the server's actions change with its clock; the fake clock is that of the actions."""
    api.clock.now = 10_000.0
    source = Source(api, since=iso(5000))
    before = api.add((0, "Failed"), started=10_004.0)
    assert source.poll(5) == [(before, "Failed")]
    monotonic = api.clock
    source.changes._client.clock = lambda: monotonic.now - seconds
    api.clock.now += seconds
    if seconds < 0:
        # The action is in the future now, and still shown.
        api.actions[0].timeline = [(seconds, "Failed")]
        api.actions[0].end = lambda _now: EPOCH + timedelta(seconds=10_004.0)  # type: ignore[assignment,method-assign]
        api.actions[0].started += seconds
    source.poll()
    after = api.add((0, "Failed"), started=api.clock.now)
    assert source.poll(5) == [(after, "Failed")]
