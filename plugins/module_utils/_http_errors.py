# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Failures of HTTP as typed errors: what a status means, and what an exception of the library means."""

from __future__ import annotations

import socket
import ssl
import time
import typing as t

from ansible_collections.tutum.cloud.plugins.module_utils._dates import parse_http_date
from ansible_collections.tutum.cloud.plugins.module_utils._decoding import decode_json
from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    CHECK_URL,
    ApiError,
    NotFoundError,
    ResponseError,
    ThrottledError,
    TlsError,
    TransientError,
)
from ansible_collections.tutum.cloud.plugins.module_utils._text import printable

try:
    import requests
    import urllib3
except ImportError:
    pass  # _http.py reports it.

if t.TYPE_CHECKING:
    from ansible_collections.tutum.cloud.plugins.module_utils._settings import ConnectionSettings

_PERMANENT_SERVER_ERRORS = frozenset({501, 505})
_TRANSIENT_CLIENT_ERRORS = frozenset({408, 425, 429})

_MEANINGS: dict[int, str] = {
    400: f"bad request. {CHECK_URL} and the filter options",
    401: "authentication failed (credentials: {sources}). Check the API key and that the account is active",
    403: "permission denied (credentials: {sources}). Use an account that is allowed to do this",
    404: "not found. Check the UUID and api_url",
    405: "the endpoint does not support {method}. Check api_url",
    407: "the proxy requires authentication. Add the credentials to the proxy URL (HTTP_PROXY, HTTPS_PROXY), or add the host"
    " to NO_PROXY",
    408: "the server timed out while waiting for the request. Try again later",
    415: f"the endpoint does not support JSON. {CHECK_URL}",
    429: "rate limit exceeded. Increase interval or request_timeout, or run fewer tasks in parallel",
    500: "internal server error. Try again later",
    503: "the server is temporarily unavailable. Try again later",
}

_MEANINGS_OF_CALLS: dict[int, str] = {
    400: "bad request. Check the path and the data of the call",
    404: "not found. Check the type, the UUID, and the operation in the path",
    409: "the current state does not allow this call. Check the state of the object or action",
}
"""Where the meaning differs for a request that changes something."""


def is_transient(status: int) -> bool:
    """Return whether a request that failed with this status may succeed later."""
    return status in _TRANSIENT_CLIENT_ERRORS or (500 <= status < 600 and status not in _PERMANENT_SERVER_ERRORS)


def error_from_status(
    settings: ConnectionSettings, method: str, url: str, status: int, *, headers: t.Mapping[str, str], body: bytes
) -> ApiError:
    """Return the error for the status of a response, with the server's message."""
    meaning = (_MEANINGS if method == "GET" else {**_MEANINGS, **_MEANINGS_OF_CALLS}).get(status)
    if meaning is None:
        meaning = "the server reports an error. Try again later" if is_transient(status) else ""
        meaning = meaning or f"unexpected status code. {CHECK_URL}"
    problem = f"HTTP {status}: {meaning.format(sources=settings.sources, method=method)}"
    error: ApiError
    if is_transient(status):
        retry_after = parse_retry_after(headers)
        error_class = ThrottledError if status == 429 else TransientError
        error = error_class(url, problem, status=status, method=method, retry_after=retry_after)
    else:
        error = (NotFoundError if status == 404 else ApiError)(url, problem, status=status, method=method)
    message = _server_message(settings, body)
    if message:
        error.add(f"Server message: {message if message.endswith('...') else message.rstrip('.')}")
    if isinstance(error, TransientError) and error.retry_after is not None:
        error.add(f"The server requested a delay of {error.retry_after:.0f} s (Retry-After)")
    return error


def error_from_exception(  # noqa: PLR0911 - one for each kind of exception
    settings: ConnectionSettings, method: str, url: str, error: Exception, proxy: tuple[str, str] | None
) -> ApiError:
    """Return the error for an exception of the library or the system."""
    cause = _root_cause(error)
    reason = _safe(settings, getattr(cause, "strerror", None) or str(cause) or type(cause).__name__)
    was_sent = not _happened_before_sending(error)

    def transient(problem: str) -> TransientError:
        return TransientError(url, problem, method=method, was_sent=was_sent)

    # Older releases of requests do not wrap that of urllib3.
    if isinstance(error, (requests.exceptions.InvalidHeader, urllib3.exceptions.InvalidHeader)):
        return ResponseError(url, f"Invalid response headers: {reason}. {CHECK_URL}", method=method)
    if isinstance(error, requests.exceptions.InvalidSchema) and proxy and "socks" in proxy[1].lower():
        problem = f"The variable {proxy[0]} names a SOCKS proxy, for which the Python library PySocks is missing"
        return ApiError(url, f"{problem}. Install PySocks, or unset {proxy[0]}", method=method)
    if isinstance(cause, ssl.SSLCertVerificationError):
        reason = _safe(settings, cause.verify_message or reason)
        remedy = "If a private CA issued the certificate, set ca_path to the CA certificate"
        return TlsError(url, f"TLS certificate verification failed: {reason}. {remedy}", method=method)
    if isinstance(error, requests.exceptions.SSLError) and not isinstance(
        cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError)
    ):
        remedy = "Check the scheme and port in api_url, and that ca_path contains certificates"
        return TlsError(url, f"TLS handshake failed: {reason}. {remedy}", method=method)
    if isinstance(error, requests.exceptions.ProxyError):
        variable = proxy[0] if proxy else "HTTPS_PROXY"
        return transient(f"Proxy connection failed: {reason}. Check {variable} and NO_PROXY")
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return transient(f"Cannot decompress the response: {reason}. {CHECK_URL}, and any proxy before the server")
    if isinstance(cause, urllib3.exceptions.LocationValueError) or (
        proxy and isinstance(error, (ValueError, TypeError))
    ):
        # Most likely the URL of a proxy. The library's message would contain the password in it.
        variable = proxy[0] if proxy else "HTTP_PROXY and HTTPS_PROXY"
        return ApiError(url, f"Cannot send the request: invalid URL. Check {variable} and api_url", method=method)
    if isinstance(error, (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        return transient(f"Connection failed: {reason}. {CHECK_URL} and that the server is running")
    remedy = f"{CHECK_URL}, the CA certificates (ca_path, REQUESTS_CA_BUNDLE, SSL_CERT_FILE), and the proxy variables"
    return ApiError(url, f"Cannot send the request: {reason}. {remedy}", method=method)


def is_timeout(error: Exception) -> bool:
    """Return whether the socket's own time limit expired. It equals ours, and can expire slightly earlier."""
    cause = _root_cause(error)
    if isinstance(error, requests.Timeout) or isinstance(cause, urllib3.exceptions.ReadTimeoutError):
        return True
    # An error with a number comes from the system: the host did not respond to the connection attempt.
    return isinstance(cause, socket.timeout) and cause.errno is None


def parse_retry_after(headers: t.Mapping[str, str]) -> float | None:
    """Return the seconds in a Retry-After header in either of its forms; None if it is missing, invalid, or in the past."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    until = parse_http_date(value)
    if until is None:
        return None
    # By the server's own clock, if the response shows it.
    now = parse_http_date(headers.get("Date", ""))
    seconds = until - (time.time() if now is None else now)
    return seconds if seconds > 0 else None


def _server_message(settings: ConnectionSettings, body: bytes) -> str:
    """Return the message in the body of an error, if that is JSON (the HTML of a proxy does not help)."""
    try:
        content = decode_json(body)
    except ValueError:
        return ""
    message = (content.get("error") or content.get("error_message")) if isinstance(content, dict) else None
    return _safe(settings, message) if isinstance(message, str) else ""


def _safe(settings: ConnectionSettings, text: str) -> str:
    return printable(settings.redactor.hide_in_message(text))


def _chain(error: BaseException) -> t.Iterator[BaseException]:
    """Yield an exception and what it wraps: the libraries wrap the system's exceptions in several layers."""
    for _layer in range(10):
        yield error
        inner = [getattr(error, "reason", None), *error.args, error.__cause__]
        found = next((one for one in inner if isinstance(one, BaseException)), None)
        if found is None:
            return
        error = found


def _root_cause(error: BaseException) -> BaseException:
    return list(_chain(error))[-1]


def _happened_before_sending(error: Exception) -> bool:
    """Return whether there was certainly no connection over which the request could have been sent."""
    # NewConnectionError is a ConnectTimeoutError in older releases; name resolution is a NewConnectionError in all.
    no_connection = (urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.NewConnectionError)
    return any(
        isinstance(one, (requests.ConnectTimeout, ssl.SSLCertVerificationError, *no_connection))
        # A proxy that refuses the tunnel. The standard library has no type for it.
        or (isinstance(one, OSError) and str(one).startswith("Tunnel connection failed"))
        for one in _chain(error)
    )
