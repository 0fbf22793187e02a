#!/usr/bin/python

# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait until actions have finished, and fail if one of them does not succeed."""

from __future__ import annotations

DOCUMENTATION = r"""
module: wait_for_action
short_description: Wait until actions of the Tutum API have finished
version_added: 1.0.0
description:
  - Waits until actions have finished, and fails if one of them does not succeed. The play continues only after all of
    them have succeeded.
  - The Tutum API responds to a long-running call immediately. An action shows whether the operation is still running
    and whether it succeeded.
  - To make one call and wait for its action, use M(tutum.cloud.tutum_call). This module is for several actions together,
    and for actions that something else started.
  - The module polls immediately, then at intervals that grow with the elapsed time, and once more when O(timeout)
    expires. Multiple actions are polled together.
author:
  - The tutum.cloud contributors (!UNKNOWN)
extends_documentation_fragment:
  - tutum.cloud._api
  - tutum.cloud._waiting
  - tutum.cloud._action_filter.hidden_fields
  - tutum.cloud._attributes
options:
  uuid:
    description:
      - The actions to wait for. At least one of O(uuid) and O(object) is required, and null does not count.
      - An action is named by its UUID, its resource URI (V(/api/v1/action/6246c558-976c-4df6-ba60-eb1a344a17af/)), or
        its URL. White space around the value is ignored.
      - From a result of M(tutum.cloud.tutum_call), use RV(tutum.cloud.tutum_call#module:uuid). From a result of
        M(ansible.builtin.uri), use C(x_tutum_action_uri).
      - Since tutum.cloud 1.1.0, a short UUID is also accepted, that is, the first 8 or more characters of a UUID. It
        must identify exactly one action.
      - With an empty list, there is nothing to wait for. The task succeeds with a warning. Set O(min_actions) to make
        it fail instead.
    type: list
    elements: str
  object:
    description:
      - Wait for the unfinished actions of this object, that is, for each action that is unfinished when the task
        begins.
      - The value is the resource URI of the object, for example
        V(/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/). The UUID in it can be in uppercase or lowercase.
      - The actions are looked up before O(delay). Actions that start later are not included. Actions that finish before
        the first poll are included. The clock of the server is used for this comparison.
      - If the object has actions and all of them are finished, the task succeeds with a warning. Set O(min_actions) to
        make it wait for an action instead.
      - If the object has no actions at all, the task fails, see O(missing).
    type: str
  include_related:
    description:
      - Whether to also wait for the unfinished actions of the parents and children of O(object). Requires O(object).
    type: bool
    default: false
    version_added: 1.1.0
  min_actions:
    description:
      - The minimum number of actions to wait for. The task fails if there are fewer.
      - With O(object), the module keeps looking for unfinished actions until it has found this many or O(timeout)
        expires. Set it to V(1) if you know that an action has been started, since a new action is not always visible
        immediately.
      - If the actions come from a loop, set it to the number of items. The task then fails if an item did not start an
        action.
    type: int
    default: 0
    version_added: 1.1.0
  missing:
    description:
      - What to do if an action in O(uuid) does not exist, or if no action of O(object) exists.
      - A new action is not always visible immediately. An action counts as missing if the API responds with status 404
        for at least 5 seconds and 3 polls.
      - An action that was seen before and is then missing is a failure in any case, since it is not known to have
        succeeded.
    type: str
    choices:
      error: Fail.
      skip: Do not wait for it.
    default: error
    version_added: 1.1.0
seealso:
  - module: tutum.cloud.tutum_call
  - module: tutum.cloud.tutum_action_info
  - module: ansible.builtin.uri
attributes:
  check_mode:
    support: full
    details:
      - The module waits in check mode, too. With O(on_timeout=cancel), no action is canceled.
      - Without O(on_timeout=cancel), this action does not modify state.
  diff_mode:
    support: none
  idempotent:
    support: full
    details:
      - This action does not modify state, except that O(on_timeout=cancel) cancels unfinished actions.
  async:
    description: Supports being used with the C(async) keyword.
    support: full
    details:
      - With C(poll=0), ansible-core itself reports the task that starts the wait as changed. Set C(changed_when) if this
        matters.
      - M(ansible.builtin.async_status) with C(mode=cleanup) removes the file in which Ansible stores the result.
  action:
    description:
      - Indicates this has a corresponding action plugin so some parts of the options can be executed on the controller.
    support: full
"""

EXAMPLES = r"""
# The credentials come from the environment variables TUTUM_USER and TUTUM_APIKEY.

# To make one call and wait for its action, tutum.cloud.tutum_call is enough.
- name: Define the services to redeploy together
  ansible.builtin.set_fact:
    services:
      - /api/v1/service/3f1b6a0e-8a55-4d0b-a50f-3d9f4a2fb0a1/
      - /api/v1/service/9a4c7d52-6d0b-4f0e-8f4e-0d8f1f5d6c02/

- name: Start the redeployments
  tutum.cloud.tutum_call:
    path: "{{ item }}redeploy/"
    wait: false
  loop: "{{ services }}"
  register: redeployments

- name: Continue only after all of them have succeeded
  tutum.cloud.wait_for_action:
    uuid: "{{ redeployments.results | map(attribute='uuid') }}"
    min_actions: "{{ services | length }}"
    timeout: 600

- name: Start a service
  tutum.cloud.tutum_call:
    path: /api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/start/
    wait: false

- name: Wait for the unfinished actions of the service, of which there must be at least one
  tutum.cloud.wait_for_action:
    object: /api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/
    min_actions: 1

- name: Wait until no action of the service is running, whether the actions succeed or not
  tutum.cloud.wait_for_action:
    object: /api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/
    success_states: [Success, Failed, Canceled]

- name: Wait for an action, and fail with the last line of its logs
  block:
    - name: Wait for the creation of the cluster
      tutum.cloud.wait_for_action:
        uuid: 6246c558-976c-4df6-ba60-eb1a344a17af
  rescue:
    - name: Show the last line of the logs
      ansible.builtin.fail:
        msg: "{{ (ansible_failed_result.actions | first).logs.splitlines() | last }}"

- name: Redeploy a service with ansible.builtin.uri
  ansible.builtin.uri:
    url: "{{ tutum_api_url }}/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/redeploy/"
    method: POST
    url_username: "{{ lookup('ansible.builtin.env', 'TUTUM_USER') }}"
    url_password: "{{ lookup('ansible.builtin.env', 'TUTUM_APIKEY') }}"
    force_basic_auth: true
    status_code: 202
  no_log: true
  vars:
    tutum_api_url: "{{ lookup('ansible.builtin.env', 'TUTUM_REST_HOST', default='https://dashboard.tutum.co') }}"
  register: redeploy

- name: Wait for the action that the header X-Tutum-Action-URI names
  tutum.cloud.wait_for_action:
    uuid: "{{ redeploy.x_tutum_action_uri }}"
"""

RETURN = r"""
actions:
  description:
    - The actions as last seen. The order is that of O(uuid), followed by the actions of O(object).
    - Each action has the fields that RV(tutum.cloud.tutum_action_info#module:actions) documents. The most important
      ones are listed here.
    - Actions that were never seen are left out.
  returned: always, unless the module fails before it sends a request
  type: list
  elements: dict
  contains:
    uuid:
      description:
        - The UUID of the action.
      returned: always
      type: str
    action:
      description:
        - The name of the operation.
      returned: unless excluded with O(hidden_fields)
      type: str
    object:
      description:
        - The resource URI of the object that the operation is applied to. Can be empty or null.
      returned: unless excluded with O(hidden_fields)
      type: str
    state:
      description:
        - The state of the action. One of V(Pending), V(In progress), V(Canceling), V(Success), V(Failed), and
          V(Canceled).
      returned: always
      type: str
    finished:
      description:
        - Whether RV(actions[].state) is final, that is, V(Success), V(Failed), or V(Canceled).
      returned: unless excluded with O(hidden_fields)
      type: bool
    logs:
      description:
        - The output of the operation. Can be empty or null.
      returned: if the server returns it, unless excluded with O(hidden_fields)
      type: str
    started_at:
      description:
        - The time at which the operation started, in ISO 8601 and UTC. Null if unknown.
      returned: unless excluded with O(hidden_fields)
      type: str
    ended_at:
      description:
        - The time at which the operation finished, in ISO 8601 and UTC. Null while the action is unfinished.
      returned: unless excluded with O(hidden_fields)
      type: str
    duration:
      description:
        - The time in seconds from the start to the end of the operation. Null while the action is unfinished.
      returned: unless excluded with O(hidden_fields)
      type: float
  sample:
    - action: Service Redeploy
      duration: 12.0
      ended_at: "2014-09-17T08:26:34Z"
      finished: true
      logs: ""
      object: /api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/
      started_at: "2014-09-17T08:26:22Z"
      state: Success
      uuid: 6246c558-976c-4df6-ba60-eb1a344a17af
states:
  description:
    - The number of actions in each state. A state without actions is left out.
  returned: always, unless the module fails before it sends a request
  type: dict
  sample:
    Success: 2
    Failed: 1
unfinished:
  description:
    - The UUIDs of the actions that were unfinished when the wait ended.
  returned: always, unless the module fails before it sends a request
  type: list
  elements: str
  sample: []
unsuccessful:
  description:
    - The UUIDs of the actions that finished without success or do not exist, but not of the unfinished ones, see
      RV(unfinished).
    - An action succeeds if its final state is one of O(success_states).
  returned: always, unless the module fails before it sends a request
  type: list
  elements: str
  sample: []
timed_out:
  description:
    - Whether the wait ended because O(timeout) expired.
  returned: always, unless the module fails before it sends a request
  type: bool
  sample: false
canceled:
  description:
    - The UUIDs of the actions for which the API accepted the cancellation.
  returned: if O(timeout) expires with O(on_timeout=cancel)
  type: list
  elements: str
  version_added: 1.1.0
  sample: []
not_canceled:
  description:
    - The UUIDs of the unfinished actions that could not be canceled.
  returned: if O(timeout) expires with O(on_timeout=cancel)
  type: list
  elements: str
  version_added: 1.1.0
  sample: []
elapsed:
  description:
    - The duration of the wait in seconds.
  returned: always, unless the module fails before it sends a request
  type: float
  sample: 12.7
polls:
  description:
    - The number of polls. One poll covers all actions and needs only a few requests.
    - V(0) if there was nothing to poll.
  returned: always, unless the module fails before it sends a request
  type: int
  sample: 12
failed_polls:
  description:
    - The number of polls that failed after all O(max_retries) retries.
  returned: always, unless the module fails before it sends a request
  type: int
  sample: 0
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
  returned: failure, unless the failure is the outcome of the wait or ansible-core itself rejects the options
  type: str
  version_added: 1.1.0
  sample: http
"""

from contextlib import closing

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.tutum.cloud.plugins.module_utils._actions import ActionsClient
from ansible_collections.tutum.cloud.plugins.module_utils._argspec import CONNECTION, WAIT
from ansible_collections.tutum.cloud.plugins.module_utils._client import Client
from ansible_collections.tutum.cloud.plugins.module_utils._errors import TutumError
from ansible_collections.tutum.cloud.plugins.module_utils._module import fail, settings_from_module
from ansible_collections.tutum.cloud.plugins.module_utils._wait_module import (
    exit_when_ansible_exits,
    finish_wait,
    progress_writer,
)
from ansible_collections.tutum.cloud.plugins.module_utils._wait_options import WaitOptions
from ansible_collections.tutum.cloud.plugins.module_utils._waiting import Wait


def main() -> None:
    """Wait, and return what was seen."""
    module = AnsibleModule(argument_spec={**CONNECTION, **WAIT}, supports_check_mode=True)
    exit_when_ansible_exits()
    try:
        settings = settings_from_module(module)
        options = WaitOptions(module.params, settings.api_url)
        with closing(Client(settings)) as client:
            wait = Wait(ActionsClient(client), options, progress=progress_writer(module), check_mode=module.check_mode)
            wait.run()
    except TutumError as error:
        fail(module, error)
    except KeyboardInterrupt:
        raise SystemExit(130) from None  # Ansible shows the interruption; a traceback would not help.
    finish_wait(module, wait)


if __name__ == "__main__":
    main()
