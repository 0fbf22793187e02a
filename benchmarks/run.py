# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure the collection side by side with the alternatives, and with the limit. See README.md.

``make bench`` runs this. Each case alternates between its contenders, several times; the table shows medians.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import urllib.request
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support" / "sandbox"))

from bench import CHECKOUT, Bench, Contender, LiveTarget, Measure, Target, Task  # needs the path above
from tutum_sandbox.original_client import install

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tutum_sandbox.process import Sandbox

LARGE, HUGE = 10_000, 100_000
NETWORK = 0.1
"""Seconds that a response takes over a network."""

TASK_ROUNDS = 41
"""How often a task runs if only the task is measured."""

Medians = dict[str, Measure]


@dataclass
class Case:
    """A comparison. The first contender is the collection, the others are alternatives, or the limit."""

    name: str
    contenders: dict[str, Contender] | Callable[[], dict[str, list[Measure]]]
    """The contenders, or a function that runs all of them, several times."""
    promise: str = ""
    is_kept: Callable[[Medians], bool] | None = None
    rounds: int | None = None


def uri(url: str, **keywords: Any) -> Task:
    """Return a task that sends a request with ansible.builtin.uri."""
    authorization = "ApiKey {{ lookup('env', 'TUTUM_USER') }}:{{ lookup('env', 'TUTUM_APIKEY') }}"
    return {"ansible.builtin.uri": {"url": url, "headers": {"Authorization": authorization}}, **keywords}


def template(expression: str, **keywords: Any) -> Task:
    """Return a task that evaluates a template."""
    return {"ansible.builtin.set_fact": {"found": f"{{{{ {expression} }}}}"}, **keywords}


def task_cases(bench: Bench, target: Target, uuid: str) -> Iterator[Case]:
    """Yield cases with one action, as a task."""
    for latency in (0.0, NETWORK):
        tasks = {
            "tutum_action_info": {"tutum.cloud.tutum_action_info": {"uuid": uuid}},
            "uri": uri(f"{target.url}/api/v1/action/{uuid}/"),
        }
        yield Case(
            f"one action by UUID, a task{_with(latency)}",
            # One run of Ansible differs from the next by more than these two differ from each other.
            partial(bench.tasks, target, tasks, TASK_ROUNDS, latency),
            "no more than uri",
            lambda medians: medians["tutum_action_info"].seconds <= medians["uri"].seconds,
        )


def uuid_cases(bench: Bench, target: Target, uuids: list[str]) -> Iterator[Case]:
    """Yield cases with many actions, each by its UUID."""
    for latency in (0.0, NETWORK):
        yield Case(
            f"{len(uuids)} UUIDs{_with(latency)}",
            {
                "client": partial(bench.read, "collection", target, latency, "uuids", *uuids),
                "bare session": partial(bench.read, "bare", target, latency, "uuids", *uuids),
            },
            "client < 2.5 s" if latency else "",
            (lambda medians: medians["client"].seconds < 2.5) if latency else None,
        )


def list_cases(bench: Bench, live: Target, large: Target, huge: Target, original: Path | None) -> Iterator[Case]:
    """Yield cases with long lists."""
    for name, target, count, rounds in (
        ("", live, LARGE, 21),  # The time that a sandbox takes varies.
        (", responses take no time", large, LARGE, None),
        (", responses take no time", huge, HUGE, 3),
    ):
        yield Case(
            f"{count:,} actions listed{name}",
            {
                "client": partial(bench.read, "collection", target, 0.0, "list", str(count)),
                "bare session": partial(bench.read, "bare", target, 0.0, "list", str(count)),
            },
            "" if name else "client <= 1.3 bare session",
            None if name else lambda medians: medians["client"].seconds <= 1.3 * medians["bare session"].seconds,
            rounds=rounds,
        )
    yield Case(
        f"40 pages{_with(NETWORK)}",
        {
            "client": partial(bench.read, "collection", huge, NETWORK, "list", "20000"),
            "bare session": partial(bench.read, "bare", huge, NETWORK, "list", "20000"),
        },
        "client < 1.5 s",
        lambda medians: medians["client"].seconds < 1.5,
    )
    if original:
        listing: list[str | Path] = [original, "-c", "import tutum; assert len(tutum.Action.list()) > 9999"]
        everything = {"tutum.cloud.tutum_action_info": {}, "register": "found"}
        yield Case(
            f"{LARGE:,} actions listed, a task{_with(0.05)}",
            {
                "tutum_action_info": partial(bench.play, large, everything, latency=0.05),
                "python-tutum": partial(bench.run, listing, large, 0.05),
            },
            "6 times faster than python-tutum",
            lambda medians: 6 * medians["tutum_action_info"].seconds <= medians["python-tutum"].seconds,
            rounds=2,
        )


def selection_cases(bench: Bench, target: LiveTarget, uuids: list[str]) -> Iterator[Case]:
    """Yield cases with a few of very many actions, which the server selects."""
    newest = {"tutum.cloud.tutum_action_info": {"order": "newest_first", "limit": 10}}
    yield Case(
        f"newest 10 of {HUGE:,}, a task",
        {
            "tutum_action_info": partial(bench.play, target, newest),
            "uri, offset known": partial(
                bench.play, target, uri(f"{target.url}/api/v1/action/?limit=10&offset={HUGE - 10}")
            ),
        },
        "at most 3 requests",
        lambda medians: medians["tutum_action_info"].requests <= 3,
    )
    path = f"/api/v1/service/{uuids[0]}/"
    target.sandbox.create_actions([{"action": "Service Start", "object": path} for _number in range(50)])
    yield Case(
        f"filter that matches 50 of {HUGE:,}, a task",
        {
            "tutum_action_info": partial(bench.play, target, {"tutum.cloud.tutum_action_info": {"object": path}}),
            "uri": partial(bench.play, target, uri(f"{target.url}/api/v1/action/?limit=100&object={path}")),
        },
    )


def lookup_cases(bench: Bench, target: Target, uuids: list[str]) -> Iterator[Case]:
    """Yield cases with lookups in templates."""
    one = f"lookup('tutum.cloud.tutum_action', '{uuids[0]}')"
    authorization = "'ApiKey ' ~ lookup('env', 'TUTUM_USER') ~ ':' ~ lookup('env', 'TUTUM_APIKEY')"
    some = uuids[:20]
    address = "lookup('env', 'TUTUM_REST_HOST') ~ '/api/v1/action/'"
    for latency in (0.0, NETWORK):
        many = {
            "one lookup{}": (one, f"lookup('ansible.builtin.url', {address} ~ '{uuids[0]}/', headers=auth)"),
            "200 lookups of 20 UUIDs in one template{}": (
                f"[{', '.join(one.replace(uuids[0], some[number % 20]) for number in range(200))}]",
                "["
                + ", ".join(
                    f"lookup('ansible.builtin.url', {address} ~ '{some[number % 20]}/', headers=auth)"
                    for number in range(200)
                )
                + "]",
            ),
        }
        for name, (ours, others) in many.items():
            is_many = name.startswith("200")
            yield Case(
                name.format(_with(latency)),
                {
                    "lookup": partial(bench.play, target, template(ours), latency=latency),
                    "url lookup": partial(
                        bench.play,
                        target,
                        template(others, vars={"auth": f"{{{{ {{'Authorization': {authorization}}} }}}}"}),
                        latency=latency,
                    ),
                },
                "at most 20 requests, 1 connection" if is_many else "",
                (lambda medians: medians["lookup"].requests <= 20 and medians["lookup"].connections == 1)
                if is_many
                else None,
                rounds=2 if is_many else None,
            )
        yield Case(
            f"50 hosts, one lookup each{_with(latency)}",
            {
                "lookup": partial(bench.play, target, template(one), hosts=50, latency=latency),
                "url lookup": partial(
                    bench.play,
                    target,
                    template(
                        f"lookup('ansible.builtin.url', {address} ~ '{uuids[0]}/', headers=auth)",
                        vars={"auth": f"{{{{ {{'Authorization': {authorization}}} }}}}"},
                    ),
                    hosts=50,
                    latency=latency,
                ),
            },
            rounds=2,
        )


def wait_cases(bench: Bench, sandbox: Sandbox) -> Iterator[Case]:
    """Yield cases with waits, which should need little processor time."""
    target = LiveTarget(sandbox)
    path = "/api/v1/service/2c2b2aef-2ed9-4a3f-98bf-8e9a04b4f4b5/"

    def start(count: int) -> list[str]:
        phases = [[[0, "In progress"], [30.0 * (number + 1) / count, "Success"]] for number in range(count)]
        return sandbox.create_actions(
            [{"action": "Service Redeploy", "object": path, "phases": phase} for phase in phases]
        )

    def wait(count: int) -> Measure:
        return bench.play(target, {"tutum.cloud.wait_for_action": {"uuid": start(count)}})

    def uri_until() -> Measure:
        (uuid,) = start(1)
        polling = uri(f"{sandbox.url}/api/v1/action/{uuid}/", register="polled", retries=60, delay=1)
        return bench.play(target, {**polling, "until": "polled.json.state == 'Success'"})

    yield Case(
        "wait for one action of 30 s",
        {"wait_for_action": partial(wait, 1), "uri until, delay 1": uri_until},
        "a quarter of uri's processor time",
        lambda medians: 4 * medians["wait_for_action"].processor <= medians["uri until, delay 1"].processor,
        rounds=1,
    )
    yield Case(
        "wait for 200 actions that end within 30 s",
        {"wait_for_action": partial(wait, 200)},
        "at most 40 requests",
        lambda medians: medians["wait_for_action"].requests <= 40,
        rounds=1,
    )


def _with(latency: float) -> str:
    return f", responses take {latency * 1000:.0f} ms" if latency else ""


def finished_uuids(sandbox: Sandbox, count: int) -> list[str]:
    """Return the UUIDs of some finished actions."""
    request = urllib.request.Request(f"{sandbox.url}/api/v1/action/?state=Success&limit={count}")
    request.add_header("Authorization", f"ApiKey {sandbox.username}:{sandbox.api_key}")
    with urllib.request.urlopen(request, timeout=60) as response:
        return [action["uuid"] for action in json.load(response)["objects"]]


def all_cases(bench: Bench, original: Path | None) -> Iterator[Case]:
    """Start the servers, and yield all cases."""
    small, large, huge = bench.sandbox(60), bench.sandbox(LARGE), bench.sandbox(HUGE)
    replayed_large, replayed_huge = bench.replay(large), bench.replay(huge)
    uuids = finished_uuids(huge, 100)
    yield from task_cases(bench, replayed_huge, uuids[0])
    yield from uuid_cases(bench, replayed_huge, uuids)
    yield from list_cases(bench, LiveTarget(large), replayed_large, replayed_huge, original)
    yield from selection_cases(bench, LiveTarget(huge), uuids)
    yield from lookup_cases(bench, replayed_huge, uuids)
    yield from wait_cases(bench, small)


def measure(case: Case, rounds: int) -> Medians:
    """Run the contenders, and return the medians."""
    taken = case.contenders() if callable(case.contenders) else alternate(case.contenders, case.rounds or rounds)
    return {
        name: Measure(
            statistics.median(one.seconds for one in measures),
            statistics.median(one.processor for one in measures),
            max(one.requests for one in measures),
            max(one.connections for one in measures),
            max((one.memory for one in measures if one.memory), default=None),
        )
        for name, measures in taken.items()
    }


def alternate(contenders: dict[str, Contender], rounds: int) -> dict[str, list[Measure]]:
    """Run the contenders in turn, several times each. The first round only warms up."""
    taken: dict[str, list[Measure]] = {name: [] for name in contenders}
    for number in range(rounds + 1 if rounds > 1 else 1):
        for name, contender in contenders.items():
            measured = contender()
            if number or rounds == 1:
                taken[name].append(measured)
    return taken


def print_case(case: Case, medians: Medians) -> None:
    """Print the lines of one case."""
    first = next(iter(medians.values()))
    print(f"\n{case.name}")
    for name, median in medians.items():
        processor = f"{median.processor:8.2f} s cpu" if median.processor else " " * 14
        memory = f"{median.memory:6.0f} MiB" if median.memory else ""
        print(
            f"  {name:22}{median.seconds:8.3f} s{median.seconds / first.seconds:7.2f}x"
            f"{processor}{median.requests:6} requests{median.connections:4} connections{memory}"
        )
    if case.is_kept:
        print(f"  {'kept' if case.is_kept(medians) else 'MISSED'}: {case.promise}", flush=True)


def main() -> None:
    """Measure the selected cases, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often most cases run (default: 5)")
    parser.add_argument("--only", default="", help="only cases with this in their name")
    parser.add_argument(
        "--json", type=Path, default=CHECKOUT / ".cache" / "benchmark.json", help="where to write the results"
    )
    arguments = parser.parse_args()
    programs = Path(os.environ["TUTUM_TEST_ANSIBLE_BIN"])
    sandbox_python = os.environ["TUTUM_TEST_SANDBOX_PYTHON"]
    results = []
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        original = install(Path(os.environ.get("TUTUM_ORIGINAL_CLIENT_VENV", CHECKOUT / ".venv" / "original-client")))
        if original is None:
            print("Python 2.7 was not found, so the original client is not part of the comparison.")
        bench = Bench(programs, sandbox_python, Path(directory), stack)
        for case in all_cases(bench, original):
            if arguments.only in case.name:
                medians = measure(case, arguments.rounds)
                print_case(case, medians)
                kept = case.is_kept(medians) if case.is_kept else None
                measured = {name: asdict(median) for name, median in medians.items()}
                results.append({"case": case.name, "promise": case.promise, "kept": kept, "medians": measured})
    arguments.json.parent.mkdir(exist_ok=True)
    arguments.json.write_text(json.dumps(results, indent=2))
    print(f"\nWritten to {arguments.json}.")


if __name__ == "__main__":
    main()
