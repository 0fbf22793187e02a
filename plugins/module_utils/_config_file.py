# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The original client's file ``~/.tutum``, read as that client reads it (Python 2.7's ConfigParser).

A semicolon after white space begins a comment, a line that begins with ``REM`` is one, and bytes that are not UTF-8 are
Latin-1.
"""

from __future__ import annotations

import codecs
import configparser
import os
import re

from ansible_collections.tutum.cloud.plugins.module_utils._errors import OptionError

DEFAULT_CONFIG_FILE = "~/.tutum"

_REM_LINE = re.compile(r"(?im)^rem(?:[^\S\n].*)?$")


def read_config_file(path: str | None) -> dict[str, str]:
    """Return the credentials in the section ``[auth]``: ``user``, ``apikey`` and ``basic_auth``, those that are there.

    :param path: the value of the option ``config_file``, or None for the default, which need not exist.
    :raises OptionError: the file is missing, not readable, or not an INI file.
    """
    where = os.path.expanduser(path or DEFAULT_CONFIG_FILE)
    try:
        with open(where, "rb") as file:
            content = file.read()
    except (FileNotFoundError, NotADirectoryError):
        if path:
            raise OptionError("config_file", path, "File not found") from None
        return {}
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "invalid path"
        raise OptionError("config_file", where, f"Cannot read the file ({reason})") from None
    if content.startswith(codecs.BOM_UTF8):  # Also in front of Latin-1, after an editor has changed the file.
        content = content[len(codecs.BOM_UTF8) :]
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    parser = configparser.RawConfigParser(strict=False, inline_comment_prefixes=(";",))
    try:
        parser.read_string(_REM_LINE.sub("", text))
    except (configparser.Error, ValueError):
        # The parser's own message quotes the line, and with it the key.
        problem = "Not a valid INI file. It must contain an [auth] section with user and apikey"
        raise OptionError("config_file", where, problem) from None
    values = {name: parser.get("auth", name, fallback="").strip() for name in ("user", "apikey", "basic_auth")}
    return {name: value for name, value in values.items() if value}
