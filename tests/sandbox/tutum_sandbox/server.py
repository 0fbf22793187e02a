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
from urllib.parse import urlsplit

from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from .faults import Answer
from .faults import faults as rules
from .settings import options
from .traffic import Entry, request_log

if TYPE_CHECKING:
    import ssl

SLOWEST_CLIENT = 300.0  # seconds that a client may take to read or write


class ExchangeOverError(ConnectionError):
    """The connection is closed, by either side: nothing more to do here."""


class Stop:
    """A flag that sleepers notice at once: unlike an Event, it can be polled together with a socket."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.reader, self._writer = socket.socketpair()

    def set(self) -> None:
        """Wake everybody, for good."""
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
        """Bind without asking a name server for the own name, as the parent does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "localhost", self.server_address[1]
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Be silent about clients that hang up: faults and refused certificates make them do that."""
        if not isinstance(sys.exc_info()[1], (OSError, ValueError)):
            super().handle_error(request, client_address)


class SandboxRequestHandler(WSGIRequestHandler):
    """Serves one connection; while a request is being answered it is that request's `Exchange`."""

    server: SandboxServer
    request: socket.socket
    connection: socket.socket
    timeout = SLOWEST_CLIENT
    disable_nagle_algorithm = True  # or small answers wait for the client's delayed acknowledgement

    def setup(self) -> None:
        """Shake hands in this thread, where a slow client delays nobody else."""
        self.number = next(self.server.connection_numbers)
        if self.server.tls:
            self.request.settimeout(self.timeout)
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        """Answer requests until either side closes the connection."""
        # A client that goes away is no error here.
        with contextlib.suppress(OSError):
            super().handle()

    def finish(self) -> None:
        """Close the connection, also where TLS stands between."""
        with contextlib.suppress(OSError, ValueError):
            super().finish()
        if self.server.tls:
            self.request.close()

    def handle_one_request(self) -> None:
        """Read a request, answer it or spoil its answer, and note it in the log."""
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
            self.send(self.real_answer())
            return
        self.entry = self.log_entry()
        request_log.add(self.entry)
        began = time.perf_counter()
        try:
            if options().latency:
                self.pause(options().latency / 1000)
            rule = rules.take(self.path)
            if rule is None:
                self.send(self.real_answer())
            else:
                self.entry["fault"] = rule.kind
                rule.spoil(self)
        finally:
            if not self.server.quiet:
                self.print_line(time.perf_counter() - began)

    def log_entry(self) -> Entry:
        """Return what is noted of this request."""
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
        """Print nothing more: `print_line` has said it."""

    # What a fault, or the absence of one, does with the exchange.

    def real_answer(self) -> Answer:
        """Let Django answer."""
        environ = self.get_environ() | {
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https" if self.server.tls else "http",
            "wsgi.input": io.BytesIO(self.request_body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        answer = Answer(HTTPStatus.INTERNAL_SERVER_ERROR)

        def start_response(status: str, headers: list[tuple[str, str]], *_exc_info: Any) -> None:
            answer.status = int(status.split(" ", 1)[0])
            # The length follows from the body, which a fault may change.
            answer.headers = [(name, value) for name, value in headers if name.lower() != "content-length"]

        response = self.server.get_app()(environ, start_response)
        try:
            answer.body = b"".join(response)
        finally:
            response.close()
        return answer

    def head_of(self, answer: Answer) -> bytes:
        """Return status line and headers; a length unless the answer has its own idea of one."""
        if not self.path.startswith("/sandbox/"):
            self.entry["status"] = answer.status
        headers = [(name, value) for name, value in answer.headers if name.lower() != "content-length"]
        if answer.header("Transfer-Encoding") != "chunked":
            headers.append(("Content-Length", answer.header("Content-Length") or str(len(answer.body))))
        headers.append(("Date", self.date_time_string()))
        headers.append(("Connection", "close" if self.close_connection else "keep-alive"))
        try:
            phrase = HTTPStatus(answer.status).phrase
        except ValueError:
            phrase = "Whatever"
        lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{name}: {value}" for name, value in headers), "", ""]
        return "\r\n".join(lines).encode("latin-1")

    def send(self, answer: Answer) -> None:
        """Send an answer in one piece, so that a small one is one packet."""
        head = self.head_of(answer)
        self.write(head if self.command == "HEAD" else head + answer.body)

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.connection.sendall(data)

    def pause(self, seconds: float) -> None:
        """Sleep; raise ExchangeOverError as soon as the client has gone or the server stops."""
        poll = select.poll()
        hang_up = select.POLLHUP | select.POLLERR | getattr(select, "POLLRDHUP", 0)
        poll.register(self.connection.fileno(), hang_up)
        poll.register(self.server.stopping.reader.fileno(), select.POLLIN)
        # Rounded up: 0 would not wait at all.
        if poll.poll(int(seconds * 1000 + 0.999)):
            self.close()

    def close(self) -> NoReturn:
        """Close the connection in good order (FIN)."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            # The bare socket's: TLS must see the end without its own farewell, as after a crash.
            socket.socket.shutdown(self.connection, socket.SHUT_RDWR)
        raise ExchangeOverError

    def reset(self) -> NoReturn:
        """Break the connection off (RST)."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # At once, whatever files are still open on the socket.
        os.close(self.connection.detach())
        raise ExchangeOverError
