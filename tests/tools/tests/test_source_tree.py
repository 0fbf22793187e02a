# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the sessions work in: a copy of the tree, and a HOME that is prepared for ansible-test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import source_tree

# Debian's Python has its wheels in another directory than others.
PYTHONS = {"current": sys.executable, "system": "/usr/bin/python3"}


@pytest.mark.parametrize("which", PYTHONS)
def test_bootstrap_script_gives_an_environment_its_pip(which: str, tmp_path: Path) -> None:
    python = PYTHONS[which]
    if not Path(python).exists() or subprocess.run([python, "-c", "import ensurepip"], check=False).returncode:
        pytest.skip(f"{python} is missing, or lacks ensurepip: it cannot create environments")
    home = source_tree.create_home(tmp_path / "home", pip_cache=tmp_path / "pip", environments=tmp_path / "venv")
    environment = tmp_path / "environment"
    subprocess.run([python, "-m", "venv", "--without-pip", environment], check=True)
    script = home / ".ansible/test/cache/get_pip_25_2.py"
    subprocess.run([environment / "bin" / "python", script, "--quiet", "pip==25.2"], check=True)
    command = [str(environment / "bin" / "python"), "-m", "pip", "--version"]
    shown = subprocess.run(command, check=True, capture_output=True, text=True, env={"PATH": os.defpath}).stdout
    assert str(environment) in shown
