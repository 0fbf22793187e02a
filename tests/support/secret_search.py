# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Search texts for a secret in every form in which programs write one."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Mapping


def encoded(text: str) -> str:
    """Return a text in Base64."""
    return base64.b64encode(text.encode()).decode()


def in_base64(text: str) -> set[str]:
    """Return the part of its Base64 that does not depend on the text before and after it, for each position."""
    found = set()
    for shift, mixed in ((0, 0), (1, 2), (2, 3)):
        whole = encoded("." * shift + text)[mixed : (shift + len(text)) * 8 // 6]
        found |= {whole, whole.replace("+", "-").replace("/", "_")}
    return found


@lru_cache
def forms(secret: str) -> dict[str, str]:
    """Return the texts that reveal a secret, each with the name of its form.

    Each half counts as much as the whole: a message may be truncated, or hide one part and show another.
    """
    found: dict[str, str] = {}
    middle = len(secret) // 2
    for half in (secret[:middle], secret[middle:]):
        assert len(half) >= 8, "a text that short is found anywhere"
        percent = {quote(half, safe=""), quote(half), quote_plus(half), quote(half, safe="!#$&'()*+,/:;=?@[]~")}
        in_json = json.dumps(half)[1:-1]
        forms_of_half = {
            "in clear": {half},
            "percent-encoded": percent | {re.sub("%..", lambda code: code[0].lower(), each) for each in percent},
            "in Base64": in_base64(half),
            "as JSON": {in_json, json.dumps(in_json)[1:-1]},
            "as Python": {repr(half)[1:-1], half.replace("\\", "\\\\").replace("'", "\\'")},
            "for a shell": {shlex.quote(half).strip("'"), shlex.quote(shlex.quote(half)).strip("'")},
            "as HTML": {html.escape(half), html.escape(half, quote=False)},
        }
        for name, texts in forms_of_half.items():
            for text in texts:
                found.setdefault(text, name)
    return found


def search(secret: str, places: Mapping[str, str]) -> dict[str, str]:
    """Return the places that contain a secret, each with the form of the secret and the text around it."""
    return {
        place: f"{name}: ...{text[max(0, at - 200) : at + 100]}..."
        for place, text in places.items()
        for needle, name in forms(secret).items()
        if (at := text.find(needle)) >= 0
    }


def check_hidden(secret: str, places: Mapping[str, str]) -> None:
    """Check that no place contains the secret."""
    found = search(secret, places)
    assert not found, "\n".join(f"{place}, {what}" for place, what in found.items())


def text_of(data: bytes) -> str:
    """Return bytes as a text; ASCII stays as it is, and nothing is lost."""
    return data.decode("utf-8", "surrogateescape")
