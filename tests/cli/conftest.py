# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the command line share: a sandbox, and Ansible with nothing of the caller's around it.

`TUTUM_TEST_ANSIBLE_BIN` is the folder with the commands, `TUTUM_TEST_COLLECTIONS` the one with `ansible_collections`,
`TUTUM_TEST_SANDBOX_PYTHON` a Python that has the sandbox's requirements. `nox` sets them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sandbox"))

from tutum_sandbox.process import Sandbox

from tests.cli.running import Ansible

if TYPE_CHECKING:
    from collections.abc import Iterator

USUAL_SETTINGS = {
    "latency": 0.0,
    "throttle": None,
    "page_size": 25,
    "max_page_size": 1000,
    "lists_without_logs": False,
}


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """A sandbox for all tests."""
    with Sandbox(os.environ["TUTUM_TEST_SANDBOX_PYTHON"]) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    """The sandbox as it was when it started: the seeded actions, no faults, no requests."""
    running_sandbox.start()  # where a test has stopped it
    running_sandbox.set(**USUAL_SETTINGS)
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def ansible(sandbox: Sandbox, tmp_path: Path) -> Iterator[Ansible]:
    """Ansible's commands, with credentials for the sandbox in the environment; a test leaves no process behind."""
    ansible = Ansible(Path(os.environ["TUTUM_TEST_ANSIBLE_BIN"]), Path(os.environ["TUTUM_TEST_COLLECTIONS"]), tmp_path)
    ansible.environment.update(sandbox.environment())
    yield ansible
    left = ansible.end_processes()
    assert not left, f"left running: {left}"
