# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module tutum_action_info from its options to its result."""

from __future__ import annotations

import base64
import typing as t

import pytest
from ansible.module_utils.basic import AnsibleModule

from ansible_collections.tutum.cloud.plugins.modules.tutum_action_info import main
from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY, SERVICE, FakeApi, answer, uuid_of
from ansible_collections.tutum.cloud.tests.unit.module_runs import LOGIN, ModuleRuns

Runs = t.Callable[[FakeApi], ModuleRuns]


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


def test_it_returns_the_actions_and_changes_nothing(module_runs: Runs, api: FakeApi) -> None:
    uuids = [api.add(), api.add((0, "Failed"))]
    result = module_runs(api).run(main, LOGIN)
    assert [one["uuid"] for one in result["actions"]] == uuids
    assert result["actions"][0]["object_type"] == "service"
    assert (result["total_count"], result["truncated"], result["changed"]) == (2, False, False)


@pytest.mark.parametrize("check_mode", [False, True])
def test_check_mode_makes_no_difference(module_runs: Runs, api: FakeApi, check_mode: bool) -> None:
    uuid = api.add()
    result = module_runs(api).run(main, {**LOGIN, "uuid": uuid, "_ansible_check_mode": check_mode})
    assert [one["uuid"] for one in result["actions"]] == [uuid]
    assert "skipped" not in result


def test_the_aliases_of_the_reference_are_options_too(module_runs: Runs, api: FakeApi) -> None:
    result = module_runs(api).run(main, {**LOGIN, "start_date__gte": "2014-09-17", "end_date__lte": "2014-09-18"})
    assert result["actions"] == []
    assert "start_date__gte=2014-09-17T00%3A00%3A00Z&end_date__lte=2014-09-18T23%3A59%3A59.999999Z" in api.urls[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"uuid": [], "limit": 1}, "mutually exclusive"),
        ({"include_related": True}, "required by 'include_related'"),
        ({"state": ["success"]}, "value of state must be one or more of"),
        ({"order": "random"}, "value of order must be one of"),
        ({"limit": 0}, "limit: 0 cannot be used"),
        ({"object": "../x"}, "object: '../x' cannot be used"),
        ({"request_timeout": "nan"}, "request_timeout: nan cannot be used"),
        ({"max_retries": -1}, "max_retries: -1 cannot be used"),
        ({"sate": "Success"}, "Unsupported parameters"),
        ({"username": ""}, "there is no username"),
        ({"api_url": f"https://alice:{API_KEY}@host"}, "must not stand in a URL"),
    ],
)
def test_a_wrong_option_fails_before_anything_is_sent(
    module_runs: Runs, api: FakeApi, options: dict[str, t.Any], words: str
) -> None:
    result = module_runs(api).run(main, {**LOGIN, **options})
    assert result["failed"] is True
    assert words in result["msg"]
    assert api.urls == []


def test_an_unknown_action_fails_with_the_others_in_the_result(module_runs: Runs, api: FakeApi) -> None:
    known = api.add()
    result = module_runs(api).run(main, {**LOGIN, "uuid": [known, uuid_of(9)]})
    assert result["failed"] is True
    assert uuid_of(9) in result["msg"]
    assert [one["uuid"] for one in result["actions"]] == [known]


def test_http_to_another_machine_draws_a_warning(
    module_runs: Runs, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Since core 2.19 it depends on what else runs in the process whether a warning is in the result.
    warnings: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _self, warning: warnings.append(warning))
    module_runs(api).run(main, {**LOGIN, "api_url": "http://tutum.example.org"})
    assert ["http://tutum.example.org" in warning for warning in warnings] == [True]


@pytest.mark.parametrize("given", ["option", "environment"])
def test_a_key_that_the_api_returns_is_hidden(
    module_runs: Runs, api: FakeApi, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    encoded = base64.b64encode(f"alice:{API_KEY}".encode()).decode()
    api.add(body=f"key={API_KEY}", logs=f"Authorization: Basic {encoded}")
    options: dict[str, t.Any] = dict(LOGIN)
    if given == "environment":
        monkeypatch.setenv("TUTUM_APIKEY", options.pop("api_key"))
    result = module_runs(api).run(main, options)
    assert API_KEY not in str(result)
    assert encoded not in str(result)


def test_hidden_fields_are_left_out(module_runs: Runs, api: FakeApi) -> None:
    api.add(body="secret", logs="secret")
    result = module_runs(api).run(main, {**LOGIN, "hidden_fields": ["body", "logs"]})
    assert "secret" not in str(result)


@pytest.mark.parametrize("status", [401, 404])
def test_a_refusal_fails(module_runs: Runs, api: FakeApi, status: int) -> None:
    api.fault_for = lambda _url: answer(status=status)
    result = module_runs(api).run(main, LOGIN)
    assert f"HTTP {status}" in result["msg"]
    assert result["truncated"] is True


@pytest.mark.parametrize("text", ["\x1b[31m\0", "\U0001f600", "\ud83d"], ids=["control", "emoji", "half an emoji"])
def test_any_text_is_returned(module_runs: Runs, api: FakeApi, text: str) -> None:
    api.add(logs=f"before {text} after", object=SERVICE)
    result = module_runs(api).run(main, LOGIN)
    assert result["actions"][0]["logs"].startswith("before ")
