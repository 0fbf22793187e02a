# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`python -m tutum_sandbox`: start the sandbox, and end it well."""

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

from .certificates import CERTIFICATES, server_context
from .settings import DEMO_API_KEY, DEMO_USERNAME, Options, configure, parse_throttle

EPILOG = """\
The process ends on Ctrl-C, on SIGTERM, and with --until-eof also when its standard input ends.
tests/sandbox/README.md tells what can be asked of the server.
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


def arguments() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tutum_sandbox",
        description="A local server for Tutum's API of actions, to try and to test the collection tutum.cloud with.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    number, positive = at_least(0), at_least(1)
    where = parser.add_argument_group("where it listens, and who may ask")
    where.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    where.add_argument("--port", type=number, default=0, help="port to listen on (default: a free one)")
    where.add_argument("--username", default=DEMO_USERNAME, help="the only user (default: %(default)s)")
    where.add_argument("--api-key", default=DEMO_API_KEY, help="this user's key (default: %(default)s)")
    where.add_argument("--tls", choices=CERTIFICATES, help="speak HTTPS, with such a certificate (default: HTTP)")
    what = parser.add_argument_group("what it has")
    what.add_argument(
        "--actions", type=number, default=60, metavar="N", help="size of the history (default: %(default)s)"
    )
    what.add_argument("--database", type=Path, metavar="PATH", help="SQLite file to keep (default: a temporary one)")
    how = parser.add_argument_group("how it answers (all of this can change later, see the README)")
    how.add_argument("--page-size", type=positive, default=25, metavar="N", help="usual page (default: %(default)s)")
    how.add_argument(
        "--max-page-size", type=number, default=1000, metavar="N", help="largest page (default: %(default)s; 0: any)"
    )
    how.add_argument("--lists-without-logs", action="store_true", help="show an action's logs in its detail only")
    how.add_argument("--throttle", type=rate, metavar="N/SECONDS", help="answer 429 beyond this rate")
    how.add_argument("--latency", type=float, default=0.0, metavar="MS", help="wait so long before each answer")
    process = parser.add_argument_group("the process")
    process.add_argument(
        "--ready-file", type=Path, metavar="PATH", help="write url, pid, credentials and ca_file here, as JSON"
    )
    process.add_argument("--until-eof", action="store_true", help="end when the standard input ends")
    process.add_argument("--quiet", action="store_true", help="print nothing")
    return parser


def announcement(url: str, chosen: Options, ca_file: Path | None) -> str:
    """Return what a person needs to go on in another shell."""
    lines = [
        f"The sandbox listens on {url} (Ctrl-C ends it). In another shell:",
        "",
        f"export TUTUM_REST_HOST={url}",
        f"export TUTUM_USER={chosen.username}",
        f"export TUTUM_APIKEY={chosen.api_key}",
    ]
    if ca_file:
        lines.append(f"export TUTUM_CA_PATH={ca_file}")
    authorization = '-H "Authorization: ApiKey $TUTUM_USER:$TUTUM_APIKEY"'
    service = "$TUTUM_REST_HOST/api/v1/service/7eaf7fff-882c-4f3d-9a8f-a22317ac00ce"
    lines += [
        "",
        "What failed lately, and an action that runs for 20 seconds and then fails:",
        "",
        "ansible localhost -m tutum.cloud.tutum_action_info -a 'state=Failed limit=3 order=newest_first'",
        f'curl -i -X POST {authorization} "{service}/redeploy/?seconds=20&state=Failed"',
        "",
    ]
    return "\n".join(lines)


def serve(parsed: argparse.Namespace, folder: Path) -> None:
    """Serve until something ends it. The folder is for what nobody wants to keep."""
    chosen = Options(
        database=(parsed.database or folder / "sandbox.sqlite3").absolute(),
        username=parsed.username,
        api_key=parsed.api_key,
        actions=parsed.actions,
        page_size=parsed.page_size,
        max_page_size=parsed.max_page_size,
        lists_without_logs=parsed.lists_without_logs,
        throttle=parsed.throttle,
        latency=parsed.latency,
    )
    configure(chosen)
    # These need Django set up.
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
        # Whoever waits for the file must never see half of it.
        half = parsed.ready_file.with_name(parsed.ready_file.name + ".part")
        half.write_text(json.dumps(ready), encoding="utf-8")
        half.replace(parsed.ready_file)
    ended.wait()
    server.stopping.set()


ended = threading.Event()


def end_with_stdin() -> None:
    """Set `ended` when the standard input ends: the parent has closed it, or is gone."""
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
        with tempfile.TemporaryDirectory(prefix="tutum-sandbox-", ignore_cleanup_errors=True) as folder:
            serve(parsed, Path(folder))
    except OSError as error:
        sys.exit(f"The sandbox cannot start: {error}")
    sys.stdout.flush()
    # Past the interpreter's own end, which connections that are still being served could hold up or fill with noise.
    os._exit(0)


if __name__ == "__main__":
    main()
