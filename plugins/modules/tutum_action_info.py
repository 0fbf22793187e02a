#!/usr/bin/python

# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Query actions by filter or by UUID."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tutum_action_info
short_description: Query actions of the Tutum API
version_added: 1.0.0
description:
  - Returns actions that match filters, or actions that are named by their UUIDs.
  - The Tutum API records each call as an action. A long-running call continues after its response, and its action shows
    whether the operation is still running and whether it succeeded.
  - To make a call, use M(tutum.cloud.tutum_call). To wait until actions have finished, use
    M(tutum.cloud.wait_for_action).
author:
  - The tutum.cloud contributors (!UNKNOWN)
extends_documentation_fragment:
  - tutum.cloud._api
  - tutum.cloud._action_filter
  - tutum.cloud._action_filter.hidden_fields
  - tutum.cloud._attributes
  - tutum.cloud._attributes.info_module
options:
  uuid:
    description:
      - The actions to return, in this order. Mutually exclusive with the filters.
      - An action is named by its UUID, its resource URI (V(/api/v1/action/6246c558-976c-4df6-ba60-eb1a344a17af/)), or
        its URL. White space around the value is ignored.
      - Since tutum.cloud 1.1.0, a short UUID is also accepted, that is, the first 8 or more characters of a UUID. It
        must identify exactly one action.
      - An empty list returns no actions, and no request is sent.
    type: list
    elements: str
requirements:
  - python-dateutil (only if a date filter is set)
notes:
  - Without O(uuid) and without filters, all actions are returned.
  - A filter or O(uuid) that is set to null counts as left out, and the query returns more actions than intended. The
    module cannot detect this, because ansible-core treats null like an option that is not set. However, O(uuid) together
    with a filter is an error even if one of them is null.
seealso:
  - module: tutum.cloud.tutum_call
  - module: tutum.cloud.wait_for_action
  - plugin: tutum.cloud.tutum_action
    plugin_type: lookup
"""

EXAMPLES = r"""
# The credentials come from the environment variables TUTUM_USER and TUTUM_APIKEY.

- name: Find the actions that failed since yesterday
  tutum.cloud.tutum_action_info:
    state: Failed
    end_date_gte: yesterday
  register: failed

- name: Get an action by the short UUID that the legacy Tutum CLI prints
  tutum.cloud.tutum_action_info:
    uuid: 6246c558
  register: creation

- name: Show how long the creation of the cluster took
  ansible.builtin.debug:
    msg: "{{ (creation.actions | first).action }} took {{ (creation.actions | first).duration }} s"

- name: Get the ten latest actions without request bodies and logs
  tutum.cloud.tutum_action_info:
    order: newest_first
    limit: 10
    hidden_fields: [body, logs]
  register: latest

- name: Get only the fields that a report needs
  tutum.cloud.tutum_action_info:
    object: /api/v1/cluster/eea638f4-b77a-4183-b241-22dbd7866f22/
    fields: [action, state, started_at, duration]
  register: report
"""

RETURN = r"""
actions:
  description:
    - The actions. Each action has the fields that the API returns, without changes, and the fields that this collection
      adds.
    - On failure, the actions that were read before the error.
  returned: always, unless the module fails before it sends a request
  type: list
  elements: dict
  contains:
    uuid:
      description:
        - The UUID of the action.
      returned: unless excluded with O(fields)
      type: str
    resource_uri:
      description:
        - The resource URI of the action.
      returned: unless excluded with O(fields) or O(hidden_fields)
      type: str
    action:
      description:
        - The name of the operation.
      returned: unless excluded with O(fields) or O(hidden_fields)
      type: str
    object:
      description:
        - The resource URI of the object that the operation is applied to. Can be empty or null.
      returned: unless excluded with O(fields) or O(hidden_fields)
      type: str
    state:
      description:
        - The state of the action. One of V(Pending), V(In progress), V(Canceling), V(Success), V(Failed), and
          V(Canceled).
      returned: unless excluded with O(fields)
      type: str
    method:
      description:
        - The HTTP method of the API call.
      returned: unless excluded with O(fields) or O(hidden_fields)
      type: str
    path:
      description:
        - The HTTP path of the API call.
      returned: unless excluded with O(fields) or O(hidden_fields)
      type: str
    body:
      description:
        - The data of the API call, usually JSON. Can be empty or null. It can contain secrets, see O(hidden_fields).
      returned: unless excluded with O(fields) or O(hidden_fields)
      type: str
    logs:
      description:
        - The output of the operation. Can be empty or null.
        - Some servers return the logs only for actions that are requested with O(uuid).
      returned: if the server returns it, unless excluded with O(fields) or O(hidden_fields)
      type: str
    ip:
      description:
        - The IP address of the user who made the API call. Can be empty or null.
      returned: unless excluded with O(fields) or O(hidden_fields)
      type: str
    location:
      description:
        - The geographic location of that IP address. Can be empty or null.
      returned: unless excluded with O(fields) or O(hidden_fields)
      type: str
    user_agent:
      description:
        - The user agent of the client that made the API call.
      returned: unless excluded with O(fields) or O(hidden_fields)
      type: str
    start_date:
      description:
        - The time at which the operation started, in the format of the API (usually RFC 2822).
      returned: unless excluded with O(fields) or O(hidden_fields)
      type: str
    end_date:
      description:
        - The time at which the operation finished, in the format of the API (usually RFC 2822). Null while the action
          is unfinished.
      returned: unless excluded with O(fields) or O(hidden_fields)
      type: str
    is_user_action:
      description:
        - Whether a user started the action. Passed through from the API.
      returned: if the server returns it, unless excluded with O(fields) or O(hidden_fields)
      type: bool
    can_be_canceled:
      description:
        - Whether the action can be canceled. Passed through from the API.
      returned: if the server returns it, unless excluded with O(fields) or O(hidden_fields)
      type: bool
    can_be_retried:
      description:
        - Whether the action can be retried. Passed through from the API.
      returned: if the server returns it, unless excluded with O(fields) or O(hidden_fields)
      type: bool
    started_at:
      description:
        - RV(actions[].start_date) in ISO 8601 and UTC. Null if the date cannot be read or is hidden. Added by this
          collection.
      returned: unless excluded with O(fields) or O(hidden_fields)
      type: str
    ended_at:
      description:
        - RV(actions[].end_date) in ISO 8601 and UTC. Null while the action is unfinished, and if the date cannot be
          read or is hidden. Added by this collection.
      returned: unless excluded with O(fields) or O(hidden_fields)
      type: str
    duration:
      description:
        - The time in seconds from the start to the end of the operation. Null if either is unknown. Added by this
          collection.
      returned: unless excluded with O(fields) or O(hidden_fields)
      type: float
    finished:
      description:
        - Whether RV(actions[].state) is final, that is, V(Success), V(Failed), or V(Canceled). Added by this
          collection.
      returned: unless excluded with O(fields) or O(hidden_fields)
      type: bool
    object_type:
      description:
        - The type of RV(actions[].object), for example V(service). Null if there is no object or it is hidden. Added by
          this collection.
      returned: unless excluded with O(fields) or O(hidden_fields)
      type: str
    object_uuid:
      description:
        - The UUID of RV(actions[].object). Null if there is no object or it is hidden. Added by this collection.
      returned: unless excluded with O(fields) or O(hidden_fields)
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
  description:
    - The number of actions that match. With O(uuid), the number of actions that were found, each counted once.
    - Null if the server does not report the number and not all matching actions were read.
  returned: always, unless the module fails before it sends a request
  type: int
  sample: 1
truncated:
  description:
    - Whether more actions match than were returned, because of O(limit) or a failure.
  returned: always, unless the module fails before it sends a request
  type: bool
  sample: false
status:
  description:
    - The HTTP status code of the response to the request that failed.
    - Null if that request got no response, or if no request failed.
  returned: failure
  type: int
  version_added: 1.1.0
  sample: 503
url:
  description:
    - The URL of the request that failed. Null if no request failed.
  returned: failure
  type: str
  version_added: 1.1.0
  sample: https://dashboard.tutum.co/api/v1/action/
error_type:
  description:
    - The kind of error, for conditions in a playbook.
    - V(option) means that an option has an invalid value.
    - V(credentials) means that the credentials are missing, incomplete, or cannot be sent.
    - V(library) means that a required Python library is not installed.
    - V(connection) means that a request got no complete response, for example because of a timeout.
    - V(http) means that the API responded with an error status.
    - V(not_found) means that the API does not know an action, or responded with status 404.
    - V(response) means that the response is invalid.
  returned: failure, unless ansible-core itself rejects the options
  type: str
  version_added: 1.1.0
  sample: http
"""

from contextlib import closing

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.tutum.cloud.plugins.module_utils._actions import ActionsClient
from ansible_collections.tutum.cloud.plugins.module_utils._argspec import CONNECTION, QUERY
from ansible_collections.tutum.cloud.plugins.module_utils._client import Client
from ansible_collections.tutum.cloud.plugins.module_utils._errors import TutumError
from ansible_collections.tutum.cloud.plugins.module_utils._module import fail, settings_from_module
from ansible_collections.tutum.cloud.plugins.module_utils._queries import QueryRunner
from ansible_collections.tutum.cloud.plugins.module_utils._query_options import FILTERS, Query


def main() -> None:
    """Query, and return what was found."""
    module = AnsibleModule(
        argument_spec={**CONNECTION, **QUERY},
        mutually_exclusive=[*(("uuid", name) for name in FILTERS), ("fields", "hidden_fields")],
        required_by={"include_related": "object"},
        supports_check_mode=True,
    )
    try:
        settings = settings_from_module(module)
        query = Query(module.params, settings.api_url)
        with closing(Client(settings)) as client:
            result = QueryRunner(ActionsClient(client)).run(query)
    except TutumError as error:
        fail(module, error)
    for warning in result.warnings:
        module.warn(warning)
    module.exit_json(changed=False, **result.results())


if __name__ == "__main__":
    main()
