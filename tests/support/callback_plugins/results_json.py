# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A callback that writes each result of each task as a line of JSON, into a file or on the screen."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: results_json
type: aggregate
short_description: Each result of each task as a line of JSON
description:
  - Appends to the file that E(TUTUM_TEST_RESULTS) names. Without a name it writes to the standard output, in place of
    the usual callback.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]  # Ansible has no types
    """The callback."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "results_json"
    CALLBACK_NEEDS_ENABLED = True

    def _write(self, outcome: str, result: Any) -> None:
        line = {
            "name": result._task.get_name(),
            "host": result._host.get_name(),
            "outcome": outcome,
            "result": result._result,
        }
        text = json.dumps(line, default=str)
        if path := os.environ.get("TUTUM_TEST_RESULTS"):
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(f"{text}\n")
        else:
            self._display.display(text)

    def v2_runner_on_ok(self, result: Any) -> None:
        """The task succeeded."""
        self._write("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """The task failed."""
        self._write("ignored" if ignore_errors else "failed", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        """The task was skipped."""
        self._write("skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """The host could not be reached."""
        self._write("unreachable", result)
