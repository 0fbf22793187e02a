# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run nox sessions as processes of their own, some at a time.

One line when a session starts and one when it ends; the whole log of each that failed; the totals of all tests at the
end. The exit status is 0 when nothing failed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock

CHECKOUT = Path(__file__).resolve().parents[2]
LOGS = CHECKOUT / ".cache" / "logs"
MATRIX = "tests/tools/matrix.py"
NOX = [sys.executable, "-m", "nox", "--non-interactive"]

# The slowest sessions start first, so that none of them runs alone at the end. Most of them wait half of the time, for
# playbooks and servers. Those that compute all the time are in between, so that the processors are always busy.
_FIRST = (
    *("cli", "client", "sanity", "pytest-coverage", "examples", "integration", "target", "cli-essentials", "build"),
    *("installation", "rulebook", "essentials", "runner", "benchmark", "tools", "ansible-lint", "report", "types"),
)
_VERSIONS = re.compile(r"-(devel|[\d.]+)")

_INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM)

# How the tools report which tests they ran. ansible-test repeats pytest's last line for each group of unit tests.
_PYTEST = re.compile(
    r"^=+ (?:.*\D)?\d+ (?:passed|failed|skipped|error|xfailed|deselected).* in [\d.]+s.*=+$", re.MULTILINE
)
_PYTEST_COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped)")
_SANITY_TEST = re.compile(r'^Running sanity test "', re.MULTILINE)
_SANITY_FAILED = re.compile(r"^(?:FATAL|ERROR): The (\d+) sanity test\(s\) listed below", re.MULTILINE)
_TARGET = re.compile(r"^Running \S+ integration test (?:role|script)", re.MULTILINE)
_SKIPPED = re.compile(r"^nox > Session \S+ skipped: (.*?)(?: \(took .*)?$", re.MULTILINE)


@dataclass
class Counts:
    """How many tests passed, failed and were skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other: Counts) -> None:
        """Add the counts of another session."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


@dataclass
class Result:
    """How one session ended."""

    session: str
    seconds: float
    status: int
    log: str
    counts: Counts
    skipped: str = ""

    def __str__(self) -> str:
        state = "FAILED " if self.status else "skipped" if self.skipped else "ok     "
        return f"{state} {self.session:24} {self.seconds:5.0f} s  {self.skipped or self.counts}"


@dataclass
class Runner:
    """Runs sessions, and can end all running ones."""

    time_limit: float
    _running: set[subprocess.Popen[bytes]] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)
    _stopped: Event = field(default_factory=Event)

    def run(self, session: str) -> Result:
        """Run one session to its end, or to the time limit."""
        log = LOGS / f"{session}.log"
        started = time.monotonic()
        with log.open("wb") as output:
            with self._lock:
                if self._stopped.is_set():
                    raise KeyboardInterrupt
                process = subprocess.Popen(
                    [*NOX, "--session", session],
                    cwd=CHECKOUT,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                self._running.add(process)
            print(f"started {session}", flush=True)
            try:
                status = process.wait(self.time_limit)
            except subprocess.TimeoutExpired:
                _end(process)
                status = process.returncode or 1
                output.write(f"\nEnded after {self.time_limit:.0f} s, the limit for one session.\n".encode())
            finally:
                with self._lock:
                    self._running.discard(process)
        text = log.read_text(errors="replace")
        skipped = _SKIPPED.search(text) if status == 0 else None
        counts = Counts(skipped=1) if skipped else count_tests(text, failed=status != 0)
        reason = skipped.group(1) if skipped else ""
        return Result(session, time.monotonic() - started, status, text, counts, reason)

    def stop(self) -> None:
        """Start no more sessions, and end the running ones."""
        self._stopped.set()
        with self._lock:
            running = list(self._running)
        for process in running:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a session and all its children, first with SIGINT, so that it can clean up."""
    for sent, seconds in ((signal.SIGINT, 10.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(process.pid, sent)
            process.wait(seconds)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def count_tests(log: str, *, failed: bool) -> Counts:
    """Sum up the tests in a session's log. A session without counts is one test itself."""
    counts = Counts()
    for line in _PYTEST.findall(log):
        for number, outcome in _PYTEST_COUNT.findall(line):
            name = outcome if outcome in {"passed", "skipped"} else "failed"
            setattr(counts, name, getattr(counts, name) + int(number))
    wrong = sum(map(int, _SANITY_FAILED.findall(log)))
    counts.passed += len(_SANITY_TEST.findall(log)) - wrong + len(_TARGET.findall(log))
    counts.failed += wrong
    if failed and not counts.failed:
        counts.failed = 1
    elif counts == Counts():
        counts.passed = 1
    return counts


def list_sessions() -> list[str]:
    """Return the names of the default sessions, the slowest first."""
    listing = subprocess.run([*NOX, "--list", "--json"], cwd=CHECKOUT, check=True, stdout=subprocess.PIPE, text=True)
    # `lint` only starts other sessions of the list.
    sessions: list[str] = [each["session"] for each in json.loads(listing.stdout) if each["session"] != "lint"]

    def rank(session: str) -> int:
        kind = _VERSIONS.sub("", session)
        return _FIRST.index(kind) if kind in _FIRST else len(_FIRST)

    return sorted(sessions, key=rank)


def summarize(results: list[Result]) -> list[str]:
    """Return the last lines: the skipped sessions with their reasons, and the totals alone in a line for CI."""
    totals = Counts()
    reasons: dict[str, list[str]] = {}
    for result in results:
        totals.add(result.counts)
        if result.skipped:
            reasons.setdefault(result.skipped.rstrip("."), []).append(result.session)
    named = "; ".join(f"{', '.join(sorted(sessions))}: {reason}" for reason, sessions in sorted(reasons.items()))
    count = sum(map(len, reasons.values()))
    return [*([f"{count} of {len(results)} sessions skipped ({named})"] if reasons else []), str(totals)]


def has_tested_a_core(results: list[Result]) -> bool:
    """Return whether real playbooks ran with any ansible-core. Without them, a run proves little."""
    return any(each.session.startswith("integration-") and not each.skipped for each in results)


def main() -> int:
    """Run all default sessions."""
    parser = argparse.ArgumentParser(description=__doc__)
    # With many more sessions than processors, tests with real time limits would fail.
    jobs = (os.cpu_count() or 1) + 2
    parser.add_argument("--jobs", type=int, default=jobs, help="how many at a time (default: %(default)s)")
    parser.add_argument(
        "--time-limit", type=float, default=1500.0, help="seconds for one session (default: %(default)s)"
    )
    arguments = parser.parse_args()

    def interrupt(_signal: int, _frame: object) -> None:
        # Once is enough: make sends its group's signal again, and people press Ctrl-C twice.
        for each in _INTERRUPTIONS:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    # Set this even if Ctrl-C was ignored, as in a background job: the sessions inherit it, and Ctrl-C ends them.
    for each in _INTERRUPTIONS:
        signal.signal(each, interrupt)
    LOGS.mkdir(parents=True, exist_ok=True)
    sessions = list_sessions()
    runner = Runner(arguments.time_limit)
    results: list[Result] = []
    started = time.monotonic()
    with ThreadPoolExecutor(arguments.jobs) as pool:
        pending = [pool.submit(runner.run, session) for session in sessions]
        try:
            for done in as_completed(pending):
                result = done.result()
                results.append(result)
                if result.status:
                    print(f"{f' {result.session} ':-^100}\n{result.log.rstrip()}\n{'':-^100}")
                print(result, flush=True)
        except KeyboardInterrupt:
            print("interrupted, ending what runs ...", flush=True)
            pool.shutdown(wait=False, cancel_futures=True)
            runner.stop()
            return 130
    print(f"\n{len(sessions)} sessions in {time.monotonic() - started:.0f} s")
    failed = [result.session for result in results if result.status]
    if failed:
        print(f"Failed: {', '.join(failed)}. Run one alone with: .venv/nox/bin/nox -s {failed[0]}")
    incomplete = not has_tested_a_core(results)
    if incomplete:
        print(f"INCOMPLETE: no ansible-core was tested. Install a Python that one supports; see {MATRIX}.")
    print(*summarize(results), sep="\n")
    return 1 if failed or incomplete else 0


if __name__ == "__main__":
    sys.exit(main())
