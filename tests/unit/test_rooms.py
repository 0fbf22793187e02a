# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The structure of ``plugins/module_utils`` is the one that CONTRIBUTING.md describes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

COLLECTION = Path(__file__).parents[2]
ROOMS = {path.stem: path.read_text() for path in (COLLECTION / "plugins/module_utils").glob("_*.py")}
MAXIMUM_LINES = 300


def described_rooms() -> list[str]:
    """The files of the table, in order."""
    rows = re.findall(r"^\| ((?:`_\w+`(?:, )?)+) \|", (COLLECTION / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`(_\w+)`", row)]


def test_rooms_are_all_described() -> None:
    assert sorted(described_rooms()) == sorted(ROOMS)


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_room_imports_only_from_rooms_above(room: str) -> None:
    described = described_rooms()
    above = described[: described.index(room)]
    imported = set(re.findall(r"cloud\.plugins\.module_utils\.(_\w+) import", ROOMS[room]))
    assert imported <= set(above)


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_room_has_a_limited_size(room: str) -> None:
    assert len(ROOMS[room].splitlines()) <= MAXIMUM_LINES


def test_rooms_of_modules_are_the_only_ones_that_know_them() -> None:
    knowing = {room for room, text in ROOMS.items() if re.search(r"import .*\bAnsibleModule\b", text)}
    assert knowing == {"_module", "_wait_module"}
