# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The failure message and the progress lines of a wait."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError, TransientError
from ansible_collections.tutum.cloud.plugins.module_utils._messages import (
    MAX_ACTIONS_IN_MESSAGE,
    MAX_LOG_CHARACTERS,
    MAX_LOG_LINES,
    ActionTexts,
    describe_failures,
    describe_unfinished,
    format_closing,
    format_progress,
    log_tail,
    number_of_unfinished,
    still_running,
)
from ansible_collections.tutum.cloud.plugins.module_utils._watched import WatchedActions
from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY, EPOCH, SERVICE, make_settings, uuid_of

SECRETS: dict[str, t.Any] = {"action": "op-secret", "object": "/api/v1/service/object-secret/", "logs": "log-secret"}
HOSTILE = "\x1b[2J\r\b\0\u202e\n"
SERVER_NOW = EPOCH.timestamp() + 10.0


def make_texts(*actions: t.Mapping[str, t.Any], unseen: int = 0, hidden: t.Collection[str] = ()) -> ActionTexts:
    """Return the texts about actions that were seen 5 seconds ago, and about some that were not seen yet."""
    uuids = [uuid_of(number + 1) for number in range(len(actions) + unseen)]
    watched = WatchedActions(uuids, ("Success",), skip_missing=False)
    for uuid, fields in zip(uuids, actions):
        shown = {"uuid": uuid, "action": "Service Redeploy", "object": SERVICE, "start_date": EPOCH.isoformat()}
        watched.record({**shown, **fields}, 95.0)
    return ActionTexts(watched, hidden, make_settings().redactor)


def progress_of(
    texts: ActionTexts, *, error: ApiError | None = None, server_now: float | None = SERVER_NOW, since: float = 88.0
) -> str:
    """Return the line of progress 100 seconds after the beginning of monotonic time."""
    return format_progress(texts, server_now=server_now, now=100.0, left=300.0, error=error, since=since)


def failure_of(texts: ActionTexts, *, with_logs: bool = True, success_states: t.Sequence[str] = ("Success",)) -> str:
    return "\n".join(describe_failures(texts, success_states, with_logs=with_logs))


def not_found(texts: ActionTexts, *numbers: int) -> ActionTexts:
    """Mark these actions as not found."""
    for number in numbers:
        for now in (0.0, 1.0, 5.0):
            texts.watched.note_not_found(uuid_of(number), now)
    return texts


# The failure message.


def test_failure_message_names_operation_object_uuid_state_and_the_end_of_the_logs() -> None:
    logs = "".join(f"line {number}\n" for number in range(30))
    assert failure_of(make_texts({"state": "Failed", "logs": logs})) == (
        "1 of 1 actions did not finish with state Success:\n"
        f"- Service Redeploy of {SERVICE} (action {uuid_of(1)}): state Failed. Last log lines:\n"
        + "\n".join(f"line {number}" for number in range(30 - MAX_LOG_LINES, 30))
    )


@pytest.mark.parametrize("logs", [None, "", "\n \n", 7, ["x"], {"x": "y"}])
def test_failure_message_without_logs_has_one_line_per_action(logs: object) -> None:
    message = failure_of(make_texts({"state": "Canceled", "logs": logs}))
    assert message.splitlines()[1:] == [f"- Service Redeploy of {SERVICE} (action {uuid_of(1)}): state Canceled."]


def test_failure_message_with_logs_false_has_no_logs() -> None:
    message = failure_of(make_texts({"state": "Failed", "logs": "no space left"}), with_logs=False)
    assert message.endswith(f"(action {uuid_of(1)}): state Failed.")


def test_failure_message_names_all_success_states() -> None:
    message = failure_of(make_texts({"state": "Failed"}), success_states=("Success", "Canceled"))
    assert message.startswith("1 of 1 actions did not finish with state Success or Canceled:\n")


def test_failure_message_of_actions_not_found_names_remedies() -> None:
    assert failure_of(not_found(make_texts({"state": "Success"}, unseen=1), 2)) == (
        "1 of 2 actions not found. Check the UUID (a service's UUID is not an action's) and api_url:\n"
        f"- action {uuid_of(2)}"
    )


def test_failure_message_has_failed_actions_before_those_not_found() -> None:
    lines = failure_of(not_found(make_texts({"state": "Failed"}, unseen=2), 2)).splitlines()
    assert [line.partition(" actions ")[0] for line in lines[::2]] == ["1 of 3", "1 of 3"]


@pytest.mark.parametrize(("count", "shown"), [(10, 10), (11, 10), (500, 10)])
def test_failure_message_shows_a_limited_number_of_actions(count: int, shown: int) -> None:
    lines = failure_of(make_texts(*[{"state": "Failed"}] * count)).splitlines()
    bullets = [line for line in lines if line.startswith(f"- Service Redeploy of {SERVICE}")]
    assert (lines[0].split(" ")[0], len(bullets)) == (str(count), shown)
    assert (lines[-1] == f"- and {count - shown} more (see the task result).") is (count > shown)


def test_failure_message_is_bounded_and_has_no_control_characters() -> None:
    hostile = HOSTILE + "x" * 100_000
    message = failure_of(make_texts(*[{"state": "Failed", "logs": hostile, "action": hostile, "object": hostile}] * 30))
    assert len(message) < MAX_ACTIONS_IN_MESSAGE * (MAX_LOG_CHARACTERS + 1000)
    assert not (set(HOSTILE) - {"\n", "[", "2", "J"}) & set(message)


@pytest.mark.parametrize("value", [None, 7, True, ["x"], {"x": 1}, "", "a\nb"])
@pytest.mark.parametrize("field", ["action", "object", "logs", "start_date", "end_date"])
def test_messages_accept_any_json_value_of_a_field(field: str, value: object) -> None:
    texts = make_texts({"state": "Failed", field: value}, {"state": "In progress", field: value})
    assert uuid_of(1) in failure_of(texts)
    assert uuid_of(2) in describe_unfinished(texts)[0]
    assert progress_of(texts).isprintable()


# Unfinished actions.


def test_unfinished_actions_are_described_with_their_state() -> None:
    texts = make_texts({"state": "Pending"}, {"state": "Success"}, {"state": "Paused"}, {"state": None}, unseen=1)
    assert number_of_unfinished(texts) == "4 of 5 actions unfinished"
    assert describe_unfinished(texts) == [
        f"- Service Redeploy of {SERVICE} (action {uuid_of(1)}): state Pending.",
        f"- Service Redeploy of {SERVICE} (action {uuid_of(3)}): state Paused (unknown; treated as unfinished).",
        f"- Service Redeploy of {SERVICE} (action {uuid_of(4)}): no state (unknown; treated as unfinished).",
        f"- action {uuid_of(5)}: no data received.",
    ]


def test_unfinished_short_uuid_is_shown_as_short() -> None:
    watched = WatchedActions(["6246c558"], ("Success",), skip_missing=False)
    texts = ActionTexts(watched, (), make_settings().redactor)
    assert describe_unfinished(texts) == ["- action 6246c558...: no data received."]


@pytest.mark.parametrize(("count", "words"), [(1, "1 action was still"), (2, "2 actions were still")])
def test_still_running_counts_actions(count: int, words: str) -> None:
    texts = make_texts({"state": "Failed"}, unseen=count)
    assert still_running(texts) == f"{words} running when fail_fast stopped the wait."


# Hidden fields and secrets.


@pytest.mark.parametrize("name", ["action", "object", "logs"])
def test_hidden_field_is_in_no_message_and_no_line(name: str) -> None:
    texts = make_texts({"state": "Failed", **SECRETS}, {"state": "Pending", **SECRETS}, hidden=[name])
    text = "\n".join([failure_of(texts), *describe_unfinished(texts), progress_of(texts)])
    assert {field: secret in text for field, secret in SECRETS.items()} == {field: field != name for field in SECRETS}


def test_hidden_start_date_gives_no_age() -> None:
    texts = make_texts({"state": "In progress"}, hidden=["start_date"])
    assert progress_of(texts).endswith(": Service Redeploy service/2c2b2aef")


def test_key_that_the_api_returns_is_hidden_before_text_is_cut() -> None:
    texts = make_texts(
        {
            "state": "Failed",
            "action": f"{API_KEY} {'x' * 190}{API_KEY}",
            "logs": API_KEY + "x" * (MAX_LOG_CHARACTERS - 5),
        },
        {"state": f"Odd {API_KEY}", "object": f"/api/v1/service/{API_KEY}/"},
    )
    text = "\n".join([failure_of(texts), *describe_unfinished(texts), progress_of(texts)])
    assert not [part for part in (API_KEY[:8], API_KEY[-5:]) if part in text]


# Progress.


def test_progress_counts_and_names_running_actions() -> None:
    objects = [f"/api/v1/service/{uuid_of(number)}/" for number in range(12)]
    actions = [{"state": "Failed"}] * 2 + [{"state": "In progress", "object": one} for one in objects[2:]]
    assert progress_of(make_texts(*actions)) == (
        "2/12 done, 2 failed, 10 running (300 s left):"
        " Service Redeploy service/00000002 10 s, service/00000003 10 s, 8 more"
    )


def test_progress_names_another_operation_and_another_state() -> None:
    actions = [{"state": "Pending", "action": "Service Start"}, {"state": "Canceling", "action": "Service Stop"}]
    assert progress_of(make_texts(*actions)) == (
        "0/2 done, 2 running (300 s left): Service Start service/2c2b2aef Pending 10 s,"
        " Service Stop service/2c2b2aef Canceling 10 s"
    )


def test_progress_counts_what_was_not_found_or_not_seen_yet() -> None:
    texts = not_found(make_texts({"state": "Success"}, unseen=3), 2)
    assert progress_of(texts) == "1/4 done, 1 not found, 2 not seen yet (300 s left)"


def test_progress_without_actions_is_looking_for_them() -> None:
    assert progress_of(make_texts()) == "looking for actions (300 s left)"


@pytest.mark.parametrize(
    ("one", "name"),
    [
        (SERVICE, "service/2c2b2aef"),
        ("/api/v1/service/my-service/", "/api/v1/service/my-service/"),
        ("", "action/00000001"),
        (None, "action/00000001"),
    ],
)
def test_progress_names_objects_shortly(one: object, name: str) -> None:
    assert progress_of(make_texts({"state": "In progress", "object": one})).endswith(f": Service Redeploy {name} 10 s")


def test_progress_after_an_error_shows_when_actions_were_last_seen() -> None:
    error = TransientError("https://tutum.example.org/", "Connection failed: Connection refused. Check api_url")
    assert progress_of(make_texts({"state": "In progress"}), error=error) == (
        "0/1 done, 1 running (300 s left); no response for 12 s (Connection failed: Connection refused):"
        " Service Redeploy service/2c2b2aef last seen 5 s ago as In progress"
    )


def test_progress_after_a_new_error_has_no_duration() -> None:
    error = TransientError("https://tutum.example.org/", "Connection failed: Connection refused. Check api_url")
    line = progress_of(make_texts(unseen=1), error=error, since=99.9)
    assert line == "0/1 done, 1 not seen yet (300 s left); no response (Connection failed: Connection refused)"


def test_progress_without_the_servers_clock_has_no_ages() -> None:
    assert progress_of(make_texts({"state": "In progress"}), server_now=None).endswith("Redeploy service/2c2b2aef")


def test_progress_of_an_action_that_starts_in_the_future_shows_0_s() -> None:
    assert progress_of(make_texts({"state": "In progress"}), server_now=EPOCH.timestamp() - 60).endswith(" 0 s")


def test_progress_is_one_line_without_control_characters() -> None:
    line = progress_of(make_texts({"state": "In progress", "action": f"a{HOSTILE}b\u2028", "object": f"c{HOSTILE}d"}))
    assert line.isprintable()


@pytest.mark.parametrize(
    ("states", "missing", "timed_out", "line"),
    [
        (["Success"], [], False, "1/1 done after 69 s"),
        (["Success", "Failed"], [], False, "2/2 done after 69 s, 1 failed"),
        (["Failed", "In progress"], [], True, "1/2 done, timed out after 69 s, 1 failed"),
        (["Success"], [2], False, "1/2 done after 69 s, 1 not found"),
        ([], [], False, "no actions found after 69 s"),
    ],
)
def test_closing_line_counts(states: list[str], missing: list[int], timed_out: bool, line: str) -> None:
    texts = not_found(make_texts(*[{"state": state} for state in states], unseen=len(missing)), *missing)
    assert format_closing(texts.watched, 69.4, timed_out=timed_out) == line


def test_log_tail_has_last_lines() -> None:
    logs = "".join(f"line {number}\n" for number in range(30))
    assert log_tail(logs).splitlines() == [f"line {number}" for number in range(30 - MAX_LOG_LINES, 30)]


def test_log_tail_has_last_characters() -> None:
    assert log_tail("x" * 5000) == "x" * MAX_LOG_CHARACTERS


@pytest.mark.parametrize("logs", ["", "\n\n", " \t\n"])
def test_log_tail_of_empty_log_is_empty(logs: str) -> None:
    assert log_tail(logs) == ""
