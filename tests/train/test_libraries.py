"""Who lacks a library of the extra [train] is told which, and what to do."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

import pytest

LIBRARIES = "ai_edge_litert", "onnx", "torch"


@pytest.mark.parametrize("lacking", LIBRARIES)
@pytest.mark.parametrize("command", ["tools.train.__main__", "tools.train.tune"])
def test_the_library_that_lacks_is_named(command: str, lacking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in LIBRARIES:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, lacking, None)
    monkeypatch.delitem(sys.modules, command, raising=False)
    with pytest.raises(SystemExit, match=rf"{lacking} is not installed; pip install '\.\[train\]'"):
        importlib.import_module(command)
