# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fault matrix for real: one play, a host for each kind of case, where module, lookup and wait meet it.

And many waits on a server that lets few questions through.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.running import Ansible, Finished
from tests.client import faults
from tests.client.faults import GOOD, LOOKUP, QUERY, REFUSED, TIMED_OUT, WAIT, Outcome, Planted, Servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutum_sandbox.process import Sandbox

WAYS = (QUERY, LOOKUP, WAIT)
AT_ONCE = 8

# One or two of each kind: a run of a module by Ansible takes its time. All are in tests/client/test_faults.py.
CASES = (
    "503 with JSON, for a while",
    "503 with JSON, for good",
    "502 in the middle of a list, for a while",
    "503 once, Retry-After: 1",
    "503 once, Retry-After: soon",
    "503 once, Retry-After: 31536000",
    "400 with JSON",
    "401 without a body",
    "403",
    "204",
    "an error that moves the cursor",
    "404 without a body",
    "reset, for a while",
    "reset, for good",
    "closed in the headers, for a while",
    "closed in the body, for a while",
    "late, for good",
    "headers byte by byte, once",
    "body byte by byte, for good",
    "gzip that is none, for good",
    "refused",
    "two lengths",
    "no HTTP, for good",
    "redirect to another host",
    "redirect to another port",
    "redirect to no URL",
    "redirect to itself",
    "redirect from https to http",
    "301 on the same host",
    "body of a detail: empty",
    "body of a detail: HTML",
    "body of a list: NaN",
    "action: of another UUID",
    "100 MiB",
    "gzip of a list",
    "list: meta missing",
    "list: an object null",
    "list: total_count absurd",
    "list: next to another host",
    "list: next without an end",
    "list: total_count too high at first",
    "state: unknown",
    "state: missing",
    "start_date 'soon'",
    "object None",
    "half a character in the logs",
    "a field that nobody knows",
    "certificate of an unknown CA",
    "certificate self-signed",
    "certificate expired",
    "certificate wrong-host",
    "certificate wrong-host, not verified",
    "certificate of a CA that is named",
    "throttled by Tastypie, list",
)

# Seconds for the waits on a server that is asked by too many.
DEADLINE = 90.0

CONNECTION = ("request_timeout", "max_retries", "ca_path", "validate_certs")

Key = tuple[str, str]
Matrix = tuple[dict[Key, Planted], Finished, dict[Key, Outcome], dict[Key, int]]


def options(way: str, *names: str) -> dict[str, str]:
    """Each option of a module as the host has it, if it has it."""
    return {name: f"{{{{ options.{way}.{name} | default(omit) }}}}" for name in ("uuid", "object", *CONNECTION, *names)}


TASKS: list[dict[str, Any]] = [
    {"name": QUERY, "tutum.cloud.tutum_action_info": options(QUERY)},
    {
        "name": LOOKUP,
        "ansible.builtin.debug": {"msg": "{{ query('tutum.cloud.tutum_action', *terms, **options.lookup) }}"},
    },
    {"name": WAIT, "tutum.cloud.wait_for_action": options(WAIT, "timeout", "interval")},
]


def run(planted: list[Planted], servers: Servers, folder: Path) -> Finished:
    """Run the play."""
    ansible = Ansible(Path(os.environ["TUTUM_TEST_ANSIBLE_BIN"]), Path(os.environ["TUTUM_TEST_COLLECTIONS"]), folder)
    # Quicker: no copying of a module for each of them.
    ansible.environment["ANSIBLE_PIPELINING"] = "1"
    ansible.environment |= {"TUTUM_USER": servers["plain"].username, "TUTUM_APIKEY": servers["plain"].api_key}
    hosts: dict[str, dict[str, Any]] = {}
    for one in planted:
        host = hosts.setdefault(
            f"case{CASES.index(one.case.name)}",
            {
                "ansible_connection": "local",
                "ansible_python_interpreter": str(ansible.python),
                "options": {},
                "api_url": one.api_url,
            },
        )
        host["options"][one.way] = one.options
        if one.way == LOOKUP:
            host["terms"] = list(one.uuids) if "object" not in one.options else []
            one.options["api_url"] = one.api_url
    play = {
        "hosts": "all",
        "strategy": "free",
        "ignore_errors": True,
        "module_defaults": {"group/tutum.cloud.tutum": {"api_url": "{{ api_url }}"}},
        "tasks": TASKS,
    }
    done = ansible.run(ansible.plays([play], *ansible.inventory(hosts), f"--forks={AT_ONCE}"), patience=600)
    assert not ansible.end_processes()
    return done


def outcome_of(way: str, task: dict[str, Any]) -> Outcome:
    """A task's result as the table looks at it."""
    result = task["result"]
    actions = result.get("msg", []) if way == LOOKUP else result.get("actions", [])
    seconds = result.get("elapsed", float("inf"))
    if task["outcome"] == "ok":
        return Outcome(GOOD, actions=actions, results=result, seconds=seconds)
    end = TIMED_OUT if result.get("timed_out") else REFUSED
    return Outcome(end, str(result.get("msg")), results=result, seconds=seconds)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    """All cases, in one run of `ansible-playbook`."""
    with Servers(os.environ["TUTUM_TEST_SANDBOX_PYTHON"]) as servers:
        planted = faults.plant([faults.CASES[name] for name in CASES], WAYS, servers)
        done = run(planted, servers, tmp_path_factory.mktemp("faults"))
        tasks = {(CASES[int(task["host"].removeprefix("case"))], task["name"]): task for task in done.tasks}
        assert len(tasks) == len(planted), done.output
        outcomes = {key: outcome_of(key[1], task) for key, task in tasks.items()}
        yield (
            {(one.case.name, one.way): one for one in planted},
            done,
            outcomes,
            faults.count_requests(planted, servers),
        )
        assert servers["stranger"].requests() == [], "something was sent to a host that is not that of api_url"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES)
def test_case(case: str, way: str, matrix: Matrix) -> None:
    """Each case ends as the table says, whichever way it is asked."""
    planted, _done, outcomes, requests = matrix
    key = (case, way)
    faults.check(planted[key], outcomes[key], requests[key])


def test_output(matrix: Matrix) -> None:
    """Nothing that went wrong shows a traceback or the key."""
    _planted, done, _outcomes, _requests = matrix
    assert "Traceback" not in done.output
    assert "MODULE FAILURE" not in done.output
    assert "not-a-secret" not in done.output


def test_count(matrix: Matrix, capsys: pytest.CaptureFixture[str]) -> None:
    """The table has not become empty; its count is printed."""
    _planted, _done, outcomes, _requests = matrix
    assert len(outcomes) == len(WAYS) * len(CASES) > 150
    with capsys.disabled():
        sys.stdout.write(f"\n{faults.summary(outcomes.values())} (ansible-playbook: {', '.join(WAYS)})\n")


def test_ten_waits_on_a_throttled_server(ansible: Ansible, sandbox: Sandbox) -> None:
    """Ten hosts, each with fifty actions, two requests a second for all of them: all end right, and in time."""
    hosts: dict[str, dict[str, Any]] = {}
    for number in range(10):
        described: list[dict[str, Any]] = [
            {"phases": [[0, "In progress"], [5 + each % 10, "Success"]], "from_first_request": True}
            for each in range(50)
        ]
        if number == 7:
            described[20]["phases"] = [[0, "In progress"], [10, "Failed"]]
        variables = {"ansible_connection": "local", "ansible_python_interpreter": str(ansible.python)}
        hosts[f"host{number}"] = {**variables, "actions": sandbox.create_actions(described)}
    sandbox.set(throttle="2/1")
    wait = {"name": "wait", "tutum.cloud.wait_for_action": {"uuid": "{{ actions }}", "timeout": DEADLINE}}
    play = {"hosts": "all", "tasks": [wait], "ignore_errors": True}
    done = ansible.run(ansible.plays([play], *ansible.inventory(hosts), "--forks=10"))
    for host, variables in hosts.items():
        result = done.result("wait", host)
        assert result["unfinished"] == [], done.output
        assert result["timed_out"] is False
        assert result["elapsed"] < DEADLINE
        assert result["states"] == ({"Success": 49, "Failed": 1} if host == "host7" else {"Success": 50})
        assert result["unsuccessful"] == ([variables["actions"][20]] if host == "host7" else [])
    assert any(entry["status"] == 429 for entry in sandbox.requests())
