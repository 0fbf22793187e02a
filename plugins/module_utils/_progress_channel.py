# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Both ends of the channel for progress: a file in the task's temporary directory.

The module appends lines to it, and the action plugin on the controller reads them while the module runs. Imports nothing of
the collection, since both ends need it.
"""

from __future__ import annotations

import os
from contextlib import suppress

FILE_NAME = "tutum_progress"
MAX_READ_BYTES = 1024 * 1024

HEARTBEAT_SECONDS = 30.0
"""Without a change, progress is shown this often."""

_STATUS = "S"
_LOG = "L"


class ProgressWriter:
    """The module's end."""

    def __init__(self, directory: str) -> None:
        """
        :param directory: the task's temporary directory.
        """
        self._path = os.path.join(directory, FILE_NAME)

    def show_status(self, line: str) -> None:
        """Show the state of the wait; a later one replaces it."""
        self._append(_STATUS, line)

    def show_log(self, line: str) -> None:
        """Show a line of a log."""
        self._append(_LOG, line)

    def _append(self, kind: str, line: str) -> None:
        # The wait is more important than its progress.
        with suppress(OSError), open(self._path, "a", encoding="utf-8", errors="replace") as file:
            file.write(f"{kind}{line}\n")


class ProgressReader:
    """The action plugin's end."""

    def __init__(self, directory: str) -> None:
        """
        :param directory: the task's temporary directory.
        """
        self._path = os.path.join(directory, FILE_NAME)
        self._offset = 0

    def read(self) -> tuple[list[str], str | None]:
        """Return the new lines of logs, and the last new status, if there is one. A line without its end is left."""
        try:
            with open(self._path, "rb") as file:
                file.seek(self._offset)
                content = file.read(MAX_READ_BYTES)
        except OSError:
            return [], None
        complete = content[: content.rfind(b"\n") + 1]
        if not complete and len(content) == MAX_READ_BYTES:
            complete = content  # The module does not write this.
        self._offset += len(complete)
        lines = complete.decode("utf-8", "replace").split("\n")[:-1]
        statuses = [line[1:] for line in lines if line.startswith(_STATUS)]
        return [line[1:] for line in lines if line.startswith(_LOG)], statuses[-1] if statuses else None
