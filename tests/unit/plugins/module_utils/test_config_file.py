# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file ``~/.tutum``, read as the original client reads it."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils._config_file import read_config_file
from ansible_collections.tutum.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.tutum.cloud.tests.unit.fakes import API_KEY

if t.TYPE_CHECKING:
    from pathlib import Path

ALICE = {"user": "alice", "apikey": "k"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set an empty home directory."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("[auth]\nuser = alice\napikey = k\n", ALICE),
        ("[auth]\nuser=alice\napikey=k%20%(x)s\n", {"user": "alice", "apikey": "k%20%(x)s"}),
        ("[auth]\r\nuser: alice\r\napikey: k\r\n", ALICE),
        ("[auth]\nUSER = alice\nApiKey = k\n", ALICE),
        ("# mine\n[other]\nx = y\n[auth]\nuser = alice\napikey = k\nemail = a@example.org\n", ALICE),
        ("[auth]\nuser = old\n[auth]\nuser = alice\napikey = k\n", ALICE),
        ("[auth]\nuser = bob\nuser = alice\napikey = k\n", ALICE),
        ("[auth]\nbasic_auth = YWxpY2U6aw==\n", {"basic_auth": "YWxpY2U6aw=="}),
        ("[auth]\nuser = alice\napikey = \n", {"user": "alice"}),
        ("[auth]\n", {}),
        ("[other]\nuser = alice\n", {}),
        ("", {}),
    ],
)
def test_config_file_values(home: Path, text: str, values: dict[str, str]) -> None:
    (home / ".tutum").write_bytes(text.encode())
    assert read_config_file(None) == values


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf[auth]\nuser = alice\napikey = k\n",
        b"[auth]\nuser = alice ; me\napikey = k\t; production\n",
        b"; mine\n[auth]\n; the user\nuser = alice\n  ; the key\napikey = k\n",
        b"[auth]\nREM the user\nuser = alice\nRem\tthe key\napikey = k\nrem\n",
        b"[auth]\nREM\nuser = alice\nREM\r\napikey = k\n",
        b"REM mine\n[auth]\nrem = x\nuser = alice\napikey = k\n",
        b"# f\xfcr mich\n[auth]\nuser = alice\napikey = k\n",
        b"[auth]\nuser = alice ; B\xfcro\napikey = k\n",
        b"\xef\xbb\xbf[auth]\nuser = alice ; B\xfcro\napikey = k\n",
    ],
    ids=[
        "BOM",
        "inline comments",
        "semicolons",
        "REM",
        "REM alone",
        "REM first",
        "Latin-1",
        "inline Latin-1",
        "BOM and Latin-1",
    ],
)
def test_config_file_of_original_client(home: Path, content: bytes) -> None:
    (home / ".tutum").write_bytes(content)
    assert read_config_file(None) == ALICE


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_config_file_encodings(home: Path, encoding: str) -> None:
    (home / ".tutum").write_bytes("[auth]\nuser = jürgen\n".encode(encoding))
    assert read_config_file(None) == {"user": "jürgen"}


@pytest.mark.parametrize(
    ("line", "key"),
    [("apikey = k;x", "k;x"), ("apikey = k#x", "k#x"), ("apikey = k # x", "k # x"), ("remote = x\napikey = k", "k")],
)
def test_config_file_other_characters_begin_no_comment(home: Path, line: str, key: str) -> None:
    (home / ".tutum").write_text(f"[auth]\n{line}\n")
    assert read_config_file(None) == {"apikey": key}


@pytest.mark.parametrize(
    "content",
    [
        f"user = alice\napikey = {API_KEY}\n".encode(),
        f"[auth]\n{API_KEY}\n".encode(),
        f"[auth\napikey = {API_KEY}\n".encode(),
        f"[auth]\napikey = {API_KEY}\n".encode("utf-16"),
    ],
    ids=["no section", "no equals sign", "no bracket", "UTF-16"],
)
def test_config_file_invalid_is_an_error_that_does_not_quote_it(home: Path, content: bytes) -> None:
    path = home / ".tutum"
    path.write_bytes(content)
    with pytest.raises(OptionError, match=r"^Invalid value for option config_file: .*Not a valid INI file") as caught:
        read_config_file(None)
    assert str(path) in str(caught.value)
    assert API_KEY not in str(caught.value)
    assert caught.value.__suppress_context__


def test_config_file_named_is_read_below_home(home: Path) -> None:
    (home / "other").write_text("[auth]\nuser = alice\napikey = k\n")
    assert read_config_file("~/other") == ALICE
    assert read_config_file(str(home / "other")) == ALICE


def test_config_file_default_need_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_config_file(None) == {}
    monkeypatch.setenv("HOME", "/dev/null")
    assert read_config_file(None) == {}


def test_config_file_named_must_exist(home: Path) -> None:
    with pytest.raises(OptionError, match="File not found"):
        read_config_file(str(home / "none"))
    with pytest.raises(OptionError, match="File not found"):
        read_config_file("/dev/null/x")


@pytest.mark.parametrize(
    ("path", "reason"), [("~", r"Cannot read the file \(Is a directory\)"), ("/tmp/a\0b", "Cannot read the file")]
)
def test_config_file_not_readable_is_an_error_with_reason(path: str, reason: str) -> None:
    with pytest.raises(OptionError, match=f"^Invalid value for option config_file: .*{reason}"):
        read_config_file(path)
