# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls that start actions: what the server records, how it responds, and how often it carried them out."""

from __future__ import annotations

import http.client
import time
from typing import TYPE_CHECKING, Any

import pytest
from tutum_sandbox.process import Sandbox, SandboxError

if TYPE_CHECKING:
    from tests.conftest import Client

SERVICE = "service/7eaf7fff-882c-4f3d-9a8f-a22317ac00ce"
REDEPLOY = f"{SERVICE}/redeploy/"
PATH = f"/api/v1/{REDEPLOY}"


def started(api: Client, user_agent: str = "") -> list[dict[str, Any]]:
    """Return the actions of the service that a client with this user agent started."""
    found = api(f"action/?limit=0&object=/api/v1/{SERVICE}/").json["objects"]
    return [action for action in found if user_agent in action["user_agent"]]


def test_an_action_records_its_request_to_the_letter(sandbox: Sandbox, api: Client) -> None:
    body = '{"name":  "zwölf",\n "n": 1}'
    path = f"/api/v1/{SERVICE.upper().replace('SERVICE', 'service')}/scale/"
    api(f"{path}?seconds=0", "POST", body.encode().decode("latin-1"), **{"User-Agent": "test/1 (7b1c)"})
    api(f"{SERVICE}/", "DELETE", **{"User-Agent": "test/2"})
    (scaled,), (deleted,) = started(api, "7b1c"), started(api, "test/2")
    assert [scaled[name] for name in ("method", "path", "body", "user_agent")] == ["POST", path, body, "test/1 (7b1c)"]
    assert [deleted[name] for name in ("method", "path", "body")] == ["DELETE", f"/api/v1/{SERVICE}/", ""]
    assert [entry["user_agent"] for entry in sandbox.requests(SERVICE[8:])] == ["test/2"]
    assert sandbox.requests()[0]["user_agent"] == "test/1 (7b1c)"
    assert sandbox.requests()[-1]["user_agent"] is None


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_202_without_the_header(api: Client, method: str) -> None:
    reply = api((REDEPLOY if method == "POST" else f"{SERVICE}/") + "?header=false&seconds=60", method)
    assert reply.status == 202
    assert "X-Tutum-Action-URI" not in reply.headers
    assert reply.json["actions"] == [action["resource_uri"] for action in started(api)]


@pytest.mark.parametrize("status", [200, 201, 204])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_synchronous_call_has_an_action_that_is_final(api: Client, status: int, method: str) -> None:
    reply = api((REDEPLOY if method == "POST" else f"{SERVICE}/") + f"?status={status}", method)
    assert reply.status == status
    assert "X-Tutum-Action-URI" not in reply.headers
    (action,) = started(api)
    assert action["state"] == "Success"
    assert action["end_date"] == action["start_date"]
    if status == 204:
        assert (reply.body, reply.headers["Content-Length"]) == (b"", None)
    else:
        assert reply.json["actions"] == [action["resource_uri"]]


def test_a_synchronous_call_that_fails(api: Client) -> None:
    reply = api(f"{REDEPLOY}?status=400&logs=no+such+image&header=true", "POST")
    assert (reply.status, reply.json) == (400, {"error": "no such image"})
    action = api(reply.headers["X-Tutum-Action-URI"]).json
    assert (action["state"], action["logs"]) == ("Failed", "no such image")


def test_a_call_without_an_action(sandbox: Sandbox, api: Client) -> None:
    for query in ("action=none", "action=none&status=200"):
        reply = api(f"{REDEPLOY}?{query}", "POST")
        assert "X-Tutum-Action-URI" not in reply.headers
        assert reply.json["actions"] == started(api) == []
    assert sandbox.calls() == [{"method": "POST", "path": PATH, "count": 2, "actions": []}]


@pytest.mark.parametrize("query", ["status=99", "status=ok", "header=no", "action=1", "listed_after=x", "seconds=-1"])
def test_a_parameter_that_is_not_valid_is_a_400(sandbox: Sandbox, api: Client, query: str) -> None:
    reply = api(f"{REDEPLOY}?{query}", "POST")
    assert reply.status == 400
    assert f"({query.partition('=')[0]})" in reply.json["error"]
    assert started(api) == sandbox.calls() == []


def test_a_rule_adds_to_the_query_of_a_call(sandbox: Sandbox, api: Client) -> None:
    parameters = {"status": 204, "state": "Failed", "logs": "a & b"}
    sandbox.add_fault(kind="query", method="POST", match="/redeploy/", parameters=parameters, times=1)
    assert api(f"{REDEPLOY}?state=Success", "POST").status == 204
    assert [(action["state"], action["logs"], action["path"]) for action in started(api)] == [("Failed", "a & b", PATH)]
    assert api(REDEPLOY, "POST").status == 202


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("fault", "lost"),
    [
        ({"kind": "reset"}, ConnectionResetError),
        ({"kind": "close"}, http.client.RemoteDisconnected),
        ({"kind": "raw", "data": "HTTP/1.1 2"}, http.client.BadStatusLine),
        ({"kind": "status", "status": 500}, 500),
        ({"kind": "status", "status": 504}, 504),
        ({"kind": "body", "body": "{}"}, 200),
    ],
)
def test_a_response_lost_before_or_after_the_call_is_carried_out(
    sandbox: Sandbox, api: Client, fault: dict[str, Any], lost: Any, after: bool
) -> None:
    sandbox.add_fault(**fault, after=after, method="POST", times=1)
    if isinstance(lost, int):
        assert api(REDEPLOY, "POST").status == lost
    else:
        with pytest.raises(lost):
            api(REDEPLOY, "POST")
    actions = [action["uuid"] for action in started(api)]
    assert len(actions) == after
    expected = [{"method": "POST", "path": PATH, "count": 1, "actions": actions}] if after else []
    assert sandbox.calls() == sandbox.calls("/redeploy/") == expected
    assert sandbox.calls("/stop/") == []


@pytest.mark.parametrize(
    ("kind", "lost"), [("close_mid_headers", None), ("close_mid_body", http.client.IncompleteRead)]
)
def test_a_response_broken_off_is_that_of_a_call_that_was_carried_out(
    sandbox: Sandbox, api: Client, kind: str, lost: type[Exception] | None
) -> None:
    sandbox.add_fault(kind=kind, method="POST")
    if lost:
        with pytest.raises(lost):
            api(REDEPLOY, "POST")
    else:
        api(REDEPLOY, "POST")
    assert len(started(api)) == 1
    # Without a body to break off, the headers are broken off.
    assert "Connection" not in api(f"{REDEPLOY}?status=204", "POST").headers


@pytest.mark.parametrize("after", [False, True])
def test_slow_first_byte_carries_the_call_out_before_or_after_it_waits(
    sandbox: Sandbox, api: Client, after: bool
) -> None:
    sandbox.add_fault(kind="slow_first_byte", seconds=3600, after=after, method="POST")
    api.connection.timeout = 0.5
    with pytest.raises(TimeoutError):
        api(REDEPLOY, "POST")
    assert len(sandbox.calls()) == after


def test_calls_count_what_was_carried_out(sandbox: Sandbox, api: Client) -> None:
    uris = [api(f"{REDEPLOY}?seconds=60", "POST").headers["X-Tutum-Action-URI"] for _number in range(2)]
    uuids = [uri.split("/")[-2] for uri in uris]
    assert api(f"{uris[0]}retry/", "POST").status == 409
    assert api(f"{uris[0]}cancel/", "POST").status == 200
    api("action/")
    assert sandbox.calls() == [
        {"method": "POST", "path": PATH, "count": 2, "actions": uuids},
        {"method": "POST", "path": f"{uris[0]}cancel/", "count": 1, "actions": uuids[:1]},
    ]
    sandbox.clear_calls()
    assert sandbox.calls() == []
    api(REDEPLOY, "POST")
    sandbox.reset()
    assert sandbox.calls() == []


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("Pending", 200),
        ("In progress", 200),
        ("Canceling", 409),
        ("Canceled", 409),
        ("Success", 409),
        ("Failed", 409),
        ("Unknown", 409),
    ],
)
def test_cancel_works_for_pending_and_in_progress(sandbox: Sandbox, api: Client, state: str, status: int) -> None:
    uuid = sandbox.create_action([[0, state]])
    reply = api(f"action/{uuid}/cancel/?seconds=0.2", "POST")
    assert reply.status == status
    assert api(f"action/{uuid}/").json["can_be_canceled"] is False
    if status == 200:
        assert reply.json["state"] == "Canceling"
        time.sleep(0.25)
        assert api.state(uuid) == "Canceled"
    else:
        assert state in reply.json["error"]
        assert api.state(uuid) == state


def losses(sandbox: Sandbox, api: Client, **random_faults: Any) -> list[tuple[str, str | None]]:
    """Make calls of two verbs and lists, and return verb and fault of each."""
    sandbox.reset()
    sandbox.set(random_faults=random_faults)
    for _number in range(30):
        for path, method in ((REDEPLOY, "POST"), (f"{SERVICE}/stop/", "POST"), ("action/?limit=1", "GET")):
            try:
                api(path, method)
            except (OSError, http.client.HTTPException):
                continue
    found = [(entry["path"].split("/")[-2], entry["fault"]) for entry in sandbox.requests()]
    assert len(found) == 90
    carried_out = sum(1 for verb, fault in found if verb != "action" and "before" not in (fault or ""))
    assert sum(call["count"] for call in sandbox.calls()) == carried_out
    assert sum(len(call["actions"]) for call in sandbox.calls()) == carried_out
    return found


def test_random_faults_are_determined_by_their_seed(sandbox: Sandbox, api: Client) -> None:
    first = losses(sandbox, api, probability=0.5, seed=1, match="/redeploy/", method="POST")
    assert {verb for verb, fault in first if fault} == {"redeploy"}
    assert 5 < sum(1 for _verb, fault in first if fault) < 25
    assert losses(sandbox, api, probability=0.5, seed=1, match="/redeploy/", method="POST") == first
    assert losses(sandbox, api, probability=0.5, seed=2, match="/redeploy/", method="POST") != first


def test_random_faults_lose_responses_in_each_way(sandbox: Sandbox, api: Client) -> None:
    found = losses(sandbox, api, probability=1, seed=5)
    ways = ("reset", "close", "500", "502")
    before, after = {f"random {way} before" for way in ways}, {f"random {way} after" for way in ways}
    after |= {"random close_mid_headers after", "random close_mid_body after"}
    assert {fault for _verb, fault in found} == before | after
    assert {fault for _verb, fault in losses(sandbox, api, probability=1, point="after")} == after
    assert {fault for _verb, fault in losses(sandbox, api, probability=1, point="before")} == before
    sandbox.set(random_faults=None)
    assert api("action/").status == 200


def test_rules_can_select_the_method(sandbox: Sandbox, api: Client) -> None:
    sandbox.add_fault(kind="status", status=500, method="DELETE")
    sandbox.add_fault(kind="status", status=501, method=["POST", "PUT"], match="/service/")
    requests = [("action/", "GET"), (f"{SERVICE}/", "DELETE"), (REDEPLOY, "POST"), ("action/", "PUT")]
    assert [api(path, method).status for path, method in requests] == [200, 500, 501, 405]
    for wrong in ("post", ["POST", 1], ""):
        with pytest.raises(SandboxError, match="method"):
            sandbox.add_fault(kind="reset", method=wrong)
