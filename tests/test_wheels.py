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


def test_an_extra_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Else a folder is filled without what the device needs."""
    with pytest.raises(SystemExit) as refused:
        wheels.main(["--extras", "speach,pi"])
    assert refused.value.code == 2
    assert "no extra speach" in capsys.readouterr().err


def test_without_a_network_nothing_is_said_of_wheels(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """pip says "No matching distribution" also of an index that it cannot reach."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nobody listens there
    monkeypatch.setenv("PIP_RETRIES", "0")
    for variable in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(variable, raising=False)
    wheels.reachable.cache_clear()
    assert wheels.main(["--python", "3.11", "--extras", "speech"]) == 2
    wheels.reachable.cache_clear()
    told = capsys.readouterr()
    assert "cannot say" in told.err
    assert "NONE" not in told.out


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
