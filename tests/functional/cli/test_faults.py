# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fault matrix with Ansible: one play with a host for each case, in which module, lookup and wait meet it.

And many waits on a server with a rate limit.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import faults
from tests.support.ansible_commands import Ansible, Finished
from tests.support.faults import (
    GOOD,
    LOOKUP,
    MIDDLE,
    QUERY,
    REFUSED,
    TIMED_OUT,
    WAIT,
    WAITS,
    Outcome,
    Prepared,
    Servers,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutum_sandbox.process import Sandbox

WAYS = (QUERY, LOOKUP, WAIT, MIDDLE)
CONCURRENT = 8

# What Ansible itself has a part in: retries, a typed error, odd characters in a message, redirects, certificates, and a
# response that no gate may take for a success. tests/functional/client/test_faults.py has all cases.
CASES = (
    "503 with JSON, for a while",
    "an error with control characters",
    "redirect to another host",
    "state: unknown",
    "a lone surrogate in the logs",
    "certificate of the CA in ca_path",
)

TIMEOUT = 90.0
"""The timeout of the waits on a server with a rate limit, in seconds."""

CONNECTION = ("request_timeout", "max_retries", "ca_path", "validate_certs")

TESTS = [(name, way) for name in CASES for way in WAYS if faults.CASES[name].has(way)]

Key = tuple[str, str]
Matrix = tuple[dict[Key, Prepared], Finished, dict[Key, Outcome], dict[Key, int]]


def options(way: str, *names: str) -> dict[str, str]:
    """Return options of a module, each with the host's value, or omitted if the host has none."""
    return {
        name: f"{{{{ options['{way}'].{name} | default(omit) }}}}" for name in ("uuid", "object", *CONNECTION, *names)
    }


TASKS: list[dict[str, Any]] = [
    {"name": QUERY, "tutum.cloud.tutum_action_info": options(QUERY)},
    {
        "name": LOOKUP,
        "ansible.builtin.debug": {"msg": "{{ query('tutum.cloud.tutum_action', *terms, **options.lookup) }}"},
    },
    {"name": WAIT, "tutum.cloud.wait_for_action": options(WAIT, "timeout", "interval")},
    {
        "name": MIDDLE,
        "tutum.cloud.wait_for_action": options(MIDDLE, "timeout", "interval"),
        "when": f"'{MIDDLE}' in options",
    },
]


def run(prepared: list[Prepared], servers: Servers, directory: Path) -> Finished:
    """Run the play."""
    ansible = Ansible(Path(os.environ["TUTUM_TEST_ANSIBLE_BIN"]), Path(os.environ["TUTUM_TEST_COLLECTIONS"]), directory)
    ansible.environment |= {"TUTUM_USER": servers["plain"].username, "TUTUM_APIKEY": servers["plain"].api_key}
    hosts: dict[str, dict[str, Any]] = {}
    for one in prepared:
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
    done = ansible.run(ansible.plays([play], *ansible.inventory(hosts), f"--forks={CONCURRENT}"), seconds=600)
    assert not ansible.end_processes()
    return done


def outcome_of(way: str, task: dict[str, Any]) -> Outcome:
    """Return the result of a task in the form of the table."""
    result = task["result"]
    actions = result.get("msg", []) if way == LOOKUP else result.get("actions", [])
    seconds = result.get("elapsed", float("inf"))
    if task["outcome"] == "ok":
        return Outcome(GOOD, actions=actions, results=result, seconds=seconds)
    end = TIMED_OUT if result.get("timed_out") else REFUSED
    return Outcome(end, str(result.get("msg")), results=result, seconds=seconds)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    """Run all cases with one `ansible-playbook`."""
    with Servers(os.environ["TUTUM_TEST_SANDBOX_PYTHON"]) as servers:
        prepared = faults.prepare([faults.CASES[name] for name in CASES], WAYS, servers)
        done = run(prepared, servers, tmp_path_factory.mktemp("faults"))
        tasks = {
            (CASES[int(task["host"].removeprefix("case"))], task["name"]): task
            for task in done.tasks
            if task["outcome"] != "skipped"
        }
        assert len(tasks) == len(prepared), done.output
        outcomes = {key: outcome_of(key[1], task) for key, task in tasks.items()}
        yield (
            {(one.case.name, one.way): one for one in prepared},
            done,
            outcomes,
            faults.count_requests(prepared, servers),
        )
        assert servers["stranger"].requests() == [], "a request was sent to another host than that of api_url"


@pytest.mark.parametrize(("case", "way"), TESTS)
def test_fault(case: str, way: str, matrix: Matrix) -> None:
    """Each case has the result in the table."""
    prepared, _done, outcomes, requests = matrix
    key = (case, way)
    faults.check(prepared[key], outcomes[key], requests[key])
    if outcomes[key].end == REFUSED and way in WAITS:
        assert outcomes[key].results["url"] or "not found" in outcomes[key].message


def test_output_of_faults(matrix: Matrix) -> None:
    """No fault causes a traceback, or shows the key."""
    _prepared, done, _outcomes, _requests = matrix
    assert "Traceback" not in done.output
    assert "MODULE FAILURE" not in done.output
    assert "not-a-secret" not in done.output


def test_number_of_faults(matrix: Matrix, capsys: pytest.CaptureFixture[str]) -> None:
    """The table is not empty; the number of cases is printed."""
    _prepared, _done, outcomes, _requests = matrix
    assert len(outcomes) == len(TESTS) > 20
    with capsys.disabled():
        sys.stdout.write(f"\n{faults.summary(outcomes.values())} (ansible-playbook: {', '.join(WAYS)})\n")


def test_five_waits_with_a_rate_limit(ansible: Ansible, sandbox: Sandbox) -> None:
    """Five hosts with fifty actions each, and two requests a second for all of them: all succeed or fail in time."""
    hosts: dict[str, dict[str, Any]] = {}
    for number in range(5):
        described: list[dict[str, Any]] = [
            {"phases": [[0, "In progress"], [5 + each % 10, "Success"]], "from_first_request": True}
            for each in range(50)
        ]
        if number == 3:
            described[20]["phases"] = [[0, "In progress"], [10, "Failed"]]
        variables = {"ansible_connection": "local", "ansible_python_interpreter": str(ansible.python)}
        hosts[f"host{number}"] = {**variables, "actions": sandbox.create_actions(described)}
    sandbox.set(throttle="2/1")
    wait = {"name": "wait", "tutum.cloud.wait_for_action": {"uuid": "{{ actions }}", "timeout": TIMEOUT}}
    play = {"hosts": "all", "tasks": [wait], "ignore_errors": True}
    done = ansible.run(ansible.plays([play], *ansible.inventory(hosts), "--forks=5"))
    for host, variables in hosts.items():
        result = done.result("wait", host)
        assert result["unfinished"] == [], done.output
        assert result["timed_out"] is False
        assert result["elapsed"] < TIMEOUT
        assert result["states"] == ({"Success": 49, "Failed": 1} if host == "host3" else {"Success": 50})
        assert result["unsuccessful"] == ([variables["actions"][20]] if host == "host3" else [])
    assert any(entry["status"] == 429 for entry in sandbox.requests())
