# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A playbook continues after a wait only if the wait was for something, and all of it succeeded.

Each case is a host. Its task `wait` fails or succeeds, and only after a success `next` runs.
"""

from __future__ import annotations

import json
import os
import threading
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from tutum_sandbox.process import Sandbox

from tests.support.ansible_commands import Ansible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RUNNING = "In progress"
SOON = {"from_first_request": True}
FAILING = {"phases": [[0, RUNNING]]}
"""The test cancels it after the wait has begun."""

REQUESTS_BEFORE_CANCEL = 6
CHECK_SECONDS = 0.3


@dataclass(frozen=True)
class Gate:
    """One wait."""

    options: dict[str, Any]
    """The options. Placeholders such as `{action}` in them are filled in."""
    message: str = ""
    """What the failure's message contains; empty for a success."""
    actions: tuple[dict[str, Any], ...] = ()
    """The actions of the object."""
    server: dict[str, Any] = field(default_factory=dict)
    """The settings of the server."""
    warning: str = ""


FAILED = "1 of 1 actions did not finish with state Success"
NO_VALUE = "Neither uuid nor object has a value"
NO_ACTION = "has no action at all. Check object"

GATES = {
    # What does not name anything.
    # Templates of core 2.18 turn null into an empty text.
    "variable_missing": Gate({"uuid": "{{ redeploy.x_tutum_action_uri | default(none) }}"}, "uuid"),
    "both_null": Gate({"uuid": None, "object": None}, NO_VALUE),
    "null_in_a_list": Gate({"uuid": [None]}, "uuid"),
    "empty_text": Gate({"uuid": ""}, "Invalid value for option uuid"),
    "object_empty": Gate({"object": ""}, "Invalid value for option object"),
    # References to something else.
    "object_is_an_action": Gate({"object": "/api/v1/action/{action}/"}, "This is an action", (FAILING,)),
    "uuid_is_an_object": Gate({"uuid": "{object}"}, "This names an object of the type service", (FAILING,)),
    "object_unknown": Gate({"object": "{object}"}, NO_ACTION),
    "object_of_another_type": Gate({"object": "{object of another type}"}, NO_ACTION, (FAILING,)),
    "uuid_unknown": Gate({"uuid": "00000000-0000-4000-8000-000000000000"}, "1 of 1 actions not found"),
    "object_in_capitals": Gate({"object": "{object in capitals}"}, FAILED, (FAILING,)),
    # Actions that are seen late.
    "list_that_lags": Gate({"object": "{object}", "min_actions": 1}, FAILED, ({**FAILING, "listed_after": 3},)),
    "too_few_actions": Gate(
        {"object": "{object}", "min_actions": 2, "timeout": 10},
        "Found 1 of at least 2 actions",
        ({"phases": [[0, RUNNING], [1, "Success"]], **SOON},),
    ),
    "uuid_with_too_few": Gate({"uuid": [], "min_actions": 1}, "Invalid value for option min_actions"),
    "failed_during_delay": Gate(
        {"object": "{object}", "delay": 0.9},
        FAILED,
        ({"phases": [[0, RUNNING], [3, "Failed"]], **SOON},),
    ),
    "failed_during_delay_with_a_fast_clock": Gate(
        {"object": "{object}", "delay": 5},
        FAILED,
        ({"phases": [[0, RUNNING], [3, "Failed"]], **SOON},),
        {"clock_offset": -10},
    ),
    # Filters that the server ignores.
    "filter_object_ignored": Gate(
        {"object": "{object}"},
        "do not match the filter object",
        ({**FAILING, "object": "/api/v1/service/another/"}, FAILING),
        {"ignored_filters": ["object"]},
    ),
    "filter_state_ignored": Gate(
        {"object": "{object}"}, "do not match the filter state", (FAILING,), {"ignored_filters": ["state"]}
    ),
    # Waits that succeed.
    "empty_list": Gate({"uuid": []}, warning="Nothing to wait for: uuid is an empty list"),
    "object_finished": Gate(
        {"object": "{object}"},
        actions=({"phases": [[-1, "Failed"]]},),
        warning="Nothing to wait for: there is no unfinished action of",
    ),
    "object_missing_skip": Gate({"object": "{object}", "missing": "skip"}, warning="Nothing to wait for"),
    "failed_before_with_a_slow_clock": Gate(
        {"object": "{object}", "delay": 2},
        actions=({"phases": [[-60, "Failed"]], "started_ago": 90}, {"phases": [[0, RUNNING], [1, "Success"]], **SOON}),
        server={"clock_offset": 100},
    ),
    "starts_during_delay": Gate(
        {"object": "{object}", "delay": 13},
        actions=(
            {"phases": [[-1, "Success"]]},
            {"phases": [[0, RUNNING], [12, "Failed"]], "visible_after": 11, **SOON},
        ),
        warning="Nothing to wait for",
    ),
    "white_space_around_uuid": Gate({"uuid": " {action}\n"}, actions=({"phases": [[0, "Success"]]},)),
}


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], dict[str, Any]]]:
    """Run all waits in one playbook."""
    with run_waits(GATES, tmp_path_factory.mktemp("gates")) as found:
        yield found


@contextmanager
def run_waits(gates: Mapping[str, Gate], directory: Path) -> Iterator[dict[tuple[str, str], dict[str, Any]]]:
    """Run these waits in one playbook, and return each task by its host and its name."""
    ansible = Ansible(Path(os.environ["TUTUM_TEST_ANSIBLE_BIN"]), Path(os.environ["TUTUM_TEST_COLLECTIONS"]), directory)
    with ExitStack() as stack:
        servers: dict[str, Sandbox] = {}
        hosts = {}
        failing: list[tuple[str, str, str]] = []
        for number, (name, gate) in enumerate(gates.items()):
            # The first request of any host would start the times of actions that count from the first request.
            is_own = any(action.get("from_first_request") for action in gate.actions)
            key = name if is_own else repr(gate.server)
            if key not in servers:
                python = os.environ["TUTUM_TEST_SANDBOX_PYTHON"]
                servers[key] = stack.enter_context(Sandbox(python, actions=0, **gate.server))
            options, path, uuids = prepare(gate, number, servers[key])
            failing += [
                (key, path, uuid) for uuid, action in zip(uuids, gate.actions, strict=True) if action is FAILING
            ]
            failing += [(key, path, uuids[0])] if "listed_after" in str(gate.actions) else []
            wait = {"timeout": 40, "interval": 0.2, **options}
            gated = [
                {"name": "wait", "tutum.cloud.wait_for_action": wait},
                {"name": "next", "ansible.builtin.debug": {"msg": "the play continues"}},
            ]
            ansible.write(f"{name}.yml", json.dumps(gated))
            hosts[name] = ansible.host("local", server=servers[key].environment())
        play = {
            "hosts": "all",
            "strategy": "free",
            "environment": "{{ server }}",
            "tasks": [{"name": "include", "ansible.builtin.include_tasks": "{{ inventory_hostname }}.yml"}],
        }
        over = threading.Event()
        pending = [(servers[key], path, uuid) for key, path, uuid in failing]
        canceler = threading.Thread(target=cancel_after_begin, args=(pending, over))
        canceler.start()
        try:
            done = ansible.run(ansible.plays([play], *ansible.inventory(hosts), f"--forks={len(hosts)}"))
        finally:
            over.set()
            canceler.join()
        assert not ansible.end_processes()
        found = {(task["host"], task["name"]): task for task in done.tasks}
        assert all((name, "wait") in found for name in gates), done.output
        yield found


def cancel_after_begin(pending: list[tuple[Sandbox, str, str]], over: threading.Event) -> None:
    """Cancel each action when the wait for its object has sent some requests."""
    while pending and not over.wait(CHECK_SECONDS):
        for entry in list(pending):
            server, path, uuid = entry
            requests = server.requests("/action/")
            seen = [one for one in requests if uuid in one["path"] or quote(path, safe="") in one["query"]]
            if len(seen) >= REQUESTS_BEFORE_CANCEL:
                request = urllib.request.Request(f"{server.url}/api/v1/action/{uuid}/cancel/", method="POST")
                request.add_header("Authorization", f"ApiKey {server.username}:{server.api_key}")
                with urllib.request.urlopen(request, timeout=30):
                    pending.remove(entry)


def prepare(gate: Gate, number: int, server: Sandbox) -> tuple[dict[str, Any], str, list[str]]:
    """Create the actions of a wait, and return its options, the object, and the UUIDs."""
    uuid = f"{number:08x}-2222-4222-abcd-222222222222"
    path = f"/api/v1/service/{uuid}/"
    actions = server.create_actions({"object": path, **action} for action in gate.actions)
    texts = {
        "{action}": actions[-1] if actions else "",
        "{object}": path,
        "{object in capitals}": f"/api/v1/service/{uuid.upper()}/",
        "{object of another type}": path.replace("service", "services"),
    }
    options = dict(gate.options)
    for name, value in options.items():
        if isinstance(value, str):
            options[name] = reduce(lambda text, one: text.replace(*one), texts.items(), value)
    return options, path, actions


@pytest.mark.parametrize("name", GATES)
def test_next_task_runs_only_after_a_success(tasks: dict[tuple[str, str], dict[str, Any]], name: str) -> None:
    check(name, tasks)


def test_null_and_empty_values_do_not_open_the_gate(tmp_path: Path) -> None:
    """With every ansible-core: templates turn null into different values. An action that fails is waited for, too."""
    names = ("variable_missing", "both_null", "null_in_a_list", "empty_text", "object_empty", "object_in_capitals")
    with run_waits({name: GATES[name] for name in names}, tmp_path) as tasks:
        for name in names:
            check(name, tasks)


def check(name: str, tasks: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Check the result of a wait, and whether the next task ran."""
    gate, wait = GATES[name], tasks[name, "wait"]
    if gate.message:
        assert wait["outcome"] == "failed"
        assert gate.message in wait["result"]["msg"]
        assert (name, "next") not in tasks
    else:
        assert wait["outcome"] == "ok", wait["result"]
        assert tasks[name, "next"]["outcome"] == "ok"
        warnings = [str(warning) for warning in wait["result"].get("warnings", [])]
        assert [warning for warning in warnings if gate.warning in warning] or not gate.warning, warnings


def test_failure_has_status_url_and_error_type(tasks: dict[tuple[str, str], dict[str, Any]]) -> None:
    ignored = tasks["filter_object_ignored", "wait"]["result"]
    assert (ignored["status"], ignored["error_type"]) == (200, "response")
    assert "/api/v1/action/?object=" in ignored["url"]
    refused = tasks["both_null", "wait"]["result"]
    assert (refused["status"], refused["url"], refused["error_type"]) == (None, None, "option")
    for name in ("empty_list", "object_finished"):
        assert "error_type" not in tasks[name, "wait"]["result"]
    assert tasks["empty_list", "wait"]["result"]["polls"] == 0
