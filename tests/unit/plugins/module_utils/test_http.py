# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request over a real socket: the time limit, incomplete and endless bodies, TLS, proxies, ``~/.netrc``."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import threading
import time
import typing as t
from contextlib import closing
from email.utils import formatdate

import pytest
import requests.adapters

from ansible_collections.tutum.cloud.plugins.module_utils import _http
from ansible_collections.tutum.cloud.plugins.module_utils._errors import (
    ApiError,
    LibraryError,
    ResponseError,
    TlsError,
    TransientError,
)
from ansible_collections.tutum.cloud.plugins.module_utils._http import Response, Transport
from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY, AUTHORIZATION, make_settings

if t.TYPE_CHECKING:
    from pathlib import Path

OK = b"HTTP/1.1 200 OK\r\n"
EMPTY_OBJECT = OK + b"Content-Length: 2\r\n\r\n{}"
LIMIT = 0.4
"""Seconds for a request, in the tests that exceed them."""

SLACK = 2.0
"""Seconds by which a busy machine may exceed a limit."""

TEST_TIMEOUT_SECONDS = 10.0
"""The seconds after which a test fails."""

Script = t.Callable[["Peer"], object]


class Peer:
    """The server's end of a connection."""

    def __init__(self, connection: socket.socket, closing_down: threading.Event) -> None:
        self._connection = connection
        self._closing_down = closing_down

    def send(self, *parts: bytes) -> None:
        self._connection.sendall(b"".join(parts))

    def receive(self) -> str:
        """Return the next request; empty if the client closed the connection."""
        return self._connection.recv(65536).decode("latin-1")

    def pause(self, seconds: float) -> None:
        """Wait, at most until the end of the test."""
        if self._closing_down.wait(seconds):
            raise ConnectionAbortedError


class Server:
    """Accepts connections on the loopback interface, reads one request from each, and lets a script do the rest."""

    def __init__(self, script: Script) -> None:
        self.requests: list[str] = []
        """The first request of each connection."""
        self._script = script
        self._closing_down = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(TEST_TIMEOUT_SECONDS)
        self.port = self._listener.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.origin}/api/v1/action/"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._respond, args=(connection,), daemon=True).start()

    def _respond(self, connection: socket.socket) -> None:
        connection.settimeout(TEST_TIMEOUT_SECONDS)
        peer = Peer(connection, self._closing_down)
        try:
            with connection:
                self.requests.append(peer.receive())
                self._script(peer)
        except OSError:
            pass  # The client closed the connection, as it should.

    def close(self) -> None:
        self._closing_down.set()
        self._listener.close()


Serve = t.Callable[[Script], Server]


@pytest.fixture
def serve() -> t.Iterator[Serve]:
    servers: list[Server] = []

    def start(script: Script) -> Server:
        servers.append(Server(script))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def sends(*parts: bytes) -> Script:
    return lambda peer: peer.send(*parts)


def drips(*parts: bytes) -> Script:
    """Send all parts but the last, and repeat that one, byte by byte, for much longer than a request may take."""

    def script(peer: Peer) -> None:
        peer.send(*parts[:-1])
        for number in range(200):
            peer.send(parts[-1][number % len(parts[-1]) :][:1])
            peer.pause(0.05)

    return script


def sends_nothing(peer: Peer) -> None:
    peer.receive()


def send(url: str, *, seconds: float = TEST_TIMEOUT_SECONDS, method: str = "GET", **settings: t.Any) -> Response:
    """Send one request."""
    with closing(Transport(make_settings(**settings))) as transport:
        return transport.send(method, url, seconds)


def unused_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


# The request


def test_request_has_credentials_and_accepts_json(serve: Serve) -> None:
    server = serve(sends(EMPTY_OBJECT))
    assert send(f"{server.url}?state=In%20progress").body == b"{}"
    (request,) = server.requests
    head = request.split("\r\n\r\n")[0].split("\r\n")
    assert head[0] == "GET /api/v1/action/?state=In%20progress HTTP/1.1"
    assert {
        f"Authorization: {AUTHORIZATION}",
        "Accept: application/json",
        "Accept-Encoding: gzip, deflate",
        "User-Agent: ansible-collection-tutum.cloud",
    } <= set(head)


def test_request_with_body_is_json(serve: Serve) -> None:
    def script(peer: Peer) -> None:
        if not server.requests[0].endswith("}"):
            server.requests.append(peer.receive())
        peer.send(EMPTY_OBJECT)

    server = serve(script)
    with closing(Transport(make_settings())) as transport:
        body = json.dumps({"x": "é"}).encode()
        transport.send("POST", server.url, TEST_TIMEOUT_SECONDS, body=body, user_agent="mine/1 ours")
    request = "".join(server.requests)
    assert request.startswith("POST /api/v1/action/ HTTP/1.1\r\n")
    assert "\r\nContent-Type: application/json\r\n" in request
    assert "\r\nUser-Agent: mine/1 ours\r\n" in request
    assert request.endswith('\r\n\r\n{"x": "\\u00e9"}')


def test_request_goes_to_target(serve: Serve) -> None:
    server = serve(sends(EMPTY_OBJECT))
    with closing(Transport(make_settings())) as transport:
        transport.send("GET", "http://shown.invalid/", TEST_TIMEOUT_SECONDS, target=f"{server.origin}/target/")
    assert server.requests[0].startswith("GET /target/ ")


def test_netrc_supplies_no_credentials(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login mallory password other\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    server = serve(sends(EMPTY_OBJECT))
    send(server.url)
    assert f"\r\nAuthorization: {AUTHORIZATION}\r\n" in server.requests[0]


def test_request_after_the_time_limit_is_not_sent(serve: Serve) -> None:
    server = serve(sends(EMPTY_OBJECT))
    with pytest.raises(
        TransientError, match=r"The timeout expired before the request was sent\. Increase timeout"
    ) as caught:
        send(server.url, seconds=0.0)
    assert not caught.value.was_sent
    assert server.requests == []


# The response


@pytest.mark.parametrize("status", [b"202 Accepted", b"302 Found", b"404 Not Found", b"503 Service Unavailable"])
def test_response_of_any_status_is_returned(serve: Serve, status: bytes) -> None:
    date = formatdate(0, usegmt=True)
    head = f"Date: {date}\r\nLocation: /elsewhere/\r\nContent-Length: 2\r\n\r\n".encode()
    server = serve(sends(b"HTTP/1.1 ", status, b"\r\n", head, b"{}"))
    response = send(server.url)
    assert (response.status, response.body) == (int(status[:3]), b"{}")
    assert (response.headers["location"], response.headers["DATE"]) == ("/elsewhere/", date)
    assert len(server.requests) == 1


COMPRESSED = gzip.compress(b'{"x": 1}')


@pytest.mark.parametrize(
    "rest",
    [
        b'Connection: close\r\n\r\n{"x": 1}',
        b'Transfer-Encoding: chunked\r\n\r\n4\r\n{"x"\r\n4\r\n: 1}\r\n0\r\n\r\n',
        b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + COMPRESSED,
        b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(COMPRESSED), COMPRESSED),
        b'Content-Encoding: identity\r\nContent-Length: 8\r\n\r\n{"x": 1}',
    ],
    ids=["to the end", "chunked", "gzip", "gzip with length", "identity"],
)
def test_response_body_in_each_form(serve: Serve, rest: bytes) -> None:
    assert send(serve(sends(OK, rest)).url).body == b'{"x": 1}'


def test_response_without_content_is_complete(serve: Serve) -> None:
    response = send(serve(sends(b"HTTP/1.1 204 No Content\r\n\r\n")).url, method="DELETE")
    assert (response.status, response.body) == (204, b"")


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [b"HTTP/1.1 2"],
        [OK],
        [OK + b"X-Slow: "],
        [OK, b'Content-Length: 80\r\n\r\n{"x": 1}'],
        [OK, b"Content-Length: 80\r\n\r\n"],
        [OK, b'Transfer-Encoding: chunked\r\n\r\n50\r\n{"x": 1}'],
        [OK, b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!"],
        [b'HTTP/1.1 503 Unavailable\r\nContent-Length: 80\r\n\r\n{"error'],
    ],
    ids=[
        *("nothing", "half a status", "a status", "half a header", "a short body", "no body", "a short chunk"),
        *("no gzip", "a short error"),
    ],
)
def test_response_incomplete_is_a_transient_error(serve: Serve, parts: list[bytes]) -> None:
    server = serve(sends(*parts))
    with pytest.raises(TransientError) as caught:
        send(server.url)
    assert str(caught.value).startswith(f"GET {server.url} failed: ")
    assert caught.value.was_sent


@pytest.mark.parametrize("header", [b"Content-Length: 5, 6"])
def test_response_invalid_headers_are_an_error(serve: Serve, header: bytes) -> None:
    with pytest.raises(ResponseError, match=r"Invalid response headers: .* Check api_url"):
        send(serve(sends(OK, header, b"\r\n\r\n{}")).url)


@pytest.mark.parametrize("compressed", [False, True])
def test_response_has_a_size_limit_after_decompression(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, compressed: bool
) -> None:
    monkeypatch.setattr(_http, "MAX_RESPONSE_BYTES", 1 << 20)
    body = b'{"x": "' + b"x" * (2 << 20) + b'"}'
    encoding = b"Content-Encoding: gzip\r\n" if compressed else b""
    server = serve(sends(OK, encoding, b"Connection: close\r\n\r\n", gzip.compress(body) if compressed else body))
    with pytest.raises(ResponseError, match=r"The response exceeds 1 MiB. Reduce the number of actions with limit"):
        send(server.url)


def test_response_of_maximum_size_is_read(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_http, "MAX_RESPONSE_BYTES", 1 << 20)
    assert len(send(serve(sends(OK, b"Connection: close\r\n\r\n", b" " * (1 << 20))).url).body) == 1 << 20


@pytest.mark.parametrize("encoding", ["gzip, gzip", "zstd", "br"])
def test_response_unknown_content_encoding_is_an_error(serve: Serve, encoding: str) -> None:
    """Some releases of urllib3 decompress these without a limit."""
    bomb = gzip.compress(gzip.compress(b"x" * 1_000_000))
    head = f"Content-Encoding: {encoding}\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    with pytest.raises(ResponseError, match=rf"Unsupported content encoding \({encoding}\)"):
        send(serve(sends(OK, head, bomb)).url)


# The time limit


@pytest.mark.parametrize(
    "parts",
    [
        [OK, b"X: "],
        [OK, b"Content-Length: 5000\r\n\r\n", b" "],
        [OK, b"Connection: close\r\n\r\n{", b" "],
        [OK, b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"],
    ],
    ids=["headers", "body", "body without length", "chunks"],
)
def test_time_limit_covers_a_response_that_is_slow(serve: Serve, parts: list[bytes]) -> None:
    started = time.monotonic()
    with pytest.raises(TransientError, match=r"No complete response within 0\.4 s"):
        send(serve(drips(*parts)).url, seconds=LIMIT)
    assert LIMIT <= time.monotonic() - started < LIMIT + SLACK


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_time_limit_covers_a_server_that_sends_nothing(serve: Serve, scheme: str) -> None:
    url = serve(sends_nothing).url.replace("http:", f"{scheme}:")
    started = time.monotonic()
    with pytest.raises(TransientError):
        send(url, seconds=LIMIT)
    assert time.monotonic() - started < LIMIT + SLACK


def test_time_limit_covers_name_resolution(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def resolve(*_args: object, **_kwargs: object) -> t.NoReturn:
        released.wait(TEST_TIMEOUT_SECONDS)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    started = time.monotonic()
    try:
        with pytest.raises(TransientError, match=r"No complete response within 0\.4 s"):
            send("http://tutum.invalid/api/v1/", seconds=LIMIT)
        assert time.monotonic() - started < LIMIT + SLACK
    finally:
        released.set()


def test_time_limit_of_the_socket_may_expire_first(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_http, "run_within", lambda _seconds, call: call())

    def stall(peer: Peer) -> None:
        peer.send(OK, b"Content-Length: 9\r\n\r\n{")
        peer.receive()

    with pytest.raises(TransientError, match=r"No complete response within 0\.4 s"):
        send(serve(stall).url, seconds=LIMIT)


def test_time_limit_body_that_looks_complete_is_not_returned(serve: Serve) -> None:
    def send_and_stay(peer: Peer) -> None:
        peer.send(OK, b"Connection: close\r\n\r\n{}")
        peer.receive()

    with pytest.raises(TransientError):
        send(serve(send_and_stay).url, seconds=LIMIT)


@pytest.mark.parametrize(("request_timeout", "is_named"), [(LIMIT, True), (30.0, False)])
def test_time_limit_message_names_request_timeout_if_that_is_the_limit(
    serve: Serve, request_timeout: float, is_named: bool
) -> None:
    with pytest.raises(TransientError) as caught:
        send(serve(sends_nothing).url, seconds=LIMIT, request_timeout=request_timeout)
    assert ("Increase request_timeout if the server is slow" in str(caught.value)) is is_named


def test_time_limit_leaves_time_for_the_next_address(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(sends(EMPTY_OBJECT))
    limits: list[float] = []
    connect = socket.socket.connect

    def resolve(*_args: object, **_kwargs: object) -> list[t.Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, server.port)) for host in ("127.0.0.2", "127.0.0.1")]

    class Socket(socket.socket):
        def connect(self, address: t.Any) -> None:
            if address[0] == "127.0.0.2":  # does not react
                limits.append(self.gettimeout() or 0.0)
                raise socket.timeout("timed out")
            connect(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "socket", Socket)
    assert send(server.url, seconds=3.0).body == b"{}"
    assert [round(seconds, 1) for seconds in limits] == [1.0]


def test_time_limit_of_the_connection_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Socket(socket.socket):
        def connect(self, _address: t.Any) -> None:
            raise socket.timeout("timed out")

    monkeypatch.setattr(socket, "socket", Socket)
    with pytest.raises(TransientError, match=r"Connection timed out after 1 s, a third of the time") as caught:
        send("http://127.0.0.1:1/", seconds=3.0)
    assert not caught.value.was_sent


# Connections


def test_connection_is_used_again(serve: Serve) -> None:
    def respond_twice(peer: Peer) -> None:
        for _number in range(2):
            peer.send(EMPTY_OBJECT)
            peer.receive()

    server = serve(respond_twice)
    with closing(Transport(make_settings())) as transport:
        for _number in range(2):
            assert transport.send("GET", server.url, TEST_TIMEOUT_SECONDS).body == b"{}"
    assert len(server.requests) == 1


def test_connection_used_again_has_the_time_limit_too(serve: Serve) -> None:
    def respond_once_then_drip(peer: Peer) -> None:
        peer.send(EMPTY_OBJECT)
        peer.receive()
        drips(OK, b"X: ")(peer)

    server = serve(respond_once_then_drip)
    with closing(Transport(make_settings())) as transport:
        assert transport.send("GET", server.url, TEST_TIMEOUT_SECONDS).body == b"{}"
        started = time.monotonic()
        with pytest.raises(TransientError):
            transport.send("GET", server.url, LIMIT)
    assert time.monotonic() - started < LIMIT + SLACK
    assert len(server.requests) == 1


def test_connection_given_up_is_not_used_again(serve: Serve) -> None:
    """The late response to the first request must not become the response to the second."""
    second_sent = threading.Event()
    late_sent = threading.Event()
    connections: list[int] = []

    def script(peer: Peer) -> None:
        connections.append(len(connections))
        if len(connections) == 1:
            peer.send(OK, b"Content-Length: 8\r\n\r\n")
            assert second_sent.wait(TEST_TIMEOUT_SECONDS)
            try:
                peer.send(b'{"x": 1}')
            finally:
                late_sent.set()
            peer.receive()
        else:
            peer.send(EMPTY_OBJECT)

    server = serve(script)
    with closing(Transport(make_settings())) as transport:
        with pytest.raises(TransientError):
            transport.send("GET", server.url, LIMIT)
        second_sent.set()
        assert late_sent.wait(TEST_TIMEOUT_SECONDS)
        assert transport.send("GET", server.url, TEST_TIMEOUT_SECONDS).body == b"{}"
    assert connections == [0, 1]


def test_connection_given_up_closes_the_idle_ones_too(serve: Serve) -> None:
    def script(peer: Peer) -> None:
        peer.send(EMPTY_OBJECT)
        peer.receive()  # the request that is given up, on the same connection

    server = serve(script)
    with closing(Transport(make_settings())) as transport:
        transport.send("GET", server.url, TEST_TIMEOUT_SECONDS)
        with pytest.raises(TransientError):
            transport.send("GET", f"{server.url}?2", LIMIT)
        transport.send("GET", f"{server.url}?3", TEST_TIMEOUT_SECONDS)
    assert [request.split()[1] for request in server.requests] == ["/api/v1/action/", "/api/v1/action/?3"]


def test_connection_given_up_is_closed_while_the_server_sends(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_http, "MAX_RESPONSE_BYTES", 1 << 40)
    closed = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(OK, b"Connection: close\r\n\r\n")
        try:
            for _number in range(10_000):
                peer.send(b" " * 65536)
                peer.pause(0.01)
        except ConnectionError:
            closed.set()

    with pytest.raises(TransientError):
        send(serve(script).url, seconds=LIMIT)
    assert closed.wait(TEST_TIMEOUT_SECONDS)


def test_connection_refused_is_a_transient_error() -> None:
    with pytest.raises(TransientError, match=r"Connection failed: .*refused. Check api_url") as caught:
        send(f"http://127.0.0.1:{unused_port()}/api/v1/")
    assert not caught.value.was_sent


def test_connection_to_unknown_name_is_a_transient_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_args: object, **_kwargs: object) -> t.NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(TransientError, match=r"Connection failed: .*Name or service not known") as caught:
        send("http://tutum.invalid/api/v1/")
    assert not caught.value.was_sent


# TLS


def test_tls_to_an_http_server_is_a_permanent_error(serve: Serve) -> None:
    server = serve(sends(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    with pytest.raises(TlsError, match=r"TLS handshake failed: .* Check the scheme and port in api_url"):
        send(server.url.replace("http:", "https:"))


def test_tls_handshake_cut_is_a_transient_error(serve: Serve) -> None:
    with pytest.raises(TransientError):
        send(serve(sends()).url.replace("http:", "https:"))


def test_tls_missing_ca_file_names_the_sources() -> None:
    with pytest.raises(ApiError, match=r"/none.* \(ca_path, REQUESTS_CA_BUNDLE, SSL_CERT_FILE\)") as caught:
        send(f"https://127.0.0.1:{unused_port()}/", ca_path="/none")
    assert not isinstance(caught.value, TransientError)


@pytest.mark.parametrize(
    ("settings", "verify"),
    [
        ({}, True),
        ({"ca_path": "/ca.pem"}, "/ca.pem"),
        ({"validate_certs": False}, False),
        ({"validate_certs": False, "ca_path": "/ca.pem"}, False),
    ],
)
def test_tls_verification_follows_settings_and_not_the_process(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, t.Any], verify: object
) -> None:
    seen: dict[str, t.Any] = {}

    def adapter_send(_self: object, _request: object, **options: t.Any) -> t.NoReturn:
        seen.update(options)
        raise requests.ConnectionError

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/other.pem")
    monkeypatch.setenv("HTTPS_PROXY", "http://other:3128")
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", adapter_send)
    with pytest.raises(TransientError):
        send("https://tutum.invalid/", seconds=3.0, **settings)
    assert (seen["verify"], seen["proxies"], seen["timeout"]) == (verify, {}, (1.0, 3.0))


# Proxies


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_proxy_gets_the_request(serve: Serve, variable: str) -> None:
    server = serve(sends(EMPTY_OBJECT))
    environ = {variable: server.origin.replace("//", "//alice:p%2Fw@")}
    assert send("http://tutum.invalid/api/v1/", environ=environ).body == b"{}"
    head = server.requests[0].split("\r\n")
    assert head[0] == "GET http://tutum.invalid/api/v1/ HTTP/1.1"
    assert f"Proxy-Authorization: Basic {base64.b64encode(b'alice:p/w').decode()}" in head
    assert f"Authorization: {AUTHORIZATION}" in head


def test_proxy_without_scheme_gets_the_request(serve: Serve) -> None:
    server = serve(sends(EMPTY_OBJECT))
    assert send("http://tutum.invalid/", environ={"http_proxy": f"127.0.0.1:{server.port}"}).body == b"{}"


def test_proxy_tunnel_does_not_get_the_credentials(serve: Serve) -> None:
    server = serve(sends(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"))
    with pytest.raises(
        TransientError, match=r"Proxy connection failed: .*407.* Check HTTPS_PROXY and NO_PROXY"
    ) as caught:
        send("https://tutum.invalid/", environ={"HTTPS_PROXY": server.origin})
    assert server.requests[0].startswith("CONNECT tutum.invalid:443 ")
    assert AUTHORIZATION not in server.requests[0]
    assert not caught.value.was_sent


@pytest.mark.parametrize("no_proxy", ["127.0.0.1", "127.0.0.0/8", "*"])
def test_proxy_is_not_used_for_no_proxy(serve: Serve, no_proxy: str) -> None:
    server = serve(sends(EMPTY_OBJECT))
    environ = {"http_proxy": f"http://127.0.0.1:{unused_port()}", "NO_PROXY": no_proxy}
    assert send(server.url, environ=environ).body == b"{}"
    assert server.requests[0].startswith("GET /api/v1/action/ ")


def test_proxy_that_refuses_connections_is_named() -> None:
    with pytest.raises(
        TransientError, match=r"Proxy connection failed: .*refused. Check http_proxy and NO_PROXY"
    ) as caught:
        send("http://tutum.invalid/", environ={"http_proxy": f"http://127.0.0.1:{unused_port()}"})
    assert not caught.value.was_sent


@pytest.mark.parametrize(
    "password", ["proxy-secret/", "proxy-secret#", "proxy-secret ?", "proxy-secret[", "proxy-secret\u2100"]
)
def test_proxy_invalid_url_is_not_quoted(password: str) -> None:
    """A password that is not percent-encoded makes the URL invalid."""
    with pytest.raises(ApiError, match=r"invalid URL. Check http_proxy and api_url") as caught:
        send("http://tutum.invalid/", environ={"http_proxy": f"http://alice:{password}@127.0.0.1:1"})
    assert not isinstance(caught.value, TransientError)
    assert "proxy-secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_proxy_unknown_scheme_is_an_invalid_url() -> None:
    with pytest.raises(ApiError, match=r"invalid URL. Check http_proxy and api_url"):
        send("http://tutum.invalid/", environ={"http_proxy": "foo://127.0.0.1:1"})


def test_proxy_that_is_slow_is_within_the_time_limit(serve: Serve) -> None:
    server = serve(drips(OK, b"X: "))
    with pytest.raises(TransientError, match="No complete response within"):
        send("http://tutum.invalid/", seconds=LIMIT, environ={"http_proxy": server.origin})


def test_proxy_socks_without_pysocks_names_library_and_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_socks(*_args: object, **_kwargs: object) -> t.NoReturn:
        raise requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support.")

    monkeypatch.setattr(requests.adapters, "SOCKSProxyManager", no_socks)
    with pytest.raises(ApiError, match=r"variable ALL_PROXY names a SOCKS proxy.* Install PySocks, or unset ALL_PROXY"):
        send("https://tutum.invalid/", environ={"ALL_PROXY": "socks5://127.0.0.1:1080"})


# Errors


def test_error_does_not_show_the_key(serve: Serve) -> None:
    server = serve(sends(f"{API_KEY} {AUTHORIZATION}\r\n\r\n".encode()))
    with pytest.raises(ApiError) as caught:
        send(server.url)
    assert API_KEY not in str(caught.value)
    assert caught.value.__suppress_context__


def test_error_names_the_method(serve: Serve) -> None:
    server = serve(sends())
    with pytest.raises(TransientError, match=f"^POST {server.url} failed: "):
        send(server.url, method="POST")


def test_missing_library_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_http, "REQUESTS_IMPORT_ERROR", ImportError("No module named 'requests'"))
    with pytest.raises(LibraryError, match=r"required Python library \(requests\)"):
        Transport(make_settings())
