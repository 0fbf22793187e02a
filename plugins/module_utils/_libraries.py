# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""How to install a missing Python library: a command that works for the interpreter at hand."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import typing as t
from importlib.util import find_spec

from ansible.module_utils.basic import missing_required_lib

DISTRIBUTION_PACKAGES = {"requests": "python3-requests", "python-dateutil": "python3-dateutil"}
MANAGED_MARKER = "EXTERNALLY-MANAGED"

_TOOL_ENVIRONMENT = re.compile(r"/(?P<installer>uv/tools|pipx/venvs)/(?P<name>[^/]+)/")


def describe_missing_library(
    library: str,
    cause: ImportError,
    executable: str,
    *,
    has_module: t.Callable[[str], object] = find_spec,
    is_managed: t.Callable[[], bool] | None = None,
    is_virtual: t.Callable[[], bool] | None = None,
) -> str:
    """Return Ansible's standard message, with a command that installs the library for this interpreter.

    :param library: its name on PyPI.
    :param cause: why it cannot be imported.
    :param executable: the path of the Python interpreter.
    :param has_module: returns whether a module can be found.
    :param is_managed: returns whether the distribution manages the packages of the interpreter (PEP 668).
    :param is_virtual: returns whether the interpreter is that of a virtual environment.
    """
    virtual = (is_virtual or _is_virtual_environment)()
    tool = _TOOL_ENVIRONMENT.search(executable)
    if tool and tool["installer"] == "uv/tools":
        remedy = f"uv tool install {tool['name']} --with {library}"
    elif tool:
        remedy = f"pipx inject {tool['name']} {library}"
    elif not virtual and ((is_managed or _is_externally_managed)() or not has_module("pip")):
        # A virtual environment has its own packages also where the distribution manages those of its base.
        remedy = f"apt-get install {DISTRIBUTION_PACKAGES[library]} (or the package of your distribution)"
    elif has_module("pip"):
        remedy = f"{executable} -m pip install {library}"
    else:
        remedy = f"uv pip install --python {executable} {library}"
    return f"{missing_required_lib(library)}. {cause}. Install it with: {remedy}"


def _is_virtual_environment() -> bool:
    return sys.prefix != sys.base_prefix


def _is_externally_managed() -> bool:
    return os.path.exists(os.path.join(sysconfig.get_path("stdlib"), MANAGED_MARKER))
