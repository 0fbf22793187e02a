# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Python of a managed node: the oldest one that this ansible-core supports, and one that lacks a library."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from interpreters import interpreter_directories

if TYPE_CHECKING:
    from tutum_sandbox.process import Sandbox

    from tests.support.ansible_commands import Ansible

EXAMPLE = "6246c558-976c-4df6-ba60-eb1a344a17af"
REQUESTS = ("requests", "urllib3", "idna", "certifi", "charset_normalizer")


def run_python(python: Path, code: str) -> str:
    """Return the output of a Python script."""
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def bare_python(ansible: Ansible, *libraries: str) -> Path:
    """Create a Python of Ansible's version, without pip, with these libraries of Ansible's own."""
    directory = ansible.home / "bare"
    subprocess.run([ansible.python, "-m", "venv", "--without-pip", directory], check=True)
    python = directory / "bin" / "python"
    purelib = "import sysconfig; print(sysconfig.get_path('purelib'))"
    source, target = Path(run_python(ansible.python, purelib)), Path(run_python(python, purelib))
    for name in libraries:
        (target / name).symlink_to(source / name)
    return python


def test_requests_missing_on_the_managed_node(ansible: Ansible) -> None:
    """Both modules name the library, the interpreter that lacks it, and how to install it."""
    python = bare_python(ansible)
    tasks: list[dict[str, Any]] = [
        {"name": "query", "tutum.cloud.tutum_action_info": {"uuid": EXAMPLE}},
        {"name": "wait", "tutum.cloud.wait_for_action": {"uuid": EXAMPLE}},
    ]
    variables = {"ansible_python_interpreter": str(python)}
    done = ansible.run(ansible.playbook(tasks, vars=variables, ignore_errors=True)).succeeded()
    for task in ("query", "wait"):
        message = done.result(task)["msg"]
        assert message.startswith("Failed to import the required Python library (requests) on ")
        assert "No module named 'requests'" in message
        assert f"Install it with: uv pip install --python {python} requests" in message
        assert done.result(task)["error_type"] == "library"
    assert "Traceback" not in done.output


def test_dateutil_missing_on_the_managed_node(ansible: Ansible) -> None:
    """It is needed for date filters only."""
    python = bare_python(ansible, *REQUESTS)
    tasks: list[dict[str, Any]] = [
        {"name": "no date", "tutum.cloud.tutum_action_info": {"uuid": EXAMPLE}},
        {"name": "wait", "tutum.cloud.wait_for_action": {"uuid": EXAMPLE}},
        {"name": "date", "tutum.cloud.tutum_action_info": {"start_date_gte": "2 days ago"}, "ignore_errors": True},
    ]
    done = ansible.run(ansible.playbook(tasks, vars={"ansible_python_interpreter": str(python)})).succeeded()
    assert done.result("no date")["actions"][0]["started_at"] == "2014-09-17T08:26:22Z"
    message = done.result("date")["msg"]
    assert message.startswith("Failed to import the required Python library (python-dateutil) on ")
    assert f"uv pip install --python {python} python-dateutil" in message
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("library", "module", "options"),
    [("requests", "requests", "limit=1"), ("python-dateutil", "dateutil", "start_date_gte='1 h ago'")],
)
def test_library_missing_on_the_control_node(ansible: Ansible, library: str, module: str, options: str) -> None:
    """The lookup runs on the control node. The message contains the path of Ansible's own interpreter."""
    shadows = ansible.directory / "shadows"
    shadows.mkdir()
    (shadows / f"{module}.py").write_text(f"raise ImportError(\"No module named '{module}'\")\n")
    ansible.environment["PYTHONPATH"] = str(shadows)
    template = f"{{{{ query('tutum.cloud.tutum_action', {options}) }}}}"
    done = ansible.run(ansible.adhoc("ansible.builtin.debug", {"msg": template}))
    assert done.status != 0
    message = done.output.replace("\n", " ")
    assert f"Failed to import the required Python library ({library}) on " in message
    assert f"No module named '{module}'" in message
    assert f"Install it with: {ansible.python} -m pip install {library}" in message
    assert "Traceback" not in done.output


@pytest.fixture
def oldest_python(ansible: Ansible) -> Path:
    """Return the oldest Python of a managed node that is supported, with the collection's requirements."""
    version = run_python(ansible.python, "from ansible.module_utils.basic import _PY_MIN; print('%d.%d' % _PY_MIN)")
    found = shutil.which(f"python{version}", path=os.pathsep.join(map(str, interpreter_directories())))
    if found is None:
        leave = pytest.fail if os.environ.get("CI") else pytest.skip
        leave(f"there is no Python {version} here")
    directory = ansible.home / "oldest"
    subprocess.run([found, "-m", "venv", directory], check=True)
    python = directory / "bin" / "python"
    requirements = ansible.checkout / "requirements.txt"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", requirements], check=True)
    return python


def test_oldest_python(ansible: Ansible, sandbox: Sandbox, oldest_python: Path) -> None:
    """Both modules work with it."""
    uuids = sandbox.create_actions(
        {"phases": [[0, "In progress"], [3, state]], "from_first_request": True} for state in ("Success", "Failed")
    )
    tasks: list[dict[str, Any]] = [
        {"name": "wait", "tutum.cloud.wait_for_action": {"uuid": uuids[0]}},
        {"name": "dates", "tutum.cloud.tutum_action_info": {"start_date_lte": "17 Sep 2014 08:26:22 +0000"}},
        {"name": "failed", "tutum.cloud.wait_for_action": {"uuid": uuids}, "ignore_errors": True},
    ]
    done = ansible.run(ansible.playbook(tasks, vars={"ansible_python_interpreter": str(oldest_python)})).succeeded()
    assert [action["uuid"] for action in done.result("dates")["actions"]] == [EXAMPLE]
    assert done.result("wait")["states"] == {"Success": 1}
    assert done.result("wait")["polls"] > 1
    assert done.result("failed")["unsuccessful"] == [uuids[1]]
