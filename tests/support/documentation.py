# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The code blocks of the documentation, and how to run them as a reader would.

The language of a block determines what happens: `yaml` (plays, or the tasks of a play) and `shell` (commands) are run.
Other blocks are not run. A comment before the block can change this:

- `not run: REASON`: the block is not run;
- `fails: TEXT`: the block is run, fails, and shows this text;
- `file: NAME`: the block is written to this file, for the commands that follow.

In Markdown that is `<!-- not run: REASON -->`, in reStructuredText `.. not run: REASON`.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.ansible_commands import Ansible

LANGUAGES = {"yaml", "shell", "ini", "jinja", "text"}

_MARKDOWN_FENCE = re.compile(r"^( *)```(\w*)$")
_RST_DIRECTIVE = re.compile(r"^( *)\.\. code-block:: (\S+)$")
_MARKER = re.compile(r"^ *(?:<!--|\.\.) (not run|fails|file): (.+?)(?: -->)?$")

# The variables that the documentation uses for the API and the account.
VARIABLES = {
    "tutum_api_url": "{{ lookup('ansible.builtin.env', 'TUTUM_REST_HOST') }}",
    "tutum_username": "{{ lookup('ansible.builtin.env', 'TUTUM_USER') }}",
    "tutum_api_key": "{{ lookup('ansible.builtin.env', 'TUTUM_APIKEY') }}",
}


@dataclass
class Block:
    """A code block with its location and its marker."""

    place: str
    language: str
    text: str
    marker: str = ""
    value: str = ""

    def plays(self) -> list[dict[str, Any]]:
        """Return the plays of the block, or a play with its tasks."""
        content = yaml.safe_load(self.text)
        assert isinstance(content, list), f"{self.place}: neither plays nor tasks. Add a marker"
        if "hosts" in content[0]:
            return content
        return [{"name": self.place, "hosts": "localhost", "vars": VARIABLES, "tasks": content}]


def blocks_of(document: Path) -> list[Block]:
    """Return the code blocks of a Markdown or reStructuredText document, in order."""
    lines = document.read_text(encoding="utf-8").splitlines()
    read = _markdown_blocks if document.suffix == ".md" else _rst_blocks
    blocks = []
    for start, language, text in read(lines):
        before = next((line for line in reversed(lines[:start]) if line.strip()), "")
        marker = _MARKER.match(before)
        name, value = marker.groups() if marker else ("", "")
        blocks.append(Block(f"{document.name}:{start + 1}", language, textwrap.dedent(text), name, value))
    return blocks


def _markdown_blocks(lines: list[str]) -> Iterator[tuple[int, str, str]]:
    opened: tuple[int, str] | None = None
    for number, line in enumerate(lines):
        fence = _MARKDOWN_FENCE.match(line)
        if fence and opened is None:
            opened = number, fence[2]
        elif fence and opened is not None:
            yield *opened, "\n".join(lines[opened[0] + 1 : number]) + "\n"
            opened = None
    assert opened is None, "the last code block is not closed"


def _rst_blocks(lines: list[str]) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(lines):
        directive = _RST_DIRECTIVE.match(line)
        if directive:
            body = []
            for following in lines[number + 1 :]:
                if following.strip() and not following.startswith(directive[1] + " "):
                    break
                body.append(following)
            yield number, directive[2], "\n".join(body).strip("\n") + "\n"


def examples_of(plugin: Path) -> Block:
    """Return the EXAMPLES of a plugin as a block."""
    for node in ast.parse(plugin.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "EXAMPLES":
            return Block(plugin.name, "yaml", ast.literal_eval(node.value))
    raise AssertionError(f"{plugin} has no EXAMPLES")


def run_all(blocks: list[Block], ansible: Ansible) -> int:
    """Run the blocks of a document in order, and return how many were run.

    Registered results must be available to later blocks, so all plays run as one playbook, after the commands.
    """
    count = 0
    plays: list[dict[str, Any]] = []
    for block in blocks:
        assert block.language in LANGUAGES, f"{block.place}: unknown language {block.language!r}"
        if block.marker == "file":
            ansible.write(block.value, block.text)
        elif block.marker == "not run" or block.language not in {"shell", "yaml"}:
            continue
        elif block.language == "yaml" and block.marker != "fails":
            plays += block.plays()
            count += 1
        else:
            is_shell = block.language == "shell"
            run = ["bash", "-euo", "pipefail", "-c", block.text] if is_shell else ansible.plays(block.plays())
            done = ansible.run(run)
            if block.marker == "fails":
                output = " ".join(done.output.split())
                assert done.status != 0, f"{block.place} should fail:\n{done.output}"
                assert block.value in output, f"{block.place} does not show {block.value!r}:\n{done.output}"
            else:
                assert done.status == 0, f"{block.place}:\n{done.output}"
            count += 1
    if plays:
        ansible.run(ansible.plays(plays)).succeeded()
    return count
