# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Progress of a wait: a line about its state when that changes, and new lines of its actions' logs."""

from __future__ import annotations

import math
import typing as t

from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError, NotFoundError
from ansible_collections.tutum.cloud.plugins.module_utils._following import LogFollower
from ansible_collections.tutum.cloud.plugins.module_utils._messages import ActionTexts, format_closing, format_progress
from ansible_collections.tutum.cloud.plugins.module_utils._progress_channel import HEARTBEAT_SECONDS

if t.TYPE_CHECKING:
    from ansible_collections.tutum.cloud.plugins.module_utils._client import Client


class Progress(t.Protocol):
    """Where progress is shown, such as a :class:`_progress_channel.ProgressWriter`."""

    def show_status(self, line: str) -> None:
        """Show the state of the wait."""

    def show_log(self, line: str) -> None:
        """Show a line of a log."""


class Reporter:
    """Reports the progress of one wait."""

    def __init__(self, client: Client, texts: ActionTexts, progress: Progress | None, *, follow_logs: bool) -> None:
        """
        :param client: shows the server's clock.
        :param texts: the actions, without secrets and hidden fields.
        :param progress: where to show progress, if at all.
        :param follow_logs: whether to show new lines of logs.
        """
        self._client = client
        self._texts = texts
        self._progress = progress
        self._follower = LogFollower(texts, progress.show_log) if progress and follow_logs else None
        self._last_news: object = None
        self._last_status_at = -math.inf

    def report(self, *, left: float, error: ApiError | None, last_good: float) -> None:
        """Report a poll, if there is news or it is time for a sign of life.

        :param left: seconds until the timeout.
        :param error: the error of the poll.
        :param last_good: when the last poll without an error was, in monotonic seconds.
        """
        if not self._progress:
            return
        if self._follower:
            self._follower.show_new_lines()
        now = self._client.clock()
        if isinstance(error, NotFoundError):
            error = None  # The status line already says that the action is not seen.
        watched = self._texts.watched
        news = (watched.states, watched.unfinished, error is None)
        if news == self._last_news and now - self._last_status_at < HEARTBEAT_SECONDS:
            return
        self._last_news, self._last_status_at = news, now
        server_now = self._client.server_time(now)
        line = format_progress(self._texts, server_now=server_now, now=now, left=left, error=error, since=last_good)
        self._progress.show_status(line)

    def close(self, elapsed: float, *, timed_out: bool) -> None:
        """Report the end of the wait.

        :param elapsed: how long it was, in seconds.
        """
        if self._progress:
            if self._follower:
                self._follower.show_new_lines()
            self._progress.show_status(format_closing(self._texts.watched, elapsed, timed_out=timed_out))
