# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets are in no output, no file, and no process list.

Each test searches everything that a run leaves: its output at `-vvvv`, its log file, the results as a callback gets
them (with the options of the task, and with tracebacks if this ansible-core has them), and every file that exists
afterwards. During a wait, the tests also search the command lines and environments of the processes. The search finds
the key in clear text, percent-encoded, in Base64, and as JSON, Python, HTML, and the shell write it. Half of the key
counts as a finding, too.

Ansible itself puts secrets into some places, and no collection can prevent this. The tests allow exactly these places:

- *The options of a module are arguments in the script that Ansible writes for the module* (AnsiballZ). Only its user
  can enter the directory of the script, and Ansible removes the script after the task (up to five seconds after a
  background task). `test_temporary_files` and `test_processes` find a key that is an option in these arguments only,
  and other keys nowhere.
- *Since core 2.22, the result file of a background job also contains these options*, so that Ansible can hide them.
  `test_temporary_files` finds a key that is an option there, and in no other field.
- *A process inherits the environment* of Ansible. `test_processes` allows a key from the environment there, but in no
  command line.
- *The keyword `environment` becomes a part of the command line* that Ansible runs on the target. It is therefore in the
  process list, and in the lines with EXEC, which are shown with `-vvv`. `test_environment_keyword` finds it only in
  those lines.
- *An option that does not exist* (`apikey`) is not known to be a secret. ansible-core 2.18 shows it in each result, and
  later versions show it on request. `test_mistakes` finds it among the options of that result, but not in its message.

A key in a playbook or on the command line is in clear text there, and Ansible quotes playbooks in its errors. The tests
therefore put all keys into a file of variables, as a user would put them into a vault.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import html
import json
import os
import re
import shlex
import uuid
import zipfile
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest
from tutum_sandbox.process import Sandbox

from tests.support.ansible_commands import Ansible, Finished, wait_until
from tests.support.secret_search import check_hidden, encoded, search, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

EXAMPLE = "6246c558-976c-4df6-ba60-eb1a344a17af"

USER = "alice"
KEY = "s3cr+t/k%y=it's&<a>:~7Jx/Qz+%d=="
"""The sandbox's key. Each half of it changes when it is percent-encoded, or quoted for a shell or HTML."""

QUERY, WAIT, LOOKUP = "tutum.cloud.tutum_action_info", "tutum.cloud.wait_for_action", "tutum.cloud.tutum_action"


# The search


@dataclass
class Run:
    """A command, and everything that it left behind."""

    ansible: Ansible
    given: dict[str, Path] = field(default_factory=dict)
    """The files that the test itself provides to Ansible."""

    def give(self, name: str, content: str | bytes) -> Path:
        """Write a file with a secret, as a user would before running Ansible."""
        path = self.ansible.directory / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.given[name] = path
        return path

    def give_variables(self, **variables: Any) -> list[str]:
        """Return the options for a file of variables, which takes the place of a vault."""
        return ["-e", f"@{self.give('variables.json', json.dumps(variables))}"]

    def give_home(self, content: str) -> None:
        """Write `~/.tutum`."""
        self.give(str(self.ansible.home / ".tutum"), content)

    def places(self, done: Finished) -> dict[str, str]:
        """Return the command's output and the content of all files that exist now, except those of the test."""
        files = {path: text_of(path.read_bytes()) for path in self.files() if path not in self.given.values()}
        assert {"ansible.log", "results.jsonl"} <= {path.name for path in files}
        return {
            "standard output": done.stdout,
            "standard error": done.stderr,
            **{str(path.relative_to(self.ansible.directory.parent)): text for path, text in files.items()},
        }

    def files(self, pattern: str = "*") -> list[Path]:
        """Return all files that exist now, including those in directories."""
        return [path for path in self.ansible.directory.parent.rglob(pattern) if path.is_file()]


@pytest.mark.parametrize(
    "shown",
    [
        KEY,
        f"the first half {KEY[: len(KEY) // 2]}",
        f"x{quote(KEY)}",
        f"x{quote(KEY, safe='')}x",
        f"?key={quote_plus(f'ab {KEY}')}",
        re.sub("%..", lambda found: found[0].lower(), quote(KEY)),
        *(encoded(f"{'alice'[:length]}{KEY} and more") for length in range(4)),
        base64.urlsafe_b64encode(KEY.encode()).decode(),
        json.dumps({"key": KEY}),
        json.dumps(json.dumps({"key": KEY})),
        repr({"key": KEY + '"'}),
        f"sh -c {shlex.quote(f'KEY={shlex.quote(KEY)} true')}",
        html.escape(KEY),
    ],
)
def test_search_finds(shown: str) -> None:
    """The search finds each form, regardless of the text around it."""
    assert search(KEY, {"nothing": "nothing", "here": f"before {shown} after"})
    assert not search("another secret, as long as the key", {"here": shown})


# The server


@dataclass
class Planted:
    """The actions and responses that the sandbox of these tests has in addition to its history."""

    good: str
    bad: str
    endless: list[str]
    telling: str
    """An unfinished action whose fields contain the Authorization header that the client sent."""
    says: dict[str, str]
    """UUIDs of actions that do not exist. The response contains the header instead."""
    cut_off: str
    """A UUID whose response ends in the middle of a secret of the service."""


PAIR = f"{USER}:{KEY}"
REPEATED = "&".join(
    ["{authorization}"]
    + [
        form
        for text in (KEY, PAIR)
        for form in (text, quote(text), quote(text, safe=""), encoded(text), quote(encoded(text), safe=""))
    ]
)
"""The header and its parts, as a server may repeat them in an error or a log."""

RESPONSES: dict[str, dict[str, Any]] = {
    "an error": {"kind": "status", "status": 400, "body": f'{{"error": "You sent {REPEATED}"}}'},
    "no JSON": {"kind": "status", "status": 200, "body": f"<p>{REPEATED}"},
    "another host": {"kind": "redirect", "location": f"http://elsewhere.example/?{REPEATED}"},
    "a loop": {"kind": "redirect", "location": f"/loop/?{REPEATED}"},
    "no HTTP": {"kind": "raw", "data": f"{REPEATED}\r\n\r\n"},
}
HEADERS = {"apikey": f"ApiKey {PAIR}", "basic": f"Basic {encoded(PAIR)}"}
SERVICE_SECRET = "password-of-the-database"
CUT_OFF = f'{{"action": "Service Create", "body": "{SERVICE_SECRET}'


@pytest.fixture(scope="module")
def own_sandbox() -> Iterator[Sandbox]:
    """Start a sandbox with a key that is easy to find."""
    with Sandbox(os.environ["TUTUM_TEST_SANDBOX_PYTHON"], username=USER, api_key=KEY) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(own_sandbox: Sandbox) -> Sandbox:
    """Return that sandbox, for the fixture `ansible`."""
    return own_sandbox


@pytest.fixture(scope="module")
def planted(own_sandbox: Sandbox) -> Planted:
    """Create actions of all kinds, and responses that repeat the key, for all tests of this file."""
    endless = [[0, "In progress"], [9999, "Success"]]
    telling = own_sandbox.create_action(endless)
    fields = ("action", "body", "logs", "object", "state")
    patch: list[dict[str, Any]] = [{"path": [name], "value": f"{name} {REPEATED}\n"} for name in fields]
    # The key as the name of a field, and the header as another one, nested in an undocumented field.
    patch.append({"path": ["told"], "value": [{KEY: KEY, HEADERS["basic"]: {encoded(PAIR): True}}]})
    refusal = {**RESPONSES["an error"], "status": 409}
    own_sandbox.add_fault(match=telling, method="POST", **refusal)
    own_sandbox.add_fault(kind="patch", match=telling, patch=patch)
    responses = dict(RESPONSES)
    for scheme, header in HEADERS.items():
        responses[scheme] = {**RESPONSES["an error"], "body": json.dumps({"error": encoded(header)})}
    says = {name: f"00000000-0000-4000-8000-00000000000{number}" for number, name in enumerate(responses)}
    for name, response in responses.items():
        own_sandbox.add_fault(match=says[name], **response)
    own_sandbox.add_fault(match="^/loop/", **RESPONSES["a loop"])
    cut_off = "00000000-0000-4000-8000-0000000000ff"
    own_sandbox.add_fault(kind="body", match=cut_off, body=CUT_OFF)
    return Planted(
        good=own_sandbox.create_action([[0, "Success"]]),
        bad=own_sandbox.create_action([[0, "Failed"]], logs="no space left"),
        endless=[own_sandbox.create_action(endless) for _number in range(2)],
        telling=telling,
        says=says,
        cut_off=cut_off,
    )


@pytest.fixture
def run(ansible: Ansible) -> Run:
    """Return Ansible without a key, and with all its output enabled."""
    del ansible.environment["TUTUM_APIKEY"]
    ansible.environment |= {
        "ANSIBLE_LOG_PATH": str(ansible.directory.parent / "ansible.log"),
        # Since ansible-core 2.19 and 2.21. Earlier versions show tracebacks with -vvv, and always show the options.
        "ANSIBLE_DISPLAY_TRACEBACK": "always",
        "ANSIBLE_INJECT_INVOCATION": "1",
        # For `ansible`, which loads no callbacks by default.
        "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
    }
    return Run(ansible)


def test_search_finds_what_is_left(run: Run) -> None:
    """If Ansible is told to show a key, the search finds it in all places, and in each of these forms."""
    shown = ("key", "key | urlencode", "(user ~ ':' ~ key) | b64encode", "{'key': key} | to_json")
    tasks = [{"name": each, "ansible.builtin.debug": {"msg": f"{{{{ {each} }}}}"}} for each in shown]
    command = run.ansible.playbook(tasks, *run.give_variables(user=USER, key=KEY))
    done = run.ansible.run(command).succeeded()
    assert set(search(KEY, run.places(done))) == {"standard output", "ansible.log", "results.jsonl"}
    for task in shown:
        assert search(KEY, {task: json.dumps(done.result(task))})
    (run.ansible.home / "forgotten").write_text(KEY)
    assert "home/forgotten" in search(KEY, run.places(done))


# The tasks for each way to provide a key


@dataclass(frozen=True)
class Way:
    """A way to provide credentials: the options of the modules, and the arguments of the lookup in a template."""

    name: str
    options: dict[str, str] = field(default_factory=dict)
    arguments: str = ""
    keywords: dict[str, Any] = field(default_factory=dict)
    """Keywords of the play."""

    def query(self, name: str, **options: Any) -> dict[str, Any]:
        """Return a task with the query module."""
        return {"name": f"{self.name}: {name}", QUERY: {**self.options, "max_retries": 0, **options}}

    def wait(self, name: str, **options: Any) -> dict[str, Any]:
        """Return a task with the wait module."""
        return {"name": f"{self.name}: {name}", WAIT: {**self.options, "max_retries": 0, **options}}

    def lookup(self, name: str, action: str) -> dict[str, Any]:
        """Return a task with the lookup."""
        arguments = f", {self.arguments}" if self.arguments else ""
        template = f"{{{{ query('{LOOKUP}', '{action}', max_retries=0{arguments}) }}}}"
        return {"name": f"{self.name}: {name}", "ansible.builtin.debug": {"msg": template}}

    def play(self, tasks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return a play that runs all tasks, also after failures."""
        return {"hosts": "localhost", "ignore_errors": True, **self.keywords, "tasks": list(tasks)}

    def few(self, planted: Planted) -> list[dict[str, Any]]:
        """Return tasks with an action and with an error that repeat the key."""
        return [
            self.query("telling query", uuid=planted.telling),
            self.lookup("telling lookup", planted.telling),
            self.lookup("lookup of an error", planted.says["an error"]),
        ]

    def many(self, planted: Planted, scheme: str) -> list[dict[str, Any]]:
        """Return tasks with all kinds of results, and of responses that repeat the key or the whole header."""
        return [
            *self.few(planted),
            self.query("query of an error", uuid=planted.says["an error"]),
            self.wait("wait", uuid=planted.good),
            self.wait("failed wait", uuid=[planted.good, planted.bad]),
            self.wait("late wait", uuid=[planted.telling, planted.says["no JSON"]], timeout=2, interval=0.5),
            self.wait("canceling wait", uuid=planted.telling, timeout=4, on_timeout="cancel", follow_logs=True),
            self.lookup("lookup", planted.good),
            *(self.lookup(f"lookup of {name}", planted.says[name]) for name in (*RESPONSES, scheme)),
        ]


GOOD = ("telling query", "wait", "lookup", "telling lookup")
"""The tasks that succeed. All others fail, for the expected reason."""

REASONS = {
    "an error": "Server message: ",
    "apikey": "Server message: ***",
    "basic": "Server message: ***",
    "no JSON": "The response is not valid JSON (starts with ",
    "another host": "redirect to another host (http://elsewhere.example/?",
    "a loop": "Too many redirects (more than 5, the last one to ",
    "no HTTP": "Connection failed: ",
    "failed wait": "state Failed. Last log lines:\nno space left",
    "late wait": "The last poll failed: ",
    "canceling wait": "Not canceled: ",
}


def check_results(done: Finished) -> None:
    """Check that each task had the expected result. Otherwise, a search without findings would prove little."""
    for task in done.tasks:
        name = task["name"].partition(": ")[2]
        if name not in GOOD:
            reason = next(words for part, words in REASONS.items() if part in name)
            assert (task["outcome"], reason in str(task["result"]["msg"])) == ("ignored", True), task
            continue
        assert task["outcome"] == "ok", task
        if name.startswith("telling"):
            actions = task["result"].get("actions") or task["result"]["msg"]
            assert actions[0]["logs"].startswith("logs "), "the server's response was not the one with the key"


def play_all(run: Run, plays: Sequence[Mapping[str, Any]], *options: str) -> tuple[Finished, dict[str, str]]:
    """Run the plays to their end, and return the result and the places to search."""
    done = run.ansible.run(run.ansible.plays(plays, *options, "-vvvv")).succeeded()
    return done, run.places(done)


ENCODED = "(user ~ ':' ~ key) | b64encode"
USER_AND_KEY = {"username": "{{ user }}", "api_key": "{{ key }}"}
HEADER = {"authorization": "ApiKey {{ user }}:{{ key }}"}


def test_options(run: Run, planted: Planted) -> None:
    """The key is an option in each possible form, or a default of the play. The lookup also gets it in a variable."""
    first = Way("api_key", USER_AND_KEY, "username=user, api_key=key")
    others = [
        Way("scheme", {**USER_AND_KEY, "auth_scheme": "basic"}, "username=user, api_key=key, auth_scheme='basic'"),
        Way("header", HEADER, "authorization='ApiKey ' ~ user ~ ':' ~ key"),
        Way("basic", {"authorization": f"Basic {{{{ {ENCODED} }}}}"}, f"authorization='Basic ' ~ ({ENCODED})"),
        Way(
            "defaults",
            keywords={
                "module_defaults": {"group/tutum.cloud.tutum": USER_AND_KEY},
                "vars": {"tutum_username": "{{ user }}", "tutum_api_key": "{{ key }}"},
            },
        ),
    ]
    tasks = first.many(planted, "apikey")
    plays = [first.play(tasks), *(way.play(way.few(planted)) for way in others)]
    done, places = play_all(run, plays, *run.give_variables(user=USER, key=KEY))
    assert len(done.tasks) == len(tasks) + 3 * len(others)
    check_results(done)
    assert "[localhost] 0/2 done, 1 running, 1 not seen yet" in done.stdout
    assert re.search(r"(?m)^\[localhost\] .*logs \*\*\*", done.stdout), "no line of the followed logs is shown"
    check_hidden(KEY, places)


def test_environment(run: Run, planted: Planted) -> None:
    """The key comes from the environment, where Ansible cannot know that it is a secret."""
    run.ansible.environment |= {"TUTUM_APIKEY": KEY, "TUTUM_AUTH_SCHEME": "basic"}
    way = Way("environment")
    done, places = play_all(run, [way.play(way.many(planted, "basic"))])
    check_results(done)
    check_hidden(KEY, places)


def test_password(run: Run, planted: Planted) -> None:
    """The key is the password of the account, which has an environment variable but no option."""
    run.ansible.environment["TUTUM_PASS"] = KEY
    way = Way("password")
    done, places = play_all(run, [way.play(way.few(planted))])
    check_results(done)
    check_hidden(KEY, places)


def test_files(run: Run, planted: Planted) -> None:
    """The key is in `~/.tutum`, or in a file that an option names."""
    run.give_home(f"[auth]\nuser = {USER}\napikey = {KEY}\n")
    other = run.give("other", f"[auth]\nbasic_auth = {encoded(PAIR)}\n")
    del run.ansible.environment["TUTUM_USER"]
    ways = [Way("home"), Way("named", {"config_file": str(other)}, f"config_file='{other}'")]
    done, places = play_all(run, [way.play(way.few(planted)) for way in ways])
    check_results(done)
    check_hidden(KEY, places)


def test_adhoc(run: Run, planted: Planted) -> None:
    """The same with `ansible`: options, variables, a header in the environment, and a background task."""
    ansible = run.ansible
    variables = run.give_variables(key=KEY, tutum_api_key=KEY)
    said = f"{{{{ query('{LOOKUP}', '{planted.says['an error']}') }}}}"
    option = {"api_key": "{{ key }}"}
    commands = [
        ('"logs": "logs ', ansible.adhoc(QUERY, {"uuid": planted.telling, **option}, *variables)),
        ("no space left", ansible.adhoc(WAIT, {"uuid": planted.bad, **option}, *variables, "-B", "60", "-P", "1")),
        ("Server message: ", ansible.adhoc("ansible.builtin.debug", {"msg": said}, *variables)),
        ("Server message: ", ansible.adhoc(WAIT, {"uuid": planted.says["an error"]})),
    ]
    for words, command in commands:
        if variables[1] not in command:
            ansible.environment["TUTUM_AUTH"] = HEADERS["apikey"]
        done = ansible.run([*command, "-vvvv"])
        assert words in done.output
        ansible.end_processes()
        # The process that ran the module in the background may not have had time to remove its script.
        assert check_scripts(run, done) in ([], ["api_key"])


# The places that belong to Ansible


@dataclass
class Script:
    """A script that Ansible made from a module (AnsiballZ)."""

    path: Path
    arguments: dict[str, Any]
    rest: dict[str, str]
    """Everything else in the script: the source, and the files of the archive."""

    @classmethod
    def read(cls, path: Path) -> Script:
        """Split a script into its parts."""
        source = path.read_text(encoding="utf-8")
        arguments: dict[str, Any] = {}
        rest: dict[str, str] = {}
        for node in ast.walk(ast.parse(source)):
            if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
                continue
            if node.value.startswith('{"ANSIBLE_MODULE_ARGS": {'):
                arguments = json.loads(node.value)["ANSIBLE_MODULE_ARGS"]
                source = source.replace(ast.get_source_segment(source, node) or "", "ARGUMENTS")
            if node.value.startswith("UEsD"):  # an archive's first bytes, in Base64
                with zipfile.ZipFile(BytesIO(base64.b64decode(node.value))) as archive:
                    rest |= {f"{path.name}/{name}": text_of(archive.read(name)) for name in archive.namelist()}
        assert arguments, path
        assert f"{path.name}/ansible/module_utils/basic.py" in rest, path
        return cls(path, arguments, {**rest, path.name: source})

    def options_with(self, secret: str) -> set[str]:
        """Return the names of the arguments that contain a secret."""
        return set(search(secret, {name: json.dumps(value) for name, value in self.arguments.items()}))


def check_scripts(run: Run, done: Finished) -> list[str]:
    """Check that only arguments of scripts contain the key, and return the names of these arguments for all scripts."""
    scripts = [Script.read(path) for path in run.files("AnsiballZ_*") if "async_wrapper" not in path.name]
    for script in scripts:
        # The permissions of the script may allow everyone to read it, but no other user can enter its directory.
        assert script.path.parent.stat().st_mode & 0o777 == 0o700
        run.given[str(script.path)] = script.path
    places = run.places(done)
    for script in scripts:
        places |= {f"{script.path}, {name}": text for name, text in script.rest.items()}
    check_hidden(KEY, places)
    return sorted("".join(script.options_with(KEY)) for script in scripts)


def check_job(run: Run, path: Path) -> None:
    """Check that the file of a background job contains the key only where core 2.22 puts the options of its module."""
    result = json.loads(path.read_text(encoding="utf-8"))
    if search(KEY, {path.name: json.dumps(result)}):
        assert KEY in result.pop("_ansible_new_secrets")
        assert result.pop("invocation")["module_args"]["api_key"] == KEY
        check_hidden(KEY, {path.name: json.dumps(result)})
        run.given[str(path)] = path


def test_temporary_files(run: Run, planted: Planted) -> None:
    """On the target, only an option is visible: in the arguments of its script, and only to its user."""
    run.ansible.environment |= {"ANSIBLE_KEEP_REMOTE_FILES": "1", "TUTUM_APIKEY": KEY}
    in_background = {"async": 60, "poll": 0}
    late: dict[str, Any] = {"uuid": [planted.bad, planted.telling], "timeout": 1}
    options = Way("options", USER_AND_KEY)
    header = Way("header", HEADER)
    none = Way("none")
    plays = [
        options.play([{**options.wait("background", uuid=planted.bad), **in_background}]),
        none.play([{**none.wait("background", uuid=planted.bad), **in_background}, none.wait("late wait", **late)]),
        header.play([header.query("telling query", uuid=planted.telling)]),
    ]
    done = run.ansible.run(run.ansible.plays(plays, *run.give_variables(user=USER, key=KEY), "-vvvv")).succeeded()
    results = [path for path in run.files() if path.parent.name == "async"]
    assert len(results) == 2
    wait_until(lambda: all("state Failed. Last log lines" in path.read_text() for path in results))
    run.ansible.end_processes()  # the process that started them checks only every five seconds
    assert run.files("tutum_progress")
    for path in results:
        check_job(run, path)
    assert check_scripts(run, done) == ["", "", "api_key", "authorization"]


@pytest.mark.parametrize("source", ["option", "environment", "file"])
def test_processes(run: Run, sandbox: Sandbox, planted: Planted, source: str) -> None:
    """Other users of this machine see no key during two waits, one of them in the background."""
    # With pipelining, only the background task has a script.
    run.ansible.environment["ANSIBLE_PIPELINING"] = "1"
    if source == "environment":
        run.ansible.environment["TUTUM_APIKEY"] = KEY
    elif source == "file":
        run.give_home(f"[auth]\nuser = {USER}\napikey = {KEY}\n")
    way = Way(source, {"api_key": "{{ key }}"} if source == "option" else {})
    first, second = planted.endless
    tasks = [{**way.wait("background", uuid=first), "async": 60, "poll": 0}, way.wait("wait", uuid=second)]
    command = run.ansible.plays([way.play(tasks)], *run.give_variables(key=KEY), "-vvvv")
    sandbox.clear_requests()
    with run.ansible.on_terminal(command) as terminal:
        wait_until(lambda: sandbox.requests(first) and sandbox.requests(second))
        lines = run.ansible.processes()
        environments = {}
        for pid in lines:
            with suppress(OSError):  # a process may end during the check
                environments[str(pid)] = text_of(Path(f"/proc/{pid}/environ").read_bytes())
        terminal.press_ctrl_c()
        assert terminal.wait() != 0
    run.ansible.end_processes()
    # Ansible and its worker, the module, the background module, and the process that started it.
    assert len(environments) >= 5, lines
    assert sum("AnsiballZ_wait_for_action" in line for line in lines.values()) >= 3, lines
    check_hidden(KEY, {str(pid): line for pid, line in lines.items()})
    assert set(search(KEY, environments)) == (set(environments) if source == "environment" else set())
    # The background task leaves its script, since it was ended before Ansible could remove it.
    scripts = check_scripts(run, Finished(1, terminal.text, "", []))
    assert scripts == ["api_key" if source == "option" else ""]


def test_environment_keyword(run: Run, planted: Planted) -> None:
    """The keyword `environment` shows its values: in each command that Ansible runs on the target, and only there."""
    way = Way("keyword", keywords={"environment": {"TUTUM_APIKEY": "{{ key }}"}})
    tasks = [way.query("telling query", uuid=planted.telling)]
    done, places = play_all(run, [way.play(tasks)], *run.give_variables(key=KEY))
    check_results(done)
    assert set(search(KEY, places)) == {"standard output", "ansible.log"}
    for name in ("standard output", "ansible.log"):
        places[name] = "\n".join(line for line in places[name].split("\n") if " EXEC /bin/sh -c " not in line)
    check_hidden(KEY, places)


# Mistakes


def key_of(mistake: str) -> str:
    """Return a key for a mistake only, so that a finding shows its cause."""
    digest = hashlib.sha256(mistake.encode()).hexdigest()
    return f"{digest[:9]}\"/+%{digest[9:20]}\\=&'{digest[20:28]}"


NOT_IN_A_URL = "Credentials in URLs are not allowed"
NO_INI = "INI file"


def mistakes(run: Run) -> dict[str, tuple[dict[str, Any], str]]:
    """Return the options of each mistake, and a part of its message. Ansible does not know any of the keys."""
    host = run.ansible.environment["TUTUM_REST_HOST"].removeprefix("http://")
    path = f"/api/v1/action/{EXAMPLE}/"
    right = {"username": USER, "api_key": KEY, "uuid": EXAMPLE}

    def with_key(name: str, form: str) -> str:
        return form.replace("KEY", key_of(name))

    def file(name: str, content: bytes) -> dict[str, str]:
        key = key_of(name).encode()
        content = content.replace(b"KEY", key).replace(b"BEGIN", key.partition(b"=")[0])
        return {"config_file": str(run.give(name, content)), "uuid": EXAMPLE}

    return {
        "URL": ({**right, "api_url": with_key("URL", f"https://{USER}:KEY@{host}")}, NOT_IN_A_URL),
        "key as user": ({**right, "api_url": with_key("key as user", "https://KEY@host/api/v1/")}, NOT_IN_A_URL),
        "no scheme": ({**right, "api_url": with_key("no scheme", f"{USER}:KEY@{host}")}, NOT_IN_A_URL),
        "query": ({**right, "api_url": with_key("query", f"http://{host}/?api_key=KEY")}, "Specify a scheme and host"),
        "UUID": ({**right, "uuid": with_key("UUID", f"http://{USER}:KEY@{host}{path}")}, NOT_IN_A_URL),
        "query of UUID": (
            {**right, "uuid": with_key("query of UUID", f"http://{host}{path}?api_key=KEY")},
            "Not the UUID of an action",
        ),
        "object": (
            {"username": USER, "api_key": KEY, "object": with_key("object", f"http://{USER}:KEY@{host}/api/v1/a/b/")},
            NOT_IN_A_URL,
        ),
        "user name": ({**right, "username": with_key("user name", f"{USER}:KEY")}, "must not contain a colon"),
        "line break": ({**right, "api_key": with_key("line break", "KEY\n")}, "white space"),
        "quotes": ({**right, "api_key": with_key("quotes", "'KEY'")}, "quotes"),
        "line in header": (
            {"authorization": with_key("line in header", f"ApiKey {USER}:KEY\n"), "uuid": EXAMPLE},
            "white space",
        ),
        "wrong key": ({**right, "api_key": key_of("wrong key")}, "authentication failed"),
        "wrong scheme": (
            {**right, "api_key": key_of("wrong scheme"), "auth_scheme": "basic"},
            "authentication failed",
        ),
        "half": ({"api_key": key_of("half"), "uuid": EXAMPLE}, "Incomplete credentials"),
        "no section": (file("no section", b"user = alice\napikey = KEY\n"), NO_INI),
        "no equals sign": (file("no equals sign", b"[auth]\nuser = alice\napikey BEGIN\n"), NO_INI),
        "no bracket": (file("no bracket", b"[auth\napikey = KEY\n"), NO_INI),
        "no INI": (file("no INI", b"apikey: KEY\n"), NO_INI),
    }


WITH_MODULE = {
    **dict.fromkeys(("URL", "wrong key"), QUERY),
    **dict.fromkeys(("object", "line in header", "no section"), WAIT),
}
"""The module that a mistake is also made with."""


def test_mistakes(run: Run) -> None:
    """A key in the wrong place, or one that cannot be used, is refused and never shown."""
    del run.ansible.environment["TUTUM_USER"]
    given = mistakes(run)
    tasks: list[dict[str, Any]] = []
    for name, (options, _words) in given.items():
        templates = {option: f"{{{{ given['{name}']['{option}'] }}}}" for option in options}
        terms = f", given['{name}'].uuid" if "uuid" in options else ""
        others = f"**(given['{name}'] | dict2items | rejectattr('key', 'eq', 'uuid') | items2dict)"
        template = f"{{{{ query('{LOOKUP}'{terms}, {others}) }}}}"
        tasks.append({"name": f"lookup: {name}", "ansible.builtin.debug": {"msg": template}})
        if name in WITH_MODULE:
            tasks.append({"name": f"module: {name}", WITH_MODULE[name]: templates})
    tasks.append({"name": "misspelled", QUERY: {"username": USER, "apikey": "{{ misspelled }}"}})
    variables = run.give_variables(
        given={name: options for name, (options, _words) in given.items()}, misspelled=key_of("misspelled")
    )
    done, places = play_all(run, [Way("").play(tasks)], *variables)
    for name, (_options, words) in given.items():
        for kind in ("module", "lookup") if name in WITH_MODULE else ("lookup",):
            assert words in done.result(f"{kind}: {name}")["msg"], (kind, name)
        check_hidden(key_of(name), places)
    check_hidden(KEY, places)

    # This is Ansible's own behavior: it shows the options that do not exist.
    message = done.result("misspelled")["msg"]
    assert message.startswith(f"Unsupported parameters for ({QUERY}) module: apikey. ")
    secret = key_of("misspelled")
    lines = {place: [line for line in text.split("\n") if search(secret, {"": line})] for place, text in places.items()}
    assert {place for place, found in lines.items() if found} == {"standard output", "ansible.log", "results.jsonl"}
    for place in ("standard output", "ansible.log"):
        assert [line.strip().partition(": ")[0] for line in lines[place]] == ['"apikey"']
    (line,) = lines["results.jsonl"]
    result = json.loads(line)
    assert result["result"].pop("invocation")["module_args"]["apikey"] == secret
    check_hidden(secret, {"result": json.dumps(result)})


def test_mistakes_in_the_environment(run: Run) -> None:
    """The same in the environment, where Ansible sees no option. The password of a proxy is a secret, too."""
    url = run.ansible.environment["TUTUM_REST_HOST"]
    odd = key_of("odd proxy").replace("/", "")
    run.ansible.environment |= {
        "TUTUM_REST_HOST": f"https://{USER}:{key_of('host')}@127.0.0.1",
        "TUTUM_APIKEY": f"{key_of('key')}\n",
        "HTTPS_PROXY": f"http://{USER}:{quote(key_of('proxy'), safe='')}@127.0.0.1:9",
        # A slash ends the host, so the text before it is not a host: libraries quote it in errors.
        "HTTP_PROXY": f"http://{USER}:{odd}/@127.0.0.1:9",
    }
    here = f"api_url='{url}'"
    away, key = "api_url='https://127.0.0.1'", "api_key='another'"
    ways = [
        (Way("host"), NOT_IN_A_URL),
        (Way("key", {"api_url": url}, here), "white space"),
        (
            Way("proxy", {"api_url": "https://127.0.0.1", "api_key": "another"}, f"{away}, {key}"),
            "Proxy connection failed",
        ),
        (Way("odd proxy", {"api_url": url, "api_key": "another"}, f"{here}, {key}"), "Cannot send the request"),
    ]
    plays = [way.play([way.query("query", uuid=EXAMPLE), way.lookup("lookup", EXAMPLE)]) for way, _words in ways]
    done, places = play_all(run, plays)
    for way, words in ways:
        for kind in ("query", "lookup"):
            assert words in done.result(f"{way.name}: {kind}")["msg"]
    for secret in (*map(key_of, ("host", "key", "proxy")), odd):
        check_hidden(secret, places)


# Secrets of the service


FIELDS = ("action", "body", "logs", "object", "path", "ip", "location", "user_agent")


def text_in(name: str, action: str) -> str:
    """Return the text in a field of an action. No other text contains it or half of it. It can be an object's UUID."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{name} of {action}"))


def described(action: str) -> dict[str, Any]:
    """Return an action that ends as its name says, or else fails."""
    texts = {name: text_in(name, action) for name in FIELDS}
    phases: list[list[Any]] = [[0, "Failed"]]
    if action.endswith("good"):
        phases = [[0, "Success"]]
    elif action.endswith("endless"):
        phases = [[0, "In progress"], [9999, "Success"]]
    return {**texts, "object": f"/api/v1/service/{texts['object']}/", "phases": phases}


def test_hidden_fields(run: Run, sandbox: Sandbox, planted: Planted) -> None:
    """What `hidden_fields` names is in no result, message or line of progress, however the task ends."""
    run.ansible.environment["TUTUM_APIKEY"] = KEY
    names = ("good", "bad", "endless", "other good", "other bad", "other endless", "shown")
    uuids = dict(zip(names, sandbox.create_actions(map(described, names)), strict=True))
    good, bad, endless, missing = uuids["good"], uuids["bad"], uuids["endless"], "00000000-0000-4000-8000-0000000000aa"
    late: dict[str, Any] = {"timeout": 2, "interval": 0.5}

    def play(way: Way, hidden: Sequence[str], tasks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        return way.play(tasks) | {"module_defaults": {"group/tutum.cloud.tutum": {"hidden_fields": list(hidden)}}}

    two = Way("two", arguments="hidden_fields=['body', 'logs']")
    every = Way("every", arguments=f"hidden_fields={list(FIELDS)}")
    none = Way("none")
    plays = [
        play(
            two,
            ["body", "logs"],
            [
                two.query("list", object=f"/api/v1/service/{text_in('object', 'good')}/"),
                two.query("failed query", uuid=[endless, bad, missing]),
                two.query("query of cut off", uuid=planted.cut_off),
                two.wait("wait", uuid=good),
                two.wait("failed wait", uuid=[good, bad, endless], fail_fast=True),
                two.wait("late wait", uuid=[bad, endless, planted.cut_off], **late),
                two.lookup("lookup", bad),
                two.lookup("lookup of cut off", planted.cut_off),
            ],
        ),
        play(
            every,
            FIELDS,
            [
                every.query("failed query", uuid=[uuids["other good"], uuids["other bad"], missing]),
                every.wait("late wait", uuid=[uuids["other good"], uuids["other bad"], uuids["other endless"]], **late),
                every.lookup("lookup", uuids["other bad"]),
            ],
        ),
        play(none, [], [none.wait("failed wait", uuid=uuids["shown"])]),
    ]
    done, places = play_all(run, plays)

    # All actions were requested and reported.
    for task in done.tasks:
        result = task["result"]
        assert "cut off" in task["name"] or result.get("actions") or result["msg"], task
    assert done.result("two: late wait")["unfinished"] == [endless, planted.cut_off]
    endless_object = text_in("object", "endless")[:8]
    assert f"{text_in('action', 'endless')} service/{endless_object}" in done.stdout
    assert "[localhost] 2/3 done, 1 failed, 1 running" in done.stdout
    for name in FIELDS:
        assert search(text_in(name, "shown"), places), "it would not be found where it is shown"

    for action in names[:6]:
        for name in ("body", "logs") if action in names[:3] else FIELDS:
            check_hidden(text_in(name, action), places)
    check_hidden(SERVICE_SECRET, places)
