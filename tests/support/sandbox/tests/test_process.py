# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The process starts, stops, and restarts as it should, and leaves no files or processes."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tutum_sandbox.process import PACKAGE_DIRECTORY, Sandbox, SandboxError

if TYPE_CHECKING:
    from tests.conftest import Client


def gone(pid: int) -> bool:
    """Return whether a process has ended. A zombie has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until_gone(pid: int, seconds: float = 5.0) -> bool:
    """Wait for the end of a process, and return whether it ended."""
    deadline = time.monotonic() + seconds
    while not gone(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return gone(pid)


def test_a_restart_keeps_port_and_actions(python: str) -> None:
    with Sandbox(python, actions=3) as sandbox:
        url, uuid = sandbox.url, sandbox.create_action()
        host, port = url.removeprefix("http://").split(":")
        held_open = socket.create_connection((host, int(port)))
        sandbox.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, int(port)))
        held_open.close()
        sandbox.start()
        assert sandbox.url == url
        assert sandbox.status()["actions"] == 4
        sandbox.reset()
        assert sandbox.status()["actions"] == 3
        directory = Path(sandbox._directory.name) if sandbox._directory else None
        assert uuid
    assert directory is not None
    assert not directory.exists()


def test_a_database_of_another_version_is_refused(python: str) -> None:
    with Sandbox(python, actions=1) as sandbox:
        sandbox.stop()
        assert sandbox._directory is not None
        with contextlib.closing(sqlite3.connect(Path(sandbox._directory.name) / "sandbox.sqlite3")) as database:
            database.execute("ALTER TABLE tutum_sandbox_action ADD COLUMN other TEXT")
        with pytest.raises(SandboxError, match="another version of the sandbox"):
            sandbox.start()


def test_seeds_are_the_same_each_time(python: str) -> None:
    def seeds(sandbox: Sandbox) -> list[dict[str, object]]:
        request = urllib.request.Request(f"{sandbox.url}/api/v1/action/?limit=0")
        request.add_header("Authorization", f"ApiKey {sandbox.username}:{sandbox.api_key}")
        with urllib.request.urlopen(request, timeout=10) as response:
            found: list[dict[str, object]] = json.load(response)["objects"]
            return found

    with Sandbox(python, actions=40) as one, Sandbox(python, actions=40) as other:
        assert [each["uuid"] for each in seeds(one)] == [each["uuid"] for each in seeds(other)]
        before = seeds(one)
        one.reset()
        assert seeds(one) == before


def test_a_failed_start_shows_why(python: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy, pytest.raises(SandboxError, match="in use"):
        Sandbox(python, port=busy.getsockname()[1]).__enter__()
    with pytest.raises(SandboxError, match="status"), Sandbox(python, throttle="nonsense"):
        pass


def test_it_does_not_outlive_its_parent(python: str) -> None:
    script = (
        "import os, sys; from tutum_sandbox.process import Sandbox\n"
        "sandbox = Sandbox(sys.argv[1]).__enter__()\n"
        "print(sandbox.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, python],
        env=os.environ | {"PYTHONPATH": str(PACKAGE_DIRECTORY)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert wait_until_gone(int(done.stdout))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground(python: str, number: signal.Signals, tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    process = subprocess.Popen(
        [python, "-m", "tutum_sandbox", "--actions=3", f"--ready-file={ready}"],
        env=os.environ | {"PYTHONPATH": str(PACKAGE_DIRECTORY), "TMPDIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not ready.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    described = json.loads(ready.read_text())
    connection = http.client.HTTPConnection(described["url"].removeprefix("http://"), timeout=10)
    for path in ("/api/v1/action/?limit=1", "/sandbox/"):  # the second response shows that the first is in the log
        connection.request("GET", path)
        connection.getresponse().read()
    process.send_signal(number)  # with the connection still open
    output, _errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert f"export TUTUM_REST_HOST={described['url']}\n" in output
    assert "GET /api/v1/action/?limit=1 401" in output
    assert "Traceback" not in output
    assert list(tmp_path.iterdir()) == [ready]


def test_delayed_response_does_not_delay_the_stop(python: str) -> None:
    with Sandbox(python, actions=1) as sandbox:
        sandbox.add_fault(kind="slow_first_byte", seconds=3600)
        with socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2]))) as client:
            client.sendall(b"GET /api/v1/action/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
            while not sandbox.requests():
                time.sleep(0.02)
            began = time.monotonic()
            sandbox.stop()
            assert time.monotonic() - began < 10  # after which it would be killed


@pytest.mark.parametrize(
    ("certificate", "complaint"),
    [
        ("good", None),
        ("self-signed", "self.signed"),
        ("expired", "expired"),
        ("wrong-host", "not valid for|doesn't match|mismatch"),
    ],
)
def test_certificates(python: str, certificate: str, complaint: str | None) -> None:
    with Sandbox(python, actions=1, tls=certificate) as sandbox:
        assert sandbox.environment()["TUTUM_CA_PATH"] == sandbox.ca_file
        assert sandbox.status()["actions"] == 1
        context = ssl.create_default_context(cafile=sandbox.ca_file)
        connection = http.client.HTTPSConnection(sandbox.url.removeprefix("https://"), context=context, timeout=10)
        if complaint is None:
            connection.request("GET", "/api/v1/auth/")
            assert connection.getresponse().status == 401
            sandbox.add_fault(kind="reset", times=1)
            connection.close()
            connection.request("GET", "/api/v1/auth/")
            with pytest.raises(ConnectionResetError):
                connection.getresponse()
        else:
            with pytest.raises(ssl.SSLCertVerificationError, match=complaint):
                connection.request("GET", "/api/v1/auth/")
        connection.close()


def test_the_log_knows_who_sent_a_key_but_not_the_key(sandbox: Sandbox, api: Client) -> None:
    api("action/?limit=1")
    api.use_basic()
    api("auth/")
    api.authorization = None
    api("auth/")
    api.authorization = sandbox.api_key
    api("auth/")
    log = sandbox.requests()
    assert [entry["scheme"] for entry in log] == ["apikey", "basic", None, "other"]
    assert [entry["authorization"] for entry in log] == [True, True, False, True]
    assert [entry["status"] for entry in log] == [200, 200, 401, 401]
    assert len({entry["connection"] for entry in log}) == 1
    assert (log[0]["method"], log[0]["path"], log[0]["query"]) == ("GET", "/api/v1/action/", "limit=1")
    assert sandbox.api_key not in json.dumps(log)
    sandbox.clear_requests()
    assert sandbox.requests() == []


def test_latency(sandbox: Sandbox, api: Client) -> None:
    sandbox.set(latency=200)
    began = time.monotonic()
    api("auth/")
    assert time.monotonic() - began >= 0.2
