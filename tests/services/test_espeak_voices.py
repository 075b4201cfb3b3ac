"""Which voices espeak-ng has, read off its files: the library itself must say the same."""

from __future__ import annotations

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
    talker = EspeakTalker(replace(settings.Talker(), voice=voice))
    try:
        talker.check()
    except ServiceError:
        takes = False
    else:
        takes = True
    finally:
        talker.close()
    assert known(voice) == takes


def test_a_wrong_one_is_told_with_the_one_that_was_meant(tmp_path: Path) -> None:
    (tmp_path / "lang" / "gmw").mkdir(parents=True)
    (tmp_path / "lang" / "gmw" / "en-US").write_text("name\tEnglish (America)\nlanguage en-us 2\n")
    with pytest.raises(ServiceError, match=r"no voice 'en-USA'\. Did you mean 'en-us'\?; 'espeak-ng --voices' lists"):
        check_voice("en-USA", [tmp_path])
    assert known("english (america)", [tmp_path])


def test_where_no_data_are_found_nothing_is_refused(tmp_path: Path) -> None:
    check_voice("whatever", [])
    check_voice("whatever", [tmp_path])


def test_the_systems_data_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(espeak_voices, "find_spec", lambda _: None)
    monkeypatch.delenv("ESPEAK_DATA_PATH", raising=False)
    debian, own = tmp_path / "usr/lib/aarch64-linux-gnu/espeak-ng-data", tmp_path / "own" / "espeak-ng-data"
    for folder in (debian, own):
        (folder / "lang").mkdir(parents=True)
    assert data_folders(tmp_path) == [debian]
    monkeypatch.setenv("ESPEAK_DATA_PATH", str(own.parent))
    assert data_folders(tmp_path) == [own, debian]
