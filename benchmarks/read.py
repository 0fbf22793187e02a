# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One query in a separate process: by the collection's client, or by a bare session, which is the limit.

``python read.py collection|bare list COUNT | uuids UUID...`` uses the server and the credentials in the environment
(``TUTUM_REST_HOST``, ...) and prints JSON: the seconds from the first request to the result (neither the start of
Python nor its imports count), the processor time in seconds, and the peak memory of the process in MiB.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from typing import Any

import requests

from ansible_collections.tutum.cloud.plugins.module_utils._actions import ActionsClient
from ansible_collections.tutum.cloud.plugins.module_utils._client import Client
from ansible_collections.tutum.cloud.plugins.module_utils._queries import Query, QueryRunner
from ansible_collections.tutum.cloud.plugins.module_utils._settings import resolve_settings

PAGE_SIZE = 500


def with_collection(what: str, arguments: list[str]) -> int:
    """Query as the module does, and return the number of actions."""
    settings = resolve_settings({}, validate_certs=True, request_timeout=30.0, max_retries=5)
    options = {"limit": int(arguments[0])} if what == "list" else {"uuid": arguments}
    client = Client(settings)
    result = QueryRunner(ActionsClient(client)).run(Query(options, settings.api_url))
    client.close()
    return len(result.actions)


def with_bare_session(what: str, arguments: list[str]) -> int:
    """Send the same requests one after the other, decode the responses, and return the number of actions."""
    base = f"{os.environ['TUTUM_REST_HOST']}/api/v1/action/"
    found: list[dict[str, Any]] = []
    with requests.Session() as session:
        session.headers["Authorization"] = f"ApiKey {os.environ['TUTUM_USER']}:{os.environ['TUTUM_APIKEY']}"
        if what == "list":
            for offset in range(0, int(arguments[0]), PAGE_SIZE):
                found += session.get(f"{base}?limit={PAGE_SIZE}&offset={offset}", timeout=60).json()["objects"]
        else:
            for uuid in arguments:
                found.append(session.get(f"{base}{uuid}/", timeout=60).json())
    return len(found)


def main() -> None:
    """Run the query, and print what it took."""
    reader, what, *arguments = sys.argv[1:]
    read = {"collection": with_collection, "bare": with_bare_session}[reader]
    started, processor = time.perf_counter(), time.process_time()
    count = read(what, arguments)
    print(
        json.dumps(
            {
                "count": count,
                "seconds": time.perf_counter() - started,
                "processor": time.process_time() - processor,
                "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


if __name__ == "__main__":
    main()
