# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cases with one action: by a module, by a lookup, and by many lookups."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from measures import Case, Limit
from peers import EMPTY, URL_LOOKUP_VARIABLES, floor, lookup, ours, template, uri

if TYPE_CHECKING:
    from collections.abc import Iterator

    from commands import Commands
    from servers import Servers
    from sizes import Sizes


def module_case(commands: Commands, servers: Servers, sizes: Sizes) -> Iterator[Case]:
    """Yield the case with a module."""
    target = servers.replay(sizes.large)
    (uuid,) = servers.uuids(sizes.large, 1)
    url = target.action_url(f"{uuid}/")
    tasks = {"tutum_action_info": ours("tutum_action_info", uuid=uuid), "floor": floor(url), "uri": uri(url)}
    yield Case(
        "one action by UUID, module",
        {name: partial(commands.play, target, *[task] * sizes.tasks) for name, task in tasks.items()},
        [
            Limit("tutum_action_info", "processor", 1.05, "floor"),
            Limit("tutum_action_info", "seconds", 1.0, "uri"),
        ],
        units=sizes.tasks,
        empty=partial(commands.play, target, EMPTY),
    )


def lookup_cases(commands: Commands, servers: Servers, sizes: Sizes) -> Iterator[Case]:
    """Yield the cases with lookups."""
    target = servers.replay(sizes.large)
    uuids = servers.uuids(sizes.large, sizes.lookup_uuids)
    urls = [target.action_url(f"{uuid}/") for uuid in uuids]
    one = {
        "lookup": template(lookup("tutum.cloud.tutum_action", uuids[0])),
        "floor": template(lookup("floor_request", urls[0])),
        "url": template(lookup("ansible.builtin.url", urls[0]), vars=URL_LOOKUP_VARIABLES),
    }
    yield Case(
        "one action by UUID, lookup",
        {name: partial(commands.play, target, *[task] * sizes.tasks) for name, task in one.items()},
        units=sizes.tasks,
        empty=partial(commands.play, target, EMPTY),
    )
    numbers = [number % sizes.lookup_uuids for number in range(sizes.lookups)]
    some_uuids, some_urls = [uuids[number] for number in numbers], [urls[number] for number in numbers]
    many = {
        "lookup": template(lookup("tutum.cloud.tutum_action", *some_uuids)),
        "lookup in a loop": {
            "ansible.builtin.debug": {"msg": "{{ lookup('tutum.cloud.tutum_action', item).state }}"},
            "loop": some_uuids,
        },
        "floor": template(lookup("floor_request", *some_urls)),
        "url": template(lookup("ansible.builtin.url", *some_urls), vars=URL_LOOKUP_VARIABLES),
    }
    yield Case(
        f"{sizes.lookups} lookups of {sizes.lookup_uuids} UUIDs in one task",
        {name: partial(commands.play, target, task) for name, task in many.items()},
        [
            Limit(name, quantity, most)
            for name in ("lookup", "lookup in a loop")
            for quantity, most in (("requests", sizes.lookup_uuids), ("connections", 1))
        ],
        empty=partial(commands.play, target, EMPTY),
        most_rounds=5,
    )
    modules = [{**ours("tutum_action_info", uuid="{{ item }}"), "loop": uuids}]
    yield Case(
        f"{sizes.lookup_uuids} requests in one play, {sizes.latency * 1000:g} ms each",
        {
            "lookup": partial(
                commands.play, target, template(lookup("tutum.cloud.tutum_action", *uuids)), latency=sizes.latency
            ),
            "tutum_action_info in a loop": partial(commands.play, target, *modules, latency=sizes.latency),
            "tutum_action_info with a list": partial(
                commands.play, target, ours("tutum_action_info", uuid=uuids), latency=sizes.latency
            ),
        },
        empty=partial(commands.play, target, EMPTY),
        most_rounds=5,
    )
