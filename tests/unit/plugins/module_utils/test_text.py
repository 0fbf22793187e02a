# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Untrusted text for a terminal or a message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tutum.cloud.plugins.module_utils._text import (
    MAX_FIELD_LENGTH,
    MAX_MESSAGE_LENGTH,
    count_actions,
    field_text,
    json_type,
    log_lines,
    printable,
)
from ansible_collections.tutum.cloud.tests.unit.properties import PROPERTY


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("it broke", "it broke"),
        ("größer €", "größer €"),
        ("a\x1b[31m\nb", "a [31m b"),
        ("a\u202eb\ud800c\x9b", "a b c "),
        ("x" * MAX_MESSAGE_LENGTH, "x" * MAX_MESSAGE_LENGTH),
        ("x" * (MAX_MESSAGE_LENGTH + 1), f"{'x' * MAX_MESSAGE_LENGTH}..."),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


@PROPERTY
@given(st.text(max_size=40), st.integers(1, 30))
def test_printable_any_text_is_one_short_line(text: str, max_length: int) -> None:
    shown = printable(text, max_length)
    assert shown.isprintable()
    assert len(shown) <= max_length + 3


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        ("", ""),
        ("Service Start", "Service Start"),
        (7, "7"),
        ("a\rb", "a b"),
        ("x" * 1000, f"{'x' * MAX_FIELD_LENGTH}..."),
    ],
)
def test_field_text(value: object, shown: str) -> None:
    assert field_text(value) == shown


def test_log_lines_replaces_control_characters_but_tabs() -> None:
    assert log_lines("one\r\n\ttwo\x07 \n\n\x1b[2Jthree") == ["one", "\ttwo", "", " [2Jthree"]


@PROPERTY
@given(st.text(max_size=60))
def test_log_lines_any_text_is_printable(text: str) -> None:
    assert all(line.replace("\t", "").isprintable() for line in log_lines(text))


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({}, "an object"),
        ([], "a list"),
        ("", "a string"),
        (True, "a boolean"),
        (1, "a number"),
        (1.5, "a number"),
        (None, "null"),
    ],
)
def test_json_type(value: object, name: str) -> None:
    assert json_type(value) == name


@pytest.mark.parametrize(("count", "text"), [(0, "0 actions"), (1, "1 action"), (2, "2 actions")])
def test_count_actions(count: int, text: str) -> None:
    assert count_actions(count) == text
