# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module wait_for_action, from its options to its result and the lines that it writes."""

from __future__ import annotations

import typing as t
from functools import partial

import pytest
from ansible.module_utils.basic import AnsibleModule

from ansible_collections.tutum.cloud.plugins.module_utils._client import Client
from ansible_collections.tutum.cloud.plugins.module_utils._errors import TransientError
from ansible_collections.tutum.cloud.plugins.module_utils._progress_channel import FILE_NAME
from ansible_collections.tutum.cloud.plugins.module_utils._waiting import Wait
from ansible_collections.tutum.cloud.plugins.modules import wait_for_action
from ansible_collections.tutum.cloud.plugins.modules.wait_for_action import main
from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY, API_URL, SERVICE, FakeApi, response, uuid_of
from ansible_collections.tutum.cloud.tests.unit.module_runs import LOGIN, ModuleRuns
from ansible_collections.tutum.cloud.tests.unit.wait_runs import RUNNING

if t.TYPE_CHECKING:
    from pathlib import Path

    Run = t.Callable[..., t.Dict[str, t.Any]]

RETURNED = {
    "actions",
    "states",
    "unfinished",
    "unsuccessful",
    "timed_out",
    "elapsed",
    "polls",
    "failed_polls",
    "changed",
}


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def run(module_runs: t.Callable[[FakeApi], ModuleRuns], monkeypatch: pytest.MonkeyPatch, api: FakeApi) -> Run:
    """Return a function that runs the module, by the API's clock."""
    sleep = api.clock.sleep
    monkeypatch.setattr(wait_for_action, "Client", partial(Client, clock=api.clock, sleep=sleep))
    monkeypatch.setattr(wait_for_action, "Wait", partial(Wait, sleep=sleep, random_source=lambda: 0.0))

    def run_module(run_main: t.Callable[[], None] = main, **options: t.Any) -> dict[str, t.Any]:
        return module_runs(api).run(run_main, {**LOGIN, **options})

    return run_module


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the warnings. Since core 2.19, whether they are in the result depends on what else runs in the process."""
    shown: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _self, warning: shown.append(warning))
    return shown


@pytest.mark.parametrize("check_mode", [False, True])
def test_main_success_changes_nothing(run: Run, api: FakeApi, warnings: list[str], check_mode: bool) -> None:
    uuid = api.add(RUNNING, (20.0, "Success"), started=api.clock())
    result = run(uuid=[uuid], _ansible_check_mode=check_mode)
    assert set(result) >= RETURNED
    assert (result["changed"], result["states"], result["unfinished"]) == (False, {"Success": 1}, [])
    assert not {"skipped", "status", "url", "error_type", "msg"} & set(result)
    assert warnings == []
    assert result["elapsed"] >= 20.0
    assert api.closed == 1


def test_main_failure_has_the_same_results(run: Run, api: FakeApi) -> None:
    uuid = api.add((0, "Failed"), logs="it broke")
    result = run(uuid=[uuid])
    assert set(result) >= {*RETURNED, "status", "url"}
    assert (result["failed"], result["unsuccessful"], result["status"], result["url"]) == (True, [uuid], None, None)
    assert "it broke" in result["msg"]
    assert "error_type" not in result


def test_main_timeout_has_the_same_results(run: Run, api: FakeApi) -> None:
    uuid = api.add(RUNNING)
    result = run(uuid=[uuid], timeout=5)
    assert set(result) >= {*RETURNED, "status", "url"}
    assert (result["failed"], result["timed_out"], result["unfinished"]) == (True, True, [uuid])


def test_main_timeout_after_an_error_returns_status_and_url(run: Run, api: FakeApi) -> None:
    uuid = api.add(RUNNING)
    api.fault_for = lambda _url: response(status=503) if api.clock() > 1001 else None
    result = run(uuid=[uuid], timeout=5)
    assert (result["status"], result["url"]) == (503, f"{API_URL}action/{uuid}/")


def test_main_no_log_message_has_no_logs(run: Run, api: FakeApi) -> None:
    """Ansible may show the message. It hides the result, which has the logs for a task that registers it."""
    uuid = api.add((0, "Failed"), logs="it broke")
    result = run(uuid=[uuid], _ansible_no_log=True)
    assert f"(action {uuid}): state Failed." in result["msg"]
    assert "it broke" not in result["msg"]
    assert result["actions"][0]["logs"] == "it broke"


def test_main_wrong_key_fails_immediately_with_details_and_results(run: Run, api: FakeApi) -> None:
    api.fault_for = lambda _url: response(status=401)
    result = run(uuid=[uuid_of(1)])
    assert set(result) >= RETURNED
    assert "authentication failed (credentials: username from the option username and api_key from" in result["msg"]
    assert (result["error_type"], result["status"], result["url"]) == ("http", 401, f"{API_URL}action/{uuid_of(1)}/")
    assert (result["polls"], result["elapsed"]) == (1, 0.0)


def test_main_refused_key_after_a_good_poll_returns_what_was_seen(run: Run, api: FakeApi) -> None:
    uuid = api.add(RUNNING)
    api.fault_for = lambda _url: response(status=403) if api.clock() > 1001 else None
    result = run(uuid=[uuid])
    assert (result["status"], [action["uuid"] for action in result["actions"]]) == (403, [uuid])
    assert result["timed_out"] is False


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"uuid": ["x"]}, "Invalid value for option uuid: 'x'."),
        ({"uuid": ""}, "Invalid value for option uuid: ''."),
        ({"uuid": [None]}, "uuid"),
        ({"object": "x"}, "Invalid value for option object: 'x'."),
        ({"object": f"/api/v1/action/{uuid_of(1)}/"}, "To name an action, use uuid."),
        ({"uuid": [], "timeout": "-1"}, "Invalid value for option timeout: -1.0."),
        ({"uuid": [], "interval": "inf"}, "Invalid value for option interval: inf."),
        ({"uuid": [], "delay": "nan"}, "Invalid value for option delay: nan."),
        ({"uuid": [], "min_actions": 1}, "Invalid value for option min_actions: 1."),
        ({"uuid": [], "hidden_fields": ["state"]}, "Invalid value for option hidden_fields: 'state'."),
        ({"uuid": [], "include_related": True}, "Invalid value for option include_related: True."),
        ({"uuid": [], "success_states": ["Pending"]}, "value of success_states must be one or more of"),
        ({"uuid": [], "missing": "ignore"}, "value of missing must be one of"),
        ({"uuid": [], "on_timeout": "kill"}, "value of on_timeout must be one of"),
        ({"uuid": [], "progress": "perhaps"}, "progress"),
    ],
)
def test_main_invalid_option_fails_before_anything_is_sent(
    run: Run, api: FakeApi, options: dict[str, t.Any], words: str
) -> None:
    result = run(**options)
    assert result["failed"] is True
    assert words in result["msg"]
    assert api.urls == []


@pytest.mark.parametrize("options", [{}, {"uuid": None}, {"object": None}, {"uuid": None, "object": None}])
def test_main_null_uuid_and_object_fail_with_the_name_of_the_option(
    run: Run, api: FakeApi, options: dict[str, t.Any]
) -> None:
    result = run(**options)
    assert result["msg"].startswith("Invalid value for option uuid: None. Neither uuid nor object has a value")
    assert (result["error_type"], api.urls) == ("option", [])


def test_main_empty_uuid_list_succeeds_with_a_warning(run: Run, api: FakeApi, warnings: list[str]) -> None:
    result = run(uuid=[])
    assert (result["actions"], result["polls"], result["changed"]) == ([], 0, False)
    assert warnings == ["Nothing to wait for: uuid is an empty list."]
    assert api.urls == []


def test_main_unknown_hidden_field_causes_a_warning_and_an_undocumented_one_does_not(
    run: Run, api: FakeApi, warnings: list[str]
) -> None:
    run(uuid=[api.add(x_extra=1)], hidden_fields=["x_extra", "log"])
    assert warnings == ["hidden_fields: no action has a field log. Check the name."]


def test_main_interval_alone_above_the_default_of_max_interval_is_accepted(run: Run, api: FakeApi) -> None:
    result = run(uuid=[api.add(RUNNING, (20.0, "Success"), started=api.clock())], interval=30)
    assert result["elapsed"] == 30.0


@pytest.mark.parametrize("check_mode", [False, True])
def test_main_on_timeout_cancel_is_a_change_unless_in_check_mode(run: Run, api: FakeApi, check_mode: bool) -> None:
    uuid = api.add(RUNNING)
    result = run(object=SERVICE, timeout=2, on_timeout="cancel", _ansible_check_mode=check_mode)
    assert (result["failed"], result["changed"]) == (True, not check_mode)
    assert (result["canceled"], result["not_canceled"]) == (([], [uuid]) if check_mode else ([uuid], []))
    assert len(api.calls) == (0 if check_mode else 1)


def test_main_interrupt_ends_without_a_traceback(run: Run, api: FakeApi) -> None:
    api.before = _interrupt
    ends: list[SystemExit] = []

    def main_until_its_end() -> None:
        try:
            main()
        except SystemExit as end:
            ends.append(end)
            print("{}")  # noqa: T201 - in place of the missing result
            raise SystemExit(0) from None

    run(main_until_its_end, uuid=[uuid_of(1)])
    assert [end.code for end in ends] == [130]
    assert ends[0].__suppress_context__
    assert api.closed == 1


def _interrupt(_url: str) -> t.NoReturn:
    raise KeyboardInterrupt


def test_main_secret_is_in_no_result(run: Run, api: FakeApi) -> None:
    """ModuleRuns looks for the key in each result."""
    api.add((0, "Failed"), logs=f"with {API_KEY}", action=API_KEY)
    result = run(uuid=[uuid_of(1)])
    assert "with ***" in result["msg"]


# Progress.


def test_main_writes_progress_into_the_tasks_temporary_directory(run: Run, api: FakeApi, tmp_path: Path) -> None:
    uuid = api.add(RUNNING, (3.0, "Success"), started=api.clock(), logs="pulling é\n")
    run(uuid=[uuid], follow_logs=True, _ansible_tmpdir=str(tmp_path))
    assert (tmp_path / FILE_NAME).read_text(encoding="utf-8").splitlines() == [
        "Lservice/2c2b2aef | pulling é",
        "S0/1 done, 1 running (300 s left): Service Start service/2c2b2aef 0 s",
        "S1/1 done after 3 s",
    ]


@pytest.mark.parametrize("options", [{"progress": False}, {"_ansible_no_log": True}, {"_ansible_tmpdir": None}])
def test_main_without_progress_writes_nothing(
    run: Run, api: FakeApi, tmp_path: Path, options: dict[str, t.Any]
) -> None:
    run(**{"uuid": [api.add(RUNNING)], "timeout": 3, "_ansible_tmpdir": str(tmp_path), **options})
    assert not (tmp_path / FILE_NAME).exists()


def test_main_with_a_directory_that_cannot_be_written_waits_all_the_same(
    run: Run, api: FakeApi, tmp_path: Path
) -> None:
    result = run(uuid=[api.add()], _ansible_tmpdir=str(tmp_path / "missing"))
    assert result["states"] == {"Success": 1}


def test_main_progress_is_left_where_a_request_fails(run: Run, api: FakeApi, tmp_path: Path) -> None:
    api.faults = [TransientError(API_URL, "Connection failed: Connection refused")] * 6
    run(uuid=[api.add()], _ansible_tmpdir=str(tmp_path))
    lines = (tmp_path / FILE_NAME).read_text(encoding="utf-8").splitlines()
    assert "no response for" in lines[0]
