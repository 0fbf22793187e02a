# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module tutum_action_info, from its options to its result. What a query returns is tested in test_queries.py."""

from __future__ import annotations

import base64
import typing as t

import pytest
from ansible.module_utils.basic import AnsibleModule

from ansible_collections.tutum.cloud.plugins.module_utils._queries import FILTERS
from ansible_collections.tutum.cloud.plugins.modules.tutum_action_info import main
from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY, API_URL, SERVICE, FakeApi, response, uuid_of
from ansible_collections.tutum.cloud.tests.unit.module_runs import LOGIN, ModuleRuns

Run = t.Callable[..., t.Dict[str, t.Any]]

RESULTS = {"actions", "total_count", "truncated"}


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def run(module_runs: t.Callable[[FakeApi], ModuleRuns], api: FakeApi) -> Run:
    """Return a function that runs the module."""
    return lambda **options: module_runs(api).run(main, {**LOGIN, **options})


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the warnings. Since core 2.19, whether the result has them depends on what else runs in the process."""
    shown: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _self, warning: shown.append(warning))
    return shown


def uuids_of(result: dict[str, t.Any]) -> list[str]:
    return [action["uuid"] for action in result["actions"]]


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("by_uuid", [False, True])
def test_main_returns_actions_and_changes_nothing(
    run: Run, api: FakeApi, warnings: list[str], by_uuid: bool, check_mode: bool
) -> None:
    uuids = [api.add(), api.add((0, "Failed"))]
    result = run(**({"uuid": uuids} if by_uuid else {}), _ansible_check_mode=check_mode)
    assert uuids_of(result) == uuids
    assert result["actions"][0]["object_type"] == "service"
    assert (result["total_count"], result["truncated"], result["changed"]) == (2, False, False)
    assert not {"skipped", "failed", "status", "url", "error_type", "msg"} & set(result)
    assert (warnings, api.calls, api.closed) == ([], [], 1)


def test_main_uuid_empty_sends_nothing(run: Run, api: FakeApi) -> None:
    api.add()
    result = run(uuid=[])
    assert (result["actions"], result["total_count"], result["truncated"]) == ([], 0, False)
    assert api.urls == []


@pytest.mark.parametrize(
    "name", ["uuid", "object", "start_date_gte", "end_date__lte", "limit", "fields", "hidden_fields"]
)
def test_main_option_that_is_null_counts_as_not_set(run: Run, api: FakeApi, name: str) -> None:
    """A module cannot distinguish the two."""
    uuids = [api.add(), api.add()]
    assert uuids_of(run(**{name: None})) == uuids


def test_main_limit_returns_truncated_and_total_count(run: Run, api: FakeApi) -> None:
    uuids = [api.add(started=float(number)) for number in range(3)]
    result = run(limit=1, order="newest_first")
    assert (uuids_of(result), result["total_count"], result["truncated"]) == (uuids[2:], 3, True)


def test_main_total_count_that_is_not_known_is_null(run: Run, api: FakeApi) -> None:
    api.total_count = lambda _count: None
    for number in range(3):
        api.add(started=float(number))
    result = run(limit=1)
    assert (result["total_count"], result["truncated"]) == (None, True)


def test_main_aliases_of_dates_are_options(run: Run, api: FakeApi) -> None:
    result = run(
        start_date__gte="2014-09-17",
        start_date__lte="2014-09-18",
        end_date__gte="2014-09-19",
        end_date__lte="2014-09-20",
    )
    assert result["actions"] == []
    dates = {name: value for name, value in api.queries[0].items() if "date" in name}
    assert dates == {
        "start_date__gte": "2014-09-17T00:00:00Z",
        "start_date__lte": "2014-09-18T23:59:59.999999Z",
        "end_date__gte": "2014-09-19T00:00:00Z",
        "end_date__lte": "2014-09-20T23:59:59.999999Z",
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        *(({"uuid": [], name: value}, "mutually exclusive") for name, value in [("limit", 1), ("state", [])]),
        *(({"uuid": [], name: "today"}, "mutually exclusive") for name in FILTERS if "date" in name),
        ({"uuid": [], "object": SERVICE}, "mutually exclusive"),
        ({"uuid": [], "object": SERVICE, "include_related": True}, "mutually exclusive"),
        ({"fields": ["uuid"], "hidden_fields": ["body"]}, "mutually exclusive"),
        ({"include_related": True}, "required by 'include_related'"),
        ({"state": None}, "value of state must be one of"),
        ({"state": ["success"]}, "value of state must be one or more of"),
        ({"order": "random"}, "value of order must be one of"),
        ({"missing": "ignore"}, "value of missing must be one of"),
        ({"sate": "Success"}, "Unsupported parameters"),
    ],
)
def test_main_option_that_ansible_rejects_sends_nothing(
    run: Run, api: FakeApi, options: dict[str, t.Any], message: str
) -> None:
    result = run(**options)
    assert result["failed"] is True
    assert message in result["msg"]
    assert api.urls == []


@pytest.mark.parametrize(
    ("options", "message", "error_type"),
    [
        ({"limit": 0}, "Invalid value for option limit: 0. Must be 1 or greater", "option"),
        ({"object": "../x"}, "Invalid value for option object: '../x'. Not the resource URI", "option"),
        ({"object": f"/api/v1/action/{uuid_of(1)}/"}, "This is an action", "option"),
        ({"start_date_gte": "x"}, "Invalid value for option start_date_gte: 'x'. Not a valid date", "option"),
        ({"uuid": ["x"]}, "Invalid value for option uuid: 'x'. Not the UUID", "option"),
        ({"uuid": [uuid_of(1)], "order": "newest_first"}, "Invalid value for option order: 'newest_first'", "option"),
        ({"fields": []}, "Invalid value for option fields: []. Must not be empty", "option"),
        ({"hidden_fields": ["uuid"]}, "The field uuid cannot be hidden", "option"),
        ({"hidden_fields": ["state"]}, "The field state cannot be hidden", "option"),
        ({"request_timeout": "nan"}, "Invalid value for option request_timeout: nan", "option"),
        ({"max_retries": -1}, "Invalid value for option max_retries: -1", "option"),
        ({"api_url": f"https://alice:{API_KEY}@host"}, "Credentials in URLs are not allowed", "option"),
        ({"username": ""}, "but username is missing", "credentials"),
        ({"username": None, "api_key": None}, "No API credentials found", "credentials"),
    ],
)
def test_main_invalid_option_fails_before_anything_is_sent(
    run: Run, api: FakeApi, options: dict[str, t.Any], message: str, error_type: str
) -> None:
    result = run(**options)
    assert result["failed"] is True
    assert message in result["msg"]
    assert (result["error_type"], result["status"], result["url"]) == (error_type, None, None)
    assert not RESULTS & set(result)
    assert api.urls == []


@pytest.mark.parametrize(("status", "error_type"), [(401, "http"), (403, "http"), (404, "not_found"), (503, "http")])
def test_main_refused_request_returns_status_url_and_results(
    run: Run, api: FakeApi, status: int, error_type: str
) -> None:
    api.fault_for = lambda _url: response(status=status)
    result = run(max_retries=0)
    assert result["failed"] is True
    assert f"HTTP {status}" in result["msg"]
    assert (result["error_type"], result["status"]) == (error_type, status)
    assert result["url"].startswith(f"{API_URL}action/")
    assert (result["actions"], result["total_count"], result["truncated"]) == ([], None, True)
    assert api.closed == 1


def test_main_invalid_response_returns_its_type(run: Run, api: FakeApi) -> None:
    api.fault_for = lambda _url: response(b"<html>")
    result = run()
    assert (result["error_type"], result["status"], result["truncated"]) == ("response", 200, True)


def test_main_request_without_a_response_returns_no_status(run: Run, api: FakeApi) -> None:
    api.latency = 1e9
    result = run(uuid=[uuid_of(1)], max_retries=0, request_timeout=1)
    assert (result["error_type"], result["status"], result["url"]) == (
        "connection",
        None,
        f"{API_URL}action/{uuid_of(1)}/",
    )


def test_main_server_that_ignores_a_filter_fails_and_names_it(run: Run, api: FakeApi) -> None:
    api.ignored_filters = ["state"]
    api.add()
    result = run(state=["Failed"])
    assert "do not match the filter state" in result["msg"]
    assert (result["error_type"], result["actions"], result["truncated"]) == ("response", [], True)


def test_main_unknown_uuid_fails_with_the_others_in_the_result(run: Run, api: FakeApi) -> None:
    known = api.add()
    result = run(uuid=[known, uuid_of(9)])
    assert result["failed"] is True
    assert "set missing to skip" in result["msg"]
    assert (uuids_of(result), result["total_count"], result["truncated"]) == ([known], 1, True)
    assert (result["error_type"], result["status"], result["url"]) == (
        "not_found",
        404,
        f"{API_URL}action/{uuid_of(9)}/",
    )


def test_main_missing_skip_leaves_unknown_uuids_out(run: Run, api: FakeApi) -> None:
    known = api.add()
    result = run(uuid=[known[:8], uuid_of(9), uuid_of(9)[:8], known], missing="skip")
    assert (uuids_of(result), result["total_count"], result["truncated"]) == ([known, known], 1, False)


def test_main_ambiguous_short_uuid_fails(run: Run, api: FakeApi) -> None:
    for digit in range(2):
        api.add(uuid=f"{uuid_of(1)[:-1]}{digit}")
    result = run(uuid=[uuid_of(1)[:8]], missing="skip")
    assert "Several actions have a UUID that begins with this" in result["msg"]
    assert (result["error_type"], result["actions"], result["truncated"]) == ("option", [], True)


def test_main_http_to_another_host_draws_a_warning(run: Run, warnings: list[str]) -> None:
    run(api_url="http://tutum.example.org")
    assert ["http://tutum.example.org" in warning for warning in warnings] == [True]


@pytest.mark.parametrize("option", ["fields", "hidden_fields"])
def test_main_unknown_field_draws_a_warning(run: Run, api: FakeApi, warnings: list[str], option: str) -> None:
    api.add()
    run(**{option: ["lgos", "logs"]})
    assert warnings == [f"{option}: no action has a field lgos. Check the name."]


def test_main_fields_returns_only_these(run: Run, api: FakeApi) -> None:
    uuid = api.add(body="secret")
    assert run(fields=["uuid", "finished"])["actions"] == [{"uuid": uuid, "finished": True}]


def test_main_hidden_fields_are_left_out(run: Run, api: FakeApi) -> None:
    api.add(body="secret", logs="secret")
    result = run(hidden_fields=["body", "logs"])
    assert "secret" not in str(result["actions"])
    assert result["actions"][0]["state"] == "Success"


@pytest.mark.parametrize("source", ["option", "environment"])
def test_main_key_that_the_api_returns_is_hidden(
    run: Run, api: FakeApi, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    encoded = base64.b64encode(f"alice:{API_KEY}".encode()).decode()
    uuid = api.add(body=f"key={API_KEY}", logs=f"Authorization: Basic {encoded}")
    api.actions[0].fields[API_KEY] = "x"
    monkeypatch.setenv("TUTUM_APIKEY", API_KEY)
    result = run(api_key=API_KEY if source == "option" else None)
    assert uuids_of(result) == [uuid]
    assert API_KEY not in str(result)
    assert encoded not in str(result)


@pytest.mark.parametrize("text", ["\x1b[31m\0", "\U0001f600", "\ud83d"], ids=["control", "emoji", "lone surrogate"])
def test_main_any_text_is_returned(run: Run, api: FakeApi, text: str) -> None:
    api.add(logs=f"before {text} after")
    logs = run()["actions"][0]["logs"]
    assert logs.startswith("before ")
    assert logs.endswith(" after")
