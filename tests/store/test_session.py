"""A recording read back is what went in, to the bit; cut short it is whole up to its end; it never holds anybody up."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import threading
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.errors import SessionError
from edgeagent.settings import Lamp, Settings, Turns
from edgeagent.store import session as sessions
from edgeagent.store.journal import encode
from edgeagent.store.session import KINDS, Recording, event_from_json, event_to_json, read_session
from edgeagent.store.track import HEADER, Track, read_track
from edgeagent.turn import events as e
from edgeagent.turn.levels import Level

SETTINGS = Settings(turns=Turns(patience_ms=900, false_stops_per_hour=3), lamp=Lamp(kind="rgb", pins=(17, 27, 22)))

TOLD = (
    e.Ready(at=0),
    e.Scripted(256, utterance=1, text='She "ठीक है"', words=(e.Word(0, 400, "She"),), pauses=((5, 9),), length=16_000),
    e.Judged(at=512, verdict=e.Verdict.INTERRUPTION),
    e.Failed(at=512, reason="no such file: \udcff\n"),
)


def record(folder: Path, blocks: int = 20, size: int = 160) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    sounds = rng.standard_normal((2, blocks, size)).astype(np.float32)
    recording = Recording(folder, SETTINGS, {"near_end": "sha256:12"}, pytest.fail)
    for event in TOLD:
        recording.tell(event)
    for reference, microphone in zip(*sounds, strict=True):
        recording.reference(reference)
        recording.capture(microphone)
    recording.close()
    recording.close()
    return sounds[0].ravel(), sounds[1].ravel()


def test_a_session_comes_back_bit_for_bit(tmp_path: Path) -> None:
    reference, microphone = record(tmp_path / "new" / "folder")
    session = read_session(tmp_path / "new" / "folder")
    np.testing.assert_array_equal(session.reference, reference)
    np.testing.assert_array_equal(session.microphone, microphone)
    assert session.microphone.dtype == np.float32
    assert session.events == TOLD
    assert session.settings == SETTINGS
    assert session.versions["near_end"] == "sha256:12"
    assert {"edgeagent", "python", "numpy"} < set(session.versions)
    assert session.ended == "closed"


def test_every_event_and_fact_is_known() -> None:
    def family(kind: type) -> set[str]:
        return {kind.__name__}.union(*map(family, kind.__subclasses__()))

    assert set(KINDS) == (family(e.Event) | family(e.Fact)) - {"Event", "Fact"}


VALUES = {
    "int": st.integers(0, 2**40),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "bool": st.booleans(),
    "str": st.text(),
    "Verdict": st.sampled_from(e.Verdict),
    "tuple[Word, ...]": st.lists(st.builds(e.Word, st.integers(), st.integers(), st.text())).map(tuple),
    "tuple[tuple[int, int], ...]": st.lists(st.tuples(st.integers(), st.integers())).map(tuple),
}

COUNTED = st.floats(0, e.COUNTED_MOST)

NAMED = {
    "level_dbfs": st.floats(*e.LEVELS_DBFS),
    "turns": st.integers(0, e.COUNTED_MOST),
    "false_stops": COUNTED,
    "repeats": COUNTED,
    "spoken_s": COUNTED,
    "pause_ms": COUNTED,
    "phrases": st.integers(0, e.COUNTED_MOST),
    "complete": st.floats(0, 1),
    "level": st.sampled_from([int(level) for level in Level]),
}
"""Fields that not every value of their type fits."""


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
@given(st.data())
def test_every_event_survives_json(kind: type[e.Event] | type[e.Fact], data: st.DataObject) -> None:
    fitting = {field.name: NAMED.get(field.name, VALUES[str(field.type)]) for field in fields(kind)}
    event = kind(**{name: data.draw(values) for name, values in fitting.items()})
    assert event_from_json(json.loads(encode(event_to_json(event)))) == event


@pytest.mark.parametrize(
    "plain",
    [
        {"event": "Sneezed", "at": 1},
        {"event": "Suspected", "at": 1},
        {"event": "Suspected", "at": 1, "onset": "2"},
        {"event": "Suspected", "at": 1, "onset": True},
        {"event": "Suspected", "at": 1, "onset": 2, "more": 3},
        {"event": "Judged", "at": 1, "verdict": "perhaps"},
        {"event": "Scripted", "at": 1, "utterance": 1, "text": "", "pauses": [[1]]},
        {"event": "Remembered", "at": 1, "level_dbfs": 3.0},
        {"event": "Remembered", "at": 1, "spoken_s": float("nan")},
    ],
)
def test_an_event_of_another_version_is_refused(plain: dict[str, object]) -> None:
    with pytest.raises(SessionError, match="version that recorded it"):
        event_from_json(plain)


def test_the_shorter_sound_counts_and_a_cut_event_is_left_out(tmp_path: Path) -> None:
    reference, microphone = record(tmp_path)
    with (tmp_path / "mic.wav").open("r+b") as file:
        file.truncate(HEADER.size + 4 * 1000 + 3)
    told = tmp_path / "events.jsonl"
    told.write_bytes(told.read_bytes()[:-5])
    session = read_session(tmp_path)
    np.testing.assert_array_equal(session.microphone, microphone[:1000])
    np.testing.assert_array_equal(session.reference, reference[:1000])
    assert session.events == TOLD[:-1]


def test_a_killed_recording_can_be_read_to_its_end(tmp_path: Path) -> None:
    program = (
        "import sys, numpy as np; from pathlib import Path\n"
        "from edgeagent.settings import Settings; from edgeagent.store.session import Recording\n"
        "r = Recording(Path(sys.argv[1]), Settings(), {}, print)\n"
        "import time\n"
        "for i in range(10**6):\n"
        "    block = np.full(160, i, np.float32); r.reference(block); r.capture(block); time.sleep(.0005)"
    )
    folder = tmp_path / "s"
    child = subprocess.Popen([sys.executable, "-c", program, str(folder)])
    mic = folder / "mic.wav"
    while not mic.exists() or mic.stat().st_size < 100_000:
        assert child.poll() is None
    child.send_signal(signal.SIGKILL)
    child.wait()
    session = read_session(folder)
    assert session.ended == ""
    assert len(session.microphone) == len(session.reference) >= 20_000
    np.testing.assert_array_equal(session.microphone, np.arange(len(session.microphone)) // 160)


@pytest.mark.parametrize("part", ["session.json", "mic.wav", "reference.wav", "events.jsonl"])
def test_a_missing_part_is_named(tmp_path: Path, part: str) -> None:
    record(tmp_path)
    (tmp_path / part).unlink()
    with pytest.raises(SessionError, match=f"{part}: No such file or directory; name a folder"):
        read_session(tmp_path)


def test_damage_and_other_versions_are_refused_with_the_remedy(tmp_path: Path) -> None:
    record(tmp_path)
    head = tmp_path / "session.json"
    good = json.loads(head.read_text())
    changes: list[tuple[dict[str, object], str]] = [
        ({"format": 2}, "session format 2"),
        ({"settings": {"turns": {"patience": 1}}}, "Turns has no patience"),
        ({"settings": {"turns": {"patience_ms": "long"}}}, "patience_ms: 'long' is not of type int"),
        ({"versions": None}, "NoneType"),
    ]
    for change, problem in changes:
        head.write_text(json.dumps({**good, **change}))
        with pytest.raises(SessionError, match=f"{problem}.*version that recorded it"):
            read_session(tmp_path)
    head.write_text("{")
    with pytest.raises(SessionError, match="damaged"):
        read_session(tmp_path)
    head.write_text(json.dumps(good))
    (tmp_path / "mic.wav").write_bytes(b"RIFF" + bytes(100))
    with pytest.raises(SessionError, match="float"):
        read_session(tmp_path)
    (tmp_path / "mic.wav").write_bytes(b"RIFF")
    with pytest.raises(SessionError, match="no sound"):
        read_session(tmp_path)


def test_a_second_session_in_the_folder_is_refused(tmp_path: Path) -> None:
    record(tmp_path)
    with pytest.raises(SessionError, match="already holds a session"):
        Recording(tmp_path, SETTINGS, {}, pytest.fail)
    (tmp_path / "file").touch()
    with pytest.raises(SessionError, match="can be written"):
        Recording(tmp_path / "file", SETTINGS, {}, pytest.fail)


def test_a_full_disk_ends_the_recording_with_one_warning(tmp_path: Path) -> None:
    warnings: list[str] = []
    recording = Recording(tmp_path, SETTINGS, {}, warnings.append)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_001, hard))
    try:
        for number in range(200):
            recording.tell(e.Ready(at=number))
            recording.reference(np.full(160, number, np.float32))
            recording.capture(np.full(160, number, np.float32))
        recording.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(warnings) == 1
    assert "File too large; the recording ends here, the conversation goes on" in warnings[0]
    with pytest.raises(SessionError, match=r"mic.wav: holds no sound"):
        read_session(tmp_path)
    assert len(read_track(tmp_path / "reference.wav")) == (20_001 - HEADER.size) // 4


def test_a_disk_that_is_too_slow_ends_the_recording_without_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "WAITING_BLOCKS", 10)
    monkeypatch.setattr(sessions, "WRITE_EVERY_S", 0.0)
    entered, gate, append = threading.Event(), threading.Event(), Track.append

    def slow(track: Track, data: bytes) -> None:
        entered.set()
        gate.wait(5)
        append(track, data)

    monkeypatch.setattr(Track, "append", slow)
    warnings: list[str] = []
    recording = Recording(tmp_path, SETTINGS, {}, warnings.append)
    for number in range(100):
        recording.reference(np.full(16, number, np.float32))
        assert entered.wait(5)
        recording.capture(np.full(16, number, np.float32))
    gate.set()
    recording.close()
    session = read_session(tmp_path)
    np.testing.assert_array_equal(session.microphone, np.arange(len(session.microphone)) // 16)
    assert len(session.microphone) == 5 * 16  # 11 blocks were taken: one in the writer's hands, ten waiting
    assert session.ended == "the disk is too slow"
    assert len(warnings) == 1


def test_other_programs_can_read_the_tracks(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    reference, _ = record(tmp_path)
    sound, rate = soundfile.read(tmp_path / "reference.wav", dtype="float32")
    assert rate == 16_000
    np.testing.assert_array_equal(sound, reference)
