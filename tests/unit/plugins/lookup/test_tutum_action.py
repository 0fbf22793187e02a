# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup: where its options come from, its terms, its errors. What a query returns is tested in test_queries.py."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import typing as t
from datetime import date, datetime, timezone

import pytest
from ansible import constants
from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.module_utils.common.yaml import yaml_load
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.tutum.cloud.plugins.lookup import tutum_action
from ansible_collections.tutum.cloud.plugins.module_utils import _client
from ansible_collections.tutum.cloud.plugins.module_utils._argspec import QUERY
from ansible_collections.tutum.cloud.plugins.module_utils._sources import ENVIRONMENT
from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY, API_URL, SERVICE, FakeApi, response, uuid_of

try:  # core 2.19 and later use only marked strings as templates
    from ansible.template import trust_as_template
except ImportError:
    trust_as_template = str

if t.TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.tutum.cloud.plugins.module_utils._settings import ConnectionSettings

NAME = "tutum.cloud.tutum_action"
VARIABLES: dict[str, object] = {"tutum_api_url": API_URL, "tutum_username": "alice", "tutum_api_key": API_KEY}
QUERY_OPTIONS = sorted({*QUERY, *(alias for one in QUERY.values() for alias in one.get("aliases", ()))} - {"uuid"})


def merge(into: dict[str, t.Any], more: t.Mapping[str, t.Any]) -> None:
    for name, value in more.items():
        if isinstance(value, dict):
            merge(into.setdefault(name, {}), value)
        else:
            into[name] = value


@pytest.fixture(scope="module", autouse=True)
def option_definitions() -> None:
    """Define the options, as Ansible's loader does, which finds a collection only where it is installed."""
    documented = yaml_load(tutum_action.DOCUMENTATION)
    options: dict[str, t.Any] = {}
    for extended in documented["extends_documentation_fragment"]:
        file, _dot, section = extended[len("tutum.cloud.") :].partition(".")
        fragment = importlib.import_module(f"ansible_collections.tutum.cloud.plugins.doc_fragments.{file}")
        text = getattr(fragment.ModuleDocFragment, (section or "documentation").upper())
        merge(options, yaml_load(text).get("options", {}))
    merge(options, documented["options"])
    constants.config.initialize_plugin_configuration_definitions("lookup", NAME, options)


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture(autouse=True)
def connections(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, api: FakeApi) -> list[ConnectionSettings]:
    """Replace the network; return the settings of each connection."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for names in ENVIRONMENT.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)
    made: list[ConnectionSettings] = []

    def transport(settings: ConnectionSettings) -> FakeApi:
        made.append(settings)
        return api

    monkeypatch.setattr(_client, "Transport", transport)
    monkeypatch.setattr(tutum_action, "_runners", {})
    return made


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    shown: list[str] = []
    monkeypatch.setattr(tutum_action.display, "warning", shown.append)
    return shown


def look_up(
    *terms: object, variables: t.Mapping[str, object] | None = None, **options: t.Any
) -> list[dict[str, t.Any]]:
    return run_lookup(list(terms), variables, options)


def run_lookup(
    terms: list[t.Any] | None, variables: t.Mapping[str, object] | None, options: dict[str, t.Any]
) -> list[dict[str, t.Any]]:
    """Run the lookup as Ansible does, by default with variables for the connection."""
    variables = dict(VARIABLES if variables is None else variables)
    loader = DataLoader()
    lookup = tutum_action.LookupModule(loader=loader, templar=Templar(loader=loader, variables=variables))
    lookup._load_name = NAME
    return lookup.run(terms, variables=variables, **options)


def uuids_of(found: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    return [one["uuid"] for one in found]


# Terms


def test_terms_missing_return_all_actions(api: FakeApi) -> None:
    expected = [api.add(started=1.0), api.add(started=2.0)]
    assert uuids_of(look_up()) == expected
    assert uuids_of(look_up(order="newest_first", limit=1)) == expected[1:]


def test_terms_are_uuids_in_lists_or_alone(api: FakeApi) -> None:
    first, second = api.add(), api.add()
    assert uuids_of(look_up(second, [first, f" {second}\n"], second[:8])) == [second, first, second, second]


@pytest.mark.parametrize("terms", [[[]], [[], []]])
def test_terms_empty_list_sends_nothing(api: FakeApi, terms: list[object]) -> None:
    api.add()
    assert look_up(*terms) == []
    assert api.urls == []


def test_with_loop_returns_its_items(api: FakeApi) -> None:
    uuid = api.add()
    api.add()
    assert uuids_of(look_up(uuid, wantlist=True)) == [uuid]


@pytest.mark.parametrize("core", ["before 2.19", "2.19"])
def test_with_loop_without_items_sends_nothing(api: FakeApi, monkeypatch: pytest.MonkeyPatch, core: str) -> None:
    api.add()
    monkeypatch.setattr(tutum_action, "is_with_loop", lambda: core == "2.19")
    assert run_lookup([], None, {"wantlist": True} if core == "before 2.19" else {}) == []
    assert api.urls == []


@pytest.mark.parametrize(
    "terms", [None, [None], [[None]], [[uuid_of(1), None]], [uuid_of(1), None]], ids=["none", "1", "2", "3", "4"]
)
@pytest.mark.parametrize("options", [{}, {"wantlist": True}, {"missing": "skip"}])
def test_terms_null_is_an_error(api: FakeApi, terms: list[t.Any] | None, options: dict[str, t.Any]) -> None:
    api.add()
    with pytest.raises(AnsibleLookupError) as caught:
        run_lookup(terms, None, options)
    assert "tutum.cloud.tutum_action: Invalid value for option _terms: None. The value is null, and without it" in str(
        caught.value
    )
    assert api.urls == []


# Options of the query


@pytest.mark.parametrize("name", QUERY_OPTIONS)
def test_option_null_is_an_error_that_names_it(api: FakeApi, name: str) -> None:
    api.add()
    with pytest.raises(AnsibleLookupError) as caught:
        run_lookup([], None, {name: None})
    assert str(caught.value) == (
        f"tutum.cloud.tutum_action: Invalid value for option {name}: None. The value is null, and without it the lookup"
        " would return other actions. Check the variable, or omit the option."
    )
    assert api.urls == []


@pytest.mark.parametrize("value", ["", [None]])
@pytest.mark.parametrize("name", ["state", "object", "start_date_gte", "end_date__lte"])
def test_option_empty_or_list_with_null_is_an_error_that_names_it(api: FakeApi, name: str, value: object) -> None:
    api.add()
    with pytest.raises(AnsibleError, match=name.replace("__", "_+")):
        run_lookup([], None, {name: value})
    assert api.urls == []


@pytest.mark.parametrize("name", ["sate", "uuid", "_terms", "start_date__gt", "password"])
def test_option_unknown_is_an_error(api: FakeApi, name: str) -> None:
    with pytest.raises(AnsibleLookupError) as caught:
        run_lookup([], None, {name: ["x"]})
    assert f"Unsupported option: {name}. Supported options: api_key, api_url, " in str(caught.value)
    assert api.urls == []


@pytest.mark.parametrize("value", [True, False, None])
def test_option_allow_unsafe_is_ignored(api: FakeApi, value: bool | None) -> None:
    uuid = api.add()
    assert uuids_of(look_up(allow_unsafe=value)) == [uuid]
    assert uuids_of(look_up(uuid, allow_unsafe=value)) == [uuid]


@pytest.mark.parametrize(
    ("terms", "options", "message"),
    [
        (["x"], {}, "option uuid: 'x'. Not the UUID"),
        ([uuid_of(1)], {"limit": 3}, "option limit: 3. Filters cannot be combined with uuid"),
        ([[]], {"state": ["Failed"]}, "option state: ['Failed']. Filters cannot be combined with uuid"),
        ([], {"limit": 0}, "option limit: 0. Must be 1 or greater"),
        ([], {"start_date__gte": "x"}, "option start_date_gte: 'x'. Not a valid date"),
        ([], {"state": ["success"]}, "success"),
        ([], {"order": "random"}, "random"),
        ([], {"include_related": True}, "option include_related: True. Requires the option object"),
        ([], {"object": f"/api/v1/action/{uuid_of(1)}/"}, "This is an action"),
        ([], {"fields": ["uuid"], "hidden_fields": ["body"]}, "Cannot be combined with hidden_fields"),
        ([], {"hidden_fields": ["uuid"]}, "The field uuid cannot be hidden"),
        ([], {"api_url": f"https://alice:{API_KEY}@host"}, "Credentials in URLs are not allowed"),
        ([], {"request_timeout": float("nan")}, "request_timeout"),
    ],
)
def test_option_invalid_is_an_error_before_anything_is_sent(
    api: FakeApi, terms: list[object], options: dict[str, t.Any], message: str
) -> None:
    with pytest.raises(AnsibleError) as caught:
        look_up(*terms, **options)
    assert message in str(caught.value)
    assert API_KEY not in str(caught.value)
    assert api.urls == []


def test_options_filter_the_list(api: FakeApi) -> None:
    uuid = api.add((0, "Failed"), object="/api/v1/node/x/")
    api.add((0, "Failed"))
    api.add()
    assert uuids_of(look_up(state="Failed", object="/api/v1/node/x/")) == [uuid]
    assert len(look_up(state=["Failed", "Success"], object=SERVICE, include_related=False)) == 2


def test_dates_from_yaml_are_read(api: FakeApi) -> None:
    look_up(start_date_gte=date(2014, 9, 17), end_date_lte=datetime(2014, 9, 17, 8, 26, 22, tzinfo=timezone.utc))
    assert api.queries[0]["start_date__gte"] == "2014-09-17T00:00:00Z"
    assert api.queries[0]["end_date__lte"] == "2014-09-17T08:26:22.999999Z"


def test_fields_and_hidden_fields_select_fields(api: FakeApi) -> None:
    uuid = api.add(body="secret")
    assert look_up(fields=["uuid", "finished"]) == [{"uuid": uuid, "finished": True}]
    (found,) = look_up(uuid, hidden_fields=["body"])
    assert "body" not in found
    assert found["started_at"] is not None


@pytest.mark.parametrize("option", ["fields", "hidden_fields"])
def test_fields_unknown_name_draws_a_warning(api: FakeApi, warnings: list[str], option: str) -> None:
    api.add()
    run_lookup([], None, {option: ["lgos", "logs"]})
    assert warnings == [f"{option}: no action has a field lgos. Check the name."]


# Options of the connection


def users_of(connections: list[ConnectionSettings]) -> list[str]:
    return [one.authorization.partition(":")[0].partition(" ")[2] for one in connections]


@pytest.fixture
def ini(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let Ansible read a configuration file."""
    path = tmp_path / "ansible.cfg"
    path.write_text(f"[tutum_cloud]\nusername = ini\napi_url = {API_URL}\nmax_retries = 7\n", encoding="utf-8")
    monkeypatch.setattr(constants.config, "_config_file", str(path))


def test_option_precedes_variable_environment_and_ini(
    connections: list[ConnectionSettings], monkeypatch: pytest.MonkeyPatch, ini: None
) -> None:
    del ini
    key = {"tutum_api_key": API_KEY}
    look_up(variables=key)
    monkeypatch.setenv("TUTUM_USER", "process")
    look_up(variables=key)
    task = {**key, "environment": [{"TUTUM_USER": "task"}]}
    look_up(variables=task)
    look_up(variables={**task, "tutum_username": "variable"})
    look_up(variables={**task, "tutum_username": "variable"}, username="option")
    assert users_of(connections) == ["ini", "process", "task", "variable", "option"]
    assert {(one.api_url, one.max_retries) for one in connections} == {(API_URL, 7)}


@pytest.mark.parametrize(
    ("options", "source"),
    [({}, "the variable tutum_api_key"), ({"api_key": API_KEY, "username": "bob"}, "the option api_key")],
)
def test_error_names_the_source_of_the_credentials(api: FakeApi, options: dict[str, t.Any], source: str) -> None:
    api.fault_for = lambda _url: response(status=401)
    with pytest.raises(AnsibleLookupError, match=f"api_key from {source}"):
        look_up(**options)


@pytest.mark.parametrize("empty", ["", None])
def test_option_of_the_connection_empty_counts_as_not_set(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch, empty: str | None
) -> None:
    """Templates produce empty values, and so does a CI system for a secret that is not set."""
    expected = [api.add()]
    monkeypatch.setenv("TUTUM_USER", "")
    monkeypatch.setenv("TUTUM_REST_HOST", "")
    assert uuids_of(look_up(api_key=empty, api_url=empty, username=empty)) == expected
    monkeypatch.setenv("TUTUM_APIKEY", API_KEY)
    unset = {"tutum_api_key": empty, "tutum_max_retries": empty, "tutum_validate_certs": empty}
    assert uuids_of(look_up(variables={**VARIABLES, **unset})) == expected


def test_variable_that_is_not_needed_may_be_undefined(api: FakeApi) -> None:
    expected = [api.add()]
    variables = {**VARIABLES, "tutum_api_key": trust_as_template("{{ undefined_variable }}")}
    assert uuids_of(look_up(variables=variables, api_key=API_KEY)) == expected


def test_variable_is_a_template(connections: list[ConnectionSettings]) -> None:
    variables = {**VARIABLES, "user": "bob", "tutum_username": trust_as_template("{{ user }}")}
    look_up(variables=variables)
    assert users_of(connections) == ["bob"]


def test_http_draws_a_warning(warnings: list[str]) -> None:
    look_up(api_url="http://tutum.example.org")
    assert [("unencrypted" in warning, "http://tutum.example.org" in warning) for warning in warnings] == [(True, True)]


# The task's environment

FROM_ENVIRONMENT = {"TUTUM_REST_HOST": "https://task.example.org", "TUTUM_USER": "task", "TUTUM_APIKEY": API_KEY}


@pytest.mark.parametrize(
    "environment",
    [
        FROM_ENVIRONMENT,
        [FROM_ENVIRONMENT],
        [{"TUTUM_USER": "play"}, None, {}, FROM_ENVIRONMENT],
        trust_as_template("{{ credentials }}"),
        [{"TUTUM_USER": "play"}, trust_as_template("{{ credentials }}")],
        {**FROM_ENVIRONMENT, "TUTUM_USER": trust_as_template("{{ credentials.TUTUM_USER }}")},
        [{name: value} for name, value in FROM_ENVIRONMENT.items()],
    ],
    ids=["dict", "list", "list of the play and the task", "template", "list with template", "value", "parts"],
)
def test_environment_of_the_task_takes_precedence_over_that_of_the_process(
    api: FakeApi, connections: list[ConnectionSettings], monkeypatch: pytest.MonkeyPatch, environment: object
) -> None:
    uuid = api.add()
    monkeypatch.setenv("TUTUM_USER", "process")
    monkeypatch.setenv("TUTUM_BASE_URL", "")
    found = look_up(variables={"environment": environment, "credentials": FROM_ENVIRONMENT})
    assert uuids_of(found) == [uuid]
    assert users_of(connections) == ["task"]
    assert connections[0].api_url == "https://task.example.org/api/v1/"


def test_environment_of_the_task_adds_to_that_of_the_process(
    connections: list[ConnectionSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUTUM_APIKEY", API_KEY)
    monkeypatch.setenv("HTTPS_PROXY", "http://process.example.org")
    environment = {"TUTUM_USER": "task", "HTTPS_PROXY": "http://task.example.org", "TUTUM_APIKEY": None, "OTHER": 1}
    look_up(variables={"environment": [environment]})
    assert users_of(connections) == ["task"]
    assert connections[0].authorization == f"ApiKey task:{API_KEY}"
    environ = connections[0].environ
    assert (environ["HTTPS_PROXY"], environ["OTHER"]) == ("http://task.example.org", "1")
    assert os.environ["HTTPS_PROXY"] == "http://process.example.org"


@pytest.mark.parametrize("environment", [None, [], {}, [None]])
def test_environment_of_the_task_empty_leaves_that_of_the_process(
    connections: list[ConnectionSettings], monkeypatch: pytest.MonkeyPatch, environment: object
) -> None:
    monkeypatch.setenv("TUTUM_USER", "process")
    monkeypatch.setenv("TUTUM_APIKEY", API_KEY)
    look_up(variables={"environment": environment})
    assert users_of(connections) == ["process"]


# Errors, secrets, and what lookups of a task share


def test_uuid_unknown_is_an_error_or_skipped(api: FakeApi) -> None:
    known = api.add()
    with pytest.raises(
        AnsibleLookupError, match=r"^tutum\.cloud\.tutum_action: GET .*HTTP 404.* set missing to skip\.$"
    ):
        look_up(known, uuid_of(9))
    assert uuids_of(look_up(known, uuid_of(9), missing="skip")) == [known]


def test_credentials_missing_is_an_error(api: FakeApi) -> None:
    with pytest.raises(AnsibleLookupError, match=r"^tutum\.cloud\.tutum_action: No API credentials found\."):
        look_up(variables={"tutum_api_url": API_URL})
    assert api.urls == []


def test_key_that_the_api_returns_is_hidden(api: FakeApi) -> None:
    """Ansible hides it in the result of a module, but not in that of a lookup."""
    api.add(body=f"key={API_KEY}")
    assert look_up()[0]["body"] == "key=***"


def test_error_does_not_show_the_key(api: FakeApi) -> None:
    api.fault_for = lambda _url: response({"error": f"bad {API_KEY}"}, status=401)
    with pytest.raises(AnsibleLookupError, match="HTTP 401") as caught:
        look_up()
    assert API_KEY not in str(caught.value)


def test_lookups_of_a_worker_process_share_connection_and_finished_actions(
    api: FakeApi, connections: list[ConnectionSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multiprocessing, "parent_process", object)
    uuid = api.add()
    for _time in range(3):
        assert uuids_of(look_up(uuid)) == [uuid]
    assert (len(connections), len(api.urls)) == (1, 1)
    look_up(uuid, request_timeout=5)
    look_up(uuid, username="bob")
    look_up(uuid, variables={**VARIABLES, "environment": {"https_proxy": "http://proxy.example.org"}})
    assert (len(connections), len(api.urls)) == (4, 4)
    # A process that the worker forks.
    monkeypatch.setattr(os, "getpid", lambda: -1)
    look_up(uuid)
    assert (len(connections), len(api.urls)) == (5, 5)


def test_lookups_of_the_main_process_share_nothing(api: FakeApi, connections: list[ConnectionSettings]) -> None:
    """It continues after the task."""
    uuid = api.add()
    for _time in range(2):
        assert uuids_of(look_up(uuid)) == [uuid]
    assert (len(connections), len(api.urls)) == (2, 2)
