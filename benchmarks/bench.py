# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways to run a command or a task against a server, and to measure what it takes."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutum_sandbox.process import Sandbox

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent

Task = dict[str, Any]


@dataclass
class Measure:
    """What one run took."""

    seconds: float
    processor: float
    """Processor time in seconds, of all processes of the run; 0 for a part of a run."""
    requests: int
    connections: int
    memory: float | None = None
    """Peak memory in MiB of a process that does nothing else."""


class Target:
    """A server to measure with: one that replays the responses of a sandbox."""

    def __init__(self, url: str, environment: dict[str, str]) -> None:
        self.url = url
        self.environment = {**environment, "TUTUM_REST_HOST": url}

    def reset(self, latency: float) -> None:
        """Reset the counts, and let each response take this many seconds."""
        self._control(f"?latency={latency}")

    def counts(self) -> tuple[int, int]:
        """Return how many requests there were, over how many connections."""
        found = self._control("")
        return found["requests"], found["connections"]

    def _control(self, query: str) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.url}/replay/{query}", timeout=60) as response:
            found: dict[str, int] = json.load(response)
        return found


class LiveTarget(Target):
    """A sandbox itself, for actions that change with time."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox.url, sandbox.environment())
        self.sandbox = sandbox

    def reset(self, latency: float) -> None:
        """Reset the counts, and let each response take this many seconds."""
        self.sandbox.set(latency=latency * 1000)
        self.sandbox.clear_requests()

    def counts(self) -> tuple[int, int]:
        """Return how many requests there were, over how many connections."""
        log = self.sandbox.requests()
        return len(log), len({entry["connection"] for entry in log})


class Bench:
    """Starts servers, and runs contenders against them."""

    def __init__(self, programs: Path, sandbox_python: str, directory: Path, stack: ExitStack) -> None:
        """
        :param programs: the directory with `ansible-playbook` and a `python` that has requests.
        :param sandbox_python: a Python that has Django.
        :param directory: an empty directory.
        :param stack: stops the servers.
        """
        self._programs = programs
        self._sandbox_python = sandbox_python
        self._directory = directory
        self._durations = directory / "durations.jsonl"
        self._stack = stack

    def sandbox(self, actions: int) -> Sandbox:
        """Start a sandbox."""
        return self._stack.enter_context(Sandbox(self._sandbox_python, actions=actions))

    def replay(self, sandbox: Sandbox) -> Target:
        """Start a server that replays the responses of a sandbox."""
        return self._stack.enter_context(_replay(sandbox))

    def read(self, reader: str, target: Target, latency: float, *what: str) -> Measure:
        """Query with read.py, in a process that does nothing else and whose start does not count."""
        target.reset(latency)
        found = json.loads(self._run([self._programs / "python", HERE / "read.py", reader, *what], target))
        requests, connections = target.counts()
        return Measure(found["seconds"], found["processor"], requests, connections, found["memory"])

    def run(self, command: Sequence[str | Path], target: Target, latency: float = 0.0) -> Measure:
        """Run a command. Its start counts."""
        target.reset(latency)
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        self._run(command, target)
        seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Measure(seconds, processor, *target.counts())

    def tasks(self, target: Target, tasks: dict[str, Task], rounds: int, latency: float) -> dict[str, list[Measure]]:
        """Run tasks in turn, several times each, in one run of Ansible, whose start does not count."""
        self._durations.unlink(missing_ok=True)
        named = [{"name": name, **task} for name, task in tasks.items()]
        self.play(target, *named * (rounds + 1), latency=latency)
        requests, connections = target.counts()
        runs = len(named) * (rounds + 1)
        lines = [json.loads(line) for line in self._durations.read_text().splitlines()]
        assert len(lines) == runs
        taken: dict[str, list[Measure]] = {name: [] for name in tasks}
        for line in lines[len(named) :]:  # The first of each only warms up.
            taken[line["name"]].append(Measure(line["seconds"], 0.0, requests // runs, connections // runs))
        return taken

    def play(self, target: Target, *tasks: Task, hosts: int = 1, latency: float = 0.0, **keywords: Any) -> Measure:
        """Run a playbook with these tasks on this many hosts, all of which are this machine."""
        names = [f"host{number}" for number in range(hosts)] if hosts > 1 else ["localhost"]
        inventory = {
            name: {"ansible_connection": "local", "ansible_python_interpreter": sys.executable} for name in names
        }
        (self._directory / "inventory.json").write_text(json.dumps({"all": {"hosts": inventory}}))
        (self._directory / "play.json").write_text(
            json.dumps([{"hosts": "all", "gather_facts": False, "tasks": list(tasks), **keywords}])
        )
        program = self._programs / "ansible-playbook"
        arguments = ["--inventory", "inventory.json", "--forks", "10", "play.json"]
        return self.run([program, *arguments], target, latency)

    def _run(self, command: Sequence[str | Path], target: Target) -> str:
        environment = {
            "PATH": f"{self._programs}:{os.environ['PATH']}",
            "HOME": str(self._directory),
            "PYTHONPATH": str(CHECKOUT / ".collections"),
            "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / ".collections"),
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "durations",
            "TUTUM_BENCHMARK_DURATIONS": str(self._durations),
            "LC_ALL": "C.UTF-8",
            **target.environment,
        }
        done = subprocess.run(
            command,
            env=environment,
            cwd=self._directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout


@contextmanager
def _replay(sandbox: Sandbox) -> Iterator[Target]:
    """Run replay.py in a separate process."""
    process = subprocess.Popen(
        [sys.executable, str(HERE / "replay.py"), sandbox.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Target(json.loads(process.stdout.readline())["url"], sandbox.environment())
        finally:
            process.stdin.close()


Contender = Callable[[], Measure]
