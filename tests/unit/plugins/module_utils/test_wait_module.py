# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edge of the modules that wait: the end together with Ansible."""

from __future__ import annotations

import io
import os
import signal
import threading
import types
import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils import _wait_module
from ansible_collections.tutum.cloud.plugins.module_utils._wait_module import exit_when_ansible_exits

TEST_TIMEOUT_SECONDS = 10.0
"""The seconds after which a test fails."""


class Process:
    """This process as the module sees it: its standard output is a pipe, and a signal to itself is only recorded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reader, self.writer = os.pipe()
        self.parent = 4711
        self.signals: list[tuple[int, int]] = []
        self.signaled = threading.Event()
        self._monkeypatch = monkeypatch
        # Not sys.stdout itself, which pytest replaces.
        stdout = types.SimpleNamespace(fileno=lambda: self.writer)
        monkeypatch.setattr(_wait_module, "sys", types.SimpleNamespace(stdout=stdout))
        monkeypatch.setattr(_wait_module, "CHECK_MILLISECONDS", 10)
        monkeypatch.setattr(os, "getppid", lambda: self.parent)
        monkeypatch.setattr(os, "kill", self._kill)
        self._threads = set(threading.enumerate())

    @property
    def watchers(self) -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread not in self._threads]

    def close_reader(self) -> None:
        if self.reader >= 0:
            os.close(self.reader)
            self.reader = -1

    def close(self) -> None:
        """End the thread that watches, so that it does not use the real functions of this process."""
        self.parent = 1
        for thread in self.watchers:
            thread.join(TEST_TIMEOUT_SECONDS)
            assert not thread.is_alive()
        self.close_reader()
        os.close(self.writer)

    def _kill(self, pid: int, number: int) -> None:
        self.signals.append((pid, number))
        self.signaled.set()


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Process]:
    created = Process(monkeypatch)
    yield created
    created.close()


def test_exit_with_ansible_continues_while_ansible_is_there(process: Process) -> None:
    exit_when_ansible_exits()
    (watcher,) = process.watchers
    assert watcher.daemon
    assert not process.signaled.wait(0.1)


def test_exit_with_ansible_when_the_pipe_is_closed(process: Process) -> None:
    exit_when_ansible_exits()
    process.close_reader()
    assert process.signaled.wait(TEST_TIMEOUT_SECONDS)
    assert process.signals == [(os.getpid(), signal.SIGTERM)]


def test_exit_with_ansible_when_the_parent_has_ended(process: Process) -> None:
    """An orphaned worker of Ansible keeps the pipe open."""
    exit_when_ansible_exits()
    process.parent = 1
    assert process.signaled.wait(TEST_TIMEOUT_SECONDS)
    assert process.signals == [(os.getpid(), signal.SIGTERM)]


def test_exit_with_ansible_without_pipe_watches_nothing(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mitogen runs modules within a process of its own."""
    monkeypatch.setattr(_wait_module, "sys", types.SimpleNamespace(stdout=io.StringIO()))
    exit_when_ansible_exits()
    assert process.watchers == []
