# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the words of the repository: one term for one thing, plain American English.

``python3 glossary.py`` reads every text file of the project, code included: identifiers are split into their words. It
prints ``FILE:LINE: WORD: use ...`` for each word of the list and exits with 1 if there is any.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CHECKOUT = Path(__file__).resolve().parents[2]

# Each pattern is searched for as whole words, in lowercase, and with the words of identifiers separated.
GLOSSARY = {
    r"answer(s|ed|ing)?": "response, respond",
    r"question(s|ed)?": "poll, request",
    r"ask(s|ed|ing)?": "request, query, poll",
    r"whom": "another sentence",
    r"(end|ends|ended|ending) (well|badly)": "succeed, fail",
    r"go(es)? on": "continue, is running",
    r"went on": "continued",
    r"at once": "immediately, concurrently",
    r"in vain": "without success, all retries fail",
    r"mend(s|ed|ing)?": "fix",
    r"seldom(er)?": "less often",
    r"anew": "again",
    r"folder(s)?": "directory",
    r"(any|no|some)body": "a user, no client, anyone",
    r"beside": "in addition to, next to",
    r"time outs?": "timeout",
    r"licen[c]e[sd]?": "license",
    r"hono[u]r(s|ed|ing)?": "honor",
    r"behavio[u]rs?": "behavior",
    r"colo[u]rs?": "color",
    r"misspelt": "misspelled",
    r"spoil(s|ed|ing|t)?": "inject a fault, affect",
    r"small letters": "lowercase",
    r"full stop": "period",
    r"stands? there": "the value",
    r"patience": "timeout, time limit",
    r"trouble": "error",
    r"forge": "hosting platform",
    r"meanwhile": "in the meantime",
    r"whatever": "any, regardless of",
    r"newcomer(s)?": "new user, first use",
}

# Texts from elsewhere, and lists of words.
EXCLUDED = re.compile(
    r"(COPYING|LICENSES/.*|tests/tools/glossary\.py|tests/tools/tests/test_glossary\.py|.*\.(png|ico|gz))"
)

# Directories that tools write.
GENERATED = re.compile(r"__pycache__|output|\..*_cache")

# Names that other projects chose.
FOREIGN = re.compile(r"--ask-[a-z-]+|ask_[a-z]+_pass(word)?|list_tasks|\btroubleshooting\b")

_PATTERN = re.compile(rf"\b(?:{'|'.join(f'(?:{pattern})' for pattern in GLOSSARY)})\b")
_CAMEL_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Finding(NamedTuple):
    """A word that should be replaced."""

    path: str
    line: int
    word: str
    instead: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.word}: use {self.instead}"


def findings_in(path: str, text: str) -> Iterator[Finding]:
    """Yield the words of a text that should be replaced."""
    for number, line in enumerate(text.splitlines(), start=1):
        words = _CAMEL_CASE.sub(" ", FOREIGN.sub(" ", line)).replace("_", " ").replace("-", " ").lower()
        for match in _PATTERN.finditer(words):
            instead = next((use for pattern, use in GLOSSARY.items() if re.fullmatch(pattern, match[0])), "")
            yield Finding(path, number, match[0], instead)


def project_files(checkout: Path) -> Iterable[str]:
    """Return the paths of the project's own text files: what git tracks or, in a copy without git, all files."""
    command = ["git", "-C", str(checkout), "ls-files", "--cached", "--others", "--exclude-standard"]
    if (checkout / ".git").exists():
        listed = subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout.splitlines()
    else:
        files = (path.relative_to(checkout) for path in checkout.rglob("*") if path.is_file())
        listed = [str(path) for path in files if not any(GENERATED.fullmatch(part) for part in path.parts)]
    return [path for path in listed if not EXCLUDED.fullmatch(path) and (checkout / path).is_file()]


def main() -> int:
    """Check all files, and return the exit status."""
    count = 0
    for path in project_files(CHECKOUT):
        for finding in findings_in(path, (CHECKOUT / path).read_text(encoding="utf-8")):
            print(finding)
            count += 1
    print(f"{count} words to replace", file=sys.stderr)
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
