"""The script that runs the tests on 64-bit ARM, as far as can be told without a chroot: it explains itself, refuses
nonsense, and leaves out what its docstring says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
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


@pytest.mark.parametrize(
    "words",
    [("--nonsense",), ("--only", "everything"), ("--scenes", "/no/such/folder"), ("--count", "x"), ("--count", "0")],
)
def test_nonsense_is_refused_before_anything_is_made(words: tuple[str, ...]) -> None:
    refused = run(*words, "--folder", "/dev/null/never")
    assert refused.returncode == 2
    assert words[0] in refused.stderr


def test_it_explains_itself_wherever_it_is_called_from() -> None:
    told = subprocess.run(
        ["bash", SCRIPT.name, "--help"], cwd=SCRIPT.parent, capture_output=True, text=True, timeout=20, check=False
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert "--folder DIR" in told.stdout


@pytest.mark.parametrize("option", ["--folder", "--scenes", "--count", "--only"])
def test_an_option_without_its_value_is_refused(option: str) -> None:
    refused = run(option)
    assert refused.returncode == 2
    assert f"{option} needs a value" in refused.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_folders_are_those_of_the_caller(tmp_path: Path) -> None:
    (tmp_path / "my scenes").mkdir()
    words = ["--only", "tests", "--folder", "my debian", "--scenes", "my scenes"]
    env = {**os.environ, "EDGEAGENT_PYTHON": sys.executable}
    refused = subprocess.run(
        ["bash", str(SCRIPT), *words], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert "First: --only prepare" in refused.stderr
    assert (tmp_path / "my debian").is_dir()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_step_that_fails_is_the_last(tmp_path: Path) -> None:
    """Where the wheels cannot be fetched, nothing counts as installed, and no tests are run."""
    programs = {
        "uname": "echo aarch64",
        "dpkg": "echo Status: install ok installed",
        "chroot": f"echo chroot $* >>'{tmp_path}/done'; echo 3.11",
        "python": "exit 1",
    }
    (tmp_path / "bin").mkdir()
    for name in ("mount", "umount", "mountpoint", "debootstrap", *programs):
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{programs.get(name, 'exit 0')}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "EDGEAGENT_PYTHON": f"{tmp_path}/bin/python"}
    words = ["bash", str(SCRIPT), "--folder", str(tmp_path / "debian")]
    failed = subprocess.run(words, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert failed.returncode == 1
    assert not (tmp_path / "debian" / "installed").exists()
    assert "pip install" not in (tmp_path / "done").read_text()


def test_it_leaves_out_markers_that_exist() -> None:
    config = ConfigParser()
    config.read_string((ROOT / "setup.cfg").read_text(encoding="utf-8"))
    known = set(re.findall(r"^(\w+):", config["tool:pytest"]["markers"].strip(), re.MULTILINE))
    (left_out,) = re.findall(r'-m "([^"]+)"', SCRIPT.read_text(encoding="utf-8"))
    assert set(re.findall(r"not (\w+)", left_out)) == known == {"slow", "timing", "live"}
