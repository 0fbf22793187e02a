# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The dates of the API: the formats in which it shows them, and the offset of the server's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import DateTimeField

from .settings import options

if TYPE_CHECKING:
    from collections.abc import Callable

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def rfc_2822(date: datetime, day: str | None = None) -> str:
    """Format a date (UTC) as Tastypie does with `rfc-2822`, cut to seconds, in a tenth of the time."""
    shown = f"{DAYS[date.weekday()]}, {day or f'{date.day:02}'} {MONTHS[date.month - 1]} {date.year}"
    return f"{shown} {date.hour:02}:{date.minute:02}:{date.second:02} +0000"


# For each value of the setting `dates`, the format of a date (UTC).
FORMATS: dict[str, Callable[[datetime], str]] = {
    "rfc2822": rfc_2822,
    "padded": lambda date: rfc_2822(date, f"{date.day:2}"),
    "unpadded": lambda date: rfc_2822(date, str(date.day)),
    "iso": lambda date: date.strftime("%Y-%m-%dT%H:%M:%S"),
    "iso_utc": lambda date: date.strftime("%Y-%m-%dT%H:%M:%SZ"),
}


def shown_date(date: datetime | None) -> str | None:
    """Format a stored date by the settings `dates` and `clock_offset`."""
    if date is None:
        return None
    chosen = options()
    if chosen.clock_offset:
        date += timedelta(seconds=chosen.clock_offset)
    return FORMATS[chosen.dates](date)


def stored_date(text: Any) -> Any:
    """Return a filter's date, which is by the server's clock, by the machine's clock, on which dates are stored.

    Django raises a ValidationError, here or later, for a text that is not a date.
    """
    offset = options().clock_offset
    if not offset:
        return text
    date: datetime | None = DateTimeField().to_python(text)
    if date is None:
        return text
    # A date without a zone is in the server's zone, UTC, as Tastypie treats it.
    return (date if date.tzinfo else date.replace(tzinfo=UTC)) - timedelta(seconds=offset)
