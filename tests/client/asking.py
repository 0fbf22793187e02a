# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask as the modules do, in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.tutum.cloud.plugins.module_utils._actions import Actions, Query, QueryResult
from ansible_collections.tutum.cloud.plugins.module_utils._client import Client
from ansible_collections.tutum.cloud.plugins.module_utils._credentials import OPTION, Connection, Setting, resolve
from ansible_collections.tutum.cloud.plugins.module_utils._waiting import Wait, WaitOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tutum_sandbox.process import Sandbox

WAIT_DEFAULTS: dict[str, Any] = {
    "success_states": ["Success"],
    "timeout": 30.0,
    "delay": 0.0,
    "interval": 0.1,
    "max_interval": 15.0,
    "fail_fast": False,
}
PATIENCE = {"validate_certs": True, "request_timeout": 30.0, "max_retries": 5}


def connection_for(sandbox: Sandbox, environ: Mapping[str, str] | None = None, **options: Any) -> Connection:
    """The connection that these options describe; what is not given leads to the sandbox."""
    given = {"api_url": sandbox.url, **options}
    if "authorization" not in given:
        given = {"username": sandbox.username, "api_key": sandbox.api_key, **given}
    patience = {name: given.pop(name, usual) for name, usual in PATIENCE.items()}
    settings = {name: Setting(value, OPTION, f"the option {name}") for name, value in given.items()}
    return resolve(settings, environ=environ or {}, **patience)


def client_for(sandbox: Sandbox, **options: Any) -> Client:
    """A client with the connection of :func:`connection_for`."""
    return Client(connection_for(sandbox, **options))


def query(client: Client, **options: Any) -> QueryResult:
    """What the module ``tutum_action_info`` does."""
    return Actions(client).query(Query(options, client.connection.api_url))


def wait(client: Client, report: Callable[[str], object] | None = None, **options: Any) -> Wait:
    """What the module ``wait_for_action`` does."""
    chosen = WaitOptions({**WAIT_DEFAULTS, **options}, client.connection.api_url)
    waiting = Wait(Actions(client), chosen, report=report)
    waiting.run()
    return waiting


def split(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options of the connection, and all others."""
    names = {*PATIENCE, "ca_path", "authorization", "username", "api_key", "api_url", "auth_scheme"}
    mine = {name: value for name, value in options.items() if name in names}
    return mine, {name: value for name, value in options.items() if name not in names}
