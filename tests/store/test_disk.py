"""Files written whole."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeagent.settings import Settings
from edgeagent.store.disk import write_whole
from edgeagent.store.memory_file import MemoryFile
from edgeagent.store.session import Recording
from edgeagent.store.takes import CONSENT, Consent, write_consent


def test_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_whole(tmp_path / "page.html", "one")
    (tmp_path / "page.html.new").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "page.html", "two")
    assert (tmp_path / "page.html").read_text() == "one"


def test_what_could_not_be_written_leaves_no_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "page.html", "one")
    assert list(tmp_path.iterdir()) == []


def test_a_link_that_others_have_put_there_meanwhile_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("somebody's own")

    def too_late(draft: Path, *, missing_ok: bool) -> None:
        monkeypatch.undo()
        assert missing_ok
        draft.symlink_to(victim)

    monkeypatch.setattr(Path, "unlink", too_late)
    with pytest.raises(FileExistsError):
        write_whole(tmp_path / "label.json", "{}")
    assert victim.read_text() == "somebody's own"


def test_what_is_no_file_is_written_to_and_stays_what_it_is(tmp_path: Path) -> None:
    pipe, redirected = tmp_path / "pipe", tmp_path / "page.html"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(pipe, "one")  # as root to /dev/null: nothing on the machine would work without it
    assert os.read(reader, 10) == b"one"
    assert pipe.is_fifo()
    os.close(reader)
    with redirected.open("w") as stdout:
        write_whole(Path(f"/dev/fd/{stdout.fileno()}"), "two")
    assert redirected.read_text() == "two"


@pytest.fixture
def _open_to_all() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.usefixtures("_open_to_all")
def test_what_holds_voices_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    folder, memory = tmp_path / "sessions" / "one", tmp_path / "state" / "memory.db"
    Recording(folder, Settings(), {}, pytest.fail).close()
    write_consent(folder, Consent("Ann", "typed", "2026-01-01", "yes", 0))
    MemoryFile(memory, 0.0, 24).close()
    assert {mode(path) for path in (folder, memory.parent)} == {0o700}
    files = {"session.json", "events.jsonl", "mic.wav", "reference.wav", CONSENT}
    assert {path.name for path in folder.iterdir()} == files
    assert {mode(path) for path in (*folder.iterdir(), memory)} == {0o600}


@pytest.mark.usefixtures("_open_to_all")
def test_an_old_file_that_everybody_could_read_is_replaced_by_one_that_they_cannot(tmp_path: Path) -> None:
    consent = tmp_path / CONSENT
    for old in (consent, tmp_path / f"{CONSENT}.new"):
        old.write_text("{}")
        old.chmod(0o644)
    write_consent(tmp_path, Consent("Ann", "typed", "2026-01-01", "yes", 0))
    assert mode(consent) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [CONSENT]
