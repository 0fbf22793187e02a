# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP server: Django's development server with connections that stay open, a log, and faults."""

from __future__ import annotations

import contextlib
import io
import os
import select
import socket
import struct
import sys
import threading
import time
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlencode, urlsplit

from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from .exchange import Response
from .faults import faults
from .settings import options
from .traffic import Entry, request_log

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

SLOWEST_CLIENT = 300.0  # seconds that a client may take to read or write


class ExchangeOverError(ConnectionError):
    """The connection is closed, by either side: there is nothing more to do."""


class Stop:
    """A flag that ends each sleep immediately: unlike an Event, it can be polled together with a socket."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.reader, self._writer = socket.socketpair()

    def set(self) -> None:
        """Wake every thread that sleeps, now and later."""
        self.event.set()
        self._writer.close()


class SandboxServer(ThreadedWSGIServer):
    """Serves each connection in a thread of its own."""

    request_queue_size = 128
    server_address: Any
    server_port: int

    def __init__(self, host: str, port: int, *, tls: ssl.SSLContext | None, quiet: bool) -> None:
        super().__init__((host, port), SandboxRequestHandler, ipv6=":" in host)
        self.set_app(get_wsgi_application())
        get_resolver().url_patterns  # noqa: B018 - loads Tastypie now, rather than at the expense of the first request
        self.stopping = Stop()
        self.tls = tls
        self.quiet = quiet
        self.connection_numbers = count(1)
        host_in_url = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if tls else 'http'}://{host_in_url}:{self.server_port}"

    def server_bind(self) -> None:
        """Bind without a request to a name server for the own name, as the parent does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "localhost", self.server_address[1]
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect: they do so after faults and refused certificates."""
        if not isinstance(sys.exc_info()[1], (OSError, ValueError)):
            super().handle_error(request, client_address)


class SandboxRequestHandler(WSGIRequestHandler):
    """Serve one connection. While a request waits for its response, this is the request's `Exchange`."""

    server: SandboxServer
    request: socket.socket
    connection: socket.socket
    timeout = SLOWEST_CLIENT
    disable_nagle_algorithm = True  # else small responses wait for the client's delayed acknowledgment

    def setup(self) -> None:
        """The handshake runs in this thread, so that a slow client does not delay others."""
        self.number = next(self.server.connection_numbers)
        if self.server.tls:
            self.request.settimeout(self.timeout)
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        """Process requests until either side closes the connection."""
        # A client that disconnects is not an error here.
        with contextlib.suppress(OSError):
            super().handle()

    def finish(self) -> None:
        """Close the connection, with or without TLS."""
        with contextlib.suppress(OSError, ValueError):
            super().finish()
        if self.server.tls:
            self.request.close()

    def handle_one_request(self) -> None:
        """Read a request, send its response or inject a fault, and add it to the log."""
        self.raw_requestline = self.rfile.readline(65537)
        if len(self.raw_requestline) > 65536:
            self.requestline = self.request_version = self.command = ""
            self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG)
            return
        if not self.parse_request():
            return
        if "Transfer-Encoding" in self.headers:
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return
        self.target = self.path
        self.authorization = self.headers.get("Authorization", "")
        self.request_body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/sandbox/"):
            self.send(self.real_response())
            return
        self.entry = self.log_entry()
        request_log.add(self.entry)
        began = time.perf_counter()
        try:
            if options().latency:
                self.pause(options().latency / 1000)
            fault = faults.take(self.command, self.target)
            if fault is None:
                self.send(self.real_response())
            else:
                self.entry["fault"], rule = fault
                rule.apply(self)
        finally:
            if not self.server.quiet:
                self.print_line(time.perf_counter() - began)

    def log_entry(self) -> Entry:
        """Return the log entry of this request."""
        parts = urlsplit(self.path)
        authorization = self.headers.get("Authorization")
        scheme = None
        if authorization is not None:
            word = authorization.partition(" ")[0].lower()
            # Never the word itself: a malformed header may begin with the key.
            scheme = word if word in ("apikey", "basic") else "other"
        return {
            "time": time.time(),
            "method": self.command,
            "path": parts.path,
            "query": parts.query,
            "status": None,
            "connection": self.number,
            "user_agent": self.headers.get("User-Agent"),
            "authorization": authorization is not None,
            "scheme": scheme,
            "fault": None,
        }

    def print_line(self, took: float) -> None:
        """Print one line about the request."""
        status = self.entry["status"] or "---"
        fault = f"  [{self.entry['fault']}]" if self.entry["fault"] else ""
        line = f"{time.strftime('%H:%M:%S')} {self.command} {self.path} {status} {took * 1000:.0f} ms{fault}"
        print(line.encode("ascii", "backslashreplace").decode(), flush=True)

    def log_message(self, *_args: Any) -> None:
        """Print nothing: `print_line` has printed the line."""

    # The methods of `Exchange`, for faults and for requests without one.

    def now(self) -> float:
        """Return the time by the server's clock (seconds since the epoch)."""
        return time.time() + options().clock_offset

    def environ_for_django(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        """Return the WSGI environment of the request, without the path prefix and with parameters added."""
        environ: dict[str, Any] = self.get_environ()
        prefix = options().path_prefix
        if prefix and environ["PATH_INFO"].startswith(f"{prefix}/api/"):
            environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(prefix)
        if parameters:
            # Appended: of a repeated parameter, Django reads the last.
            environ["QUERY_STRING"] = "&".join(filter(None, [environ["QUERY_STRING"], urlencode(parameters)]))
        return environ | {
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https" if self.server.tls else "http",
            "wsgi.input": io.BytesIO(self.request_body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }

    def real_response(self, parameters: Mapping[str, str] | None = None) -> Response:
        """Let Django carry the request out, with these query parameters added, and return its response."""
        sent = Response(HTTPStatus.INTERNAL_SERVER_ERROR)

        def start_response(status: str, headers: list[tuple[str, str]], *_exc_info: Any) -> None:
            sent.status = int(status.split(" ", 1)[0])
            # `head_of` adds the length, because a fault may change the body.
            sent.headers = [(name, value) for name, value in headers if name.lower() != "content-length"]

        chunks = self.server.get_app()(self.environ_for_django(parameters or {}), start_response)
        try:
            sent.body = b"".join(chunks)
        finally:
            chunks.close()
        return sent

    def head_of(self, response: Response) -> bytes:
        """Return the status line and headers, with the body's length unless the response has its own."""
        if not self.path.startswith("/sandbox/"):
            self.entry["status"] = response.status
        headers = [(name, value) for name, value in response.headers if name.lower() != "content-length"]
        # A 204 without a body must not announce a length.
        bare = response.status == HTTPStatus.NO_CONTENT and not response.body
        if response.header("Transfer-Encoding") != "chunked" and not bare:
            headers.append(("Content-Length", response.header("Content-Length") or str(len(response.body))))
        headers.append(("Date", self.date_time_string(self.now())))
        headers.append(("Connection", "close" if self.close_connection else "keep-alive"))
        try:
            phrase = HTTPStatus(response.status).phrase
        except ValueError:
            phrase = "Unknown"
        lines = [f"HTTP/1.1 {response.status} {phrase}", *(f"{name}: {value}" for name, value in headers), "", ""]
        return "\r\n".join(lines).encode("latin-1")

    def send(self, response: Response) -> None:
        """Send a response in one piece, so that a small one is one packet."""
        head = self.head_of(response)
        self.write(head if self.command == "HEAD" else head + response.body)

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.connection.sendall(data)

    def pause(self, seconds: float) -> None:
        """Sleep; raise ExchangeOverError when the client disconnects or the server stops in the meantime."""
        poll = select.poll()
        hang_up = select.POLLHUP | select.POLLERR | getattr(select, "POLLRDHUP", 0)
        poll.register(self.connection.fileno(), hang_up)
        poll.register(self.server.stopping.reader.fileno(), select.POLLIN)
        # Round up. With 0, poll() would return immediately.
        if poll.poll(int(seconds * 1000 + 0.999)):
            self.close()

    def close(self) -> NoReturn:
        """Close the connection in good order (FIN)."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            # Of the socket itself: with TLS, the client must see an end without a close_notify, as after a crash.
            socket.socket.shutdown(self.connection, socket.SHUT_RDWR)
        raise ExchangeOverError

    def reset(self) -> NoReturn:
        """Abort the connection (RST)."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Closes it immediately, even if file objects are still open on the socket.
        os.close(self.connection.detach())
        raise ExchangeOverError
