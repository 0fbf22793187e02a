# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The floor of a query: send requests over one connection, and return what the server responds."""

from __future__ import annotations

import os

import requests
from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule({"urls": {"type": "list", "elements": "str", "required": True}})
session = requests.Session()
session.headers["Authorization"] = f"ApiKey {os.environ['TUTUM_USER']}:{os.environ['TUTUM_APIKEY']}"
module.exit_json(responses=[session.get(url, timeout=60).json() for url in module.params["urls"]])
