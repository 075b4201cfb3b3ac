"""Single values of a settings file are changed; whatever else a person has written there stays as it is."""

from __future__ import annotations

import os
import shutil
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.commands._calibrate_keep import keep
from edgeagent.config import amend, example, loads
from edgeagent.errors import ConfigError
from edgeagent.store.disk import replace_kept

MINE = """\
# My device, in the kitchen.
audio:          # the USB thing
  input:  'USB PnP'   # not the webcam
  # Louder than this the neighbours complain.
  volume_percent: 85    # was 70

turns: {patience_ms: 900}   # slow talkers
echo:
"""


def test_a_value_is_replaced_and_its_neighbours_stay() -> None:
    changed = amend(MINE, {"audio.volume_percent": 60})
    assert changed == MINE.replace("85", "60")


def test_keys_that_were_not_there_get_a_line_below_their_section() -> None:
    changed = amend(MINE, {"audio.block_ms": 20, "echo.drift": False, "turns.adapt": False, "lamp.leds": 5})
    settings = loads(changed)
    assert (settings.audio.block_ms, settings.echo.drift, settings.turns.adapt, settings.lamp.leds) == (
        20,
        False,
        False,
        5,
    )
    assert settings.audio.volume_percent == 85
    kept = [line for line in MINE.splitlines() if "turns" not in line]
    assert [line for line in changed.splitlines() if line in kept] == kept
    assert "# slow talkers" in changed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment",
        "{}",
        "{audio: {card: pyaudio}, echo: {}}",
        "audio:\r\n  block_ms: 20\r\n",
        "---\naudio:\n    block_ms: 20",
        "  audio:\n      block_ms: 20\n  turns:\n      adapt: false\n",
        "audio:\n",
        "audio:",
        '"audio":\n  "volume_percent": 7 # seven\n',
    ],
)
def test_any_form_of_file(text: str) -> None:
    before = loads(text)
    changed = amend(text, {"audio.volume_percent": 40, "echo.drift": False})
    after = loads(changed)
    assert (after.audio.volume_percent, after.echo.drift) == (40, False)
    assert (after.audio.block_ms, after.turns) == (before.audio.block_ms, before.turns)


@given(volume=st.integers(1, 100), drift=st.booleans(), name=st.text("abc :#'\"-\\", max_size=12))
def test_what_is_written_is_what_is_read_back_in_the_full_example(volume: int, drift: bool, name: str) -> None:
    changed = amend(example(), {"audio.volume_percent": volume, "echo.drift": drift, "audio.input": name or "x"})
    settings = loads(changed)
    assert (settings.audio.volume_percent, settings.echo.drift, settings.audio.input) == (volume, drift, name or "x")
    lines = zip(example().splitlines(), changed.splitlines(), strict=True)
    assert sum(before != after for before, after in lines) <= 3


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("audio:\n  volume_percent: 80\n...\n", {"echo.drift": False}),  # it would stand behind the document's end
        ("audio:\n  volume_percent: 80\n", {"audio.volume_percent": 101}),
        ("audio:\n  volume_percent: 80\n", {"audio.loudness": 3}),
    ],
)
def test_what_would_do_harm_is_left_to_a_person(text: str, values: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="set by hand: "):
        amend(text, values)


def test_a_broken_file_is_not_touched() -> None:
    with pytest.raises(ConfigError, match="volume_percent"):
        amend("audio:\n  volume_percent: many\n", {"echo.drift": True})


def test_the_old_file_is_kept_and_mode_and_link_stay(tmp_path: Path) -> None:
    real, link, backup = tmp_path / "real.yaml", tmp_path / "edgeagent.yaml", tmp_path / "old.yaml"
    real.write_text(MINE)
    real.chmod(0o640)
    link.symlink_to(real)
    replace_kept(link, "audio: {}\n", backup)
    assert link.is_symlink()
    assert real.read_text() == "audio: {}\n"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert backup.read_text() == MINE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["edgeagent.yaml", "old.yaml", "real.yaml"]


def test_what_others_have_put_into_the_folder_is_not_written_into(tmp_path: Path) -> None:
    path, victim, backup = tmp_path / "edgeagent.yaml", tmp_path / "victim", tmp_path / "old.yaml"
    path.write_text(MINE)
    victim.write_text("root's own")
    (tmp_path / "edgeagent.yaml.new").symlink_to(victim)
    replace_kept(path, "audio: {}\n", tmp_path / "first.yaml")
    assert not path.is_symlink()
    assert path.read_text() == "audio: {}\n"
    backup.symlink_to(tmp_path / "not there yet")
    with pytest.raises(FileExistsError):
        replace_kept(path, "", backup)
    assert victim.read_text() == "root's own"
    assert not (tmp_path / "not there yet").exists()


def test_a_backup_is_never_readable_by_more_than_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, backup = tmp_path / "edgeagent.yaml", tmp_path / "old.yaml"
    path.write_text(MINE)
    path.chmod(0o600)
    seen: list[int] = []

    def copied(old: IO[bytes], new: IO[bytes]) -> None:
        seen.append(stat.S_IMODE(os.fstat(new.fileno()).st_mode))
        new.write(old.read())

    monkeypatch.setattr(shutil, "copyfileobj", copied)
    replace_kept(path, "audio: {}\n", backup)
    assert seen == [0o600] == [stat.S_IMODE(backup.stat().st_mode)]
    assert backup.read_text() == MINE


def test_a_backup_goes_nowhere_but_beside_the_file(tmp_path: Path) -> None:
    file = tmp_path / "edgeagent.yaml"
    file.write_text("audio: {volume_percent: 80}\n")
    now = datetime.now(UTC)
    for second in range(60):
        planted = f"{file.name}.{now + timedelta(seconds=second):%Y%m%dT%H%M%SZ}.bak"
        (tmp_path / planted).symlink_to(tmp_path / "elsewhere")
    backup = keep(file, {"audio.volume_percent": 30})
    assert not backup.is_symlink()
    assert backup.read_text() == "audio: {volume_percent: 80}\n"
    assert not (tmp_path / "elsewhere").exists()


def test_behind_a_link_only_the_folder_of_the_file_itself_has_to_take_anything(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "mine").mkdir()
    real, link = tmp_path / "mine" / "device.yaml", tmp_path / "etc" / "edgeagent.yaml"
    real.write_text(MINE)
    link.symlink_to(real)
    backup = keep(link, {"audio.volume_percent": 30})
    assert backup.parent == real.parent
    assert backup.read_text() == MINE
    assert link.readlink() == real
    assert loads(real.read_text()).audio.volume_percent == 30


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "edgeagent.yaml"
    path.write_text(MINE)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_kept(path, "", tmp_path / "old.yaml")
    assert path.read_text() == MINE
    assert not (tmp_path / "edgeagent.yaml.new").exists()


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_line_ends_stay_through_the_file(tmp_path: Path, end: str) -> None:
    file = tmp_path / "edgeagent.yaml"
    file.write_bytes(f"# mine{end}audio:{end}  volume_percent: 80{end}".encode())
    keep(file, {"audio.volume_percent": 30, "audio.block_ms": 10, "echo.drift": False})
    told = f"# mine{end}audio:{end}  block_ms: 10{end}  volume_percent: 30{end}echo:{end}  drift: false{end}"
    assert file.read_bytes() == told.encode()


def test_two_settings_that_are_kept_within_a_second_leave_both_files_of_before(tmp_path: Path) -> None:
    file = tmp_path / "edgeagent.yaml"
    file.write_text(MINE)
    backups = [keep(file, {"audio.volume_percent": 30})]
    between = file.read_text()
    backups += [keep(file, {"echo.drift": False}), keep(file, {"audio.volume_percent": 35})]
    assert [backup.read_text() for backup in backups[:2]] == [MINE, between]
    assert len(set(backups)) == 3
