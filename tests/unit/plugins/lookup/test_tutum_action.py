# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup: its options and their precedence, its terms, its errors, and its warnings."""

from __future__ import annotations

import base64
import importlib
import multiprocessing
import os
import typing as t
from datetime import date, datetime, timezone

import pytest
from ansible import constants, template
from ansible.errors import AnsibleError
from ansible.module_utils.common.yaml import yaml_load
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible.utils.display import Display

from ansible_collections.tutum.cloud.plugins.lookup import tutum_action
from ansible_collections.tutum.cloud.plugins.module_utils._sources import ENVIRONMENT, INI
from ansible_collections.tutum.cloud.tests.unit.fakes import (
    API_KEY,
    API_URL,
    SERVICE,
    FakeApi,
    replace_network,
    response,
    uuid_of,
)

if t.TYPE_CHECKING:
    from pathlib import Path

NAME = "tutum.cloud.tutum_action"
UUID = "6246c558-976c-4df6-ba60-eb1a344a17af"
VARIABLES: dict[str, object] = {"tutum_api_url": API_URL, "tutum_username": "alice", "tutum_api_key": API_KEY}


def merge(into: dict[str, t.Any], more: t.Mapping[str, t.Any]) -> None:
    for name, value in more.items():
        if isinstance(value, dict):
            merge(into.setdefault(name, {}), value)
        else:
            into[name] = value


@pytest.fixture(scope="module", autouse=True)
def option_definitions() -> None:
    """Define the options as Ansible's loader does, which finds a collection only where it is installed."""
    documented = yaml_load(tutum_action.DOCUMENTATION)
    options: dict[str, t.Any] = {}
    for extended in documented["extends_documentation_fragment"]:
        file, _dot, section = extended[len("tutum.cloud.") :].partition(".")
        fragment = importlib.import_module(f"ansible_collections.tutum.cloud.plugins.doc_fragments.{file}")
        text = getattr(fragment.ModuleDocFragment, (section or "documentation").upper())
        merge(options, yaml_load(text).get("options", {}))
    merge(options, documented["options"])
    constants.config.initialize_plugin_configuration_definitions("lookup", NAME, options)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for names in ENVIRONMENT.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture(autouse=True)
def headers(monkeypatch: pytest.MonkeyPatch, api: FakeApi) -> list[str]:
    """Return the Authorization header of each connection."""
    return replace_network(monkeypatch, api)


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    shown: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _self, message, *_arguments: shown.append(message))
    return shown


def run_lookup(
    terms: t.Any, *, variables: t.Mapping[str, object] | None = None, **options: t.Any
) -> list[dict[str, t.Any]]:
    available = dict(VARIABLES if variables is None else variables)
    loader = DataLoader()
    lookup = tutum_action.LookupModule(loader=loader, templar=Templar(loader=loader, variables=available))
    lookup._load_name = NAME
    return lookup.run(terms, variables=available, **options)


def look_up(*terms: object, **options: t.Any) -> list[dict[str, t.Any]]:
    return run_lookup(list(terms), **options)


def uuids(found: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    return [one["uuid"] for one in found]


def as_template(text: str) -> str:
    """Return a template; since core 2.19 only a text from a trusted source is one."""
    return t.cast("str", template.trust_as_template(text)) if hasattr(template, "trust_as_template") else text


# Terms and filters.


def test_lookup_without_terms_returns_what_matches(api: FakeApi) -> None:
    expected = [api.add(started=1.0), api.add((0, "Failed"), started=2.0)]
    assert uuids(look_up()) == expected
    assert uuids(look_up(order="newest_first", limit=1)) == expected[1:]
    assert uuids(look_up(state="Failed")) == uuids(look_up(state=["Failed", "Pending"])) == expected[1:]
    assert uuids(look_up(object=SERVICE.upper().replace("/API/V1/SERVICE/", "/api/v1/service/"))) == expected


def test_terms_are_references_in_lists_or_alone(api: FakeApi) -> None:
    first, second = api.add(), api.add(uuid=UUID)
    assert uuids(look_up(second, [first, f" {second}\n"], "6246c558")) == [second, first, second, second]


@pytest.mark.parametrize("terms", [[[]], [[], []], [()]])
def test_terms_of_an_empty_list_send_nothing(api: FakeApi, terms: list[t.Any]) -> None:
    api.add()
    assert run_lookup(terms) == []
    assert api.urls == []


@pytest.mark.parametrize("terms", [None, [None], [[None]], [UUID, None], [[UUID, None]]])
def test_terms_with_null_are_an_error(api: FakeApi, terms: t.Any) -> None:
    api.add()
    with pytest.raises(AnsibleError) as caught:
        run_lookup(terms)
    assert "tutum.cloud.tutum_action: Invalid value for option _terms: None. The value is null" in str(caught.value)
    assert api.urls == []


@pytest.mark.parametrize(
    "name",
    [
        *("state", "object", "include_related", "limit", "order", "missing", "fields", "hidden_fields"),
        *("start_date_gte", "start_date_lte", "end_date_gte", "end_date_lte"),
        *("start_date__gte", "start_date__lte", "end_date__gte", "end_date__lte"),
    ],
)
def test_null_filter_is_an_error_that_names_the_option(api: FakeApi, name: str) -> None:
    """Without the filter, everything would be returned."""
    api.add()
    with pytest.raises(AnsibleError) as caught:
        look_up(**{name: None})
    assert str(caught.value).startswith(
        f"tutum.cloud.tutum_action: Invalid value for option {name}: None. The value is null, and without it the lookup"
        " would return other actions."
    )
    assert api.urls == []


def test_with_loop_over_nothing_returns_nothing(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    uuid = api.add()
    # Before core 2.19, loops pass wantlist.
    assert look_up(wantlist=True) == []
    monkeypatch.setattr(tutum_action, "is_with_loop", lambda: True)
    assert look_up() == []
    assert api.urls == []
    assert uuids(look_up(uuid)) == uuids(look_up(uuid, wantlist=True)) == [uuid]


def test_missing_is_an_error_or_skipped(api: FakeApi) -> None:
    known = api.add()
    with pytest.raises(AnsibleError, match=r"tutum\.cloud\.tutum_action: GET .*HTTP 404"):
        look_up(known, uuid_of(9))
    assert uuids(look_up(known, uuid_of(9), "abcdef01", missing="skip")) == [known]


def test_dates_of_yaml_are_accepted(api: FakeApi) -> None:
    look_up(start_date_gte=date(2014, 9, 17), end_date_lte=datetime(2014, 9, 17, 8, 26, 22, tzinfo=timezone.utc))
    look_up(start_date__gte=1411000000, end_date_lte=datetime(2014, 9, 17, 8, 26, 22))  # noqa: DTZ001 - as in YAML
    dates = [(query["start_date__gte"], query["end_date__lte"]) for query in api.queries]
    assert dates == [
        ("2014-09-17T00:00:00Z", "2014-09-17T08:26:22.999999Z"),
        ("2014-09-18T00:26:40Z", "2014-09-17T08:26:22.999999Z"),
    ]


@pytest.mark.parametrize("value", ["now", "today", "yesterday", "1411000000", "2 hours ago"])
def test_date_words_are_accepted(api: FakeApi, value: str) -> None:
    assert look_up(start_date_gte=value) == []
    assert "start_date__gte" in api.queries[0]


# Options that do not exist or are invalid.


@pytest.mark.parametrize("name", ["sate", "uuid", "_terms", "start_date__gt", "apikey"])
def test_unknown_option_is_an_error_and_does_not_return_everything(api: FakeApi, name: str) -> None:
    with pytest.raises(AnsibleError) as caught:
        look_up(**{name: ["x"]})
    message = str(caught.value)
    assert message.startswith(
        f"tutum.cloud.tutum_action: Unsupported option: {name}. Supported options: api_key, api_url,"
    )
    assert "start_date__gte, start_date__lte, start_date_gte, start_date_lte, state," in message
    assert api.urls == []


@pytest.mark.parametrize("value", [True, False, None])
def test_allow_unsafe_is_ignored(api: FakeApi, value: object) -> None:
    uuid = api.add()
    assert uuids(look_up(uuid, allow_unsafe=value)) == [uuid]


@pytest.mark.parametrize(
    ("terms", "options", "message"),
    [
        (["x"], {}, "uuid: 'x'. Not the UUID of an action"),
        ([{"uuid": UUID}], {}, "uuid: "),
        ([uuid_of(1)], {"limit": 3}, "limit: 3. Filters cannot be combined with uuid."),
        ([[]], {"state": "Failed"}, "state: ['Failed']. Filters cannot be combined with uuid."),
        ([uuid_of(1)], {"order": "newest_first"}, "order: 'newest_first'. Cannot be combined with uuid"),
        ([], {"limit": 0}, "limit: 0. Must be 1 or greater."),
        ([], {"start_date__gte": "x"}, "start_date_gte: 'x'. Not a valid date."),
        ([], {"object": ""}, "object: ''. Not the resource URI of an object."),
        ([], {"state": ["success"]}, "success"),
        ([], {"state": [None]}, "None"),
        ([], {"include_related": True}, "include_related: True. Requires the option object."),
        ([], {"hidden_fields": ["state"]}, "hidden_fields: 'state'. The field state cannot be hidden"),
        (
            [],
            {"fields": ["uuid"], "hidden_fields": ["body"]},
            "fields: ['uuid']. Cannot be combined with hidden_fields.",
        ),
        ([], {"api_url": f"https://alice:{API_KEY}@host"}, "Credentials in URLs are not allowed."),
        ([], {"request_timeout": "nan"}, "request_timeout: nan. Must be greater than 0"),
    ],
)
def test_option_with_an_invalid_value_is_an_error_before_anything_is_sent(
    api: FakeApi, terms: list[str], options: dict[str, t.Any], message: str
) -> None:
    with pytest.raises(AnsibleError) as caught:
        look_up(*terms, **options)
    assert message in str(caught.value)
    assert API_KEY not in str(caught.value)
    assert api.urls == []


@pytest.mark.parametrize("name", ["state", "object"])
def test_server_that_ignores_a_filter_is_an_error_that_names_it(api: FakeApi, name: str) -> None:
    api.ignored_filters = [name]
    api.add()
    with pytest.raises(AnsibleError, match=f"do not match the filter {name}"):
        look_up(**{name: "Failed" if name == "state" else "/api/v1/service/x/"})


# The sources of the connection settings.


def users(headers: t.Iterable[str]) -> list[str]:
    return [header.partition(" ")[2].partition(":")[0] for header in headers]


def test_option_takes_precedence_over_variable_and_both_environments(
    monkeypatch: pytest.MonkeyPatch, headers: list[str]
) -> None:
    monkeypatch.setenv("TUTUM_USER", "process")
    monkeypatch.setenv("TUTUM_APIKEY", API_KEY)
    variables: dict[str, object] = {"tutum_api_url": API_URL}
    look_up(variables=variables)
    variables["environment"] = [{"TUTUM_USER": "task"}]
    look_up(variables=variables)
    variables["tutum_username"] = "variable"
    look_up(variables=variables)
    look_up(variables=variables, username="option")
    assert users(headers) == ["process", "task", "variable", "option"]


def test_file_and_ini_have_the_lowest_precedence(tmp_path: Path, headers: list[str]) -> None:
    (tmp_path / ".tutum").write_text(f"[auth]\nuser = file\napikey = {API_KEY}\n", encoding="utf-8")
    variables: dict[str, object] = {"tutum_api_url": API_URL}
    look_up(variables=variables)
    look_up(variables={**variables, "environment": [{"TUTUM_USER": "task", "TUTUM_APIKEY": API_KEY}]})
    assert users(headers) == ["file", "task"]
    setting = tutum_action._setting_from_origin("username", "bob", "/etc/ansible/ansible.cfg")
    assert setting == ("bob", INI, "the file /etc/ansible/ansible.cfg")


@pytest.mark.parametrize("environment", ["list", "dictionary", "template", "templates in values", "several"])
def test_environment_of_the_task_provides_the_connection(api: FakeApi, headers: list[str], environment: str) -> None:
    uuid = api.add()
    values = {"TUTUM_REST_HOST": "https://tutum.example.org", "TUTUM_USER": "bob", "TUTUM_APIKEY": API_KEY}
    templates = {name: as_template(f"{{{{ '{value}' }}}}") for name, value in values.items()}
    first = {"TUTUM_USER": "of the play", "TUTUM_APIKEY": API_KEY}
    given = {
        "list": [values],
        "dictionary": values,
        "template": as_template("{{ tutum_environment }}"),
        "templates in values": [templates],
        "several": [first, as_template("{{ tutum_environment }}")],
    }
    variables = {"environment": given[environment], "tutum_environment": values}
    assert uuids(look_up(variables=variables)) == [uuid]
    assert headers == [f"ApiKey bob:{API_KEY}"]
    assert api.urls == [f"{API_URL}action/?limit=500&offset=0"]


def test_environment_of_the_task_may_have_the_password(headers: list[str]) -> None:
    environment = {"TUTUM_BASE_URL": API_URL, "TUTUM_USER": "bob", "TUTUM_PASS": "pass-of-bob", "TUTUM_APIKEY": None}
    look_up(variables={"environment": [environment]})
    assert headers == [f"Basic {base64.b64encode(b'bob:pass-of-bob').decode()}"]


@pytest.mark.parametrize("environment", [None, [], "", {}, [None], [{}], [[]]])
def test_environment_of_the_task_may_be_empty(api: FakeApi, environment: object) -> None:
    uuid = api.add()
    assert uuids(look_up(variables={**VARIABLES, "environment": environment})) == [uuid]


def test_environment_of_the_task_is_read_only_for_the_connection(api: FakeApi) -> None:
    """Another value may be undefined, or use this lookup itself."""
    uuid = api.add()
    environment = {"PATH": as_template("{{ undefined_variable }}"), "TUTUM_USER": "bob"}
    assert uuids(look_up(variables={**VARIABLES, "environment": [environment]})) == [uuid]


def test_environment_of_the_task_that_uses_the_lookup_is_not_read_again(
    api: FakeApi, headers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid = api.add()
    variables = {**VARIABLES, "environment": [as_template("{{ tutum_environment }}")]}
    inner: list[list[str]] = []

    def render(_templar: Templar, value: object) -> object:
        if value is variables["environment"][0]:  # type: ignore[index]
            inner.append(uuids(look_up(uuid, variables=variables)))
            return {"TUTUM_CONFIG_FILE": ""}
        return value

    monkeypatch.setattr(Templar, "template", render)
    for _time in range(2):
        assert uuids(look_up(uuid, variables=variables)) == [uuid]
    assert inner == [[uuid]] * 2
    assert len(headers) == 4


def test_variable_may_be_a_template_and_an_unneeded_one_undefined(api: FakeApi, headers: list[str]) -> None:
    uuid = api.add()
    variables = {
        **VARIABLES,
        "tutum_username": as_template("{{ 'b' ~ 'ob' }}"),
        "tutum_api_key": as_template("{{ nowhere }}"),
    }
    assert uuids(look_up(variables=variables, api_key=API_KEY)) == [uuid]
    assert users(headers) == ["bob"]


def test_empty_value_counts_as_not_set(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Templates produce them, and so does a CI system for a secret that is not set."""
    expected = [api.add()]
    monkeypatch.setenv("TUTUM_USER", "")
    monkeypatch.setenv("TUTUM_REST_HOST", "")
    assert uuids(look_up(api_key="", api_url="")) == expected
    assert uuids(look_up(api_key=None, username=None)) == expected
    monkeypatch.setenv("TUTUM_APIKEY", API_KEY)
    assert uuids(look_up(variables={**VARIABLES, "tutum_api_key": ""})) == expected


def test_missing_credentials_are_an_error(api: FakeApi) -> None:
    with pytest.raises(AnsibleError, match=r"tutum\.cloud\.tutum_action: No API credentials found\."):
        look_up(variables={})
    assert api.urls == []


# The cache that the lookups of a task share.


@pytest.fixture
def in_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this process look like a worker of Ansible."""
    monkeypatch.setattr(multiprocessing, "parent_process", object)
    monkeypatch.setattr(tutum_action, "_runners", {})


@pytest.mark.usefixtures("in_worker")
def test_lookups_of_a_worker_share_a_connection_and_finished_actions(api: FakeApi, headers: list[str]) -> None:
    finished, running = api.add(body="x"), api.add((0, "In progress"))
    assert uuids(look_up(finished, running)) == [finished, running]
    assert look_up(finished, fields=["body"]) == [{"body": "x"}]
    assert uuids(look_up(finished, running)) == [finished, running]
    assert api.paths == [f"action/{uuid}/" for uuid in (finished, running, running)]
    assert len(headers) == 1


@pytest.mark.usefixtures("in_worker")
@pytest.mark.parametrize(
    "options",
    [
        {"username": "bob"},
        {"api_url": "https://other.example.org"},
        {"validate_certs": False},
        {"request_timeout": 7},
        {"max_retries": 0},
        {"variables": {**VARIABLES, "environment": [{"HTTPS_PROXY": "http://proxy.example.org:3128"}]}},
    ],
)
def test_lookups_with_other_settings_share_nothing(api: FakeApi, headers: list[str], options: dict[str, t.Any]) -> None:
    uuid = api.add()
    assert uuids(look_up(uuid)) == uuids(look_up(uuid, **options)) == [uuid]
    assert len(headers) == len(api.urls) == 2


@pytest.mark.usefixtures("in_worker")
def test_lookups_of_a_forked_process_share_nothing(
    api: FakeApi, headers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid = api.add()
    look_up(uuid)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    look_up(uuid)
    assert len(headers) == len(api.urls) == 2


def test_lookups_of_the_main_process_share_nothing(api: FakeApi, headers: list[str]) -> None:
    """It continues after the task, and an action may be retried."""
    uuid = api.add()
    look_up(uuid)
    look_up(uuid)
    assert len(headers) == len(api.urls) == 2


# Warnings and messages.


def test_fields_returns_only_these(api: FakeApi) -> None:
    api.add(body="x")
    assert look_up(fields=["state", "duration"]) == [{"state": "Success", "duration": 0.0}]
    assert look_up(fields="state") == [{"state": "Success"}]


def test_hidden_fields_are_left_out(api: FakeApi) -> None:
    api.add(body="secret")
    (found,) = look_up(hidden_fields=["body"])
    assert "body" not in found


@pytest.mark.parametrize("option", ["fields", "hidden_fields"])
def test_unknown_field_causes_a_warning(api: FakeApi, warnings: list[str], option: str) -> None:
    api.add()
    look_up(**{option: ["log", "logs"]})
    assert warnings == [f"{option}: no action has a field log. Check the name."]


def test_http_without_tls_causes_a_warning(warnings: list[str]) -> None:
    look_up(api_url="http://tutum.example.org")
    assert ["http://tutum.example.org" in warning for warning in warnings] == [True]


def test_nothing_to_warn_of_causes_no_warning(api: FakeApi, warnings: list[str]) -> None:
    api.add()
    look_up(fields=["uuid", "can_be_retried"])
    assert warnings == []


def test_key_that_the_api_returns_is_hidden(api: FakeApi) -> None:
    """As Ansible does it for modules."""
    api.add(body=f"key={API_KEY}")
    assert look_up()[0]["body"] == "key=***"


def test_no_error_shows_the_key(api: FakeApi) -> None:
    api.fault_for = lambda _url: response({"error": f"bad {API_KEY}"}, status=401)
    with pytest.raises(AnsibleError, match="HTTP 401") as caught:
        look_up()
    assert API_KEY not in str(caught.value)
