# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The API over HTTP: URLs, retries, redirects, statuses, JSON objects, concurrency, and the server's clock.

Times are seconds; a *deadline* is a value of the client's monotonic clock.
"""

from __future__ import annotations

import json
import random
import threading
import time
import typing as t
from urllib.parse import quote, urlencode, urljoin

from ansible_collections.tutum.cloud.plugins.module_utils._dates import parse_http_date
from ansible_collections.tutum.cloud.plugins.module_utils._decoding import decode_json
from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    CHECK_URL,
    ApiError,
    ResponseError,
    TransientError,
)
from ansible_collections.tutum.cloud.plugins.module_utils._http import MAX_CONNECTIONS, USER_AGENT, Response, Transport
from ansible_collections.tutum.cloud.plugins.module_utils._references import origin
from ansible_collections.tutum.cloud.plugins.module_utils._text import json_type, printable

if t.TYPE_CHECKING:
    from ansible_collections.tutum.cloud.plugins.module_utils._settings import ConnectionSettings

SEQUENTIAL_BUDGET_SECONDS = 1.0
"""How long requests may run one after the other. Only if they would take longer do they run concurrently."""

RETRY_DELAY_SECONDS = 0.5
"""The first delay before a retry, if the response has no Retry-After. It doubles each time, less up to 50 % of jitter."""

MAX_RETRY_DELAY_SECONDS = 30.0
MAX_REDIRECTS = 5
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})

_Item = t.TypeVar("_Item")
_Result = t.TypeVar("_Result")


class Client:
    """HTTP client for the API. Thread-safe."""

    def __init__(
        self,
        settings: ConnectionSettings,
        *,
        clock: t.Callable[[], float] = time.monotonic,
        sleep: t.Callable[[float], object] | None = None,
        random_source: t.Callable[[], float] = random.random,
        transport: Transport | None = None,
    ) -> None:
        """
        :param settings: where the API is, and how to authenticate.
        :param clock: returns monotonic seconds.
        :param sleep: sleeps for seconds; by default until :meth:`close`, at most.
        :param random_source: returns a number from 0 to 1, for the jitter.
        :param transport: sends the requests; by default over the network.
        :raises LibraryError: the library requests is not installed.
        """
        self.settings = settings
        self.redactor = settings.redactor
        self.clock = clock
        self._closed = threading.Event()
        self._sleep = sleep or self._closed.wait
        self._random = random_source
        self._transport = transport or Transport(settings)
        self._server_date: tuple[float, float] | None = None

    def close(self) -> None:
        """Close the connections. No request is retried any more."""
        self._closed.set()
        self._transport.close()

    def query_deadline(self) -> float:
        """Return the deadline of a query that starts now."""
        return self.clock() + self.settings.request_timeout * (self.settings.max_retries + 1)

    def server_time(self, moment: float) -> float | None:
        """Return a value of this client's clock on the server's clock, in seconds since the epoch (to the second).

        None before the first response with a Date header.
        """
        if self._server_date is None:
            return None
        date, seen = self._server_date
        return date + moment - seen

    def url(self, path: str, parameters: t.Mapping[str, t.Any] | None = None) -> str:
        """Return the URL of a path below the API's base, the parameters encoded."""
        query = f"?{urlencode(parameters, quote_via=quote)}" if parameters else ""
        return f"{self.settings.api_url}{path}{query}"

    def get(self, url: str, *, deadline: float, max_retries: int | None = None) -> dict[str, t.Any]:
        """Return the JSON object at a URL. What may succeed later is retried as long as there is time.

        :param url: a result of :meth:`url`.
        :param deadline: when the response must be complete.
        :param max_retries: the number of retries, if not that of the settings.
        :raises TransientError: no response within the attempts and the time.
        :raises NotFoundError: 404.
        :raises ResponseError: the response is not a JSON object.
        :raises ApiError: any other failure.
        """
        retries = self.settings.max_retries if max_retries is None else max_retries
        attempts = 0
        while True:
            attempts += 1
            try:
                return self._get_once(url, deadline)
            except TransientError as error:
                if self._closed.is_set():
                    raise
                if attempts > retries:
                    if attempts > 1:
                        error.add(f"Gave up after {attempts} attempts")
                    raise
                delay = self.retry_delay(attempts, error.retry_after)
                left = max(0.0, deadline - self.clock())
                if delay >= left:
                    error.add(f"Not retried after attempt {attempts} because only {left:.1f} s remain")
                    raise
                self._sleep(delay)
                if self._closed.is_set():
                    raise

    def send(
        self,
        method: str,
        url: str,
        body: t.Mapping[str, t.Any] | None = None,
        *,
        deadline: float,
        user_agent: str = USER_AGENT,
    ) -> tuple[Response, t.Any]:
        """Send a call that changes something, once, and return the response with its JSON value (None if it has none).

        :param method: POST, PATCH, PUT, or DELETE.
        :param url: the URL.
        :param body: the JSON object to send.
        :raises TransientError: it is unknown whether the call was carried out, unless ``was_sent`` is False.
        :raises ApiError: the API refused the call, or the response is invalid.
        """
        seconds = min(deadline - self.clock(), self.settings.request_timeout)
        data = None if body is None else json.dumps(body).encode()
        response = self._transport.send(method, url, seconds, body=data, user_agent=user_agent)
        self._note_server_date(response)
        if response.status in REDIRECT_STATUSES:
            target = self._shown(response.headers.get("Location", ""))
            problem = f"HTTP {response.status}: refused to follow a redirect to {target}. {CHECK_URL} and the path"
            raise ApiError(url, problem, status=response.status, method=method)
        if not 200 <= response.status < 300:
            raise self._error(method, url, response)
        try:
            content = decode_json(response.body) if response.body.strip() else None
        except ValueError:
            raise self._not_json(method, url, response.body, response.status) from None
        return response, self.redactor.hide(content)

    def map_in_order(
        self, call: t.Callable[[_Item], _Result], items: t.Sequence[_Item], *, concurrently: bool = False
    ) -> t.Generator[_Result | ApiError, None, None]:
        """Call a function for each item, and yield the results in the order of the items; an :class:`ApiError` as a value.

        One connection is used as long as that is fast. What would take longer uses several.

        :param concurrently: whether to use several connections from the start.
        """

        def outcome(item: _Item) -> _Result | ApiError:
            try:
                return call(item)
            except ApiError as error:
                return error

        if concurrently and len(items) > 1:
            yield from _map_concurrently(outcome, items, min(MAX_CONNECTIONS, len(items)))
            return
        spent = 0.0
        for done, item in enumerate(items):
            left = len(items) - done
            each = spent / done if done else 0.0
            if left > 1 and each * left > SEQUENTIAL_BUDGET_SECONDS:
                # A server that handles one request at a time responds to the last one in time all the same.
                connections = min(MAX_CONNECTIONS, int(self.settings.request_timeout / each / 2))
                if connections > 1:
                    yield from _map_concurrently(outcome, items[done:], connections)
                    return
            started = self.clock()
            result = outcome(item)
            spent += self.clock() - started
            yield result

    def retry_delay(self, attempts: int, retry_after: float | None) -> float:
        """Return the seconds before the next attempt.

        :param attempts: how many there were.
        :param retry_after: the delay that the server requested, if it did.
        """
        if retry_after is not None:
            # Add a random delay, so that throttled clients do not retry at the same time.
            return retry_after + RETRY_DELAY_SECONDS * self._random()
        delay = RETRY_DELAY_SECONDS * 2.0 ** min(attempts - 1, 10)
        return min(MAX_RETRY_DELAY_SECONDS, delay) * (1 - self._random() / 2)

    def _get_once(self, url: str, deadline: float) -> dict[str, t.Any]:
        """Send one request, and follow redirects to the same origin."""
        until = min(deadline, self.clock() + self.settings.request_timeout)
        target = url
        for _hop in range(MAX_REDIRECTS + 1):
            response = self._transport.send("GET", url, until - self.clock(), target=target)
            self._note_server_date(response)
            if response.status == 200:
                return self._json_object(url, response.body)
            if response.status not in REDIRECT_STATUSES:
                raise self._error("GET", url, response)
            target = self._redirect_target(url, target, response)
        problem = f"Too many redirects (more than {MAX_REDIRECTS}, the last one to {self._shown(target)}). {CHECK_URL}"
        raise ApiError(url, problem, status=response.status)

    def _note_server_date(self, response: Response) -> None:
        # The response of a gateway that cannot reach the server has the gateway's date.
        date = parse_http_date(response.headers.get("Date", "")) if response.status < 500 else None
        if date is not None:
            self._server_date = date, self.clock()

    def _error(self, method: str, url: str, response: Response) -> ApiError:
        # Imported only here: most tasks have no error.
        from ansible_collections.tutum.cloud.plugins.module_utils._http_errors import error_from_status

        return error_from_status(
            self.settings, method, url, response.status, headers=response.headers, body=response.body
        )

    def _redirect_target(self, url: str, base: str, response: Response) -> str:
        """Return the target of a redirect if it has the origin that the key is for."""
        location = response.headers.get("Location")
        if not location:
            problem = f"HTTP {response.status}: redirect without a Location header. {CHECK_URL}"
            raise ApiError(url, problem, status=response.status)
        try:
            target = urljoin(base, location)
            is_local = origin(target) == origin(url)
        except ValueError:
            target, is_local = location, False
        if not is_local:
            shown = self._shown(target)
            raise ApiError(
                url,
                f"HTTP {response.status}: refused to follow a redirect to another host ({shown}) to protect the API key. If"
                " that is the correct address, set api_url to it",
                status=response.status,
            )
        return target

    def _json_object(self, url: str, body: bytes) -> dict[str, t.Any]:
        try:
            content = decode_json(body)
        except ValueError:
            raise self._not_json("GET", url, body, 200) from None
        if not isinstance(content, dict):
            problem = f"Expected a JSON object, got {json_type(content)}. {CHECK_URL}"
            raise ResponseError(url, problem, status=200)
        return content

    def _not_json(self, method: str, url: str, body: bytes, status: int) -> ResponseError:
        # Cut only after secrets are hidden. A field that the user hides is not shown: a brace may begin an action.
        # Without null characters: in UTF-16 there is one after each letter, and no secret would be found.
        start = self._shown(body[:10_000].decode("utf-8", "replace").replace("\0", ""))[:80].partition("{")
        problem = (
            f"The response is not valid JSON (starts with '{''.join(start[:2])}')" if body else "The response is empty"
        )
        return ResponseError(url, f"{problem}. {CHECK_URL}", status=status, method=method)

    def _shown(self, text: str) -> str:
        return printable(self.redactor.hide_in_message(text))


def _map_concurrently(
    call: t.Callable[[_Item], _Result], items: t.Sequence[_Item], connections: int
) -> t.Generator[_Result, None, None]:
    # Imported only here: few requests need no further threads.
    from ansible_collections.tutum.cloud.plugins.module_utils._workers import map_concurrently

    yield from map_concurrently(call, items, connections)
