# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cases with many actions: whole and with a few fields, a part of them, and the growth of time and memory."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from commands import CHECKOUT, HERE
from measures import Case, Limit, Measure
from peers import EMPTY, floor, floor_file, ours, uri

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from commands import Commands
    from servers import Servers, Target
    from sizes import Sizes

FIELDS = ["action", "state", "started_at"]

OURS = str(CHECKOUT / "plugins" / "modules" / "tutum_action_info.py")
FLOOR = str(HERE / "floor" / "library" / "floor_request.py")

MAX_MEMORY = 150
"""MiB, for the most actions with three fields."""


def page_urls(target: Target, count: int, sizes: Sizes) -> list[str]:
    """Return the URLs of all pages."""
    return [target.action_url(f"?limit={sizes.page}&offset={offset}") for offset in range(0, count, sizes.page)]


def list_case(commands: Commands, servers: Servers, sizes: Sizes, original: Path | None) -> Iterator[Case]:
    """Yield the case with a long list."""
    target = servers.replay(sizes.large)
    every = ours("tutum_action_info", limit=sizes.large)
    selected = ours("tutum_action_info", limit=sizes.large, fields=FIELDS)
    whole_file, selected_file = commands.directory / "whole.json", commands.directory / "fields.json"
    actions = servers.get(sizes.large, f"?limit={min(sizes.large, 1000)}")["objects"]
    actions = (actions * (sizes.large // len(actions)))[: sizes.large]
    whole_file.write_text(json.dumps(actions))
    selected_file.write_text(
        json.dumps([{name: action.get(name, action["start_date"]) for name in FIELDS} for action in actions])
    )
    tasks = {
        "all fields": every,
        "three fields": selected,
        "floor": floor(*page_urls(target, sizes.large, sizes)),
        "floor, from a file": floor_file(str(whole_file)),
        "floor, three fields from a file": floor_file(str(selected_file)),
    }
    yield Case(
        f"list of {sizes.large:,}, module",
        {name: partial(commands.play, target, task) for name, task in tasks.items()},
        [Limit("three fields", quantity, 0.65, "all fields") for quantity in ("seconds", "processor")],
        empty=partial(commands.play, target, EMPTY),
        most_rounds=5,
    )
    if original:
        program = f"import tutum; assert len(tutum.Action.list()) >= {sizes.large}"
        latency = sizes.latency / 2
        yield Case(
            f"list of {sizes.large:,}, a whole command, {latency * 1000:g} ms each response",
            {
                "tutum_action_info": partial(commands.play, target, every, latency=latency),
                "python-tutum": partial(commands.run, [original, "-c", program], target, latency),
            },
            most_rounds=2,
        )


def newest_case(commands: Commands, servers: Servers, sizes: Sizes) -> Iterator[Case]:
    """Yield the case with the last actions of the longest list."""
    target = servers.live(sizes.huge)
    url = target.action_url(f"?limit=10&offset={sizes.huge - 10}")
    tasks = {
        "tutum_action_info": ours("tutum_action_info", order="newest_first", limit=10),
        "floor, offset known": floor(url),
        "uri, offset known": uri(url),
    }
    yield Case(
        f"newest 10 of {sizes.huge:,}, module",
        {name: partial(commands.play, target, task) for name, task in tasks.items()},
        [Limit("tutum_action_info", "requests", 3)],
    )


def latency_case(commands: Commands, servers: Servers, sizes: Sizes) -> Iterator[Case]:
    """Yield the case with a long list over a network."""
    target = servers.replay(sizes.large)
    tasks = {
        "tutum_action_info": ours("tutum_action_info", limit=sizes.large, fields=FIELDS),
        "floor": floor(*page_urls(target, sizes.large, sizes)),
    }
    yield Case(
        f"list of {sizes.large:,}, three fields, {sizes.latency * 1000:g} ms each response",
        {name: partial(commands.play, target, task, latency=sizes.latency) for name, task in tasks.items()},
        most_rounds=3,
    )


def growth_cases(commands: Commands, servers: Servers, sizes: Sizes) -> Iterator[Case]:
    """Yield the cases that show how time and memory grow."""

    def alone(module: str, **options: Any) -> Measure:
        return commands.run_alone("module_alone.py", [module, json.dumps(options)], servers.replay(sizes.huge))

    for count in (sizes.large, sizes.huge):
        target = servers.replay(sizes.huge)
        limits = [Limit("three fields", "memory", MAX_MEMORY)] if count == sizes.huge else []
        yield Case(
            f"growth: {count:,} actions, the module's process alone",
            {
                "three fields": partial(alone, OURS, limit=count, fields=FIELDS),
                "all fields": partial(alone, OURS, limit=count),
                "hidden: body, logs": partial(alone, OURS, limit=count, hidden_fields=["body", "logs"]),
                "floor": partial(alone, FLOOR, urls=page_urls(target, count, sizes)),
            },
            limits,
            most_rounds=3,
        )
