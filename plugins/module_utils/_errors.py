# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What can go wrong, as types.

The message of each is written for the person who runs the playbook: what happened, to what, and what to do. The edge
(a module or a lookup) turns them into ``fail_json`` or ``AnsibleError``; nothing below the edge knows how.
"""

from __future__ import annotations

import sys
import typing as t


class TutumError(Exception):
    """The base of all: ``str(error)`` is the message, ``results`` what was learned before it went wrong."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.results: dict[str, t.Any] = {}


class OptionError(TutumError):
    """An option has a value that cannot be used. Raised before anything is sent."""

    def __init__(self, option: str, value: object, remedy: str) -> None:
        """
        :param option: the option's name, as the user writes it.
        :param value: what it was set to; never a secret.
        :param remedy: what is wrong with it and what to write instead: a sentence without its full stop.
        """
        if isinstance(value, str) and "?" in value:
            # Nothing needs a URL's query, and there are servers that take a key there.
            value = f"{value.partition('?')[0]}?***"
        shown = repr(value)
        if len(shown) > 120:
            shown = f"{shown[:100]}... ({len(shown)} characters)"
        super().__init__(f"{option}: {shown} cannot be used: {remedy}.")


class CredentialsError(TutumError):
    """It is not clear as whom to ask: nothing was given, or only half of it."""


class LibraryError(TutumError):
    """A Python library that the collection needs cannot be imported where this code runs."""

    def __init__(self, library: str, cause: ImportError) -> None:
        super().__init__(
            f"The Python library {library} cannot be imported ({cause}) by {sys.executable}. Install it there:"
            f" {sys.executable} -m pip install {library}. If another Python interpreter has it, set"
            " ansible_python_interpreter (modules), or run Ansible with that one (lookups)."
        )


class ApiError(TutumError):
    """The API could not be asked, or refused. Asking again would not help, unless a subclass says so."""

    def __init__(self, url: str, problem: str, *, status: int | None = None) -> None:
        """
        :param url: what was asked for (a URL holds no secret here).
        :param problem: what was wrong and what to do: sentences without the last full stop.
        :param status: the answer's HTTP status, where there was one.
        """
        super().__init__(problem)
        self.url = url
        self.problem = problem
        self.status = status

    def __str__(self) -> str:
        return f"GET {self.url}: {_ended(self.problem)}"

    def add(self, sentence: str) -> None:
        """Say one more thing in the message (a sentence without its full stop)."""
        self.problem = f"{_ended(self.problem)} {sentence}"


class NotFoundError(ApiError):
    """404: there is no such object."""


class ResponseError(ApiError):
    """The answer is not what the API promises: not JSON, of the wrong shape, too large."""


class TransientError(ApiError):
    """It may well work later: no connection, a time-out, 429, 500, 502, 503, 504."""

    def __init__(self, url: str, problem: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        """
        :param retry_after: how many seconds the server asked us to stay away, where it said so.
        """
        super().__init__(url, problem, status=status)
        self.retry_after = retry_after


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?")) else f"{sentence}."
