# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run one job with ansible-runner: ``python runner_script.py DIRECTORY``.

The arguments of `ansible_runner.run` are in `DIRECTORY/job.json`. Each event becomes a line of
`DIRECTORY/events.jsonl` as soon as it arrives. At the end, `DIRECTORY/finished.json` has the status. The file
`DIRECTORY/cancel` cancels the job.

With the further argument `worker` the job runs as in AWX: `ansible-runner worker` receives it through a pipe, runs it
in a directory of its own, and sends the events through another pipe. SIGTERM to the worker cancels the job.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ansible_runner

if TYPE_CHECKING:
    from collections.abc import Callable

CHECK_SECONDS = 0.2


def run(directory: Path, event_handler: Callable[[dict[str, Any]], bool]) -> tuple[str, int | None]:
    """Run the job in this process, and return its status and exit code."""
    job = ansible_runner.run(
        private_data_dir=str(directory),
        event_handler=event_handler,
        cancel_callback=(directory / "cancel").exists,
        quiet=True,
        **arguments_in(directory),
    )
    return job.status, job.rc


def run_through_worker(directory: Path, event_handler: Callable[[dict[str, Any]], bool]) -> tuple[str, int | None]:
    """Run the job as AWX does, and return its status; there is no exit code."""
    arguments = arguments_in(directory)
    command = ["ansible-runner", "worker", "--private-data-dir", str(directory.with_name("worker")), "--delete"]
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert worker.stdin

    def terminate_if_canceled() -> None:
        while worker.poll() is None:
            time.sleep(CHECK_SECONDS)
            if (directory / "cancel").exists():
                worker.terminate()
                return

    threading.Thread(target=terminate_if_canceled, daemon=True).start()
    ansible_runner.run(streamer="transmit", _output=worker.stdin, private_data_dir=str(directory), **arguments)
    worker.stdin.close()
    job = ansible_runner.run(
        streamer="process",
        _input=worker.stdout,
        private_data_dir=str(directory),
        ident=arguments["ident"],
        event_handler=event_handler,
        quiet=True,
    )
    worker.wait()
    return job.status, None


def arguments_in(directory: Path) -> dict[str, Any]:
    """Return the arguments of the job."""
    arguments: dict[str, Any] = json.loads((directory / "job.json").read_text(encoding="utf-8"))
    return arguments


def main() -> None:
    """Run the job."""
    directory, *way = sys.argv[1:]
    with (Path(directory) / "events.jsonl").open("w", encoding="utf-8") as events:

        def write_event(event: dict[str, Any]) -> bool:
            events.write(json.dumps({**event, "arrived": time.time()}) + "\n")
            events.flush()
            return True

        status, code = (run_through_worker if way == ["worker"] else run)(Path(directory), write_event)
    (Path(directory) / "finished.json").write_text(json.dumps({"status": status, "rc": code}), encoding="utf-8")


if __name__ == "__main__":
    main()
