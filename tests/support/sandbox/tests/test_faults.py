# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each fault has the documented effect on the wire."""

from __future__ import annotations

import gzip
import http.client
import json
import math
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Client
    from tutum_sandbox.process import Sandbox


def test_a_status_with_headers_and_a_body(sandbox: Sandbox, api: Client) -> None:
    sandbox.add_fault(kind="status", status=503, headers={"Retry-After": "2"}, body="<h1>Maintenance</h1>", times=1)
    reply = api("action/")
    assert (reply.status, reply.headers["Retry-After"], reply.body) == (503, "2", b"<h1>Maintenance</h1>")
    assert reply.headers["Content-Type"].startswith("text/html")
    assert api("action/").status == 200
    assert [entry["fault"] for entry in sandbox.requests()] == ["status", None]


def test_rules_match_skip_and_count(sandbox: Sandbox, api: Client) -> None:
    sandbox.add_fault(kind="status", status=500, match=r"^/api/v1/action/\?.*offset=25", skip=1, times=2)
    assert [api("action/?offset=25").status for _number in range(4)] == [200, 500, 500, 200]
    assert api("action/").status == 200
    assert sandbox.faults()[0]["used"] == 2
    sandbox.clear_faults()
    assert sandbox.faults() == []


@pytest.mark.parametrize(
    "rule", [{"kind": "juggle"}, {}, {"kind": "reset", "seconds": 1}, {"kind": "reset", "match": "("}]
)
def test_a_rule_that_makes_no_sense_is_refused(sandbox: Sandbox, rule: dict[str, Any]) -> None:
    from tutum_sandbox.process import SandboxError

    with pytest.raises(SandboxError, match="400"):
        sandbox.add_fault(**rule)


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ({"kind": "reset"}, ConnectionResetError),
        ({"kind": "close"}, http.client.RemoteDisconnected),
        ({"kind": "close_mid_headers"}, http.client.HTTPException),
        ({"kind": "close_mid_body"}, http.client.IncompleteRead),
        ({"kind": "close_mid_body", "chunked": True}, http.client.IncompleteRead),
    ],
)
def test_broken_connections(sandbox: Sandbox, api: Client, rule: dict[str, Any], error: type[Exception]) -> None:
    sandbox.add_fault(**rule, times=1)
    if rule["kind"] == "close_mid_headers":
        # Python's client treats the end of the connection as the end of the headers, and does not miss the rest.
        assert "Content-Length" not in api("action/").headers
    else:
        with pytest.raises(error):
            api("action/")
    assert api("action/").status == 200


def test_slow_responses(sandbox: Sandbox, api: Client) -> None:
    sandbox.add_fault(kind="slow_first_byte", seconds=0.3, times=1)
    sandbox.add_fault(kind="drip", seconds=0.005, times=1)
    sandbox.add_fault(kind="drip", seconds=0.005, part="headers", times=1)
    for _number in range(3):
        began = time.monotonic()
        assert api("auth/").json == {"username": "sandbox"}
        assert 0.1 < time.monotonic() - began < 30


@pytest.mark.parametrize("body", ["", "{", "not JSON", "[]", "null", '{"meta": {}}'])
def test_bodies(sandbox: Sandbox, api: Client, body: str) -> None:
    sandbox.add_fault(kind="body", body=body, content_type="text/plain")
    reply = api("action/")
    assert (reply.status, reply.body, reply.headers["Content-Type"]) == (200, body.encode(), "text/plain")


def test_patches(sandbox: Sandbox, api: Client) -> None:
    changes = [
        {"path": ["meta", "total_count"], "value": "7"},
        {"path": ["meta", "next"], "value": "/api/v1/action/?offset={n}"},
        {"path": ["objects", 0], "value": None},
        {"path": ["objects", 1, "state"], "delete": True},
        {"path": ["objects", "*", "ip"], "value": math.nan},
        {"path": ["no", "such", "place"], "value": 1},
    ]
    sandbox.add_fault(kind="patch", patch=changes)
    for number in (1, 2):
        page = api("action/").json
        assert page["meta"]["total_count"] == "7"
        assert page["meta"]["next"] == f"/api/v1/action/?offset={number}"
        assert page["objects"][0] is None
        assert "state" not in page["objects"][1]
        assert math.isnan(page["objects"][2]["ip"])
    sandbox.clear_faults()
    sandbox.add_fault(kind="patch", patch=[{"path": [], "value": []}])
    assert api("action/").json == []


def test_huge_and_compressed_responses(sandbox: Sandbox, api: Client) -> None:
    sandbox.add_fault(kind="huge", size=5_000_000, times=1)
    sandbox.add_fault(kind="huge", size=200_000, chunked=True, times=1)
    sandbox.add_fault(kind="gzip", times=1)
    assert len(api("action/").body) == 5_000_000
    assert len(api("action/").json["logs"]) < 200_000
    reply = api("action/")
    assert reply.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(reply.body))["meta"]


def test_redirects(sandbox: Sandbox, api: Client) -> None:
    sandbox.add_fault(kind="redirect", location="http://elsewhere.example/", times=1)
    sandbox.add_fault(kind="redirect", status=307)
    assert api("action/").headers["Location"] == "http://elsewhere.example/"
    assert (api("action/?limit=1").status, api("action/?limit=1").headers["Location"]) == (
        307,
        "/api/v1/action/?limit=1",
    )


def test_a_sleep_ends_with_its_client(sandbox: Sandbox, api: Client) -> None:
    sandbox.add_fault(kind="slow_first_byte", seconds=3600)
    api.connection.timeout = 0.2
    with pytest.raises(TimeoutError):
        api("action/")
    assert sandbox.requests()[0]["status"] is None
