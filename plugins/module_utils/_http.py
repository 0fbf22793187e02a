# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""One HTTP request within a time limit: TLS, proxies, bounds on time and size, typed errors.

An adapter of the library requests sends the requests, and not its Session: that follows redirects, reads ``~/.netrc``, and
looks for proxies in the system.
"""

from __future__ import annotations

import math
import typing as t

from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    CHECK_URL,
    LibraryError,
    ResponseError,
    TransientError,
)
from ansible_collections.tutum.cloud.plugins.module_utils._proxies import find_proxy
from ansible_collections.tutum.cloud.plugins.module_utils._text import printable
from ansible_collections.tutum.cloud.plugins.module_utils._threads import TimeLimitExceededError, run_within

try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter
except ImportError as error:
    REQUESTS_IMPORT_ERROR: ImportError | None = error
else:
    REQUESTS_IMPORT_ERROR = None

if t.TYPE_CHECKING:
    from ansible_collections.tutum.cloud.plugins.module_utils._settings import ConnectionSettings

MAX_RESPONSE_BYTES = 64 * 1024 * 1024
"""A larger response, after decompression, is refused."""

MAX_CONNECTIONS = 8
"""How many requests run concurrently."""

CHUNK_BYTES = 64 * 1024

ENCODINGS = ("gzip", "deflate")
"""Accepted content encodings. The libraries would accept more, some without a limit of the decompressed size."""

USER_AGENT = "ansible-collection-tutum.cloud"


class Response(t.NamedTuple):
    """A complete response, of any status."""

    status: int
    headers: t.Mapping[str, str]
    body: bytes


class Transport:
    """Sends requests over connections that stay open. Thread-safe."""

    def __init__(self, settings: ConnectionSettings) -> None:
        """
        :raises LibraryError: the library requests is not installed.
        """
        if REQUESTS_IMPORT_ERROR:
            raise LibraryError("requests", REQUESTS_IMPORT_ERROR)
        self._settings = settings
        self._verify = (settings.ca_path or True) if settings.validate_certs else False
        if not settings.validate_certs:
            # The user's decision; a warning for each request would not help.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._adapter = _new_adapter()

    def close(self) -> None:
        """Close the connections."""
        self._adapter.close()

    def send(
        self,
        method: str,
        url: str,
        seconds: float,
        *,
        target: str | None = None,
        body: bytes | None = None,
        user_agent: str = USER_AGENT,
    ) -> Response:
        """Send one request, and return the complete response.

        :param url: the URL, for messages.
        :param seconds: the time limit, from name resolution to the last byte.
        :param target: where to send the request, if not to ``url``: a redirect's target, which no message shows verbatim.
        :param body: a JSON text to send.
        :raises TransientError: there was no complete response within the time limit.
        :raises ResponseError: the response has invalid headers, an unknown encoding, or too large a body.
        :raises ApiError: the request cannot be sent, or the certificate is not trusted.
        """
        if seconds <= 0:
            problem = (
                "The timeout expired before the request was sent. Increase timeout, or request_timeout for a query"
            )
            raise TransientError(url, problem, method=method, was_sent=False)
        adapter = self._adapter
        exchange = _Exchange(self._settings, adapter, self._verify, method, url)
        try:
            return run_within(seconds, lambda: exchange.run(target or url, seconds, body, user_agent))
        except TimeLimitExceededError:
            exchange.is_abandoned = True
            # The connection may be in any state, so no connection of this adapter is used again.
            if self._adapter is adapter:
                self._adapter = _new_adapter()
            adapter.close()
            raise exchange.timeout_error(seconds) from None


class _Exchange:
    """One request and its response, in a thread of its own."""

    def __init__(
        self, settings: ConnectionSettings, adapter: HTTPAdapter, verify: bool | str, method: str, url: str
    ) -> None:
        self._settings = settings
        self._adapter = adapter
        self._verify = verify
        self._method = method
        self._url = url
        self.is_abandoned = False
        """Whether the caller has stopped waiting for the result."""

    def run(self, target: str, seconds: float, body: bytes | None, user_agent: str) -> Response:
        """Send the request, and read the whole response."""
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": ", ".join(ENCODINGS),
            "Authorization": self._settings.authorization,
            "User-Agent": user_agent,
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        proxy = find_proxy(target, self._settings.environ)
        # A host may have several addresses, of which some do not respond.
        connect_seconds = seconds / 3
        try:
            request = requests.Request(self._method, target, headers=headers, data=body).prepare()
            with self._adapter.send(
                request,
                stream=True,
                timeout=(connect_seconds, seconds),
                verify=self._verify,
                proxies={"http": proxy[1], "https": proxy[1]} if proxy else {},
            ) as response:
                content = self._read_body(response)
                self._check_completeness(response, content)
                return Response(response.status_code, response.headers, content)
        # ValueError and TypeError: what an invalid URL of a proxy leads to.
        except (requests.RequestException, OSError, urllib3.exceptions.HTTPError, ValueError, TypeError) as error:
            # Imported only here: most tasks have no error.
            from ansible_collections.tutum.cloud.plugins.module_utils._http_errors import (
                error_from_exception,
                is_timeout,
            )

            # The TLS handshake belongs to the connection, too.
            if isinstance(error, requests.ConnectTimeout) or "handshake operation timed out" in str(error):
                problem = f"Connection timed out after {connect_seconds:.3g} s, a third of the time for a request"
                problem = f"{problem}. {CHECK_URL} and that the server is running"
                raise TransientError(self._url, problem, method=self._method, was_sent=False) from None
            if is_timeout(error):
                raise self.timeout_error(seconds) from None
            raise error_from_exception(self._settings, self._method, self._url, error, proxy) from None

    def timeout_error(self, seconds: float) -> TransientError:
        """Return the error for a time limit that expired."""
        problem = f"No complete response within {seconds:.3g} s"
        if math.isclose(seconds, self._settings.request_timeout, rel_tol=0.01):
            problem += " (request_timeout). Increase request_timeout if the server is slow"
        else:
            problem += ", the time that was left. Check that the server responds"
        return TransientError(self._url, problem, method=self._method)

    def _read_body(self, response: requests.Response) -> bytes:
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in ("", "identity", *ENCODINGS):
            shown = printable(self._settings.redactor.hide_in_message(encoding))
            raise ResponseError(self._url, f"Unsupported content encoding ({shown}). {CHECK_URL}", method=self._method)
        chunks = []
        size = 0
        for chunk in response.iter_content(CHUNK_BYTES):
            size += len(chunk)
            if size > MAX_RESPONSE_BYTES:
                problem = (
                    f"The response exceeds {MAX_RESPONSE_BYTES >> 20} MiB. Reduce the number of actions with limit"
                )
                raise ResponseError(self._url, problem, method=self._method)
            chunks.append(chunk)
            if self.is_abandoned:
                break
        return b"".join(chunks)

    def _check_completeness(self, response: requests.Response, body: bytes) -> None:
        # urllib3 1.26 accepts a body that ends too early, and Python accepts a head that does: that one lacks the line
        # with the length of the body.
        length = response.headers.get("Content-Length", "")
        is_cut = length.isdecimal() and response.raw.tell() < int(length)
        has_no_end = not length and "Transfer-Encoding" not in response.headers
        must_have_end = 200 <= response.status_code < 300 and response.status_code != 204
        if is_cut or (must_have_end and has_no_end and not body):
            problem = (
                "The connection was closed before the response was complete. Check the server, and any proxy before it"
            )
            raise TransientError(self._url, problem, method=self._method)


def _new_adapter() -> HTTPAdapter:
    return HTTPAdapter(pool_connections=2, pool_maxsize=MAX_CONNECTIONS)
