# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Where the value of an option comes from: the task, a variable, the environment, an INI file, or ``~/.tutum``.

A value remembers its level, since a username and a key may come from different ones. A higher level takes precedence.
"""

from __future__ import annotations

import typing as t

ENVIRONMENT: dict[str, tuple[str, ...]] = {
    "api_url": ("TUTUM_BASE_URL", "TUTUM_REST_HOST"),
    "username": ("TUTUM_USER",),
    "api_key": ("TUTUM_APIKEY",),
    "password": ("TUTUM_PASS",),
    "authorization": ("TUTUM_AUTH",),
    "auth_scheme": ("TUTUM_AUTH_SCHEME",),
    "config_file": ("TUTUM_CONFIG_FILE",),
    "ca_path": ("TUTUM_CA_PATH",),
}
"""The environment variables of each option; the first one that is set counts. There is no option for the password."""

OPTIONS = tuple(name for name in ENVIRONMENT if name != "password")
"""The options that can come from the environment, too."""

# The levels, the one with the highest precedence last. Ansible itself ranks the variables and INI keys of a lookup so.
FILE, INI, ENV, VARIABLE, OPTION = range(5)


class Setting(t.NamedTuple):
    """The value of an option, its level, and in words where it comes from."""

    value: t.Any
    level: int
    source: str


def with_environment(given: t.Mapping[str, Setting], environ: t.Mapping[str, str]) -> dict[str, Setting]:
    """Return the settings with what the environment adds. An empty value counts as not set: templates produce them."""
    settings = {name: setting for name, setting in given.items() if setting.value not in (None, "")}
    for name, variables in ENVIRONMENT.items():
        for variable in variables:
            has_precedence = name not in settings or settings[name].level < ENV
            if has_precedence and environ.get(variable):
                settings[name] = Setting(environ[variable], ENV, f"the environment variable {variable}")
    return settings
