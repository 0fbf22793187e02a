# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sandbox's responses with random errors, through the whole client."""

from __future__ import annotations

import json
import random
import time
import urllib.request
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._errors import TutumError
from tests.support.operations import query, wait
from tests.support.servers import AnyServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tutum_sandbox.process import Sandbox

    from ansible_collections.tutum.cloud.plugins.module_utils._client import Client

ROUNDS = 25
LONGEST = 15.0
"""The longest duration of a round in seconds. A hundredth of that is usual."""

VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 1.5, 10**30, "", "x" * 1000, "In progress", "Success", "../", "\ud83d", "\x1b[2J"),
    *([], {}, [None], [[]], {"": {}}, "Wed, 17 Sep 2014 08:26:22 +0000", "/api/v1/action/?offset=25"),
)
STATUSES = (*[200] * 40, 201, 204, 301, 400, 404, 429, 500, 503)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place in a JSON value: its container, and its key or index there."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]


def broken(chance: random.Random, body: bytes) -> bytes:
    """Return a response with a few errors in its JSON, in its bytes, or with none."""
    kind = chance.choice(["json", "json", "bytes", "nothing", "nothing", "nothing"])
    if kind == "json":
        document = json.loads(body)
        for _change in range(chance.randint(1, 3)):
            if found := places(document):
                holder, key = chance.choice(found)
                if chance.random() < 0.3:
                    del holder[key]
                else:
                    holder[key] = chance.choice(VALUES)
        return json.dumps(document).encode()
    if kind == "bytes":
        at, length = chance.randrange(len(body)), chance.choice([0, 1, 10, len(body)])
        return body[:at] + chance.randbytes(chance.randint(0, 4)) + body[at + length :]
    return body


class Breaker(AnyServer):
    """Forwards requests to the sandbox, and breaks its responses."""

    def __init__(self, sandbox: Sandbox, chance: random.Random) -> None:
        super().__init__()
        self._sandbox = sandbox
        self._chance = chance
        self.choose = self._break

    def _break(self, path: str) -> tuple[int, dict[str, str], bytes]:
        request = urllib.request.Request(f"{self._sandbox.url}{path}")
        request.add_header("Authorization", f"ApiKey {self._sandbox.username}:{self._sandbox.api_key}")
        with urllib.request.urlopen(request, timeout=10) as response:
            body = response.read()
        return self._chance.choice(STATUSES), {"Content-Type": "application/json"}, broken(self._chance, body)


def operations(uuids: list[str], service: str) -> list[tuple[Callable[..., Any], dict[str, Any]]]:
    """Return the operations of each round."""
    return [
        (query, {}),
        (query, {"uuid": uuids[:2]}),
        (query, {"state": ["Failed", "Success"], "order": "newest_first", "limit": 5}),
        (wait, {"uuid": uuids[:2], "timeout": 0.0}),
        (wait, {"uuid": uuids, "timeout": 0.0}),
        (wait, {"object": service, "timeout": 0.0}),
    ]


def test_broken_responses(sandbox: Sandbox, connect: Callable[..., Client]) -> None:
    """Each ends in time, with a valid result or a typed error; a wait succeeds only if all states are Success."""
    chance = random.Random(2014)  # the same each time
    service = "/api/v1/service/5b1c7f0e-93a4-4c55-8ab1-6d1f0a3de001/"
    uuids = sandbox.create_actions([{"object": service, "phases": [[0, "In progress"], [9999, "Success"]]}] * 6)
    sandbox.set(max_page_size=25)
    ends: Counter[str] = Counter()
    with Breaker(sandbox, chance) as server:
        for _round in range(ROUNDS):
            for operation, options in operations(uuids, service):
                client = connect(api_url=server.url, max_retries=0)
                started = time.monotonic()
                try:
                    found = operation(client, **options)
                except TutumError as error:
                    message = str(error)
                    ends["refused"] += 1
                else:
                    message = "" if operation is query else found.failure() or ""
                    if operation is query:
                        assert all(isinstance(action["uuid"], str) for action in found.actions)
                        ends["returned"] += 1
                    elif not message:
                        states = {action["state"] for action in found.results()["actions"]}
                        assert states <= {"Success"}
                        assert found.results()["unfinished"] == []
                        ends["succeeded"] += 1
                    else:
                        ends["failed"] += 1
                assert sandbox.api_key not in message
                assert message.replace("\n", "").isprintable()
                assert time.monotonic() - started < LONGEST
                client.close()
    # Some responses were broken, and some were not.
    assert min(ends[end] for end in ("refused", "returned", "failed")) > 10, ends


@pytest.mark.parametrize("seed", range(3))
def test_broken_changes_responses(seed: int) -> None:
    """Most results differ from the response."""
    chance = random.Random(seed)
    body = json.dumps({"meta": {"next": None}, "objects": [{"uuid": "a", "state": "Success"}]}).encode()
    assert sum(broken(chance, body) != body for _try in range(100)) > 30
