"""The loudspeaker hands the card what the player renders, and knows to the sample what sounded when."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.live.loudspeaker import Loudspeaker
from edgeagent.ports import Pcm, Sound
from edgeagent.signal.playback import Playback
from edgeagent.units import RATE


class Tone:
    """A player that hums at 300 Hz and knows how much it rendered."""

    def __init__(self) -> None:
        self.rendered = 0

    def pass_over(self, _count: int) -> bool:
        return False

    def render_into(self, out: Sound) -> None:
        t = np.arange(self.rendered, self.rendered + out.size) / RATE
        out[:] = 0.5 * np.sin(2 * np.pi * 300 * t)
        self.rendered += out.size


def talking(length: int) -> Playback:
    """A player that is about to say something of `length` samples."""
    playback = Playback()
    playback.load(1)
    playback.feed(1, np.full(length, 0.5, np.float32))
    playback.seal(1)
    playback.aim(1.0)
    playback.play(1)
    return playback


def handed(loudspeaker: Loudspeaker, rate: int, blocks: int, frames: int) -> Pcm:
    out = np.zeros((blocks, frames), np.int16)
    for i, block in enumerate(out):
        loudspeaker.play(block, 1 + i * frames / rate)
    return out.reshape(-1)


def test_at_16_khz_the_card_gets_every_sample_at_its_moment() -> None:
    tone = Tone()
    loudspeaker = Loudspeaker(tone, RATE)
    pcm = handed(loudspeaker, RATE, 20, 160)
    played = list(loudspeaker.played())
    np.testing.assert_allclose(pcm / 32768, np.concatenate([sound for sound, _ in played]), atol=1e-4)
    assert [when for _, when in played] == pytest.approx([1 + i * 0.01 for i in range(20)])
    assert list(loudspeaker.played()) == []


@pytest.mark.parametrize("rate", [32000, 44100, 48000])
def test_at_other_rates_the_moments_count_the_resampler_in(rate: int) -> None:
    loudspeaker = Loudspeaker(Tone(), rate)
    pcm = handed(loudspeaker, rate, 50, rate // 100) / 32768
    for sound, when in list(loudspeaker.played())[5:40]:
        frame = round((when - 1) * rate)  # where the card plays the first sample of this block
        t = np.arange(frame, frame + rate // 200) / rate
        here = np.interp(np.arange(80) / RATE, t - t[0], pcm[frame : frame + t.size])
        np.testing.assert_allclose(here, sound[:80], atol=0.02)


@given(
    rate=st.sampled_from([16000, 32000, 44100, 48000]), frames=st.lists(st.integers(1, 1500), min_size=1, max_size=20)
)
def test_nothing_is_rendered_before_the_card_asks_for_it(rate: int, frames: list[int]) -> None:
    tone = Tone()
    loudspeaker = Loudspeaker(tone, rate)
    given = 0
    for count in frames:
        loudspeaker.play(np.zeros(count, np.int16), 1 + given / rate)
        given += count
        assert abs(tone.rendered - Fraction(given * RATE, rate)) < 1


@given(rate=st.sampled_from([16000, 44100, 48000]), blocks=st.integers(0, 30), unplayed=st.integers(0, 2000))
def test_what_is_taken_back_and_what_sounded_is_all_that_was_rendered(rate: int, blocks: int, unplayed: int) -> None:
    tone = Tone()
    loudspeaker = Loudspeaker(tone, rate)
    frames = rate // 100
    handed(loudspeaker, rate, blocks, frames)
    unplayed = min(unplayed, blocks * frames)
    unheard = loudspeaker.take_back(unplayed)
    sounded = tone.rendered - unheard
    assert 0 <= unheard <= tone.rendered
    assert Fraction(sounded, RATE) <= Fraction(blocks * frames - unplayed, rate)
    late = Fraction(blocks * frames - unplayed, rate) - Fraction(sounded, RATE)
    assert late <= Fraction(4, 1000)  # the resampler's delay, and a fraction of a sample


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_after_a_stop_nothing_old_sounds(rate: int) -> None:
    playback = talking(2 * RATE)
    loudspeaker = Loudspeaker(playback, rate)
    assert handed(loudspeaker, rate, 10, rate // 100).any()
    playback.halt()
    playback.take_back(loudspeaker.take_back(100))
    assert not handed(loudspeaker, rate, 10, rate // 100).any()


class Unsparing(Playback):
    """Renders silence like everything else."""

    def pass_over(self, _count: int) -> bool:
        return False


@given(
    blocks=st.lists(st.tuples(st.integers(1, 400), st.booleans()), min_size=1, max_size=40),
    length=st.integers(1, 2000),
    stop_at=st.integers(0, 40),
)
def test_silence_that_is_not_rendered_changes_nothing(
    blocks: list[tuple[int, bool]], length: int, stop_at: int
) -> None:
    """Utterances begin before some blocks, and there is a hard stop: what the card and the reference get, and what the
    player believes, are as if every block had been rendered."""
    outcomes = []
    for playback in (Playback(), Unsparing()):
        loudspeaker, given = Loudspeaker(playback, RATE), []
        playback.aim(1.0)
        for number, (frames, begins) in enumerate(blocks):
            if begins:
                playback.load(number)
                playback.feed(number, np.full(length, 0.5, np.float32))
                playback.seal(number)
                playback.play(number)
            if number == stop_at:
                playback.take_back(loudspeaker.take_back(frames))
            out = np.ones(frames, np.int16)
            loudspeaker.play(out, number / 100)
            given.append(out.tolist())
        played = [(sound.tolist(), when) for sound, when in loudspeaker.played()]
        outcomes.append((given, played, playback.dac, list(playback.cues), loudspeaker.take_back(0)))
    assert outcomes[0] == outcomes[1]
