# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The data that a wait has about its actions: last seen, finished, failed, not found."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._watched import LastingCondition, WatchedActions
from ansible_collections.tutum.cloud.tests.unit.fakes import uuid_of

FIRST, SECOND = uuid_of(1), uuid_of(2)
SHORT = "00000001"


def watch(*references: str, skip_missing: bool = False) -> WatchedActions:
    """Return watched actions, for which Success counts as success."""
    return WatchedActions(references, ("Success",), skip_missing=skip_missing)


def seen(uuid: str, state: t.Any, **fields: t.Any) -> dict[str, t.Any]:
    """Return an action as the API shows it."""
    return {"uuid": uuid, "state": state, **fields}


def note_not_found(watched: WatchedActions, reference: str) -> None:
    """Report a 404 often and long enough."""
    for now in (0.0, 2.0, 5.0):
        watched.note_not_found(reference, now)


@pytest.mark.parametrize(
    ("moments", "lasted"),
    [
        ([0.0], False),
        ([0.0, 1.0, 2.0, 4.9], False),
        ([0.0, 60.0], False),
        ([0.0, 1.0, 5.0], True),
        ([7.0, 7.1, 12.0], True),
    ],
)
def test_persistence_needs_both_seconds_and_polls(moments: list[float], lasted: bool) -> None:
    persistence = LastingCondition(5.0, 3)
    assert [persistence.note("x", now) for now in moments][-1] is lasted


def test_persistence_cleared_begins_again() -> None:
    persistence = LastingCondition(5.0, 3)
    for now in (0.0, 4.0):
        persistence.note("x", now)
    persistence.clear("x")
    persistence.clear("never noted")
    assert [persistence.note("x", now) for now in (5.0, 6.0, 9.9, 10.0)] == [False, False, False, True]


def test_persistence_names_are_independent() -> None:
    persistence = LastingCondition(0.0, 2)
    assert [persistence.note(name, 0.0) for name in "abab"] == [False, False, True, True]


def test_watched_before_any_response_everything_is_unfinished() -> None:
    watched = watch(FIRST, SECOND, FIRST)
    assert (watched.uuids, watched.unfinished, len(watched)) == ([FIRST, SECOND], [FIRST, SECOND], 2)
    assert (watched.unsuccessful, watched.states, watched.in_order()) == ([], {}, [])


@pytest.mark.parametrize("state", ["Pending", "In progress", "Canceling", "Paused", "", None, 7, ["Success"]])
def test_watched_state_that_is_not_final_is_unfinished(state: object) -> None:
    watched = watch(FIRST)
    assert watched.record(seen(FIRST, state), 0.0)
    assert (watched.unfinished, watched.failed, watched.states) == ([FIRST], [], {str(state): 1})


@pytest.mark.parametrize(("state", "failed"), [("Success", []), ("Failed", [FIRST]), ("Canceled", [FIRST])])
def test_watched_final_state_is_finished(state: str, failed: list[str]) -> None:
    watched = watch(FIRST)
    watched.record(seen(FIRST, state), 0.0)
    assert (watched.unfinished, watched.failed, watched.unsuccessful) == ([], failed, failed)


def test_watched_record_of_an_unknown_action_is_ignored() -> None:
    watched = watch(FIRST)
    assert not watched.record(seen(SECOND, "Failed"), 0.0)
    assert (watched.failed, watched.states) == ([], {})


def test_watched_record_accepts_a_uuid_in_capitals() -> None:
    watched = watch(uuid_of(10))
    assert watched.record(seen(uuid_of(10).upper(), "Success"), 0.0)
    assert watched.unfinished == []


@pytest.mark.parametrize("late", ["In progress", "Pending", None])
def test_watched_final_state_is_not_undone_by_a_server_that_lags(late: object) -> None:
    watched = watch(FIRST)
    watched.record(seen(FIRST, "Failed"), 0.0)
    watched.record(seen(FIRST, late), 1.0)
    assert (watched.unfinished, watched.failed) == ([], [FIRST])


def test_watched_fields_that_a_list_lacks_are_kept_while_the_state_is_the_same() -> None:
    watched = watch(FIRST)
    watched.record(seen(FIRST, "In progress", logs="a", ip="b"), 0.0)
    watched.record(seen(FIRST, "In progress", ip="c"), 1.0)
    assert watched.last_seen(FIRST) == seen(FIRST, "In progress", logs="a", ip="c")
    watched.record(seen(FIRST, "Failed", ip="c"), 2.0)
    # The logs of a running action are not those of its end.
    assert watched.last_seen(FIRST) == seen(FIRST, "Failed", ip="c")


def test_watched_seen_at_is_the_last_response() -> None:
    watched = watch(FIRST)
    assert watched.seen_at(FIRST) is None
    for now in (3.0, 8.0):
        watched.record(seen(FIRST, "Pending"), now)
    assert watched.seen_at(FIRST) == 8.0


def test_watched_not_found_needs_5_seconds_and_3_polls() -> None:
    watched = watch(FIRST)
    for now in (0.0, 1.0, 4.9):
        watched.note_not_found(FIRST, now)
    assert (watched.unfinished, watched.not_found) == ([FIRST], [])
    watched.note_not_found(FIRST, 5.0)
    assert (watched.unfinished, watched.not_found, watched.unsuccessful) == ([], [FIRST], [FIRST])
    assert watched.finished_count == 0


def test_watched_not_found_is_cleared_by_a_response() -> None:
    watched = watch(FIRST)
    for now in (0.0, 1.0):
        watched.note_not_found(FIRST, now)
    watched.record(seen(FIRST, "Pending"), 2.0)
    watched.note_not_found(FIRST, 5.0)
    assert watched.not_found == []
    note_not_found(watched, FIRST)
    watched.record(seen(FIRST, "Pending"), 6.0)
    assert (watched.not_found, watched.unfinished) == ([], [FIRST])


def test_watched_skip_missing_leaves_out_what_was_never_seen() -> None:
    watched = watch(FIRST, SECOND, skip_missing=True)
    watched.record(seen(SECOND, "Success"), 0.0)
    note_not_found(watched, FIRST)
    assert (watched.unfinished, watched.not_found, watched.unsuccessful, len(watched)) == ([], [], [], 1)


def test_watched_skip_missing_does_not_skip_what_was_seen_running() -> None:
    """As far as is known, it did not succeed, so the wait must not succeed."""
    watched = watch(FIRST, skip_missing=True)
    watched.record(seen(FIRST, "In progress"), 0.0)
    note_not_found(watched, FIRST)
    assert (watched.not_found, watched.unsuccessful, len(watched)) == ([FIRST], [FIRST], 1)


def test_watched_discovered_action_is_added_once() -> None:
    watched = watch(FIRST)
    for uuid in (SECOND, FIRST, SECOND):
        watched.watch(uuid)
    assert watched.uuids == [FIRST, SECOND]
    for uuid in (FIRST, SECOND):
        watched.record(seen(uuid, "Success"), 0.0)
    assert [action["uuid"] for action in watched.in_order()] == [FIRST, SECOND]


def test_watched_in_order_repeats_what_is_named_repeatedly() -> None:
    watched = watch(SECOND, FIRST, SECOND)
    watched.record(seen(FIRST, "Success"), 0.0)
    watched.record(seen(SECOND, "Failed"), 0.0)
    assert [action["uuid"] for action in watched.in_order()] == [SECOND, FIRST, SECOND]
    assert (watched.states, watched.unsuccessful, len(watched)) == ({"Success": 1, "Failed": 1}, [SECOND], 2)


def test_watched_short_uuid_is_unfinished_until_it_is_resolved() -> None:
    watched = watch(SHORT, SECOND)
    assert (watched.unresolved, watched.unfinished) == ([SHORT], [SHORT, SECOND])
    watched.resolve(SHORT, FIRST)
    assert (watched.unresolved, watched.uuids) == ([], [FIRST, SECOND])
    watched.record(seen(FIRST, "Success"), 0.0)
    assert [action["uuid"] for action in watched.in_order()] == [FIRST]


@pytest.mark.parametrize("references", [[SHORT, FIRST], [FIRST, SHORT], [SHORT, f"{SHORT}-0000", FIRST]])
def test_watched_short_uuid_that_names_a_watched_action_is_counted_once(references: list[str]) -> None:
    watched = watch(*references)
    watched.record(seen(FIRST, "Failed"), 0.0)
    for reference in references:
        if reference != FIRST:
            watched.resolve(reference, FIRST)
    assert (watched.uuids, watched.unsuccessful, len(watched)) == ([FIRST], [FIRST], 1)
    assert len(watched.in_order()) == len(references)


def test_watched_short_uuid_not_found_is_not_resolved_any_more() -> None:
    watched = watch(SHORT)
    note_not_found(watched, SHORT)
    assert (watched.unresolved, watched.unfinished, watched.not_found) == ([], [], [SHORT])
