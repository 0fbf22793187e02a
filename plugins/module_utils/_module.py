# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The edge of modules: settings from the parameters, and typed errors to ``fail_json``."""

from __future__ import annotations

import typing as t

from ansible_collections.tutum.cloud.plugins.module_utils._secrets import misplaced_secrets
from ansible_collections.tutum.cloud.plugins.module_utils._settings import ConnectionSettings, resolve_settings
from ansible_collections.tutum.cloud.plugins.module_utils._sources import OPTION, OPTIONS, Setting

try:
    from ansible.module_utils.secrets import register_secrets
except ImportError:  # before ansible-core 2.22
    register_secrets = None

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.tutum.cloud.plugins.module_utils._errors import TutumError


def settings_from_module(module: AnsibleModule) -> ConnectionSettings:
    """Return the connection settings of a module, and show their warnings.

    :raises OptionError: an option has an invalid value.
    :raises CredentialsError: the credentials are missing or incomplete.
    """
    # Ansible hides the options that are marked as secret. A secret in the wrong option is refused, but Ansible cannot know
    # it. (It need not know what comes from the environment or a file: no result contains that, see _secrets.py. Since core
    # 2.22 it would even write that into the files of background tasks.)
    misplaced = misplaced_secrets(module.params)
    module.no_log_values.update(misplaced)
    if register_secrets:
        register_secrets(misplaced)
    settings = resolve_settings(
        {
            name: Setting(module.params[name], OPTION, f"the option {name}")
            for name in OPTIONS
            if module.params[name] is not None
        },
        validate_certs=module.params["validate_certs"],
        request_timeout=module.params["request_timeout"],
        max_retries=module.params["max_retries"],
    )
    for warning in settings.warnings:
        module.warn(warning)
    return settings


def fail(module: AnsibleModule, error: TutumError) -> t.NoReturn:
    """End the module with an error, and with everything that was retrieved before it."""
    module.fail_json(msg=str(error), **{**error.results, **error.details()})
    raise AssertionError  # fail_json exits; it has no type that says so.
