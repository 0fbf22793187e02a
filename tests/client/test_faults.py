# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fault matrix through the client, in this process: what both modules do, without Ansible around it."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._errors import TutumError
from tests.client import faults
from tests.client.asking import client_for, query, split, wait
from tests.client.conftest import SANDBOX_PYTHON
from tests.client.faults import CASES, GOOD, QUERY, REFUSED, TIMED_OUT, WAIT, Outcome, Planted, Servers

if TYPE_CHECKING:
    from collections.abc import Iterator

WAYS = (QUERY, WAIT)
AT_ONCE = 16

Key = tuple[str, str]
Matrix = tuple[dict[Key, Planted], dict[Key, Outcome | BaseException], dict[Key, int]]


def ask(planted: Planted, servers: Servers) -> Outcome:
    """Run one case in one way, to its end."""
    connection, options = split(planted.options)
    begun = time.monotonic()
    outcome = Outcome(GOOD)
    with closing(client_for(servers["plain"], **{"api_url": planted.api_url, **connection})) as client:
        try:
            if planted.way == QUERY:
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
    outcome.seconds = time.monotonic() - begun
    return outcome


@pytest.fixture(scope="module")
def matrix() -> Iterator[Matrix]:
    """All cases, run many at a time: most of them spend their time waiting."""
    with Servers(SANDBOX_PYTHON) as servers:
        planted = {(one.case.name, one.way): one for one in faults.plant(CASES.values(), WAYS, servers)}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            running = {key: pool.submit(ask, one, servers) for key, one in planted.items()}
        outcomes = {key: future.exception() or future.result() for key, future in running.items()}
        yield planted, outcomes, faults.count_requests(planted.values(), servers)
        assert servers["stranger"].requests() == [], "something was sent to a host that is not that of api_url"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES)
def test_case(case: str, way: str, matrix: Matrix) -> None:
    """Each case ends as the table says, whichever way it is asked."""
    planted, outcomes, requests = matrix
    key = (case, way)
    outcome = outcomes[key]
    if isinstance(outcome, BaseException):
        raise outcome
    faults.check(planted[key], outcome, requests[key])


def test_count(matrix: Matrix, capsys: pytest.CaptureFixture[str]) -> None:
    """The table has not become empty; its count is printed."""
    _planted, outcomes, _requests = matrix
    ended = [outcome for outcome in outcomes.values() if isinstance(outcome, Outcome)]
    assert len(ended) == len(WAYS) * len(CASES) > 400
    with capsys.disabled():
        sys.stdout.write(f"\n{faults.summary(ended)} (in process: {', '.join(WAYS)})\n")
