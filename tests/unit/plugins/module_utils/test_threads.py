# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A call in a thread: its result, and its time limit."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils import _threads
from ansible_collections.tutum.cloud.plugins.module_utils._threads import TimeLimitExceededError, run_within

TEST_TIMEOUT_SECONDS = 10.0
"""The seconds after which a test fails."""


def test_run_within_returns_result_of_a_daemon_thread() -> None:
    thread = run_within(TEST_TIMEOUT_SECONDS, threading.current_thread)
    assert thread is not threading.main_thread()
    assert thread.daemon


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(1)])
def test_run_within_raises_exception_of_the_call(error: BaseException) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        run_within(TEST_TIMEOUT_SECONDS, fail)
    assert caught.value is error


@pytest.mark.parametrize("seconds", [0.0, 0.1])
def test_run_within_stops_waiting_for_a_call_that_hangs(
    released: threading.Event, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr(_threads, "JOIN_SECONDS", TEST_TIMEOUT_SECONDS)
    started = time.monotonic()
    with pytest.raises(TimeLimitExceededError):
        run_within(seconds, released.wait)
    assert seconds <= time.monotonic() - started < seconds + 2


def test_run_within_lets_signal_handlers_run(released: threading.Event) -> None:
    class InterruptedByTestError(Exception):
        """Raised by the handler."""

    def interrupt(_number: int, _frame: object) -> None:
        raise InterruptedByTestError

    before = signal.signal(signal.SIGALRM, interrupt)
    started = time.monotonic()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(InterruptedByTestError):
            run_within(TEST_TIMEOUT_SECONDS, released.wait)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - started < 3
