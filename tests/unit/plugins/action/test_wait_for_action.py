# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugin wait_for_action: the attributes that ansible-core reads. Its class has its own tests."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from ansible_collections.tutum.cloud.plugins.action.wait_for_action import ActionModule
from ansible_collections.tutum.cloud.plugins.plugin_utils._waiting_action import WaitingAction


def test_action_module_is_a_waiting_action() -> None:
    assert issubclass(ActionModule, WaitingAction)
    assert issubclass(ActionModule, ActionBase)


def test_action_module_supports_check_mode_and_async() -> None:
    assert ActionModule._supports_check_mode is True
    assert ActionModule._supports_async is True


def test_action_module_accepts_all_arguments() -> None:
    """The module validates them."""
    assert ActionModule._VALID_ARGS == ActionBase._VALID_ARGS
