# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What several tests share."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.tutum.cloud.tests.unit.module_runs import ModuleRuns

if t.TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.tutum.cloud.tests.unit.fakes import FakeApi


@pytest.fixture
def module_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> t.Callable[[FakeApi], ModuleRuns]:
    """Makes the modules ask a fake API; nobody's home and environment decide a test."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("TUTUM_USER", "TUTUM_APIKEY", "TUTUM_AUTH", "TUTUM_BASE_URL", "TUTUM_REST_HOST", "TUTUM_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    return lambda api: ModuleRuns(monkeypatch, capsys, api)
