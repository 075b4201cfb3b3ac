"""Who lacks a library of the extra [train] is told which, and what to do; and has the help all the same."""

from __future__ import annotations

import importlib
import re
import runpy
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
    remedy = rf"{re.escape(sys.executable)} -m pip install '\.\[train\]'"
    with pytest.raises(SystemExit, match=rf"{lacking} is not installed; {remedy}"):
        importlib.import_module(command)


@pytest.mark.parametrize("command", ["tools.train.__main__", "tools.train.tune"])
def test_help_needs_none_of_them(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in LIBRARIES:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, command, raising=False)
    monkeypatch.setattr(sys, "argv", [command, "--help"])
    with pytest.raises(SystemExit) as left:
        runpy.run_module(command, run_name="__main__", alter_sys=True)
    assert left.value.code == 0
    assert "--jobs" in capsys.readouterr().out
