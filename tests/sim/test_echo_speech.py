"""Who speaks in the bench: found in folders and tables, cut into utterances, and nobody who was trained on."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from edgeagent.errors import SceneError
from edgeagent.signal.wav import write_wav
from edgeagent.sim.echo_bench.speech import SHORTEST, Load, Speech, from_folder, from_voices, pieces, running
from edgeagent.units import RATE, samples
from tests.signal.echo_world import voice
from tests.sim.echo_made_up import made_up_speech

ROWS = [
    ("a-dev.wav", "agent", "dev", "anna"),
    ("a-train.wav", "agent", "train", "bert"),
    ("n-dev.wav", "near", "dev", "cara"),
    ("n-train.wav", "near", "train", "dora"),
    ("n-other.wav", "near", "train", "emil"),
    *((f"noise-{number}.wav", "noise", "train", "") for number in range(4)),
    *((f"rir/device_loudspeaker/{number}.wav", "rir", "train", "") for number in range(3)),
    ("rir/room/9.wav", "rir", "dev", ""),
]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for number, (name, *_) in enumerate(ROWS):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_wav(folder / name, voice(1.0, number))
    lines = ["path,kind,split,speaker", *(",".join(row) for row in ROWS)]
    (folder / "manifest.csv").write_text("\n".join(lines), encoding="utf-8-sig")  # as a spreadsheet writes it
    return folder


def test_of_a_corpus_only_its_dev_split(corpus: Path) -> None:
    speech = from_folder(corpus)
    assert (set(speech.far), set(speech.near)) == ({"anna"}, {"cara"})
    assert (len(speech.noises), len(speech.loudspeakers), len(speech.rooms)) == (0, 0, 1)
    assert speech.source == f"{corpus}: split dev"


def test_or_those_who_were_held_out_of_the_other(corpus: Path) -> None:
    speech = from_folder(corpus, {"bert", "emil", "cara"})
    assert (set(speech.far), set(speech.near)) == ({"bert"}, {"emil"})
    assert (len(speech.noises), len(speech.loudspeakers), len(speech.rooms)) == (1, 1, 0)
    np.testing.assert_allclose(speech.noises[0](), voice(1.0, 7), atol=1e-4)  # the last of the first three


def test_a_folder_is_sorted_by_its_subfolders_and_the_rest_by_turns(tmp_path: Path) -> None:
    for number, name in enumerate(("noise/x.wav", "one.wav", "rir/loudspeaker.wav", "two.wav", "sub/three.wav")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_wav(tmp_path / name, voice(1.0, number))
    speech = from_folder(tmp_path)
    assert (set(speech.far), set(speech.near)) == ({"one", "two"}, {"three"})
    assert (len(speech.noises), len(speech.loudspeakers)) == (1, 1)
    assert "all 5 files" in speech.source


def test_a_response_is_of_a_loudspeaker_by_its_name_in_the_folder(corpus: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(corpus, tmp_path / "loudspeaker tests")
    speech = from_folder(moved, {"bert", "emil"})
    assert (len(speech.loudspeakers), len(speech.rooms)) == (1, 0)
    speech = from_folder(moved)
    assert (len(speech.loudspeakers), len(speech.rooms)) == (0, 1)
    (moved / "manifest.csv").unlink()
    speech = from_folder(moved)
    assert (len(speech.loudspeakers), len(speech.rooms)) == (3, 1)


@pytest.mark.parametrize("name", ["noise/hum.wav", "rir/room.wav"])
def test_a_noise_or_a_response_that_is_silent_is_named(tmp_path: Path, name: str) -> None:
    for number, each in enumerate(("agent/a.wav", "near/b.wav")):
        (tmp_path / each).parent.mkdir()
        write_wav(tmp_path / each, voice(1.0, number))
    (tmp_path / name).parent.mkdir()
    write_wav(tmp_path / name, np.zeros(RATE, np.float32))
    speech = from_folder(tmp_path)
    (load,) = (*speech.noises, *speech.rooms)
    with pytest.raises(SceneError, match=f"{name}: holds nothing but silence"):
        load()


def test_a_row_may_end_before_the_speaker(corpus: Path, tmp_path: Path) -> None:
    rows = ("path,kind,speaker", "a-dev.wav,agent,anna", "a-train.wav,agent", "n-dev.wav,near")
    copy = shutil.copytree(corpus, tmp_path / "copy")
    (copy / "manifest.csv").write_text("\n".join(rows))
    assert from_folder(copy).talk(np.random.default_rng(1), RATE).size == RATE


def test_a_folder_with_only_one_side_is_refused(tmp_path: Path) -> None:
    write_wav(tmp_path / "one.wav", voice(1.0, 1))
    with pytest.raises(SceneError, match="no recording for the person"):
        from_folder(tmp_path)
    (tmp_path / "manifest.csv").write_text("kind,path\nagent,one.wav\n,\nnoise\n")
    with pytest.raises(SceneError, match=r"manifest\.csv, line 4: names no file"):
        from_folder(tmp_path)
    (tmp_path / "manifest.csv").write_text("name\none.wav\n")
    with pytest.raises(SceneError, match="needs the columns path and kind"):
        from_folder(tmp_path)


def test_voices_are_said_once_and_kept() -> None:
    said: list[tuple[str, str]] = []

    def say(name: str, text: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        said.append((name, text))
        return voice(1.0, len(said))

    speech = from_voices(say, "device", ("p", "q"))
    count = len(said)
    assert (set(speech.far), set(speech.near)) == ({"device"}, {"p", "q"})
    speech.talk(np.random.default_rng(1), RATE)
    assert len(said) == count


def test_the_device_talks_without_long_pauses() -> None:
    talk = made_up_speech().talk(np.random.default_rng(1), 12 * RATE)
    assert talk.size == 12 * RATE
    loud = np.convolve(talk**2, np.ones(samples(20)), "same") > 1e-3
    gaps = np.diff(np.flatnonzero(loud))
    assert gaps.max() < samples(400)


def test_a_recording_is_cut_at_its_pauses() -> None:
    words = [voice(seconds, seed) for seconds, seed in ((0.8, 1), (0.1, 2), (5.0, 3))]
    pause = np.zeros(RATE // 2, np.float32)
    found = pieces(partial(np.concatenate, [part for word in words for part in (pause, word)]))
    assert len(found) == 2  # the second is too short
    assert found[0].size == pytest.approx(0.86 * RATE, abs=0.1 * RATE)
    assert samples(1500) < found[1].size <= samples(3100)


def test_people_say_phrases_where_there_are_some() -> None:
    pause = voice(0.5, 9, level=1e-4)
    phrases, words = (
        partial(np.concatenate, [part for seed in range(4) for part in (voice(seconds, seed), pause)])
        for seconds in (1.3, 0.45)
    )
    assert running(phrases)
    assert not running(words)
    dice = np.random.default_rng(1)
    speech = Speech("both", {}, {"a": [phrases], "b": [words], "c": [words]})
    assert all(speech.utterance(dice, 2 * RATE).size > RATE for _ in range(10))
    alone = Speech("words", {}, {"b": [words]})
    assert SHORTEST < alone.utterance(dice, 2 * RATE).size < RATE
    assert speech.utterance(dice, RATE // 2).size <= RATE // 2  # cut to fit


def test_silence_is_no_speech() -> None:
    silence: list[Load] = [np.zeros(RATE, np.float32).copy]
    speech = Speech("silent", {"a": silence}, {"b": silence})
    with pytest.raises(SceneError, match="no speech in the recordings of 'a'"):
        speech.talk(np.random.default_rng(1), RATE)
    with pytest.raises(SceneError, match="no speech in the recordings of people"):
        speech.utterance(np.random.default_rng(1), RATE)
