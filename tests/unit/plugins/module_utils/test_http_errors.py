# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors for statuses and exceptions: type, message, and whether a retry may help."""

from __future__ import annotations

import errno
import json
import socket
import ssl
import string
import time
import typing as t
from email.utils import formatdate

import pytest
import requests
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    ApiError,
    NotFoundError,
    ResponseError,
    TlsError,
    TransientError,
)
from ansible_collections.tutum.cloud.plugins.module_utils._http_errors import (
    error_from_exception,
    error_from_status,
    is_timeout,
    is_transient,
    parse_retry_after,
)
from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY, API_URL, make_settings
from ansible_collections.tutum.cloud.tests.unit.properties import PROPERTY

URL = f"{API_URL}action/"
NOW = 1_700_000_000
PROXY = ("HTTPS_PROXY", "http://alice:proxy-secret@proxy:3128")


def from_status(status: int, body: bytes = b"", *, method: str = "GET", **headers: str) -> ApiError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return error_from_status(make_settings(), method, URL, status, headers=named, body=body)


# Statuses


@pytest.mark.parametrize(
    "status", [408, 425, 429, 500, 502, 503, 504, 506, 507, 508, 509, 511, 520, 522, 524, 530, 596, 599]
)
def test_status_is_transient(status: int) -> None:
    assert is_transient(status)
    error = from_status(status)
    assert isinstance(error, TransientError)
    assert error.details() == {"error_type": "http", "status": status, "url": URL}


@pytest.mark.parametrize(
    "status", [204, 304, 400, 401, 402, 403, 404, 405, 407, 409, 415, 418, 426, 451, 501, 505, 600]
)
def test_status_is_permanent(status: int) -> None:
    assert not is_transient(status)
    error = from_status(status)
    assert not isinstance(error, TransientError)
    assert error.status == status
    assert isinstance(error, NotFoundError) is (status == 404)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "bad request. Check the path and the data of the call"),
        (
            401,
            "authentication failed (credentials: the option api_key). Check the API key and that the account is active",
        ),
        (403, "permission denied (credentials: the option api_key). Use an account that is allowed to do this"),
        (404, "not found. Check the type, the UUID, and the operation in the path"),
        (405, "the endpoint does not support POST. Check api_url"),
        (407, "the proxy requires authentication. Add the credentials to the proxy URL"),
        (408, "the server timed out while waiting for the request. Try again later"),
        (409, "the current state does not allow this call. Check the state of the object or action"),
        (415, "the endpoint does not support JSON. Check api_url"),
        (418, "unexpected status code. Check api_url"),
        (429, "rate limit exceeded. Increase interval or request_timeout"),
        (500, "internal server error. Try again later"),
        (501, "unexpected status code. Check api_url"),
        (503, "the server is temporarily unavailable. Try again later"),
        (522, "the server reports an error. Try again later"),
    ],
)
def test_status_message_names_cause_and_remedy(status: int, message: str) -> None:
    assert str(from_status(status, method="POST")).startswith(f"POST {URL} failed: HTTP {status}: {message}")


@pytest.mark.parametrize(
    ("status", "message"),
    [(400, "bad request. Check api_url and the filter options"), (409, "unexpected status code. Check api_url")],
)
def test_status_message_of_query_differs(status: int, message: str) -> None:
    assert str(from_status(status, method="GET")).startswith(f"GET {URL} failed: HTTP {status}: {message}")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": "no such state"}', "no such state"),
        (b'{"error": "It broke."}', "It broke"),
        (b'{"error_message": "it broke"}', "it broke"),
        (b'{"error": null, "error_message": "it broke"}', "it broke"),
        (f'{{"error": "bad key {API_KEY}"}}'.encode(), "bad key ***"),
        (b'{"error": "a\\u001b[31m\\nb\\ud800"}', "a [31m b?"),
        (json.dumps({"error": "x" * 1000}).encode(), f"{'x' * 300}..."),
    ],
)
def test_server_message_is_shown_without_secrets_and_control_characters(body: bytes, message: str) -> None:
    assert str(from_status(400, body)).endswith(f"the filter options. Server message: {message}.")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"error": {"limit": "wrong"}}',
        b'{"error": ""}',
        b'["error"]',
        b"<html>Bad gateway</html>",
        b"[" * 100_000,
        b"\xff\xfe",
        '{"error": "x"}'.encode("utf-16"),
    ],
)
def test_server_message_other_body_is_not_shown(body: bytes) -> None:
    assert str(from_status(400, body)).endswith("the filter options.")


# Retry-After


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("0", None, 0.0),
        ("120", None, 120.0),
        (" 5 ", None, 5.0),
        ("31536000", None, 31536000.0),
        ("9" * 400, None, float("inf")),
        (formatdate(NOW + 90, usegmt=True), None, 90.0),
        # The server's clock is an hour slow: its own date is used.
        (formatdate(NOW - 3600 + 90, usegmt=True), formatdate(NOW - 3600, usegmt=True), 90.0),
        (formatdate(NOW + 90, usegmt=True), "nonsense", 90.0),
        (formatdate(NOW - 90, usegmt=True), None, None),
        (formatdate(NOW, usegmt=True), formatdate(NOW, usegmt=True), None),
        ("-5", None, None),
        ("1.5", None, None),
        ("soon", None, None),
        ("", None, None),
        ("٣", None, None),
        ("²", None, None),
        ("Mon, 99 Foo 2014 99:99:99 GMT", None, None),
        ("Mon, 1 Jan 99999 00:00:00 GMT", None, None),
        ("1 Jan 2014 00:00:00 -99999999999999999999", None, None),
    ],
)
def test_retry_after_in_both_forms(
    monkeypatch: pytest.MonkeyPatch, value: str, date: str | None, seconds: float | None
) -> None:
    monkeypatch.setattr(time, "time", lambda: float(NOW))
    assert parse_retry_after({"Retry-After": value, **({"Date": date} if date else {})}) == seconds


def test_retry_after_missing_is_none() -> None:
    assert parse_retry_after({}) is None


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_in_error_and_message(status: int) -> None:
    error = from_status(status, b'{"error": "slow down"}', Retry_After="60")
    assert isinstance(error, TransientError)
    assert error.retry_after == 60.0
    assert str(error).endswith("Server message: slow down. The server requested a delay of 60 s (Retry-After).")


@PROPERTY
@given(st.text(max_size=60) | st.text(alphabet=string.digits + "-+:., JanFebMGT", max_size=40), st.text(max_size=40))
def test_retry_after_any_text_is_a_delay_or_none(value: str, date: str) -> None:
    seconds = parse_retry_after({"Retry-After": value, "Date": date})
    assert seconds is None or seconds >= 0


# Exceptions


def verification_error() -> ssl.SSLError:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    error.verify_message = "self signed certificate"
    return error


def max_retries(reason: Exception) -> urllib3.exceptions.MaxRetryError:
    pool: t.Any = None
    return urllib3.exceptions.MaxRetryError(pool, "/api/v1/action/", reason)


def new_connection_error(cause: OSError) -> Exception:
    connection: t.Any = None
    error = urllib3.exceptions.NewConnectionError(connection, f"Failed to establish a new connection: {cause}")
    error.__cause__ = cause
    return error


def read_timeout_error() -> Exception:
    pool: t.Any = None
    return urllib3.exceptions.ReadTimeoutError(pool, "/api/v1/action/", "Read timed out.")


REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
RESET = ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")

EXCEPTIONS: list[tuple[Exception, type[ApiError], str]] = [
    (
        requests.exceptions.SSLError(max_retries(urllib3.exceptions.SSLError(verification_error()))),
        TlsError,
        "TLS certificate verification failed: self signed certificate. If a private CA issued the certificate, set",
    ),
    (
        requests.exceptions.SSLError(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")),
        TlsError,
        "TLS handshake failed: [SSL: WRONG_VERSION_NUMBER] wrong version number. Check the scheme and port in api_url",
    ),
    (
        requests.exceptions.SSLError(ssl.SSLEOFError(8, "EOF occurred in violation of protocol")),
        TransientError,
        "Connection failed: EOF occurred in violation of protocol. Check api_url and that the server is running",
    ),
    (
        requests.exceptions.ProxyError(max_retries(new_connection_error(REFUSED))),
        TransientError,
        "Proxy connection failed: Connection refused. Check HTTPS_PROXY and NO_PROXY",
    ),
    (
        requests.exceptions.ContentDecodingError(urllib3.exceptions.DecodeError("not gzip")),
        TransientError,
        "Cannot decompress the response: not gzip",
    ),
    (
        requests.exceptions.InvalidHeader("Content-Length contained multiple unmatching values (5, 6)"),
        ResponseError,
        "Invalid response headers: Content-Length contained multiple unmatching values (5, 6). Check api_url",
    ),
    (
        requests.exceptions.InvalidURL(urllib3.exceptions.LocationParseError("alice:proxy-secret@proxy")),
        ApiError,
        "Cannot send the request: invalid URL. Check HTTPS_PROXY and api_url",
    ),
    (
        requests.ConnectionError(max_retries(new_connection_error(REFUSED))),
        TransientError,
        "Connection failed: Connection refused. Check api_url and that the server is running",
    ),
    (
        requests.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted.", RESET)),
        TransientError,
        "Connection failed: Connection reset by peer. Check api_url and that the server is running",
    ),
    (
        requests.exceptions.ChunkedEncodingError(urllib3.exceptions.ProtocolError("Response ended prematurely")),
        TransientError,
        "Connection failed: Response ended prematurely. Check api_url and that the server is running",
    ),
    (
        OSError("No suitable TLS CA certificate bundle, invalid path: /none"),
        ApiError,
        "Cannot send the request: No suitable TLS CA certificate bundle, invalid path: /none. Check api_url, the CA",
    ),
    (OSError(), ApiError, "Cannot send the request: OSError. Check api_url"),
    (
        ValueError("netloc 'alice:proxy-secret@proxy' contains invalid characters"),
        ApiError,
        "Cannot send the request: invalid URL. Check HTTPS_PROXY and api_url",
    ),
    (urllib3.exceptions.InvalidHeader("Content-Length"), ResponseError, "Invalid response headers: Content-Length."),
]


@pytest.mark.parametrize(("exception", "error_type", "message"), EXCEPTIONS)
def test_exception_has_type_cause_and_remedy(exception: Exception, error_type: type[ApiError], message: str) -> None:
    error = error_from_exception(make_settings(), "GET", URL, exception, PROXY)
    assert error.__class__ is error_type
    assert str(error).startswith(f"GET {URL} failed: {message}")
    assert "proxy-secret" not in str(error)


@pytest.mark.parametrize("proxy", ["socks5://proxy:1080", "socks5h://alice:proxy-secret@proxy:1080", "SOCKS4://proxy"])
def test_exception_socks_proxy_without_pysocks_names_library_and_variable(proxy: str) -> None:
    exception = requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support.")
    error = error_from_exception(make_settings(), "GET", URL, exception, ("ALL_PROXY", proxy))
    assert error.__class__ is ApiError
    assert str(error) == (
        f"GET {URL} failed: The variable ALL_PROXY names a SOCKS proxy, for which the Python library PySocks is"
        " missing. Install PySocks, or unset ALL_PROXY."
    )


@pytest.mark.parametrize(
    ("exception", "was_sent"),
    [
        (requests.ConnectionError(max_retries(new_connection_error(REFUSED))), False),
        (requests.ConnectionError(max_retries(new_connection_error(socket.gaierror(-2, "Name not known")))), False),
        (requests.exceptions.ProxyError(max_retries(new_connection_error(REFUSED))), False),
        (requests.exceptions.ProxyError(max_retries(OSError("Tunnel connection failed: 407 Proxy Auth"))), False),
        (requests.ConnectTimeout(), False),
        (requests.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted.", RESET)), True),
        (requests.exceptions.ChunkedEncodingError("Response ended prematurely"), True),
        (requests.exceptions.SSLError(ssl.SSLEOFError(8, "EOF")), True),
    ],
)
def test_exception_shows_whether_the_request_was_sent(exception: Exception, was_sent: bool) -> None:
    error = error_from_exception(make_settings(), "POST", URL, exception, None)
    assert isinstance(error, TransientError)
    assert error.was_sent is was_sent
    assert error.method == "POST"


def test_exception_text_is_shown_without_secrets_and_control_characters() -> None:
    exception = requests.ConnectionError(f"\x1b[31m{API_KEY}\n at http://alice:proxy-secret@proxy:3128")
    error = error_from_exception(make_settings(), "GET", URL, exception, None)
    assert "Connection failed:  [31m***  at http://***@proxy:3128." in str(error)


@pytest.mark.parametrize(
    ("exception", "expired"),
    [
        (requests.ReadTimeout(), True),
        (requests.ConnectionError(read_timeout_error()), True),
        (requests.ConnectionError(socket.timeout("timed out")), True),
        (requests.ConnectionError(max_retries(new_connection_error(socket.timeout("timed out")))), True),
        (requests.ConnectionError(TimeoutError(errno.ETIMEDOUT, "Connection timed out")), False),
        (requests.ConnectionError(REFUSED), False),
        (ValueError("timed out"), False),
    ],
)
def test_is_timeout_of_a_socket_and_not_of_the_system(exception: Exception, expired: bool) -> None:
    assert is_timeout(exception) is expired
