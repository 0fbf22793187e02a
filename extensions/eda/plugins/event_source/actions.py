# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Event source for Event-Driven Ansible: an event each time an action of the Tutum API enters a state."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: actions
short_description: Receive an event each time an action of the Tutum API enters a state
version_added: 1.1.0
description:
  - An ansible-rulebook event source plugin that polls the Tutum API, and creates an event each time an action
    enters one of the states in O(state), for example each time an action fails.
  - An event has the key C(action), whose value is the action as tutum.cloud.tutum_action_info returns it, including
    the fields C(started_at), C(ended_at), C(duration), C(finished), C(object_type), and C(object_uuid).
  - There is exactly one event for each time that an action enters a final state, also if the server cannot be
    reached for some time.
  - An unfinished state that an action has only between two polls is not seen, so there is no event.
  - If the server cannot be reached, or returns an invalid response, the source logs a warning and continues. It
    ends with an error if the first response shows that only a user can fix the problem, and if the API rejects the
    credentials (HTTP 401 or 403) for at least 10 seconds and 3 polls.
author:
  - The tutum.cloud contributors (!UNKNOWN)
options:
  state:
    description:
      - The states to report. Unfinished states are V(Pending), V(In progress), and V(Canceling). Final states are
        V(Success), V(Failed), and V(Canceled).
      - If an action enters several of them one after the other, there is an event for each.
    type: list
    elements: str
    choices: [Pending, In progress, Canceling, Success, Failed, Canceled]
    default: [Success, Failed, Canceled]
  object:
    description:
      - Report only actions of this object.
      - The value is the resource URI of the object, for example
        V(/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/).
    type: str
  interval:
    description:
      - The pause between two polls in seconds. Must be between V(0.1) and V(86400).
      - If a response has a C(Retry-After) header with a longer delay, that delay is used.
    type: float
    default: 5.0
  since:
    description:
      - Report only actions that entered the state at this time or later, including those before the source started.
      - Set it to a fixed time, or to a time relative to the start such as V(1 hour ago), to get the changes from
        when the rulebook did not run. Changes that an earlier run has reported are reported again.
      - An action that is unfinished when the source starts is reported only if it started at this time or later.
      - The formats are those of the option start_date_gte of tutum.cloud.tutum_action_info. The clock of the server
        counts.
      - If not set, the start of the source is used.
    type: str
  api_url:
    description:
      - The URL of the API, either a scheme and a host, or a full base URL.
      - If not set, the value of the environment variable E(TUTUM_BASE_URL) is used, then that of
        E(TUTUM_REST_HOST), then V(https://dashboard.tutum.co).
    type: str
  username:
    description:
      - The username of the account. Requires an API key, see O(api_key).
      - If not set, the value of the environment variable E(TUTUM_USER) is used, then that of C(user) in
        O(config_file).
    type: str
  api_key:
    description:
      - The API key of the account. The key is a secret. Store it in the environment, or in a vault.
      - If not set, the value of the environment variable E(TUTUM_APIKEY) is used, then the password of the account
        in E(TUTUM_PASS), then the value of C(apikey) in O(config_file).
    type: str
  authorization:
    description:
      - The complete value of the C(Authorization) header, instead of O(username) and O(api_key). The value is a
        secret.
      - If not set, the value of the environment variable E(TUTUM_AUTH) is used, then that of C(basic_auth) in
        O(config_file).
    type: str
  auth_scheme:
    description:
      - How to send O(username) and O(api_key).
      - If not set, the value of the environment variable E(TUTUM_AUTH_SCHEME) is used, then V(apikey).
    type: str
    choices: [apikey, basic]
  config_file:
    description:
      - The path of the INI file of the legacy Tutum CLI, which is read if options and environment variables do not
        provide complete credentials.
      - If not set, the value of the environment variable E(TUTUM_CONFIG_FILE) is used, then V(~/.tutum).
    type: path
  validate_certs:
    description:
      - Whether to verify the TLS certificate of the server.
    type: bool
    default: true
  ca_path:
    description:
      - The path of a CA bundle file or of a directory of CA certificates, to trust instead of the default ones.
      - If not set, the value of the environment variable E(TUTUM_CA_PATH) is used, then that of
        E(REQUESTS_CA_BUNDLE), then that of E(SSL_CERT_FILE).
    type: path
  request_timeout:
    description:
      - The timeout of one request in seconds.
    type: float
    default: 30.0
  max_retries:
    description:
      - How many times to retry a request within a poll. The next poll follows in any case.
    type: int
    default: 5
requirements:
  - ansible-core
  - requests
  - python-dateutil (only if O(since) is set)
"""

EXAMPLES = r"""
# The credentials come from the environment variables TUTUM_USER and TUTUM_APIKEY.

- name: Each action that succeeds, fails, or is canceled from now on
  tutum.cloud.actions:

- name: Each failure of one service, including those of the last hour
  tutum.cloud.actions:
    state: [Failed]
    object: /api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/
    since: 1 hour ago

- name: The start and the end of each action, with a poll every 30 seconds
  tutum.cloud.actions:
    state: [In progress, Success, Failed, Canceled]
    interval: 30
"""

import asyncio
import contextlib
import logging
import sys
import threading
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

# ansible-rulebook runs this file as a script. The collection's own code is found in the directory that contains
# ansible_collections/tutum/cloud/extensions/eda/plugins/event_source.
_ROOT = str(Path(__file__).parents[7])
if _ROOT not in sys.path:
    sys.path.append(_ROOT)

# ruff: noqa: E402
from ansible_collections.tutum.cloud.plugins.module_utils._actions import ActionsClient
from ansible_collections.tutum.cloud.plugins.module_utils._argspec import CHANGES, CONNECTION
from ansible_collections.tutum.cloud.plugins.module_utils._change_options import ChangeOptions
from ansible_collections.tutum.cloud.plugins.module_utils._changes import Changes
from ansible_collections.tutum.cloud.plugins.module_utils._client import Client
from ansible_collections.tutum.cloud.plugins.module_utils._errors import OptionError, TutumError
from ansible_collections.tutum.cloud.plugins.module_utils._secrets import SecretRedactor
from ansible_collections.tutum.cloud.plugins.module_utils._settings import ConnectionSettings, resolve_settings
from ansible_collections.tutum.cloud.plugins.module_utils._sources import OPTION, OPTIONS, Setting

NAME = "tutum.cloud.actions"
NOT_OPTIONS = ("eda_feedback_queue",)
"""What ansible-rulebook adds to the options."""

logger = logging.getLogger(NAME)
_Result = TypeVar("_Result")


async def main(queue: asyncio.Queue[Any], args: dict[str, Any]) -> None:
    """Put an event on the queue for each change, until the task is canceled.

    :param queue: takes the events.
    :param args: the options of the source, as the rulebook has them.
    :raises TutumError: an option is invalid, or only a user can fix what failed.
    """
    try:
        # The first import of the HTTP library takes a moment.
        client, changes = await _in_thread(lambda: _connect(args))
        with contextlib.closing(client):
            while True:
                for action in await _in_thread(changes.poll):
                    await queue.put({"action": action})
                await asyncio.sleep(changes.pause)
    except TutumError as error:
        # ansible-rulebook logs each line of a traceback as an error, below the message.
        raise error.with_traceback(None) from None


def _connect(args: dict[str, Any]) -> tuple[Client, Changes]:
    """Validate the options, and return what polls the API. Nothing is sent."""
    options = _validated(args)
    settings = _settings(options)
    change_options = ChangeOptions(options, settings.api_url)
    for warning in settings.warnings:
        logger.warning(warning)
    client = Client(settings)
    return client, Changes(ActionsClient(client), change_options, logger.warning)


def _validated(args: dict[str, Any]) -> dict[str, Any]:
    """Return the options with their types and defaults; the messages are those of a module."""
    try:
        from ansible.module_utils.common.arg_spec import ArgumentSpecValidator  # noqa: PLC0415 - it may be missing
        from ansible.module_utils.errors import UnsupportedError  # noqa: PLC0415
    except ImportError:
        raise TutumError(
            f"The Python library ansible-core is not installed for {sys.executable}, which runs ansible-rulebook."
            " Install ansible-core there."
        ) from None
    given = {}
    for name, value in args.items():
        if value is None and name in CHANGES:
            raise OptionError(name, None, "The value is null. Check the variable, or omit the option")
        # For the connection, null counts as not set, so that other sources are used.
        if value is not None and name not in NOT_OPTIONS:
            given[name] = value.isoformat() if isinstance(value, date) else value
    result = ArgumentSpecValidator({**CONNECTION, **CHANGES}).validate(given)
    if result.error_messages:
        problem = ". ".join(message.rstrip(".") for message in result.error_messages)
        if isinstance(result.errors[0], UnsupportedError):
            problem = f"Unsupported parameters for ({NAME}) event source: {problem}"
        secrets = [str(given[name]) for name, option in CONNECTION.items() if option.get("no_log") and name in given]
        raise TutumError(SecretRedactor(secrets).hide_in_message(f"{problem}."))
    validated: dict[str, Any] = result.validated_parameters
    return validated


def _settings(options: dict[str, Any]) -> ConnectionSettings:
    given = {
        name: Setting(options[name], OPTION, f"the option {name}") for name in OPTIONS if options.get(name) is not None
    }
    return resolve_settings(
        given,
        validate_certs=options["validate_certs"],
        request_timeout=options["request_timeout"],
        max_retries=options["max_retries"],
    )


async def _in_thread(call: Callable[[], _Result]) -> _Result:
    """Return the result of a blocking call, or raise its exception.

    ``asyncio.to_thread`` would delay the end of ansible-rulebook until a request that is under way has its response.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_Result] = loop.create_future()

    def set_result(result: _Result | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # there is one

    def run() -> None:
        result, error = None, None
        try:
            result = call()
        except BaseException as raised:  # noqa: BLE001 - it is raised where the result is expected
            error = raised
        # After the end, there is no loop that could take the result.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(set_result, result, error)

    threading.Thread(target=run, daemon=True).start()
    return await future
