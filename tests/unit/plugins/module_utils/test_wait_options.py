# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a wait: defaults, limits, and refused values."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.tutum.cloud.plugins.module_utils._wait_options import WaitOptions
from ansible_collections.tutum.cloud.tests.unit.fakes import API_URL, SERVICE, uuid_of
from ansible_collections.tutum.cloud.tests.unit.wait_runs import DEFAULTS


def parse(**options: t.Any) -> WaitOptions:
    """Return options, with the module's defaults for the others."""
    return WaitOptions({**DEFAULTS, **options}, API_URL)


@pytest.mark.parametrize("options", [{}, {"uuid": None}, {"object": None}, {"uuid": None, "object": None}])
def test_wait_options_without_uuid_and_object_are_refused(options: dict[str, t.Any]) -> None:
    with pytest.raises(
        OptionError, match=r"^Invalid value for option uuid: None\. Neither uuid nor object has a value"
    ):
        parse(**options)


def test_wait_options_empty_uuid_list_is_accepted() -> None:
    assert parse(uuid=[]).references == []


@pytest.mark.parametrize("value", [{"uuid": None, "object": SERVICE}, {"object": SERVICE}])
def test_wait_options_null_uuid_with_object_is_accepted(value: dict[str, t.Any]) -> None:
    options = parse(**value)
    assert (options.references, options.object) == ([], SERVICE)


@pytest.mark.parametrize("value", [None, "", "None", "x", "1234567", "/api/v1/action//", f"{SERVICE}start/"])
def test_wait_options_uuid_element_that_is_not_an_action_is_refused(value: object) -> None:
    with pytest.raises(OptionError, match=r"^Invalid value for option uuid: "):
        parse(uuid=[uuid_of(1), value])


def test_wait_options_uuid_of_a_service_uri_names_the_option_object() -> None:
    with pytest.raises(OptionError, match=r" service.*To name an object, use object\.$"):
        parse(uuid=[SERVICE])


@pytest.mark.parametrize("form", ["{}", " {}\n", "/api/v1/action/{}/", f"{API_URL}action/{{}}/"])
def test_wait_options_uuid_forms_are_read(form: str) -> None:
    assert parse(uuid=[form.format(uuid_of(10).upper())]).references == [uuid_of(10)]


def test_wait_options_short_uuid_is_kept_short() -> None:
    assert parse(uuid=["6246C558"]).references == ["6246c558"]


def test_wait_options_object_that_is_an_action_is_refused() -> None:
    with pytest.raises(OptionError, match=r"^Invalid value for option object: .* To name an action, use uuid\.$"):
        parse(object=f"/api/v1/action/{uuid_of(1)}/")


@pytest.mark.parametrize("value", ["", "x", uuid_of(1), "/api/v1/", "https://other.example.org/api/v1/service/x/"])
def test_wait_options_object_that_is_not_a_uri_is_refused(value: str) -> None:
    with pytest.raises(OptionError, match=r"^Invalid value for option object: "):
        parse(object=value)


def test_wait_options_object_uuid_in_capitals_is_lowered() -> None:
    uri = SERVICE.replace("2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5", "2C2B2AEF-2ED9-4A3F-98BF-8E9A04B4F4B5")
    assert parse(object=uri).object == SERVICE


@pytest.mark.parametrize("name", ["timeout", "delay", "interval", "max_interval"])
@pytest.mark.parametrize("value", [-1.0, -0.001, float("nan"), float("inf"), float("-inf")])
def test_wait_options_seconds_that_are_not_finite_or_negative_are_refused(name: str, value: float) -> None:
    with pytest.raises(OptionError, match=rf"^Invalid value for option {name}: .* Must be 0 or greater \(seconds\)\.$"):
        parse(uuid=[], **{name: value})


@pytest.mark.parametrize("name", ["timeout", "delay", "interval", "max_interval"])
def test_wait_options_zero_seconds_are_accepted(name: str) -> None:
    assert getattr(parse(uuid=[], **{name: 0.0}), name) >= 0


@pytest.mark.parametrize(
    ("interval", "max_interval", "longest"), [(1.0, 15.0, 15.0), (30.0, 15.0, 30.0), (30.0, 0.0, 30.0)]
)
def test_wait_options_interval_above_max_interval_raises_it(
    interval: float, max_interval: float, longest: float
) -> None:
    options = parse(uuid=[], interval=interval, max_interval=max_interval)
    assert (options.interval, options.max_interval) == (interval, longest)


@pytest.mark.parametrize("value", [[], ["In progress"], ["Success", "Pending"], ["success"], [None]])
def test_wait_options_success_states_that_are_not_final_are_refused(value: list[t.Any]) -> None:
    with pytest.raises(OptionError, match=r"^Invalid value for option success_states: .*Success, Failed, Canceled\.$"):
        parse(uuid=[], success_states=value)


def test_wait_options_success_states_are_ordered_and_unique() -> None:
    assert parse(uuid=[], success_states=["Canceled", "Success", "Canceled"]).success_states == ("Success", "Canceled")


def test_wait_options_include_related_without_object_is_refused() -> None:
    with pytest.raises(
        OptionError, match=r"^Invalid value for option include_related: True\. Requires the option object"
    ):
        parse(uuid=[uuid_of(1)], include_related=True)


@pytest.mark.parametrize("options", [{"uuid": []}, {"uuid": [uuid_of(1)]}, {"object": SERVICE}])
def test_wait_options_negative_min_actions_is_refused(options: dict[str, t.Any]) -> None:
    with pytest.raises(OptionError, match=r"^Invalid value for option min_actions: -1\. Must be 0 or greater\.$"):
        parse(**options, min_actions=-1)


@pytest.mark.parametrize(
    ("uuids", "count"),
    [([], 0), ([uuid_of(1)], 1), ([uuid_of(1), uuid_of(1).upper(), f"/api/v1/action/{uuid_of(1)}/"], 1)],
)
def test_wait_options_min_actions_above_the_number_of_uuids_is_refused(uuids: list[str], count: int) -> None:
    with pytest.raises(
        OptionError, match=rf"min_actions: {count + 1}\. .* but uuid names {count}\. Check the variable"
    ):
        parse(uuid=uuids, min_actions=count + 1)
    assert parse(uuid=uuids, min_actions=count).min_actions == count


def test_wait_options_min_actions_with_object_is_accepted() -> None:
    assert parse(uuid=[], object=SERVICE, min_actions=5).min_actions == 5


@pytest.mark.parametrize("name", ["uuid", "state"])
def test_wait_options_hidden_fields_with_an_essential_field_are_refused(name: str) -> None:
    with pytest.raises(OptionError, match=rf"^Invalid value for option hidden_fields: '{name}'\."):
        parse(uuid=[], hidden_fields=["logs", name])


@pytest.mark.parametrize(
    ("options", "is_followed"),
    [
        ({}, False),
        ({"follow_logs": False}, False),
        ({"follow_logs": True}, True),
        ({"follow_logs": True, "hidden_fields": ["body"]}, True),
        ({"follow_logs": True, "hidden_fields": ["logs"]}, False),
    ],
)
def test_wait_options_follow_logs_with_hidden_logs_is_off(options: dict[str, t.Any], is_followed: bool) -> None:
    assert parse(uuid=[], **options).follow_logs is is_followed


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, (False, False, False)),
        ({"missing": "error", "fail_fast": False, "on_timeout": "leave"}, (False, False, False)),
        ({"missing": "skip", "fail_fast": True, "on_timeout": "cancel"}, (True, True, True)),
    ],
)
def test_wait_options_choices_are_read(options: dict[str, t.Any], expected: tuple[bool, ...]) -> None:
    parsed = parse(uuid=[], **options)
    assert (parsed.skip_missing, parsed.fail_fast, parsed.cancel_on_timeout) == expected
