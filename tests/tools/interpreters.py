# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the Python interpreters of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path


def interpreter_folders() -> list[Path]:
    """Folders to put on PATH, so that each ``pythonX.Y`` that is installed is also found.

    pyenv installs many Pythons but answers only to those that are switched on, so its versions are named one by one.
    The folder of the Python that runs now is the first: ``python3`` stays what it was.
    """
    folders = [Path(getattr(sys, "_base_executable", sys.executable)).parent]
    if pyenv := shutil.which("pyenv"):
        root = subprocess.run([pyenv, "root"], check=False, stdout=subprocess.PIPE, text=True).stdout.strip()
        # It answers with a folder of HOME, which is another one where HOME was changed for a while.
        roots = {Path(root or os.devnull), Path(pyenv).resolve().parents[1]}
        versions = [version for each in roots for version in each.glob("versions/3.*/bin")]
        folders += sorted(versions, key=_version, reverse=True)
    return folders


def _version(folder: Path) -> list[int]:
    return [int(part) for part in folder.parent.name.split(".") if part.isdigit()]
