# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the tests with programs that run Ansible: one sandbox for all jobs, which run concurrently."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tutum_sandbox.process import Sandbox

from tests.support.ansible_commands import Ansible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    MakeAnsible = Callable[[], Ansible]

KEY = "s3cr+t/k%y=it's&<a>:~7Jx/Qz+%d=="
"""The API key. Each half of it changes when it is percent-encoded, or quoted for a shell or HTML."""


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """Start a sandbox with this key for all tests. Nothing resets it: jobs of several tests run at the same time."""
    with Sandbox(os.environ["TUTUM_TEST_SANDBOX_PYTHON"], api_key=KEY) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def make_ansible(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeAnsible]:
    """Return a function that makes Ansible's commands in a directory of their own. No process may outlive the tests."""
    made: list[Ansible] = []

    def make() -> Ansible:
        made.append(
            Ansible(
                Path(os.environ["TUTUM_TEST_ANSIBLE_BIN"]),
                Path(os.environ["TUTUM_TEST_COLLECTIONS"]),
                tmp_path_factory.mktemp("job"),
            )
        )
        return made[-1]

    yield make
    left = [line for ansible in made for line in ansible.end_processes().values()]
    assert not left, f"left running: {left}"
