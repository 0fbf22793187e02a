# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hiding secrets: every form, in values and names, and nothing else."""

from __future__ import annotations

import base64
import copy
import typing as t
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tutum.cloud.plugins.module_utils._secrets import (
    MASK,
    SecretRedactor,
    misplaced_secrets,
    secrets_of_header,
    to_base64,
)
from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY, AUTHORIZATION, FakeApi
from ansible_collections.tutum.cloud.tests.unit.properties import PROPERTY, json_values

PERCENT_ENCODED = API_KEY.replace("/", "%2F").replace("+", "%2B")
FORMS = [
    API_KEY,
    PERCENT_ENCODED,
    API_KEY.replace("+", "%2B"),
    to_base64(API_KEY),
    quote(to_base64(API_KEY), safe=""),
]


@pytest.fixture
def redactor() -> SecretRedactor:
    return SecretRedactor([AUTHORIZATION, API_KEY])


def texts_of(value: t.Any) -> t.Iterator[str]:
    """Yield all texts in a JSON value, the names of fields included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from texts_of(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield from texts_of(one)


# Values and names


@pytest.mark.parametrize("form", FORMS)
def test_hide_each_form_in_value_and_name(redactor: SecretRedactor, form: str) -> None:
    value = {"logs": f"key={form};", form: 1, "list": [{"deep": [form]}], "other": "alice"}
    assert redactor.hide(value) == {"logs": f"key={MASK};", MASK: 1, "list": [{"deep": [MASK]}], "other": "alice"}


def test_hide_whole_header_is_one_mask(redactor: SecretRedactor) -> None:
    assert redactor.hide(f"<{AUTHORIZATION}>") == f"<{MASK}>"


@pytest.mark.parametrize("value", ["Success", "", None, True, 0, 1.5, [], {}, {"a": None}, ["x", {"y": "z"}]])
def test_hide_value_without_secret_is_unchanged(redactor: SecretRedactor, value: t.Any) -> None:
    assert redactor.hide(copy.deepcopy(value)) == value


def test_hide_longest_secret_first() -> None:
    assert SecretRedactor(["abcd", "abcdefgh"]).hide("abcdefgh abcd") == f"{MASK} {MASK}"


def test_hide_empty_secret_is_ignored() -> None:
    assert SecretRedactor(["", ""]).hide({"": "Success"}) == {"": "Success"}


# Short secrets


@pytest.mark.parametrize("key", ["s", "2", "S", "0", "c", "In", "20", "Suc"])
def test_hide_short_key_leaves_states_dates_and_uuids_readable(key: str) -> None:
    api = FakeApi()
    api.add((0, "Success"), logs="20 seconds")
    action = api.actions[0].shown(1000.0)
    redactor = SecretRedactor([f"ApiKey alice:{key}", key, f"alice:{key}"])
    assert redactor.hide(copy.deepcopy(action)) == action


@pytest.mark.parametrize("key", ["s", "abc"])
def test_hide_short_key_as_whole_value_or_name(key: str) -> None:
    redactor = SecretRedactor([f"ApiKey alice:{key}", key, f"alice:{key}"])
    assert redactor.hide({"body": key, key: [key], "logs": f"alice:{key}"}) == {
        "body": MASK,
        MASK: [MASK],
        "logs": MASK,
    }


# Messages


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"bad key {API_KEY}", f"bad key {MASK}"),
        ("http://alice:pw@proxy:3128/", f"http://{MASK}@proxy:3128/"),
        ("//alice@host and //bob:x@host", f"//{MASK}@host and //{MASK}@host"),
        ("mail to a@example.org", "mail to a@example.org"),
        ("https://host/path@2", "https://host/path@2"),
    ],
)
def test_hide_in_message(redactor: SecretRedactor, text: str, shown: str) -> None:
    assert redactor.hide_in_message(text) == shown


# Secrets in the wrong option


@pytest.mark.parametrize(
    ("options", "secrets"),
    [
        ({}, []),
        ({"api_url": "https://dashboard.tutum.co", "username": "alice", "uuid": ["6246c558"], "object": None}, []),
        ({"api_url": f"https://alice:{API_KEY}@host"}, [f"https://alice:{API_KEY}@"]),
        ({"object": f"https://{API_KEY}@host/api/v1/service/x/"}, [f"https://{API_KEY}@"]),
        ({"uuid": [f"https://a@b@host/?key={API_KEY}"]}, ["https://a@b@", f"?key={API_KEY}"]),
        ({"uuid": [{"not": "text"}, 7]}, []),
        ({"uuid": f"https://{API_KEY}@host"}, []),
        ({"username": f"alice:{API_KEY}"}, [f":{API_KEY}"]),
        ({"username": "alice:"}, []),
        ({"username": None}, []),
    ],
)
def test_misplaced_secrets(options: dict[str, t.Any], secrets: list[str]) -> None:
    assert misplaced_secrets(options) == secrets


# The header


@pytest.mark.parametrize(
    ("header", "secrets"),
    [
        (AUTHORIZATION, {AUTHORIZATION, f"alice:{API_KEY}", API_KEY}),
        (
            f"Basic {to_base64(f'alice:{API_KEY}')}",
            {f"Basic {to_base64(f'alice:{API_KEY}')}", to_base64(f"alice:{API_KEY}"), f"alice:{API_KEY}", API_KEY},
        ),
        ("Token abc", {"Token abc", "abc"}),
        ("abc", {"abc"}),
    ],
)
def test_secrets_of_header(header: str, secrets: set[str]) -> None:
    assert {secret for secret in secrets_of_header(header) if secret} == secrets


@PROPERTY
@given(st.text(max_size=30), st.binary(max_size=20))
def test_secrets_of_header_any_text_is_accepted(text: str, credentials: bytes) -> None:
    assert secrets_of_header(text)[0] == text
    secrets_of_header(f"Basic {base64.b64encode(credentials).decode()}")


# Any secret

secrets = st.text(st.characters(codec="utf-8", exclude_characters="*"), min_size=4, max_size=12)


@PROPERTY
@given(secrets, st.text(max_size=5), json_values)
def test_hide_never_leaves_a_secret(secret: str, other: str, value: object) -> None:
    forms = [form for text in (secret, to_base64(secret)) for form in (text, quote(text), quote(text, safe=""))]
    repeated = {
        f"{other}{secret}{other}": value,
        "forms": [*forms],
        "list": [[secret + other], {other: other + secret}],
    }
    hidden = SecretRedactor([f"ApiKey alice:{secret}", secret]).hide(repeated)
    assert not [text for text in texts_of(hidden) for form in forms if form in text]


@PROPERTY
@given(json_values)
def test_hide_any_value_without_secret_is_unchanged(value: object) -> None:
    assert SecretRedactor([API_KEY]).hide(copy.deepcopy(value)) == value
