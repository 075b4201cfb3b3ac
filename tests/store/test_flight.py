"""The flight recorder: what is kept of the seconds around an occasion, within its bound, whatever the disk does."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from edgeagent.errors import EdgeAgentError, SessionError
from edgeagent.store import flight as flights
from edgeagent.store.clips import Label, Shelf, newest, numbers, read_clip, read_clips, write_label
from edgeagent.store.occasions import Kind, Was
from edgeagent.units import HOP, RATE
from tests.store.made_up_clips import AFTER_S, BEFORE_S, Fed, settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here sound comes faster than any disk is: nothing is overwritten before it is on it."""
    monkeypatch.setattr(flights, "SLACK", 60 * RATE)


APART = st.integers(1, 11).flatmap(lambda slot: st.integers(2 * slot * RATE, (2 * slot + 1) * RATE))


@pytest.mark.usefixtures("patient")
@tried(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(APART, min_size=1, max_size=5, unique_by=lambda onset: onset // (2 * RATE)))
def test_every_clip_holds_the_very_sound_around_its_onset(
    tmp_path_factory: pytest.TempPathFactory, onsets: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("clips")
    fed = Fed(settings(folder))
    fed.live(30 * RATE, [entry for onset in onsets for entry in fed.hold(onset)])
    fed.close()
    assert not fed.warned
    clips = list(read_clips(folder, pytest.fail))
    assert [clip.occasion.onset for clip in clips] == sorted(onsets, reverse=True)
    for clip in clips:
        assert clip.occasion.kind is Kind.HOLD
        assert clip.start == (clip.occasion.onset - BEFORE_S * RATE) // HOP * HOP
        assert clip.stop == clip.occasion.ended + AFTER_S * RATE
        heard = np.arange(clip.start, clip.stop) % 30_000 / 32_768
        np.testing.assert_array_equal(clip.sound("mic"), heard.astype(np.float32))
        np.testing.assert_array_equal(clip.sound("clean"), heard.astype(np.float32))
        np.testing.assert_array_equal(clip.sound("reference"), -heard.astype(np.float32))
        hops = (clip.stop - clip.start) // HOP
        assert clip.first == clip.start + HOP
        assert [len(values) for values in clip.trace.values()] == [hops] * 4
        assert clip.trace["evidence"][0] == pytest.approx(clip.start / RATE, abs=1e-3)
        assert {entry["event"] for entry in clip.journal} >= {"suspected", "state"}
        assert all(clip.start <= entry["at"] <= clip.stop for entry in clip.journal)


def test_what_is_going_on_at_the_end_is_kept_as_far_as_it_got(tmp_path: Path) -> None:
    fed = Fed(settings(tmp_path / "new" / "clips"))
    fed.live(4 * RATE, fed.hold(3 * RATE))
    fed.close()
    fed.close()
    (clip,) = read_clips(tmp_path / "new" / "clips", pytest.fail)
    assert clip.stop == 4 * RATE - HOP
    assert len(clip.sound("mic")) == clip.stop - clip.start


def test_a_stop_right_before_the_end_is_kept(tmp_path: Path) -> None:
    """Who has stopped the device switches it off; nobody listens for six seconds more to what it was."""
    fed = Fed(settings(tmp_path))
    fed.live(4 * RATE, [entry for entry in fed.stop(3 * RATE) if int(str(entry["at"])) < 4 * RATE])
    fed.close()
    fed.close()
    (clip,) = read_clips(tmp_path, pytest.fail)
    assert clip.occasion.kind is Kind.STOP
    assert clip.occasion.ended == clip.stop == 4 * RATE - HOP
    assert clip.occasion.stopped > 0


def test_nothing_that_is_said_while_it_is_muted_is_kept(tmp_path: Path) -> None:
    """The press that mutes and the one that ends it have a clip as every press has, with sound behind and before it."""
    fed = Fed(settings(tmp_path))
    first, second = 5 * RATE // HOP * HOP, 10 * RATE // HOP * HOP
    fed.live(
        14 * RATE,
        [
            {"at": first, "event": "button_long"},
            {"at": first, "event": "state", "state": "muted", "from": "idle"},
            {"at": second, "event": "button_long"},
            {"at": second, "event": "state", "state": "idle", "from": "muted"},
        ],
    )
    fed.close()
    ended, muted = read_clips(tmp_path, pytest.fail)
    for name in ("mic", "clean"):
        pressed = first - muted.start
        assert np.count_nonzero(muted.sound(name)[:pressed]) > RATE
        assert not np.any(muted.sound(name)[pressed:])
        pressed = second - ended.start
        assert not np.any(ended.sound(name)[:pressed])
        assert np.count_nonzero(ended.sound(name)[pressed:]) > RATE // 2
    assert np.any(muted.sound("reference")[first - muted.start :])


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("away", ["mic_lost", "faulty"])
def test_a_muted_device_whose_card_is_lost_is_still_muted(tmp_path: Path, away: str) -> None:
    """A press in that time ends it, or begins it, though the state stays what it is."""
    fed = Fed(settings(tmp_path, before_s=1))
    presses = [(at * RATE // HOP * HOP, {"event": "button_long"}) for at in (3, 9, 15, 21)]
    changes = [(3, "idle", "muted"), (6, "muted", away), (24, away, "idle")]
    states = [(at * RATE // HOP * HOP, {"event": "state", "from": a, "state": b}) for at, a, b in changes]
    fed.live(30 * RATE, [{"at": at, **entry} for at, entry in [*presses, *states]])
    fed.close()
    clips = list(reversed(list(read_clips(tmp_path, pytest.fail))))
    assert len(clips) == 4
    for clip, (pressed, _), mutes in zip(clips, presses, (True, False, True, False), strict=True):
        for name in ("mic", "clean"):
            heard = [np.count_nonzero(part) > RATE // 2 for part in np.split(clip.sound(name), [pressed - clip.start])]
            assert heard == [mutes, not mutes], (clip.number, name)


def test_nobody_but_the_owner_may_read_them(tmp_path: Path) -> None:
    fed = Fed(settings(tmp_path / "clips"))
    before = os.umask(0)
    try:
        fed.live(5 * RATE, fed.hold(2 * RATE))
        fed.close()
        write_label(read_clip(tmp_path / "clips", 1), Label(True))
    finally:
        os.umask(before)
    for path in (tmp_path / "clips", *(tmp_path / "clips").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


SOUND = {"mic": np.zeros(1000, np.float32)}


@tried(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 6000), st.booleans()), min_size=1, max_size=25))
def test_the_bound_holds_and_the_oldest_goes_first_the_labelled_last(
    tmp_path_factory: pytest.TempPathFactory, made: list[tuple[int, bool]]
) -> None:
    folder, most = tmp_path_factory.mktemp("clips"), 40_000
    shelf = Shelf(folder, most)
    labelled: set[int] = set()
    for size, label in made:
        before = numbers(folder)
        number = shelf.put({"size": size}, {"mic": np.zeros(size, np.float32)})
        after = numbers(folder)
        real = sum(path.stat().st_size for path in folder.rglob("*.*") if path.name != "label.json")
        assert real == shelf.bytes <= most
        gone = [one for one in before if one not in after]
        order = sorted(before, key=lambda one: (one in labelled, one))
        assert gone == order[: len(gone)]
        assert after[-1] == number
        labelled -= set(gone)
        if label:
            (folder / f"{number:06d}" / "label.json").touch()
            labelled.add(number)
    again = Shelf(folder, most)
    assert again.bytes == shelf.bytes


def test_no_number_is_given_twice_while_it_records(tmp_path: Path) -> None:
    """Where all others have a label the newest clip makes room for the next: who was about to label it must not label
    another."""
    shelf = Shelf(tmp_path, 5000)
    for number in (1, 2):
        assert shelf.put({}, SOUND) == number
        (tmp_path / f"{number:06d}" / "label.json").touch()
    given = [shelf.put({}, SOUND) for _ in range(3)]
    assert given == [3, 4, 5]
    assert numbers(tmp_path) == [2, 5]


def test_clips_may_be_deleted_at_any_time_one_by_one_or_with_their_folder(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    shelf = Shelf(folder, 7000)
    for _ in range(3):
        shelf.put({}, SOUND)
    shutil.rmtree(folder / "000003")
    shelf.put({}, SOUND)
    assert numbers(folder) == [1, 2, 4]  # what is deleted takes no room
    shutil.rmtree(folder)
    shelf.put({}, SOUND)
    assert numbers(folder) == [5]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_clip_knows_the_state_at_its_start(tmp_path: Path) -> None:
    fed = Fed(settings(tmp_path))
    press = {"at": 9 * RATE, "event": "button_long"}
    fed.live(12 * RATE, [*fed.hold(4 * RATE), press])
    fed.close()
    before, after = (read_clip(tmp_path, number) for number in (1, 2))
    assert (before.state, after.state) == ("speaking", "speaking")
    assert not [entry for entry in after.journal if entry["event"] == "state"]


def test_a_kill_in_the_middle_of_writing_leaves_whole_clips_only(tmp_path: Path) -> None:
    program = (
        "import sys, numpy as np; from pathlib import Path\n"
        "from edgeagent.store.clips import Shelf\n"
        "shelf, sound = Shelf(Path(sys.argv[1]), 2_000_000), np.zeros(100_000, np.float32)\n"
        "while True: shelf.put({}, {'mic': sound, 'reference': sound, 'clean': sound})"
    )
    folder = tmp_path / "clips"
    for _ in range(3):
        child = subprocess.Popen([sys.executable, "-c", program, str(folder)], cwd=ROOT)
        while not (folder.is_dir() and any(path.name.endswith(".new") for path in folder.iterdir())):
            assert child.poll() is None
        child.send_signal(signal.SIGKILL)
        child.wait()
    Shelf(folder, 2_000_000)
    left = sorted(folder.iterdir())
    assert left == [folder / f"{number:06d}" for number in numbers(folder)]
    for clip in left:
        assert sorted(path.name for path in clip.iterdir()) == ["clean.wav", "clip.json", "mic.wav", "reference.wav"]
        assert len(clip.joinpath("mic.wav").read_bytes()) == 44 + 2 * 100_000


@pytest.mark.usefixtures("patient")
def test_a_fault_of_ours_costs_the_clip_and_one_line_and_the_next_one_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, calls = Shelf.put, []

    def faulty(shelf: Shelf, *arguments: object) -> int:
        calls.append(arguments)
        if len(calls) == 1:
            raise ValueError("made up")
        return put(shelf, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Shelf, "put", faulty)
    fed = Fed(settings(tmp_path))
    fed.live(20 * RATE, [*fed.hold(4 * RATE), *fed.hold(12 * RATE)])
    fed.close()
    assert fed.warned == [f"{tmp_path}: ValueError: made up; a clip is lost, everything else goes on"]
    assert len(numbers(tmp_path)) == 1


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_what_is_no_number_costs_no_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: float) -> None:
    fed = Fed(settings(tmp_path))
    thought = fed.flight.thought
    monkeypatch.setattr(fed.flight, "thought", lambda percept, _evidence, clean: thought(percept, value, clean))
    fed.live(10 * RATE, fed.hold(4 * RATE))
    fed.close()
    assert not fed.warned
    (clip,) = read_clips(tmp_path, pytest.fail)
    assert set(clip.trace["evidence"]) == {0.0}


def test_a_full_disk_costs_the_clip_and_one_line_and_the_next_one_is_kept(tmp_path: Path) -> None:
    fed = Fed(settings(tmp_path))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_001, hard))
    try:
        fed.live(6 * RATE, fed.hold(2 * RATE))
        assert fed.flight._spool.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert fed.warned == [f"{tmp_path}: File too large; a clip is lost, everything else goes on"]
    assert list(tmp_path.iterdir()) == []
    again = Fed(settings(tmp_path))
    again.live(6 * RATE, again.hold(2 * RATE))
    again.close()
    assert numbers(tmp_path) == [1]


def test_a_draft_that_could_not_be_removed_is_in_nobodys_way(tmp_path: Path) -> None:
    """A disk that turned read-only in the middle of a clip, and came back: every later clip was lost."""
    shelf = Shelf(tmp_path, 5000)
    (tmp_path / ".000001.new").mkdir()
    (tmp_path / ".000001.new" / "mic.wav").touch()
    assert shelf.put({}, SOUND) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["000001"]


def test_a_disk_that_stalls_costs_clips_and_never_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, begun, written, put = threading.Event(), threading.Event(), threading.Event(), Shelf.put

    def slow(shelf: Shelf, *arguments: object) -> int:
        begun.set()
        gate.wait()
        number = put(shelf, *arguments)  # type: ignore[arg-type]
        written.set()
        return number

    monkeypatch.setattr(Shelf, "put", slow)
    monkeypatch.setattr(flights, "WAITING", 2)
    fed = Fed(settings(tmp_path))
    occasions = [entry for onset in range(2, 28, 2) for entry in fed.hold(onset * RATE)]
    first = 4 * RATE
    fed.live(first, [entry for entry in occasions if int(str(entry["at"])) <= first])
    assert begun.wait(60), "sound comes faster here than a busy machine wakes the writer"
    fed.live(30 * RATE, [entry for entry in occasions if int(str(entry["at"])) > first])
    gate.set()
    assert written.wait(60), f"closing waits for 2 s, in which a busy machine may not write one; {fed.warned}"
    fed.close()
    kept = numbers(tmp_path)
    assert kept
    assert len(kept) < 13
    assert set(fed.warned) <= {f"{tmp_path}: the disk is too slow; a clip is lost, everything else goes on"}
    for clip in read_clips(tmp_path, pytest.fail):
        heard = np.arange(clip.start, clip.stop) % 30_000 / 32_768
        np.testing.assert_array_equal(clip.sound("mic"), heard.astype(np.float32))


def test_a_folder_that_cannot_be_written_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EdgeAgentError, match="choose a folder that can be written"):
        Fed(settings(tmp_path / "file"))


def test_a_label_comes_back_and_replaces_the_one_before(tmp_path: Path) -> None:
    fed = Fed(settings(tmp_path))
    fed.live(6 * RATE, fed.hold(2 * RATE))
    fed.close()
    clip = read_clip(tmp_path, 1)
    assert clip.label is None
    for label in (Label(False, Was.INTERRUPTION), Label(True)):
        write_label(clip, label)
        assert read_clip(tmp_path, 1).label == label


def test_what_is_missing_or_damaged_is_named(tmp_path: Path) -> None:
    fed = Fed(settings(tmp_path))
    fed.live(8 * RATE, [*fed.hold(2 * RATE), *fed.hold(5 * RATE)])
    fed.close()
    with pytest.raises(SessionError, match="there is no clip 7; `edgeagent review` lists them"):
        read_clip(tmp_path, 7)
    (tmp_path / "000001" / "clip.json").write_text('{"format": 9}')
    told: list[str] = []
    assert [clip.number for clip in read_clips(tmp_path, told.append)] == [2]
    assert len(told) == 1
    assert "000001/clip.json: format 9, this version reads format 1" in told[0]
    with pytest.raises(SessionError, match=r"name the folder of `flight.dir`"):
        list(read_clips(tmp_path / "no", pytest.fail))


def test_the_newest_comes_first_and_no_folder_has_none(tmp_path: Path) -> None:
    fed = Fed(settings(tmp_path))
    fed.live(20 * RATE, [*fed.hold(4 * RATE), *fed.hold(12 * RATE)])
    fed.close()
    assert [path.parent.name for path in newest(tmp_path)] == ["000002", "000001"]
    assert not list(newest(tmp_path / "none"))
