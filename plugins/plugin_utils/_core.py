# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The private parts of ansible-core that the collection needs: there is no public way to each of these.

The tests run on every supported ansible-core, and each function here has one.
"""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError

try:  # core 2.19 and later
    from ansible._internal._templating._jinja_plugins import _LookupContext
except ImportError:
    _LookupContext = None

if t.TYPE_CHECKING:
    from ansible.plugins.action import ActionBase


def shared_directory(action: ActionBase) -> str | None:
    """Return the temporary directory that an action plugin shares with its module; None if they are on different hosts.

    The module's stdout has its result only, so what it reports before goes through a file there.
    """
    if action._connection.transport != "local":
        return None
    if action._connection._shell.tmpdir is None:
        try:
            # With pipelining Ansible itself does not need it, and does not create it.
            action._make_tmp_path()
        except AnsibleError:
            return None
    return t.cast("str", action._connection._shell.tmpdir)


def is_with_loop() -> bool:
    """Return whether a lookup is called by a loop of the older kind (``with_...``), as far as ansible-core tells.

    There, no items are an empty list; otherwise they are no terms at all, and the lookup returns all actions.
    """
    context = _LookupContext.current(optional=True) if _LookupContext else None
    return bool(context and context.invoked_as_with)
