# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs of ansible-runner, which AWX runs jobs with: progress, results, secrets, and the ends of a job.

Most tests read the events of one job with several hosts. It gets its credentials as AWX passes those of a custom
credential type.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import pytest
import yaml

from tests.support.ansible_commands import wait_until
from tests.support.runner_jobs import Job
from tests.support.secret_search import check_hidden, search

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutum_sandbox.process import Sandbox

    from tests.functional.runner.conftest import MakeAnsible

CHECKOUT = Path(__file__).resolve().parents[3]

CALL, WAIT, LOOKUP = "tutum.cloud.tutum_call", "tutum.cloud.wait_for_action", "tutum.cloud.tutum_action"
WAIT_RESULTS = {"actions", "states", "unfinished", "unsuccessful", "timed_out", "elapsed", "polls", "failed_polls"}

IDLE_TIMEOUT_SECONDS = 45
"""Longer than the interval of the heartbeat of a wait without changes (30 s and the pause between two polls)."""

SOON = 15.0
"""Seconds until everything has ended after the end of a job. It takes two or three; the rest is for a busy machine."""

QUIET_SECONDS = 3.0
"""Three times the interval of the polls of an endless wait."""


def path_of(number: int, parameters: str) -> str:
    """Return the path of a call, with the outcome of its action."""
    return f"/api/v1/service/00000000-0000-4000-8000-{number:012}/redeploy/?{parameters}"


def credential_environment(sandbox: Sandbox) -> dict[str, str]:
    """Return what AWX writes into `env/envvars` for a credential of the type in the examples."""
    definition = yaml.safe_load((CHECKOUT / "examples" / "awx_credential_type.yml").read_text(encoding="utf-8"))
    filled = {"username": sandbox.username, "api_key": sandbox.api_key, "rest_host": sandbox.url}
    return {name: jinja2.Template(value).render(filled) for name, value in definition["injectors"]["env"].items()}


@pytest.fixture(scope="module", autouse=True)
def unchanged_wait(running_sandbox: Sandbox, make_ansible: MakeAnsible) -> Iterator[Job]:
    """Start a job that waits for an action that does not change. It runs while other tests do."""
    uuid = running_sandbox.create_action([[0, "In progress"], [9999, "Success"]])
    wait: dict[str, Any] = {"uuid": uuid, "timeout": IDLE_TIMEOUT_SECONDS + 7}
    job = Job(
        make_ansible(),
        [{"hosts": "localhost", "tasks": [{"name": "wait", WAIT: wait, "failed_when": False}]}],
        environment=running_sandbox.environment(),
        settings={"idle_timeout": IDLE_TIMEOUT_SECONDS},
    )
    yield job
    job.end()


@dataclass
class Deployment:
    """A job that has ended."""

    job: Job
    status: str
    processes: dict[int, str]
    """The command lines while it waited."""


@pytest.fixture(scope="module", autouse=True)
def key_in_variables(running_sandbox: Sandbox, make_ansible: MakeAnsible) -> Iterator[tuple[Job, dict[int, str]]]:
    """Start a job with the key in its variables, and with all output that AWX can show.

    Yield it with the command lines while it waits.
    """
    sandbox = running_sandbox
    options = {"api_url": "{{ tutum_url }}", "username": "{{ tutum_user }}", "api_key": "{{ tutum_key }}"}
    variables = {"tutum_url": sandbox.url, "tutum_user": sandbox.username, "tutum_key": sandbox.api_key}
    lookup = f"lookup('{LOOKUP}', call.uuid, api_url=tutum_url, username=tutum_user, api_key=tutum_key)"
    wrong = {**options, "api_key": "{{ tutum_key }}-", "uuid": "{{ call.uuid }}"}
    failing = {"path": path_of(9, "seconds=7&state=Failed"), "wait": False}
    tasks: list[dict[str, Any]] = [
        {"name": "call", CALL: {**options, **failing}, "register": "call"},
        {"name": "wait", WAIT: {**options, "uuid": "{{ call.uuid }}"}, "ignore_errors": True},
        {"name": "lookup", "ansible.builtin.debug": {"msg": f"{{{{ {lookup}.state }}}}"}},
        {"name": "wrong", WAIT: wrong, "ignore_errors": True},
    ]
    job = Job(make_ansible(), [{"hosts": "localhost", "tasks": tasks}], variables=variables, verbosity=4)
    job.wait_for_progress("0/1 done, 1 running", task="wait")
    yield job, job.ansible.processes()
    job.end()


@pytest.fixture(scope="module")
def deployment(
    running_sandbox: Sandbox,
    make_ansible: MakeAnsible,
) -> Iterator[Deployment]:
    """Run calls, waits and lookups on several hosts."""
    sandbox, ansible = running_sandbox, make_ansible()
    ends = {
        "slow": "seconds=11",
        "fast": "seconds=8",
        "failing": "seconds=8&state=Failed&logs=no+such+tag",
        "refused": "seconds=8",
    }
    refused = sandbox.create_action([[0, "In progress"], [9999, "Success"]])
    sandbox.add_fault(kind="status", status=403, match=refused)
    finished = sandbox.create_action([[0, "Success"]])
    tasks: list[dict[str, Any]] = [
        {"name": "call", CALL: {"path": "{{ short }}", "user_agent": "awx-{{ awx_job_id }}"}},
        {"name": "start", CALL: {"path": "{{ long }}", "wait": False}, "register": "start"},
        {"name": "wait", WAIT: {"uuid": "{{ uuid | default(start.uuid) }}"}, "register": "waited"},
        {"name": "lookup", "ansible.builtin.debug": {"msg": f"{{{{ lookup('{LOOKUP}', start.uuid).state }}}}"}},
        {"name": "cache", "ansible.builtin.set_fact": {"waited": "{{ waited }}", "cacheable": True}},
        {"name": "background", WAIT: {"uuid": finished}, "async": 60, "poll": 1},
        {"name": "check", CALL: {"path": "{{ short }}"}, "check_mode": True},
    ]
    hosts = {
        host: ansible.host("local", short=path_of(number, "seconds=3"), long=path_of(number + 100, end))
        for number, (host, end) in enumerate(ends.items())
    }
    hosts["refused"]["uuid"] = refused
    job = Job(
        ansible,
        [{"hosts": "all", "tasks": tasks}],
        hosts=hosts,
        variables={"awx_job_id": 4711},
        environment=credential_environment(sandbox),
        worker=True,
        forks=len(hosts),
    )
    job.wait_for_progress("[slow] 0/1 done, 1 running", task="wait")
    processes = ansible.processes()
    yield Deployment(job, job.wait(), processes)
    job.end()


def test_progress_arrives_while_the_action_runs(deployment: Deployment) -> None:
    job = deployment.job
    for host, task in (("slow", "call"), ("slow", "wait"), ("fast", "wait"), ("failing", "wait")):
        lines = job.progress(f"[{host}] ", task=task)
        texts = [event["stdout"] for event in lines]
        running = [event for event in lines if "0/1 done, 1 running" in event["stdout"]]
        assert running, texts
        end = job.outcome(task, host)
        assert running[0]["counter"] < end["counter"]
        # The action ran for at least another second, or several.
        assert end["arrived"] - running[0]["arrived"] > 1
        assert "1/1 done" in texts[-1]
    (started,) = job.progress("[slow] POST ", task="call")
    assert started["stdout"].endswith(f"started action {job.result('call', 'slow')['uuid']}")


def test_progress_of_hosts_in_parallel_with_forks(deployment: Deployment) -> None:
    """The hosts wait at the same time, and each line begins with its host."""
    job = deployment.job
    first_end = min(job.outcome("wait", host)["counter"] for host in ("slow", "fast", "failing"))
    early = [event["stdout"] for event in job.events("verbose", task="wait") if event["counter"] < first_end]
    assert {re.sub(r"^\[(\w+)\].*", r"\1", line) for line in early} >= {"slow", "fast", "failing"}


def test_failed_wait_of_one_host_leaves_the_others(deployment: Deployment) -> None:
    job = deployment.job
    assert deployment.status == "failed"
    (stats,) = job.events("playbook_on_stats")
    assert stats["event_data"]["failures"] == {"failing": 1, "refused": 1}
    assert set(stats["event_data"]["ok"]) == {"slow", "fast", "failing", "refused"}
    for host in ("slow", "fast"):
        assert job.outcome("lookup", host)["event_data"]["res"]["msg"] == "Success"
    for host in ("failing", "refused"):
        assert not job.events("runner_on_start", task="lookup", host=host)


def test_failed_wait_has_structured_results_in_its_event(deployment: Deployment) -> None:
    event = deployment.job.outcome("wait", "failing")
    assert event["event"] == "runner_on_failed"
    result = event["event_data"]["res"]
    assert result.keys() >= {*WAIT_RESULTS, "status", "url"}
    assert (result["status"], result["url"], result["states"]) == (None, None, {"Failed": 1})
    assert result["unsuccessful"] == [deployment.job.result("start", "failing")["uuid"]]
    assert result["actions"][0]["logs"] == "no such tag"
    assert "did not finish with state Success" in event["stdout"]


def test_refused_wait_has_status_and_url_in_its_event(deployment: Deployment) -> None:
    event = deployment.job.outcome("wait", "refused")
    result = event["event_data"]["res"]
    assert event["event"] == "runner_on_failed"
    assert result.keys() >= WAIT_RESULTS
    assert result["status"] == 403
    assert result["url"].endswith(f"/api/v1/action/{result['unfinished'][0]}/")


def test_call_has_results_in_its_event(deployment: Deployment, running_sandbox: Sandbox) -> None:
    """Each call was made once: the task in check mode sends nothing. AWX's job id is in the User-Agent."""
    event = deployment.job.outcome("call", "slow")
    result = event["event_data"]["res"]
    assert (event["event"], result["changed"], result["status"]) == ("runner_on_ok", True, 202)
    assert result["actions"][0]["state"] == "Success"
    assert result["actions"][0]["user_agent"].startswith("awx-4711 ")
    assert deployment.job.result("check", "slow")["changed"]
    assert [call["count"] for call in running_sandbox.calls(path_of(0, "").rstrip("?"))] == [1]


def test_async_wait_has_results_in_its_event(deployment: Deployment) -> None:
    result = deployment.job.result("background", "slow")
    assert result["states"] == {"Success": 1}
    assert not deployment.job.progress(task="background")


def check_places(job: Job, key: str) -> None:
    """Check that no event and no file of a job has the key, except for ansible-runner's own copy of the environment."""
    places = job.places()
    assert any("job_events" in place for place in places)
    assert any(place.endswith("artifacts/job/stdout") for place in places)
    (command,) = [place for place in places if Path(place).name == "command"]
    copy = json.loads(places[command])
    copy["env"].pop("TUTUM_APIKEY", None)
    check_hidden(key, {**places, command: json.dumps(copy)})


def test_key_of_credential_is_in_no_event_or_file(deployment: Deployment, running_sandbox: Sandbox) -> None:
    places = deployment.job.places()
    (cached,) = [text for place, text in places.items() if "/fact_cache/" in place and place.endswith("slow")]
    assert deployment.job.result("start", "slow")["uuid"] in cached
    check_places(deployment.job, running_sandbox.api_key)


def test_key_of_credential_is_in_no_command_line(deployment: Deployment, running_sandbox: Sandbox) -> None:
    assert sum("AnsiballZ_wait_for_action" in line for line in deployment.processes.values()) >= 3
    check_hidden(running_sandbox.api_key, {str(pid): line for pid, line in deployment.processes.items()})


def test_key_in_variables_is_in_no_event_file_or_command_line(
    key_in_variables: tuple[Job, dict[int, str]], running_sandbox: Sandbox
) -> None:
    job, processes = key_in_variables
    assert job.wait() == "successful"
    assert job.result("lookup")["msg"] == "Failed"
    assert job.result("wrong")["status"] == 401
    check_places(job, running_sandbox.api_key)
    check_hidden(running_sandbox.api_key, {str(pid): line for pid, line in processes.items()})


ENDS = {
    "canceled": {},
    "worker_canceled": {},
    "job_timeout": {"job_timeout": 15},
    "idle_timeout": {"idle_timeout": 15},
}


@pytest.fixture(scope="module")
def ended_jobs(running_sandbox: Sandbox, make_ansible: MakeAnsible) -> Iterator[dict[str, tuple[Job, list[str]]]]:
    """Start endless waits, each in a job that ends before them, and yield the jobs with the UUIDs of the actions."""
    started = {}
    for name, settings in ENDS.items():
        ansible = make_ansible()
        hosts = {
            "local": ansible.host("local"),
            "pipelining": ansible.host("local", ansible_pipelining=True),
            "ssh": ansible.host("ssh"),
        }
        uuids = running_sandbox.create_actions(
            {"phases": [[0, "In progress"], [9999, "Success"]], "object": f"/api/v1/service/{name}-{host}/"}
            for host in hosts
        )
        for host, uuid in zip(hosts.values(), uuids, strict=True):
            host["uuid"] = uuid
        # Progress is output, so an idle timeout ends a job only without it.
        wait = {"uuid": "{{ uuid }}", "max_interval": 1, "progress": name != "idle_timeout"}
        tasks: list[dict[str, Any]] = [
            {"name": "wait", WAIT: wait},
            {"name": "next", "ansible.builtin.debug": {"msg": "the play continues"}},
        ]
        job = Job(
            ansible,
            [{"hosts": "all", "tasks": tasks}],
            hosts=hosts,
            environment=running_sandbox.environment(),
            settings=settings,
            worker=name == "worker_canceled",
        )
        started[name] = job, uuids
    yield started
    for job, _uuids in started.values():
        job.end()


@pytest.mark.parametrize("name", ENDS)
def test_end_of_job_ends_its_waits(
    ended_jobs: dict[str, tuple[Job, list[str]]], running_sandbox: Sandbox, name: str
) -> None:
    """No process is left, and no further request is sent: local, with pipelining, and over SSH."""
    job, uuids = ended_jobs[name]

    def counts() -> list[int]:
        return [len(running_sandbox.requests(uuid)) for uuid in uuids]

    wait_until(lambda: job.process.poll() is not None or all(counts()))
    assert all(counts()), job.text
    if "canceled" in name:
        job.cancel()
    assert job.wait() == ("canceled" if "canceled" in name else "timeout")
    wait_until(lambda: not job.ansible.processes(), SOON)
    before = counts()
    time.sleep(QUIET_SECONDS)
    assert counts() == before
    assert "the play continues" not in job.text
    assert "Traceback" not in job.text


def test_idle_timeout_is_not_reached_by_a_wait_with_progress(unchanged_wait: Job) -> None:
    """A wait without any change writes a line at least every 45 seconds."""
    assert unchanged_wait.wait() == "successful", unchanged_wait.text
    assert unchanged_wait.result("wait")["timed_out"]
    lines = unchanged_wait.progress("0/1 done, 1 running")
    assert len(lines) >= 2
    assert 29 < lines[1]["arrived"] - lines[0]["arrived"] < 45


def test_search_finds_the_key_in_the_environment_of_the_command(
    deployment: Deployment, running_sandbox: Sandbox
) -> None:
    """ansible-runner itself writes the environment of the job to its file `command`. No collection can prevent this."""
    found = search(running_sandbox.api_key, deployment.job.places())
    assert [Path(place).name for place in found] == ["command"]
