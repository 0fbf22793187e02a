# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The order of actions: by their start, which the API shows to the second.

Within one second only the server's list shows an order.
"""

from __future__ import annotations

import typing as t

from ansible_collections.tutum.cloud.plugins.module_utils._dates import cut_to_second, parse_api_date

if t.TYPE_CHECKING:
    from datetime import datetime

    from ansible_collections.tutum.cloud.plugins.module_utils._page import Action


def start_of(action: Action) -> datetime | None:
    """Return the start of an action, to the second; None if it cannot be read."""
    moment = parse_api_date(action.get("start_date"))
    return cut_to_second(moment) if moment else None


def sort_by_start(actions: list[Action], *, newest_first: bool) -> list[Action]:
    """Return actions by their start, those of one second in the given order.

    An action whose start cannot be read stays with its older neighbor.
    """
    ordered = actions[::-1] if newest_first else actions
    starts: list[datetime | None] = []
    for action in ordered:
        starts.append(start_of(action) or (starts[-1] if starts else None))
    pairs = sorted(zip(starts, ordered), key=lambda pair: (pair[0] is not None, pair[0]))
    ordered = [action for _start, action in pairs]
    return ordered[::-1] if newest_first else ordered


def direction_of(actions: t.Sequence[Action]) -> bool | None:
    """Return whether actions are listed with the newest first; None if their start dates do not show it."""
    first = next(filter(None, map(start_of, actions)), None)
    last = next(filter(None, map(start_of, reversed(actions))), None)
    return None if first is None or last is None or first == last else first > last
