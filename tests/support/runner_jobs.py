# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs of ansible-runner, which AWX runs jobs with: start them, read their events, cancel them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.ansible_commands import RUN_SECONDS, wait_until
from tests.support.secret_search import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.support.ansible_commands import Ansible

SCRIPT = Path(__file__).with_name("runner_script.py")

PASSED_ON = ("ANSIBLE_ASYNC_DIR", "ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_REMOTE_TEMP")


class Job:
    """A job in a directory of its own, with nothing of the caller's environment but what Ansible needs."""

    def __init__(
        self,
        ansible: Ansible,
        plays: Sequence[Mapping[str, Any]],
        *,
        hosts: Mapping[str, Mapping[str, Any]] | None = None,
        variables: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        settings: Mapping[str, Any] | None = None,
        worker: bool = False,
        **arguments: Any,
    ) -> None:
        """
        :param plays: the playbook.
        :param hosts: the inventory; by default only localhost.
        :param variables: the content of `env/extravars`.
        :param environment: the content of `env/envvars`; AWX writes the environment of a custom credential type there.
        :param settings: the content of `env/settings`.
        :param worker: whether a worker runs the job, as in AWX.
        :param arguments: other arguments of `ansible_runner.run`.
        """
        self.ansible = ansible
        self.directory = ansible.directory / "job"
        hosts = hosts or {"localhost": ansible.host("local")}
        files = {
            "project/playbook.json": list(plays),
            "inventory/hosts.json": {"all": {"hosts": {name: dict(given) for name, given in hosts.items()}}},
            "env/extravars": dict(variables or {}),
            "env/envvars": {"ANSIBLE_GATHERING": "explicit", **(environment or {})},
            # How often it checks for the end, for cancellation and for its timeouts, in seconds.
            "env/settings": {"pexpect_timeout": 1, **(settings or {})},
            "job.json": {"ident": "job", "playbook": "playbook.json", **arguments},
        }
        for name, content in files.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content), encoding="utf-8")
        self.given = [self.directory / name for name in files]
        keep = {
            name: value
            for name, value in ansible.environment.items()
            if name in PASSED_ON or not name.startswith(("ANSIBLE_", "TUTUM_")) or name in ansible.mark
        }
        self._output = self.directory / "script_output.txt"
        with self._output.open("wb") as sink:
            self.process = subprocess.Popen(
                [str(ansible.python), str(SCRIPT), str(self.directory), *(["worker"] if worker else [])],
                cwd=ansible.directory,
                env=keep,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )

    # The end.

    def cancel(self) -> None:
        """Cancel the job, as a click in AWX does."""
        (self.directory / "cancel").touch()

    def wait(self, seconds: float = RUN_SECONDS) -> str:
        """Wait until the job has ended, and return its status: `successful`, `failed`, `canceled`, `timeout`."""
        self.process.wait(seconds)
        finished = self.directory / "finished.json"
        assert finished.exists(), self._output.read_text(encoding="utf-8")
        status: str = json.loads(finished.read_text(encoding="utf-8"))["status"]
        return status

    def end(self) -> None:
        """Cancel the job if it runs, and wait until its processes have ended."""
        self.cancel()
        self.process.wait(RUN_SECONDS)
        wait_until(lambda: not self.ansible.processes())

    # The events.

    def events(self, kind: str = "", *, task: str = "", host: str = "") -> list[dict[str, Any]]:
        """Return the events that have arrived so far, in order, perhaps only some of them."""
        path = self.directory / "events.jsonl"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        found: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines(keepends=True) if line[-1] == "\n"]
        return [
            event
            for event in found
            if event["event"].startswith(kind)
            and task in ("", event["event_data"].get("task") if event.get("event_data") else None)
            and host in ("", event["event_data"].get("host") if event.get("event_data") else None)
        ]

    def progress(self, text: str = "", *, task: str = "") -> list[dict[str, Any]]:
        """Return the events with a line of progress that contains this, of all tasks or of one."""
        return [
            event
            for event in self.events("verbose", task=task)
            if event["stdout"].strip().startswith("[") and text in event["stdout"]
        ]

    def outcome(self, task: str, host: str = "localhost") -> dict[str, Any]:
        """Return the event of a task's end on a host."""
        ends = ("runner_on_ok", "runner_on_failed", "runner_on_skipped", "runner_on_unreachable")
        found = [event for event in self.events("runner_on_", task=task, host=host) if event["event"] in ends]
        assert len(found) == 1, f"{len(found)} results of {task!r} on {host}:\n{self.text}"
        return found[0]

    def result(self, task: str, host: str = "localhost") -> dict[str, Any]:
        """Return the result of a task on a host."""
        result: dict[str, Any] = self.outcome(task, host)["event_data"]["res"]
        return result

    def wait_for_progress(self, text: str, *, task: str) -> None:
        """Wait until a line of progress of a task has arrived while the job runs."""
        wait_until(lambda: self.process.poll() is not None or self.progress(text, task=task))
        assert self.progress(text, task=task), self.text

    @property
    def text(self) -> str:
        """What AWX shows as the output of the job."""
        return "\n".join(event["stdout"] for event in self.events() if event["stdout"])

    # The files.

    def places(self) -> dict[str, str]:
        """Return the content of all files of the job, without those that were given."""
        root = self.ansible.directory.parent
        files = [path for path in root.rglob("*") if path.is_file() and path not in self.given]
        return {str(path.relative_to(root)): text_of(path.read_bytes()) for path in files}
