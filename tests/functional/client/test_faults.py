# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fault matrix with the client in this process, without Ansible."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._errors import TutumError
from tests.functional.client.conftest import SANDBOX_PYTHON
from tests.support import faults
from tests.support.faults import CASES, GOOD, MIDDLE, QUERY, REFUSED, TIMED_OUT, WAIT, Outcome, Prepared, Servers
from tests.support.operations import client_for, query, split, wait

if TYPE_CHECKING:
    from collections.abc import Iterator

WAYS = (QUERY, WAIT, MIDDLE)
CONCURRENT = 24
TESTS = [(name, way) for name, case in CASES.items() for way in WAYS if case.has(way)]

Key = tuple[str, str]
Matrix = tuple[dict[Key, Prepared], dict[Key, Outcome | BaseException], dict[Key, int]]


def run(prepared: Prepared, servers: Servers) -> Outcome:
    """Run one case in one way."""
    connection, options = split(prepared.options)
    started = time.monotonic()
    outcome = Outcome(GOOD)
    with closing(client_for(servers["plain"], **{"api_url": prepared.api_url, **connection})) as client:
        try:
            if prepared.way == QUERY:
                outcome.results = query(client, **options).results()
            else:
                waiting = wait(client, **options)
                outcome.results = waiting.results()
                outcome.message = waiting.failure() or ""
                if outcome.message:
                    outcome.end = TIMED_OUT if waiting.timed_out else REFUSED
        except TutumError as error:
            outcome = Outcome(REFUSED, str(error), results=error.results)
    outcome.actions = outcome.results.get("actions", [])
    outcome.seconds = time.monotonic() - started
    return outcome


@pytest.fixture(scope="module")
def matrix() -> Iterator[Matrix]:
    """Run all cases, many of them concurrently, since most of them sleep."""
    with Servers(SANDBOX_PYTHON) as servers:
        prepared = {(one.case.name, one.way): one for one in faults.prepare(CASES.values(), WAYS, servers)}
        with ThreadPoolExecutor(CONCURRENT) as pool:
            running = {key: pool.submit(run, one, servers) for key, one in prepared.items()}
        outcomes = {key: future.exception() or future.result() for key, future in running.items()}
        yield prepared, outcomes, faults.count_requests(prepared.values(), servers)
        assert servers["stranger"].requests() == [], "a request was sent to another host than that of api_url"


@pytest.mark.parametrize(("case", "way"), TESTS)
def test_fault(case: str, way: str, matrix: Matrix) -> None:
    """Each case has the result in the table."""
    prepared, outcomes, requests = matrix
    key = (case, way)
    outcome = outcomes[key]
    if isinstance(outcome, BaseException):
        raise outcome
    faults.check(prepared[key], outcome, requests[key])


def test_number_of_faults(matrix: Matrix, capsys: pytest.CaptureFixture[str]) -> None:
    """The table is not empty; the number of cases is printed."""
    _prepared, outcomes, _requests = matrix
    ended = [outcome for outcome in outcomes.values() if isinstance(outcome, Outcome)]
    assert len(ended) == len(TESTS) > 600
    with capsys.disabled():
        sys.stdout.write(f"\n{faults.summary(ended)} (in process: {', '.join(WAYS)})\n")
