# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings for the different ways in which servers behave."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest
from tutum_sandbox.process import Sandbox, SandboxError

if TYPE_CHECKING:
    from tests.conftest import Client

EXAMPLE = "6246c558-976c-4df6-ba60-eb1a344a17af"
SERVICE = "service/7eaf7fff-882c-4f3d-9a8f-a22317ac00ce/"


def all_uuids(api: Client, query: str = "limit=7") -> list[str]:
    """Return the UUIDs of all pages, by `meta.next`."""
    path, found = f"/api/v1/action/?{query}", []
    while path:
        page = api(path).json
        found += [action["uuid"] for action in page["objects"]]
        path = page["meta"]["next"]
    return found


def test_order_newest_first_is_the_exact_reverse(sandbox: Sandbox, api: Client) -> None:
    tied = sandbox.create_actions([{"started_ago": 0, "object": "/api/v1/service/tied/"} for _number in range(5)])
    for query in ("limit=7", "limit=3&state=Failed", "object=/api/v1/service/tied/"):
        sandbox.set(order="oldest_first")
        oldest_first = all_uuids(api, query)
        sandbox.set(order="newest_first")
        assert all_uuids(api, query) == oldest_first[::-1] != oldest_first
    assert oldest_first == tied
    assert api(f"action/{EXAMPLE}/").json["uuid"] == EXAMPLE
    api(f"{SERVICE}redeploy/", "POST")
    newest_first = api(f"{SERVICE}redeploy/", "POST").json["actions"]
    sandbox.set(order="oldest_first")
    assert api(SERVICE).json["actions"] == newest_first[::-1] != newest_first


def test_repeated_parameters_the_last_counts(sandbox: Sandbox, api: Client) -> None:
    sandbox.set(repeated_parameters=True, max_page_size=10)
    meta = api("action/?limit=500&offset=0").json["meta"]
    assert meta["next"] == "/api/v1/action/?limit=500&limit=10&offset=0&offset=10"
    page = api(meta["next"]).json
    assert (page["meta"]["limit"], page["meta"]["offset"], len(page["objects"])) == (10, 10, 10)
    assert len(set(all_uuids(api))) == 60


@pytest.mark.parametrize(
    ("total_count", "shown", "of_none"), [("exact", 60, 0), ("null", None, None), ("high", 61, 1), ("low", 59, 0)]
)
def test_total_count(sandbox: Sandbox, api: Client, total_count: str, shown: Any, of_none: Any) -> None:
    sandbox.set(total_count=total_count)
    assert api("action/?limit=10").json["meta"]["total_count"] == shown
    assert api("action/?limit=10&offset=50").json["meta"]["total_count"] == shown
    assert api("action/?state=nothing").json["meta"]["total_count"] == of_none
    assert len(all_uuids(api, "limit=10")) == 60


def test_total_count_missing(sandbox: Sandbox, api: Client) -> None:
    sandbox.set(total_count="missing")
    assert "total_count" not in api("action/").json["meta"]
    assert len(all_uuids(api)) == 60


def test_path_prefix_is_not_in_what_the_server_shows(sandbox: Sandbox, api: Client) -> None:
    assert api("/gateway/api/v1/action/").status == 404
    sandbox.set(path_prefix="/gateway/")
    page = api("/gateway/api/v1/action/?limit=2").json
    assert page["meta"]["next"] == "/api/v1/action/?limit=2&offset=2"
    assert page["objects"][0]["resource_uri"] == f"/api/v1/action/{EXAMPLE}/"
    assert api(f"/gateway/api/v1/action/{EXAMPLE}/").json == api(f"action/{EXAMPLE}/").json
    path = "/api/v1/service/7eaf7fff-882c-4f3d-9a8f-a22317ac00ce/stop/"
    reply = api(f"/gateway{path}", "POST")
    assert reply.headers["X-Tutum-Action-URI"].startswith("/api/v1/action/")
    assert api(reply.headers["X-Tutum-Action-URI"]).json["path"] == path
    assert sandbox.calls()[0]["path"] == path
    assert "/gateway/api/v1/action/" in {entry["path"] for entry in sandbox.requests()}
    assert api("/gateway/sandbox/").status == api("/gateway/").status == 404
    # Faults match the path as the client sent it.
    sandbox.add_fault(kind="status", status=404, match="^/api/")
    assert (api("/gateway/api/v1/action/").status, api("action/").status) == (200, 404)


def test_next_base_is_in_front_of_next(sandbox: Sandbox, api: Client) -> None:
    sandbox.set(next_base="http://internal.example:8000/other")
    meta = api("action/?limit=2&offset=2").json["meta"]
    assert meta["next"] == "http://internal.example:8000/other/api/v1/action/?limit=2&offset=4"
    assert meta["previous"] == "http://internal.example:8000/other/api/v1/action/?limit=2&offset=0"
    assert api("action/?limit=60").json["meta"]["next"] is None


@pytest.mark.parametrize(
    ("dates", "shown"),
    [
        ("rfc2822", "Wed, 01 Oct 2014 08:26:22 +0000"),
        ("padded", "Wed,  1 Oct 2014 08:26:22 +0000"),
        ("unpadded", "Wed, 1 Oct 2014 08:26:22 +0000"),
        ("iso", "2014-10-01T08:26:22"),
        ("iso_utc", "2014-10-01T08:26:22Z"),
    ],
)
def test_dates(sandbox: Sandbox, api: Client, dates: str, shown: str) -> None:
    ago = time.time() - datetime(2014, 10, 1, 8, 26, 22, 500_000, tzinfo=UTC).timestamp()
    uuid = sandbox.create_action([[-ago, "Success"]], started_ago=ago)
    running = sandbox.create_action([[0, "In progress"]])
    sandbox.set(dates=dates)
    action = api(f"action/{uuid}/").json
    assert action["start_date"] == action["end_date"] == shown
    assert api(f"action/?uuid={uuid}").json["objects"] == [action]
    assert api(f"action/{running}/").json["end_date"] is None


def test_uuid_startswith(sandbox: Sandbox, api: Client) -> None:
    assert api.uuids("action/?uuid__startswith=6246c558") == [EXAMPLE]
    other = sandbox.create_action(uuid="6246c558-0000-4000-8000-000000000000")
    assert api.uuids("action/?uuid__startswith=6246c558") == [EXAMPLE, other]
    assert api.uuids("action/?uuid__startswith=246c558") == []


def test_ignored_filters(sandbox: Sandbox, api: Client) -> None:
    queries = ["state=Failed", "object=/nothing/", "start_date__gte=nonsense", "uuid=0", "uuid__startswith=0000000"]
    sandbox.set(ignored_filters=["state", "object", "start_date__gte", "uuid", "uuid__startswith"])
    for query in queries:
        assert api(f"action/?limit=1&{query}").json["meta"]["total_count"] == 60
    assert api("action/?end_date__lte=2014-09-18&state=nothing").json["meta"]["total_count"] == 1
    assert api(f"action/{EXAMPLE}/").json["uuid"] == EXAMPLE
    assert api("action/00000000-0000-4000-8000-000000000000/").status == 404


@pytest.mark.parametrize("offset", [7200.0, -90000.5])
def test_clock_offset_shifts_all_dates(sandbox: Sandbox, api: Client, offset: float) -> None:
    sandbox.set(clock_offset=offset)
    uuid = sandbox.create_action([[0, "Success"]])
    now = time.time()
    reply = api(f"action/{uuid}/")
    for date in (reply.headers["Date"], reply.json["start_date"], reply.json["end_date"]):
        assert abs(parsedate_to_datetime(date).timestamp() - now - offset) < 3

    def found(name: str, seconds: float, zone: str) -> bool:
        date = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now + offset + seconds)) + zone
        return api.uuids(f"action/?uuid={uuid}&{name}={date}") == [uuid]

    for zone in ("", "Z", "%2B00:00"):
        for name in ("start_date", "end_date"):
            assert [found(f"{name}__gte", -60, zone), found(f"{name}__gte", 60, zone)] == [True, False]
            assert [found(f"{name}__lte", -60, zone), found(f"{name}__lte", 60, zone)] == [False, True]
    assert api("action/?start_date__gte=nonsense").status == 400
    assert api("action/?start_date__gte=2014-09-18").status == 200
    sandbox.add_fault(kind="status", status=503, headers={"Retry-After": "{now+5}"})
    retry_after = parsedate_to_datetime(api("action/").headers["Retry-After"]).timestamp()
    assert abs(retry_after - time.time() - offset - 5) < 3


def test_visible_after_hides_an_action_everywhere(sandbox: Sandbox, api: Client) -> None:
    uuid = sandbox.create_action([[0, "In progress"], [0.4, "Success"]], visible_after=1.2)
    created = time.time()
    assert api.state(uuid) is None
    assert api.uuids(f"action/?uuid={uuid}") == []
    reply = api(f"{SERVICE}stop/?seconds=0&visible_after=1.2", "POST")
    uri = reply.headers["X-Tutum-Action-URI"]
    assert api(uri).status == 404
    while (state := api.state(uuid)) is None:
        time.sleep(0.02)
    assert time.time() - created > 1
    assert state == "Success"
    assert parsedate_to_datetime(api(f"action/{uuid}/").json["end_date"]).timestamp() < created + 1
    assert api.uuids(f"action/?uuid={uuid}") == [uuid]
    time.sleep(max(0, created + 2 - time.time()))
    assert api(uri).json["state"] == "Success"


def test_listed_after_counts_the_lists_that_would_show_an_action(sandbox: Sandbox, api: Client) -> None:
    uuid = sandbox.create_action(listed_after=2)
    for _number in range(2):
        assert api.state(uuid) == "Success"
        assert uuid not in api.uuids("action/?limit=30")
        assert uuid not in api.uuids("action/?state=Failed")
        # The last page, because the page that would show it does not exist yet.
        page = api("action/?limit=30&offset=30").json
        assert (len(page["objects"]), page["meta"]["total_count"], page["meta"]["next"]) == (30, 60, None)
    page = api("action/?limit=30&offset=30").json
    assert (page["meta"]["total_count"], page["meta"]["next"]) == (61, "/api/v1/action/?limit=30&offset=60")
    assert api.uuids("action/?limit=30&offset=60") == [uuid]
    uri = api(f"{SERVICE}stop/?listed_after=1", "POST").headers["X-Tutum-Action-URI"]
    started = uri.split("/")[-2]
    query = f"action/?uuid={started}"
    assert [api.uuids(query), api.uuids(query)] == [[], [started]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"order": "random"},
        {"total_count": "stale"},
        {"dates": None},
        {"repeated_parameters": 1},
        {"ignored_filters": "state"},
        {"ignored_filters": ["status"]},
        {"path_prefix": "gateway"},
        {"next_base": None},
        {"clock_offset": "1"},
        {"page_size": 0},
        {"latency": -1},
        {"random_faults": {"probability": 2}},
        {"random_faults": {"chance": 1}},
        {"random_faults": {"probability": 1, "point": "between"}},
        {"random_faults": []},
        {"no_such_setting": 1},
    ],
)
def test_a_setting_that_is_not_valid_changes_nothing(sandbox: Sandbox, wrong: dict[str, Any]) -> None:
    before = sandbox.status()["settings"]
    with pytest.raises(SandboxError, match=f"400.*{re.escape(next(iter(wrong)))}"):
        sandbox.set(**{"latency": 0.5, **wrong})
    assert sandbox.status()["settings"] == before


def test_each_setting_is_an_option_of_the_command_line(python: str) -> None:
    settings: dict[str, Any] = {
        "page_size": 5,
        "max_page_size": 6,
        "lists_without_logs": True,
        "throttle": "1000/1",
        "latency": 1.5,
        "order": "newest_first",
        "repeated_parameters": True,
        "total_count": "low",
        "path_prefix": "/gateway",
        "next_base": "https://elsewhere.example",
        "dates": "iso_utc",
        "ignored_filters": ["state", "object"],
        "clock_offset": -3.5,
        "random_faults": {"probability": 0.5, "seed": 3, "match": "/nothing/"},
    }
    with Sandbox(python, actions=1, **settings) as sandbox:
        assert sandbox.status()["settings"] == settings
        sandbox.set(**{**settings, "order": "oldest_first", "random_faults": None})
        assert sandbox.status()["settings"] != settings
        sandbox.restore_settings()
        assert sandbox.status()["settings"] == settings
    for wrong in ({"order": "random"}, {"ignored_filters": ["status"]}, {"random_faults": {"seed": 1, "no": 2}}):
        with pytest.raises(SandboxError, match="error: argument"), Sandbox(python, **wrong):
            pass
