# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""A call within a time limit, in a daemon thread, which does not keep its process alive."""

from __future__ import annotations

import threading
import typing as t

JOIN_SECONDS = 1.0
"""The longest uninterrupted wait for a thread. Python runs the handlers of signals between two of them."""

_Result = t.TypeVar("_Result")


class TimeLimitExceededError(Exception):
    """The call exceeded its time limit. Its thread continues in the background."""


def run_within(seconds: float, call: t.Callable[[], _Result]) -> _Result:
    """Return the result of a call, or raise its exception; stop waiting for it after a time.

    This also bounds what has no time limit of its own, such as name resolution.

    :param seconds: the time limit.
    :raises TimeLimitExceededError: the call has not finished.
    """
    results: list[_Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is expected
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while seconds > 0 and thread.is_alive():
        thread.join(min(seconds, JOIN_SECONDS))
        seconds -= JOIN_SECONDS
    if errors:
        raise errors[0]
    if not results:
        raise TimeLimitExceededError
    return results[0]
