# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installation tests: the steps of the README, and common mistakes. Each message must name the cause and the remedy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.functional.install.conftest import CHECKOUT, InstalledAnsible
from tests.support.documentation import blocks_of

if TYPE_CHECKING:
    from pathlib import Path

    from tutum_sandbox.process import Sandbox

    from tests.support.ansible_commands import Finished

EXAMPLE = "6246c558-976c-4df6-ba60-eb1a344a17af"
FULL_NAME = "tutum.cloud.tutum_action_info"
REDEPLOY = "/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/redeploy/"


def run_module(
    installed: InstalledAnsible, module: str = FULL_NAME, arguments: str = f"uuid={EXAMPLE}", *options: str
) -> Finished:
    """Run a module with an ad hoc command."""
    return installed.run(["ansible", "localhost", "-m", module, "-a", arguments, *options])


def assert_fails_with(done: Finished, *texts: str) -> None:
    """Check that a command failed with these texts in its output, and without a traceback."""
    output = re.sub(r"\s+", " ", done.output)
    assert done.status != 0, output
    for text in texts:
        assert text in output
    assert "Traceback" not in output


def test_without_libraries(programs: Path, home: Path, tmp_path: Path, sandbox: Sandbox) -> None:
    """The second command of the README was omitted. This test must be the first in this file."""
    installed = InstalledAnsible(programs, home, tmp_path, sandbox)
    if installed.run(["python", "-c", "import requests"]).status == 0:
        pytest.skip("another test has installed the libraries; run the whole file")
    python = str(programs / "python")
    message = "Failed to import the required Python library (requests)"
    assert_fails_with(run_module(installed), message, f"{python} -m pip install requests")
    lookup = installed.playbook([{"ansible.builtin.debug": {"msg": "{{ query('tutum.cloud.tutum_action') }}"}}])
    assert_fails_with(installed.run(lookup), message, "-m pip install requests")


def test_installed_collection(installed: InstalledAnsible) -> None:
    done = run_module(installed).succeeded()
    assert "Cluster Create" in done.stdout
    assert "WARNING]: Collection" not in done.output


def first_task_of_the_readme(installed: InstalledAnsible, *options: str) -> Finished:
    """Run the first task of the README in a play."""
    block = next(block for block in blocks_of(CHECKOUT / "README.md") if block.language == "yaml")
    return installed.run(installed.plays(block.plays(), *options))


def test_first_task_of_the_readme(installed: InstalledAnsible, sandbox: Sandbox) -> None:
    """It also hides the key."""
    done = first_task_of_the_readme(installed, "-vvv").succeeded()
    assert re.search(r"\[localhost\] POST /api/v1/service/\S+/redeploy/ started action [0-9a-f-]{36}", done.stdout)
    assert re.search(r"\[localhost\] 1/1 done after \d+ s", done.stdout)
    assert "changed=1" in done.stdout
    assert [call["count"] for call in sandbox.calls()] == [1]
    assert sandbox.api_key not in done.output


def test_first_task_of_the_readme_in_check_mode(installed: InstalledAnsible, sandbox: Sandbox) -> None:
    first_task_of_the_readme(installed, "--check").succeeded()
    assert sandbox.calls() == []


def test_without_credentials(installed: InstalledAnsible) -> None:
    del installed.environment["TUTUM_USER"], installed.environment["TUTUM_APIKEY"]
    assert_fails_with(run_module(installed), "No API credentials found", "TUTUM_USER and TUTUM_APIKEY", "~/.tutum")


def test_without_api_key(installed: InstalledAnsible) -> None:
    del installed.environment["TUTUM_APIKEY"]
    assert_fails_with(run_module(installed), "Incomplete credentials", "TUTUM_USER", "TUTUM_APIKEY")


def test_with_wrong_api_key(installed: InstalledAnsible) -> None:
    installed.environment["TUTUM_APIKEY"] = "mistyped"
    done = run_module(installed)
    assert_fails_with(done, "HTTP 401", "the environment variable TUTUM_APIKEY", "Check the API key")
    assert "mistyped" not in done.output


def test_with_quoted_api_key(installed: InstalledAnsible) -> None:
    installed.environment["TUTUM_APIKEY"] = '"mistyped"'
    done = run_module(installed)
    assert_fails_with(done, "begins and ends with quotes", "the environment variable TUTUM_APIKEY")
    assert "mistyped" not in done.output


def test_with_wrong_host(installed: InstalledAnsible) -> None:
    installed.environment["TUTUM_REST_HOST"] = "http://127.0.0.1:9"
    done = run_module(installed, FULL_NAME, f"uuid={EXAMPLE} max_retries=0")
    assert_fails_with(done, "http://127.0.0.1:9/", "Connection refused", "Check api_url")


def test_with_host_without_scheme(installed: InstalledAnsible) -> None:
    installed.environment["TUTUM_REST_HOST"] = "dashboard.example.org"
    message = "Invalid value for option api_url: 'dashboard.example.org'"
    assert_fails_with(run_module(installed), message, "https://dashboard.tutum.co")


def test_short_name_without_configuration(installed: InstalledAnsible) -> None:
    """The message is Ansible's. The README describes the configuration."""
    assert_fails_with(run_module(installed, "tutum_action_info"), "tutum_action_info")


def test_short_name_with_configuration_of_the_readme(installed: InstalledAnsible) -> None:
    settings = [block.text for block in blocks_of(CHECKOUT / "README.md") if "action_plugins" in block.text]
    installed.write("ansible.cfg", settings[0])
    run_module(installed, "tutum_action_info").succeeded()
    run_module(installed, "wait_for_action").succeeded()
    run_module(installed, "tutum_call", f"path={REDEPLOY}?seconds=0").succeeded()


def test_with_misspelled_option(installed: InstalledAnsible) -> None:
    assert_fails_with(run_module(installed, FULL_NAME, "stat=Failed"), "Unsupported parameters", "stat", "state")


def test_with_misspelled_option_of_the_lookup(installed: InstalledAnsible) -> None:
    lookup = installed.playbook(
        [{"ansible.builtin.debug": {"msg": "{{ query('tutum.cloud.tutum_action', stat='x') }}"}}]
    )
    assert_fails_with(installed.run(lookup), "Unsupported option: stat", "state")


def test_with_misspelled_state(installed: InstalledAnsible) -> None:
    assert_fails_with(run_module(installed, FULL_NAME, "state=failed"), "state", "Failed", "failed")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (REDEPLOY.lstrip("/"), "It does not begin with a single slash"),
        (f"https://dashboard.example.org{REDEPLOY}", "The URL's host differs from api_url"),
        ("", "It has no value"),
    ],
    ids=["no_slash", "other_host", "empty"],
)
def test_call_with_wrong_path(path: str, message: str, installed: InstalledAnsible, sandbox: Sandbox) -> None:
    done = run_module(installed, "tutum.cloud.tutum_call", f"path={path}")
    assert_fails_with(done, "Invalid value for option path", message)
    assert sandbox.calls() == []


def test_wait_with_service_uuid(installed: InstalledAnsible) -> None:
    """The UUID of a service is not that of an action. The message explains this."""
    done = run_module(installed, "tutum.cloud.wait_for_action", "uuid=2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5")
    assert_fails_with(done, "1 of 1 actions not found", "a service's UUID is not an action's")


@pytest.mark.parametrize("uuid", ["{{ redeploy }}", ["{{ redeploy }}"]], ids=["result", "list"])
def test_wait_with_whole_result_of_a_task(uuid: object, installed: InstalledAnsible) -> None:
    """The result of a call instead of its x_tutum_action_uri."""
    result = {"status": 202, "x_tutum_action_uri": f"/api/v1/action/{EXAMPLE}/"}
    tasks = [{"tutum.cloud.wait_for_action": {"uuid": uuid}, "vars": {"redeploy": result}}]
    message = "Invalid value for option uuid: a dictionary"
    assert_fails_with(installed.run(installed.playbook(tasks)), message, "x_tutum_action_uri")


def test_wait_with_null(installed: InstalledAnsible) -> None:
    """A variable that is missing must not let the play continue."""
    tasks = [
        {"tutum.cloud.wait_for_action": {"uuid": "{{ redeploy.x_tutum_action_uri | default(none) }}"}},
        {"ansible.builtin.debug": {"msg": "this must not run"}},
    ]
    done = installed.run(installed.playbook(tasks, vars={"redeploy": {}}))
    assert_fails_with(done, "Neither uuid nor object has a value")
    assert "this must not run" not in done.stdout


def test_without_libraries_on_managed_node(installed: InstalledAnsible, bare_python: Path) -> None:
    done = run_module(installed, FULL_NAME, f"uuid={EXAMPLE}", "-e", f"ansible_python_interpreter={bare_python}")
    assert_fails_with(
        done,
        "Failed to import the required Python library (requests)",
        f"uv pip install --python {bare_python} requests",  # this environment has no pip
    )


@pytest.mark.usefixtures("programs")  # which install the collection in this home directory
def test_with_unsupported_ansible_core(old_programs: Path, home: Path, tmp_path: Path, sandbox: Sandbox) -> None:
    done = run_module(InstalledAnsible(old_programs, home, tmp_path, sandbox))
    output = re.sub(r"\s+", " ", done.output)
    assert "Collection tutum.cloud does not support Ansible version 2.17" in output
