# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Actions: their states, how they are named, filtered, dated, fetched and listed.

Follows the API's reference: "Actions", with "List all actions" and "Get an action by UUID".
"""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import urlsplit

from ansible_collections.tutum.cloud.plugins.module_utils._client import PAGE_SIZE, Client, origin
from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    ApiError,
    LibraryError,
    NotFoundError,
    OptionError,
    ResponseError,
    TransientError,
)

if t.TYPE_CHECKING:
    from ansible_collections.tutum.cloud.plugins.module_utils._client import Page

UNFINISHED_STATES = ("Pending", "In progress", "Canceling")
"""In the order in which an action goes through them: who asks for one after the other misses none on its way."""

FINAL_STATES = ("Success", "Failed", "Canceled")
STATES = (*UNFINISHED_STATES, *FINAL_STATES)

DATE_FILTERS = ("start_date_gte", "start_date_lte", "end_date_gte", "end_date_lte")
FILTERS = ("state", *DATE_FILTERS, "object", "include_related", "limit")

LIST_PATH = "action/"

_MAX_READINGS = 5
"""How often a list is read that changes while it is."""

Action = t.Dict[str, t.Any]
"""An action as the API describes it."""

_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_UUID_ONLY = re.compile(_UUID)
_ACTION_PATH = re.compile(rf"(?P<base>/.*)action/(?P<uuid>{_UUID})/?")
_API_BASE = re.compile(r"/api/(?:[A-Za-z0-9_-]+/)?v\d+/")
_OBJECT_PATH = re.compile(r"/(?:[\w-]+/)*?v\d+/(?P<type>[\w-]+)/(?P<name>(?:[\w~-][\w.~:-]*/)+)", re.ASCII)
_MAX_OBJECT_LENGTH = 500

# Of users' dates. Compiled when there is one: most calls do without.
_RELATIVE_DATE = r"(?P<count>\d{1,6}) ?(?P<unit>s|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?|months?|years?) ago"
_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_BARE_DATE = r"\d{4}-?\d\d-?\d\d"
_ISO_DATE = r"\d{4}-?\d\d-?\d\d[T ]\d\d\S*( ?[+-]\d\d:?\d\d)?"
_RFC_2822_DATE = (
    r"(?:[A-Za-z]{3}, *)?\d{1,2} [A-Za-z]{3} \d{4} \d\d:\d\d(?::\d\d)?(?: (?:[+-]\d{4}|GMT|UTC?|Z|[ECMP][SD]T))?"
)
_MONTHS = {
    name: f"{number:02}"
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}


def is_finished(action: t.Mapping[str, t.Any]) -> bool:
    """Whether the action's state is final. A state that is unknown or missing is not."""
    return action.get("state") in FINAL_STATES


def parse_reference(value: str, api_url: str) -> str:
    """The UUID of the action that a user means.

    :param value: a UUID, a resource URI (``/api/v1/action/<uuid>/``) or a full URL on the host of ``api_url``.
    :param api_url: the base of the API's URLs.
    :raises OptionError: it is none of these.
    """
    path = _local_path("uuid", value, api_url) if "://" in value else value
    match = _ACTION_PATH.fullmatch(path)
    if match and (match["base"] == urlsplit(api_url).path or _API_BASE.fullmatch(match["base"])):
        return match["uuid"].lower()
    if _UUID_ONLY.fullmatch(path):
        return path.lower()
    raise OptionError(
        "uuid",
        value,
        "it is not an action's UUID, resource URI (/api/v1/action/UUID/) or URL. From a result of"
        " ansible.builtin.uri, take x_tutum_action_uri",
    )


def parse_object(value: str, api_url: str) -> str:
    """The resource URI of an object, to the letter as the API writes it (with its last slash).

    :param value: a resource URI (``/api/v1/service/<uuid>/``) or a full URL on the host of ``api_url``.
    :param api_url: the base of the API's URLs.
    :raises OptionError: it is neither.
    """
    path = _local_path("object", value, api_url) if "://" in value else value
    if not path.endswith("/"):
        path += "/"
    if len(path) > _MAX_OBJECT_LENGTH or not _OBJECT_PATH.fullmatch(path):
        raise OptionError(
            "object", value, "it is not an object's resource URI. Write it as the API does: /api/v1/service/UUID/"
        )
    return path


def _local_path(option: str, url: str, api_url: str) -> str:
    """The path of a URL, provided that it is on the API's host."""
    if "@" in url:
        # What stands before it may be a key.
        raise OptionError(option, "***@***", "a user name or key must not stand in a URL")
    host = api_url[: -len(urlsplit(api_url).path)]
    try:
        is_ours = origin(url) == origin(api_url)
    except ValueError:
        is_ours = False
    if not is_ours:
        raise OptionError(option, url, f"it is on another host than api_url, {host}. Write just its path or UUID")
    return f"/{url.split('/', 3)[3]}" if url.count("/") > 2 else ""


def parse_date(option: str, value: str, now: datetime) -> str:
    """A user's date as the API's filters want it: ISO 8601, UTC.

    :param option: ``start_date_gte``, ... What ends in ``lte`` includes the whole second, or day, that it names.
    :param value: RFC 2822, ISO 8601, a bare date, or ``30 minutes ago``; UTC where it names no zone.
    :param now: the present, with its zone.
    :raises OptionError: it is none of these, or no day of the calendar.
    :raises LibraryError: python-dateutil is not installed.
    """
    text = " ".join(value.split())
    try:
        moment = _read_user_date(text, now)
        if moment is not None:
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=timezone.utc)
            moment = moment.astimezone(timezone.utc)
            # The API shows whole seconds, but stores and compares what lies between them, too.
            if option.endswith("lte") and not moment.microsecond:
                named = timedelta(days=1) if re.fullmatch(_BARE_DATE, text, re.ASCII) else timedelta(seconds=1)
                moment += named - timedelta(microseconds=1)
            return iso_8601(moment)
    except (ValueError, OverflowError, TypeError, IndexError):
        pass  # The form is right, but there is no such day, hour, zone, ...
    raise OptionError(
        option,
        value,
        "it is not a date. Write 2014-09-17, 2014-09-17T08:26:22Z, Wed, 17 Sep 2014 08:26:22 +0000, or"
        " 30 minutes ago (also seconds, hours, days, weeks, months)",
    )


def _read_user_date(text: str, now: datetime) -> datetime | None:
    """The moment that a date of one of the known forms names; None for another form, ValueError for no date."""
    # Imported only here: a call without a date does not need it.
    try:
        from dateutil.parser import isoparse
        from dateutil.relativedelta import relativedelta
    except ImportError as error:
        raise LibraryError("python-dateutil", error) from None

    relative = re.fullmatch(_RELATIVE_DATE, text.lower(), re.ASCII)
    if relative:
        unit = relative["unit"]
        span: dict[str, t.Any] = {_UNITS.get(unit) or f"{unit.rstrip('s')}s": int(relative["count"])}
        return now - relativedelta(**span)
    if re.fullmatch(_BARE_DATE, text, re.ASCII) or re.fullmatch(_ISO_DATE, text, re.ASCII):
        moment: datetime = isoparse(text[:11] + text[11:].replace(" ", ""))
        return moment
    if re.fullmatch(_RFC_2822_DATE, text, re.ASCII):
        return parsedate_to_datetime(text)
    return None


def iso_8601(moment: datetime) -> str:
    """A moment in UTC as text. With Z: a plus sign in a URL has to be escaped, and not everything on the way does."""
    return f"{moment.isoformat()[:-6]}Z"


def read_date(value: object) -> datetime | None:
    """A date as the API writes it (RFC 2822), in UTC; None where there is none that can be read."""
    moment, _text = _read_date(value)
    return moment


def _read_date(value: object) -> tuple[datetime | None, str | None]:
    """A date as the API writes it, as a moment and in ISO 8601."""
    if not isinstance(value, str):
        return None, None
    try:
        # There are two dates in each action, and nearly all look like this: Wed, 17 Sep 2014 08:26:22 +0000.
        # So they are read where they stand, in a fraction of the time.
        if len(value) == 31 and value.endswith(" +0000"):
            text = f"{_iso_day(value[5:16])}T{value[17:25]}"
            return datetime.fromisoformat(f"{text}+00:00"), f"{text}Z"
        moment = parsedate_to_datetime(value)
        moment = moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return moment, iso_8601(moment)
    except (KeyError, ValueError, TypeError, IndexError, OverflowError):
        return None, None


@lru_cache(maxsize=1024)
def _iso_day(day: str) -> str:
    """A day such as ``17 Sep 2014`` in ISO 8601. Actions of a day mostly come together."""
    return f"{day[7:]}-{_MONTHS[day[3:6]]}-{day[:2]}"


def _object_parts(path: object) -> tuple[str | None, str | None]:
    """The type and the UUID in an object's resource URI."""
    return _path_parts(path) if isinstance(path, str) and len(path) <= _MAX_OBJECT_LENGTH else (None, None)


@lru_cache(maxsize=1024)
def _path_parts(path: str) -> tuple[str | None, str | None]:
    match = _OBJECT_PATH.fullmatch(path)
    if not match:
        return None, None
    name = match["name"][:-1]
    return match["type"], name if _UUID_ONLY.fullmatch(name) else None


def present(action: Action, hidden_fields: t.Collection[str] = ()) -> Action:
    """Add to an action what users ask for next, and take away what they hide. Changes it in place.

    A field that is worked out from a hidden one is null.
    """
    for field in hidden_fields:
        action.pop(field, None)
    start, action["started_at"] = _read_date(action.get("start_date"))
    end, action["ended_at"] = _read_date(action.get("end_date"))
    path = action.get("object")
    action["duration"] = (end - start).total_seconds() if start and end else None
    action["finished"] = None if "state" in hidden_fields else is_finished(action)
    action["object_type"], action["object_uuid"] = _object_parts(path)
    for field in hidden_fields:
        action.pop(field, None)
    return action


class Query:
    """What a user asks for, checked: either the actions with these UUIDs, or those that match the filters."""

    def __init__(self, options: t.Mapping[str, t.Any], api_url: str, now: datetime | None = None) -> None:
        """
        :param options: those of the module ``tutum_action_info``; None where one is not set.
        :param api_url: the base of the API's URLs.
        :param now: the present, with its zone, for relative dates.
        :raises OptionError: an option's value, or two options together, make no sense.
        """
        self.hidden_fields: list[str] = options.get("hidden_fields") or []
        self.skip_missing = options.get("missing") == "skip"
        self.newest_first = options.get("order") == "newest_first"
        self.limit: int | None = options.get("limit")
        self.states: list[str] | None = options.get("state")
        self.filters: dict[str, str] = {}
        self.uuids: list[str] | None = None
        if options.get("uuid") is None:
            self._read_filters(options, api_url, now or datetime.now(timezone.utc))
            return
        for name in FILTERS:
            if options.get(name) is not None:
                raise OptionError(
                    name, options[name], "it is a filter, but uuid names the actions. Remove one of the two"
                )
        if self.newest_first:
            raise OptionError("order", "newest_first", "actions named by uuid come in the order of their UUIDs")
        self.uuids = [parse_reference(value, api_url) for value in options["uuid"]]

    def _read_filters(self, options: t.Mapping[str, t.Any], api_url: str, now: datetime) -> None:
        # The API takes what it does not know for "nothing matches", or for no filter at all.
        for state in self.states or []:
            if state not in STATES:
                raise OptionError("state", state, f"there is no such state. Write one of {', '.join(STATES)}")
        if self.limit is not None and self.limit < 1:
            raise OptionError("limit", self.limit, "give 1 or a higher whole number, or leave it out for all actions")
        for name in DATE_FILTERS:
            if options.get(name) is not None:
                self.filters[name.replace("date_", "date__")] = parse_date(name, options[name], now)
        if options.get("object") is not None:
            self.filters["object"] = parse_object(options["object"], api_url)
        if options.get("include_related") is not None:
            if "object" not in self.filters:
                raise OptionError("include_related", options["include_related"], "it needs the option object")
            self.filters["include_related"] = "true" if options["include_related"] else "false"


class QueryResult(t.NamedTuple):
    """What a query found."""

    actions: list[Action]
    total_count: int
    """How many actions match on the server."""

    @property
    def truncated(self) -> bool:
        """Whether there are more than were asked for."""
        return self.total_count > len(self.actions)

    def results(self) -> dict[str, t.Any]:
        """As the module returns it."""
        return {"actions": self.actions, "total_count": self.total_count, "truncated": self.truncated}


def _start(action: Action) -> str:
    _moment, text = _read_date(action.get("start_date"))
    return text or ""


class Actions:
    """The actions of one API. A finished action that was queried by UUID is not asked for again."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._finished: dict[str, Action] = {}

    def query(self, query: Query) -> QueryResult:
        """Find the actions. Asks nothing when nothing is wanted.

        :raises ApiError: the query failed; its ``results`` are what had been read.
        """
        deadline = self.client.query_deadline()
        if query.uuids is not None:
            return self._query_uuids(query.uuids, query, deadline)
        return self._query_list(query, deadline)

    def _query_uuids(self, uuids: list[str], query: Query, deadline: float) -> QueryResult:
        wanted = list(dict.fromkeys(uuids))
        unread = [uuid for uuid in wanted if uuid not in self._finished]
        found = {uuid: self._finished[uuid] for uuid in wanted if uuid in self._finished}
        missing: list[NotFoundError] = []

        def result() -> QueryResult:
            actions = [self.shown(dict(found[uuid]), query.hidden_fields) for uuid in uuids if uuid in found]
            return QueryResult(actions, len(found))

        for uuid, outcome in self.fetch(unread, deadline):
            if isinstance(outcome, NotFoundError):
                missing.append(outcome)
            elif isinstance(outcome, ApiError):
                outcome.results = {**result().results(), "truncated": True}
                raise outcome
            else:
                found[uuid] = outcome
                if is_finished(outcome):
                    self._finished[uuid] = outcome
        if missing and not query.skip_missing:
            error = missing[0]
            if len(missing) > 1:
                error.add(f"So it is with {len(missing)} of the {len(wanted)} actions")
            error.add("To leave out what does not exist, set missing to skip")
            error.results = {**result().results(), "truncated": True}
            raise error
        return result()

    def _query_list(self, query: Query, deadline: float) -> QueryResult:
        found: dict[str, Action] = {}
        total_count = 0

        def result() -> QueryResult:
            actions = list(found.values())
            if query.states is not None and len(query.states) > 1:
                actions.sort(key=_start)
            if query.newest_first:
                actions.reverse()
            actions = [self.shown(action, query.hidden_fields) for action in actions[: query.limit]]
            return QueryResult(actions, max(total_count, len(actions)))

        selections: list[dict[str, str]] = [{}]
        if query.states is not None:
            selections = [{"state": state} for state in STATES if state in query.states]
        read = self.newest if query.newest_first else self.oldest
        try:
            for selection in selections:
                total_count += read({**query.filters, **selection}, found, deadline=deadline, limit=query.limit)
        except ApiError as error:
            error.results = {**result().results(), "truncated": True}
            raise
        if query.limit is None:
            total_count = len(found)  # Who went from one of the states to another was counted in both.
        return result()

    def shown(self, action: Action, hidden_fields: t.Collection[str]) -> Action:
        """An action as users get it, without what they hide and what a server repeats of the key. Changes it in place.

        Ansible itself would hide only what came as an option, and that not everywhere: not in the result of a lookup.
        """
        shown = present(action, hidden_fields)
        # To look into each field takes longer than all else, and hardly any server makes it necessary.
        return self.client.connection.hide_secrets(shown) if self.client.has_read_secrets else shown

    def fetch(self, uuids: t.Sequence[str], deadline: float) -> t.Iterator[tuple[str, Action | ApiError]]:
        """Get each action by its UUID: the action, or the error in its place, in the order asked.

        :param uuids: in small letters.
        :param deadline: when the last answer must be here, by the client's clock.
        """

        def get(uuid: str) -> Action:
            url = self.client.url(f"{LIST_PATH}{uuid}/")
            action = self.client.get(url, deadline=deadline)
            shown = action.get("uuid")
            if not isinstance(shown, str) or shown.lower() != uuid:
                raise ResponseError(url, "the answer is not the action asked for. Is the option api_url right?")
            return action

        return zip(uuids, self.client.in_order(get, uuids))

    def pages(
        self,
        parameters: t.Mapping[str, str],
        *,
        deadline: float,
        start: int = 0,
        at_most: int | None = None,
        overlap: bool = False,
    ) -> t.Iterator[Page]:
        """List actions, oldest first, page after page.

        :param parameters: the API's filters.
        :param deadline: when the last answer must be here, by the client's clock.
        :param start: the offset of the first action.
        :param at_most: how many are needed; there may come more.
        :param overlap: whether a page begins with the last action of the one before.
        :raises ApiError: the list cannot be read.
        """
        page_size = PAGE_SIZE if at_most is None else min(PAGE_SIZE, at_most)
        return self.client.pages(
            LIST_PATH,
            parameters,
            deadline=deadline,
            start=start,
            at_most=at_most,
            page_size=page_size,
            overlap=overlap,
        )

    def oldest(
        self, parameters: t.Mapping[str, str], into: dict[str, Action], *, deadline: float, limit: int | None = None
    ) -> int:
        """Read the beginning of a list, or all of it.

        :param parameters: the API's filters.
        :param into: takes the actions by UUID, oldest first; also what was read before an error.
        :param deadline: when the last answer must be here, by the client's clock.
        :param limit: how many actions.
        :returns: how many match on the server.
        :raises ApiError: the list cannot be read.
        """
        # An action that leaves a list (in another state, retried, deleted) moves all that follow up, one of them to a
        # page that was read already. Pages that overlap by one action show it, and the list is read once more.
        for _reading in range(_MAX_READINGS):
            total_count = taken = 0
            last = ""
            has_moved = False
            for page in self.pages(parameters, deadline=deadline, at_most=limit, overlap=True):
                has_moved = page.offset < taken and page.uuids[:1] != [last]
                if has_moved:
                    break
                into.update(zip(page.uuids, page.objects))
                total_count = page.total_count
                taken = page.offset + len(page.uuids)
                last = page.uuids[-1] if page.uuids else ""
                if limit is not None and taken >= limit:
                    break
            if not has_moved:
                return total_count
        url = self.client.url(LIST_PATH, parameters)
        raise TransientError(url, "the list changes faster than it can be read. Ask for less, or ask again")

    def newest(
        self, parameters: t.Mapping[str, str], into: dict[str, Action], *, deadline: float, limit: int | None = None
    ) -> int:
        """Read the end of a list, or all of it. The parameters are those of :meth:`oldest`, and so is the order."""
        if limit is None:
            return self.oldest(parameters, into, deadline=deadline)
        # The API knows no order but its own: the total tells where the end begins.
        total_count = next(self.pages(parameters, deadline=deadline, at_most=1)).total_count
        for _reading in range(_MAX_READINGS):
            read: dict[str, Action] = {}
            if total_count:
                # To the very end, which may lie further by now.
                for page in self.pages(parameters, deadline=deadline, start=max(0, total_count - limit)):
                    total_count = page.total_count
                    read.update(zip(page.uuids, page.objects))
            if len(read) >= min(limit, total_count):
                break
        into.update(list(read.items())[-limit:])
        return total_count
