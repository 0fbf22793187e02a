# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command that installs a missing library: it must work for the interpreter that lacks it."""

from __future__ import annotations

import sys
import sysconfig
import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils import _libraries
from ansible_collections.tutum.cloud.plugins.module_utils._libraries import describe_missing_library

if t.TYPE_CHECKING:
    from pathlib import Path

CAUSE = ImportError("No module named 'requests'")


def remedy(
    executable: str, *, pip: bool, managed: bool = False, virtual: bool = False, library: str = "requests"
) -> str:
    """Return the command for an interpreter."""
    message = describe_missing_library(
        library,
        CAUSE,
        executable,
        has_module=lambda name: name == "pip" and pip,
        is_managed=lambda: managed,
        is_virtual=lambda: virtual,
    )
    return message.partition("Install it with: ")[2]


def test_message_begins_as_ansible_writes_it() -> None:
    message = describe_missing_library("requests", CAUSE, "/usr/bin/python3")
    assert message.startswith("Failed to import the required Python library (requests) on ")
    assert "ansible_python_interpreter. No module named 'requests'. Install it with: " in message


@pytest.mark.parametrize("pip", [False, True])
@pytest.mark.parametrize(
    ("executable", "command"),
    [
        ("/home/a/.local/share/uv/tools/ansible-core/bin/python", "uv tool install ansible-core --with requests"),
        ("/home/a/.local/share/uv/tools/ansible/bin/python3", "uv tool install ansible --with requests"),
        ("/home/a/.local/share/pipx/venvs/ansible-core/bin/python", "pipx inject ansible-core requests"),
        ("/home/a/.local/pipx/venvs/ansible/bin/python", "pipx inject ansible requests"),
        ("/opt/pipx/venvs/ansible-lint/bin/python", "pipx inject ansible-lint requests"),
    ],
)
@pytest.mark.parametrize("managed", [False, True])
def test_tool_environment_uses_its_installer(executable: str, command: str, pip: bool, managed: bool) -> None:
    assert remedy(executable, pip=pip, managed=managed, virtual=True) == command


@pytest.mark.parametrize("managed", [False, True])
def test_virtual_environment_with_pip_uses_pip(managed: bool) -> None:
    """Its base may be managed by the distribution, but pip works in it."""
    assert (
        remedy("/venv/bin/python", pip=True, managed=managed, virtual=True)
        == "/venv/bin/python -m pip install requests"
    )


@pytest.mark.parametrize("managed", [False, True])
def test_virtual_environment_without_pip_uses_uv(managed: bool) -> None:
    command = remedy("/venv/bin/python", pip=False, managed=managed, virtual=True)
    assert command == "uv pip install --python /venv/bin/python requests"


@pytest.mark.parametrize(
    ("library", "package"), [("requests", "python3-requests"), ("python-dateutil", "python3-dateutil")]
)
@pytest.mark.parametrize(("pip", "managed"), [(True, True), (False, True), (False, False)])
def test_system_python_managed_or_without_pip_uses_distribution(
    library: str, package: str, pip: bool, managed: bool
) -> None:
    """Debian refuses pip; other distributions do not install it."""
    command = remedy("/usr/bin/python3", pip=pip, managed=managed, library=library)
    assert command == f"apt-get install {package} (or the package of your distribution)"


def test_system_python_with_pip_uses_pip() -> None:
    assert remedy("/usr/local/bin/python3", pip=True) == "/usr/local/bin/python3 -m pip install requests"


def test_externally_managed_is_read_from_standard_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda _name: str(tmp_path))
    assert not _libraries._is_externally_managed()
    (tmp_path / "EXTERNALLY-MANAGED").touch()
    assert _libraries._is_externally_managed()


def test_debian_virtual_environment_is_detected(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """There the standard library, and the marker in it, is that of the system."""
    (tmp_path / "EXTERNALLY-MANAGED").touch()
    monkeypatch.setattr(sysconfig, "get_path", lambda _name: str(tmp_path))
    messages = []
    for prefix in ("/usr", "/venv"):
        monkeypatch.setattr(sys, "base_prefix", "/usr")
        monkeypatch.setattr(sys, "prefix", prefix)
        messages.append(describe_missing_library("requests", CAUSE, "/x/python", has_module=lambda _name: True))
    assert "apt-get install python3-requests" in messages[0]
    assert "/x/python -m pip install requests" in messages[1]
