# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""When a wait polls: the pauses between two polls, in seconds."""

from __future__ import annotations

import typing as t

MIN_PAUSE_SECONDS = 0.1
"""The shortest pause between two polls, also with an interval of 0."""

JITTER = 0.15
"""The part of a pause that is random, so that many hosts do not poll at the same time."""

THROTTLED_JITTER = 0.5
"""The random part if the server throttles requests: hosts that poll at the same time exceed the rate limit together."""

FAILURE_PAUSE_SECONDS = 0.5
"""The pause after a failed poll; it doubles with each consecutive one, up to max_interval."""


def poll_interval(waited: float, interval: float, max_interval: float) -> float:
    """Return the pause before the next poll: a tenth of the time waited, between the two intervals.

    So an end is noticed within a tenth of the wait, and a long wait polls less often.
    """
    return max(MIN_PAUSE_SECONDS, interval, min(max_interval, waited / 10))


def next_pause(
    waited: float,
    interval: float,
    max_interval: float,
    random_source: t.Callable[[], float],
    *,
    failures: int = 0,
    is_throttled: bool = False,
) -> float:
    """Return the pause before the next poll, with jitter.

    :param waited: how long the wait has lasted.
    :param interval: the shortest pause.
    :param max_interval: the longest pause.
    :param random_source: returns a number from 0 to 1.
    :param failures: how many polls have failed consecutively.
    :param is_throttled: whether the server throttled the last poll.
    """
    pause = poll_interval(waited, interval, max_interval)
    shortest = max(MIN_PAUSE_SECONDS, interval)
    if is_throttled:
        # Retries have delayed the poll already: of many hosts, one that pauses even longer would be the last to end.
        return max(shortest, pause * (1 - THROTTLED_JITTER * random_source()))
    jitter = JITTER * random_source() * pause
    if pause - jitter >= shortest:
        pause -= jitter
    else:  # The first pauses are the shortest ones, so jitter only makes them longer.
        pause = max(pause, min(pause + jitter, max_interval))
    if failures:
        backoff = min(max(max_interval, pause), FAILURE_PAUSE_SECONDS * 2.0 ** min(failures - 1, 10))
        pause = max(pause, backoff * (1 - random_source() / 2))
    return pause
