# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each code block of the README, the guides, and the plugins' examples runs, unless it is marked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.ansible_commands import wait_until
from tests.support.documentation import blocks_of, examples_of, run_all

if TYPE_CHECKING:
    from tests.support.ansible_commands import Ansible

CHECKOUT = Path(__file__).resolve().parents[3]
DOCUMENTS = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs/docsite/rst").glob("*.rst"))]
PLUGINS = sorted(path for kind in ("modules", "lookup") for path in (CHECKOUT / "plugins" / kind).glob("*.py"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_document_blocks_run(document: Path, ansible: Ansible) -> None:
    run_all(blocks_of(document), ansible)
    # Ansible's wrapper around a task with async takes some seconds to end.
    wait_until(lambda: not ansible.processes(), 30)


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_plugin_examples_run(plugin: Path, ansible: Ansible) -> None:
    assert run_all([examples_of(plugin)], ansible) == 1


def test_blocks_call_with_uri_once_in_a_guide_and_once_in_examples() -> None:
    """All other calls use tutum_call. With -vvv, Ansible shows the headers of ansible.builtin.uri."""
    blocks = [block for document in DOCUMENTS for block in blocks_of(document)] + [examples_of(one) for one in PLUGINS]
    found = []
    for block in blocks:
        assert "Authorization" not in block.text, block.place
        for task in re.split(r"(?m)^ *- name: ", block.text):
            if "ansible.builtin.uri:" in task:
                found.append(block.place.partition(":")[0])
                assert "no_log: true" in task, block.place
                assert "force_basic_auth: true" in task, block.place
    assert found == ["guide_gate.rst", "wait_for_action.py"]


def test_document_blocks_not_run_have_a_reason() -> None:
    without_reason = [
        block.place
        for document in DOCUMENTS
        for block in blocks_of(document)
        if block.marker == "not run" and len(block.value.split()) < 3
    ]
    assert not without_reason


def test_document_blocks_are_found() -> None:
    """Without this test, the tests above would also pass if no block were found."""
    blocks = [block for document in DOCUMENTS for block in blocks_of(document)]
    run = [block for block in blocks if block.language in {"shell", "yaml"} and block.marker != "not run"]
    assert len(run) > 2 * sum(block.marker == "not run" for block in blocks)
    assert {path.name for path in DOCUMENTS} >= {"README.md", "guide_gate.rst", "guide_query.rst"}
