# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark runs: every case, with small sizes. The figures have no meaning then."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"

CASES = {
    "one action by UUID, module": {"tutum_action_info", "floor", "uri"},
    "one action by UUID, lookup": {"lookup", "floor", "url"},
    "4 lookups of 2 UUIDs in one task": {"lookup", "lookup in a loop", "floor", "url"},
    "newest 10 of 600, module": {"tutum_action_info", "floor, offset known", "uri, offset known"},
    "wait for one action of 1 s": {"wait_for_action", "uri, until"},
    "wait for 20 actions that end within 1 s": {"wait_for_action"},
    "a call, and the wait for its action of 1 s": {"tutum_call", "uri; uri, until"},
    "2 hosts that wait concurrently, 2 requests a second in all": {"wait_for_action"},
}
"""Cases whose contenders must all run."""


def test_benchmark_quick_run_measures_every_case(tmp_path: Path) -> None:
    results, table = tmp_path / "results.json", tmp_path / "table.md"
    command = [sys.executable, "run.py", "--quick", f"--json={results}", f"--markdown={table}"]
    done = subprocess.run(command, cwd=BENCHMARKS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    cases = {case["case"]: case["contenders"] for case in json.loads(results.read_text())["cases"]}
    assert len(cases) == 13
    for name, contenders in CASES.items():
        assert set(cases[name]) == contenders
    for name, contenders in cases.items():
        assert f"| {name} |" in table.read_text()
        for contender, rounds in contenders.items():
            assert len(rounds["processor"]) == 1
            assert rounds["requests"][0] > 0 or "file" in contender
    lookups = cases["4 lookups of 2 UUIDs in one task"]
    assert lookups["lookup"]["requests"] == lookups["lookup in a loop"]["requests"] == [2]

    compared = subprocess.run(
        [sys.executable, "compare.py", str(results), str(results)],
        cwd=BENCHMARKS,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert compared.stdout == "Nothing changed beyond the noise.\n"
