# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A clock that runs only when somebody sleeps, and an API that lives by it: no test needs a network or patience."""

from __future__ import annotations

import json
import typing as t
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from urllib.parse import parse_qsl, urlsplit

from ansible_collections.tutum.cloud.plugins.module_utils._client import Client
from ansible_collections.tutum.cloud.plugins.module_utils._credentials import Connection
from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError, TransientError

API_URL = "https://tutum.example.org/api/v1/"
API_KEY = "s3cr3t-k3y/of+alice"
AUTHORIZATION = f"ApiKey alice:{API_KEY}"
SERVICE = "/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/"
DAWN = datetime(2014, 9, 17, 8, 0, tzinfo=timezone.utc)
"""When the fake clock shows 0."""

if t.TYPE_CHECKING:
    import pytest

Answer = t.Tuple[int, t.Mapping[str, str], bytes]
Fault = t.Union[Answer, Exception]


def uuid_of(number: int) -> str:
    """A UUID that a person can tell from others."""
    return f"{number:08x}-0000-4000-8000-{number:012x}"


def answer(content: object = None, *, status: int = 200, **headers: str) -> Answer:
    """An answer: JSON, or the bytes given; underscores in a header's name stand for hyphens."""
    body = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, body


def said(outcome: t.Any) -> t.Any:
    """What comes of a request: an answer, or an exception, which is raised."""
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def page(objects: t.Sequence[object], total_count: object, next_link: object = None) -> dict[str, t.Any]:
    """The envelope of a list."""
    meta = {"limit": 25, "next": next_link, "offset": 0, "previous": None, "total_count": total_count}
    return {"meta": meta, "objects": list(objects)}


def make_connection(**changes: t.Any) -> Connection:
    """A connection with a key that must never be seen."""
    values: dict[str, t.Any] = {
        "api_url": API_URL,
        "authorization": AUTHORIZATION,
        "secrets": [API_KEY],
        "sources": "the option api_key",
        **changes,
    }
    return Connection(**values)


class FakeClock:
    """Shows seconds; only sleeping (or a jump) moves it."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self.sleeps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds

    def wall(self) -> float:
        """Seconds since 1970."""
        return DAWN.timestamp() + self.now


class FakeAction:
    """An action that goes through its states by the clock."""

    def __init__(self, uuid: str, started: float, timeline: t.Sequence[tuple[float, object]], **fields: t.Any) -> None:
        """
        :param started: when it appears, by the clock.
        :param timeline: its states, each with the seconds after the start; the last one reached holds.
        :param fields: what else the API says of it; ``vanishes`` is the second after the start when it is deleted.
        """
        self.uuid = uuid
        self.started = started
        self.timeline = timeline
        self.vanishes: float = fields.pop("vanishes", float("inf"))
        self.fields = fields

    def exists(self, now: float) -> bool:
        return self.started <= now < self.started + self.vanishes

    def state(self, now: float) -> object:
        reached = [state for after, state in self.timeline if self.started + after <= now]
        return reached[-1] if reached else self.timeline[0][1]

    def start(self) -> datetime:
        return DAWN + timedelta(seconds=self.started)

    def end(self, now: float) -> datetime | None:
        state = self.state(now)
        ends = [self.started + after for after, name in self.timeline if name == state]
        return DAWN + timedelta(seconds=ends[-1]) if state in ("Success", "Failed", "Canceled") else None

    def shown(self, now: float) -> dict[str, t.Any]:
        """The object as the API writes it."""
        end = self.end(now)
        return {
            "action": "Service Start",
            "body": "",
            "end_date": format_datetime(end.replace(microsecond=0)) if end else None,
            "logs": "",
            "object": SERVICE,
            "resource_uri": f"/api/v1/action/{self.uuid}/",
            "start_date": format_datetime(self.start().replace(microsecond=0)),
            "state": self.state(now),
            "uuid": self.uuid,
            **self.fields,
        }


class FakeApi:
    """Answers as Django and Tastypie do, and counts."""

    def __init__(self, clock: FakeClock | None = None, *, max_limit: int = 1000, latency: float = 0.0) -> None:
        """
        :param max_limit: the server lowers the ``limit`` of a page to this, silently.
        :param latency: seconds that each answer takes.
        """
        self.clock = clock or FakeClock()
        self.max_limit = max_limit
        self.latency = latency
        self.actions: list[FakeAction] = []
        self.faults: list[Fault | None] = []
        """What happens to the next requests instead; None lets one through."""
        self.fault_for: t.Callable[[str], Fault | None] = lambda _url: None
        """What happens to a request for this URL instead."""
        self.before: t.Callable[[str], object] = lambda _url: None
        """Called before each answer: the world moves on while somebody asks."""
        self.urls: list[str] = []
        self.lists_have_logs = True

    def add(self, *timeline: tuple[float, object], started: float = 0.0, **fields: t.Any) -> str:
        """Let there be one more action. Returns its UUID."""
        uuid = fields.pop("uuid", uuid_of(len(self.actions) + 1))
        self.actions.append(FakeAction(uuid, started, timeline or [(0.0, "Success")], **fields))
        return str(uuid)

    @property
    def paths(self) -> list[str]:
        """What was asked for, below the base, without the query."""
        return [urlsplit(url).path[len("/api/v1/") :] for url in self.urls]

    def exchange(self, url: str, seconds: float) -> Answer:
        """What takes the place of the network."""
        if seconds <= 0:
            raise TransientError(url, "there is no time left to ask")
        self.urls.append(url)
        self.before(url)
        fault = self.faults.pop(0) if self.faults else None
        if fault is None:
            fault = self.fault_for(url)
        self.clock.now += min(self.latency, seconds)
        if self.latency > seconds:
            raise TransientError(url, "there was no whole answer in time")
        return self._answer(url) if fault is None else said(fault)

    def _answer(self, url: str) -> Answer:
        parts = urlsplit(url)
        existing = [one for one in self.actions if one.exists(self.clock.now)]
        if parts.path == "/api/v1/action/":
            return answer(self._list(existing, dict(parse_qsl(parts.query, strict_parsing=True))))
        for one in existing:
            if parts.path == f"/api/v1/action/{one.uuid}/":
                return answer(one.shown(self.clock.now))
        return answer(status=404)

    def _list(self, existing: t.Iterable[FakeAction], query: dict[str, str]) -> dict[str, t.Any]:
        matching = [one for one in existing if self._matches(one, query)]
        matching.sort(key=lambda one: one.started)
        limit = min(int(query.pop("limit")), self.max_limit)
        offset = int(query.pop("offset", "0"))
        more = offset + limit < len(matching)
        objects = [one.shown(self.clock.now) for one in matching[offset : offset + limit]]
        if not self.lists_have_logs:
            for one in objects:
                del one["logs"]
        return page(objects, len(matching), f"/api/v1/action/?limit={limit}&offset={offset + limit}" if more else None)

    def _matches(self, one: FakeAction, query: t.Mapping[str, str]) -> bool:
        checks: dict[str, t.Callable[[str], bool]] = {
            "state": lambda value: one.state(self.clock.now) == value,
            "object": lambda value: one.shown(self.clock.now)["object"] == value,
            "end_date__gte": lambda value: (one.end(self.clock.now) or DAWN) >= _moment(value),
            "start_date__gte": lambda value: one.start() >= _moment(value),
            "start_date__lte": lambda value: one.start() <= _moment(value),
        }
        return all(checks[name](value) for name, value in query.items() if name in checks)


def _moment(value: str) -> datetime:
    return datetime.fromisoformat(value.replace("Z", "+00:00"))


class OfflineClient(Client):
    """The client, with a function in place of the network: it takes a URL and the seconds that there are."""

    def __init__(
        self, exchange: t.Callable[[str, float], Answer], connection: Connection | None = None, **time: t.Any
    ) -> None:
        super().__init__(connection or make_connection(), **time)
        self._answer_to = exchange

    def _exchange(self, *asked: t.Any) -> Answer:
        target, seconds = asked[-2:]
        return self._answer_to(target, seconds)


class FakeClient(OfflineClient):
    """The client, with a :class:`FakeApi` in place of the network."""

    def __init__(self, api: FakeApi, **connection: t.Any) -> None:
        clock = api.clock
        super().__init__(
            api.exchange, make_connection(**connection), clock=clock, sleep=clock.sleep, chance=lambda: 0.0
        )

    def in_order(self, ask: t.Callable[[t.Any], t.Any], items: t.Sequence[t.Any]) -> t.Generator[t.Any, None, None]:
        # One after the other: there is only one clock, and it shall show the same each time.
        for item in items:
            try:
                outcome = ask(item)
            except ApiError as error:
                outcome = error
            yield outcome


def replace_network(monkeypatch: pytest.MonkeyPatch, api: FakeApi) -> list[str]:
    """Let every client ask this API. Returns the headers that each was authorized with."""
    headers: list[str] = []

    def exchange(client: Client, *asked: t.Any) -> Answer:
        headers.append(client.connection.authorization)
        target, seconds = asked[-2:]
        return api.exchange(target, seconds)

    monkeypatch.setattr(Client, "_exchange", exchange)
    return headers
