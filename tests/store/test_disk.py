"""Files written whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeagent.store.disk import write_whole


def test_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_whole(tmp_path / "page.html", "one")
    (tmp_path / "page.html.new").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "page.html", "two")
    assert (tmp_path / "page.html").read_text() == "one"
