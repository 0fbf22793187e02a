# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sandbox for all tests of the sandbox, reset before each, and a bare client."""

from __future__ import annotations

import base64
import http.client
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tutum_sandbox.process import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

# To run the tests in an environment without Django, set this to a Python that has it.
PYTHON = os.environ.get("TUTUM_TEST_SANDBOX_PYTHON", sys.executable)


@dataclass
class Reply:
    """A response."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


class Client:
    """A minimal HTTP client: one connection, and the key in each request."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.authorization: str | None = f"ApiKey {sandbox.username}:{sandbox.api_key}"
        self.connection = http.client.HTTPConnection(sandbox.url.removeprefix("http://"), timeout=10)

    def __call__(self, path: str, method: str = "GET", body: str | None = None, **headers: str) -> Reply:
        """Send a request; paths without a leading slash are below /api/v1/."""
        if self.authorization:
            headers["Authorization"] = self.authorization
        target = path if path.startswith("/") else f"/api/v1/{path}"
        try:
            self.connection.request(method, target, body, headers)
            response = self.connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise

    def use_basic(self) -> None:
        """Send a request with the other form of the authorization."""
        pair = f"{self.sandbox.username}:{self.sandbox.api_key}".encode()
        self.authorization = f"Basic {base64.b64encode(pair).decode()}"

    def uuids(self, path: str) -> list[str]:
        """Return the UUIDs of one page."""
        return [action["uuid"] for action in self(path).json["objects"]]

    def state(self, uuid: str) -> str | None:
        """Return an action's state; None if the API does not show it."""
        reply = self(f"action/{uuid}/")
        return reply.json["state"] if reply.status == 200 else None


@pytest.fixture(scope="session")
def python() -> str:
    """The interpreter that the server runs on."""
    return PYTHON


@pytest.fixture(scope="session")
def shared_sandbox(python: str) -> Iterator[Sandbox]:
    """One server for most tests."""
    with Sandbox(python) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Sandbox:
    """The server, in the state in which it started."""
    shared_sandbox.restore_settings()
    shared_sandbox.reset()
    return shared_sandbox


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[Client]:
    """A client of it."""
    client = Client(sandbox)
    yield client
    client.connection.close()
