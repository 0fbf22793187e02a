# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Say what changed between two files that run.py wrote, beyond the noise.

``python compare.py BEFORE.json AFTER.json`` prints a line for each median that changed by more than the spread of the
rounds in either file, and by more than 3 percent; for a number of requests or connections, by anything. Its exit status
is 1 if something became worse. ``/ floor`` is the ratio to the floor of the same rounds, which does not depend on the
speed of the machine.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measures import MIN_ROUNDS_FOR_SPREAD, paired_ratios, spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from measures import Rounds

COUNTS = ("requests", "connections")
FLOOR = "floor"

LEAST_CHANGE = 0.03
"""Smaller changes of a median are noise in any case."""

UNKNOWN_SPREAD = 0.25
"""With so few rounds, the spread has no meaning. A smaller change than this counts as noise."""


def changes(before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[bool, str]]:
    """Yield each change: whether it is for the worse, and a line that describes it."""
    earlier = {result["case"]: result["contenders"] for result in before["cases"]}
    later = {result["case"]: result["contenders"] for result in after["cases"]}
    for case, contenders in later.items():
        for name, rounds in _with_ratios(contenders).items():
            known = _with_ratios(earlier.get(case, {})).get(name)
            if known is None:
                yield False, f"{case}: {name}: new"
                continue
            for quantity in rounds:
                if quantity in known and is_change(quantity, known[quantity], rounds[quantity]):
                    first, second = statistics.median(known[quantity]), statistics.median(rounds[quantity])
                    factor = f" ({second / first:.2f} times)" if first else ""
                    word = "worse" if second > first else "better"
                    yield second > first, f"{case}: {name}: {quantity} {word}: {first:.4g} to {second:.4g}{factor}"
    for case, contenders in earlier.items():
        for name in contenders:
            if name not in later.get(case, {}):
                yield False, f"{case}: {name}: not in the second file"


def is_change(quantity: str, before: Sequence[float], after: Sequence[float]) -> bool:
    """Return whether two series differ by more than noise."""
    first, second = statistics.median(before), statistics.median(after)
    if quantity in COUNTS:
        return round(first, 2) != round(second, 2)
    noise = [LEAST_CHANGE * abs(first), spread(before), spread(after)]
    if min(len(before), len(after)) < MIN_ROUNDS_FOR_SPREAD:
        noise.append(UNKNOWN_SPREAD * abs(first))
    return abs(second - first) > max(noise)


def _with_ratios(contenders: dict[str, Rounds]) -> dict[str, Rounds]:
    """Return the measured values, with the ratios to the floor."""
    found = {name: dict(rounds) for name, rounds in contenders.items()}
    for name in contenders:
        for quantity in ("seconds", "processor"):
            ratios = paired_ratios(contenders, name, FLOOR, quantity) if name != FLOOR else []
            if ratios:
                found[name][f"{quantity} / {FLOOR}"] = ratios
    return found


def main() -> None:
    """Compare two files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    arguments = parser.parse_args()
    found = list(changes(*(json.loads(path.read_text()) for path in (arguments.before, arguments.after))))
    print("\n".join(line for _is_worse, line in found) or "Nothing changed beyond the noise.")
    raise SystemExit(any(is_worse for is_worse, _line in found))


if __name__ == "__main__":
    main()
