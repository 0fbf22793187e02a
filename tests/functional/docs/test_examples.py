# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each file in examples/ runs unchanged, with the credentials in the environment, and does what its comments say."""

from __future__ import annotations

import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
import pytest
import yaml

from ansible_collections.tutum.cloud.plugins.module_utils._sources import ENVIRONMENT
from tests.support.ansible_commands import wait_until

if TYPE_CHECKING:
    from tutum_sandbox.process import Sandbox

    from tests.support.ansible_commands import Ansible

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"

# A part of the output of each playbook.
OUTPUT = {
    "accept_canceled.yml": "finished with state Canceled",
    "action_per_host.yml": "shop5 continues",
    "background_wait.yml": "The stack is starting",
    "before_redeploy.yml": "TASK [Redeploy the service]",
    "cancel_on_timeout.yml": "Canceled: 1",
    "fail_fast.yml": "TASK [Cancel the actions that are still running]",
    "gate_deployment.yml": "Redeployed in 2.0 s",
    "judge_by_states.yml": '"Success": 2',
    "nightly_report.yml": "TASK [tutum.cloud.action_report : Write the page]",
    "rescue_with_logs.yml": '"ERROR: no such tag"',
    "retry_failed.yml": "The service is redeployed",
    "rolling_redeploy.yml": "3f1b6a0e-8a55-4d0b-a50f-3d9f4a2fb0a1/: 2.0 s",
    "several_hosts.yml": "balancer2 continues after 2.0 s",
    "wait_after_uri.yml": "TASK [Wait for the redeployment]",
    "wait_for_deployed_object.yml": "TASK [Wait for all actions of the cluster]",
}


# These show how to handle a failure, and end with one.
FAILING = {"fail_fast.yml", "rescue_with_logs.yml"}

# These have a rescue that does not end with ansible.builtin.fail, and a comment about it.
CONTINUING = {"cancel_on_timeout.yml", "demo/demo.yml", "retry_failed.yml"}


def test_examples_are_all_tested() -> None:
    found = {path.name for path in EXAMPLES.iterdir() if path.is_file()}
    assert found == {*OUTPUT, "ad_hoc.sh", "awx_credential_type.yml"}


@pytest.mark.parametrize("name", [*OUTPUT, "ad_hoc.sh", "awx_credential_type.yml"])
def test_example_says_when_to_use_it(name: str) -> None:
    assert re.search(r"^# When to use it: ", (EXAMPLES / name).read_text(), re.MULTILINE)


@pytest.mark.parametrize(("name", "shown"), [*OUTPUT.items(), ("demo/demo.yml", "ERROR: there is no such tag")])
def test_playbook_shows_its_result_and_not_the_key(name: str, shown: str, ansible: Ansible, sandbox: Sandbox) -> None:
    """With `-vvv`, which adds to the output, and removes nothing."""
    done = ansible.run(["ansible-playbook", "-vvv", f"examples/{name}"])
    assert done.status == (2 if name in FAILING else 0), done.output
    assert shown in done.stdout
    assert sandbox.api_key not in done.output
    if name == "fail_fast.yml":
        assert [request["status"] for request in sandbox.requests("/cancel/")] == [200]
    # Ansible's wrapper around a task with async takes some seconds to end.
    wait_until(lambda: not ansible.processes(), 30)


def test_playbooks_in_check_mode_send_no_call(ansible: Ansible, sandbox: Sandbox) -> None:
    """One command for all playbooks: none of them fails."""
    paths = [f"examples/{name}" for name in OUTPUT]
    ansible.run(["ansible-playbook", "--check", *paths]).succeeded()
    assert sandbox.calls() == []
    # Ansible's wrapper around a task with async takes some seconds to end.
    wait_until(lambda: not ansible.processes(), 30)


def test_only_one_playbook_calls_with_uri() -> None:
    """The others use tutum_call. This one hides the key."""
    paths = [path for path in EXAMPLES.rglob("*.*") if "ansible.builtin.uri:" in path.read_text()]
    assert [path.name for path in paths] == ["wait_after_uri.yml"]
    assert "Authorization" not in paths[0].read_text()
    assert "no_log: true" in paths[0].read_text()


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.yml")), ids=lambda path: path.name)
def test_rescue_ends_with_fail(path: Path) -> None:
    name = path.relative_to(EXAMPLES).as_posix()
    plays = yaml.safe_load(path.read_text())
    tasks = [task for play in plays if isinstance(play, dict) for task in play.get("tasks", [])]
    last = [task["rescue"][-1] for task in tasks if "rescue" in task]
    if name in CONTINUING:
        assert "# This rescue does not end with ansible.builtin.fail" in path.read_text()
    else:
        assert all("ansible.builtin.fail" in task for task in last)


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.yml")), ids=lambda path: path.name)
def test_wait_for_results_of_a_loop_sets_min_actions(path: Path) -> None:
    for block in re.split(r"\n *- name: ", path.read_text()):
        if re.search(r"uuid: .*(results|hostvars)", block):
            assert "min_actions:" in block


def test_ad_hoc_commands(ansible: Ansible) -> None:
    done = ansible.run(["examples/ad_hoc.sh"]).succeeded()
    commands = re.findall(r"^ansible ", (EXAMPLES / "ad_hoc.sh").read_text(), re.MULTILINE)
    assert done.stdout.count("localhost | SUCCESS") == len(commands) - 1
    assert done.stdout.count("localhost | CHANGED") == 1  # the call
    # The last command prints JSON only.
    assert json.loads(done.stdout[done.stdout.rindex("\n{") :])["actions"]


class Page(HTMLParser):
    """The elements and links of a page. Elements must be nested correctly."""

    EMPTY_ELEMENTS = frozenset(("meta", "br"))

    def __init__(self, text: str) -> None:
        super().__init__()
        self.actions: list[str] = []
        self.links: set[str] = set()
        self.open: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "article":
            self.actions.append(attributes["id"] or "")
        self.links |= {value for name, value in attrs if name in {"href", "src"} and value}
        if tag not in self.EMPTY_ELEMENTS:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def nightly_report(ansible: Ansible, **variables: object) -> str:
    """Return the page that the playbook writes. tests/functional/report looks at it in a browser."""
    page = ansible.directory / "page.html"
    chosen = json.dumps({"action_report_path": str(page), **variables})
    ansible.run(["ansible-playbook", "examples/nightly_report.yml", "-e", chosen]).succeeded()
    return page.read_text(encoding="utf-8")


def test_nightly_report(ansible: Ansible, sandbox: Sandbox) -> None:
    failed = sandbox.create_action([[-60, "Failed"]], started_ago=90, logs="</pre><img src=x>", object=None)
    text = nightly_report(ansible)
    page = Page(text)
    assert len(page.actions) > 1
    assert page.actions[0] == failed
    assert {f"#{uuid}" for uuid in page.actions} < page.links
    assert all(link.startswith("#") for link in page.links)
    assert "url(" not in text
    assert "correct-horse-battery-staple" not in text


def test_nightly_report_without_failures(ansible: Ansible) -> None:
    text = nightly_report(ansible, action_report_last_day="2010-01-01")
    assert Page(text).actions == []
    assert "No action failed" in text


def test_awx_credential_type(ansible: Ansible, sandbox: Sandbox) -> None:
    """The credential type sets the environment of a job, as AWX fills it in."""
    definition = yaml.safe_load((EXAMPLES / "awx_credential_type.yml").read_text())
    inputs, injected = definition["inputs"], definition["injectors"]["env"]
    assert set(injected) <= {variable for variables in ENVIRONMENT.values() for variable in variables}
    fields = {field["id"]: field for field in inputs["fields"]}
    assert fields["api_key"]["secret"]
    assert set(inputs["required"]) <= set(fields)
    filled = {"username": sandbox.username, "api_key": sandbox.api_key, "rest_host": sandbox.url}
    assert set(filled) == set(fields)
    ansible.environment.update({name: jinja2.Template(value).render(filled) for name, value in injected.items()})
    ansible.run(ansible.adhoc("tutum.cloud.tutum_action_info", {"limit": 1})).succeeded()


def test_demo(ansible: Ansible) -> None:
    """`make demo`, with the virtual environments of the tests."""
    ansible.environment.update(
        TUTUM_TEST_ANSIBLE_BIN=str(ansible.programs),
        TUTUM_TEST_SANDBOX_PYTHON=os.environ["TUTUM_TEST_SANDBOX_PYTHON"],
        DEMO_SECONDS="20",  # On a busy machine, more than four seconds can pass between two tasks.
    )
    done = ansible.run([str(ansible.python), str(ansible.checkout / "examples/demo/run.py")]).succeeded()
    assert re.search(r"\[localhost\] POST /api/v1/service/2c2b2aef\S+/start/ started action [0-9a-f-]{36}", done.stdout)
    assert re.search(r"\[localhost\] 0/1 done, 1 running \(\d+ s left\): Service Start service/2c2b2aef", done.stdout)
    assert re.search(r"\[localhost\] 1/1 done after \d+ s", done.stdout)
    assert "ERROR: there is no such tag" in done.stdout
    assert "rescued=1" in done.stdout
    assert done.stdout.count("localhost | SUCCESS") == 2
    assert "=== Summary" in done.stdout
    report = re.search(r"open (\S+) in a browser", done.stdout)
    assert report
    assert Page(Path(report[1]).read_text(encoding="utf-8")).actions
    assert not ansible.processes()
