# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows progress while the module of the same name waits."""

from __future__ import annotations

from ansible_collections.tutum.cloud.plugins.plugin_utils._waiting_action import WaitingAction


class ActionModule(WaitingAction):
    """See the base class."""
