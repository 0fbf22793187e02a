# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs waits on a fake API: their results, messages and progress."""

from __future__ import annotations

import typing as t

from ansible_collections.tutum.cloud.plugins.module_utils._actions import ActionsClient
from ansible_collections.tutum.cloud.plugins.module_utils._wait_options import WaitOptions
from ansible_collections.tutum.cloud.plugins.module_utils._waiting import Wait
from ansible_collections.tutum.cloud.tests.unit.fakes import API_URL, FakeApi, FakeClient

RUNNING = (0.0, "In progress")

DEFAULTS: dict[str, t.Any] = {
    "success_states": ["Success"],
    "timeout": 300.0,
    "delay": 0.0,
    "interval": 1.0,
    "max_interval": 15.0,
}


class WaitRun:
    """One wait on a fake API, and the progress that it shows."""

    def __init__(
        self,
        api: FakeApi,
        *uuids: str,
        settings: dict[str, t.Any] | None = None,
        check_mode: bool = False,
        random_source: t.Callable[[], float] = lambda: 0.0,
        **options: t.Any,
    ) -> None:
        """
        :param uuids: the option ``uuid``.
        :param settings: the settings of the connection.
        :param options: the other options.
        """
        self.api = api
        self.statuses: list[str] = []
        self.status_moments: list[float] = []
        """When each status was shown, in seconds after the start."""
        self.logs: list[str] = []
        self._started = api.clock()
        client = FakeClient(api, **(settings or {}))
        values = {**DEFAULTS, "uuid": list(uuids) if uuids or "object" not in options else None, **options}
        self.wait = Wait(
            ActionsClient(client),
            WaitOptions(values, API_URL),
            sleep=api.clock.sleep,
            random_source=random_source,
            progress=self,
            check_mode=check_mode,
        )

    def show_status(self, line: str) -> None:
        """Take a line of progress."""
        self.statuses.append(line)
        self.status_moments.append(self.elapsed)

    def show_log(self, line: str) -> None:
        """Take a line of a log."""
        self.logs.append(line)

    def run(self) -> dict[str, t.Any]:
        """Wait, and return the results."""
        self.wait.run()
        return self.wait.results()

    @property
    def elapsed(self) -> float:
        """Return the seconds since the wait began."""
        return round(self.api.clock() - self._started, 3)

    @property
    def message(self) -> str:
        """Return the failure message; empty after a success."""
        return self.wait.failure() or ""

    @property
    def states(self) -> list[object]:
        """Return the state of each action in the results."""
        return [action.get("state") for action in self.wait.results()["actions"]]


def fail_between(api: FakeApi, begin: float, end: float, fault: t.Any) -> None:
    """Let every request between two moments after the present fail."""
    now = api.clock()
    api.fault_for = lambda _url: fault if now + begin <= api.clock() < now + end else None


def request_moments(api: FakeApi) -> list[float]:
    """Return a list that receives the moment of each request, in seconds after the present."""
    now = api.clock()
    moments: list[float] = []
    api.before = lambda _url: moments.append(round(api.clock() - now, 3))
    return moments
