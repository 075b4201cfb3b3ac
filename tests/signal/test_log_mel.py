"""The picture that Whisper's encoder gets, against numbers of the feature extractor that it was trained with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgeagent.ports import Sound
from edgeagent.signal.log_mel import BANDS, FRAMES, LENGTH, log_mel
from edgeagent.units import RATE

THEIRS = json.loads(Path(__file__).with_name("log_mel.json").read_text())
"""Every 8th band and 40th frame by transformers 5 (WhisperFeatureExtractor, chunk_length 8, do_normalize), of `made`,
to five places; what is shorter than 8 s padded in front."""


def made(count: int) -> Sound:
    """A chirp that comes and goes over a little noise."""
    t = np.arange(count) / RATE
    chirp = 0.2 * np.sin(2 * np.pi * (200 * t + 150 * t * t)) * (np.sin(2 * np.pi * 3 * t) > 0)
    noise = ((np.arange(count) * 1103515245 + 12345) % 65536) / 65536 - 0.5
    return np.asarray(chirp + 0.02 * noise, np.float32)


@pytest.mark.parametrize("count", [int(count) for count in THEIRS])
def test_it_is_what_the_network_was_trained_on(count: int) -> None:
    picture = log_mel(made(count))
    assert picture.shape == (BANDS, FRAMES)
    assert picture.dtype == np.float32
    assert np.abs(picture[::8, ::40] - np.array(THEIRS[str(count)])).max() < 1e-4


def test_only_the_last_eight_seconds_count() -> None:
    sound = made(2 * LENGTH)
    assert np.array_equal(log_mel(sound), log_mel(sound[-LENGTH:]))


def test_loudness_does_not_matter_and_silence_is_no_error() -> None:
    assert np.abs(log_mel(0.1 * made(LENGTH)) - log_mel(made(LENGTH))).max() < 0.02
    for silence in (np.zeros(0, np.float32), np.zeros(RATE, np.float32)):
        assert np.isfinite(log_mel(silence)).all()
