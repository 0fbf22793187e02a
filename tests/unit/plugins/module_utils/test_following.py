# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option follow_logs: new lines of the actions' logs, each once."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._following import (
    MAX_LINE_CHARACTERS,
    MAX_LINES,
    OVERLAP_CHARACTERS,
    LogFollower,
)
from ansible_collections.tutum.cloud.plugins.module_utils._messages import ActionTexts
from ansible_collections.tutum.cloud.plugins.module_utils._watched import WatchedActions
from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY, SERVICE, FakeApi, make_settings, uuid_of
from ansible_collections.tutum.cloud.tests.unit.wait_runs import RUNNING, WaitRun

NAME = "service/2c2b2aef | "


class FollowedLogs:
    """The logs of some actions, and the lines that are shown of them."""

    def __init__(self, count: int = 1, hidden: t.Collection[str] = ()) -> None:
        uuids = [uuid_of(number + 1) for number in range(count)]
        self.watched = WatchedActions(uuids, ("Success",), skip_missing=False)
        self._shown: list[str] = []
        self._follower = LogFollower(ActionTexts(self.watched, hidden, make_settings().redactor), self._shown.append)

    def poll(self, logs: object, *, number: int = 1, state: str = "In progress", **fields: t.Any) -> list[str]:
        """Return the lines that are shown after a poll."""
        self.watched.record({"uuid": uuid_of(number), "object": SERVICE, "state": state, "logs": logs, **fields}, 0.0)
        del self._shown[:]
        self._follower.show_new_lines()
        return list(self._shown)


def test_follower_shows_only_new_lines() -> None:
    logs = FollowedLogs()
    assert logs.poll("one\ntwo\n") == [f"{NAME}one", f"{NAME}two"]
    assert logs.poll("one\ntwo\n") == []
    assert logs.poll("one\ntwo\nthree\n") == [f"{NAME}three"]


def test_follower_shows_an_incomplete_line_only_when_it_is_complete() -> None:
    logs = FollowedLogs()
    assert logs.poll("one\nhal") == [f"{NAME}one"]
    assert logs.poll("one\nhalf") == []
    assert logs.poll("one\nhalf a line\nx") == [f"{NAME}half a line"]


@pytest.mark.parametrize("state", ["Success", "Failed", "Canceled"])
def test_follower_shows_an_incomplete_line_of_a_finished_action(state: str) -> None:
    logs = FollowedLogs()
    logs.poll("one\nhal")
    assert logs.poll("one\nhalf", state=state) == [f"{NAME}half"]
    assert logs.poll("one\nhalf", state=state) == []


def test_follower_continues_where_the_beginning_of_logs_is_cut_off() -> None:
    logs = FollowedLogs()
    lines = [f"line {number}\n" for number in range(100)]
    logs.poll("".join(lines[:60]))
    assert logs.poll("".join(lines[30:63])) == [f"{NAME}line {number}" for number in range(60, 63)]


def test_follower_shows_all_of_logs_that_were_replaced() -> None:
    logs = FollowedLogs()
    logs.poll("a\n" * OVERLAP_CHARACTERS)
    assert logs.poll("new\nlines\n") == [f"{NAME}new", f"{NAME}lines"]


def test_follower_shows_repeated_lines_as_often_as_they_occur() -> None:
    logs = FollowedLogs()
    assert logs.poll("x\nx\n") == [f"{NAME}x"] * 2
    assert logs.poll("x\nx\nx\nx") == [f"{NAME}x"]
    assert logs.poll("x\nx\nx\nx\n") == [f"{NAME}x"]


def test_follower_limits_lines_per_poll_and_their_length() -> None:
    logs = FollowedLogs()
    shown = logs.poll("".join(f"{number}\n" for number in range(MAX_LINES + 50)))
    assert (len(shown), shown[0], shown[-1]) == (MAX_LINES + 1, f"{NAME}(50 more lines)", f"{NAME}{MAX_LINES + 49}")
    (line,) = logs.poll("y" * 1_000_000, state="Success")
    assert line == f"{NAME}{'y' * MAX_LINE_CHARACTERS}..."


def test_follower_replaces_control_characters_but_tabs() -> None:
    assert FollowedLogs().poll("a\x1b[2J\rb\tc\0d\u202e\n") == [f"{NAME}a [2J", f"{NAME}b\tc d"]


def test_follower_hides_the_key_also_if_it_arrives_in_two_parts() -> None:
    logs = FollowedLogs()
    assert logs.poll(f"key {API_KEY[:9]}") == []
    assert logs.poll(f"key {API_KEY} used\n") == [f"{NAME}key *** used"]


@pytest.mark.parametrize("value", [None, "", 7, ["x"], {"a": "b"}])
def test_follower_ignores_logs_that_are_not_text(value: object) -> None:
    assert FollowedLogs().poll(value) == []


def test_follower_names_each_action() -> None:
    logs = FollowedLogs(count=2)
    assert logs.poll("one\n") == [f"{NAME}one"]
    assert logs.poll("two\n", number=2, object=None) == ["action/00000002 | two"]


# In a wait.


def growing_logs(api: FakeApi, uuid: str) -> None:
    """Let an action write a line each second."""
    action = next(one for one in api.actions if one.uuid == uuid)

    def write(_url: str) -> None:
        action.fields["logs"] = "".join(f"{second}\n" for second in range(int(api.clock() - action.started) + 1))

    api.before = write


@pytest.mark.parametrize("lists_have_logs", [True, False])
@pytest.mark.parametrize("count", [1, 10])
def test_wait_follow_logs_shows_every_line_once(count: int, lists_have_logs: bool) -> None:
    api = FakeApi()
    api.lists_have_logs = lists_have_logs
    uuids = [api.add(RUNNING, (5.0 + number, "Success"), started=api.clock()) for number in range(count)]
    growing_logs(api, uuids[0])
    run = WaitRun(api, *uuids, follow_logs=True)
    run.run()
    assert run.logs == [f"{NAME}{second}" for second in range(6)]


def test_wait_follow_logs_shows_the_logs_of_a_failed_action_last() -> None:
    api = FakeApi()
    uuid = api.add(RUNNING, (3.0, "Failed"), started=api.clock())
    growing_logs(api, uuid)
    run = WaitRun(api, uuid, follow_logs=True)
    run.run()
    assert run.logs[-1] == f"{NAME}3"
    assert run.statuses[-1] == "1/1 done after 3 s, 1 failed"


@pytest.mark.parametrize("options", [{}, {"follow_logs": False}, {"follow_logs": True, "hidden_fields": ["logs"]}])
def test_wait_without_follow_logs_shows_no_logs(options: dict[str, t.Any]) -> None:
    api = FakeApi()
    run = WaitRun(api, api.add((0, "Success"), logs="secret\n"), **options)
    run.run()
    assert run.logs == []
