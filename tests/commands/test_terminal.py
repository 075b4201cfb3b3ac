"""What commands find out before they begin."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeagent.commands.terminal import check_folder
from edgeagent.errors import EdgeAgentError


def test_a_folder_that_cannot_be_made_is_refused_before_anybody_works_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_folder(tmp_path / "new" / "models")
    monkeypatch.chdir(tmp_path)
    check_folder(Path("models"))
    (tmp_path / "file").touch()
    for out in (tmp_path / "file", tmp_path / "file" / "models"):
        with pytest.raises(EdgeAgentError, match="file is no folder that can be written"):
            check_folder(out)
