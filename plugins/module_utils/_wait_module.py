# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The edge of the modules that wait: their results, their progress, and the end when Ansible is gone."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import typing as t

# Only some requests need these, but then the archive from which Ansible runs a module may be gone: they are imported now.
from ansible_collections.tutum.cloud.plugins.module_utils import (  # pylint: disable=unused-import
    _http_errors,  # noqa: F401
    _workers,  # noqa: F401
)
from ansible_collections.tutum.cloud.plugins.module_utils._progress_channel import ProgressWriter

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.tutum.cloud.plugins.module_utils._waiting import Wait

CHECK_MILLISECONDS = 500
"""How often to check whether Ansible is still there."""


def finish_wait(module: AnsibleModule, wait: Wait, results: t.Mapping[str, t.Any] | None = None) -> t.NoReturn:
    """End the module with the outcome of a wait.

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
    """Return the writer for progress lines, or None if no action plugin reads them."""
    # The property tmpdir would create a directory from which nothing is read.
    directory = module._tmpdir
    if module.no_log or not module.params["progress"] or directory is None:
        return None
    return ProgressWriter(directory)


def exit_when_ansible_exits() -> None:
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
