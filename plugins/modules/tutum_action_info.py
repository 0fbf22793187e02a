#!/usr/bin/python

# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The actions that match a filter, or the actions with given UUIDs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tutum_action_info
short_description: Query actions of the Tutum API
version_added: 1.0.0
description:
  - Each call to the Tutum API is recorded as an action. A call that takes time goes on after its answer, and its action
    tells how it stands. This module returns the actions that match a filter, or those with given UUIDs.
  - To hold a play until an action has ended, use M(tutum.cloud.wait_for_action).
author:
  - The tutum.cloud contributors (!UNKNOWN)
extends_documentation_fragment:
  - tutum.cloud._api
  - tutum.cloud._action_filter
  - tutum.cloud._action_filter.hidden_fields
  - tutum.cloud._attributes
options:
  uuid:
    description:
      - The actions to return, each named by its UUID, its resource URI (V(/api/v1/action/6246c558-976c-4df6-ba60-eb1a344a17af/))
        or its URL. They are returned in this order. Filters cannot be set with it.
      - An empty list asks nothing and returns nothing.
    type: list
    elements: str
requirements:
  - python-dateutil, if a date is given
seealso:
  - module: tutum.cloud.wait_for_action
  - plugin: tutum.cloud.tutum_action
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: See what failed since yesterday
  tutum.cloud.tutum_action_info:
    state: Failed
    start_date_gte: 1 day ago
  register: failed

- name: Look at one action
  tutum.cloud.tutum_action_info:
    uuid: 6246c558-976c-4df6-ba60-eb1a344a17af
  register: creation

- name: Look at what was done last
  tutum.cloud.tutum_action_info:
    order: newest_first
    limit: 10
    hidden_fields: [body, logs]
  register: latest

- name: Tell how long the cluster's creation took
  ansible.builtin.debug:
    msg: "{{ creation.actions[0].action }} took {{ creation.actions[0].duration }} s"
"""

RETURN = r"""
actions:
  description:
    - The actions, as the API describes them and with what is worked out from that.
    - On failure those that were read before it.
  returned: when it asked, on success and on failure alike
  type: list
  elements: dict
  contains:
    uuid:
      description: The action's UUID.
      type: str
    resource_uri:
      description: The action's address on the API's host.
      type: str
    action:
      description: The name of the operation.
      type: str
    object:
      description: The resource URI of the object that the operation is done to. May be empty or null.
      type: str
    state:
      description: V(Pending), V(In progress), V(Canceling), V(Success), V(Failed) or V(Canceled).
      type: str
    method:
      description: The HTTP method of the API call.
      type: str
    path:
      description: The HTTP path of the API call.
      type: str
    body:
      description: The data of the API call, most often JSON. It can hold secrets, see O(hidden_fields).
      type: str
    logs:
      description: What the operation wrote. Some servers leave it out unless an action is asked for by O(uuid).
      type: str
    ip:
      description: The IP address of the user that made the API call.
      type: str
    location:
      description: Where that IP address is.
      type: str
    user_agent:
      description: The user agent of the API call.
      type: str
    start_date:
      description: When the operation started, as the API writes it (RFC 2822).
      type: str
    end_date:
      description: When the operation ended, as the API writes it (RFC 2822). Null while it has not.
      type: str
    started_at:
      description: When the operation started, in ISO 8601 and UTC. Null if RV(actions[].start_date) cannot be read.
      type: str
    ended_at:
      description: When the operation ended, in ISO 8601 and UTC. Null while it has not.
      type: str
    duration:
      description: How many seconds the operation took. Null while it has not ended.
      type: float
    finished:
      description: Whether RV(actions[].state) is final, that is V(Success), V(Failed) or V(Canceled).
      type: bool
    object_type:
      description: The type of RV(actions[].object), such as V(service). Null if there is none.
      type: str
    object_uuid:
      description: The UUID of RV(actions[].object). Null if there is none.
      type: str
  sample:
    - action: Cluster Create
      body: '{"image_tag": "/api/v1/image/tutum/ubuntu-quantal/tag/latest/", "name": "test_cluster"}'
      duration: 0.0
      end_date: Wed, 17 Sep 2014 08:26:22 +0000
      ended_at: "2014-09-17T08:26:22Z"
      finished: true
      ip: 56.78.90.12
      location: New York, USA
      logs: ""
      method: POST
      object: /api/v1/cluster/eea638f4-b77a-4183-b241-22dbd7866f22/
      object_type: cluster
      object_uuid: eea638f4-b77a-4183-b241-22dbd7866f22
      path: /api/v1/cluster/
      resource_uri: /api/v1/action/6246c558-976c-4df6-ba60-eb1a344a17af/
      start_date: Wed, 17 Sep 2014 08:26:22 +0000
      started_at: "2014-09-17T08:26:22Z"
      state: Success
      user_agent: Mozilla/5.0
      uuid: 6246c558-976c-4df6-ba60-eb1a344a17af
total_count:
  description: How many actions match on the server. With O(uuid) how many were found, each counted once.
  returned: when it asked, on success and on failure alike
  type: int
  sample: 1
truncated:
  description: Whether more actions match than were returned, because of O(limit) or a failure.
  returned: when it asked, on success and on failure alike
  type: bool
  sample: false
"""

import gc

# Nothing that an import makes is garbage. To look for some meanwhile, and again when all is over, takes a tenth of a
# short task's time.
gc.disable()

from contextlib import closing

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.tutum.cloud.plugins.module_utils._actions import FILTERS, Actions, Query
from ansible_collections.tutum.cloud.plugins.module_utils._argspec import CONNECTION, QUERY, connection_of
from ansible_collections.tutum.cloud.plugins.module_utils._client import Client
from ansible_collections.tutum.cloud.plugins.module_utils._errors import TutumError

gc.freeze()
gc.enable()


def main() -> None:
    """Query, and return what was found."""
    module = AnsibleModule(
        argument_spec={**CONNECTION, **QUERY},
        mutually_exclusive=[("uuid", name) for name in FILTERS],
        required_by={"include_related": "object"},
        supports_check_mode=True,
    )
    try:
        connection = connection_of(module)
        query = Query(module.params, connection.api_url)
        with closing(Client(connection)) as client:
            result = Actions(client).query(query)
    except TutumError as error:
        module.fail_json(msg=str(error), **error.results)
    module.exit_json(changed=False, **result.results())


if __name__ == "__main__":
    main()
