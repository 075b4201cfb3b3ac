"""Each of the tools says in its help how it is called: as a module, from the checkout."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STARTED = 'if __name__ == "__main__":'


def modules() -> list[str]:
    """Those that can be called, but for tools/latency_probe.py, which is called by its path."""
    files = [path for path in sorted(ROOT.glob("tools/**/*.py")) if STARTED in path.read_text(encoding="utf-8")]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__main__") for path in files]
    return [name for name in names if name != "tools.latency_probe"]


@pytest.mark.parametrize("name", modules())
def test_a_tool_says_how_it_is_called(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = f"{name}.__main__" if (ROOT / name.replace(".", "/")).is_dir() else name
    monkeypatch.delitem(sys.modules, file, raising=False)  # loaded by another test, which runpy would warn of
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit) as left:
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    assert left.value.code == 0
    told = capsys.readouterr().out
    assert told.startswith(f"usage: python -m {name} ")
