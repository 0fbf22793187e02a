# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Dates: what users write, what the API shows, and ISO 8601 in UTC for everything that is returned or sent.

The API shows dates in RFC 2822 (its reference), padded or not, or in ISO 8601, and cuts them to seconds. Its filters accept
ISO 8601 only, and compare with what is stored, fractions of seconds included.
"""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from ansible_collections.tutum.cloud.plugins.module_utils._errors import LibraryError, OptionError

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
SMALLEST_STEP = timedelta(microseconds=1)

_RELATIVE = r"(?P<count>\d{1,6}) ?(?P<unit>s|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?|months?|years?) ago"
_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_BARE_DATE = r"\d{4}-?\d\d-?\d\d"
_EPOCH = r"\d{9,11}(\.\d{1,6})?"
_ISO = r"\d{4}-?\d\d-?\d\d[T ]\d\d\S*( ?[+-]\d\d:?\d\d)?"
_RFC_2822 = (
    r"(?:[A-Za-z]{3}, *)?\d{1,2} [A-Za-z]{3} \d{4} \d\d:\d\d(?::\d\d)?(?: (?:[+-]\d{4}|GMT|UTC?|Z|[ECMP][SD]T))?"
)
_API_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6})\d*)?(?:(Z)|([+-])(\d\d):?(\d\d))?", re.ASCII
)


def parse_user_date(option: str, value: str, now: datetime) -> str:
    """Return a user's date as the API's filters expect it: ISO 8601, UTC.

    :param option: ``start_date_gte``, ... A name that ends in ``lte`` includes the whole second, or day, that is named.
    :param value: RFC 2822, ISO 8601, a bare date, ``now``, ``today``, ``yesterday``, ``30 minutes ago``, or seconds since
        the epoch; UTC where it names no zone.
    :param now: the present, with its zone.
    :raises OptionError: it has none of these forms, or is not in the calendar.
    :raises LibraryError: python-dateutil is not installed.
    """
    text = " ".join(value.split())
    try:
        moment, span = _read_user_date(text, now)
        if moment is not None:
            moment = _in_utc(moment)
            # The API shows whole seconds, but stores and compares fractions.
            if option.endswith("lte") and not moment.microsecond:
                moment += span - SMALLEST_STEP
            return format_iso(moment)
    except (ValueError, OverflowError, TypeError, IndexError):
        pass  # The form is right, but there is no such day, hour, or zone.
    raise OptionError(
        option,
        value,
        "Not a valid date. Supported formats: 2014-09-17, 2014-09-17T08:26:22Z, Wed, 17 Sep 2014 08:26:22 +0000,"
        " 1411000000 (seconds since the epoch), 30 minutes ago (also seconds, hours, days, weeks, months), now, today,"
        " yesterday",
    )


def _read_user_date(text: str, now: datetime) -> tuple[datetime | None, timedelta]:  # noqa: PLR0911 - one per format
    """Return the moment and the length of what a date names; None for an unknown form, ValueError for an invalid date."""
    # Imported only here: a task without a date does not need it.
    try:
        from dateutil.parser import isoparse
        from dateutil.relativedelta import relativedelta
    except ImportError as error:
        raise LibraryError("python-dateutil", error) from None

    midnight = now.astimezone(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    named = {"now": (now, SECOND), "today": (midnight, DAY), "yesterday": (midnight - DAY, DAY)}
    if text.lower() in named:
        return named[text.lower()]
    relative = re.fullmatch(_RELATIVE, text.lower(), re.ASCII)
    if relative:
        unit = relative["unit"]
        span: dict[str, t.Any] = {_UNITS.get(unit) or f"{unit.rstrip('s')}s": int(relative["count"])}
        return now - relativedelta(**span), SECOND
    if re.fullmatch(_EPOCH, text, re.ASCII):
        return datetime.fromtimestamp(float(text), timezone.utc), SECOND
    if re.fullmatch(_BARE_DATE, text, re.ASCII):
        return isoparse(text), DAY
    if re.fullmatch(_ISO, text, re.ASCII):
        return isoparse(text[:11] + text[11:].replace(" ", "")), SECOND
    if re.fullmatch(_RFC_2822, text, re.ASCII):
        return parsedate_to_datetime(text), SECOND
    return None, SECOND


def parse_api_date(value: object) -> datetime | None:
    """Return a date that the API shows, in UTC; None if it is null or cannot be read."""
    if not isinstance(value, str):
        return None
    try:
        match = _API_ISO.fullmatch(value.strip())
        return _from_api_iso(match) if match else _in_utc(parsedate_to_datetime(value))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _from_api_iso(match: re.Match[str]) -> datetime:
    """Return the moment that the parts of an ISO 8601 date name; without a zone, UTC."""
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    fraction = int((match[7] or "0").ljust(6, "0"))
    moment = datetime(year, month, day, hour, minute, second, fraction, timezone.utc)
    if match[9]:
        offset = timedelta(hours=int(match[10]), minutes=int(match[11]))
        moment += -offset if match[9] == "+" else offset
    return moment


def parse_http_date(value: str) -> float | None:
    """Return an HTTP date as seconds since the epoch; None if it cannot be read."""
    # The oldest of its three forms has no zone, and is in UTC, as here.
    moment = parse_api_date(value)
    return moment.timestamp() if moment else None


def format_iso(moment: datetime) -> str:
    """Return a moment in UTC as ISO 8601. It ends in Z: the plus sign of +00:00 has to be escaped in a URL."""
    return f"{moment.isoformat()[:-6]}Z"


def from_timestamp(seconds: float) -> datetime:
    """Return seconds since the epoch as a moment in UTC."""
    return datetime.fromtimestamp(seconds, timezone.utc)


def cut_to_second(moment: datetime) -> datetime:
    """Return a moment as the API shows it."""
    return moment.replace(microsecond=0)


def _in_utc(moment: datetime) -> datetime:
    """Return a moment in UTC. One without a zone is in UTC; python-dateutil's zones are replaced."""
    return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
