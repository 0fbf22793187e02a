# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many actions in one wait: few requests, nothing missed, nothing late."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.support.faults import STALL

if TYPE_CHECKING:
    from tutum_sandbox.process import Sandbox

    from tests.support.ansible_commands import Ansible

COUNT = 200
LONGEST = 20.0  # seconds
MOST_REQUESTS = 40


def test_200_actions(ansible: Ansible, sandbox: Sandbox) -> None:
    """200 actions that finish at random times within 20 s, in any final state, some of them after other states."""
    chance = random.Random(200)
    described: list[dict[str, Any]] = []
    ends = []
    for number in range(COUNT):
        end = chance.uniform(0.5, LONGEST)
        state = chance.choices(["Success", "Failed", "Canceled"], [8, 1, 1])[0]
        phases: list[tuple[float, str]] = [(0, "In progress"), (end, state)]
        if number % 5 == 0:
            phases = [(0, "Pending"), (end / 2, "In progress"), (end, state)]
        if state == "Canceled":
            phases.insert(-1, (end * 0.9, "Canceling"))
        described.append({"phases": phases, "logs": f"log of {number}", "from_first_request": True})
        ends.append((end, state))
    uuids = sandbox.create_actions(described)
    expected = {uuid: state for uuid, (_end, state) in zip(uuids, ends, strict=True)}
    requested = list(uuids)
    chance.shuffle(requested)

    done = ansible.run(ansible.playbook([{"name": "wait", "tutum.cloud.wait_for_action": {"uuid": requested}}]))
    assert done.status == 2
    result = done.result("wait")

    # All states are right.
    assert [action["uuid"] for action in result["actions"]] == requested
    assert {action["uuid"]: action["state"] for action in result["actions"]} == expected
    assert result["states"] == Counter(expected.values())
    assert result["unfinished"] == []
    assert result["timed_out"] is False
    assert sorted(result["unsuccessful"]) == sorted(uuid for uuid, state in expected.items() if state != "Success")
    for action in result["actions"]:
        if action["state"] != "Success":
            assert action["logs"] == f"log of {uuids.index(action['uuid'])}"

    # There are few requests.
    requests = sandbox.requests("/action/")
    assert len(requests) <= MOST_REQUESTS

    # A poll follows soon after each end. (The schedule itself is tested with a fake clock.)
    times = [entry["time"] - requests[0]["time"] for entry in requests]
    for end, _state in ends:
        noticed = min((moment for moment in times if moment >= end), default=times[-1])
        assert noticed - end <= max(1.0, end / 10) + STALL
    assert result["elapsed"] <= LONGEST * 1.1 + STALL
