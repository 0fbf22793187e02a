# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Waiting for actions: when to poll, when a wait is over, and its outcome.

Times are seconds. The clock, the sleep and the randomness are parameters, so that tests take no time.
"""

from __future__ import annotations

import random
import time
import typing as t

from ansible_collections.tutum.cloud.plugins.module_utils._canceling import Cancellation
from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    FilterIgnoredError,
    NotFoundError,
    TransientError,
    TutumError,
)
from ansible_collections.tutum.cloud.plugins.module_utils._messages import (
    ActionTexts,
    describe_failures,
    describe_missing_object,
    describe_shortage,
    describe_timeout,
    still_running,
)
from ansible_collections.tutum.cloud.plugins.module_utils._polling import Poller
from ansible_collections.tutum.cloud.plugins.module_utils._reporting import Progress, Reporter
from ansible_collections.tutum.cloud.plugins.module_utils._schedule import next_pause
from ansible_collections.tutum.cloud.plugins.module_utils._watched import (
    NOT_FOUND_POLLS,
    NOT_FOUND_SECONDS,
    REFUSAL_POLLS,
    REFUSAL_SECONDS,
    LastingCondition,
    WatchedActions,
)

if t.TYPE_CHECKING:
    from ansible_collections.tutum.cloud.plugins.module_utils._actions import ActionsClient
    from ansible_collections.tutum.cloud.plugins.module_utils._wait_options import WaitOptions

LAST_POLL_SECONDS = 3.0
CANCEL_SECONDS = 1.2
LAST_LOGS_SECONDS = 0.5
"""What happens at the timeout may take this long: less than 5 seconds in all, no matter what the server does."""


class Wait:
    """Waits until actions have finished. What it knows can be read at any time, however it ends."""

    def __init__(
        self,
        actions: ActionsClient,
        options: WaitOptions,
        *,
        sleep: t.Callable[[float], object] = time.sleep,
        random_source: t.Callable[[], float] = random.random,
        progress: Progress | None = None,
        check_mode: bool = False,
    ) -> None:
        """
        :param actions: sends the requests; its client's clock is the wait's.
        :param options: what to wait for, and how long.
        :param sleep: sleeps for seconds, or less.
        :param random_source: returns a number from 0 to 1.
        :param progress: where to show progress.
        :param check_mode: whether nothing may be changed.
        """
        self._actions = actions
        self._client = actions.client
        self._clock = actions.client.clock
        self._options = options
        self._sleep = sleep
        self._random = random_source
        self._check_mode = check_mode
        self._watched = WatchedActions(options.references, options.success_states, skip_missing=options.skip_missing)
        self._poller = Poller(actions, options, self._watched)
        self._texts = ActionTexts(self._watched, options.fields.hidden, actions.client.redactor)
        self._reporter = Reporter(self._client, self._texts, progress, follow_logs=options.follow_logs)
        self._cancellation = Cancellation()
        self._started = self._last_good = self._clock()
        self._has_seen_response = False
        self._refusals = LastingCondition(REFUSAL_SECONDS, REFUSAL_POLLS)
        self._missing_list = LastingCondition(NOT_FOUND_SECONDS, NOT_FOUND_POLLS)
        self._consecutive_failures = 0
        self.polls = self.failed_polls = 0
        self.timed_out = False

    def run(self) -> None:
        """Wait. The outcome is in :meth:`failure` and :meth:`results`.

        :raises TutumError: only a user can fix it (a wrong key); ``results`` holds what was seen before.
        """
        options = self._options
        self._started = self._last_good = self._clock()
        self._poller.start()
        deadline = self._started + options.timeout
        if not (options.references or options.object):
            return
        try:
            if options.delay:
                self._delay(deadline)
            while not self._is_over():
                # Also after a slow response or a suspended machine, the last poll is at or after the deadline.
                is_last = self._clock() >= deadline
                self._poll(deadline, is_last=is_last)
                if self._is_over():
                    break
                if is_last:
                    self.timed_out = True
                    break
                left = max(0.0, deadline - self._clock())
                error = None if self._poller.had_response else self._poller.error
                self._reporter.report(left=left, error=error, last_good=self._last_good)
                self._sleep_until(min(self._clock() + self._pause(), deadline))
            if self.timed_out and options.cancel_on_timeout:
                unfinished = self._watched.unfinished
                self._cancellation.run(self._actions, unfinished, CANCEL_SECONDS, check_mode=self._check_mode)
            self._poller.fetch_missing_logs(max(self._clock() + LAST_LOGS_SECONDS, deadline))
            self._reporter.close(self._clock() - self._started, timed_out=self.timed_out)
        except TutumError as error:
            error.results = self.results()
            raise

    def _delay(self, deadline: float) -> None:
        """Wait before the first poll; an object's actions are looked up before that."""
        if self._options.object:
            self.polls += 1
            self._poller.discover(min(deadline, self._clock() + self._client.settings.request_timeout))
            self._judge_poll()
        if not self._is_over():
            self._sleep_until(min(self._started + self._options.delay, deadline))

    def _poll(self, deadline: float, *, is_last: bool) -> None:
        now, timeout = self._clock(), self._client.settings.request_timeout
        self.polls += 1
        self._poller.poll(now + min(timeout, LAST_POLL_SECONDS) if is_last else min(deadline, now + timeout))
        self._judge_poll()

    def _judge_poll(self) -> None:
        """Decide whether an error ends the wait. After a good response, it is most likely one of something in between."""
        poller, now = self._poller, self._clock()
        self._has_seen_response = self._has_seen_response or poller.had_response
        error = poller.error
        self.failed_polls += error is not None
        if error is None or isinstance(error, NotFoundError) or (poller.had_response and not poller.throttling):
            self._last_good = now
            self._consecutive_failures = 0
        else:
            self._consecutive_failures += 1
        if isinstance(error, NotFoundError):
            # WatchedActions decides whether an action counts as not found.
            is_of_list = poller.discovery_failed
            if is_of_list and not self._has_seen_response and self._missing_list.note("", now):
                raise error
        elif error and not (self._has_seen_response or isinstance(error, TransientError)):
            raise error
        if isinstance(error, FilterIgnoredError) and not poller.filters_work:
            raise error
        if poller.refusal is None:
            self._refusals.clear("")
        elif self._refusals.note("", now):
            raise poller.refusal

    def _pause(self) -> float:
        """Return the seconds until the next poll."""
        options = self._options
        pause = next_pause(
            self._clock() - self._started,
            options.interval,
            options.max_interval,
            self._random,
            failures=self._consecutive_failures,
            is_throttled=self._poller.throttling is not None,
        )
        # Where other requests succeeded, a delay that one response requested is not for all, unless it is throttling.
        delaying = self._poller.throttling or (None if self._poller.had_response else self._poller.error)
        retry_after = getattr(delaying, "retry_after", None)
        # Add a random delay, so that throttled hosts do not poll at the same time.
        return pause if retry_after is None else max(pause, retry_after + self._random() * pause)

    def _sleep_until(self, moment: float) -> None:
        while self._clock() < moment:
            # No sleep accepts arbitrarily long times.
            self._sleep(min(moment - self._clock(), 86400.0))

    def _is_over(self) -> bool:
        if self._options.fail_fast and self._watched.unsuccessful:
            return True
        return not (self._poller.discovery.is_needed or self._watched.unfinished)

    @property
    def changed(self) -> bool:
        """Whether an action was canceled."""
        return bool(self._cancellation.canceled)

    @property
    def field_warnings(self) -> list[str]:
        """Names of fields that no action has."""
        seen = self._watched.in_order()
        for action in seen:
            self._options.fields.note(action)
        return self._options.fields.warnings if seen else []

    @property
    def warnings(self) -> list[str]:
        """Warnings about a wait that did not fail."""
        warnings = list(self.field_warnings)
        if not self._watched and not self.failure():
            why = "no action was found" if self._options.references else "uuid is an empty list"
            if self._options.object:
                why = f"there is no unfinished action of {self._options.object}"
            warnings.append(f"Nothing to wait for: {why}.")
        return warnings

    def results(self) -> dict[str, t.Any]:
        """Return everything that was seen, as the module returns it."""
        watched, fields, redactor = self._watched, self._options.fields, self._client.redactor
        results = {
            "actions": [redactor.hide(fields.show(action)) for action in watched.in_order()],
            "states": redactor.hide(dict(watched.states)),
            "unfinished": watched.unfinished,
            "unsuccessful": watched.unsuccessful,
            "timed_out": self.timed_out,
            "elapsed": round(self._clock() - self._started, 3),
            "polls": self.polls,
            "failed_polls": self.failed_polls,
            "changed": self.changed,
        }
        if self.timed_out and self._options.cancel_on_timeout:
            results["canceled"] = self._cancellation.canceled
            results["not_canceled"] = list(self._cancellation.not_canceled)
        return results

    def details(self) -> dict[str, t.Any]:
        """Return the status and URL of the last poll, if that failed."""
        error = self._poller.error
        return {"status": error.status if error else None, "url": error.url if error else None}

    def failure(self, *, with_logs: bool = True) -> str | None:
        """Return the message of a wait that did not succeed: what failed, and what is known of it. None after a success.

        :param with_logs: whether the message has the last lines of the logs.
        """
        options, watched = self._options, self._watched
        lines = describe_failures(self._texts, options.success_states, with_logs=with_logs)
        if self._poller.discovery.object_is_missing and not options.skip_missing:
            lines.append(describe_missing_object(options.object))
        if self.timed_out:
            lines += describe_timeout(
                self._texts,
                options,
                found=self._poller.discovery.count,
                is_discovery_needed=self._poller.discovery.is_needed,
                discovery_failed=self._poller.discovery_failed,
                canceling=self._cancellation.describe(),
                error=self._poller.error,
            )
        elif lines and watched.unfinished:
            lines.append(still_running(self._texts))
        elif not lines and len(watched) < options.min_actions:
            lines.append(f"{describe_shortage(len(watched), options.min_actions)}.")
        return "\n".join(lines) or None
