# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures and markers of all unit tests."""

from __future__ import annotations

import threading
import time
import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._sources import ENVIRONMENT
from ansible_collections.tutum.cloud.tests.unit.module_runs import ModuleRuns

if t.TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.tutum.cloud.tests.unit.fakes import FakeApi


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers. ansible-test does not read pyproject.toml."""
    config.addinivalue_line("markers", "slow: takes a second or more; `make unit` leaves it out")


@pytest.fixture
def module_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> t.Callable[[FakeApi], ModuleRuns]:
    """Return a function that makes the modules use a fake API, without the home and environment of the caller."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for names in ENVIRONMENT.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)
    return lambda api: ModuleRuns(monkeypatch, capsys, api)


@pytest.fixture(params=["UTC0", "EST5EDT,M3.2.0,M11.1.0", "IST-5:30"])
def local_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[str]:
    """Set the time zone of this process, which must not have an effect."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def released() -> t.Iterator[threading.Event]:
    """Return an event that a call may wait for; set at the end of the test."""
    event = threading.Event()
    yield event
    event.set()
