# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The class behind the action plugins: lines on the terminal while a module waits, and an end with Ansible.

The module runs as it would without this.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import typing as t
from collections.abc import Mapping

from ansible import constants
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.tutum.cloud.plugins.module_utils._progress_channel import HEARTBEAT_SECONDS, ProgressReader
from ansible_collections.tutum.cloud.plugins.plugin_utils._core import shared_directory
from ansible_collections.tutum.cloud.plugins.plugin_utils._processes import (
    end_this_worker,
    ending_children_on_sigterm,
)

CHECK_SECONDS = 0.5
"""How often to check for news, and whether Ansible is still there."""

SECONDS_PER_HOST = 0.2
"""The shortest interval between two status lines of a host, for each host that waits at the same time: at most five lines a
second for all of them."""

MIN_STATUS_SECONDS = 3.0
"""The shortest interval between two status lines of a host."""

AD_HOC_PLAY = "Ansible Ad-Hoc"

display = Display()


class WaitingAction(ActionBase):
    """Runs the module of the same name, and shows its progress while it runs."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the module."""
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        problem = self._argument_problem()
        if problem:
            # Not an exception: it would skip failed_when, and core 2.18 would show a traceback of None.
            result.update(failed=True, msg=problem, error_type="option", status=None, url=None)
            return result
        if self._task.async_val:
            # With async, the module continues after this process ends.
            result.update(self._execute_module(task_vars=task_vars, wrap_async=True))
            return result
        follower = None
        if self._is_progress_wanted():
            follower = _Follower(shared_directory(self), self._hosts_at_a_time(task_vars), _printer(task_vars))
        is_over = threading.Event()
        watcher = threading.Thread(target=_watch, args=(is_over, follower), daemon=True)
        watcher.start()
        try:
            with ending_children_on_sigterm():
                result.update(self._execute_module(task_vars=task_vars))
        finally:
            is_over.set()
            watcher.join()
        if follower:
            follower.finish()
        return result

    def _argument_problem(self) -> str | None:
        """Refuse the whole result of a task as an action: the module itself would only see that it is not a list."""
        value = self._task.args.get("uuid")
        if any(isinstance(one, Mapping) for one in (value if isinstance(value, list) else [value])):
            return (
                "Invalid value for option uuid: a dictionary. If it is the result of tutum_call, use"
                ' "{{ result.uuid }}"; of a loop, use "{{ result.results | map(attribute=\'uuid\') }}". For'
                " ansible.builtin.uri, the attribute is x_tutum_action_uri."
            )
        return None

    def _is_progress_wanted(self) -> bool:
        try:
            return not self._task.no_log and bool(boolean(self._task.args.get("progress", True)))
        except TypeError:
            return False  # The module refuses a value that is not a boolean.

    def _hosts_at_a_time(self, task_vars: Mapping[str, t.Any]) -> int:
        """Return how many hosts may be waiting together with this one."""
        if self._task.run_once:
            return 1
        forks = int(task_vars.get("ansible_forks") or constants.DEFAULT_FORKS)
        return min(len(task_vars.get("ansible_play_batch") or []), forks)


class _Follower:
    """Shows what a module reports."""

    def __init__(self, directory: str | None, hosts: int, show: t.Callable[[str], None]) -> None:
        """
        :param directory: where the module writes, if that can be read here.
        :param hosts: how many hosts are waiting at the same time.
        :param show: takes a line.
        """
        self._reader = ProgressReader(directory) if directory else None
        self._min_seconds = max(MIN_STATUS_SECONDS, hosts * SECONDS_PER_HOST)
        self._show = show
        self._started = self._shown_at = time.monotonic()
        self._status: str | None = None
        self._has_shown = False

    def look(self) -> None:
        """Show news, and a heartbeat from time to time."""
        logs, status = self._reader.read() if self._reader else ([], None)
        self._status = status or self._status
        for line in logs:
            self._show(line)
        now = time.monotonic()
        # A module that can be read reports a heartbeat itself with its next poll.
        longest = max(2 * HEARTBEAT_SECONDS if self._has_shown else HEARTBEAT_SECONDS, self._min_seconds)
        if self._status is not None and (not self._has_shown or now - self._shown_at >= self._min_seconds):
            if self._has_shown or now - self._started >= 2 * CHECK_SECONDS:
                self._show_status(self._status)
        elif now - self._shown_at >= longest:
            # Nothing can be read: the connection is remote, or the file belongs to another user. Or the server is slow.
            self._show(f"still waiting ({now - self._started:.0f} s elapsed)")
            self._shown_at = now

    def finish(self) -> None:
        """Show the last lines. A wait that ended before anything was shown needs none."""
        logs, status = self._reader.read() if self._reader else ([], None)
        for line in logs:
            self._show(line)
        status = status or self._status
        if status is not None and self._has_shown:
            self._show_status(status)

    def _show_status(self, status: str) -> None:
        self._show(status)
        self._status = None
        self._has_shown = True
        self._shown_at = time.monotonic()


def _watch(is_over: threading.Event, follower: _Follower | None) -> None:
    """Show progress until the module has ended; end everything when Ansible is gone."""
    # Ansible's handlers of signals run in the main thread, which a signal that this thread received would not wake up.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    parent = os.getppid()
    while not is_over.wait(CHECK_SECONDS):
        if os.getppid() != parent:
            end_this_worker()
        if follower:
            follower.look()


def _printer(task_vars: Mapping[str, t.Any]) -> t.Callable[[str], None]:
    """Return a function that shows a line about a host on the terminal."""
    # Programs read the stdout of a JSON callback or an ad hoc command.
    is_read_by_program = (
        "json" in constants.DEFAULT_STDOUT_CALLBACK or task_vars.get("ansible_play_name") == AD_HOC_PLAY
    )
    host = task_vars.get("inventory_hostname")
    return lambda line: display.display(f"[{host}] {line}", stderr=is_read_by_program)
