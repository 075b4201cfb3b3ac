"""Which voices flite has and whether it is installed, seen from the files: the library itself must say the same."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from edgeagent import settings
from edgeagent.errors import ServiceError
from edgeagent.services import flite_voices
from edgeagent.services.flite_talker import FliteTalker
from edgeagent.services.flite_voices import check_installed, check_voice, chosen
from edgeagent.services.loadable import CACHE, loadable
from tests.services.talkers import loaded


def refusal(look: Callable[[], object]) -> str:
    """What it raises; "" for nothing."""
    try:
        look()
    except ServiceError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("voice", ["slt", "rms", "awb", "kal", "kal16", "mary", "", "en-us"])
def test_the_library_says_the_same(voice: str) -> None:
    loaded(FliteTalker(settings.Talker())).close()
    with closing(FliteTalker(settings.Talker(voice=voice))) as talker:
        assert refusal(talker.check) == refusal(lambda: check_voice(voice))
    check_installed(voice)


def test_where_nobody_chose_a_voice_it_is_flites_own() -> None:
    check_voice(chosen(settings.Talker().voice))
    assert chosen("rms") == "rms"


@pytest.mark.parametrize("lacking", ["libflite.so.1", "libflite_cmulex.so.1", "libflite_cmu_us_kal.so.1"])
def test_each_part_of_it_has_to_be_there(lacking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flite_voices, "loadable", lambda library: library != lacking)
    with pytest.raises(ServiceError, match=rf"there is no {lacking}; sudo apt install flite"):
        check_installed("kal")


@pytest.mark.parametrize("library", ["libc.so.6", "libm.so.6", "libflite.so.1", "libasound.so.2", "libnosuch.so.1"])
def test_what_is_found_is_what_the_loader_finds(library: str) -> None:
    try:
        ctypes.CDLL(library)
    except OSError:
        found = False
    else:
        found = True
    assert loadable(library) == found


def test_a_library_is_found_by_the_cache_and_in_a_folder_that_somebody_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert loadable("libnosuch.so.1", tmp_path)  # without a cache nobody knows
    (tmp_path / CACHE).parent.mkdir()
    (tmp_path / CACHE).write_bytes(
        b"glibc-ld.so.cache1.1\0libnosuch.so.12\0/opt/libnosuch.so.12\0libthere.so.1\0/opt/\0"
    )
    assert not loadable("libnosuch.so.1", tmp_path)
    assert loadable("libthere.so.1", tmp_path)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "libnosuch.so.1").touch()
    monkeypatch.setenv("LD_LIBRARY_PATH", f"/no/such:{tmp_path}/own")
    assert loadable("libnosuch.so.1", tmp_path)
