# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request over a real socket: the total time limit, bodies that end too early or never, TLS, proxies, ~/.netrc."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import typing as t
from contextlib import closing

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils import _client
from ansible_collections.tutum.cloud.plugins.module_utils._client import Client
from ansible_collections.tutum.cloud.plugins.module_utils._errors import ApiError, ResponseError, TransientError
from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY, AUTHORIZATION, make_connection

if t.TYPE_CHECKING:
    from pathlib import Path

OK = b"HTTP/1.1 200 OK\r\n"
LIMIT = 0.4
"""Seconds that a request may take in the tests where it takes too long."""


Script = t.Callable[[socket.socket], object]


class Server:
    """Accepts connections on the loopback, reads a request from each, and lets a script do the rest."""

    def __init__(self, script: Script) -> None:
        self.requests: list[str] = []
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(10)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/api/v1/"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                peer = self._listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._answer, args=(peer,), daemon=True).start()

    def _answer(self, peer: socket.socket) -> None:
        peer.settimeout(10)
        try:
            with peer:
                self.requests.append(peer.recv(65536).decode("latin-1"))
                self._script(peer)
        except OSError:
            pass  # The client hung up, as it should.

    def close(self) -> None:
        self._listener.close()

        self._listener.close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own proxies and certificates decide no test."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def serve() -> t.Iterator[t.Callable[[Script], Server]]:
    servers: list[Server] = []

    def start(script: Script) -> Server:
        servers.append(Server(script))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def sends(*parts: bytes) -> Script:
    return lambda peer: peer.sendall(b"".join(parts))


def drips(*parts: bytes) -> Script:
    """Sends some of it, and then a byte now and then, for much longer than anybody should wait."""

    def script(peer: socket.socket) -> None:
        for part in parts[:-1]:
            peer.sendall(part)
        for number in range(200):
            peer.sendall(parts[-1][number % len(parts[-1]) :][:1])
            time.sleep(0.05)

    return script


def get(url: str, *, seconds: float = 10.0, **connection: t.Any) -> dict[str, t.Any]:
    """Ask once."""
    made = make_connection(api_url=url, max_retries=0, request_timeout=seconds, **connection)
    with closing(Client(made)) as client:
        return client.get(client.url("action/"), deadline=time.monotonic() + 60)


def test_a_request_is_authorized_and_asks_for_json(serve: t.Callable[[Script], Server]) -> None:
    server = serve(sends(OK, b"Content-Length: 8\r\n\r\n", b'{"x": 1}'))
    assert get(server.url) == {"x": 1}
    (request,) = server.requests
    assert request.startswith("GET /api/v1/action/ HTTP/1.1\r\n")
    assert f"\r\nAuthorization: {AUTHORIZATION}\r\n" in request
    assert "\r\nAccept: application/json\r\n" in request


@pytest.mark.parametrize(
    "rest",
    [
        b'Connection: close\r\n\r\n{"x": 1}',
        b'Transfer-Encoding: chunked\r\n\r\n4\r\n{"x"\r\n4\r\n: 1}\r\n0\r\n\r\n',
        b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + gzip.compress(b'{"x": 1}'),
        b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
        % (len(gzip.compress(b'{"x": 1}')), gzip.compress(b'{"x": 1}')),
    ],
    ids=["to the end", "chunked", "gzip", "gzip with its length"],
)
def test_each_form_of_a_whole_body_is_read(serve: t.Callable[[Script], Server], rest: bytes) -> None:
    assert get(serve(sends(OK, rest)).url) == {"x": 1}


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [b"HTTP/1.1 2"],
        [OK + b"X-Slow: "],
        [OK, b'Content-Length: 80\r\n\r\n{"x": 1}'],
        [OK, b'Transfer-Encoding: chunked\r\n\r\n50\r\n{"x": 1}'],
        [OK, b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!"],
    ],
    ids=["nothing", "half a status", "half a header", "a short body", "a short chunk", "no gzip"],
)
def test_a_broken_answer_is_worth_another_try(serve: t.Callable[[Script], Server], parts: list[bytes]) -> None:
    server = serve(sends(*parts))
    with pytest.raises(TransientError) as caught:
        get(server.url)
    assert str(caught.value).startswith(f"GET {server.url}action/: ")


@pytest.mark.parametrize(
    "parts",
    [
        [OK, b"X: "],
        [OK, b"Content-Length: 5000\r\n\r\n", b" "],
        [OK, b"Connection: close\r\n\r\n{", b" "],
        [OK, b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"],
    ],
    ids=["headers", "a body", "a body without length", "chunks"],
)
def test_a_dripping_server_is_late_in_the_end(serve: t.Callable[[Script], Server], parts: list[bytes]) -> None:
    begun = time.monotonic()
    with pytest.raises(TransientError, match=r"no whole answer within 0\.4 s"):
        get(serve(drips(*parts)).url, seconds=LIMIT)
    assert LIMIT <= time.monotonic() - begun < LIMIT + 2


def test_a_silent_server_is_late(serve: t.Callable[[Script], Server]) -> None:
    begun = time.monotonic()
    with pytest.raises(TransientError, match="no whole answer within"):
        get(serve(lambda peer: peer.recv(1)).url, seconds=LIMIT)
    assert LIMIT <= time.monotonic() - begun < LIMIT + 2


def test_a_sockets_own_limit_may_come_first(
    serve: t.Callable[[Script], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine the timer's thread may be late."""
    monkeypatch.setattr(_client._TimeLimit, "expire", lambda _self: None)

    def stall(peer: socket.socket) -> None:
        peer.sendall(OK + b"Content-Length: 9\r\n\r\n{")
        time.sleep(3 * LIMIT)

    server = serve(stall)
    with pytest.raises(TransientError, match="no whole answer within"):
        get(server.url, seconds=LIMIT)


def test_who_is_late_for_request_timeout_reads_its_name(serve: t.Callable[[Script], Server]) -> None:
    with pytest.raises(TransientError, match="The option request_timeout sets this limit"):
        get(serve(lambda peer: peer.recv(1)).url, seconds=LIMIT)


def test_a_body_that_ends_when_the_time_does_is_not_taken_for_whole(serve: t.Callable[[Script], Server]) -> None:
    def send_what_looks_whole_and_stay(peer: socket.socket) -> None:
        peer.sendall(OK + b"Connection: close\r\n\r\n{}")
        peer.recv(1)

    server = serve(send_what_looks_whole_and_stay)
    with pytest.raises(TransientError):
        get(server.url, seconds=LIMIT)


@pytest.mark.parametrize("compressed", [False, True])
def test_an_answer_has_a_size_limit_once_unpacked(
    serve: t.Callable[[Script], Server], monkeypatch: pytest.MonkeyPatch, compressed: bool
) -> None:
    monkeypatch.setattr(_client, "MAX_ANSWER_BYTES", 1 << 20)
    body = b'{"x": "' + b"x" * (2 << 20) + b'"}'
    encoding = b"Content-Encoding: gzip\r\n" if compressed else b""
    server = serve(sends(OK, encoding, b"Connection: close\r\n\r\n", gzip.compress(body) if compressed else body))
    with pytest.raises(ResponseError, match="larger than 1 MiB"):
        get(server.url)


@pytest.mark.parametrize("encoding", ["gzip, gzip", "zstd", "br"])
def test_an_answer_is_packed_as_was_asked_for(serve: t.Callable[[Script], Server], encoding: str) -> None:
    """Older releases of urllib3 unpack some of these without any limit."""
    bomb = gzip.compress(gzip.compress(b"x" * 1_000_000))
    head = f"Content-Encoding: {encoding}\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    server = serve(sends(OK, head, bomb))
    with pytest.raises(ResponseError, match=rf"packed in a way that was not asked for \({encoding}\)"):
        get(server.url)
    assert "Accept-Encoding: gzip, deflate\r\n" in server.requests[0]


def test_an_address_that_does_not_answer_leaves_time_for_the_next(
    serve: t.Callable[[Script], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(sends(OK, b"Content-Length: 2\r\n\r\n{}"))
    port = int(server.url.rsplit(":", 1)[1].split("/")[0])
    tried: list[float] = []
    connect = socket.socket.connect

    def resolve(*_args: object, **_kwargs: object) -> list[t.Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in ("127.0.0.2", "127.0.0.1")]

    class Socket(socket.socket):
        def connect(self, address: t.Any) -> None:
            if address[0] == "127.0.0.2":  # says nothing at all
                tried.append(self.gettimeout() or 0.0)
                raise socket.timeout("timed out")
            connect(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "socket", Socket)
    assert get(server.url, seconds=3.0) == {}
    assert [round(seconds, 1) for seconds in tried] == [1.0]


def test_a_refused_connection_is_worth_another_try() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    with pytest.raises(TransientError, match=r"the connection failed: .*refused.* Is the option api_url right"):
        get(f"http://127.0.0.1:{port}/api/v1/")


def test_close_ends_a_request_that_is_under_way(serve: t.Callable[[Script], Server]) -> None:
    server = serve(lambda peer: peer.recv(1))
    client = Client(make_connection(api_url=server.url, request_timeout=30.0, max_retries=5))
    errors: list[BaseException] = []

    def ask() -> None:
        try:
            client.get(client.url("action/"), deadline=time.monotonic() + 100)
        except ApiError as error:
            errors.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    begun = time.monotonic()
    while not server.requests and time.monotonic() - begun < 5:
        time.sleep(0.01)
    client.close()
    thread.join(5)
    assert not thread.is_alive()
    assert len(errors) == 1
    assert len(server.requests) == 1


def test_a_connection_is_used_again(serve: t.Callable[[Script], Server]) -> None:
    def answer_twice(peer: socket.socket) -> None:
        for _number in range(2):
            peer.sendall(OK + b"Content-Length: 2\r\n\r\n{}")
            peer.recv(65536)

    server = serve(answer_twice)
    with closing(Client(make_connection(api_url=server.url, max_retries=0))) as client:
        for _number in range(2):
            assert client.get(client.url("action/"), deadline=time.monotonic() + 10) == {}
    assert len(server.requests) == 1


def test_the_second_request_on_a_connection_has_its_limit_too(serve: t.Callable[[Script], Server]) -> None:
    def answer_once_then_drip(peer: socket.socket) -> None:
        peer.sendall(OK + b"Content-Length: 2\r\n\r\n{}")
        peer.recv(65536)
        drips(OK, b"X: ")(peer)

    server = serve(answer_once_then_drip)
    connection = make_connection(api_url=server.url, max_retries=0, request_timeout=LIMIT)
    with closing(Client(connection)) as client:
        assert client.get(client.url("action/"), deadline=time.monotonic() + 10) == {}
        begun = time.monotonic()
        with pytest.raises(TransientError):
            client.get(client.url("action/"), deadline=time.monotonic() + 10)
    assert time.monotonic() - begun < LIMIT + 2


def test_http_where_https_was_meant_is_an_error_at_once(serve: t.Callable[[Script], Server]) -> None:
    server = serve(sends(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    with pytest.raises(ApiError, match=r"no TLS connection: .* https and port included") as caught:
        get(server.url.replace("http:", "https:"))
    assert caught.type is ApiError


def test_a_server_that_hangs_up_during_the_tls_handshake_is_worth_another_try(
    serve: t.Callable[[Script], Server],
) -> None:
    with pytest.raises(TransientError):
        get(serve(sends()).url.replace("http:", "https:"))


def test_netrc_supplies_no_credentials(
    serve: t.Callable[[Script], Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login mallory password other\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    server = serve(sends(OK, b"Content-Length: 2\r\n\r\n{}"))
    get(server.url)
    assert f"\r\nAuthorization: {AUTHORIZATION}\r\n" in server.requests[0]


def test_a_proxy_of_the_environment_is_asked(
    serve: t.Callable[[Script], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(sends(OK, b"Content-Length: 2\r\n\r\n{}"))
    monkeypatch.setenv("http_proxy", server.url[: -len("/api/v1/")])
    assert get("http://tutum.invalid/api/v1/") == {}
    assert server.requests[0].startswith("GET http://tutum.invalid/api/v1/action/ HTTP/1.1\r\n")


def test_a_proxy_that_is_down_is_named_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free.getsockname()[1]}")
    with pytest.raises(TransientError, match=r"the proxy does not help: .*NO_PROXY"):
        get("http://tutum.invalid/api/v1/")


@pytest.mark.parametrize("password", ["proxy-secret/", "proxy-secret#", "proxy-secret ?"])
def test_a_proxy_that_is_no_url_is_not_quoted(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    """A password that is not percent-encoded makes nonsense of the URL."""
    monkeypatch.setenv("http_proxy", f"http://alice:{password}@127.0.0.1:1")
    with pytest.raises(ApiError, match=r"the request cannot be sent: .* proxy settings") as caught:
        get("http://tutum.invalid/api/v1/")
    assert "proxy-secret" not in str(caught.value)


def test_a_dripping_proxy_is_late_too(serve: t.Callable[[Script], Server], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", serve(drips(OK, b"X: ")).url[: -len("/api/v1/")])
    with pytest.raises(TransientError, match="no whole answer within"):
        get("http://tutum.invalid/api/v1/", seconds=LIMIT)


def test_no_error_of_the_connection_shows_the_key(serve: t.Callable[[Script], Server]) -> None:
    server = serve(lambda peer: peer.sendall(f"{API_KEY} {AUTHORIZATION}\r\n\r\n".encode()))
    with pytest.raises(ApiError) as caught:
        get(server.url)
    assert API_KEY not in str(caught.value)
    assert caught.value.__suppress_context__
