# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure the collection against the floor and against the alternatives. See README.md; ``make bench`` runs this."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support" / "sandbox"))

import cases_lists  # the path above is needed
import cases_single
import cases_waits
from commands import CHECKOUT, Commands
from report import describe_environment, lines_of, markdown_of, result_of
from servers import Servers
from sizes import QUICK, Sizes
from tutum_sandbox.original_client import install

if TYPE_CHECKING:
    from collections.abc import Iterator

    from measures import Case

ROUNDS = 9


def all_cases(commands: Commands, servers: Servers, sizes: Sizes, original: Path | None) -> Iterator[Case]:
    """Yield all cases."""
    yield from cases_single.module_case(commands, servers, sizes)
    yield from cases_single.lookup_cases(commands, servers, sizes)
    yield from cases_lists.list_case(commands, servers, sizes, original)
    yield from cases_lists.latency_case(commands, servers, sizes)
    yield from cases_lists.newest_case(commands, servers, sizes)
    yield from cases_lists.growth_cases(commands, servers, sizes)
    yield from cases_waits.wait_cases(commands, servers, sizes)
    yield from cases_waits.call_case(commands, servers, sizes)
    yield from cases_waits.hosts_case(commands, servers, sizes)


def original_client(*, is_wanted: bool) -> Path | None:
    """Return the Python of the original client; None if there is none."""
    if not is_wanted:
        return None
    found = install(Path(os.environ.get("TUTUM_ORIGINAL_CLIENT_VENV", CHECKOUT / ".venv" / "original-client")))
    if found is None:
        print("Python 2.7 was not found, so the original client is not part of the comparison.")
    return found


def parse_arguments() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="TEXT", default="", help="only cases with this text in their name")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"how often most cases run (default: {ROUNDS})")
    parser.add_argument("--quick", action="store_true", help="small sizes and one round: does everything still run?")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write all rounds (.cache/benchmark.json)")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="where to write a table for the README")
    return parser.parse_args()


def main() -> None:
    """Measure the selected cases, and show the results."""
    arguments = parse_arguments()
    programs = Path(os.environ["TUTUM_TEST_ANSIBLE_BIN"])
    sizes = QUICK if arguments.quick else Sizes()
    rounds = arguments.rounds or (1 if arguments.quick else ROUNDS)
    json_file = arguments.json or CHECKOUT / ".cache" / "benchmark.json"
    environment = describe_environment(programs)
    original = original_client(is_wanted=not arguments.quick)
    results = []
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        commands = Commands(programs, Path(directory))
        servers = Servers(os.environ["TUTUM_TEST_SANDBOX_PYTHON"], stack)
        for case in all_cases(commands, servers, sizes, original):
            if arguments.only in case.name:
                results.append(result_of(case, case.run(rounds), with_limits=not arguments.quick))
                print("\n".join(lines_of(results[-1])), flush=True)
    json_file.parent.mkdir(parents=True, exist_ok=True)
    json_file.write_text(json.dumps({"environment": environment, "cases": results}, indent=1))
    if arguments.markdown:
        arguments.markdown.write_text("\n".join([*markdown_of(results, environment), ""]))
    print(f"\nWritten to {json_file}.")


if __name__ == "__main__":
    main()
