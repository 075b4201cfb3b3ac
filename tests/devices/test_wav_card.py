"""The card over sound files: same files, same content, and an end that can be seen."""

from __future__ import annotations

import threading
from math import inf
from pathlib import Path

import numpy as np
import pytest

from edgeagent.devices.wav_card import AHEAD_S, WavCard
from edgeagent.errors import DeviceError, SoundFileError
from edgeagent.ports import Card, Pcm
from edgeagent.signal.convert import to_float
from edgeagent.signal.wav import read_wav, write_wav


def noise(count: int) -> Pcm:
    return np.random.default_rng(1).integers(-9000, 9000, count).astype(np.int16)


def test_microphone_and_loudspeaker_are_the_files_block_by_block(tmp_path: Path) -> None:
    near = noise(1700)  # ten blocks and a half
    write_wav(tmp_path / "mic.wav", to_float(near))
    card: Card = WavCard(str(tmp_path / "mic.wav"), str(tmp_path / "out.wav"), speed=inf)
    heard, moments, over = [], [], threading.Event()

    def hear(pcm: Pcm, lost: int, when: float) -> None:
        heard.append(pcm)
        moments.append(("heard", when, lost))
        if len(heard) == 4:
            card.abort()
        if len(heard) == 6:
            card.restart()
        if len(heard) == 11:
            over.set()

    def play(out: Pcm, when: float) -> None:
        out[:] = len(heard) + 1
        moments.append(("played", when, 0))

    card.open(hear, play)
    assert over.wait(10)
    card.close()
    assert np.concatenate(heard).tolist() == near.tolist() + [0] * 60
    played = np.rint(read_wav(tmp_path / "out.wav") * 32768).reshape(11, 160)
    assert played[:, 0].tolist() == [1, 2, 3, 4, 0, 0, 7, 8, 9, 10, 11]
    assert (played == played[:, :1]).all()
    assert [what for what, _, _ in moments[:4]] == ["played", "heard", "played", "heard"]
    assert moments[0][1] == moments[1][1] + AHEAD_S
    assert moments[3][1] - moments[1][1] == pytest.approx(0.01)
    facts = card.facts()
    assert (facts["finished"], facts["aborts"], facts["restarts"]) == (1, 1, 1)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(SoundFileError, match="no such file"):
        WavCard(str(tmp_path / "none.wav"))
    write_wav(tmp_path / "mic.wav", to_float(noise(160)))
    with pytest.raises(DeviceError, match=r"nowhere/out.wav: No such file.*; choose another"):
        WavCard(str(tmp_path / "mic.wav"), str(tmp_path / "nowhere/out.wav"))


@pytest.mark.parametrize("spelt", ["mic.wav", "./sub/../mic.wav", "link.wav"])
def test_the_microphones_file_is_not_written_over(tmp_path: Path, spelt: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.wav").symlink_to("mic.wav")
    write_wav(tmp_path / "mic.wav", to_float(noise(1600)))
    before = (tmp_path / "mic.wav").read_bytes()
    with pytest.raises(DeviceError, match="would be overwritten"):
        WavCard(str(tmp_path / "mic.wav"), f"{tmp_path}/{spelt}")
    assert (tmp_path / "mic.wav").read_bytes() == before


def test_a_full_disk_costs_the_file_only(tmp_path: Path) -> None:
    write_wav(tmp_path / "mic.wav", to_float(noise(320)))
    card = WavCard(str(tmp_path / "mic.wav"), speed=inf)

    class Full:
        def append(self, _: object) -> None:
            raise OSError(28, "No space left on device")

        def close(self) -> None: ...

    card._writer = Full()  # type: ignore[assignment]
    heard: list[int] = []
    over = threading.Event()

    def hear(pcm: Pcm, lost: int, when: float) -> None:
        del lost, when
        heard.append(pcm.size)
        if len(heard) == 2:
            over.set()

    card.open(hear, lambda out, _: out.fill(1))
    assert over.wait(10)
    card.close()
    assert card.facts()["unwritten"] == 320
