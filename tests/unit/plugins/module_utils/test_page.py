# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One page of a list: its structure, its UUIDs, and whether its actions match the filters."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tutum.cloud.plugins.module_utils._errors import FilterIgnoredError, ResponseError
from ansible_collections.tutum.cloud.plugins.module_utils._page import Page, parse_page
from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY, API_URL, SERVICE, page, uuid_of
from ansible_collections.tutum.cloud.tests.unit.properties import PROPERTY, json_values

URL = f"{API_URL}action/"


def parse(content: t.Any, *, offset: int = 0, limit: int = 25, filters: t.Mapping[str, str] | None = None) -> Page:
    return parse_page(URL, content, offset=offset, limit=limit, filters=filters or {})


def action(number: int = 1, **fields: t.Any) -> dict[str, t.Any]:
    return {
        "uuid": uuid_of(number),
        "state": "Success",
        "object": SERVICE,
        "start_date": "Wed, 17 Sep 2014 08:26:22 +0000",
        "end_date": "Wed, 17 Sep 2014 08:26:34 +0000",
        **fields,
    }


# Structure


def test_page_has_objects_position_and_hints() -> None:
    objects = [action(1), action(2, uuid=uuid_of(2).upper())]
    found = parse(page(objects, 60, "/api/v1/action/?limit=2&offset=12"), offset=10, limit=2)
    assert found == Page(objects, [uuid_of(1), uuid_of(2)], 10, True, 12, 60)
    assert found.end == 12


@pytest.mark.parametrize("next_link", [None, ""])
def test_page_without_next_is_the_last(next_link: str | None) -> None:
    found = parse(page([action()], 1, next_link), limit=1)
    assert (found.has_next, found.next_offset) == (False, None)


@pytest.mark.parametrize(("count", "limit", "has_next"), [(2, 2, True), (1, 2, False), (0, 2, False), (3, 2, True)])
def test_page_where_next_is_missing_a_full_page_has_a_next(count: int, limit: int, has_next: bool) -> None:
    content = page([action(number) for number in range(count)], None)
    del content["meta"]["next"]
    assert parse(content, limit=limit).has_next is has_next


@pytest.mark.parametrize(("total_count", "has_next"), [(11, True), (10, False), (None, False)])
def test_page_where_next_is_missing_total_count_shows_a_next(total_count: int | None, has_next: bool) -> None:
    """The server returned fewer objects than requested."""
    content = page([action()], total_count)
    del content["meta"]["next"]
    assert parse(content, offset=9, limit=2).has_next is has_next


@pytest.mark.parametrize(
    ("link", "offset"),
    [
        ("/api/v1/action/?limit=500&limit=10&offset=0&offset=10", 10),
        ("http://other.example.org:8080/prefix/api/v1/action/?offset=10", 10),
        ("?offset=10", 10),
        ("/api/v1/action/?limit=10", None),
        ("/api/v1/action/?offset=two", None),
        ("/api/v1/action/?offset=", None),
        ("https://[::1", None),
        (f"nonsense {API_KEY}", None),
    ],
)
def test_page_next_shows_only_that_there_is_one_and_its_offset(link: str, offset: int | None) -> None:
    found = parse(page([action()], 60, link))
    assert (found.has_next, found.next_offset) == (True, offset)


@pytest.mark.parametrize(
    ("value", "total_count"),
    [
        (0, 0),
        (7, 7),
        (10**9, 10**9),
        (10**9 + 1, None),
        (10**30, None),
        (None, None),
        ("7", None),
        (7.0, None),
        (True, None),
        (-1, None),
        ({}, None),
    ],
)
def test_page_total_count_is_a_hint(value: object, total_count: int | None) -> None:
    assert parse(page([action()], value)).total_count == total_count


def test_page_total_count_may_be_missing() -> None:
    assert parse({"meta": {"next": None}, "objects": []}) == Page([], [], 0, False, None, None)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({}, "meta is missing"),
        ({"meta": None, "objects": []}, "meta is null"),
        ({"meta": [], "objects": []}, "meta is a list"),
        ({"meta": {"total_count": 0}}, "objects is missing"),
        ({"meta": {"total_count": 0}, "objects": None}, "objects is null"),
        ({"meta": {"total_count": 0}, "objects": {}}, "objects is an object"),
        (page([None], 1), "objects[0] is null"),
        (page([action(), "b"], 2), "objects[1] is a string"),
        (page([{}], 1), "the uuid of objects[0] is not a UUID"),
        (page([action(), action(uuid=7)], 2), "the uuid of objects[1] is not a UUID"),
        (page([action(uuid="../../x y")], 1), "the uuid of objects[0] is not a UUID"),
        (page([action(uuid=f"{uuid_of(1)}\x1b[31m")], 1), "the uuid of objects[0] is not a UUID"),
        (page([action(uuid="6246c558")], 1), "the uuid of objects[0] is not a UUID"),
        (page([], 0, 2), "meta.next is a number"),
        (page([], 0, {}), "meta.next is an object"),
        (page([], 0, False), "meta.next is a boolean"),
    ],
)
def test_page_invalid_structure_is_an_error(content: t.Any, problem: str) -> None:
    with pytest.raises(ResponseError) as caught:
        parse(content)
    assert str(caught.value) == f"GET {URL} failed: Invalid list response: {problem}. Check api_url."
    assert caught.value.status == 200


# Filters

STARTED = "2014-09-17T08:26:22Z"


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"state": "Success"},
        {"object": SERVICE},
        {"object": "/api/v1/stack/x/", "include_related": "true"},
        {"uuid__startswith": "00000001-0"},
        {"start_date__gte": STARTED, "start_date__lte": STARTED},
        # The API shows whole seconds, but stores and compares fractions.
        {"start_date__gte": "2014-09-17T08:26:22.900000Z", "start_date__lte": "2014-09-17T08:26:22.100000Z"},
        {"end_date__gte": "2014-09-17T08:26:34Z", "end_date__lte": "2014-09-17T08:26:34.999999Z"},
        {"unknown": "x"},
    ],
)
def test_page_that_matches_its_filters_is_read(filters: dict[str, str]) -> None:
    for objects in ([], [action()], [action(uuid=uuid_of(1).upper())]):
        assert parse(page(objects, 1), filters=filters).objects == objects


@pytest.mark.parametrize(
    ("filters", "fields"),
    [
        ({"state": "Failed"}, {}),
        ({"state": "Success"}, {"state": None}),
        ({"object": "/api/v1/stack/x/"}, {}),
        ({"object": SERVICE, "include_related": "false"}, {"object": None}),
        ({"uuid__startswith": "00000002"}, {}),
        ({"start_date__gte": "2014-09-17T08:26:23Z"}, {}),
        ({"start_date__lte": "2014-09-17T08:26:21.999999Z"}, {}),
        ({"start_date__gte": STARTED}, {"start_date": "2014-09-17T08:26:21"}),
        ({"end_date__gte": "2014-09-17T08:26:35Z"}, {}),
        ({"end_date__lte": "2014-09-17T08:26:33Z"}, {}),
        # An unfinished action has no end.
        ({"end_date__gte": STARTED}, {"end_date": None}),
    ],
)
def test_page_of_a_server_that_ignores_a_filter_is_an_error_that_names_it(
    filters: dict[str, str], fields: dict[str, t.Any]
) -> None:
    (name,) = (name for name in filters if name != "include_related")
    with pytest.raises(FilterIgnoredError) as caught:
        parse(page([action(**fields)], 1), filters=filters)
    assert str(caught.value) == (
        f"GET {URL} failed: The list has actions that do not match the filter {name}: the server ignores it."
        " Remove the option, or use another server."
    )


def test_page_with_one_action_that_does_not_match_is_an_error() -> None:
    objects = [action(1), action(2), action(3, state="Failed")]
    with pytest.raises(FilterIgnoredError, match="the filter state"):
        parse(page(objects, 3), filters={"object": SERVICE, "state": "Success"})


@pytest.mark.parametrize("date", [None, "soon", "", 7])
def test_page_start_date_that_cannot_be_read_is_no_proof(date: object) -> None:
    objects = [action(start_date=date)]
    assert parse(page(objects, 1), filters={"start_date__gte": "2020-01-01T00:00:00Z"}).objects == objects


def test_page_end_date_that_cannot_be_read_is_no_proof() -> None:
    objects = [action(end_date="soon")]
    assert parse(page(objects, 1), filters={"end_date__gte": "2020-01-01T00:00:00Z"}).objects == objects


# Any JSON


@PROPERTY
@given(
    st.fixed_dictionaries(
        {
            "meta": st.dictionaries(st.sampled_from(["next", "total_count", "x"]), json_values) | json_values,
            "objects": st.lists(
                st.dictionaries(st.sampled_from(["state", "object", "start_date", "end_date"]), json_values).map(
                    lambda fields: {"uuid": uuid_of(1), **fields}
                )
                | json_values,
                max_size=3,
            )
            | json_values,
        }
    ),
    st.dictionaries(
        st.sampled_from(["state", "object", "start_date__gte", "end_date__lte", "uuid__startswith"]),
        st.sampled_from(["Success", STARTED, "00000001"]),
    ),
)
def test_any_json_is_a_page_or_an_error(content: dict[str, t.Any], filters: dict[str, str]) -> None:
    try:
        found = parse(content, filters=filters)
    except ResponseError:
        return
    assert len(found.uuids) == len(found.objects)
