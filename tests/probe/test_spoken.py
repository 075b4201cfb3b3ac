"""Where a voice began to be lowered, found in what was played alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from edgeagent.ports import Pcm, Sound
from edgeagent.signal.convert import to_int16
from edgeagent.signal.playback import Playback
from edgeagent.sim.noises import murmur
from edgeagent.turn.events import Word
from edgeagent.units import RATE, samples
from tools.probe.spoken import ALIKE, Spoken, lowered

SECONDS = 4


def voice(seed: int = 1) -> Sound:
    return np.asarray(0.3 * murmur(np.random.default_rng(seed), SECONDS * RATE, 1), np.float32).clip(-1, 1)


def played(sound: Sound, at: int, gain: float = 1.0, gate: float = 0.25) -> Pcm:
    """What a card gives: silence, then the voice, which is lowered from sample `at` of the card on."""
    playback = Playback()
    playback.load(1)
    playback.feed(1, sound)
    playback.seal(1)
    playback.aim(gain)
    playback.play(1, at=RATE // 2)
    playback.aim(gain * gate, at=at)
    return to_int16(playback.render(len(sound)))


@pytest.mark.parametrize("gain", [1.0, 0.7])
@pytest.mark.parametrize("seed", range(6))
def test_the_first_lowered_sample_is_found_to_less_than_a_millisecond(seed: int, gain: float) -> None:
    sound, at = voice(seed), int(np.random.default_rng(seed).integers(RATE, 3 * RATE))
    card = played(sound, at, gain)
    found = [lowered(card[: at + 900], sound, at - late) for late in (0, 300, 700)]
    assert all(one is None or at <= one <= at + samples(1) for one in found)
    assert any(found)


def test_what_was_not_lowered_is_not_found() -> None:
    sound = voice()
    card = played(sound, 2 * RATE, gate=1.0)
    assert lowered(card, sound, RATE) is None
    assert lowered(card, sound, ALIKE - 1) is None  # too little is known of before


def test_another_voice_or_one_that_was_lowered_before_is_none_to_compare_with() -> None:
    sound = voice()
    card = played(sound, 2 * RATE)
    assert lowered(card, voice(7), 2 * RATE - 100) is None
    assert lowered(card, sound, 2 * RATE + 40) is None  # amid the ramp
    assert lowered(np.zeros(RATE, np.int16), sound, RATE // 2) is None


def test_a_lowering_in_a_pause_is_not_told_for_nobody_can_say_when() -> None:
    sound = voice()
    sound[2 * RATE - samples(40) : 2 * RATE] = 0
    at = 2 * RATE - samples(30) + RATE // 2  # the voice begins half a second late
    card = played(sound, at)
    assert lowered(card, sound, at - 100) is None


class Voice:
    """See `ports.Talker`: says the text's length in pieces."""

    rate = 7

    def __init__(self) -> None:
        self.closed = False

    def say(self, text: str) -> Said:
        return Said(len(text))

    def close(self) -> None:
        self.closed = True


class Said:
    """See `ports.Talk`."""

    def __init__(self, count: int) -> None:
        self.words: tuple[Word, ...] = ()
        self.cancelled = False
        self._count = count

    def __iter__(self) -> Iterator[Sound]:
        for number in range(self._count):
            self.words = (*self.words, Word(number, number + 1, "a"))
            yield np.full(10, number, np.float32)

    def cancel(self) -> None:
        self.cancelled = True


def test_a_voice_that_is_listened_to_is_the_same_voice() -> None:
    spoken, talker = Spoken(), Voice()
    assert spoken.sound.size == 0
    overheard = spoken.around(talker)
    talk = overheard.say("abc")
    heard = list(talk)
    np.testing.assert_array_equal(np.concatenate(heard), spoken.sound)
    assert len(talk.words) == 3
    first = next(iter(overheard.say("ab")))
    np.testing.assert_array_equal(spoken.sound, first)  # only the newest is kept, as far as it is made
    first[:] = 9  # whose the sound is, may do with it what he likes
    assert not spoken.sound.any()
    assert overheard.rate == 7  # type: ignore[attr-defined]
    overheard.close()
    assert talker.closed
