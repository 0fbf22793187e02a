# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A wait ends together with Ansible, without a traceback or remaining processes. A task with `async` continues."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.ansible_commands import Ansible, wait_until

if TYPE_CHECKING:
    from tutum_sandbox.process import Sandbox

SOON = 10.0
"""Seconds until everything has ended. Two or three are usual; the rest is for a busy machine."""

# Ctrl-C and the end of a terminal reach the process group. Other programs, and the kernel, end one process.
SIGNALS = {"SIGINT": "group", "SIGTERM": "process", "SIGHUP": "group", "SIGKILL": "process"}
LIVES_ON_SECONDS = 3.0

# Each way to run a module is a host.
HOSTS: dict[str, dict[str, Any]] = {
    "local": {"connection": "local"},
    "local_pipelining": {"connection": "local", "ansible_pipelining": True},
    "become": {"connection": "local", "use_sudo": True},
    "become_pipelining": {"connection": "local", "use_sudo": True, "ansible_pipelining": True},
    "ssh": {"connection": "ssh"},
    "ssh_pipelining": {"connection": "ssh", "ansible_pipelining": True},
    "ssh_become": {"connection": "ssh", "use_sudo": True},
    "local_async": {"connection": "local", "async_seconds": 600},
}


def prepare(ansible: Ansible, sandbox: Sandbox) -> tuple[list[str], dict[str, str]]:
    """Return the command line of a playbook that waits in each way, and the UUID of each host's action."""
    uuids = {name: sandbox.create_action([[0, "In progress"], [9999, "Success"]]) for name in HOSTS}
    hosts = {name: ansible.host(**variables, uuid=uuids[name]) for name, variables in HOSTS.items()}
    tasks: list[dict[str, Any]] = [
        {
            "name": "wait",
            "tutum.cloud.wait_for_action": {"uuid": "{{ uuid }}", "max_interval": 1},
            "become": "{{ use_sudo | default(false) }}",
            "async": "{{ async_seconds | default(0) }}",
            "poll": 0,
        },
        {"name": "next", "ansible.builtin.debug": {"msg": "the play continues"}},
    ]
    ansible.environment["ANSIBLE_BECOME_ALLOW_SAME_USER"] = "1"
    return ansible.playbook(tasks, *ansible.inventory(hosts), f"--forks={len(hosts)}", hosts="all"), uuids


def enable_signals() -> None:
    """Reset the signal handling that a shell or `nohup` has set for this new process."""
    for name in ("SIGINT", "SIGHUP"):
        signal.signal(signal.Signals[name], signal.SIG_DFL)


def others(ansible: Ansible) -> dict[int, str]:
    """Return the processes that do not belong to a task with `async`."""
    lines = ansible.processes()
    in_background = [line.split() for line in lines.values() if "async_wrapper" in line]
    scripts = {word for words in in_background for word in words if "AnsiballZ_wait_for_action" in word}
    return {
        pid: line
        for pid, line in lines.items()
        if "async_wrapper" not in line and not any(script in line for script in scripts)
    }


def interrupt(sandbox: Sandbox, directory: Path, name: str) -> None:
    """Send a signal to a playbook that waits in each way, and check the effects."""
    ansible = Ansible(Path(os.environ["TUTUM_TEST_ANSIBLE_BIN"]), Path(os.environ["TUTUM_TEST_COLLECTIONS"]), directory)
    ansible.environment.update(sandbox.environment())
    command, uuids = prepare(ansible, sandbox)
    output = directory / "output.txt"
    with output.open("wb") as sink:
        process = subprocess.Popen(
            command,
            cwd=ansible.directory,
            env=ansible.environment,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=enable_signals,  # noqa: PLW1509 - only system calls
        )
    try:
        wait_until(lambda: process.poll() is not None or all(sandbox.requests(uuid) for uuid in uuids.values()))
        text = output.read_text(encoding="utf-8")
        assert process.poll() is None, text
        time.sleep(1.0)  # until the waits sleep between two polls
        (os.kill if SIGNALS[name] == "process" else os.killpg)(process.pid, signal.Signals[name])
        assert process.wait(SOON) != 0
        wait_until(lambda: not others(ansible), SOON)
        requests = len(sandbox.requests(uuids["local_async"]))
        time.sleep(LIVES_ON_SECONDS)
        assert len(sandbox.requests(uuids["local_async"])) > requests, "the task with async has ended, too"
        text = output.read_text(encoding="utf-8")
        assert "Traceback" not in text
        assert "the play continues" not in text
    except AssertionError as error:
        left = "\n".join(others(ansible).values())
        raise AssertionError(f"{error}\nprocesses:\n{left}\noutput:\n{output.read_text()}") from error
    finally:
        ansible.end_processes()
        process.wait()


@pytest.mark.parametrize("name", SIGNALS)
def test_signal_ends_all_waits(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    """Local, with become, with pipelining, and over SSH. Only a task with `async` continues."""
    interrupt(sandbox, tmp_path, name)


def test_ctrl_c_during_a_request(ansible: Ansible, sandbox: Sandbox, endless: str) -> None:
    """Ctrl-C on a terminal ends the wait although the server does not respond."""
    sandbox.add_fault(kind="slow_first_byte", seconds=25, match="/action/")
    with ansible.on_terminal(ansible.adhoc("tutum.cloud.wait_for_action", {"uuid": endless})) as terminal:
        wait_until(lambda: sandbox.requests("/action/"))
        terminal.press_ctrl_c()
        assert terminal.wait(SOON) != 0
        wait_until(lambda: not ansible.processes(), SOON)
    assert "Traceback" not in terminal.text


def test_task_timeout(ansible: Ansible, sandbox: Sandbox) -> None:
    """The task's `timeout` ends the wait: between two polls, between two attempts, and during a request."""
    faults: dict[str, dict[str, Any] | None] = {
        "between_polls": None,
        "between_attempts": {"kind": "status", "status": 503, "headers": {"Retry-After": "100"}},
        "during_a_request": {"kind": "slow_first_byte", "seconds": 25},
    }
    hosts = {}
    for name, fault in faults.items():
        uuid = sandbox.create_action([[0, "In progress"], [9999, "Success"]])
        hosts[name] = ansible.host("local", uuid=uuid)
        if fault:
            sandbox.add_fault(**fault, match=uuid)
    tasks: list[dict[str, Any]] = [
        {"name": "wait", "tutum.cloud.wait_for_action": {"uuid": "{{ uuid }}"}, "timeout": 5, "ignore_errors": True},
        {"name": "continue", "ansible.builtin.command": "sleep 5"},
    ]
    command = ansible.playbook(tasks, *ansible.inventory(hosts), hosts="all", strategy="free")
    with ansible.on_terminal(command) as terminal:
        wait_until(lambda: len(ansible.results()) >= len(hosts))
        wait_until(lambda: not ansible.waiting_modules(), SOON)
        assert terminal.process.poll() is None
        assert terminal.wait() == 0
    outcomes = {(task["host"], task["name"]): task for task in ansible.results()}
    for name in hosts:
        assert outcomes[name, "wait"]["result"]["timedout"]["period"] == 5
        assert outcomes[name, "wait"]["outcome"] == "ignored"
        assert outcomes[name, "continue"]["outcome"] == "ok"
