# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rulebook of the collection with the real ansible-rulebook and its rule engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.documentation import blocks_of
from tests.support.secret_search import check_hidden

if TYPE_CHECKING:
    from tutum_sandbox.process import Sandbox

    from tests.support.ansible_commands import Ansible
    from tests.support.rulebooks import Rulebook

GUIDE = Path(__file__).resolve().parents[3] / "docs/docsite/rst/guide_rulebooks.rst"
SERVICE = "/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/"
NODE = "/api/v1/node/7eaf7fff-882c-4f3d-9a8f-a22317ac00ce/"


def create(sandbox: Sandbox, name: str, state: str = "Failed", path: str = SERVICE) -> str:
    """Create an action that ends a second later, and return its UUID."""
    return sandbox.create_action([[0, "In progress"], [1, state]], object=path, logs=f"log of {name}")


def test_rulebook_starts_the_playbook_once_for_each_failure_through_a_restart(
    sandbox: Sandbox, rulebook: Rulebook
) -> None:
    rulebook.start()
    rulebook.wait_until(lambda: len(sandbox.requests("/action/")) >= 2)
    create(sandbox, "the success", state="Success")
    create(sandbox, "the node", path=NODE)
    failures = [create(sandbox, "the first failure")]
    rulebook.wait_for("PLAY RECAP")
    failures.append(create(sandbox, "the failure during the stop"))
    sandbox.stop()
    rulebook.wait_for("A poll failed.")
    sandbox.start()
    failures.append(create(sandbox, "the failure after the stop"))
    rulebook.wait_for("PLAY RECAP", count=3)
    sandbox.clear_requests()
    rulebook.wait_until(lambda: len(sandbox.requests("/action/")) >= 2)
    assert rulebook.press_ctrl_c() in (0, 130)
    output = rulebook.output
    shown = [output.count(f"{SERVICE} failed (action {uuid}): log of ") for uuid in failures]
    assert shown == [1, 1, 1], output
    assert output.count("PLAY RECAP") == 3
    assert "Polls succeed again after" in output
    check_hidden(sandbox.api_key, {"output": output})


def test_rulebook_refused_key_ends_with_the_message(rulebook: Rulebook, ansible: Ansible) -> None:
    ansible.environment["TUTUM_APIKEY"] = "wrong-key-of-alice-4711"
    rulebook.start("tutum.cloud.failed_action", "-vv")
    assert rulebook.wait() == 1
    wanted = (
        "HTTP 401: authentication failed (credentials: username from the environment variable TUTUM_USER and api_key"
    )
    assert wanted in rulebook.output
    assert "Check the API key and that the account is active." in rulebook.output
    assert "Traceback" not in rulebook.output
    check_hidden("wrong-key-of-alice-4711", {"output": rulebook.output})


def test_rulebook_of_the_guide_shows_an_action_that_ends(
    sandbox: Sandbox, rulebook: Rulebook, ansible: Ansible
) -> None:
    for block in blocks_of(GUIDE):
        if block.marker == "file":
            ansible.write(block.value, block.text)
    rulebook.start("rulebook.yml")
    rulebook.wait_until(lambda: len(sandbox.requests("/action/")) >= 2)
    create(sandbox, "the success", state="Success")
    rulebook.wait_for(f"Service Redeploy of {SERVICE}: Success")
    assert rulebook.press_ctrl_c() in (0, 130)
