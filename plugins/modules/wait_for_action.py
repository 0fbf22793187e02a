#!/usr/bin/python

# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait until actions have finished; fail when one did not end well."""

from __future__ import annotations

DOCUMENTATION = r"""
module: wait_for_action
short_description: Wait until actions of the Tutum API have finished
version_added: 1.0.0
description:
  - A call to the Tutum API that takes time is answered at once, with an action that tells how it stands. This module waits
    until such actions have finished, and fails when one did not end well. So what comes next in the play can rely on it.
  - It asks at once, then after pauses that grow with the time waited, one last time when O(timeout) is over. Many actions
    are asked for together.
author:
  - The tutum.cloud contributors (!UNKNOWN)
extends_documentation_fragment:
  - tutum.cloud._api
  - tutum.cloud._action_filter.hidden_fields
  - tutum.cloud._attributes
options:
  uuid:
    description:
      - The actions to wait for, each named by its UUID, its resource URI (V(/api/v1/action/6246c558-976c-4df6-ba60-eb1a344a17af/))
        or its URL. From a result of M(ansible.builtin.uri), take C(x_tutum_action_uri).
      - One of O(uuid) and O(object) is required. An empty list waits for nothing.
    type: list
    elements: str
  object:
    description:
      - Wait for each action of this object that is unfinished when the wait begins. The object is named by its resource
        URI such as V(/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/).
      - Where the first answer comes late (with O(delay), or when the server is away), what has ended meanwhile counts, too,
        by the clock of the host that waits.
      - Set it before you change an object that somebody else may be working on.
    type: str
  success_states:
    description:
      - The final states that count as a good end.
    type: list
    elements: str
    choices: [Success, Failed, Canceled]
    default: [Success]
  timeout:
    description:
      - How many seconds to wait in all. What is unfinished then is a failure. Set it to what the slowest good end takes.
    type: float
    default: 300.0
  delay:
    description:
      - How many seconds to wait before the first question. Set it where an action is known to take long.
    type: float
    default: 0.0
  interval:
    description:
      - The shortest pause between two questions, in seconds. At least a tenth of a second is kept.
      - The pause is a tenth of the time waited so far, between O(interval) and O(max_interval).
    type: float
    default: 1.0
  max_interval:
    description:
      - The longest pause between two questions, in seconds. Set it higher to spare the server in very long waits, or
        lower to notice the end of a long wait sooner.
    type: float
    default: 15.0
  fail_fast:
    description:
      - Whether to fail at the first action that ended badly, without waiting for the others.
    type: bool
    default: false
  progress:
    description:
      - Whether to tell on the terminal, while the task runs, how many actions have finished and which have not.
      - It is never told under C(no_log) and C(async).
    type: bool
    default: true
seealso:
  - module: tutum.cloud.tutum_action_info
  - module: ansible.builtin.uri
attributes:
  async:
    description: Supports being used with the C(async) keyword.
    support: full
"""

EXAMPLES = r"""
- name: Redeploy a service
  ansible.builtin.uri:
    url: "{{ tutum_api_url }}/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/redeploy/"
    method: POST
    headers:
      Authorization: "ApiKey {{ tutum_username }}:{{ tutum_api_key }}"
    status_code: 202
  register: redeploy

- name: Go on only when the redeployment has ended well
  tutum.cloud.wait_for_action:
    uuid: "{{ redeploy.x_tutum_action_uri }}"
    timeout: 600

- name: Wait until nobody works on a service any more, however that ends
  tutum.cloud.wait_for_action:
    object: /api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/
    success_states: [Success, Failed, Canceled]
"""

RETURN = r"""
actions:
  description:
    - Each action as it was last seen, in the order asked. The fields are those that M(tutum.cloud.tutum_action_info)
      returns. What was never seen is missing here.
  returned: when it asked, on success and on failure alike
  type: list
  elements: dict
  sample:
    - action: Service Redeploy
      duration: 12.0
      finished: true
      object: /api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/
      state: Success
      uuid: 6246c558-976c-4df6-ba60-eb1a344a17af
states:
  description: How many actions are in each state.
  returned: when it asked, on success and on failure alike
  type: dict
  sample:
    Success: 2
    Failed: 1
unfinished:
  description: The UUIDs of the actions that had not finished when the wait ended.
  returned: when it asked, on success and on failure alike
  type: list
  elements: str
  sample: []
unsuccessful:
  description: The UUIDs of the actions that ended in none of O(success_states), or that do not exist (any more).
  returned: when it asked, on success and on failure alike
  type: list
  elements: str
  sample: []
timed_out:
  description: Whether the wait ended because O(timeout) was over.
  returned: when it asked, on success and on failure alike
  type: bool
  sample: false
elapsed:
  description: How many seconds it waited.
  returned: when it asked, on success and on failure alike
  type: float
  sample: 12.7
polls:
  description: How many questions it asked. One question is about all actions, and takes few requests.
  returned: when it asked, on success and on failure alike
  type: int
  sample: 12
failed_polls:
  description: How many of these questions found no whole answer, in spite of O(max_retries).
  returned: when it asked, on success and on failure alike
  type: int
  sample: 0
"""

import gc

# Nothing that an import makes is garbage. To look for some meanwhile, and again when all is over, takes a tenth of a
# short task's time.
gc.disable()

import os
import select
import signal
import sys
import threading
import typing as t
from contextlib import closing, suppress

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.tutum.cloud.plugins.module_utils._actions import Actions
from ansible_collections.tutum.cloud.plugins.module_utils._argspec import CONNECTION, WAIT, connection_of
from ansible_collections.tutum.cloud.plugins.module_utils._client import Client
from ansible_collections.tutum.cloud.plugins.module_utils._errors import TutumError
from ansible_collections.tutum.cloud.plugins.module_utils._waiting import PROGRESS_FILE, Wait, WaitOptions

gc.freeze()
gc.enable()


def end_with_ansible() -> None:
    """From now on this process ends with whom it works for.

    Ansible leaves a module running when the task's own C(timeout) is over, or when Ansible itself is ended. The pipe
    that the result would go into tells: nobody reads from it any more.
    """
    poll = select.poll()
    try:
        poll.register(sys.stdout.fileno(), 0)
    except (OSError, ValueError):
        return  # The result goes another way.

    def end() -> None:
        if any(event & (select.POLLERR | select.POLLHUP) for _fileno, event in poll.poll()):
            os._exit(1)

    # Python handles signals in the main thread, and one that another thread gets does not wake it.
    unblocked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        threading.Thread(target=end, daemon=True).start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, unblocked)


def reporter(module: AnsibleModule) -> t.Callable[[str], object] | None:
    """What writes progress where the action plugin of the same name reads it."""
    # A folder of the module's own, which it would make here, nobody reads from.
    if module.no_log or not module.params["progress"] or module._tmpdir is None:
        return None
    path = os.path.join(module._tmpdir, PROGRESS_FILE)

    def report(line: str) -> None:
        # The wait matters, and not who hears of it.
        with suppress(OSError), open(path, "a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    return report


def main() -> None:
    """Wait, and return what was seen."""
    module = AnsibleModule(
        argument_spec={**CONNECTION, **WAIT},
        required_one_of=[("uuid", "object")],
        supports_check_mode=True,
    )
    end_with_ansible()
    try:
        connection = connection_of(module)
        options = WaitOptions(module.params, connection.api_url)
        with closing(Client(connection)) as client:
            wait = Wait(Actions(client), options, report=reporter(module))
            wait.run()
    except TutumError as error:
        module.fail_json(msg=str(error), **error.results)
    except KeyboardInterrupt:
        os._exit(130)  # At once: no traceback, and no waiting for a request that is under way.
    # Since core 2.19 Ansible shows the message of a failure even where no_log hides the result.
    failure = wait.failure(with_logs=not module.no_log)
    if failure:
        module.fail_json(msg=failure, **wait.results())
    module.exit_json(changed=False, **wait.results())


if __name__ == "__main__":
    main()
