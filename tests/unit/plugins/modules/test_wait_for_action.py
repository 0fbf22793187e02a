# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module wait_for_action from its options to its result, its sleep, and the lines that it writes."""

from __future__ import annotations

import io
import os
import signal
import threading
import types
import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._waiting import PROGRESS_FILE
from ansible_collections.tutum.cloud.plugins.modules import wait_for_action
from ansible_collections.tutum.cloud.plugins.modules.wait_for_action import end_with_ansible, main, reporter
from ansible_collections.tutum.cloud.tests.unit.fakes import FakeApi, answer, uuid_of
from ansible_collections.tutum.cloud.tests.unit.module_runs import LOGIN, ModuleRuns

if t.TYPE_CHECKING:
    from pathlib import Path

Runs = t.Callable[[FakeApi], ModuleRuns]
RETURNED = {"actions", "states", "unfinished", "unsuccessful", "timed_out", "elapsed", "polls", "failed_polls"}


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_good_end_is_ok_and_changes_nothing(module_runs: Runs, api: FakeApi, check_mode: bool) -> None:
    uuid = api.add()
    result = module_runs(api).run(main, {**LOGIN, "uuid": [uuid], "_ansible_check_mode": check_mode})
    assert set(result) >= RETURNED
    assert (result["changed"], result["states"]) == (False, {"Success": 1})
    assert "skipped" not in result


def test_a_bad_end_fails_with_the_same_results(module_runs: Runs, api: FakeApi) -> None:
    uuid = api.add((0, "Failed"), logs="it broke")
    result = module_runs(api).run(main, {**LOGIN, "uuid": [uuid]})
    assert set(result) >= RETURNED
    assert result["failed"] is True
    assert "it broke" in result["msg"]
    assert result["unsuccessful"] == [uuid]


def test_a_message_under_no_log_has_no_logs(module_runs: Runs, api: FakeApi) -> None:
    """Ansible may show it. The result, which Ansible hides, has them for who registers it."""
    uuid = api.add((0, "Failed"), logs="it broke")
    result = module_runs(api).run(main, {**LOGIN, "uuid": [uuid], "_ansible_no_log": True})
    assert f"{uuid}) is Failed." in result["msg"]
    assert "it broke" not in result["msg"]
    assert result["actions"][0]["logs"] == "it broke"


def test_a_wrong_key_fails_at_once_with_results(module_runs: Runs, api: FakeApi) -> None:
    api.fault_for = lambda _url: answer(status=401)
    result = module_runs(api).run(main, {**LOGIN, "uuid": [uuid_of(1)]})
    assert set(result) >= RETURNED
    assert "refuses the credentials (username from the option username and api_key from the option" in result["msg"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "one of the following is required: uuid, object"),
        ({"uuid": ["x"]}, "uuid: 'x' cannot be used"),
        ({"object": "x"}, "object: 'x' cannot be used"),
        ({"uuid": [], "timeout": "-1"}, "timeout: -1.0 cannot be used"),
        ({"uuid": [], "interval": "inf"}, "interval: inf cannot be used"),
        ({"uuid": [], "success_states": ["Pending"]}, "value of success_states must be one or more of"),
        ({"uuid": [], "progress": "perhaps"}, "progress"),
    ],
)
def test_a_wrong_option_fails_before_anything_is_sent(
    module_runs: Runs, api: FakeApi, options: dict[str, t.Any], words: str
) -> None:
    result = module_runs(api).run(main, {**LOGIN, **options})
    assert result["failed"] is True
    assert words in result["msg"]
    assert api.urls == []


def test_no_uuid_waits_for_nothing(module_runs: Runs, api: FakeApi) -> None:
    result = module_runs(api).run(main, {**LOGIN, "uuid": []})
    assert result["actions"] == []
    assert api.urls == []


def test_an_interrupt_ends_at_once(module_runs: Runs, api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    class LeftError(Exception):
        """In place of the end of this process."""

    def leave(status: int) -> t.NoReturn:
        raise LeftError(status)

    def interrupt(_url: str) -> t.NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "_exit", leave)
    api.before = interrupt
    with pytest.raises(LeftError, match="130"):
        module_runs(api).run(main, {**LOGIN, "uuid": [uuid_of(1)]})


# Whom it works for


class Pipe:
    """In place of sys.stdout: the pipe that Ansible reads the result from."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reader, self.writer = os.pipe()
        self.left = threading.Event()
        self.statuses: list[int] = []
        # Not sys.stdout itself, which pytest sets anew for each phase of a test.
        stdout = types.SimpleNamespace(fileno=lambda: self.writer)
        monkeypatch.setattr(wait_for_action, "sys", types.SimpleNamespace(stdout=stdout))
        monkeypatch.setattr(os, "_exit", self._leave)

    def _leave(self, status: int) -> None:
        self.statuses.append(status)
        self.left.set()


def test_it_ends_with_whom_it_works_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it does then: it may sleep, or wait for an answer."""
    pipe = Pipe(monkeypatch)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    end_with_ansible()
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before
    assert not pipe.left.wait(0.1)
    os.close(pipe.reader)
    assert pipe.left.wait(5)
    assert pipe.statuses == [1]
    os.close(pipe.writer)


def test_it_goes_on_where_the_result_goes_another_way(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = threading.active_count()
    monkeypatch.setattr(wait_for_action, "sys", types.SimpleNamespace(stdout=io.StringIO()))
    end_with_ansible()
    assert threading.active_count() == threads


# The lines of progress


def fake_module(folder: Path, **changes: t.Any) -> t.Any:
    values = {"no_log": False, "params": {"progress": True}, "_tmpdir": str(folder), **changes}
    return types.SimpleNamespace(**values)


def test_each_line_goes_to_the_tasks_folder(tmp_path: Path) -> None:
    report = reporter(fake_module(tmp_path))
    assert report is not None
    report("first")
    report("zweite é")
    assert (tmp_path / PROGRESS_FILE).read_text(encoding="utf-8") == "first\nzweite é\n"


@pytest.mark.parametrize("change", [{"no_log": True}, {"params": {"progress": False}}, {"_tmpdir": None}])
def test_nothing_is_written_where_nothing_shall_be_told(tmp_path: Path, change: dict[str, t.Any]) -> None:
    assert reporter(fake_module(tmp_path, **change)) is None


def test_the_wait_goes_on_where_nothing_can_be_written(tmp_path: Path) -> None:
    report = reporter(fake_module(tmp_path / "gone"))
    assert report is not None
    report("line")
    assert not (tmp_path / "gone").exists()
