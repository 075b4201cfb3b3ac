"""What every test may count on: hypothesis without surprises, and the folder of development data where there is one."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from edgeagent import credential

settings.register_profile("edgeagent", deadline=None, derandomize=True, database=None)
settings.load_profile("edgeagent")

signal.signal(signal.SIGINT, signal.default_int_handler)
"""A shell lets what it starts in the background ignore Ctrl-C, and so would all programs that tests start and end."""

signal.signal(signal.SIGHUP, signal.SIG_DFL)
"""Likewise nohup and a terminal that closes."""


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """What another test had in its environment is not here."""
    monkeypatch.setattr(credential, "_hidden", {})


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """/closed is a folder of somebody else's, for a process that is not root."""
    real = os.stat

    def stat(path: Any, *rest: Any, **named: Any) -> os.stat_result:
        if str(path).startswith("/closed/"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *rest, **named)

    monkeypatch.setattr(os, "stat", stat)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The development data (scenes, scorer, recordings): $EDGEAGENT_SHARED, or shared/ beside the checkout. Nothing
    needs it to build, run or pass; tests that judge by it are skipped without it."""
    folder = Path(os.environ.get("EDGEAGENT_SHARED") or Path(__file__).parents[2] / "shared")
    if not folder.is_dir():
        pytest.skip("no development data: set EDGEAGENT_SHARED to its folder")
    return folder
