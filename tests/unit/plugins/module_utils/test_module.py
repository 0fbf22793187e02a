# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edge of modules: settings from parameters, errors to results, and the end together with Ansible."""

from __future__ import annotations

import io
import os
import signal
import threading
import types
import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils import _module
from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError, CredentialsError, OptionError
from ansible_collections.tutum.cloud.plugins.module_utils._module import exit_with_ansible, fail, settings_from_module
from ansible_collections.tutum.cloud.plugins.module_utils._sources import ENVIRONMENT
from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY, API_URL

if t.TYPE_CHECKING:
    from pathlib import Path

TEST_TIMEOUT_SECONDS = 10.0
"""When a test fails instead of waiting any longer."""


class ModuleEndError(Exception):
    """Raised in place of the end of the process."""


class FakeModule:
    """What is used of an AnsibleModule."""

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
    """Set an empty home directory, and an environment without our variables."""
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


class Process:
    """This process as the module sees it: its standard output is a pipe, and a signal to itself is only recorded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reader, self.writer = os.pipe()
        self.parent = 4711
        self.signals: list[tuple[int, int]] = []
        self.signaled = threading.Event()
        self._monkeypatch = monkeypatch
        # Not sys.stdout itself, which pytest replaces.
        stdout = types.SimpleNamespace(fileno=lambda: self.writer)
        monkeypatch.setattr(_module, "sys", types.SimpleNamespace(stdout=stdout))
        monkeypatch.setattr(_module, "CHECK_MILLISECONDS", 10)
        monkeypatch.setattr(os, "getppid", lambda: self.parent)
        monkeypatch.setattr(os, "kill", self._kill)
        self._threads = set(threading.enumerate())

    @property
    def watchers(self) -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread not in self._threads]

    def close_reader(self) -> None:
        if self.reader >= 0:
            os.close(self.reader)
            self.reader = -1

    def close(self) -> None:
        """End the thread that watches: it must not see the real functions of this process."""
        self.parent = 1
        for thread in self.watchers:
            thread.join(TEST_TIMEOUT_SECONDS)
            assert not thread.is_alive()
        self.close_reader()
        os.close(self.writer)

    def _kill(self, pid: int, number: int) -> None:
        self.signals.append((pid, number))
        self.signaled.set()


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Process]:
    created = Process(monkeypatch)
    yield created
    created.close()


def test_exit_with_ansible_continues_while_ansible_is_there(process: Process) -> None:
    exit_with_ansible()
    (watcher,) = process.watchers
    assert watcher.daemon
    assert not process.signaled.wait(0.1)


def test_exit_with_ansible_when_the_pipe_is_closed(process: Process) -> None:
    exit_with_ansible()
    process.close_reader()
    assert process.signaled.wait(TEST_TIMEOUT_SECONDS)
    assert process.signals == [(os.getpid(), signal.SIGTERM)]


def test_exit_with_ansible_when_the_parent_has_ended(process: Process) -> None:
    """An orphaned worker of Ansible keeps the pipe open."""
    exit_with_ansible()
    process.parent = 1
    assert process.signaled.wait(TEST_TIMEOUT_SECONDS)
    assert process.signals == [(os.getpid(), signal.SIGTERM)]


def test_exit_with_ansible_without_pipe_watches_nothing(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mitogen runs modules within a process of its own."""
    monkeypatch.setattr(_module, "sys", types.SimpleNamespace(stdout=io.StringIO()))
    exit_with_ansible()
    assert process.watchers == []
