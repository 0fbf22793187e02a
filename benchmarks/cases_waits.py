# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cases with waits: for one action, for many, after a call, and of many hosts."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from measures import Case, Limit, Measure
from peers import ours, uri, uri_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from commands import Commands
    from servers import LiveTarget, Servers
    from sizes import Sizes

SERVICE = "/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/"

HISTORY = 60
"""The finished actions on the server."""

THROTTLE = "2/1"
"""Requests per second that the server allows for all hosts."""

MAX_LATE = 30
"""The seconds that the last of many hosts may need after the last action has ended."""


def start(target: LiveTarget, count: int, seconds: float) -> list[str]:
    """Start actions that end one after the other, the last one after these seconds from the first request."""
    phases = [[[0, "In progress"], [seconds * (number + 1) / count, "Success"]] for number in range(count)]
    return target.sandbox.create_actions(
        [{"object": SERVICE, "phases": phase, "from_first_request": True} for phase in phases]
    )


def wait_cases(commands: Commands, servers: Servers, sizes: Sizes) -> Iterator[Case]:
    """Yield the cases with a wait for one action, and for many."""
    target = servers.live(HISTORY)
    seconds = sizes.wait_seconds

    def wait(count: int) -> Measure:
        return commands.play(target, ours("wait_for_action", uuid=start(target, count, seconds)))

    def poll() -> Measure:
        (uuid,) = start(target, 1, seconds)
        return commands.play(target, uri_until(target.action_url(f"{uuid}/"), seconds))

    yield Case(
        f"wait for one action of {seconds:g} s",
        {"wait_for_action": partial(wait, 1), "uri, until": poll},
        [Limit("wait_for_action", "processor", 0.25, "uri, until")],
        most_rounds=3,
    )
    yield Case(
        f"wait for {sizes.waited} actions that end within {seconds:g} s",
        {"wait_for_action": partial(wait, sizes.waited)},
        [Limit("wait_for_action", "requests", 40)],
        most_rounds=3,
    )


def call_case(commands: Commands, servers: Servers, sizes: Sizes) -> Iterator[Case]:
    """Yield the case with a call and the wait for its action."""
    target = servers.live(HISTORY)
    path = f"{SERVICE}redeploy/?seconds={sizes.call_seconds:g}"
    call = uri(f"{target.url}{path}", "POST", 202, register="called")
    poll = uri_until(f"{target.url}{{{{ called.x_tutum_action_uri }}}}", sizes.call_seconds)
    yield Case(
        f"a call, and the wait for its action of {sizes.call_seconds:g} s",
        {
            "tutum_call": partial(commands.play, target, ours("tutum_call", path=path)),
            "uri; uri, until": partial(commands.play, target, call, poll),
        },
        [Limit("tutum_call", "processor", 0.6, "uri; uri, until")],
        most_rounds=3,
    )


def hosts_case(commands: Commands, servers: Servers, sizes: Sizes) -> Iterator[Case]:
    """Yield the case with many hosts that wait for the actions of one object, on a server that throttles requests."""
    target = servers.live(HISTORY)
    seconds = sizes.hosts_seconds

    def wait() -> Measure:
        target.sandbox.reset()  # Earlier actions of the object would count.
        target.sandbox.create_actions(
            [
                {"object": SERVICE, "phases": [[0, "In progress"], [seconds * share, "Success"]]}
                for share in (0.6, 0.8, 1.0)
            ]
        )
        end = time.monotonic() + seconds
        target.sandbox.set(throttle=THROTTLE)
        try:
            measured = commands.play(target, ours("wait_for_action", object=SERVICE), hosts=sizes.hosts)
        finally:
            target.sandbox.set(throttle=None)
        return replace(measured, late=time.monotonic() - end)

    yield Case(
        f"{sizes.hosts} hosts that wait concurrently, {THROTTLE[0]} requests a second in all",
        {"wait_for_action": wait},
        [Limit("wait_for_action", "late", MAX_LATE)],
        most_rounds=3,
    )
