# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of the built artifact, and those that it must not contain."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Files of a checkout that no user of the installed collection needs; see build_ignore in galaxy.yml.
_CHECKOUT_ONLY = {"ansible.cfg", "galaxy.yml"}
_WRITTEN_BY_THE_BUILD = {"FILES.json", "MANIFEST.json"}
_LEFTOVERS = (
    ".ansible/collections/leftover.yml",
    ".cache/pip/leftover",
    ".collections/leftover",
    ".mypy_cache/leftover.json",
    ".nox/lint/leftover",
    ".venv/nox/leftover",
    "changelogs/.plugin-cache.yaml",
    "dist/tutum-cloud-0.0.1.tar.gz",
    "plugins/module_utils/__pycache__/_client.cpython-311.pyc",
    "plugins/modules/.mypy_cache/leftover.json",
    "tests/integration/integration_config.yml",
    "tests/integration/inventory",
    "tests/output/junit/leftover.xml",
    "tests/support/sandbox/sandbox.sqlite3",
    "tests/tools/__pycache__/leftover.txt",
)


def expected_files(collection: Path) -> set[str]:
    """Return the names of the files in an artifact that is built from this clean copy of the collection."""
    names = (path.relative_to(collection) for path in collection.rglob("*") if path.is_symlink() or path.is_file())
    visible = {str(name) for name in names if not any(part.startswith(".") for part in name.parts)}
    return visible - _CHECKOUT_ONLY | _WRITTEN_BY_THE_BUILD


def leave_leftovers(collection: Path) -> None:
    """Add files to the copy that tools leave in a checkout: a build must leave all of them out."""
    for name in _LEFTOVERS:
        path = collection / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("left over\n")


def problems(artifact: Path, expected: set[str]) -> list[str]:
    """Return one line for each file that the artifact should not have, or lacks."""
    with tarfile.open(artifact) as archive:
        found = {member.name for member in archive.getmembers() if not member.isdir()}
    unwanted = [f"{artifact.name} should not contain {name}" for name in sorted(found - expected)]
    return unwanted + [f"{artifact.name} lacks {name}" for name in sorted(expected - found)]
