# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits in real time, through what happens to a server and its actions at night."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tutum_sandbox.process import Sandbox

from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError
from tests.cli.running import wait_until
from tests.client.asking import client_for, wait
from tests.client.conftest import SANDBOX_PYTHON
from tests.client.faults import STALL

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.tutum.cloud.plugins.module_utils._client import Client

    Connect = Callable[..., Client]

RUNNING = "In progress"


def test_a_server_that_is_away_for_20_seconds() -> None:
    """A wait of a minute goes on through it, whatever it waits for, and says what it missed."""
    with Sandbox(SANDBOX_PYTHON, actions=0) as sandbox:
        uuids = [sandbox.create_action([[0, RUNNING], [2 + 4 * number, "Success"]]) for number in range(7)]

        def restart() -> None:
            time.sleep(1.0)
            sandbox.stop()
            time.sleep(20.0)
            sandbox.start()

        server = threading.Thread(target=restart)
        server.start()
        with closing(client_for(sandbox)) as client:
            waited = wait(client, uuid=uuids, timeout=60.0, interval=1.0)
        server.join()
    results = waited.results()
    assert waited.failure() is None
    assert [action["state"] for action in results["actions"]] == ["Success"] * 7
    assert results["failed_polls"] > 0
    assert results["timed_out"] is False
    assert 21.0 < results["elapsed"] < 60.0


def once_asked(sandbox: Sandbox, do: Callable[[], object]) -> None:
    """Do this in the background when the sandbox has answered a first question about actions."""

    def watch() -> None:
        wait_until(lambda: any(entry["status"] for entry in sandbox.requests("/action/")))
        do()

    threading.Thread(target=watch, daemon=True).start()


def test_a_server_that_stays_away(sandbox: Sandbox, connect: Connect) -> None:
    """The wait ends at its deadline, with what it had seen before."""
    uuid = sandbox.create_action([[0, RUNNING]])
    client = connect(max_retries=1)
    once_asked(sandbox, sandbox.stop)
    waited = wait(client, uuid=[uuid], timeout=3.0)
    results = waited.results()
    assert results["timed_out"] is True
    assert results["actions"][0]["state"] == RUNNING
    assert 3.0 <= results["elapsed"] < 3.0 + STALL
    assert "is In progress" in (waited.failure() or "")
    assert "the connection failed: Connection refused" in (waited.failure() or "")


@pytest.mark.parametrize("count", [1, 8])
def test_a_key_that_is_withdrawn(sandbox: Sandbox, connect: Connect, count: int) -> None:
    """A 401 in the middle ends the wait at once, with what it had seen before."""
    uuids = [sandbox.create_action([[0, RUNNING]]) for _number in range(count)]
    client = connect()
    once_asked(sandbox, lambda: sandbox.add_fault(kind="status", status=401))
    begun = time.monotonic()
    with pytest.raises(ApiError, match="HTTP 401, the API refuses the credentials") as caught:
        wait(client, uuid=uuids, timeout=60.0)
    assert time.monotonic() - begun < STALL
    assert [action["state"] for action in caught.value.results["actions"]] == [RUNNING] * count
    assert caught.value.results["unfinished"] == uuids


def test_one_that_vanishes(sandbox: Sandbox, connect: Connect) -> None:
    """It has ended badly; the others are waited for."""
    stays = sandbox.create_action([[0, RUNNING], [2, "Success"]], from_first_request=True)
    vanishes = sandbox.create_action([[0, RUNNING], [1, None]], from_first_request=True)
    waited = wait(connect(), uuid=[vanishes, stays])
    results = waited.results()
    assert results["unsuccessful"] == [vanishes]
    assert [action["state"] for action in results["actions"]] == [RUNNING, "Success"]
    assert f"{vanishes}) does not exist (any more)" in (waited.failure() or "")


@pytest.mark.parametrize("end", ["Success", "Failed"])
def test_one_that_comes_back(sandbox: Sandbox, connect: Connect, end: str) -> None:
    """What vanished and is seen again counts as what it is then."""
    blinks = sandbox.create_action([[0, RUNNING], [1, None], [2, end]])
    others = [sandbox.create_action([[0, RUNNING], [4, "Success"]]) for _number in range(5)]
    waited = wait(connect(), uuid=[blinks, *others])
    results = waited.results()
    assert results["unfinished"] == []
    # Whether it is looked at in time depends on the others, so either is right; a wrong success is not.
    seen = results["actions"][0]["state"]
    assert (results["unsuccessful"] == []) == (seen == "Success")
    assert seen in (RUNNING, end)


def test_one_that_flaps(sandbox: Sandbox, connect: Connect) -> None:
    """Any unfinished state after any other is waited through; only a final one ends it."""
    states = ["Pending", RUNNING, "Pending", RUNNING, "Canceling", RUNNING, "Exploded", "Canceling", "Success"]
    uuid = sandbox.create_action(
        [[number * 0.3, state] for number, state in enumerate(states)], from_first_request=True
    )
    waited = wait(connect(), uuid=[uuid])
    assert waited.failure() is None
    assert waited.results()["elapsed"] > 2.0
    assert waited.results()["polls"] > 2


@pytest.mark.parametrize("extra", [{"state": "Exploded"}, {"state": None}, {"state": ["Success"]}])
@pytest.mark.parametrize("count", [1, 6])
def test_a_state_that_is_none(sandbox: Sandbox, connect: Connect, extra: dict[str, object], count: int) -> None:
    """It is never a success and never an end, whether it is asked for by itself or in a list."""
    uuids = [sandbox.create_action([[0, "Success"]], extra=extra) for _number in range(count)]
    waited = wait(connect(), uuid=uuids, timeout=1.0, success_states=["Success", "Failed", "Canceled"])
    results = waited.results()
    assert results["timed_out"] is True
    assert results["unfinished"] == uuids
    assert all(action["finished"] is False for action in results["actions"])
    assert "no state that this collection knows" in (waited.failure() or "")


def test_an_object_whose_list_fails_at_first(sandbox: Sandbox, connect: Connect) -> None:
    """No answer is not the answer that there is nothing to wait for."""
    thing = "/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/"
    uuid = sandbox.create_action([[0, RUNNING], [1.5, "Success"]], object=thing, from_first_request=True)
    sandbox.add_fault(kind="status", status=503, times=4)
    waited = wait(connect(max_retries=0), object=thing)
    assert waited.failure() is None
    assert [action["uuid"] for action in waited.results()["actions"]] == [uuid]
    assert waited.results()["failed_polls"] == 4


def test_latency(sandbox: Sandbox, connect: Connect) -> None:
    """A slow server makes a wait neither longer than its deadline by more than a request, nor wrong."""
    sandbox.set(latency=400.0)
    uuids = [sandbox.create_action([[0, RUNNING]]) for _number in range(12)]
    waited = wait(connect(request_timeout=2.0), uuid=uuids, timeout=2.0)
    results = waited.results()
    assert results["unfinished"] == uuids
    assert 2.0 <= results["elapsed"] <= 2.0 + 2.0 + STALL
