# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A call: never carried out twice, and its action found with and without a response."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._call_options import CallOptions
from ansible_collections.tutum.cloud.plugins.module_utils._calls import SEARCH_SECONDS, Call, UnknownOutcomeError
from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError, TlsError, TransientError
from ansible_collections.tutum.cloud.plugins.module_utils._http import USER_AGENT
from ansible_collections.tutum.cloud.tests.unit.call_api import (
    HEADER,
    PATH,
    CallApi,
    Reaction,
    Received,
    lost,
)
from ansible_collections.tutum.cloud.tests.unit.fakes import (
    API_URL,
    FakeClient,
    response,
    uuid_of,
)

if t.TYPE_CHECKING:
    from ansible_collections.tutum.cloud.tests.unit.fakes import Fault

ACTION = uuid_of(77)
CANCEL = f"/api/v1/action/{ACTION}/cancel/"


def make_call(api: CallApi, *, token: str = "t0k3n", max_retries: int = 5, **options: t.Any) -> Call:
    """Return a call of the API, not sent yet."""
    client = FakeClient(api, max_retries=max_retries)
    chosen = CallOptions({"path": PATH, **options}, API_URL)
    return Call(client, chosen, sleep=api.clock.sleep, date=lambda: 1_400_000_000.5, token=lambda: token)


def lists(api: CallApi) -> list[str]:
    """Return the requests for lists."""
    return [path for path in api.paths if path == "action/"]


# The action of an accepted call


def test_run_with_header_finds_action_without_list() -> None:
    api = CallApi()
    call = make_call(api)
    call.run()
    assert call.results() == {
        "status": 202,
        "response": {"name": "web"},
        "uuid": api.carried_out[0],
        "changed": True,
    }
    assert lists(api) == []


def test_run_sends_method_query_body_and_user_agent() -> None:
    api = CallApi()
    make_call(api, path=f"{PATH}?seconds=3", method="PATCH", body={"a": "ü"}, user_agent="ci 7").run()
    user_agent = f"ci 7 {USER_AGENT} call/t0k3n"
    assert api.received == [
        Received("PATCH", f"https://tutum.example.org{PATH}?seconds=3", b'{"a": "\\u00fc"}', user_agent)
    ]


def test_call_without_user_agent_option_has_token_in_user_agent() -> None:
    api = CallApi()
    make_call(api).run()
    assert api.received[0].user_agent == f"{USER_AGENT} call/t0k3n"
    assert api.received[0].body is None


def test_call_token_default_is_unique() -> None:
    options = CallOptions({"path": PATH}, API_URL)
    calls = [Call(FakeClient(CallApi()), options) for _number in range(2)]
    assert calls[0].user_agent != calls[1].user_agent


@pytest.mark.parametrize(
    "form",
    [
        "/api/v1/action/{}/",
        "/api/v1/action/{}",
        " /api/v1/action/{}/ ",
        "/gateway/api/v1/action/{}/",
        "http://internal.example:8000/api/v1/action/{}/",
        "{}",
    ],
)
def test_run_with_any_form_of_header_finds_action(form: str) -> None:
    api = CallApi(Reaction(lambda uuid: response(status=202, **{HEADER: form.format(uuid.upper())})))
    call = make_call(api)
    call.run()
    assert call.uuid == api.carried_out[0]
    assert lists(api) == []


@pytest.mark.parametrize(
    "header", ["", "nonsense", "/api/v1/action/", "/api/v1/service/0/", "/api/v1/action/0000002a/", "http://[x/"]
)
def test_run_202_without_usable_header_finds_action_by_token(header: str) -> None:
    headers = {HEADER: header} if header else {}
    api = CallApi(Reaction(response(status=202, **headers)), timeline=[(0.0, "Success")])
    api.add(user_agent=f"{USER_AGENT} call/another", started=1000.0)
    call = make_call(api)
    call.run()
    assert call.uuid == api.carried_out[0]
    assert call.was_accepted


def test_run_200_with_unusable_header_finds_action_by_token() -> None:
    api = CallApi(Reaction(response(status=200, **{HEADER: "nonsense"})))
    call = make_call(api)
    call.run()
    assert call.uuid == api.carried_out[0]


@pytest.mark.parametrize(
    ("reply", "content"),
    [
        (response({"name": "web"}, status=200), {"name": "web"}),
        (response([1], status=201), [1]),
        (response(status=204), None),
        (response(b" \n", status=200), None),
    ],
)
def test_run_other_2xx_without_header_needs_no_action(reply: Fault, content: object) -> None:
    api = CallApi(Reaction(reply, is_carried_out=False))
    call = make_call(api)
    call.run()
    assert (call.uuid, call.response, call.was_accepted) == (None, content, True)
    assert api.paths == ["service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/redeploy/"]


def test_run_202_without_action_fails_with_unknown_outcome() -> None:
    api = CallApi(Reaction(response({"name": "web"}, status=202), is_carried_out=False))
    call = make_call(api)
    with pytest.raises(UnknownOutcomeError, match="HTTP 202: the call was accepted, but its action cannot be found"):
        call.run()
    assert call.results() == {"status": 202, "response": {"name": "web"}, "uuid": None, "changed": True}
    assert api.clock.now <= 1000.0 + SEARCH_SECONDS


@pytest.mark.parametrize("operation", ["cancel", "retry"])
def test_run_operation_on_action_has_that_action(operation: str) -> None:
    api = CallApi()
    uuid = api.add((0.0, "In progress"))
    call = make_call(api, path=f"/api/v1/action/{uuid.upper()}/{operation}/")
    api.actions[0].uuid = uuid.upper()  # the server's spelling
    call.run()
    assert call.uuid == uuid
    assert lists(api) == []


# Sent again only if it was certainly not carried out


@pytest.mark.parametrize(
    ("outcome", "sleeps"),
    [
        (lost(was_sent=False), [0.5, 1.0]),
        (response(status=429), [0.5, 1.0]),
        (response(status=429, Retry_After="3"), [3.0, 3.0]),
        (response(status=503, Retry_After="2"), [2.0, 2.0]),
        (response(status=503, Retry_After="0"), [0.0, 0.0]),
    ],
)
def test_run_not_carried_out_is_sent_again(outcome: Fault, sleeps: list[float]) -> None:
    refusal = Reaction(outcome, is_carried_out=False)
    api = CallApi(refusal, refusal)
    call = make_call(api)
    call.run()
    assert len(api.received) == 3
    assert len(api.carried_out) == 1
    assert len({one.user_agent for one in api.received}) == 1
    assert api.clock.sleeps == sleeps
    assert call.uuid == api.carried_out[0]


@pytest.mark.parametrize("outcome", [lost(was_sent=False), response(status=429), response(status=503, Retry_After="1")])
def test_run_never_carried_out_fails_after_max_retries(outcome: Fault) -> None:
    api = CallApi(*[Reaction(outcome, is_carried_out=False)] * 9)
    call = make_call(api, max_retries=2)
    with pytest.raises(TransientError, match=r"The call was not carried out \(attempts: 3\)\.$") as caught:
        call.run()
    assert not isinstance(caught.value, UnknownOutcomeError)
    assert len(api.received) == 3
    assert not call.was_accepted
    assert lists(api) == []


def test_run_retry_after_beyond_time_left_is_not_waited_for() -> None:
    api = CallApi(Reaction(response(status=429, Retry_After="3600"), is_carried_out=False))
    with pytest.raises(TransientError, match=r"not carried out \(attempts: 1\)"):
        make_call(api).run()
    assert api.clock.sleeps == []


def test_run_unknown_outcome_of_second_attempt_is_not_sent_again() -> None:
    api = CallApi(Reaction(response(status=429), is_carried_out=False), Reaction(lost()))
    call = make_call(api)
    call.run()
    assert len(api.received) == 2
    assert call.uuid == api.carried_out[0]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 409, 413, 415])
def test_run_refused_call_fails_without_search(status: int) -> None:
    api = CallApi(Reaction(response(status=status, Location=f"https://tutum.example.org{PATH}"), is_carried_out=False))
    call = make_call(api)
    with pytest.raises(ApiError, match=f"HTTP {status}") as caught:
        call.run()
    assert caught.value.error_type == ("not_found" if status == 404 else "http")
    assert (caught.value.status, caught.value.method) == (status, "POST")
    assert len(api.urls) == 1
    assert not call.was_accepted


def test_run_untrusted_certificate_fails_without_search() -> None:
    api = CallApi(Reaction(TlsError("URL", "TLS certificate verification failed"), is_carried_out=False))
    with pytest.raises(TlsError):
        make_call(api).run()
    assert len(api.urls) == 1


# An unknown outcome

UNKNOWN: list[Fault] = [
    lost(),
    TransientError("URL", "No complete response within 30 s", method="POST"),
    response(status=500),
    response(b"<html>Bad gateway</html>", status=502),
    response(status=503),
    response(status=503, Retry_After="soon"),
    response(b"<html>", status=504),
    response(status=408),
    response(b"<html>Welcome</html>", status=200),
    response(b"<html>Welcome</html>", status=202),
    response(b'{"half": ', status=200),
    response(status=501),
    response(status=505),
    response(status=103),
]


@pytest.mark.parametrize("outcome", UNKNOWN)
def test_run_unknown_outcome_finds_action(outcome: Fault) -> None:
    api = CallApi(Reaction(outcome))
    api.add(started=1000.0, user_agent=None)
    call = make_call(api)
    call.run()
    assert call.uuid == api.carried_out[0]
    assert call.results()["status"] == getattr(outcome, "status", None)
    assert call.was_accepted
    assert len(api.received) == 1


@pytest.mark.parametrize("outcome", UNKNOWN)
def test_run_unknown_outcome_without_action_fails(outcome: Fault) -> None:
    api = CallApi(Reaction(outcome, is_carried_out=False))
    api.add(started=1000.0, user_agent=f"{USER_AGENT} call/another")
    call = make_call(api)
    with pytest.raises(UnknownOutcomeError) as caught:
        call.run()
    message = str(caught.value)
    assert message.startswith(
        f"POST https://tutum.example.org{PATH} failed: It is not known whether the call was carried"
    )
    # 1000 s after EPOCH on the server's clock, less the margin.
    assert "It was sent after 2014-09-17T08:16:38Z (the server's clock)." in message
    assert "No action with the token t0k3n in its user_agent was found within 15 s." in message
    query = "tutum_action_info with start_date_gte: 2014-09-17T08:16:38Z shows the actions since then"
    assert f"{query}; look for the path {PATH}." in message
    assert caught.value.details() == {
        "error_type": "unknown_outcome",
        "status": getattr(outcome, "status", None),
        "url": f"https://tutum.example.org{PATH}",
    }
    assert not call.was_accepted
    assert len(api.received) == 1
    assert 1013.0 <= api.clock.now <= 1000.0 + SEARCH_SECONDS


def test_run_unknown_outcome_of_operation_names_action() -> None:
    api = CallApi(Reaction(lost(), is_carried_out=False))
    with pytest.raises(UnknownOutcomeError, match=f"tutum_action_info with uuid: {ACTION} shows the action"):
        make_call(api, path=CANCEL).run()
    assert len(api.received) == 1


@pytest.mark.parametrize("seconds", [0.2, 3.0, 13.9])
def test_search_finds_action_that_is_listed_later(seconds: float) -> None:
    api = CallApi(Reaction(lost(), fields={"listed_after": seconds}))
    call = make_call(api)
    call.run()
    assert call.uuid == api.carried_out[0]


@pytest.mark.parametrize("state", ["Success", "Failed", "Canceled"])
def test_search_finds_action_that_has_finished(state: str) -> None:
    api = CallApi(Reaction(lost()), timeline=[(0.0, state)])
    call = make_call(api)
    call.run()
    assert call.uuid == api.carried_out[0]


@pytest.mark.parametrize("newest_first", [False, True])
def test_search_reads_all_pages(newest_first: bool) -> None:
    api = CallApi(Reaction(lost()), newest_first=newest_first, max_limit=10)
    for _number in range(25):
        api.add(started=1000.0)
    call = make_call(api)
    call.run()
    assert call.uuid == api.carried_out[0]


def test_search_requests_only_actions_since_call() -> None:
    api = CallApi(Reaction(lost()))
    make_call(api).run()
    assert [query.get("start_date__gte") for query in api.queries[2:]] == ["2014-09-17T08:16:38Z"]
    assert api.queries[1] == {"limit": "1", "offset": "0"}


def test_search_recovers_from_date_of_proxy() -> None:
    """A proxy that responds for the server may have another clock."""
    page = response(b"<html>", status=200, Date="Thu, 17 Sep 2015 08:16:40 GMT")
    api = CallApi(Reaction(page))
    call = make_call(api)
    call.run()
    assert call.uuid == api.carried_out[0]


def test_search_survives_failing_lists() -> None:
    api = CallApi(Reaction(lost()))
    api.fault_for = lambda url: response(status=503) if "action/" in url and api.clock.now < 1009.0 else None
    call = make_call(api)
    call.run()
    assert call.uuid == api.carried_out[0]


def test_search_without_any_list_names_error_and_time_of_this_host() -> None:
    api = CallApi(Reaction(lost()))
    api.fault_for = lambda url: lost(was_sent=False) if "/action/" in url else None
    with pytest.raises(UnknownOutcomeError) as caught:
        make_call(api).run()
    message = str(caught.value)
    assert "It was sent at 2014-05-13T16:53:20Z (this host's clock)." in message
    assert "was found within 15 s (the list of actions failed: Connection failed: reset by peer. " in message
    assert "tutum_action_info with order: newest_first shows the actions since then" in message
    assert api.clock.now <= 1000.0 + SEARCH_SECONDS


def test_search_survives_list_without_response() -> None:
    api = CallApi(Reaction(lost()))

    def slow_once(url: str) -> None:
        api.latency = 60.0 if "/action/" in url and len(api.urls) == 2 else 0.0

    api.before = slow_once
    call = make_call(api)
    call.run()
    assert call.uuid == api.carried_out[0]


@pytest.mark.parametrize("latency", [2.0, 4.0])
def test_search_on_slow_server_finds_action(latency: float) -> None:
    api = CallApi(Reaction(lost()), latency=latency)
    call = make_call(api)
    call.run()
    assert call.uuid == api.carried_out[0]


def test_search_with_slow_list_ends_within_time() -> None:
    api = CallApi(Reaction(lost()))
    call = make_call(api)

    def slow(url: str) -> None:
        if "/action/" in url:
            api.latency = 20.0

    api.before = slow
    with pytest.raises(UnknownOutcomeError, match=r"the list of actions failed: No complete response within 9\.5 s"):
        call.run()
    assert api.clock.now <= 1000.0 + SEARCH_SECONDS + 0.01


@pytest.mark.parametrize("has_response", [False, True])
def test_two_calls_at_same_moment_are_told_apart(has_response: bool) -> None:
    """The second call is made before the first one looks for its action."""
    outcome: Fault = response(status=202) if has_response else lost()
    api = CallApi(Reaction(outcome), Reaction(outcome))
    first, second = (make_call(api, token=f"token-{number}") for number in range(2))

    def run_second(url: str) -> None:
        if "/action/" in url and len(api.carried_out) == 1:
            second.run()

    api.before = run_second
    first.run()
    assert [first.uuid, second.uuid] == api.carried_out
    assert first.uuid != second.uuid
