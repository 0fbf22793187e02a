# Copyright (c) 2026, The tutum.cloud contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The channel for progress: the action plugin reads exactly the lines that the module writes."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.tutum.cloud.plugins.module_utils import _progress_channel
from ansible_collections.tutum.cloud.plugins.module_utils._progress_channel import (
    FILE_NAME,
    ProgressReader,
    ProgressWriter,
)

if t.TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def writer(tmp_path: Path) -> ProgressWriter:
    return ProgressWriter(str(tmp_path))


@pytest.fixture
def reader(tmp_path: Path) -> ProgressReader:
    return ProgressReader(str(tmp_path))


def test_progress_logs_are_all_read_and_the_last_status(writer: ProgressWriter, reader: ProgressReader) -> None:
    writer.show_status("0/1 done")
    writer.show_log("first line")
    writer.show_log("zweite Zeile: größer")
    writer.show_status("1/1 done")
    assert reader.read() == (["first line", "zweite Zeile: größer"], "1/1 done")


def test_progress_is_read_once(writer: ProgressWriter, reader: ProgressReader) -> None:
    writer.show_status("0/1 done")
    assert reader.read() == ([], "0/1 done")
    assert reader.read() == ([], None)
    writer.show_log("new")
    assert reader.read() == (["new"], None)


def test_progress_empty_lines_are_kept(writer: ProgressWriter, reader: ProgressReader) -> None:
    writer.show_log("")
    writer.show_status("")
    assert reader.read() == ([""], "")


def test_progress_without_file_is_empty(reader: ProgressReader) -> None:
    assert reader.read() == ([], None)


def test_progress_file_removed_while_reading_is_empty(
    writer: ProgressWriter, reader: ProgressReader, tmp_path: Path
) -> None:
    writer.show_log("first")
    reader.read()
    (tmp_path / FILE_NAME).unlink()
    assert reader.read() == ([], None)


def test_progress_cannot_be_written_without_directory(tmp_path: Path) -> None:
    ProgressWriter(str(tmp_path / "none")).show_status("0/1 done")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cut", range(1, len("Szwölf €\n".encode())))
def test_progress_incomplete_line_is_left_until_it_is_complete(
    tmp_path: Path, reader: ProgressReader, cut: int
) -> None:
    """The end of the file may be half a line, and half a character."""
    line = "Szwölf €\n".encode()
    path = tmp_path / FILE_NAME
    path.write_bytes(b"Lfirst\n" + line[:cut])
    assert reader.read() == (["first"], None)
    assert reader.read() == ([], None)
    with path.open("ab") as file:
        file.write(line[cut:] + b"Lla")
    assert reader.read() == ([], "zwölf €")
    with path.open("ab") as file:
        file.write(b"st\n")
    assert reader.read() == (["last"], None)


def test_progress_invalid_bytes_are_replaced(tmp_path: Path, reader: ProgressReader) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"L\xff\xfe\nX unknown\n\nSdone\n")
    assert reader.read() == (["\ufffd\ufffd"], "done")


def test_progress_lone_surrogate_is_replaced(writer: ProgressWriter, reader: ProgressReader) -> None:
    writer.show_log("a\ud800b")
    assert reader.read() == (["a?b"], None)


def test_progress_long_file_is_read_in_parts(
    writer: ProgressWriter, reader: ProgressReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_progress_channel, "MAX_READ_BYTES", 64)
    written = [f"line {number}: ä" for number in range(100)]
    for line in written:
        writer.show_log(line)
    read: list[str] = []
    for _round in range(100):
        read += reader.read()[0]
    assert read == written


def test_progress_endless_line_does_not_stop_the_reader(
    tmp_path: Path, reader: ProgressReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_progress_channel, "MAX_READ_BYTES", 64)
    (tmp_path / FILE_NAME).write_bytes(b"x" * 128 + b"\nLlast\n")
    assert [reader.read() for _round in range(3)][-1] == (["last"], None)
