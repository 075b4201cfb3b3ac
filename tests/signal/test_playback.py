"""The player: what sounds, at which gain, from which sample to which, and what it tells of it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeagent.errors import ServiceError
from edgeagent.signal import Sound
from edgeagent.signal.playback import QUEUE, Cue, Kind, Playback

ONES = np.ones(1000, np.float32)
"""What plays these plays its own gain."""


def counted(n: int) -> Sound:
    """Sound whose every sample is known: 1/1024, 2/1024, ..."""
    return np.arange(1, n + 1, dtype=np.float32) / np.float32(1024)


def loaded(sound: Sound, number: int = 1, sealed: bool = True, player: Playback | None = None) -> Playback:
    player = player or Playback()
    player.load(number)
    player.feed(number, sound)
    if sealed:
        player.seal(number)
    return player


def speaking(sound: Sound) -> Playback:
    """A player that has just played the first 100 samples of utterance 1 at full gain."""
    player = loaded(sound)
    player.aim(1.0)
    player.play(1)
    player.render(100)
    assert taken(player) == [Cue(Kind.PLAYING, 1, 0, 0)]
    return player


def taken(player: Playback) -> list[Cue]:
    cues = list(player.cues)
    player.cues.clear()
    return cues


def test_silence_is_exact_zeros_and_counts() -> None:
    player = Playback()
    assert not player.render(160).any()
    assert player.render(0).size == 0
    assert player.dac == 160
    assert not player.cues


def test_nothing_sounds_behind_a_shut_gate() -> None:
    player = loaded(ONES)
    player.play(1)
    assert not player.render(500).any()
    assert not player.cues
    assert player.position(1) == 0


def test_fades_in_within_5_ms_and_then_plays_the_very_samples() -> None:
    player = loaded(counted(1000))
    player.aim(1.0)
    player.play(1)
    out = player.render(1200)
    gain = out[:80] / counted(80)
    assert gain[0] > 0
    assert np.allclose(np.diff(gain), 1 / 80, atol=1e-6)
    np.testing.assert_array_equal(out[79:1000], counted(1000)[79:])
    assert not out[1000:].any()
    assert taken(player) == [Cue(Kind.PLAYING, 1, 0, 0), Cue(Kind.CEASED, 1, 1000, 1000, finished=True)]


def test_the_end_is_told_with_the_last_sample() -> None:
    player = speaking(ONES)
    player.render(900)
    assert taken(player) == [Cue(Kind.CEASED, 1, 1000, 1000, finished=True)]
    player.render(100)
    assert taken(player) == []


def test_a_duck_is_a_short_ramp_and_goes_on() -> None:
    player = speaking(ONES)
    player.aim(0.25)
    out = player.render(200)
    assert np.allclose(np.diff(out[:60]), -1 / 80)
    assert np.all(out[59:] == 0.25)
    player.aim(1.0)
    out = player.render(200)
    assert np.allclose(np.diff(out[:60]), 1 / 80)
    assert np.all(out[60:] == 1.0)
    assert player.position(1) == 500
    assert taken(player) == []


def test_a_gain_that_is_no_whole_number_of_steps_is_met() -> None:
    player = speaking(ONES)
    player.aim(0.2512)
    assert player.render(200)[-1] == pytest.approx(0.2512, abs=5e-5)


def test_a_shut_gate_fades_out_stands_still_and_opens_where_it_stood() -> None:
    player = speaking(counted(1000))
    player.aim(0.0)
    out = player.render(300)
    stood = player.position(1)
    assert 170 < stood <= 180
    faded = out[: stood - 100] / counted(1000)[100:stood]
    assert np.allclose(np.diff(faded), -1 / 80, atol=1e-6)
    assert faded[-1] == pytest.approx(1 / 80, abs=1e-6)
    assert not out[stood - 100 :].any()
    assert taken(player) == [Cue(Kind.CEASED, 1, stood, stood)]
    player.aim(1.0)
    out = player.render(300)
    assert taken(player) == [Cue(Kind.PLAYING, 1, stood, 400)]
    assert 0 < out[0] < 0.02 * counted(1000)[stood]
    np.testing.assert_array_equal(out[79:], counted(1000)[stood + 79 : stood + 300])


def test_a_gate_that_opens_during_its_fade_never_ceased() -> None:
    player = speaking(ONES)
    player.aim(0.0)
    player.render(40)
    player.aim(1.0)
    out = player.render(200)
    assert np.allclose(np.diff(np.append(0.5, out[:40])), 1 / 80)
    assert taken(player) == []


def test_halt_cuts_at_once_and_keeps_the_place() -> None:
    player = speaking(ONES)
    player.halt()
    assert not player.render(160).any()
    assert taken(player) == [Cue(Kind.CEASED, 1, 100, 100)]
    player.render(160)
    player.aim(1.0)
    player.play(1, offset=60)
    player.render(100)
    assert taken(player) == [Cue(Kind.PLAYING, 1, 60, 420)]
    assert player.position(1) == 160


def test_commands_hold_from_their_sample_on() -> None:
    player = loaded(ONES)
    player.halt(at=700)
    player.aim(1.0, at=100)
    player.play(1, at=100)
    player.play(1, offset=500, at=400)
    out = player.render(1000)
    assert taken(player) == [
        Cue(Kind.PLAYING, 1, 0, 100),
        Cue(Kind.CEASED, 1, 300, 400),
        Cue(Kind.PLAYING, 1, 500, 400),
        Cue(Kind.CEASED, 1, 800, 700),
    ]
    assert not out[:100].any()
    assert out[100:700].all()
    assert not out[700:].any()


def test_commands_for_the_same_sample_hold_in_the_order_of_posting() -> None:
    player = speaking(ONES)
    player.halt()
    player.aim(0.5)
    assert player.render(100)[-1] == 0.5
    player.aim(1.0, at=250)
    player.halt(at=250)
    assert not player.render(200)[50:].any()


def test_of_commands_for_the_past_the_last_posted_holds() -> None:
    player = speaking(ONES)
    player.aim(0.5, at=50)
    player.aim(0.25, at=20)
    assert player.render(100)[-1] == 0.25


def test_a_late_command_does_not_wait_for_an_earlier_posted_one() -> None:
    player = speaking(ONES)
    player.aim(1.0, at=400)
    player.halt()
    out = player.render(500)
    assert not out[:300].any()
    assert out[300:].all()


def test_what_runs_dry_is_silent_counts_and_goes_on_when_fed() -> None:
    player = loaded(ONES[:100], sealed=False)
    player.aim(1.0)
    player.play(1)
    out = np.concatenate([player.render(150), player.render(150)])
    assert out[:100].all()
    assert not out[100:].any()
    assert player.underruns == 1
    player.feed(1, ONES[:50])
    player.seal(1)
    player.render(300)
    assert player.underruns == 1
    assert taken(player) == [
        Cue(Kind.PLAYING, 1, 0, 0),
        Cue(Kind.CEASED, 1, 100, 100),
        Cue(Kind.PLAYING, 1, 100, 300),
        Cue(Kind.CEASED, 1, 150, 350, finished=True),
    ]


def test_waiting_for_the_first_sound_is_no_underrun() -> None:
    player = loaded(ONES[:0], sealed=False)
    player.aim(1.0)
    player.play(1)
    assert not player.render(100).any()
    assert player.underruns == 0
    assert taken(player) == []


def test_sealed_after_it_ran_dry_it_finishes() -> None:
    player = loaded(ONES[:100], sealed=False)
    player.aim(1.0)
    player.play(1)
    player.render(200)
    player.seal(1)
    player.render(10)
    assert taken(player)[1:] == [Cue(Kind.CEASED, 1, 100, 100), Cue(Kind.CEASED, 1, 100, 200, finished=True)]


def test_an_empty_utterance_finishes_at_once() -> None:
    player = loaded(ONES[:0])
    player.play(1)
    player.render(10)
    assert taken(player) == [Cue(Kind.CEASED, 1, 0, 0, finished=True)]


def test_a_new_utterance_cuts_the_one_that_sounds() -> None:
    player = loaded(-ONES, number=2, player=speaking(ONES))
    player.play(2, at=150)
    out = player.render(100)
    assert out[49] == 1
    assert -0.02 < out[50] < 0
    assert taken(player) == [Cue(Kind.CEASED, 1, 150, 150), Cue(Kind.PLAYING, 2, 0, 150)]


def test_a_dropped_utterance_ceases_and_its_late_sound_is_ignored() -> None:
    player = speaking(ONES)
    player.drop(1, at=150)
    player.feed(1, ONES)
    player.seal(1)
    player.drop(1)
    out = player.render(200)
    assert out[:50].all()
    assert not out[50:].any()
    assert taken(player) == [Cue(Kind.CEASED, 1, 150, 150)]
    with pytest.raises(KeyError):
        player.play(1)


def test_what_is_refused_while_nobody_renders_pushes_out_no_stop() -> None:
    player = speaking(counted(1000))
    player.aim(0.0)
    player.halt()
    player.take_back(0)  # the card is gone
    player.drop(1)
    for number in range(2, 2 + 2 * QUEUE):
        loaded(ONES, number, player=player)
        player.drop(number)
    assert not player.render(1000).any()


def test_dropping_another_utterance_disturbs_nothing() -> None:
    player = loaded(ONES, number=2, player=speaking(ONES))
    player.drop(2)
    assert np.all(player.render(100) == 1)
    assert taken(player) == []


def test_take_back_corrects_what_was_told() -> None:
    player = speaking(ONES)
    player.halt()
    player.render(20)
    assert taken(player) == [Cue(Kind.CEASED, 1, 100, 100)]
    player.take_back(50)
    assert taken(player) == [Cue(Kind.CEASED, 1, 70, 70)]
    assert player.position(1) == 70
    assert player.dac == 120
    player.render(20)
    player.take_back(80)
    assert taken(player) == [Cue(Kind.CEASED, 1, 60, 60)]


def test_take_back_before_the_halt_was_rendered_tells_once() -> None:
    player = speaking(ONES)
    player.halt()
    player.take_back(0)
    player.render(20)
    assert taken(player) == [Cue(Kind.CEASED, 1, 100, 100)]


def test_take_back_leaves_what_did_sound() -> None:
    player = speaking(ONES)
    player.halt()
    player.render(50)
    taken(player)
    player.take_back(50)
    assert taken(player) == []
    assert player.position(1) == 100


def test_take_back_over_two_utterances_and_a_resume() -> None:
    player = loaded(ONES[:200], number=2, player=speaking(ONES[:150]))
    player.play(2, at=160)
    player.play(2, offset=10, at=200)
    player.render(150)
    assert player.dac == 250
    taken(player)
    player.take_back(110)
    assert taken(player) == [Cue(Kind.CEASED, 1, 140, 140), Cue(Kind.CEASED, 2, 0, 140)]
    assert (player.position(1), player.position(2)) == (140, 0)
    out = player.render(20)
    assert 0 < out[0] < 0.02
    assert taken(player) == [Cue(Kind.PLAYING, 2, 0, 250)]


def test_take_back_of_more_than_was_ever_rendered_and_of_a_dropped_utterance() -> None:
    player = speaking(ONES)
    player.drop(1)
    player.take_back(10_000)
    assert taken(player) == [Cue(Kind.CEASED, 1, 0, 0)]


def test_sound_may_come_in_any_pieces_up_to_180_s() -> None:
    player, whole = Playback(), np.sin(np.arange(180 * 16_000, dtype=np.float32))
    player.load(1)
    for piece in np.split(whole, [1, 100, 50_000, 1_500_000]):
        player.feed(1, piece)
    with pytest.raises(ServiceError, match="180 s"):
        player.feed(1, ONES[:1])
    player.seal(1)
    player.aim(1.0)
    player.play(1)
    np.testing.assert_array_equal(player.render(whole.size)[80:], whole[80:])
    assert taken(player)[1].finished


@pytest.mark.parametrize("gain", [-0.1, 1.1, float("nan")])
def test_refuses_a_gain_out_of_range(gain: float) -> None:
    with pytest.raises(ValueError, match="gain"):
        Playback().aim(gain)


def test_commands_for_a_dead_card_are_bounded_and_the_newest_holds() -> None:
    player = speaking(ONES)
    player.aim(0.5)
    for _ in range(10_000):
        player.aim(1.0, at=500)
    player.halt(at=500)
    out = player.render(500)
    assert out[399] == 1.0  # the first command fell
    assert not out[400:].any()


def test_commands_far_ahead_are_bounded_too() -> None:
    player = speaking(ONES)
    player.halt(at=800)
    for _ in range(500):
        player.aim(1.0, at=10**9)
        player.render(1)
    assert player.render(250).all()


def test_cues_nobody_takes_are_bounded() -> None:
    player = speaking(ONES)
    for _ in range(1000):
        player.play(1, 5)
        player.render(1)
    assert len(player.cues) < 1000
    assert player.cues[-1].dac == 1099


Command = Callable[[Playback], None]

times = st.integers(0, 400)
commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(lambda gain, at: lambda p: p.aim(gain, at), st.sampled_from([0.0, 0.25, 0.3, 1.0]), times),
    st.builds(lambda u, offset, at: lambda p: p.play(u, offset, at), st.integers(1, 2), st.integers(0, 250), times),
    st.builds(lambda at: lambda p: p.halt(at), times),
)


def performed(script: list[Command], chunks: list[int]) -> tuple[Sound, list[Cue]]:
    player = loaded(ONES[:170], number=1)
    loaded(-ONES[:110], number=2, sealed=False, player=player)
    for command in script:
        command(player)
    player.drop(1, at=380)
    out = [player.render(n) for n in chunks]
    return np.concatenate(out), taken(player)


@settings(max_examples=200)
@given(st.lists(commands, max_size=12), st.lists(st.integers(0, 200), max_size=30))
def test_chunks_never_matter_and_the_cues_tell_all(script: list[Command], chunks: list[int]) -> None:
    chunks = [*chunks, max(0, 450 - sum(chunks))]
    out, cues = performed(script, chunks)
    alone, alone_cues = performed(script, [1] * out.size)
    np.testing.assert_array_equal(out, alone)
    assert cues == alone_cues

    open_cue: Cue | None = None
    sounded = np.zeros(out.size)
    for cue in cues:
        if cue.kind is Kind.PLAYING:
            assert open_cue is None
            open_cue = cue
        elif open_cue:
            assert cue.utterance == open_cue.utterance
            assert cue.offset - open_cue.offset == cue.dac - open_cue.dac > 0
            sounded[open_cue.dac : cue.dac] = 3 - 2 * cue.utterance
            assert np.all(np.abs(np.diff(out[open_cue.dac : cue.dac])) <= 1 / 80 + 1e-6)
            open_cue = None
        else:
            assert cue.finished
    if open_cue:
        sounded[open_cue.dac :] = 3 - 2 * open_cue.utterance
    np.testing.assert_array_equal(np.sign(out), sounded)


def test_feeding_beside_a_rendering_thread_loses_nothing() -> None:
    player = Playback()
    rendered: list[Sound] = []
    player.load(1)
    player.aim(1.0)
    player.play(1)

    def render() -> None:
        while not (player.cues and player.cues[-1].finished):
            rendered.append(player.render(160))

    card = threading.Thread(target=render)
    card.start()
    try:
        for _ in range(400):
            player.feed(1, ONES[:300])
    finally:
        player.seal(1)
        card.join()
    assert np.count_nonzero(np.concatenate(rendered)) == 400 * 300
    assert player.cues[-1].offset == 400 * 300
