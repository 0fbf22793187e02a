# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever ends a wait early, it ends soon, says no traceback, and leaves nothing running."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.running import wait_until

if TYPE_CHECKING:
    from tutum_sandbox.process import Sandbox

    from tests.cli.running import Ansible

SOON = 15.0
"""Seconds within which all is over. It takes a tenth of that; the rest is for a machine that is busy."""


@pytest.fixture
def endless(sandbox: Sandbox) -> str:
    """The UUID of an action that outlasts each test."""
    return sandbox.create_action([[0, "In progress"], [9999, "Success"]])


@pytest.mark.parametrize("connection", ["local", "ssh"])
def test_ctrl_c(ansible: Ansible, endless: str, connection: str) -> None:
    """A person presses Ctrl-C while the wait goes on."""
    command = ansible.playbook(
        [
            {"name": "wait", "tutum.cloud.wait_for_action": {"uuid": endless}},
            {"ansible.builtin.debug": {"msg": "next"}},
        ],
        *ansible.inventory({"there": ansible.host(connection)}),
        hosts="there",
    )
    with ansible.on_terminal(command) as terminal:
        wait_until(ansible.waiting_modules)
        time.sleep(1.0)  # until it sleeps between two questions, as nearly always
        terminal.press_ctrl_c()
        assert terminal.wait(SOON) != 0
        wait_until(lambda: not ansible.processes(), SOON)
    assert "Traceback" not in terminal.text
    assert "next" not in terminal.text


def test_ctrl_c_during_a_request(ansible: Ansible, sandbox: Sandbox, endless: str) -> None:
    """The server is slow, and Ctrl-C ends the wait at once all the same."""
    sandbox.add_fault(kind="slow_first_byte", seconds=25, match="/action/")
    with ansible.on_terminal(ansible.adhoc("tutum.cloud.wait_for_action", {"uuid": endless})) as terminal:
        wait_until(lambda: sandbox.requests("/action/"))
        terminal.press_ctrl_c()
        assert terminal.wait(SOON) != 0
        wait_until(lambda: not ansible.processes(), SOON)
    assert "Traceback" not in terminal.text


def test_terminated(ansible: Ansible, endless: str) -> None:
    """Something ends Ansible with SIGTERM, as `kill` and a service manager do: the module does not go on alone."""
    command = ansible.playbook([{"name": "wait", "tutum.cloud.wait_for_action": {"uuid": endless}}])
    with ansible.on_terminal(command) as terminal:
        wait_until(ansible.waiting_modules)
        time.sleep(1.0)
        terminal.process.send_signal(signal.SIGTERM)
        terminal.wait(SOON)
        wait_until(lambda: not ansible.processes(), SOON)
    assert "Traceback" not in terminal.text


@pytest.mark.parametrize(
    "fault",
    [
        None,
        {"kind": "status", "status": 503, "headers": {"Retry-After": "100"}},
        {"kind": "slow_first_byte", "seconds": 25},
    ],
    ids=["between two questions", "between two tries", "during a request"],
)
def test_task_timeout(ansible: Ansible, sandbox: Sandbox, endless: str, fault: dict[str, Any] | None) -> None:
    """The keyword `timeout` of the task ends the wait, and the play goes on without a module that still asks."""
    if fault:
        sandbox.add_fault(**fault)
    tasks: list[dict[str, Any]] = [
        {"name": "wait", "tutum.cloud.wait_for_action": {"uuid": endless}, "timeout": 3, "ignore_errors": True},
        {"name": "go on", "ansible.builtin.command": "sleep 5"},
    ]
    with ansible.on_terminal(ansible.playbook(tasks)) as terminal:
        wait_until(ansible.waiting_modules)
        wait_until(ansible.results)
        wait_until(lambda: not ansible.waiting_modules(), SOON)
        assert terminal.process.poll() is None
        assert terminal.wait() == 0
    waited, went_on = ansible.results()
    assert (waited["outcome"], went_on["outcome"]) == ("ignored", "ok")
    assert waited["result"]["timedout"]["period"] == 3
