# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start a sandbox from a test, a demo or a benchmark. Standard library only: Django lives in the child process."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType

PACKAGE_FOLDER = Path(__file__).resolve().parents[1]


class SandboxError(Exception):
    """The sandbox did not start, or refused what was asked of it."""


class Sandbox:
    """A sandbox in a child process, ready when the `with` block begins and gone when it ends.

    `python` is an interpreter that has the packages of requirements.txt. The other arguments are the options of the
    command line (`python -m tutum_sandbox --help`); `latency` is in milliseconds. The server ends with this process,
    whatever happens to it: it watches a pipe.
    """

    url: str
    username: str
    api_key: str
    ca_file: str | None

    def __init__(
        self,
        python: str | os.PathLike[str] = sys.executable,
        *,
        actions: int = 60,
        page_size: int = 25,
        max_page_size: int = 1000,
        throttle: str | None = None,
        latency: float = 0.0,
        tls: str | None = None,
        lists_without_logs: bool = False,
        username: str | None = None,
        api_key: str | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        start_timeout: float = 60.0,
    ) -> None:
        self._python = os.fspath(python)
        self._options: dict[str, Any] = {
            "actions": actions,
            "page-size": page_size,
            "max-page-size": max_page_size,
            "throttle": throttle,
            "latency": latency,
            "tls": tls,
            "username": username,
            "api-key": api_key,
            "host": host,
        }
        self._flags = ["--lists-without-logs"] if lists_without_logs else []
        self._port = port
        self._start_timeout = start_timeout
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        # Straight to the child, past any proxy; its certificate may be a bad one on purpose.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=ssl._create_unverified_context()),
        )

    def __enter__(self) -> Self:
        """Start the server."""
        self._folder = tempfile.TemporaryDirectory(prefix="tutum-sandbox-")
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        """Stop the server, and remove its database."""
        self.close()

    # The process.

    @property
    def pid(self) -> int | None:
        """The server's process, None while it is stopped."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the server; after `stop` on the same port, with the same actions. Faults and log begin empty."""
        if self._process:
            return
        if self._folder is None:
            raise SandboxError("The sandbox is used outside of its `with` block.")
        folder = Path(self._folder.name)
        ready, output = folder / "ready.json", folder / "output.txt"
        ready.unlink(missing_ok=True)
        command = [self._python, "-m", "tutum_sandbox", "--until-eof", "--quiet", *self._flags]
        chosen = {**self._options, "port": self._port, "database": folder / "sandbox.sqlite3", "ready-file": ready}
        command += [f"--{name}={value}" for name, value in chosen.items() if value is not None]
        # Nothing of the caller's Python must reach the child's, which may be another version.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environment["PYTHONPATH"] = str(PACKAGE_FOLDER)
        with output.open("wb") as sink:
            # In a process group of its own: Ctrl-C is for this process, which may still need the server to end well.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=environment,
                process_group=0,
            )
        deadline = time.monotonic() + self._start_timeout
        while not ready.exists():
            status = self._process.poll()
            if status is not None or time.monotonic() > deadline:
                self.stop()
                how = f"ended with status {status}" if status is not None else f"took over {self._start_timeout} s"
                raise SandboxError(f"The sandbox did not start, it {how}:\n{output.read_text(errors='replace')}")
            time.sleep(0.01)
        described = json.loads(ready.read_text(encoding="utf-8"))
        self.url, self.ca_file = described["url"], described["ca_file"]
        self.username, self.api_key = described["username"], described["api_key"]
        self._port = int(self.url.rpartition(":")[2])

    def stop(self) -> None:
        """End the server: from then on connections are refused."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def close(self) -> None:
        """End the server, and forget its actions."""
        self.stop()
        if self._folder:
            self._folder.cleanup()
            self._folder = None

    # What a client needs.

    def environment(self) -> dict[str, str]:
        """Return the environment variables that lead a client here (with TLS, to the CA's certificate too)."""
        found = {"TUTUM_REST_HOST": self.url, "TUTUM_USER": self.username, "TUTUM_APIKEY": self.api_key}
        return {**found, "TUTUM_CA_PATH": self.ca_file} if self.ca_file else found

    # What the sandbox can be asked for; README.md describes the fields.

    def control(self, method: str, name: str = "", content: Any = None) -> Any:
        """Ask a control endpoint, `/sandbox/<name>/`; SandboxError carries its own words where it refuses."""
        request = urllib.request.Request(f"{self.url}/sandbox/{name and name + '/'}", method=method)
        if content is not None:
            request.data = json.dumps(content).encode()
        try:
            with self._opener.open(request, timeout=60) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise SandboxError(f"{method} {name}: {error.code} {error.read().decode(errors='replace')}") from error

    def status(self) -> dict[str, Any]:
        """Return how many actions, requests and faults there are, and the settings."""
        found: dict[str, Any] = self.control("GET")
        return found

    def create_actions(self, actions: Iterable[dict[str, Any]]) -> list[str]:
        """Create actions, and return their UUIDs."""
        found: list[str] = self.control("POST", "actions", list(actions))["uuids"]
        return found

    def create_action(self, phases: Sequence[Sequence[Any]] | None = None, **fields: Any) -> str:
        """Create one action, and return its UUID."""
        return self.create_actions([{**fields, "phases": phases}])[0]

    def requests(self, path: str = "") -> list[dict[str, Any]]:
        """Return the log of requests to the API, oldest first; only those whose path contains this."""
        found = self.control("GET", "requests")["requests"]
        return [entry for entry in found if path in entry["path"]]

    def clear_requests(self) -> None:
        """Empty the log of requests."""
        self.control("DELETE", "requests")

    def add_fault(self, **rule: Any) -> None:
        """Put a rule in force, behind those that are."""
        self.control("POST", "faults", rule)

    def faults(self) -> list[dict[str, Any]]:
        """Return the rules in force; `used` tells how many requests each has spoiled."""
        found: list[dict[str, Any]] = self.control("GET", "faults")["faults"]
        return found

    def clear_faults(self) -> None:
        """Let all requests through."""
        self.control("DELETE", "faults")

    def set(self, **settings: Any) -> None:
        """Change latency, throttle, page_size, max_page_size or lists_without_logs while the server runs."""
        self.control("POST", "settings", settings)

    def reset(self) -> None:
        """Go back to the seeds: no faults, an empty log. Settings stay."""
        self.control("POST", "reset")
