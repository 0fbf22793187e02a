# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of a worker of Ansible, with everything that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.plugin_utils import _processes
from ansible_collections.tutum.cloud.plugins.plugin_utils._processes import _descendants, end_this_worker

SECONDS = 30.0
"""The seconds after which a test fails."""

# Waits until its standard input is closed.
WAIT = "import sys; sys.stdin.read()"

START_CHILD = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {WAIT!r}])
print(child.pid, flush=True)
"""


class Listing:
    """Replaces the list of processes, and records signals instead of sending them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
        self.killed: list[tuple[int, int]] = []
        self._text = text
        monkeypatch.setattr(subprocess, "run", self._run)
        monkeypatch.setattr(os, "kill", self._kill)
        monkeypatch.setattr(os, "getpid", lambda: 10)

    def _run(self, *_command: t.Any, **_options: t.Any) -> t.Any:
        if self._text == "missing":
            raise FileNotFoundError(2, "No such file or directory", "ps")
        if self._text == "slow":
            raise subprocess.TimeoutExpired("ps", 5.0)
        return subprocess.CompletedProcess([], 0, stdout=self._text)

    def _kill(self, pid: int, number: int) -> None:
        self.killed.append((pid, number))
        if pid == 12:
            raise ProcessLookupError
        if pid == 13:
            raise PermissionError


def test_end_this_worker_terminates_descendants_and_then_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = Listing(
        monkeypatch, "    1     0\n   10     1\n  11    10\n   12    11\n 13  11\n 14 12\n   20     1\n 21 20\n"
    )
    end_this_worker()
    pids = [pid for pid, _number in listing.killed]
    assert (sorted(pids), pids[-1]) == ([10, 11, 12, 13, 14], 10)
    assert {number for _pid, number in listing.killed} == {signal.SIGTERM}


@pytest.mark.parametrize("text", ["missing", "slow", "", "PID PPID\n", "1\n", "\n\n", "a b c\n"])
def test_end_this_worker_without_a_list_of_processes_terminates_itself(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    listing = Listing(monkeypatch, text)
    end_this_worker()
    assert listing.killed == [(10, signal.SIGTERM)]


def test_descendants_are_found_among_real_processes() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", START_CHILD + "child.wait()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout
        grandchild = int(started.stdout.readline())
        assert {started.pid, grandchild} <= set(_descendants(os.getpid()))
        assert _descendants(started.pid) == [grandchild]
        assert _descendants(grandchild) == []
        started.communicate(timeout=SECONDS)


def test_end_this_worker_ends_a_real_worker_and_what_it_started() -> None:
    # The worker's child keeps its standard output open: that it ends shows that the child has ended, too.
    code = f"import runpy; runpy.run_path({_processes.__file__!r})['end_this_worker']()"
    with subprocess.Popen(
        [sys.executable, "-c", START_CHILD + code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout
        assert int(worker.stdout.readline()) > 0
        assert worker.stdout.read() == ""
        assert worker.wait(SECONDS) == -signal.SIGTERM
