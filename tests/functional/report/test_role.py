# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables and results of the role. All tests share one run of a playbook, see conftest.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from tests.functional.report.conftest import Pages

ROLE = Path(__file__).resolve().parents[3] / "roles" / "action_report"


def results(pages: Pages, task: str) -> list[dict[str, Any]]:
    """Return the results of a task, in the order in which the role ran."""
    return [each["result"] for each in pages.done.tasks if each["name"].endswith(task)]


def test_role_without_changes_is_idempotent(pages: Pages) -> None:
    first, second = results(pages, "Write the page")[:2]
    assert (first["changed"], second["changed"]) == (True, False)


def test_role_in_check_mode_writes_nothing(pages: Pages) -> None:
    assert results(pages, "Write the page")[2]["changed"]
    assert not (pages.directory / "check.html").exists()


def test_role_with_wrong_account_fails_with_the_message_of_the_query(pages: Pages) -> None:
    """It also shows that the variables of the lookup take precedence over the environment."""
    (error,) = results(pages, "Show the error")
    assert "401" in error["msg"]
    # The page of the run before is still there.
    assert pages.uuids["secret"] in pages.text("failed")


def test_role_with_invalid_period_shows_the_values(pages: Pages) -> None:
    (error,) = results(pages, "Show the period")
    assert error["msg"].startswith("Invalid period: ")
    assert error["msg"].endswith(" and 0.")


def test_role_sends_no_request_for_unfinished_actions_unless_selected(pages: Pages) -> None:
    assert results(pages, "Find the unfinished actions")[0]["actions"] == []


def test_page_does_not_contain_hidden_fields(pages: Pages) -> None:
    for name in ("failed", "all"):
        assert "correct-horse-battery-staple" not in pages.text(name)


def test_page_with_log_limit_is_small(pages: Pages) -> None:
    """One of the logs has a million characters, of which 20,000 are shown."""
    assert len(pages.text("failed")) < 200_000


def test_page_has_no_time_of_writing(pages: Pages) -> None:
    assert "Written on" not in pages.text("failed")


def options() -> dict[str, Any]:
    """Return the documented options of the role."""
    specs = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text(encoding="utf-8"))
    found: dict[str, Any] = specs["argument_specs"]["main"]["options"]
    return found


def test_role_defaults_are_documented() -> None:
    defaults = yaml.safe_load((ROLE / "defaults/main.yml").read_text(encoding="utf-8"))
    assert "now(" in defaults.pop("action_report_last_day")
    assert defaults == {name: about["default"] for name, about in options().items() if "default" in about}


def test_role_readme_lists_all_options() -> None:
    text = (ROLE / "README.md").read_text(encoding="utf-8")
    assert not [name for name in options() if f"`{name}`" not in text]
