# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The progress of a wait on the terminal, and when none is shown."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.ansible_commands import wait_until

if TYPE_CHECKING:
    from tutum_sandbox.process import Sandbox

    from tests.support.ansible_commands import Ansible


def test_progress_is_live(ansible: Ansible, sandbox: Sandbox) -> None:
    """The lines are on the terminal while the task runs: one per change, and one at the end."""
    service = "/api/v1/service/5b1c7f0e-93a4-4c55-8ab1-6d1f0a3de001/"
    uuids = sandbox.create_actions(
        {
            "action": "Service Scale",
            "object": service,
            "phases": [[0, "In progress"], [end, "Success"]],
            "from_first_request": True,
        }
        for end in (4, 10)
    )
    with ansible.on_terminal(
        ansible.playbook([{"name": "wait", "tutum.cloud.wait_for_action": {"uuid": uuids}}])
    ) as terminal:
        first = terminal.wait_for("[localhost] 0/2 done")
        assert not ansible.results()
        terminal.wait_for("[localhost] 1/2 done")
        assert not ansible.results()
        assert terminal.wait() == 0
    pattern = r"\[localhost\] 0/2 done, 2 running \((29\d|300) s left\): Service Scale service/5b1c7f0e \d+ s, .*"
    assert re.fullmatch(pattern, first), first
    lines = [line for _moment, line in terminal.lines if "/2 done" in line]
    assert len(lines) == 3, lines
    assert re.fullmatch(r"\[localhost\] 2/2 done after \d+ s", lines[-1])


def test_progress_of_states(ansible: Ansible, sandbox: Sandbox) -> None:
    """A change of state is shown even if no action finishes."""
    uuid = sandbox.create_action(
        [[0, "Pending"], [4, "In progress"], [8, "Canceling"], [12, "Canceled"]], from_first_request=True
    )
    with ansible.on_terminal(ansible.adhoc("tutum.cloud.wait_for_action", {"uuid": uuid, "interval": 0.2})) as terminal:
        for state in ("Pending", "In progress", "Canceling"):
            shown = "" if state == "In progress" else f" {state}"
            terminal.wait_for_match(rf"0/1 done, 1 running \(\d+ s left\): .* service/[0-9a-f]{{8}}{shown} \d+ s$")
        assert terminal.wait() == 2


def test_follow_logs(ansible: Ansible, sandbox: Sandbox) -> None:
    """New lines of the logs are on the terminal, without control characters, after the name of the object."""
    service = "/api/v1/service/5b1c7f0e-93a4-4c55-8ab1-6d1f0a3de001/"
    uuid = sandbox.create_action(
        [[0, "In progress"], [5, "Success"]], object=service, logs="pulling\n\x1b[2Jstarting", from_first_request=True
    )
    tasks = [{"name": "wait", "tutum.cloud.wait_for_action": {"uuid": uuid, "follow_logs": True}}]
    with ansible.on_terminal(ansible.playbook(tasks)) as terminal:
        terminal.wait_for("pulling")
        assert not ansible.results()
        assert terminal.wait() == 0
    lines = [line for _moment, line in terminal.lines if "pulling" in line or "starting" in line]
    assert len(lines) == 2, terminal.text
    assert all(line.startswith("[localhost] ") and "service/5b1c7f0e" in line for line in lines)
    assert "\x1b" not in "".join(lines)


SECRET = "correct-horse-battery-staple"


@pytest.fixture
def endless(sandbox: Sandbox) -> str:
    """Return the UUID of an action that outlasts each test, with logs."""
    return sandbox.create_action([[0, "In progress"], [9999, "Success"]], logs=SECRET)


def wait(name: str, uuid: str, *, progress: bool = True, **keywords: Any) -> dict[str, Any]:
    """Return a task that waits for three seconds, and then succeeds."""
    options = {"uuid": uuid, "timeout": 3, "progress": progress}
    return {"name": name, "tutum.cloud.wait_for_action": options, "failed_when": False, **keywords}


def shown_by_task(text: str) -> dict[str, str]:
    """Return the text between the headings of the default callback."""
    return dict(re.findall(r"(?ms)^TASK \[(\w+)\] \**$(.*?)(?=^TASK|^PLAY)", text))


def test_no_progress_if_it_is_disabled(ansible: Ansible, endless: str) -> None:
    """None under `no_log`, with `async`, or with `progress: false`; the last task shows that there is some."""
    tasks = [
        wait("secret", endless, no_log=True),
        {**wait("background", endless), "async": 60, "poll": 1},
        wait("quiet", endless, progress=False),
        wait("usual", endless),
    ]
    shown = shown_by_task(ansible.run(ansible.playbook(tasks)).succeeded().stdout)
    assert list(shown) == ["secret", "background", "quiet", "usual"]
    assert {name for name, text in shown.items() if "0/1 done" in text} == {"usual"}


def test_no_log_hides_progress(ansible: Ansible, endless: str) -> None:
    """Under `no_log` on the play, or in the environment, nothing of an action is shown, and `-vvv` changes nothing."""
    shown = [ansible.run(ansible.playbook([wait("wait", endless)], "-vvv", no_log=True)).succeeded()]
    ansible.environment["ANSIBLE_NO_LOG"] = "1"
    shown.append(ansible.run(ansible.playbook([wait("wait", endless)], "-vvv")).succeeded())
    for done in shown:
        text = shown_by_task(done.stdout)["wait"]
        assert "censored" in text
        assert endless not in text
        assert SECRET not in text
        assert "/1 done" not in text


def test_progress_with_a_json_callback(ansible: Ansible, endless: str) -> None:
    """The lines are on stderr, since programs read stdout."""
    ansible.environment["ANSIBLE_STDOUT_CALLBACK"] = "results_json"
    for name in ("ANSIBLE_CALLBACKS_ENABLED", "TUTUM_TEST_RESULTS"):
        del ansible.environment[name]
    done = ansible.run(ansible.playbook([wait("wait", endless)])).succeeded()
    assert len(done.stdout.splitlines()) == 1, done.stdout
    assert json.loads(done.stdout)["result"]["unfinished"] == [endless]
    assert "0/1 done" in done.stderr


def test_progress_of_many_hosts(ansible: Ansible, sandbox: Sandbox) -> None:
    """25 hosts together show at most five lines a second, so each one shows a line every 5 seconds, not every 3."""
    changing = [[second, ("Pending", "In progress")[second % 2]] for second in range(60)]
    uuid = sandbox.create_action(changing, from_first_request=True)
    hosts = [f"host{number:02}" for number in range(25)]
    command = ansible.playbook(
        [{"name": "wait", "tutum.cloud.wait_for_action": {"uuid": uuid, "timeout": 14}, "ignore_errors": True}],
        *("--forks", "25"),
        *ansible.inventory({name: ansible.host("local") for name in hosts}),
        hosts="all",
    )
    with ansible.on_terminal(command) as terminal:
        assert terminal.wait() == 0
    for name in hosts:
        times = [moment for moment, line in terminal.lines if line.startswith(f"[{name}] 0/1 done, 1 running")]
        assert len(times) >= 2
        assert min(later - earlier for earlier, later in pairwise(times)) > 4


def test_heartbeat(ansible: Ansible, endless: str) -> None:
    """Progress cannot be read from another machine. A line every 30 seconds shows that the module waits."""
    command = ansible.playbook(
        [{"name": "wait", "tutum.cloud.wait_for_action": {"uuid": endless}}],
        *ansible.inventory({"there": ansible.host("ssh")}),
        hosts="there",
    )
    with ansible.on_terminal(command) as terminal:
        line = terminal.wait_for("[there] still waiting", 60)
        assert re.fullmatch(r"\[there\] still waiting \(3\d s elapsed\)", line)
        assert not ansible.results()
        terminal.press_ctrl_c()
        terminal.wait()
        wait_until(lambda: not ansible.processes())
