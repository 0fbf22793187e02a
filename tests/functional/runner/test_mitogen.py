# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The strategy of Mitogen, which runs modules in processes that it keeps."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.ansible_commands import wait_until
from tests.support.secret_search import check_hidden

if TYPE_CHECKING:
    from tutum_sandbox.process import Sandbox

    from tests.functional.runner.conftest import MakeAnsible
    from tests.support.ansible_commands import Ansible

SOON = 15.0
"""Seconds until everything has ended after Ctrl-C. It takes two or three; the rest is for a busy machine."""


@pytest.fixture
def ansible(running_sandbox: Sandbox, make_ansible: MakeAnsible) -> Ansible:
    """Return Ansible with this strategy, and the credentials in the environment."""
    ansible = make_ansible()
    found = importlib.util.find_spec("ansible_mitogen")
    if not found and sys.version_info >= (3, 14):
        pytest.skip("Mitogen does not support the ansible-core of this Python.")
    assert found
    assert found.origin
    ansible.environment.update(
        running_sandbox.environment(),
        ANSIBLE_STRATEGY="mitogen_linear",
        ANSIBLE_STRATEGY_PLUGINS=str(Path(found.origin).parent / "plugins" / "strategy"),
    )
    return ansible


def test_mitogen_runs_modules_and_lookup_with_progress(ansible: Ansible, running_sandbox: Sandbox) -> None:
    """With the key as an option, and with all output."""
    key = running_sandbox.api_key
    del ansible.environment["TUTUM_APIKEY"]
    options = {"api_key": "{{ tutum_key }}"}
    lookup = "lookup('tutum.cloud.tutum_action', start.uuid, api_key=tutum_key)"
    path = "/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/redeploy/?seconds="
    start = {"path": f"{path}7&state=Failed", "wait": False}
    tasks: list[dict[str, Any]] = [
        {"name": "query", "tutum.cloud.tutum_action_info": {**options, "limit": 1}},
        {"name": "call", "tutum.cloud.tutum_call": {**options, "path": f"{path}3"}},
        {"name": "start", "tutum.cloud.tutum_call": {**options, **start}, "register": "start"},
        {"name": "wait", "tutum.cloud.wait_for_action": {**options, "uuid": "{{ start.uuid }}"}, "ignore_errors": True},
        {"name": "lookup", "ansible.builtin.debug": {"msg": f"{{{{ {lookup}.state }}}}"}},
    ]
    variables = ansible.write("variables.json", json.dumps({"tutum_key": key}))
    command = ansible.playbook(tasks, "-e", f"@{variables}", "-vvvv")
    with ansible.on_terminal(command) as terminal:
        for task in ("call", "wait"):
            terminal.wait_for(f"TASK [{task}]")
            wait_until(lambda: terminal.text.rpartition("TASK [")[2].count("0/1 done, 1 running"))
            assert task not in [result["name"] for result in ansible.results()]
            processes = ansible.processes()
            assert any("(mitogen:" in line for line in processes.values()), processes
            check_hidden(key, {str(pid): line for pid, line in processes.items()})
        assert terminal.wait() == 0
    results = {result["name"]: result for result in ansible.results()}
    assert {name: result["outcome"] for name, result in results.items()} == {
        **dict.fromkeys(("query", "call", "start", "lookup"), "ok"),
        "wait": "ignored",
    }
    assert results["call"]["result"]["states"] == {"Success": 1}
    assert results["wait"]["result"]["unsuccessful"] == [results["start"]["result"]["uuid"]]
    assert results["lookup"]["result"]["msg"] == "Failed"
    check_hidden(key, {"output": terminal.text, "results": json.dumps(ansible.results())})


def test_mitogen_ctrl_c_ends_the_wait(ansible: Ansible, running_sandbox: Sandbox) -> None:
    endless = running_sandbox.create_action([[0, "In progress"], [9999, "Success"]])
    wait = {"uuid": endless, "max_interval": 1}
    with ansible.on_terminal(ansible.playbook([{"name": "wait", "tutum.cloud.wait_for_action": wait}])) as terminal:
        terminal.wait_for("0/1 done, 1 running")
        assert running_sandbox.requests(endless)
        terminal.press_ctrl_c()
        assert terminal.wait() != 0
        # No process, thus no further request.
        wait_until(lambda: not ansible.processes(), SOON)
    assert "Traceback" not in terminal.text
