# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the client's tests: a sandbox, and clients that send requests to it over real connections.

`TUTUM_TEST_SANDBOX_PYTHON` is a Python that has the sandbox's requirements; `nox` sets it.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import pytest
from tutum_sandbox.process import Sandbox

from tests.support.operations import client_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ansible_collections.tutum.cloud.plugins.module_utils._client import Client

SANDBOX_PYTHON = os.environ["TUTUM_TEST_SANDBOX_PYTHON"]


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Remove the caller's network settings and credentials, and set an empty home."""
    for name in os.environ:
        is_credential = name.startswith("TUTUM_") and not name.startswith("TUTUM_TEST_")
        if is_credential or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(params=["oldest_first", "newest_first"])
def listing_sandbox(request: pytest.FixtureRequest, sandbox: Sandbox) -> Sandbox:
    """Return the sandbox with lists in either order."""
    sandbox.set(order=request.param)
    return sandbox


@pytest.fixture
def tls_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Start a sandbox with a certificate of the kind that the test names (`indirect`)."""
    with Sandbox(SANDBOX_PYTHON, actions=3, tls=request.param) as sandbox:
        yield sandbox


@pytest.fixture
def connect(sandbox: Sandbox) -> Iterator[Callable[..., Client]]:
    """Return a function that makes clients of the sandbox, or of an `api_url`, with options as a user sets them."""
    with ExitStack() as stack:

        def make(**options: Any) -> Client:
            return stack.enter_context(closing(client_for(sandbox, **options)))

        yield make
