# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls in several threads: the order of results, the number that run concurrently, closing early."""

from __future__ import annotations

import threading
import typing as t
from collections import deque

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._workers import map_concurrently

TEST_TIMEOUT_SECONDS = 10.0
"""The seconds after which a test fails."""


class Calls:
    """Records which calls started and in which threads, and how many ran concurrently."""

    def __init__(self, call: t.Callable[[int], object] = lambda _item: None) -> None:
        self._call = call
        self._lock = threading.Lock()
        self._running = 0
        self.most_running = 0
        self.started: list[int] = []
        self.threads: set[threading.Thread] = set()

    def __call__(self, item: int) -> int:
        with self._lock:
            self.started.append(item)
            self.threads.add(threading.current_thread())
            self._running += 1
            self.most_running = max(self.most_running, self._running)
        self._call(item)
        with self._lock:
            self._running -= 1
        return item

    def join(self) -> None:
        """Wait for the end of all threads."""
        for thread in self.threads:
            thread.join(TEST_TIMEOUT_SECONDS)
            assert not thread.is_alive()


@pytest.mark.parametrize("connections", [1, 3, 8, 50])
def test_map_concurrently_yields_in_order_of_items(connections: int) -> None:
    calls = Calls()
    assert list(map_concurrently(calls, range(40), connections)) == list(range(40))
    assert sorted(calls.started) == list(range(40))
    assert calls.most_running <= connections
    assert threading.current_thread() not in calls.threads
    calls.join()


def test_map_concurrently_order_does_not_depend_on_the_end_of_calls() -> None:
    last_ended = threading.Event()

    def call(item: int) -> None:
        if item == 3:
            last_ended.set()
        else:
            assert last_ended.wait(TEST_TIMEOUT_SECONDS)

    calls = Calls(call)
    assert list(map_concurrently(calls, range(4), 4)) == [0, 1, 2, 3]
    calls.join()


def test_map_concurrently_uses_all_connections() -> None:
    barrier = threading.Barrier(4)
    calls = Calls(lambda _item: barrier.wait(TEST_TIMEOUT_SECONDS))
    assert list(map_concurrently(calls, range(12), 4)) == list(range(12))
    assert calls.most_running == 4
    calls.join()


def test_map_concurrently_runs_a_bounded_number_ahead() -> None:
    taken: deque[int] = deque()
    ahead = threading.Semaphore(0)

    def items() -> t.Iterator[int]:
        for item in range(1000):
            taken.append(item)
            yield item

    calls = Calls(lambda _item: ahead.release())
    results = map_concurrently(calls, items(), 2)
    assert next(results) == 0
    for _item in range(4):
        assert ahead.acquire(timeout=TEST_TIMEOUT_SECONDS)
    assert sorted(calls.started) == list(taken) == [0, 1, 2, 3]
    results.close()
    calls.join()


def test_map_concurrently_closed_early_starts_no_new_call(released: threading.Event) -> None:
    calls = Calls(lambda item: item == 0 or released.wait(TEST_TIMEOUT_SECONDS))
    results = map_concurrently(calls, range(1000), 2)
    assert next(results) == 0
    results.close()
    released.set()
    calls.join()
    assert set(calls.started) <= {0, 1, 2}


def test_map_concurrently_exception_ends_it(released: threading.Event) -> None:
    def call(item: int) -> None:
        if item == 1:
            raise ValueError("a bug")
        assert item == 0 or released.wait(TEST_TIMEOUT_SECONDS)

    calls = Calls(call)
    results = map_concurrently(calls, range(1000), 2)
    assert next(results) == 0
    with pytest.raises(ValueError, match="a bug"):
        next(results)
    released.set()
    calls.join()
    assert len(calls.started) <= 4


def test_map_concurrently_without_items_starts_no_thread() -> None:
    threads = threading.active_count()
    assert list(map_concurrently(Calls(), [], 8)) == []
    assert threading.active_count() == threads
