"""The house rules, read off the source: imports go down only, pure floors stay pure, files and functions stay small."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FLOORS = [
    {"units", "errors", "settings"},
    {"signal", "turn", "dialogue"},
    {"ports", "vitals", "credential"},
    {"detect"},
    {"engine"},
    {"devices", "services", "live", "sim", "store", "report", "monitor"},
    {"config"},
    {"app"},
    {"commands"},
    {"__main__"},
]
FLOOR = {name: height for height, names in enumerate(FLOORS) for name in names}

PURE = 4
"""Up to this floor there is no clock, no thread and no hardware."""

IMPURE = {"time", "datetime", "threading", "asyncio", "socket", "subprocess", "multiprocessing", "pyaudio", "gpiozero",
          "lgpio", "spidev", "onnxruntime", "ai_edge_litert", "tflite_runtime"}  # fmt: skip

HARDWARE = {"pyaudio", "gpiozero", "lgpio", "spidev", "onnxruntime", "ai_edge_litert", "tflite_runtime"}
"""Imported in devices/ only."""

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
MOST_ATTRIBUTES = 12

FILES = sorted((ROOT / "edgeagent").rglob("*.py"))
MODULES = {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file for file in FILES}
TREES = {module: ast.parse(file.read_text(encoding="utf-8")) for module, file in MODULES.items()}

every_module = pytest.mark.parametrize("module", sorted(MODULES))


def room(module: str) -> str:
    """The folder or file right below edgeagent/ that `module` belongs to; '' for the package itself."""
    return module.partition(".")[2].partition(".")[0]


def imports(module: str) -> Iterator[str]:
    """Dotted names that `module` imports, wherever in the file; of ours the modules, of others the top name."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno} imports relatively"
            base = node.module or ""
            submodules = [f"{base}.{alias.name}" for alias in node.names if f"{base}.{alias.name}" in MODULES]
            names = submodules or [base]
        else:
            continue
        yield from (name if name in MODULES else name.partition(".")[0] for name in names)


@every_module
def test_every_file_has_a_floor(module: str) -> None:
    assert module == "edgeagent" or room(module) in FLOOR


@every_module
def test_imports_go_down(module: str) -> None:
    if module == "edgeagent":
        assert not list(imports(module))
        return
    here = FLOOR[room(module)]
    for name in imports(module):
        if name not in MODULES or name == "edgeagent" or room(name) == room(module):
            continue
        there = FLOOR[room(name)]
        assert there < here or there == here == 0, f"{module} (floor {here}) imports {name} (floor {there})"


@every_module
def test_pure_floors_stay_pure(module: str) -> None:
    foreign = set(imports(module))
    if module != "edgeagent" and FLOOR[room(module)] <= PURE:
        assert not foreign & IMPURE
    if room(module) == "turn":
        assert "numpy" not in foreign
    if room(module) != "devices":
        assert not foreign & HARDWARE


@every_module
def test_nothing_dodges_a_circle(module: str) -> None:
    names = {node.id for node in ast.walk(TREES[module]) if isinstance(node, ast.Name)}
    assert "TYPE_CHECKING" not in names


def test_no_circle() -> None:
    below = {module: {name for name in imports(module) if name in MODULES and name != module} for module in MODULES}
    while leaves := [module for module, names in below.items() if not names & below.keys()]:
        for module in leaves:
            del below[module]
    assert not below, "these import each other in a circle, or something that does"


@every_module
def test_small(module: str) -> None:
    lines = MODULES[module].read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST_FILE
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            own = {
                target.attr
                for target in ast.walk(node)
                if isinstance(target, ast.Attribute)
                and isinstance(target.ctx, ast.Store)
                and isinstance(target.value, ast.Name)
                and target.value.id == "self"
            }
            assert len(own) <= MOST_ATTRIBUTES, f"line {node.lineno}: {len(own)} attributes"


@every_module
def test_opens_with_a_docstring(module: str) -> None:
    assert ast.get_docstring(TREES[module]) or not TREES[module].body
