# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source in this process, run as ansible-rulebook runs it, against the sandbox and its faults."""

from __future__ import annotations

import asyncio
import logging
import runpy
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest
import yaml

from ansible_collections.tutum.cloud.plugins.module_utils._argspec import CHANGES, CONNECTION
from tests.support.secret_search import check_hidden

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from tutum_sandbox.process import Sandbox

SOURCE = Path(__file__).resolve().parents[3] / "extensions/eda/plugins/event_source/actions.py"
SERVICE = "/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/"
LONGEST_SECONDS = 60.0
MODULE = runpy.run_path(str(SOURCE))


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Set an empty home."""
    monkeypatch.setenv("HOME", str(tmp_path))


class Source:
    """A running source, and the events that it has put on its queue."""

    def __init__(self, sandbox: Sandbox, **options: Any) -> None:
        self.sandbox = sandbox
        connection = {"api_url": sandbox.url, "username": sandbox.username, "api_key": sandbox.api_key}
        self.options = {**connection, "interval": 0.2, "max_retries": 0, **options}
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.events: list[tuple[str, str]] = []

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(MODULE["main"](self.queue, self.options))
        await self.polls(2)
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task

    async def wait_until(self, condition: Callable[[], object]) -> None:
        """Wait until a condition is true, as long as the source runs."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while not condition():
            if self.task.done():
                self.task.result()
            assert time.monotonic() < deadline, f"it did not happen; events: {self.events}"
            await asyncio.sleep(0.05)
            while not self.queue.empty():
                action = self.queue.get_nowait()["action"]
                self.events.append((action["uuid"], action["state"]))

    async def polls(self, count: int) -> None:
        """Wait until there were so many more requests that got a response."""
        self.sandbox.clear_requests()
        await self.wait_until(lambda: len([one for one in self.sandbox.requests() if one["status"] == 200]) >= count)

    async def has(self, *events: tuple[str, str]) -> None:
        """Wait for these events, and check that some more polls find no others."""
        await self.wait_until(lambda: len(self.events) >= len(events))
        await self.polls(3)
        assert sorted(self.events) == sorted(events)


def failing(sandbox: Sandbox, seconds: float = 0.5) -> str:
    """Create an action that fails after some seconds."""
    return sandbox.create_action([[0, "In progress"], [seconds, "Failed"]], object=SERVICE)


@pytest.mark.parametrize("order", ["oldest_first", "newest_first"])
def test_source_reports_each_change_once_through_a_restart(sandbox: Sandbox, order: str) -> None:
    async def run() -> None:
        async with Source(sandbox, state=["In progress", "Failed"]) as source:
            first = failing(sandbox)
            await source.wait_until(lambda: len(source.events) == 2)
            second = failing(sandbox, 0.0)
            sandbox.stop()
            await asyncio.sleep(1)
            sandbox.start()
            third = failing(sandbox, 0.0)
            await source.has((first, "In progress"), *((one, "Failed") for one in (first, second, third)))

    sandbox.set(order=order)
    asyncio.run(run())


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "body", "body": "<html>Maintenance</html>", "content_type": "text/html"},
        {"kind": "status", "status": 401},
        {"kind": "reset"},
        {"kind": "close_mid_body"},
        {"kind": "slow_first_byte", "seconds": 2},
    ],
    ids=lambda fault: f"{fault['kind']}-{fault.get('status', '')}",
)
def test_source_survives_a_fault(sandbox: Sandbox, fault: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with Source(sandbox, request_timeout=1.0) as source:
            sandbox.add_fault(**fault, times=3)
            uuid = failing(sandbox, 0.0)
            await source.has((uuid, "Failed"))

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    messages = [record.getMessage() for record in caplog.records if record.name == "tutum.cloud.actions"]
    assert messages[0].startswith("A poll failed. The next one follows in 0.2 s. GET http://")
    assert messages[-1].startswith("Polls succeed again after ")
    check_hidden(sandbox.api_key, {"log": "\n".join(messages)})


def test_source_event_is_what_action_info_returns(sandbox: Sandbox) -> None:
    async def run() -> None:
        async with Source(sandbox, since="1 hour ago", state="Failed", object=SERVICE) as source:
            uuid = failing(sandbox)
            event = await asyncio.wait_for(source.queue.get(), LONGEST_SECONDS)
            assert list(event) == ["action"]
            assert (event["action"]["uuid"], event["action"]["finished"]) == (uuid, True)
            assert event["action"]["object_type"] == "service"
            assert event["action"]["duration"] in (0.0, 1.0)

    asyncio.run(run())


def test_source_canceled_ends_promptly_during_a_slow_response(sandbox: Sandbox) -> None:
    async def run() -> float:
        async with Source(sandbox) as source:
            sandbox.add_fault(kind="slow_first_byte", seconds=60)
            sandbox.clear_requests()
            await asyncio.sleep(1)
            assert not source.task.done()
            return time.monotonic()

    canceled = asyncio.run(run())
    assert time.monotonic() - canceled < 20
    sandbox.clear_faults()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"state": ["Failled"]}, r"state.*Pending, In progress, Canceling, Success, Failed, Canceled.*Failled"),
        ({"state": None}, r"option state: None\. The value is null\. Check the variable, or omit the option\."),
        ({"object": None}, r"option object: None\. The value is null"),
        ({"since": None}, r"option since: None\. The value is null"),
        ({"interval": None}, r"option interval: None\. The value is null"),
        ({"interval": "often"}, r"'interval' is of type .*str.* unable to convert to float"),
        ({"interval": 0}, r"option interval: 0\.0\. Must be at least 0\.1"),
        ({"since": "soon"}, r"option since: 'soon'\. Not a valid date\. Supported formats: "),
        ({"object": "/api/v1/action/"}, r"option object: '/api/v1/action/'\. Not the resource URI"),
        (
            {"states": ["Failed"]},
            r"Unsupported parameters for \(tutum\.cloud\.actions\) event source: states\. Supported",
        ),
        ({"api_url": "dashboard"}, r"option api_url: 'dashboard'\. Specify a scheme and host"),
        ({"request_timeout": 0}, r"option request_timeout: 0\.0\. Must be greater than 0"),
        ({"api_key": None}, r"Incomplete credentials: username is set .* but api_key is missing"),
        (
            {"auth_scheme": "s3cr3t-k3y-of-alice-4711", "api_key": "s3cr3t-k3y-of-alice-4711"},
            r"value of auth_scheme must be one of: apikey, basic",
        ),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_source_invalid_option_is_refused_before_a_request(
    sandbox: Sandbox, options: dict[str, Any], message: str
) -> None:
    given = {"api_url": sandbox.url, "username": sandbox.username, "api_key": sandbox.api_key, **options}
    sandbox.clear_requests()
    with pytest.raises(Exception, match=message) as raised:
        asyncio.run(MODULE["main"](asyncio.Queue(), given))
    assert sandbox.requests() == []
    check_hidden("s3cr3t-k3y-of-alice-4711", {"message": str(raised.value)})


def test_source_accepts_what_ansible_rulebook_adds_and_what_yaml_makes_of_a_date(sandbox: Sandbox) -> None:
    async def run() -> None:
        since = yaml.safe_load("2014-09-17")
        async with Source(sandbox, since=since, eda_feedback_queue=asyncio.Queue(), state="Success") as source:
            await source.wait_until(lambda: len(source.events) > 10)
            # All of the history, once.
            assert len(source.events) == len(set(source.events))

    asyncio.run(run())


def test_source_documentation_has_each_option_with_its_type_and_default() -> None:
    documented = yaml.safe_load(MODULE["DOCUMENTATION"])["options"]
    for name, option in {**CONNECTION, **CHANGES}.items():
        shown = documented.pop(name)
        for key in ("type", "elements", "default", "choices"):
            assert shown.get(key) == option.get(key), f"{key} of {name}"
    assert not documented


def test_source_examples_have_only_valid_options(sandbox: Sandbox) -> None:
    given = {"api_url": sandbox.url, "username": sandbox.username, "api_key": sandbox.api_key}
    examples = yaml.safe_load(MODULE["EXAMPLES"])
    assert len(examples) == 3
    for example in examples:
        client, _changes = MODULE["_connect"]({**given, **(example["tutum.cloud.actions"] or {})})
        client.close()
