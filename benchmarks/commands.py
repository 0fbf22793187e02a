# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a playbook or another command against a server, and measure it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measures import Measure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from servers import Target

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent

COLLECTIONS = os.environ.get("TUTUM_TEST_COLLECTIONS", str(CHECKOUT / ".collections"))

FORKS = 20

Task = dict[str, Any]


class Commands:
    """Runs commands in a directory of their own, without the caller's environment."""

    def __init__(self, programs: Path, directory: Path) -> None:
        """
        :param programs: the directory with `ansible-playbook` and a `python` that has requests.
        :param directory: an empty directory.
        """
        self._programs = programs
        self.directory = directory

    def play(self, target: Target, *tasks: Task, hosts: int = 1, latency: float = 0.0, **keywords: Any) -> Measure:
        """Run a playbook with these tasks on this many hosts, all of which are this machine."""
        host = {"ansible_connection": "local", "ansible_python_interpreter": str(self._programs / "python")}
        names = [f"host{number}" for number in range(hosts)] if hosts > 1 else ["localhost"]
        inventory = {"all": {"hosts": dict.fromkeys(names, host)}}
        play = {"hosts": "all", "gather_facts": False, "tasks": list(tasks), **keywords}
        (self.directory / "inventory.json").write_text(json.dumps(inventory))
        (self.directory / "play.json").write_text(json.dumps([play]))
        program = str(self._programs / "ansible-playbook")
        return self.run([program, "--inventory=inventory.json", f"--forks={FORKS}", "play.json"], target, latency)

    def run(self, command: Sequence[str | Path], target: Target, latency: float = 0.0) -> Measure:
        """Run a command with everything that belongs to it."""
        target.reset(latency)
        _output, seconds, processor = self._run(command, target.environment)
        return Measure(seconds, processor, *target.counts())

    def run_alone(self, script: str, arguments: Sequence[str], target: Target, latency: float = 0.0) -> Measure:
        """Run a script of this directory that measures itself, so that its start does not count."""
        target.reset(latency)
        command = [str(self._programs / "python"), str(HERE / script), *arguments]
        output, _seconds, _processor = self._run(command, target.environment)
        found = json.loads(output)
        return Measure(found["seconds"], found["processor"], *target.counts(), memory=found["memory"])

    def _run(self, command: Sequence[str | Path], environment: Mapping[str, str]) -> tuple[str, float, float]:
        """Run a command, and return its output, the seconds, and the processor time of all its processes."""
        output = self.directory / "output.txt"
        started = time.perf_counter()
        with output.open("wb") as sink:
            process = subprocess.Popen(
                command,
                env={**self._environment(), **environment},
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
            _pid, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        text = output.read_text(errors="replace")
        if process.returncode:
            raise SystemExit(f"{' '.join(map(str, command))} failed:\n{text[-5000:]}")
        return text, seconds, usage.ru_utime + usage.ru_stime

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self._programs}:{os.environ['PATH']}",
            "HOME": str(self.directory),
            "PYTHONPATH": COLLECTIONS,
            "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS,
            "ANSIBLE_LIBRARY": str(HERE / "floor" / "library"),
            "ANSIBLE_LOOKUP_PLUGINS": str(HERE / "floor" / "lookup_plugins"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "LC_ALL": "C.UTF-8",
        }
