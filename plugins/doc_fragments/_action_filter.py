# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that select actions and their fields."""

from __future__ import annotations


class ModuleDocFragment:
    # The options of a query: module tutum_action_info and lookup tutum_action.
    DOCUMENTATION = r"""
options:
  state:
    description:
      - Return only actions in one of these states. V(Pending), V(In progress), and V(Canceling) are unfinished. The
        other states are final.
      - An empty list matches no action.
    type: list
    elements: str
    choices: [Pending, In progress, Canceling, Success, Failed, Canceled]
  start_date_gte:
    description:
      - Return only actions that started at this time or later.
      - "Supported formats are ISO 8601 (V(2014-09-17T08:26:22Z)), a date without a time (V(2014-09-17)), RFC 2822
        (V(Wed, 17 Sep 2014 08:26:22 +0000)), and a time relative to now (V(30 minutes ago), V(2h ago), V(3 days ago))."
      - Since tutum.cloud 1.1.0, V(now), V(today), V(yesterday), and seconds since the epoch (V(1411000000)) are also
        supported.
      - A value without a time zone is in UTC. The days V(today) and V(yesterday) are days in UTC.
    type: str
    aliases: [start_date__gte]
  start_date_lte:
    description:
      - Return only actions that started at this time or earlier. The formats are those of O(start_date_gte).
      - The comparison includes the whole second. For a date without a time, V(today), and V(yesterday), it includes the
        whole day.
    type: str
    aliases: [start_date__lte]
  end_date_gte:
    description:
      - Return only actions that finished at this time or later. The formats are those of O(start_date_gte).
      - Unfinished actions have no end date and do not match.
    type: str
    aliases: [end_date__gte]
  end_date_lte:
    description:
      - Return only actions that finished at this time or earlier. The formats and the included time are those of
        O(start_date_lte).
      - Unfinished actions have no end date and do not match.
    type: str
    aliases: [end_date__lte]
  object:
    description:
      - Return all actions of this object, finished or not, that match the other filters.
      - The value is the resource URI of the object, for example
        V(/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/). The UUID in it can be in uppercase or lowercase.
    type: str
  include_related:
    description:
      - Whether to also return the actions of the parents and children of O(object). Requires O(object).
    type: bool
  order:
    description:
      - The order of the returned actions, by their start.
    type: str
    choices:
      oldest_first: The action that started first comes first.
      newest_first: The action that started last comes first.
    default: oldest_first
  limit:
    description:
      - The maximum number of actions to return, counted from the beginning of O(order). Must be V(1) or higher.
      - Combine it with O(order=newest_first) to get the latest actions without reading the whole history.
    type: int
  missing:
    description:
      - What to do if an action that is named by its UUID does not exist.
    type: str
    choices:
      error: Fail.
      skip: Leave the action out of the result.
    default: error
  fields:
    description:
      - The fields to return of each action. All other fields are left out.
      - A name can be a field of the API or one that this collection adds. All of them are listed in
        RV(tutum.cloud.tutum_action_info#module:actions).
      - A name that is neither documented nor part of any returned action causes a warning.
      - Mutually exclusive with O(hidden_fields). If C(module_defaults) sets O(hidden_fields), set it to C({{ omit }}) in the
        task.
    type: list
    elements: str
    version_added: 1.1.0
"""

    # Also for modules that wait.
    HIDDEN_FIELDS = r"""
options:
  hidden_fields:
    description:
      - The fields to leave out of each action, in return values and in messages.
      - The field V(body) contains the data that was sent to the API, and V(logs) contains the output of the operation.
        Both can contain secrets, such as environment variables of a service.
      - The fields V(uuid) and V(state) cannot be hidden.
      - Since tutum.cloud 1.1.0, a name that is neither documented nor part of any returned action causes a warning.
    type: list
    elements: str
"""
