# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that replays the responses of another server, so that a measurement is one of the client and not of Django.

``python replay.py URL`` prints its own address as JSON and serves until its standard input is closed. It forwards a
request to URL once, and replays the response from then on. ``GET /replay/?latency=SECONDS`` sets how long each response
takes, and resets the counts; ``GET /replay/`` returns the counts.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit


class Recorded(NamedTuple):
    """A recorded response."""

    status: int
    content_type: str
    body: bytes


class Replay(ThreadingHTTPServer):
    """Records responses by path and query, and counts requests and connections."""

    daemon_threads = True

    def __init__(self, origin: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.origin = origin
        self.latency = 0.0
        self.requests = 0
        self.connections = 0
        self.lock = threading.Lock()
        self._recorded: dict[str, Recorded] = {}

    def respond(self, path: str, authorization: str) -> Recorded:
        """Return the response to a request, which is forwarded if it is the first one."""
        if path not in self._recorded:
            request = urllib.request.Request(f"{self.origin}{path}")
            request.add_header("Authorization", authorization)
            request.add_header("Accept", "application/json")
            try:
                with urllib.request.urlopen(request, timeout=60) as response:
                    found = Recorded(response.status, response.headers["Content-Type"], response.read())
            except urllib.error.HTTPError as error:
                return Recorded(error.code, "application/json", error.read())
            self._recorded[path] = found
        return self._recorded[path]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: Replay

    def setup(self) -> None:
        """Count the connection."""
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self._is_counted = False

    def do_GET(self) -> None:
        """Replay a response, or set and return the counts."""
        if self.path.startswith("/replay/"):
            recorded = self._control()
        else:
            with self.server.lock:
                self.server.requests += 1
                self.server.connections += not self._is_counted
            self._is_counted = True
            started = time.monotonic()
            recorded = self.server.respond(self.path, self.headers.get("Authorization", ""))
            time.sleep(max(0.0, self.server.latency - (time.monotonic() - started)))
        self.send_response(recorded.status)
        self.send_header("Content-Type", recorded.content_type)
        self.send_header("Content-Length", str(len(recorded.body)))
        self.end_headers()
        self.wfile.write(recorded.body)

    def _control(self) -> Recorded:
        latency = parse_qs(urlsplit(self.path).query).get("latency")
        with self.server.lock:
            if latency:
                self.server.latency = float(latency[0])
                self.server.requests = self.server.connections = 0
            counts = {"requests": self.server.requests, "connections": self.server.connections}
        return Recorded(200, "application/json", json.dumps(counts).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Write no log: the table goes to the terminal."""


def main() -> None:
    """Serve until the standard input is closed."""
    server = Replay(sys.argv[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"url": f"http://127.0.0.1:{server.server_address[1]}"}), flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
