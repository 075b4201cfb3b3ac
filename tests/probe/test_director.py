"""A measurement runs its course on the sample clock, and comes to an end whatever the device does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgeagent.units import RATE, samples
from tests.probe.test_tap import FakeCard
from tools.probe.director import PATIENCE, Director, Plan
from tools.probe.tap import Tap
from tools.probe.usage import Usage

BLOCK = np.zeros(160, np.float32)

Hears = Callable[["Stage", int], None]


class Record:
    """See `director.Record`: a card that is silent after half a millisecond, and knows when a doubt showed."""

    def ended(self, _verdict: float) -> float:
        return 0.5

    def lowered(self, doubt: float, verdict: float) -> float | None:
        return doubt + 0.03 if verdict - doubt < 0.5 else None


class Stage:
    """A device that speaks sentences of `length` samples, and does with an interruption what `hears` does."""

    def __init__(self, hears: Hears, trials: int = 3, length: int = 30 * RATE) -> None:
        self.at = self.said = 0
        self.over = False
        self.texts: list[str] = []
        self._hears = hears
        self._length = length
        self._ends: int | None = None
        self.later: list[tuple[int, Callable[[], None]]] = []
        self.tap = Tap()
        self.card = FakeCard()
        self.tap.around(self.card).open(self._heard, lambda *_: None)
        voice = np.full(1000, 9, np.int16)
        plan = Plan(trials, [voice], "short", "long", samples(5000), samples(4000))
        self.director = Director(
            plan,
            self.tap,
            Record(),
            clock=lambda: self.at / RATE,
            measure=lambda: Usage(self.at / RATE, 0.0),
        )
        self.director.begin(self._say, self._stop)

    def live(self, seconds: float = 600) -> Director:
        """Until the director has the device leave."""
        while not self.over:
            assert self.at < seconds * RATE, "it does not come to an end"
            self.card.heard(np.zeros(160, np.int16), 0, self.at / RATE)
            for due in [due for due in self.later if due[0] <= self.at]:
                self.later.remove(due)
                due[1]()
            if self._ends is not None and self.at >= self._ends:
                self.free()
            self.director.capture(BLOCK)
            self.at += 160
        return self.director

    def after(self, ms: int, act: Callable[[], None]) -> None:
        self.later.append((self.at + samples(ms), act))

    def state(self, name: str, before: str = "") -> None:
        self.director.write({"event": "state", "state": name, "from": before})

    def doubt(self) -> None:
        self.state("doubting", "speaking")

    def halt(self) -> None:
        self._ends = None
        self.state("yielding", "doubting")
        self.director.write({"event": "halted", "monotonic_s": self.at / RATE, "took_ms": 0.4})
        self.after(1200, self.free)

    def free(self) -> None:
        self._ends = None
        self.state("idle")

    def _heard(self, pcm: np.ndarray[tuple[int], np.dtype[np.int16]], _lost: int, _when: float) -> None:
        if pcm.any() and not self.said:
            self.said = 1
            self._hears(self, len(self.texts))
        elif not pcm.any():
            self.said = 0

    def _say(self, text: str) -> int:
        self.texts.append(text)
        self.after(50, lambda: self.director.write({"event": "playing", "utterance": len(self.texts)}))
        self._ends = self.at + self._length
        return len(self.texts)

    def _stop(self) -> None:
        self.over = True


def stops(stage: Stage, _sentence: int) -> None:
    stage.after(80, stage.doubt)
    stage.after(300, stage.halt)


def test_silence_then_speech_then_trials_with_moments_to_the_sample() -> None:
    director = Stage(stops).live()
    marks = director.marks
    assert marks["idle ends"].when - marks["idle begins"].when == 5
    assert marks["speaking ends"].when - marks["speaking begins"].when == 4
    assert marks["idle ends"].when < marks["speaking begins"].when
    assert [trial.number for trial in director.trials] == [1, 2, 3]
    for trial in director.trials:
        assert 0.07 <= trial.doubts[0] - trial.start / RATE <= 0.1
        assert 0.29 <= trial.verdict - trial.start / RATE <= 0.32
        assert (trial.card_ms, trial.abort_ms) == (0.5, 0.4)
        assert trial.lowered == {trial.doubts[0]: trial.doubts[0] + 0.03}
        assert trial.tape is not None
        assert trial.tape.heard[-1].frame / RATE > trial.verdict + 0.3
    assert (director.early, director.void) == (0, 0)


def test_the_first_sentence_is_the_long_one_and_a_trial_as_well() -> None:
    stage = Stage(stops)
    stage.live()
    assert stage.texts == ["long", "short", "short"]


def test_an_interruption_that_nobody_hears_is_missed() -> None:
    director = Stage(lambda *_: None, length=20 * RATE).live()
    assert [trial.verdict for trial in director.trials] == [0.0, 0.0, 0.0]
    assert samples(3000) <= PATIENCE


def test_a_sentence_that_ends_too_soon_counts_for_nothing_and_is_not_tried_for_ever() -> None:
    director = Stage(stops, length=RATE).live()
    assert not director.trials
    assert director.void > 3
    assert "speaking ends" not in director.marks


def test_a_stop_for_nobody_is_told_apart() -> None:
    stage = Stage(stops)
    stage.after(15_000, stage.halt)  # in the first sentence, before anybody has been heard
    director = stage.live()
    assert director.early == 1
    assert len(director.trials) == 3
    assert stage.texts[:2] == ["long", "long"]


def test_a_stop_that_is_taken_back_is_noted_with_its_trial() -> None:
    def hesitates(stage: Stage, sentence: int) -> None:
        stops(stage, sentence)
        if sentence == 2:
            stage.after(600, lambda: stage.state("speaking", "yielding"))

    assert [trial.undone for trial in Stage(hesitates).live().trials] == [False, True, False]


def test_a_stop_of_nobodys_that_is_taken_back_is_not_put_down_to_the_trial_before() -> None:
    stage = Stage(stops)

    def halts_by_itself_in_the_third(text: str) -> int:
        if len(stage.texts) == 2:
            stage.after(1000, stage.halt)
            stage.after(1500, lambda: stage.state("speaking", "yielding"))
        return stage._say(text)

    stage.director.begin(halts_by_itself_in_the_third, stage._stop)
    director = stage.live()
    assert director.early == 1
    assert [trial.undone for trial in director.trials] == [False, False, False]


def test_an_xrun_spoils_a_trial() -> None:
    stage = Stage(stops)

    def breaks(stage: Stage, sentence: int) -> None:
        stops(stage, sentence)
        if sentence == 1:
            stage.card.facts = lambda: {"overflows": 2, "underflows": 2}  # type: ignore[method-assign]

    stage._hears = breaks
    director = stage.live()
    assert (director.void, len(director.trials)) == (1, 3)
    assert len(stage.texts) == 4


def test_a_sentence_that_is_refused_is_said_again() -> None:
    """Whoever interrupted went on, and the device took it for another turn."""
    stage = Stage(stops)
    refused: list[str] = []
    say = stage._say

    def refuses(text: str) -> int:
        if len(stage.texts) == 1 and not refused:
            refused.append(text)
            stage.state("hearing", "idle")
            stage.after(2000, stage.free)
            return 9
        return say(text)

    stage.director.begin(refuses, stage._stop)
    director = stage.live()
    assert (len(refused), director.void, len(director.trials)) == (1, 1, 3)


def test_a_voice_that_never_sounds_ends_it() -> None:
    stage = Stage(stops)
    stage.director.begin(lambda _text: 0, stage._stop)
    assert not stage.live().trials


def test_a_stop_for_a_lost_microphone_is_nobodys() -> None:
    def pulled(stage: Stage, sentence: int) -> None:
        if sentence == 1:
            stage.state("mic_lost", "speaking")
            stage.halt()
        else:
            stops(stage, sentence)

    director = Stage(pulled).live()
    assert (director.void, director.early, len(director.trials)) == (1, 0, 3)
