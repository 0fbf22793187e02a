# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits in real time, while servers and actions change.

Most of the time a wait sleeps. So the long ones are scenarios, each with a sandbox of its own, that run concurrently.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import pytest
from tutum_sandbox.process import Sandbox

from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError
from tests.functional.client.conftest import SANDBOX_PYTHON
from tests.support.ansible_commands import wait_until
from tests.support.faults import STALL
from tests.support.operations import client_for, wait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ansible_collections.tutum.cloud.plugins.module_utils._client import Client

    Connect = Callable[..., Client]

RUNNING = "In progress"
SERVICE = "/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/"
LIST = r"/action/\?"


SCENARIOS: dict[str, Callable[[], None]] = {}
CONCURRENT = 10


def scenario(name: str = "", *arguments: Any, **options: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that registers a function as a scenario.

    :param name: what is appended to the function's name.
    :param arguments: further arguments of the function.
    :param options: those of the scenario's sandbox.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        def run() -> None:
            with Sandbox(SANDBOX_PYTHON, **{"actions": 0, **options}) as sandbox, ExitStack() as stack:

                def connect(**settings: Any) -> Client:
                    return stack.enter_context(closing(client_for(sandbox, environ={}, **settings)))

                function(sandbox, connect, *arguments)

        SCENARIOS[" ".join(filter(None, [function.__name__, name]))] = run
        return function

    return register


@pytest.fixture(scope="module")
def scenarios() -> Iterator[dict[str, Future[None]]]:
    """Start all scenarios."""
    with ThreadPoolExecutor(CONCURRENT) as pool:
        yield {name: pool.submit(run) for name, run in SCENARIOS.items()}


class RecordedProgress:
    """Keeps the lines of a wait's progress."""

    def __init__(self) -> None:
        self.statuses: list[str] = []
        self.logs: list[str] = []
        self.show_status = self.statuses.append
        self.show_log = self.logs.append


def after_a_response(sandbox: Sandbox, change: Callable[[], object], *, to_list: bool = False) -> None:
    """Do this in the background when the sandbox has responded to a request for actions, or for a list of them."""

    def has_responded() -> bool:
        return any(entry["status"] and bool(entry["query"]) >= to_list for entry in sandbox.requests("/action/"))

    def watch() -> None:
        wait_until(has_responded)
        change()

    threading.Thread(target=watch, daemon=True).start()


# Servers.


@scenario()
def wait_during_an_outage(sandbox: Sandbox, connect: Connect) -> None:
    """The wait continues after it, and counts the failed polls."""
    uuids = [sandbox.create_action([[0, RUNNING], [2 + 2 * number, "Success"]]) for number in range(7)]

    def restart() -> None:
        time.sleep(1.0)
        sandbox.stop()
        time.sleep(10.0)
        sandbox.start()

    server = threading.Thread(target=restart)
    server.start()
    waited = wait(connect(max_retries=2), uuid=uuids, timeout=60.0, interval=1.0, max_interval=5.0)
    server.join()
    results = waited.results()
    assert waited.failure() is None
    assert [action["state"] for action in results["actions"]] == ["Success"] * 7
    assert results["failed_polls"] > 0
    assert results["timed_out"] is False
    assert 11.0 < results["elapsed"] < 60.0


@scenario(tls="good")
def wait_with_another_certificate_in_the_middle(sandbox: Sandbox, connect: Connect) -> None:
    """A certificate that is not trusted, after good responses, only costs polls."""
    uuid = sandbox.create_action([[0, RUNNING], [3, "Success"]])

    def replace_server() -> None:
        sandbox.stop()
        with Sandbox(SANDBOX_PYTHON, actions=0, tls="self-signed", port=int(sandbox.url.rpartition(":")[2])):
            time.sleep(2.0)
        sandbox.start()

    after_a_response(sandbox, replace_server)
    waited = wait(connect(ca_path=sandbox.ca_file, max_retries=0), uuid=[uuid], timeout=60.0)
    assert waited.failure() is None
    assert waited.results()["failed_polls"] > 0


@scenario()
def wait_until_the_timeout_without_a_server(sandbox: Sandbox, connect: Connect) -> None:
    """The message contains the last known states, and the last error."""
    uuid = sandbox.create_action([[0, RUNNING]])
    client = connect(max_retries=1)
    after_a_response(sandbox, sandbox.stop)
    waited = wait(client, uuid=[uuid], timeout=3.0)
    results = waited.results()
    assert results["timed_out"] is True
    assert results["actions"][0]["state"] == RUNNING
    assert 3.0 <= results["elapsed"] < 3.0 + STALL
    message = waited.failure() or ""
    assert f"{uuid}): state In progress." in message
    assert "Connection failed: Connection refused" in message
    assert waited.details()["url"].endswith(f"/action/{uuid}/")


@scenario("401", 1, 401)
@scenario("403 in lists", 8, 403)
def wait_with_a_refusal_that_lasts(sandbox: Sandbox, connect: Connect, count: int, status: int) -> None:
    """A 401 or 403 after good responses ends the wait once it has lasted for 10 seconds, with what was seen before."""
    uuids = [sandbox.create_action([[0, RUNNING]]) for _number in range(count)]
    client = connect()
    after_a_response(sandbox, lambda: sandbox.add_fault(kind="status", status=status), to_list=count > 1)
    with pytest.raises(ApiError, match=f"HTTP {status}: ") as caught:
        wait(client, uuid=uuids, timeout=60.0, interval=0.5)
    results = caught.value.results
    assert 10.0 <= results["elapsed"] < 20.0 + STALL
    assert results["failed_polls"] >= 3
    assert [action["state"] for action in results["actions"]] == [RUNNING] * count
    assert results["unfinished"] == uuids
    assert caught.value.details()["status"] == status


@pytest.mark.parametrize("status", [400, 403, 405, 501, 503])
def test_wait_with_refused_lists(sandbox: Sandbox, connect: Connect, status: int) -> None:
    """Lists are refused from the first poll on; the actions are polled one by one."""
    uuids = [sandbox.create_action([[0, RUNNING], [1, "Success"]], from_first_request=True) for _number in range(6)]
    sandbox.add_fault(kind="status", status=status, match=LIST)
    waited = wait(connect(max_retries=0), uuid=uuids)
    assert waited.failure() is None
    assert waited.results()["elapsed"] < 3.0 + STALL


@scenario()
def wait_with_lists_that_do_not_respond(sandbox: Sandbox, connect: Connect) -> None:
    """Lists that take too long do not delay the schedule much."""
    uuids = [sandbox.create_action([[0, RUNNING], [2, "Success"]], from_first_request=True) for _number in range(4)]
    sandbox.add_fault(kind="slow_first_byte", seconds=60, match=LIST)
    waited = wait(connect(request_timeout=4.0), uuid=uuids, timeout=60.0)
    assert waited.failure() is None
    assert waited.results()["elapsed"] < 5.0 + STALL


@scenario(lists_without_logs=True)
def wait_does_not_wait_for_logs(sandbox: Sandbox, connect: Connect) -> None:
    """`fail_fast`, lists without logs, and a response for the logs that is to be retried later: one short attempt."""
    uuids = [sandbox.create_action([[0, RUNNING], [9999, "Success"]]) for _number in range(5)]
    failing = sandbox.create_action([[0, RUNNING], [2, "Failed"]], logs="no space left", from_first_request=True)
    headers = {"Retry-After": "20"}
    sandbox.add_fault(kind="status", status=503, headers=headers, match=failing, skip=1)
    waited = wait(connect(), uuid=[*uuids, failing], fail_fast=True, timeout=60.0)
    assert waited.results()["unsuccessful"] == [failing]
    assert waited.results()["elapsed"] < 6.0 + STALL


@scenario(latency=400.0)
def wait_with_latency(sandbox: Sandbox, connect: Connect) -> None:
    """A slow server extends a wait by 5 seconds at most."""
    uuids = [sandbox.create_action([[0, RUNNING]]) for _number in range(12)]
    waited = wait(connect(request_timeout=2.0), uuid=uuids, timeout=2.0)
    results = waited.results()
    assert results["unfinished"] == uuids
    assert 2.0 <= results["elapsed"] <= 2.0 + 5.0


# Actions.


@scenario()
def wait_with_an_action_that_vanishes(sandbox: Sandbox, connect: Connect) -> None:
    """It counts as not found after 5 seconds. The wait for the others continues."""
    stays = sandbox.create_action([[0, RUNNING], [2, "Success"]], from_first_request=True)
    vanishes = sandbox.create_action([[0, RUNNING], [1, None]], from_first_request=True)
    waited = wait(connect(), uuid=[vanishes, stays])
    results = waited.results()
    assert results["unsuccessful"] == [vanishes]
    assert [action["state"] for action in results["actions"]] == [RUNNING, "Success"]
    assert results["elapsed"] > 5.0
    assert "1 of 2 actions not found. Check the UUID" in (waited.failure() or "")
    assert vanishes in (waited.failure() or "")


@scenario("", "error")
@scenario("skipped when missing", "skip")
def wait_with_a_fresh_action(sandbox: Sandbox, connect: Connect, missing: str) -> None:
    """The wait includes an action that is visible only after 2 seconds, even with `missing: skip`."""
    uuid = sandbox.create_action([[0, RUNNING], [3, "Failed"]], from_first_request=True, visible_after=2)
    waited = wait(connect(), uuid=[uuid], missing=missing)
    assert waited.results()["unsuccessful"] == [uuid]
    assert waited.results()["actions"][0]["state"] == "Failed"


@scenario("", "Success")
@scenario("failed", "Failed")
def wait_with_an_action_that_returns(sandbox: Sandbox, connect: Connect, end: str) -> None:
    """An action that is not found for a moment has the state that it has later."""
    returning = sandbox.create_action([[0, RUNNING], [1, None], [2, end]])
    others = [sandbox.create_action([[0, RUNNING], [4, "Success"]]) for _number in range(5)]
    results = wait(connect(), uuid=[returning, *others]).results()
    assert results["unfinished"] == []
    assert results["actions"][0]["state"] == end
    assert results["unsuccessful"] == ([] if end == "Success" else [returning])


def test_wait_with_changing_states(sandbox: Sandbox, connect: Connect) -> None:
    """Only a final state ends the wait."""
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
def test_wait_with_an_unknown_state(sandbox: Sandbox, connect: Connect, extra: dict[str, object], count: int) -> None:
    """It is never a success and never final, whether the action is polled by itself or in a list."""
    uuids = [sandbox.create_action([[0, "Success"]], extra=extra) for _number in range(count)]
    waited = wait(connect(), uuid=uuids, timeout=1.0, success_states=["Success", "Failed", "Canceled"])
    results = waited.results()
    assert results["timed_out"] is True
    assert results["unfinished"] == uuids
    assert all(action["finished"] is False for action in results["actions"])
    assert "(unknown; treated as unfinished)" in (waited.failure() or "")


# Objects.


@scenario()
@scenario("newest first", order="newest_first")
def object_with_a_list_that_fails_at_first(sandbox: Sandbox, connect: Connect) -> None:
    """No response does not mean that there is nothing to wait for."""
    uuid = sandbox.create_action([[0, RUNNING], [1.5, "Success"]], object=SERVICE, from_first_request=True)
    sandbox.add_fault(kind="status", status=503, times=4)
    waited = wait(connect(max_retries=0), object=SERVICE)
    assert waited.failure() is None
    assert [action["uuid"] for action in waited.results()["actions"]] == [uuid]
    assert waited.results()["failed_polls"] == 4


@scenario()
def object_without_any_action(sandbox: Sandbox, connect: Connect) -> None:
    waited = wait(connect(), object=SERVICE)
    assert f"{SERVICE} has no action at all. Check object" in (waited.failure() or "")
    assert wait(connect(), object=SERVICE, missing="skip").failure() is None
    assert sandbox.requests()


@pytest.mark.parametrize("form", ["{}", "  {} ", "{url}{}"])
def test_object_in_uppercase(sandbox: Sandbox, connect: Connect, form: str) -> None:
    uuid = sandbox.create_action([[0, RUNNING], [1, "Failed"]], object=SERVICE, from_first_request=True)
    path = SERVICE.replace(SERVICE[16:-1], SERVICE[16:-1].upper())
    waited = wait(connect(), object=form.format(path, url=sandbox.url))
    assert waited.results()["unsuccessful"] == [uuid]


@scenario()
@scenario("newest first", order="newest_first")
def min_actions_with_a_list_that_lags(sandbox: Sandbox, connect: Connect) -> None:
    """The first lists do not show the action, which then fails."""
    uuid = sandbox.create_action([[0, RUNNING], [4, "Failed"]], object=SERVICE, from_first_request=True, listed_after=3)
    waited = wait(connect(), object=SERVICE, min_actions=1)
    assert waited.results()["unsuccessful"] == [uuid]
    assert waited.results()["elapsed"] > 1.0


@scenario("and a slow clock", 3.0, 2.0, clock_offset=100.0)
@scenario("", 0.9, 0.5)
@scenario("and a fast clock", 3.0, 2.0, clock_offset=-10.0)
def object_with_delay(sandbox: Sandbox, connect: Connect, delay: float, end: float) -> None:
    """Actions that are unfinished when the task begins count, regardless of the clocks, and no others."""
    sandbox.create_action([[-90, RUNNING], [-60, "Failed"]], object=SERVICE, started_ago=90)
    failing = sandbox.create_action([[0, RUNNING], [end, "Failed"]], object=SERVICE, from_first_request=True)
    later: list[str] = []
    timer = threading.Timer(
        delay / 2, lambda: later.append(sandbox.create_action([[0, RUNNING], [60, "Success"]], object=SERVICE))
    )
    timer.start()
    waited = wait(connect(), object=SERVICE, delay=delay)
    timer.join()
    assert waited.results()["unsuccessful"] == [failing]
    assert [action["uuid"] for action in waited.results()["actions"]] == [failing]
    assert later
    assert waited.results()["elapsed"] >= delay


# The end.


def test_on_timeout_cancel(sandbox: Sandbox, connect: Connect) -> None:
    """Each unfinished action is canceled once. Actions that cannot be canceled are reported."""
    done = sandbox.create_action([[0, "Success"]])
    running, refusing = (sandbox.create_action([[0, RUNNING], [9999, "Success"]]) for _number in range(2))
    sandbox.add_fault(kind="status", status=409, method="POST", match=refusing, body={"error": "Not now"})
    waited = wait(connect(), uuid=[done, running, refusing], timeout=1.0, on_timeout="cancel")
    results = waited.results()
    assert (results["canceled"], results["not_canceled"], results["changed"]) == ([running], [refusing], True)
    assert [(call["path"], call["count"]) for call in sandbox.calls()] == [(f"/api/v1/action/{running}/cancel/", 1)]
    assert f"Canceled: {running}." in (waited.failure() or "")
    assert f"Not canceled: {refusing} (HTTP 409" in (waited.failure() or "")


def test_on_timeout_cancel_in_check_mode(sandbox: Sandbox, connect: Connect) -> None:
    running = sandbox.create_action([[0, RUNNING], [9999, "Success"]])
    waited = wait(connect(), check_mode=True, uuid=[running], timeout=0.5, on_timeout="cancel")
    assert (waited.results()["canceled"], waited.results()["changed"]) == ([], False)
    assert sandbox.calls() == []


@scenario("", "slow_first_byte", lists_without_logs=True)
@scenario("byte by byte", "drip", lists_without_logs=True)
def timeout_with_a_server_that_does_not_end(sandbox: Sandbox, connect: Connect, kind: str) -> None:
    """The timeout is exceeded by 5 seconds at most, even if polls, cancellation, and logs fail at the end."""
    running = sandbox.create_action([[0, RUNNING], [9999, "Success"]])
    failed = sandbox.create_action([[0, "Failed"]])
    client = connect(request_timeout=30.0)
    parameters: dict[str, Any] = {"part": "headers"} if kind == "drip" else {}
    after_a_response(sandbox, lambda: sandbox.add_fault(kind=kind, seconds=1 if parameters else 60, **parameters))
    waited = wait(client, uuid=[running, failed], timeout=3.0, on_timeout="cancel")
    assert waited.timed_out
    assert 3.0 <= waited.results()["elapsed"] < 3.0 + 5.0


@pytest.mark.parametrize("lists_without_logs", [False, True])
def test_follow_logs(sandbox: Sandbox, connect: Connect, lists_without_logs: bool) -> None:
    """New lines are shown once, with the object's name and without control characters."""
    sandbox.set(lists_without_logs=lists_without_logs)
    uuids = [
        sandbox.create_action([[0, RUNNING], [1.5, "Success"]], object=SERVICE, logs=f"first {number}\n\x1b[2Jsecond\n")
        for number in range(5)
    ]
    progress = RecordedProgress()
    assert wait(connect(), progress, uuid=uuids, follow_logs=True).failure() is None
    shown = [line for line in progress.logs if "first 3" in line]
    assert len(shown) == 1
    assert "service/2c2b2aef" in shown[0]
    assert sum("second" in line for line in progress.logs) == 5
    assert not any("\x1b" in line for line in progress.logs)


# The scenarios.


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str, scenarios: dict[str, Future[None]]) -> None:
    scenarios[name].result()
