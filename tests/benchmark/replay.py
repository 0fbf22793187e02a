# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that answers what another one answered before: so a client is measured, and not Django.

``python replay.py URL`` prints its own address as JSON and serves until its standard input ends. What it has not seen
it asks URL for, once. ``GET /replay/?latency=SECONDS`` sets how long each answer takes, and starts to count anew;
``GET /replay/`` returns the counts.
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


class Answer(NamedTuple):
    """What was answered."""

    status: int
    content_type: str
    body: bytes


class Replay(ThreadingHTTPServer):
    """Remembers answers by path and query, and counts who asks."""

    daemon_threads = True

    def __init__(self, origin: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.origin = origin
        self.latency = 0.0
        self.requests = 0
        self.connections = 0
        self.lock = threading.Lock()
        self._answers: dict[str, Answer] = {}

    def answer(self, path: str, authorization: str) -> Answer:
        """Return the answer to this request, from memory where it is there."""
        if path not in self._answers:
            request = urllib.request.Request(f"{self.origin}{path}")
            request.add_header("Authorization", authorization)
            request.add_header("Accept", "application/json")
            try:
                with urllib.request.urlopen(request, timeout=60) as response:
                    found = Answer(response.status, response.headers["Content-Type"], response.read())
            except urllib.error.HTTPError as error:
                return Answer(error.code, "application/json", error.read())
            self._answers[path] = found
        return self._answers[path]


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
        """Answer from memory, or set and tell the counts."""
        if self.path.startswith("/replay/"):
            answer = self._control()
        else:
            with self.server.lock:
                self.server.requests += 1
                self.server.connections += not self._is_counted
            self._is_counted = True
            begun = time.monotonic()
            answer = self.server.answer(self.path, self.headers.get("Authorization", ""))
            time.sleep(max(0.0, self.server.latency - (time.monotonic() - begun)))
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _control(self) -> Answer:
        latency = parse_qs(urlsplit(self.path).query).get("latency")
        with self.server.lock:
            if latency:
                self.server.latency = float(latency[0])
                self.server.requests = self.server.connections = 0
            counts = {"requests": self.server.requests, "connections": self.server.connections}
        return Answer(200, "application/json", json.dumps(counts).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Write no log: the terminal is for the table."""


def main() -> None:
    """Serve until the standard input ends."""
    server = Replay(sys.argv[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"url": f"http://127.0.0.1:{server.server_address[1]}"}), flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
