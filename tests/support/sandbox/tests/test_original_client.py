# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The original command-line client, `tutum` 0.21.1 of 2015, lists and inspects actions on the sandbox.

It needs Python 2.7. TUTUM_ORIGINAL_CLIENT_VENV may name a directory in which its environment is kept for the next time.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tutum_sandbox.original_client import install
from tutum_sandbox.process import Sandbox


@pytest.fixture(scope="module")
def tutum(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The client's command, installed."""
    kept = os.environ.get("TUTUM_ORIGINAL_CLIENT_VENV")
    directory = Path(kept) if kept else tmp_path_factory.mktemp("original") / "client"
    installed = install(directory)
    if installed is None:
        pytest.skip("there is no Python 2.7, which the original client needs")
    return str(installed.with_name("tutum"))


def test_list_and_inspect(tutum: str, python_of_sandbox: str, tmp_path: Path) -> None:
    with Sandbox(python_of_sandbox, actions=60) as sandbox:

        def run(*arguments: str) -> str:
            done = subprocess.run(
                [tutum, "action", *arguments],
                env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **sandbox.environment()},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        def api(path: str) -> Any:
            connection = http.client.HTTPConnection(sandbox.url.removeprefix("http://"), timeout=10)
            headers = {"Authorization": f"ApiKey {sandbox.username}:{sandbox.api_key}"}
            connection.request("GET", path, headers=headers)
            with connection.getresponse() as response:
                return json.load(response)

        # More than one page of 25, so that the client has to follow pages.
        listed = run("list", "--quiet", "--last", "60").split()
        assert listed == [action["uuid"] for action in api("/api/v1/action/?limit=60")["objects"]]
        assert {entry["scheme"] for entry in sandbox.requests()} == {"basic", "apikey"}
        assert "Cluster Create" in run("list")
        for identifier in (listed[0], listed[59][:8]):
            inspected = json.loads(run("inspect", identifier))
            expected = api(f"/api/v1/action/{inspected['uuid']}/")
            assert inspected["uuid"].startswith(identifier)
            assert {name: inspected[name] for name in expected} == expected


@pytest.fixture(scope="module")
def python_of_sandbox() -> str:
    """The interpreter that has Django."""
    return os.environ.get("TUTUM_TEST_SANDBOX_PYTHON", sys.executable)
