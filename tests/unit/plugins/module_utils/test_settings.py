# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection settings: URLs, limits, certificates, warnings."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._errors import CredentialsError, OptionError
from ansible_collections.tutum.cloud.plugins.module_utils._settings import ConnectionSettings, resolve_settings
from ansible_collections.tutum.cloud.plugins.module_utils._sources import INI, OPTION, Setting
from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY, make_settings

if t.TYPE_CHECKING:
    from pathlib import Path

NAMES = {"username": "alice", "api_key": API_KEY}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set an empty home directory."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def given(values: t.Mapping[str, t.Any], level: int = OPTION) -> dict[str, Setting]:
    return {name: Setting(value, level, f"level {level}") for name, value in values.items()}


def resolve(environ: t.Mapping[str, str] | None = None, /, **values: t.Any) -> ConnectionSettings:
    """Return the settings for options and limits."""
    limits = {
        "validate_certs": values.pop("validate_certs", True),
        "request_timeout": values.pop("request_timeout", 30.0),
        "max_retries": values.pop("max_retries", 5),
    }
    return resolve_settings(given({**NAMES, **values}), environ=environ or {}, **limits)


# api_url


@pytest.mark.parametrize(
    ("value", "base"),
    [
        (None, "https://dashboard.tutum.co/api/v1/"),
        ("", "https://dashboard.tutum.co/api/v1/"),
        ("https://dashboard.tutum.co", "https://dashboard.tutum.co/api/v1/"),
        ("https://dashboard.tutum.co/", "https://dashboard.tutum.co/api/v1/"),
        (" https://dashboard.tutum.co/\n", "https://dashboard.tutum.co/api/v1/"),
        ("HTTPS://Dashboard.Tutum.co", "https://dashboard.tutum.co/api/v1/"),
        ("http://localhost:8000", "http://localhost:8000/api/v1/"),
        ("http://[::1]:8000/", "http://[::1]:8000/api/v1/"),
        ("https://host/api/v1", "https://host/api/v1/"),
        ("https://host/api/audit/v1/", "https://host/api/audit/v1/"),
        ("https://host/Tutum-2~x/api.old/v1/", "https://host/Tutum-2~x/api.old/v1/"),
    ],
)
def test_api_url_is_a_host_or_a_whole_base(value: str | None, base: str) -> None:
    assert resolve(api_url=value).api_url == base


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
        "https://ho℀st",
        "https://host/api/v1/?x=1",
        "https://host/api/v1/?",
        "https://host/api/v1/#x",
        "https://host/api/v1/#",
        "https://host/../v1/",
        "https://host/./v1/",
        "https://host//v1/",
        "https://host/api%2fv1/",
        "https://host\\evil",
        "x" * 10_000,
    ],
)
def test_api_url_invalid_is_refused_with_an_example(value: str) -> None:
    with pytest.raises(OptionError, match=r"^Invalid value for option api_url: .*https://dashboard\.tutum\.co"):
        resolve(api_url=value)


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
def test_api_url_with_credentials_is_refused_and_not_quoted(value: str) -> None:
    with pytest.raises(OptionError, match="Credentials in URLs are not allowed") as caught:
        resolve(api_url=value)
    assert API_KEY not in str(caught.value)
    assert "alice" not in str(caught.value)


def test_api_url_environment_takes_precedence_over_ini_unless_empty() -> None:
    ini = given({**NAMES, "api_url": "https://ini.example"}, INI)
    for value, host in (("", "ini"), ("https://env.example", "env")):
        settings = resolve_settings(
            ini, validate_certs=True, request_timeout=30.0, max_retries=5, environ={"TUTUM_REST_HOST": value}
        )
        assert settings.api_url == f"https://{host}.example/api/v1/"


# Warnings


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
def test_api_url_http_to_another_machine_causes_a_warning(url: str, warns: bool) -> None:
    settings = resolve(api_url=url)
    expected = f"The API key is sent unencrypted because api_url ({settings.api_url}) does not use HTTPS."
    assert settings.warnings == ([expected] if warns else [])


# CA certificates


def test_ca_path_is_found_below_home(home: Path) -> None:
    (home / "ca.pem").touch()
    assert resolve(ca_path="~/ca.pem").ca_path == str(home / "ca.pem")
    assert resolve({"TUTUM_CA_PATH": "~/ca.pem"}).ca_path == str(home / "ca.pem")


def test_ca_path_missing_is_refused() -> None:
    with pytest.raises(OptionError, match=r"option ca_path: '/none'. File or directory not found"):
        resolve(ca_path="/none")


@pytest.mark.parametrize(
    ("environ", "ca_path"),
    [
        ({}, None),
        ({"SSL_CERT_FILE": "/ssl.pem"}, "/ssl.pem"),
        ({"CURL_CA_BUNDLE": "/curl.pem", "SSL_CERT_FILE": "/ssl.pem"}, "/curl.pem"),
        ({"REQUESTS_CA_BUNDLE": "/requests.pem", "SSL_CERT_FILE": "/ssl.pem"}, "/requests.pem"),
        ({"REQUESTS_CA_BUNDLE": "", "SSL_CERT_FILE": "/ssl.pem"}, "/ssl.pem"),
    ],
)
def test_ca_path_from_the_variables_of_other_tools(environ: dict[str, str], ca_path: str | None) -> None:
    assert resolve(environ).ca_path == ca_path


def test_ca_path_takes_precedence_over_ssl_cert_file(home: Path) -> None:
    (home / "ca.pem").touch()
    assert resolve({"SSL_CERT_FILE": "/ssl.pem"}, ca_path="~/ca.pem").ca_path == str(home / "ca.pem")


# Limits


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf"), float("-inf"), 86400.5, 1e300])
def test_request_timeout_out_of_range_is_refused(seconds: float) -> None:
    with pytest.raises(
        OptionError, match=r"option request_timeout: .* Must be greater than 0 and at most 86400 \(seconds\)"
    ):
        resolve(request_timeout=seconds)


@pytest.mark.parametrize("count", [-1, 1001, 10**400])
def test_max_retries_out_of_range_is_refused(count: int) -> None:
    with pytest.raises(OptionError, match=r"option max_retries: .* Must be an integer between 0 and 1000"):
        resolve(max_retries=count)


@pytest.mark.parametrize(("seconds", "count"), [(0.001, 0), (86400.0, 1000)])
def test_limits_at_their_bounds(seconds: float, count: int) -> None:
    settings = resolve(request_timeout=seconds, max_retries=count)
    assert (settings.request_timeout, settings.max_retries) == (seconds, count)


# The whole


def test_settings_carry_header_sources_and_environment() -> None:
    environ = {"HTTPS_PROXY": "http://proxy:3128"}
    settings = resolve(environ, validate_certs=False)
    assert settings.authorization == f"ApiKey alice:{API_KEY}"
    assert settings.sources == f"username from level {OPTION} and api_key from level {OPTION}"
    assert (settings.validate_certs, settings.environ) == (False, environ)
    assert settings.redactor.hide([API_KEY, settings.authorization]) == ["***", "***"]


def test_settings_without_credentials_are_an_error() -> None:
    with pytest.raises(CredentialsError, match="No API credentials found"):
        resolve(username=None, api_key=None)


def test_environment_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTUM_BASE_URL", "https://env.example/api/v1/")
    settings = resolve_settings(given(NAMES), validate_certs=True, request_timeout=30.0, max_retries=5)
    assert settings.api_url == "https://env.example/api/v1/"


@pytest.mark.parametrize(
    "change",
    [
        {"api_url": "https://other/api/v1/"},
        {"authorization": "ApiKey bob:k"},
        {"validate_certs": False},
        {"ca_path": "/ca"},
        {"request_timeout": 1.0},
        {"max_retries": 1},
        {"environ": {"https_proxy": "http://proxy:3128"}},
        {"environ": {"NO_PROXY": "tutum.example.org"}},
    ],
)
def test_key_differs_where_connections_must_not_be_shared(change: dict[str, t.Any]) -> None:
    assert make_settings().key() == make_settings(environ={"LANG": "C"}).key()
    assert make_settings(**change).key() != make_settings().key()
