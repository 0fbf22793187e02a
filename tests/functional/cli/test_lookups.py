# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many lookups in one task: they share a connection, and request a finished action only once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutum_sandbox.process import Sandbox

    from tests.support.ansible_commands import Ansible

LOOKUPS = 200


def check_requests(sandbox: Sandbox, count: int) -> None:
    """Check the number of requests, and that they were sent over one connection."""
    log = sandbox.requests("/action/")
    assert len(log) == count
    assert len({entry["connection"] for entry in log}) == 1
    sandbox.clear_requests()


def test_200_lookups_of_20_uuids_send_20_requests(ansible: Ansible, sandbox: Sandbox) -> None:
    """In one template, and in a loop."""
    uuids = sandbox.create_actions([{"logs": str(number), "phases": [[0, "Success"]]} for number in range(20)])
    repeated = [uuids[number % 20] for number in range(LOOKUPS)]
    template = ", ".join(f"lookup('tutum.cloud.tutum_action', '{uuid}').logs" for uuid in repeated)
    loop = {
        "name": "loop",
        "ansible.builtin.debug": {"msg": "{{ lookup('tutum.cloud.tutum_action', item).logs }}"},
        "loop": repeated,
    }
    expected = [str(number % 20) for number in range(LOOKUPS)]

    done = ansible.run(
        ansible.playbook([{"name": "template", "ansible.builtin.debug": {"msg": f"{{{{ [{template}] }}}}"}}])
    )
    assert done.succeeded().result("template")["msg"] == expected
    check_requests(sandbox, 20)

    done = ansible.run(ansible.playbook([loop]))
    assert [one["msg"] for one in done.succeeded().result("loop")["results"]] == expected
    check_requests(sandbox, 20)


def test_lookup_in_until_requests_an_unfinished_action_again(ansible: Ansible, sandbox: Sandbox) -> None:
    uuid = sandbox.create_action([[0, "In progress"], [3, "Success"]], from_first_request=True)
    task = {
        "name": "until",
        "ansible.builtin.debug": {"msg": "waiting"},
        "until": f"lookup('tutum.cloud.tutum_action', '{uuid}').state == 'Success'",
        "retries": 60,
        "delay": 1,
    }
    done = ansible.run(ansible.playbook([task])).succeeded()
    attempts = done.result("until")["attempts"]
    assert attempts > 2
    check_requests(sandbox, attempts)
