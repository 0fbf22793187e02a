# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Canceling what is unfinished when a wait times out (``on_timeout: cancel``)."""

from __future__ import annotations

import typing as t

from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError

if t.TYPE_CHECKING:
    from ansible_collections.tutum.cloud.plugins.module_utils._actions import ActionsClient


class Cancellation:
    """What was canceled, and what could not be."""

    def __init__(self) -> None:
        self.canceled: list[str] = []
        self.not_canceled: dict[str, str] = {}
        """The reason for each UUID."""

    def run(self, actions: ActionsClient, uuids: t.Sequence[str], seconds: float, *, check_mode: bool) -> None:
        """Cancel actions, each once.

        :param uuids: whole UUIDs.
        :param seconds: how long all of it may take.
        :param check_mode: whether nothing may be sent.
        """
        if check_mode:
            self.not_canceled = dict.fromkeys(uuids, "nothing is canceled in check mode")
            return
        deadline = actions.client.clock() + seconds

        def cancel(uuid: str) -> object:
            return actions.cancel(uuid, deadline=deadline)

        for uuid, outcome in zip(uuids, actions.client.map_in_order(cancel, uuids, concurrently=True)):
            if isinstance(outcome, ApiError):
                self.not_canceled[uuid] = outcome.problem
            else:
                self.canceled.append(uuid)

    def describe(self) -> list[str]:
        """Return the lines of a message about it."""
        lines = [f"Canceled: {', '.join(self.canceled)}."] if self.canceled else []
        return lines + [f"Not canceled: {uuid} ({reason})." for uuid, reason in self.not_canceled.items()]
