# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Dates as users write them, converted to the form that the API's filters accept."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from ansible_collections.tutum.cloud.plugins.module_utils._dates import SECOND, SMALLEST_STEP, format_iso, in_utc
from ansible_collections.tutum.cloud.plugins.module_utils._errors import LibraryError, OptionError

DAY = timedelta(days=1)

_RELATIVE = r"(?P<count>\d{1,6}) ?(?P<unit>s|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?|months?|years?) ago"
_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_BARE_DATE = r"\d{4}-?\d\d-?\d\d"
_EPOCH = r"\d{9,11}(\.\d{1,6})?"
_ISO = r"\d{4}-?\d\d-?\d\d[T ]\d\d\S*( ?[+-]\d\d:?\d\d)?"
_RFC_2822 = (
    r"(?:[A-Za-z]{3}, *)?\d{1,2} [A-Za-z]{3} \d{4} \d\d:\d\d(?::\d\d)?(?: (?:[+-]\d{4}|GMT|UTC?|Z|[ECMP][SD]T))?"
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
            moment = in_utc(moment)
            # The API shows whole seconds, but stores and compares fractions.
            if option.endswith("lte") and not moment.microsecond:
                moment += span - SMALLEST_STEP
            return format_iso(moment)
    except (ValueError, OverflowError, TypeError, IndexError):
        pass  # The format is valid, but there is no such day, hour, or time zone.
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
