# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Dates: what the API shows, and ISO 8601 in UTC for everything that is returned or sent.

The API shows dates in RFC 2822 (its reference), padded or not, or in ISO 8601, and cuts them to seconds. Its filters accept
ISO 8601 only, and compare with what is stored, fractions of seconds included.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

SECOND = timedelta(seconds=1)
SMALLEST_STEP = timedelta(microseconds=1)

_API_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6})\d*)?(?:(Z)|([+-])(\d\d):?(\d\d))?", re.ASCII
)


def parse_api_date(value: object) -> datetime | None:
    """Return a date that the API shows, in UTC; None if it is null or cannot be read."""
    if not isinstance(value, str):
        return None
    try:
        match = _API_ISO.fullmatch(value.strip())
        return _from_api_iso(match) if match else in_utc(parsedate_to_datetime(value))
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


def in_utc(moment: datetime) -> datetime:
    """Return a moment in UTC. One without a zone is in UTC; python-dateutil's zones are replaced."""
    return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
