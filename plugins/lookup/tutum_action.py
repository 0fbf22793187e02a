# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The actions that match a filter, or the actions with given UUIDs, inside a template."""

from __future__ import annotations

DOCUMENTATION = r"""
name: tutum_action
short_description: Query actions of the Tutum API in a template
version_added: 1.0.0
description:
  - Each call to the Tutum API is recorded as an action. This lookup returns the actions that match a filter, or those with
    given UUIDs, with the same options as M(tutum.cloud.tutum_action_info).
  - Without terms and options it returns all actions.
  - The lookups of one task share a connection, and a finished action that one of them got by its UUID is not asked for
    again. Each task asks anew; to ask once for several, register the result of M(tutum.cloud.tutum_action_info).
author:
  - The tutum.cloud contributors (!UNKNOWN)
extends_documentation_fragment:
  - tutum.cloud._api
  - tutum.cloud._api.plugin
  - tutum.cloud._action_filter
  - tutum.cloud._action_filter.hidden_fields
options:
  _terms:
    description:
      - The actions to return, each named by its UUID, its resource URI (V(/api/v1/action/6246c558-976c-4df6-ba60-eb1a344a17af/))
        or its URL. They are returned in this order. Filters cannot be set with it.
      - A list is one term. An empty list asks nothing and returns nothing.
    type: list
    elements: str
requirements:
  - python-dateutil, if a date is given
seealso:
  - module: tutum.cloud.tutum_action_info
"""

EXAMPLES = r"""
- name: Look at one action
  ansible.builtin.debug:
    msg: "{{ lookup('tutum.cloud.tutum_action', '6246c558-976c-4df6-ba60-eb1a344a17af').state }}"

- name: Name what failed since yesterday
  ansible.builtin.debug:
    msg: "{{ query('tutum.cloud.tutum_action', state='Failed', start_date_gte='1 day ago') | map(attribute='action') }}"

- name: Show the last three actions
  ansible.builtin.debug:
    msg: "{{ item.started_at }} {{ item.action }}: {{ item.state }}"
  loop: "{{ query('tutum.cloud.tutum_action', order='newest_first', limit=3) }}"
  loop_control:
    label: "{{ item.uuid }}"
"""

RETURN = r"""
_raw:
  description:
    - The actions. The fields are those that M(tutum.cloud.tutum_action_info) returns.
    - As always, C(query) gives a list; C(lookup) gives the action itself where there is just one.
  type: list
  elements: dict
"""

import multiprocessing
import os
import typing as t
from datetime import date

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ansible_collections.tutum.cloud.plugins.module_utils._actions import Actions, Query
from ansible_collections.tutum.cloud.plugins.module_utils._client import Client
from ansible_collections.tutum.cloud.plugins.module_utils._credentials import (
    ENVIRONMENT,
    INI,
    OPTION,
    VARIABLE,
    Connection,
    Setting,
    resolve,
)
from ansible_collections.tutum.cloud.plugins.module_utils._errors import TutumError

try:  # core 2.19 and later
    from ansible._internal._templating._jinja_plugins import _LookupContext
except ImportError:
    _LookupContext = None

display = Display()

# A process of Ansible's is there for one task on one host. What is kept here is gone with it.
_actions_of_this_process: dict[t.Any, Actions] = {}


class LookupModule(LookupBase):
    """The lookup."""

    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        """Query, and return what was found."""
        # In the older kind of loop (with_...) no terms are an empty list, and not "all". Core 2.18 tells it so.
        is_loop = kwargs.pop("wantlist", False) or _is_loop()
        self._refuse_unknown(kwargs)
        # For the connection an empty value is none: it hides nothing that comes from elsewhere.
        direct = {name: _plain(value) for name, value in kwargs.items() if name not in ENVIRONMENT or value}
        self.set_options(var_options=self._option_variables(variables or {}, direct), direct=direct)
        try:
            connection = self._connection()
            uuids = [str(term) for term in self._flatten(terms)] if terms or is_loop else None
            query = Query({**self.get_options(), "uuid": uuids}, connection.api_url)
            return _actions_of(connection).query(query).actions
        except TutumError as error:
            raise AnsibleLookupError(f"tutum.cloud.tutum_action: {error}") from None

    def _refuse_unknown(self, kwargs: t.Iterable[str]) -> None:
        """Ansible drops an option that it does not know, and a query without its filter returns everything."""
        known = {name for name in self.option_definitions if name != "_terms"}
        for definition in self.option_definitions.values():
            known.update(definition.get("aliases") or ())
        for name in kwargs:
            if name not in known:
                raise AnsibleLookupError(
                    f"tutum.cloud.tutum_action: there is no option {name}. There are {', '.join(sorted(known))};"
                    " UUIDs are given as terms."
                )

    def _option_variables(self, variables: dict[str, t.Any], given: t.Container[str]) -> dict[str, t.Any]:
        """The variables that set options which are not given, as values. Ansible itself takes a template for the value."""
        names = (
            entry["name"]
            for option, definition in self.option_definitions.items()
            for entry in definition.get("vars") or ()
            if option not in given
        )
        values = {name: self._templar.template(variables[name]) for name in names if name in variables}
        return {name: value for name, value in values.items() if value not in (None, "")}

    def _connection(self) -> Connection:
        given = {}
        for name in ENVIRONMENT:
            value, origin = self.get_option_and_origin(name)
            setting = _setting(name, value, str(origin))
            if setting:
                given[name] = setting
        connection = resolve(
            given,
            validate_certs=self.get_option("validate_certs"),
            request_timeout=self.get_option("request_timeout"),
            max_retries=self.get_option("max_retries"),
        )
        for warning in connection.warnings:
            display.warning(warning)
        return connection


def _is_loop() -> bool:
    """Whether this lookup is called by a loop of the older kind, as far as ansible-core tells."""
    context = _LookupContext.current(optional=True) if _LookupContext else None
    return bool(context and context.invoked_as_with)


def _plain(value: t.Any) -> t.Any:
    """What YAML takes for a date, as the text that stands there."""
    return value.isoformat() if isinstance(value, date) else value


def _setting(name: str, value: t.Any, origin: str) -> Setting | None:
    """An option with its level."""
    if value is None or origin == "default":
        return None
    if origin == "Direct":
        return Setting(str(value), OPTION, f"the option {name}")
    if origin.startswith("var:"):
        return Setting(str(value), VARIABLE, f"the variable {origin[4:].strip()}")
    return Setting(str(value), INI, f"the file {origin}")


def _actions_of(connection: Connection) -> Actions:
    """The actions of an API, shared by the lookups of a task."""
    if multiprocessing.parent_process() is None:
        # Ansible's main process, which goes on when the task is over.
        return Actions(Client(connection))
    key = (os.getpid(), connection.key())
    if key not in _actions_of_this_process:
        _actions_of_this_process[key] = Actions(Client(connection))
    return _actions_of_this_process[key]
