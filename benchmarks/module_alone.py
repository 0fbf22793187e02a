# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One module in this process, so that its memory can be measured, and neither Ansible nor the start of Python counts.

``python module_alone.py MODULE OPTIONS``: the module's file, and its options as JSON. Prints JSON: the seconds from the
first import of the module to its result, the processor time in seconds, and the peak memory of the process in MiB.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import runpy
import sys
import time
from pathlib import Path

from ansible.module_utils import basic


def main() -> None:
    """Run the module, and print what it took."""
    module, options = sys.argv[1:]
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": json.loads(options)}).encode()
    basic._ANSIBLE_PROFILE = "legacy"  # since core 2.19
    started, processor = time.perf_counter(), time.process_time()
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        try:
            runpy.run_path(module, run_name="__main__")
        except SystemExit as ended:
            if ended.code not in (None, 0):
                raise
    measured = {
        "seconds": time.perf_counter() - started,
        "processor": time.process_time() - processor,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
