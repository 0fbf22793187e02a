# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The API over HTTP: one session, authorization, retries, time limits, errors, pages.

All is GET. Times are seconds; a *deadline* is a reading of the client's clock.
"""

from __future__ import annotations

import email.utils
import json
import math
import os
import random
import re
import socket
import ssl
import sys
import threading
import time
import typing as t
from collections import deque
from contextlib import closing, suppress
from functools import partial
from itertools import islice
from urllib.parse import parse_qs, quote, urlencode, urljoin, urlsplit

from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    ApiError,
    LibraryError,
    NotFoundError,
    ResponseError,
    TransientError,
)

try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
except ImportError as error:
    REQUESTS_IMPORT_ERROR: ImportError | None = error
    HTTPAdapter = object  # type: ignore[assignment,misc]  # only so that this file can be imported
else:
    REQUESTS_IMPORT_ERROR = None

if t.TYPE_CHECKING:
    from ansible_collections.tutum.cloud.plugins.module_utils._credentials import Connection

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""An answer that is larger, once unpacked, is refused."""

PAGE_SIZE = 500
"""How many objects a page is asked for. The server caps it as it likes."""

MAX_CONNECTIONS = 8
"""How many requests are under way at once, at the most."""

PATIENCE = 1.0
"""Seconds that requests one after the other may take. Only what would take longer gets more connections."""

FIRST_BACKOFF = 0.5
"""Seconds before the first try again where the server names none; doubled each time, less up to half by chance."""

MAX_BACKOFF = 30.0
MAX_REDIRECTS = 5

_READINGS_OF_A_PAGE = 2
"""A server counts a list and then reads a page of it; what changes in between makes the page contradict itself."""

ENCODINGS = ("gzip", "deflate")
"""How an answer may be packed. Libraries would take more, some of it without a limit of its size."""

TRANSIENT_STATUSES = frozenset({429, 500, 502, 503, 504})
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})

_MEANINGS: dict[int, str] = {
    400: "the API does not understand the request. Is the option api_url right, and each filter?",
    401: "the API refuses the credentials ({sources}). Is the key right, and the account active?",
    403: "the API does not allow this with these credentials ({sources}). Use those of an account that may",
    404: "there is no such object. Is the UUID right, and the option api_url?",
    405: "this address does not answer GET. Is the option api_url right?",
    407: "the proxy wants a user name and a password. Are they right in HTTP_PROXY, or does NO_PROXY lack a host?",
    415: "this address does not speak JSON. Is the option api_url right?",
    429: "the server throttles requests. Ask less often, or give it more time",
}

_NEEDLESS_ESCAPE = re.compile(rb"\\(?:/|u00[2-7])")
_HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")
_USER_IN_URL = re.compile(r"//[^/\s]*@")

_Item = t.TypeVar("_Item")
_Answer = t.TypeVar("_Answer")


class Page(t.NamedTuple):
    """A page of a list, its shape checked."""

    objects: list[dict[str, t.Any]]
    uuids: list[str]
    """Those of the objects, in their order."""
    total_count: int
    """How many objects the list has on the server."""
    offset: int
    next_offset: int | None
    """Where the next page starts; None on the last one."""

    def contradiction(self) -> str:
        """What in the page cannot be true at once; nothing in a page that can be."""
        end = self.offset + len(self.objects)
        if self.next_offset is None and end < self.total_count:
            return f"meta.total_count is {self.total_count}, but the list ends after {end}"
        if self.objects and not self.total_count:
            return f"meta.total_count is 0, but there are {len(self.objects)} objects"
        if self.next_offset is not None and self.next_offset > end:
            return f"meta.next leads to offset {self.next_offset}, but the page ends at {end}"
        return ""


class Client:
    """Asks the API. Several threads may use one at once."""

    def __init__(
        self,
        connection: Connection,
        *,
        clock: t.Callable[[], float] = time.monotonic,
        sleep: t.Callable[[float], object] | None = None,
        chance: t.Callable[[], float] = random.random,
    ) -> None:
        """
        :param connection: where to ask, and as whom.
        :param clock: seconds, never going back.
        :param sleep: lets so many seconds go by; by default one that :meth:`close` ends.
        :param chance: a number from 0 to 1, for the jitter.
        :raises LibraryError: the library requests is not installed.
        """
        if REQUESTS_IMPORT_ERROR:
            raise LibraryError("requests", REQUESTS_IMPORT_ERROR)
        self.connection = connection
        self.has_read_secrets = False
        """Whether there was a secret in any answer, or something that may be one."""
        self.clock = clock
        self._closed = threading.Event()
        self._sleep = sleep or self._closed.wait
        self._chance = chance
        self._limits: set[_TimeLimit] = set()
        if not connection.validate_certs:
            # The user decided so; a line on the terminal for each request would not help.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._session = requests.Session()
        # An auth object, and not only a header: it keeps requests from looking into ~/.netrc.
        self._session.auth = self._authorize
        # requests looks even at redirects that it must not follow: it reads their bodies, however large, and raises
        # whatever their addresses make it raise.
        self._session.get_redirect_target = lambda resp: None  # type: ignore[method-assign]  # noqa: ARG005
        self._session.headers["Accept"] = "application/json"
        self._session.headers["Accept-Encoding"] = ", ".join(ENCODINGS)
        self._session.headers["User-Agent"] = "ansible-collection-tutum.cloud"
        adapter = _LimitedAdapter(pool_connections=1, pool_maxsize=MAX_CONNECTIONS)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def close(self) -> None:
        """End all requests that are under way, and close the connections."""
        self._closed.set()
        for limit in list(self._limits):
            limit.expire()
        self._session.close()

    def query_deadline(self) -> float:
        """When a query that starts now must have ended."""
        return self.clock() + self.connection.request_timeout * (self.connection.max_retries + 1)

    def url(self, path: str, parameters: t.Mapping[str, t.Any] | None = None) -> str:
        """The URL of a path below the API's base, the parameters encoded."""
        query = f"?{urlencode(parameters, quote_via=quote)}" if parameters else ""
        return f"{self.connection.api_url}{path}{query}"

    def get(self, url: str, *, deadline: float) -> dict[str, t.Any]:
        """Ask for one JSON object. What is worth trying again is tried again, as long as there is time.

        :param url: what :meth:`url` made.
        :param deadline: when the answer must be here.
        :raises TransientError: no answer within the tries and the time.
        :raises NotFoundError: 404.
        :raises ResponseError: the answer is not a JSON object.
        :raises ApiError: anything else that the API said.
        """
        tries = 0
        while True:
            tries += 1
            try:
                return self._try_once(url, deadline)
            except TransientError as error:
                if self._closed.is_set():
                    raise
                if tries > self.connection.max_retries:
                    if tries > 1:
                        error.add(f"Tried {tries} times")
                    raise
                pause = self._pause_before_next(tries, error.retry_after)
                left = max(0.0, deadline - self.clock())
                if pause >= left:
                    error.add(f"It was not tried again (tries: {tries}), since only {left:.1f} s are left")
                    raise
                self._sleep(pause)
                if self._closed.is_set():
                    raise

    def pages(
        self,
        path: str,
        parameters: t.Mapping[str, t.Any],
        *,
        deadline: float,
        start: int = 0,
        at_most: int | None = None,
        page_size: int = PAGE_SIZE,
        overlap: bool = False,
    ) -> t.Iterator[Page]:
        """Read a list page after page, until the server says that there is no more.

        :param path: the list's path below the API's base: ``action/``.
        :param parameters: the filters.
        :param deadline: when the last answer must be here.
        :param start: the offset of the first object.
        :param at_most: how many objects the caller needs; pages beyond are not read ahead.
        :param page_size: how many objects a page is asked for.
        :param overlap: whether a page begins with the last object of the one before, which shows if the list moved.
        :raises ResponseError: a page has a wrong shape, contradicts itself, or brings nothing new.
        :raises ApiError: as :meth:`get`.
        """
        seen: set[str] = set()

        def page_url(offset: int) -> str:
            return self.url(path, {**parameters, "limit": page_size, "offset": offset})

        def read(offset: int) -> Page:
            url = page_url(offset)
            for _reading in range(_READINGS_OF_A_PAGE):
                page = self._page(url, offset, self.get(url, deadline=deadline))
                if not page.contradiction():
                    return page
            raise _no_page(url, page.contradiction())

        def check_that_it_leads_on(page: Page) -> None:
            known = len(seen)
            seen.update(page.uuids)
            if page.next_offset is not None and len(seen) == known:
                problem = "the page brings nothing new and yet names a next one; this list has no end"
                raise ResponseError(page_url(page.offset), problem)

        page = read(start)
        check_that_it_leads_on(page)
        yield page
        while page.next_offset is not None:
            # Where `next` will point to can be worked out, so those pages can be read several at a time. The first
            # `next` that does not confirm it ends this, and what was read ahead is forgotten.
            step = page.next_offset - page.offset
            back = 1 if overlap and step > 1 else 0
            first = page.next_offset - back
            end = page.total_count if at_most is None else min(page.total_count, start + at_most)
            offsets = range(first, max(end, first + 1), step - back)
            with closing(self.in_order(read, offsets)) as outcomes:
                for outcome in outcomes:
                    if isinstance(outcome, ApiError):
                        raise outcome
                    page = outcome
                    check_that_it_leads_on(page)
                    yield page
                    if page.next_offset != page.offset + step:
                        break

    def in_order(
        self, ask: t.Callable[[_Item], _Answer], items: t.Sequence[_Item]
    ) -> t.Generator[_Answer | ApiError, None, None]:
        """Ask about each item; what comes out is in the items' order, an :class:`ApiError` in the place of an answer.

        One connection serves as long as that is quick. What would take longer is asked on several at once.
        """

        def outcome(item: _Item) -> _Answer | ApiError:
            try:
                return ask(item)
            except ApiError as error:
                return error

        spent = 0.0
        for done, item in enumerate(items):
            left = len(items) - done
            each = spent / done if done else 0.0
            if left > 1 and each * left > PATIENCE:
                # A server that can do but one thing at a time takes as many times longer: in time all the same.
                connections = min(MAX_CONNECTIONS, int(self.connection.request_timeout / each / 2))
                if connections > 1:
                    yield from self._in_parallel(outcome, items[done:], connections)
                    return
            begun = self.clock()
            answer = outcome(item)
            spent += self.clock() - begun
            yield answer

    def _in_parallel(
        self, ask: t.Callable[[_Item], _Answer], items: t.Sequence[_Item], connections: int
    ) -> t.Generator[_Answer, None, None]:
        # Imported only here: most calls do not need it.
        from concurrent.futures import ThreadPoolExecutor

        executor = ThreadPoolExecutor(connections)
        rest = iter(items)
        # Twice as many as are under way: the others need not wait for the first of them.
        queue = deque(executor.submit(ask, item) for item in islice(rest, 2 * connections))
        try:
            while queue:
                answer = queue.popleft().result()
                queue.extend(executor.submit(ask, item) for item in islice(rest, 1))
                yield answer
        finally:
            for future in queue:
                future.cancel()
            executor.shutdown(wait=False)

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self.connection.authorization
        return request

    def _pause_before_next(self, tries: int, retry_after: float | None) -> float:
        if retry_after is not None:
            # A bit later than asked, so that those who were sent away together do not come back together.
            return retry_after + FIRST_BACKOFF * self._chance()
        return min(MAX_BACKOFF, FIRST_BACKOFF * 2.0 ** min(tries - 1, 10)) * (1 - self._chance() / 2)

    def _try_once(self, url: str, deadline: float) -> dict[str, t.Any]:
        """One try, redirects on the same host included."""
        until = min(deadline, self.clock() + self.connection.request_timeout)
        asked = url
        for _hop in range(MAX_REDIRECTS + 1):
            status, headers, body = self._exchange(url, asked, until - self.clock())
            if status == 200:
                return self._json_object(url, body)
            if status not in REDIRECT_STATUSES:
                raise self._refusal(url, status, headers, body)
            asked = self._redirect_target(asked, status, headers.get("Location"))
        shown = self._printable(asked)
        raise ApiError(url, f"more than {MAX_REDIRECTS} redirects, the last to {shown}. Is the option api_url right?")

    def _exchange(self, url: str, target: str, seconds: float) -> tuple[int, t.Mapping[str, str], bytes]:
        """Send one request and read the whole answer, within so many seconds.

        :param url: what was asked for, for messages.
        :param target: where to ask: there, or where a server has sent us, whose words no message shows as they are.
        """
        connection = self.connection
        if seconds <= 0:
            raise TransientError(url, "there is no time left to ask")
        limit = _TimeLimit(seconds)
        self._limits.add(limit)
        try:
            with limit, self._session.get(
                target,
                stream=True,
                # A host may have several addresses, of which some do not answer.
                timeout=(seconds / 3, seconds),
                allow_redirects=False,
                # With each request, or REQUESTS_CA_BUNDLE would win over what the user chose.
                verify=(connection.ca_path or True) if connection.validate_certs else False,
            ) as response:
                body = self._body(url, response)
                if limit.expired:  # Where the answer has no length, the socket's end looks like the body's.
                    raise requests.Timeout
                self._check_whole(url, response, body)
                return response.status_code, response.headers, body
        except requests.exceptions.InvalidHeader as error:
            problem = f"the answer's headers make no sense: {self._printable(str(error))}. Is the option api_url right?"
            raise ResponseError(url, problem) from None
        # ValueError and TypeError: what a proxy's URL can lead requests into.
        except (requests.RequestException, OSError, urllib3.exceptions.HTTPError, ValueError, TypeError) as error:
            if isinstance(error, requests.ConnectTimeout) and not limit.expired:
                problem = f"there was no connection within {seconds / 3:.3g} s, a third of the time for a request"
                raise TransientError(url, f"{problem}. Is the option api_url right, and the server up?") from None
            if limit.expired or _is_time_out(error):
                problem = f"there was no whole answer within {seconds:.3g} s. Is the server well?"
                if math.isclose(seconds, connection.request_timeout, rel_tol=0.01):
                    problem += " The option request_timeout sets this limit"
                raise TransientError(url, problem) from None
            raise self._connection_error(url, error) from None
        finally:
            self._limits.discard(limit)

    def _body(self, url: str, response: requests.Response) -> bytes:
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in ("", "identity", *ENCODINGS):
            problem = f"the answer is packed in a way that was not asked for ({self._printable(encoding)})"
            raise ResponseError(url, f"{problem}. Is the option api_url right?")
        chunks = []
        size = 0
        for chunk in response.iter_content(64 * 1024):
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                problem = (
                    f"the answer is larger than {MAX_ANSWER_BYTES >> 20} MiB. Ask for fewer actions (option limit)"
                )
                raise ResponseError(url, problem)
            chunks.append(chunk)
        return b"".join(chunks)

    @staticmethod
    def _check_whole(url: str, response: requests.Response, body: bytes) -> None:
        # Older releases of urllib3 take a body for whole that ended too early, and Python a head that did: that one
        # lacks the line which says how long the body is.
        promised = response.headers.get("Content-Length", "")
        is_cut = promised.isdecimal() and response.raw.tell() < int(promised)
        has_no_end = not promised and "Transfer-Encoding" not in response.headers
        if is_cut or (response.status_code == 200 and has_no_end and not body):
            raise TransientError(url, "the connection was closed in the middle of the answer. Is the server well?")

    def _connection_error(self, url: str, error: Exception) -> ApiError:
        """What a library's exception means, in words that hold no secret."""
        cause = _innermost(error)
        reason = self._printable(getattr(cause, "strerror", None) or str(cause) or type(cause).__name__)
        if isinstance(cause, urllib3.exceptions.LocationValueError):
            reason = "a URL makes no sense"  # most likely a proxy's; the library would quote the password in it
        if isinstance(cause, ssl.SSLCertVerificationError):
            reason = self._printable(cause.verify_message or reason)
            remedy = "If it is signed by a CA of your own, name that CA's file in the option ca_path"
            return ApiError(url, f"the server's certificate is not trusted: {reason}. {remedy}")
        if isinstance(error, requests.exceptions.SSLError) and not isinstance(
            cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError)
        ):
            remedy = "Is the option api_url right, https and port included, and does ca_path hold certificates?"
            return ApiError(url, f"no TLS connection: {reason}. {remedy}")
        if isinstance(error, requests.exceptions.ProxyError):
            return TransientError(url, f"the proxy does not help: {reason}. Are HTTPS_PROXY and NO_PROXY right?")
        if isinstance(error, (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            return TransientError(
                url, f"the connection failed: {reason}. Is the option api_url right, and the server up?"
            )
        if isinstance(error, requests.exceptions.ContentDecodingError):
            return TransientError(url, f"the answer cannot be unpacked: {reason}. Is the server well?")
        return ApiError(
            url,
            f"the request cannot be sent: {reason}. Are the option api_url, the CA certificates (option ca_path,"
            " REQUESTS_CA_BUNDLE) and the proxy settings right?",
        )

    def _refusal(self, url: str, status: int, headers: t.Mapping[str, str], body: bytes) -> ApiError:
        """The error that an answer's status means."""
        meaning = _MEANINGS.get(status)
        if meaning is None:
            if status in TRANSIENT_STATUSES:
                meaning = "the server is not well. Try again later"
            else:
                meaning = "this is not an answer of the API. Is the option api_url right?"
        problem = f"HTTP {status}, {meaning.format(sources=self.connection.sources)}"
        error: ApiError
        if status in TRANSIENT_STATUSES:
            error = TransientError(url, problem, status=status, retry_after=_retry_after(headers))
        else:
            error = (NotFoundError if status == 404 else ApiError)(url, problem, status=status)
        words = self._words_of(body)
        if words:
            error.add(f"The server says: {words}")
        if isinstance(error, TransientError) and error.retry_after is not None:
            error.add(f"It asks to be left alone for {error.retry_after:.0f} s (Retry-After)")
        return error

    def _redirect_target(self, url: str, status: int, location: str | None) -> str:
        """Where a redirect leads, if it stays on the host that the key is for."""
        if not location:
            raise ApiError(url, f"HTTP {status}, a redirect to nowhere. Is the option api_url right?", status=status)
        try:
            target = urljoin(url, location)
            stays = origin(target) == origin(url)
        except ValueError:
            target, stays = location, False
        if not stays:
            shown = self._printable(target)
            problem = (
                f"HTTP {status}, a redirect to {shown} is not followed, since the key is only for the host of api_url"
            )
            raise ApiError(url, f"{problem}. If that is the API's address, set the option api_url to it", status=status)
        return target

    def _json_object(self, url: str, body: bytes) -> dict[str, t.Any]:
        try:
            answer = json.loads(body, parse_constant=_refuse_constant, parse_float=_finite)
            self.has_read_secrets = self.has_read_secrets or self._may_have_secrets(body)
            if _HALF_CHARACTER.search(body):
                # Ansible cannot carry one to the user, and would lose the whole result.
                answer = json.loads(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace"))
        except (ValueError, RecursionError):
            # Cut only where no secret can be cut in two any more.
            begin = self._printable(body[:10_000].decode("utf-8", "replace"))[:80]
            # Nor is there a field that the user hides: what follows a brace may be an action.
            begin = "".join(begin.partition("{")[:2])
            problem = f"the answer is not JSON, it begins with {begin!r}" if body else "the answer is empty"
            raise ResponseError(url, f"{problem}. Is the option api_url right?") from None
        if not isinstance(answer, dict):
            problem = f"the answer is not a JSON object, but {_json_type(answer)}"
            raise ResponseError(url, f"{problem}. Is the option api_url right?")
        return answer

    def _may_have_secrets(self, body: bytes) -> bool:
        """Whether a secret stands in a JSON text, as it is or with characters escaped that need not be."""
        return bool(_NEEDLESS_ESCAPE.search(body)) or any(secret in body for secret in self.connection.secrets_in_json)

    def _page(self, url: str, offset: int, answer: dict[str, t.Any]) -> Page:
        """An answer as a page of a list, its shape checked."""
        wrong = partial(_no_page, url)
        meta, objects = answer.get("meta"), answer.get("objects")
        if not isinstance(meta, dict):
            raise wrong(f"meta is {_json_type(meta)}")
        if not isinstance(objects, list):
            raise wrong(f"objects is {_json_type(objects)}")
        uuids = []
        for index, one in enumerate(objects):
            if not isinstance(one, dict):
                raise wrong(f"objects[{index}] is {_json_type(one)}")
            uuid = one.get("uuid")
            if not isinstance(uuid, str):
                raise wrong(f"the uuid of objects[{index}] is {_json_type(uuid)}")
            uuids.append(uuid)
        total_count = meta.get("total_count")
        if not isinstance(total_count, int) or isinstance(total_count, bool) or not 0 <= total_count <= sys.maxsize:
            raise wrong(f"meta.total_count is {self._printable(repr(total_count))}")
        next_offset = self._next_offset(url, offset, meta.get("next"), wrong)
        return Page(objects, uuids, total_count, offset, next_offset)

    def _next_offset(self, url: str, offset: int, link: object, wrong: t.Callable[[str], ResponseError]) -> int | None:
        """The offset that ``meta.next`` points to, if that leads on in the same list."""
        if link is None:
            return None
        if not isinstance(link, str):
            raise wrong(f"meta.next is {_json_type(link)}")
        shown = self._printable(link)
        try:
            target = urljoin(url, link)
            stays = origin(target) == origin(url) and urlsplit(target).path == urlsplit(url).path
            next_offset = int(parse_qs(urlsplit(target).query)["offset"][0])
        except (ValueError, KeyError):
            raise wrong(f"meta.next is {shown}") from None
        if not stays:
            raise wrong(f"meta.next leads out of the list, to {shown}, and is not followed")
        if next_offset <= offset:
            raise wrong(f"meta.next does not lead on from offset {offset}: {shown}")
        return next_offset

    def _words_of(self, body: bytes) -> str:
        """What the server says in an error's body, if it is JSON (a proxy's HTML says nothing that helps)."""
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            return ""
        words = (answer.get("error") or answer.get("error_message")) if isinstance(answer, dict) else None
        return self._printable(words) if isinstance(words, str) else ""

    def _printable(self, text: str) -> str:
        """A foreign text for a message: no secret, nothing that a terminal obeys, not too long."""
        text = self.connection.hide_secrets(text)
        text = _USER_IN_URL.sub("//***@", text)
        text = "".join(character if character.isprintable() else " " for character in text[:301])
        return f"{text[:300]}..." if len(text) > 300 else text


class _TimeLimit:
    """Ends one request of this thread when its time is over, by shutting its socket down.

    The time-outs of requests are for one read of the socket: a server that sends a byte now and then is never late.
    """

    def __init__(self, seconds: float) -> None:
        self.expired = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self.expire)
        self._timer.daemon = True

    def __enter__(self) -> None:
        _of_this_thread.limit = self
        self._timer.start()

    def __exit__(self, *exception: object) -> None:
        self._timer.cancel()
        _of_this_thread.limit = None
        with self._lock:
            self._release()

    def watch(self, fileno: int) -> None:
        """From now on the request goes over this socket."""
        with self._lock:
            self._release()
            # A duplicate: TLS takes the original's place, and may be reading from it in another thread.
            self._socket = socket.socket(fileno=os.dup(fileno))
            if self.expired:
                self._shut_down()

    def expire(self) -> None:
        """Time is over."""
        with self._lock:
            self.expired = True
            self._shut_down()

    def _shut_down(self) -> None:
        if self._socket:
            with suppress(OSError):  # The other side was quicker.
                self._socket.shutdown(socket.SHUT_RDWR)

    def _release(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None


class _OfThisThread(threading.local):
    limit: _TimeLimit | None = None


_of_this_thread = _OfThisThread()


class _LimitedAdapter(HTTPAdapter):
    """Shows each connection's socket to the :class:`_TimeLimit` of the request that uses it."""

    def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _limited_pools()

    def proxy_manager_for(self, proxy: str, **kwargs: t.Any) -> t.Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):  # which has pools of its own
            manager.pool_classes_by_scheme = _limited_pools()
        return manager


def _limited_pools() -> dict[str, type]:
    def limited(pool: t.Any) -> type:
        class LimitedConnection(pool.ConnectionCls):
            def _new_conn(self) -> socket.socket:
                new: socket.socket = super()._new_conn()
                if _of_this_thread.limit:
                    _of_this_thread.limit.watch(new.fileno())
                    # A part of the time was for this address to answer. The handshake has all that is left.
                    new.settimeout(None)
                return new

            def putrequest(self, *args: t.Any, **kwargs: t.Any) -> None:
                if self.sock is not None and _of_this_thread.limit:
                    _of_this_thread.limit.watch(self.sock.fileno())
                super().putrequest(*args, **kwargs)

        return type(f"Limited{pool.__name__}", (pool,), {"ConnectionCls": LimitedConnection})

    return {"http": limited(HTTPConnectionPool), "https": limited(HTTPSConnectionPool)}


def origin(url: str) -> tuple[str, str | None, int | None]:
    """The scheme, host and port of a URL.

    :raises ValueError: it is no URL.
    """
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _is_time_out(error: Exception) -> bool:
    """Whether a socket's own time limit was over, which is as long and may be noticed a bit earlier than ours."""
    cause = _innermost(error)
    # One with a number is the system's: nobody has answered at all.
    return isinstance(error, requests.Timeout) or (isinstance(cause, socket.timeout) and cause.errno is None)


def _innermost(error: BaseException) -> BaseException:
    """The exception at the bottom: the libraries wrap the system's own in several layers."""
    for _layer in range(10):
        inner = [getattr(error, "reason", None), *error.args, error.__cause__]
        found = next((one for one in inner if isinstance(one, BaseException)), None)
        if found is None:
            break
        error = found
    return error


def _no_page(url: str, problem: str) -> ResponseError:
    """The error that an answer with a wrong shape is."""
    return ResponseError(url, f"the answer is not a page of a list: {problem}. Is the option api_url right?")


def _json_type(value: object) -> str:
    """What a JSON value is, in words."""
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "null or missing")


def _refuse_constant(name: str) -> t.NoReturn:
    """NaN and Infinity are Python's own, JSON has no such thing."""
    raise ValueError(name)


def _finite(text: str) -> float:
    """A number with a fraction or an exponent, which may be beyond what a float holds."""
    number = float(text)
    if math.isinf(number):
        raise ValueError(text)
    return number


def _retry_after(headers: t.Mapping[str, str]) -> float | None:
    """Seconds from a Retry-After header in either of its forms; None if it is missing, absurd, or already over."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    until = _http_date(value)
    if until is None:
        return None
    # By the server's own clock, where it tells it.
    now = _http_date(headers.get("Date", ""))
    seconds = until - (time.time() if now is None else now)
    return seconds if seconds > 0 else None


def _http_date(value: str) -> float | None:
    """An HTTP date as seconds since 1970."""
    parts = email.utils.parsedate_tz(value)
    if parts is None:
        return None
    try:
        return float(email.utils.mktime_tz(parts))
    except (ValueError, OverflowError):
        return None
