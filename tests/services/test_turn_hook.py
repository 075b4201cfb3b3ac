"""The user's turn to a command: stream, WAV, text; and commands that stall, die, dawdle, or never listen."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from shlex import quote
from time import perf_counter

import numpy as np
import pytest

from edgeagent.errors import ServiceError
from edgeagent.ports import Sound
from edgeagent.services import turn_command, turn_hook
from edgeagent.services.turn_hook import TURNS, TurnHook
from edgeagent.signal.wav import read_wav

Eventually = Callable[[Callable[[], object]], None]
PATIENCE = 5.0
TURN = (np.random.default_rng(3).integers(-20_000, 20_000, 40_000) / 32768).astype(np.float32)
RAW = (TURN * 32768).astype("<i2").tobytes()


class World:
    """A hook, and what it told."""

    def __init__(self, script: str, folder: Path | str = "", patience_s: float = PATIENCE, most: int = 0) -> None:
        self.texts: list[tuple[int, str]] = []
        self.troubles: list[tuple[int, str]] = []
        self.kept: list[tuple[int, str]] = []
        self.hook = TurnHook(
            f"sh -c {quote(script)}" if script else "",
            str(folder),
            patience_s,
            lambda turn, text: self.texts.append((turn, text)),
            lambda turn, reason: self.troubles.append((turn, reason)),
            lambda turn, wav: self.kept.append((turn, wav)),
            most,
        )

    def speak(self, turn: int, sound: Sound = TURN) -> None:
        self.hook.open_turn(turn, f"turn-{turn:03d}.wav")
        for start in range(0, len(sound), 256):
            self.hook.sound(turn, sound[start : start + 256])


@pytest.fixture
def world() -> Iterator[Callable[..., World]]:
    worlds: list[World] = []

    def make(*arguments: object, **options: object) -> World:
        worlds.append(World(*arguments, **options))  # type: ignore[arg-type]
        return worlds[-1]

    yield make
    for made in worlds:
        made.hook.close()
        assert not made.hook._thread.is_alive()


MakeWorld = Callable[..., World]


def test_stream_and_wav_are_the_turn_and_stdout_is_its_text(
    world: MakeWorld, tmp_path: Path, eventually: Eventually
) -> None:
    script = f"cat > {tmp_path}/raw; cp $EDGEAGENT_WAV {tmp_path}/turn.wav; echo what I; echo '  heard  '"
    w = world(script)
    w.speak(77)
    w.hook.close_turn(77, TURN)
    eventually(lambda: w.texts)
    assert w.texts == [(77, "what I heard")]
    assert w.troubles == []
    assert (tmp_path / "raw").read_bytes() == RAW
    np.testing.assert_array_equal(read_wav(tmp_path / "turn.wav"), TURN)


def test_the_sound_arrives_while_the_turn_is_spoken(world: MakeWorld, tmp_path: Path, eventually: Eventually) -> None:
    w = world(f"cat > {tmp_path}/raw")
    w.speak(1)
    eventually(lambda: (tmp_path / "raw").exists() and (tmp_path / "raw").read_bytes() == RAW)
    assert w.texts == []


def test_the_wav_path_is_known_from_the_start_and_the_file_there_at_the_end_only(
    world: MakeWorld, tmp_path: Path, eventually: Eventually
) -> None:
    before = f"ls $EDGEAGENT_WAV 2>/dev/null; echo begun; touch {tmp_path}/begun"
    w = world(f"{before}; cat >/dev/null; stat -c %s $EDGEAGENT_WAV")
    w.speak(1)
    eventually((tmp_path / "begun").exists)
    w.hook.close_turn(1, TURN)
    eventually(lambda: w.texts)
    assert w.texts == [(1, f"begun {len(RAW) + 44}")]


def test_without_a_folder_no_file_stays(world: MakeWorld, eventually: Eventually) -> None:
    w = world("cat >/dev/null; echo $EDGEAGENT_WAV")
    w.speak(1)
    w.hook.close_turn(1, TURN)
    eventually(lambda: w.texts)
    assert w.texts[0][1].endswith(".wav")
    assert not w.kept
    assert not Path(w.texts[0][1]).exists()
    w.hook.close()
    assert not Path(w.texts[0][1]).parent.exists()


def test_with_a_folder_and_no_command_turns_are_kept(world: MakeWorld, tmp_path: Path, eventually: Eventually) -> None:
    w = world("", folder=tmp_path / "deep" / "turns")
    w.speak(5)
    w.hook.close_turn(5, TURN)
    eventually(lambda: w.texts)
    assert w.texts == [(5, "")]
    (file,) = (tmp_path / "deep" / "turns").iterdir()
    assert w.kept == [(5, str(file))]
    assert file.name == "turn-005.wav"
    np.testing.assert_array_equal(read_wav(file), TURN)


def test_the_newest_turns_stay_of_all_sessions(world: MakeWorld, tmp_path: Path, eventually: Eventually) -> None:
    for name in ("20250101T000000.000000Z/turn-001.wav", "20250102T000000.000000Z/turn-1000.wav",
                 "20250102T000000.000000Z/turn-999.wav", "mine/turn-001.wav"):  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    w = world("", folder=tmp_path / "20260101T000000.000000Z", most=3)

    def left() -> list[str]:
        return sorted(str(file.relative_to(tmp_path)) for file in tmp_path.glob("20*/*"))

    for turn in range(1, 6):
        w.speak(turn)
        w.hook.close_turn(turn, TURN[:100])
        eventually(lambda: w.texts[-1:] == [(turn, "")])  # noqa: B023 (asked before the next turn)
        if turn == 2:
            ours = [f"20260101T000000.000000Z/turn-00{number}.wav" for number in (1, 2)]
            assert left() == ["20250102T000000.000000Z/turn-1000.wav", *ours]
    assert left() == [f"20260101T000000.000000Z/turn-00{number}.wav" for number in (3, 4, 5)]
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["20260101T000000.000000Z", "mine"]
    assert (tmp_path / "mine" / "turn-001.wav").exists()


def test_a_device_whose_clock_is_behind_keeps_its_turns_and_not_those_of_before(
    world: MakeWorld, tmp_path: Path, eventually: Eventually
) -> None:
    """A Raspberry Pi has no clock of its own: until it is set, all that was kept before is from the future."""
    for number in (1, 2):
        wav = tmp_path / "20260101T000000.000000Z" / f"turn-00{number}.wav"
        wav.parent.mkdir(exist_ok=True)
        wav.touch()
    w = world("cat > /dev/null; test -s $EDGEAGENT_WAV && echo there", folder=tmp_path / "19700101T000007.0Z", most=2)
    w.speak(1)
    w.hook.close_turn(1, TURN)
    eventually(lambda: w.texts)
    assert w.texts == [(1, "there")]
    kept = sorted(str(wav.relative_to(tmp_path)) for wav in tmp_path.rglob("*.wav"))
    assert kept == ["19700101T000007.0Z/turn-001.wav", "20260101T000000.000000Z/turn-002.wav"]


def test_a_turn_whose_command_still_runs_keeps_its_wav(
    world: MakeWorld, tmp_path: Path, eventually: Eventually
) -> None:
    """One is to stay, and the next turn is over before the command has looked at this one."""
    go = tmp_path / "go"
    os.mkfifo(go)
    script = f"cat > /dev/null; case $EDGEAGENT_WAV in *1.wav) cat {go};; esac; test -s $EDGEAGENT_WAV && echo there"
    w = world(script, folder=tmp_path / "turns" / "20260101T000000.000000Z", most=1)
    for turn in (1, 2):
        w.speak(turn)
        w.hook.close_turn(turn, TURN)
    eventually(lambda: w.texts)
    with go.open("w"):
        pass
    eventually(lambda: len(w.texts) == 2)
    assert w.texts == [(2, "there"), (1, "there")]
    assert w.troubles == []
    assert [wav.name for wav in tmp_path.glob("turns/*/*")] == ["turn-002.wav"]


def test_the_wav_is_the_turn_and_not_the_stream(world: MakeWorld, tmp_path: Path, eventually: Eventually) -> None:
    w = world("wc -c", folder=tmp_path / "turns")
    w.speak(5)
    w.hook.close_turn(5, TURN[:30_000])
    eventually(lambda: w.texts)
    assert w.texts == [(5, str(len(RAW)))]
    np.testing.assert_array_equal(read_wav(tmp_path / "turns" / "turn-005.wav"), TURN[:30_000])


def test_a_turn_handed_over_last_is_still_written(world: MakeWorld, tmp_path: Path) -> None:
    w = world("", folder=tmp_path / "turns")
    w.speak(1)
    w.hook.close_turn(1, TURN)
    w.hook.close()
    np.testing.assert_array_equal(read_wav(tmp_path / "turns" / "turn-001.wav"), TURN)


@pytest.mark.timing
def test_a_stalled_command_holds_up_nobody_and_loses_nothing(
    world: MakeWorld, tmp_path: Path, eventually: Eventually
) -> None:
    w = world(f"echo $$ > {tmp_path}/pid; cat > {tmp_path}/raw; echo text")
    w.hook.open_turn(1, "turn.wav")
    eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    group = int((tmp_path / "pid").read_text())
    os.killpg(group, signal.SIGSTOP)
    long = np.tile(TURN, 10)
    times = []
    for start in range(0, len(long), 256):
        begun = perf_counter()
        w.hook.sound(1, long[start : start + 256])  # were it to wait, then for ever
        times.append(perf_counter() - begun)
    assert np.median(times) < 0.001
    w.hook.close_turn(1, TURN)
    os.killpg(group, signal.SIGCONT)
    eventually(lambda: w.texts)
    assert w.texts == [(1, "text")]
    assert (tmp_path / "raw").read_bytes() == RAW * 10


def test_a_command_that_takes_too_long_is_ended_and_reported(world: MakeWorld, eventually: Eventually) -> None:
    w = world("cat >/dev/null; sleep 60", patience_s=0.1)
    w.speak(1)
    w.hook.close_turn(1, TURN)
    eventually(lambda: w.texts)
    assert w.texts == [(1, "")]
    assert w.troubles == [(1, "'sh' took too long over a turn and was ended")]


def test_a_command_that_dies_costs_this_turn_only(world: MakeWorld, tmp_path: Path, eventually: Eventually) -> None:
    w = world(f"if mkdir {tmp_path}/first; then echo no model >&2; exit 4; else cat >/dev/null; echo fine; fi")
    w.speak(1)
    eventually(lambda: w.troubles)
    assert w.texts == []
    w.hook.sound(1, TURN[:256])
    w.hook.close_turn(1, TURN)
    w.speak(2)
    w.hook.close_turn(2, TURN)
    eventually(lambda: len(w.texts) == 2)
    assert w.texts == [(1, ""), (2, "fine")]
    assert w.troubles == [(1, "'sh' ended with status 4; no model")]


def test_a_command_may_know_the_text_before_the_turn_is_over(
    world: MakeWorld, tmp_path: Path, eventually: Eventually
) -> None:
    w = world(f"head -c 1000 >/dev/null; echo stop; touch {tmp_path}/done")
    w.speak(1)
    eventually((tmp_path / "done").exists)
    assert w.texts == []
    w.hook.close_turn(1, TURN)
    eventually(lambda: w.texts)
    assert w.texts == [(1, "stop")]
    assert w.troubles == []


def test_a_dropped_turn_leaves_nothing(world: MakeWorld, tmp_path: Path, eventually: Eventually) -> None:
    w = world(f"echo $$ > {tmp_path}/pid; cat >/dev/null; sleep 60", folder=tmp_path / "turns")
    w.speak(1)
    eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    w.hook.drop_turn(1)
    w.hook.sound(1, TURN)
    w.hook.close_turn(1, TURN)
    eventually(lambda: not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists())
    w.hook.close()
    assert w.texts == []
    assert w.troubles == []
    assert not (tmp_path / "turns").exists()


def test_the_next_turn_does_not_wait_for_the_text_of_the_last(
    world: MakeWorld, tmp_path: Path, eventually: Eventually
) -> None:
    wait = f"while ! test -e {tmp_path}/go; do sleep 0.01; done"
    w = world(f"cat >/dev/null; if mkdir {tmp_path}/first; then {wait}; fi; echo t")
    w.speak(1)
    w.hook.close_turn(1, TURN)
    eventually((tmp_path / "first").exists)
    w.speak(2)
    w.hook.close_turn(2, TURN)
    eventually(lambda: w.texts)
    (tmp_path / "go").touch()
    eventually(lambda: len(w.texts) == 2)
    assert w.texts == [(2, "t"), (1, "t")]


def test_turns_worked_on_are_bounded(world: MakeWorld, eventually: Eventually) -> None:
    w = world("sleep 60")
    for turn in range(TURNS + 2):
        w.hook.open_turn(turn, "turn.wav")
        if turn != 1:
            w.hook.close_turn(turn, TURN)
    eventually(lambda: len(w.troubles) == 2)
    assert [turn for turn, _ in w.troubles] == [0, 1]
    assert w.texts == [(0, "")]  # turn 1 was never closed, so nobody waits for its text


def test_a_flood_is_bounded_and_reported(
    world: MakeWorld, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    monkeypatch.setattr(turn_hook, "NOTES", 0)
    w = world("cat >/dev/null")
    w.speak(1)
    w.hook.close_turn(1, TURN)
    eventually(lambda: w.troubles and w.texts)
    assert w.troubles == [(1, "some of its stream was lost: the disk is too slow")]


def test_a_wav_that_cannot_be_written_is_reported_and_the_stream_still_counts(
    world: MakeWorld, tmp_path: Path, eventually: Eventually
) -> None:
    w = world("wc -c", folder=tmp_path / "turns")
    (tmp_path / "turns").touch()
    w.speak(1)
    w.hook.close_turn(1, TURN)
    eventually(lambda: w.texts)
    assert w.texts == [(1, str(len(RAW)))]
    assert "cannot write" in w.troubles[0][1]
    assert not w.kept


def test_a_fault_of_ours_costs_one_turn_and_not_the_thread(world: MakeWorld, eventually: Eventually) -> None:
    w = world("cat >/dev/null; echo fine")
    w.hook.open_turn(1, "turn.wav")
    w.hook.sound(1, np.array(["no sound"]))
    w.hook.sound(1, np.array(["no sound"]))
    w.hook.close_turn(1, TURN)
    w.speak(2)
    w.hook.close_turn(2, np.array(["no sound"]))
    w.speak(3)
    w.hook.close_turn(3, TURN)
    eventually(lambda: len(w.texts) == 3)
    assert w.texts == [(1, ""), (2, ""), (3, "fine")]
    assert [turn for turn, _ in w.troubles] == [1, 2]
    assert all("Error: " in reason for _, reason in w.troubles)


def test_a_disk_that_becomes_read_only_costs_no_text(
    world: MakeWorld, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    w = world("cat >/dev/null; echo heard")
    with monkeypatch.context() as disk:
        disk.setattr(turn_command, "write_wav", refuse)
        disk.setattr(Path, "unlink", refuse)
        for turn in (1, 2):
            w.speak(turn)
            w.hook.close_turn(turn, TURN)
            eventually(lambda: len(w.texts) == turn)  # noqa: B023 (asked before the next turn)
    assert w.texts == [(1, "heard"), (2, "heard")]
    assert len(w.troubles) == 2


def test_closing_ends_commands(world: MakeWorld, tmp_path: Path, eventually: Eventually) -> None:
    w = world(f"echo $$ > {tmp_path}/pid; sleep 60")
    w.hook.open_turn(1, "turn.wav")
    eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    w.hook.close()
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()


def test_a_command_that_is_not_there_is_refused_at_the_start() -> None:
    with pytest.raises(ServiceError, match=r"capture\.on_turn: there is no program 'no-such-program'"):
        TurnHook("no-such-program", "", PATIENCE, print, print, print)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ServiceError, match="choose a folder that can be written"):
        TurnHook("", str(tmp_path / "file" / "turns"), PATIENCE, print, print, print)
