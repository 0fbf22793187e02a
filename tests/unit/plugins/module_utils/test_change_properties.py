# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes on simulated servers with any history and any faults.

The property: each entry into a watched final state is reported exactly once, and each entry into an unfinished state at
most once; without faults exactly once, too, if it lasts longer than the pause between two polls.
"""

from __future__ import annotations

import math
import typing as t
from collections import Counter
from datetime import datetime, timedelta

from hypothesis import event, given, settings
from hypothesis import strategies as st

from ansible_collections.tutum.cloud.plugins.module_utils._actions import FINAL_STATES, STATES, ActionsClient
from ansible_collections.tutum.cloud.plugins.module_utils._argspec import CHANGES
from ansible_collections.tutum.cloud.plugins.module_utils._change_options import ChangeOptions
from ansible_collections.tutum.cloud.plugins.module_utils._changes import Changes
from ansible_collections.tutum.cloud.plugins.module_utils._dates import format_iso
from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError, TransientError
from ansible_collections.tutum.cloud.tests.unit.fakes import (
    API_URL,
    EPOCH,
    FakeAction,
    FakeApi,
    FakeClient,
    response,
    uuid_of,
)
from ansible_collections.tutum.cloud.tests.unit.properties import PROPERTY

START, HORIZON = 1000.0, 1250.0
"""When the source starts, and until when something happens, by the fake clock."""

INTERVAL = 10.0


class Action(FakeAction):
    """An action that may be retried: its end is that of the state which it has at the moment."""

    def end(self, now: float) -> datetime | None:
        reached = [(self.started + after, state) for after, state in self.timeline if self.started + after <= now]
        moment, state = reached[-1] if reached else (self.started, self.timeline[0][1])
        return EPOCH + timedelta(seconds=moment) if state in FINAL_STATES else None

    def entries(self) -> t.Iterator[tuple[float, float, str]]:
        """Yield when each state begins and ends, and the state."""
        moments = [self.started + after for after, _state in self.timeline]
        for (_after, state), begin, end in zip(self.timeline, moments, [*moments[1:], math.inf]):
            yield begin, end, str(state)


class History(t.NamedTuple):
    """The history of an action."""

    started: float
    steps: list[tuple[str, float]]
    """Unfinished states, each with how long it lasts."""
    final: str
    retried_after: float
    listed_after: float

    def action(self, number: int) -> Action:
        """Return the action."""
        timeline = []
        moment = 0.0
        for state, seconds in self.steps:
            timeline.append((moment, state))
            moment += seconds
        timeline.append((moment, self.final))
        if self.retried_after:
            timeline += [
                (moment + self.retried_after, "In progress"),
                (moment + self.retried_after + 7, self.final),
            ]
        return Action(uuid_of(number), self.started, timeline, listed_after=self.listed_after)


moments = st.integers(1600, 2300).map(lambda half: half / 2)
durations = st.integers(1, 60).map(float) | st.sampled_from([0.25, 100.0])
steps = st.sampled_from(
    [
        [],
        ["In progress"],
        ["Pending", "In progress"],
        ["In progress", "Canceling"],
        ["Pending", "In progress", "Canceling"],
    ]
)
histories = st.builds(
    lambda started, states, lasts, final, retried, listed: History(
        started, list(zip(states, lasts)), final, retried, listed
    ),
    moments,
    steps,
    st.lists(durations, min_size=3, max_size=3),
    st.sampled_from(FINAL_STATES),
    st.sampled_from([0.0, 0.0, 0.0, 11.0, 80.0]),
    st.sampled_from([0.0, 0.0, 0.0, 1.0, 6.0, 100.0]),
)
servers = st.fixed_dictionaries(
    {
        "newest_first": st.booleans(),
        "max_limit": st.sampled_from([2, 3, 25, 500]),
        "latency": st.sampled_from([0.0, 0.0, 0.3, 2.0]),
    }
)
watched = st.sets(st.sampled_from(STATES), min_size=1).map(sorted)
sinces = st.sampled_from([None, 700.0, 850.0, 999.5, 1100.0])
faults = st.lists(st.sampled_from(["", "", "", "503", "html", "404", "refused", "late", "401"]), max_size=80)


class Run:
    """A source and a server, until everything that happened must have been reported."""

    def __init__(
        self, made: list[History], server: dict[str, t.Any], state: list[str], since: float | None, planned: list[str]
    ) -> None:
        self.api = FakeApi(**server)
        self.api.actions = [one.action(number) for number, one in enumerate(made)]
        self.api.clock.now = START
        self.planned = planned
        self.api.fault_for = self._fault
        chosen = {name: option.get("default") for name, option in CHANGES.items()}
        chosen["since"] = None if since is None else format_iso(EPOCH + timedelta(seconds=since))
        chosen["state"] = state
        chosen["interval"] = INTERVAL
        self.state = state
        # Dates are known to the second.
        self.sure_from = START + 2 + 3 * server["latency"] if since is None else since
        self.sure_before = math.floor(START) if since is None else since
        self.events: Counter[tuple[str, str, str | None]] = Counter()
        client = FakeClient(self.api, max_retries=0)
        self.changes = Changes(ActionsClient(client), ChangeOptions(chosen, API_URL), lambda _text: None)
        self.refusal: int | None = None
        end = HORIZON + 200
        while self.api.clock.now < end or self.planned:
            try:
                found = self.changes.poll()
            except ApiError as error:
                event(f"ended by {error.status}")
                self.refusal = error.status
                break
            self.events.update((action["uuid"], action["state"], action["ended_at"]) for action in found)
            self.api.clock.sleep(self.changes.pause)

    def _fault(self, url: str) -> t.Any:
        kind = self.planned.pop(0) if self.planned else ""
        if kind == "late":
            self.api.clock.now += 25
        if kind in ("", "late"):
            return None
        if kind == "refused" or self.changes._since is None:
            return TransientError(url, "Connection failed: refused. Check api_url")
        return response(b"<html>") if kind == "html" else response(status=int(kind))

    def check_final_states(self) -> None:
        assert self.refusal in (None, 401)
        for action in self.api.actions:
            assert isinstance(action, Action)
            for begin, end, state in action.entries():
                if state not in FINAL_STATES:
                    continue
                ended_at = format_iso((EPOCH + timedelta(seconds=begin)).replace(microsecond=0))
                count = self.events[action.uuid, state, ended_at]
                assert count <= 1
                if state not in self.state or begin < self.sure_before:
                    assert count == 0
                # A retry removes the previous end, so an end that was not shown before the retry is not known.
                elif begin >= self.sure_from and end == math.inf and self.refusal is None:
                    assert count == 1, f"missing: {action.uuid} {state} at {begin}"

    def check_unfinished_states(self, *, is_exact: bool) -> None:
        for action in self.api.actions:
            assert isinstance(action, Action)
            for state in set(STATES) - set(FINAL_STATES):
                all_entries = [(begin, end) for begin, end, one in action.entries() if one == state]
                count = self.events[action.uuid, state, None]
                assert count <= len(all_entries)
                if state not in self.state:
                    assert count == 0
                elif is_exact:
                    listed = action.started + action.listed_after
                    seen = [(begin, end) for begin, end in all_entries if end - max(begin, listed) > INTERVAL + 4]
                    wanted = [begin for begin, _end in seen if begin >= max(self.sure_from, START + 2)]
                    assert count >= len(wanted), f"missing: {action.uuid} {state} {all_entries}"
                    assert count <= len([begin for begin, _end in all_entries if begin >= self.sure_before])


@settings(PROPERTY, max_examples=25)
@given(st.lists(histories, max_size=8), servers, watched, sinces)
def test_changes_without_faults_are_reported_exactly_once(
    made: list[History], server: dict[str, t.Any], state: list[str], since: float | None
) -> None:
    server = {**server, "latency": min(server["latency"], 0.3), "max_limit": 500}
    run = Run(made, server, state, since, [])
    run.check_final_states()
    run.check_unfinished_states(is_exact=True)


@settings(PROPERTY, max_examples=35)
@given(st.lists(histories, max_size=8), servers, watched, sinces, faults)
def test_changes_with_faults_are_reported_at_most_once_and_final_states_always(
    made: list[History], server: dict[str, t.Any], state: list[str], since: float | None, planned: list[str]
) -> None:
    run = Run(made, server, state, since, list(planned))
    run.check_final_states()
    run.check_unfinished_states(is_exact=False)
