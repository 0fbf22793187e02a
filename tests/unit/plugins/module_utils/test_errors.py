# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The messages that a person reads."""

from __future__ import annotations

import sys

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    ApiError,
    LibraryError,
    NotFoundError,
    OptionError,
    ResponseError,
    TransientError,
    TutumError,
)

URL = "https://tutum.example.org/api/v1/action/"


def test_an_option_error_names_option_value_and_remedy() -> None:
    assert str(OptionError("limit", 0, "give 1 or more")) == "limit: 0 cannot be used: give 1 or more."


def test_a_urls_query_is_not_quoted_since_it_may_have_a_key_in_it() -> None:
    message = str(OptionError("uuid", "https://host/api/v1/action/?key=secret", "it is none"))
    assert message == "uuid: 'https://host/api/v1/action/?***' cannot be used: it is none."


@pytest.mark.parametrize(("length", "is_whole"), [(100, True), (118, True), (119, False), (10_000, False)])
def test_a_long_value_is_cut(length: int, is_whole: bool) -> None:
    message = str(OptionError("uuid", "x" * length, "it is none"))
    assert ("x" * length in message) is is_whole
    assert (f"({length + 2} characters)" in message) is not is_whole
    assert len(message) < 200


@pytest.mark.parametrize(
    ("problem", "said"),
    [("no answer", "no answer."), ("Is it up?", "Is it up?"), ("It is down.", "It is down.")],
)
def test_an_api_error_names_the_url_and_ends_each_sentence_once(problem: str, said: str) -> None:
    error = ApiError(URL, problem, status=403)
    assert str(error) == f"GET {URL}: {said}"
    error.add("Tried 2 times")
    assert str(error) == f"GET {URL}: {said} Tried 2 times."
    assert (error.status, error.url) == (403, URL)


def test_a_missing_library_names_the_interpreter_and_how_to_install_it() -> None:
    message = str(LibraryError("requests", ImportError("No module named 'requests'")))
    assert f"{sys.executable} -m pip install requests" in message
    assert "No module named 'requests'" in message
    assert "ansible_python_interpreter" in message


@pytest.mark.parametrize("kind", [NotFoundError, ResponseError, TransientError])
def test_each_api_error_is_one_type_to_catch_with_results_of_its_own(kind: type[ApiError]) -> None:
    first, second = kind(URL, "no"), kind(URL, "no")
    first.results["actions"] = []
    assert isinstance(first, ApiError)
    assert isinstance(first, TutumError)
    assert second.results == {}


def test_a_transient_error_knows_when_to_come_back() -> None:
    assert TransientError(URL, "no").retry_after is None
    assert TransientError(URL, "no", retry_after=2.5).retry_after == 2.5
