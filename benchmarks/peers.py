# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks that are compared: those of the collection, the floors, and the alternatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from commands import Task

AUTHORIZATION = "ApiKey {{ lookup('env', 'TUTUM_USER') }}:{{ lookup('env', 'TUTUM_APIKEY') }}"

EMPTY: Task = {"ansible.builtin.meta": "noop"}
"""A task that does nothing, for what a play itself takes."""


def ours(module: str, **options: Any) -> Task:
    """Return a task with a module of the collection."""
    return {f"tutum.cloud.{module}": options}


def floor(*urls: str) -> Task:
    """Return a task that does nothing but send requests."""
    return {"floor_request": {"urls": list(urls)}}


def floor_file(path: str) -> Task:
    """Return a task that does nothing but return a result that is in a file."""
    return {"floor_file": {"path": path}}


def uri(url: str, method: str = "GET", status: int = 200, **keywords: Any) -> Task:
    """Return a task that sends a request with ansible.builtin.uri."""
    options = {"url": url, "method": method, "status_code": status, "headers": {"Authorization": AUTHORIZATION}}
    return {"ansible.builtin.uri": options, **keywords}


def uri_until(url: str, seconds: float) -> Task:
    """Return a task that sends a request once a second until an action has succeeded."""
    retries = int(3 * seconds) + 60
    return uri(url, register="polled", retries=retries, delay=1, until="polled.json.state == 'Success'")


def template(expression: str, **keywords: Any) -> Task:
    """Return a task that evaluates a template."""
    return {"ansible.builtin.set_fact": {"found": f"{{{{ {expression} }}}}"}, **keywords}


def lookup(name: str, *terms: str) -> str:
    """Return an expression with a lookup for each term."""
    headers = ", headers=auth" if name == "ansible.builtin.url" else ""
    return f"[{', '.join(f'''lookup('{name}', '{term}'{headers})''' for term in terms)}]"


URL_LOOKUP_VARIABLES = {"auth": {"Authorization": AUTHORIZATION}}
"""What lookups with ansible.builtin.url need in `vars`."""
