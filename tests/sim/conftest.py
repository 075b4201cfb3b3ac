"""The made-up scene on disk, and the reference scenes where they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeagent.sim.folder import write_scene
from tests.sim.made_up import build


@pytest.fixture(scope="session")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the made-up scene."""
    folder = tmp_path_factory.mktemp("scenes") / "made-up"
    scene, truth, clean = build()
    write_scene(folder, scene, truth, clean)
    return folder


@pytest.fixture(scope="session")
def bench(shared: Path) -> Path:
    """The reference scenes, echo path and scorer; whoever does not have them skips."""
    return shared / "bench"
