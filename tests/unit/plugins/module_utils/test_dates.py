# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dates: those of the API, and those in HTTP headers."""

from __future__ import annotations

import string
from datetime import datetime, timezone
from email.utils import format_datetime, formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tutum.cloud.plugins.module_utils._dates import (
    cut_to_second,
    format_iso,
    from_timestamp,
    parse_api_date,
    parse_http_date,
)
from ansible_collections.tutum.cloud.tests.unit.properties import PROPERTY, moments

UTC = timezone.utc
NOW = datetime(2014, 9, 17, 12, 0, 0, 250000, tzinfo=UTC)


# Dates of the API


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("Wed, 17 Sep 2014 08:26:22 +0000", "2014-09-17T08:26:22Z"),
        ("Wed, 1 Oct 2014 08:26:22 +0000", "2014-10-01T08:26:22Z"),
        ("Wed, 01 Oct 2014 08:26:22 +0000", "2014-10-01T08:26:22Z"),
        ("Wed,  1 Oct 2014 08:26:22 +0000", "2014-10-01T08:26:22Z"),
        (" Wed,  1 Oct 2014 08:26:22 +0000 ", "2014-10-01T08:26:22Z"),
        ("Wed, 17 Sep 2014 10:26:22 +0200", "2014-09-17T08:26:22Z"),
        ("Wed, 17 Sep 2014 08:26:22 GMT", "2014-09-17T08:26:22Z"),
        ("Wed, 17 Sep 2014 08:26:22 -0000", "2014-09-17T08:26:22Z"),
        ("2014-09-17T08:26:22", "2014-09-17T08:26:22Z"),
        ("2014-09-17T08:26:22Z", "2014-09-17T08:26:22Z"),
        ("2014-09-17 08:26:22+00:00", "2014-09-17T08:26:22Z"),
        ("2014-09-17T10:26:22+02:00", "2014-09-17T08:26:22Z"),
        ("2014-09-17T04:26:22-0400", "2014-09-17T08:26:22Z"),
        ("2014-09-17T08:26:22.5", "2014-09-17T08:26:22.500000Z"),
        ("2014-09-17T08:26:22.123456789Z", "2014-09-17T08:26:22.123456Z"),
        (" 2014-09-17T08:26:22Z\n", "2014-09-17T08:26:22Z"),
    ],
)
def test_api_date_is_read_in_utc(value: str, moment: str, local_zone: str) -> None:
    read = parse_api_date(value)
    assert read is not None
    assert read.tzinfo is UTC
    assert format_iso(read) == moment, local_zone


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        " ",
        "soon",
        "Wed, 32 Sep 2014 08:26:22 +0000",
        "Wed, 17 Foo 2014 08:26:22 +0000",
        "Wed, 17 Sep 2014 99:26:22 +0000",
        "Fri, 31 Dec 9999 23:30:00 -1200",
        "2014-13-17T08:26:22Z",
        "2014-09-17T08:26:61Z",
        "9999-12-31T23:30:00-12:00",
        "0001-01-01T00:00:00+14:00",
        "٢٠١٤-09-17T08:26:22Z",
        1410942382,
        1e999,
        True,
        [],
        {},
    ],
)
def test_api_date_other_value_is_none(value: object) -> None:
    assert parse_api_date(value) is None


@PROPERTY
@given(moments)
def test_api_date_round_trips(moment: datetime) -> None:
    assert parse_api_date(format_datetime(moment)) == cut_to_second(moment)
    assert parse_api_date(moment.isoformat()) == moment
    assert parse_api_date(format_iso(moment)) == moment


@PROPERTY
@given(st.text(max_size=60) | st.text(alphabet=string.digits + "-+:T. ,ZWedSp", max_size=40))
def test_api_date_any_text_is_read_or_none(text: str) -> None:
    moment = parse_api_date(text)
    assert moment is None or moment.tzinfo is UTC


# Dates in HTTP headers


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("Wed, 17 Sep 2014 08:26:22 GMT", 1410942382.0),
        ("Wednesday, 17-Sep-14 08:26:22 GMT", 1410942382.0),
        ("Wed Sep 17 08:26:22 2014", 1410942382.0),
        ("Wed, 17 Sep 2014 10:26:22 +0200", 1410942382.0),
        ("", None),
        (" ", None),
        ("soon", None),
        ("Mon, 99 Foo 2014 99:99:99 GMT", None),
        ("Mon, 1 Jan 99999 00:00:00 GMT", None),
        ("1 Jan 2014 00:00:00 +99999999999999999999", None),
    ],
)
def test_http_date_is_read_in_each_form(value: str, seconds: float | None, local_zone: str) -> None:
    assert parse_http_date(value) == seconds, local_zone


@PROPERTY
@given(st.integers(0, 4_000_000_000))
def test_http_date_round_trips(seconds: int) -> None:
    assert parse_http_date(formatdate(seconds, usegmt=True)) == seconds


@PROPERTY
@given(st.text(max_size=60) | st.text(alphabet=string.digits + "-+:., JanFebMGT", max_size=40))
def test_http_date_any_text_is_seconds_or_none(text: str) -> None:
    assert isinstance(parse_http_date(text), (float, type(None)))


def test_from_timestamp_is_in_utc(local_zone: str) -> None:
    assert format_iso(from_timestamp(1410942382.5)) == "2014-09-17T08:26:22.500000Z", local_zone
