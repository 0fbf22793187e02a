# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run queries and waits as the modules do, in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.tutum.cloud.plugins.module_utils._actions import ActionsClient
from ansible_collections.tutum.cloud.plugins.module_utils._argspec import CONNECTION, WAIT
from ansible_collections.tutum.cloud.plugins.module_utils._client import Client
from ansible_collections.tutum.cloud.plugins.module_utils._queries import QueryResult, QueryRunner
from ansible_collections.tutum.cloud.plugins.module_utils._query_options import Query
from ansible_collections.tutum.cloud.plugins.module_utils._settings import ConnectionSettings, resolve_settings
from ansible_collections.tutum.cloud.plugins.module_utils._sources import OPTION, OPTIONS, Setting
from ansible_collections.tutum.cloud.plugins.module_utils._wait_options import WaitOptions
from ansible_collections.tutum.cloud.plugins.module_utils._waiting import Wait

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tutum_sandbox.process import Sandbox

    from ansible_collections.tutum.cloud.plugins.module_utils._reporting import Progress

WAIT_DEFAULTS: dict[str, Any] = {
    **{name: option.get("default") for name, option in WAIT.items()},
    "timeout": 30.0,
    "interval": 0.1,
}
LIMITS = {name: CONNECTION[name]["default"] for name in ("validate_certs", "request_timeout", "max_retries")}


def settings_for(sandbox: Sandbox, environ: Mapping[str, str] | None = None, **options: Any) -> ConnectionSettings:
    """Return the connection settings for these options. Options that are not given have the sandbox's values."""
    given = {"api_url": sandbox.url, **options}
    if "authorization" not in given:
        given = {"username": sandbox.username, "api_key": sandbox.api_key, **given}
    limits = {name: given.pop(name, default) for name, default in LIMITS.items()}
    settings = {name: Setting(value, OPTION, f"the option {name}") for name, value in given.items()}
    return resolve_settings(settings, environ=environ, **limits)


def client_for(sandbox: Sandbox, **options: Any) -> Client:
    """Return a client with the settings of :func:`settings_for`."""
    return Client(settings_for(sandbox, **options))


def query(client: Client, **options: Any) -> QueryResult:
    """Do what the module ``tutum_action_info`` does."""
    return QueryRunner(ActionsClient(client)).run(Query(options, client.settings.api_url))


def wait(client: Client, progress: Progress | None = None, *, check_mode: bool = False, **options: Any) -> Wait:
    """Do what the module ``wait_for_action`` does."""
    chosen = WaitOptions({**WAIT_DEFAULTS, **options}, client.settings.api_url)
    waiting = Wait(ActionsClient(client), chosen, progress=progress, check_mode=check_mode)
    waiting.run()
    return waiting


def split(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the options of the connection, and all others."""
    names = {*OPTIONS, *LIMITS}
    connection = {name: value for name, value in options.items() if name in names}
    return connection, {name: value for name, value in options.items() if name not in names}
