# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small servers that stand between the client and a sandbox, or replace the sandbox. Standard library only."""

from __future__ import annotations

import base64
import contextlib
import http.client
import selectors
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable


class Server:
    """A server on a free port of this machine, for a `with` block."""

    handler: ClassVar[type[BaseHTTPRequestHandler]]

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler)
        self._server.daemon_threads = True
        self._server.owner = self  # type: ignore[attr-defined]
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _QuietHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args: object) -> None:
        """Print nothing."""

    def handle(self) -> None:
        """Respond to requests until the client disconnects, which is not an error here."""
        with contextlib.suppress(ConnectionError):
            super().handle()

    def respond(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class _ProxyHandler(_QuietHandler):
    @property
    def proxy(self) -> Proxy:
        owner: Proxy = self.server.owner  # type: ignore[attr-defined]
        return owner

    def is_refused(self) -> bool:
        """Record the request, and refuse it if it lacks the password."""
        given = self.headers.get("Proxy-Authorization")
        self.proxy.targets.append((self.command, self.path))
        self.proxy.credentials.append(given)
        if self.proxy.login and given != f"Basic {base64.b64encode(self.proxy.login.encode()).decode()}":
            self.respond(407, {"Proxy-Authenticate": 'Basic realm="proxy"'})
            return True
        return False

    def do_GET(self) -> None:
        """Send the request to the one server behind this proxy, for any host."""
        if self.is_refused():
            return
        parts = urlsplit(self.path)
        upstream = http.client.HTTPConnection("127.0.0.1", self.proxy.upstream, timeout=30)
        with contextlib.closing(upstream):
            headers = {"Authorization": self.headers["Authorization"], "Accept": "application/json"}
            upstream.request("GET", f"{parts.path}?{parts.query}", headers=headers)
            response = upstream.getresponse()
            body = response.read()
        self.respond(response.status, {"Content-Type": response.headers["Content-Type"]}, body)

    def do_CONNECT(self) -> None:
        """Connect both sides."""
        if self.is_refused():
            return
        with socket.create_connection(("127.0.0.1", self.proxy.upstream)) as upstream:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            other = {self.connection: upstream, upstream: self.connection}
            with selectors.DefaultSelector() as selector:
                for side in other:
                    selector.register(side, selectors.EVENT_READ)
                with contextlib.suppress(OSError):
                    while True:
                        for key, _events in selector.select():
                            side = key.fileobj
                            assert isinstance(side, socket.socket)
                            read = side.recv(65536)
                            if not read:
                                return
                            other[side].sendall(read)


class Proxy(Server):
    """A proxy for http and https, which connects to one port of this machine for any host."""

    handler = _ProxyHandler

    def __init__(self, upstream: str, login: str = "") -> None:
        """
        :param upstream: the URL of the server.
        :param login: `user:password`, if the proxy requires it.
        """
        super().__init__()
        self.upstream = urlsplit(upstream).port or 80
        self.login = login
        self.targets: list[tuple[str, str]] = []
        """The method and the URL, or for CONNECT the host and port, of each request."""
        self.credentials: list[str | None] = []
        """The Proxy-Authorization of each."""


class _AnyHandler(_QuietHandler):
    def do_GET(self) -> None:
        """Send the response that the test chose."""
        owner: AnyServer = self.server.owner  # type: ignore[attr-defined]
        self.respond(*owner.choose(self.path))


class AnyServer(Server):
    """A server whose `choose` returns the response to a path: a status, headers, a body."""

    handler = _AnyHandler

    def __init__(self) -> None:
        super().__init__()
        self.choose: Callable[[str], tuple[int, dict[str, str], bytes]] = lambda _path: (404, {}, b"")
