# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module tutum_call, from its options to its result and the lines that it writes."""

from __future__ import annotations

import typing as t
from functools import partial

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._calls import Call
from ansible_collections.tutum.cloud.plugins.module_utils._client import Client
from ansible_collections.tutum.cloud.plugins.module_utils._progress_channel import ProgressReader
from ansible_collections.tutum.cloud.plugins.module_utils._waiting import Wait
from ansible_collections.tutum.cloud.plugins.modules import tutum_call
from ansible_collections.tutum.cloud.plugins.modules.tutum_call import main
from ansible_collections.tutum.cloud.tests.unit.call_api import PATH, SUCCESS, CallApi, Reaction, lost
from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY, API_URL, FakeApi, response
from ansible_collections.tutum.cloud.tests.unit.module_runs import LOGIN, ModuleRuns

if t.TYPE_CHECKING:
    from pathlib import Path

    Run = t.Callable[..., t.Dict[str, t.Any]]

FAILED = ((0.0, "In progress"), (2.0, "Failed"))
ENDLESS = ((0.0, "In progress"),)
RETURNED = {
    *("status", "response", "uuid", "changed"),
    *("actions", "states", "unfinished", "unsuccessful", "timed_out", "elapsed", "polls", "failed_polls"),
}


@pytest.fixture
def run(module_runs: t.Callable[[FakeApi], ModuleRuns], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the module against an API, by the API's clock."""

    def run_module(api: CallApi, **options: t.Any) -> dict[str, t.Any]:
        sleep = api.clock.sleep
        monkeypatch.setattr(tutum_call, "Client", partial(Client, clock=api.clock, sleep=sleep))
        monkeypatch.setattr(tutum_call, "Call", partial(Call, sleep=sleep))
        monkeypatch.setattr(tutum_call, "Wait", partial(Wait, sleep=sleep, random_source=lambda: 0.0))
        return module_runs(api).run(main, {**LOGIN, "path": PATH, **options})

    return run_module


def test_main_action_succeeds_returns_call_and_wait(run: Run) -> None:
    api = CallApi()
    result = run(api)
    assert set(result) >= RETURNED
    (uuid,) = api.carried_out
    assert (result["status"], result["response"], result["uuid"]) == (202, {"name": "web"}, uuid)
    assert (result["states"], result["changed"], result["unfinished"]) == ({"Success": 1}, True, [])
    assert [action["uuid"] for action in result["actions"]] == [uuid]
    assert result["elapsed"] >= 2.0
    assert "error_type" not in result


def test_main_action_fails_returns_call_and_wait(run: Run) -> None:
    api = CallApi(Reaction(response({"name": "web"}, status=202), fields={"logs": "no such tag"}), timeline=FAILED)
    result = run(api)
    assert result["failed"] is True
    assert set(result) >= RETURNED
    (uuid,) = api.carried_out
    assert (result["status"], result["response"], result["uuid"]) == (202, {"name": "web"}, uuid)
    assert (result["unsuccessful"], result["changed"], result["url"]) == ([uuid], True, None)
    assert "1 of 1 actions did not finish with state Success" in result["msg"]
    assert "no such tag" in result["msg"]


def test_main_wait_false_returns_uuid_immediately(run: Run) -> None:
    api = CallApi(timeline=FAILED)
    result = run(api, wait=False)
    assert (result["uuid"], result["changed"], result["polls"]) == (api.carried_out[0], True, 0)
    assert (result["actions"], result["states"]) == ([], {})
    assert api.clock.sleeps == []
    assert "warnings" not in result


@pytest.mark.parametrize("status", [200, 201, 204])
def test_main_call_without_action_succeeds(run: Run, status: int) -> None:
    api = CallApi(Reaction(response(status=status), is_carried_out=False))
    result = run(api)
    assert (result["status"], result["uuid"], result["changed"], result["polls"]) == (status, None, True, 0)
    assert "warnings" not in result


def test_main_check_mode_sends_nothing_and_is_changed(run: Run) -> None:
    api = CallApi()
    result = run(api, _ansible_check_mode=True)
    assert api.urls == []
    assert set(result) >= RETURNED
    assert (result["changed"], result["status"], result["response"], result["uuid"]) == (True, None, None, None)


def test_main_check_mode_refuses_invalid_path(run: Run) -> None:
    assert run(CallApi(), path="//evil.example/", _ansible_check_mode=True)["error_type"] == "option"


def test_main_lost_response_continues_with_action(run: Run) -> None:
    api = CallApi(Reaction(lost()))
    result = run(api)
    assert (result["status"], result["response"], result["uuid"]) == (None, None, api.carried_out[0])
    assert result["states"] == {"Success": 1}
    assert len(api.received) == 1


def test_main_lost_response_of_failing_action_fails(run: Run) -> None:
    api = CallApi(Reaction(response(status=502)), timeline=FAILED)
    result = run(api)
    assert result["failed"] is True
    assert (result["status"], result["uuid"], result["changed"]) == (502, api.carried_out[0], True)
    assert result["states"] == {"Failed": 1}


def test_main_unknown_outcome_fails_with_all_return_values(run: Run) -> None:
    api = CallApi(Reaction(response(status=500), is_carried_out=False))
    result = run(api)
    assert result["failed"] is True
    assert set(result) >= RETURNED
    assert (result["error_type"], result["status"], result["uuid"]) == ("unknown_outcome", 500, None)
    assert (result["changed"], result["actions"], result["url"]) == (False, [], f"https://tutum.example.org{PATH}")
    assert PATH in result["msg"]
    assert len(api.received) == 1


def test_main_accepted_call_without_action_fails_and_is_changed(run: Run) -> None:
    result = run(CallApi(Reaction(response([], status=202), is_carried_out=False)))
    assert (result["error_type"], result["changed"], result["response"]) == ("unknown_outcome", True, [])


@pytest.mark.parametrize(("status", "error_type"), [(302, "http"), (401, "http"), (404, "not_found"), (409, "http")])
def test_main_refused_call_fails_unchanged(run: Run, status: int, error_type: str) -> None:
    result = run(CallApi(Reaction(response({"error": "No."}, status=status), is_carried_out=False)))
    assert result["failed"] is True
    assert set(result) >= RETURNED
    assert (result["error_type"], result["status"], result["changed"]) == (error_type, status, False)


def test_main_wait_that_fails_returns_call(run: Run) -> None:
    """The key is revoked after the call: the wait fails, and the result shows which action is still running."""
    api = CallApi(timeline=ENDLESS)
    api.fault_for = lambda url: response(status=401) if "/action/" in url else None
    result = run(api)
    assert (result["error_type"], result["uuid"], result["changed"]) == ("http", api.carried_out[0], True)
    assert (result["status"], result["response"]) == (401, {"name": "web"})
    assert result["unfinished"] == api.carried_out


def test_main_timeout_returns_status_of_call(run: Run) -> None:
    result = run(CallApi(timeline=ENDLESS), timeout=5)
    assert (result["timed_out"], result["status"], result["url"]) == (True, 202, None)
    assert "Timed out after 5 s." in result["msg"]


def test_main_timeout_with_failing_poll_returns_its_status(run: Run) -> None:
    api = CallApi(timeline=ENDLESS)
    api.fault_for = lambda url: response(status=503) if "/action/" in url and api.clock.now > 1003.0 else None
    result = run(api, timeout=5, max_retries=0)
    assert (result["timed_out"], result["status"]) == (True, 503)
    assert result["url"] == f"{API_URL}action/{api.carried_out[0]}/"


def test_main_on_timeout_cancel_cancels_action(run: Run) -> None:
    api = CallApi(timeline=ENDLESS)
    result = run(api, timeout=5, on_timeout="cancel")
    (uuid,) = api.carried_out
    assert (result["canceled"], result["not_canceled"]) == ([uuid], [])
    assert api.calls == [("POST", PATH), ("POST", f"/api/v1/action/{uuid}/cancel/")]


def finish_later(api: CallApi, state: str) -> None:
    """Let the first action reach a final state 4 seconds after the module begins."""

    def extend(_url: str) -> None:
        api.actions[0].timeline = [*api.actions[0].timeline, (1004.0, state)]

    api.before = extend


@pytest.mark.parametrize("success_states", [["Success"], ["Success", "Canceled"]])
def test_main_cancel_waits_and_counts_canceled_as_success(run: Run, success_states: list[str]) -> None:
    api = CallApi()
    uuid = api.add((0.0, "In progress"))
    finish_later(api, "Canceled")
    result = run(api, path=f"/api/v1/action/{uuid}/cancel/", success_states=success_states)
    assert (result["uuid"], result["states"]) == (uuid, {"Canceled": 1})
    assert result["response"]["state"] == "Canceling"
    assert "failed" not in result


def test_main_operation_on_action_hides_fields_in_response(run: Run) -> None:
    api = CallApi()
    path = f"/api/v1/action/{api.add(*SUCCESS, body='private', logs='private')}/retry/"
    result = run(api, path=path, hidden_fields=["body", "logs"])
    assert result["response"]["state"] == "Success"
    assert "private" not in str(result)


def test_main_cancel_that_fails_names_each_state_once(run: Run) -> None:
    api = CallApi()
    path = f"/api/v1/action/{api.add((0.0, 'In progress'))}/cancel/"
    finish_later(api, "Failed")
    result = run(api, path=path, success_states=["Canceled", "Success"])
    assert "did not finish with state Success or Canceled:" in result["msg"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"path": None}, "path"),
        ({"path": ""}, "Invalid value for option path: ''. It has no value"),
        ({"path": "//evil.example/"}, "option path"),
        ({"path": "https://evil.example/api/v1/"}, "The URL's host differs from api_url"),
        ({"path": "/api/v1/%2e%2e/"}, "contains . or .. as a part"),
        ({"path": "/api/v1/\x01/"}, "character that is not allowed"),
        ({"path": {"a": 1}}, "option path"),
        ({"method": "GET"}, "value of method must be one of: POST, PATCH, PUT, DELETE"),
        ({"body": [1]}, "body"),
        ({"body": "text"}, "body"),
        ({"user_agent": "a\nb"}, "option user_agent"),
        ({"timeout": -1}, "option timeout: -1.0"),
        ({"interval": "nan"}, "option interval: nan"),
        ({"success_states": []}, "option success_states"),
        ({"success_states": ["Pending"]}, "value of success_states"),
        ({"hidden_fields": ["state"]}, "option hidden_fields"),
        ({"wait": "perhaps"}, "wait"),
        ({"uuid": []}, "Unsupported parameters"),
        ({"api_key": ""}, "api_key"),
    ],
)
def test_main_invalid_option_fails_before_anything_is_sent(run: Run, options: dict[str, t.Any], words: str) -> None:
    api = CallApi()
    result = run(api, **options)
    assert result["failed"] is True
    assert words in result["msg"]
    assert api.urls == []
    assert "uuid" not in result


def test_main_without_path_fails(module_runs: t.Callable[[FakeApi], ModuleRuns]) -> None:
    assert "missing required arguments: path" in module_runs(CallApi()).run(main, LOGIN)["msg"]


def test_main_hides_key_everywhere(run: Run) -> None:
    """The fixture checks this for the whole result."""
    api = CallApi(
        Reaction(response({"logs": f"key {API_KEY}", API_KEY: 1}, status=202), fields={"logs": f"{API_KEY} is wrong"}),
        timeline=FAILED,
    )
    result = run(api)
    assert result["response"] == {"logs": "key ***", "***": 1}
    assert "*** is wrong" in result["msg"]


def test_main_hides_credential_in_query(run: Run) -> None:
    result = run(CallApi(), path=f"{PATH}?seconds=1&access_token=0th3r-s3cr3t")
    assert "0th3r-s3cr3t" not in str({name: value for name, value in result.items() if name[0] != "_"})
    if "invocation" in result:  # before core 2.20
        assert result["invocation"]["module_args"]["path"].startswith(f"{PATH}?seconds=1&")


# Lines of progress


def lines(api: CallApi, run: Run, directory: Path, **options: t.Any) -> list[str]:
    """Return the lines about the call."""
    run(api, _ansible_tmpdir=str(directory), **options)
    logs, _status = ProgressReader(str(directory)).read()
    return logs


def test_main_shows_action_before_wait(run: Run, tmp_path: Path) -> None:
    api = CallApi()
    seen: list[list[str]] = []
    api.before = lambda _url: seen.append(ProgressReader(str(tmp_path)).read()[0])
    expected = f"POST {PATH} started action "
    assert [line.rpartition(" ")[0] + " " for line in lines(api, run, tmp_path, path=f"{PATH}?logs=x")] == [expected]
    assert seen[0] == []
    assert seen[1] == [expected + api.carried_out[0]]


def test_main_shows_operation_on_action(run: Run, tmp_path: Path) -> None:
    api = CallApi()
    path = f"/api/v1/action/{api.add(*SUCCESS)}/retry/"
    assert lines(api, run, tmp_path, path=path) == [f"POST {path} was accepted"]


@pytest.mark.parametrize("options", [{"progress": False}, {"_ansible_no_log": True}, {"_ansible_check_mode": True}])
def test_main_shows_nothing(run: Run, tmp_path: Path, options: dict[str, t.Any]) -> None:
    assert lines(CallApi(), run, tmp_path, **options) == []
    assert list(tmp_path.iterdir()) == []


def test_main_call_without_action_shows_nothing(run: Run, tmp_path: Path) -> None:
    api = CallApi(Reaction(response(status=200), is_carried_out=False))
    assert lines(api, run, tmp_path) == []


def test_main_interrupted_exits_without_traceback(run: Run) -> None:
    def interrupt(_url: str) -> t.NoReturn:
        raise KeyboardInterrupt

    api = CallApi()
    api.before = interrupt
    # It prints no result, which the run would parse.
    with pytest.raises(ValueError, match="Expecting value"):
        run(api)
