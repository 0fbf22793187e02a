# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the functional tests: a sandbox, and Ansible without the caller's environment.

`TUTUM_TEST_ANSIBLE_BIN` is the directory of the commands, `TUTUM_TEST_COLLECTIONS` the one with `ansible_collections`,
`TUTUM_TEST_SANDBOX_PYTHON` a Python that has the sandbox's requirements. `nox` sets them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support" / "sandbox"))

from tutum_sandbox.process import Sandbox

from tests.support.ansible_commands import Ansible

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """Start a sandbox for all tests."""
    with Sandbox(os.environ["TUTUM_TEST_SANDBOX_PYTHON"]) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    """Return the sandbox as it started: the seeded actions, the default settings, no faults, an empty log."""
    running_sandbox.start()  # where a test has stopped it
    running_sandbox.restore_settings()
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def endless(sandbox: Sandbox) -> str:
    """Return the UUID of an action that outlasts each test."""
    return sandbox.create_action([[0, "In progress"], [9999, "Success"]])


@pytest.fixture
def ansible(sandbox: Sandbox, tmp_path: Path) -> Iterator[Ansible]:
    """Return Ansible's commands, with the sandbox's credentials in the environment. No process may outlive the test."""
    ansible = Ansible(Path(os.environ["TUTUM_TEST_ANSIBLE_BIN"]), Path(os.environ["TUTUM_TEST_COLLECTIONS"]), tmp_path)
    ansible.environment.update(sandbox.environment())
    yield ansible
    left = ansible.end_processes()
    assert not left, f"left running: {left}"
