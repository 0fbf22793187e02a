# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each file in examples/ runs as it stands, with the account in the environment, and does what it says."""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
import pytest
import yaml

from ansible_collections.tutum.cloud.plugins.module_utils._credentials import ENVIRONMENT
from tests.cli.running import wait_until

if TYPE_CHECKING:
    from tutum_sandbox.process import Sandbox

    from tests.cli.running import Ansible

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

# What a person sees of each playbook, beside that it succeeds.
SHOWN = {
    "accept_canceled.yml": "ended as Canceled",
    "background_wait.yml": "The stack is starting",
    "before_redeploy.yml": "TASK [Wait for the redeployment]",
    "fail_fast.yml": "TASK [Cancel what is still going on]",
    "gate_deployment.yml": "Redeployed in 2.0 s",
    "judge_by_states.yml": '"Success": 2',
    "nightly_report.yml": "TASK [Write the page]",
    "rescue_with_logs.yml": '"ERROR: no such tag"',
    "rolling_redeploy.yml": "3f1b6a0e-8a55-4d0b-a50f-3d9f4a2fb0a1/: 2.0 s",
    "several_hosts.yml": "balancer2 goes on 2.0 s later",
    "wait_for_deployed_object.yml": "TASK [Wait for all actions of the cluster]",
}


def test_each_example_is_tested() -> None:
    found = {path.name for path in EXAMPLES.iterdir() if path.is_file()}
    assert found == {*SHOWN, "ad_hoc.sh", "awx_credential_type.yml"}


@pytest.mark.parametrize("name", [*SHOWN, "ad_hoc.sh", "awx_credential_type.yml"])
def test_examples_say_when_to_use_them(name: str) -> None:
    assert re.search(r"^# When to use it: ", (EXAMPLES / name).read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", SHOWN)
def test_playbooks(name: str, ansible: Ansible) -> None:
    done = ansible.run(["ansible-playbook", f"examples/{name}"]).succeeded()
    assert SHOWN[name] in done.stdout
    # Ansible's wrapper around a job in the background takes some seconds to notice its end.
    wait_until(lambda: not ansible.processes(), 30)


def test_ad_hoc_commands(ansible: Ansible) -> None:
    done = ansible.run(["examples/ad_hoc.sh"]).succeeded()
    commands = re.findall(r"^ansible ", (EXAMPLES / "ad_hoc.sh").read_text(), re.MULTILINE)
    assert done.stdout.count("localhost | SUCCESS") == len(commands)


def test_fail_fast_cancels_what_was_going_on(ansible: Ansible, sandbox: Sandbox) -> None:
    ansible.run(["ansible-playbook", "examples/fail_fast.yml"]).succeeded()
    canceled = sandbox.requests("/cancel/")
    assert [request["status"] for request in canceled] == [200]


class Page(HTMLParser):
    """Collects what a page consists of; an AssertionError where its elements do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.elements: set[str] = set()
        self.open: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        attributes = dict(attrs)
        self.ids += [attributes["id"]] if attributes.get("id") else []  # type: ignore[list-item]
        self.links += [value for name, value in attrs if name in {"href", "src"} and value]
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def nightly_report(ansible: Ansible, variables: str = "") -> str:
    """The page that the playbook writes."""
    page = ansible.folder / "page.html"
    command = ["ansible-playbook", "examples/nightly_report.yml", "-e", f"report={page} {variables}"]
    ansible.run(command).succeeded()
    return page.read_text(encoding="utf-8")


def test_nightly_report(ansible: Ansible, sandbox: Sandbox) -> None:
    hostile = sandbox.create_action(
        [[-60, "Failed"]], started_ago=90, action="<script>alert(1)</script>", logs="</pre><img src=x>", object=None
    )
    text = nightly_report(ansible)
    page = Page(text)
    assert len(page.ids) > 1
    assert page.ids[0] == hostile
    assert not page.elements & {"script", "img", "link", "iframe"}
    assert sorted(page.links) == sorted(f"#{uuid}" for uuid in page.ids)
    assert "url(" not in text
    assert "correct-horse-battery-staple" not in text


def test_nightly_report_without_failures(ansible: Ansible) -> None:
    text = nightly_report(ansible, "days=0")
    assert Page(text).ids == []
    assert "action failed in 0 days" in text


def test_awx_credential_type(ansible: Ansible, sandbox: Sandbox) -> None:
    """What AWX makes of it: the environment of a job."""
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
    """`make demo`, with the environments of the tests in the place of its own."""
    ansible.environment.update(
        TUTUM_TEST_ANSIBLE_BIN=str(ansible.programs),
        TUTUM_TEST_SANDBOX_PYTHON=os.environ["TUTUM_TEST_SANDBOX_PYTHON"],
        DEMO_SECONDS="20",  # Between two tasks a busy machine was seen to take more than four.
    )
    done = ansible.run([str(ansible.python), str(ansible.checkout / "examples/demo/run.py")]).succeeded()
    assert "[localhost] 0 of 1 action finished; waiting for Service Start" in done.stdout
    assert "ERROR: there is no such tag" in done.stdout
    assert "rescued=1" in done.stdout
    assert done.stdout.count("localhost | SUCCESS") == 2
    assert "=== That was it" in done.stdout
    assert not ansible.processes()
