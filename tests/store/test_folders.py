"""Where sessions go."""

from __future__ import annotations

from pathlib import Path

from edgeagent.store.folders import dated, vacant


def test_a_folder_in_use_gets_another_in_it(tmp_path: Path) -> None:
    new, used = tmp_path / "new", tmp_path / "used"
    assert vacant(new) == new
    used.mkdir()
    assert vacant(used) == used
    (used / "session.json").touch()
    assert vacant(used).parent == used
    assert not vacant(used).exists()


def test_dated_names_are_sorted_by_age(tmp_path: Path) -> None:
    names = [dated(tmp_path).name for _ in range(1000)]
    assert names == sorted(names)
