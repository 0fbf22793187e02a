# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the documentation tests: those of the command-line tests, with the collection in the home directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.ansible_commands import Ansible


@pytest.fixture
def ansible(ansible: Ansible) -> Ansible:
    """Ansible's commands, with the examples in the working directory and the collection in the home directory."""
    installed = ansible.home / ".ansible" / "collections"
    installed.parent.mkdir()
    installed.symlink_to(ansible.environment.pop("ANSIBLE_COLLECTIONS_PATH"))
    (ansible.directory / "examples").symlink_to(ansible.checkout / "examples")
    # By default Ansible uses the home directory in the password database for tasks with async, not HOME.
    ansible.environment["ANSIBLE_ASYNC_DIR"] = str(ansible.home / "async")
    return ansible
