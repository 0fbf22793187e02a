# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A machine as a newcomer has it: an Ansible, the built artifact, and nothing else."""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import running_sandbox, sandbox
from tests.cli.running import Ansible

if TYPE_CHECKING:
    from tutum_sandbox.process import Sandbox

__all__ = ["running_sandbox", "sandbox"]

CHECKOUT = Path(__file__).resolve().parents[2]
OLD_CORE = "ansible-core ~= 2.17.0"


def run(*command: str | Path, home: Path | None = None) -> str:
    """Run a command that has to succeed, and return what it printed."""
    # Through PYTHONPATH the tests' own copy of the collection would be found, and pass for installed.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["HOME"] = str(home or environment["HOME"])
    done = subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout


def python_environment(folder: Path, *packages: str) -> Path:
    """Create an environment with these packages; return its folder of programs."""
    venv.create(folder, with_pip=True)
    run(folder / "bin" / "python", "-m", "pip", "install", "--quiet", *packages)
    return folder / "bin"


class Newcomer(Ansible):
    """Ansible as its user has it: a home that lasts, and no settings that a test would like."""

    def __init__(self, programs: Path, home: Path, folder: Path, sandbox: Sandbox) -> None:
        super().__init__(programs, home / ".ansible" / "collections", folder)
        del self.environment["ANSIBLE_COLLECTIONS_PATH"]
        self.home = home
        self.environment.update(HOME=str(home), **sandbox.environment())


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty home."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Path:
    """The newest Ansible that this Python can have, and the collection as it is built, both freshly installed."""
    programs = python_environment(tmp_path_factory.mktemp("newest") / "venv", "ansible-core")
    folder = tmp_path_factory.mktemp("artifact")
    run(programs / "ansible-galaxy", "collection", "build", "--output-path", folder, CHECKOUT)
    (artifact,) = folder.glob("tutum-cloud-*.tar.gz")
    run(programs / "ansible-galaxy", "collection", "install", "--offline", artifact, home=home)
    return programs


@pytest.fixture(scope="session")
def programs_with_libraries(programs: Path, home: Path) -> Path:
    """The same, after the second command of the README."""
    requirements = home / ".ansible/collections/ansible_collections/tutum/cloud/requirements.txt"
    run(programs / "python", "-m", "pip", "install", "--quiet", "-r", requirements)
    return programs


@pytest.fixture(scope="session")
def old_programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Ansible that is too old, with the libraries."""
    return python_environment(tmp_path_factory.mktemp("old") / "venv", OLD_CORE, "requests", "python-dateutil")


@pytest.fixture
def newcomer(programs_with_libraries: Path, home: Path, tmp_path: Path, sandbox: Sandbox) -> Newcomer:
    """Somebody who has installed everything, and has the sandbox's credentials in the environment."""
    return Newcomer(programs_with_libraries, home, tmp_path, sandbox)


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python without any library, as a target has it."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    venv.create(folder, with_pip=False)
    return folder / "bin" / "python"
