# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Typed errors.

The message of each is written for the user: what failed, and what to do. ``details()`` is its machine-readable part. Only
the plugins turn these errors into ``fail_json`` or ``AnsibleError``.
"""

from __future__ import annotations

import sys
import typing as t

CHECK_URL = "Check api_url"
"""The remedy for what a server other than the API's would respond."""

MAX_VALUE_LENGTH = 120


class TutumError(Exception):
    """Base class. ``results`` holds what was retrieved before the error."""

    error_type = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.results: dict[str, t.Any] = {}

    def details(self) -> dict[str, t.Any]:
        """Return the machine-readable part: the type, and the status and URL of a failed request (or null)."""
        return {"error_type": self.error_type, "status": None, "url": None}


class OptionError(TutumError):
    """An option has an invalid value. Raised before anything is sent."""

    error_type = "option"

    def __init__(self, option: str, value: object, remedy: str) -> None:
        """
        :param option: the option's name, as the user writes it.
        :param value: its value; never a secret.
        :param remedy: what is wrong and what to do: sentences without the last period.
        """
        if isinstance(value, str) and "?" in value:
            # No option needs the query of a URL, and some servers accept a key there.
            value = f"{value.partition('?')[0]}?***"
        shown = repr(value)
        if len(shown) > MAX_VALUE_LENGTH:
            shown = f"{shown[:100]}... ({len(shown)} characters)"
        super().__init__(f"Invalid value for option {option}: {shown}. {remedy}.")


class CredentialsError(TutumError):
    """The credentials are missing, incomplete, or cannot be sent."""

    error_type = "credentials"


class LibraryError(TutumError):
    """A required Python library is not installed for the interpreter that runs this code."""

    error_type = "library"

    def __init__(self, library: str, cause: ImportError) -> None:
        from ansible_collections.tutum.cloud.plugins.module_utils._libraries import describe_missing_library

        super().__init__(describe_missing_library(library, cause, sys.executable))


class ApiError(TutumError):
    """A request failed. Unless a subclass says otherwise, a retry would not help."""

    error_type = "http"

    def __init__(self, url: str, problem: str, *, status: int | None = None, method: str = "GET") -> None:
        """
        :param url: the requested URL, which holds no secret.
        :param problem: what failed and what to do: sentences without the last period.
        :param status: the HTTP status of the response, if there was one.
        :param method: the HTTP method.
        """
        super().__init__(problem)
        self.url = url
        self.problem = problem
        self.status = status
        self.method = method

    def __str__(self) -> str:
        return f"{self.method} {self.url} failed: {self.problem}."

    def details(self) -> dict[str, t.Any]:
        return {"error_type": self.error_type, "status": self.status, "url": self.url}

    def add(self, sentence: str) -> None:
        """Add a sentence (without its period) to the message."""
        self.problem = f"{self.problem}. {sentence}"


class TlsError(ApiError):
    """The certificate is not trusted, or there is no TLS connection."""

    error_type = "connection"


class NotFoundError(ApiError):
    """404, or no such action."""

    error_type = "not_found"


class ResponseError(ApiError):
    """The response is not what the API promises: not JSON, an invalid structure, too large."""

    error_type = "response"


class FilterIgnoredError(ResponseError):
    """A list has an action that does not match the requested filter: the server does not know the filter."""


class TransientError(ApiError):
    """A retry may help: no connection, a timeout, 408, 425, 429, most of 5xx."""

    error_type = "connection"

    def __init__(
        self,
        url: str,
        problem: str,
        *,
        status: int | None = None,
        method: str = "GET",
        retry_after: float | None = None,
        was_sent: bool = True,
    ) -> None:
        """
        :param retry_after: the delay in seconds that the server requested, if it did.
        :param was_sent: False if the server certainly did not receive the request.
        """
        super().__init__(url, problem, status=status, method=method)
        self.retry_after = retry_after
        self.was_sent = was_sent
        if status is not None:
            self.error_type = "http"


class ThrottledError(TransientError):
    """429: the server limits the rate of requests. It did not carry out the request."""
