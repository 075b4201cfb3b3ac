"""What is told of wheels for 64-bit ARM: every library is in the table, and the index still says so."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools import wheels

SETUP = (wheels.ROOT / "setup.cfg").read_text(encoding="utf-8")
DOCS = wheels.ROOT / "docs" / "hardware.md"


def test_every_library_and_extra_is_asked_for() -> None:
    found = list(wheels.requirements(SETUP))
    assert ("", "numpy") in [(extra, requirement.name) for extra, requirement in found]
    assert {"card", "pi", "speech", "sim", "test"} <= {extra for extra, _ in found}
    some = [extra for extra, _ in wheels.requirements(SETUP, ["speech"])]
    assert set(some) == {"", "speech"}


def test_the_table_of_the_hardware_guide_names_every_library() -> None:
    guide = DOCS.read_text(encoding="utf-8")
    for extra, requirement in wheels.requirements(SETUP):
        assert f"| {extra or 'always'} | {requirement.name} |" in guide


def test_a_marker_is_judged_for_the_python_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")  # nobody is asked
    found = wheels.look("pi", Requirement("lgpio>=0.2; python_version < '3.13'"), "3.13")
    assert found.unwanted
    assert found.known
    assert "python3-lgpio" in str(found)


def test_what_has_no_wheel_must_be_known_for_it() -> None:
    there = wheels.Found("", Requirement("numpy>=2"), "3.11", "numpy-2.4.6-cp311-cp311-manylinux_2_28_aarch64.whl")
    built = wheels.Found("card", Requirement("PyAudio"), "3.11")
    gone = wheels.Found("", Requirement("numpy>=9"), "3.11")
    assert [one.known for one in (there, built, gone)] == [True, True, False]
    assert "portaudio19-dev" in str(built)
    shown = wheels.table([there, built, gone])
    assert "| always | numpy | NONE |" in shown.split("\n")
    assert "| card | PyAudio | source:" in shown


def test_a_folder_of_wheels_is_for_one_python(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        wheels.main(["--download", str(tmp_path)])
    assert refused.value.code == 2
    assert "wants one --python" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("python", list(wheels.GLIBC))
def test_the_index_has_them(python: str) -> None:
    """Needs a package index."""
    try:
        found = [wheels.look(extra, one, python) for extra, one in wheels.requirements(SETUP)]
    except RuntimeError as unreachable:
        pytest.skip(str(unreachable).splitlines()[0])
    missing = [f"{one.extra}: {one.requirement}" for one in found if not one.known]
    assert not missing
