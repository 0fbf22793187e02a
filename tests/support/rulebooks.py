# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run ansible-rulebook as a user does, and stop it with Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from tests.support.ansible_commands import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.ansible_commands import Ansible

WAIT_SECONDS = 120.0
"""The time limit of each wait: the start of the rule engine and its Java runtime, on a busy machine."""

END_SECONDS = 60.0
"""The time limit for the end after Ctrl-C, including that of the rule engine."""


class Rulebook:
    """One ansible-rulebook process."""

    def __init__(self, ansible: Ansible) -> None:
        self._ansible = ansible
        self._process: subprocess.Popen[bytes] | None = None
        host = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        self._inventory = ansible.write("inventory.yml", json.dumps({"all": {"hosts": {"localhost": host}}}))
        self._output = ansible.write("output.txt", "")
        ansible.environment.pop("ANSIBLE_CALLBACKS_ENABLED")

    def start(self, name: str = "tutum.cloud.failed_action", *options: str) -> None:
        """Start it with a rulebook of the collection, or with a file."""
        command = ["ansible-rulebook", "--rulebook", name, "--inventory", str(self._inventory), *options]
        with self._output.open("wb") as sink:
            self._process = subprocess.Popen(
                command,
                cwd=self._ansible.directory,
                env=self._ansible.environment,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        """The output so far."""
        return self._output.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, text: str, count: int = 1) -> None:
        """Wait until it has printed a text this many times."""
        self.wait_until(lambda: self.output.count(text) >= count)

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Wait until a condition is true, as long as it runs."""

        def is_over() -> bool:
            assert self._process is not None
            return bool(condition()) or self._process.poll() is not None

        wait_until(is_over, WAIT_SECONDS)
        assert condition(), self.output

    def press_ctrl_c(self) -> int:
        """Send SIGINT, and return the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(END_SECONDS)

    def wait(self) -> int:
        """Wait until it ends by itself, and return the exit status."""
        assert self._process is not None
        return self._process.wait(WAIT_SECONDS)

    def close(self) -> None:
        """End it and the playbooks that it runs, if it is still running."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
