# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option on_timeout: which actions are canceled at the timeout, and the results."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._errors import TransientError
from ansible_collections.tutum.cloud.tests.unit.fakes import SERVICE, FakeApi, response, uuid_of
from ansible_collections.tutum.cloud.tests.unit.wait_runs import RUNNING, WaitRun


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


def cancel_call(uuid: str) -> tuple[str, str]:
    return "POST", f"/api/v1/action/{uuid}/cancel/"


def fail_cancellations(api: FakeApi, fault: t.Any) -> None:
    api.fault_for = lambda url: fault if url.endswith("/cancel/") else None


@pytest.mark.parametrize("count", [1, 10])
def test_on_timeout_cancel_cancels_each_unfinished_action_once(api: FakeApi, count: int) -> None:
    done, failed = api.add(), api.add((0, "Failed"))
    uuids = [api.add(RUNNING, started=api.clock()) for _number in range(count)]
    run = WaitRun(api, done, failed, *uuids, uuids[0], timeout=5.0, on_timeout="cancel")
    results = run.run()
    assert api.calls == [cancel_call(uuid) for uuid in uuids]
    assert (results["canceled"], results["not_canceled"], results["changed"]) == (uuids, [], True)
    assert (results["timed_out"], results["unfinished"]) == (True, uuids)
    assert f"Canceled: {', '.join(uuids)}." in run.message


def test_on_timeout_cancel_with_object_cancels_what_was_found(api: FakeApi) -> None:
    uuid = api.add((0, "Pending"))
    other = api.add(RUNNING, object="/api/v1/node/x/")
    results = WaitRun(api, object=SERVICE, timeout=2.0, on_timeout="cancel").run()
    assert api.calls == [cancel_call(uuid)]
    assert results["canceled"] == [uuid]
    assert other not in results["unfinished"]


@pytest.mark.parametrize("on_timeout", ["leave", None])
def test_on_timeout_leave_sends_nothing(api: FakeApi, on_timeout: str | None) -> None:
    results = WaitRun(api, api.add(RUNNING), timeout=2.0, on_timeout=on_timeout).run()
    assert (api.calls, results["changed"]) == ([], False)
    assert not {"canceled", "not_canceled"} & set(results)


@pytest.mark.parametrize("options", [{}, {"fail_fast": True}])
def test_on_timeout_cancel_without_a_timeout_sends_nothing(api: FakeApi, options: dict[str, t.Any]) -> None:
    uuids = [api.add((0, "Failed")), api.add(RUNNING, (3.0, "Success"), started=api.clock())]
    run = WaitRun(api, *uuids, on_timeout="cancel", **options)
    results = run.run()
    assert (api.calls, results["changed"], "canceled" in results) == ([], False, False)
    assert "Canceled" not in run.message


def test_on_timeout_cancel_in_check_mode_sends_nothing(api: FakeApi) -> None:
    uuid = api.add(RUNNING)
    run = WaitRun(api, uuid, timeout=2.0, on_timeout="cancel", check_mode=True)
    results = run.run()
    assert (api.calls, results["changed"]) == ([], False)
    assert (results["canceled"], results["not_canceled"]) == ([], [uuid])
    assert f"Not canceled: {uuid} (nothing is canceled in check mode)." in run.message


def test_on_timeout_cancel_refused_is_reported_with_the_reason(api: FakeApi) -> None:
    uuid, other = api.add(RUNNING), api.add(RUNNING)
    refusal = response({"error": "This action cannot be canceled"}, status=400)
    api.fault_for = lambda url: refusal if url.endswith(f"{uuid}/cancel/") else None
    run = WaitRun(api, uuid, other, timeout=2.0, on_timeout="cancel")
    results = run.run()
    assert (results["canceled"], results["not_canceled"], results["changed"]) == ([other], [uuid], True)
    assert f"Not canceled: {uuid} (HTTP 400: bad request." in run.message
    assert "Server message: This action cannot be canceled)." in run.message


@pytest.mark.parametrize("status", [429, 500, 503])
def test_on_timeout_cancel_is_not_repeated(api: FakeApi, status: int) -> None:
    uuid = api.add(RUNNING)
    fail_cancellations(api, response(status=status, Retry_After="0"))
    results = WaitRun(api, uuid, timeout=2.0, on_timeout="cancel").run()
    assert (api.calls, results["not_canceled"], results["changed"]) == ([cancel_call(uuid)], [uuid], False)


def test_on_timeout_cancel_without_a_response_is_not_confirmed(api: FakeApi) -> None:
    uuid = api.add(RUNNING)
    fail_cancellations(api, TransientError("url", "Connection failed: reset"))
    run = WaitRun(api, uuid, timeout=2.0, on_timeout="cancel")
    assert run.run()["not_canceled"] == [uuid]
    assert f"Not canceled: {uuid} (not confirmed: Connection failed: reset)." in run.message


def test_on_timeout_cancel_of_a_short_uuid_that_names_no_action_sends_nothing(api: FakeApi) -> None:
    run = WaitRun(api, "6246c558", timeout=2.0, on_timeout="cancel")
    results = run.run()
    assert (api.calls, results["not_canceled"]) == ([], ["6246c558"])
    assert "Not canceled: 6246c558 (no action with this UUID was found)." in run.message


def test_on_timeout_cancel_of_a_short_uuid_cancels_its_action(api: FakeApi) -> None:
    uuid = api.add(RUNNING)
    assert WaitRun(api, uuid[:8], timeout=2.0, on_timeout="cancel").run()["canceled"] == [uuid]


@pytest.mark.parametrize("count", [1, 100])
def test_on_timeout_cancel_takes_less_than_5_seconds(api: FakeApi, count: int) -> None:
    uuids = [api.add(RUNNING) for _number in range(count)]
    api.latency_for = lambda url: 60.0 if api.clock() >= 1002.0 or url.endswith("/cancel/") else 0.0
    run = WaitRun(api, *uuids, timeout=2.0, on_timeout="cancel")
    results = run.run()
    assert results["not_canceled"] == uuids
    assert run.elapsed <= 2.0 + 5.0
    # A request without enough time was not sent.
    assert len(api.calls) == 1


def test_on_timeout_cancel_of_an_action_that_is_gone_is_reported(api: FakeApi) -> None:
    run = WaitRun(api, uuid_of(1), timeout=2.0, on_timeout="cancel")
    assert run.run()["not_canceled"] == [uuid_of(1)]
    assert f"Not canceled: {uuid_of(1)} (HTTP 404: not found." in run.message
