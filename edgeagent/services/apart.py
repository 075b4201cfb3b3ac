"""A module of ours in a process of its own, with nothing but the standard library: it starts fast and stays small."""

from __future__ import annotations

import sys
from pathlib import Path

import edgeagent

ROOT = str(Path(edgeagent.__file__).parents[1])


def apart(module: str, *arguments: str) -> list[str]:
    """The command that runs `main` of the module."""
    told = f"import sys; sys.path.append({ROOT!r}); from {module} import main; main()"
    return [sys.executable, "-I", "-S", "-c", told, *arguments]
