# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The floor of a large result: read it from a file, and return it."""

from __future__ import annotations

import json
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule({"path": {"type": "path", "required": True}})
module.exit_json(actions=json.loads(Path(module.params["path"]).read_bytes()))
