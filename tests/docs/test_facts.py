# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guides say about the code is so: each message is explained, and no message that there is not."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._waiting import next_pause

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[2]
GUIDES = CHECKOUT / "docs" / "docsite" / "rst"
SOURCES = [path for path in (CHECKOUT / "plugins").rglob("*.py") if path.parent.name != "doc_fragments"]

# These are Ansible's words, not ours.
OF_ANSIBLE = (
    "couldn't resolve module/action",
    "Collection tutum.cloud does not support Ansible version",
    "Unsupported parameters for (",
    "has no attribute 'x_tutum_action_uri'",
)


def explained() -> list[str]:
    """The messages that the guide explains, split where they differ from case to case."""
    text = (GUIDES / "guide_troubleshooting.rst").read_text(encoding="utf-8")
    lines = re.findall(r"^``.+``$", text, re.MULTILINE)
    terms = [term.strip("`") for line in lines for term in line.split("`` / ``")]
    pieces = [piece.strip(" ,") for term in terms if not term.startswith(OF_ANSIBLE) for piece in term.split("…")]
    return [piece for piece in pieces if len(piece.split()) > 1]


def constants(node: ast.AST) -> str:
    """The text of a message without what is filled in."""
    return "…".join(
        each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)
    )


def messages() -> Iterator[str]:
    """What is raised, or prepared for it."""
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and node.exc is not None:
                names = {each.id for each in ast.walk(node.exc) if isinstance(each, ast.Name)}
                # The words are where the problem is found; a page's shape is one message with many endings.
                if not names & {"problem", "remedy", "example", "wrong"}:
                    yield constants(node.exc)
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in {"problem", "remedy", "example"}:
                yield constants(node.value)
            elif isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "_MEANINGS":
                assert isinstance(node.value, ast.Dict)
                yield from map(constants, node.value.values)


@pytest.mark.parametrize("piece", explained())
def test_what_is_explained_exists(piece: str) -> None:
    texts = [constants(ast.parse(source.read_text(encoding="utf-8"))) for source in SOURCES]
    assert any(piece in text for text in texts)


def test_each_message_is_explained() -> None:
    pieces = explained()
    wanted = [message for message in messages() if len(message.split()) > 3]
    assert len(wanted) > 30
    assert [message for message in wanted if not any(piece in message for piece in pieces)] == []


def test_how_often_a_wait_asks() -> None:
    """The table in the guide on waiting."""

    def questions(seconds: float, interval: float, max_interval: float) -> int:
        waited, count = 0.0, 1
        while waited < seconds:
            waited += next_pause(waited, interval, max_interval)
            count += 1
        return count

    text = (GUIDES / "guide_waiting.rst").read_text(encoding="utf-8")
    rows = re.findall(r"^   \* - (\d+) (seconds|minutes?)\n     - (\d+)\n     - (\d+)$", text, re.MULTILINE)
    assert len(rows) == 4
    for number, unit, usual, patient in rows:
        seconds = float(number) * (1 if unit == "seconds" else 60)
        assert (questions(seconds, 1, 15), questions(seconds, 5, 60)) == (int(usual), int(patient))
