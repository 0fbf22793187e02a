# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of actions by their start."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._ordering import direction_of, sort_by_start, start_of


def actions(*starts: object) -> list[dict[str, t.Any]]:
    """Return actions with the seconds of their starts; other values as they are."""
    dates = [f"2014-09-17T08:26:{start:02}Z" if isinstance(start, int) else start for start in starts]
    return [{"uuid": str(number), "start_date": date} for number, date in enumerate(dates)]


def uuids(found: t.Iterable[dict[str, t.Any]]) -> str:
    return "".join(one["uuid"] for one in found)


@pytest.mark.parametrize("date", ["Wed, 17 Sep 2014 08:26:22 +0000", "2014-09-17T08:26:22", "2014-09-17T08:26:22.9Z"])
def test_start_of_is_cut_to_the_second(date: str) -> None:
    start = start_of({"start_date": date})
    assert start is not None
    assert start.isoformat() == "2014-09-17T08:26:22+00:00"


@pytest.mark.parametrize("date", [None, "", "soon", 7, ["2014-09-17"]])
def test_start_of_is_none_if_it_cannot_be_read(date: object) -> None:
    assert start_of({"start_date": date}) is None
    assert start_of({}) is None


@pytest.mark.parametrize(
    ("starts", "oldest_first", "newest_first"),
    [
        ((), "", ""),
        ((1,), "0", "0"),
        ((1, 2, 3), "012", "210"),
        ((3, 1, 2), "120", "021"),
        # Those of one second keep their order.
        ((2, 1, 2, 1), "1302", "0213"),
        # One without a date stays with its older neighbor.
        ((3, None, 1, "soon", 2), "23401", "03412"),
        ((None, 2, 1), "021", "012"),
        ((None, None), "01", "01"),
    ],
)
def test_sort_by_start(starts: tuple[object, ...], oldest_first: str, newest_first: str) -> None:
    given = actions(*starts)
    assert uuids(sort_by_start(given, newest_first=False)) == oldest_first
    assert uuids(sort_by_start(given, newest_first=True)) == newest_first
    assert given == actions(*starts)


@pytest.mark.parametrize(
    ("starts", "is_newest_first"),
    [
        ((), None),
        ((1,), None),
        ((1, 1), None),
        ((1, 2), False),
        ((2, 1), True),
        ((2, 2, 1), True),
        ((None, 1, 2, "soon"), False),
        ((None, "soon"), None),
        ((None, 1, "soon"), None),
    ],
)
def test_direction_of_list_is_shown_by_its_ends(starts: tuple[object, ...], is_newest_first: bool | None) -> None:
    assert direction_of(actions(*starts)) is is_newest_first
