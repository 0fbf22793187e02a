# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A clock that moves only while something sleeps, and an API that follows it: no test needs a network or real time."""

from __future__ import annotations

import json
import typing as t
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

from ansible_collections.tutum.cloud.plugins.module_utils import _client
from ansible_collections.tutum.cloud.plugins.module_utils._client import Client
from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError, TransientError
from ansible_collections.tutum.cloud.plugins.module_utils._http import USER_AGENT, Response
from ansible_collections.tutum.cloud.plugins.module_utils._settings import ConnectionSettings

API_URL = "https://tutum.example.org/api/v1/"
API_KEY = "s3cr3t-k3y/of+alice"
AUTHORIZATION = f"ApiKey alice:{API_KEY}"
SERVICE = "/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/"
EPOCH = datetime(2014, 9, 17, 8, 0, tzinfo=timezone.utc)
"""The date on the server's clock when the fake clock shows 0."""

if t.TYPE_CHECKING:
    import pytest

Fault = t.Union[Response, Exception]


def uuid_of(number: int) -> str:
    """Return a UUID that is easy to recognize."""
    return f"{number:08x}-0000-4000-8000-{number:012x}"


def response(content: object = None, *, status: int = 200, **headers: str) -> Response:
    """Return a response with JSON, or with the given bytes; underscores in a header's name stand for hyphens."""
    body = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def result_of(outcome: Fault) -> Response:
    """Return a response, or raise an exception."""
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def page(objects: t.Sequence[object], total_count: object, next_link: object = None) -> dict[str, t.Any]:
    """Return the envelope of a list."""
    meta = {"limit": 25, "next": next_link, "offset": 0, "previous": None, "total_count": total_count}
    return {"meta": meta, "objects": list(objects)}


def make_settings(**changes: t.Any) -> ConnectionSettings:
    """Return settings with a key that must not appear anywhere."""
    values: dict[str, t.Any] = {
        "api_url": API_URL,
        "authorization": AUTHORIZATION,
        "secrets": [API_KEY],
        "sources": "the option api_key",
        "environ": {},
        **changes,
    }
    return ConnectionSettings(**values)


class FakeClock:
    """A clock that only sleeping (or a jump) advances, in seconds."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self.sleeps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


class FakeAction:
    """An action that passes through its states by the clock."""

    def __init__(
        self, uuid: str, started: float, timeline: t.Sequence[tuple[float, str | None]], **fields: t.Any
    ) -> None:
        """
        :param started: when it appears, by the clock.
        :param timeline: its states, each with the seconds after the start; the last one reached holds.
        :param fields: further fields of the API; ``vanishes`` is the second after the start when it is deleted,
            ``listed_after`` the second after the start when lists show it.
        """
        self.uuid = uuid
        self.started = started
        self.timeline = timeline
        self.vanishes: float = fields.pop("vanishes", float("inf"))
        self.listed_after: float = fields.pop("listed_after", 0.0)
        self.fields = fields

    def exists(self, now: float) -> bool:
        return self.started <= now < self.started + self.vanishes

    def is_listed(self, now: float) -> bool:
        return self.exists(now) and now >= self.started + self.listed_after

    def state(self, now: float) -> object:
        reached = [state for after, state in self.timeline if self.started + after <= now]
        return reached[-1] if reached else self.timeline[0][1]

    def start(self) -> datetime:
        return EPOCH + timedelta(seconds=self.started)

    def end(self, now: float) -> datetime | None:
        state = self.state(now)
        ends = [self.started + after for after, name in self.timeline if name == state]
        return EPOCH + timedelta(seconds=ends[-1]) if state in ("Success", "Failed", "Canceled") else None

    def shown(self, now: float, show_date: t.Callable[[datetime], str] = format_datetime) -> dict[str, t.Any]:
        """Return the object as the API shows it."""
        end = self.end(now)
        return {
            "action": "Service Start",
            "body": "",
            "end_date": show_date(end.replace(microsecond=0)) if end else None,
            "logs": "",
            "object": SERVICE,
            "resource_uri": f"/api/v1/action/{self.uuid}/",
            "start_date": show_date(self.start().replace(microsecond=0)),
            "state": self.state(now),
            "uuid": self.uuid,
            **self.fields,
        }


class FakeApi:
    """A client's transport that responds as Django and Tastypie do, or as other servers may, and counts."""

    def __init__(
        self,
        clock: FakeClock | None = None,
        *,
        max_limit: int = 1000,
        latency: float = 0.0,
        newest_first: bool = False,
        total_count: t.Callable[[int], object] = lambda count: count,
        next_link: t.Callable[[int, int], object] = lambda limit, offset: (
            f"/api/v1/action/?limit={limit}&offset={offset}"
        ),
        show_date: t.Callable[[datetime], str] = format_datetime,
        ignored_filters: t.Collection[str] = (),
        clock_offset: float = 0.0,
    ) -> None:
        """
        :param max_limit: the server lowers the ``limit`` of a page to this, silently.
        :param latency: seconds that each response takes.
        :param newest_first: the order of lists.
        :param total_count: what ``meta.total_count`` shows for the true count; ``...`` for no such key.
        :param next_link: what ``meta.next`` shows for the limit and offset of the next page.
        :param show_date: formats the dates of actions.
        :param ignored_filters: filters that the server does not know.
        :param clock_offset: the seconds by which the server's Date header differs from the dates of its actions.
        """
        self.clock = clock or FakeClock()
        self.max_limit = max_limit
        self.latency = latency
        self.newest_first = newest_first
        self.total_count = total_count
        self.next_link = next_link
        self.show_date = show_date
        self.ignored_filters = ignored_filters
        self.clock_offset = clock_offset
        self.actions: list[FakeAction] = []
        self.faults: list[Fault | None] = []
        """The reactions to the next requests; None responds as usual."""
        self.fault_for: t.Callable[[str], Fault | None] = lambda _url: None
        """The reaction to a request for this URL."""
        self.before: t.Callable[[str], object] = lambda _url: None
        """Called before each response, to change something while a client reads."""
        self.urls: list[str] = []
        """The URLs of all requests."""
        self.calls: list[tuple[str, str]] = []
        """The method and path of each request that is not GET."""
        self.latency_for: t.Callable[[str], float] = lambda _url: self.latency
        """How many seconds the response to a request for this URL takes."""
        self.related_objects: t.Collection[str] = ()
        """The parents and children of every object, for ``include_related``."""
        self.has_date = True
        """Whether responses have a Date header."""
        self.lists_have_logs = True
        self.closed = 0

    def add(self, *timeline: tuple[float, str | None], started: float = 0.0, **fields: t.Any) -> str:
        """Add an action, and return its UUID."""
        uuid = fields.pop("uuid", uuid_of(len(self.actions) + 1))
        self.actions.append(FakeAction(uuid, started, timeline or [(0.0, "Success")], **fields))
        return str(uuid)

    @property
    def paths(self) -> list[str]:
        """The requested paths below the API's base, without the query."""
        return [urlsplit(url).path[len("/api/v1/") :] for url in self.urls]

    @property
    def queries(self) -> list[dict[str, str]]:
        """The queries of the requests."""
        return [_query_of(url) for url in self.urls]

    # The transport.

    def send(
        self,
        method: str,
        url: str,
        seconds: float,
        *,
        target: str | None = None,
        body: bytes | None = None,  # noqa: ARG002 - as the transport has it
        user_agent: str = USER_AGENT,  # noqa: ARG002
    ) -> Response:
        """Respond in place of the network."""
        if seconds <= 0:
            raise TransientError(url, "The timeout expired before the request was sent", method=method, was_sent=False)
        target = target or url
        self.urls.append(target)
        if method != "GET":
            self.calls.append((method, urlsplit(target).path))
        self.before(target)
        fault = self.faults.pop(0) if self.faults else None
        if fault is None:
            fault = self.fault_for(target)
        latency = self.latency_for(target)
        self.clock.now += min(latency, seconds)
        if latency > seconds:
            raise TransientError(url, f"No complete response within {seconds:.3g} s", method=method)
        found = self._respond(method, target) if fault is None else result_of(fault)
        date = {"Date": format_datetime(self._date(), usegmt=True)} if self.has_date else {}
        return found._replace(headers={**date, **found.headers})

    def close(self) -> None:
        """Counts."""
        self.closed += 1

    def _date(self) -> datetime:
        return EPOCH + timedelta(seconds=int(self.clock.now + self.clock_offset))

    def _respond(self, method: str, url: str) -> Response:
        path = urlsplit(url).path
        now = self.clock.now
        if path == "/api/v1/action/":
            return response(self._list([one for one in self.actions if one.is_listed(now)], _query_of(url)))
        for one in self.actions:
            if one.exists(now) and path.startswith(f"/api/v1/action/{one.uuid}/"):
                if method == "POST" and path.endswith("/cancel/"):
                    one.timeline = [*(step for step in one.timeline if one.started + step[0] <= now)]
                    one.timeline.append((now - one.started, "Canceling"))
                return response(one.shown(now, self.show_date))
        return response(status=404)

    def _list(self, existing: t.Iterable[FakeAction], query: dict[str, str]) -> dict[str, t.Any]:
        matching = [one for one in existing if self._matches(one, query)]
        matching.sort(key=lambda one: one.started)
        if self.newest_first:
            matching.reverse()
        limit = min(int(query.pop("limit")), self.max_limit)
        offset = int(query.pop("offset", "0"))
        has_next = offset + limit < len(matching)
        objects = [one.shown(self.clock.now, self.show_date) for one in matching[offset : offset + limit]]
        if not self.lists_have_logs:
            for one in objects:
                del one["logs"]
        content = page(
            objects, self.total_count(len(matching)), self.next_link(limit, offset + limit) if has_next else None
        )
        if content["meta"]["total_count"] is ...:
            del content["meta"]["total_count"]
        return content

    def _matches(self, one: FakeAction, query: t.Mapping[str, str]) -> bool:
        now = self.clock.now
        related = self.related_objects if query.get("include_related") == "true" else ()
        checks: dict[str, t.Callable[[str], bool]] = {
            "state": lambda value: one.state(now) == value,
            "object": lambda value: one.shown(now)["object"] in (value, *related),
            "uuid__startswith": one.uuid.startswith,
            "end_date__gte": lambda value: (
                (one.end(now) or datetime.min.replace(tzinfo=timezone.utc)) >= _moment(value)
            ),
            "end_date__lte": lambda value: (
                (one.end(now) or datetime.max.replace(tzinfo=timezone.utc)) <= _moment(value)
            ),
            "start_date__gte": lambda value: one.start() >= _moment(value),
            "start_date__lte": lambda value: one.start() <= _moment(value),
        }
        return all(
            checks[name](value) for name, value in query.items() if name in checks and name not in self.ignored_filters
        )


def _query_of(url: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}


@lru_cache(maxsize=100)
def _moment(value: str) -> datetime:
    return datetime.fromisoformat(value.replace("Z", "+00:00"))


class FakeClient(Client):
    """The client with a :class:`FakeApi` in place of the network, and without threads: there is only one clock."""

    def __init__(self, api: FakeApi, **settings: t.Any) -> None:
        clock = api.clock
        super().__init__(
            make_settings(**settings),
            clock=clock,
            sleep=clock.sleep,
            random_source=lambda: 0.0,
            transport=t.cast("t.Any", api),
        )

    def map_in_order(
        self, call: t.Callable[[t.Any], t.Any], items: t.Sequence[t.Any], *, concurrently: bool = False
    ) -> t.Generator[t.Any, None, None]:
        """Call one after the other."""
        del concurrently

        def outcome(item: t.Any) -> t.Any:
            try:
                return call(item)
            except ApiError as error:
                return error

        yield from map(outcome, items)


def replace_network(monkeypatch: pytest.MonkeyPatch, api: FakeApi) -> list[str]:
    """Make all clients of this process send their requests to this API, and return their Authorization headers."""
    headers: list[str] = []

    def transport(settings: ConnectionSettings) -> FakeApi:
        headers.append(settings.authorization)
        return api

    monkeypatch.setattr(_client, "Transport", transport)
    return headers
