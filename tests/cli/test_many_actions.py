# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many actions in one wait: few requests, nothing missed, nothing late."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tutum_sandbox.process import Sandbox

    from tests.cli.running import Ansible

COUNT = 200
LONGEST = 30.0  # seconds
MOST_REQUESTS = 40
QUESTION = 0.5
"""Seconds for a question itself: an end just after it was answered is noticed with the next one."""


def test_200_actions(ansible: Ansible, sandbox: Sandbox) -> None:
    """200 actions that end at random within 30 s, in any final state, some of them on a detour."""
    chance = random.Random(200)
    head_start = 3.0  # for Ansible to start, so that the ends fall into the wait
    described: list[dict[str, Any]] = []
    ends = []
    for number in range(COUNT):
        end = head_start + chance.uniform(0.5, LONGEST)
        state = chance.choices(["Success", "Failed", "Canceled"], [8, 1, 1])[0]
        phases: list[tuple[float, str]] = [(0, "In progress"), (end, state)]
        if number % 5 == 0:
            phases = [(0, "Pending"), (end / 2, "In progress"), (end, state)]
        if state == "Canceled":
            phases.insert(-1, (end * 0.9, "Canceling"))
        described.append({"phases": phases, "logs": f"log of {number}"})
        ends.append((end, state))
    created = time.time()
    uuids = sandbox.create_actions(described)
    expected = {uuid: state for uuid, (_end, state) in zip(uuids, ends, strict=True)}
    asked = list(uuids)
    chance.shuffle(asked)

    done = ansible.run(ansible.playbook([{"name": "wait", "tutum.cloud.wait_for_action": {"uuid": asked}}]))
    assert done.status == 2
    result = done.result("wait")

    # All are reported right.
    assert [action["uuid"] for action in result["actions"]] == asked
    assert {action["uuid"]: action["state"] for action in result["actions"]} == expected
    assert result["states"] == Counter(expected.values())
    assert result["unfinished"] == []
    assert result["timed_out"] is False
    assert sorted(result["unsuccessful"]) == sorted(uuid for uuid, state in expected.items() if state != "Success")
    for action in result["actions"]:
        if action["state"] != "Success":
            assert action["logs"] == f"log of {uuids.index(action['uuid'])}"

    # With few requests.
    requests = sandbox.requests("/action/")
    assert len(requests) <= MOST_REQUESTS

    # Each end is followed by a question soon.
    times = [entry["time"] for entry in requests]
    for end, _state in ends:
        ended = created + end
        noticed = min((moment for moment in times if moment >= ended), default=times[-1])
        allowed = max(1.5, (ended - times[0]) / 10) + QUESTION
        assert noticed - ended <= allowed, f"an end {ended - times[0]:.1f} s into the wait"
    assert result["elapsed"] <= max(ends)[0] + created - times[0] + LONGEST / 10 + 1.5
