# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How large the cases are: as the README reports them, or so small that all of them run within a minute or so."""

from __future__ import annotations

from typing import NamedTuple


class Sizes(NamedTuple):
    """The sizes of all cases."""

    large: int = 10_000
    """The actions of a long list."""
    huge: int = 100_000
    """The actions of the longest list."""
    page: int = 500
    """The actions of a page."""
    tasks: int = 10
    """How often a short task is in one play."""
    lookups: int = 200
    lookup_uuids: int = 20
    """How many lookups a template has, and how many different UUIDs they have."""
    latency: float = 0.1
    """The seconds that a response takes over a network."""
    wait_seconds: float = 30.0
    call_seconds: float = 10.0
    """How long an action runs."""
    waited: int = 200
    """The actions of a wait for many."""
    hosts: int = 20
    hosts_seconds: float = 60.0
    """The hosts that wait concurrently, and how long the last action runs."""


QUICK = Sizes(
    large=200,
    huge=600,
    page=100,
    tasks=1,
    lookups=4,
    lookup_uuids=2,
    latency=0.01,
    wait_seconds=1.0,
    call_seconds=1.0,
    waited=20,
    hosts=2,
    hosts_seconds=2.0,
)
"""For a test of the benchmark itself; the limits say nothing then."""
