"""The script that runs the tests on 64-bit ARM, as far as can be told without a chroot: it explains itself, refuses
nonsense, and leaves out what its docstring says."""

from __future__ import annotations

import re
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "tools" / "aarch64.sh"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", str(SCRIPT), *words], capture_output=True, text=True, timeout=60, check=False)


def test_the_help_names_every_option() -> None:
    told = run("--help")
    assert told.returncode == 0
    options = set(re.findall(r"^    (--[a-z]+)\)", SCRIPT.read_text(encoding="utf-8"), re.MULTILINE))
    assert {"--folder", "--scenes", "--count", "--only"} <= options
    assert not [option for option in options if option not in told.stdout]


@pytest.mark.parametrize("words", [("--nonsense",), ("--only", "everything"), ("--scenes", "/no/such/folder")])
def test_nonsense_is_refused_before_anything_is_made(words: tuple[str, ...]) -> None:
    refused = run(*words)
    assert refused.returncode == 2
    assert refused.stderr


def test_it_leaves_out_markers_that_exist() -> None:
    config = ConfigParser()
    config.read_string((ROOT / "setup.cfg").read_text(encoding="utf-8"))
    known = set(re.findall(r"^(\w+):", config["tool:pytest"]["markers"].strip(), re.MULTILINE))
    (left_out,) = re.findall(r'-m "([^"]+)"', SCRIPT.read_text(encoding="utf-8"))
    assert set(re.findall(r"not (\w+)", left_out)) == known == {"slow", "timing", "live"}
