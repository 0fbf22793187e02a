# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies of the collection at the path that ansible-test requires: ``.../ansible_collections/tutum/cloud``."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]

# ansible-test runs such a file as `python FILE ... pip==X`, to give a fresh virtual environment its pip. It would
# download it; the wheel that Python itself brings for the same purpose does as well, and needs no network.
_GET_PIP = """\
import ensurepip
import sysconfig
import zipfile
from pathlib import Path

# Debian has them in a directory of its own.
wheels = Path(sysconfig.get_config_var("WHEEL_PKG_DIR") or Path(ensurepip.__file__).parent / "_bundled")
for name in ("pip", "setuptools"):
    for wheel in wheels.glob(f"{name}-*.whl"):
        zipfile.ZipFile(wheel).extractall(sysconfig.get_path("purelib"))
"""
# The names under which ansible-core 2.18 to 2.22 looks for it.
_GET_PIP_NAMES = ("get_pip_24_2.py", "get_pip_25_2.py")


def copy_tree(root: Path) -> Path:
    """Copy every file that git tracks or would track into a new tree below ``root``; return the collection's directory.

    Changes not committed yet are part of the copy, ignored files are not.
    """
    collection = root / "ansible_collections" / "tutum" / "cloud"
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    for name in sorted(set(filter(None, listing.stdout.split("\0")))):
        source, copy = CHECKOUT / name, collection / name
        if not os.path.lexists(source):
            continue  # tracked, but deleted in the working tree
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, copy, follow_symlinks=False)
    # The copy is in a directory that git ignores. As a separate repository it is not affected by the outer one.
    subprocess.run(["git", "init", "--quiet"], cwd=collection, check=True)
    return collection


def link_collections(collection: Path) -> None:
    """Prepare the link that lets ansible.cfg find the collection in its own checkout; `make` does the same."""
    link = collection / ".collections" / "ansible_collections" / "tutum" / "cloud"
    link.parent.mkdir(parents=True)
    link.symlink_to("../../..")


def create_home(home: Path, *, pip_cache: Path, environments: Path) -> Path:
    """Create a HOME with what ansible-test looks for there.

    What is slow to make outlives the HOME: pip's downloads in ``pip_cache``, the environments that ansible-test makes
    for its sanity tests in ``environments``.
    """
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True)
    for name in _GET_PIP_NAMES:
        (cache / name).write_text(_GET_PIP)
    for link, kept in ((home / ".ansible/test/venv", environments), (home / ".cache/pip", pip_cache)):
        kept.mkdir(parents=True, exist_ok=True)
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(kept)
    return home
