# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run Ansible's commands as a user does: in a directory, with a home and an environment, perhaps on a terminal."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import subprocess
import termios
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

RUN_SECONDS = 180.0
"""The time limit of a command. The slowest one of the tests stays below it on a busy machine."""

STAND_INS = Path(__file__).with_name("stand_ins")


@dataclass
class Finished:
    """A command that has finished."""

    status: int
    stdout: str
    stderr: str
    tasks: list[dict[str, Any]]
    """Each result of each task, in the order in which they finished: `name`, `host`, `outcome`, `result`."""

    @property
    def output(self) -> str:
        """All output."""
        return f"{self.stdout}\n{self.stderr}"

    def result(self, task: str, host: str | None = None) -> dict[str, Any]:
        """Return the result of the task with this name, on this host if there are several."""
        found = [each for each in self.tasks if each["name"] == task and host in (None, each["host"])]
        assert len(found) == 1, f"{len(found)} results of {task!r}:\n{self.output}"
        result: dict[str, Any] = found[0]["result"]
        return result

    def succeeded(self) -> Self:
        """Check that the command succeeded."""
        assert self.status == 0, self.output
        return self


class Ansible:
    """Ansible's commands, run in an empty directory, with an empty home and nothing of the caller's environment.

    `environment` is that of the commands; a test may change it. Each process that descends from them has `mark` in its
    environment, so `processes` also finds those whose parents have ended.
    """

    def __init__(self, programs: Path, collections: Path, directory: Path) -> None:
        """
        :param programs: the directory of `ansible` and `ansible-playbook`.
        :param collections: the directory in which the collection is `ansible_collections/tutum/cloud`.
        :param directory: an empty directory of this test.
        """
        self.programs = programs
        self.python = programs / "python"
        self.checkout = collections / "ansible_collections" / "tutum" / "cloud"
        self.directory = directory / "work"
        self.home = directory / "home"
        temporary = directory / "tmp"
        for path in (self.directory, self.home, temporary):
            path.mkdir()
        self.mark = f"TUTUM_TEST_MARK={uuid.uuid4()}"
        self._results = directory / "results.jsonl"
        self.environment = {
            # Ansible uses the home of the user that it runs as for ~, and ignores HOME.
            "ANSIBLE_ASYNC_DIR": str(temporary / "async"),
            "ANSIBLE_CALLBACKS_ENABLED": "results_json",
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).with_name("callback_plugins")),
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_GATHERING": "explicit",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_REMOTE_TEMP": str(temporary / "remote"),
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "TMPDIR": str(temporary),
            "TUTUM_TEST_RESULTS": str(self._results),
            **dict([self.mark.split("=")]),
        }

    # Command lines.

    def adhoc(self, module: str, arguments: Mapping[str, Any] | None = None, *options: str) -> list[str]:
        """Return the command line of `ansible localhost -m module -a arguments`."""
        return ["ansible", "localhost", "-m", module, "-a", json.dumps(dict(arguments or {})), *options]

    def playbook(self, tasks: Sequence[Mapping[str, Any]], *options: str, **keywords: Any) -> list[str]:
        """Return the command line of `ansible-playbook` for a play, by default on localhost."""
        return self.plays([{"hosts": "localhost", **keywords, "tasks": list(tasks)}], *options)

    def plays(self, plays: Sequence[Mapping[str, Any]], *options: str) -> list[str]:
        """Return the command line of `ansible-playbook` for these plays."""
        return ["ansible-playbook", str(self.write("playbook.yml", json.dumps(list(plays)))), *options]

    def inventory(self, hosts: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """Return the options for an inventory of these hosts with their variables."""
        content = {"all": {"hosts": {name: dict(variables) for name, variables in hosts.items()}}}
        return ["-i", str(self.write("inventory.yml", json.dumps(content)))]

    def host(self, connection: str, **variables: Any) -> dict[str, Any]:
        """Return the variables of a host that is this machine. With `ssh`, Ansible treats it as another machine."""
        return {
            "ansible_connection": connection,
            "ansible_python_interpreter": str(self.python),
            "ansible_ssh_executable": str(STAND_INS / "ssh"),
            "ansible_ssh_transfer_method": "piped",
            "ansible_become_exe": str(STAND_INS / "sudo"),
            **variables,
        }

    def write(self, name: str, text: str) -> Path:
        """Write a file into the directory that the commands run in."""
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        return path

    # Runs.

    def run(self, command: Sequence[str], *, cwd: Path | None = None, seconds: float = RUN_SECONDS) -> Finished:
        """Run a command until it ends."""
        self._results.unlink(missing_ok=True)
        done = subprocess.run(
            command,
            cwd=cwd or self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
            timeout=seconds,
        )
        return Finished(done.returncode, done.stdout, done.stderr, self.results())

    def on_terminal(self, command: Sequence[str]) -> Terminal:
        """Start a command as the foreground process of a new terminal."""
        self._results.unlink(missing_ok=True)
        return Terminal(command, self.directory, self.environment)

    def results(self) -> list[dict[str, Any]]:
        """Return the results of the tasks that have finished so far."""
        if not self._results.exists():
            return []
        return [json.loads(line) for line in self._results.read_text(encoding="utf-8").splitlines()]

    # Processes.

    def processes(self) -> dict[int, str]:
        """Return the command lines of all running processes that descend from this object's commands, by their ids."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                # A process may end in the meantime.
                with contextlib.suppress(OSError):
                    if self.mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                        found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found

    def waiting_modules(self) -> dict[int, str]:
        """Return the processes that are the waiting module, or that run it."""
        return {pid: line for pid, line in self.processes().items() if "AnsiballZ_wait_for_action" in line}

    def end_processes(self) -> dict[int, str]:
        """Kill all remaining processes, wait until they have ended, and return them."""
        left = self.processes()
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: left.keys().isdisjoint(self.processes()), 10)
        return left


def _use_terminal() -> None:
    """Make standard input the controlling terminal of this process, which was just forked, and enable Ctrl-C.

    What a shell starts in the background ignores SIGINT, and so do its children.
    """
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """A command on its own terminal (a pseudo-terminal), and its user."""

    def __init__(self, command: Sequence[str], directory: Path, environment: Mapping[str, str]) -> None:
        self._master, slave = pty.openpty()
        # Wide enough that no line is wrapped.
        termios.tcsetwinsize(slave, (50, 1000))
        self.lines: list[tuple[float, str]] = []
        """The lines that were shown, each with the monotonic seconds."""
        self._changed = threading.Condition()
        self.process = subprocess.Popen(
            command,
            cwd=directory,
            env={**environment, "TERM": "dumb"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_use_terminal,  # noqa: PLW1509 - only system calls
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(5)
        os.close(self._master)

    def _read(self) -> None:
        rest = b""
        while True:
            try:
                read = os.read(self._master, 65536)
            except OSError:
                read = b""  # the other side is closed
            *lines, rest = (rest + read).split(b"\n")
            if not read and rest:
                lines.append(rest)
            now = time.monotonic()
            with self._changed:
                self.lines += [(now, line.decode("utf-8", "replace").rstrip("\r")) for line in lines]
                self._changed.notify_all()
            if not read:
                return

    @property
    def text(self) -> str:
        """All lines so far."""
        return "\n".join(line for _moment, line in self.lines)

    def wait_for(self, text: str, seconds: float = RUN_SECONDS) -> str:
        """Wait until a line with this text is shown, and return it."""

        return self._wait_for(lambda line: text in line, text, seconds)

    def _wait_for(self, matches: Callable[[str], bool], wanted: str, seconds: float) -> str:
        def found() -> str | None:
            return next((line for _moment, line in self.lines if matches(line)), None)

        with self._changed:
            assert self._changed.wait_for(lambda: found() is not None, seconds), f"no {wanted!r} in:\n{self.text}"
        return found() or ""

    def wait_for_match(self, pattern: str, seconds: float = RUN_SECONDS) -> str:
        """Wait until a line that matches a regular expression is shown, and return it."""
        return self._wait_for(lambda line: re.search(pattern, line) is not None, pattern, seconds)

    def press_ctrl_c(self) -> None:
        """Press Ctrl-C: the terminal sends SIGINT to its foreground process group."""
        os.write(self._master, b"\x03")

    def wait(self, seconds: float = RUN_SECONDS) -> int:
        """Wait until the command has ended and its last line is read, and return its exit status."""
        status = self.process.wait(seconds)
        self._reader.join(5)
        return status


def wait_until(condition: Callable[[], object], seconds: float = RUN_SECONDS) -> float:
    """Check a condition until it is true, and return the seconds that this took. Fail if it never is."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"it did not happen within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - started
