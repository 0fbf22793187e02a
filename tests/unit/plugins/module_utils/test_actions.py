# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The domain: states, references, dates, what is asked of the server, and in which order it comes back."""

from __future__ import annotations

import time
import typing as t
from datetime import datetime, timezone
from email.utils import format_datetime

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._actions import (
    FINAL_STATES,
    STATES,
    UNFINISHED_STATES,
    Actions,
    Query,
    is_finished,
    iso_8601,
    parse_date,
    parse_object,
    parse_reference,
    present,
    read_date,
)
from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    ApiError,
    NotFoundError,
    OptionError,
    ResponseError,
    TransientError,
)
from ansible_collections.tutum.cloud.tests.unit.fakes import (
    API_KEY,
    API_URL,
    SERVICE,
    FakeApi,
    FakeClient,
    answer,
    page,
    uuid_of,
)

UUID = "6246c558-976c-4df6-ba60-eb1a344a17af"
OTHER = "eea638f4-b77a-4183-b241-22dbd7866f22"
NOW = datetime(2014, 9, 17, 12, 0, 0, 250000, tzinfo=timezone.utc)


# States


@pytest.mark.parametrize("state", STATES)
def test_three_states_are_final(state: str) -> None:
    assert is_finished({"state": state}) is (state in {"Success", "Failed", "Canceled"})


@pytest.mark.parametrize("state", [None, "", "success", "Done", 1, [], {}])
def test_a_state_that_nobody_knows_is_not_final(state: object) -> None:
    assert is_finished({"state": state}) is False
    assert is_finished({}) is False


def test_every_state_is_one_or_the_other() -> None:
    assert sorted([*UNFINISHED_STATES, *FINAL_STATES]) == sorted(STATES)
    # Whoever asks for one after the other misses none that moves on meanwhile.
    assert UNFINISHED_STATES == ("Pending", "In progress", "Canceling")


# References


@pytest.mark.parametrize(
    "value",
    [
        UUID,
        UUID.upper(),
        f"/api/v1/action/{UUID}/",
        f"/api/v1/action/{UUID}",
        f"/api/audit/v1/action/{UUID}/",
        f"{API_URL}action/{UUID}/",
        f"HTTPS://TUTUM.Example.org/api/v1/action/{UUID}/",
    ],
)
def test_an_action_is_named_by_uuid_uri_or_url(value: str) -> None:
    assert parse_reference(value, API_URL) == UUID


def test_a_uri_below_an_unusual_base_is_taken_too() -> None:
    assert parse_reference(f"/tutum/x/action/{UUID}/", "https://host/tutum/x/") == UUID


EVERYTHING_ELSE = [
    "",
    "action",
    "schema",
    UUID[:-1],
    f"{UUID}0",
    f" {UUID}",
    f"{UUID}\n",
    f"../{UUID}",
    f"{UUID}/../{OTHER}",
    f"{UUID}?state=Success",
    f"{UUID}#x",
    f"%2f{UUID}",
    UUID.replace("-", ""),
    UUID.replace("6", "\uff16"),
    "x" * 10_000,
    f"/api/v1/action/{'0' * 10_000}/",
    f"/api/v1/service/{UUID}/",
    f"/api/v1/action/{UUID}//",
    f"/api/v1/action/../action/{UUID}/",
    f"/api/v1/../v1/action/{UUID}/",
    f"/api/v1/action/{UUID}/?x=1",
    f"/api/v1/action/{UUID}/cancel/",
    f"/api%2fv1/action/{UUID}/",
    f"/api/v1\n/action/{UUID}/",
    f"//evil.example.org/api/v1/action/{UUID}/",
    f"https://evil.example.org/api/v1/action/{UUID}/",
    f"https://tutum.example.org.evil.org/api/v1/action/{UUID}/",
    f"https://tutum.example.org:8443/api/v1/action/{UUID}/",
    f"http://tutum.example.org/api/v1/action/{UUID}/",
    "https://tutum.example.org",
]


@pytest.mark.parametrize("value", EVERYTHING_ELSE)
def test_nothing_else_names_an_action(value: str) -> None:
    with pytest.raises(OptionError, match=r"^uuid: ") as caught:
        parse_reference(value, API_URL)
    assert len(str(caught.value)) < 500


def test_the_refusal_says_what_to_take() -> None:
    with pytest.raises(OptionError, match="x_tutum_action_uri"):
        parse_reference("", API_URL)
    with pytest.raises(OptionError, match=r"another host than api_url, https://tutum\.example\.org"):
        parse_reference(f"https://evil.example.org/api/v1/action/{UUID}/", API_URL)


@pytest.mark.parametrize("parse", [parse_reference, parse_object])
@pytest.mark.parametrize(
    "value",
    [
        f"https://alice:{API_KEY.replace('/', '')}@tutum.example.org/api/v1/action/{UUID}/",
        pytest.param(
            f"https://alice:{API_KEY}@tutum.example.org/api/v1/action/{UUID}/",
        ),
    ],
)
def test_a_key_in_a_url_is_refused_and_not_quoted(parse: t.Callable[[str, str], str], value: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse(value, API_URL)
    assert API_KEY[:8] not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "uri"),
    [
        (SERVICE, SERVICE),
        (SERVICE[:-1], SERVICE),
        (f"https://tutum.example.org{SERVICE}", SERVICE),
        ("/api/v1/image/tutum/ubuntu-quantal/tag/latest/", "/api/v1/image/tutum/ubuntu-quantal/tag/latest/"),
        ("/api/infra/v1/node/x.y~z:1/", "/api/infra/v1/node/x.y~z:1/"),
    ],
)
def test_an_object_is_named_as_the_api_writes_it(value: str, uri: str) -> None:
    assert parse_object(value, API_URL) == uri


@pytest.mark.parametrize(
    "value",
    [
        "",
        "/",
        UUID,
        "service",
        "/api/v1/",
        "/api/v1/service/",
        "/api/v1/service//",
        f"/api/v1/service/../{UUID}/",
        "/api/v1/service/./",
        f"{SERVICE}?x=1",
        f"{SERVICE}#x",
        f"{SERVICE}\n",
        "/api/v1/service/%2f/",
        "/api/v1/service/é/",
        f"/api/v1/service/{'x' * 10_000}/",
        f"https://evil.example.org{SERVICE}",
        f"//evil.example.org{SERVICE}",
    ],
)
def test_nothing_else_names_an_object(value: str) -> None:
    with pytest.raises(OptionError, match=r"^object: "):
        parse_object(value, API_URL)


# Dates that users write


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2014-09-17T08:26:22Z", "2014-09-17T08:26:22Z"),
        ("2014-09-17T08:26:22", "2014-09-17T08:26:22Z"),
        ("2014-09-17 08:26:22", "2014-09-17T08:26:22Z"),
        ("2014-09-17T08:26", "2014-09-17T08:26:00Z"),
        ("2014-09-17T10:26:22+02:00", "2014-09-17T08:26:22Z"),
        ("2014-09-17 10:26:22 +0200", "2014-09-17T08:26:22Z"),
        ("20140917T082622Z", "2014-09-17T08:26:22Z"),
        ("2014-09-17T08:26:22.5Z", "2014-09-17T08:26:22.500000Z"),
        ("2014-09-17", "2014-09-17T00:00:00Z"),
        ("20140917", "2014-09-17T00:00:00Z"),
        ("Wed, 17 Sep 2014 08:26:22 +0000", "2014-09-17T08:26:22Z"),
        ("Wed, 17 Sep 2014 04:26:22 -0400", "2014-09-17T08:26:22Z"),
        ("Wed, 17 Sep 2014 04:26:22 EDT", "2014-09-17T08:26:22Z"),
        ("Wed, 17 Sep 2014 08:26:22 GMT", "2014-09-17T08:26:22Z"),
        ("Wed, 1 Oct 2014 08:26:22", "2014-10-01T08:26:22Z"),
        ("1 Oct 2014 08:26", "2014-10-01T08:26:00Z"),
        ("30 minutes ago", "2014-09-17T11:30:00.250000Z"),
        ("1 minute ago", "2014-09-17T11:59:00.250000Z"),
        ("2h ago", "2014-09-17T10:00:00.250000Z"),
        ("2 H ago", "2014-09-17T10:00:00.250000Z"),
        ("90 s ago", "2014-09-17T11:58:30.250000Z"),
        ("5 min ago", "2014-09-17T11:55:00.250000Z"),
        ("5m ago", "2014-09-17T11:55:00.250000Z"),
        ("1 day ago", "2014-09-16T12:00:00.250000Z"),
        ("2w ago", "2014-09-03T12:00:00.250000Z"),
        ("1 month ago", "2014-08-17T12:00:00.250000Z"),
        ("2 years ago", "2012-09-17T12:00:00.250000Z"),
        ("  2   hours\nago ", "2014-09-17T10:00:00.250000Z"),
    ],
)
def test_each_form_of_a_date_is_sent_as_iso_8601_in_utc(value: str, moment: str) -> None:
    assert parse_date("start_date_gte", value, NOW) == moment


@pytest.mark.parametrize("option", ["start_date_lte", "end_date_lte"])
@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2014-09-17T08:26:22Z", "2014-09-17T08:26:22.999999Z"),
        ("2014-09-17T08:26:22.5Z", "2014-09-17T08:26:22.500000Z"),
        ("Wed, 17 Sep 2014 08:26:22 +0000", "2014-09-17T08:26:22.999999Z"),
        ("2014-09-17", "2014-09-17T23:59:59.999999Z"),
        ("20140917", "2014-09-17T23:59:59.999999Z"),
        ("9999-12-31", "9999-12-31T23:59:59.999999Z"),
        ("2h ago", "2014-09-17T10:00:00.250000Z"),
    ],
)
def test_an_upper_bound_includes_the_second_or_day_that_it_names(option: str, value: str, moment: str) -> None:
    assert parse_date(option, value, NOW) == moment


@pytest.mark.parametrize(
    "value",
    [
        "",
        "now",
        "yesterday",
        "tomorrow at noon",
        "17.09.2014",
        "09/17/2014",
        "2014",
        "2014-09",
        "2014-13-01",
        "2014-02-30",
        "2014-09-17T25:00:00",
        "2014-09-17T08:26:22 nowhere",
        "2014-09-17T08:26:22+99:00",
        "0001-01-01T00:00:00+14:00",
        "Wed, 32 Sep 2014 08:26:22 +0000",
        "Wed, 17 Foo 2014 08:26:22 +0000",
        "1410942382",
        "-2 hours ago",
        "1.5 hours ago",
        "2 fortnights ago",
        "2 hours",
        "9999999 years ago",
        "999999 years ago",
        "999999 weeks ago",
        "\uff12 hours ago",
        "2014-09-17\0",
        "x" * 10_000,
    ],
)
def test_what_is_no_date_is_refused_with_examples(value: str) -> None:
    with pytest.raises(OptionError, match=r"^end_date_gte: .* 30 minutes ago"):
        parse_date("end_date_gte", value, NOW)


# Dates that the API writes


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("Wed, 17 Sep 2014 08:26:22 +0000", "2014-09-17T08:26:22Z"),
        ("Wed, 1 Oct 2014 08:26:22 +0000", "2014-10-01T08:26:22Z"),
        ("Wed, 01 Oct 2014 08:26:22 +0000", "2014-10-01T08:26:22Z"),
        ("Wed, 17 Sep 2014 10:26:22 +0200", "2014-09-17T08:26:22Z"),
        ("Wed, 17 Sep 2014 08:26:22 GMT", "2014-09-17T08:26:22Z"),
        ("Wed, 17 Sep 2014 08:26:22 -0000", "2014-09-17T08:26:22Z"),
    ],
)
def test_the_apis_own_dates_are_read(value: str, moment: str) -> None:
    read = read_date(value)
    assert read is not None
    assert read.tzinfo is timezone.utc
    assert iso_8601(read) == moment


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        " ",
        "soon",
        "Wed, 32 Sep 2014 08:26:22 +0000",
        "Wed, 17 Foo 2014 08:26:22 +0000",
        "Wed, 17 Sep 2014 99:26:22 +0000",
        "Fri, 31 Dec 9999 23:30:00 -1200",
        1410942382,
        1e999,
        True,
        [],
        {},
    ],
)
def test_what_is_no_date_of_the_api_is_none(value: object) -> None:
    assert read_date(value) is None


# An action as users see it


def action(**fields: t.Any) -> dict[str, t.Any]:
    return {
        "uuid": UUID,
        "state": "Success",
        "object": SERVICE,
        "start_date": "Wed, 17 Sep 2014 08:26:22 +0000",
        "end_date": "Wed, 17 Sep 2014 08:26:34 +0000",
        **fields,
    }


def test_an_action_is_left_as_it_is_and_gets_what_users_ask_for() -> None:
    shown = present(action(later_field={"x": [1]}, body='{"a": "b"}'))
    assert shown == {
        **action(later_field={"x": [1]}, body='{"a": "b"}'),
        "started_at": "2014-09-17T08:26:22Z",
        "ended_at": "2014-09-17T08:26:34Z",
        "duration": 12.0,
        "finished": True,
        "object_type": "service",
        "object_uuid": "2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5",
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"end_date": None}, {"ended_at": None, "duration": None}),
        ({"start_date": "soon"}, {"started_at": None, "duration": None, "ended_at": "2014-09-17T08:26:34Z"}),
        ({"state": "Canceling"}, {"finished": False}),
        ({"object": None}, {"object_type": None, "object_uuid": None}),
        ({"object": ""}, {"object_type": None, "object_uuid": None}),
        ({"object": ["x"]}, {"object_type": None, "object_uuid": None}),
        ({"object": "/api/v1/image/tutum/x/"}, {"object_type": "image", "object_uuid": None}),
        ({"object": f"/api/infra/v1/node/{OTHER}/"}, {"object_type": "node", "object_uuid": OTHER}),
    ],
)
def test_what_cannot_be_worked_out_is_null(fields: dict[str, t.Any], expected: dict[str, t.Any]) -> None:
    shown = present(action(**fields))
    assert {name: shown[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("hidden", "null"),
    [
        (["start_date"], ["started_at", "duration"]),
        (["end_date"], ["ended_at", "duration"]),
        (["object"], ["object_type", "object_uuid"]),
        pytest.param(
            ["state"],
            ["finished"],
        ),
    ],
)
def test_what_follows_from_a_hidden_field_is_null(hidden: list[str], null: list[str]) -> None:
    shown = present(action(), hidden)
    assert not set(hidden) & set(shown)
    assert [shown[name] for name in null] == [None] * len(null)


def test_what_is_added_can_be_hidden_too_and_the_unknown_does_no_harm() -> None:
    shown = present(action(body="x"), ["body", "finished", "duration", "none"])
    assert not {"body", "finished", "duration"} & set(shown)
    assert shown["started_at"] == "2014-09-17T08:26:22Z"


def test_a_hostile_object_takes_no_time() -> None:
    begun = time.process_time()
    present(action(object="/v1" * 4000 + "/?"))
    assert time.process_time() - begun < 0.1


# Queries


def query(**options: t.Any) -> Query:
    return Query(options, API_URL, NOW)


@pytest.mark.parametrize("name", ["state", "start_date_gte", "object", "include_related", "limit"])
def test_uuids_and_filters_exclude_each_other(name: str) -> None:
    values: dict[str, t.Any] = {"state": [], "include_related": False, "limit": 1}
    with pytest.raises(OptionError, match=f"^{name}: .*it is a filter, but uuid names the actions"):
        query(uuid=[], **{name: values.get(name, "x")})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"state": ["Success", "success"]}, "state: 'success' cannot be used: there is no such state"),
        ({"limit": 0}, "limit: 0 cannot be used"),
        ({"limit": -1}, "limit: -1 cannot be used"),
        ({"include_related": True}, "include_related: True cannot be used: it needs the option object"),
        ({"include_related": False}, "include_related: False cannot be used"),
        ({"object": "x"}, "object: 'x' cannot be used"),
        ({"start_date_lte": "x"}, "start_date_lte: 'x' cannot be used"),
        ({"uuid": ["x"]}, "uuid: 'x' cannot be used"),
        ({"uuid": [], "order": "newest_first"}, "order: 'newest_first' cannot be used"),
    ],
)
def test_what_makes_no_sense_is_refused_before_it_is_sent(options: dict[str, t.Any], words: str) -> None:
    with pytest.raises(OptionError) as caught:
        query(**options)
    assert str(caught.value).startswith(words)


def test_filters_are_named_as_the_api_names_them() -> None:
    made = query(
        start_date_gte="2014-09-17", end_date_lte="2014-09-17", object=SERVICE, include_related=False, missing="skip"
    )
    assert made.filters == {
        "start_date__gte": "2014-09-17T00:00:00Z",
        "end_date__lte": "2014-09-17T23:59:59.999999Z",
        "object": SERVICE,
        "include_related": "false",
    }
    assert made.skip_missing


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


def ask(api: FakeApi, **options: t.Any) -> list[str]:
    """The UUIDs that a query finds."""
    return [one["uuid"] for one in Actions(FakeClient(api)).query(query(**options)).actions]


def test_actions_come_in_the_order_of_their_uuids_and_are_asked_for_once(api: FakeApi) -> None:
    first, second = api.add(), api.add()
    asked = [second, first.upper(), f"/api/v1/action/{second}/", first]
    assert ask(api, uuid=asked) == [second, first, second, first]
    assert api.paths == [f"action/{second}/", f"action/{first}/"]


def test_duplicates_are_not_one_and_the_same_object(api: FakeApi) -> None:
    uuid = api.add()
    first, second = Actions(FakeClient(api)).query(query(uuid=[uuid, uuid])).actions
    first["state"] = "changed"
    assert second["state"] == "Success"


def test_no_uuid_asks_nothing(api: FakeApi) -> None:
    api.add()
    assert Actions(FakeClient(api)).query(query(uuid=[])).results() == {
        "actions": [],
        "total_count": 0,
        "truncated": False,
    }
    assert api.urls == []


def test_a_finished_action_is_not_asked_for_again(api: FakeApi) -> None:
    finished, running = api.add(), api.add((0, "In progress"))
    actions = Actions(FakeClient(api))
    for _time in range(2):
        assert len(actions.query(query(uuid=[finished, running], hidden_fields=["body"])).actions) == 2
    assert api.paths == [f"action/{finished}/", f"action/{running}/", f"action/{running}/"]
    # What one query hides is there for the next.
    assert "body" in actions.query(query(uuid=[finished])).actions[0]


def test_an_unknown_uuid_is_an_error_with_what_else_was_found(api: FakeApi) -> None:
    known = api.add()
    with pytest.raises(NotFoundError) as caught:
        ask(api, uuid=[OTHER, known, UUID])
    assert OTHER in str(caught.value)
    assert "So it is with 2 of the 3 actions. To leave out what does not exist, set missing to skip." in str(
        caught.value
    )
    assert [one["uuid"] for one in caught.value.results["actions"]] == [known]


def test_one_unknown_uuid_is_not_counted(api: FakeApi) -> None:
    with pytest.raises(NotFoundError) as caught:
        ask(api, uuid=[OTHER])
    assert "So it is with" not in str(caught.value)


def test_an_unknown_uuid_can_be_skipped(api: FakeApi) -> None:
    known = api.add()
    result = Actions(FakeClient(api)).query(query(uuid=[OTHER, known], missing="skip"))
    assert [one["uuid"] for one in result.actions] == [known]
    assert result.results()["total_count"] == 1


def test_a_failure_carries_what_was_found_before_it(api: FakeApi) -> None:
    uuids = [api.add() for _number in range(3)]
    api.fault_for = lambda url: answer(status=403) if uuids[1] in url else None
    with pytest.raises(ApiError) as caught:
        ask(api, uuid=uuids, missing="skip")
    assert [one["uuid"] for one in caught.value.results["actions"]] == uuids[:1]


@pytest.mark.parametrize("shown", [OTHER, None, 7, "absent"])
def test_another_action_than_the_one_asked_for_is_an_error(api: FakeApi, shown: object) -> None:
    api.faults = [answer({} if shown == "absent" else {"uuid": shown})]
    with pytest.raises(ResponseError, match="not the action asked for"):
        ask(api, uuid=[UUID])


# Lists


@pytest.fixture
def many(api: FakeApi) -> list[str]:
    """Thirty actions, one each minute, in three states by turns."""
    states = ("Success", "Failed", "In progress")
    return [api.add((0, states[number % 3]), started=60.0 * number - 5000) for number in range(30)]


def test_all_of_a_list_is_read_oldest_first(api: FakeApi, many: list[str]) -> None:
    api.max_limit = 7
    assert ask(api) == many
    assert ask(api, order="newest_first") == many[::-1]


@pytest.mark.parametrize("order", ["oldest_first", "newest_first"])
@pytest.mark.parametrize("limit", [1, 2, 7, 29, 30, 31])
@pytest.mark.parametrize("max_limit", [3, 1000])
def test_a_limit_takes_the_beginning_of_the_order(
    api: FakeApi, many: list[str], order: str, limit: int, max_limit: int
) -> None:
    api.max_limit = max_limit
    result = Actions(FakeClient(api)).query(query(order=order, limit=limit))
    ordered = many if order == "oldest_first" else many[::-1]
    assert [one["uuid"] for one in result.actions] == ordered[:limit]
    assert result.total_count == 30
    assert result.truncated is (limit < 30)


def test_the_newest_of_a_long_history_take_two_requests(api: FakeApi, many: list[str]) -> None:
    assert ask(api, order="newest_first", limit=3) == many[:-4:-1]
    assert len(api.urls) == 2


@pytest.mark.parametrize("order", ["oldest_first", "newest_first"])
@pytest.mark.parametrize("limit", [None, 1, 5, 20])
def test_several_states_are_merged_by_age(api: FakeApi, many: list[str], order: str, limit: int | None) -> None:
    result = Actions(FakeClient(api)).query(query(state=["In progress", "Success"], order=order, limit=limit))
    matching = [uuid for number, uuid in enumerate(many) if number % 3 != 1]
    ordered = matching if order == "oldest_first" else matching[::-1]
    assert [one["uuid"] for one in result.actions] == ordered[:limit]
    assert result.total_count == 20
    assert result.truncated is (limit in {1, 5})


def test_the_dates_and_the_object_are_sent(api: FakeApi, many: list[str]) -> None:
    api.actions[9].fields["object"] = "/api/v1/node/x/"
    middle = api.actions[9].start()
    assert ask(api, start_date_gte=format_datetime(middle)) == many[9:]
    assert ask(api, start_date_lte=middle.isoformat()) == many[:10]
    assert ask(api, object="/api/v1/node/x/") == [many[9]]


def test_an_empty_list_of_states_matches_nothing(api: FakeApi, many: list[str]) -> None:
    assert many
    assert ask(api, state=[]) == []


@pytest.mark.parametrize("limit", [3, 5])
def test_the_newest_stay_the_newest_when_actions_are_added_meanwhile(api: FakeApi, many: list[str], limit: int) -> None:
    def add_two(_url: str) -> None:
        if len(api.urls) == 2:
            many.extend(api.add(started=api.clock.now - 1) for _number in range(2))

    api.before = add_two
    assert ask(api, order="newest_first", limit=limit) == many[::-1][:limit]


def test_the_newest_are_found_when_the_list_shrinks_meanwhile(api: FakeApi) -> None:
    uuids = [api.add((0, "In progress"), started=float(number)) for number in range(10)]

    def end_the_last(_url: str) -> None:
        if len(api.urls) == 2:
            for one in api.actions[-5:]:
                one.timeline = [(0, "Success")]

    api.before = end_the_last
    assert ask(api, state=["In progress"], order="newest_first", limit=3) == [uuids[4], uuids[3], uuids[2]]


def shrinking(api: FakeApi, *, add_one: bool = False) -> list[str]:
    """Let an action of the first page end before the second is read. Returns those that go on all the time."""
    api.max_limit = 5
    uuids = [api.add((0, "In progress"), started=float(number)) for number in range(12)]

    def end_the_first(_url: str) -> None:
        if len(api.urls) == 2:
            api.actions[0].timeline = [(0, "Success")]
            if add_one:
                api.add((0, "In progress"), started=api.clock.now)

    api.before = end_the_first
    return uuids[1:]


def test_a_list_that_shrinks_while_it_is_read_loses_nobody(api: FakeApi) -> None:
    going_on = shrinking(api)
    assert set(going_on) <= set(ask(api, state=["In progress"]))


def test_a_list_that_a_deletion_shrinks_loses_nobody(api: FakeApi) -> None:
    uuids = [api.add(started=float(number)) for number in range(60)]
    api.max_limit = 25
    api.before = lambda _url: setattr(api.actions[0], "vanishes", 0.0) if len(api.urls) == 2 else None
    assert set(uuids[1:]) <= set(ask(api))


def test_a_list_that_shrinks_and_grows_while_it_is_read_loses_nobody(api: FakeApi) -> None:
    going_on = shrinking(api, add_one=True)
    assert set(going_on) <= set(ask(api, state=["In progress"]))


def test_who_moves_on_between_two_states_is_counted_once(api: FakeApi) -> None:
    api.add((0, "Pending"))

    def move_on(_url: str) -> None:
        if len(api.urls) == 2:
            api.actions[0].timeline = [(0, "In progress")]

    api.before = move_on
    result = Actions(FakeClient(api)).query(query(state=["Pending", "In progress"]))
    assert [one["state"] for one in result.actions] == ["In progress"]
    assert not result.truncated


def test_a_list_that_fails_carries_what_was_read(api: FakeApi, many: list[str]) -> None:
    api.max_limit = 10
    api.fault_for = lambda url: answer(status=503) if "offset=18" in url else None
    with pytest.raises(TransientError) as caught:
        ask(api)
    results = caught.value.results
    assert [one["uuid"] for one in results["actions"]] == many[:19]
    assert results["truncated"] is True


def test_a_total_that_the_page_belies_is_no_empty_list(api: FakeApi) -> None:
    api.fault_for = lambda _url: answer(page([{"uuid": uuid_of(1)}], 0))
    with pytest.raises(ResponseError):
        ask(api, order="newest_first", limit=1)
