# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module and the lookup return the same actions for the same query."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tutum_sandbox.process import Sandbox

    from tests.support.ansible_commands import Ansible

EXAMPLE = "6246c558-976c-4df6-ba60-eb1a344a17af"

QUERIES: dict[str, dict[str, Any]] = {
    "everything": {},
    "several states, newest first": {"state": ["Failed", "Success"], "order": "newest_first", "limit": 30},
    "dates": {"start_date_gte": "Wed, 17 Sep 2014 08:26:22 +0000", "start_date_lte": "2014-09-17T08:26:22Z"},
    "object": {"object": "/api/v1/cluster/eea638f4-b77a-4183-b241-22dbd7866f22/", "include_related": True},
    "hidden": {"limit": 5, "hidden_fields": ["body", "logs", "end_date"]},
    "nothing": {"start_date_gte": "2099-01-01"},
    "missing": {"uuid": [EXAMPLE, "00000000-0000-4000-8000-000000000000"], "missing": "skip"},
    "short UUID": {"uuid": [EXAMPLE[:8], f" {EXAMPLE} "]},
    "fields": {"fields": ["action", "duration"], "limit": 3},
}


def test_module_and_lookup_return_the_same(ansible: Ansible, sandbox: Sandbox) -> None:
    """For each kind of query, with many pages, newest first."""
    # Unfinished actions.
    sandbox.create_actions([{"phases": [[0, "In progress"], [9999, "Success"]]}, {"phases": [[0, "Pending"]]}])
    sandbox.set(max_page_size=7, order="newest_first")
    tasks = []
    for name, query in QUERIES.items():
        options = {key: value for key, value in query.items() if key != "uuid"}
        lookup = ["query('tutum.cloud.tutum_action'"]
        if "uuid" in query:
            lookup.append(json.dumps(query["uuid"]))
        lookup += [f"{key}={value!r}" for key, value in options.items()]
        tasks += [
            {"name": f"module: {name}", "tutum.cloud.tutum_action_info": query},
            {"name": f"lookup: {name}", "ansible.builtin.debug": {"msg": f"{{{{ {', '.join(lookup)}) }}}}"}},
        ]
    done = ansible.run(ansible.playbook(tasks)).succeeded()
    sizes = {}
    for name in QUERIES:
        module = done.result(f"module: {name}")["actions"]
        lookup_result = done.result(f"lookup: {name}")["msg"]
        assert lookup_result == module, name
        sizes[name] = len(module)
    # The other queries return actions.
    assert {name for name, size in sizes.items() if not size} == {"nothing"}
    assert sizes["everything"] == 62
    assert sizes["missing"] == 1
