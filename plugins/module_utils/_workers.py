# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Calls for several items that run concurrently, in daemon threads.

A daemon thread does not keep its process alive. (Those of the executors in ``concurrent.futures`` do: they are joined at exit.)
"""

from __future__ import annotations

import threading
import typing as t
from collections import deque
from concurrent.futures import Future
from functools import partial
from itertools import islice
from queue import SimpleQueue

_Item = t.TypeVar("_Item")
_Result = t.TypeVar("_Result")


def map_concurrently(
    call: t.Callable[[_Item], _Result], items: t.Iterable[_Item], connections: int
) -> t.Generator[_Result, None, None]:
    """Call a function for each item in several threads, and yield the results in the order of the items.

    At most twice as many calls as run at a time are ahead of the consumer. When the generator is closed, no new call starts.

    :param call: raises no exception but a bug's.
    :param connections: how many calls run at a time.
    """
    jobs: SimpleQueue[tuple[Future[_Result], t.Callable[[], _Result]] | None] = SimpleQueue()
    rest = iter(items)
    ahead: deque[Future[_Result]] = deque()

    def submit(count: int) -> None:
        for item in islice(rest, count):
            future: Future[_Result] = Future()
            ahead.append(future)
            jobs.put((future, partial(call, item)))

    def work() -> None:
        for job in iter(jobs.get, None):
            if job[0].set_running_or_notify_cancel():
                _run(*job)

    submit(2 * connections)
    workers = [threading.Thread(target=work, daemon=True) for _number in range(min(connections, len(ahead)))]
    for worker in workers:
        worker.start()
    try:
        while ahead:
            future = ahead.popleft()
            yield future.result()
            submit(1)
    finally:
        for future in ahead:
            future.cancel()
        for _worker in workers:
            jobs.put(None)


def _run(future: Future[_Result], call: t.Callable[[], _Result]) -> None:
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - it is raised where the result is expected
        future.set_exception(error)
    else:
        future.set_result(result)
