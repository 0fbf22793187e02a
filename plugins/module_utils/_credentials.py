# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The Authorization header: which credentials take precedence, and how they are sent."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.tutum.cloud.plugins.module_utils._errors import CredentialsError, OptionError
from ansible_collections.tutum.cloud.plugins.module_utils._secrets import MASK, secrets_of_header, to_base64
from ansible_collections.tutum.cloud.plugins.module_utils._sources import ENVIRONMENT, FILE, Setting

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
"""What Python makes of a byte in the environment that is not UTF-8."""

_QUOTES = ("'", '"')

Settings = t.Mapping[str, Setting]


def build_authorization(settings: Settings) -> tuple[str, list[str], str]:
    """Return the value of the header, what is secret, and in words where it comes from.

    The file is read only if the higher levels are incomplete: an invalid one must not stop those who do not need it.

    :param settings: all that is known, see :func:`_settings.resolve_settings`.
    :raises OptionError: an option has an invalid value.
    :raises CredentialsError: the credentials are missing, incomplete, or cannot be sent.
    """
    chosen = _select_by_precedence(settings)
    if not _is_complete(chosen):
        chosen = _select_by_precedence({**_from_config_file(settings.get("config_file")), **settings})
    if not chosen:
        raise CredentialsError(
            "No API credentials found. Set the options username and api_key (or authorization), the environment variables"
            " TUTUM_USER and TUTUM_APIKEY (or TUTUM_AUTH), or create ~/.tutum on the host that runs this plugin."
        )
    if not _is_complete(chosen):
        ((name, setting),) = chosen.items()
        given, other = ("username", "api_key") if name == "username" else ("api_key", "username")
        raise CredentialsError(
            f"Incomplete credentials: {name} is set (from {setting.source}), but {other} is missing. Set the option {other}"
            f" or the environment variable {ENVIRONMENT[other][0]}, or remove {given}."
        )
    for name, setting in chosen.items():
        _check_characters(name, setting)
    sources = " and ".join(f"{name} from {setting.source}" for name, setting in chosen.items())
    if "authorization" in chosen:
        header = chosen["authorization"].value
        _check_ascii("authorization", chosen["authorization"])
        return header, secrets_of_header(header), sources
    return (*_header_of_pair(chosen, settings.get("auth_scheme")), sources)


def _header_of_pair(chosen: Settings, scheme: Setting | None) -> tuple[str, list[str]]:
    """Return the header for a username and a key or password, and what is secret in it."""
    username = chosen["username"].value
    key = chosen["password" if "password" in chosen else "api_key"].value
    if ":" in username:
        problem = (
            "The username must not contain a colon. If it includes the API key, move the key to the option api_key"
        )
        raise OptionError("username", f"{username.partition(':')[0]}:{MASK}", problem)
    credentials = f"{username}:{key}"
    secrets = [key, credentials]
    # The API accepts the password of an account as Basic only.
    name = "basic" if "password" in chosen else scheme.value if scheme else "apikey"
    if name == "apikey":
        for part, setting in chosen.items():
            _check_ascii(part, setting)
        return f"ApiKey {credentials}", secrets
    if name == "basic":
        return f"Basic {to_base64(credentials)}", secrets
    raise OptionError("auth_scheme", name, "Must be one of: apikey, basic")


def _select_by_precedence(settings: Settings) -> dict[str, Setting]:
    """Return the credentials with the highest precedence, which may be an incomplete pair."""
    pair = {name: settings[name] for name in ("username", "api_key") if name in settings}
    password = settings.get("password")
    # On the same level a key takes precedence over a password, as in the original clients. The password belongs to a
    # username of its own level, or a higher one, and not to the one in the file.
    has_username = "username" in pair and password and pair["username"].level >= password.level
    if password and has_username and ("api_key" not in pair or pair["api_key"].level < password.level):
        pair.pop("api_key", None)
        pair["password"] = password
    authorization = settings.get("authorization")
    if authorization and authorization.level >= max((half.level for half in pair.values()), default=FILE):
        return {"authorization": authorization}
    return pair


def _is_complete(chosen: Settings) -> bool:
    return "authorization" in chosen or len(chosen) == 2


def _check_characters(name: str, setting: Setting) -> None:
    """Refuse what is almost always a mistake of quoting or of reading a file."""
    value = setting.value
    problem = ""
    if value != value.strip():
        problem = "begins or ends with white space. Remove it (the trim filter does)"
    elif len(value) > 1 and value[0] in _QUOTES and value[-1] == value[0]:
        problem = "begins and ends with quotes. Remove the quotes"
    elif _CONTROL.search(value):
        problem = "contains a control character, such as a line break. Check the value"
    elif _SURROGATE.search(value):
        problem = "contains bytes that are not valid UTF-8. Check the value"
    if problem:
        raise CredentialsError(f"The {name} from {setting.source} {problem}.")


def _check_ascii(name: str, setting: Setting) -> None:
    if not setting.value.isascii():
        raise CredentialsError(
            f"The {name} from {setting.source} contains a non-ASCII character. This authentication scheme supports only ASCII. Check"
            " the value, or set auth_scheme to basic, which sends a username and key in UTF-8."
        )


def _from_config_file(config_file: Setting | None) -> dict[str, Setting]:
    """Return the settings in the configuration file of the original client."""
    # Imported only here: with credentials from elsewhere the file is not read.
    from ansible_collections.tutum.cloud.plugins.module_utils._config_file import DEFAULT_CONFIG_FILE, read_config_file

    values = read_config_file(config_file.value if config_file else None)
    source = f"the file {config_file.value if config_file else DEFAULT_CONFIG_FILE}"
    found = {}
    for key, name in (("user", "username"), ("apikey", "api_key"), ("basic_auth", "authorization")):
        if key in values:
            found[name] = Setting(f"Basic {values[key]}" if key == "basic_auth" else values[key], FILE, source)
    return found
