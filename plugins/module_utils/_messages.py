# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The failure message and the progress lines of a wait, from what is known of its actions."""

from __future__ import annotations

import typing as t

from ansible_collections.tutum.cloud.plugins.module_utils._actions import STATES
from ansible_collections.tutum.cloud.plugins.module_utils._dates import parse_api_date
from ansible_collections.tutum.cloud.plugins.module_utils._references import (
    SHORT_UUID_LENGTH,
    UUID_LENGTH,
    object_parts,
)
from ansible_collections.tutum.cloud.plugins.module_utils._text import count_actions, field_text, log_lines

if t.TYPE_CHECKING:
    from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError
    from ansible_collections.tutum.cloud.plugins.module_utils._secrets import SecretRedactor
    from ansible_collections.tutum.cloud.plugins.module_utils._wait_options import WaitOptions
    from ansible_collections.tutum.cloud.plugins.module_utils._watched import WatchedActions

MAX_ACTIONS_IN_MESSAGE = 10
"""The result has all of them."""

MAX_ACTIONS_IN_LINE = 2
MAX_LOG_LINES = 10
MAX_LOG_CHARACTERS = 1000
NO_STATE = "no state"


class ActionTexts:
    """Describes the actions of a wait, without what the user hides and without secrets."""

    def __init__(self, watched: WatchedActions, hidden_fields: t.Container[str], redactor: SecretRedactor) -> None:
        self.watched = watched
        self._hidden_fields = hidden_fields
        self._redactor = redactor

    def field(self, uuid: str, field: str) -> t.Any:
        """Return a field of an action; None if it is hidden or not known. Secrets are hidden before any text is cut."""
        if field in self._hidden_fields:
            return None
        return self._redactor.hide((self.watched.last_seen(uuid) or {}).get(field))

    def operation(self, uuid: str) -> str:
        """Return the name of the operation; empty if it is not known."""
        return field_text(self.field(uuid, "action"))

    def state(self, uuid: str) -> str:
        return field_text(self.field(uuid, "state")) or NO_STATE

    def long_name(self, uuid: str) -> str:
        """Return the operation, the object and the UUID."""
        texts = [text for text in (self.operation(uuid), field_text(self.field(uuid, "object"))) if text]
        what = f"action {uuid}" if len(uuid) == UUID_LENGTH else f"action {uuid}..."
        return f"{' of '.join(texts)} ({what})" if texts else what

    def short_object(self, uuid: str) -> str:
        """Return a short name of the object, or else of the action: ``service/2c2b2aef``."""
        object_type, object_uuid = object_parts(self.field(uuid, "object"))
        if object_type and object_uuid:
            return f"{object_type}/{object_uuid[:SHORT_UUID_LENGTH]}"
        return field_text(self.field(uuid, "object")) or f"action/{uuid[:SHORT_UUID_LENGTH]}"

    def age(self, uuid: str, server_now: float | None) -> str:
        """Return how long ago an action started, by the server's clock: `` 10 s``; empty if that is not known."""
        start = parse_api_date(self.field(uuid, "start_date"))
        return "" if start is None or server_now is None else f" {max(0.0, server_now - start.timestamp()):.0f} s"


def describe_failures(texts: ActionTexts, success_states: t.Iterable[str], *, with_logs: bool) -> list[str]:
    """Return the lines of a message about what failed or was not found."""
    watched = texts.watched
    total = len(watched)
    lines = []
    failed, not_found = watched.failed, watched.not_found
    if failed:
        wanted = " or ".join(success_states)
        lines.append(f"{len(failed)} of {total} actions did not finish with state {wanted}:")
        lines += _bullets(failed, lambda uuid: _describe_failed(texts, uuid, with_logs=with_logs))
    if not_found:
        lines.append(
            f"{len(not_found)} of {total} actions not found. Check the UUID (a service's UUID is not an action's)"
        )
        lines[-1] += " and api_url:"
        lines += _bullets(not_found, texts.long_name)
    return lines


def describe_unfinished(texts: ActionTexts) -> list[str]:
    """Return the lines of a message about what is unfinished."""
    return _bullets(texts.watched.unfinished, lambda uuid: _describe_unfinished(texts, uuid))


def describe_timeout(
    texts: ActionTexts,
    options: WaitOptions,
    *,
    found: int,
    is_discovery_needed: bool,
    discovery_failed: bool,
    canceling: t.Sequence[str],
    error: ApiError | None,
) -> list[str]:
    """Return the lines of the failure message about a timeout.

    :param found: how many actions of the object were found.
    :param is_discovery_needed: whether the object's actions are not all known yet.
    :param discovery_failed: whether they could not be listed.
    :param canceling: the lines about ``on_timeout: cancel``.
    :param error: why the last poll failed.
    """
    lines = [f"Timed out after {options.timeout:g} s."]
    if texts.watched.unfinished:
        lines[0] += f" {number_of_unfinished(texts)}:"
        lines += describe_unfinished(texts)
    if discovery_failed:
        lines.append(f"The unfinished actions of {options.object} could not be listed.")
    elif found < options.min_actions:
        shortage = describe_shortage(found, options.min_actions)
        lines.append(f"{shortage} of {options.object}. Check object, and start the wait before the actions finish.")
    elif is_discovery_needed:
        lines.append(f"No action of {options.object} was found. Check object.")
    lines += canceling
    if error:
        lines.append(f"The last poll failed: {error}")
    else:
        lines.append("Increase timeout if the actions need more time.")
    return lines


def format_progress(
    texts: ActionTexts, *, server_now: float | None, now: float, left: float, error: ApiError | None, since: float
) -> str:
    """Return one line about the state of a wait.

    :param server_now: the server's clock, in seconds since the epoch.
    :param now: monotonic seconds.
    :param left: seconds until the timeout.
    :param error: the error of the last poll.
    :param since: when the last poll without an error was, in monotonic seconds.
    """
    watched = texts.watched
    unfinished = watched.unfinished
    unseen = [uuid for uuid in unfinished if watched.last_seen(uuid) is None]
    running = [uuid for uuid in unfinished if watched.last_seen(uuid) is not None]
    counts = [f"{watched.finished_count}/{len(watched)} done"]
    for count, what in (
        (len(watched.failed), "failed"),
        (len(watched.not_found), "not found"),
        (len(running), "running"),
        (len(unseen), "not seen yet"),
    ):
        if count:
            counts.append(f"{count} {what}")
    line = f"{', '.join(counts) if watched else 'looking for actions'} ({left:.0f} s left)"
    if error:
        # The details belong in the final message.
        problem = error.problem.partition(". ")[0]
        is_new = now - since < 1
        line += f"; no response ({problem})" if is_new else f"; no response for {now - since:.0f} s ({problem})"
    names = []
    operation = ""
    for uuid in running[:MAX_ACTIONS_IN_LINE]:
        name = texts.short_object(uuid)
        if texts.operation(uuid) != operation:
            operation = texts.operation(uuid)
            name = f"{operation} {name}"
        if error:
            seen_at = watched.seen_at(uuid)
            ago = "" if seen_at is None else f" {now - seen_at:.0f} s ago"
            names.append(f"{name} last seen{ago} as {texts.state(uuid)}")
        else:
            state = "" if texts.state(uuid) == "In progress" else f" {texts.state(uuid)}"
            names.append(f"{name}{state}{texts.age(uuid, server_now)}")
    if len(running) > len(names):
        names.append(f"{len(running) - len(names)} more")
    return f"{line}: {', '.join(names)}" if names else line


def format_closing(watched: WatchedActions, elapsed: float, *, timed_out: bool) -> str:
    """Return the last line about a wait."""
    line = f"{watched.finished_count}/{len(watched)} done" if watched else "no actions found"
    line += f", timed out after {elapsed:.0f} s" if timed_out else f" after {elapsed:.0f} s"
    for count, what in ((len(watched.failed), "failed"), (len(watched.not_found), "not found")):
        if count:
            line += f", {count} {what}"
    return line


def _bullets(uuids: t.Sequence[str], describe: t.Callable[[str], str]) -> list[str]:
    lines = [f"- {describe(uuid)}" for uuid in uuids[:MAX_ACTIONS_IN_MESSAGE]]
    if len(uuids) > MAX_ACTIONS_IN_MESSAGE:
        lines.append(f"- and {len(uuids) - MAX_ACTIONS_IN_MESSAGE} more (see the task result).")
    return lines


def _describe_failed(texts: ActionTexts, uuid: str, *, with_logs: bool) -> str:
    logs = texts.field(uuid, "logs") if with_logs else None
    tail = log_tail(logs) if isinstance(logs, str) else ""
    line = f"{texts.long_name(uuid)}: state {texts.state(uuid)}."
    return f"{line} Last log lines:\n{tail}" if tail else line


def log_tail(logs: str) -> str:
    """Return the last lines of a log."""
    return "\n".join(log_lines(logs[-MAX_LOG_CHARACTERS:])[-MAX_LOG_LINES:]).strip()


def _describe_unfinished(texts: ActionTexts, uuid: str) -> str:
    action = texts.watched.last_seen(uuid)
    if action is None:
        return f"{texts.long_name(uuid)}: no data received."
    unknown = "" if action.get("state") in STATES else " (unknown; treated as unfinished)"
    state = texts.state(uuid)
    return f"{texts.long_name(uuid)}: {state if state == NO_STATE else f'state {state}'}{unknown}."


def describe_missing_object(one: str | None) -> str:
    """Return the sentence about an object without any action."""
    return f"{one} has no action at all. Check object (its type and its UUID), or set missing to skip."


def describe_shortage(count: int, min_actions: int) -> str:
    """Return the beginning of a sentence about too few actions."""
    return f"Found {count} of at least {min_actions} actions (min_actions)"


def number_of_unfinished(texts: ActionTexts) -> str:
    """Return the part of a message that counts the unfinished actions: ``2 of 4 actions unfinished``."""
    return f"{len(texts.watched.unfinished)} of {len(texts.watched)} actions unfinished"


def still_running(texts: ActionTexts) -> str:
    """Return the sentence about the actions that fail_fast left running."""
    count = len(texts.watched.unfinished)
    verb = "was" if count == 1 else "were"
    return f"{count_actions(count)} {verb} still running when fail_fast stopped the wait."
