# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `make demo` runs: a sandbox, a playbook on it, and the ad hoc command by both of its names.

The exit status is 0 when all of it worked, and 130 after Ctrl-C. Nothing is left running, and nothing is read from or
left in the caller's home.
"""

# ruff: noqa: E402 - the first thing to do comes before the imports that take time

from __future__ import annotations

import signal

# Until the end can be an orderly one, Ctrl-C ends this at once, and without a traceback.
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

sys.path.insert(0, str(CHECKOUT / "tests" / "sandbox"))
from tutum_sandbox.process import Sandbox, SandboxError

ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
let_ends_through = functools.partial(signal.pthread_sigmask, signal.SIG_UNBLOCK, ENDS)

QUESTION = "state=Failed order=newest_first limit=1 hidden_fields=body,logs,user_agent"
STEPS = (
    ("A playbook", ["ansible-playbook", "examples/demo/demo.yml"]),
    ("Ad hoc", ["ansible", "localhost", "-m", "tutum.cloud.tutum_action_info", "-a", QUESTION]),
    ("Ad hoc, by the bare name", ["ansible", "localhost", "-m", "tutum_action_info", "-a", QUESTION]),
)
SUMMARY = """\
Shown, in {seconds:.0f} s, on a server of this machine's own ({url}, now stopped):
  - a play that starts a service, waits for its action with progress on the terminal, and goes on;
  - what failed lately, with the module tutum.cloud.tutum_action_info;
  - a report from a template, with the lookup tutum.cloud.tutum_action;
  - a play that does not go on when its action fails: the message has the end of the action's logs;
  - the ad hoc command, by its full name and by its bare name.
Go on with README.md, with `make sandbox` for a server to try things on, and with the playbooks in examples/.
"""


class DemoError(Exception):
    """A step did not do what it should."""


def environment(sandbox: Sandbox, home: Path) -> dict[str, str]:
    """What the commands see: the sandbox, and nothing of the caller's Ansible or Tutum."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "TUTUM_", "PYTHON"))}
    return {
        **kept,
        **sandbox.environment(),
        "PATH": os.pathsep.join([str(ANSIBLE_BIN), os.environ.get("PATH", os.defpath)]),
        "HOME": str(home),
        "TMPDIR": str(home),
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        # Named, because Ansible does not look for it in a folder that everybody may write to.
        "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
        # The user's home in the password database is another one.
        "ANSIBLE_REMOTE_TMP": str(home / "tmp"),
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_NOCOWS": "1",
    }


def run(command: list[str], environ: dict[str, str]) -> None:
    """Run a command to its end; whatever ends this, the command is ended first.

    It gets a session of its own: Ctrl-C then reaches this process alone, and the end is an orderly one.
    """
    # From its start on the process is known here, so no signal may come between.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    process = subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env=environ,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=let_ends_through,  # noqa: PLW1509 - there are no threads here
    )
    try:
        let_ends_through()
        status = process.wait()
    finally:
        _end(process)
    if status:
        raise DemoError(f"This should have worked, but it ended with status {status}: {shlex.join(command)}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command and all that it started, if it still runs."""
    for number, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 1.0)):
        if process.poll() is not None:
            return
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, number)
            process.wait(patience)


def demonstrate() -> None:
    """Run all steps."""
    began = time.monotonic()
    # No hyphen before the part that chance adds: Ansible reads paths as expressions, and `-5in` makes it warn.
    folder = tempfile.TemporaryDirectory(prefix="tutum_demo_", ignore_cleanup_errors=True)
    with folder as home, Sandbox(python=SANDBOX_PYTHON) as sandbox:
        environ = environment(sandbox, Path(home))
        for number, (title, command) in enumerate(STEPS, start=1):
            print(f"\n=== {number} of {len(STEPS)}: {title}\n$ {shlex.join(command)}\n", flush=True)
            run(command, environ)
        url = sandbox.url
    print(f"\n=== That was it\n{SUMMARY.format(seconds=time.monotonic() - began, url=url)}", end="", flush=True)


def interrupt(_number: int, _frame: object) -> NoReturn:
    """Begin the end, once: who is impatient must not disturb it."""
    for number in ENDS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    """Run the demo, and say in a line why it ended early."""
    for number in ENDS:
        signal.signal(number, interrupt)
    try:
        demonstrate()
    except KeyboardInterrupt:
        print("\nInterrupted. Nothing is left running.", file=sys.stderr)
        return 130
    except (DemoError, SandboxError, OSError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
