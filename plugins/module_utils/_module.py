# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The edge of modules: settings from the parameters, typed errors to ``fail_json``, and the end when Ansible is gone."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import typing as t

from ansible_collections.tutum.cloud.plugins.module_utils._progress import ProgressWriter
from ansible_collections.tutum.cloud.plugins.module_utils._secrets import misplaced_secrets
from ansible_collections.tutum.cloud.plugins.module_utils._settings import ConnectionSettings, resolve_settings
from ansible_collections.tutum.cloud.plugins.module_utils._sources import OPTION, OPTIONS, Setting

try:
    from ansible.module_utils.secrets import register_secrets
except ImportError:  # before ansible-core 2.22
    register_secrets = None

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.tutum.cloud.plugins.module_utils._errors import TutumError
    from ansible_collections.tutum.cloud.plugins.module_utils._waiting import Wait

CHECK_MILLISECONDS = 500
"""How often to check whether Ansible is still there."""


def settings_from_module(module: AnsibleModule) -> ConnectionSettings:
    """Return the connection settings of a module, and show their warnings.

    :raises OptionError: an option has an invalid value.
    :raises CredentialsError: the credentials are missing or incomplete.
    """
    # Ansible hides the options that are marked as secret. A secret in the wrong option is refused, but Ansible cannot know
    # it. (It need not know what comes from the environment or a file: no result contains that, see _secrets.py. Since core
    # 2.22 it would even write that into the files of background tasks.)
    misplaced = misplaced_secrets(module.params)
    module.no_log_values.update(misplaced)
    if register_secrets:
        register_secrets(misplaced)
    settings = resolve_settings(
        {
            name: Setting(module.params[name], OPTION, f"the option {name}")
            for name in OPTIONS
            if module.params[name] is not None
        },
        validate_certs=module.params["validate_certs"],
        request_timeout=module.params["request_timeout"],
        max_retries=module.params["max_retries"],
    )
    for warning in settings.warnings:
        module.warn(warning)
    return settings


def fail(module: AnsibleModule, error: TutumError) -> t.NoReturn:
    """End the module with an error, and with everything that was retrieved before it."""
    module.fail_json(msg=str(error), **{**error.results, **error.details()})
    raise AssertionError  # fail_json exits; it has no type that says so.


def finish_wait(module: AnsibleModule, wait: Wait, results: t.Mapping[str, t.Any] | None = None) -> t.NoReturn:
    """End the module with what became of a wait.

    :param results: what else is known, which takes precedence.
    """
    # Since core 2.19 Ansible shows the message of a failure also where no_log hides the result.
    failure = wait.failure(with_logs=not module.no_log)
    returned = {**wait.results(), **(results or {})}
    if failure:
        details = wait.details()
        # The status is that of the call, unless a request of the wait failed.
        returned.update(details if results is None or details["url"] else {"url": None})
    for warning in wait.warnings if results is None else wait.field_warnings:
        module.warn(warning)
    if failure:
        module.fail_json(msg=failure, **returned)
    module.exit_json(**returned)
    raise AssertionError  # As above.


def progress_writer(module: AnsibleModule) -> ProgressWriter | None:
    """Return the module's end of the channel for progress, if anyone reads it."""
    # The property tmpdir would create a directory from which nothing is read.
    directory = module._tmpdir
    if module.no_log or not module.params["progress"] or directory is None:
        return None
    return ProgressWriter(directory)


def exit_with_ansible() -> None:
    """End this process as soon as Ansible is gone.

    Ansible leaves a module running when the task's own ``timeout`` expires, or when Ansible itself is ended. Then nothing reads
    the pipe for the result any more, or the process that started the module is gone.
    """
    poll = select.poll()
    try:
        poll.register(sys.stdout.fileno(), 0)
    except (OSError, ValueError):
        return  # The result does not go through a pipe: Mitogen runs modules within a process of its own.
    parent = os.getppid()

    def watch() -> None:
        # An interruption must wake up the main thread, which may be asleep.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        while os.getppid() == parent:
            # Without a mask it reports errors only: the other end of the pipe is closed, or this one.
            if poll.poll(CHECK_MILLISECONDS):
                break
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
