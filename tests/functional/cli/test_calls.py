# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module tutum_call in playbooks and ad hoc commands."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.support.ansible_commands import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tutum_sandbox.process import Sandbox

    from tests.support.ansible_commands import Ansible, Finished

MODULE = "tutum.cloud.tutum_call"
SERVICE = "/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/"
REDEPLOY = f"{SERVICE}redeploy/"


def path_of(number: int, operation: str = "redeploy") -> str:
    """Return a path that no other task of a play calls."""
    return f"/api/v1/service/00000000-0000-4000-8000-{number:012}/{operation}/"


def call(name: str, path: str = REDEPLOY, **options: Any) -> dict[str, Any]:
    """Return a task that makes a call."""
    return {"name": name, MODULE: {"path": path, **options}}


def test_play_continues_after_success_and_stops_after_failure(ansible: Ansible, sandbox: Sandbox) -> None:
    tasks = [
        call("redeploy", f"{REDEPLOY}?seconds=2"),
        {"name": "continue", "ansible.builtin.debug": {"msg": "it is redeployed"}},
        call("fail", f"{REDEPLOY}?seconds=0&state=Failed&logs=no+such+tag"),
        {"name": "never", "ansible.builtin.debug": {"msg": "it failed"}},
    ]
    with ansible.on_terminal(ansible.playbook(tasks)) as terminal:
        started = terminal.wait_for("started action")
        assert not ansible.results()
        terminal.wait_for("0/1 done, 1 running (300 s left): Service Redeploy service/2c2b2aef")
        terminal.wait_for("1/1 done after 2 s")
        assert terminal.wait() == 2
    first, continued, failed = ansible.results()
    assert started == f"[localhost] POST {REDEPLOY} started action {first['result']['uuid']}"
    assert (first["outcome"], first["result"]["changed"], first["result"]["status"]) == ("ok", True, 202)
    assert (continued["name"], failed["outcome"]) == ("continue", "failed")
    assert "no such tag" in failed["result"]["msg"]
    assert [one["count"] for one in sandbox.calls()] == [2]


def test_adhoc_by_short_name_shows_progress_on_stderr(ansible: Ansible) -> None:
    del ansible.environment["ANSIBLE_COLLECTIONS_PATH"]
    command = ["ansible", "localhost", "-m", "tutum_call", "-a", f"path={REDEPLOY}?seconds=2&state=Success"]
    done = ansible.run(command, cwd=ansible.checkout).succeeded()
    result = json.loads(done.stdout.partition(" => ")[2])
    assert done.stdout.startswith("localhost | CHANGED => {")
    assert f"[localhost] POST {REDEPLOY} started action {result['uuid']}" in done.stderr
    assert "1/1 done after 2 s" in done.stderr


def test_ctrl_c_after_call_shows_action_left_running(ansible: Ansible, sandbox: Sandbox) -> None:
    with ansible.on_terminal(ansible.playbook([call("redeploy", f"{REDEPLOY}?seconds=60")])) as terminal:
        line = terminal.wait_for("started action")
        terminal.press_ctrl_c()
        try:
            terminal.wait(20)
        except subprocess.TimeoutExpired:
            # Python can drop the exception of a signal that arrives at the wrong moment. test_interruption is strict.
            terminal.press_ctrl_c()
        assert terminal.wait(30) != 0
        wait_until(lambda: not ansible.processes(), 30)
    assert "Traceback" not in terminal.text
    (one,) = sandbox.calls()
    assert (one["count"], one["actions"]) == (1, [line.rpartition(" ")[2]])
    (shown,) = re.findall("action ([0-9a-f-]{36})", line)
    assert shown == one["actions"][0]


def test_hosts_calling_at_same_moment_get_their_own_actions(ansible: Ansible, sandbox: Sandbox) -> None:
    """One of the responses has no header, the other is lost."""
    sandbox.add_fault(kind="close", after=True, method="POST", match="state=Failed")
    hosts = {"good": {"state": "Success"}, "bad": {"state": "Failed"}}
    variables = {name: {**ansible.host("local"), **values} for name, values in hosts.items()}
    task = call("redeploy", f"{REDEPLOY}?header=false&seconds=1&state={{{{ state }}}}", user_agent="{{ state }}")
    done = ansible.run(
        ansible.playbook([task], *ansible.inventory(variables), hosts="all", ignore_errors=True)
    ).succeeded()
    found = {name: done.result("redeploy", name) for name in hosts}
    assert found["good"]["states"] == {"Success": 1}
    assert found["bad"]["states"] == {"Failed": 1}
    assert [found[name]["actions"][0]["user_agent"].partition(" ")[0] for name in hosts] == ["Success", "Failed"]
    (one,) = sandbox.calls()
    assert sorted(one["actions"]) == sorted(result["uuid"] for result in found.values())


# Everything in one play at -vvvv

INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "null": ({"path": None}, "path"),
    "encoded parent": ({"path": "/api/v1/service/%2e%2e/node/"}, "It contains . or .. as a part"),
    "credential": ({"path": f"{REDEPLOY}?api_key={{{{ key }}}}"}, "which looks like a credential"),
    "list as body": ({"path": REDEPLOY, "body": ["a"]}, "body"),
}
"""A part of the cases in the unit tests."""


def all_tasks() -> list[dict[str, Any]]:
    """Return tasks with every kind of call; each has a path of its own."""
    return [
        {**call("lost", f"{path_of(1)}?x=lost"), "async": 60, "poll": 0, "register": "lost"},
        call("synchronous", f"{path_of(4)}?status=200"),
        call("no header", f"{path_of(5)}?header=false&seconds=0", body={"image": "nginx"}),
        {**call("check mode", path_of(6)), "check_mode": True},
        {**call("secret", f"{path_of(7)}?seconds=0&state=Failed&logs=correct-horse"), "no_log": True},
        call("telling", path_of(8)),
        {**call("no wait", f"{path_of(2)}?seconds=60", wait=False), "register": "long"},
        call("cancel", "/api/v1/action/{{ long.uuid }}/cancel/?seconds=0.5"),
        call("retry", "/api/v1/action/{{ long.uuid }}/retry/?seconds=0.5"),
        *({"name": name, MODULE: options} for name, (options, _words) in INVALID.items()),
        {
            "name": "collect lost",
            "ansible.builtin.async_status": {"jid": "{{ lost.ansible_job_id }}"},
            "register": "job",
            "until": "job.finished",
            "retries": 60,
            "delay": 1,
        },
    ]


@pytest.fixture
def everything(ansible: Ansible, sandbox: Sandbox, tmp_path: Path) -> Finished:
    """Run all of them with the key in the environment, where Ansible cannot know that it is a secret."""
    sandbox.add_fault(kind="reset", method="POST", match="x=lost")
    sandbox.add_fault(kind="status", method="POST", match=path_of(8), status=400, body='{"error": "{authorization}"}')
    environment = ansible.environment
    environment |= {"ANSIBLE_INJECT_INVOCATION": "1", "ANSIBLE_LOG_PATH": str(tmp_path / "ansible.log")}
    defaults = {"group/tutum.cloud.tutum": {"api_url": environment.pop("TUTUM_REST_HOST"), "interval": 0.2}}
    command = ansible.playbook(
        all_tasks(),
        "-vvvv",
        ignore_errors=True,
        module_defaults=defaults,
        vars={"key": "{{ lookup('ansible.builtin.env', 'TUTUM_APIKEY') }}"},
    )
    done = ansible.run(command).succeeded()
    ansible.end_processes()  # Ansible checks only every 5 seconds whether the background job is over.
    return done


def test_everything(sandbox: Sandbox, everything: Finished, tmp_path: Path) -> None:
    """One play, since each takes seconds to start: results, how often each call was carried out, and no key."""
    done = everything
    outcomes = {task["name"]: task["outcome"] for task in done.tasks}
    failed = {"secret", "telling", "collect lost", *INVALID}
    assert {name for name, outcome in outcomes.items() if outcome == "ignored"} == failed

    synchronous = done.result("synchronous")
    assert (synchronous["status"], synchronous["uuid"], synchronous["changed"]) == (200, None, True)
    assert synchronous["response"]["resource_uri"] == path_of(4).removesuffix("redeploy/")
    assert done.result("no header")["actions"][0]["body"] == '{"image": "nginx"}'
    assert (done.result("check mode")["changed"], done.result("check mode")["uuid"]) == (True, None)
    assert "Server message: ***" in done.result("telling")["msg"]
    long = done.result("no wait")
    assert (long["polls"], long["actions"], long["status"], long["changed"]) == (0, [], 202, True)
    for operation, state in (("cancel", "Canceled"), ("retry", "Success")):
        result = done.result(operation)
        assert (result["uuid"], result["states"], result["changed"]) == (long["uuid"], {state: 1}, True)
    for name, (_options, words) in INVALID.items():
        assert words in done.result(name)["msg"], name
        assert "elapsed" not in done.result(name), name
    lost = done.result("collect lost")
    assert (lost["error_type"], lost["uuid"], lost["changed"]) == ("unknown_outcome", None, False)
    assert f"look for the path {path_of(1)}" in lost["msg"]

    # Nothing was sent twice, and no refused call was sent.
    counts = {one["path"]: one["count"] for one in sandbox.calls()}
    operations = [f"/api/v1/action/{long['uuid']}/{name}/" for name in ("cancel", "retry")]
    assert counts == dict.fromkeys([*map(path_of, (2, 4, 5, 7)), *operations], 1)
    assert sum(entry["method"] == "POST" for entry in sandbox.requests()) == sum(counts.values()) + 2

    # No place contains the key or the data that no_log hides.
    key, pair = sandbox.api_key, f"{sandbox.username}:{sandbox.api_key}"
    secrets = {key, quote(key, safe=""), base64.b64encode(pair.encode()).decode(), "correct-horse"}
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "playbook.yml"]
    assert {"ansible.log", "results.jsonl"} <= {path.name for path in files}
    places = {"output": done.output, **{str(path): path.read_text("utf-8", "replace") for path in files}}
    assert f"POST {path_of(5)} started action" in places["output"]
    assert f"POST {path_of(7)}" not in places["output"]
    found = {(place, secret) for place, text in places.items() for secret in secrets if secret in text}
    assert not found
