# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Argument specs of the modules, and the pieces that they are made of.

plugins/doc_fragments documents the same options for users.
"""

from __future__ import annotations

import typing as t

from ansible_collections.tutum.cloud.plugins.module_utils._actions import FINAL_STATES, STATES

ArgumentSpec = t.Dict[str, t.Dict[str, t.Any]]

# An option that can also be set in the environment has no default: it could not be distinguished from a user's value.
CONNECTION: ArgumentSpec = {
    "api_url": {"type": "str"},
    "username": {"type": "str"},
    "api_key": {"type": "str", "no_log": True},
    "authorization": {"type": "str", "no_log": True},
    "auth_scheme": {"type": "str", "choices": ["apikey", "basic"]},
    "config_file": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "request_timeout": {"type": "float", "default": 30.0},
    "max_retries": {"type": "int", "default": 5},
}

UUID: ArgumentSpec = {"uuid": {"type": "list", "elements": "str"}}
OBJECT: ArgumentSpec = {"object": {"type": "str"}}
MISSING: ArgumentSpec = {"missing": {"type": "str", "choices": ["error", "skip"], "default": "error"}}
HIDDEN_FIELDS: ArgumentSpec = {"hidden_fields": {"type": "list", "elements": "str"}}

QUERY: ArgumentSpec = {
    **UUID,
    "state": {"type": "list", "elements": "str", "choices": list(STATES)},
    "start_date_gte": {"type": "str", "aliases": ["start_date__gte"]},
    "start_date_lte": {"type": "str", "aliases": ["start_date__lte"]},
    "end_date_gte": {"type": "str", "aliases": ["end_date__gte"]},
    "end_date_lte": {"type": "str", "aliases": ["end_date__lte"]},
    **OBJECT,
    "include_related": {"type": "bool"},
    "order": {"type": "str", "choices": ["oldest_first", "newest_first"], "default": "oldest_first"},
    "limit": {"type": "int"},
    **MISSING,
    "fields": {"type": "list", "elements": "str"},
    **HIDDEN_FIELDS,
}

# The options of every wait.
WAITING: ArgumentSpec = {
    "success_states": {"type": "list", "elements": "str", "choices": list(FINAL_STATES), "default": ["Success"]},
    "timeout": {"type": "float", "default": 300.0},
    "delay": {"type": "float", "default": 0.0},
    "interval": {"type": "float", "default": 1.0},
    "max_interval": {"type": "float", "default": 15.0},
    "fail_fast": {"type": "bool", "default": False},
    "on_timeout": {"type": "str", "choices": ["leave", "cancel"], "default": "leave"},
    "progress": {"type": "bool", "default": True},
    "follow_logs": {"type": "bool", "default": False},
    **HIDDEN_FIELDS,
}

WAIT: ArgumentSpec = {
    **UUID,
    **OBJECT,
    "include_related": {"type": "bool", "default": False},
    "min_actions": {"type": "int", "default": 0},
    **MISSING,
    **WAITING,
}

CALL: ArgumentSpec = {
    "path": {"type": "str", "required": True},
    "method": {"type": "str", "choices": ["POST", "PATCH", "PUT", "DELETE"], "default": "POST"},
    "body": {"type": "dict"},
    "user_agent": {"type": "str"},
    "wait": {"type": "bool", "default": True},
    **WAITING,
}

# The options of the event source.
CHANGES: ArgumentSpec = {
    "state": {"type": "list", "elements": "str", "choices": list(STATES), "default": list(FINAL_STATES)},
    **OBJECT,
    "interval": {"type": "float", "default": 5.0},
    "since": {"type": "str"},
}
