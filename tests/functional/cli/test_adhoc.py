# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plugins on the command line: by full name anywhere, by short name in the checkout."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tutum_sandbox.process import Sandbox

    from tests.support.ansible_commands import Ansible

EXAMPLE = "6246c558-976c-4df6-ba60-eb1a344a17af"


@pytest.fixture
def from_checkout(ansible: Ansible) -> Ansible:
    """Return Ansible in the checkout, without the settings that its ansible.cfg provides."""
    del ansible.environment["ANSIBLE_COLLECTIONS_PATH"]
    ansible.directory = ansible.checkout
    return ansible


def test_module_by_its_full_name(ansible: Ansible) -> None:
    """The output is Ansible's usual output of a result."""
    done = ansible.run(["ansible", "localhost", "-m", "tutum.cloud.tutum_action_info", "-a", f"uuid={EXAMPLE}"])
    assert done.status == 0, done.output
    assert done.stdout.startswith("localhost | SUCCESS => {")
    shown = json.loads(done.stdout.partition(" => ")[2])
    assert shown["changed"] is False
    assert shown["total_count"] == 1
    assert [action["action"] for action in shown["actions"]] == ["Cluster Create"]


def test_filters_as_text(ansible: Ansible) -> None:
    """Values with spaces, and numbers that are text."""
    options = "state=Failed,Canceled order=newest_first limit=3 start_date_gte='21 days ago' hidden_fields=body,logs"
    done = ansible.run(["ansible", "localhost", "-m", "tutum.cloud.tutum_action_info", "-a", options]).succeeded()
    actions = json.loads(done.stdout.partition(" => ")[2])["actions"]
    assert len(actions) == 3
    assert {action["state"] for action in actions} <= {"Failed", "Canceled"}
    assert not any({"body", "logs"} & set(action) for action in actions)


def test_invalid_uuid(ansible: Ansible) -> None:
    """Status 2, one message, no traceback."""
    done = ansible.run(ansible.adhoc("tutum.cloud.tutum_action_info", {"uuid": "nonsense"}))
    assert done.status == 2
    assert "FAILED! =>" in done.output
    assert "Invalid value for option uuid: 'nonsense'" in done.output
    assert "Traceback" not in done.output


def test_module_by_its_short_name(from_checkout: Ansible) -> None:
    """Only the configuration file of the checkout is needed."""
    done = from_checkout.run(["ansible", "localhost", "-m", "tutum_action_info", "-a", f"uuid={EXAMPLE}"]).succeeded()
    assert '"action": "Cluster Create"' in done.stdout


def test_wait_by_its_short_name(from_checkout: Ansible, sandbox: Sandbox) -> None:
    """The short name finds the action plugin, too. Progress is on stderr, since programs read the result on stdout."""
    uuid = sandbox.create_action([[0, "In progress"], [3, "Success"]], from_first_request=True)
    done = from_checkout.run(["ansible", "localhost", "-m", "wait_for_action", "-a", f"uuid={uuid}"]).succeeded()
    assert "[localhost] 0/1 done, 1 running" in done.stderr
    assert "[localhost] 1/1 done after" in done.stderr
    assert done.stdout.startswith("localhost | SUCCESS => {")
    assert json.loads(done.stdout.partition(" => ")[2])["timed_out"] is False


@pytest.mark.parametrize("name", ["tutum.cloud.tutum_action", "tutum_action"])
def test_lookup(from_checkout: Ansible, name: str) -> None:
    """The lookup in a template on the command line, by its full and its short name."""
    template = f"msg={{{{ query('{name}', '{EXAMPLE}') | map(attribute='action') | first }}}}"
    done = from_checkout.run(["ansible", "localhost", "-m", "ansible.builtin.debug", "-a", template]).succeeded()
    assert '"msg": "Cluster Create"' in done.stdout


def test_documentation(ansible: Ansible) -> None:
    """`ansible-doc` shows each plugin."""
    for kind, name in (("module", "tutum_action_info"), ("module", "wait_for_action"), ("lookup", "tutum_action")):
        done = ansible.run(["ansible-doc", "--type", kind, "--json", f"tutum.cloud.{name}"]).succeeded()
        assert json.loads(done.stdout)[f"tutum.cloud.{name}"]["doc"]["options"]["api_url"]["type"] == "str"


def test_action_group(ansible: Ansible) -> None:
    """Both modules are in the action group that `module_defaults` uses."""
    tasks = [
        {"name": "query", "tutum.cloud.tutum_action_info": {"uuid": []}},
        {"name": "wait", "tutum.cloud.wait_for_action": {"uuid": []}},
    ]
    defaults = {"group/tutum.cloud.tutum": {"request_timeout": -1}}
    done = ansible.run(ansible.playbook(tasks, module_defaults=defaults, ignore_errors=True)).succeeded()
    for task in ("query", "wait"):
        assert done.result(task)["msg"].startswith("Invalid value for option request_timeout: -1"), done.output
