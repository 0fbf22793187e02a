# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the demo (`make demo`): a sandbox, a playbook, and an ad hoc command with the full and the short module name.

The exit status is 0 if everything worked, and 130 after Ctrl-C. The demo leaves no process running. It writes one file,
the report in `.cache`, and does not read or write anything in the home directory of the caller.
"""

# ruff: noqa: E402 - the signal handler must be set before the imports, which take time

from __future__ import annotations

import signal

# Until the handlers of main() are installed, Ctrl-C terminates the process immediately and without a traceback.
signal.signal(signal.SIGINT, signal.SIG_DFL)

import functools
import os
import shlex
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

CHECKOUT = Path(__file__).resolve().parents[2]
ANSIBLE_BIN = Path(os.environ.get("TUTUM_TEST_ANSIBLE_BIN", CHECKOUT / ".venv" / "ansible" / "bin"))
SANDBOX_PYTHON = os.environ.get("TUTUM_TEST_SANDBOX_PYTHON", str(CHECKOUT / ".venv" / "sandbox" / "bin" / "python"))

sys.path.insert(0, str(CHECKOUT / "tests" / "support" / "sandbox"))
from tutum_sandbox.process import Sandbox, SandboxError

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
unblock_signals = functools.partial(signal.pthread_sigmask, signal.SIG_UNBLOCK, SIGNALS)

QUERY = "state=Failed order=newest_first limit=1 hidden_fields=body,logs,user_agent"
STEPS = (
    ("A playbook", ["ansible-playbook", "examples/demo/demo.yml"]),
    ("Ad hoc", ["ansible", "localhost", "-m", "tutum.cloud.tutum_action_info", "-a", QUERY]),
    ("Ad hoc, with the short module name", ["ansible", "localhost", "-m", "tutum_action_info", "-a", QUERY]),
)
REPORT = CHECKOUT / ".cache" / "demo_report.html"
SUMMARY = """\
In {seconds:.0f} s, the demo showed on a local server ({url}, now stopped):
  - a play that starts a service with the module tutum.cloud.tutum_call, which waits for its action with progress on the
    terminal, and continues;
  - the actions that failed recently, with the module tutum.cloud.tutum_action_info;
  - a report from a template, with the lookup tutum.cloud.tutum_action;
  - a page about all actions, with the role tutum.cloud.action_report: open {report} in a browser;
  - a play that stops when its action fails: the message has the last lines of the action's logs;
  - an ad hoc command, with the full and with the short module name.
Next: read README.md, start a server for your own experiments with `make sandbox`, and copy from the playbooks in
examples/.
"""


class DemoError(Exception):
    """A step of the demo failed."""


def environment(sandbox: Sandbox, home: Path) -> dict[str, str]:
    """Return the environment of the commands: with the sandbox, without the caller's settings of Ansible and Tutum."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "TUTUM_", "PYTHON"))}
    return {
        **kept,
        **sandbox.environment(),
        "PATH": os.pathsep.join([str(ANSIBLE_BIN), os.environ.get("PATH", os.defpath)]),
        "HOME": str(home),
        "TMPDIR": str(home),
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "DEMO_REPORT": str(REPORT),
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        # Set explicitly, because Ansible ignores an ansible.cfg in a world-writable directory.
        "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
        # By default Ansible uses the home directory in the password database, not HOME.
        "ANSIBLE_REMOTE_TMP": str(home / "tmp"),
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_NOCOWS": "1",
    }


def run(command: list[str], environ: dict[str, str]) -> None:
    """Run a command, and terminate it first if this process is terminated.

    The command runs in a session of its own, so that only this process receives Ctrl-C.
    """
    # No signal may arrive between the start of the command and the assignment of `process`.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    process = subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env=environ,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=unblock_signals,  # noqa: PLW1509 - there are no threads here
    )
    try:
        unblock_signals()
        status = process.wait()
    finally:
        _terminate(process)
    if status:
        raise DemoError(f"Command failed with status {status}: {shlex.join(command)}")


def _terminate(process: subprocess.Popen[bytes]) -> None:
    """Terminate a command and the processes that it started, if it is still running."""
    for number, seconds in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 1.0)):
        if process.poll() is not None:
            return
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, number)
            process.wait(seconds)


def demonstrate() -> None:
    """Run all steps."""
    started = time.monotonic()
    REPORT.parent.mkdir(exist_ok=True)
    # No hyphen before the random part: Ansible parses paths as expressions, and warns about `-5in`.
    directory = tempfile.TemporaryDirectory(prefix="tutum_demo_", ignore_cleanup_errors=True)
    with directory as home, Sandbox(python=SANDBOX_PYTHON) as sandbox:
        environ = environment(sandbox, Path(home))
        for number, (title, command) in enumerate(STEPS, start=1):
            print(f"\n=== {number} of {len(STEPS)}: {title}\n$ {shlex.join(command)}\n", flush=True)
            run(command, environ)
        url = sandbox.url
    summary = SUMMARY.format(seconds=time.monotonic() - started, url=url, report=REPORT)
    print(f"\n=== Summary\n{summary}", end="", flush=True)


def interrupt(_number: int, _frame: object) -> NoReturn:
    """Start the cleanup. Further signals are ignored, so that they cannot interrupt it."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    """Run the demo, and show one line if it fails."""
    for number in SIGNALS:
        signal.signal(number, interrupt)
    try:
        demonstrate()
    except KeyboardInterrupt:
        print("\nInterrupted. No process is left running.", file=sys.stderr)
        return 130
    except (DemoError, SandboxError, OSError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
