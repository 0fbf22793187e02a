# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must hold for any answer, any page, any date: not cases, but properties."""

from __future__ import annotations

import json
import math
import string
import typing as t
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from ansible_collections.tutum.cloud.plugins.module_utils._actions import (
    STATES,
    Actions,
    Query,
    iso_8601,
    parse_date,
    parse_object,
    parse_reference,
    present,
    read_date,
)
from ansible_collections.tutum.cloud.plugins.module_utils._client import _retry_after
from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    ApiError,
    OptionError,
    TransientError,
    TutumError,
)
from ansible_collections.tutum.cloud.plugins.module_utils._waiting import (
    SHORTEST_PAUSE,
    Wait,
    WaitOptions,
    next_pause,
)
from ansible_collections.tutum.cloud.tests.unit.fakes import (
    API_KEY,
    API_URL,
    SERVICE,
    FakeApi,
    FakeClient,
    answer,
    said,
    uuid_of,
)

# The same examples each time: a gate must not fail by chance. Run with --hypothesis-profile to look further.
settings.register_profile(
    "tutum", derandomize=True, deadline=None, database=None, max_examples=60, suppress_health_check=list(HealthCheck)
)
settings.load_profile("tutum")

UUID = uuid_of(1)
UTC = timezone.utc
NOW = datetime(2014, 9, 17, 12, tzinfo=UTC)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)
states = st.sampled_from([*STATES, "Paused", "", None, 7])
moments = st.datetimes(
    min_value=NOW.replace(year=1000, tzinfo=None), max_value=NOW.replace(year=9998, tzinfo=None), timezones=st.just(UTC)
)


# References and dates


@given(st.uuids(), st.sampled_from(["{}", "/api/v1/action/{}/", "/api/audit/v1/action/{}", f"{API_URL}action/{{}}/"]))
def test_a_reference_round_trips(uuid: object, form: str) -> None:
    assert parse_reference(form.format(uuid), API_URL) == str(uuid)
    assert parse_reference(form.format(str(uuid).upper()), API_URL) == str(uuid)


@given(st.text(max_size=80) | st.text(alphabet="/.%?#@:\\\n" + string.hexdigits + "-", max_size=80))
def test_any_text_is_a_safe_reference_or_refused(text: str) -> None:
    for parse in (parse_reference, parse_object):
        try:
            parsed = parse(text, API_URL)
        except OptionError:
            continue
        assert not set("?#%@\\\n ") & set(parsed)
        assert ".." not in parsed.split("/")


@given(moments)
def test_a_date_of_the_api_round_trips(moment: datetime) -> None:
    assert read_date(format_datetime(moment)) == moment.replace(microsecond=0)


@given(moments, st.integers(-14 * 60, 14 * 60), st.booleans())
def test_a_date_of_a_user_round_trips_through_every_zone(moment: datetime, minutes: int, with_t: bool) -> None:
    there = moment.astimezone(timezone(timedelta(minutes=minutes)))
    assert parse_date("start_date_gte", there.isoformat("T" if with_t else " "), NOW) == iso_8601(moment)


@given(st.text(max_size=60) | st.text(alphabet=string.digits + "-+:T. ,Zago", max_size=40))
@example("00000000")
def test_any_text_is_a_date_or_refused(text: str) -> None:
    read_date(text)
    try:
        sent = parse_date("end_date_lte", text, NOW)
    except OptionError:
        return
    assert datetime.fromisoformat(sent.replace("Z", "+00:00")).tzinfo == timezone.utc


@given(st.text(max_size=60) | st.text(alphabet=string.digits + "-+:., JanFebMGT", max_size=40), st.text(max_size=40))
def test_any_retry_after_is_a_pause_or_none(value: str, date: str) -> None:
    seconds = _retry_after({"Retry-After": value, "Date": date})
    assert seconds is None or seconds >= 0


# Pauses


@given(st.floats(0, 1e9), st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_pause_keeps_its_bounds(waited: float, interval: float, longer: float) -> None:
    max_interval = interval + longer
    pause = next_pause(waited, interval, max_interval)
    assert max(SHORTEST_PAUSE, interval) <= pause <= max(SHORTEST_PAUSE, max_interval)
    assert pause <= max(SHORTEST_PAUSE, interval, waited / 10)
    assert next_pause(waited + 1, interval, max_interval) >= pause


# Any answer


class Answers(FakeApi):
    """An API that says anything, as slowly as it likes; a wait on it has an end only by its own time."""

    def __init__(self, script: t.Iterable[tuple[float, t.Any]]) -> None:
        super().__init__()
        self._script = iter(script)
        self._last: tuple[float, t.Any] = (0.0, answer(status=503))

    def exchange(self, url: str, seconds: float) -> t.Any:
        if seconds <= 0:
            raise TransientError(url, "there is no time left to ask")
        self._last = next(self._script, self._last)
        latency, outcome = self._last
        self.clock.now += min(latency, seconds)
        if latency > seconds:
            raise TransientError(url, "there was no whole answer in time")
        return outcome(url) if callable(outcome) else said(outcome)


def an_action(fields: t.Mapping[str, object]) -> t.Callable[[str], t.Any]:
    """The action asked for, or a list with the first ten, with these fields."""

    def say(url: str) -> t.Any:
        if "?" not in url:
            return answer({"uuid": url.split("/")[-2], "object": SERVICE, **fields})
        objects = [{"uuid": uuid_of(number), **fields} for number in range(1, 11)]
        return answer({"meta": {"next": None, "total_count": 10}, "objects": objects})

    return say


any_said = st.one_of(
    st.builds(an_action, st.fixed_dictionaries({"state": states})),
    st.builds(an_action, st.fixed_dictionaries({"state": states, "uuid": st.text(max_size=3)})),
    st.builds(an_action, st.dictionaries(st.sampled_from(["logs", "start_date", "action", "end_date"]), json_values)),
    st.builds(lambda status: answer(status=status), st.sampled_from([404, 429, 500, 503, 504])),
    st.builds(lambda after: answer(status=429, Retry_After=after), st.text(alphabet="0123456789-.x", max_size=6)),
    st.builds(answer, json_values),
    st.builds(answer, st.binary(max_size=30)),
    st.just(TransientError("url", "reset")),
)
scripts = st.lists(st.tuples(st.sampled_from([0.0, 0.0, 0.3, 2.0, 50.0]), any_said), max_size=25)


def wait_on(api: FakeApi, count: int, timeout: float, **options: t.Any) -> Wait:
    client = FakeClient(api, request_timeout=10.0, max_retries=2)
    values = {
        "uuid": [uuid_of(number) for number in range(1, count + 1)],
        "success_states": ["Success"],
        "timeout": timeout,
        "delay": 0.0,
        "interval": 1.0,
        "max_interval": 15.0,
        "fail_fast": False,
        **options,
    }
    lines: list[str] = []
    return Wait(
        Actions(client), WaitOptions(values, API_URL), clock=api.clock, sleep=api.clock.sleep, report=lines.append
    )


@given(
    scripts,
    st.sampled_from([1, 2, 3, 4, 10]),
    st.sampled_from([0.0, 0.5, 20.0, 90.0]),
    st.booleans(),
    st.sampled_from([["Success"], ["Success", "Canceled"]]),
)
@settings(max_examples=200)
def test_a_wait_ends_well_only_when_all_ended_well_and_always_in_time(
    script: list[tuple[float, t.Any]], count: int, timeout: float, fail_fast: bool, success_states: list[str]
) -> None:
    api = Answers(script)
    begun = api.clock()
    wait = wait_on(api, count, timeout, fail_fast=fail_fast, success_states=success_states)
    try:
        wait.run()
    except ApiError as error:
        # No list of actions at this address: that is no end of the actions.
        event(f"HTTP {error.status}")
        assert error.status == 404  # noqa: PT017 - not always
        assert error.results["polls"] == wait.polls  # noqa: PT017
        return
    results = wait.results()
    shown = [one.get("state") for one in results["actions"]]
    are_all_good = len(shown) == count and all(state in success_states for state in shown)
    if wait.failure() is None:
        assert are_all_good
        assert not (results["timed_out"])
        assert not (results["unfinished"])
        assert not (results["unsuccessful"])
    else:
        assert results["timed_out"] or results["unsuccessful"]
    assert api.clock() - begun <= timeout + 10.0 + 1e-6
    assert results["failed_polls"] <= results["polls"]
    assert API_KEY not in json.dumps(results) + str(wait.failure())


@given(json_values | st.dictionaries(st.sampled_from(["meta", "objects", "uuid"]), json_values))
def test_any_json_gives_a_result_or_an_error_of_ours(content: object) -> None:
    api = FakeApi()
    api.fault_for = lambda _url: answer(content)
    for options in ({"uuid": [UUID]}, {}, {"order": "newest_first", "limit": 2}, {"state": ["Failed", "Pending"]}):
        with suppress(TutumError):
            result = Actions(FakeClient(api)).query(Query(options, API_URL))
            assert all(isinstance(one["uuid"], str) for one in result.actions)


@given(st.binary(max_size=60))
def test_any_bytes_give_a_result_or_an_error_of_ours(body: bytes) -> None:
    api = FakeApi()
    api.fault_for = lambda _url: answer(body, status=200 if len(body) % 2 else 400)
    with pytest.raises(ApiError) as caught:
        Actions(FakeClient(api)).query(Query({}, API_URL))
    assert str(caught.value).isprintable()


@given(
    st.dictionaries(
        st.sampled_from(["state", "object", "start_date", "end_date", "logs", "x"]), json_values | st.just("/api/v1/")
    ),
    st.lists(st.sampled_from(["state", "object", "finished", "duration", "x"])),
)
def test_any_action_can_be_shown(fields: dict[str, t.Any], hidden: list[str]) -> None:
    shown = present(dict(fields), hidden)
    assert not set(hidden) & set(shown)
    assert {name: shown[name] for name in fields if name not in hidden} == {
        name: value for name, value in fields.items() if name not in hidden
    }
    duration = shown.get("duration")
    assert duration is None or math.isfinite(duration)


# Any list


@given(
    st.lists(st.tuples(st.sampled_from(STATES), st.integers(0, 50)), max_size=40),
    st.integers(1, 45),
    st.none() | st.integers(1, 45),
    st.none() | st.lists(st.sampled_from(STATES), min_size=1, max_size=6),
)
def test_a_listing_has_each_action_once_in_order(
    made: list[tuple[str, int]], max_limit: int, limit: int | None, wanted: list[str] | None
) -> None:
    api = FakeApi(max_limit=max_limit)
    for state, started in made:
        api.add((0, state), started=float(started))
    matching = [one for one in api.actions if wanted is None or one.timeline[0][1] in wanted]

    for order in ("oldest_first", "newest_first"):
        result = Actions(FakeClient(api)).query(Query({"state": wanted, "limit": limit, "order": order}, API_URL))
        found = [one["uuid"] for one in result.actions]
        starts = [one["started_at"] for one in result.actions]
        assert result.total_count == len(matching)
        assert len(found) == len(set(found)) == min(len(matching), limit or len(matching))
        assert set(found) <= {one.uuid for one in matching}
        assert starts == sorted(starts, reverse=order == "newest_first")
        everything = sorted((iso_8601(one.start()) for one in matching), reverse=order == "newest_first")
        assert starts == everything[:limit]
