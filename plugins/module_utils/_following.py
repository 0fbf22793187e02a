# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""New lines of the actions' logs, for ``follow_logs``."""

from __future__ import annotations

import typing as t

from ansible_collections.tutum.cloud.plugins.module_utils._actions import is_finished
from ansible_collections.tutum.cloud.plugins.module_utils._text import log_lines

if t.TYPE_CHECKING:
    from ansible_collections.tutum.cloud.plugins.module_utils._messages import ActionTexts

MAX_LINES = 100
"""How many lines of one action are shown per poll; the last ones."""

MAX_LINE_CHARACTERS = 1000
"""A longer line is cut."""

OVERLAP_CHARACTERS = 200
"""How much of the end of a log identifies the place in a log that no longer begins as it did."""


class LogFollower:
    """Shows what is added to the logs of a wait's actions."""

    def __init__(self, texts: ActionTexts, show: t.Callable[[str], object]) -> None:
        """
        :param texts: the actions, without secrets and hidden fields.
        :param show: takes one line.
        """
        self._texts = texts
        self._show = show
        self._shown: dict[str, str] = {}

    def show_new_lines(self) -> None:
        """Show the lines that were added since the last call, each after the name of what it belongs to."""
        for uuid in self._texts.watched.uuids:
            logs = self._texts.field(uuid, "logs")
            if not isinstance(logs, str):
                continue
            shown = self._shown.get(uuid, "")
            added = _added(shown, logs)
            action = self._texts.watched.last_seen(uuid)
            if not added.endswith("\n") and not (action and is_finished(action)):
                # The last line may be incomplete.
                added = added[: added.rfind("\n") + 1]
            if not added:
                continue
            self._shown[uuid] = logs[: len(logs) - len(logs.rpartition(added)[2])]
            lines = log_lines(added)
            if len(lines) > MAX_LINES:
                lines = [f"({len(lines) - MAX_LINES} more lines)", *lines[-MAX_LINES:]]
            for line in lines:
                cut = f"{line[:MAX_LINE_CHARACTERS]}..." if len(line) > MAX_LINE_CHARACTERS else line
                self._show(f"{self._texts.short_object(uuid)} | {cut}")


def _added(shown: str, logs: str) -> str:
    """Return what a log has after the part that was shown, also where its beginning was cut off."""
    if logs.startswith(shown):
        return logs[len(shown) :]
    _before, end, after = logs.rpartition(shown[-OVERLAP_CHARACTERS:])
    return after if end else logs
