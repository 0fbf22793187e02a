# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Queries: which options are valid together, and what they return, by UUID and by filter."""

from __future__ import annotations

import json
import typing as t
from contextlib import suppress
from datetime import datetime, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tutum.cloud.plugins.module_utils._actions import STATES, ActionsClient
from ansible_collections.tutum.cloud.plugins.module_utils._dates import format_iso
from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    ApiError,
    NotFoundError,
    OptionError,
    ResponseError,
    TransientError,
    TutumError,
)
from ansible_collections.tutum.cloud.plugins.module_utils._queries import (
    FILTERS,
    OTHER_UUID_HINT,
    Query,
    QueryResult,
    QueryRunner,
)
from ansible_collections.tutum.cloud.tests.unit.fakes import (
    API_KEY,
    API_URL,
    AUTHORIZATION,
    SERVICE,
    FakeApi,
    FakeClient,
    page,
    response,
    uuid_of,
)
from ansible_collections.tutum.cloud.tests.unit.properties import PROPERTY, json_values

UUID = "6246c558-976c-4df6-ba60-eb1a344a17af"
OTHER = "eea638f4-b77a-4183-b241-22dbd7866f22"
NODE = "/api/v1/node/x/"
NOW = datetime(2014, 9, 17, 12, 0, 0, 250000, tzinfo=timezone.utc)

BOTH_ORDERS = pytest.mark.parametrize("order", ["oldest_first", "newest_first"])


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture(params=[False, True], ids=["server oldest first", "server newest first"])
def ordered_api(request: pytest.FixtureRequest) -> FakeApi:
    return FakeApi(newest_first=request.param)


def make_query(**options: t.Any) -> Query:
    return Query(options, API_URL, NOW)


def make_runner(api: FakeApi, **settings: t.Any) -> QueryRunner:
    return QueryRunner(ActionsClient(FakeClient(api, **settings)))


def run(api: FakeApi, **options: t.Any) -> QueryResult:
    return make_runner(api).run(make_query(**options))


def uuids_of(result: QueryResult) -> list[str]:
    return [action["uuid"] for action in result.actions]


def run_uuids(api: FakeApi, **options: t.Any) -> list[str]:
    return uuids_of(run(api, **options))


def in_order(uuids: list[str], order: str) -> list[str]:
    return uuids if order == "oldest_first" else uuids[::-1]


# Validation


VALUES: dict[str, t.Any] = {"state": [], "object": SERVICE, "include_related": False, "limit": 1}


@pytest.mark.parametrize("name", FILTERS)
def test_query_uuid_and_a_filter_are_mutually_exclusive(name: str) -> None:
    value = VALUES.get(name, "today")
    with pytest.raises(OptionError) as caught:
        make_query(uuid=[], **{name: value})
    assert str(caught.value) == (
        f"Invalid value for option {name}: {value!r}. Filters cannot be combined with uuid. Remove one of them."
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"state": ["Success", "success"]},
            "state: 'success'. Unknown state. Must be one of: Pending, In progress, Canceling, Success, Failed",
        ),
        ({"state": [None]}, "state: None. Unknown state."),
        ({"limit": 0}, "limit: 0. Must be 1 or greater. Omit it to return all actions."),
        ({"limit": -1}, "limit: -1. Must be 1 or greater."),
        ({"include_related": True}, "include_related: True. Requires the option object. Set object."),
        ({"include_related": False}, "include_related: False. Requires the option object."),
        ({"object": "x"}, "object: 'x'. Not the resource URI of an object."),
        ({"object": ""}, "object: ''. Not the resource URI of an object."),
        ({"object": f"/api/v1/action/{UUID}/"}, f"object: '/api/v1/action/{UUID}/'. This is an action"),
        ({"start_date_lte": "x"}, "start_date_lte: 'x'. Not a valid date."),
        ({"end_date_gte": ""}, "end_date_gte: ''. Not a valid date."),
        ({"uuid": [UUID, "x"]}, "uuid: 'x'. Not the UUID of an action"),
        ({"uuid": [None]}, "uuid: None. Not the UUID of an action"),
        (
            {"uuid": [], "order": "newest_first"},
            "order: 'newest_first'. Cannot be combined with uuid: actions are returned in the order of uuid. Remove",
        ),
        ({"fields": []}, "fields: []. Must not be empty."),
        ({"fields": ["body"], "hidden_fields": ["logs"]}, "fields: ['body']. Cannot be combined with hidden_fields."),
        ({"hidden_fields": ["state"]}, "hidden_fields: 'state'. The field state cannot be hidden"),
    ],
)
def test_query_invalid_option_is_refused(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        make_query(**options)
    assert str(caught.value).startswith(f"Invalid value for option {message}")


def test_query_options_that_are_null_count_as_not_set() -> None:
    names = ("uuid", *FILTERS, "order", "missing", "fields", "hidden_fields")
    query = make_query(**dict.fromkeys(names))
    assert (query.filters, query.states, query.limit, query.references) == ({}, None, None, None)
    assert not query.skip_missing
    assert not query.newest_first


def test_query_filters_have_the_names_of_the_api() -> None:
    query = make_query(
        start_date_gte="2014-09-17",
        start_date_lte="2h ago",
        end_date_gte="1411000000",
        end_date_lte="yesterday",
        object=SERVICE.upper().replace("/API/V1/SERVICE/", "/api/v1/service/"),
        include_related=False,
        missing="skip",
    )
    assert query.filters == {
        "start_date__gte": "2014-09-17T00:00:00Z",
        "start_date__lte": "2014-09-17T10:00:00.250000Z",
        "end_date__gte": "2014-09-18T00:26:40Z",
        "end_date__lte": "2014-09-16T23:59:59.999999Z",
        "object": SERVICE,
        "include_related": "false",
    }
    assert query.skip_missing


# Actions by UUID


def test_uuid_returns_actions_in_its_order_and_requests_each_once(api: FakeApi) -> None:
    first, second = api.add(), api.add()
    result = run(api, uuid=[second, f" {first.upper()}\n", f"/api/v1/action/{second}/", first])
    assert uuids_of(result) == [second, first, second, first]
    assert api.paths == [f"action/{second}/", f"action/{first}/"]
    assert (result.total_count, result.truncated) == (2, False)


def test_uuid_duplicates_are_separate_objects(api: FakeApi) -> None:
    uuid = api.add()
    first, second = run(api, uuid=[uuid, uuid]).actions
    first["state"] = "changed"
    assert second["state"] == "Success"


def test_uuid_empty_sends_nothing(api: FakeApi) -> None:
    api.add()
    assert run(api, uuid=[]).results() == {"actions": [], "total_count": 0, "truncated": False}
    assert api.urls == []


def test_uuid_short_is_the_only_action_that_begins_with_it(api: FakeApi) -> None:
    for uuid in (OTHER, UUID):
        api.add(uuid=uuid)
    assert run_uuids(api, uuid=[UUID[:8], OTHER[:10].upper()]) == [UUID, OTHER]


def test_uuid_short_and_whole_of_one_action_is_returned_twice_and_counted_once(api: FakeApi) -> None:
    api.add(uuid=UUID)
    result = run(api, uuid=[UUID[:8], UUID, UUID[:12]])
    assert uuids_of(result) == [UUID] * 3
    assert result.total_count == 1
    assert api.paths == ["action/", "action/", f"action/{UUID}/"]


@pytest.mark.parametrize("missing", ["error", "skip"])
def test_uuid_short_ambiguous_is_an_error(api: FakeApi, missing: str) -> None:
    known = api.add()
    uuids = [api.add(uuid=f"{UUID[:-1]}{digit}", started=float(digit)) for digit in range(2)]
    with pytest.raises(OptionError) as caught:
        run(api, uuid=[known, UUID[:8]], missing=missing)
    assert str(caught.value).startswith("Invalid value for option uuid: '6246c558'. Several actions have a UUID")
    assert all(uuid in str(caught.value) for uuid in uuids)
    assert caught.value.results == {"actions": [], "total_count": 0, "truncated": True}


def test_uuid_short_unknown_is_an_error(api: FakeApi) -> None:
    known = api.add()
    with pytest.raises(NotFoundError) as caught:
        run(api, uuid=[UUID[:8], known])
    assert str(caught.value) == (
        f"GET {API_URL}action/?uuid__startswith=6246c558 failed: No action has a UUID that begins with this. Check the"
        " UUID and api_url. To ignore missing actions, set missing to skip."
    )
    assert [action["uuid"] for action in caught.value.results["actions"]] == [known]


def test_uuid_unknown_is_an_error_with_the_others_in_the_results(api: FakeApi) -> None:
    known = api.add()
    with pytest.raises(NotFoundError) as caught:
        run(api, uuid=[OTHER, known, UUID, OTHER[:8]])
    message = str(caught.value)
    assert "3 of the 4 requested actions were not found. To ignore missing actions, set missing to skip." in message
    assert [action["uuid"] for action in caught.value.results["actions"]] == [known]
    assert (caught.value.results["total_count"], caught.value.results["truncated"]) == (1, True)


def test_uuid_of_another_kind_of_object_is_explained(api: FakeApi) -> None:
    with pytest.raises(NotFoundError) as caught:
        run(api, uuid=[OTHER])
    assert f"{OTHER_UUID_HINT}. To ignore missing actions" in str(caught.value)
    assert "requested actions" not in str(caught.value)
    assert caught.value.details() == {"error_type": "not_found", "status": 404, "url": f"{API_URL}action/{OTHER}/"}


def test_missing_skip_leaves_unknown_actions_out(api: FakeApi) -> None:
    known = api.add()
    result = run(api, uuid=[OTHER, known, UUID[:8], known], missing="skip")
    assert uuids_of(result) == [known, known]
    assert (result.total_count, result.truncated) == (1, False)


@pytest.mark.parametrize("missing", ["error", "skip"])
def test_uuid_failure_has_what_was_found_before_it(api: FakeApi, missing: str) -> None:
    uuids = [api.add() for _number in range(3)]
    api.fault_for = lambda url: response(status=403) if uuids[1] in url else None
    with pytest.raises(ApiError) as caught:
        run(api, uuid=uuids, missing=missing)
    assert [action["uuid"] for action in caught.value.results["actions"]] == uuids[:1]
    assert caught.value.results["truncated"] is True


def test_uuid_short_on_a_server_that_ignores_the_filter_is_an_error() -> None:
    api = FakeApi(ignored_filters=["uuid__startswith"])
    api.add()
    with pytest.raises(ResponseError, match="do not match the filter uuid__startswith"):
        run(api, uuid=[UUID[:8]], missing="skip")


def test_uuid_of_a_query_has_one_deadline(api: FakeApi) -> None:
    """It is bounded by request_timeout and max_retries, and not by the number of actions."""
    uuids = [api.add() for _number in range(30)]
    api.latency = 9.0
    start = api.clock()
    runner = make_runner(api, request_timeout=10.0, max_retries=2)
    with pytest.raises(TransientError) as caught:
        runner.run(make_query(uuid=uuids))
    assert api.clock() - start <= 30.0
    assert [action["uuid"] for action in caught.value.results["actions"]] == uuids[:3]


# Finished actions


def test_finished_action_is_not_requested_again(api: FakeApi) -> None:
    finished, running = api.add(), api.add((0, "In progress"))
    runner = make_runner(api)
    for _time in range(2):
        assert uuids_of(runner.run(make_query(uuid=[finished, running], hidden_fields=["body"]))) == [finished, running]
    assert api.paths == [f"action/{finished}/", f"action/{running}/", f"action/{running}/"]


def test_finished_action_keeps_what_one_query_does_not_show(api: FakeApi) -> None:
    uuid = api.add(body="x")
    runner = make_runner(api)
    assert runner.run(make_query(uuid=[uuid], fields=["state"])).actions == [{"state": "Success"}]
    first = runner.run(make_query(uuid=[uuid])).actions[0]
    first.clear()
    assert runner.run(make_query(uuid=[uuid])).actions[0]["body"] == "x"
    assert len(api.urls) == 1


def test_finished_action_by_short_uuid_is_not_requested_again(api: FakeApi) -> None:
    api.add(uuid=UUID)
    runner = make_runner(api)
    for _time in range(2):
        assert uuids_of(runner.run(make_query(uuid=[UUID[:8]]))) == [UUID]
    assert api.paths == ["action/", f"action/{UUID}/"]


def test_finished_action_of_a_list_is_listed_again(api: FakeApi) -> None:
    api.add()
    runner = make_runner(api)
    for _time in range(2):
        assert len(runner.run(make_query()).actions) == 1
    assert len(api.urls) == 2


# Lists


@pytest.fixture
def many(ordered_api: FakeApi) -> list[str]:
    """Add thirty actions, one each minute, in three states by turns; return their UUIDs, the oldest first."""
    states = ("Success", "Failed", "In progress")
    return [ordered_api.add((0, states[number % 3]), started=60.0 * number - 5000) for number in range(30)]


@BOTH_ORDERS
@pytest.mark.parametrize("limit", [None, 1, 3, 29, 30, 31])
@pytest.mark.parametrize("max_limit", [7, 1000])
def test_limit_returns_the_beginning_of_the_order(
    ordered_api: FakeApi, many: list[str], order: str, limit: int | None, max_limit: int
) -> None:
    ordered_api.max_limit = max_limit
    result = run(ordered_api, order=order, limit=limit)
    assert uuids_of(result) == in_order(many, order)[:limit]
    assert (result.total_count, result.truncated) == (30, limit is not None and limit < 30)


def test_limit_newest_first_takes_few_requests(ordered_api: FakeApi, many: list[str]) -> None:
    assert run_uuids(ordered_api, order="newest_first", limit=3) == many[:-4:-1]
    assert len(ordered_api.urls) <= 2


def test_total_count_is_null_if_the_server_does_not_report_it(many: list[str], ordered_api: FakeApi) -> None:
    ordered_api.total_count = lambda _count: ...
    order = "newest_first" if ordered_api.newest_first else "oldest_first"
    limited = run(ordered_api, order=order, limit=5)
    assert (limited.total_count, limited.truncated) == (None, True)
    in_states = run(ordered_api, state=["Success", "Failed"], order=order, limit=5)
    assert (in_states.total_count, in_states.truncated) == (None, True)
    everything = run(ordered_api)
    assert (everything.total_count, everything.truncated) == (len(many), False)


def test_dates_and_object_filter_the_list(ordered_api: FakeApi, many: list[str]) -> None:
    ordered_api.actions[9].fields["object"] = NODE
    middle = ordered_api.actions[9].start()
    assert run_uuids(ordered_api, start_date_gte=format_datetime(middle)) == many[9:]
    assert run_uuids(ordered_api, start_date_lte=middle.isoformat()) == many[:10]
    assert run_uuids(ordered_api, object=NODE) == [many[9]]
    ordered_api.related_objects = [SERVICE]
    assert run_uuids(ordered_api, object=NODE, include_related=True) == many


@BOTH_ORDERS
@pytest.mark.parametrize("limit", [None, 1])
def test_list_without_a_match_is_empty(api: FakeApi, order: str, limit: int | None) -> None:
    api.add()
    result = run(api, state=["Failed", "Canceled"], order=order, limit=limit)
    assert result.results() == {"actions": [], "total_count": 0, "truncated": False}


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("state", {"state": ["Failed"]}),
        ("state", {"state": ["Failed", "Pending"], "limit": 1}),
        ("object", {"object": NODE}),
        ("start_date__gte", {"start_date_gte": "2014-10-01"}),
        ("end_date__lte", {"end_date_lte": "2014-09-01"}),
    ],
)
def test_server_that_ignores_a_filter_is_an_error_that_names_it(name: str, options: dict[str, t.Any]) -> None:
    api = FakeApi(ignored_filters=[name])
    api.add()
    with pytest.raises(ResponseError, match=f"do not match the filter {name}: the server ignores it") as caught:
        run(api, **options)
    assert caught.value.results == {"actions": [], "total_count": None, "truncated": True}


def test_list_failure_has_what_was_read(api: FakeApi) -> None:
    uuids = [api.add(started=float(number), body="x") for number in range(30)]
    api.max_limit = 10
    api.fault_for = lambda url: response(status=503) if "offset=18" in url else None
    with pytest.raises(TransientError) as caught:
        run(api, fields=["uuid", "duration"])
    results = caught.value.results
    assert [action["uuid"] for action in results["actions"]] == uuids[:19]
    assert results["actions"][0] == {"uuid": uuids[0], "duration": 0.0}
    assert (results["total_count"], results["truncated"]) == (None, True)
    assert caught.value.details()["status"] == 503


def test_list_failure_of_a_later_state_has_the_earlier_ones(api: FakeApi) -> None:
    running, failed = api.add((0, "In progress")), api.add((0, "Failed"))
    api.fault_for = lambda url: response(status=403) if "state=Failed" in url else None
    with pytest.raises(ApiError) as caught:
        run(api, state=["Failed", "In progress"])
    assert [action["uuid"] for action in caught.value.results["actions"]] == [running]
    assert failed not in str(caught.value.results)


def test_list_failure_while_the_order_is_read_has_only_matching_actions(api: FakeApi) -> None:
    """A tie is decided by a list without the filter on the state."""
    uuids = [api.add((0, state), started=5.0) for state in ("Success", "Canceled", "Failed")]
    api.max_limit = 2
    api.fault_for = lambda url: response(status=403) if "start_date__gte" in url and "offset=1" in url else None
    with pytest.raises(ApiError) as caught:
        run(api, state=["Success", "Failed"], limit=1)
    found = {action["uuid"] for action in caught.value.results["actions"]}
    assert found == {uuids[0], uuids[2]}


# Several states


@BOTH_ORDERS
@pytest.mark.parametrize("limit", [None, 1, 5, 20])
@pytest.mark.parametrize("max_limit", [3, 1000])
def test_state_several_are_merged_by_start(
    ordered_api: FakeApi, many: list[str], order: str, limit: int | None, max_limit: int
) -> None:
    ordered_api.max_limit = max_limit
    result = run(ordered_api, state=["In progress", "Success"], order=order, limit=limit)
    matching = [uuid for number, uuid in enumerate(many) if number % 3 != 1]
    assert uuids_of(result) == in_order(matching, order)[:limit]
    assert (result.total_count, result.truncated) == (20, limit in {1, 5})


@pytest.mark.parametrize("states", [["Failed"], ["Failed", "Failed"]])
def test_state_given_twice_is_requested_once(api: FakeApi, states: list[str]) -> None:
    uuid = api.add((0, "Failed"))
    api.add()
    assert run_uuids(api, state=states, limit=1) == [uuid]
    assert len(api.urls) == 1


def test_state_empty_matches_nothing(api: FakeApi) -> None:
    api.add()
    assert run(api, state=[]).results() == {"actions": [], "total_count": 0, "truncated": False}
    assert api.urls == []


@BOTH_ORDERS
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("first_state", ["Success", "Failed"])
@pytest.mark.parametrize("max_limit", [2, 1000])
def test_state_several_with_limit_tie_in_one_second_has_the_order_of_the_server(
    ordered_api: FakeApi, order: str, limit: int, first_state: str, max_limit: int
) -> None:
    ordered_api.max_limit = max_limit
    states = ["Success", "Failed"] if first_state == "Success" else ["Failed", "Success"]
    before = ordered_api.add((0, "Success"), started=10.0)
    tied = [
        ordered_api.add((0, state), started=20 + number / 10) for number, state in enumerate([states[0], *states[::-1]])
    ]
    # In another state, in the same second.
    ordered_api.add((0, "Canceled"), started=20.05)
    after = ordered_api.add((0, "Failed"), started=30.0)
    result = run(ordered_api, state=states, order=order, limit=limit)
    expected = in_order([before, *tied, after], order)[:limit]
    assert set(uuids_of(result)) == set(expected)
    if limit < 4:
        # Where the limit does not cut the tie, no further request is sent for its order.
        assert uuids_of(result) == expected
    assert (result.total_count, result.truncated) == (5, limit < 5)


@pytest.mark.parametrize("order", ["oldest_first", "newest_first"])
@pytest.mark.parametrize("show_date", [format_datetime, lambda moment: moment.isoformat()[:19]], ids=["RFC", "ISO"])
def test_state_several_with_limit_in_each_form_of_date(
    ordered_api: FakeApi, many: list[str], order: str, show_date: t.Callable[[datetime], str]
) -> None:
    ordered_api.show_date = show_date
    matching = [uuid for number, uuid in enumerate(many) if number % 3 != 2]
    found = run_uuids(ordered_api, state=["Success", "Failed"], order=order, limit=5)
    assert found == in_order(matching, order)[:5]


@BOTH_ORDERS
def test_state_several_with_limit_and_unreadable_dates_have_the_order_of_the_server(
    ordered_api: FakeApi, order: str
) -> None:
    uuids = [
        ordered_api.add((0, ("Failed", "Success")[number % 2]), started=float(number), start_date=date)
        for number, date in enumerate(["2014-09-17T08:00:00Z", None, None, "2014-09-17T08:00:03Z"])
    ]
    assert run_uuids(ordered_api, state=["Success", "Failed"], order=order, limit=2) == in_order(uuids, order)[:2]


def test_state_several_without_a_tie_at_the_limit_need_no_further_request(ordered_api: FakeApi) -> None:
    for number, state in enumerate(["Success", "Success", "Failed", "Failed"]):
        ordered_api.add((0, state), started=float(10 * (number // 2)))
    run(ordered_api, state=["Success", "Failed"], limit=2)
    assert not [query for query in ordered_api.queries if "start_date__gte" in query]


def test_state_several_action_that_moves_between_them_is_returned_once(api: FakeApi) -> None:
    api.add((0, "Pending"))

    def move(_url: str) -> None:
        if len(api.urls) == 2:
            api.actions[0].timeline = [(0, "In progress")]

    api.before = move
    result = run(api, state=["In progress", "Pending"])
    assert [action["state"] for action in result.actions] == ["In progress"]
    assert (result.total_count, result.truncated) == (1, False)


# Fields, secrets and warnings


@pytest.mark.parametrize("by_uuid", [False, True])
def test_fields_and_hidden_fields_apply_to_each_action(api: FakeApi, by_uuid: bool) -> None:
    api.max_limit = 2
    uuids = [api.add(started=float(number), body="x", logs="y") for number in range(3)]
    chosen = {"uuid": uuids} if by_uuid else {}
    selected = run(api, fields=["uuid", "finished"], **chosen)
    assert selected.actions == [{"uuid": uuid, "finished": True} for uuid in uuids]
    hidden = run(api, hidden_fields=["body", "start_date"], **chosen)
    assert [(action["logs"], action["started_at"]) for action in hidden.actions] == [("y", None)] * 3
    assert not [action for action in hidden.actions if "body" in action or "start_date" in action]


@pytest.mark.parametrize("options", [{}, {"state": ["Success", "Failed"], "limit": 2}, {"order": "newest_first"}])
def test_fields_without_uuid_and_dates_change_neither_order_nor_number(
    ordered_api: FakeApi, many: list[str], options: dict[str, t.Any]
) -> None:
    ordered_api.max_limit = 4
    for action in ordered_api.actions:
        action.fields["logs"] = action.uuid
    expected = run_uuids(ordered_api, **options)
    assert set(expected) <= set(many)
    assert run(ordered_api, fields=["logs"], **options).actions == [{"logs": uuid} for uuid in expected]


@pytest.mark.parametrize("option", ["fields", "hidden_fields"])
@pytest.mark.parametrize("by_uuid", [False, True])
def test_fields_unknown_name_draws_a_warning(api: FakeApi, by_uuid: bool, option: str) -> None:
    uuid = api.add(later_field=1)
    chosen = {"uuid": [uuid]} if by_uuid else {}
    result = run(api, **{option: ["lgos", "logs", "later_field"]}, **chosen)
    assert result.warnings == [f"{option}: no action has a field lgos. Check the name."]
    assert run(api, **chosen).warnings == []


@pytest.mark.parametrize("by_uuid", [False, True])
def test_actions_hide_the_key_in_values_and_names(api: FakeApi, by_uuid: bool) -> None:
    uuid = api.add(body=f"key={API_KEY}", logs=AUTHORIZATION)
    api.actions[0].fields[API_KEY] = {"x": [API_KEY]}
    (action,) = run(api, **({"uuid": [uuid]} if by_uuid else {})).actions
    assert (action["body"], action["***"]) == ("key=***", {"x": ["***"]})
    assert API_KEY not in json.dumps(action)


# Any response


@given(json_values | st.dictionaries(st.sampled_from(["meta", "objects", "uuid"]), json_values))
@PROPERTY
def test_any_json_is_a_result_or_a_typed_error(content: object) -> None:
    api = FakeApi()
    api.fault_for = lambda _url: response(content)
    for options in ({"uuid": [UUID]}, {"uuid": [UUID[:8]]}, {}, {"order": "newest_first", "limit": 2}):
        with suppress(TutumError):
            assert all(isinstance(action["uuid"], str) for action in run(api, **options).actions)


@given(st.dictionaries(st.sampled_from(["state", "object", "start_date", "end_date", "logs", "x"]), json_values))
@PROPERTY
def test_any_field_of_an_action_is_returned_or_a_typed_error(fields: dict[str, t.Any]) -> None:
    api = FakeApi()
    api.fault_for = lambda _url: response(page([{**fields, "uuid": uuid_of(number)} for number in range(3)], 3))
    assert len(run(api, order="newest_first", limit=2).actions) == 2
    with suppress(ResponseError):
        assert len(run(api, state=["Success", "Failed"], limit=2).actions) == 2


@given(
    st.lists(st.tuples(st.sampled_from(STATES), st.integers(0, 100)), max_size=40),
    st.none() | st.integers(1, 45),
    st.none() | st.lists(st.sampled_from(STATES), min_size=1, max_size=6),
    st.fixed_dictionaries({"newest_first": st.booleans(), "max_limit": st.sampled_from([1, 2, 7, 1000])}),
    st.booleans(),
)
@PROPERTY
def test_any_list_has_each_action_once_in_order(
    made: list[tuple[str, int]],
    limit: int | None,
    wanted: list[str] | None,
    server: dict[str, t.Any],
    newest_first: bool,
) -> None:
    """Two starts can be in one second, in the order of the server."""
    api = FakeApi(**server)
    for state, half_seconds in made:
        api.add((0, state), started=half_seconds / 2)
    result = run(api, state=wanted, limit=limit, order="newest_first" if newest_first else "oldest_first")
    found = uuids_of(result)
    by_start = sorted(api.actions, key=lambda one: one.started)
    matching = [one for one in by_start if wanted is None or one.timeline[0][1] in wanted]
    expected = matching[::-1] if newest_first else matching
    assert result.total_count == len(matching)
    assert result.truncated is (limit is not None and limit < len(matching))
    assert len(found) == len(set(found))
    assert [action["started_at"] for action in result.actions] == [
        format_iso(one.start().replace(microsecond=0)) for one in expected[:limit]
    ]
    seconds = {int(one.started) for one in api.actions}
    # The order of a server that lists the newest first is known only if one page shows it.
    if not api.newest_first or (api.max_limit == 1000 and len(seconds) > 1):
        assert set(found) == {one.uuid for one in expected[:limit]}
