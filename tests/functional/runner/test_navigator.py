# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-navigator in the mode stdout, without an execution environment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.secret_search import check_hidden, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tutum_sandbox.process import Sandbox

    from tests.functional.runner.conftest import MakeAnsible
    from tests.support.ansible_commands import Ansible

CALL, WAIT, LOOKUP = "tutum.cloud.tutum_call", "tutum.cloud.wait_for_action", "tutum.cloud.tutum_action"
PATH = "/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/redeploy/?seconds="
LOG_AND_ARTIFACT = ("navigator_log.txt", "artifact.json")


@pytest.fixture
def ansible(running_sandbox: Sandbox, make_ansible: MakeAnsible) -> Ansible:
    """Return Ansible with the credentials in the environment."""
    ansible = make_ansible()
    ansible.environment.update(running_sandbox.environment(), TERM="dumb")
    return ansible


def navigator(ansible: Ansible, tasks: Sequence[dict[str, Any]]) -> list[str]:
    """Return the command line of ansible-navigator for a play on localhost."""
    _command, playbook = ansible.playbook(tasks)
    log, artifact = (str(ansible.directory / name) for name in LOG_AND_ARTIFACT)
    return [
        *("ansible-navigator", "run", playbook, "--mode", "stdout", "--execution-environment", "false"),
        *("--log-file", log, "--log-level", "debug", "--playbook-artifact-save-as", artifact),
    ]


def check_files(ansible: Ansible, key: str) -> dict[str, Any]:
    """Check that no file has the key, and return the artifact."""
    root: Path = ansible.directory.parent
    files = {str(path.relative_to(root)): text_of(path.read_bytes()) for path in root.rglob("*") if path.is_file()}
    assert {f"work/{name}" for name in LOG_AND_ARTIFACT} <= files.keys()
    check_hidden(key, files)
    artifact: dict[str, Any] = json.loads(files["work/artifact.json"])
    return artifact


def test_navigator_run_shows_progress_and_hides_the_key(ansible: Ansible, running_sandbox: Sandbox) -> None:
    tasks: list[dict[str, Any]] = [
        {"name": "call", CALL: {"path": f"{PATH}4"}, "register": "redeploy"},
        {"name": "wait", WAIT: {"uuid": "{{ redeploy.uuid }}"}},
        {
            "name": "lookup",
            "ansible.builtin.debug": {"msg": f"It is {{{{ lookup('{LOOKUP}', redeploy.uuid).state }}}}"},
        },
    ]
    with ansible.on_terminal(navigator(ansible, tasks)) as terminal:
        terminal.wait_for("0/1 done, 1 running")
        assert not ansible.results()
        assert terminal.wait() == 0
    assert "It is Success" in terminal.text
    check_hidden(running_sandbox.api_key, {"output": terminal.text})
    artifact = check_files(ansible, running_sandbox.api_key)
    assert artifact["status"] == "successful"
    assert any("0/1 done, 1 running" in line for line in artifact["stdout"])


def test_navigator_run_of_a_failing_call_without_terminal_fails(ansible: Ansible, running_sandbox: Sandbox) -> None:
    done = ansible.run(navigator(ansible, [{"name": "call", CALL: {"path": f"{PATH}4&state=Failed&logs=no+such+tag"}}]))
    assert done.status == 2, done.output
    assert "0/1 done, 1 running" in done.stdout
    assert "no such tag" in done.stdout
    assert done.result("call")["states"] == {"Failed": 1}
    check_hidden(running_sandbox.api_key, {"stdout": done.stdout, "stderr": done.stderr})
    assert check_files(ansible, running_sandbox.api_key)["status"] == "failed"
