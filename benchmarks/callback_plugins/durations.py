# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A callback that writes the duration of each task as a line of JSON."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: durations
type: aggregate
short_description: The duration of each task as a line of JSON
description:
  - Appends to the file that E(TUTUM_BENCHMARK_DURATIONS) names.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]  # Ansible has no types
    """Write durations."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "durations"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_start(self, host: Any, task: Any) -> None:  # noqa: ARG002  # as Ansible calls it
        """Note when the task starts on a host."""
        self._started = time.perf_counter()

    def v2_runner_on_ok(self, result: Any) -> None:
        """Write the duration of the task."""
        line = {"name": result._task.get_name(), "seconds": time.perf_counter() - self._started}
        with Path(os.environ["TUTUM_BENCHMARK_DURATIONS"]).open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(line)}\n")
