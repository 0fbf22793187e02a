# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of a wait: its schedule, what counts as success, and what is shown."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  success_states:
    description:
      - The final states that count as success.
    type: list
    elements: str
    choices: [Success, Failed, Canceled]
    default: [Success]
  timeout:
    description:
      - The timeout of the whole wait in seconds. The timeout of a single request is O(request_timeout).
      - The task fails if an action is still unfinished when the timeout expires. It ends at most 5 seconds later.
      - Set it to the time that the slowest successful action takes.
    type: float
    default: 300.0
  delay:
    description:
      - The time in seconds to wait before the first poll of the actions. Set it if an action is known to take long.
    type: float
    default: 0.0
  interval:
    description:
      - The shortest pause between two polls in seconds. The pause is never shorter than 0.1 seconds.
      - The pause is a tenth of the time waited so far, but not shorter than O(interval) and not longer than
        O(max_interval).
      - Pauses vary by up to 15 percent between these two, so that many hosts do not poll at the same time.
      - A value above O(max_interval) raises O(max_interval) to this value.
    type: float
    default: 1.0
  max_interval:
    description:
      - The longest pause between two polls in seconds.
      - Increase it to send fewer requests during very long waits. Decrease it to detect the end of a long wait sooner.
    type: float
    default: 15.0
  fail_fast:
    description:
      - Whether to fail as soon as one action does not succeed, without waiting for the others.
      - The other actions continue. They are not canceled.
    type: bool
    default: false
  on_timeout:
    description:
      - What to do with the actions that are unfinished when O(timeout) expires. The task fails in both cases.
    type: str
    choices:
      leave: Leave them running.
      cancel:
        - Cancel them, and report which ones were canceled. The API must support the cancellation of actions.
        - In check mode, nothing is canceled.
    default: leave
    version_added: 1.1.0
  progress:
    description:
      - Whether to show on the terminal, while the task runs, how many actions have finished and which ones have not.
      - No progress is shown for a task with C(no_log) or C(async).
    type: bool
    default: true
  follow_logs:
    description:
      - Whether to also show new lines of the logs of the actions on the terminal while the task runs.
      - Logs can contain secrets, such as environment variables of a service.
      - No logs are shown with O(progress=false), if O(hidden_fields) contains V(logs), or for a task with C(no_log) or
        C(async).
    type: bool
    default: false
    version_added: 1.1.0
"""
