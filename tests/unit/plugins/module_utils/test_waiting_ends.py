# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors in a wait: which end it, which are failed polls, and when an action counts as not found."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    ApiError,
    NotFoundError,
    OptionError,
    ResponseError,
    TlsError,
    TransientError,
)
from ansible_collections.tutum.cloud.tests.unit.fakes import SERVICE, FakeApi, response, uuid_of
from ansible_collections.tutum.cloud.tests.unit.wait_runs import RUNNING, WaitRun, fail_between, request_moments

NO_RETRIES = {"max_retries": 0}

FOR_A_USER = {
    "400": response(status=400),
    "401": response(status=401),
    "403": response(status=403),
    "405": response(status=405),
    "418": response(status=418),
    "501": response(status=501),
    "certificate": TlsError("url", "TLS certificate verification failed: self-signed certificate"),
    "redirect to another host": response(status=302, Location="https://login.example.org/"),
    "redirect to nowhere": response(status=302),
    "HTML": response(b"<html>Log in</html>"),
    "empty": response(b""),
    "another action": response({"uuid": uuid_of(77), "state": "Success"}),
    "not an object": response([]),
}
"""Errors that only a user can fix, if they are the first response."""

TRANSIENT = {
    "no connection": TransientError("url", "Connection failed: Connection refused", was_sent=False),
    "timeout": TransientError("url", "No complete response within 30 s"),
    **{str(status): response(status=status) for status in (408, 425, 429, 500, 502, 503, 504, 507, 520, 522, 524, 596)},
}

# 401 and 403 end a wait after they have lasted for some time.
HICCUPS = {**FOR_A_USER, **TRANSIENT, "404": response(status=404)}
LASTING = {name: fault for name, fault in HICCUPS.items() if name not in ("401", "403", "404")}


def parametrize_faults(faults: dict[str, t.Any]) -> t.Any:
    return pytest.mark.parametrize("fault", list(faults.values()), ids=list(faults))


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


def add_running(api: FakeApi, count: int, end: float) -> list[str]:
    """Add actions that succeed some seconds after the present."""
    return [api.add(RUNNING, (end, "Success"), started=api.clock()) for _number in range(count)]


# Before the first good response.


@parametrize_faults(FOR_A_USER)
@pytest.mark.parametrize("count", [1, 3, 10])
def test_first_response_that_only_a_person_can_fix_fails_immediately(api: FakeApi, fault: t.Any, count: int) -> None:
    uuids = [api.add() for _number in range(count)]
    api.fault_for = lambda _url: fault
    run = WaitRun(api, *uuids)
    with pytest.raises(ApiError) as caught:
        run.run()
    assert run.elapsed == 0
    assert caught.value.results["unfinished"] == uuids
    assert (caught.value.results["polls"], caught.value.results["failed_polls"]) == (1, 1)


@parametrize_faults(FOR_A_USER)
def test_first_list_of_an_object_that_only_a_person_can_fix_fails_immediately(api: FakeApi, fault: t.Any) -> None:
    if fault.__class__ is not TlsError and fault.body.startswith(b'{"uuid"'):
        fault = response({"meta": {}})
    api.fault_for = lambda _url: fault
    run = WaitRun(api, object=SERVICE, delay=5.0)
    with pytest.raises(ApiError):
        run.run()
    assert run.elapsed == 0


@parametrize_faults(TRANSIENT)
@pytest.mark.parametrize("count", [1, 10])
@pytest.mark.parametrize("settings", [{}, NO_RETRIES], ids=["retries", "no retries"])
def test_transient_error_before_the_first_response_is_waited_out(
    api: FakeApi, fault: t.Any, count: int, settings: dict[str, t.Any]
) -> None:
    uuids = add_running(api, count, 5.0)
    fail_between(api, 0, 20, fault)
    run = WaitRun(api, *uuids, settings=settings)
    results = run.run()
    assert (run.message, results["unfinished"]) == ("", [])
    assert results["failed_polls"] >= 1
    assert 20 <= run.elapsed <= 45


def test_401_after_transient_errors_only_fails_immediately(api: FakeApi) -> None:
    api.faults = [response(status=503)] * 2
    api.fault_for = lambda _url: response(status=401)
    run = WaitRun(api, uuid_of(1), settings=NO_RETRIES)
    with pytest.raises(ApiError, match="HTTP 401"):
        run.run()
    assert run.elapsed < 5


@parametrize_faults({name: FOR_A_USER[name] for name in ("400", "401", "403", "HTML", "another action")})
def test_first_poll_with_one_good_response_does_not_fail(api: FakeApi, fault: t.Any) -> None:
    first, second = add_running(api, 2, 3.0)
    api.fault_for = lambda url: fault if first in url and api.clock() < 1002 else None
    run = WaitRun(api, first, second)
    run.run()
    assert run.message == ""


# After a good response.


@parametrize_faults(HICCUPS)
@pytest.mark.parametrize("count", [1, 3, 10])
def test_hiccup_after_a_good_response_is_a_failed_poll(api: FakeApi, fault: t.Any, count: int) -> None:
    uuids = add_running(api, count, 6.0)
    fail_between(api, 2.5, 3.5, fault)
    run = WaitRun(api, *uuids, settings=NO_RETRIES)
    results = run.run()
    assert (run.message, results["states"]) == ("", {"Success": count})
    assert results["failed_polls"] == 1
    assert run.elapsed <= 7.5


@parametrize_faults(LASTING)
@pytest.mark.parametrize("count", [1, 10])
def test_error_that_lasts_is_survived_until_the_timeout(api: FakeApi, fault: t.Any, count: int) -> None:
    uuids = add_running(api, count, 30.0)
    fail_between(api, 2.5, 200, fault)
    run = WaitRun(api, *uuids, settings={"max_retries": 1})
    results = run.run()
    assert run.message == ""
    assert results["polls"] > results["failed_polls"] > 5
    assert 200 <= run.elapsed <= 220
    # A wait polls less often while the server reports errors.
    assert len(api.urls) < 30 * (count + 2)


@parametrize_faults(LASTING)
def test_error_that_lasts_beyond_the_timeout_is_in_the_message(api: FakeApi, fault: t.Any) -> None:
    (uuid,) = add_running(api, 1, 5.0)
    fail_between(api, 2.5, 1e9, fault)
    run = WaitRun(api, uuid, timeout=30.0)
    assert run.run()["timed_out"]
    assert "Timed out after 30 s. 1 of 1 actions unfinished:" in run.message
    assert "\nThe last poll failed: " in run.message


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("count", [1, 10])
def test_refusal_that_lasts_for_10_seconds_and_3_polls_ends_the_wait(api: FakeApi, status: int, count: int) -> None:
    uuids = add_running(api, count, 100.0)
    fail_between(api, 2.5, 1e9, response(status=status))
    run = WaitRun(api, *uuids)
    with pytest.raises(ApiError, match=f"HTTP {status}") as caught:
        run.run()
    assert 12.5 <= run.elapsed <= 22.0
    results = caught.value.results
    assert [action["uuid"] for action in results["actions"]] == uuids
    assert (results["unfinished"], results["timed_out"]) == (uuids, False)
    assert results["failed_polls"] >= 3


def test_refusal_needs_3_polls(api: FakeApi) -> None:
    (uuid,) = add_running(api, 1, 65.0)
    fail_between(api, 10, 60, response(status=403))
    moments = request_moments(api)
    run = WaitRun(api, uuid, interval=25.0)
    run.run()
    assert (run.message, moments) == ("", [0, 25, 50, 75])


def test_refusals_with_a_good_poll_between_them_do_not_end_the_wait(api: FakeApi) -> None:
    (uuid,) = add_running(api, 1, 100.0)
    api.fault_for = lambda _url: response(status=403) if int(api.clock()) % 5 else None
    run = WaitRun(api, uuid, interval=1.0, max_interval=1.0)
    run.run()
    assert run.message == ""


def test_refusal_of_one_of_several_actions_ends_the_wait(api: FakeApi) -> None:
    first, *others = add_running(api, 3, 100.0)
    api.fault_for = lambda url: response(status=403) if first in url else None
    run = WaitRun(api, first, *others)
    with pytest.raises(ApiError, match="HTTP 403"):
        run.run()
    assert 10 <= run.elapsed <= 13


def test_refusal_is_not_masked_by_a_404_of_another_action(api: FakeApi) -> None:
    good, refused, gone = *add_running(api, 2, 100.0), uuid_of(99)
    api.fault_for = lambda url: response(status=401) if refused in url else None
    run = WaitRun(api, gone, refused, good)
    with pytest.raises(ApiError, match="HTTP 401"):
        run.run()
    assert 10 <= run.elapsed <= 13


# Not found.


@pytest.mark.parametrize("count", [1, 3, 10])
def test_unknown_uuid_counts_as_not_found_after_5_seconds_and_3_polls(api: FakeApi, count: int) -> None:
    others = [api.add() for _number in range(count - 1)]
    run = WaitRun(api, uuid_of(99), *others)
    results = run.run()
    assert (results["unsuccessful"], results["timed_out"], run.elapsed) == ([uuid_of(99)], False, 5.0)
    assert len(results["actions"]) == count - 1
    assert run.message == (
        f"1 of {count} actions not found. Check the UUID (a service's UUID is not an action's) and api_url:\n"
        f"- action {uuid_of(99)}"
    )


def test_unknown_uuid_needs_3_polls(api: FakeApi) -> None:
    run = WaitRun(api, uuid_of(99), interval=20.0)
    assert run.run()["polls"] == 3
    assert run.elapsed == 40.0


@pytest.mark.parametrize("visible_after", [0.5, 3.0, 4.9])
@pytest.mark.parametrize("count", [1, 10])
def test_fresh_action_that_is_not_visible_yet_is_waited_for(api: FakeApi, visible_after: float, count: int) -> None:
    uuids = [
        api.add(RUNNING, (10.0, "Success"), started=api.clock() + visible_after * (number % 2))
        for number in range(count)
    ]
    run = WaitRun(api, *uuids)
    assert run.run()["states"] == {"Success": count}
    assert run.message == ""


@pytest.mark.parametrize("count", [1, 3, 10])
def test_action_that_vanishes_counts_as_not_found_and_the_others_are_waited_for(api: FakeApi, count: int) -> None:
    vanishing = api.add(RUNNING, started=api.clock(), vanishes=5.0)
    others = add_running(api, count - 1, 20.0)
    run = WaitRun(api, vanishing, *others)
    results = run.run()
    assert (results["unsuccessful"], results["unfinished"]) == ([vanishing], [])
    assert run.states == ["In progress", *["Success"] * (count - 1)]
    assert f"1 of {count} actions not found." in run.message
    assert f"(action {vanishing})" in run.message


def test_404_of_a_proxy_for_less_than_5_seconds_is_survived(api: FakeApi) -> None:
    uuids = add_running(api, 3, 20.0)
    fail_between(api, 2.5, 7.0, response(b"<html>404</html>", status=404))
    run = WaitRun(api, *uuids)
    results = run.run()
    assert (run.message, results["failed_polls"]) == ("", 4)


def test_missing_skip_leaves_out_unknown_uuids(api: FakeApi) -> None:
    uuid = api.add()
    run = WaitRun(api, uuid_of(99), uuid, missing="skip")
    results = run.run()
    assert (run.message, results["unsuccessful"], results["unfinished"]) == ("", [], [])
    assert [action["uuid"] for action in results["actions"]] == [uuid]
    assert run.elapsed == 5.0


def test_missing_skip_with_unknown_uuids_only_is_a_success_with_a_warning(api: FakeApi) -> None:
    run = WaitRun(api, uuid_of(99), missing="skip")
    assert run.run()["actions"] == []
    assert (run.message, run.wait.warnings) == ("", ["Nothing to wait for: no action was found."])


def test_missing_skip_does_not_skip_an_action_that_was_running(api: FakeApi) -> None:
    uuid = api.add(RUNNING, started=api.clock(), vanishes=5.0)
    run = WaitRun(api, uuid, missing="skip")
    assert run.run()["unsuccessful"] == [uuid]
    assert "1 of 1 actions not found." in run.message


def test_missing_skip_does_not_reach_min_actions(api: FakeApi) -> None:
    run = WaitRun(api, api.add(), uuid_of(99), missing="skip", min_actions=2)
    run.run()
    assert run.message == "Found 1 of at least 2 actions (min_actions)."


# Some requests fail, others do not.


@parametrize_faults({name: fault for name, fault in HICCUPS.items() if name not in ("401", "403", "404", "429")})
@pytest.mark.parametrize("count", [2, 3, 10])
def test_detail_that_fails_does_not_delay_the_others(api: FakeApi, fault: t.Any, count: int) -> None:
    now = api.clock()
    broken = api.add(RUNNING, (3.0, "Success"), started=now)
    failing = api.add(RUNNING, (7.5, "Failed"), started=now)
    others = add_running(api, count - 2, 4.0)
    api.fault_for = lambda url: fault if broken in url or "?" in url else None
    run = WaitRun(api, broken, *others, failing, fail_fast=True)
    results = run.run()
    assert (results["unsuccessful"], results["unfinished"]) == ([failing], [broken])
    assert run.elapsed == 8.0


def test_detail_with_a_long_retry_after_does_not_delay_the_others(api: FakeApi) -> None:
    broken, other = add_running(api, 2, 4.0)
    failing = api.add(RUNNING, (7.0, "Failed"), started=api.clock())
    api.fault_for = lambda url: response(status=503, Retry_After="120") if broken in url else None
    run = WaitRun(api, broken, other, failing, fail_fast=True)
    assert (run.run()["unsuccessful"], run.elapsed) == ([failing], 7.0)


LIST_FAULTS = {
    **{str(status): response(status=status) for status in (400, 401, 403, 404, 405, 500, 501, 503)},
    "Retry-After": response(status=503, Retry_After="300"),
    "no connection": TransientError("url", "Connection failed"),
    "HTML": response(b"<html>"),
    "no meta": response({"objects": []}),
    "nonsense": response({"meta": {"next": None}, "objects": [{"uuid": "../../x y"}]}),
}


@parametrize_faults(LIST_FAULTS)
@pytest.mark.parametrize("count", [4, 10])
def test_lists_that_fail_are_replaced_by_details(api: FakeApi, fault: t.Any, count: int) -> None:
    uuids = add_running(api, count, 5.5)
    api.fault_for = lambda url: fault if "?" in url else None
    run = WaitRun(api, *uuids)
    results = run.run()
    assert (run.message, results["states"], results["failed_polls"]) == ("", {"Success": count}, 0)
    assert run.elapsed <= 8.0


def test_lists_that_hang_cost_2_seconds(api: FakeApi) -> None:
    uuids = add_running(api, 4, 2.0)
    api.latency_for = lambda url: 60.0 if "?" in url else 0.0
    run = WaitRun(api, *uuids, settings={"request_timeout": 4.0})
    assert run.run()["failed_polls"] == 0
    assert (run.message, run.elapsed) == ("", 3.0)


@pytest.mark.parametrize("latency", [0.0, 60.0])
def test_lists_that_fail_do_not_keep_named_actions_from_being_polled(api: FakeApi, latency: float) -> None:
    """Neither those of an object nor those that a short UUID needs."""
    named = api.add(RUNNING, (5.0, "Failed"), started=api.clock(), object="/api/v1/node/x/")
    api.fault_for = lambda url: response(status=503) if "?" in url else None
    api.latency_for = lambda url: latency if "?" in url else 0.0
    run = WaitRun(api, named, "6246c558", object=SERVICE, fail_fast=True)
    results = run.run()
    assert (results["unsuccessful"], results["timed_out"]) == ([named], False)
    assert results["failed_polls"] == results["polls"]
    assert run.elapsed <= 50


# Throttling.


@pytest.mark.parametrize("retry_after", ["120", "31536000", "9" * 400])
def test_retry_after_beyond_the_timeout_leaves_the_last_poll(api: FakeApi, retry_after: str) -> None:
    (uuid,) = add_running(api, 1, 50.0)
    api.faults = [response(status=429, Retry_After=retry_after)]
    run = WaitRun(api, uuid, timeout=60.0)
    results = run.run()
    assert (run.message, results["polls"], results["failed_polls"], results["elapsed"]) == ("", 2, 1, 60.0)


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honored_between_polls(api: FakeApi, status: int) -> None:
    api.faults = [response(status=status, Retry_After="20")]
    moments = request_moments(api)
    WaitRun(api, api.add(), settings=NO_RETRIES).run()
    assert moments == [0, 20]


# Short UUIDs.


def test_short_uuid_is_resolved_and_waited_for(api: FakeApi) -> None:
    uuid, other = add_running(api, 2, 3.0)
    run = WaitRun(api, uuid[:8])
    results = run.run()
    assert ([action["uuid"] for action in results["actions"]], run.message) == ([uuid], "")
    assert [query["uuid__startswith"] for query in api.queries if query] == [uuid[:8]]
    assert other not in str(api.urls)


def test_short_uuid_that_is_visible_late_is_found(api: FakeApi) -> None:
    uuid = api.add(RUNNING, (10.0, "Success"), started=api.clock(), listed_after=4.0)
    run = WaitRun(api, uuid[:8])
    assert (run.run()["states"], run.message) == ({"Success": 1}, "")


def test_short_uuid_of_no_action_counts_as_not_found(api: FakeApi) -> None:
    api.add()
    run = WaitRun(api, "6246c558")
    results = run.run()
    assert (results["unsuccessful"], run.elapsed) == (["6246c558"], 5.0)
    assert run.message.endswith("- action 6246c558...")


def test_short_uuid_missing_skip_is_left_out(api: FakeApi) -> None:
    run = WaitRun(api, "6246c558", api.add(), missing="skip")
    assert (run.run()["unsuccessful"], run.message) == ([], "")


def test_short_uuid_that_is_ambiguous_is_an_error_with_results(api: FakeApi) -> None:
    for number in range(3):
        api.add(uuid=f"6246c558-0000-4000-8000-{number:012x}")
    known = api.add(RUNNING)
    run = WaitRun(api, known, "6246c558")
    with pytest.raises(
        OptionError, match=r"option uuid: '6246c558'\. Several actions have a UUID that begins with this"
    ) as e:
        run.run()
    assert e.value.results["unfinished"] == [known, "6246c558"]


@pytest.mark.parametrize("order", [1, -1])
def test_short_uuid_of_an_action_that_is_also_named_in_full_counts_once(api: FakeApi, order: int) -> None:
    uuid = api.add((0, "Failed"))
    run = WaitRun(api, *[uuid, uuid[:8]][::order])
    results = run.run()
    assert (results["unsuccessful"], [action["uuid"] for action in results["actions"]]) == ([uuid], [uuid, uuid])
    assert run.message.startswith("1 of 1 actions did not finish")


def test_short_uuid_on_a_server_that_ignores_its_filter_names_the_filter(api: FakeApi) -> None:
    api.add(uuid=uuid_of(300))
    api.ignored_filters = {"uuid__startswith"}
    with pytest.raises(ResponseError, match="do not match the filter uuid__startswith"):
        WaitRun(api, "6246c558").run()


def test_short_uuid_with_lists_that_respond_404_is_a_failed_poll(api: FakeApi) -> None:
    api.fault_for = lambda url: response(status=404) if "?" in url else None
    run = WaitRun(api, "6246c558")
    results = run.run()
    assert results["failed_polls"] == results["polls"]
    assert isinstance(run.wait._poller.error, NotFoundError)
