# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The body of a response as JSON."""

from __future__ import annotations

import json
import math
import typing as t

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.tutum.cloud.plugins.module_utils._decoding import MAX_DEPTH, decode_json
from ansible_collections.tutum.cloud.tests.unit.properties import PROPERTY, json_values


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"x": [1, 2.5, null, true, "y"]}', {"x": [1, 2.5, None, True, "y"]}),
        (b'\xef\xbb\xbf{"x": 1}', {"x": 1}),
        ('"größer €"'.encode(), "größer €"),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b"1e308", 1e308),
    ],
)
def test_decode_json(body: bytes, value: object) -> None:
    assert decode_json(body) == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"x": 1',
        b'{"x": NaN}',
        b"Infinity",
        b'{"x": -Infinity}',
        b'{"x": 1e999}',
        b"-1e999",
        b'"\xff"',
        b'"\xfcber"',
        '{"x": 1}'.encode("utf-16"),
        '{"x": 1}'.encode("utf-16-le"),
        '{"x": 1}'.encode("utf-32"),
        b"[" * 100_000,
        b'{"x": ' * 100_000,
    ],
)
def test_decode_json_other_body_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        decode_json(body)


# Surrogates


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"logs": "a\\ud800b", "x": 1}', {"logs": "a?b", "x": 1}),
        (b'{"logs": "a\\uDFFFb"}', {"logs": "a?b"}),
        (b'{"logs": "a\xed\xa0\x80b", "x": 1}', {"logs": "a?b", "x": 1}),
        (b'\xef\xbb\xbf{"logs": "a\xed\xa0\x80b"}', {"logs": "a?b"}),
        (b'{"logs": "\xed\xa0\x80\\ud800 \\ud83d\\ude00"}', {"logs": "?? \U0001f600"}),
        (b'{"\\ud800": ["\\udc00"]}', {"?": ["?"]}),
        (b'{"logs": "\\\\ud800"}', {"logs": "\\ud800"}),
    ],
    ids=["escaped", "uppercase", "raw", "after BOM", "both", "name", "escaped backslash"],
)
def test_decode_json_lone_surrogate_is_replaced(body: bytes, value: object) -> None:
    assert decode_json(body) == value


# Depth


def nested(depth: int, opening: str, closing: str) -> bytes:
    return (opening * depth + closing * depth).encode()


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"x":[', "]}")])
@pytest.mark.parametrize("depth", [300, 5_000])
def test_decode_json_nested_too_deeply_is_an_error(depth: int, opening: str, closing: str) -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        decode_json(nested(depth, opening, closing))


def test_decode_json_depth_at_its_bound() -> None:
    assert decode_json(nested(MAX_DEPTH, "[", "]")) is not None
    with pytest.raises(ValueError, match="nested too deeply"):
        decode_json(nested(MAX_DEPTH + 1, "[", "]"))


# Any body


def floats_of(value: t.Any) -> t.Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, (list, dict)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from floats_of(one)


@PROPERTY
@given(
    st.binary(max_size=60)
    | st.lists(
        st.sampled_from(
            [
                b"[",
                b"]",
                b"{",
                b"}",
                b":",
                b",",
                b'"',
                b"\\ud800",
                b"\xed\xa0\x80",
                b"\xff",
                b"1e999",
                b"-",
                b"7",
                b"\\",
            ]
        ),
        max_size=20,
    ).map(b"".join)
)
@example(b"\xff\xfe[\x00]\x00")
@example(b"[" * 1_000_000)
@example(b"1" * 5_000)
def test_decode_json_any_bytes_are_a_value_or_value_error(body: bytes) -> None:
    try:
        value = decode_json(body)
    except ValueError:
        return
    assert all(map(math.isfinite, floats_of(value)))
    json.dumps(value, ensure_ascii=False).encode()


@PROPERTY
@given(json_values, st.booleans())
def test_decode_json_round_trips(value: object, ensure_ascii: bool) -> None:
    assert decode_json(json.dumps(value, ensure_ascii=ensure_ascii).encode()) == value
