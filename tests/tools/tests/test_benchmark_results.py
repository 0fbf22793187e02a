# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark's medians, ratios and limits, and the comparison of two runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))

from compare import changes, is_change
from measures import Case, Limit, Measure, paired_ratios, ratio, spread, to_rounds


def results(**contenders: dict[str, list[float]]) -> dict[str, Any]:
    return {"cases": [{"case": "a list", "contenders": contenders}]}


# Measures


def test_case_runs_contenders_in_turn_and_drops_the_first_round() -> None:
    order: list[str] = []

    def contender(name: str, seconds: float) -> Measure:
        order.append(name)
        return Measure(seconds * (100 if len(order) <= 2 else 1), 1.0, 4, 2)

    case = Case("x", {"a": lambda: contender("a", 1.0), "b": lambda: contender("b", 2.0)})
    assert case.run(3)["a"] == {
        "seconds": [1.0] * 3,
        "processor": [1.0] * 3,
        "requests": [4] * 3,
        "connections": [2] * 3,
    }
    assert order == ["a", "b"] * 4


def test_case_subtracts_what_is_not_part_of_a_unit() -> None:
    case = Case("x", {"a": lambda: Measure(7.0, 5.0, 10, 10)}, units=10, empty=lambda: Measure(2.0, 1.0, 0, 0))
    assert case.run(1)["a"] == {"seconds": [0.5], "processor": [0.4], "requests": [1], "connections": [1]}


def test_case_most_rounds_limits_the_rounds() -> None:
    case = Case("x", {"a": lambda: Measure(1.0, 1.0, 1, 1)}, most_rounds=2)
    assert len(case.run(9)["a"]["seconds"]) == 2


def test_ratio_is_the_median_of_pairs() -> None:
    """A machine that becomes slower does not change it."""
    contenders = {"a": {"seconds": [1.0, 2.0, 9.0]}, "b": {"seconds": [2.0, 4.0, 12.0]}}
    assert paired_ratios(contenders, "a", "b", "seconds") == [0.5, 0.5, 0.75]
    assert ratio(contenders, "a", "b", "seconds") == 0.5
    assert ratio(contenders, "a", "b", "memory") is None
    assert ratio(contenders, "a", "c", "seconds") is None


@pytest.mark.parametrize(("values", "width"), [([3.0], 0.0), ([1.0, 4.0], 3.0), ([1.0, 2.0, 3.0, 4.0, 99.0], 2.0)])
def test_spread_is_the_middle_half_of_many_rounds(values: list[float], width: float) -> None:
    assert spread(values) == width


def test_limit_is_a_number_or_a_ratio() -> None:
    contenders = {"a": to_rounds([Measure(1.0, 3.0, 7, 1)]), "b": to_rounds([Measure(2.0, 2.0, 5, 1)])}
    assert Limit("a", "requests", 40).value(contenders) == 7
    assert Limit("a", "processor", 1.05, "b").value(contenders) == 1.5
    assert Limit("a", "memory", 150).value(contenders) is None
    assert str(Limit("a", "processor", 1.05, "b")) == "processor of a: at most 1.05 times that of b"


# Comparisons


@pytest.mark.parametrize(
    ("before", "after", "is_changed"),
    [
        ([1.0] * 5, [1.02] * 5, False),
        ([1.0] * 5, [1.05] * 5, True),
        ([1.0, 1.1, 1.2, 1.3, 1.4], [1.1, 1.2, 1.3, 1.4, 1.5], False),
        ([1.0, 1.1, 1.2, 1.3, 1.4], [1.6, 1.6, 1.6, 1.6, 1.6], True),
        ([1.0, 1.0, 1.0, 1.0, 9.0], [1.1] * 5, True),
        # The spread of few rounds is not known.
        ([1.0], [1.2], False),
        ([1.0], [0.7], True),
    ],
)
def test_is_change_beyond_the_spread_of_the_rounds(before: list[float], after: list[float], is_changed: bool) -> None:
    assert is_change("seconds", before, after) == is_changed


def test_is_change_counts_every_request() -> None:
    assert is_change("requests", [20.0], [21.0])
    assert not is_change("requests", [20.0], [20.0])


def test_changes_describes_better_and_worse() -> None:
    before = results(module={"seconds": [2.0] * 5, "memory": [100.0] * 5}, gone={"seconds": [1.0]})
    after = results(module={"seconds": [1.0] * 5, "memory": [150.0] * 5}, added={"seconds": [1.0]})
    assert list(changes(before, after)) == [
        (False, "a list: module: seconds better: 2 to 1 (0.50 times)"),
        (True, "a list: module: memory worse: 100 to 150 (1.50 times)"),
        (False, "a list: added: new"),
        (False, "a list: gone: not in the second file"),
    ]


def test_changes_compares_ratios_to_the_floor() -> None:
    """Everything takes twice as long on a slower machine, and the module three times."""
    before = results(module={"processor": [1.0] * 5}, floor={"processor": [1.0] * 5})
    after = results(module={"processor": [3.0] * 5}, floor={"processor": [2.0] * 5})
    assert (True, "a list: module: processor / floor worse: 1 to 1.5 (1.50 times)") in list(changes(before, after))


def test_changes_of_the_same_run_are_none() -> None:
    same = results(module={"seconds": [1.0, 5.0], "requests": [3, 3]}, floor={"seconds": [1.0, 2.0]})
    assert list(changes(same, same)) == []
