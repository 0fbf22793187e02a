# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Create the virtual environments of this checkout, once for each state of their requirements.

``python3 environment.py NAME...`` creates ``.venv/NAME`` or brings it up to date. The Makefile and noxfile.py share
these environments; only the standard library is needed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = CHECKOUT / ".venv"
CACHE = CHECKOUT / ".cache"

# The requirement files of each environment, relative to the checkout.
REQUIREMENTS = {
    "nox": ["tests/tools/requirements/nox.txt"],
    "sandbox": ["tests/support/sandbox/requirements.txt"],
    "unit": ["tests/unit/requirements.txt", "tests/tools/requirements/unit.txt"],
    "ansible": ["requirements.txt", "meta/ee-requirements.txt", "examples/demo/requirements.txt"],
}


class EnvironmentCreationError(Exception):
    """A virtual environment cannot be created. The message is for a person."""


def environment_python(name: str) -> Path:
    """Return the interpreter of ``.venv/NAME``. Create or update the environment first if its requirements changed."""
    CACHE.mkdir(exist_ok=True)
    python = ENVIRONMENTS / name / "bin" / "python"
    with _locked(CACHE / f"environment-{name}.lock"):
        stamp = ENVIRONMENTS / name / ".requirements"
        wanted = _fingerprint(name)
        if not (python.exists() and stamp.exists() and stamp.read_text() == wanted):
            print(f"Preparing .venv/{name} ...", file=sys.stderr, flush=True)
            _create(name)
            stamp.write_text(wanted)
    return python


def _fingerprint(name: str) -> str:
    digest = hashlib.sha256(sys.version.encode() + str(CHECKOUT).encode())
    for requirements in REQUIREMENTS[name]:
        digest.update((CHECKOUT / requirements).read_bytes())
    return digest.hexdigest()


def _create(name: str) -> None:
    directory = ENVIRONMENTS / name
    if directory.exists():
        shutil.rmtree(directory)
    options = [option for file in REQUIREMENTS[name] for option in ("--requirement", str(CHECKOUT / file))]
    # Not sys.executable: inside another environment that is a link, and the base may outlive that environment.
    base = getattr(sys, "_base_executable", sys.executable)
    _run(
        [base, "-m", "venv", str(directory)], hint="Does this Python have venv and ensurepip (python3-venv on Debian)?"
    )
    _run([str(directory / "bin" / "python"), "-m", "pip", "install", *options], hint="Is a package index reachable?")


def _run(command: list[str], *, hint: str) -> None:
    environment = {"PIP_CACHE_DIR": str(CACHE / "pip"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"} | os.environ
    # pip runs other programs to describe the system, which write to the home directory.
    home = CACHE / "home"
    home.mkdir(exist_ok=True)
    environment["HOME"] = str(home)
    # An active virtual environment must not affect the new one.
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        command, check=False, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise EnvironmentCreationError(f"{done.stdout}\n{' '.join(command)} failed. {hint}")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Create the environments named on the command line, all at the same time."""
    try:
        with ThreadPoolExecutor() as pool:
            list(pool.map(environment_python, sys.argv[1:]))
    except EnvironmentCreationError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The next call starts again.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
