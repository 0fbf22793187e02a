# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`python -m tutum_sandbox`: run the sandbox until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .certificates import CERTIFICATES, server_context
from .faults import faults
from .settings import (
    CHECKS,
    DATES,
    DEMO_API_KEY,
    DEMO_USERNAME,
    ORDERS,
    TOTAL_COUNTS,
    Options,
    configure,
    parse_throttle,
)

if TYPE_CHECKING:
    from collections.abc import Callable

EPILOG = """\
The process ends on Ctrl-C, on SIGTERM, and with --until-eof also when its standard input ends.
tests/support/sandbox/README.md describes the API and the controls.
"""


def at_least(least: int) -> type[int]:
    """Return a reader of whole numbers for argparse that refuses smaller ones."""

    def read(text: str) -> int:
        if int(text) < least:
            raise argparse.ArgumentTypeError(f"{text} is less than {least}")
        return int(text)

    return read  # type: ignore[return-value]


def rate(text: str) -> str:
    """Check N/SECONDS."""
    try:
        parse_throttle(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not N/SECONDS, such as 10/1") from None
    return text


def setting(name: str, convert: Callable[[str], Any] = str) -> Callable[[str], Any]:
    """Return a reader for argparse of a setting whose value the text is converted to."""

    def read(text: str) -> Any:
        try:
            return CHECKS[name](convert(text))
        except (ValueError, TypeError) as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def words(text: str) -> list[str]:
    """Split a list at its commas."""
    return list(filter(None, text.split(",")))


def arguments() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tutum_sandbox",
        description="A local server for Tutum's API of actions, to try and to test the collection tutum.cloud with.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    number, positive = at_least(0), at_least(1)
    where = parser.add_argument_group("address and credentials")
    where.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    where.add_argument("--port", type=number, default=0, help="port to listen on (default: a free one)")
    where.add_argument("--username", default=DEMO_USERNAME, help="the only user (default: %(default)s)")
    where.add_argument("--api-key", default=DEMO_API_KEY, help="this user's key (default: %(default)s)")
    where.add_argument("--tls", choices=CERTIFICATES, help="use HTTPS, with such a certificate (default: HTTP)")
    data = parser.add_argument_group("data")
    data.add_argument(
        "--actions", type=number, default=60, metavar="N", help="size of the history (default: %(default)s)"
    )
    data.add_argument("--database", type=Path, metavar="PATH", help="SQLite file to keep (default: a temporary one)")
    lists = parser.add_argument_group("lists (these settings can change later, see the README)")
    lists.add_argument("--page-size", type=positive, default=25, metavar="N", help="default page (%(default)s)")
    lists.add_argument(
        "--max-page-size", type=number, default=1000, metavar="N", help="largest page (default: %(default)s; 0: any)"
    )
    lists.add_argument("--lists-without-logs", action="store_true", help="show an action's logs only in its detail")
    lists.add_argument("--order", choices=ORDERS, default=ORDERS[0], help="order of actions (default: %(default)s)")
    lists.add_argument(
        "--repeated-parameters", action="store_true", help="repeat limit and offset in meta.next, as old Tastypie did"
    )
    lists.add_argument(
        "--total-count", choices=TOTAL_COUNTS, default=TOTAL_COUNTS[0], help="meta.total_count (default: %(default)s)"
    )
    lists.add_argument(
        "--next-base", type=setting("next_base"), default="", metavar="URL", help="text to put in front of meta.next"
    )
    lists.add_argument(
        "--ignored-filters",
        type=setting("ignored_filters", words),
        default=[],
        metavar="NAME,...",
        help="filters that the server does not know, such as state,object",
    )
    server = parser.add_argument_group("the server (these settings can change later, see the README)")
    server.add_argument("--throttle", type=rate, metavar="N/SECONDS", help="respond with 429 beyond this rate")
    server.add_argument("--latency", type=float, default=0.0, metavar="MS", help="delay of each response")
    server.add_argument("--dates", choices=DATES, default=DATES[0], help="format of dates (default: %(default)s)")
    server.add_argument(
        "--clock-offset",
        type=setting("clock_offset", float),
        default=0.0,
        metavar="SECONDS",
        help="how far the server's clock is ahead of the machine's; less than 0: behind",
    )
    server.add_argument(
        "--path-prefix",
        type=setting("path_prefix"),
        default="",
        metavar="PATH",
        help="serve the API also below this path, such as /gateway",
    )
    server.add_argument(
        "--random-faults",
        type=setting("random_faults", json.loads),
        metavar="JSON",
        help='lose responses at random, for example \'{"probability": 0.2, "seed": 1, "method": "POST"}\'',
    )
    process = parser.add_argument_group("the process")
    process.add_argument(
        "--ready-file", type=Path, metavar="PATH", help="write url, pid, credentials and ca_file here, as JSON"
    )
    process.add_argument("--until-eof", action="store_true", help="end when the standard input ends")
    process.add_argument("--quiet", action="store_true", help="print nothing")
    return parser


def announcement(url: str, chosen: Options, ca_file: Path | None) -> str:
    """Return the commands to paste into another shell."""
    lines = [
        f"The sandbox listens on {url} (Ctrl-C ends it). In another shell:",
        "",
        f"export TUTUM_REST_HOST={url}",
        f"export TUTUM_USER={chosen.username}",
        f"export TUTUM_APIKEY={chosen.api_key}",
    ]
    if ca_file:
        lines.append(f"export TUTUM_CA_PATH={ca_file}")
    path = "/api/v1/service/7eaf7fff-882c-4f3d-9a8f-a22317ac00ce/redeploy/?seconds=20&state=Failed"
    lines += [
        "",
        "List the last failures, and wait for an action that runs for 20 seconds and then fails:",
        "",
        "ansible localhost -m tutum.cloud.tutum_action_info -a 'state=Failed limit=3 order=newest_first'",
        f"ansible localhost -m tutum.cloud.tutum_call -a 'path={path}'",
        "",
    ]
    return "\n".join(lines)


def serve(parsed: argparse.Namespace, directory: Path) -> None:
    """Serve until the process is told to end. The directory is for temporary files."""
    chosen = Options(
        database=(parsed.database or directory / "sandbox.sqlite3").absolute(),
        username=parsed.username,
        api_key=parsed.api_key,
        actions=parsed.actions,
        **{name: getattr(parsed, name) for name in CHECKS},
    )
    configure(chosen)
    faults.randomize(chosen.random_faults)
    # These imports need Django's settings.
    from .seed import prepare_database
    from .server import SandboxServer

    prepare_database()
    ca_file = chosen.database.with_name("ca.pem") if parsed.tls else None
    tls = server_context(parsed.tls, ca_file) if ca_file else None
    server = SandboxServer(parsed.host, parsed.port, tls=tls, quiet=parsed.quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if not parsed.quiet:
        print(announcement(server.url, chosen, ca_file), flush=True)
    if parsed.ready_file:
        ready = {
            "url": server.url,
            "pid": os.getpid(),
            "username": chosen.username,
            "api_key": chosen.api_key,
            "ca_file": str(ca_file) if ca_file else None,
        }
        # A process that waits for the file must never read half of it.
        half = parsed.ready_file.with_name(parsed.ready_file.name + ".part")
        half.write_text(json.dumps(ready), encoding="utf-8")
        half.replace(parsed.ready_file)
    ended.wait()
    server.stopping.set()


ended = threading.Event()


def end_with_stdin() -> None:
    """Set `ended` when the standard input ends: the parent has closed it, or has ended."""
    with contextlib.suppress(OSError):
        while os.read(0, 1024):
            pass
    ended.set()


def main() -> None:
    """Run the command."""
    parsed = arguments().parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    if parsed.until_eof:
        threading.Thread(target=end_with_stdin, daemon=True).start()
    try:
        with tempfile.TemporaryDirectory(prefix="tutum-sandbox-", ignore_cleanup_errors=True) as directory:
            serve(parsed, Path(directory))
    except OSError as error:
        sys.exit(f"The sandbox cannot start: {error}")
    sys.stdout.flush()
    # Skips the interpreter's own shutdown, which open connections could delay, or fill with error messages.
    os._exit(0)


if __name__ == "__main__":
    main()
