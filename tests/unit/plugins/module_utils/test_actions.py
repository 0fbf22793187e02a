# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Actions: their states, the fields that users see, and how one is fetched, found and canceled."""

from __future__ import annotations

import math
import time
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tutum.cloud.plugins.module_utils._actions import (
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
from ansible_collections.tutum.cloud.tests.unit.fakes import API_URL, SERVICE, FakeApi, FakeClient, response, uuid_of
from ansible_collections.tutum.cloud.tests.unit.properties import PROPERTY, json_values

UUID = "6246c558-976c-4df6-ba60-eb1a344a17af"
OTHER = "eea638f4-b77a-4183-b241-22dbd7866f22"
FAR = 1e12
"""A deadline that is never reached."""


# States.


@pytest.mark.parametrize("state", STATES)
def test_state_is_final_or_unfinished(state: str) -> None:
    assert is_finished({"state": state}) is (state in {"Success", "Failed", "Canceled"})


@pytest.mark.parametrize("state", [None, "", "success", "Done", 1, True, [], {}])
def test_state_that_is_unknown_is_not_final(state: object) -> None:
    assert is_finished({"state": state}) is False
    assert is_finished({}) is False


def test_states_are_in_the_order_in_which_an_action_passes_through_them() -> None:
    """Lists that are read in this order do not miss an action that moves."""
    assert UNFINISHED_STATES == ("Pending", "In progress", "Canceling")
    assert (*UNFINISHED_STATES, *FINAL_STATES) == STATES


# Fields.


def action(**fields: t.Any) -> dict[str, t.Any]:
    return {
        "uuid": UUID,
        "state": "Success",
        "object": SERVICE,
        "start_date": "Wed, 17 Sep 2014 08:26:22 +0000",
        "end_date": "Wed, 17 Sep 2014 08:26:34 +0000",
        **fields,
    }


def test_fields_without_options_show_the_action_untouched_and_derived_fields() -> None:
    fields = Fields({})
    given_action = action(later_field={"x": [1]}, body='{"a": "b"}')
    assert fields.show(given_action) == {
        **action(later_field={"x": [1]}, body='{"a": "b"}'),
        "started_at": "2014-09-17T08:26:22Z",
        "ended_at": "2014-09-17T08:26:34Z",
        "duration": 12.0,
        "finished": True,
        "object_type": "service",
        "object_uuid": "2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5",
    }
    assert given_action == action(later_field={"x": [1]}, body='{"a": "b"}')
    assert fields.keep(given_action) is given_action


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"end_date": None}, {"ended_at": None, "duration": None}),
        ({"start_date": "soon"}, {"started_at": None, "duration": None, "ended_at": "2014-09-17T08:26:34Z"}),
        ({"start_date": "Wed,  1 Oct 2014 08:26:22 +0000"}, {"started_at": "2014-10-01T08:26:22Z"}),
        ({"start_date": "2014-09-17T08:26:22"}, {"started_at": "2014-09-17T08:26:22Z", "duration": 12.0}),
        ({"state": "Canceling"}, {"finished": False}),
        ({"state": None}, {"finished": False}),
        ({"object": None}, {"object_type": None, "object_uuid": None}),
        ({"object": ""}, {"object_type": None, "object_uuid": None}),
        ({"object": ["x"]}, {"object_type": None, "object_uuid": None}),
        ({"object": "/api/v1/image/tutum/x/"}, {"object_type": "image", "object_uuid": None}),
        ({"object": f"/api/infra/v1/node/{OTHER}/"}, {"object_type": "node", "object_uuid": OTHER}),
    ],
)
def test_derived_field_is_null_if_it_is_unknown(fields: dict[str, t.Any], expected: dict[str, t.Any]) -> None:
    shown = Fields({}).show(action(**fields))
    assert {name: shown[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("hidden", "null"),
    [
        ("start_date", ["started_at", "duration"]),
        ("end_date", ["ended_at", "duration"]),
        ("object", ["object_type", "object_uuid"]),
    ],
)
def test_hidden_fields_are_not_shown_in_derived_ones(hidden: str, null: list[str]) -> None:
    shown = Fields({"hidden_fields": [hidden]}).show(action())
    assert hidden not in shown
    assert [shown[name] for name in null] == [None] * len(null)


def test_hidden_fields_may_be_derived_or_unknown() -> None:
    shown = Fields({"hidden_fields": ["body", "finished", "duration", "none"]}).show(action(body="x"))
    assert not {"body", "finished", "duration"} & set(shown)
    assert shown["started_at"] == "2014-09-17T08:26:22Z"


@pytest.mark.parametrize("name", ["uuid", "state"])
def test_hidden_fields_cannot_hide_uuid_and_state(name: str) -> None:
    with pytest.raises(OptionError) as caught:
        Fields({"hidden_fields": ["body", name]})
    assert str(caught.value) == (
        f"Invalid value for option hidden_fields: '{name}'. The field {name} cannot be hidden, because it identifies"
        f" the action or its outcome. Remove {name}."
    )


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({"fields": ["action"]}, {"uuid", "state", "start_date", "action"}),
        ({"fields": ["logs", "started_at"]}, {"uuid", "state", "start_date", "logs"}),
        ({"fields": ["duration", "object_uuid"]}, {"uuid", "state", "start_date", "end_date", "object"}),
        (
            {"hidden_fields": ["body", "logs", "start_date"]},
            {"uuid", "state", "start_date", "end_date", "object", "action"},
        ),
    ],
)
def test_fields_keep_what_lists_and_results_need(options: dict[str, t.Any], kept: set[str]) -> None:
    whole = action(action="Service Start", body="x", logs="y")
    assert set(Fields(options).keep(dict(whole))) == kept
    assert Fields(options).show(Fields(options).keep(dict(whole))) == Fields(options).show(whole)


def test_fields_shows_only_these() -> None:
    fields = Fields({"fields": ["action", "duration", "later_field", "logs"]})
    given_action = action(action="Service Start", later_field=1, body="large")
    kept = fields.keep(given_action)
    assert "body" not in kept
    assert {"uuid", "state", "start_date"} <= set(kept)
    for one in (given_action, kept):
        assert fields.show(one) == {"action": "Service Start", "duration": 12.0, "later_field": 1}


@pytest.mark.parametrize("hidden", [None, []])
def test_fields_may_be_combined_with_no_hidden_fields(hidden: list[str] | None) -> None:
    assert Fields({"fields": ["uuid"], "hidden_fields": hidden}).show(action()) == {"uuid": UUID}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"fields": ["uuid"], "hidden_fields": ["body"]},
            "Invalid value for option fields: ['uuid']. Cannot be combined with hidden_fields. Remove one of them.",
        ),
        ({"fields": []}, "Invalid value for option fields: []. Must not be empty. Omit it to return all fields."),
    ],
)
def test_fields_that_make_no_sense_are_refused(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        Fields(options)
    assert str(caught.value) == message


@pytest.mark.parametrize("option", ["fields", "hidden_fields"])
def test_fields_unknown_names_cause_a_warning(option: str) -> None:
    fields = Fields({option: ["log", "logs", "later_field", "bodies", "duration"]})
    fields.keep(action(later_field=1))
    assert fields.warnings == [
        f"{option}: no action has a field bodies. Check the name.",
        f"{option}: no action has a field log. Check the name.",
    ]
    # A field that only some of the actions have is known.
    fields.show(action(log=""))
    assert fields.warnings == [f"{option}: no action has a field bodies. Check the name."]


def test_fields_documented_names_cause_no_warning() -> None:
    assert Fields({"hidden_fields": ["can_be_retried", "object_uuid", "logs"]}).warnings == []
    assert Fields({}).warnings == []


def test_object_that_is_hostile_takes_no_time() -> None:
    started = time.process_time()
    Fields({}).show(action(object="/v1" * 4000 + "/?"))
    assert time.process_time() - started < 0.5


@PROPERTY
@given(
    st.dictionaries(
        st.sampled_from(["state", "object", "start_date", "end_date", "logs", "x"]), json_values | st.just("/api/v1/")
    ),
    st.lists(st.sampled_from(["object", "start_date", "finished", "duration", "x"])),
)
def test_fields_show_any_action(fields: dict[str, t.Any], hidden: list[str]) -> None:
    shown = Fields({"hidden_fields": hidden}).show(dict(fields))
    assert not set(hidden) & set(shown)
    visible = {name: value for name, value in fields.items() if name not in hidden}
    assert {name: shown[name] for name in visible} == visible
    duration = shown.get("duration")
    assert duration is None or math.isfinite(duration)


# The client.


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def actions(api: FakeApi) -> ActionsClient:
    return ActionsClient(FakeClient(api, max_retries=0))


def test_get_returns_an_action(api: FakeApi, actions: ActionsClient) -> None:
    uuid = api.add((0, "Failed"), logs="broken")
    found = actions.get(uuid, deadline=FAR)
    assert (found["uuid"], found["state"], found["logs"]) == (uuid, "Failed", "broken")
    assert api.urls == [f"{API_URL}action/{uuid}/"]


def test_get_accepts_a_uuid_in_uppercase(api: FakeApi, actions: ActionsClient) -> None:
    api.faults = [response({"uuid": UUID.upper()})]
    assert actions.get(UUID, deadline=FAR) == {"uuid": UUID.upper()}


@pytest.mark.parametrize("content", [{"uuid": OTHER}, {"uuid": None}, {"uuid": 7}, {}, {"meta": {}, "objects": []}])
def test_get_another_action_than_requested_is_an_error(
    api: FakeApi, actions: ActionsClient, content: dict[str, object]
) -> None:
    api.faults = [response(content)]
    with pytest.raises(ResponseError) as caught:
        actions.get(UUID, deadline=FAR)
    assert str(caught.value) == (
        f"GET {API_URL}action/{UUID}/ failed: The response contains a different action than the one requested."
        " Check api_url."
    )


@pytest.mark.parametrize("max_retries", [0, 2])
def test_get_retries_as_often_as_told(api: FakeApi, max_retries: int) -> None:
    api.fault_for = lambda _url: response(status=503)
    with pytest.raises(TransientError):
        ActionsClient(FakeClient(api, max_retries=5)).get(UUID, deadline=FAR, max_retries=max_retries)
    assert len(api.urls) == max_retries + 1


def test_get_many_yields_actions_and_errors_in_order(api: FakeApi, actions: ActionsClient) -> None:
    uuids = [api.add() for _number in range(4)]
    api.fault_for = lambda url: response(status=403) if uuids[2] in url else None
    outcomes = dict(actions.get_many([uuids[3], UUID, uuids[2], uuids[0]], deadline=FAR))
    assert list(outcomes) == [uuids[3], UUID, uuids[2], uuids[0]]
    assert [type(one) for one in outcomes.values()] == [dict, NotFoundError, ApiError, dict]


def test_find_of_a_whole_uuid_sends_nothing(api: FakeApi, actions: ActionsClient) -> None:
    assert actions.resolve_short_uuid(UUID, deadline=FAR) == UUID
    assert api.urls == []


@pytest.mark.parametrize("reference", ["6246c558", "6246c558-976c", UUID[:-1]])
def test_find_of_a_short_uuid_returns_the_only_match(api: FakeApi, actions: ActionsClient, reference: str) -> None:
    api.add(uuid=OTHER)
    api.add(uuid=UUID)
    assert actions.resolve_short_uuid(reference, deadline=FAR) == UUID
    assert api.queries == [{"uuid__startswith": reference, "limit": "3", "offset": "0"}]


def test_find_of_a_match_in_uppercase_returns_lowercase(api: FakeApi, actions: ActionsClient) -> None:
    api.add(uuid=UUID)
    api.actions[0].fields["uuid"] = UUID.upper()
    assert actions.resolve_short_uuid("6246c558", deadline=FAR) == UUID


def test_find_of_an_unknown_short_uuid_is_an_error(api: FakeApi, actions: ActionsClient) -> None:
    api.add(uuid=OTHER)
    with pytest.raises(NotFoundError) as caught:
        actions.resolve_short_uuid("6246c558", deadline=FAR)
    assert str(caught.value) == (
        f"GET {API_URL}action/?uuid__startswith=6246c558 failed: No action has a UUID that begins with this. Check the"
        " UUID and api_url."
    )
    assert caught.value.status is None


@pytest.mark.parametrize("max_limit", [1, 2, 1000])
@pytest.mark.parametrize("total_count", [2, 0, None])
def test_find_of_an_ambiguous_short_uuid_is_an_error(max_limit: int, total_count: int | None) -> None:
    api = FakeApi(max_limit=max_limit, total_count=lambda _count: total_count)
    twin = f"{UUID[:-1]}0"
    for uuid in (UUID, OTHER, twin):
        api.add(uuid=uuid)
    with pytest.raises(OptionError) as caught:
        ActionsClient(FakeClient(api)).resolve_short_uuid("6246c558", deadline=FAR)
    assert str(caught.value) == (
        "Invalid value for option uuid: '6246c558'. Several actions have a UUID that begins with this, such as"
        f" {UUID} and {twin}. Specify more characters."
    )
    # No request is needed for an order.
    assert all("uuid__startswith" in query for query in api.queries)


def test_find_with_a_server_that_ignores_the_filter_is_an_error() -> None:
    api = FakeApi(ignored_filters=["uuid__startswith"])
    api.add(uuid=OTHER)
    with pytest.raises(ResponseError, match="do not match the filter uuid__startswith"):
        ActionsClient(FakeClient(api)).resolve_short_uuid("6246c558", deadline=FAR)


def test_cancel_returns_the_action_as_it_is_then(api: FakeApi, actions: ActionsClient) -> None:
    uuid = api.add((0, "In progress"))
    assert actions.cancel(uuid, deadline=FAR)["state"] == "Canceling"
    assert api.calls == [("POST", f"/api/v1/action/{uuid}/cancel/")]


@pytest.mark.parametrize("content", [None, [], "ok"])
def test_cancel_without_an_action_in_the_response_returns_no_fields(
    api: FakeApi, actions: ActionsClient, content: object
) -> None:
    api.faults = [response(content, status=202)]
    assert actions.cancel(uuid_of(1), deadline=FAR) == {}


@pytest.mark.parametrize("status", [400, 404, 409, 503])
def test_cancel_is_sent_once(api: FakeApi, actions: ActionsClient, status: int) -> None:
    api.fault_for = lambda _url: response(status=status)
    with pytest.raises(ApiError) as caught:
        actions.cancel(uuid_of(1), deadline=FAR)
    assert caught.value.status == status
    assert caught.value.method == "POST"
    assert len(api.urls) == 1
