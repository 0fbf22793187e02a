# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A callback that writes how long each task took, as a line of JSON."""

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
short_description: How long each task took, as a line of JSON
description:
  - Appends to the file that E(TUTUM_BENCHMARK_DURATIONS) names.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]  # Ansible has no types
    """The callback."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "durations"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_start(self, host: Any, task: Any) -> None:  # noqa: ARG002  # as Ansible calls it
        """The task begins on a host."""
        self._begun = time.perf_counter()

    def v2_runner_on_ok(self, result: Any) -> None:
        """Its result is here."""
        line = {"name": result._task.get_name(), "seconds": time.perf_counter() - self._begun}
        with Path(os.environ["TUTUM_BENCHMARK_DURATIONS"]).open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(line)}\n")
