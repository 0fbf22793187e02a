# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person sees of a wait while it goes on, and where nothing must be seen."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.running import wait_until

if TYPE_CHECKING:
    from tutum_sandbox.process import Sandbox

    from tests.cli.running import Ansible


def test_seen_live(ansible: Ansible, sandbox: Sandbox) -> None:
    """The lines are on the terminal while the task runs, one for each thing that happened."""
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
        first = terminal.wait_for("[localhost] 0 of 2 actions finished")
        assert not ansible.results()
        terminal.wait_for("[localhost] 1 of 2 actions finished")
        assert not ansible.results()
        assert terminal.wait() == 0
    assert re.search(
        rf"waiting for Service Scale of {service} \(In progress for \d+ s\), .*; (29\d|300) s left", first
    ), first
    lines = [line for _moment, line in terminal.lines if " of 2 actions finished" in line]
    assert len(lines) == 2, lines


def test_states_are_seen(ansible: Ansible, sandbox: Sandbox) -> None:
    """A change of state is news, also where no action ends with it."""
    uuid = sandbox.create_action(
        [[0, "Pending"], [4, "In progress"], [8, "Canceling"], [12, "Canceled"]], from_first_request=True
    )
    with ansible.on_terminal(ansible.adhoc("tutum.cloud.wait_for_action", {"uuid": uuid, "interval": 0.2})) as terminal:
        for state in ("Pending", "In progress", "Canceling"):
            terminal.wait_for(f"({state} for ")
        assert terminal.wait() == 2


SECRET = "correct-horse-battery-staple"


@pytest.fixture
def endless(sandbox: Sandbox) -> str:
    """The UUID of an action that outlasts each test."""
    return sandbox.create_action([[0, "In progress"], [9999, "Success"]], logs=SECRET)


def wait(name: str, uuid: str, *, progress: bool = True, **keywords: Any) -> dict[str, Any]:
    """A task that waits for three seconds, and is content then."""
    options = {"uuid": uuid, "timeout": 3, "progress": progress}
    return {"name": name, "tutum.cloud.wait_for_action": options, "failed_when": False, **keywords}


def shown_by_task(text: str) -> dict[str, str]:
    """What stands between the headings of the usual callback."""
    return dict(re.findall(r"(?ms)^TASK \[(\w+)\] \**$(.*?)(?=^TASK|^PLAY)", text))


def test_silence(ansible: Ansible, endless: str) -> None:
    """Nothing under `no_log`, with `async`, or with `progress: false`; the last task shows that there is something."""
    tasks = [
        wait("secret", endless, no_log=True),
        {**wait("background", endless), "async": 60, "poll": 1},
        wait("quiet", endless, progress=False),
        wait("usual", endless),
    ]
    shown = shown_by_task(ansible.run(ansible.playbook(tasks)).succeeded().stdout)
    assert list(shown) == ["secret", "background", "quiet", "usual"]
    assert {name for name, text in shown.items() if "0 of 1 action finished" in text} == {"usual"}


def test_no_log(ansible: Ansible, endless: str) -> None:
    """Under `no_log` on the play, or in the environment, nothing of an action is shown, and `-vvv` changes nothing."""
    shown = [ansible.run(ansible.playbook([wait("wait", endless)], "-vvv", no_log=True)).succeeded()]
    ansible.environment["ANSIBLE_NO_LOG"] = "1"
    shown.append(ansible.run(ansible.playbook([wait("wait", endless)], "-vvv")).succeeded())
    for done in shown:
        text = shown_by_task(done.stdout)["wait"]
        assert "censored" in text
        assert endless not in text
        assert SECRET not in text
        assert "finished" not in text


def test_json_callback(ansible: Ansible, endless: str) -> None:
    """What programs read stays what programs can read: the lines go to standard error."""
    ansible.environment["ANSIBLE_STDOUT_CALLBACK"] = "results_json"
    for name in ("ANSIBLE_CALLBACKS_ENABLED", "TUTUM_TEST_RESULTS"):
        del ansible.environment[name]
    done = ansible.run(ansible.playbook([wait("wait", endless)])).succeeded()
    assert len(done.stdout.splitlines()) == 1, done.stdout
    assert json.loads(done.stdout)["result"]["unfinished"] == [endless]
    assert "0 of 1 action finished" in done.stderr


def test_many_hosts(ansible: Ansible, endless: str) -> None:
    """50 hosts at once say no more than five lines a second together, and each says something."""
    ansible.environment["ANSIBLE_PIPELINING"] = "1"
    hosts = [f"host{number:02}" for number in range(50)]
    command = ansible.playbook(
        [{"name": "wait", "tutum.cloud.wait_for_action": {"uuid": endless, "timeout": 12}, "ignore_errors": True}],
        *("--forks", "50"),
        *ansible.inventory({name: ansible.host("local") for name in hosts}),
        hosts="all",
    )
    with ansible.on_terminal(command) as terminal:
        assert terminal.wait() == 0
    spoken = [(moment, line) for moment, line in terminal.lines if "0 of 1 action finished" in line]
    per_host = {name: sum(line.startswith(f"[{name}]") for _moment, line in spoken) for name in hosts}
    assert set(per_host.values()) <= {1, 2}, per_host
    seconds = spoken[-1][0] - spoken[0][0]
    assert len(spoken) <= 50 + 5 * seconds


def test_sign_of_life(ansible: Ansible, endless: str) -> None:
    """Where the module's progress cannot be read, on another machine, there is a word now and then that it goes on."""
    command = ansible.playbook(
        [{"name": "wait", "tutum.cloud.wait_for_action": {"uuid": endless}}],
        *ansible.inventory({"there": ansible.host("ssh")}),
        hosts="there",
    )
    with ansible.on_terminal(command) as terminal:
        line = terminal.wait_for("[there] the wait", 60)
        assert re.fullmatch(r"\[there\] the wait goes on, 3\d s so far", line)
        assert not ansible.results()
        terminal.press_ctrl_c()
        terminal.wait()
        wait_until(lambda: not ansible.processes())
