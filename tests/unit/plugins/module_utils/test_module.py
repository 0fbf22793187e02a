# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edge of modules: settings from parameters, and errors to results."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils import _module
from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError, CredentialsError, OptionError
from ansible_collections.tutum.cloud.plugins.module_utils._module import fail, settings_from_module
from ansible_collections.tutum.cloud.plugins.module_utils._sources import ENVIRONMENT
from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY, API_URL

if t.TYPE_CHECKING:
    from pathlib import Path

TEST_TIMEOUT_SECONDS = 10.0
"""The seconds after which a test fails."""


class ModuleEndError(Exception):
    """Raised instead of the end of the process."""


class FakeModule:
    """The parts of an AnsibleModule that the code uses."""

    def __init__(self, **params: t.Any) -> None:
        self.params: dict[str, t.Any] = {
            "api_url": None,
            "username": None,
            "api_key": None,
            "authorization": None,
            "auth_scheme": None,
            "config_file": None,
            "ca_path": None,
            "validate_certs": True,
            "request_timeout": 30.0,
            "max_retries": 5,
            **params,
        }
        self.no_log_values: set[str] = set()
        self.warnings: list[str] = []
        self.results: dict[str, t.Any] = {}

    def warn(self, warning: str) -> None:
        self.warnings.append(warning)

    def fail_json(self, **results: t.Any) -> t.NoReturn:
        self.results = results
        raise ModuleEndError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set an empty home directory, and an environment without the collection's variables."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for variables in ENVIRONMENT.values():
        for variable in variables:
            monkeypatch.delenv(variable, raising=False)
    return tmp_path


# Settings


def test_settings_from_module_options(home: Path) -> None:
    (home / "ca.pem").touch()
    module: t.Any = FakeModule(
        api_url=API_URL,
        username="alice",
        api_key=API_KEY,
        auth_scheme="apikey",
        ca_path="~/ca.pem",
        validate_certs=False,
        request_timeout=3.0,
        max_retries=1,
    )
    settings = settings_from_module(module)
    assert settings.authorization == f"ApiKey alice:{API_KEY}"
    assert settings.sources == "username from the option username and api_key from the option api_key"
    assert (settings.api_url, settings.ca_path) == (API_URL, str(home / "ca.pem"))
    assert (settings.validate_certs, settings.request_timeout, settings.max_retries) == (False, 3.0, 1)
    assert (module.warnings, module.no_log_values) == ([], set())


def test_settings_from_module_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTUM_USER", "alice")
    monkeypatch.setenv("TUTUM_APIKEY", API_KEY)
    module: t.Any = FakeModule(username="")
    assert settings_from_module(module).authorization == f"ApiKey alice:{API_KEY}"


def test_settings_from_module_shows_warnings() -> None:
    module: t.Any = FakeModule(api_url="http://host", username="alice", api_key=API_KEY)
    settings_from_module(module)
    assert len(module.warnings) == 1
    assert "does not use HTTPS" in module.warnings[0]


def test_settings_from_module_errors_are_typed() -> None:
    module: t.Any = FakeModule()
    with pytest.raises(CredentialsError, match="No API credentials found"):
        settings_from_module(module)
    module = FakeModule(api_url="ftp://host", username="alice", api_key=API_KEY)
    with pytest.raises(OptionError, match="api_url"):
        settings_from_module(module)


@pytest.mark.parametrize(
    ("params", "secret"),
    [
        ({"api_url": f"https://alice:{API_KEY}@host"}, f"https://alice:{API_KEY}@"),
        ({"api_url": API_URL, "username": f"alice:{API_KEY}"}, f":{API_KEY}"),
    ],
)
def test_settings_from_module_misplaced_secret_is_hidden_by_ansible(
    monkeypatch: pytest.MonkeyPatch, params: dict[str, str], secret: str
) -> None:
    """The result of a module shows its options."""
    registered: list[str] = []
    monkeypatch.setattr(_module, "register_secrets", registered.extend)
    module: t.Any = FakeModule(**{"username": "alice", "api_key": "k", **params})
    with pytest.raises(OptionError):
        settings_from_module(module)
    assert module.no_log_values == {secret}
    assert registered == [secret]


# Errors


def test_fail_has_message_details_and_what_was_retrieved() -> None:
    error = ApiError(API_URL, "HTTP 401: authentication failed", status=401)
    error.results["actions"] = [{"uuid": "x"}]
    module: t.Any = FakeModule()
    with pytest.raises(ModuleEndError):
        fail(module, error)
    assert module.results == {
        "msg": f"GET {API_URL} failed: HTTP 401: authentication failed.",
        "actions": [{"uuid": "x"}],
        "error_type": "http",
        "status": 401,
        "url": API_URL,
    }


# The end of Ansible
