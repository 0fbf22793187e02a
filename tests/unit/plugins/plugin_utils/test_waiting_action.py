# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The class behind the action plugins: progress on the terminal, when there is none, and the end with Ansible."""

from __future__ import annotations

import os
import threading
import types
import typing as t

import pytest
from ansible import constants
from ansible.plugins.action import ActionBase

from ansible_collections.tutum.cloud.plugins.module_utils._progress_channel import HEARTBEAT_SECONDS, ProgressWriter
from ansible_collections.tutum.cloud.plugins.plugin_utils import _waiting_action
from ansible_collections.tutum.cloud.plugins.plugin_utils._waiting_action import (
    CHECK_SECONDS,
    MIN_STATUS_SECONDS,
    SECONDS_PER_HOST,
    WaitingAction,
    _Follower,
    _printer,
)

if t.TYPE_CHECKING:
    from pathlib import Path

RESULT = {"changed": False, "polls": 3}
TASK_VARS = {"inventory_hostname": "web", "ansible_play_batch": ["web"], "ansible_forks": 5}
UUID = "6246c558-976c-4df6-ba60-eb1a344a17af"

TIME_LIMIT_SECONDS = 30.0
"""The seconds after which a test fails."""


# Lines on the terminal, and their times.


class Followed:
    """A follower with a clock of its own, and the module whose progress it shows."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, directory: Path | None, hosts: int = 1) -> None:
        self.now = 1000.0
        self.shown: list[str] = []
        monkeypatch.setattr(_waiting_action, "time", types.SimpleNamespace(monotonic=lambda: self.now))
        self.module = ProgressWriter(str(directory)) if directory else None
        self.follower = _Follower(str(directory) if directory else None, hosts, self.shown.append)

    def look_at(self, second: float, status: str | None = None, log: str | None = None) -> list[str]:
        """Return the lines that the follower shows at a certain time, with news of the module."""
        self.now = 1000.0 + second
        if self.module and log:
            self.module.show_log(log)
        if self.module and status:
            self.module.show_status(status)
        del self.shown[:]
        self.follower.look()
        return list(self.shown)

    def finish(self, status: str | None = None) -> list[str]:
        if self.module and status:
            self.module.show_status(status)
        del self.shown[:]
        self.follower.finish()
        return list(self.shown)


def test_follower_shows_the_first_status_after_a_second(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    followed = Followed(monkeypatch, tmp_path)
    assert followed.look_at(CHECK_SECONDS, "0/1 done") == []
    assert followed.look_at(2 * CHECK_SECONDS) == ["0/1 done"]
    assert followed.look_at(3 * CHECK_SECONDS) == []


def test_follower_of_a_short_wait_shows_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    followed = Followed(monkeypatch, tmp_path)
    assert followed.look_at(CHECK_SECONDS, "0/1 done") == []
    assert followed.finish("1/1 done after 0 s") == []


def test_follower_shows_a_closing_line_after_other_lines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    followed = Followed(monkeypatch, tmp_path)
    followed.look_at(1.0, "0/1 done")
    assert followed.finish("1/1 done after 1 s") == ["1/1 done after 1 s"]


def test_follower_without_a_closing_line_shows_the_last_status(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The module failed before it could write one."""
    followed = Followed(monkeypatch, tmp_path)
    followed.look_at(1.0, "0/1 done")
    assert followed.look_at(1.5, "no response") == []
    assert followed.finish() == ["no response"]
    assert followed.finish() == []


def test_follower_limits_the_rate_of_statuses_and_shows_the_newest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    followed = Followed(monkeypatch, tmp_path)
    assert followed.look_at(1.0, "first") == ["first"]
    for second in (1.5, 2.0, 3.0, 0.9 + MIN_STATUS_SECONDS):
        assert followed.look_at(second, f"at {second}") == []
    assert followed.look_at(1.0 + MIN_STATUS_SECONDS) == [f"at {0.9 + MIN_STATUS_SECONDS}"]


@pytest.mark.parametrize(("hosts", "seconds"), [(1, 3.0), (5, 3.0), (50, 10.0)])
def test_follower_of_many_hosts_shows_at_most_five_lines_a_second_for_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hosts: int, seconds: float
) -> None:
    assert seconds == max(MIN_STATUS_SECONDS, hosts * SECONDS_PER_HOST)
    followed = Followed(monkeypatch, tmp_path, hosts)
    assert followed.look_at(1.0, "first") == ["first"]
    assert followed.look_at(0.9 + seconds, "second") == []
    assert followed.look_at(1.0 + seconds) == ["second"]


def test_follower_shows_every_line_of_logs_immediately(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    followed = Followed(monkeypatch, tmp_path)
    assert followed.look_at(0.5, log="one") == ["one"]
    assert followed.look_at(0.6, log="two") == ["two"]
    assert followed.module
    followed.module.show_log("three")
    assert followed.finish() == ["three"]


def test_follower_shows_a_heartbeat_where_nothing_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is remote."""
    followed = Followed(monkeypatch, None)
    assert followed.look_at(HEARTBEAT_SECONDS - 1) == []
    assert followed.look_at(HEARTBEAT_SECONDS) == ["still waiting (30 s elapsed)"]
    assert followed.look_at(2 * HEARTBEAT_SECONDS - 1) == []
    assert followed.look_at(2 * HEARTBEAT_SECONDS) == ["still waiting (60 s elapsed)"]
    assert followed.finish() == []


def test_follower_shows_a_heartbeat_where_the_module_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The file belongs to another user, or the first request takes long."""
    assert Followed(monkeypatch, tmp_path).look_at(HEARTBEAT_SECONDS) == ["still waiting (30 s elapsed)"]


def test_follower_leaves_the_heartbeat_to_a_module_that_can_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The module repeats its status after the same time, with its next poll."""
    followed = Followed(monkeypatch, tmp_path)
    assert followed.look_at(1.0, "0/1 done") == ["0/1 done"]
    assert followed.look_at(1.0 + HEARTBEAT_SECONDS) == []
    assert followed.look_at(5.0 + HEARTBEAT_SECONDS, "0/1 done still") == ["0/1 done still"]
    assert followed.look_at(4.9 + 3 * HEARTBEAT_SECONDS) == []
    assert followed.look_at(5.0 + 3 * HEARTBEAT_SECONDS) == ["still waiting (95 s elapsed)"]


def test_follower_with_an_incomplete_line_shows_it_once_it_is_complete(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    followed = Followed(monkeypatch, tmp_path)
    path = tmp_path / "tutum_progress"
    path.write_bytes("S1/1 done, zweite é".encode()[:-1])
    assert followed.look_at(1.0) == []
    path.write_bytes("S1/1 done, zweite é\n".encode())
    assert followed.look_at(1.5) == ["1/1 done, zweite é"]


# Where the lines are shown.


class Screen:
    """Replaces Ansible's display."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lines: list[tuple[str, bool]] = []
        self.has_line = threading.Event()
        monkeypatch.setattr(_waiting_action, "display", self)

    def display(self, line: str, *, stderr: bool) -> None:
        self.lines.append((line, stderr))
        self.has_line.set()


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    return Screen(monkeypatch)


@pytest.mark.parametrize(
    ("callback", "play", "is_stderr"),
    [
        ("default", "Deploy", False),
        ("yaml", "Deploy", False),
        ("default", None, False),
        ("ansible.posix.json", "Deploy", True),
        ("ansible.posix.jsonl", "Deploy", True),
        ("default", "Ansible Ad-Hoc", True),
    ],
)
def test_printer_leaves_stdout_to_programs_that_read_it(
    screen: Screen, monkeypatch: pytest.MonkeyPatch, callback: str, play: str | None, is_stderr: bool
) -> None:
    monkeypatch.setattr(constants, "DEFAULT_STDOUT_CALLBACK", callback, raising=False)
    _printer({"inventory_hostname": "web", "ansible_play_name": play})("0/1 done")
    assert screen.lines == [("[web] 0/1 done", is_stderr)]


# Running the module.


class Task:
    """A task with this plugin, whose module writes progress, and ends once the progress is shown."""

    def __init__(self, directory: Path, statuses: t.Sequence[str] = (), screen: Screen | None = None) -> None:
        self.module_calls: list[dict[str, t.Any]] = []
        self.fails = False
        self._directory = directory
        self._statuses = statuses
        self._screen = screen
        self.plugin: t.Any = WaitingAction.__new__(WaitingAction)
        self.plugin._task = types.SimpleNamespace(async_val=0, no_log=False, args={"uuid": [UUID]}, run_once=False)
        shell = types.SimpleNamespace(tmpdir=str(directory))
        self.plugin._connection = types.SimpleNamespace(transport="local", _shell=shell)
        self.plugin._execute_module = self._execute_module

    def _execute_module(self, **arguments: t.Any) -> dict[str, t.Any]:
        self.module_calls.append(arguments)
        for status in self._statuses:
            ProgressWriter(str(self._directory)).show_status(status)
            if self._screen:
                assert self._screen.has_line.wait(TIME_LIMIT_SECONDS)
                self._screen.has_line.clear()
        if self.fails:
            raise RuntimeError("unreachable")
        return dict(RESULT)

    def run(self) -> dict[str, t.Any]:
        result: dict[str, t.Any] = self.plugin.run(task_vars=TASK_VARS)
        return result


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the plugin check often, and show each status."""
    for name in ("CHECK_SECONDS", "MIN_STATUS_SECONDS", "SECONDS_PER_HOST"):
        monkeypatch.setattr(_waiting_action, name, 0.001)
    monkeypatch.setattr(ActionBase, "run", lambda _self, _tmp, _task_vars: {})


@pytest.mark.usefixtures("quick")
def test_action_runs_the_module_and_returns_its_result(screen: Screen, tmp_path: Path) -> None:
    task = Task(tmp_path)
    assert task.run() == RESULT
    assert task.module_calls == [{"task_vars": TASK_VARS}]
    assert screen.lines == []


@pytest.mark.usefixtures("quick")
def test_action_shows_progress_with_the_host_while_the_module_runs(screen: Screen, tmp_path: Path) -> None:
    assert Task(tmp_path, ["0/1 done", "1/1 done"], screen).run() == RESULT
    assert screen.lines == [("[web] 0/1 done", False), ("[web] 1/1 done", False)]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "change",
    [
        {"no_log": True},
        {"async_val": 60},
        {"args": {"uuid": [UUID], "progress": False}},
        {"args": {"uuid": [UUID], "progress": "no"}},
        {"args": {"uuid": [UUID], "progress": "perhaps"}},
    ],
)
def test_action_without_progress_shows_nothing(screen: Screen, tmp_path: Path, change: dict[str, t.Any]) -> None:
    task = Task(tmp_path, ["0/1 done"])
    for name, value in change.items():
        setattr(task.plugin._task, name, value)
    task.plugin._make_tmp_path = None
    assert task.run() == RESULT
    assert screen.lines == []
    assert task.module_calls[0].get("wrap_async") is (True if "async_val" in change else None)


@pytest.mark.usefixtures("quick")
def test_action_stops_its_thread_when_the_module_fails(screen: Screen, tmp_path: Path) -> None:
    threads = threading.active_count()
    task = Task(tmp_path)
    task.fails = True
    with pytest.raises(RuntimeError, match="unreachable"):
        task.run()
    assert threading.active_count() == threads
    assert screen.lines == []


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "value",
    [
        {"status": 202, "x_tutum_action_uri": f"/api/v1/action/{UUID}/"},
        {},
        [UUID, {"status": 202}],
        types.MappingProxyType({"status": 202}),
    ],
)
def test_action_refuses_a_dictionary_as_uuid_and_names_the_remedy(screen: Screen, tmp_path: Path, value: t.Any) -> None:
    task = Task(tmp_path)
    task.plugin._task.args = {"uuid": value}
    result = task.run()
    assert (result["failed"], result["error_type"]) == (True, "option")
    assert "Invalid value for option uuid: a dictionary." in result["msg"]
    assert '"{{ result.uuid }}"' in result["msg"]
    assert "x_tutum_action_uri" in result["msg"]
    assert (task.module_calls, screen.lines) == ([], [])


@pytest.mark.usefixtures("quick", "screen")
@pytest.mark.parametrize("arguments", [{}, {"uuid": None}, {"uuid": UUID}, {"uuid": []}, {"uuid": [UUID]}, {"uuid": 7}])
def test_action_leaves_other_values_of_uuid_to_the_module(tmp_path: Path, arguments: dict[str, t.Any]) -> None:
    task = Task(tmp_path)
    task.plugin._task.args = arguments
    assert task.run() == RESULT


@pytest.mark.parametrize(
    ("batch", "forks", "run_once", "hosts"),
    [(100, 5, False, 5), (3, 50, False, 3), (100, 50, True, 1), (0, 5, False, 0), (100, None, False, None)],
)
def test_action_counts_the_hosts_that_wait_at_the_same_time(
    tmp_path: Path, *, batch: int, forks: int | None, run_once: bool, hosts: int | None
) -> None:
    plugin = Task(tmp_path).plugin
    plugin._task.run_once = run_once
    variables = {"ansible_play_batch": ["host"] * batch, "ansible_forks": forks, "ansible_play_hosts": ["host"] * 500}
    assert plugin._hosts_at_a_time(variables) == (constants.DEFAULT_FORKS if hosts is None else hosts)


# The end with Ansible.


@pytest.mark.usefixtures("quick", "screen")
@pytest.mark.parametrize("change", [{}, {"no_log": True}, {"args": {"uuid": [UUID], "progress": False}}])
def test_action_ends_everything_when_ansible_is_gone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, change: dict[str, t.Any]
) -> None:
    ended = threading.Event()
    monkeypatch.setattr(_waiting_action, "end_this_worker", ended.set)
    task = Task(tmp_path)
    for name, value in change.items():
        setattr(task.plugin._task, name, value)

    def execute_module(**_arguments: t.Any) -> dict[str, t.Any]:
        assert not ended.is_set()
        monkeypatch.setattr(os, "getppid", lambda: 1)
        assert ended.wait(TIME_LIMIT_SECONDS)
        return dict(RESULT)

    monkeypatch.setattr(os, "getppid", lambda: 4711)
    task.plugin._execute_module = execute_module
    assert task.run() == RESULT


@pytest.mark.usefixtures("quick", "screen")
def test_action_that_runs_in_the_background_does_not_watch_ansible(tmp_path: Path) -> None:
    """With async, the module continues alone."""
    threads = threading.active_count()
    task = Task(tmp_path)
    task.plugin._task.async_val = 60
    counts: list[int] = []

    def execute_module(**_arguments: t.Any) -> dict[str, t.Any]:
        counts.append(threading.active_count())
        return {}

    task.plugin._execute_module = execute_module
    task.run()
    assert counts == [threads]
