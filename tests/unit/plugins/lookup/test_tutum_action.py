# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup: its options on their levels, its terms, its errors. The rest it shares with the module."""

from __future__ import annotations

import importlib
import typing as t
from datetime import date, datetime, timezone

import pytest
from ansible import constants
from ansible.errors import AnsibleError
from ansible.module_utils.common.yaml import yaml_load
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.tutum.cloud.plugins.lookup import tutum_action
from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY, API_URL, FakeApi, answer, replace_network, uuid_of

if t.TYPE_CHECKING:
    from pathlib import Path

NAME = "tutum.cloud.tutum_action"
VARIABLES: dict[str, object] = {"tutum_api_url": API_URL, "tutum_username": "alice", "tutum_api_key": API_KEY}


def merge(into: dict[str, t.Any], more: t.Mapping[str, t.Any]) -> None:
    for name, value in more.items():
        if isinstance(value, dict):
            merge(into.setdefault(name, {}), value)
        else:
            into[name] = value


@pytest.fixture(scope="module", autouse=True)
def option_definitions() -> None:
    """What Ansible's loader does, which finds a collection only where it is installed."""
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
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeApi:
    monkeypatch.setenv("HOME", str(tmp_path))
    made = FakeApi()
    replace_network(monkeypatch, made)
    return made


def look_up(
    *terms: object, variables: t.Mapping[str, object] | None = None, **options: t.Any
) -> list[dict[str, t.Any]]:
    loader = DataLoader()
    lookup = tutum_action.LookupModule(loader=loader, templar=Templar(loader=loader))
    lookup._load_name = NAME
    return lookup.run(list(terms), variables=dict(VARIABLES if variables is None else variables), **options)


def uuids(found: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    return [one["uuid"] for one in found]


def test_a_key_that_the_api_returns_is_hidden(api: FakeApi) -> None:
    """As Ansible does it for modules."""
    api.add(body=f"key={API_KEY}")
    assert look_up()[0]["body"] == "key=***"


def test_without_terms_it_lists(api: FakeApi) -> None:
    expected = [api.add(started=1.0), api.add(started=2.0)]
    assert uuids(look_up()) == expected
    assert uuids(look_up(order="newest_first", limit=1)) == expected[1:]


def test_terms_are_uuids_in_lists_or_alone(api: FakeApi) -> None:
    first, second = api.add(), api.add()
    assert uuids(look_up(second, [first, second])) == [second, first, second]


def test_an_empty_list_of_uuids_asks_nothing(api: FakeApi) -> None:
    api.add()
    assert look_up([]) == []
    assert api.urls == []


def test_a_loop_with_the_lookup_works(api: FakeApi) -> None:
    uuid = api.add()
    assert uuids(look_up(uuid, wantlist=True)) == [uuid]


@pytest.mark.parametrize("name", ["sate", "uuid", "_terms", "start_date__gt"])
def test_an_unknown_option_is_an_error_and_never_a_listing_of_everything(api: FakeApi, name: str) -> None:
    with pytest.raises(AnsibleError, match=f"there is no option {name}"):
        look_up(**t.cast("t.Any", {name: ["x"]}))
    assert api.urls == []


@pytest.mark.parametrize(
    ("terms", "options", "words"),
    [
        (["x"], {}, "uuid: 'x' cannot be used"),
        ([uuid_of(1)], {"limit": 3}, "limit: 3 cannot be used"),
        ([], {"limit": 0}, "limit: 0 cannot be used"),
        ([], {"start_date__gte": "x"}, "start_date_gte: 'x' cannot be used"),
        ([], {"state": ["success"]}, "success"),
        ([], {"include_related": True}, "include_related: True cannot be used"),
        ([], {"api_url": f"https://alice:{API_KEY}@host"}, "must not stand in a URL"),
    ],
)
def test_a_wrong_option_is_an_error_before_anything_is_sent(
    api: FakeApi, terms: list[str], options: dict[str, t.Any], words: str
) -> None:
    with pytest.raises(AnsibleError) as caught:
        look_up(*terms, **options)
    assert words in str(caught.value)
    assert API_KEY not in str(caught.value)
    assert api.urls == []


def test_an_unknown_action_is_an_error_or_skipped(api: FakeApi) -> None:
    known = api.add()
    with pytest.raises(AnsibleError, match=r"tutum\.cloud\.tutum_action: GET .*HTTP 404"):
        look_up(known, uuid_of(9))
    assert uuids(look_up(known, uuid_of(9), missing="skip")) == [known]


def test_an_option_beats_the_variable_and_the_variable_the_environment(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUTUM_USER", "environment")
    monkeypatch.setenv("TUTUM_APIKEY", API_KEY)
    headers = replace_network(monkeypatch, api)
    look_up(variables={"tutum_api_url": API_URL})
    look_up()
    look_up(username="option")
    assert [header.partition(":")[0] for header in headers] == ["ApiKey environment", "ApiKey alice", "ApiKey option"]


def test_an_empty_value_hides_nothing(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Templates produce them, and so does a CI system for a secret that is not set."""
    expected = [api.add()]
    monkeypatch.setenv("TUTUM_USER", "")
    monkeypatch.setenv("TUTUM_REST_HOST", "")
    assert uuids(look_up(api_key="", api_url="")) == expected
    monkeypatch.setenv("TUTUM_APIKEY", API_KEY)
    assert uuids(look_up(variables={**VARIABLES, "tutum_api_key": ""})) == expected


def test_a_variable_that_is_not_needed_may_be_undefined(api: FakeApi) -> None:
    expected = [api.add()]
    assert uuids(look_up(variables={**VARIABLES, "tutum_api_key": "{{ nowhere }}"}, api_key=API_KEY)) == expected


def test_what_yaml_takes_for_a_date_is_one(api: FakeApi) -> None:
    look_up(start_date_gte=date(2014, 9, 17), end_date_lte=datetime(2014, 9, 17, 8, 26, 22, tzinfo=timezone.utc))
    assert "start_date__gte=2014-09-17T00%3A00%3A00Z" in api.urls[0]
    assert "end_date__lte=2014-09-17T08%3A26%3A22.999999Z" in api.urls[0]


def test_hidden_fields_are_left_out(api: FakeApi) -> None:
    api.add(body="secret")
    (found,) = look_up(hidden_fields=["body"])
    assert "body" not in found


def test_no_error_shows_the_key(api: FakeApi) -> None:
    api.fault_for = lambda _url: answer({"error": f"bad {API_KEY}"}, status=401)
    with pytest.raises(AnsibleError, match="HTTP 401") as caught:
        look_up()
    assert API_KEY not in str(caught.value)
