# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The body of a response as JSON: strictly UTF-8, of a bounded depth, without what Ansible cannot return."""

from __future__ import annotations

import json
import math
import re
import typing as t

MAX_DEPTH = 64
"""Levels of nesting. ansible-core cannot serialize a result with some hundreds, and the task would lose all of it."""

_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def decode_json(body: bytes) -> t.Any:
    """Return the value of a JSON text. A lone surrogate, which no UTF-8 text can have, is replaced by "?".

    :raises ValueError: it is not UTF-8, not JSON, has numbers that JSON does not have, or is nested too deeply.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("utf-8", "surrogatepass").encode("utf-8", "replace").decode("utf-8-sig")
    try:
        value = _load(text)
        if _ESCAPED_SURROGATE.search(text):
            value = _load(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode())
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if _is_deeper_than(value, MAX_DEPTH):
        raise ValueError("nested too deeply")
    return value


def _load(text: str) -> t.Any:
    return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)


def _is_deeper_than(value: object, depth: int) -> bool:
    children: t.Iterable[object]
    if isinstance(value, dict):
        children = value.values()
    elif isinstance(value, list):
        children = value
    else:
        return False
    if not depth:
        return True
    return any(_is_deeper_than(child, depth - 1) for child in children if isinstance(child, (dict, list)))


def _refuse_constant(name: str) -> t.NoReturn:
    """Refuse NaN and Infinity: Python reads them, JSON does not have them."""
    raise ValueError(name)


def _finite(text: str) -> float:
    """Return a number with a fraction or an exponent, which may exceed what a float holds."""
    number = float(text)
    if math.isinf(number):
        raise ValueError(text)
    return number
