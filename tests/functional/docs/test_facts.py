# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guides match the code: the troubleshooting guide covers each message, and quotes only messages that exist.

Every text in the code with at least three words counts as a message, regardless of where it is and what it is assigned
to. A text that users never see must be listed in ``NOT_MESSAGES``.
"""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._schedule import poll_interval
from ansible_collections.tutum.cloud.plugins.module_utils._settings import CA_VARIABLES
from ansible_collections.tutum.cloud.plugins.module_utils._sources import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[3]
GUIDES = CHECKOUT / "docs" / "docsite" / "rst"
PLUGINS = CHECKOUT / "plugins"
EVENT_SOURCES = CHECKOUT / "extensions/eda/plugins/event_source"

GAP = "…"
MIN_WORDS = 3

# Messages of Ansible itself, which the guide explains, too.
ANSIBLE_MESSAGES = (
    "couldn't resolve module/action",
    "Collection tutum.cloud does not support Ansible version",
    "could not find job",
    "Unsupported parameters for (",
    "value of … must be one of:",
    "argument 'uuid' is of type dict and we were unable to convert to list",
    "parameters are mutually exclusive:",
    "has no attribute 'uuid'",
    "has no attribute 'x_tutum_action_uri'",
    "Failed to import the required Python library (…) on",
)

# Texts that are not messages: parts of other texts, and texts for programs.
NOT_MESSAGES = {
    "the option …",
    "the variable …",
    "the environment variable …",
    "the file …",
    "… from …",
    "… … …",
    "… | …",
    "… (… s left)",
    " … s ago",
    "; no response (…)",
    ", … …",
    ", timed out after … s",
    " after … s",
    "…: state ….",
    "…... (… characters)",
    "The … from … ….",
    "… … failed: ….",
    "HTTP …: …",
    # An exception that becomes "The response is not valid JSON".
    "nested too deeply",
    # Errors of libraries.
    "Tunnel connection failed",
    "handshake operation timed out",
    # The remedies, which follow a message.
    "…. Remove …",
    "…. Install PySocks, or unset …",
    "…. … and that the server is running",
    "…. Remove the option, or use another server",
    "…. Check the variable that uuid comes from",
}


class Message(NamedTuple):
    """A text in the code, with a gap for each part that is filled in."""

    place: str
    text: str


def parse_messages(source: Path) -> Iterator[Message]:
    """Yield the texts of a file, without docstrings and documentation blocks."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    # A docstring is an expression of its own.
    ignored = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in {"DOCUMENTATION", "EXAMPLES", "RETURN"}:
            ignored.add(id(node.value))
    yield from _texts(tree, ignored, source.relative_to(CHECKOUT).as_posix())


def _texts(node: ast.AST, ignored: set[int], name: str) -> Iterator[Message]:
    children = list(ast.iter_child_nodes(node))
    if id(node) in ignored:
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        # The fields of str.format() are gaps, too.
        yield Message(f"{name}:{node.lineno}", re.sub(r"\{\w+\}", GAP, node.value))
    elif isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else GAP for part in node.values]
        yield Message(f"{name}:{node.lineno}", "".join(map(str, parts)))
        children = [part for part in children if isinstance(part, ast.FormattedValue)]
    for child in children:
        yield from _texts(child, ignored, name)


@functools.cache
def all_texts() -> tuple[Message, ...]:
    """Return all texts in the code."""
    plugins = [path for path in PLUGINS.rglob("*.py") if path.parent.name != "doc_fragments"]
    sources = sorted([*plugins, *EVENT_SOURCES.glob("*.py")])
    return tuple(message for source in sources for message in parse_messages(source))


def all_messages() -> list[Message]:
    """Return all texts in the code that may be messages. A regular expression has a backslash."""
    return [one for one in all_texts() if len(one.text.split()) >= MIN_WORDS and "\\d" not in one.text]


def all_quotes() -> list[str]:
    """Return the quotes in the guide: the terms, and the literals in the explanations."""
    text = (GUIDES / "guide_troubleshooting.rst").read_text(encoding="utf-8")
    return re.findall(r"``(.+?)``", re.sub(r"\n +", " ", text))


def terms() -> list[str]:
    """Return the messages that the guide explains."""
    text = (GUIDES / "guide_troubleshooting.rst").read_text(encoding="utf-8")
    lines = re.findall(r"^``.+``$", text, re.MULTILINE)
    return [term.strip("`") for line in lines for term in line.split("`` / ``")]


def is_of_ansible(term: str) -> bool:
    """Return whether a message is one of Ansible itself."""
    return term.startswith(ANSIBLE_MESSAGES)


def pieces_of(quote: str) -> list[str]:
    """Return the sentences of a quote, or their parts between the gaps."""
    # The status is filled in. The text after the other beginnings is a text of its own.
    quote = re.sub(r"^HTTP \d+: ", "", quote)
    quote = re.sub(r"^(Pagination loop|Nothing to wait for|Invalid value for option uuid): ", rf"\1{GAP}", quote)
    # The sentences of a message can be separate texts in the code.
    return [piece.strip(" ,.:'()") for part in quote.split(GAP) for piece in re.split(r"(?<=[.:]) ", part)]


def covers(quote: str, message: str) -> bool:
    """Return whether a quote identifies a message: it has at least three consecutive words of it, or all of them."""
    words = " ".join(message.split())
    fixed = [part.strip(" ,.:'()") for part in words.split(GAP)]
    for piece in pieces_of(quote):
        if piece and piece in words and (len(piece.split()) >= MIN_WORDS or piece in fixed):
            return True
    return False


def test_troubleshooting_covers_each_message() -> None:
    quotes = all_quotes()
    wanted = [message for message in all_messages() if message.text not in NOT_MESSAGES]
    assert len(wanted) > 100
    uncovered = [message for message in wanted if not any(covers(quote, message.text) for quote in quotes)]
    assert not uncovered, "\n".join(f"{place}: {text}" for place, text in uncovered)


def test_troubleshooting_coverage_detects_a_new_message() -> None:
    """The check above would be useless if any text counted as covered."""
    quotes = all_quotes()
    for text in ("The server is on fire. Check api_url", "The response is too …", "Must not be … at all"):
        assert not any(covers(quote, text) for quote in quotes)


@pytest.mark.parametrize("term", [term for term in terms() if not is_of_ansible(term)])
def test_troubleshooting_quotes_only_messages_that_exist(term: str) -> None:
    texts = [" ".join(message.text.split()) for message in all_texts()]
    for piece in pieces_of(term):
        assert any(piece in text for text in texts), piece


def test_not_messages_are_still_in_the_code() -> None:
    texts = {message.text for message in all_messages()}
    assert not {text for text in NOT_MESSAGES if text not in texts}


def test_credentials_guide_lists_each_environment_variable() -> None:
    text = (GUIDES / "guide_credentials.rst").read_text(encoding="utf-8")
    for variable in (name for names in ENVIRONMENT.values() for name in names):
        assert f".. envvar:: {variable}\n" in text
    for variable in CA_VARIABLES:
        assert f"``{variable}``" in text


def test_waiting_guide_has_the_number_of_polls() -> None:
    """The table of polls, without the random part of the pauses."""

    def polls(seconds: float, interval: float, max_interval: float) -> int:
        waited, count = 0.0, 1
        while waited < seconds:
            waited += poll_interval(waited, interval, max_interval)
            count += 1
        return count

    text = (GUIDES / "guide_waiting.rst").read_text(encoding="utf-8")
    rows = re.findall(r"^   \* - (\d+) (seconds|minutes?)\n     - (\d+)\n     - (\d+)$", text, re.MULTILINE)
    assert len(rows) == 4
    for number, unit, default, slow in rows:
        seconds = float(number) * (1 if unit == "seconds" else 60)
        assert (polls(seconds, 1, 15), polls(seconds, 5, 60)) == (int(default), int(slow))


def test_security_guarantees_name_existing_tests() -> None:
    rows = re.findall(r"\| `(test_\w+)` in `([\w/.]+)` \|$", (CHECKOUT / "SECURITY.md").read_text(), re.MULTILINE)
    assert len(rows) > 20
    missing = [(name, file) for name, file in rows if f"def {name}(" not in (CHECKOUT / file).read_text()]
    assert missing == []
