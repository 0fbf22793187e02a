# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom we ask, as whom: every level, every form, and no secret in a message."""

from __future__ import annotations

import base64
import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._credentials import (
    ENV,
    ENVIRONMENT,
    FILE,
    INI,
    OPTION,
    VARIABLE,
    Connection,
    Setting,
    resolve,
)
from ansible_collections.tutum.cloud.plugins.module_utils._errors import CredentialsError, OptionError
from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY, make_connection

if t.TYPE_CHECKING:
    from pathlib import Path

ENCODED = base64.b64encode(f"alice:{API_KEY}".encode()).decode()
NAMES: dict[str, t.Any] = {"username": "alice", "api_key": API_KEY}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of our own: nobody's ~/.tutum decides a test."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def settings(level: int = OPTION, **values: t.Any) -> dict[str, Setting]:
    return {name: Setting(value, level, f"level {level}") for name, value in values.items()}


def find(given: t.Mapping[str, Setting], environ: t.Mapping[str, str] | None = None, **limits: t.Any) -> Connection:
    values: dict[str, t.Any] = {"validate_certs": True, "request_timeout": 30.0, "max_retries": 5, **limits}
    return resolve(given, environ=environ or {}, **values)


def write(path: Path, text: str | bytes) -> str:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


# Levels

ALL_LEVELS = [FILE, INI, ENV, VARIABLE, OPTION]


def at_level(level: int, values: t.Mapping[str, str], home: Path) -> tuple[dict[str, Setting], dict[str, str]]:
    """The settings and the environment that put these values on a level."""
    if level == FILE:
        keys = {"username": "user", "api_key": "apikey"}
        with (home / ".tutum").open("a") as file:
            file.write("[auth]\n" + "".join(f"{keys[name]} = {value}\n" for name, value in values.items()))
        return {}, {}
    if level == ENV:
        return {}, {ENVIRONMENT[name][0]: value for name, value in values.items()}
    return settings(level, **values), {}


@pytest.mark.parametrize("username_level", ALL_LEVELS)
@pytest.mark.parametrize("key_level", ALL_LEVELS)
def test_a_pair_may_come_from_any_two_levels(username_level: int, key_level: int, home: Path) -> None:
    first, first_environ = at_level(username_level, {"username": "alice"}, home)
    second, second_environ = at_level(key_level, {"api_key": API_KEY}, home)
    connection = find({**first, **second}, {**first_environ, **second_environ})
    assert connection.authorization == f"ApiKey alice:{API_KEY}"
    assert connection.api_url == "https://dashboard.tutum.co/api/v1/"


@pytest.mark.parametrize("pair_level", [INI, VARIABLE, OPTION])
@pytest.mark.parametrize("header_level", [INI, VARIABLE, OPTION])
def test_the_stronger_level_wins_and_within_a_level_the_whole_header(pair_level: int, header_level: int) -> None:
    given = {**settings(pair_level, **NAMES), **settings(header_level, authorization="Token abc")}
    expected = "Token abc" if header_level >= pair_level else f"ApiKey alice:{API_KEY}"
    assert find(given).authorization == expected


@pytest.mark.parametrize("half", ["username", "api_key"])
def test_a_pair_ranks_by_its_stronger_half(half: str) -> None:
    other = "api_key" if half == "username" else "username"
    environ = {ENVIRONMENT[other][0]: NAMES[other], "TUTUM_AUTH": "Token abc"}
    assert find(settings(OPTION, **{half: NAMES[half]}), environ).authorization == f"ApiKey alice:{API_KEY}"


def test_the_environment_beats_files_and_an_option_the_environment(home: Path) -> None:
    write(home / ".tutum", "[auth]\nuser = file\napikey = k\n")
    environ = {"TUTUM_USER": "environment", "TUTUM_APIKEY": "k"}
    assert find({}).authorization == "ApiKey file:k"
    assert find({}, environ).authorization == "ApiKey environment:k"
    assert find(settings(INI, username="ini"), environ).authorization == "ApiKey environment:k"
    assert find(settings(OPTION, username="option"), environ).authorization == "ApiKey option:k"


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_value_is_none(empty: str | None) -> None:
    environ = {"TUTUM_USER": "alice", "TUTUM_APIKEY": "k", "TUTUM_AUTH": ""}
    given = settings(OPTION, username=empty, authorization=empty, api_url=empty)
    assert find(given, environ).authorization == "ApiKey alice:k"


def test_each_variable_of_the_environment_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "other", f"[auth]\nuser = alice\napikey = {API_KEY}\n")
    environ = {
        "TUTUM_REST_HOST": "https://host.example.org",
        "TUTUM_CONFIG_FILE": path,
        "TUTUM_AUTH_SCHEME": "basic",
        "TUTUM_CA_PATH": path,
    }
    connection = find({}, environ)
    assert connection.api_url == "https://host.example.org/api/v1/"
    assert connection.authorization == f"Basic {ENCODED}"
    assert connection.ca_path == path
    environ["TUTUM_BASE_URL"] = "https://base.example.org/api/audit/v1/"
    assert find({}, environ).api_url == "https://base.example.org/api/audit/v1/"


# What is missing


@pytest.mark.parametrize(
    ("given", "environ", "file", "words"),
    [
        ({}, {}, "", ["no credentials", "TUTUM_USER", "api_key", "~/.tutum"]),
        (settings(username="alice"), {}, "", ["username comes from level", "no api_key", "TUTUM_APIKEY"]),
        (settings(api_key=API_KEY), {}, "", ["api_key comes from level", "no username", "TUTUM_USER"]),
        ({}, {"TUTUM_USER": "alice"}, "", ["the environment variable TUTUM_USER", "no api_key"]),
        ({}, {}, "[auth]\nuser = alice\n", ["username comes from the file", "no api_key"]),
        ({}, {}, "[auth]\napikey = \n", ["no credentials"]),
        ({}, {}, "[other]\nuser = alice\n", ["no credentials"]),
        # The stronger half of a pair is meant, even where weaker credentials are complete.
        (settings(username="alice"), {"TUTUM_AUTH": "Token abc"}, "", ["no api_key"]),
    ],
)
def test_half_of_the_credentials_is_an_error_that_names_the_other_half(
    given: dict[str, Setting], environ: dict[str, str], file: str, words: list[str], home: Path
) -> None:
    if file:
        write(home / ".tutum", file)
    with pytest.raises(CredentialsError) as caught:
        find(given, environ)
    assert not [word for word in words if word not in str(caught.value)]
    assert API_KEY not in str(caught.value)


# The file


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[auth]\nuser = alice\napikey = k\n", "ApiKey alice:k"),
        ("[auth]\nuser=alice\napikey=k%20%(x)s\n", "ApiKey alice:k%20%(x)s"),
        ("[auth]\r\nuser: alice\r\napikey: k\r\n", "ApiKey alice:k"),
        ("[auth]\nUSER = alice\nApiKey = k\n", "ApiKey alice:k"),
        ("# mine\n[other]\nx = y\n[auth]\nuser = alice\napikey = k\nemail = a@example.org\n", "ApiKey alice:k"),
        ("[auth]\nuser = old\n[auth]\nuser = alice\napikey = k\n", "ApiKey alice:k"),
        ("[auth]\nbasic_auth = YWxpY2U6aw==\n", "Basic YWxpY2U6aw=="),
        ("[auth]\nuser = alice\napikey = k\nbasic_auth = YWxpY2U6aw==\n", "Basic YWxpY2U6aw=="),
    ],
)
def test_the_file_of_the_original_client_is_read(text: str, expected: str, home: Path) -> None:
    write(home / ".tutum", text)
    assert find({}).authorization == expected


@pytest.mark.parametrize(
    "text",
    [
        f"user = alice\napikey = {API_KEY}\n",
        f"[auth]\n{API_KEY}\n",
        f"[auth\napikey = {API_KEY}\n",
        f"[auth]\napikey = {API_KEY}\n".encode() + b"user = \xff\n",
    ],
    ids=["no section", "no equals sign", "no bracket", "not UTF-8"],
)
def test_a_broken_file_is_an_error_that_does_not_quote_it(text: str | bytes, home: Path) -> None:
    path = write(home / ".tutum", text)
    with pytest.raises(OptionError, match="it is not an INI file") as caught:
        find({})
    assert path in str(caught.value)
    assert API_KEY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_broken_file_does_not_matter_to_who_does_not_need_it(home: Path) -> None:
    write(home / ".tutum", "nonsense")
    assert find(settings(**NAMES)).authorization == f"ApiKey alice:{API_KEY}"


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="there is no such file"):
        find(settings(config_file=str(tmp_path / "none")))
    with pytest.raises(OptionError, match="it cannot be read"):
        find(settings(config_file=str(tmp_path)))


def test_a_path_that_no_system_can_have_is_an_error_with_a_remedy() -> None:
    with pytest.raises(OptionError, match="config_file"):
        find(settings(config_file="/tmp/a\0b"))


# api_url


@pytest.mark.parametrize(
    ("value", "base"),
    [
        ("https://dashboard.tutum.co", "https://dashboard.tutum.co/api/v1/"),
        ("https://dashboard.tutum.co/", "https://dashboard.tutum.co/api/v1/"),
        ("HTTPS://Dashboard.Tutum.co", "https://dashboard.tutum.co/api/v1/"),
        ("http://localhost:8000", "http://localhost:8000/api/v1/"),
        ("http://[::1]:8000/", "http://[::1]:8000/api/v1/"),
        ("https://host/api/v1", "https://host/api/v1/"),
        ("https://host/api/audit/v1/", "https://host/api/audit/v1/"),
        ("https://host/Tutum-2~x/api.old/v1/", "https://host/Tutum-2~x/api.old/v1/"),
    ],
)
def test_an_api_url_is_a_host_or_a_whole_base(value: str, base: str) -> None:
    assert find(settings(api_url=value, **NAMES)).api_url == base


@pytest.mark.parametrize(
    "value",
    [
        "dashboard.tutum.co",
        "ftp://host",
        "file:///etc/passwd",
        "https://",
        "https:///api/v1/",
        "https://host:port",
        "https://host:0",
        "https://host:99999",
        "https://[::1",
        "https://ho st",
        "https://höst",
        "https://host/api/v1/?x=1",
        "https://host/api/v1/?",
        "https://host/api/v1/#x",
        "https://host/../v1/",
        "https://host/./v1/",
        "https://host//v1/",
        "https://host/api%2fv1/",
        "https://host\\evil",
        "x" * 10_000,
    ],
)
def test_anything_else_is_refused_with_an_example(value: str) -> None:
    with pytest.raises(OptionError, match=r"^api_url: .*https://dashboard\.tutum\.co"):
        find(settings(api_url=value, **NAMES))


@pytest.mark.parametrize(
    "value",
    [
        f"https://alice:{API_KEY}@host",
        f"https://{API_KEY}@host/api/v1/",
        f"alice:{API_KEY}@host",
        f"https:alice:{API_KEY}@host",
        f"https://alice:{API_KEY}@x@host",
        f"alice:{API_KEY}@https://host",
        f"https:/alice:{API_KEY}@host//",
        f"https://alice:{API_KEY}\n@host",
    ],
)
def test_what_stands_before_the_host_is_refused_and_never_quoted(value: str) -> None:
    with pytest.raises(OptionError, match="must not stand in a URL") as caught:
        find(settings(api_url=value, **NAMES))
    assert API_KEY not in str(caught.value)
    assert "alice" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "warns"),
    [
        ("https://host", False),
        ("http://host", True),
        ("http://localhost:8000", False),
        ("http://LOCALHOST", False),
        ("http://127.0.0.1:8000", False),
        ("http://[::1]:8000", False),
        ("http://127.0.0.1.example.org", True),
        ("http://localhost.example.org", True),
        ("http://10.0.0.1", True),
    ],
)
def test_http_to_another_machine_draws_a_warning(url: str, warns: bool) -> None:
    connection = find(settings(api_url=url, **NAMES))
    assert bool(connection.warnings) is warns
    assert all("Use https" in warning and API_KEY not in warning for warning in connection.warnings)


# What the header becomes


@pytest.mark.parametrize(
    ("scheme", "header"),
    [(None, f"ApiKey alice:{API_KEY}"), ("apikey", f"ApiKey alice:{API_KEY}"), ("basic", f"Basic {ENCODED}")],
)
def test_the_scheme_decides_how_the_key_is_sent(scheme: str | None, header: str) -> None:
    assert find(settings(auth_scheme=scheme, **NAMES)).authorization == header


def test_another_scheme_is_refused() -> None:
    with pytest.raises(OptionError, match="auth_scheme: 'digest' cannot be used: write apikey or basic"):
        find({**settings(**NAMES)}, {"TUTUM_AUTH_SCHEME": "digest"})


@pytest.mark.parametrize("name", ["username", "api_key", "authorization"])
@pytest.mark.parametrize("unfit", ["{}\n", "{}\r\nX-Evil: 1", " {}", "{} ", "{}\t", "{}\0", "{}é", "\udcff{}"])
def test_what_a_header_cannot_carry_is_refused_and_not_quoted(name: str, unfit: str) -> None:
    given = settings(**{**NAMES, name: unfit.format(API_KEY)})
    with pytest.raises(CredentialsError, match=f"The {name} from level {OPTION} has a character") as caught:
        find(given)
    assert API_KEY not in str(caught.value)


def test_a_user_name_has_no_colon() -> None:
    """What stands behind it may be the key."""
    with pytest.raises(OptionError, match=r"'alice:\*\*\*' cannot be used: a user name has no colon") as caught:
        find(settings(username=f"alice:{API_KEY}", api_key=API_KEY))
    assert API_KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("option", "value"), [("request_timeout", 86400.5), ("request_timeout", 1e300), ("max_retries", 10**400)]
)
def test_what_no_timer_takes_is_refused(option: str, value: float) -> None:
    values = {"validate_certs": True, "request_timeout": 30.0, "max_retries": 5, option: value}
    with pytest.raises(OptionError, match=rf"^{option}: .* cannot be used: give .* at most"):
        resolve(settings(**NAMES), environ={}, **values)  # type: ignore[arg-type]


def test_the_environment_beats_an_ini_file_unless_it_is_empty() -> None:
    ini = settings(INI, api_url="https://ini.example", username="alice")
    for value, host in (("", "ini"), ("https://env.example", "env")):
        environ = {"TUTUM_REST_HOST": value, "TUTUM_APIKEY": API_KEY}
        assert find(ini, environ).api_url == f"https://{host}.example/api/v1/"


def test_a_home_that_is_none_has_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/dev/null")
    with pytest.raises(CredentialsError, match="There are no credentials"):
        find({})


def test_secrets_are_hidden_in_anything_that_json_can_hold() -> None:
    connection = find(settings(**NAMES))
    said = {"a": [f"<{API_KEY}>", {"b": f"Basic {ENCODED}"}], "c": 1, "d": None, "e": "alice"}
    assert connection.hide_secrets(said) == {"a": ["<***>", {"b": "Basic ***"}], "c": 1, "d": None, "e": "alice"}


@pytest.mark.parametrize(
    "given",
    [
        settings(**NAMES),
        settings(auth_scheme="basic", **NAMES),
        settings(authorization=f"ApiKey alice:{API_KEY}"),
        pytest.param(
            settings(authorization=f"Basic {ENCODED}"),
        ),
    ],
    ids=["pair", "basic pair", "ApiKey header", "Basic header"],
)
def test_the_key_is_secret_in_clear_and_in_the_forms_that_it_is_sent_in(given: dict[str, Setting]) -> None:
    connection = find(given)
    percent_encoded = API_KEY.replace("/", "%2F").replace("+", "%2B")
    sent = connection.authorization.partition(" ")[2]
    assert {connection.authorization, sent.partition(":")[2] or sent, API_KEY, percent_encoded} <= connection.secrets
    assert "" not in connection.secrets


def test_the_sources_are_told_but_not_the_values() -> None:
    connection = find(settings(username="alice"), {"TUTUM_APIKEY": API_KEY})
    assert connection.sources == f"username from level {OPTION} and api_key from the environment variable TUTUM_APIKEY"


# The rest


def test_a_ca_path_is_found_below_home(home: Path) -> None:
    path = write(home / "ca.pem", "")
    assert find(settings(ca_path="~/ca.pem", **NAMES)).ca_path == path


def test_a_ca_path_that_is_not_there_is_refused() -> None:
    with pytest.raises(OptionError, match="ca_path: '/none' cannot be used: there is no such file or folder"):
        find(settings(ca_path="/none", **NAMES))


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf"), float("-inf")])
def test_a_request_timeout_is_a_number_above_zero(seconds: float) -> None:
    with pytest.raises(OptionError, match="request_timeout"):
        find(settings(**NAMES), request_timeout=seconds)


def test_max_retries_is_not_negative() -> None:
    assert find(settings(**NAMES), max_retries=0).max_retries == 0
    with pytest.raises(OptionError, match="max_retries: -1 cannot be used"):
        find(settings(**NAMES), max_retries=-1)


@pytest.mark.parametrize(
    "change",
    [
        {"api_url": "https://other/api/v1/"},
        {"authorization": "ApiKey bob:k"},
        {"validate_certs": False},
        {"ca_path": "/ca"},
        {"request_timeout": 1.0},
        {"max_retries": 1},
    ],
)
def test_connections_that_differ_share_no_session(change: dict[str, t.Any]) -> None:
    assert make_connection().key() == make_connection().key()
    assert make_connection(**change).key() != make_connection().key()
