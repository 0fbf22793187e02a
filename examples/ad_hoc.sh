#!/bin/sh

# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# When to use it: a quick look, or a single call, from a shell. The commands are independent of each other; copy the one that you need.
# The credentials come from the environment variables TUTUM_USER and TUTUM_APIKEY, or from ~/.tutum.

set -eu

# Which actions failed since yesterday
ansible localhost -m tutum.cloud.tutum_action_info -a 'state=Failed end_date_gte=yesterday'

# The latest actions
ansible localhost -m tutum.cloud.tutum_action_info -a 'order=newest_first limit=3 hidden_fields=body,logs'

# Which actions are running now, with a few fields of each
ansible localhost -m tutum.cloud.tutum_action_info \
  -a '{"state": ["Pending", "In progress", "Canceling"], "fields": ["uuid", "action", "object", "state"]}'

# One action, by the first 8 characters of its UUID
ansible localhost -m tutum.cloud.tutum_action_info -a 'uuid=6246c558'

# Redeploy a service, with progress. The exit status is 0 after the redeployment has succeeded, and 2 if it failed
ansible localhost -m tutum.cloud.tutum_call -a 'path=/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/redeploy/'

# Make a script wait until an action has finished. The exit status is 0 if the action succeeded, and 2 if not
ansible localhost -m tutum.cloud.wait_for_action -a 'uuid=6246c558-976c-4df6-ba60-eb1a344a17af timeout=600'

# Where the latest calls came from, with the lookup inside a template
ansible localhost -m ansible.builtin.debug \
  -a 'msg={{ query("tutum.cloud.tutum_action", order="newest_first", limit=10) | map(attribute="ip") | unique }}'

# JSON for another program, also after a failure. Progress and warnings are on stderr, and $status is 0 or 2
status=0
result=$(ansible localhost -m tutum.cloud.tutum_action_info -a 'limit=1') || status=$?
printf '%s\n' "$result" | sed -n '/^localhost | .* => {$/,$p' | sed '1s/.*/{/'
exit "$status"
