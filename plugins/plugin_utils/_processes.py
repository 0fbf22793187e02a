# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Terminate an Ansible worker process whose parent process has exited.

After SIGHUP or SIGKILL of Ansible, its workers and their child processes continue to run: the module, or the ssh that runs it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import typing as t
from contextlib import contextmanager, suppress

LIST_SECONDS = 5.0


@contextmanager
def ending_children_on_sigterm() -> t.Iterator[None]:
    """On SIGTERM, with which Ansible ends its workers, also terminate the child processes of this worker.

    Since core 2.19, Ansible does this itself. In earlier versions, ssh continues to run, and so does the module on the target.
    """

    def end(number: int, _frame: object) -> None:
        # Ansible sends the signal more than once. The next one must not end this process before its child processes.
        signal.signal(number, signal.SIG_IGN)
        _end_descendants()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    is_main_thread = threading.current_thread() is threading.main_thread()
    is_default = is_main_thread and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    if is_default:
        signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        if is_default:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def end_this_worker() -> None:
    """Terminate everything that this process started, and the process itself."""
    _end_descendants()
    os.kill(os.getpid(), signal.SIGTERM)


def _end_descendants() -> None:
    for pid in _descendants(os.getpid()):
        with suppress(OSError):
            os.kill(pid, signal.SIGTERM)


def _descendants(pid: int) -> list[int]:
    """Return the processes that a process started, directly and indirectly."""
    try:
        command = ["ps", "-A", "-o", "pid=,ppid="]
        listed = subprocess.run(  # noqa: S603 - a constant command
            command, capture_output=True, check=True, timeout=LIST_SECONDS, encoding="ascii"
        ).stdout
        pairs = [(int(child), int(parent)) for child, parent in map(str.split, listed.splitlines())]
    except (OSError, subprocess.SubprocessError, ValueError):
        return []
    children: dict[int, list[int]] = {}
    for child, parent in pairs:
        children.setdefault(parent, []).append(child)
    found: list[int] = []
    pending = [pid]
    while pending:
        next_ones = children.get(pending.pop(), [])
        found += next_ones
        pending += next_ones
    return found
