# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugin: it runs the module as it is, and speaks while it runs, or holds its tongue."""

from __future__ import annotations

import signal
import time
import types
import typing as t

import pytest
from ansible import constants
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from ansible_collections.tutum.cloud.plugins.action import wait_for_action
from ansible_collections.tutum.cloud.plugins.action.wait_for_action import ActionModule, _last_line
from ansible_collections.tutum.cloud.plugins.module_utils._waiting import PROGRESS_FILE

if t.TYPE_CHECKING:
    from pathlib import Path

RESULT = {"changed": False, "polls": 3}


class Screen:
    """In place of Ansible's display."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, bool]] = []

    def display(self, line: str, *, stderr: bool) -> None:
        self.lines.append((line, stderr))


class Task:
    """A task with this plugin, whose module takes its time and writes lines."""

    def __init__(self, folder: Path, *, lines: t.Sequence[str] = (), seconds: float = 0.1) -> None:
        self.folder = folder
        self.lines = lines
        self.seconds = seconds
        self.module_calls: list[dict[str, t.Any]] = []
        self.fails = False
        self.plugin: t.Any = ActionModule.__new__(ActionModule)
        self.plugin._task = types.SimpleNamespace(async_val=0, no_log=False, args={}, run_once=False)
        shell = types.SimpleNamespace(tmpdir=str(folder))
        self.plugin._connection = types.SimpleNamespace(transport="local", _shell=shell)
        self.plugin._execute_module = self._execute_module

    def _execute_module(self, **arguments: t.Any) -> dict[str, t.Any]:
        self.module_calls.append(arguments)
        if self.fails:
            raise RuntimeError("unreachable")
        for line in self.lines:
            with (self.folder / PROGRESS_FILE).open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
            time.sleep(self.seconds)
        time.sleep(self.seconds)
        return dict(RESULT)

    def run(self, hosts: int = 1) -> dict[str, t.Any]:
        names = [f"host{number}" for number in range(hosts)]
        variables = {"inventory_hostname": "web", "ansible_play_batch": names, "ansible_forks": 50}
        result: dict[str, t.Any] = self.plugin.run(task_vars=variables)
        return result


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """A display of our own, for a plugin that looks often and keeps quiet shortly."""
    made = Screen()
    monkeypatch.setattr(wait_for_action, "display", made)
    monkeypatch.setattr(wait_for_action, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(ActionBase, "run", lambda _self, _tmp, _task_vars: {})
    return made


def speak_at(monkeypatch: pytest.MonkeyPatch, speed: float) -> None:
    """Let the plugin's clock run faster, from now on."""
    begun = time.monotonic()
    clock = types.SimpleNamespace(monotonic=lambda: begun + (time.monotonic() - begun) * speed)
    monkeypatch.setattr(wait_for_action, "time", clock)


def test_it_runs_the_module_and_returns_its_result(screen: Screen, tmp_path: Path) -> None:
    task = Task(tmp_path)
    assert task.run() == RESULT
    (call,) = task.module_calls
    assert call["task_vars"]["inventory_hostname"] == "web"
    assert screen.lines == []


def test_lines_of_the_module_are_shown_with_the_host(
    screen: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak_at(monkeypatch, 100)
    Task(tmp_path, lines=["0 of 1 action finished", "still"]).run()
    assert screen.lines == [("[web] 0 of 1 action finished", False), ("[web] still", False)]


def test_a_json_callback_keeps_its_output_to_itself(
    screen: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak_at(monkeypatch, 100)
    monkeypatch.setattr(constants, "DEFAULT_STDOUT_CALLBACK", "ansible.posix.json", raising=False)
    Task(tmp_path, lines=["line"]).run()
    assert screen.lines == [("[web] line", True)]


def test_many_hosts_share_the_lines(screen: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    speak_at(monkeypatch, 10)
    # Fifty hosts keep quiet for ten seconds each; there are five of them here.
    Task(tmp_path, lines=[str(number) for number in range(25)], seconds=0.02).run(hosts=50)
    assert len(screen.lines) <= 1
    speak_at(monkeypatch, 10)
    Task(tmp_path, lines=[str(number) for number in range(25)], seconds=0.02).run(hosts=1)
    assert 3 <= len(screen.lines) <= 8


@pytest.mark.parametrize("way", ["remote", "another user's file"])
def test_what_cannot_be_read_still_gives_signs_of_life(
    screen: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    speak_at(monkeypatch, 400)
    task = Task(tmp_path, lines=["line"] if way == "remote" else [], seconds=0.1)
    if way == "remote":
        task.plugin._connection.transport = "ssh"
    task.run()
    assert screen.lines
    assert all("[web] the wait goes on, " in line for line, _stderr in screen.lines)


@pytest.mark.parametrize(("is_heard", "silence"), [(True, 60.0), (False, 30.0)])
def test_who_can_be_heard_has_time_for_a_line_of_its_own(
    screen: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_heard: bool, silence: float
) -> None:
    """The module repeats itself after half a minute, with its next question; only then it is spoken for."""
    now = [0.0]
    monkeypatch.setattr(wait_for_action, "time", types.SimpleNamespace(monotonic=lambda: now[0]))
    task = Task(tmp_path, lines=["line"] if is_heard else [], seconds=0.0)
    said: list[list[str]] = []

    def execute_module(**arguments: t.Any) -> dict[str, t.Any]:
        result = task._execute_module(**arguments)
        for moment in (5.0, 4.9 + silence, 5.1 + silence):
            now[0] = moment if is_heard else moment - 5.0
            time.sleep(0.2)
            said.append([line for line, _stderr in screen.lines])
        return result

    task.plugin._execute_module = execute_module
    task.run()
    heard = ["[web] line"] if is_heard else []
    assert said == [heard, heard, [*heard, f"[web] the wait goes on, {65 if is_heard else 30} s so far"]]


@pytest.mark.parametrize(
    "change", [{"no_log": True}, {"async_val": 60}, {"args": {"progress": False}}, {"args": {"progress": "no"}}]
)
def test_it_is_silent_where_it_should_be(
    screen: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, t.Any]
) -> None:
    speak_at(monkeypatch, 1000)
    task = Task(tmp_path, lines=["line"])
    for name, value in change.items():
        setattr(task.plugin._task, name, value)
    assert task.run() == RESULT
    assert screen.lines == []
    assert task.module_calls[0].get("wrap_async") is ("async_val" in change)


def test_what_is_no_boolean_is_left_to_the_module(screen: Screen, tmp_path: Path) -> None:
    task = Task(tmp_path)
    task.plugin._task.args = {"progress": "perhaps"}
    assert task.run() == RESULT
    assert screen.lines == []


@pytest.mark.parametrize(
    ("batch", "forks", "run_once", "hosts"),
    [(100, 5, False, 5), (3, 50, False, 3), (100, 50, True, 1), (0, 5, False, 0)],
)
def test_only_hosts_that_wait_at_the_same_time_share_the_lines(
    tmp_path: Path, *, batch: int, forks: int, run_once: bool, hosts: int
) -> None:
    plugin = Task(tmp_path).plugin
    plugin._task.run_once = run_once
    variables = {"ansible_play_batch": ["host"] * batch, "ansible_forks": forks, "ansible_play_hosts": ["host"] * 500}
    assert plugin._hosts_at_once(variables) == hosts


def test_where_no_folder_can_be_made_the_wait_goes_on(screen: Screen, tmp_path: Path) -> None:
    """With pipelining Ansible itself does without."""
    task = Task(tmp_path)
    task.plugin._connection._shell.tmpdir = None

    def make() -> None:
        raise AnsibleConnectionFailure("no space")

    task.plugin._make_tmp_path = make
    assert task.run() == RESULT
    assert screen.lines == []


def test_a_temporary_folder_is_made_where_there_is_none(screen: Screen, tmp_path: Path) -> None:
    task = Task(tmp_path)
    task.plugin._connection._shell.tmpdir = None

    def make() -> None:
        task.plugin._connection._shell.tmpdir = str(tmp_path)

    task.plugin._make_tmp_path = make
    assert task.plugin._progress_path() == str(tmp_path / PROGRESS_FILE)
    assert screen.lines == []


def test_the_speaker_ends_with_the_module(screen: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    speak_at(monkeypatch, 1000)
    task = Task(tmp_path)
    task.fails = True
    with pytest.raises(RuntimeError, match="unreachable"):
        task.run()
    time.sleep(0.05)
    said = len(screen.lines)
    time.sleep(0.1)
    assert len(screen.lines) == said


def test_signals_are_left_to_the_main_thread(screen: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    speak_at(monkeypatch, 100)
    blocked: list[set[t.Any]] = []

    def display(_line: str, **_options: t.Any) -> None:
        blocked.append(signal.pthread_sigmask(signal.SIG_BLOCK, []))

    monkeypatch.setattr(screen, "display", display)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    Task(tmp_path, lines=["line"]).run()
    assert {signal.SIGINT, signal.SIGTERM, signal.SIGALRM} <= blocked[0]
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before


@pytest.mark.parametrize(
    ("text", "line"), [("", ""), ("a", ""), ("a\n", "a"), ("a\nb", "a"), ("a\nb\n", "b"), ("a\u2028b\n", "a\u2028b")]
)
def test_the_last_whole_line_is_read(tmp_path: Path, text: str, line: str) -> None:
    path = tmp_path / "lines"
    path.write_text(text, encoding="utf-8")
    assert _last_line(str(path)) == line


def test_no_file_is_no_line(tmp_path: Path) -> None:
    assert _last_line(str(tmp_path / "none")) == ""
