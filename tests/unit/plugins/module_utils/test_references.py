# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""References to actions and objects: UUIDs, short UUIDs, resource URIs, URLs."""

from __future__ import annotations

import string
import time
import typing as t
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tutum.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.tutum.cloud.plugins.module_utils._references import (
    is_short,
    is_uuid,
    last_parameter,
    object_parts,
    origin,
    parse_action_reference,
    parse_object,
)
from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY, API_URL, SERVICE
from ansible_collections.tutum.cloud.tests.unit.properties import PROPERTY

UUID = "6246c558-976c-4df6-ba60-eb1a344a17af"
OTHER = "eea638f4-b77a-4183-b241-22dbd7866f22"


@pytest.mark.parametrize("value", [UUID, UUID.upper()])
def test_is_uuid(value: str) -> None:
    assert is_uuid(value)


@pytest.mark.parametrize(
    "value",
    [None, 7, [], "", UUID[:-1], f"{UUID}\n", f" {UUID}", UUID.replace("-", ""), "../../x y", f"{UUID}\x1b[31m"],
)
def test_is_uuid_other_value_is_not(value: object) -> None:
    assert not is_uuid(value)


# Actions


@pytest.mark.parametrize(
    "value",
    [
        UUID,
        UUID.upper(),
        f" {UUID}\n",
        f"\t{UUID.upper()} ",
        UUID.replace("-", ""),
        f"/api/v1/action/{UUID}/",
        f"/api/v1/action/{UUID}",
        f" /api/v1/action/{UUID}/\n",
        f"/api/audit/v1/action/{UUID.upper()}/",
        f"{API_URL}action/{UUID}/",
        f"HTTPS://TUTUM.Example.org/api/v1/action/{UUID}/",
        f"https://tutum.example.org:443/api/v1/action/{UUID}/",
    ],
)
def test_action_reference_is_uuid_uri_or_url(value: str) -> None:
    assert parse_action_reference(value, API_URL) == UUID
    assert not is_short(UUID)


@pytest.mark.parametrize(
    ("value", "uuid"),
    [
        ("6246c558", "6246c558"),
        (" 6246C558\n", "6246c558"),
        ("6246c558-", "6246c558"),
        ("6246c558-97", "6246c558-97"),
        ("6246c55897", "6246c558-97"),
        (UUID[:-1], UUID[:-1]),
        ("/api/v1/action/6246c558/", "6246c558"),
        (f"{API_URL}action/6246c558/", "6246c558"),
    ],
)
def test_action_reference_short_uuid(value: str, uuid: str) -> None:
    assert parse_action_reference(value, API_URL) == uuid
    assert is_short(uuid)


def test_action_reference_below_unusual_base() -> None:
    assert parse_action_reference(f"/tutum/x/action/{UUID}/", "https://host/tutum/x/") == UUID


@pytest.mark.parametrize(
    "value",
    [
        " ",
        "action",
        "schema",
        "6246c55",
        "6246c55g",
        "6246-c558",
        "6246c558-976c4df6",
        "-6246c558",
        f"{UUID}0",
        f"{UUID} {OTHER}",
        f"../{UUID}",
        f"{UUID}/../{OTHER}",
        f"{UUID}?state=Success",
        f"{UUID}#x",
        f"%2f{UUID}",
        UUID.replace("6", "\uff16"),
        "x" * 10_000,
        "0" * 10_000,
        f"/api/v1/action/{'0' * 10_000}/",
        f"/api/v1/action/{UUID}//",
        f"/api/v1/action/../action/{UUID}/",
        f"/api/v1/../v1/action/{UUID}/",
        f"/api/v1/action/{UUID}/?x=1",
        f"/api/v1/action/{UUID}/cancel/",
        f"/api%2fv1/action/{UUID}/",
        f"/api/v1\n/action/{UUID}/",
        f"//evil.example.org/api/v1/action/{UUID}/",
        "https://tutum.example.org",
        7,
        {"x_tutum_action_uri": UUID},
    ],
)
def test_action_reference_other_value_is_refused(value: object) -> None:
    with pytest.raises(OptionError, match=r"^Invalid value for option uuid: .* x_tutum_action_uri\.$") as caught:
        parse_action_reference(value, API_URL)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("value", [None, ""])
def test_action_reference_without_value_names_calls_without_action(value: object) -> None:
    with pytest.raises(OptionError, match=r"It has no value\. In check mode, .* Check the variable"):
        parse_action_reference(value, API_URL)


@pytest.mark.parametrize(
    ("value", "object_type"),
    [
        (SERVICE, "service"),
        (SERVICE[:-1], "service"),
        (f"https://tutum.example.org{SERVICE}", "service"),
        (f"/api/v1/image/tutum/{UUID}/", "image"),
    ],
)
def test_action_reference_of_object_is_refused_and_names_option_object(value: str, object_type: str) -> None:
    with pytest.raises(OptionError, match=f"an object of the type {object_type}, not an action. .* use object"):
        parse_action_reference(value, API_URL)


@pytest.mark.parametrize("parse", [parse_action_reference, parse_object])
@pytest.mark.parametrize(
    "base",
    [
        "https://evil.example.org",
        "https://tutum.example.org.evil.org",
        "https://tutum.example.org:8443",
        "http://tutum.example.org",
        "ftp://tutum.example.org",
        "https://[::1",
        "https://tutum.example.org:port",
    ],
)
def test_url_on_another_host_is_refused(parse: t.Callable[[object, str], str], base: str) -> None:
    with pytest.raises(OptionError, match=r"The URL's host differs from api_url \(https://tutum\.example\.org\)"):
        parse(f"{base}/api/v1/action/{UUID}/", API_URL)


@pytest.mark.parametrize("parse", [parse_action_reference, parse_object])
@pytest.mark.parametrize("key", [API_KEY, API_KEY.replace("/", "")])
def test_url_with_credentials_is_refused_and_not_quoted(parse: t.Callable[[object, str], str], key: str) -> None:
    with pytest.raises(OptionError, match="Credentials in URLs are not allowed") as caught:
        parse(f"https://alice:{key}@tutum.example.org/api/v1/action/{UUID}/", API_URL)
    assert API_KEY[:8] not in str(caught.value)


# Objects


@pytest.mark.parametrize(
    ("value", "uri"),
    [
        (SERVICE, SERVICE),
        (SERVICE[:-1], SERVICE),
        (f" {SERVICE}\n", SERVICE),
        (f"https://tutum.example.org{SERVICE}", SERVICE),
        (SERVICE.replace("2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5", "2C2B2AEF-2ED9-4A3F-98BF-8E9A04B4F4B5"), SERVICE),
        ("/api/v1/image/tutum/Ubuntu-quantal/tag/latest/", "/api/v1/image/tutum/Ubuntu-quantal/tag/latest/"),
        ("/api/infra/v1/node/x.y~z:1/", "/api/infra/v1/node/x.y~z:1/"),
        # An unknown type is left to the API: no action has it, which is an error of its own.
        (f"/api/v1/services/{UUID}/", f"/api/v1/services/{UUID}/"),
    ],
)
def test_object_is_written_as_the_api_writes_it(value: str, uri: str) -> None:
    assert parse_object(value, API_URL) == uri


@pytest.mark.parametrize(
    "value",
    [
        f"/api/v1/action/{UUID}/",
        f"/api/v1/action/{UUID}",
        f"/api/audit/v1/action/{UUID.upper()}/",
        f"/api/v1/action/{UUID}/cancel/",
        f"{API_URL}action/{UUID}/",
    ],
)
def test_object_of_action_uri_is_refused_and_names_option_uuid(value: str) -> None:
    with pytest.raises(
        OptionError, match=r"This is an action, not an object that has actions. To name an action, use uuid"
    ):
        parse_object(value, API_URL)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "/",
        UUID,
        "service",
        "/api/v1/",
        "/api/v1/service/",
        "/api/v1/service//",
        f"/api/v1/service/../{UUID}/",
        "/api/v1/service/./",
        f"{SERVICE}?x=1",
        f"{SERVICE}#x",
        "/api/v1/ser\nvice/x/",
        "/api/v1/service/%2f/",
        "/api/v1/service/é/",
        f"/api/v1/service/{'x' * 10_000}/",
        f"//evil.example.org{SERVICE}",
        None,
        7,
    ],
)
def test_object_other_value_is_refused(value: object) -> None:
    with pytest.raises(OptionError, match=r"^Invalid value for option object: .* Not the resource URI of an object"):
        parse_object(value, API_URL)


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        (SERVICE, ("service", "2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5")),
        (f"/api/infra/v1/node/{OTHER}/", ("node", OTHER)),
        ("/api/v1/image/tutum/x/", ("image", None)),
        (SERVICE[:-1], (None, None)),
        ("", (None, None)),
        (None, (None, None)),
        (["x"], (None, None)),
        ("/api/v1/service/" + "x" * 1000 + "/", (None, None)),
    ],
)
def test_object_parts(path: object, parts: tuple[str | None, str | None]) -> None:
    assert object_parts(path) == parts


@pytest.mark.parametrize("text", ["/v1" * 4000 + "/?", "/" + "a/" * 5000, "/v1/" + "a" * 10_000, "-" * 10_000])
def test_hostile_text_takes_no_time(text: str) -> None:
    started = time.process_time()
    object_parts(text)
    for parse in (parse_action_reference, parse_object):
        with pytest.raises(OptionError):
            parse(text, API_URL)
    assert time.process_time() - started < 0.5


# URLs


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://host/x", ("https", "host", 443)),
        ("HTTP://Host:8000", ("http", "host", 8000)),
        ("http://[::1]/", ("http", "::1", 80)),
        ("ftp://host/", ("ftp", "host", None)),
    ],
)
def test_origin(url: str, expected: tuple[str, str, int | None]) -> None:
    assert origin(url) == expected


@pytest.mark.parametrize("url", ["https://[::1", "https://host:port/"])
def test_origin_of_invalid_url_is_an_error(url: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        origin(url)


@pytest.mark.parametrize(
    ("query", "value"), [("limit=500&limit=10&offset=0&offset=10", "10"), ("offset=3", "3"), ("limit=1", None)]
)
def test_last_parameter_counts(query: str, value: str | None) -> None:
    assert last_parameter(parse_qs(query), "offset") == value


# Any text


@PROPERTY
@given(
    st.uuids(),
    st.sampled_from(["{}", " {}\n", "/api/v1/action/{}/", "/api/audit/v1/action/{}", f"{API_URL}action/{{}}/"]),
    st.integers(8, 36),
)
def test_action_reference_round_trips(uuid: object, form: str, length: int) -> None:
    assert parse_action_reference(form.format(uuid), API_URL) == str(uuid)
    assert parse_action_reference(form.format(str(uuid).upper()), API_URL) == str(uuid)
    assert parse_action_reference(form.format(str(uuid)[:length]), API_URL) == str(uuid)[:length].rstrip("-")


@PROPERTY
@given(st.text(max_size=80) | st.text(alphabet="/.%?#@:\\\n" + string.hexdigits + "-", max_size=80))
def test_any_text_is_a_safe_reference_or_refused(text: str) -> None:
    for parse in (parse_action_reference, parse_object):
        try:
            parsed = parse(text, API_URL)
        except OptionError:
            continue
        assert not set("?#%@\\\n ") & set(parsed)
        assert ".." not in parsed.split("/")
