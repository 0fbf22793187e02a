# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check of the words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import glossary


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("It asks for the answers.", "asks"),
        ("The request is sent At once.", "at once"),
        ("def ask_server(): ...", "ask"),
        ("LAST_ANSWER = None", "answer"),
        ("class AnswerReader:", "answer"),
        ("a time-out of 5 s", "time out"),
    ],
)
def test_findings_in_word_of_the_list_is_found(line: str, word: str) -> None:
    (finding, *_others) = glossary.findings_in("a.py", f"first line\n{line}\n")
    assert (finding.line, finding.word) == (2, word)


@pytest.mark.parametrize(
    "line", ["the task masks a password", "ansible-playbook --ask-vault-pass", "a basket of responses"]
)
def test_findings_in_other_word_is_not_found(line: str) -> None:
    assert list(glossary.findings_in("a.py", line)) == []


def test_project_files_have_no_word_of_the_list() -> None:
    assert glossary.main() == 0
