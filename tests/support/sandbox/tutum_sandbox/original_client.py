# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The original client of the API, `tutum` 0.21.1 of 2015, to compare with. It needs Python 2.7.

Standard library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CLIENT = "tutum==0.21.1"
# The last version that creates environments for Python 2.7.
VIRTUALENV = "virtualenv<20.22"


def install(directory: Path) -> Path | None:
    """Install the client into an environment in this directory, unless that is done; return its Python.

    Return None if there is no Python 2.7. Raise a CalledProcessError if a step fails.
    """
    python, complete = directory / "bin" / "python", directory / "complete"
    if complete.exists():
        return python
    interpreter = _python27()
    if interpreter is None:
        return None
    with tempfile.TemporaryDirectory() as tools:
        python3, options = sys.executable, ("--quiet", "--clear", f"--python={interpreter}")
        _run(python3, "-m", "pip", "install", "--quiet", f"--target={tools}", VIRTUALENV)
        _run(python3, "-m", "virtualenv", *options, str(directory), PYTHONPATH=tools)
        _run(str(directory / "bin" / "pip"), "install", "--quiet", CLIENT)
    complete.touch()
    return python


def _run(*command: str, **environment: str) -> None:
    subprocess.run(command, env=os.environ | environment, stdout=subprocess.DEVNULL, check=True)


def _python27() -> str | None:
    """Find a Python 2.7 that runs: one of a version manager's shims may be there and not work."""
    candidates = [shutil.which("python2.7")]
    pyenv = shutil.which("pyenv")
    if pyenv:
        root = subprocess.run([pyenv, "root"], capture_output=True, text=True, check=False).stdout.strip()
        candidates += sorted(map(str, Path(root).glob("versions/2.7*/bin/python2.7"))) if root else []
    for candidate in candidates:
        if candidate and subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0:
            return candidate
    return None
