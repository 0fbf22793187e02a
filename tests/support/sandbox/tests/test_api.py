# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API conforms to the specification, and behaves like Tastypie."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Client
    from tutum_sandbox.process import Sandbox

EXAMPLE = "6246c558-976c-4df6-ba60-eb1a344a17af"
SERVICE = "service/7eaf7fff-882c-4f3d-9a8f-a22317ac00ce"


def test_the_specifications_example_comes_first(api: Client) -> None:
    first = api("action/").json["objects"][0]
    assert first == api(f"action/{EXAMPLE}/").json
    assert first["action"] == "Cluster Create"
    assert first["start_date"] == first["end_date"] == "Wed, 17 Sep 2014 08:26:22 +0000"
    assert first["resource_uri"] == f"/api/v1/action/{EXAMPLE}/"
    assert json.loads(first["body"])["name"] == "test_cluster"
    assert (first["is_user_action"], first["can_be_canceled"], first["can_be_retried"]) == (True, False, True)


def test_pages_follow_each_other_in_chronological_order(api: Client) -> None:
    path, actions = "/api/v1/action/", []
    while path:
        page = api(path).json
        actions += page["objects"]
        path = page["meta"]["next"]
    assert len({action["uuid"] for action in actions}) == page["meta"]["total_count"] == 60
    dates = [parsedate_to_datetime(action["start_date"]) for action in actions]
    assert dates == sorted(dates)
    assert {action["state"] for action in actions} == {"Success", "Failed", "Canceled"}


def test_the_servers_maximum_is_applied_silently(sandbox: Sandbox, api: Client) -> None:
    sandbox.set(page_size=7, max_page_size=10)
    assert api("action/").json["meta"]["limit"] == 7
    assert api("action/?limit=1000").json["meta"]["limit"] == 10
    sandbox.set(max_page_size=0)
    page = api("action/?limit=0").json
    assert len(page["objects"]) == 60
    assert "next" not in page["meta"]


def test_both_authorizations(api: Client) -> None:
    assert api("auth/").json == {"username": "sandbox"}
    api.use_basic()
    assert api("auth/").status == api("action/").status == 200


@pytest.mark.parametrize(
    "authorization",
    [None, "", "ApiKey", "ApiKey sandbox", "ApiKey sandbox:wrong", "Basic !", "Basic c2FuZGJveDp3cm9uZw==", "x y"],
)
@pytest.mark.parametrize("path", ["auth/", "action/", f"action/{EXAMPLE}/", "action/schema/", f"{SERVICE}/"])
def test_a_wrong_key_is_a_401_without_a_body(api: Client, authorization: str | None, path: str) -> None:
    api.authorization = authorization
    reply = api(path)
    assert (reply.status, reply.body) == (401, b"")


def test_filters(sandbox: Sandbox, api: Client) -> None:
    thing = "/api/v1/service/11111111-1111-4111-8111-111111111111/"
    old, new, running = sandbox.create_actions(
        [
            {"object": thing, "started_ago": 7200, "phases": [[-7200, "In progress"], [-7000.5, "Failed"]]},
            {"object": thing, "started_ago": 600, "phases": [[-600, "In progress"], [-500, "Success"]]},
            {"object": thing, "started_ago": 60, "phases": [[0, "In progress"]]},
        ]
    )

    def found(**filters: str) -> list[str]:
        query = "&".join(f"{name}={value}" for name, value in {"object": thing, **filters}.items())
        return api.uuids(f"action/?{query.replace('+', '%2B').replace(' ', '%20')}")

    def ago(seconds: float, zone: str = "%2B00:00") -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - seconds)) + zone

    assert found() == [old, new, running]
    assert found(state="Failed") == [old]
    assert found(state="In progress") == [running]
    assert found(state="failed") == found(state="No such state") == []
    assert found(start_date__gte=ago(3600)) == [new, running]
    assert found(start_date__gte=ago(3600, "")) == [new, running]
    assert found(start_date__lte=ago(3600)) == [old]
    assert found(end_date__gte=ago(550)) == [new]
    assert found(end_date__lte=ago(550)) == [old]
    assert found(start_date__gte="2014-09-17", uuid=new) == [new]
    assert found(unknown="1", order_by="state") == [old, new, running]
    assert api.uuids(f"action/?object={thing.rstrip('/')}") == []
    # Shown dates are cut, stored ones are not.
    shown = parsedate_to_datetime(api(f"action/{old}/").json["end_date"])
    assert found(end_date__lte=shown.strftime("%Y-%m-%dT%H:%M:%S"), uuid=old) == []


def test_a_date_as_the_api_shows_it_is_a_400(api: Client) -> None:
    reply = api("action/?start_date__gte=Wed,%2017%20Sep%202014%2008:26:22%20%2B0000")
    assert reply.status == 400
    assert "invalid format" in reply.json["error"]
    assert api("action/?limit=many").json["error"]


def test_include_related_adds_parents_and_children(api: Client) -> None:
    container = next(a for a in api("action/?limit=0").json["objects"] if "/container/" in a["object"])["object"]
    service = api(container).json["parent"]
    stack = api(service).json["parent"]

    def objects(query: str) -> set[str]:
        return {action["object"] for action in api(f"action/?limit=0&{query}").json["objects"]}

    related = objects(f"object={service}&include_related=true")
    assert container in related
    assert related <= {service, stack, *objects("")}
    assert all("/nodecluster/" not in uri for uri in related)
    assert objects(f"object={container}&include_related=false") == {container}
    assert len(objects("include_related=true")) > len(related)


def test_other_urls(api: Client) -> None:
    moved = api("action")
    assert (moved.status, moved.headers["Location"]) == (301, "/api/v1/action/")
    assert api("action/schema/").json["fields"]["state"]
    assert api("action//").json["meta"]["total_count"] == 60
    missing = api("action/00000000-0000-4000-8000-000000000000/")
    assert (missing.status, missing.body) == (404, b"")
    assert api("action/nonsense/").status == 404
    assert [api("action/", method).status for method in ("POST", "PUT", "DELETE", "PATCH")] == [405] * 4
    assert api(f"action/{EXAMPLE}/", "DELETE").status == 405
    assert api("nonsense/").status == api("/nonsense/").status == 404


def test_a_whole_base_serves_the_same_actions(api: Client) -> None:
    page = api("/api/audit/v1/action/?limit=2").json
    assert [action["uuid"] for action in page["objects"]] == api.uuids("action/?limit=2")
    assert page["meta"]["next"] == "/api/audit/v1/action/?limit=2&offset=2"
    assert api(page["objects"][0]["resource_uri"]).json["uuid"] == EXAMPLE


def test_logs_can_be_absent_from_lists(sandbox: Sandbox, api: Client) -> None:
    sandbox.set(lists_without_logs=True)
    assert "logs" not in api("action/").json["objects"][1]
    assert "logs" in api(f"action/{EXAMPLE}/").json


def test_a_call_starts_an_action_that_ends(api: Client) -> None:
    body = '{"container_envvars": []}'
    reply = api(f"{SERVICE}/redeploy/?seconds=0.6&pending=0.2&canceling=0.2&state=Canceled&logs=stopped", "POST", body)
    assert reply.status == 202
    uri = reply.headers["X-Tutum-Action-URI"]
    assert reply.json["actions"] == api(f"{SERVICE}/").json["actions"] == [uri]
    seen: list[str] = []
    while "Canceled" not in seen:
        action = api(uri).json
        assert action["state"] == "Canceled" or action["end_date"] is None
        if not seen or seen[-1] != action["state"]:
            seen.append(action["state"])
        time.sleep(0.02)
    assert seen == ["Pending", "In progress", "Canceling", "Canceled"]
    assert (action["action"], action["body"], action["logs"]) == ("Service Redeploy", body, "stopped")
    assert action["end_date"] is not None
    assert api(f"{SERVICE}/terminate/?seconds=nan", "POST").status == 400
    assert api(f"{SERVICE}/", "DELETE").status == 202
    assert api(f"{SERVICE}/").json["state"] == "Terminating"
    assert api(f"{SERVICE}/juggle/", "POST").status == 404


def test_a_timeline_can_do_anything(sandbox: Sandbox, api: Client) -> None:
    uuid = sandbox.create_action([[0, "Failed"], [1, "In progress"], [2, None], [3, "Success"]])
    began = time.monotonic()
    seen: list[str | None] = []
    while not seen or seen[-1] != "Success":
        state = api.state(uuid)
        in_list = api.uuids(f"action/?state={(state or 'Failed').replace(' ', '%20')}&uuid={uuid}") == [uuid]
        if api.state(uuid) == state:  # no change in between
            assert in_list is (state is not None)
        if not seen or seen[-1] != state:
            seen.append(state)
        assert time.monotonic() < began + 60
    assert seen == ["Failed", "In progress", None, "Success"]


def test_an_action_that_begins_with_the_first_request(sandbox: Sandbox, api: Client) -> None:
    """A control request does not begin it. Its times count from the first request for actions."""
    phases = [[-5, "In progress"], [3, "Success"]]
    uuid = sandbox.create_action(phases, started_ago=5, from_first_request=True)
    immediate = sandbox.create_action(phases)
    before = sandbox.status()["actions"]
    time.sleep(3.1)
    began = time.time()
    assert api.state(uuid) == "In progress"
    assert api.state(immediate) == "Success"
    assert sandbox.status()["actions"] == before + 1
    started = parsedate_to_datetime(api(f"action/{uuid}/").json["start_date"]).timestamp()
    assert began - 6 <= started <= time.time() - 5
    while time.time() <= began + 3.1:
        time.sleep(0.1)
    finished = api(f"action/{uuid}/").json
    assert finished["state"] == "Success"
    assert parsedate_to_datetime(finished["end_date"]).timestamp() - started == 8


def test_cancel_and_retry(api: Client) -> None:
    uri = api(f"{SERVICE}/start/?seconds=60", "POST").headers["X-Tutum-Action-URI"]
    assert api(f"{uri}retry/", "POST").status == 409
    assert api(f"{uri}cancel/?seconds=1", "POST").json["state"] == "Canceling"
    assert api(f"{uri}cancel/", "POST").status == 409
    time.sleep(1.05)
    assert api(uri).json["state"] == "Canceled"
    retried = api(f"{uri}retry/?seconds=0", "POST").json
    assert (retried["state"], retried["can_be_retried"]) == ("Success", True)
    assert api("action/00000000-0000-4000-8000-000000000000/cancel/", "POST").status == 404


def test_throttling_is_tastypies_own(sandbox: Sandbox, api: Client) -> None:
    sandbox.set(throttle="2/30")
    replies = [api("auth/") for _number in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    assert 0 < int(replies[2].headers["Retry-After"]) <= 30
    assert replies[2].body == b""


def test_ten_concurrent_clients(sandbox: Sandbox, api: Client) -> None:
    client_type = type(api)

    def work(_number: int) -> set[int]:
        client = client_type(sandbox)
        found = set()
        for _number in range(10):
            found.add(client(f"{SERVICE}/redeploy/?seconds=0.05", "POST").status)
            found.add(client("action/?state=Success&limit=5").status)
        client.connection.close()
        return found

    with ThreadPoolExecutor(10) as pool:
        assert set().union(*pool.map(work, range(10))) == {200, 202}
