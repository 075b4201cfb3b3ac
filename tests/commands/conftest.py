"""A scene on disk, a recorded run of it, and the command line as a function."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgeagent.__main__ import main
from edgeagent.sim.folder import write_scene
from tests.talking import PERSON, talking

Run = Callable[..., int]


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a scene of eight seconds with one interruption."""
    folder = tmp_path_factory.mktemp("scenes") / "talking"
    write_scene(folder, talking(), [PERSON])
    return folder


@pytest.fixture(scope="session")
def recorded(scene: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of its run, session and page included."""
    out = tmp_path_factory.mktemp("runs") / "run"
    assert main(["simulate", str(scene), "--out", str(out), "--record", "--report"]) == 0
    return out


@pytest.fixture
def edgeagent(monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line; its exit code."""
    monkeypatch.delenv("EDGEAGENT_TRACEBACK", raising=False)
    return lambda *words: main([str(word) for word in words])
