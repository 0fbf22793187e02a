# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results as a table for a terminal, as a table for the README, and as JSON; and what they were measured with."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from measures import ratio, spread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from measures import Case, Rounds

FORMATS = {
    "seconds": "{:.3g} s",
    "processor": "{:.3g} s cpu",
    "requests": "{:.3g} requests",
    "connections": "{:.3g} connections",
    "memory": "{:.0f} MiB",
    "late": "{:.1f} s late",
}

VERSIONS = (
    "import json, importlib.metadata as m; print(json.dumps({n: m.version(n) for n in"
    " ('ansible-core', 'requests', 'urllib3')}))"
)


def result_of(case: Case, contenders: dict[str, Rounds], *, with_limits: bool) -> dict[str, Any]:
    """Return what was measured as JSON: each round, and whether the limits are kept."""
    limits = []
    for limit in case.limits if with_limits else ():
        value = limit.value(contenders)
        limits.append(
            {**asdict(limit), "text": str(limit), "value": value, "kept": value is None or value <= limit.most}
        )
    return {"case": case.name, "contenders": contenders, "limits": limits}


def describe_environment(programs: Path) -> dict[str, str]:
    """Return the date, the machine, and the versions."""
    shown = subprocess.run([programs / "python", "-c", VERSIONS], capture_output=True, text=True, check=True).stdout
    versions: dict[str, str] = json.loads(shown)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "python": platform.python_version(),
        **versions,
    }


def lines_of(result: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of one case for a terminal."""
    contenders: dict[str, Rounds] = result["contenders"]
    names = list(contenders)
    first = names[0]
    yield f"\n{result['case']}"
    for name, rounds in contenders.items():
        shown = [
            f"{_median(rounds, quantity):>14} {_spread(rounds, quantity):7}" for quantity in ("seconds", "processor")
        ]
        rest = [_median(rounds, quantity) for quantity in ("requests", "connections", "memory", "late")]
        ratio = _ratio(contenders, first, name)
        yield f"  {name:32}{''.join(shown)}{ratio:>6}  {', '.join(filter(None, rest))}"
    for limit in result["limits"]:
        if limit["value"] is not None:
            kept = "kept" if limit["kept"] else "MISSED"
            yield f"  {kept}: {limit['text']} (is {limit['value']:.3g})"


def markdown_of(results: list[dict[str, Any]], environment: dict[str, str]) -> Iterator[str]:
    """Yield the lines of a table in Markdown."""
    versions = ", ".join(f"{name} {value}" for name, value in environment.items() if name not in ("date", "machine"))
    yield f"{environment['date']}, {environment['machine']}, {versions}:"
    yield ""
    yield "| case | contender | time | processor | ours / this | requests | memory | note |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for result in results:
        contenders: dict[str, Rounds] = result["contenders"]
        names = list(contenders)
        first = names[0]
        for name, rounds in contenders.items():
            cells = [
                result["case"] if name == first else "",
                name,
                f"{_median(rounds, 'seconds')} {_spread(rounds, 'seconds')}".strip(),
                f"{_median(rounds, 'processor')} {_spread(rounds, 'processor')}".strip().replace(" cpu", ""),
                _ratio(contenders, first, name),
                _median(rounds, "requests").removesuffix(" requests"),
                _median(rounds, "memory"),
                _median(rounds, "late"),
            ]
            yield f"| {' | '.join(cells)} |"
    missed = [limit for result in results for limit in result["limits"] if not limit["kept"]]
    yield ""
    for limit in missed:
        yield f"- Missed: {limit['text']} (is {limit['value']:.3g})."
    if not missed:
        yield "All limits are kept."


def _median(rounds: Rounds, quantity: str) -> str:
    values = rounds.get(quantity)
    return FORMATS[quantity].format(statistics.median(values)) if values else ""


def _spread(rounds: Rounds, quantity: str) -> str:
    """Return the width of the middle half of the rounds, in percent of the median."""
    values = rounds.get(quantity) or []
    median = statistics.median(values) if values else 0.0
    return f"±{spread(values) / median * 50:.0f} %" if len(values) > 1 and median > 0 else ""


def _ratio(contenders: dict[str, Rounds], first: str, name: str) -> str:
    """Return the processor time of the first contender as a multiple of this one's."""
    found = None if name == first else ratio(contenders, first, name, "processor")
    return "" if found is None else f"{found:.2f}"
