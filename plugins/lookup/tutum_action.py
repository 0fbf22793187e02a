# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Query actions by filter or by UUID, inside a template."""

from __future__ import annotations

DOCUMENTATION = r"""
name: tutum_action
short_description: Query actions of the Tutum API in a template
version_added: 1.0.0
description:
  - Returns actions that match filters, or actions that are named by their UUIDs, inside a template.
  - The options and the returned actions are those of M(tutum.cloud.tutum_action_info).
  - Without terms and filters, all actions are returned.
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
      - The actions to return, in this order. Mutually exclusive with the filters.
      - An action is named by its UUID, its resource URI (V(/api/v1/action/6246c558-976c-4df6-ba60-eb1a344a17af/)), or
        its URL. White space around the value is ignored.
      - Since tutum.cloud 1.1.0, a short UUID is also accepted, that is, the first 8 or more characters of a UUID. It
        must identify exactly one action.
      - A list counts as one term. An empty list returns no actions, and no request is sent.
    type: list
    elements: str
requirements:
  - python-dateutil (only if a date filter is set)
notes:
  - A term or a filter that is null (V(none)) is an error, since the query would return more actions than intended.
  - An unknown option is an error.
  - Since tutum.cloud 1.1.0, the environment variables of the keyword C(environment) of the task, block, or play count
    like those of the Ansible process, and take precedence over them.
  - Ansible runs the lookup each time the template is evaluated. Within a task, the lookups share a connection, and a
    finished action that was requested by its UUID is not requested again. To query once for several tasks, register the
    result of M(tutum.cloud.tutum_action_info).
seealso:
  - module: tutum.cloud.tutum_action_info
  - module: tutum.cloud.tutum_call
  - module: tutum.cloud.wait_for_action
"""

EXAMPLES = r"""
# The credentials come from the environment variables TUTUM_USER and TUTUM_APIKEY.

- name: Show the state of an action
  ansible.builtin.debug:
    msg: "{{ lookup('tutum.cloud.tutum_action', '6246c558-976c-4df6-ba60-eb1a344a17af').state }}"

- name: Show the operations that failed since yesterday
  ansible.builtin.debug:
    msg: "{{ query('tutum.cloud.tutum_action', state='Failed', end_date_gte='yesterday') | map(attribute='action') }}"

- name: Show the latest three actions
  ansible.builtin.debug:
    msg: "{{ item.started_at }} {{ item.action }}: {{ item.state }}"
  loop: "{{ query('tutum.cloud.tutum_action', order='newest_first', limit=3, hidden_fields=['body', 'logs']) }}"
  loop_control:
    label: "{{ item.uuid }}"
"""

RETURN = r"""
_raw:
  description:
    - The actions. Each action has the fields that RV(tutum.cloud.tutum_action_info#module:actions) documents.
    - C(query) always returns a list. C(lookup) returns the action itself if there is exactly one.
  type: list
  elements: dict
"""

import multiprocessing
import os
import re
import typing as t
from datetime import date

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ansible_collections.tutum.cloud.plugins.module_utils._actions import ActionsClient
from ansible_collections.tutum.cloud.plugins.module_utils._argspec import QUERY
from ansible_collections.tutum.cloud.plugins.module_utils._client import Client
from ansible_collections.tutum.cloud.plugins.module_utils._errors import OptionError, TutumError
from ansible_collections.tutum.cloud.plugins.module_utils._queries import QueryRunner
from ansible_collections.tutum.cloud.plugins.module_utils._query_options import Query
from ansible_collections.tutum.cloud.plugins.module_utils._settings import ConnectionSettings, resolve_settings
from ansible_collections.tutum.cloud.plugins.module_utils._sources import INI, OPTION, OPTIONS, VARIABLE, Setting
from ansible_collections.tutum.cloud.plugins.plugin_utils._core import is_with_loop

NULL_PROBLEM = (
    "The value is null, and without it the lookup would return other actions. Check the variable, or omit the option"
)
IGNORED_OPTIONS = ("allow_unsafe",)
"""Ansible's own; other lookups accept it, too."""

CONNECTION_VARIABLE = re.compile(r"TUTUM_\w+|\w+_PROXY|\w+_CA_BUNDLE|SSL_CERT_FILE", re.IGNORECASE)
"""The environment variables that the connection depends on."""

display = Display()

# A worker process of Ansible runs one task on one host, and what is kept here ends with it.
_runners: dict[t.Any, QueryRunner] = {}

_environment_in_use: list[bool] = []
"""Not empty while the task's environment is read, so that a lookup in it does not read it again."""


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: list[t.Any] | None, variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        """Run the query, and return the actions."""
        # In a loop of the older kind (with_...) no terms are an empty list, and not "all".
        is_loop = kwargs.pop("wantlist", False) or is_with_loop()
        options = {name: value for name, value in kwargs.items() if name not in IGNORED_OPTIONS}
        self._check_names(options)
        try:
            _check_nulls(options)
            # For the connection an empty value counts as not set, so that other sources are used.
            direct = {name: _date_to_text(value) for name, value in options.items() if name not in OPTIONS or value}
            self.set_options(var_options=self._option_variables(variables or {}, direct), direct=direct)
            settings = self._settings(variables or {})
            uuids = self._uuids(terms) if terms or terms is None or is_loop else None
            result = _runner(settings).run(Query({**self.get_options(), "uuid": uuids}, settings.api_url))
        except TutumError as error:
            raise AnsibleLookupError(f"tutum.cloud.tutum_action: {error}") from None
        for warning in result.warnings:
            display.warning(warning)
        return result.actions

    def _uuids(self, terms: t.Any) -> list[str]:
        flat = [None] if terms is None else self._flatten(terms)
        if None in flat:
            raise OptionError("_terms", None, NULL_PROBLEM)
        return [str(term) for term in flat]

    def _check_names(self, names: t.Iterable[str]) -> None:
        """Refuse an option that does not exist. Ansible drops it, and a query without its filter returns everything."""
        known = {name for name in self.option_definitions if name != "_terms"}
        for definition in self.option_definitions.values():
            known.update(definition.get("aliases") or ())
        for name in names:
            if name not in known:
                raise AnsibleLookupError(
                    f"tutum.cloud.tutum_action: Unsupported option: {name}. Supported options: {', '.join(sorted(known))}."
                    " UUIDs are given as terms."
                )

    def _option_variables(self, variables: dict[str, t.Any], given: t.Container[str]) -> dict[str, t.Any]:
        """Return the variables that set options which are not given, as values. Ansible itself uses a template as it is."""
        names = (
            entry["name"]
            for option, definition in self.option_definitions.items()
            for entry in definition.get("vars") or ()
            if option not in given
        )
        values = {name: self._templar.template(variables[name]) for name in names if name in variables}
        return {name: value for name, value in values.items() if value not in (None, "")}

    def _settings(self, variables: t.Mapping[str, t.Any]) -> ConnectionSettings:
        given = {}
        for name in OPTIONS:
            value, origin = self.get_option_and_origin(name)
            setting = _setting_from_origin(name, value, str(origin))
            if setting:
                given[name] = setting
        settings = resolve_settings(
            given,
            validate_certs=self.get_option("validate_certs"),
            request_timeout=self.get_option("request_timeout"),
            max_retries=self.get_option("max_retries"),
            environ={**os.environ, **self._task_environment(variables)},
        )
        for warning in settings.warnings:
            display.warning(warning)
        return settings

    def _task_environment(self, variables: t.Mapping[str, t.Any]) -> dict[str, str]:
        """Return what the keyword ``environment`` of task, block and play sets for the connection, as for a module.

        Other values are left alone: they may be undefined, or use this lookup.
        """
        if _environment_in_use:
            return {}
        environments = variables.get("environment") or []
        found: dict[str, str] = {}
        _environment_in_use.append(True)
        try:
            # The task's own comes last, and takes precedence.
            for one in environments if isinstance(environments, list) else [environments]:
                environment = one if isinstance(one, dict) else self._templar.template(one)
                for name, template in environment.items() if isinstance(environment, dict) else ():
                    value = self._templar.template(template) if CONNECTION_VARIABLE.fullmatch(str(name)) else None
                    if value is not None:
                        found[str(name)] = str(value)
        finally:
            _environment_in_use.pop()
        return found


def _check_nulls(options: t.Mapping[str, t.Any]) -> None:
    names = {*QUERY, *(alias for one in QUERY.values() for alias in one.get("aliases", ()))}
    for name, value in options.items():
        if value is None and name in names:
            raise OptionError(name, None, NULL_PROBLEM)


def _date_to_text(value: t.Any) -> t.Any:
    """Return what YAML reads as a date in ISO 8601, as it was written."""
    return value.isoformat() if isinstance(value, date) else value


def _setting_from_origin(name: str, value: t.Any, origin: str) -> Setting | None:
    """Return an option with its level; None if it is not set."""
    if value is None or origin == "default":
        return None
    if origin == "Direct":
        return Setting(str(value), OPTION, f"the option {name}")
    if origin.startswith("var:"):
        return Setting(str(value), VARIABLE, f"the variable {origin[4:].strip()}")
    return Setting(str(value), INI, f"the file {origin}")


def _runner(settings: ConnectionSettings) -> QueryRunner:
    """Return what runs the queries of an API; the lookups of a task share it, and its connection."""
    if multiprocessing.parent_process() is None:
        # Ansible's main process, which continues after the task.
        return QueryRunner(ActionsClient(Client(settings)))
    key = (os.getpid(), settings.key())
    if key not in _runners:
        _runners[key] = QueryRunner(ActionsClient(Client(settings)))
    return _runners[key]
