# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Queries: invalid options, requests, results, and the results of a query that fails."""

from __future__ import annotations

import typing as t
from contextlib import suppress
from datetime import datetime, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given

from ansible_collections.tutum.cloud.plugins.module_utils._actions import STATES, ActionsClient
from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    ApiError,
    NotFoundError,
    OptionError,
    ResponseError,
    TransientError,
    TutumError,
)
from ansible_collections.tutum.cloud.plugins.module_utils._queries import QueryResult, QueryRunner
from ansible_collections.tutum.cloud.plugins.module_utils._query_options import Query
from ansible_collections.tutum.cloud.tests.unit.fakes import (
    API_KEY,
    API_URL,
    EPOCH,
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
NOW = datetime(2014, 9, 17, 12, 0, 0, 250000, tzinfo=timezone.utc)
ORDERS = pytest.mark.parametrize("order", ["oldest_first", "newest_first"])


def make_query(**options: t.Any) -> Query:
    return Query(options, API_URL, NOW)


def make_runner(api: FakeApi, **settings: t.Any) -> QueryRunner:
    return QueryRunner(ActionsClient(FakeClient(api, **settings)))


def run(api: FakeApi, **options: t.Any) -> QueryResult:
    return make_runner(api).run(make_query(**options))


def run_uuids(api: FakeApi, **options: t.Any) -> list[str]:
    return [one["uuid"] for one in run(api, **options).actions]


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture(params=[False, True], ids=["server oldest first", "server newest first"])
def any_api(request: pytest.FixtureRequest) -> FakeApi:
    return FakeApi(newest_first=request.param)


# Options.


@pytest.mark.parametrize(
    "name",
    [
        *("state", "start_date_gte", "start_date_lte", "end_date_gte", "end_date_lte"),
        *("object", "include_related", "limit"),
    ],
)
@pytest.mark.parametrize("uuids", [[], [UUID]])
def test_uuid_cannot_be_combined_with_a_filter(name: str, uuids: list[str]) -> None:
    values: dict[str, t.Any] = {"state": [], "include_related": False, "limit": 1}
    with pytest.raises(OptionError, match=rf"option {name}: .*\. Filters cannot be combined with uuid\."):
        make_query(uuid=uuids, **{name: values.get(name, "x")})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"state": ["Success", "success"]}, "state: 'success'. Unknown state. Must be one of: Pending, In progress"),
        ({"state": [None]}, "state: None. Unknown state."),
        ({"limit": 0}, "limit: 0. Must be 1 or greater. Omit it to return all actions."),
        ({"limit": -1}, "limit: -1. Must be 1 or greater."),
        ({"include_related": True}, "include_related: True. Requires the option object."),
        ({"include_related": False}, "include_related: False. Requires the option object."),
        ({"object": "x"}, "object: 'x'. Not the resource URI of an object."),
        ({"object": f"/api/v1/action/{UUID}/"}, "object: '/api/v1/action/"),
        ({"start_date_lte": "x"}, "start_date_lte: 'x'. Not a valid date."),
        ({"uuid": ["x"]}, "uuid: 'x'. Not the UUID of an action"),
        ({"uuid": [], "order": "newest_first"}, "order: 'newest_first'. Cannot be combined with uuid"),
        ({"hidden_fields": ["uuid"]}, "hidden_fields: 'uuid'."),
        ({"fields": [], "uuid": []}, "fields: []."),
    ],
)
def test_option_with_an_invalid_value_is_refused(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        make_query(**options)
    assert str(caught.value).startswith(f"Invalid value for option {message}")


def test_filters_are_named_as_in_the_reference() -> None:
    query = make_query(
        start_date_gte="2014-09-17",
        end_date_lte="2014-09-17",
        object=f"{SERVICE.upper().replace('/API/V1/SERVICE/', '/api/v1/service/')}",
        include_related=False,
        missing="skip",
        order="newest_first",
    )
    assert query.filters == {
        "start_date__gte": "2014-09-17T00:00:00Z",
        "end_date__lte": "2014-09-17T23:59:59.999999Z",
        "object": SERVICE,
        "include_related": "false",
    }
    assert (query.skip_missing, query.newest_first) == (True, True)


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("now", "2014-09-17T12:00:00.250000Z"),
        ("today", "2014-09-17T00:00:00Z"),
        ("yesterday", "2014-09-16T00:00:00Z"),
        ("1411000000", "2014-09-18T00:26:40Z"),
        ("2h ago", "2014-09-17T10:00:00.250000Z"),
    ],
)
def test_date_filter_is_sent_in_iso_8601(api: FakeApi, value: str, sent: str) -> None:
    run(api, start_date_gte=value)
    assert api.queries == [{"start_date__gte": sent, "limit": "500", "offset": "0"}]


def test_null_option_is_one_that_is_omitted() -> None:
    """The module cannot tell them apart; the lookup refuses null itself."""
    names = ("uuid", "state", "object", "include_related", "limit", "start_date_gte", "fields", "hidden_fields")
    assert make_query(**dict.fromkeys(names)).filters == {}


# Actions by UUID.


def test_uuid_returns_actions_in_the_given_order_and_requests_each_once(api: FakeApi) -> None:
    first, second = api.add(), api.add()
    uuids = [second, first.upper(), f"/api/v1/action/{second}/", f"  {first}\n", f"{API_URL}action/{first}/"]
    assert run_uuids(api, uuid=uuids) == [second, first, second, first, first]
    assert api.paths == [f"action/{second}/", f"action/{first}/"]


def test_uuid_twice_returns_two_objects(api: FakeApi) -> None:
    uuid = api.add()
    result = run(api, uuid=[uuid, uuid])
    first, second = result.actions
    first["state"] = "changed"
    assert second["state"] == "Success"
    assert result.total_count == 1


def test_uuid_of_an_empty_list_sends_nothing(api: FakeApi) -> None:
    api.add()
    assert run(api, uuid=[]).results() == {"actions": [], "total_count": 0, "truncated": False}
    assert api.urls == []


def test_uuid_of_a_finished_action_is_not_requested_again(api: FakeApi) -> None:
    finished, running = api.add(body="x"), api.add((0, "In progress"))
    runner = make_runner(api)
    for _time in range(2):
        assert len(runner.run(make_query(uuid=[finished, running], hidden_fields=["body"])).actions) == 2
    assert api.paths == [f"action/{finished}/", f"action/{running}/", f"action/{running}/"]
    # A field that one query hides is in the result of the next one.
    assert runner.run(make_query(uuid=[finished])).actions[0]["body"] == "x"
    assert runner.run(make_query(uuid=[finished], fields=["body"])).actions == [{"body": "x"}]
    assert len(api.urls) == 3


@pytest.mark.parametrize("short", ["6246c558", "6246C558", "6246c558-976c", " 6246c558 "])
def test_short_uuid_is_found_and_returned(api: FakeApi, short: str) -> None:
    api.add(uuid=OTHER)
    api.add(uuid=UUID)
    runner = make_runner(api)
    for _time in range(2):
        assert [one["uuid"] for one in runner.run(make_query(uuid=[short])).actions] == [UUID]
    # It is looked up once, and the action, which has finished, is requested once.
    assert api.paths == ["action/", f"action/{UUID}/"]


def test_short_uuid_and_whole_uuid_of_one_action_request_it_once(api: FakeApi) -> None:
    api.add(uuid=UUID)
    result = run(api, uuid=["6246c558", UUID, "6246c558-9"])
    assert [one["uuid"] for one in result.actions] == [UUID] * 3
    assert (result.total_count, result.truncated) == (1, False)
    assert api.paths == ["action/", "action/", f"action/{UUID}/"]


def test_short_uuid_that_is_ambiguous_is_an_error(api: FakeApi) -> None:
    known = api.add()
    for uuid in (UUID, f"{UUID[:-1]}0"):
        api.add(uuid=uuid)
    with pytest.raises(OptionError, match=rf"'6246c558'\. Several actions .* such as {UUID}") as caught:
        run(api, uuid=[known, "6246c558"], missing="skip")
    assert caught.value.results == {"actions": [], "total_count": 0, "truncated": True}


def test_short_uuid_that_is_unknown_is_missing(api: FakeApi) -> None:
    known = api.add()
    with pytest.raises(NotFoundError, match="No action has a UUID that begins with this") as caught:
        run(api, uuid=["6246c558", known])
    assert [one["uuid"] for one in caught.value.results["actions"]] == [known]
    assert run_uuids(api, uuid=["6246c558", known], missing="skip") == [known]


def test_missing_uuid_is_an_error_with_the_others_in_the_results(api: FakeApi) -> None:
    known = api.add()
    with pytest.raises(NotFoundError) as caught:
        run(api, uuid=[OTHER, known, UUID, known])
    message = str(caught.value)
    assert message.startswith(f"GET {API_URL}action/{OTHER}/ failed: HTTP 404")
    assert message.endswith(
        "The UUID of a service, or of another object, is not that of an action. 2 of the 3 requested actions were not"
        " found. To ignore missing actions, set missing to skip."
    )
    results = caught.value.results
    assert [one["uuid"] for one in results["actions"]] == [known, known]
    assert (results["total_count"], results["truncated"]) == (1, True)


def test_missing_uuid_alone_is_not_counted(api: FakeApi) -> None:
    with pytest.raises(NotFoundError) as caught:
        run(api, uuid=[OTHER])
    assert "requested actions" not in str(caught.value)


def test_missing_skip_leaves_out_unknown_actions(api: FakeApi) -> None:
    known = api.add()
    result = run(api, uuid=[OTHER, known, UUID, "abcdef01"], missing="skip")
    assert [one["uuid"] for one in result.actions] == [known]
    assert (result.total_count, result.truncated) == (1, False)


@pytest.mark.parametrize("missing", ["error", "skip"])
def test_missing_does_not_concern_other_errors(api: FakeApi, missing: str) -> None:
    uuids = [api.add() for _number in range(3)]
    api.fault_for = lambda url: response(status=403) if uuids[1] in url else None
    with pytest.raises(ApiError) as caught:
        run(api, uuid=uuids, missing=missing)
    assert caught.value.status == 403
    assert [one["uuid"] for one in caught.value.results["actions"]] == uuids[:1]


def test_failure_of_a_later_query_returns_what_is_known_from_an_earlier_one(api: FakeApi) -> None:
    finished, running = api.add(), api.add((0, "In progress"))
    runner = make_runner(api)
    runner.run(make_query(uuid=[finished]))
    api.fault_for = lambda _url: response(status=401)
    with pytest.raises(ApiError) as caught:
        runner.run(make_query(uuid=[running, finished]))
    assert caught.value.results["truncated"] is True


def test_uuid_query_is_bounded_in_time() -> None:
    api = FakeApi(latency=4.0)
    uuids = [api.add() for _number in range(20)]
    started = api.clock()
    with pytest.raises(TransientError) as caught:
        make_runner(api, request_timeout=10.0, max_retries=2).run(make_query(uuid=uuids))
    assert api.clock() - started <= 30
    assert [one["uuid"] for one in caught.value.results["actions"]] == uuids[:7]


# Lists.


@pytest.fixture
def many(any_api: FakeApi) -> list[str]:
    """Add thirty actions, one each minute, in three states by turns."""
    states = ("Success", "Failed", "In progress")
    return [any_api.add((0, states[number % 3]), started=60.0 * number - 5000) for number in range(30)]


def ordered(uuids: list[str], order: str) -> list[str]:
    return uuids if order == "oldest_first" else uuids[::-1]


@ORDERS
@pytest.mark.parametrize("max_limit", [3, 1000])
def test_order_and_limit_are_right_on_any_server(any_api: FakeApi, many: list[str], max_limit: int, order: str) -> None:
    any_api.max_limit = max_limit
    for limit in (None, 1, 7, 29, 30, 31):
        result = run(any_api, order=order, limit=limit)
        assert [one["uuid"] for one in result.actions] == ordered(many, order)[:limit]
        assert (result.total_count, result.truncated) == (30, limit is not None and limit < 30)


def test_newest_3_on_a_server_that_lists_the_newest_first(any_api: FakeApi, many: list[str]) -> None:
    """1.0.0 returned the oldest ones."""
    assert run_uuids(any_api, order="newest_first", limit=3) == many[:-4:-1]
    assert len(any_api.urls) == (1 if any_api.newest_first else 2)


@ORDERS
@pytest.mark.parametrize("total", ["honest", "missing"])
def test_several_states_are_in_one_order(any_api: FakeApi, many: list[str], total: str, order: str) -> None:
    if total == "missing":
        any_api.total_count = lambda _count: ...
    matching = ordered([uuid for number, uuid in enumerate(many) if number % 3 != 1], order)
    for limit in (None, 1, 5, 19, 20, 25):
        result = run(any_api, state=["Success", "In progress"], order=order, limit=limit)
        assert [one["uuid"] for one in result.actions] == matching[:limit]
        assert result.truncated is (limit is not None and limit < 20)
        if total == "honest" or not result.truncated:
            assert result.total_count == 20


def test_one_state_twice_is_one_state(any_api: FakeApi, many: list[str]) -> None:
    assert run_uuids(any_api, state=["Failed", "Failed"]) == many[1::3]
    assert len(any_api.urls) == 1


def test_no_state_matches_nothing_and_sends_nothing(any_api: FakeApi, many: list[str]) -> None:
    assert many
    assert run(any_api, state=[]).results() == {"actions": [], "total_count": 0, "truncated": False}
    assert any_api.urls == []


def test_dates_and_object_are_filters(any_api: FakeApi, many: list[str]) -> None:
    any_api.actions[9].fields["object"] = "/api/v1/node/x/"
    middle = any_api.actions[9].start()
    assert run_uuids(any_api, start_date_gte=format_datetime(middle)) == many[9:]
    assert run_uuids(any_api, start_date_lte=middle.isoformat()) == many[:10]
    assert run_uuids(any_api, object="/api/v1/node/x/") == [many[9]]


def test_include_related_returns_the_actions_of_other_objects(any_api: FakeApi, many: list[str]) -> None:
    any_api.actions[3].fields["object"] = any_api.related_objects = "/api/v1/stack/x/"
    any_api.related_objects = ["/api/v1/stack/x/"]
    assert run_uuids(any_api, object=SERVICE, include_related=True) == many
    assert run_uuids(any_api, object=SERVICE, include_related=False) == [*many[:3], *many[4:]]


@pytest.mark.parametrize(
    ("ignored", "options"),
    [
        ("state", {"state": ["Failed"]}),
        ("state", {"state": ["Failed", "Pending"], "limit": 1}),
        ("object", {"object": "/api/v1/service/x/"}),
        ("start_date__gte", {"start_date_gte": "2015-01-01"}),
        ("start_date__lte", {"start_date_lte": "2014-01-01"}),
        ("end_date__gte", {"end_date_gte": "2015-01-01"}),
        ("end_date__lte", {"end_date_lte": "2014-01-01"}),
    ],
)
def test_server_that_ignores_a_filter_is_an_error_that_names_it(ignored: str, options: dict[str, t.Any]) -> None:
    api = FakeApi(ignored_filters=[ignored])
    api.add()
    with pytest.raises(ResponseError, match=f"do not match the filter {ignored}: the server ignores it") as caught:
        run(api, **options)
    assert caught.value.results == {"actions": [], "total_count": None, "truncated": True}


@ORDERS
@pytest.mark.parametrize("tied", [2, 3, 7])
def test_tie_between_states_is_in_the_order_of_the_server(any_api: FakeApi, tied: int, order: str) -> None:
    """The API shows whole seconds. 1.0.0 returned the older one of two as the newest."""
    any_api.add((0, "Canceled"), started=1.0)
    uuids = [any_api.add((0, "Failed" if number % 2 else "Success"), started=5 + number / 10) for number in range(tied)]
    any_api.add((0, "In progress"), started=5.95)
    expected = ordered(uuids, order)
    for limit in range(1, tied):
        assert run_uuids(any_api, state=["Success", "Failed"], order=order, limit=limit) == expected[:limit]


def test_tie_between_states_needs_one_more_request(any_api: FakeApi) -> None:
    older = any_api.add((0, "Success"), started=5.1)
    newer = any_api.add((0, "Failed"), started=5.2)
    any_api.add((0, "Success"), started=4.0)
    assert run_uuids(any_api, state=["Success", "Failed"], order="newest_first", limit=1) == [newer]
    assert any_api.queries[-1] == {
        "start_date__gte": "2014-09-17T08:00:05Z",
        "start_date__lte": "2014-09-17T08:00:05.999999Z",
        "limit": "500",
        "offset": "0",
    }
    requests = len(any_api.urls)
    # Both are returned, so that the tie does not matter.
    assert set(run_uuids(any_api, state=["Success", "Failed"], order="newest_first", limit=2)) == {older, newer}
    assert len(any_api.urls) < 2 * requests


def test_tie_within_one_state_needs_no_more_request(any_api: FakeApi) -> None:
    uuids = [any_api.add((0, "Failed"), started=5 + number / 10) for number in range(3)]
    any_api.add((0, "Success"), started=4.0)
    any_api.add((0, "Failed"), started=3.0)
    found = run_uuids(any_api, state=["Success", "Failed"], order="newest_first", limit=2)
    assert found == uuids[:0:-1]
    assert not any("start_date__gte" in query for query in any_api.queries)


@ORDERS
def test_states_with_dates_in_iso_8601_are_in_order(order: str) -> None:
    """1.0.0 could not read these dates, and returned the wrong five."""
    api = FakeApi(show_date=lambda date: date.strftime("%Y-%m-%dT%H:%M:%S"))
    uuids = [api.add((0, "Failed" if number % 3 else "Success"), started=10.0 * number) for number in range(20)]
    result = run(api, state=["Success", "Failed"], order=order, limit=5)
    assert [one["uuid"] for one in result.actions] == ordered(uuids, order)[:5]
    assert None not in [one["started_at"] for one in result.actions]


@ORDERS
def test_states_with_unreadable_dates_are_in_the_order_of_the_server(any_api: FakeApi, order: str) -> None:
    uuids = [any_api.add((0, "Failed" if number % 3 else "Success"), started=10.0 * number) for number in range(20)]
    for number in (4, 12, 18):
        any_api.actions[number].fields["start_date"] = None
    for limit in (1, 3, 9, 17):
        found = run_uuids(any_api, state=["Success", "Failed"], order=order, limit=limit)
        assert found == ordered(uuids, order)[:limit]
    assert sorted(run_uuids(any_api, state=["Success", "Failed"], order=order)) == uuids


def test_action_that_moves_to_a_later_state_is_returned_once(api: FakeApi) -> None:
    api.add((0, "Pending"))
    api.add((0, "In progress"))

    def move(_url: str) -> None:
        if len(api.urls) == 2:
            api.actions[0].timeline = [(0, "In progress")]

    api.before = move
    result = run(api, state=["In progress", "Pending"])
    assert [(one["uuid"], one["state"]) for one in result.actions] == [
        (uuid_of(1), "In progress"),
        (uuid_of(2), "In progress"),
    ]
    assert (result.total_count, result.truncated) == (2, False)
    assert [query["state"] for query in api.queries if "state" in query] == ["Pending", "In progress"]


@pytest.mark.parametrize("total_count", [None, "x", ...])
def test_total_count_is_null_if_it_is_not_known(api: FakeApi, total_count: object) -> None:
    api.total_count = lambda _count: total_count
    for number in range(30):
        api.add((0, "Failed" if number % 2 else "Success"), started=float(number))
    for options in ({}, {"state": ["Success", "Failed"]}):
        result = run(api, limit=2, **t.cast("t.Any", options))
        assert (result.results()["total_count"], result.truncated) == (None, True)
        result = run(api, limit=30, **t.cast("t.Any", options))
        assert (result.results()["total_count"], result.truncated) == (30, False)


# The results of a query that fails.


def test_failure_of_a_list_carries_what_was_read(any_api: FakeApi, many: list[str]) -> None:
    any_api.max_limit = 10
    any_api.fault_for = lambda url: response(status=503) if "offset=18" in url else None
    with pytest.raises(TransientError) as caught:
        run(any_api, fields=["uuid", "duration"])
    results = caught.value.results
    listed = many[::-1] if any_api.newest_first else many
    assert [one["uuid"] for one in results["actions"]] == listed[:19]
    assert set(results["actions"][0]) == {"uuid", "duration"}
    assert (results["total_count"], results["truncated"]) == (None, True)


def test_failure_of_a_later_state_carries_the_earlier_ones(any_api: FakeApi, many: list[str]) -> None:
    any_api.fault_for = lambda url: response(status=403) if "state=Failed" in url else None
    with pytest.raises(ApiError, match="403") as caught:
        run(any_api, state=["Failed", "Success"])
    assert sorted(one["uuid"] for one in caught.value.results["actions"]) == many[::3]


def test_failure_of_the_request_for_an_order_carries_only_what_matches(any_api: FakeApi) -> None:
    any_api.max_limit = 4
    for number in range(10):
        any_api.add((0, ("Success", "Failed", "In progress")[number % 3]), started=5 + number / 20)
    any_api.add((0, "Canceled"), started=1.0)
    any_api.fault_for = lambda url: response(status=403) if "state" not in url and len(any_api.urls) > 5 else None
    with pytest.raises(ApiError, match="403") as caught:
        run(any_api, state=["Success", "Failed"], order="newest_first", limit=1)
    states = [one["state"] for one in caught.value.results["actions"]]
    assert states
    assert set(states) <= {"Success", "Failed"}


def test_list_query_is_bounded_in_time() -> None:
    api = FakeApi(latency=4.0, max_limit=2)
    for _number in range(50):
        api.add()
    started = api.clock()
    with pytest.raises(TransientError):
        make_runner(api, request_timeout=10.0, max_retries=2).run(make_query(state=["Success", "Failed"]))
    assert api.clock() - started <= 30


# Fields.


def test_fields_are_applied_while_pages_are_read(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large history does not stay in memory."""
    api.add(body="x" * 1000, logs="y")
    shown: list[dict[str, t.Any]] = []
    query = make_query(fields=["logs", "finished"])
    show = query.fields.show

    def note(action: dict[str, t.Any]) -> dict[str, t.Any]:
        shown.append(action)
        return show(action)

    monkeypatch.setattr(query.fields, "show", note)
    assert make_runner(api).run(query).actions == [{"logs": "y", "finished": True}]
    assert ["body" in one for one in shown] == [False]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"order": "newest_first", "limit": 7},
        {"limit": 3},
        {"state": ["Success", "Failed"]},
        {"state": ["Success", "Failed", "In progress"], "limit": 9, "order": "newest_first"},
        {"uuid": [uuid_of(3), uuid_of(1), uuid_of(3)]},
    ],
)
@pytest.mark.parametrize(
    "fields",
    [["uuid", "state", "started_at"], ["action"], ["duration", "object_type"], ["end_date", "finished", "ended_at"]],
)
def test_fields_return_what_is_left_of_whole_actions(
    any_api: FakeApi, options: dict[str, t.Any], fields: list[str]
) -> None:
    for number in range(12):
        state = ["Success", "Failed", "In progress"][number % 3]
        any_api.add((0.0, state), started=number // 4, body="x", logs="y")
    whole, selected, hidden = (
        run(any_api, **options, **more) for more in ({}, {"fields": fields}, {"hidden_fields": ["body", "logs"]})
    )
    assert selected.actions == [{name: action[name] for name in action if name in fields} for action in whole.actions]
    assert hidden.actions == [
        {name: value for name, value in action.items() if name not in ("body", "logs")} for action in whole.actions
    ]
    for result in (selected, hidden):
        assert result[1:] == whole[1:]


def test_hidden_fields_are_left_out(api: FakeApi) -> None:
    uuid = api.add(body="hidden", logs="shown")
    for options in ({}, {"uuid": [uuid]}, {"state": ["Success"]}):
        (shown,) = run(api, hidden_fields=["body", "duration"], **t.cast("t.Any", options)).actions
        assert {"body", "duration"} & set(shown) == set()
        assert shown["logs"] == "shown"


@pytest.mark.parametrize("by_uuid", [False, True])
def test_fields_that_no_action_has_cause_a_warning(api: FakeApi, by_uuid: bool) -> None:
    uuid = api.add(later_field=1)
    options = {"uuid": [uuid]} if by_uuid else {}
    result = run(api, fields=["uuid", "later_field", "log"], **options)
    assert result.actions == [{"uuid": uuid, "later_field": 1}]
    assert result.warnings == ["fields: no action has a field log. Check the name."]


def test_secrets_are_hidden_in_what_is_returned(api: FakeApi) -> None:
    uuid = api.add(body=f"key={API_KEY}", extra={API_KEY: [API_KEY]})
    for options in ({}, {"uuid": [uuid]}):
        shown = str(run(api, **options).actions)
        assert API_KEY not in shown
        assert "key=***" in shown


# Any response.


@PROPERTY
@given(json_values)
def test_any_json_gives_a_result_or_a_typed_error(value: t.Any) -> None:
    contents = [value, {"meta": value, "objects": value}, page([value], value, value), {"uuid": value}]
    api = FakeApi()
    for content in contents:
        api.fault_for = lambda _url, content=content: response(content)  # type: ignore[misc]
        for options in ({"uuid": [UUID, "6246c558"]}, {}, {"order": "newest_first", "limit": 2}, {"state": ["Failed"]}):
            with suppress(TutumError):
                result = run(api, **t.cast("t.Any", options))
                assert all(isinstance(one["uuid"], str) for one in result.actions)
    assert len(api.urls) < 200


@PROPERTY
@given(json_values, json_values)
def test_any_fields_of_listed_actions_are_returned(start: t.Any, state: t.Any) -> None:
    objects = [
        {"uuid": uuid_of(number), "start_date": date, "state": state, "x": start}
        for number, date in enumerate([start, EPOCH.isoformat(), format_datetime(EPOCH)])
    ]
    api = FakeApi()
    api.fault_for = lambda _url: response(page(objects, 3))
    for order in ("oldest_first", "newest_first"):
        assert len(run(api, order=order).actions) == 3
        assert len(run(api, order=order, limit=2).actions) == 2


def test_states_are_requested_in_the_order_in_which_an_action_passes_through_them(api: FakeApi) -> None:
    run(api, state=list(reversed(STATES)))
    assert [query["state"] for query in api.queries] == list(STATES)
