# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one run took, and what several runs of several contenders took: medians, spreads, ratios, limits."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

MIN_ROUNDS_FOR_SPREAD = 4


@dataclass(frozen=True)
class Measure:
    """What one run took."""

    seconds: float
    """The time by the clock."""
    processor: float
    """The processor time of all its processes, in seconds."""
    requests: float
    connections: float
    memory: float | None = None
    """The peak memory in MiB of a process that does nothing else."""
    late: float | None = None
    """The seconds between the end of the last action and the end of the last wait for it."""

    def per_unit(self, units: int, empty: Measure | None) -> Measure:
        """Return what one of several equal parts took, without what a run takes in which there is no part."""
        base = empty or Measure(0.0, 0.0, 0, 0)
        return replace(
            self,
            seconds=(self.seconds - base.seconds) / units,
            processor=(self.processor - base.processor) / units,
            requests=self.requests / units,
            connections=self.connections / units,
        )


QUANTITIES = tuple(field.name for field in fields(Measure))

Rounds = dict[str, list[float]]
"""For each quantity of a contender, its value in each round. A quantity that was not measured is missing."""

Contender = Callable[[], Measure]


@dataclass(frozen=True)
class Limit:
    """The most that a quantity of a contender may be: a number, or a factor of that of another contender."""

    contender: str
    quantity: str
    most: float
    other: str | None = None

    def __str__(self) -> str:
        """Describe the limit."""
        most = f"{self.most:g} times that of {self.other}" if self.other else f"{self.most:g}"
        return f"{self.quantity} of {self.contender}: at most {most}"

    def value(self, contenders: Mapping[str, Rounds]) -> float | None:
        """Return what is limited, the median of the rounds; None if it was not measured."""
        measured = contenders.get(self.contender, {}).get(self.quantity)
        if not measured:
            return None
        if self.other is None:
            return statistics.median(measured)
        return ratio(contenders, self.contender, self.other, self.quantity)


@dataclass(frozen=True)
class Case:
    """A comparison. The first contender is the collection; the others are the floor and the alternatives."""

    name: str
    contenders: Mapping[str, Contender]
    limits: Sequence[Limit] = ()
    units: int = 1
    """How many equal parts, such as tasks, each run has. What is shown is for one of them."""
    empty: Contender | None = None
    """Runs what every contender needs, without any part. It is measured in each round, and subtracted."""
    most_rounds: int | None = None
    """For what takes long and varies little."""

    def run(self, rounds: int) -> dict[str, Rounds]:
        """Run the contenders in turn, several times each; the first time only warms up, unless there is one round."""
        rounds = min(rounds, self.most_rounds or rounds)
        taken: dict[str, list[Measure]] = {name: [] for name in self.contenders}
        for number in range(rounds + 1 if rounds > 1 else 1):
            empty = self.empty() if self.empty else None
            for name, contender in self.contenders.items():
                measured = contender().per_unit(self.units, empty)
                if number or rounds == 1:
                    taken[name].append(measured)
        return {name: to_rounds(measures) for name, measures in taken.items()}


def to_rounds(measures: Sequence[Measure]) -> Rounds:
    """Return the measures of a contender by quantity."""
    found: Rounds = {}
    for measure in measures:
        for quantity, value in asdict(measure).items():
            if value is not None:
                found.setdefault(quantity, []).append(round(value, 6))
    return found


def ratio(contenders: Mapping[str, Rounds], one: str, other: str, quantity: str) -> float | None:
    """Return the median of the ratios of two contenders, pair by pair; None where it was not measured."""
    ratios = paired_ratios(contenders, one, other, quantity)
    return statistics.median(ratios) if ratios else None


def paired_ratios(contenders: Mapping[str, Rounds], one: str, other: str, quantity: str) -> list[float]:
    """Return the ratio of two contenders in each round."""
    values = (contenders.get(name, {}).get(quantity, []) for name in (one, other))
    return [first / second for first, second in zip(*values, strict=False) if second > 0]


def spread(values: Sequence[float]) -> float:
    """Return the width of the middle half of the values; of all of them where there are few."""
    if len(values) < MIN_ROUNDS_FOR_SPREAD:
        return max(values) - min(values)
    first, _median, third = statistics.quantiles(values, n=4, method="inclusive")
    return third - first
