"""Who interrupts begins at their first sample, as loud as asked; who has no voice murmurs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.errors import EdgeAgentError, ServiceError
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.services.wav_talker import WavTalker
from edgeagent.signal.wav import write_wav
from edgeagent.units import RATE
from tools.probe.voices import interruptions, stand_in, text_of


@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_a_recording_is_trimmed_levelled_and_put_at_the_cards_rate(rate: int, tmp_path: Path) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 500 / RATE * np.arange(RATE)).astype(np.float32)
    quiet = np.zeros(RATE // 2, np.float32)
    write_wav(tmp_path / "voice.wav", np.concatenate((quiet, tone, quiet)))
    (sound,) = interruptions((), tmp_path / "voice.wav", -30.0, rate)
    assert sound.size == pytest.approx(rate, rel=0.01)
    level = 20 * np.log10(np.sqrt(np.mean((sound[100:-100] / 32768.0) ** 2)))
    assert level == pytest.approx(-30, abs=0.5)
    assert np.abs(sound[: rate // 500]).max() > 0.5 * np.abs(sound).max()


def test_silence_interrupts_nobody(tmp_path: Path) -> None:
    write_wav(tmp_path / "voice.wav", np.zeros(RATE, np.float32))
    with pytest.raises(EdgeAgentError, match="is silent"):
        interruptions((), tmp_path / "voice.wav", -30.0, RATE)


def test_without_espeak_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EspeakTalker, "frames", _missing)
    with pytest.raises(EdgeAgentError, match="--stimulus"):
        interruptions(("wait",), None, -30.0, RATE)


def _missing(*_: object) -> None:
    raise ServiceError("espeak-ng is missing")


@given(st.floats(1, 100), st.integers(80, 450))
def test_a_text_has_the_words_for_its_time(duration_s: float, words_per_minute: int) -> None:
    assert len(text_of(duration_s, words_per_minute).split()) >= duration_s * words_per_minute / 60


def test_a_device_without_a_voice_says_any_text(tmp_path: Path) -> None:
    talker = WavTalker(stand_in(tmp_path, RATE).wav_dir)
    sound = np.concatenate(list(talker.say("whatever")))
    assert sound.size == RATE
    assert 0.03 < np.sqrt(np.mean(sound**2)) < 0.3
