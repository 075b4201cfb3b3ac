"""Labelled clips become recordings for teaching: the sound where it is, as what it was labelled, with a consent."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import numpy as np
import pytest

from edgeagent.commands._review_export import CLIPS, GAP
from edgeagent.detect.stretch import level_db
from edgeagent.settings import Echo
from edgeagent.store.clips import Label, read_clip, read_clips, write_label
from edgeagent.store.occasions import Was, right
from edgeagent.store.session import read_session
from edgeagent.store.takes import Expected, Take, read_consent, read_takes
from edgeagent.turn.events import Lost
from edgeagent.units import HOP, RATE, samples
from tests.commands.conftest import Run
from tests.store.made_up_clips import Fed, settings

EVERY = 10 * RATE
"""From occasion to occasion, in samples: with 4 s before and 2 s behind them, no clips share sound."""

KINDS = (Was.INTERRUPTION, Was.BACKCHANNEL, Was.COUGH, Was.TELEVISION, Was.SELF, Was.OTHER)

BURST = 40 * HOP


def fly(folder: Path, kinds: list[Was], seed: int = 1) -> Path:
    """A quiet room with a burst for each of these, which the device stops for if it is an interruption and otherwise
    holds; each is labelled as what it was."""
    dice = np.random.default_rng(seed)
    length = (len(kinds) + 1) * EVERY
    microphone = dice.normal(0, 1e-4, length).astype(np.float32)
    entries = []
    fed = Fed(settings(folder, mb=100, before_s=4, after_s=2), microphone)
    for number, was in enumerate(kinds, start=1):
        onset = number * EVERY
        microphone[onset : onset + BURST] += dice.normal(0, 0.05, BURST).astype(np.float32)
        entries += fed.stop(onset) if was is Was.INTERRUPTION else fed.hold(onset, ms=700)
    fed.live(length, entries)
    fed.close()
    assert fed.warned == []
    clips = list(read_clips(folder, pytest.fail))[::-1]
    for clip, was in zip(clips, kinds, strict=True):
        write_label(clip, Label(right(clip.occasion.kind, was), was))
    return folder


def export(edgeagent: Run, clips: Path, out: Path) -> list[Path]:
    assert edgeagent("review", clips, "export", out, "--consent", "--person", "the Millers") == 0
    return sorted(out.iterdir())


def of(takes: tuple[Take, ...], was: Was) -> Take:
    return takes[KINDS.index(was)]


def test_a_label_becomes_a_take_at_the_sound_itself(edgeagent: Run, tmp_path: Path) -> None:
    clips = fly(tmp_path / "clips", list(KINDS))
    (session,) = export(edgeagent, clips, tmp_path / "out")
    recorded, takes = read_session(session), read_takes(session)
    assert [take.expected for take in takes] == [
        Expected.FLOOR,
        Expected.BACKCHANNEL,
        Expected.NOISE,
        Expected.FAR,
        Expected.SILENCE,
    ]
    assert [take.number for take in takes] == [1, 2, 3, 4, 5]
    at = 0
    for take in takes:
        clip = read_clip(clips, take.number)
        onset = at + clip.occasion.onset - clip.start
        assert take.good
        assert at <= take.shown < take.until <= at + clip.stop - clip.start
        if take.sounds:
            ((start, stop),) = take.sounds
            assert abs(start - onset) <= HOP
            assert abs(stop - onset - BURST) <= 2 * HOP
            assert take.level_db == pytest.approx(level_db(recorded.microphone[onset : onset + BURST]), abs=1)
            assert take.ground_db == pytest.approx(-80, abs=1.5)
        else:
            assert take.shown <= onset <= take.until
        np.testing.assert_array_equal(recorded.microphone[at : at + clip.stop - clip.start], clip.sound("mic"))
        at += clip.stop - clip.start + GAP
    lost = [event for event in recorded.events if isinstance(event, Lost)]
    assert [event.frames for event in lost] == [GAP] * 4
    for event in lost:
        assert not recorded.microphone[event.at : event.at + GAP].any()
    consent = read_consent(session)
    assert (consent.person, consent.agreed) == ("the Millers", "--consent")
    assert "5 clips" in consent.text
    assert recorded.settings.echo == Echo()


def test_only_what_is_known_is_exported_and_the_rest_is_named(
    edgeagent: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clips = fly(tmp_path / "clips", [Was.INTERRUPTION, Was.BACKCHANNEL, Was.COUGH, Was.OTHER])
    write_label(read_clip(clips, 1), Label(True))  # a stop that was right: an interruption
    write_label(read_clip(clips, 2), Label(True))  # a hold that was right: who knows
    path = clips / "000003" / "clean.wav"
    path.write_bytes(path.read_bytes()[:44] + bytes(len(path.read_bytes()) - 44))
    assert edgeagent("review", clips, "export", tmp_path / "out", "--consent", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["takes"] == {"floor": 1, "backchannel": 0, "noise": 0, "far": 0, "silence": 0}
    assert told["left_out"] == {
        "it is not said what they were": [2],
        "no sound stands out where it was decided": [3],
        "labelled other": [4],
    }


def test_nothing_is_written_without_a_yes(
    edgeagent: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clips = fly(tmp_path / "clips", [Was.INTERRUPTION])
    monkeypatch.setattr("edgeagent.commands._review_export.ask", lambda _question: "no")
    assert edgeagent("review", clips, "export", tmp_path / "out") == 1
    assert "Agree only if everybody who can be heard in them does" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    assert edgeagent("review", clips, "export", tmp_path / "out", "--consent") == 2
    assert "name a folder that is new or empty" in capsys.readouterr().err


def test_what_was_lost_then_is_lost_again(edgeagent: Run, tmp_path: Path) -> None:
    clips = fly(tmp_path / "clips", [Was.INTERRUPTION, Was.BACKCHANNEL])
    path = clips / "000002" / "clip.json"
    plain = json.loads(path.read_text())
    entry = {"at": plain["start"] + RATE, "event": "lost", "kind": "overflow", "frames": 320, "shift": -3}
    path.write_text(json.dumps({**plain, "journal": [entry, *plain["journal"]]}))
    (session,) = export(edgeagent, clips, tmp_path / "out")
    first = read_clip(clips, 1)
    at = first.stop - first.start + GAP + RATE
    assert Lost(at, "overflow", 320, -3) in read_session(session).events


def test_many_clips_become_several_sessions_and_those_that_share_sound_stay_together(
    edgeagent: Run, tmp_path: Path
) -> None:
    clips = fly(tmp_path / "clips", [Was.INTERRUPTION, Was.BACKCHANNEL] * (CLIPS + 1))
    for number in (CLIPS, CLIPS + 1):  # as if these two were one conversation
        path = clips / f"{number:06d}" / "clip.json"
        plain = json.loads(path.read_text())
        path.write_text(json.dumps({**plain, "stop": plain["stop"] + EVERY} if number == CLIPS else plain))
    sessions = export(edgeagent, clips, tmp_path / "out")
    counts = [[take.number for take in read_takes(session)] for session in sessions]
    assert counts == [list(range(1, CLIPS + 2)), list(range(CLIPS + 2, 2 * CLIPS + 3))]


def test_the_consent_and_the_voices_are_the_owners(edgeagent: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(edgeagent, fly(tmp_path / "clips", [Was.INTERRUPTION]), out)
    assert (out / "001").stat().st_mode & 0o077 == 0


def test_a_full_disk_is_no_export(edgeagent: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clips, out = fly(tmp_path / "clips", [Was.INTERRUPTION]), tmp_path / "out"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        assert edgeagent("review", clips, "export", out, "--consent") == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    told = capsys.readouterr()
    assert told.err.splitlines()[-1].endswith(f"File too large; make room on the disk, delete {out}, and export again")
    assert "to teach the ear" not in told.out


def test_the_button_was_pressed_because_somebody_was_not_heard(edgeagent: Run, tmp_path: Path) -> None:
    dice = np.random.default_rng(1)
    microphone = dice.normal(0, 1e-4, 12 * RATE).astype(np.float32)
    spoken = 5 * RATE
    microphone[spoken : spoken + BURST] += dice.normal(0, 0.05, BURST).astype(np.float32)
    fed = Fed(settings(tmp_path / "clips", before_s=5, after_s=2), microphone)
    fed.live(12 * RATE, [{"at": spoken + samples(1600), "event": "button_short"}])
    fed.close()
    clip = read_clip(tmp_path / "clips", 1)
    write_label(clip, Label(False))
    (session,) = export(edgeagent, tmp_path / "clips", tmp_path / "out")
    (take,) = read_takes(session)
    assert take.expected is Expected.FLOOR
    assert abs(take.sounds[0][0] - (spoken - clip.start)) <= HOP


def test_a_damaged_sound_costs_its_clip_and_nothing_else(
    edgeagent: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a power cut leaves it, for nothing is synced."""
    clips = fly(tmp_path / "clips", list(KINDS[:3]))
    (clips / "000001" / "mic.wav").write_bytes(b"")
    (clips / "000002" / "label.json").write_bytes(b"")
    (session,) = export(edgeagent, clips, tmp_path / "out")
    assert len(read_takes(session)) == 1
    told = capsys.readouterr()
    assert "000001" in told.err
    assert "label.json" in told.err
    assert "label it anew" in told.err
    assert edgeagent("review", clips, "--report", tmp_path / "page.html") == 0
    assert edgeagent("review", clips, "label", "2", "--was", "cough") == 0
    assert read_clip(clips, 2).label is not None
