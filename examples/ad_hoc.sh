#!/bin/sh

# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# When to use it: a quick look from a shell. Each command stands for itself; copy the one that you need.
# TUTUM_USER and TUTUM_APIKEY are set in the shell, or the account is in ~/.tutum.

set -eu

# What failed since yesterday
ansible localhost -m tutum.cloud.tutum_action_info -a 'state=Failed start_date_gte="1 day ago"'

# What was done last
ansible localhost -m tutum.cloud.tutum_action_info -a 'order=newest_first limit=3 hidden_fields=body,logs'

# What is going on now, one line each
ansible localhost -o -m tutum.cloud.tutum_action_info -a '{"state": ["Pending", "In progress", "Canceling"]}'

# One action, by its UUID
ansible localhost -m tutum.cloud.tutum_action_info -a 'uuid=6246c558-976c-4df6-ba60-eb1a344a17af'

# Hold a script until an action has ended; the exit status tells whether it ended well
ansible localhost -m tutum.cloud.wait_for_action -a 'uuid=6246c558-976c-4df6-ba60-eb1a344a17af timeout=600'

# From where the last calls came: the lookup inside a template
ansible localhost -m ansible.builtin.debug \
  -a 'msg={{ query("tutum.cloud.tutum_action", order="newest_first", limit=10) | map(attribute="ip") | unique }}'
