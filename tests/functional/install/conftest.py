# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the installation tests: environments with Ansible and the built artifact, and nothing else."""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.ansible_commands import Ansible

if TYPE_CHECKING:
    from tutum_sandbox.process import Sandbox

CHECKOUT = Path(__file__).resolve().parents[3]
OLD_CORE = "ansible-core ~= 2.17.0"


def run(*command: str | Path, home: Path | None = None) -> str:
    """Run a command, which must succeed, and return its stdout."""
    # With PYTHONPATH, Ansible would find the copy of the collection that belongs to the tests.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["HOME"] = str(home or environment["HOME"])
    done = subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout


class InstalledAnsible(Ansible):
    """Ansible with a persistent home directory, and without the settings of the other tests."""

    def __init__(self, programs: Path, home: Path, directory: Path, sandbox: Sandbox) -> None:
        super().__init__(programs, home / ".ansible" / "collections", directory)
        del self.environment["ANSIBLE_COLLECTIONS_PATH"]
        self.home = home
        self.environment.update(HOME=str(home), **sandbox.environment())


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty home directory."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Path:
    """The newest Ansible for this Python, and the built collection, both newly installed."""
    environment = tmp_path_factory.mktemp("newest") / "venv"
    programs = environment / "bin"
    venv.create(environment, with_pip=True)
    run(programs / "python", "-m", "pip", "install", "--quiet", "ansible-core")
    directory = tmp_path_factory.mktemp("artifact")
    run(programs / "ansible-galaxy", "collection", "build", "--output-path", directory, CHECKOUT)
    (artifact,) = directory.glob("tutum-cloud-*.tar.gz")
    run(programs / "ansible-galaxy", "collection", "install", "--offline", artifact, home=home)
    return programs


@pytest.fixture(scope="session")
def programs_with_libraries(programs: Path, home: Path) -> Path:
    """The same, after the second installation command of the README."""
    requirements = home / ".ansible/collections/ansible_collections/tutum/cloud/requirements.txt"
    run(programs / "python", "-m", "pip", "install", "--quiet", "-r", requirements)
    return programs


@pytest.fixture(scope="session")
def old_programs(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unsupported version of Ansible, with the libraries."""
    directory = tmp_path_factory.mktemp("old") / "venv"
    venv.create(directory)
    python = directory / "bin" / "python"
    packages = [OLD_CORE, "requests", "python-dateutil"]
    run(programs / "python", "-m", "pip", "--python", python, "install", "--quiet", *packages)
    return directory / "bin"


@pytest.fixture
def installed(programs_with_libraries: Path, home: Path, tmp_path: Path, sandbox: Sandbox) -> InstalledAnsible:
    """A complete installation, with the credentials of the sandbox in the environment."""
    return InstalledAnsible(programs_with_libraries, home, tmp_path, sandbox)


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python interpreter without any library, for a managed node."""
    directory = tmp_path_factory.mktemp("bare") / "venv"
    venv.create(directory, with_pip=False)
    return directory / "bin" / "python"
