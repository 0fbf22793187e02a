# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the report's tests: pages that the role writes, an HTTP server for them, and a real browser.

`TUTUM_TEST_BROWSER` and `TUTUM_TEST_BROWSER_DRIVER` are the paths of Chromium and of its chromedriver. If they are not
set, both programs are searched for on `PATH`.
"""

from __future__ import annotations

import functools
import os
import shutil
import threading
import time
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from tests.support.ansible_commands import Ansible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutum_sandbox.process import Sandbox

    from tests.support.ansible_commands import Finished

ESCAPE = "\x1b"
MARKUP = "<script>document.title='ran'</script><img src=/image onerror=\"document.title='ran'\">\"'`</pre></details>"
SEQUENCES = f"{ESCAPE}[31mred{ESCAPE}[0m{ESCAPE}]0;title\x07"
HOSTILE_LOGS = f"{MARKUP}\n{SEQUENCES} {{{{ 7 * 7 }}}} {{% raw %}}\n\u202egpj.exe\x00\n"
SHOWN_LOGS = f"{MARKUP}\nred {{{{ 7 * 7 }}}} {{% raw %}}\n\ufffdgpj.exe\ufffd\n"

HOSTILE_ACTIONS: dict[str, dict[str, Any]] = {
    "markup": {
        "phases": [[-60, "Failed"]],
        "started_ago": 90,
        **dict.fromkeys(("action", "ip", "location", "user_agent", "object", "path"), MARKUP),
        "logs": HOSTILE_LOGS,
    },
    "long": {
        "phases": [[-120, "Failed"]],
        "started_ago": 150,
        "action": "A" * 5000,
        "object": f"/api/v1/service/{'z' * 3000}/",
        "logs": "x" * 1_000_000,
    },
    "nulls": {
        "phases": [[-180, "Failed"]],
        "started_ago": 200,
        **dict.fromkeys(("object", "ip", "location", "user_agent", "body", "logs")),
        "extra": dict.fromkeys(("action", "method", "path", "start_date")),
    },
    "secret": {
        "phases": [[-240, "Failed"]],
        "started_ago": 270,
        "body": "correct-horse-battery-staple",
        "logs": "first\nERROR: the reason\nlast",
    },
}
UNFINISHED_ACTION = {"phases": [[0, "In progress"], [99999, "Success"]], "started_ago": 60}
ACTIONS = 1000


@dataclass
class Pages:
    """The pages that one run of a playbook wrote."""

    done: Finished
    directory: Path
    uuids: dict[str, str]
    """The UUIDs of HOSTILE_ACTIONS."""
    url: str = ""
    requests: list[str] = field(default_factory=list)
    """The paths of all requests to the server."""

    def text(self, name: str) -> str:
        """Return the source of a page."""
        return (self.directory / f"{name}.html").read_text(encoding="utf-8")


def include(page: Path, /, *, variables: dict[str, Any] | None = None, **keywords: Any) -> dict[str, Any]:
    """Return a task that runs the role."""
    chosen = {"action_report_path": str(page), **(variables or {})}
    role = {"name": "tutum.cloud.action_report", **keywords}
    return {"name": f"Include the role for {page.stem}", "ansible.builtin.include_role": role, "vars": chosen}


def show_error(name: str) -> dict[str, Any]:
    """Return a task that shows why the task before it failed."""
    return {"name": name, "ansible.builtin.debug": {"msg": "{{ ansible_failed_result.msg }}"}}


def write_pages(sandbox: Sandbox, ansible: Ansible) -> Pages:
    """Run the role several times in one playbook."""
    uuids = dict(zip(HOSTILE_ACTIONS, sandbox.create_actions(HOSTILE_ACTIONS.values()), strict=True))
    directory = ansible.directory
    # A fixed period, since the day may change while the tests run.
    tomorrow = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86400))
    period = {"action_report_last_day": tomorrow, "action_report_days": 3}
    failed = directory / "failed.html"
    everything = {
        **period,
        "action_report_states": "all",
        "action_report_title": "<b>Everything</b>",
        "tutum_max_retries": 0,
    }
    refused = {**period, "tutum_username": "wrong", "tutum_api_key": "wrong"}
    tasks = [
        include(failed, variables=period),
        include(failed, variables=period),
        include(directory / "check.html", variables=period, apply={"check_mode": True}),
        include(directory / "empty.html", variables={"action_report_last_day": "2010-01-01"}),
        {
            "name": "Use a wrong account",
            "block": [include(failed, variables=refused)],
            "rescue": [show_error("Show the error")],
        },
        {
            "name": "Use a wrong period",
            "block": [include(failed, variables={"action_report_days": 0})],
            "rescue": [show_error("Show the period")],
        },
    ]
    ansible.run(ansible.playbook(tasks)).succeeded()
    first = ansible.results()

    states = ("Failed", "Success", "Canceled")
    many = [{"phases": [[-i * 60, states[i % 3]]], "started_ago": i * 63} for i in range(ACTIONS)]
    sandbox.create_actions([*many, UNFINISHED_ACTION])
    # The environment has a wrong server: module_defaults take precedence.
    defaults = {"group/tutum.cloud.tutum": {"api_url": sandbox.url, "request_timeout": 60}}
    command = ansible.playbook(
        [include(directory / "all.html", variables=everything)],
        module_defaults=defaults,
        environment={"TUTUM_REST_HOST": "http://127.0.0.1:9"},
    )
    done = ansible.run(command).succeeded()
    done.tasks[:0] = first
    return Pages(done, directory, uuids)


@pytest.fixture(scope="session")
def pages(running_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """Return the pages, served on the loopback interface."""
    running_sandbox.reset()
    programs, collections = (Path(os.environ[f"TUTUM_TEST_{name}"]) for name in ("ANSIBLE_BIN", "COLLECTIONS"))
    ansible = Ansible(programs, collections, tmp_path_factory.mktemp("report"))
    ansible.environment.update(running_sandbox.environment())
    try:
        pages = write_pages(running_sandbox, ansible)
    finally:
        ansible.end_processes()

    class Handler(SimpleHTTPRequestHandler):
        """Serves the directory, and records each request."""

        def log_message(self, *_arguments: object) -> None:
            pages.requests.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(pages.directory)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    pages.url = f"http://127.0.0.1:{server.server_port}"
    yield pages
    server.shutdown()
    server.server_close()
    thread.join(10)


def find_program(variable: str, *names: str) -> str:
    """Return the path of a program. Without it the tests are skipped, and fail in CI."""
    found = os.environ.get(variable) or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        leave = pytest.fail if os.environ.get("CI") else pytest.skip
        leave(f"No {names[0]} found. Install the Debian packages chromium and chromium-driver, or set {variable}.")
    return found


@pytest.fixture(scope="session")
def started_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Start a headless browser that sends no requests of its own."""
    browser = find_program("TUTUM_TEST_BROWSER", "chromium", "chromium-browser", "google-chrome")
    driver = find_program("TUTUM_TEST_BROWSER_DRIVER", "chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (
        *("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"),
        *("disable-component-update", "disable-sync", "disable-dev-shm-usage", "hide-scrollbars"),
        f"user-data-dir={tmp_path_factory.mktemp('browser')}",
    ):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    # With its path given, selenium does not look for a driver on the network.
    started = webdriver.Chrome(options=options, service=Service(driver))
    yield started
    started.quit()


class Browser:
    """The browser, with a page opened in a certain way."""

    def __init__(self, driver: webdriver.Chrome, pages: Pages) -> None:
        self.driver = driver
        self._pages = pages

    def open(self, name: str, *, width: int = 1400, scheme: str = "light", media: str = "", fragment: str = "") -> None:
        """Open a page in a window of this width (CSS pixels), with this color scheme."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
        self.driver.get("about:blank")  # A different fragment alone would not load the page.
        self.driver.get(f"{self._pages.url}/{name}.html{fragment}")

    def run(self, script: str, *arguments: Any) -> Any:
        """Return what a script returns. The page's own policy does not apply to it."""
        return self.driver.execute_script(script, *arguments)  # type: ignore[no-untyped-call, unused-ignore]


@pytest.fixture
def browser(started_browser: webdriver.Chrome, pages: Pages) -> Browser:
    """Return the browser."""
    return Browser(started_browser, pages)
