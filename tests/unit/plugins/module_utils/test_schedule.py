# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pauses between two polls."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._schedule import (
    JITTER,
    MIN_PAUSE_SECONDS,
    THROTTLED_JITTER,
    next_pause,
    poll_interval,
)


@pytest.mark.parametrize(
    ("waited", "interval", "max_interval", "pause"),
    [
        (0, 1, 15, 1),
        (9, 1, 15, 1),
        (20, 1, 15, 2),
        (100, 1, 15, 10),
        (1e9, 1, 15, 15),
        (0, 0, 15, MIN_PAUSE_SECONDS),
        (0.5, 0, 15, MIN_PAUSE_SECONDS),
        (20, 0, 15, 2),
        (1e9, 0, 0, MIN_PAUSE_SECONDS),
        (1e9, 5, 5, 5),
        (0, 30, 30, 30),
    ],
)
def test_poll_interval_is_a_tenth_of_the_time_waited_within_its_limits(
    waited: float, interval: float, max_interval: float, pause: float
) -> None:
    assert poll_interval(waited, interval, max_interval) == pytest.approx(pause)


@pytest.mark.parametrize(
    ("waited", "intervals", "pauses"),
    [
        (60, (1, 15), (6 * (1 - JITTER), 6)),
        (999, (1, 15), (15 * (1 - JITTER), 15)),
        # The first pauses are at the lower limit, so they can only be longer.
        (0, (1, 15), (1, 1 + JITTER)),
        # Where both limits are the same there is no room for jitter.
        (0, (5, 5), (5, 5)),
        (0, (5, 1), (5, 5)),
    ],
)
def test_next_pause_has_jitter_between_the_intervals(
    waited: float, intervals: tuple[float, float], pauses: tuple[float, float]
) -> None:
    sources: list[t.Callable[[], float]] = [lambda: 0.0, lambda: 1.0]
    extremes = sorted(next_pause(waited, *intervals, source) for source in sources)
    assert extremes == pytest.approx(pauses)


@pytest.mark.parametrize(("failures", "pause"), [(1, 1), (2, 1), (3, 2), (4, 4), (5, 8), (6, 15), (9999, 15)])
def test_next_pause_doubles_with_each_failure(failures: int, pause: float) -> None:
    assert next_pause(0, 1, 15, lambda: 0.0, failures=failures) == pause
    assert next_pause(0, 1, 15, lambda: 1.0, failures=failures) >= pause / 2


@pytest.mark.parametrize("random", [0.0, 0.5, 1.0])
def test_next_pause_after_throttling_has_more_jitter_and_no_backoff(random: float) -> None:
    pause = next_pause(100, 1, 15, lambda: random, failures=9, is_throttled=True)
    assert pause == 10 * (1 - THROTTLED_JITTER * random)
    assert next_pause(5, 1, 15, lambda: random, failures=9, is_throttled=True) == 1
