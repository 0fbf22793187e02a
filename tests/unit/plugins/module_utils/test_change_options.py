# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the event source: defaults, limits, and refused values."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._actions import FINAL_STATES
from ansible_collections.tutum.cloud.plugins.module_utils._argspec import CHANGES
from ansible_collections.tutum.cloud.plugins.module_utils._change_options import ChangeOptions
from ansible_collections.tutum.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.tutum.cloud.tests.unit.fakes import API_URL, SERVICE, uuid_of

NOW = datetime(2014, 9, 17, 8, 0, tzinfo=timezone.utc)


def parse(**options: t.Any) -> ChangeOptions:
    """Return options, with the event source's defaults for the others."""
    return ChangeOptions({**{name: option.get("default") for name, option in CHANGES.items()}, **options}, API_URL)


def test_change_options_defaults_are_final_states_from_now_on() -> None:
    options = parse()
    assert (options.final, options.unfinished) == (frozenset(FINAL_STATES), frozenset())
    assert (options.object, options.interval, options.since(NOW)) == (None, 5.0, None)


def test_change_options_state_is_split_into_final_and_unfinished() -> None:
    options = parse(state=["Success", "In progress"])
    assert (options.final, options.unfinished) == (frozenset(["Success"]), frozenset(["In progress"]))


@pytest.mark.parametrize("state", ["Failled", "failed", "", None])
def test_change_options_unknown_state_is_refused_with_the_states(state: object) -> None:
    with pytest.raises(OptionError, match=r"^Invalid value for option state: .*Must be one of: Pending, .*Canceled\.$"):
        parse(state=["Success", state])


def test_change_options_empty_state_is_refused() -> None:
    with pytest.raises(OptionError, match=r"^Invalid value for option state: \[\]\. Must not be empty\. Choose from: "):
        parse(state=[])


@pytest.mark.parametrize("interval", [0.0, 0.05, -1.0, 86401.0, float("nan"), float("inf")])
def test_change_options_interval_outside_its_limits_is_refused(interval: float) -> None:
    with pytest.raises(OptionError, match=r"^Invalid value for option interval: .*at least 0\.1 and at most 86400 "):
        parse(interval=interval)


@pytest.mark.parametrize("path", ["x", f"/api/v1/action/{uuid_of(1)}/", "https://elsewhere.example/api/v1/service/x/"])
def test_change_options_object_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(OptionError, match=r"^Invalid value for option object: "):
        parse(object=path)


def test_change_options_object_is_written_as_the_api_does() -> None:
    assert parse(object=SERVICE.upper().replace("/API/V1/SERVICE/", "/api/v1/service/").rstrip("/")).object == SERVICE


@pytest.mark.parametrize("since", ["now", " Now "])
def test_change_options_since_now_is_the_default(since: str) -> None:
    assert parse(since=since).starts_now


def test_change_options_relative_since_uses_the_given_clock() -> None:
    assert parse(since="2h ago").since(NOW) == NOW - timedelta(hours=2)


@pytest.mark.parametrize("since", ["", "soon", "2014-13-01"])
def test_change_options_invalid_since_is_refused(since: str) -> None:
    with pytest.raises(OptionError, match=r"^Invalid value for option since: .*Supported formats: "):
        parse(since=since)
