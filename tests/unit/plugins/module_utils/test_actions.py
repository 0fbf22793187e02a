# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Actions: states, the fields that users get, and how one action is fetched, found and canceled."""

from __future__ import annotations

import math
import time
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tutum.cloud.plugins.module_utils._actions import (
    DERIVED_FIELDS,
    DOCUMENTED_FIELDS,
    FINAL_STATES,
    STATES,
    UNFINISHED_STATES,
    ActionsClient,
    Fields,
    is_finished,
)
from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    ApiError,
    NotFoundError,
    OptionError,
    ResponseError,
    TransientError,
)
from ansible_collections.tutum.cloud.tests.unit.fakes import (
    API_URL,
    SERVICE,
    FakeApi,
    FakeClient,
    page,
    response,
    uuid_of,
)
from ansible_collections.tutum.cloud.tests.unit.properties import PROPERTY, json_values

FAR = 1e12
"""A deadline that is never reached."""

UUID = "6246c558-976c-4df6-ba60-eb1a344a17af"
OTHER = "eea638f4-b77a-4183-b241-22dbd7866f22"


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


def client_of(api: FakeApi, **settings: t.Any) -> ActionsClient:
    return ActionsClient(FakeClient(api, **settings))


# States


@pytest.mark.parametrize("state", STATES)
def test_is_finished_in_three_states(state: str) -> None:
    assert is_finished({"state": state}) is (state in {"Success", "Failed", "Canceled"})


@pytest.mark.parametrize("state", [None, "", "success", "Done", 1, [], {}])
def test_is_finished_in_an_unknown_state_is_false(state: object) -> None:
    assert is_finished({"state": state}) is False
    assert is_finished({}) is False


def test_states_are_unfinished_or_final() -> None:
    assert sorted([*UNFINISHED_STATES, *FINAL_STATES]) == sorted(STATES)
    # In the order in which an action passes through them.
    assert UNFINISHED_STATES == ("Pending", "In progress", "Canceling")


# Fields


def make_action(**fields: t.Any) -> dict[str, t.Any]:
    return {
        "uuid": UUID,
        "state": "Success",
        "object": SERVICE,
        "start_date": "Wed, 17 Sep 2014 08:26:22 +0000",
        "end_date": "Wed, 17 Sep 2014 08:26:34 +0000",
        **fields,
    }


def show(action: dict[str, t.Any], **options: t.Any) -> dict[str, t.Any]:
    """Return an action as a query shows it: reduced while it is read, then with its derived fields."""
    fields = Fields(options)
    return fields.show(fields.keep(action))


def test_show_adds_derived_fields_and_changes_nothing_else() -> None:
    action = make_action(later_field={"x": [1]}, body='{"a": "b"}')
    assert show(action) == {
        **action,
        "started_at": "2014-09-17T08:26:22Z",
        "ended_at": "2014-09-17T08:26:34Z",
        "duration": 12.0,
        "finished": True,
        "object_type": "service",
        "object_uuid": "2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5",
    }
    assert action == make_action(later_field={"x": [1]}, body='{"a": "b"}')


@pytest.mark.parametrize(
    "date", ["Wed, 17 Sep 2014 08:26:22 +0000", "Wed,  17 Sep 2014 08:26:22 +0000", "2014-09-17T08:26:22"]
)
def test_show_started_at_in_each_form_of_date(date: str) -> None:
    shown = show(make_action(start_date=date))
    assert (shown["started_at"], shown["duration"]) == ("2014-09-17T08:26:22Z", 12.0)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"end_date": None}, {"ended_at": None, "duration": None}),
        ({"start_date": "soon"}, {"started_at": None, "duration": None, "ended_at": "2014-09-17T08:26:34Z"}),
        ({"start_date": 7}, {"started_at": None, "duration": None}),
        ({"state": "Canceling"}, {"finished": False}),
        ({"state": None}, {"finished": False}),
        ({"object": None}, {"object_type": None, "object_uuid": None}),
        ({"object": ""}, {"object_type": None, "object_uuid": None}),
        ({"object": ["x"]}, {"object_type": None, "object_uuid": None}),
        ({"object": "/api/v1/image/tutum/x/"}, {"object_type": "image", "object_uuid": None}),
        ({"object": f"/api/infra/v1/node/{OTHER}/"}, {"object_type": "node", "object_uuid": OTHER}),
    ],
)
def test_show_derived_field_without_its_source_is_null(fields: dict[str, t.Any], expected: dict[str, t.Any]) -> None:
    shown = show(make_action(**fields))
    assert {name: shown[name] for name in expected} == expected


def test_show_action_without_any_field_has_null_derived_fields() -> None:
    assert show({}) == {**dict.fromkeys(DERIVED_FIELDS), "finished": False}


@pytest.mark.parametrize(
    ("hidden", "null"),
    [
        ("start_date", ["started_at", "duration"]),
        ("end_date", ["ended_at", "duration"]),
        ("object", ["object_type", "object_uuid"]),
    ],
)
def test_hidden_fields_make_what_is_derived_from_them_null(hidden: str, null: list[str]) -> None:
    shown = show(make_action(), hidden_fields=[hidden])
    assert hidden not in shown
    assert [shown[name] for name in null] == [None] * len(null)
    assert show(make_action())[null[0]] is not None


def test_hidden_fields_hide_fields_of_the_api_and_derived_ones() -> None:
    shown = show(make_action(body="x"), hidden_fields=["body", "finished", "duration", "none"])
    assert not {"body", "finished", "duration", "none"} & set(shown)
    assert shown["started_at"] == "2014-09-17T08:26:22Z"


@pytest.mark.parametrize("name", ["uuid", "state"])
def test_hidden_fields_uuid_and_state_are_refused(name: str) -> None:
    with pytest.raises(OptionError) as caught:
        Fields({"hidden_fields": ["body", name]})
    assert str(caught.value) == (
        f"Invalid value for option hidden_fields: '{name}'. The field {name} cannot be hidden: it shows which action it"
        f" is and what became of it. Remove {name}."
    )


def test_fields_selects_fields_of_the_api_and_derived_ones() -> None:
    shown = show(make_action(body="x", logs="y"), fields=["logs", "duration", "object_type", "none"])
    assert shown == {"logs": "y", "duration": 12.0, "object_type": "service"}


def test_fields_drop_what_is_not_needed_as_soon_as_an_action_is_read() -> None:
    kept = Fields({"fields": ["logs", "duration"]}).keep(make_action(body="x" * 1000, logs="y", ip="1.2.3.4"))
    assert kept == make_action(logs="y")


@pytest.mark.parametrize("options", [{}, {"fields": None, "hidden_fields": None}, {"hidden_fields": ["body"]}])
def test_fields_not_set_keep_an_action_complete(options: dict[str, t.Any]) -> None:
    action = make_action(body="x")
    assert Fields(options).keep(action) == make_action(body="x")


def test_fields_empty_is_refused() -> None:
    with pytest.raises(
        OptionError,
        match=r"^Invalid value for option fields: \[\]\. Must not be empty\. Omit it to return all fields\.$",
    ):
        Fields({"fields": []})


def test_fields_and_hidden_fields_are_mutually_exclusive() -> None:
    with pytest.raises(
        OptionError, match=r"option fields: .*Cannot be combined with hidden_fields\. Remove one of them\."
    ):
        Fields({"fields": ["uuid"], "hidden_fields": ["body"]})
    assert Fields({"fields": ["uuid"], "hidden_fields": []}).selected == frozenset(["uuid"])


@pytest.mark.parametrize("option", ["fields", "hidden_fields"])
def test_fields_unknown_name_draws_a_warning(option: str) -> None:
    fields = Fields({option: ["lgos", "body", "Finished"]})
    fields.show(fields.keep(make_action()))
    assert fields.warnings == [
        f"{option}: no action has a field Finished. Check the name.",
        f"{option}: no action has a field lgos. Check the name.",
    ]


@pytest.mark.parametrize("option", ["fields", "hidden_fields"])
def test_fields_undocumented_name_that_an_action_has_draws_no_warning(option: str) -> None:
    fields = Fields({option: ["later_field"]})
    assert fields.warnings == [f"{option}: no action has a field later_field. Check the name."]
    fields.keep(make_action(later_field=1))
    fields.keep(make_action())
    assert fields.warnings == []


@pytest.mark.parametrize("option", ["fields", "hidden_fields"])
def test_fields_documented_name_draws_no_warning_without_actions(option: str) -> None:
    assert Fields({option: sorted(DOCUMENTED_FIELDS - {"uuid", "state"})}).warnings == []


def test_show_hostile_object_takes_no_time() -> None:
    start = time.process_time()
    show(make_action(object="/v1" * 4000 + "/?"))
    assert time.process_time() - start < 0.1


API_NAMES = ("state", "object", "start_date", "end_date", "logs", "x")


@given(
    st.dictionaries(st.sampled_from(API_NAMES), json_values | st.just("/api/v1/")),
    st.lists(st.sampled_from(["object", "start_date", "finished", "duration", "x"])),
)
@PROPERTY
def test_any_action_is_shown_with_hidden_fields(action: dict[str, t.Any], hidden: list[str]) -> None:
    shown = show(dict(action), hidden_fields=hidden)
    assert not set(hidden) & set(shown)
    assert set(shown) == {*action, *DERIVED_FIELDS} - set(hidden)
    assert {name: shown[name] for name in action if name not in hidden} == {
        name: value for name, value in action.items() if name not in hidden
    }
    duration = shown.get("duration")
    assert duration is None or math.isfinite(duration)


@given(
    st.dictionaries(st.sampled_from(API_NAMES), json_values | st.just("Wed, 17 Sep 2014 08:26:22 +0000")),
    st.lists(st.sampled_from([*API_NAMES, *DERIVED_FIELDS]), min_size=1),
)
@PROPERTY
def test_any_action_is_shown_with_fields(action: dict[str, t.Any], selected: list[str]) -> None:
    everything = show(dict(action))
    assert show(dict(action), fields=selected) == {
        name: value for name, value in everything.items() if name in selected
    }


# One action, or several


def test_get_returns_the_object_of_the_api(api: FakeApi) -> None:
    uuid = api.add(body="x")
    action = client_of(api).get(uuid, deadline=FAR)
    assert (action["uuid"], action["body"], action["state"]) == (uuid, "x", "Success")
    assert api.urls == [f"{API_URL}action/{uuid}/"]


def test_get_uuid_in_uppercase_is_the_same(api: FakeApi) -> None:
    api.faults = [response({"uuid": UUID.upper()})]
    assert client_of(api).get(UUID, deadline=FAR)["uuid"] == UUID.upper()


@pytest.mark.parametrize("content", [{"uuid": OTHER}, {"uuid": None}, {"uuid": 7}, {}])
def test_get_other_action_is_an_error(api: FakeApi, content: dict[str, t.Any]) -> None:
    api.faults = [response(content)]
    with pytest.raises(ResponseError) as caught:
        client_of(api).get(UUID, deadline=FAR)
    assert "The response contains a different action than the one requested." in str(caught.value)
    assert caught.value.details() == {"error_type": "response", "status": 200, "url": f"{API_URL}action/{UUID}/"}


def test_get_unknown_uuid_is_not_found(api: FakeApi) -> None:
    with pytest.raises(NotFoundError):
        client_of(api).get(UUID, deadline=FAR)
    assert len(api.urls) == 1


def test_get_max_retries_bounds_the_requests(api: FakeApi) -> None:
    api.fault_for = lambda _url: response(status=503)
    with pytest.raises(TransientError):
        client_of(api).get(UUID, deadline=FAR, max_retries=2)
    assert len(api.urls) == 3


@pytest.mark.parametrize("concurrently", [False, True])
def test_get_many_yields_actions_and_errors_in_the_given_order(api: FakeApi, concurrently: bool) -> None:
    first, second = api.add(), api.add()
    api.fault_for = lambda url: response(status=403) if second in url else None
    wanted = [second, UUID, first]
    found = list(client_of(api).get_many(wanted, deadline=FAR, concurrently=concurrently))
    assert [uuid for uuid, _outcome in found] == wanted
    refused, missing, action = (outcome for _uuid, outcome in found)
    assert isinstance(refused, ApiError)
    assert refused.status == 403
    assert isinstance(missing, NotFoundError)
    assert isinstance(action, dict)
    assert action["uuid"] == first


# Short UUIDs


def test_find_whole_uuid_needs_no_request(api: FakeApi) -> None:
    assert client_of(api).find(UUID, deadline=FAR) == UUID
    assert api.urls == []


@pytest.mark.parametrize("length", [8, 11, 35])
def test_find_short_uuid_returns_the_whole_one(api: FakeApi, length: int) -> None:
    for uuid in (UUID, OTHER):
        api.add(uuid=uuid)
    assert client_of(api).find(UUID[:length], deadline=FAR) == UUID
    assert [query["uuid__startswith"] for query in api.queries] == [UUID[:length]]


def test_find_unknown_short_uuid_is_not_found(api: FakeApi) -> None:
    api.add(uuid=OTHER)
    with pytest.raises(NotFoundError) as caught:
        client_of(api).find(UUID[:8], deadline=FAR)
    url = f"{API_URL}action/?uuid__startswith=6246c558"
    assert str(caught.value) == (
        f"GET {url} failed: No action has a UUID that begins with this. Check the UUID and api_url."
    )


@pytest.mark.parametrize("count", [2, 3, 30])
@pytest.mark.parametrize("max_limit", [1, 2, 1000])
def test_find_ambiguous_short_uuid_is_an_error_that_names_two(api: FakeApi, max_limit: int, count: int) -> None:
    api.max_limit = max_limit
    uuids = [api.add(uuid=f"{UUID[:8]}-0000-4000-8000-{number:012x}", started=float(number)) for number in range(count)]
    with pytest.raises(OptionError) as caught:
        client_of(api).find(UUID[:8], deadline=FAR)
    assert str(caught.value) == (
        "Invalid value for option uuid: '6246c558'. Several actions have a UUID that begins with this, such as"
        f" {uuids[0]} and {uuids[1]}. Specify more characters."
    )


def test_find_on_a_server_that_ignores_the_filter_is_an_error() -> None:
    api = FakeApi(ignored_filters=["uuid__startswith"])
    api.add()
    with pytest.raises(ResponseError, match="do not match the filter uuid__startswith"):
        client_of(api).find(UUID[:8], deadline=FAR)


def test_find_uuid_in_uppercase_in_the_list_is_lowered(api: FakeApi) -> None:
    api.faults = [response(page([{"uuid": UUID.upper()}], 1))]
    assert client_of(api).find(UUID[:8], deadline=FAR) == UUID


# Cancel


def test_cancel_is_one_post_and_returns_the_action(api: FakeApi) -> None:
    uuid = api.add((0, "In progress"))
    assert client_of(api).cancel(uuid, deadline=FAR)["state"] == "Canceling"
    assert api.calls == [("POST", f"/api/v1/action/{uuid}/cancel/")]


@pytest.mark.parametrize("body", [b"", b"[]"])
def test_cancel_without_an_object_in_the_response_returns_an_empty_one(api: FakeApi, body: bytes) -> None:
    api.faults = [response(body, status=202)]
    assert client_of(api).cancel(uuid_of(1), deadline=FAR) == {}


@pytest.mark.parametrize("status", [400, 404, 503])
def test_cancel_that_fails_is_sent_once(api: FakeApi, status: int) -> None:
    api.fault_for = lambda _url: response(status=status)
    with pytest.raises(ApiError) as caught:
        client_of(api).cancel(uuid_of(1), deadline=FAR)
    assert (caught.value.status, len(api.urls)) == (status, 1)
