# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The content of meta/runtime.yml."""

from __future__ import annotations

from pathlib import Path

from ansible.module_utils.common.yaml import yaml_load

COLLECTION = Path(__file__).parents[2]


def test_every_module_is_in_the_action_group() -> None:
    runtime = yaml_load((COLLECTION / "meta/runtime.yml").read_text(encoding="utf-8"))
    modules = sorted(path.stem for path in (COLLECTION / "plugins/modules").glob("*.py"))
    assert sorted(runtime["action_groups"]["tutum"]) == modules
    assert "wait_for_action" in modules
