"""Which voices espeak-ng has, read off its files: the library itself must say the same."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from edgeagent import settings
from edgeagent.errors import ServiceError
from edgeagent.services import espeak_voices
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.services.espeak_voices import check_voice, data_folders
from tests.services.talkers import loaded


def known(voice: str, folders: list[Path] | None = None) -> bool:
    try:
        check_voice(voice, folders)
    except ServiceError:
        return False
    return True


def taken(voice: str) -> bool:
    """What the library says."""
    with closing(EspeakTalker(replace(settings.Talker(), voice=voice))) as talker:
        try:
            talker.check()
        except ServiceError:
            return False
    return True


@pytest.fixture(scope="module")
def library() -> Iterator[None]:
    with closing(loaded(EspeakTalker(settings.Talker()))):
        yield


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    "voice",
    [
        *("en", "en-us", "EN-US", "gmw/en-US", "English (America)", "english (america)", "hi", "cmn", "roa/es"),
        *("en+f3", "en+no-such-variant", "en+12", "en-us+f3+m3", "pt-br"),
        *("", "+f3", "en ", "en_US", "english", "lang/gmw/en-US", "../lang/gmw/en-US", "elvish", "f3", "gmw", "/"),
    ],
)
def test_the_library_says_the_same(voice: str) -> None:
    assert known(voice) == taken(voice)


def test_a_wrong_one_is_told_with_the_one_that_was_meant(tmp_path: Path) -> None:
    (tmp_path / "lang" / "gmw").mkdir(parents=True)
    (tmp_path / "lang" / "gmw" / "en-US").write_text("name\tEnglish (America)\nlanguage en-us 2\n")
    with pytest.raises(ServiceError, match=r"no voice 'en-USA'\. Did you mean 'en-us'\?; 'espeak-ng --voices' lists"):
        check_voice("en-USA", [tmp_path])
    assert known("english (america)", [tmp_path])


def test_where_no_data_are_found_nothing_is_refused(tmp_path: Path) -> None:
    check_voice("whatever", [])
    check_voice("whatever", [tmp_path])


MBROLA = """#!{python}
import os, struct, sys
if not os.path.isfile(sys.argv[-3]):
    sys.exit("no such voice")
out = sys.stdout.buffer
for line in sys.stdin.buffer:
    if line.startswith(b"#"):
        out.write(b"RIFF" + struct.pack("<I", 1 << 30) + b"WAVEfmt ")
        out.write(struct.pack("<IHHIIHH", 16, 1, 1, 16000, 32000, 2, 16) + b"data" + struct.pack("<I", 1 << 30))
        out.flush()
"""
"""As much of that program as makes espeak-ng take a voice of it."""


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's espeak-ng with data that may be changed, whatever Python has; their folder."""
    monkeypatch.setattr(espeak_voices, "find_spec", lambda _: None)
    monkeypatch.delenv("ESPEAK_DATA_PATH", raising=False)
    real = next((place for place in data_folders() if (place / "voices" / "mb" / "mb-en1").is_file()), None)
    if real is None:
        pytest.skip("needs the system's espeak-ng, which knows of MBROLA")
    data = tmp_path / "espeak-ng-data"
    data.mkdir()
    for entry in real.iterdir():
        if entry.name != "mbrola":
            (data / entry.name).symlink_to(entry)
    (data / "mbrola").mkdir()
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("ESPEAK_DATA_PATH", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return data


@pytest.mark.parametrize("voice", ["mb-en1", "english-mb-en1", "mb/mb-en1+f2"])
@pytest.mark.parametrize("there", ["nothing", "program", "voice", "both"])
def test_a_voice_of_mbrola_needs_its_program_and_its_data_as_the_library_says(
    voice: str, there: str, system: Path
) -> None:
    if there in ("program", "both"):
        program = system.parent / "bin" / "mbrola"
        program.write_text(MBROLA.format(python=sys.executable))
        program.chmod(0o755)
    if there in ("voice", "both"):
        (system / "mbrola" / "en1").write_text("phones")
    with closing(EspeakTalker(replace(settings.Talker(), voice="en"))) as talker:
        talker.check()
    assert taken(voice) == known(voice) == (there == "both")


@pytest.mark.parametrize(
    ("place", "lacking"),
    [
        ("", "the program mbrola and its voice zz9; sudo apt install mbrola mbrola-zz9"),
        ("usr/share/mbrola/zz9", "the program mbrola; sudo apt install mbrola"),
        ("usr/share/mbrola/zz9/zz9", "the program mbrola; sudo apt install mbrola"),
        ("usr/share/mbrola/voices/zz9", "the program mbrola; sudo apt install mbrola"),
        ("data/mbrola/zz9", "the program mbrola; sudo apt install mbrola"),
    ],
)
def test_what_a_voice_of_mbrola_lacks_is_told_with_what_brings_it(
    place: str, lacking: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    data = tmp_path / "data"
    (data / "voices" / "mb").mkdir(parents=True)
    (data / "voices" / "mb" / "mb-zz9").write_text("language zz\n\nmbrola zz9 zz9_phtrans\n")
    if place:
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    with pytest.raises(ServiceError) as refused:
        check_voice("mb-zz9", [data], tmp_path)
    assert str(refused.value) == f"espeak-ng's voice 'mb-zz9' needs {lacking}"


def test_a_voice_of_mbrola_without_its_table_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices" / "mb-zz9").write_text("mbrola zz9 zz9_phtrans\n")
    for file in (tmp_path / "mbrola", tmp_path / "mbrola_ph"):
        file.mkdir()
    (tmp_path / "mbrola" / "zz9").touch()
    monkeypatch.setattr("shutil.which", lambda program: f"/usr/bin/{program}")
    with pytest.raises(ServiceError, match="needs mbrola_ph/zz9_phtrans"):
        check_voice("mb-zz9", [tmp_path], tmp_path)
    (tmp_path / "mbrola_ph" / "zz9_phtrans").touch()
    check_voice("mb-zz9", [tmp_path], tmp_path)


def test_the_wheels_library_says_that_it_knows_no_mbrola(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lang").mkdir()
    (tmp_path / "lang" / "en").write_text("name English\n")
    monkeypatch.setattr(espeak_voices, "library", lambda: ("libespeak-ng.so", str(tmp_path)))
    with pytest.raises(ServiceError, match="espeakng-loader cannot use MBROLA"):
        check_voice("mb-en1")


def test_the_systems_data_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(espeak_voices, "find_spec", lambda _: None)
    monkeypatch.delenv("ESPEAK_DATA_PATH", raising=False)
    debian, own = tmp_path / "usr/lib/aarch64-linux-gnu/espeak-ng-data", tmp_path / "own" / "espeak-ng-data"
    for folder in (debian, own):
        (folder / "lang").mkdir(parents=True)
    assert data_folders(tmp_path) == [debian]
    monkeypatch.setenv("ESPEAK_DATA_PATH", str(own.parent))
    assert data_folders(tmp_path) == [own, debian]
