# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines on the terminal while the module of the same name waits. The module runs as it would without this."""

from __future__ import annotations

import os
import signal
import threading
import time
import typing as t

from ansible import constants
from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.tutum.cloud.plugins.module_utils._waiting import PROGRESS_FILE, QUIET_SECONDS

LOOK_SECONDS = 0.5
"""How often to look for news."""

SECONDS_PER_HOST = 0.2
"""How long a host keeps quiet for each one that waits at the same time: five lines a second for all of them."""

display = Display()


class ActionModule(ActionBase):
    """Runs the module, and speaks while it runs."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the module."""
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        wrap_async = bool(self._task.async_val)
        if wrap_async or self._task.no_log or not self._progress_is_wanted():
            result.update(self._execute_module(task_vars=task_vars, wrap_async=wrap_async))
            return result

        is_over = threading.Event()
        speaker = threading.Thread(target=self._speak, args=(is_over, self._progress_path(), task_vars), daemon=True)
        # Python handles signals in the main thread, and one that the other thread gets does not wake it: with that,
        # Ctrl-C and the task's own timeout would come to nothing until the module ends. A new thread inherits this.
        unblocked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            speaker.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, unblocked)
        try:
            result.update(self._execute_module(task_vars=task_vars))
        finally:
            is_over.set()
            speaker.join()
        return result

    def _progress_is_wanted(self) -> bool:
        try:
            return bool(boolean(self._task.args.get("progress", True)))
        except TypeError:
            return False  # What is not a boolean is the module's to refuse.

    def _progress_path(self) -> str | None:
        """The file that the module writes to, where it can be read from here."""
        if self._connection.transport != "local":
            return None
        if self._connection._shell.tmpdir is None:
            try:
                self._make_tmp_path()
            except AnsibleError:
                return None  # With pipelining Ansible itself needs no such folder.
        return os.path.join(self._connection._shell.tmpdir, PROGRESS_FILE)

    def _hosts_at_once(self, task_vars: dict[str, t.Any]) -> int:
        """How many hosts may be waiting, and speaking, together with this one."""
        if self._task.run_once:
            return 1
        forks = int(task_vars.get("ansible_forks") or constants.DEFAULT_FORKS)
        return min(len(task_vars.get("ansible_play_batch") or []), forks)

    def _speak(self, is_over: threading.Event, path: str | None, task_vars: dict[str, t.Any]) -> None:
        shortest_silence = max(1.0, self._hosts_at_once(task_vars) * SECONDS_PER_HOST)
        begun = spoken = time.monotonic()
        told = ""
        while not is_over.wait(LOOK_SECONDS):
            now = time.monotonic()
            line = _last_line(path) if path else ""
            # A module that can be heard says something itself when it was quiet for so long, with its next question.
            longest_silence = max(2 * QUIET_SECONDS if line else QUIET_SECONDS, shortest_silence)
            if line != told and now - spoken >= shortest_silence:
                self._say(line, task_vars)
            elif now - spoken >= longest_silence:
                # Nothing can be read here, be it for a remote connection or for another user's file; or the module is
                # quiet itself, since the server keeps it waiting.
                self._say(f"the wait goes on, {now - begun:.0f} s so far", task_vars)
            else:
                continue
            told, spoken = line, now

    def _say(self, line: str, task_vars: dict[str, t.Any]) -> None:
        # Programs read what a JSON callback writes.
        stderr = "json" in constants.DEFAULT_STDOUT_CALLBACK
        display.display(f"[{task_vars.get('inventory_hostname')}] {line}", stderr=stderr)


def _last_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError:
        return ""
    # A line without its end is still being written.
    lines = text.split("\n")[:-1]
    return lines[-1] if lines else ""
