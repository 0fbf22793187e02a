# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Typed errors: messages and machine-readable details."""

from __future__ import annotations

import sys

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    ApiError,
    CredentialsError,
    FilterIgnoredError,
    LibraryError,
    NotFoundError,
    OptionError,
    ResponseError,
    TlsError,
    TransientError,
    TutumError,
)

URL = "https://tutum.example.org/api/v1/action/"


def test_option_error_names_option_value_and_remedy() -> None:
    error = OptionError("limit", 0, "Must be 1 or greater")
    assert str(error) == "Invalid value for option limit: 0. Must be 1 or greater."


def test_option_error_url_with_query_hides_query() -> None:
    message = str(OptionError("uuid", "https://host/api/v1/action/?key=secret", "Not a UUID"))
    assert message == "Invalid value for option uuid: 'https://host/api/v1/action/?***'. Not a UUID."


@pytest.mark.parametrize(("length", "is_whole"), [(100, True), (118, True), (119, False), (10_000, False)])
def test_option_error_long_value_is_cut(length: int, is_whole: bool) -> None:
    message = str(OptionError("uuid", "x" * length, "Not a UUID"))
    assert ("x" * length in message) is is_whole
    assert (f"({length + 2} characters)" in message) is not is_whole
    assert len(message) < 200


def test_option_error_value_with_control_characters_is_escaped() -> None:
    assert str(OptionError("uuid", "\x1b[31m\u202e\n", "Not a UUID")).isprintable()


@pytest.mark.parametrize(
    ("error", "error_type"),
    [
        (OptionError("limit", 0, "Must be 1 or greater"), "option"),
        (CredentialsError("No API credentials found."), "credentials"),
        (LibraryError("requests", ImportError("No module named 'requests'")), "library"),
    ],
)
def test_details_without_request_have_only_type(error: TutumError, error_type: str) -> None:
    assert error.details() == {"error_type": error_type, "status": None, "url": None}


@pytest.mark.parametrize(
    ("error", "error_type", "status"),
    [
        (ApiError(URL, "HTTP 401", status=401), "http", 401),
        (NotFoundError(URL, "HTTP 404", status=404), "not_found", 404),
        (ResponseError(URL, "The response is empty", status=200), "response", 200),
        (FilterIgnoredError(URL, "The list has other actions", status=200), "response", 200),
        (TlsError(URL, "TLS handshake failed"), "connection", None),
        (TransientError(URL, "Connection failed"), "connection", None),
        (TransientError(URL, "HTTP 503", status=503), "http", 503),
    ],
)
def test_details_of_request_have_status_and_url(error: ApiError, error_type: str, status: int | None) -> None:
    assert error.details() == {"error_type": error_type, "status": status, "url": URL}
    assert isinstance(error, TutumError)


def test_api_error_message_names_method_and_url() -> None:
    error = ApiError(URL, "HTTP 403: permission denied", method="POST", status=403)
    assert str(error) == f"POST {URL} failed: HTTP 403: permission denied."


def test_api_error_add_appends_sentence() -> None:
    error = ApiError(URL, "HTTP 503")
    error.add("Gave up after 2 attempts")
    assert str(error) == f"GET {URL} failed: HTTP 503. Gave up after 2 attempts."


def test_errors_do_not_share_results() -> None:
    first, second = ApiError(URL, "no"), ApiError(URL, "no")
    first.results["actions"] = []
    assert second.results == {}


def test_transient_error_knows_retry_after_and_was_sent() -> None:
    error = TransientError(URL, "no", retry_after=2.5, was_sent=False)
    assert (error.retry_after, error.was_sent) == (2.5, False)
    assert (TransientError(URL, "no").retry_after, TransientError(URL, "no").was_sent) == (None, True)


def test_library_error_names_library_interpreter_and_cause() -> None:
    message = str(LibraryError("requests", ImportError("No module named 'requests'")))
    assert message.startswith("Failed to import the required Python library (requests) on ")
    assert sys.executable in message
    assert "No module named 'requests'" in message
