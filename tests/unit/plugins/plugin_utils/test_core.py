# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The private parts of ansible-core that the collection needs, on the core that runs these tests."""

from __future__ import annotations

import types
import typing as t

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.tutum.cloud.plugins.plugin_utils import _core
from ansible_collections.tutum.cloud.plugins.plugin_utils._core import is_with_loop, shared_directory


class FakeAction:
    """An action plugin with its connection."""

    def __init__(self, transport: str = "local", tmpdir: str | None = None, made: str | None = None) -> None:
        self._connection = types.SimpleNamespace(transport=transport, _shell=types.SimpleNamespace(tmpdir=tmpdir))
        self._made = made

    def _make_tmp_path(self) -> None:
        if self._made is None:
            raise AnsibleConnectionFailure("no space left")
        self._connection._shell.tmpdir = self._made


def directory_of(**values: t.Any) -> str | None:
    return shared_directory(t.cast("t.Any", FakeAction(**values)))


def test_shared_directory_of_a_local_connection_is_the_tasks() -> None:
    assert directory_of(tmpdir="/tmp/task") == "/tmp/task"


@pytest.mark.parametrize("transport", ["ssh", "paramiko", "docker", "smart"])
def test_shared_directory_of_a_remote_connection_is_none(transport: str) -> None:
    assert directory_of(transport=transport, tmpdir="/tmp/task") is None


def test_shared_directory_is_created_where_ansible_does_not_need_it() -> None:
    assert directory_of(made="/tmp/made") == "/tmp/made"


def test_shared_directory_that_cannot_be_created_is_none() -> None:
    assert directory_of() is None


def test_is_with_loop_outside_of_a_lookup_is_false() -> None:
    assert not is_with_loop()


@pytest.mark.parametrize("value", [True, False])
def test_is_with_loop_in_a_lookup_is_what_ansible_core_says(value: bool) -> None:
    context = vars(_core)["_LookupContext"]
    if context is None:  # before core 2.19
        assert not is_with_loop()
        return
    with context(invoked_as_with=value):
        assert is_with_loop() is value
