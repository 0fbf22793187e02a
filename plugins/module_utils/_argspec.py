# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The options that both modules have, and how a module's options become a connection."""

from __future__ import annotations

import typing as t

from ansible_collections.tutum.cloud.plugins.module_utils._actions import FINAL_STATES, STATES
from ansible_collections.tutum.cloud.plugins.module_utils._credentials import (
    ENVIRONMENT,
    OPTION,
    Connection,
    Setting,
    resolve,
)

try:
    from ansible.module_utils.secrets import register_secrets
except ImportError:  # before ansible-core 2.22
    register_secrets = None

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

ArgumentSpec = t.Dict[str, t.Dict[str, t.Any]]

# No defaults where there is an environment variable: a default could not be told from what a user wrote.
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
    "missing": {"type": "str", "choices": ["error", "skip"], "default": "error"},
    **HIDDEN_FIELDS,
}

WAIT: ArgumentSpec = {
    **UUID,
    **OBJECT,
    "success_states": {"type": "list", "elements": "str", "choices": list(FINAL_STATES), "default": ["Success"]},
    "timeout": {"type": "float", "default": 300.0},
    "delay": {"type": "float", "default": 0.0},
    "interval": {"type": "float", "default": 1.0},
    "max_interval": {"type": "float", "default": 15.0},
    "fail_fast": {"type": "bool", "default": False},
    "progress": {"type": "bool", "default": True},
    **HIDDEN_FIELDS,
}


def connection_of(module: AnsibleModule) -> Connection:
    """The connection that a module's options describe; its warnings are said.

    :raises OptionError: an option's value cannot be used.
    :raises CredentialsError: there are no credentials, or only half of them.
    """
    # Ansible hides the options that are secret. What is refused for being a secret in the wrong place it cannot know.
    # (What comes from the environment or a file it need not know: that is in no result, see Actions.shown. Since core
    # 2.22 Ansible would even carry it on, into the files of tasks in the background and the scripts of later tasks.)
    misplaced = _misplaced_secrets(module.params)
    module.no_log_values.update(misplaced)
    if register_secrets:
        register_secrets(misplaced)
    connection = resolve(
        {
            name: Setting(module.params[name], OPTION, f"the option {name}")
            for name in ENVIRONMENT
            if module.params[name] is not None
        },
        validate_certs=module.params["validate_certs"],
        request_timeout=module.params["request_timeout"],
        max_retries=module.params["max_retries"],
    )
    for warning in connection.warnings:
        module.warn(warning)
    return connection


def _misplaced_secrets(options: t.Mapping[str, t.Any]) -> list[str]:
    """What may be a key where none must be: before the host of a URL, in its query, behind a colon in the user name.

    All of that is refused, but a result can show the options of its module, refused or not.
    """
    urls = [options["api_url"], options.get("object"), *(options.get("uuid") or [])]
    found = [f"{before}{at}" for before, at, _host in (url.rpartition("@") for url in urls if url) if at]
    found += [f"{mark}{query}" for _path, mark, query in (url.partition("?") for url in urls if url) if query]
    _name, colon, key = (options["username"] or "").partition(":")
    return [*found, f"{colon}{key}"] if key else found
