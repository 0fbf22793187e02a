# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The script behind `make test`, with another nox: exit status, output, and interruption."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

RUNNER = Path(__file__).resolve().parents[1] / "run_sessions.py"
NOX = """
import json, os, pathlib, sys, time
if "--list" in sys.argv:
    print(json.dumps([{"session": name} for name in os.environ["SESSIONS"].split()]))
    sys.exit()
name = sys.argv[-1]
if name.startswith("missing"):
    print(f"nox > Session {name} skipped: Python 3.14 is not installed.")
    sys.exit()
pathlib.Path(name).write_text(str(os.getpid()))
if name == "endless":
    time.sleep(60)
print(f"==== {'1 failed, ' * (name == 'bad')}2 passed in 0.01s ====")
sys.exit(name == "bad")
"""


def start(directory: Path, sessions: str, *, ignoring_ctrl_c: bool = False) -> subprocess.Popen[str]:
    """Run these sessions. Each writes its process ID to a file of its name."""
    (directory / "tests/tools").mkdir(parents=True)
    (directory / "tests/tools/run_sessions.py").write_text(RUNNER.read_text())
    (directory / "nox.py").write_text(NOX)
    code = "import runpy, signal, sys; sys.argv[:1] = []\n"
    code += "signal.signal(signal.SIGINT, signal.SIG_IGN)\n" * ignoring_ctrl_c
    code += "runpy.run_path(sys.argv[0], run_name='__main__')"
    return subprocess.Popen(
        [sys.executable, "-c", code, "tests/tools/run_sessions.py", "--jobs=2"],
        cwd=directory,
        env=os.environ | {"PYTHONPATH": str(directory), "SESSIONS": sessions},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize(
    ("sessions", "status", "words"),
    [
        ("integration-good better", 0, ["ok      integration-good", "2 sessions in", "4 passed, 0 failed\n"]),
        ("integration-good bad", 1, ["FAILED  bad", "1 failed, 2 passed in", "Failed: bad", "4 passed, 1 failed"]),
        (
            "integration-good missing-b missing-a",
            0,
            ["(missing-a, missing-b: Python 3.14 is not installed)\n2 passed, 0 failed, 2 skipped\n"],
        ),
        ("good", 1, ["INCOMPLETE: no ansible-core was tested"]),
        ("good missing-integration", 1, ["INCOMPLETE: no ansible-core was tested"]),
    ],
)
def test_outcome(tmp_path: Path, sessions: str, status: int, words: list[str]) -> None:
    process = start(tmp_path, sessions)
    output, _errors = process.communicate(timeout=30)
    assert process.returncode == status, output
    for each in words:
        assert each in output


@pytest.mark.parametrize("ignoring_ctrl_c", [False, True])
def test_interrupted_more_than_once(tmp_path: Path, *, ignoring_ctrl_c: bool) -> None:
    """make sends the signal that its whole group received again, and a person presses Ctrl-C twice."""
    process = start(tmp_path, "endless good", ignoring_ctrl_c=ignoring_ctrl_c)
    started = tmp_path / "endless"
    deadline = time.monotonic() + 30
    while not (started.exists() and started.read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT):
        process.send_signal(number)
        time.sleep(0.05)
    output, _errors = process.communicate(timeout=8)
    assert process.returncode == 130, output
    assert "Traceback" not in output
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)
