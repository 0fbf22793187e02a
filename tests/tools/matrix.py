# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tests run with which ansible-core on which Python."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

# The kinds of tests:
#
# cli             tests/functional/cli: real ansible commands
# cli-essentials  those of them that depend on ansible-core
# integration     tests/integration, with ansible-test
# sanity          ansible-test sanity
# units           a part of tests/unit, with ansible-test
# pytest          tests/unit, with pytest alone; -coverage measures the coverage
# essentials      the sanity tests and unit tests that depend on ansible-core
EVERYTHING = ("cli", "integration", "sanity", "units", "pytest-coverage")


@dataclass(frozen=True)
class Core:
    """A minor version of ansible-core."""

    version: str
    # The Pythons that it supports on the control node, the oldest first.
    pythons: Sequence[str]
    # The kinds of tests for each of them.
    runs: Mapping[str, str]
    # There is no final release, or none at all.
    prerelease: bool = False


CORES = (
    Core("2.18", ("3.11", "3.12", "3.13"), {"3.11": "cli-essentials essentials"}),
    Core("2.19", ("3.11", "3.12", "3.13"), {"3.13": "essentials"}),
    Core("2.20", ("3.12", "3.13", "3.14"), {"3.12": "essentials", "3.14": "essentials"}),
    Core(
        "2.21",
        ("3.12", "3.13", "3.14"),
        {"3.13": "cli integration sanity units pytest-coverage", "3.14": "sanity pytest"},
    ),
    Core(
        "2.22",
        ("3.13", "3.14", "3.15"),
        {"3.13": "cli-essentials essentials", "3.14": "essentials"},
        prerelease=True,
    ),
    Core("devel", ("3.13", "3.14", "3.15"), {"3.14": "sanity pytest"}, prerelease=True),
)

# Few machines have these Python versions so far. CI may skip them.
OPTIONAL_PYTHONS = ("3.14", "3.15")


@dataclass(frozen=True)
class Planned:
    """One kind of tests with one core on one Python."""

    kind: str
    core: Core
    python: str
    # Why it cannot run here, or nothing; an optional one may be skipped in CI, too.
    missing: str = ""
    optional: bool = False

    @property
    def name(self) -> str:
        """The name of the session."""
        return f"{self.kind}-{self.core.version}-{self.python}"


def plan(*, current: str, available: Container[str]) -> Iterator[Planned]:
    """Yield what runs on a machine with these Pythons.

    The newest core whose tests all run has a Python of its own. Where that is missing, the newest core that the current
    Python supports takes its place.

    :param current: The version of the Python that runs the tools, for example ``3.12``.
    :param available: The versions of all Pythons, including the current one.
    """
    everything_runs = False
    planned = set()
    for core in CORES:
        for python, kinds in core.runs.items():
            for kind in kinds.split():
                missing = "" if python in available else f"Python {python} is not installed"
                planned.add((kind, core.version, python))
                yield Planned(kind, core, python, missing, optional=python in OPTIONAL_PYTHONS)
            if {"cli", "integration"} <= set(kinds.split()):
                everything_runs = python in available
    if not everything_runs and (substitute := newest_core_for(current)):
        for kind in EVERYTHING:
            if (kind, substitute.version, current) not in planned:
                yield Planned(kind, substitute, current)


def newest_core_for(python: str) -> Core | None:
    """Return the newest core that supports this Python, a final release if possible."""
    supporting = [core for core in CORES if python in core.pythons and core.version != "devel"]
    released = [core for core in supporting if not core.prerelease]
    return next(reversed(released or supporting), None)


def main() -> None:
    """Print the sessions of all cores for a CI system, as JSON."""
    pythons = {python for core in CORES for python in core.pythons}
    jobs = [
        {"session": each.name, "python": each.python, "optional": each.core.version == "devel"}
        for each in plan(current=max(pythons), available=pythons)
    ]
    print(json.dumps({"include": jobs}))


if __name__ == "__main__":
    main()
