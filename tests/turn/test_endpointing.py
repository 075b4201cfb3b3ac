"""How long a silence ends a turn: what a person's pauses teach, what opinions change, and the bounds of both."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.settings import Turns
from edgeagent.turn import events as e
from edgeagent.turn import states as s
from edgeagent.turn.endpointing import SHORTEST, Endpointing, longest
from edgeagent.units import milliseconds, samples
from tests.turn.test_moderator import Bench

QUIET, VOICE = 0.02, 0.97


@dataclass
class Person:
    """Speaks to a device that answers `thinks_ms` after the end of each turn."""

    bench: Bench
    thinks_ms: float = 1500

    def says(self, *ms: float) -> bool:
        """Voice, pause, voice, ... and then nothing more; whether it was left whole. Where the device was hasty, the
        person goes on all the same."""
        whole = True
        for index, length in enumerate(ms):
            if index % 2:
                self.bench.hear(length, QUIET)
                whole = whole and isinstance(self.bench.moderator.state, s.Hearing)
            else:
                self.bench.hear(length, VOICE)
        self.bench.hear(5000, QUIET)
        if isinstance(state := self.bench.moderator.state, s.Thinking):
            self.bench.tell(e.NoReply(self.bench.moderator.at, state.turn))
        self.bench.hear(500, QUIET)
        return whole

    @property
    def patience_ms(self) -> float:
        return milliseconds(self.bench.moderator.policy.temper.patience)


def person(turns: Turns | None = None) -> Person:
    bench = Bench(turns or Turns())
    bench.tell(e.Ready(0))
    bench.hear(500, QUIET)
    return Person(bench)


def test_nothing_known_is_the_setting() -> None:
    for ms in (300, 700, 1500):
        assert person(Turns(patience_ms=ms)).patience_ms == ms


def test_who_pauses_long_is_waited_for() -> None:
    somebody = person()
    whole = [somebody.says(1000, 1000, 1000) for _ in range(20)]
    assert not whole[0]
    assert all(whole[10:])
    assert 950 < somebody.patience_ms < 1200


def test_who_hardly_pauses_is_answered_sooner() -> None:
    somebody = person()
    for _ in range(60):
        assert somebody.says(1000, 250, 1000)
    assert 490 <= somebody.patience_ms < 640


@pytest.mark.parametrize("ms", [(400,), (400, 300, 400)])
def test_short_words_teach_nothing(ms: tuple[float, ...]) -> None:
    somebody = person()
    for _ in range(30):
        somebody.says(*ms)
    assert somebody.patience_ms == Turns().patience_ms
    assert somebody.bench.moderator.policy.temper.ending.turns == 0


@pytest.mark.parametrize(("median_ms", "spread"), [(350, 0.4), (700, 0.3), (450, 0.7)])
def test_in_the_end_nineteen_of_twenty_turns_are_left_whole(median_ms: float, spread: float) -> None:
    """The longest pause of each turn is drawn at random, log-normally, as pauses are."""
    rng, somebody = random.Random(7), person(Turns(longest_patience_ms=6000))
    whole = [somebody.says(900, rng.lognormvariate(0, spread) * median_ms, 900) for _ in range(400)]
    assert 0.90 <= sum(whole[100:]) / 300 <= 0.98


def test_going_on_over_our_first_words_says_that_we_were_hasty() -> None:
    bench = Bench()
    bench.tell(e.Ready(0))
    bench.hear(500, QUIET)
    for utterance in range(3):
        before = bench.moderator.policy.temper.patience
        bench.hear(1600, VOICE)
        while isinstance(bench.moderator.state, s.Hearing):
            bench.hear(16, QUIET)
        bench.hear(100, QUIET)
        bench.tell(e.ReplyReady(bench.moderator.at, utterance))
        bench.hear(200, QUIET)
        bench.hear(1200, VOICE)  # the rest of the sentence
        assert isinstance(bench.moderator.state, s.Yielding)
        bench.hear(4000, QUIET)
        bench.tell(e.NoReply(bench.moderator.at, getattr(bench.moderator.state, "turn", 0)))
        bench.hear(3000, QUIET)
        assert bench.moderator.policy.temper.patience > before


@pytest.mark.parametrize("event", [e.ButtonShort, e.ButtonLong])
def test_what_a_button_ended_teaches_nothing(event: Callable[[int], e.Event]) -> None:
    somebody = person()
    somebody.bench.hear(2000, VOICE)
    somebody.bench.tell(event(somebody.bench.moderator.at))
    somebody.bench.hear(5000, QUIET)
    assert somebody.bench.moderator.policy.temper.ending.turns == 0


def test_a_stop_that_was_taken_back_teaches_nothing() -> None:
    bench = Bench()
    bench.tell(e.Ready(0), e.ReplyReady(0, 1))
    bench.hear(500, QUIET)
    bench.hear(300, VOICE, floor=0.95)
    assert isinstance(bench.moderator.state, s.Yielding)
    bench.hear(6000, QUIET, floor=0.05)
    assert isinstance(bench.moderator.state, s.Speaking)
    assert bench.moderator.policy.temper.ending.turns == 0


def test_what_is_learnt_is_journalled_remembered_and_forgotten() -> None:
    somebody = person()
    somebody.says(1000, 1200, 1000)
    ending = somebody.bench.moderator.policy.temper.ending
    assert ending.take_news()
    assert not ending.take_news()
    known = e.Remembered(0, pause_ms=ending.pause_ms, phrases=ending.turns)
    assert known.phrases == 1
    later = person()
    later.bench.tell(known)
    assert later.patience_ms == pytest.approx(somebody.patience_ms, abs=1)
    later.bench.tell(e.Forgotten(later.bench.moderator.at))
    assert later.patience_ms == Turns().patience_ms


def test_who_wants_no_learning_gets_the_setting() -> None:
    somebody = person(Turns(adapt=False))
    somebody.bench.tell(e.Remembered(0, pause_ms=1500.0, phrases=9))
    for _ in range(3):
        somebody.says(1000, 1200, 1000)
    assert somebody.patience_ms == Turns().patience_ms


settings = st.builds(
    Turns,
    patience_ms=st.integers(200, 3000),
    longest_patience_ms=st.integers(200, 10_000),
    patient=st.booleans(),
    adapt=st.booleans(),
)
opinions = st.lists(st.tuples(st.sampled_from(["words", "sound"]), st.floats(0, 1)), max_size=4)


@given(settings, opinions, st.floats(0, e.COUNTED_MOST), st.integers(0, 5))
def test_whatever_is_known_the_patience_is_within_its_bounds(
    turns: Turns, said: list[tuple[str, float]], pause_ms: float, phrases: int
) -> None:
    ending = Endpointing(turns)
    ending.recall(pause_ms, phrases)
    alone = ending.patience
    for source, complete in said:
        ending.think(e.Completeness(0, source, complete, 0))
    assert SHORTEST <= ending.patience <= longest(turns)
    if turns.patient:
        assert ending.patience >= min(alone, ending.patience)
        assert ending.patience >= samples(2 * turns.patience_ms)


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_more_complete_it_sounds_the_sooner_it_ends(one: float, other: float) -> None:
    less, more = sorted((one, other))
    endings = []
    for complete in (less, more):
        ending = Endpointing(Turns())
        ending.think(e.Completeness(0, "sound", complete, 0))
        endings.append(ending.patience)
    assert endings[0] >= endings[1]


def opinionated(complete: float, at_ms: float, then: tuple[tuple[float, float], ...] = ()) -> float:
    """Milliseconds of silence after which the turn ended, where somebody told an opinion in the pause."""
    bench = Bench()
    bench.tell(e.Ready(0))
    bench.hear(500, QUIET)
    bench.hear(1000, VOICE)
    bench.hear(at_ms, QUIET)
    bench.tell(e.Completeness(bench.moderator.at, "words", complete, bench.moderator.at))
    for ms, near in then:
        bench.hear(ms, near)
    bench.hear(4000, QUIET)
    (ended,) = bench.of("speech_ended")
    return milliseconds(int(str(ended["at"])) - int(str(ended["end"])))


def test_an_unfinished_phrase_is_waited_for_and_a_finished_one_is_not() -> None:
    neutral = opinionated(0.5, 160)
    assert neutral == pytest.approx(700, abs=16)
    assert 1300 < opinionated(0.05, 160) < 2000
    assert 250 < opinionated(0.97, 160) < 500


def test_an_opinion_that_comes_late_still_counts_and_then_at_once() -> None:
    assert opinionated(0.97, 600) <= 624
    assert opinionated(0.05, 640) > 1300


def test_an_opinion_does_not_outlive_what_it_was_about() -> None:
    """More was said meanwhile, of which it knows nothing."""
    assert opinionated(0.05, 160, ((600, VOICE),)) == pytest.approx(700, abs=16)
    assert opinionated(0.97, 160, ((600, VOICE),)) == pytest.approx(700, abs=16)


def test_the_end_says_what_it_waited_for() -> None:
    bench = Bench()
    bench.tell(e.Ready(0))
    bench.hear(500, QUIET)
    bench.hear(1000, VOICE)
    bench.tell(e.Completeness(bench.moderator.at, "words", 0.1, bench.moderator.at))
    bench.hear(4000, QUIET)
    (ended,) = bench.of("speech_ended")
    assert ended["opinions"] == {"words": 0.1}
    assert int(str(ended["patience_ms"])) > 1000


def test_patient_mode_waits_through_a_stutter_that_would_end_the_turn() -> None:
    stutter = (200, 900, 250, 1100, 300, 800, 1500)
    assert not person().says(*stutter)
    assert person(Turns(patient=True)).says(*stutter)


def test_what_is_no_probability_is_refused() -> None:
    for complete in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="not from 0 to 1"):
            e.Completeness(0, "words", complete, 0)
