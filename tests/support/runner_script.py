# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run one job with ansible-runner, as AWX does: ``python runner_script.py DIRECTORY``.

The arguments of `ansible_runner.run` are in `DIRECTORY/job.json`. Each event is a line of `DIRECTORY/events.jsonl` as soon
as it arrives, and `DIRECTORY/finished.json` is the end. The file `DIRECTORY/cancel` cancels the job.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import ansible_runner


def main(directory: Path) -> None:
    """Run the job."""
    with (directory / "events.jsonl").open("w", encoding="utf-8") as events:

        def write_event(event: dict[str, Any]) -> bool:
            events.write(json.dumps({**event, "arrived": time.time()}) + "\n")
            events.flush()
            return True

        job = ansible_runner.run(
            private_data_dir=str(directory),
            event_handler=write_event,
            cancel_callback=(directory / "cancel").exists,
            quiet=True,
            **json.loads((directory / "job.json").read_text(encoding="utf-8")),
        )
    finished = {"status": job.status, "rc": job.rc}
    (directory / "finished.json").write_text(json.dumps(finished), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
