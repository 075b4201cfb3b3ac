"""Pauses in our own speech."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeagent.signal import Sound
from edgeagent.signal.pauses import PauseFinder, pauses
from edgeagent.units import samples


def spoken(*parts: tuple[int, float]) -> Sound:
    """A voice that holds each level (amplitude) for so many ms."""
    level = np.concatenate([np.full(samples(ms), a, np.float32) for ms, a in parts])
    voice: Sound = level * np.sin(2 * np.pi * 200 / 16_000 * np.arange(level.size, dtype=np.float32))
    return voice


def ms(*stretches: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    return tuple((samples(a), samples(b)) for a, b in stretches)


def test_finds_silence_before_between_and_after() -> None:
    sound = spoken((100, 0), (300, 0.5), (60, 0), (200, 0.3), (150, 0.001), (100, 0.5), (200, 0))
    assert pauses(sound) == ms((0, 100), (400, 460), (660, 810), (910, 1110))


def test_a_stop_gap_is_no_pause() -> None:
    assert pauses(spoken((300, 0.5), (50, 0), (300, 0.5))) == ()


def test_an_uneven_gap_counts_its_whole_silent_frames() -> None:
    assert pauses(spoken((305, 0.5), (64, 0), (300, 0.5))) == ()
    assert pauses(spoken((305, 0.5), (80, 0), (300, 0.5))) == ms((310, 380))


@pytest.mark.parametrize("loudness", [1.0, 0.1, 0.02])
def test_silence_is_relative_to_the_voice(loudness: float) -> None:
    sound = spoken((200, 0.9), (200, 0.009), (200, 0.9), (200, 0.05), (200, 0.9)) * np.float32(loudness)
    assert pauses(sound) == ms((200, 400))


def test_the_hiss_of_a_converter_is_silence_even_for_a_whisper() -> None:
    assert pauses(spoken((200, 0.004), (200, 0.0002), (200, 0.004))) == ms((200, 400))
    assert pauses(spoken((500, 0.0002))) == ms((0, 500))


def test_nothing_has_no_pauses() -> None:
    assert pauses(np.zeros(0, np.float32)) == ()


def test_louder_speech_later_makes_soft_sound_a_pause() -> None:
    finder = PauseFinder()
    finder.push(spoken((200, 0.01)))
    assert finder.pauses == ()
    finder.push(spoken((200, 0.9)))
    assert finder.pauses == ms((0, 200))


@settings(max_examples=30)
@given(st.lists(st.integers(1, 3000), max_size=12))
def test_chunks_never_matter(cuts: list[int]) -> None:
    sound = spoken((70, 0), (110, 0.5), (95, 0.002), (40, 0.4), (120, 0))
    finder = PauseFinder()
    for piece in np.split(sound, np.cumsum(cuts)):
        finder.push(piece)
    assert finder.pauses == pauses(sound)
    assert len(finder.pauses) == 3
