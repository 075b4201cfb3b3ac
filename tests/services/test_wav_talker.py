"""Recorded sentences, and folders that are not what they should be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeagent.errors import ServiceError, SoundFileError
from edgeagent.services.recorded_sentences import read_index
from edgeagent.services.wav_talker import WavTalker
from edgeagent.signal.wav import write_wav


def record(folder: Path, name: str, length: int) -> None:
    write_wav(folder / name, np.full(length, 0.25, np.float32))


def test_each_sentence_has_its_file(tmp_path: Path) -> None:
    record(tmp_path, "hello.wav", 4_000)
    record(tmp_path, "bye.wav", 9_000)
    (tmp_path / "index.yaml").write_text("Hello there.: hello.wav\n'Good bye, then.': bye.wav\n")
    talker = WavTalker(str(tmp_path))
    assert sum(map(len, talker.say("hello   THERE."))) == 4_000
    assert sum(map(len, talker.say("Good bye,\nthen."))) == 9_000
    with pytest.raises(ServiceError, match=r"no recording says 'What\.'; add it to index\.yaml"):
        talker.say("What.")


def test_one_file_says_everything(tmp_path: Path) -> None:
    record(tmp_path, "voice.wav", 5_000)
    talker = WavTalker(str(tmp_path / "voice.wav"))
    assert sum(map(len, talker.say("anything"))) == sum(map(len, talker.say("else"))) == 5_000


def test_a_damaged_file_is_an_error_of_its_talk(tmp_path: Path) -> None:
    (tmp_path / "voice.wav").write_bytes(b"RIFF")
    with pytest.raises(SoundFileError):
        list(WavTalker(str(tmp_path / "voice.wav")).say("anything"))


@pytest.mark.parametrize(
    ("index", "fault"),
    [
        (None, "cannot read"),
        ("", "names no sentences"),
        ("- hello.wav", "names no sentences"),
        ("Hello: [", "is not YAML"),
        ("Hello: {}\nBye: [x]", "'Hello': {}, 'Bye'"),
        ("Hello: a.wav\nBye: b.wav", "do not exist: a.wav, b.wav"),
    ],
)
def test_a_wrong_index_is_refused_with_every_fault(tmp_path: Path, index: str | None, fault: str) -> None:
    if index is not None:
        (tmp_path / "index.yaml").write_text(index)
    with pytest.raises(ServiceError, match=fault):
        WavTalker(str(tmp_path))


@pytest.mark.parametrize("source", ["", "/no/such/folder"])
def test_no_folder(source: str) -> None:
    with pytest.raises(ServiceError, match=r"set talker\.wav_dir"):
        WavTalker(source)


def test_words_that_are_values_to_yaml_are_sentences(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write_wav(tmp_path / f"{name}.wav", np.zeros(160, np.float32))
    (tmp_path / "index.yaml").write_text("Yes: a.wav\nNo: b.wav\n12:30: c.wav\n")
    assert set(read_index(tmp_path)) == {"yes", "no", "12:30"}
