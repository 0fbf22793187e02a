# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The progress that a wait reports: a line per change, a heartbeat, and a closing line."""

from __future__ import annotations

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._actions import ActionsClient
from ansible_collections.tutum.cloud.plugins.module_utils._progress_channel import HEARTBEAT_SECONDS
from ansible_collections.tutum.cloud.plugins.module_utils._wait_options import WaitOptions
from ansible_collections.tutum.cloud.plugins.module_utils._waiting import Wait
from ansible_collections.tutum.cloud.tests.unit.fakes import API_URL, SERVICE, FakeApi, FakeClient, response
from ansible_collections.tutum.cloud.tests.unit.wait_runs import DEFAULTS, RUNNING, WaitRun, fail_between


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


def test_progress_is_reported_on_changes_and_as_a_heartbeat(api: FakeApi) -> None:
    now = api.clock()
    first = api.add((0, "Pending"), (5.0, "In progress"), (100.0, "Success"), started=now)
    second = api.add(RUNNING, (10.0, "Failed"), started=now)
    run = WaitRun(api, first, second)
    run.run()
    moments = run.status_moments
    assert moments[:3] == [0, 5, 10]
    assert all(
        HEARTBEAT_SECONDS <= later - sooner < HEARTBEAT_SECONDS + 10
        for sooner, later in zip(moments[2:], moments[3:-1])
    )
    assert run.statuses[:3] == [
        "0/2 done, 2 running (300 s left): Service Start service/2c2b2aef Pending 0 s, service/2c2b2aef 0 s",
        "0/2 done, 2 running (295 s left): Service Start service/2c2b2aef 5 s, service/2c2b2aef 5 s",
        "1/2 done, 1 failed, 1 running (290 s left): Service Start service/2c2b2aef 10 s",
    ]
    assert run.statuses[-1] == f"2/2 done after {run.elapsed:.0f} s, 1 failed"


def test_progress_of_a_wait_that_is_over_immediately_is_its_closing_line(api: FakeApi) -> None:
    run = WaitRun(api, api.add())
    run.run()
    assert run.statuses == ["1/1 done after 0 s"]


def test_progress_of_an_empty_wait_is_nothing(api: FakeApi) -> None:
    run = WaitRun(api, uuid=[])
    run.run()
    assert run.statuses == []


def test_progress_at_the_timeout_says_so(api: FakeApi) -> None:
    run = WaitRun(api, api.add(RUNNING), timeout=20.0)
    run.run()
    assert run.statuses[-1] == "0/1 done, timed out after 20 s"


def test_progress_while_an_objects_actions_are_looked_for(api: FakeApi) -> None:
    run = WaitRun(api, object=SERVICE, min_actions=1, timeout=3.0)
    run.run()
    assert run.statuses[0] == "looking for actions (3 s left)"


def test_progress_during_an_error_shows_it_and_its_end(api: FakeApi) -> None:
    uuid = api.add(RUNNING, started=api.clock())
    fail_between(api, 4.5, 9, response(status=503))
    run = WaitRun(api, uuid, timeout=20.0, settings={"max_retries": 0})
    run.run()
    recovered = run.status_moments[2]
    assert run.statuses == [
        "0/1 done, 1 running (20 s left): Service Start service/2c2b2aef 0 s",
        (
            "0/1 done, 1 running (15 s left); no response for 1 s (HTTP 503: the server is temporarily unavailable):"
            " Service Start service/2c2b2aef last seen 1 s ago as In progress"
        ),
        f"0/1 done, 1 running ({20 - recovered:.0f} s left): Service Start service/2c2b2aef {recovered:.0f} s",
        "0/1 done, timed out after 20 s",
    ]


@pytest.mark.parametrize("status", [404, 503])
def test_progress_while_only_one_of_several_fails_shows_no_error(api: FakeApi, status: int) -> None:
    uuids = [api.add(RUNNING, started=api.clock()) for _number in range(2)]
    api.fault_for = lambda url: response(status=status) if uuids[0] in url else None
    run = WaitRun(api, *uuids, timeout=4.0)
    run.run()
    assert run.statuses[0] == "0/2 done, 1 running, 1 not seen yet (4 s left): Service Start service/2c2b2aef 0 s"
    assert not [line for line in run.statuses if "no response" in line]


def test_progress_of_many_actions_is_not_reported_with_every_poll(api: FakeApi) -> None:
    uuids = [api.add(RUNNING) for _number in range(50)]
    run = WaitRun(api, *uuids, timeout=HEARTBEAT_SECONDS - 1)
    run.run()
    assert len(run.statuses) == 2
    assert run.statuses[0].endswith(", 48 more")


def test_progress_ages_follow_the_servers_clock(api: FakeApi) -> None:
    api.clock_offset = 40.0
    run = WaitRun(api, api.add(RUNNING, started=api.clock()), timeout=1.0)
    run.run()
    assert run.statuses[0].endswith(" service/2c2b2aef 40 s")


@pytest.mark.parametrize("hostile", ["a\nb\x1b[31m", "c\rd\u2028e", "\x00"])
def test_progress_lines_have_no_control_characters(api: FakeApi, hostile: str) -> None:
    api.faults = [response({"error": hostile}, status=503)]
    run = WaitRun(
        api,
        api.add(RUNNING, action=hostile, object=hostile),
        timeout=1.0,
        settings={"max_retries": 0},
        follow_logs=True,
    )
    run.run()
    assert run.statuses
    assert all(line.isprintable() for line in run.statuses)


def test_progress_is_optional(api: FakeApi) -> None:
    options = WaitOptions({**DEFAULTS, "uuid": [api.add(RUNNING)], "timeout": 3.0, "follow_logs": True}, API_URL)
    wait = Wait(ActionsClient(FakeClient(api)), options, sleep=api.clock.sleep)
    wait.run()
    assert wait.timed_out
