# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the event source's tests: ansible-rulebook, with the sandbox's credentials in the environment.

`ansible-rulebook` is in the directory `TUTUM_TEST_ANSIBLE_BIN`, and a Java runtime is installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.rulebooks import Rulebook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.ansible_commands import Ansible


@pytest.fixture
def rulebook(ansible: Ansible) -> Iterator[Rulebook]:
    """Return the command ansible-rulebook, and end it after the test."""
    rulebook = Rulebook(ansible)
    yield rulebook
    rulebook.close()
