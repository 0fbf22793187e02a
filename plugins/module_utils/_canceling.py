# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Canceling what is unfinished when a wait times out (``on_timeout: cancel``)."""

from __future__ import annotations

import typing as t

from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError, TransientError
from ansible_collections.tutum.cloud.plugins.module_utils._references import is_short

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

        :param uuids: the UUIDs; a short one cannot be canceled, since it is not known which action it names.
        :param seconds: how long all of it may take.
        :param check_mode: whether nothing may be sent.
        """
        if check_mode:
            self.not_canceled = dict.fromkeys(uuids, "nothing is canceled in check mode")
            return
        whole = [uuid for uuid in uuids if not is_short(uuid)]
        self.not_canceled = {uuid: "no action with this UUID was found" for uuid in uuids if is_short(uuid)}
        deadline = actions.client.clock() + seconds

        def cancel(uuid: str) -> object:
            return actions.cancel(uuid, deadline=deadline)

        for uuid, outcome in zip(whole, actions.client.map_in_order(cancel, whole, concurrently=True)):
            if isinstance(outcome, TransientError) and outcome.was_sent:
                self.not_canceled[uuid] = f"not confirmed: {outcome.problem}"
            elif isinstance(outcome, ApiError):
                self.not_canceled[uuid] = outcome.problem
            else:
                self.canceled.append(uuid)

    def describe(self) -> list[str]:
        """Return the lines of the failure message that describe the cancellation."""
        lines = [f"Canceled: {', '.join(self.canceled)}."] if self.canceled else []
        return lines + [f"Not canceled: {uuid} ({reason})." for uuid, reason in self.not_canceled.items()]
