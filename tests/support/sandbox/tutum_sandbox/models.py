# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Actions that follow the clock, and the objects that they belong to."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import connection, models, transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PENDING = "Pending"
IN_PROGRESS = "In progress"
CANCELING = "Canceling"
CANCELED = "Canceled"
SUCCESS = "Success"
FAILED = "Failed"
FINAL_STATES = (SUCCESS, FAILED, CANCELED)

# When (seconds since the epoch) an action enters which state; None: from then on it does not exist.
Timeline = list[tuple[float, str | None]]

# A change of an action is read, computed and written. Two concurrent changes would lose one of them.
writing = threading.RLock()


def moment(seconds: float) -> datetime:
    """Return seconds since the epoch as the date that the database stores."""
    return datetime.fromtimestamp(seconds, UTC)


class ActionQuerySet(models.QuerySet):  # type: ignore[type-arg, unused-ignore]
    """Queries of actions."""

    def as_of_now(self) -> ActionQuerySet:
        """Return the actions that exist now, in the states that they are in now.

        An action's state is a plain column, so that filters, counts and pages are SQL on an index. The next reader
        after a change updates it here. Between two changes this costs one look at an index.
        """
        now = time.time()
        if self.filter(next_change__lte=now).exists():
            with writing, transaction.atomic():
                due = list(self.filter(next_change__lte=now).only("timeline", "visible_from"))
                for action in due:
                    action.follow(now)
                # Thousands may be due at the same time, for which `bulk_update` would take seconds.
                adapt = connection.ops.adapt_datetimefield_value
                with connection.cursor() as cursor:
                    cursor.executemany(
                        f"UPDATE {Action._meta.db_table} SET state = %s, end_date = %s, next_change = %s WHERE id = %s",
                        [(each.state, adapt(each.end_date), each.next_change, each.id) for each in due],
                    )
        return self.filter(state__isnull=False)

    def for_api(self) -> ActionQuerySet:
        """Return the actions as of now for a request to the API, which starts the actions that wait for a request."""
        if self.filter(waiting_since__isnull=False).exists():
            now = time.time()
            with writing, transaction.atomic():
                for action in self.filter(waiting_since__isnull=False):
                    action.begin_late(now)
                    action.save()
        return self.as_of_now()


class Action(models.Model):
    """One call of the API. The fields are the specification's; `uuid` aside, most may be null, as there."""

    uuid = models.CharField(max_length=36, unique=True)
    action = models.TextField()
    method = models.CharField(max_length=10)
    path = models.TextField()
    object = models.TextField(null=True)
    start_date = models.DateTimeField()
    ip = models.TextField(null=True)
    location = models.TextField(null=True)
    user_agent = models.TextField(null=True)
    body = models.TextField(null=True)
    logs = models.TextField(null=True)
    extra = models.JSONField(null=True)  # raw fields that are added to what the API shows, or replace its own

    # The timeline and `visible_from` (seconds since the epoch) define the other three at the moment of the last look.
    timeline = models.JSONField(null=True)  # null: it ended before the sandbox started
    visible_from = models.FloatField(null=True)  # null: always
    state = models.TextField(null=True)  # null: the API does not show the action
    end_date = models.DateTimeField(null=True)
    next_change = models.FloatField(null=True)

    # Since when (seconds since the epoch) it waits for the API's next request, to begin with it.
    waiting_since = models.FloatField(null=True)

    # How many more list requests leave it out; null: none.
    unlisted_requests = models.PositiveIntegerField(null=True)

    objects = ActionQuerySet.as_manager()

    class Meta:
        """The order of every list, which can be reversed, and indexes for it under each filter."""

        ordering: ClassVar = ["start_date", "id"]
        indexes: ClassVar = [
            # For lists of all that exists: covers counting and skipping, so deep offsets stay cheap.
            models.Index(fields=["start_date", "id"], name="chronological", condition=models.Q(state__isnull=False)),
            models.Index(fields=["state", "start_date", "id"], name="by_state"),
            models.Index(fields=["object", "start_date", "id"], name="by_object"),
            models.Index(fields=["end_date"], name="by_end"),
            models.Index(fields=["next_change"], name="due", condition=models.Q(next_change__isnull=False)),
            models.Index(fields=["waiting_since"], name="waiting", condition=models.Q(waiting_since__isnull=False)),
            models.Index(
                fields=["unlisted_requests"], name="unlisted", condition=models.Q(unlisted_requests__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.uuid}"

    @property
    def finished(self) -> bool:
        """Whether the action is in a state that only a retry can change."""
        return self.state in FINAL_STATES

    def follow(self, now: float) -> None:
        """Set the fields that the timeline defines for this time (seconds since the epoch)."""
        self.state, self.end_date, self.next_change = None, None, None
        if self.visible_from is not None and self.visible_from > now:
            self.next_change = self.visible_from
            return
        for begins, state in self.timeline or []:
            if begins > now:
                self.next_change = begins
                break
            self.state = state
            self.end_date = moment(begins) if state in FINAL_STATES else None

    def hide(self, now: float, visible_after: float, listed_after: int) -> None:
        """Hide the action for so many seconds from now, and from so many list requests. Call `begin` next."""
        self.visible_from = now + visible_after if visible_after else None
        self.unlisted_requests = listed_after or None

    def begin(self, phases: Iterable[Sequence[Any]], now: float) -> None:
        """Set the action's timeline: pairs of seconds from now and a state (or None)."""
        self.timeline = sorted(((now + offset, state) for offset, state in phases), key=lambda phase: phase[0])
        self.follow(now)

    def wait_for_a_request(self, now: float) -> None:
        """Let the timeline begin with the API's next request instead of now."""
        self.waiting_since = now
        self.state, self.end_date, self.next_change = None, None, None

    def begin_late(self, now: float) -> None:
        """Set all times to what they would be if the action had been created now."""
        late = now - self.waiting_since
        self.waiting_since = None
        self.start_date += timedelta(seconds=late)
        if self.visible_from is not None:
            self.visible_from += late
        self.timeline = [(begins + late, state) for begins, state in self.timeline]
        self.follow(now)


class CloudObject(models.Model):
    """A stack, service, container, node cluster or node: just enough of it to have actions and relatives."""

    uri = models.TextField(primary_key=True)
    name = models.TextField()
    parent = models.TextField(null=True, db_index=True)

    def __str__(self) -> str:
        return self.uri

    @classmethod
    def relatives(cls, uri: str) -> list[str]:
        """Return the resource URIs of the object, its parent and its children."""
        parents = cls.objects.filter(uri=uri, parent__isnull=False).values_list("parent", flat=True)
        children = cls.objects.filter(parent=uri).values_list("uri", flat=True)
        return [uri, *parents, *children]


def phases_of(
    *, seconds: float = 5.0, state: str = SUCCESS, pending: float = 0.0, canceling: float = 0.0
) -> list[tuple[float, str]]:
    """Return the phases of an action that ends after so many seconds, the first and last of them spent waiting.

    `pending` is how long it waits for another action first, `canceling` how long its cancellation takes at the end.
    """
    end = max(seconds, pending + canceling)
    phases = []
    if pending > 0:
        phases.append((0.0, PENDING))
    if end - canceling > pending:
        phases.append((pending, IN_PROGRESS))
    if canceling > 0:
        phases.append((end - canceling, CANCELING))
    return [*phases, (end, state)]
