# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The history that a sandbox begins with: the same each time, except that it always ends about now."""

from __future__ import annotations

import random
import time
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection

from .models import CANCELED, FAILED, SUCCESS, Action, CloudObject, moment
from .settings import options

if TYPE_CHECKING:
    from collections.abc import Iterator

SPAN = timedelta(days=21)

# The specification's example, field by field; dates are as the database stores them.
EXAMPLE: dict[str, Any] = {
    "uuid": "6246c558-976c-4df6-ba60-eb1a344a17af",
    "action": "Cluster Create",
    "method": "POST",
    "path": "/api/v1/cluster/",
    "object": "/api/v1/cluster/eea638f4-b77a-4183-b241-22dbd7866f22/",
    "start_date": "2014-09-17 08:26:22.154000",
    "end_date": "2014-09-17 08:26:22.601000",
    "state": SUCCESS,
    "ip": "56.78.90.12",
    "location": "New York, USA",
    "user_agent": (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_4) AppleWebKit/537.78.2 (KHTML, like Gecko) "
        "Version/7.0.6 Safari/537.78.2"
    ),
    "body": '{"image_tag": "/api/v1/image/tutum/ubuntu-quantal/tag/latest/", "name": "test_cluster"}',
    "logs": "",
}

COLUMNS = tuple(EXAMPLE)

# Sample IP addresses (of networks for documentation), locations, and clients.
CALLERS = (
    ("203.0.113.17", "New York, USA", "python-tutum/0.21.1"),
    ("198.51.100.4", "Madrid, Spain", "tutum.cloud/1.0.0 (Ansible)"),
    ("192.0.2.61", "Portland, USA", "Mozilla/5.0 (X11; Linux x86_64; rv:40.0) Gecko/20100101 Firefox/40.0"),
    ("203.0.113.200", "", "tutum/0.21.1 python-tutum/0.21.1"),
)


class Operation(NamedTuple):
    """An operation on a type of object, with the logs of its action after a success or a failure."""

    type: str
    verb: str
    title: str
    body: str
    longest: float  # seconds
    done: str
    failed: str


OPERATIONS = (
    Operation(
        "service",
        "redeploy",
        "Service Redeploy",
        "",
        90.0,
        "Pulling image tutum/hello-world:latest\nStopping {name}-1\nStarting {name}-1\n{name}: 1 of 1 running",
        "Pulling image tutum/hello-world:lastest\n"
        "ERROR: image tutum/hello-world:lastest not found: the repository has no such tag.\n"
        "{name} was left as it was. Correct the image of the service, then redeploy.",
    ),
    Operation(
        "service",
        "scale",
        "Service Scale",
        '{"target_num_containers": 3}',
        40.0,
        "Starting {name}-2\nStarting {name}-3\n{name}: 3 of 3 containers running",
        "Starting {name}-2\nStarting {name}-3\n"
        "ERROR: cannot start {name}-3: port 80 is already in use on every node that matches the service's tags.\n"
        "Add a node with these tags, or publish a dynamic port.",
    ),
    Operation(
        "service",
        "start",
        "Service Start",
        "",
        20.0,
        "Starting {name}-1\n{name}: running",
        "Starting {name}-1\nERROR: {name}-1 stopped with exit code 1 three times in a row; giving up.\n"
        'Its last line: FATAL: password authentication failed for user "{name}"',
    ),
    Operation(
        "service",
        "stop",
        "Service Stop",
        "",
        15.0,
        "Stopping {name}-1\n{name}: stopped",
        "ERROR: {name}-1 did not stop within 10 s",
    ),
    Operation(
        "container",
        "redeploy",
        "Container Redeploy",
        '{"container_envvars": [{"key": "DB_PASSWORD", "value": "correct-horse-battery-staple"}]}',
        30.0,
        "Starting {name}\n{name}: running",
        "ERROR: {name}: the volume /data is in use by another container on this node",
    ),
    Operation(
        "stack",
        "redeploy",
        "Stack Redeploy",
        "",
        180.0,
        "{name}: redeploying 4 services in the order of their links\n{name}: all services running",
        "{name}: redeploying 4 services in the order of their links\nERROR: service api failed; web was not redeployed",
    ),
    Operation(
        "stack", "start", "Stack Start", "", 60.0, "{name}: all services running", "ERROR: service api failed to start"
    ),
    Operation(
        "nodecluster",
        "deploy",
        "Node Cluster Deploy",
        '{"target_num_nodes": 2}',
        400.0,
        "Requesting 2 nodes from the provider\nInstalling the agent\n{name}: 2 of 2 nodes deployed",
        "Requesting 2 nodes from the provider\n"
        "ERROR: the provider refused the request (quota exceeded: 20 of 20 instances are in use).\n"
        "Request a higher quota from the provider, or deploy into another region.",
    ),
    Operation(
        "node",
        "deploy",
        "Node Deploy",
        "",
        240.0,
        "Installing the agent\n{name}: deployed",
        "ERROR: {name}: the agent did not call back",
    ),
)

# Names of objects by type, children below the parent of the same rank.
STACKS = ("shop", "blog", "metrics", "intranet")
SERVICES = ("web", "api", "worker", "db")


def random_uuid(source: random.Random) -> str:
    """Return a random UUID (version 4) that the source determines."""
    return str(uuid.UUID(int=source.getrandbits(128), version=4))


def stored(seconds: float) -> str:
    """Return a moment as Django stores it in SQLite, which takes Django itself ten times as long."""
    return str(moment(seconds)).removesuffix("+00:00")


def cloud_objects(count: int, source: random.Random) -> Iterator[CloudObject]:
    """Yield so many stacks with their services and containers, and as many node clusters with a node each."""
    for number in range(count):
        suffix = "" if number < len(STACKS) else f"-{number // len(STACKS) + 1}"
        stack_name = STACKS[number % len(STACKS)] + suffix
        stack = CloudObject(uri=f"/api/v1/stack/{random_uuid(source)}/", name=stack_name)
        yield stack
        for service_name in SERVICES:
            service = CloudObject(
                uri=f"/api/v1/service/{random_uuid(source)}/", name=f"{service_name}-{stack_name}", parent=stack.uri
            )
            yield service
            uri = f"/api/v1/container/{random_uuid(source)}/"
            yield CloudObject(uri=uri, name=f"{service.name}-1", parent=service.uri)
        cluster = CloudObject(uri=f"/api/v1/nodecluster/{random_uuid(source)}/", name=f"nodes-{stack_name}")
        yield cluster
        yield CloudObject(uri=f"/api/v1/node/{random_uuid(source)}/", name=f"node-{stack_name}", parent=cluster.uri)


def history(count: int, epoch: float, source: random.Random, objects: list[CloudObject]) -> Iterator[dict[str, Any]]:
    """Yield so many actions, oldest first: the specification's example, then a few weeks up to the epoch (seconds)."""
    if count > 0:
        yield EXAMPLE
    by_type: dict[str, list[CloudObject]] = {}
    for thing in objects:
        by_type.setdefault(thing.uri.split("/")[3], []).append(thing)
    step = SPAN.total_seconds() / max(count, 1)
    for number in range(1, count):
        # Counted from the newest, so that each history has a failure within its last days.
        age = count - number
        operation = source.choice(OPERATIONS)
        thing = source.choice(by_type[operation.type])
        start = epoch - step * (age - source.random() * 0.9)
        duration = operation.longest * (0.2 + 0.8 * source.random())
        # All seeded actions have finished, so that the results of tests do not depend on the time.
        end = min(start + duration, epoch)
        state, logs = SUCCESS, operation.done
        if age % 17 == 2:
            state, logs = FAILED, operation.failed
        elif age % 29 == 5:
            state, logs = CANCELED, "Canceled by the user"
        ip, location, user_agent = source.choice(CALLERS)
        path = f"{thing.uri}{operation.verb}/"
        yield {
            "uuid": random_uuid(source),
            "action": operation.title,
            "method": "POST",
            "path": path,
            "object": thing.uri,
            "start_date": stored(start),
            "end_date": stored(end),
            "state": state,
            "ip": ip,
            "location": location,
            "user_agent": user_agent,
            "body": operation.body,
            "logs": logs.replace("{name}", thing.name),
        }


def prepare_database() -> None:
    """Make the tables and the history, unless the database has them from an earlier run."""
    tables = connection.introspection.table_names()
    if CloudObject._meta.db_table not in tables:
        with connection.schema_editor() as editor:
            editor.create_model(Action)
            editor.create_model(CloudObject)
        plant()
        return
    with connection.cursor() as cursor:
        found = {
            column.name for column in connection.introspection.get_table_description(cursor, Action._meta.db_table)
        }
    if found != {column.column for column in Action._meta.concrete_fields}:
        path = options().database
        raise OSError(f"another version of the sandbox created the database {path}. Remove it, or choose another path.")


def plant() -> None:
    """Empty the tables, and fill them with the history."""
    with connection.cursor() as cursor:
        # SQLite's free number in a database's header keeps the history's end, so that a reset, also after a
        # restart, brings back the very same actions.
        cursor.execute("PRAGMA user_version")
        (epoch,) = cursor.fetchone()
        if not epoch:
            epoch = int(time.time())
            cursor.execute(f"PRAGMA user_version = {epoch}")
    source = random.Random(2014)
    count = options().actions
    things = list(cloud_objects(max(len(STACKS), count // 1000), source))
    columns = ", ".join(f'"{column}"' for column in COLUMNS)
    places = ", ".join(["?"] * len(COLUMNS))
    # In one transaction. With the indexes made afterwards, and past Django's cursor and its model instances, 100,000
    # actions take a fraction of the time.
    with connection.schema_editor() as editor:
        for index in Action._meta.indexes:
            editor.remove_index(Action, index)
        CloudObject.objects.all().delete()
        CloudObject.objects.bulk_create(things)
        Action.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.connection.executemany(
                f"INSERT INTO {Action._meta.db_table} ({columns}) VALUES ({places})",
                (tuple(row.values()) for row in history(count, epoch, source, things)),
            )
        for index in Action._meta.indexes:
            editor.add_index(Action, index)
        editor.execute("ANALYZE")
