# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The servers of a benchmark: sandboxes of different sizes, and servers that replay the responses of one."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutum_sandbox.process import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent


class Target:
    """A server to measure with: one that replays the responses of a sandbox, so that Django's time does not count."""

    def __init__(self, url: str, sandbox: Sandbox) -> None:
        self.url = url
        self.sandbox = sandbox
        self.environment = {**sandbox.environment(), "TUTUM_REST_HOST": url}

    def action_url(self, rest: str) -> str:
        """Return a URL below that of the actions."""
        return f"{self.url}/api/v1/action/{rest}"

    def reset(self, latency: float) -> None:
        """Reset the counts, and let each response take this many seconds."""
        self._control(f"?latency={latency}")

    def counts(self) -> tuple[int, int]:
        """Return how many requests there were, over how many connections."""
        found = self._control("")
        return found["requests"], found["connections"]

    def _control(self, query: str) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.url}/replay/{query}", timeout=60) as response:
            found: dict[str, int] = json.load(response)
        return found


class LiveTarget(Target):
    """A sandbox itself, for actions that change with time."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox.url, sandbox)

    def reset(self, latency: float) -> None:
        """Reset the counts, and let each response take this many seconds."""
        self.sandbox.set(latency=latency * 1000)
        self.sandbox.clear_requests()

    def counts(self) -> tuple[int, int]:
        """Return how many requests there were, over how many connections."""
        log = self.sandbox.requests()
        return len(log), len({entry["connection"] for entry in log})


class Servers:
    """Starts servers when they are first needed."""

    def __init__(self, sandbox_python: str, stack: ExitStack) -> None:
        """
        :param sandbox_python: a Python that has Django.
        :param stack: stops the servers.
        """
        self._sandbox_python = sandbox_python
        self._stack = stack
        self._live: dict[int, LiveTarget] = {}
        self._replays: dict[int, Target] = {}

    def live(self, actions: int) -> LiveTarget:
        """Return a sandbox with this many actions."""
        if actions not in self._live:
            sandbox = Sandbox(self._sandbox_python, actions=actions, start_timeout=300.0)
            self._live[actions] = LiveTarget(self._stack.enter_context(sandbox))
        return self._live[actions]

    def replay(self, actions: int) -> Target:
        """Return a server that replays the responses of a sandbox with this many actions."""
        if actions not in self._replays:
            self._replays[actions] = self._stack.enter_context(_replay(self.live(actions).sandbox))
        return self._replays[actions]

    def get(self, actions: int, rest: str) -> Any:
        """Return the response of a sandbox to a request for actions."""
        target = self.live(actions)
        request = urllib.request.Request(target.action_url(rest))
        request.add_header("Authorization", f"ApiKey {target.sandbox.username}:{target.sandbox.api_key}")
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    def uuids(self, actions: int, count: int) -> list[str]:
        """Return the UUIDs of some finished actions."""
        found = self.get(actions, f"?state=Success&limit={count}")
        return [action["uuid"] for action in found["objects"]]


@contextmanager
def _replay(sandbox: Sandbox) -> Iterator[Target]:
    """Run replay.py in a separate process."""
    process = subprocess.Popen(
        [sys.executable, str(HERE / "replay.py"), sandbox.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Target(json.loads(process.stdout.readline())["url"], sandbox)
        finally:
            process.stdin.close()
