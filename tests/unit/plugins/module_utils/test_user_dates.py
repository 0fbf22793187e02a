# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dates as users write them."""

from __future__ import annotations

import string
import sys
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.tutum.cloud.plugins.module_utils._dates import (
    format_iso,
    parse_api_date,
)
from ansible_collections.tutum.cloud.plugins.module_utils._errors import LibraryError, OptionError
from ansible_collections.tutum.cloud.plugins.module_utils._user_dates import parse_user_date
from ansible_collections.tutum.cloud.tests.unit.properties import PROPERTY, moments

UTC = timezone.utc
NOW = datetime(2014, 9, 17, 12, 0, 0, 250000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2014-09-17T08:26:22Z", "2014-09-17T08:26:22Z"),
        ("2014-09-17T08:26:22", "2014-09-17T08:26:22Z"),
        ("2014-09-17 08:26:22", "2014-09-17T08:26:22Z"),
        ("2014-09-17T08:26", "2014-09-17T08:26:00Z"),
        ("2014-09-17T10:26:22+02:00", "2014-09-17T08:26:22Z"),
        # The types that YAML creates from a date without quotes.
        ("2014-09-17 08:26:22+00:00", "2014-09-17T08:26:22Z"),
        ("2014-09-17 10:26:22 +0200", "2014-09-17T08:26:22Z"),
        ("20140917T082622Z", "2014-09-17T08:26:22Z"),
        ("2014-09-17T08:26:22.5Z", "2014-09-17T08:26:22.500000Z"),
        ("2014-09-17", "2014-09-17T00:00:00Z"),
        ("20140917", "2014-09-17T00:00:00Z"),
        ("Wed, 17 Sep 2014 08:26:22 +0000", "2014-09-17T08:26:22Z"),
        ("Wed, 17 Sep 2014 04:26:22 -0400", "2014-09-17T08:26:22Z"),
        ("Wed, 17 Sep 2014 04:26:22 EDT", "2014-09-17T08:26:22Z"),
        ("Wed, 17 Sep 2014 08:26:22 GMT", "2014-09-17T08:26:22Z"),
        ("Wed, 1 Oct 2014 08:26:22", "2014-10-01T08:26:22Z"),
        ("Wed,  1 Oct 2014 08:26:22 +0000", "2014-10-01T08:26:22Z"),
        ("1 Oct 2014 08:26", "2014-10-01T08:26:00Z"),
        ("30 minutes ago", "2014-09-17T11:30:00.250000Z"),
        ("1 minute ago", "2014-09-17T11:59:00.250000Z"),
        ("2h ago", "2014-09-17T10:00:00.250000Z"),
        ("2 H ago", "2014-09-17T10:00:00.250000Z"),
        ("90 s ago", "2014-09-17T11:58:30.250000Z"),
        ("5 min ago", "2014-09-17T11:55:00.250000Z"),
        ("5m ago", "2014-09-17T11:55:00.250000Z"),
        ("1 day ago", "2014-09-16T12:00:00.250000Z"),
        ("2w ago", "2014-09-03T12:00:00.250000Z"),
        ("1 month ago", "2014-08-17T12:00:00.250000Z"),
        ("2 years ago", "2012-09-17T12:00:00.250000Z"),
        ("  2   hours\nago ", "2014-09-17T10:00:00.250000Z"),
        ("now", "2014-09-17T12:00:00.250000Z"),
        (" Now\n", "2014-09-17T12:00:00.250000Z"),
        ("today", "2014-09-17T00:00:00Z"),
        ("yesterday", "2014-09-16T00:00:00Z"),
        ("1411000000", "2014-09-18T00:26:40Z"),
        ("1411000000.5", "2014-09-18T00:26:40.500000Z"),
        ("999999999", "2001-09-09T01:46:39Z"),
    ],
)
def test_user_date_is_sent_as_iso_8601_in_utc(value: str, moment: str, local_zone: str) -> None:
    assert parse_user_date("start_date_gte", value, NOW) == moment, local_zone


@pytest.mark.parametrize("option", ["start_date_lte", "end_date_lte"])
@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2014-09-17T08:26:22Z", "2014-09-17T08:26:22.999999Z"),
        ("2014-09-17T08:26:22.5Z", "2014-09-17T08:26:22.500000Z"),
        ("Wed, 17 Sep 2014 08:26:22 +0000", "2014-09-17T08:26:22.999999Z"),
        ("1411000000", "2014-09-18T00:26:40.999999Z"),
        ("2014-09-17", "2014-09-17T23:59:59.999999Z"),
        ("20140917", "2014-09-17T23:59:59.999999Z"),
        ("9999-12-31", "9999-12-31T23:59:59.999999Z"),
        ("2h ago", "2014-09-17T10:00:00.250000Z"),
        ("now", "2014-09-17T12:00:00.250000Z"),
        ("today", "2014-09-17T23:59:59.999999Z"),
        ("yesterday", "2014-09-16T23:59:59.999999Z"),
    ],
)
def test_user_date_upper_bound_includes_named_second_or_day(option: str, value: str, moment: str) -> None:
    assert parse_user_date(option, value, NOW) == moment


@pytest.mark.parametrize(
    ("value", "moment"), [("today", "2014-09-16T00:00:00Z"), ("yesterday", "2014-09-15T00:00:00Z")]
)
def test_user_date_today_is_the_day_in_utc(value: str, moment: str) -> None:
    in_tokyo = datetime(2014, 9, 17, 8, 0, tzinfo=timezone(timedelta(hours=9)))
    assert parse_user_date("end_date_gte", value, in_tokyo) == moment


@pytest.mark.parametrize(
    "value",
    [
        "",
        "tomorrow",
        "tomorrow at noon",
        "now ago",
        "17.09.2014",
        "09/17/2014",
        "2014",
        "2014-09",
        "2014-13-01",
        "2014-02-30",
        "2014-09-17T25:00:00",
        "2014-09-17T08:26:22 nowhere",
        "2014-09-17T08:26:22+99:00",
        "0001-01-01T00:00:00+14:00",
        "Wed, 32 Sep 2014 08:26:22 +0000",
        "Wed, 17 Foo 2014 08:26:22 +0000",
        "1411000",
        "14110000",
        "-1411000000",
        "1411000000000",
        "-2 hours ago",
        "1.5 hours ago",
        "2 fortnights ago",
        "2 hours",
        "9999999 years ago",
        "999999 years ago",
        "999999 weeks ago",
        "\uff12 hours ago",
        "2014-09-17\0",
        "x" * 10_000,
    ],
)
def test_user_date_other_text_is_refused_with_examples(value: str) -> None:
    with pytest.raises(OptionError, match=r"^Invalid value for option end_date_gte: .* 30 minutes ago") as caught:
        parse_user_date("end_date_gte", value, NOW)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("module", ["dateutil.parser", "dateutil.relativedelta"])
def test_user_date_without_dateutil_names_library(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(LibraryError, match=r"required Python library \(python-dateutil\)"):
        parse_user_date("end_date_gte", "2014-09-17", NOW)


@PROPERTY
@given(moments, st.integers(-14 * 60, 14 * 60), st.booleans())
def test_user_date_round_trips_through_every_zone(moment: datetime, minutes: int, with_t: bool) -> None:
    there = moment.astimezone(timezone(timedelta(minutes=minutes)))
    assert parse_user_date("start_date_gte", there.isoformat("T" if with_t else " "), NOW) == format_iso(moment)


@PROPERTY
@given(st.text(max_size=60) | st.text(alphabet=string.digits + "-+:T. ,Zago", max_size=40))
@example("00000000")
def test_user_date_any_text_is_a_date_or_refused(text: str) -> None:
    try:
        sent = parse_user_date("end_date_lte", text, NOW)
    except OptionError:
        return
    assert parse_api_date(sent) is not None
