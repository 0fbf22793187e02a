# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sources of credentials, and the limits: the keyword `environment`, TUTUM_PASS, timeouts, cancellation."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tutum_sandbox.process import Sandbox

    from tests.support.ansible_commands import Ansible

EXAMPLE = "6246c558-976c-4df6-ba60-eb1a344a17af"
SLOW_RESOLVER = """
import socket, time
usual = socket.getaddrinfo
def getaddrinfo(host, *args, **options):
    if host == "tutum.example":
        time.sleep(60)
    return usual(host, *args, **options)
socket.getaddrinfo = getaddrinfo
"""
LOOKUP = f"{{{{ query('tutum.cloud.tutum_action', '{EXAMPLE}') | map(attribute='action') | first }}}}"
QUERY: dict[str, Any] = {"name": "module", "tutum.cloud.tutum_action_info": {"uuid": EXAMPLE}}
WAIT: dict[str, Any] = {"name": "wait", "tutum.cloud.wait_for_action": {"uuid": EXAMPLE}}


def lookup(name: str = "lookup", **keywords: Any) -> dict[str, Any]:
    """Return a task with the lookup."""
    return {"name": name, "ansible.builtin.debug": {"msg": LOOKUP}, **keywords}


@pytest.fixture
def variables(ansible: Ansible, sandbox: Sandbox) -> dict[str, str]:
    """Remove the credentials from the environment of Ansible, and return them."""
    found = sandbox.environment()
    for name in found:
        del ansible.environment[name]
    return found


def test_environment_of_task_block_and_play(ansible: Ansible, variables: dict[str, str]) -> None:
    """The lookup reads it like the module: a dictionary, a list, a template. That of the task takes precedence."""
    wrong = {**variables, "TUTUM_APIKEY": "wrong"}
    plays: list[dict[str, Any]] = [
        {"tasks": [lookup("task", environment=variables)]},
        {"tasks": [lookup("template", environment="{{ settings }}")], "vars": {"settings": variables}},
        {
            "tasks": [lookup("list", environment=["{{ settings }}", {"TUTUM_APIKEY": "{{ key }}"}])],
            "vars": {"settings": wrong, "key": variables["TUTUM_APIKEY"]},
        },
        {"tasks": [{"block": [lookup("block")], "environment": variables}]},
        {"tasks": [lookup("play"), {**QUERY, "name": "module"}, WAIT], "environment": variables},
        {"tasks": [lookup("task over play", environment=variables)], "environment": wrong},
        {"tasks": [lookup("play template")], "environment": "{{ settings }}", "vars": {"settings": variables}},
        {"tasks": [lookup("none", ignore_errors=True)]},
    ]
    done = ansible.run(ansible.plays([{"hosts": "localhost", **play} for play in plays])).succeeded()
    for name in ("task", "template", "list", "block", "play", "task over play", "play template"):
        assert done.result(name)["msg"] == "Cluster Create", name
    assert done.result("module")["total_count"] == 1
    assert "No API credentials found" in done.result("none")["msg"]


def test_tutum_pass(ansible: Ansible, sandbox: Sandbox, variables: dict[str, str]) -> None:
    """The password of the account is sent as Basic, by modules and lookup."""
    ansible.environment |= {
        "TUTUM_REST_HOST": variables["TUTUM_REST_HOST"],
        "TUTUM_USER": sandbox.username,
        "TUTUM_PASS": sandbox.api_key,
    }
    done = ansible.run(ansible.playbook([QUERY, WAIT, lookup()])).succeeded()
    assert done.result("lookup")["msg"] == "Cluster Create"
    assert [entry["scheme"] for entry in sandbox.requests()] == ["basic"] * 3


def test_on_timeout_cancel(ansible: Ansible, sandbox: Sandbox, endless: str) -> None:
    """The wait fails, and reports the canceled actions. In check mode, nothing is canceled."""
    done_already = sandbox.create_action([[0, "Success"]])
    options = {"uuid": [endless, done_already], "timeout": 2, "on_timeout": "cancel"}
    tasks: list[dict[str, Any]] = [
        {"name": name, "tutum.cloud.wait_for_action": options, "ignore_errors": True, "check_mode": name == "check"}
        for name in ("check", "wait")
    ]
    done = ansible.run(ansible.playbook(tasks)).succeeded()
    check, wait = done.result("check"), done.result("wait")
    assert [task["outcome"] for task in done.tasks] == ["ignored", "ignored"]
    assert (check["changed"], check["canceled"], check["not_canceled"]) == (False, [], [endless])
    assert (wait["changed"], wait["canceled"], wait["not_canceled"]) == (True, [endless], [])
    assert [(call["path"], call["count"]) for call in sandbox.calls()] == [(f"/api/v1/action/{endless}/cancel/", 1)]
    assert f"Canceled: {endless}" in wait["msg"]


def test_timeout_is_exceeded_by_5_seconds_at_most(ansible: Ansible) -> None:
    """A server that accepts the connection and sends nothing, and a slow name resolution."""
    slow = ansible.directory / "slow"
    slow.mkdir()
    (slow / "sitecustomize.py").write_text(SLOW_RESOLVER, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        wait = {"uuid": [EXAMPLE], "timeout": 5, "request_timeout": 30}
        tasks: list[dict[str, Any]] = [
            {"name": "silent", "tutum.cloud.wait_for_action": {**wait, "api_url": url}},
            {
                "name": "resolver",
                "tutum.cloud.wait_for_action": {**wait, "api_url": "http://tutum.example"},
                "environment": {"PYTHONPATH": str(slow)},
            },
        ]
        done = ansible.run(ansible.playbook(tasks, ignore_errors=True)).succeeded()
    for name in ("silent", "resolver"):
        result = done.result(name)
        assert result["timed_out"] is True
        assert 5.0 <= result["elapsed"] <= 10.0
        assert "No complete response within" in result["msg"]
        assert (result["status"], result["url"]) == (
            None,
            f"{url if name == 'silent' else 'http://tutum.example'}/api/v1/action/{EXAMPLE}/",
        )
