"""Starts are counted over starts, and never stop one."""

from __future__ import annotations

from pathlib import Path

from edgeagent.store.starts import NAME, count_start


def test_each_start_counts_one(tmp_path: Path) -> None:
    assert [count_start(tmp_path) for _ in range(3)] == [1, 2, 3]


def test_what_is_damaged_begins_anew(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"\xff\x00")
    assert count_start(tmp_path) == 1


def test_without_a_folder_nothing_is_counted(tmp_path: Path) -> None:
    assert count_start(tmp_path / "none") is None
