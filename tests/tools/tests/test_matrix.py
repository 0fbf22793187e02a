# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tests run on which machine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from matrix import CORES, newest_core_for, plan

PYTHONS = {python for core in CORES for python in core.pythons}


def names(current: str, *available: str, skipped: bool = False) -> set[str]:
    """The sessions that run, or are skipped, on a machine with these Pythons."""
    planned = plan(current=current, available={current, *available})
    return {each.name for each in planned if bool(each.missing) == skipped}


def test_plan_all_pythons_skips_nothing() -> None:
    assert names("3.12", *PYTHONS, skipped=True) == set()


def test_plan_all_pythons_each_core_once_on_each_python() -> None:
    planned = [each.name for each in plan(current="3.12", available=PYTHONS)]
    assert len(planned) == len(set(planned))
    for core in CORES:
        for python in core.runs:
            assert python in core.pythons


@pytest.mark.parametrize(
    ("python", "core"), [("3.11", "2.19"), ("3.12", "2.21"), ("3.13", "2.21"), ("3.14", "2.21"), ("3.15", "2.22")]
)
def test_plan_one_python_newest_core_runs_everything(python: str, core: str) -> None:
    assert {f"{kind}-{core}-{python}" for kind in ("cli", "integration", "sanity", "units")} <= names(python)


@pytest.mark.parametrize("python", sorted(PYTHONS))
def test_plan_one_python_says_what_is_missing(python: str) -> None:
    for planned in plan(current=python, available={python}):
        assert planned.python == python or planned.missing == f"Python {planned.python} is not installed"


def test_plan_python_of_the_full_core_present_needs_no_substitute() -> None:
    assert "cli-2.19-3.11" not in names("3.11", "3.13")


def test_plan_unknown_python_runs_nothing() -> None:
    assert newest_core_for("3.99") is None
    assert names("3.99") == set()


def test_plan_ci_requires_all_but_new_pythons() -> None:
    required = {each.python for each in plan(current="3.12", available=set()) if not each.optional}
    assert required == {"3.11", "3.12", "3.13"}
