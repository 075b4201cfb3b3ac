"""What commands find out before they begin."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgeagent.commands.terminal import check_folder, nearest
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


def test_a_folder_that_may_not_be_entered_is_passed_over(tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    (shut / "in").mkdir(parents=True)
    shut.chmod(0)
    us = os.geteuid()
    if us == 0:
        os.seteuid(65534)  # root may enter everything
    try:
        assert nearest(shut / "in" / "new") in (shut, *shut.parents)
    finally:
        os.seteuid(us)
        shut.chmod(0o700)
