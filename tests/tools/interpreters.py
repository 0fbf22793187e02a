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


def interpreter_directories() -> list[Path]:
    """Return directories for PATH in which each installed ``pythonX.Y`` is found.

    pyenv's own commands run only the versions that are activated, so the directory of each version is listed. The
    directory of the current Python is the first, so that ``python3`` stays the same.
    """
    directories = [Path(getattr(sys, "_base_executable", sys.executable)).parent]
    if pyenv := shutil.which("pyenv"):
        root = subprocess.run([pyenv, "root"], check=False, stdout=subprocess.PIPE, text=True).stdout.strip()
        # The root depends on HOME, which may be a temporary one.
        roots = {Path(root or os.devnull), Path(pyenv).resolve().parents[1]}
        versions = [version for each in roots for version in each.glob("versions/3.*/bin")]
        directories += sorted(versions, key=_version, reverse=True)
    return directories


def _version(directory: Path) -> list[int]:
    return [int(part) for part in directory.parent.name.split(".") if part.isdigit()]
