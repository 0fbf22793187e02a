# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run Ansible's commands as a person does: in a folder, with a home and an environment, perhaps on a terminal."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
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

# As long as the slowest command of these tests takes on a machine that is busy with other things.
PATIENCE = 180.0


@dataclass
class Finished:
    """A command that has ended."""

    status: int
    stdout: str
    stderr: str
    tasks: list[dict[str, Any]]
    """Each result of each task, in the order of their ends: `name`, `host`, `outcome`, `result`."""

    @property
    def output(self) -> str:
        """All that a person saw, in two parts."""
        return f"{self.stdout}\n{self.stderr}"

    def result(self, task: str, host: str | None = None) -> dict[str, Any]:
        """The result of the task with this name, on this host where there are several."""
        found = [each for each in self.tasks if each["name"] == task and host in (None, each["host"])]
        assert len(found) == 1, f"{len(found)} results of {task!r}:\n{self.output}"
        result: dict[str, Any] = found[0]["result"]
        return result

    def succeeded(self) -> Self:
        """This, unless the command failed."""
        assert self.status == 0, self.output
        return self


class Ansible:
    """Ansible's commands, run in an empty folder, with an empty home and nothing of the caller's environment.

    `environment` is what the commands get; a test may change it. Each process that descends from them carries `mark`,
    so `processes` finds also those that have lost their parents.
    """

    def __init__(self, programs: Path, collections: Path, folder: Path) -> None:
        """
        :param programs: the folder with `ansible` and `ansible-playbook`.
        :param collections: the folder in which the collection is `ansible_collections/tutum/cloud`.
        :param folder: an empty folder of this test.
        """
        self.programs = programs
        self.python = programs / "python"
        self.checkout = collections / "ansible_collections" / "tutum" / "cloud"
        self.folder = folder / "work"
        self.home = folder / "home"
        temporary = folder / "tmp"
        for path in (self.folder, self.home, temporary):
            path.mkdir()
        self.mark = f"TUTUM_TEST_MARK={uuid.uuid4()}"
        self._results = folder / "results.jsonl"
        self.environment = {
            # Ansible takes ~ for the home of the user that it runs as, whatever HOME says.
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

    # What to run.

    def adhoc(self, module: str, arguments: Mapping[str, Any] | None = None, *options: str) -> list[str]:
        """The command line of `ansible localhost -m module -a arguments`."""
        return ["ansible", "localhost", "-m", module, "-a", json.dumps(dict(arguments or {})), *options]

    def playbook(self, tasks: Sequence[Mapping[str, Any]], *options: str, **keywords: Any) -> list[str]:
        """The command line of `ansible-playbook` for a play with these tasks and keywords, by default on localhost."""
        return self.plays([{"hosts": "localhost", **keywords, "tasks": list(tasks)}], *options)

    def plays(self, plays: Sequence[Mapping[str, Any]], *options: str) -> list[str]:
        """The command line of `ansible-playbook` for these plays."""
        return ["ansible-playbook", str(self.write("playbook.yml", json.dumps(list(plays)))), *options]

    def inventory(self, hosts: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """The options for an inventory of these hosts with their variables."""
        content = {"all": {"hosts": {name: dict(variables) for name, variables in hosts.items()}}}
        return ["-i", str(self.write("inventory.yml", json.dumps(content)))]

    def host(self, connection: str) -> dict[str, str]:
        """The variables of a host that is this machine. With `ssh` Ansible takes it for another one."""
        return {
            "ansible_connection": connection,
            "ansible_python_interpreter": str(self.python),
            "ansible_ssh_executable": str(self.checkout / "tests/integration/targets/ways_to_run/files/ssh"),
            "ansible_ssh_transfer_method": "piped",
        }

    def write(self, name: str, text: str) -> Path:
        """Write a file into the folder that the commands run in."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    # How to run it.

    def run(self, command: Sequence[str], *, cwd: Path | None = None, patience: float = PATIENCE) -> Finished:
        """Run a command to its end."""
        self._results.unlink(missing_ok=True)
        done = subprocess.run(
            command,
            cwd=cwd or self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
            timeout=patience,
        )
        return Finished(done.returncode, done.stdout, done.stderr, self.results())

    def on_terminal(self, command: Sequence[str]) -> Terminal:
        """Start a command as the foreground process of a new terminal."""
        self._results.unlink(missing_ok=True)
        return Terminal(command, self.folder, self.environment)

    def results(self) -> list[dict[str, Any]]:
        """The results of the tasks that have ended so far."""
        if not self._results.exists():
            return []
        return [json.loads(line) for line in self._results.read_text(encoding="utf-8").splitlines()]

    # What is left of it.

    def processes(self) -> dict[int, str]:
        """The command lines of all processes that run now and descend from this object's commands, by their ids."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                # A process may end while it is looked at.
                with contextlib.suppress(OSError):
                    if self.mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                        found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found

    def waiting_modules(self) -> dict[int, str]:
        """Those processes that are, or stand around, the module that waits."""
        return {pid: line for pid, line in self.processes().items() if "AnsiballZ_wait_for_action" in line}

    def end_processes(self) -> dict[int, str]:
        """End whatever is left, and return what that was."""
        left = self.processes()
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return left


def _sit_at_the_terminal() -> None:
    """Make standard input the terminal that this process, just forked, belongs to, where Ctrl-C is heard.

    What a shell starts in the background ignores SIGINT, and so does all that it starts in turn.
    """
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """A command on a terminal of its own (a pseudo-terminal), and a person in front of it."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._master, slave = pty.openpty()
        # Wide enough that no line is broken, as in a log file.
        termios.tcsetwinsize(slave, (50, 1000))
        self.lines: list[tuple[float, str]] = []
        """What was shown: the moment (by the monotonic clock) and the line."""
        self._changed = threading.Condition()
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**environment, "TERM": "dumb"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_sit_at_the_terminal,  # noqa: PLW1509 - only system calls
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
                read = b""  # nobody has the other side open any more
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
        """All that was shown so far."""
        return "\n".join(line for _moment, line in self.lines)

    def wait_for(self, text: str, patience: float = PATIENCE) -> str:
        """Wait until a line with this text is shown, and return it."""

        def found() -> str | None:
            return next((line for _moment, line in self.lines if text in line), None)

        with self._changed:
            assert self._changed.wait_for(lambda: found() is not None, patience), f"no {text!r} in:\n{self.text}"
        return found() or ""

    def press_ctrl_c(self) -> None:
        """What a person does who has seen enough: the terminal sends SIGINT to its foreground process group."""
        os.write(self._master, b"\x03")

    def wait(self, patience: float = PATIENCE) -> int:
        """Wait until the command has ended and its last line is read; its exit status."""
        status = self.process.wait(patience)
        self._reader.join(5)
        return status


def wait_until(condition: Callable[[], object], patience: float = PATIENCE) -> float:
    """Look again and again until something is so; the seconds that it took. An AssertionError if it never is."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < patience, f"it did not happen within {patience} s"
        time.sleep(0.05)
    return time.monotonic() - begun
