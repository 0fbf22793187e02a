# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module tutum_action_info, from its options to its result."""

from __future__ import annotations

import base64
import builtins
import typing as t

import pytest
from ansible.module_utils.basic import AnsibleModule

from ansible_collections.tutum.cloud.plugins.modules.tutum_action_info import main
from ansible_collections.tutum.cloud.tests.unit.fakes import (
    API_KEY,
    API_URL,
    SERVICE,
    FakeApi,
    replace_network,
    response,
    uuid_of,
)
from ansible_collections.tutum.cloud.tests.unit.module_runs import LOGIN, ModuleRuns

Run = t.Callable[..., t.Dict[str, t.Any]]
UUID = "6246c558-976c-4df6-ba60-eb1a344a17af"
DETAILS = ("error_type", "status", "url")


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def run(module_runs: t.Callable[[FakeApi], ModuleRuns], api: FakeApi) -> Run:
    """Return a function that runs the module with these options."""
    return lambda **options: module_runs(api).run(main, {**LOGIN, **options})


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Since core 2.19 it depends on what else runs in the process whether a warning is in the result."""
    shown: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _self, warning: shown.append(warning))
    return shown


def test_main_without_filters_returns_all_actions_and_changes_nothing(run: Run, api: FakeApi) -> None:
    uuids = [api.add(started=1.0), api.add((0, "Failed"), started=2.0)]
    result = run()
    assert [one["uuid"] for one in result["actions"]] == uuids
    assert result["actions"][0]["object_type"] == "service"
    assert (result["total_count"], result["truncated"], result["changed"]) == (2, False, False)
    assert not set(DETAILS) & set(result)
    assert api.closed == 1


@pytest.mark.parametrize("check_mode", [False, True])
def test_check_mode_makes_no_difference(run: Run, api: FakeApi, check_mode: bool) -> None:
    uuid = api.add()
    result = run(uuid=uuid, _ansible_check_mode=check_mode)
    assert [one["uuid"] for one in result["actions"]] == [uuid]
    assert "skipped" not in result
    assert api.calls == []


def test_aliases_are_the_names_of_the_reference(run: Run, api: FakeApi) -> None:
    result = run(start_date__gte="2014-09-17", end_date__lte="2014-09-18")
    assert result["actions"] == []
    assert api.queries[0] == {
        "start_date__gte": "2014-09-17T00:00:00Z",
        "end_date__lte": "2014-09-18T23:59:59.999999Z",
        "limit": "500",
        "offset": "0",
    }


@pytest.mark.parametrize("value", ["now", "today", "yesterday", "1411000000", 1411000000])
def test_date_words_and_seconds_are_accepted(run: Run, value: object) -> None:
    assert run(start_date_gte=value)["actions"] == []


@pytest.mark.parametrize("newest_first", [False, True])
def test_newest_first_with_a_limit_is_right_on_any_server(run: Run, api: FakeApi, newest_first: bool) -> None:
    api.newest_first = newest_first
    uuids = [api.add((0, "Failed" if number % 2 else "Success"), started=10.0 * number) for number in range(9)]
    for options in ({}, {"state": ["Success", "Failed"]}):
        result = run(order="newest_first", limit=3, **options)
        assert [one["uuid"] for one in result["actions"]] == uuids[:-4:-1]
        assert (result["total_count"], result["truncated"]) == (9, True)


@pytest.mark.parametrize("reference", ["6246c558", f" {UUID}\n", f"/api/v1/action/{UUID}/", f"{API_URL}action/{UUID}/"])
def test_uuid_accepts_all_forms(run: Run, api: FakeApi, reference: str) -> None:
    api.add(uuid=UUID)
    assert [one["uuid"] for one in run(uuid=[reference])["actions"]] == [UUID]


@pytest.mark.parametrize(
    "name", ["uuid", "object", "include_related", "start_date_gte", "end_date_lte", "limit", "fields", "hidden_fields"]
)
def test_null_option_counts_as_omitted(run: Run, api: FakeApi, name: str) -> None:
    """AnsibleModule hides the difference, and the documentation says so."""
    uuid = api.add()
    assert [one["uuid"] for one in run(**{name: None})["actions"]] == [uuid]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"uuid": [], "limit": 1}, "mutually exclusive"),
        ({"fields": ["uuid"], "hidden_fields": ["body"]}, "mutually exclusive"),
        ({"include_related": True}, "required by 'include_related'"),
        ({"state": ["success"]}, "value of state must be one or more of"),
        ({"order": "random"}, "value of order must be one of"),
        ({"missing": "ignore"}, "value of missing must be one of"),
        ({"sate": "Success"}, "Unsupported parameters"),
    ],
)
def test_option_that_ansible_refuses_sends_nothing(
    run: Run, api: FakeApi, options: dict[str, t.Any], message: str
) -> None:
    result = run(**options)
    assert result["failed"] is True
    assert message in result["msg"]
    assert api.urls == []


@pytest.mark.parametrize(
    ("options", "message", "error_type"),
    [
        ({"limit": 0}, "limit: 0. Must be 1 or greater.", "option"),
        ({"object": "../x"}, "object: '../x'. Not the resource URI of an object.", "option"),
        ({"uuid": ["x"]}, "uuid: 'x'. Not the UUID of an action", "option"),
        ({"uuid": [UUID], "order": "newest_first"}, "order: 'newest_first'. Cannot be combined with uuid", "option"),
        ({"start_date_gte": "soon"}, "start_date_gte: 'soon'. Not a valid date.", "option"),
        ({"hidden_fields": ["state"]}, "hidden_fields: 'state'. The field state cannot be hidden", "option"),
        ({"hidden_fields": ["uuid"]}, "hidden_fields: 'uuid'. The field uuid cannot be hidden", "option"),
        ({"fields": []}, "fields: []. Must not be empty.", "option"),
        ({"request_timeout": "nan"}, "request_timeout: nan. Must be greater than 0", "option"),
        ({"request_timeout": "inf"}, "request_timeout: inf. Must be greater than 0", "option"),
        ({"max_retries": -1}, "max_retries: -1. Must be an integer between 0", "option"),
        ({"api_url": f"https://alice:{API_KEY}@host"}, "Credentials in URLs are not allowed.", "option"),
        ({"username": ""}, "username", "credentials"),
    ],
)
def test_option_with_an_invalid_value_sends_nothing(
    run: Run, api: FakeApi, options: dict[str, t.Any], message: str, error_type: str
) -> None:
    result = run(**options)
    assert result["failed"] is True
    assert message in result["msg"]
    assert [result[name] for name in DETAILS] == [error_type, None, None]
    assert api.urls == []


def test_missing_uuid_fails_with_the_others_in_the_result(run: Run, api: FakeApi) -> None:
    known = api.add()
    result = run(uuid=[known, uuid_of(9)])
    assert result["failed"] is True
    assert uuid_of(9) in result["msg"]
    assert [one["uuid"] for one in result["actions"]] == [known]
    assert (result["total_count"], result["truncated"]) == (1, True)
    assert [result[name] for name in DETAILS] == ["not_found", 404, f"{API_URL}action/{uuid_of(9)}/"]


def test_missing_skip_leaves_out_what_is_unknown(run: Run, api: FakeApi) -> None:
    known = api.add()
    result = run(uuid=[known, uuid_of(9), "abcdef01"], missing="skip")
    assert [one["uuid"] for one in result["actions"]] == [known]
    assert "failed" not in result


@pytest.mark.parametrize(
    ("status", "error_type"), [(400, "http"), (401, "http"), (403, "http"), (404, "not_found"), (503, "http")]
)
def test_failure_returns_status_url_and_error_type(run: Run, api: FakeApi, status: int, error_type: str) -> None:
    api.fault_for = lambda _url: response(status=status)
    result = run(max_retries=0)
    assert result["failed"] is True
    assert f"HTTP {status}" in result["msg"]
    assert [result[name] for name in DETAILS] == [error_type, status, f"{API_URL}action/?limit=500&offset=0"]
    assert (result["actions"], result["total_count"], result["truncated"]) == ([], None, True)


def test_failure_of_a_later_page_returns_what_was_read(run: Run, api: FakeApi) -> None:
    api.max_limit = 4
    uuids = [api.add(started=float(number)) for number in range(9)]
    api.fault_for = lambda _url: response(b"<html>", status=200) if len(api.urls) == 3 else None
    result = run()
    assert [result[name] for name in DETAILS] == ["response", 200, f"{API_URL}action/?limit=500&offset=6"]
    assert [one["uuid"] for one in result["actions"]] == uuids[:7]
    assert (result["total_count"], result["truncated"]) == (None, True)


@pytest.mark.parametrize(
    ("name", "options"), [("state", {"state": "Failed"}), ("object", {"object": "/api/v1/service/x/"})]
)
def test_failure_of_a_server_that_ignores_a_filter_names_it(
    run: Run, api: FakeApi, name: str, options: dict[str, str]
) -> None:
    api.ignored_filters = [name]
    api.add()
    result = run(**options)
    assert f"do not match the filter {name}: the server ignores it" in result["msg"]
    assert (result["error_type"], result["status"], result["actions"]) == ("response", 200, [])


def test_failure_for_an_ambiguous_short_uuid_names_the_option(run: Run, api: FakeApi) -> None:
    for number in range(2):
        api.add(uuid=f"{UUID[:-1]}{number}")
    result = run(uuid="6246c558")
    assert result["msg"].startswith("Invalid value for option uuid: '6246c558'. Several actions")
    assert result["error_type"] == "option"


def test_failure_for_a_missing_library_names_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    find = builtins.__import__

    def find_other(name: str, *arguments: t.Any, **options: t.Any) -> t.Any:
        if name.startswith("dateutil"):
            raise ImportError("No module named 'dateutil'")
        return find(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", find_other)
    result = run(start_date_gte="2014-09-17")
    assert result["error_type"] == "library"
    assert "python-dateutil" in result["msg"]
    # A query without a date does not need it.
    assert run()["actions"] == []


def test_http_without_tls_causes_a_warning(run: Run, warnings: list[str]) -> None:
    run(api_url="http://tutum.example.org")
    assert ["http://tutum.example.org" in warning for warning in warnings] == [True]


@pytest.mark.parametrize("option", ["fields", "hidden_fields"])
def test_unknown_field_causes_a_warning(run: Run, api: FakeApi, warnings: list[str], option: str) -> None:
    api.add()
    run(**{option: ["log", "logs"]})
    assert warnings == [f"{option}: no action has a field log. Check the name."]


def test_fields_returns_only_these(run: Run, api: FakeApi) -> None:
    uuid = api.add(body="x")
    assert run(fields=["uuid", "finished"])["actions"] == [{"uuid": uuid, "finished": True}]


def test_hidden_fields_are_left_out(run: Run, api: FakeApi) -> None:
    api.add(body="secret", logs="secret")
    assert "secret" not in str(run(hidden_fields=["body", "logs"]))


@pytest.mark.parametrize("origin", ["option", "environment"])
def test_key_that_the_api_returns_is_hidden(
    run: Run, api: FakeApi, monkeypatch: pytest.MonkeyPatch, origin: str
) -> None:
    encoded = base64.b64encode(f"alice:{API_KEY}".encode()).decode()
    api.add(body=f"key={API_KEY}", logs=f"Authorization: Basic {encoded}")
    if origin == "environment":
        monkeypatch.setenv("TUTUM_APIKEY", API_KEY)
    result = run(api_key=API_KEY if origin == "option" else None)
    assert len(result["actions"]) == 1
    assert API_KEY not in str(result)
    assert encoded not in str(result)


def test_environment_provides_the_connection(
    module_runs: t.Callable[[FakeApi], ModuleRuns], api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid = api.add()
    runs = module_runs(api)
    headers = replace_network(monkeypatch, api)
    for name, value in (("HOST", "https://tutum.example.org"), ("USER", "bob"), ("PASS", "pass-of-bob")):
        monkeypatch.setenv(f"TUTUM_{'REST_' if name == 'HOST' else ''}{name}", value)
    assert [one["uuid"] for one in runs.run(main, {})["actions"]] == [uuid]
    assert headers == [f"Basic {base64.b64encode(b'bob:pass-of-bob').decode()}"]
    assert api.urls == [f"{API_URL}action/?limit=500&offset=0"]


@pytest.mark.parametrize("text", ["\x1b[31m\0", "\U0001f600", "\ud83d"], ids=["control", "emoji", "half an emoji"])
def test_any_text_is_returned(run: Run, api: FakeApi, text: str) -> None:
    api.add(logs=f"before {text} after", object=SERVICE)
    assert run()["actions"][0]["logs"].startswith("before ")
