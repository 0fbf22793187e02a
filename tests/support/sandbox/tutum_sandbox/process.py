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
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType

PACKAGE_DIRECTORY = Path(__file__).resolve().parents[1]


class SandboxError(Exception):
    """The sandbox did not start, or refused a control request."""


class Sandbox:
    """A sandbox in a child process, which runs inside of the `with` block.

    `python` is an interpreter that has the packages of requirements.txt. The other arguments are the options of the
    command line (`python -m tutum_sandbox --help`); `latency` is in milliseconds, `clock_offset` in seconds. The server
    watches a pipe, so that it ends with this process in any case.
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
        order: str = "oldest_first",
        repeated_parameters: bool = False,
        total_count: str = "exact",
        path_prefix: str = "",
        next_base: str = "",
        dates: str = "rfc2822",
        ignored_filters: Sequence[str] = (),
        clock_offset: float = 0.0,
        random_faults: Mapping[str, Any] | None = None,
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
            "order": order,
            "total-count": total_count,
            "path-prefix": path_prefix,
            "next-base": next_base,
            "dates": dates,
            "ignored-filters": ",".join(ignored_filters),
            "clock-offset": clock_offset,
            "random-faults": None if random_faults is None else json.dumps(random_faults),
        }
        flags = {"--lists-without-logs": lists_without_logs, "--repeated-parameters": repeated_parameters}
        self._flags = [flag for flag, chosen in flags.items() if chosen]
        self._port = port
        self._start_timeout = start_timeout
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        # Without a proxy. The certificate of the server may be invalid.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=ssl._create_unverified_context()),
        )

    def __enter__(self) -> Self:
        """Start the server."""
        self._directory = tempfile.TemporaryDirectory(prefix="tutum-sandbox-")
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
        """Start the server; after `stop` on the same port, with the same actions.

        Faults, log and counts begin empty, and settings are those of the arguments.
        """
        if self._process:
            return
        if self._directory is None:
            raise SandboxError("The sandbox is used outside of its `with` block.")
        directory = Path(self._directory.name)
        ready, output = directory / "ready.json", directory / "output.txt"
        ready.unlink(missing_ok=True)
        command = [self._python, "-m", "tutum_sandbox", "--until-eof", "--quiet", *self._flags]
        chosen = {**self._options, "port": self._port, "database": directory / "sandbox.sqlite3", "ready-file": ready}
        command += [f"--{name}={value}" for name, value in chosen.items() if value is not None]
        # Nothing of the caller's Python must affect the child's, which may be another version.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environment["PYTHONPATH"] = str(PACKAGE_DIRECTORY)
        with output.open("wb") as sink:
            # In a process group of its own: Ctrl-C is for this process, which may need the server to clean up.
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
        """End the server. Connections are refused from then on."""
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
        """End the server, and delete its actions."""
        self.stop()
        if self._directory:
            self._directory.cleanup()
            self._directory = None

    # The values that a client needs.

    def environment(self) -> dict[str, str]:
        """Return the environment variables for a client (with TLS also that of the CA's certificate)."""
        found = {"TUTUM_REST_HOST": self.url, "TUTUM_USER": self.username, "TUTUM_APIKEY": self.api_key}
        return {**found, "TUTUM_CA_PATH": self.ca_file} if self.ca_file else found

    # The controls; README.md describes the fields.

    def control(self, method: str, name: str = "", content: Any = None) -> Any:
        """Send a control request to `/sandbox/<name>/`. Raise a SandboxError with its message if it is refused."""
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

    def calls(self, path: str = "") -> list[dict[str, Any]]:
        """Return how often each call was carried out, regardless of its response: `method`, `path`, `count`, `actions`.

        Only calls whose path contains the argument; in the order in which they were first made.
        """
        found = self.control("GET", "calls")["calls"]
        return [call for call in found if path in call["path"]]

    def clear_calls(self) -> None:
        """Set the counts of all calls to 0."""
        self.control("DELETE", "calls")

    def add_fault(self, **rule: Any) -> None:
        """Append a rule to those in force."""
        self.control("POST", "faults", rule)

    def faults(self) -> list[dict[str, Any]]:
        """Return the rules in force; `used` is the number of requests that each affected."""
        found: list[dict[str, Any]] = self.control("GET", "faults")["faults"]
        return found

    def clear_faults(self) -> None:
        """Remove all rules."""
        self.control("DELETE", "faults")

    def set(self, **settings: Any) -> None:
        """Change settings while the server runs. README.md lists them."""
        self.control("POST", "settings", settings)

    def restore_settings(self) -> None:
        """Restore all settings to their values at the start of the server."""
        self.control("DELETE", "settings")

    def reset(self) -> None:
        """Restore the seeded actions; remove faults, log and counts. Settings stay."""
        self.control("POST", "reset")
