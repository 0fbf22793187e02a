# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Untrusted text made fit for a terminal and for a message. Hide secrets first: a cut secret is not recognized."""

from __future__ import annotations

MAX_MESSAGE_LENGTH = 300
MAX_FIELD_LENGTH = 200


def printable(text: str, max_length: int = MAX_MESSAGE_LENGTH) -> str:
    """Return the text on one line, with each control character replaced by a space, and cut to a length."""
    shown = "".join(character if character.isprintable() else " " for character in text[: max_length + 1])
    return f"{shown[:max_length]}..." if len(shown) > max_length else shown


def field_text(value: object) -> str:
    """Return the value of an action's field for the middle of a line; empty if it is null."""
    return "" if value is None else printable(str(value), MAX_FIELD_LENGTH)


def log_lines(text: str) -> list[str]:
    """Return the lines of a log, with control characters other than tabs replaced by spaces."""
    return [
        "".join(character if character.isprintable() or character == "\t" else " " for character in line).rstrip()
        for line in text.splitlines()
    ]


def json_type(value: object) -> str:
    """Return the name of a JSON value's type, with its article."""
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "null")


def count_actions(count: int) -> str:
    """Return a number of actions in words: ``1 action``, ``2 actions``."""
    return f"{count} action" if count == 1 else f"{count} actions"
