#!/usr/bin/python

# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make a call of the API, never twice, and wait until its action has succeeded."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tutum_call
short_description: Make a call of the Tutum API and wait for its action
version_added: 1.1.0
description:
  - Makes one call of the Tutum API, waits until the action that it started has finished, and fails if that does not succeed.
    The play continues only after the operation has succeeded.
  - The call is never carried out twice. It is sent again only if there was no connection, or if the response has the status
    429, or the status 503 with the header C(Retry-After), which mean that the call was refused.
  - If the response is lost, the module looks for the action of the call for up to 15 seconds. If there is none, the module fails
    and reports that it is not known whether the call was carried out.
  - The response header C(X-Tutum-Action-URI) is not required. The API stores the C(User-Agent) of a call with its action, and the
    module uses it to find the action.
author:
  - The tutum.cloud contributors (!UNKNOWN)
extends_documentation_fragment:
  - tutum.cloud._api
  - tutum.cloud._waiting
  - tutum.cloud._action_filter.hidden_fields
  - tutum.cloud._attributes
options:
  path:
    description:
      - The path of the call, for example V(/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/redeploy/). It can have a query.
      - To cancel or retry an action, use its operations, for example
        V(/api/v1/action/6246c558-976c-4df6-ba60-eb1a344a17af/cancel/). The module then waits for that action; after a
        cancellation, V(Canceled) counts as success, too.
      - A full URL is accepted if it is on the host of O(api_url). A missing final slash is added.
    type: str
    required: true
  method:
    description:
      - The HTTP method of the call.
    type: str
    choices: [POST, PATCH, PUT, DELETE]
    default: POST
  body:
    description:
      - The data of the call. It is sent as a JSON object.
      - If it contains secrets, set C(no_log=true) for the task. The API keeps the data in the field C(body) of the action.
    type: dict
  user_agent:
    description:
      - A name of your own, for example of the pipeline that runs the playbook. It is put in front of the C(User-Agent) of the
        collection, which the API shows in the field C(user_agent) of the action.
    type: str
  wait:
    description:
      - Whether to wait until the action of the call has finished.
      - With V(false), the module returns the action in RV(uuid). Use M(tutum.cloud.wait_for_action) to wait for several actions
        together.
    type: bool
    default: true
seealso:
  - module: tutum.cloud.wait_for_action
  - module: tutum.cloud.tutum_action_info
attributes:
  check_mode:
    support: partial
    details:
      - In check mode nothing is sent, and the module reports C(changed=true).
  diff_mode:
    support: none
  idempotent:
    support: none
    details:
      - Each run makes the call once more.
  async:
    description: Supports being used with the C(async) keyword.
    support: full
    details:
      - M(ansible.builtin.async_status) with C(mode=cleanup) removes the file in which Ansible stores the result.
  action:
    description:
      - Indicates this has a corresponding action plugin so some parts of the options can be executed on the controller.
    support: full
"""

EXAMPLES = r"""
# The credentials come from the environment variables TUTUM_USER and TUTUM_APIKEY.

- name: Redeploy a service, and continue only after that has succeeded
  tutum.cloud.tutum_call:
    path: /api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/redeploy/

- name: Terminate a node within 10 minutes
  tutum.cloud.tutum_call:
    path: /api/v1/node/7eaf7fff-882c-4f3d-9a8f-a22317ac00ce/
    method: DELETE
    timeout: 600

- name: Start several services
  tutum.cloud.tutum_call:
    path: "/api/v1/service/{{ item }}/start/"
    wait: false
  loop:
    - 3f1b6a0e-8a55-4d0b-a50f-3d9f4a2fb0a1
    - 9a4c7d52-6d0b-4f0e-8f4e-0d8f1f5d6c02
  register: started

- name: Wait for all of them together
  tutum.cloud.wait_for_action:
    uuid: "{{ started.results | map(attribute='uuid') }}"
    min_actions: "{{ started.results | length }}"
"""

RETURN = r"""
status:
  description:
    - The HTTP status code of the response to the call. Null in check mode, or if the response was lost.
    - If a later request of the wait failed, the status code of the response to that request.
  returned: always, unless ansible-core itself rejects the options
  type: int
  sample: 202
response:
  description:
    - The JSON value in the response to the call, most often the object that the call is about. Null if there is none.
    - The response to the cancellation or retry of an action is that action, without the fields that O(hidden_fields) names.
  returned: always, unless the module fails before it sends the call
  type: raw
  sample:
    name: web
    resource_uri: /api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/
    state: Redeploying
uuid:
  description:
    - The UUID of the action of the call. Null if the call needs none, or in check mode.
  returned: always, unless the module fails before it sends the call
  type: str
  sample: 6246c558-976c-4df6-ba60-eb1a344a17af
actions:
  description:
    - The actions as last seen. The action of the call, unless O(wait=false).
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
  sample: []
not_canceled:
  description:
    - The UUIDs of the unfinished actions that could not be canceled.
  returned: if O(timeout) expires with O(on_timeout=cancel)
  type: list
  elements: str
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
url:
  description:
    - The URL of the request that failed. Null if no request failed.
  returned: failure
  type: str
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
    - V(unknown_outcome) means that it is not known whether the call was carried out, or that its action cannot be found.
  returned: failure, unless the failure is the outcome of the wait or ansible-core itself rejects the options
  type: str
  sample: http
"""

from contextlib import closing

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.tutum.cloud.plugins.module_utils._actions import ActionsClient
from ansible_collections.tutum.cloud.plugins.module_utils._argspec import CALL, CONNECTION
from ansible_collections.tutum.cloud.plugins.module_utils._call_options import CallOptions
from ansible_collections.tutum.cloud.plugins.module_utils._calls import Call
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
    """Make the call, wait for its action, and return what was seen."""
    module = AnsibleModule(argument_spec={**CONNECTION, **CALL}, supports_check_mode=True)
    exit_when_ansible_exits()
    results = {}
    try:
        settings = settings_from_module(module)
        options = CallOptions(module.params, settings.api_url)
        wait_options = WaitOptions({**module.params, "uuid": []}, settings.api_url)
        progress = progress_writer(module)
        with closing(Client(settings)) as client:
            call = Call(client, options, hidden_fields=wait_options.fields.hidden)
            results = call.results()
            if module.check_mode:
                results["changed"] = True
            else:
                try:
                    call.run()
                except TutumError as error:
                    error.results = Wait(ActionsClient(client), wait_options).results()
                    raise
                finally:
                    results = call.results()
                if progress and call.uuid:
                    # Shown immediately: if the task is interrupted, the user knows what is left running.
                    became = "was accepted" if options.action_uuid else f"started action {call.uuid}"
                    progress.show_log(f"{options.method} {options.path} {became}")
            if call.uuid and module.params["wait"]:
                wait_options.references.append(call.uuid)
            if options.is_cancel and "Canceled" not in wait_options.success_states:
                wait_options.success_states += ("Canceled",)
            wait = Wait(ActionsClient(client), wait_options, progress=progress)
            wait.run()
    except TutumError as error:
        error.results = {**error.results, **results}
        fail(module, error)
    except KeyboardInterrupt:
        raise SystemExit(130) from None  # Ansible shows the interruption; a traceback would not help.
    finish_wait(module, wait, results)


if __name__ == "__main__":
    main()
