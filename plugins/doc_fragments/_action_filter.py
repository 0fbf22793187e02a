# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that say which actions are meant, and what of them is returned."""

from __future__ import annotations


class ModuleDocFragment:
    # What a query can be narrowed down by: tutum_action_info and the lookup.
    DOCUMENTATION = r"""
options:
  state:
    description:
      - Only actions in one of these states. V(Pending), V(In progress) and V(Canceling) are unfinished, the others final.
      - An empty list matches nothing.
    type: list
    elements: str
    choices: [Pending, In progress, Canceling, Success, Failed, Canceled]
  start_date_gte:
    description:
      - Only actions that started at this time or later.
      - "Dates may be written in ISO 8601 (V(2014-09-17T08:26:22Z)), as a bare date (V(2014-09-17)), in RFC 2822 (V(Wed,
        17 Sep 2014 08:26:22 +0000)), or counted back from now (V(30 minutes ago), V(2h ago), V(3 days ago)). Without a
        zone they are UTC."
    type: str
    aliases: [start_date__gte]
  start_date_lte:
    description:
      - Only actions that started at this time or earlier. It includes the whole second that it names, and a bare date
        the whole day.
    type: str
    aliases: [start_date__lte]
  end_date_gte:
    description:
      - Only actions that ended at this time or later, written as in O(start_date_gte). Unfinished ones have not ended.
    type: str
    aliases: [end_date__gte]
  end_date_lte:
    description:
      - Only actions that ended at this time or earlier, written as in O(start_date_lte).
    type: str
    aliases: [end_date__lte]
  object:
    description:
      - Only actions of this object, named by its resource URI such as V(/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/).
    type: str
  include_related:
    description:
      - Whether actions of the parents and children of O(object) count, too. It needs O(object).
    type: bool
  order:
    description:
      - Which actions come first, by their start.
    type: str
    choices: [oldest_first, newest_first]
    default: oldest_first
  limit:
    description:
      - At most so many actions, those at the beginning of O(order). Set it with O(order=newest_first) to see the latest
        of a long history without reading all of it.
    type: int
  missing:
    description:
      - What to do about a UUID that the API does not know.
    type: str
    choices:
      error: Fail.
      skip: Leave it out.
    default: error
"""

    HIDDEN_FIELDS = r"""
options:
  hidden_fields:
    description:
      - Fields to leave out of every action, wherever it is shown. V(body) holds what was sent to the API and V(logs) what
        an operation wrote; both can hold secrets of your services, such as environment variables.
    type: list
    elements: str
"""
