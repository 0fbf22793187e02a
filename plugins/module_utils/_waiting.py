# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Waiting for actions: when to ask again, whom to ask about, when to give up.

Times are seconds. The clock and the sleep are passed in, so that a wait can be tried out in no time.
"""

from __future__ import annotations

import math
import time
import typing as t
from collections import Counter
from datetime import datetime, timedelta, timezone
from functools import partial

from ansible_collections.tutum.cloud.plugins.module_utils._actions import (
    FINAL_STATES,
    STATES,
    UNFINISHED_STATES,
    Action,
    Actions,
    is_finished,
    iso_8601,
    parse_object,
    parse_reference,
    read_date,
)
from ansible_collections.tutum.cloud.plugins.module_utils._client import PAGE_SIZE
from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    ApiError,
    NotFoundError,
    OptionError,
    ResponseError,
    TransientError,
)

SHORTEST_PAUSE = 0.1
"""Seconds that there are between two questions even with an interval of 0."""

SINGLE_QUESTIONS = 3
"""So many actions, or fewer, are asked for one by one; for more a list is cheaper."""

PROMPT_SECONDS = 1.0
"""What is unfinished on an object is known so soon, or it is looked for what has ended meanwhile, too."""

SMALLEST_LIST = 25
"""How many actions a list is asked for at least."""

NEIGHBORS = 10
"""So many times as many actions as are waited for a list is asked for: ten hosts may wait for as many each."""

QUIET_SECONDS = 30.0
"""After so long without news, progress is reported all the same."""

PROGRESS_FILE = "tutum_progress"
"""The name of the file in the task's temporary folder that the module writes lines of progress to."""

MAX_NAMED = 10
"""How many actions a message names. The results have all."""

MAX_SHOWN = 3
"""How many actions a line of progress shows."""

MAX_LOG_LINES = 10
MAX_LOG_CHARACTERS = 1000


def next_pause(waited: float, interval: float, max_interval: float) -> float:
    """Seconds until the next question: a tenth of the time waited so far, within the two bounds.

    So an end is noticed within a tenth of the wait, and a long wait asks seldom.
    """
    return max(SHORTEST_PAUSE, interval, min(max_interval, waited / 10))


class WaitOptions:
    """For what to wait, and how long. Checked."""

    def __init__(self, options: t.Mapping[str, t.Any], api_url: str) -> None:
        """
        :param options: those of the module ``wait_for_action``; None where one is not set.
        :param api_url: the base of the API's URLs.
        :raises OptionError: an option's value, or two options together, make no sense.
        """
        for name in ("timeout", "delay", "interval", "max_interval"):
            if not (math.isfinite(options[name]) and options[name] >= 0):
                raise OptionError(name, options[name], "give a number of seconds, 0 or more")
        if options["interval"] > options["max_interval"]:
            remedy = f"it is longer than max_interval, {options['max_interval']}. Set max_interval at least as high"
            raise OptionError("interval", options["interval"], remedy)
        if not options["success_states"]:
            raise OptionError("success_states", [], f"no wait could end well. Write some of {', '.join(FINAL_STATES)}")
        for state in options["success_states"]:
            if state not in FINAL_STATES:
                raise OptionError("success_states", state, f"write some of {', '.join(FINAL_STATES)}")
        self.uuids = [parse_reference(value, api_url) for value in options.get("uuid") or []]
        self.object = parse_object(options["object"], api_url) if options.get("object") is not None else None
        self.success_states = tuple(state for state in FINAL_STATES if state in options["success_states"])
        self.timeout: float = options["timeout"]
        self.delay: float = options["delay"]
        self.interval: float = options["interval"]
        self.max_interval: float = options["max_interval"]
        self.fail_fast: bool = options["fail_fast"]
        self.hidden_fields: list[str] = options.get("hidden_fields") or []


class Wait:
    """Waits until actions have finished. Knows all that it saw, at any time and however it ends."""

    def __init__(
        self,
        actions: Actions,
        options: WaitOptions,
        *,
        clock: t.Callable[[], float] = time.monotonic,
        sleep: t.Callable[[float], object] = time.sleep,
        wall_clock: t.Callable[[], float] = time.time,
        report: t.Callable[[str], object] | None = None,
    ) -> None:
        """
        :param actions: whom to ask.
        :param options: for what to wait.
        :param clock: seconds, never going back; the same as the client's.
        :param sleep: lets so many seconds go by, or fewer.
        :param wall_clock: seconds since 1970, for the age of an action.
        :param report: takes a line about the progress when there is news, and now and then when there is none.
        """
        self._actions = actions
        self._options = options
        self._clock = clock
        self._sleep = sleep
        self._wall_clock = wall_clock
        self._report = report

        self._asked = list(options.uuids)
        self._known: dict[str, Action | None] = dict.fromkeys(self._asked)
        """What we wait for, each once, with what was last seen of it."""
        self._gone: set[str] = set()
        self._object_is_listed = options.object is None
        self._answered: set[str] = set()
        """Whom the present question has an answer for."""
        self._last_asked: dict[str, int] = {}
        self._completed: set[str] = set()
        """Whose own answer was read since it ended badly, with all that there is to know."""
        self._lists_are_broken = False
        """Whether the last list failed in a way that questions about single actions may not."""
        self._window_is_crowded = False
        """Whether so many others started along with ours that a list of all of them does not pay."""
        self._trouble: TransientError | ResponseError | None = None
        self._begun = clock()
        self._begun_at = datetime.now(timezone.utc)
        self._last_news: object = None
        self._last_report = -math.inf
        self.polls = 0
        self.failed_polls = 0
        self.timed_out = False

    def run(self) -> None:
        """Wait. What came of it is in :meth:`failure` and :meth:`results`.

        :raises ApiError: asking makes no sense any more (a wrong key); its ``results`` are what was seen before.
        """
        options = self._options
        self._begun = self._clock()
        self._begun_at = datetime.fromtimestamp(self._wall_clock(), timezone.utc)
        deadline = self._begun + options.timeout
        self._sleep_until(min(self._begun + options.delay, deadline))
        while True:
            # Whatever a slow answer or a suspended machine did: the deadline has its question, and that is the last.
            is_last = self._clock() >= deadline
            self._ask(self._clock() + self._actions.client.connection.request_timeout if is_last else deadline)
            if self._is_over():
                return
            if is_last:
                self.timed_out = True
                return
            now = self._clock()
            self._report_progress(now, deadline)
            pause = next_pause(now - self._begun, options.interval, options.max_interval)
            if isinstance(self._trouble, TransientError):
                pause = max(pause, self._trouble.retry_after or 0.0)
            self._sleep_until(min(now + pause, deadline))

    def _sleep_until(self, moment: float) -> None:
        while self._clock() < moment:
            # A day at most: there are lengths that no sleep takes.
            self._sleep(min(moment - self._clock(), 86400.0))

    def _is_over(self) -> bool:
        if self._options.fail_fast and self.unsuccessful:
            return True
        return self._object_is_listed and not self.unfinished

    # What is known

    @property
    def unfinished(self) -> list[str]:
        """The UUIDs of those that are in no final state, as far as is known."""
        return [
            uuid
            for uuid, action in self._known.items()
            if uuid not in self._gone and (action is None or not is_finished(action))
        ]

    @property
    def unsuccessful(self) -> list[str]:
        """The UUIDs of those that ended badly, or that are gone."""
        return [uuid for uuid in self._known if self._ended_badly(uuid)]

    def _ended_badly(self, uuid: str) -> bool:
        action = self._known[uuid]
        if uuid in self._gone:
            return True
        return action is not None and is_finished(action) and action["state"] not in self._options.success_states

    def results(self) -> dict[str, t.Any]:
        """All that was seen, as the module returns it."""
        # Ansible hides secrets in the values of a result, and not in its names.
        hide_secrets = self._actions.client.connection.hide_secrets
        states = Counter(hide_secrets(str(action.get("state"))) for action in self._known.values() if action)
        return {
            "actions": [
                self._actions.shown(dict(action), self._options.hidden_fields)
                for action in (self._known[uuid] for uuid in self._asked)
                if action is not None
            ],
            "states": dict(states),
            "unfinished": self.unfinished,
            "unsuccessful": self.unsuccessful,
            "timed_out": self.timed_out,
            "elapsed": round(self._clock() - self._begun, 3),
            "polls": self.polls,
            "failed_polls": self.failed_polls,
        }

    # Asking

    def _ask(self, deadline: float) -> None:
        """One question about all that is unfinished. What was learned before it failed is kept."""
        self.polls += 1
        self._answered.clear()
        self._trouble = None
        # An object that cannot be listed keeps no action that is named from its own answer.
        self._note_trouble(self._find_actions_of_object, deadline)
        self._note_trouble(self._ask_about_unfinished, deadline)
        if self._trouble:
            self.failed_polls += 1
        self._complete(deadline)

    def _note_trouble(self, ask: t.Callable[[float], None], deadline: float) -> None:
        """Ask, and go on after what may pass."""
        try:
            ask(deadline)
        except (TransientError, ResponseError) as error:
            self._trouble = self._trouble or error
        except ApiError as error:
            error.results = self.results()
            raise

    def _find_actions_of_object(self, deadline: float) -> None:
        """From now on wait for all that is unfinished on the object, too."""
        if self._object_is_listed:
            return
        for state in UNFINISHED_STATES:
            self._find({"state": state}, deadline)
        if self._clock() - self._begun > PROMPT_SECONDS:
            # What was unfinished when the wait began may have ended by now.
            self._find({"end_date__gte": iso_8601(self._begun_at)}, deadline)
        self._object_is_listed = True

    def _find(self, selection: dict[str, str], deadline: float) -> None:
        """Wait for these actions of the object, too: all that were listed, even if the rest has to be listed once more."""
        found: dict[str, Action] = {}
        try:
            self._actions.oldest({"object": str(self._options.object), **selection}, found, deadline=deadline)
        except ResponseError:
            found.clear()  # What cannot be believed may have named anybody's.
            raise
        finally:
            for uuid in map(str.lower, found):
                if uuid not in self._known:
                    self._asked.append(uuid)
                    self._known[uuid] = None
            self._learn(found.values())

    def _ask_about_unfinished(self, deadline: float) -> None:
        uuids = [uuid for uuid in self.unfinished if uuid not in self._answered]
        if len(uuids) > SINGLE_QUESTIONS and not self._lists_are_broken:
            # Something may be wrong with somebody else's action, and break each list that it is in. Then ours are asked for
            # one by one: at once if there was an answer, and with the next question if the server may have been away.
            try:
                self._ask_lists(uuids, deadline)
            except TransientError as error:
                self._lists_are_broken = error.status in (None, 500)
                raise
            except (ResponseError, NotFoundError):
                pass
        else:
            self._lists_are_broken = False
        # Those first that were asked longest ago, so that one which fails time and again does not stop the others.
        rest = [uuid for uuid in uuids if uuid not in self._answered]
        rest.sort(key=lambda uuid: self._last_asked.get(uuid, 0))
        for uuid, outcome in self._actions.fetch(rest, deadline):
            self._last_asked[uuid] = self.polls
            if isinstance(outcome, NotFoundError):
                self._gone.add(uuid)
            elif isinstance(outcome, ApiError):
                raise outcome
            else:
                self._learn([outcome])

    def _ask_lists(self, uuids: t.Sequence[str], deadline: float) -> None:
        """Find as many of these actions as a few lists show, whatever their state."""
        size = min(PAGE_SIZE, max(SMALLEST_LIST, NEIGHBORS * len(self._known)))
        window = self._window(uuids)
        if window is None:
            # Nothing is known of them, but most likely they have just been started.
            newest: dict[str, Action] = {}
            self._actions.newest({}, newest, deadline=deadline, limit=size)
            self._learn(newest.values())
            return

        def missing() -> int:
            return sum(uuid not in self._answered for uuid in uuids)

        if not self._window_is_crowded:
            for page in self._actions.pages(window, deadline=deadline, at_most=size):
                self._learn(page.objects)
                left = page.total_count - page.offset - len(page.objects)
                if left >= missing() * max(1, len(page.objects)):
                    # To read on costs more than to ask for each that is missing.
                    self._window_is_crowded = missing() > 0
                    break
        if missing() > len(UNFINISHED_STATES):
            for state in UNFINISHED_STATES:
                found: dict[str, Action] = {}
                self._actions.oldest({**window, "state": state}, found, deadline=deadline, limit=size)
                self._learn(found.values())

    def _window(self, uuids: t.Sequence[str]) -> dict[str, str] | None:
        """Filters that these actions pass in any state, and few others do: when they started, and on what."""
        known = [action for action in map(self._known.get, uuids) if action is not None]
        starts = [start for start in (read_date(action.get("start_date")) for action in known) if start]
        if not starts:
            return None
        # The API shows whole seconds, but compares what it stores.
        window = {
            "start_date__gte": iso_8601(min(starts)),
            "start_date__lte": iso_8601(max(starts) + timedelta(seconds=1, microseconds=-1)),
        }
        path = known[0].get("object")
        is_shared = len(known) == len(uuids) and all(action.get("object") == path for action in known)
        if is_shared and isinstance(path, str) and path:
            window["object"] = path
        return window

    def _learn(self, seen: t.Iterable[Action]) -> None:
        for action in seen:
            uuid = action["uuid"].lower()
            if uuid in self._known:
                known = self._known[uuid]
                # A list may lack fields that the action's own answer had.
                is_same = known is not None and known.get("state") == action.get("state")
                self._known[uuid] = {**known, **action} if known is not None and is_same else action
                self._gone.discard(uuid)
                self._answered.add(uuid)

    def _complete(self, deadline: float) -> None:
        """Get the logs, which a list may lack, of those that ended badly. What fails is tried with the next question."""
        if "logs" in self._options.hidden_fields:
            return
        lacking = [
            uuid
            for uuid in self.unsuccessful
            if uuid not in self._gone and uuid not in self._completed and "logs" not in (self._known[uuid] or {})
        ]
        for uuid, outcome in self._actions.fetch(lacking, deadline):
            if not isinstance(outcome, ApiError):
                self._completed.add(uuid)
                self._learn([outcome])

    # Telling

    def failure(self, *, with_logs: bool = True) -> str | None:
        """What to tell the user when the wait did not end well: each culprit, and what is known of it.

        :param with_logs: whether the end of its logs is told, too.
        """
        unsuccessful, unfinished = self.unsuccessful, self.unfinished
        if not (unsuccessful or self.timed_out):
            return None
        lines = []
        if unsuccessful:
            wanted = " or ".join(self._options.success_states)
            lines.append(f"{len(unsuccessful)} of {_actions(len(self._known))} did not end as {wanted}:")
            lines += self._named(unsuccessful, partial(self._end_of, with_logs=with_logs))
        if self.timed_out:
            lines.append(f"Timed out after {self._options.timeout:g} s.")
            if unfinished:
                lines[-1] += f" {len(unfinished)} of {_actions(len(self._known))} unfinished:"
                lines += self._named(unfinished, self._stand_of)
            elif not self._object_is_listed:
                lines[-1] += f" The unfinished actions of {self._options.object} could not be listed."
        elif unfinished:
            lines.append(f"{_actions(len(unfinished))} unfinished when fail_fast ended the wait.")
        if self._trouble:
            lines.append(f"The last question failed: {self._trouble}")
        elif self.timed_out:
            lines.append("If that is too early, set the option timeout higher.")
        return "\n".join(lines)

    @staticmethod
    def _named(uuids: t.Sequence[str], describe: t.Callable[[str], str]) -> list[str]:
        lines = [f"- {describe(uuid)}" for uuid in uuids[:MAX_NAMED]]
        if len(uuids) > MAX_NAMED:
            lines.append(f"- and {len(uuids) - MAX_NAMED} more, all of them are in the results.")
        return lines

    def _end_of(self, uuid: str, *, with_logs: bool) -> str:
        logs = self._visible(uuid, "logs") if with_logs else None
        logs = _end_of_logs(logs) if isinstance(logs, str) else ""
        is_gone = "does not exist (any more). Is the UUID right, and the option api_url?"
        state = is_gone if uuid in self._gone else f"is {self._state_of(uuid)}."
        return f"{self._name_of(uuid)} {state}" + (f" Its logs end with:\n{logs}" if logs else "")

    def _stand_of(self, uuid: str) -> str:
        action = self._known[uuid]
        if action is None:
            return f"{self._name_of(uuid)} was never seen."
        state = self._state_of(uuid)
        if "state" not in self._options.hidden_fields and action.get("state") not in STATES:
            state += ", which is no state that this collection knows, so it counts neither as an end nor as a success"
        return f"{self._name_of(uuid)} is {state}."

    def _visible(self, uuid: str, field: str) -> object:
        """A field of an action that may be shown, without secrets: once a text is cut, half of one is not found."""
        if field in self._options.hidden_fields:
            return None
        return self._actions.client.connection.hide_secrets((self._known[uuid] or {}).get(field))

    def _name_of(self, uuid: str) -> str:
        """The operation, the object and the UUID, as far as they may be shown."""
        words, identity = self._operation_of(uuid), self._identity_of(uuid)
        return f"{words} ({identity})" if words else identity

    def _operation_of(self, uuid: str) -> str:
        texts = (_line(self._visible(uuid, field)) for field in ("action", "object"))
        return " of ".join(text for text in texts if text)

    def _identity_of(self, uuid: str) -> str:
        return "an action" if "uuid" in self._options.hidden_fields else f"action {uuid}"

    def _state_of(self, uuid: str) -> str:
        unknown = "in a state that is not shown" if "state" in self._options.hidden_fields else "in no state"
        return _line(self._visible(uuid, "state")) or unknown

    def _report_progress(self, now: float, deadline: float) -> None:
        if not self._report:
            return
        unfinished = self.unfinished
        news = (unfinished, [self._state_of(uuid) for uuid in unfinished], str(self._trouble or ""))
        if news == self._last_news and now - self._last_report < QUIET_SECONDS:
            return
        self._last_news, self._last_report = news, now
        line = f"{len(self._known) - len(unfinished)} of {_actions(len(self._known))} finished"
        if self.unsuccessful:
            line += f" ({len(self.unsuccessful)} badly)"
        running = [
            f"{self._operation_of(uuid) or self._identity_of(uuid)} ({self._state_of(uuid)}{self._age_of(uuid)})"
            for uuid in unfinished[:MAX_SHOWN]
        ]
        if len(unfinished) > len(running):
            running.append(f"{len(unfinished) - len(running)} more")
        if running:
            line += f"; waiting for {', '.join(running)}"
        line += f"; {deadline - now:.0f} s left"
        if self._trouble:
            line += f"; the last question failed: {self._trouble}"
        self._report(line)

    def _age_of(self, uuid: str) -> str:
        start = read_date(self._visible(uuid, "start_date"))
        if start is None:
            return ""
        age = self._wall_clock() - start.timestamp()
        return f" for {max(0.0, age):.0f} s"


def _actions(count: int) -> str:
    return f"{count} action" if count == 1 else f"{count} actions"


def _line(value: object) -> str:
    """A foreign text for the middle of a line: nothing that a terminal obeys, not too long."""
    if value is None:
        return ""
    text = "".join(character if character.isprintable() else " " for character in str(value)[:201])
    return f"{text[:200]}..." if len(text) > 200 else text


def _end_of_logs(logs: str) -> str:
    """The last lines, without what a terminal obeys."""
    lines = logs[-MAX_LOG_CHARACTERS:].splitlines()[-MAX_LOG_LINES:]
    return "\n".join(
        "".join(character if character.isprintable() or character == "\t" else " " for character in line)
        for line in lines
    ).strip()
