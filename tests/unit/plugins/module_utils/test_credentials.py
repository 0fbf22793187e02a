# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Authorization header: precedence of the sources, and what can be sent."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._credentials import build_authorization
from ansible_collections.tutum.cloud.plugins.module_utils._errors import CredentialsError, OptionError
from ansible_collections.tutum.cloud.plugins.module_utils._secrets import SecretRedactor, to_base64
from ansible_collections.tutum.cloud.plugins.module_utils._sources import (
    ENV,
    ENVIRONMENT,
    FILE,
    INI,
    OPTION,
    VARIABLE,
    Setting,
    with_environment,
)
from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY

if t.TYPE_CHECKING:
    from pathlib import Path

ENCODED = to_base64(f"alice:{API_KEY}")
NAMES: dict[str, t.Any] = {"username": "alice", "api_key": API_KEY}
ALL_LEVELS = [FILE, INI, ENV, VARIABLE, OPTION]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set an empty home directory."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def settings(level: int = OPTION, **values: t.Any) -> dict[str, Setting]:
    return {name: Setting(value, level, f"level {level}") for name, value in values.items()}


def header(given: t.Mapping[str, Setting], environ: t.Mapping[str, str] | None = None) -> str:
    return build_authorization(with_environment(given, environ or {}))[0]


def at_level(level: int, values: t.Mapping[str, str], home: Path) -> tuple[dict[str, Setting], dict[str, str]]:
    """Return the settings and the environment that put these values on a level."""
    if level == FILE:
        keys = {"username": "user", "api_key": "apikey"}
        with (home / ".tutum").open("a") as file:
            file.write("[auth]\n" + "".join(f"{keys[name]} = {value}\n" for name, value in values.items()))
        return {}, {}
    if level == ENV:
        return {}, {ENVIRONMENT[name][0]: value for name, value in values.items()}
    return settings(level, **values), {}


# Precedence


@pytest.mark.parametrize("username_level", ALL_LEVELS)
@pytest.mark.parametrize("key_level", ALL_LEVELS)
def test_username_and_api_key_may_come_from_any_two_levels(username_level: int, key_level: int, home: Path) -> None:
    first, first_environ = at_level(username_level, {"username": "alice"}, home)
    second, second_environ = at_level(key_level, {"api_key": API_KEY}, home)
    assert header({**first, **second}, {**first_environ, **second_environ}) == f"ApiKey alice:{API_KEY}"


@pytest.mark.parametrize("pair_level", [INI, VARIABLE, OPTION])
@pytest.mark.parametrize("header_level", [INI, VARIABLE, OPTION])
def test_authorization_takes_precedence_within_a_level(pair_level: int, header_level: int) -> None:
    given = {**settings(pair_level, **NAMES), **settings(header_level, authorization="Token abc")}
    assert header(given) == ("Token abc" if header_level >= pair_level else f"ApiKey alice:{API_KEY}")


@pytest.mark.parametrize("half", ["username", "api_key"])
def test_pair_has_the_precedence_of_its_higher_half(half: str) -> None:
    other = "api_key" if half == "username" else "username"
    environ = {ENVIRONMENT[other][0]: NAMES[other], "TUTUM_AUTH": "Token abc"}
    assert header(settings(OPTION, **{half: NAMES[half]}), environ) == f"ApiKey alice:{API_KEY}"


def test_option_over_environment_over_ini_over_file(home: Path) -> None:
    (home / ".tutum").write_text("[auth]\nuser = file\napikey = k\n")
    environ = {"TUTUM_USER": "environment", "TUTUM_APIKEY": "k"}
    assert header({}) == "ApiKey file:k"
    assert header(settings(INI, username="ini")) == "ApiKey ini:k"
    assert header(settings(INI, username="ini"), environ) == "ApiKey environment:k"
    assert header(settings(OPTION, username="option"), environ) == "ApiKey option:k"


def test_config_file_option_names_another_file(home: Path) -> None:
    (home / "other").write_text("[auth]\nbasic_auth = YWxpY2U6aw==\n")
    assert header(settings(config_file="~/other")) == "Basic YWxpY2U6aw=="
    assert header({}, {"TUTUM_CONFIG_FILE": "~/other"}) == "Basic YWxpY2U6aw=="


def test_config_file_basic_auth_takes_precedence_over_its_pair(home: Path) -> None:
    (home / ".tutum").write_text("[auth]\nuser = alice\napikey = k\nbasic_auth = YWxpY2U6aw==\n")
    assert header({}) == "Basic YWxpY2U6aw=="


def test_config_file_invalid_is_not_read_if_not_needed(home: Path) -> None:
    (home / ".tutum").write_text("nonsense")
    assert header(settings(**NAMES)) == f"ApiKey alice:{API_KEY}"
    with pytest.raises(OptionError, match="config_file"):
        header(settings(username="alice"))


# The account's password

PASSWORD_PAIR = {"TUTUM_USER": "alice", "TUTUM_PASS": "p4ssw0rd"}
BASIC_PASSWORD = f"Basic {to_base64('alice:p4ssw0rd')}"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (PASSWORD_PAIR, BASIC_PASSWORD),
        ({**PASSWORD_PAIR, "TUTUM_AUTH_SCHEME": "apikey"}, BASIC_PASSWORD),
        ({**PASSWORD_PAIR, "TUTUM_APIKEY": ""}, BASIC_PASSWORD),
        ({**PASSWORD_PAIR, "TUTUM_APIKEY": "k"}, "ApiKey alice:k"),
        ({**PASSWORD_PAIR, "TUTUM_AUTH": "Token abc"}, "Token abc"),
    ],
)
def test_tutum_pass_is_sent_as_basic_unless_there_is_a_key(environ: dict[str, str], expected: str) -> None:
    assert header({}, environ) == expected


def test_tutum_pass_takes_precedence_over_file(home: Path) -> None:
    (home / ".tutum").write_text("[auth]\nuser = bob\napikey = k\n")
    assert header({}, PASSWORD_PAIR) == BASIC_PASSWORD


def test_tutum_pass_belongs_to_username_option_too() -> None:
    assert header(settings(username="alice"), {"TUTUM_PASS": "p4ssw0rd"}) == BASIC_PASSWORD


def test_tutum_pass_does_not_belong_to_username_in_file(home: Path) -> None:
    (home / ".tutum").write_text("[auth]\nuser = bob\napikey = k\n")
    assert header({}, {"TUTUM_PASS": "p4ssw0rd"}) == "ApiKey bob:k"


def test_tutum_pass_yields_to_api_key_option() -> None:
    assert header(settings(api_key="k"), PASSWORD_PAIR) == "ApiKey alice:k"


def test_tutum_pass_takes_precedence_over_api_key_of_lower_level() -> None:
    assert header(settings(INI, api_key="k"), PASSWORD_PAIR) == BASIC_PASSWORD


def test_tutum_pass_is_secret() -> None:
    _header, secrets, sources = build_authorization(with_environment({}, PASSWORD_PAIR))
    assert "p4ssw0rd" in secrets
    assert (
        sources
        == "username from the environment variable TUTUM_USER and password from the environment variable TUTUM_PASS"
    )


# Missing credentials


@pytest.mark.parametrize(
    ("given", "environ", "file", "parts"),
    [
        ({}, {}, "", ["No API credentials found", "TUTUM_USER", "api_key", "~/.tutum"]),
        (settings(username="alice"), {}, "", ["username is set (from level", "but api_key is missing", "TUTUM_APIKEY"]),
        (settings(api_key=API_KEY), {}, "", ["api_key is set (from level", "but username is missing", "TUTUM_USER"]),
        ({}, {"TUTUM_USER": "alice"}, "", ["(from the environment variable TUTUM_USER)", "api_key is missing"]),
        ({}, {}, "[auth]\nuser = alice\n", ["username is set (from the file ~/.tutum)", "api_key is missing"]),
        ({}, {}, "[auth]\napikey = \n", ["No API credentials found"]),
        ({}, {}, "[other]\nuser = alice\n", ["No API credentials found"]),
        # A pair of higher precedence is meant, even where other credentials are complete.
        (settings(username="alice"), {"TUTUM_AUTH": "Token abc"}, "", ["api_key is missing"]),
    ],
)
def test_incomplete_credentials_are_an_error_that_names_the_rest(
    given: dict[str, Setting], environ: dict[str, str], file: str, parts: list[str], home: Path
) -> None:
    if file:
        (home / ".tutum").write_text(file)
    with pytest.raises(CredentialsError) as caught:
        header(given, environ)
    assert not [part for part in parts if part not in str(caught.value)]
    assert API_KEY not in str(caught.value)


# The header


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [(None, f"ApiKey alice:{API_KEY}"), ("apikey", f"ApiKey alice:{API_KEY}"), ("basic", f"Basic {ENCODED}")],
)
def test_auth_scheme(scheme: str | None, expected: str) -> None:
    assert header(settings(auth_scheme=scheme, **NAMES)) == expected


def test_auth_scheme_unknown_is_refused() -> None:
    with pytest.raises(OptionError, match=r"option auth_scheme: 'digest'. Must be one of: apikey, basic"):
        header(settings(**NAMES), {"TUTUM_AUTH_SCHEME": "digest"})


@pytest.mark.parametrize("name", ["username", "api_key"])
def test_non_ascii_with_basic_is_sent_in_utf_8(name: str) -> None:
    values = {**NAMES, name: "jürgen"}
    expected = to_base64(f"{values['username']}:{values['api_key']}")
    assert header(settings(auth_scheme="basic", **values)) == f"Basic {expected}"


def test_non_ascii_username_with_tutum_pass_is_sent_in_utf_8() -> None:
    assert header({}, {**PASSWORD_PAIR, "TUTUM_USER": "jürgen"}) == f"Basic {to_base64('jürgen:p4ssw0rd')}"


@pytest.mark.parametrize("name", ["username", "api_key", "authorization"])
def test_non_ascii_without_basic_is_refused_and_names_auth_scheme(name: str) -> None:
    with pytest.raises(
        CredentialsError, match=f"The {name} from level {OPTION} contains a non-ASCII character.*auth_scheme to basic"
    ):
        header(settings(**{**NAMES, name: f"jürgen {API_KEY}"}))


@pytest.mark.parametrize("scheme", ["apikey", "basic"])
@pytest.mark.parametrize("name", ["username", "api_key", "authorization"])
@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ("'{}'", "begins and ends with quotes"),
        ('"{}"', "begins and ends with quotes"),
        (" {}", "begins or ends with white space"),
        ("{} ", "begins or ends with white space"),
        ("{}\n", "begins or ends with white space"),
        ("\u00a0{}", "begins or ends with white space"),
        ("{}\r\nX-Evil: 1", "contains a control character"),
        ("{}\0x", "contains a control character"),
        ("\udcff{}", "contains bytes that are not valid UTF-8"),
    ],
)
def test_invalid_characters_are_refused_and_not_quoted(name: str, form: str, problem: str, scheme: str) -> None:
    given = settings(auth_scheme=scheme, **{**NAMES, name: form.format(API_KEY)})
    with pytest.raises(CredentialsError, match=f"^The {name} from level {OPTION} {problem}") as caught:
        header(given)
    assert API_KEY not in str(caught.value)


@pytest.mark.parametrize("key", ["'k", 'k"', "k'k", '"', "'k\""])
def test_single_quotes_in_api_key_are_sent(key: str) -> None:
    assert header(settings(username="alice", api_key=key)) == f"ApiKey alice:{key}"


def test_quotes_in_environment_are_refused() -> None:
    with pytest.raises(
        CredentialsError, match="The api_key from the environment variable TUTUM_APIKEY begins and ends with"
    ):
        header({}, {"TUTUM_USER": "alice", "TUTUM_APIKEY": '"abc"'})


def test_username_with_colon_is_refused_and_rest_is_not_quoted() -> None:
    with pytest.raises(OptionError, match=r"'alice:\*\*\*'. The username must not contain a colon.*api_key") as caught:
        header(settings(username=f"alice:{API_KEY}", api_key=API_KEY))
    assert API_KEY not in str(caught.value)


# Secrets


@pytest.mark.parametrize(
    "given",
    [
        settings(**NAMES),
        settings(auth_scheme="basic", **NAMES),
        settings(authorization=f"ApiKey alice:{API_KEY}"),
        settings(authorization=f"Basic {ENCODED}"),
    ],
    ids=["pair", "basic pair", "ApiKey header", "Basic header"],
)
def test_secrets_cover_the_key_in_every_form(given: dict[str, Setting]) -> None:
    authorization, secrets, sources = build_authorization(given)
    redactor = SecretRedactor([authorization, *secrets])
    for text in (API_KEY, API_KEY.replace("/", "%2F").replace("+", "%2B"), authorization, ENCODED, f"alice:{API_KEY}"):
        assert redactor.hide(f"<{text}>") == "<***>"
    assert API_KEY not in sources
    assert ENCODED not in sources


def test_sources_are_named() -> None:
    sources = build_authorization(with_environment(settings(username="alice"), {"TUTUM_APIKEY": API_KEY}))[2]
    assert sources == f"username from level {OPTION} and api_key from the environment variable TUTUM_APIKEY"
