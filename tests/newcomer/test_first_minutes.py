# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first five minutes: what the README says, and every usual mistake. Each message has to lead out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.blocks import blocks_of
from tests.newcomer.conftest import CHECKOUT, Newcomer

if TYPE_CHECKING:
    from pathlib import Path

    from tutum_sandbox.process import Sandbox

    from tests.cli.running import Finished

EXAMPLE = "6246c558-976c-4df6-ba60-eb1a344a17af"
FULL_NAME = "tutum.cloud.tutum_action_info"


def ask(newcomer: Newcomer, module: str = FULL_NAME, arguments: str = f"uuid={EXAMPLE}", *options: str) -> Finished:
    """The first command that somebody tries."""
    return newcomer.run(["ansible", "localhost", "-m", module, "-a", arguments, *options])


def assert_says(done: Finished, *words: str) -> None:
    """It failed, with these words and without a traceback."""
    output = re.sub(r"\s+", " ", done.output)
    assert done.status != 0, output
    for word in words:
        assert word in output
    assert "Traceback" not in output


def test_without_the_libraries(programs: Path, home: Path, tmp_path: Path, sandbox: Sandbox) -> None:
    """The second of the README's two commands was forgotten. This test has to be the first of this file."""
    newcomer = Newcomer(programs, home, tmp_path, sandbox)
    if newcomer.run(["python", "-c", "import requests"]).status == 0:
        pytest.skip("another test has installed the libraries already; run the whole file")
    python = str(programs / "python")
    assert_says(ask(newcomer), "requests cannot be imported", f"{python} -m pip install requests")
    lookup = newcomer.playbook([{"ansible.builtin.debug": {"msg": "{{ query('tutum.cloud.tutum_action') }}"}}])
    assert_says(newcomer.run(lookup), "requests cannot be imported", "-m pip install requests")


def test_all_is_well(newcomer: Newcomer) -> None:
    done = ask(newcomer).succeeded()
    assert "Cluster Create" in done.stdout
    assert "WARNING]: Collection" not in done.output


def test_the_first_playbook_of_the_readme(newcomer: Newcomer) -> None:
    playbook = next(block.text for block in blocks_of(CHECKOUT / "README.md") if block.language == "yaml")
    newcomer.write("gate.yml", playbook)
    done = newcomer.run(["ansible-playbook", "gate.yml"]).succeeded()
    assert "failed=0" in done.stdout


def test_without_credentials(newcomer: Newcomer) -> None:
    del newcomer.environment["TUTUM_USER"], newcomer.environment["TUTUM_APIKEY"]
    assert_says(ask(newcomer), "There are no credentials", "TUTUM_USER and TUTUM_APIKEY", "~/.tutum")


def test_with_half_of_the_credentials(newcomer: Newcomer) -> None:
    del newcomer.environment["TUTUM_APIKEY"]
    assert_says(ask(newcomer), "Half of the credentials is missing", "TUTUM_USER", "TUTUM_APIKEY")


def test_with_a_wrong_key(newcomer: Newcomer) -> None:
    newcomer.environment["TUTUM_APIKEY"] = "mistyped"
    done = ask(newcomer)
    assert_says(done, "HTTP 401", "the environment variable TUTUM_APIKEY", "Is the key right")
    assert "mistyped" not in done.output


def test_with_a_wrong_host(newcomer: Newcomer) -> None:
    newcomer.environment["TUTUM_REST_HOST"] = "http://127.0.0.1:9"
    done = ask(newcomer, FULL_NAME, f"uuid={EXAMPLE} max_retries=0")
    assert_says(done, "http://127.0.0.1:9/", "Connection refused", "Is the option api_url right")


def test_with_a_host_without_its_scheme(newcomer: Newcomer) -> None:
    newcomer.environment["TUTUM_REST_HOST"] = "dashboard.example.org"
    assert_says(ask(newcomer), "api_url: 'dashboard.example.org' cannot be used", "https://dashboard.tutum.co")


def test_by_its_bare_name(newcomer: Newcomer) -> None:
    """Ansible's own message; the README tells how to have the bare name."""
    assert_says(ask(newcomer, "tutum_action_info"), "tutum_action_info")


def test_by_its_bare_name_as_the_readme_says(newcomer: Newcomer) -> None:
    settings = [block.text for block in blocks_of(CHECKOUT / "README.md") if "action_plugins" in block.text]
    newcomer.write("ansible.cfg", settings[0])
    ask(newcomer, "tutum_action_info").succeeded()
    ask(newcomer, "wait_for_action").succeeded()


def test_with_a_misspelt_option(newcomer: Newcomer) -> None:
    assert_says(ask(newcomer, FULL_NAME, "stat=Failed"), "Unsupported parameters", "stat", "state")


def test_with_a_misspelt_option_of_the_lookup(newcomer: Newcomer) -> None:
    lookup = newcomer.playbook(
        [{"ansible.builtin.debug": {"msg": "{{ query('tutum.cloud.tutum_action', stat='x') }}"}}]
    )
    assert_says(newcomer.run(lookup), "there is no option stat", "state")


def test_with_a_misspelt_state(newcomer: Newcomer) -> None:
    assert_says(ask(newcomer, FULL_NAME, "state=failed"), "state", "Failed", "failed")


def test_without_the_library_on_a_target(newcomer: Newcomer, bare_python: Path) -> None:
    done = ask(newcomer, FULL_NAME, f"uuid={EXAMPLE}", "-e", f"ansible_python_interpreter={bare_python}")
    assert_says(done, "requests cannot be imported", f"{bare_python} -m pip install requests")


@pytest.mark.usefixtures("programs")  # which install the collection into this home
def test_with_an_old_ansible(old_programs: Path, home: Path, tmp_path: Path, sandbox: Sandbox) -> None:
    """Ansible says that it is too old, and for what."""
    done = ask(Newcomer(old_programs, home, tmp_path, sandbox))
    said = re.sub(r"\s+", " ", done.output)
    assert "Collection tutum.cloud does not support Ansible version 2.17" in said
