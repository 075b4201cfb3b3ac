"""Events, percepts and deadlines in, decisions and journal out."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from edgeagent.settings import Activation, Turns
from edgeagent.turn import actions as a
from edgeagent.turn import events as e
from edgeagent.turn import states as s
from edgeagent.turn.moderator import TAIL, Decision, Moderator
from edgeagent.turn.outputs import Gate
from edgeagent.turn.policy import Percept
from edgeagent.units import HOP, samples

PRE_ROLL = samples(500)


class Bench:
    """A moderator on the sample clock, fed with percepts of one kind at a time."""

    def __init__(self, turns: Turns | None = None, activation: Activation | None = None) -> None:
        self.entries: list[dict[str, object]] = []
        self.moderator = Moderator(turns or Turns(), self.write, PRE_ROLL, activation)
        self.decided: list[Decision] = []
        self.voices: list[float] = []

    def write(self, entry: Mapping[str, object]) -> None:
        self.entries.append(dict(entry))

    def hear(self, ms: float, near: float, floor: float = 0.9, power: float = 0.0, backchannel: float = 0.0) -> None:
        for _ in range(samples(ms) // HOP):
            self.moderator.at += HOP
            self.moderator.hear(Percept(self.moderator.at, near, floor, backchannel, power))
            self.decided += self.moderator.decisions()
            if self.moderator.voice:
                self.voices.append(self.moderator.voice)

    def tell(self, *told: e.Event | e.Fact) -> None:
        for event in told:
            self.moderator.take(event)
        self.decided += self.moderator.decisions()

    def actions(self, kind: type[a.Action]) -> list[a.Action]:
        return [action for decision in self.decided for action in decision.actions if isinstance(action, kind)]

    def of(self, event: str) -> list[dict[str, object]]:
        return [entry for entry in self.entries if entry["event"] == event]


WORDS = (e.Word(0, 8000, "One"), e.Word(8000, 16000, "two,"), e.Word(16000, 24000, "three"))


def speaking() -> Bench:
    bench = Bench()
    bench.tell(e.Ready(0), e.Scripted(0, 3, "One two, three", WORDS), e.ReplyReady(0, 3), e.Playing(0, 3, 0, 0))
    return bench


def test_an_interruption_shuts_the_gate_in_the_same_decision_that_halts() -> None:
    bench = speaking()
    bench.hear(500, 0.02)
    bench.hear(600, 0.97)
    halting = next(d for d in bench.decided if any(isinstance(x, a.Halt) for x in d.actions))
    assert halting.outputs.gate is Gate.SHUT
    assert not halting.outputs.amplifier
    assert [type(x) for x in halting.actions] == [a.Halt, a.OpenTurn]
    assert [d.outputs.gate for d in bench.decided][-2:] == [Gate.DUCKED, Gate.SHUT]


def test_the_words_that_left_the_dac_are_journalled_at_the_stop() -> None:
    bench = speaking()
    bench.hear(500, 0.02)
    bench.hear(600, 0.97)
    bench.tell(e.Ceased(bench.moderator.at, 3, 17_000, 17_000, finished=False))
    (heard,) = bench.of("heard_words")
    assert (heard["heard"], heard["of"], heard["text_heard"], heard["text_unheard"]) == (2, 3, "One two,", "three")


def test_a_false_alarm_resumes_at_the_phrase() -> None:
    bench = speaking()
    bench.hear(500, 0.02)
    bench.hear(300, 0.97, floor=0.95)
    bench.tell(e.Ceased(bench.moderator.at, 3, 17_000, 17_000, finished=False))
    bench.hear(600, 0.02, floor=0.1)
    assert bench.actions(a.Play)[-1] == a.Play(3, 16_000)
    assert bench.moderator.state == s.Speaking(3)


def test_the_turn_is_handed_over_with_pre_roll_and_tail_and_counted() -> None:
    bench = Bench()
    bench.tell(e.Ready(0))
    for number in (1, 2):
        bench.hear(2000, 0.02)
        began = bench.moderator.at
        bench.hear(800, 0.97)
        ended = bench.moderator.at
        bench.hear(1000, 0.02)
        opened, handed = bench.actions(a.OpenTurn)[-1], bench.actions(a.HandOver)[-1]
        assert isinstance(handed, a.HandOver)
        assert opened == a.OpenTurn(handed.turn, number, handed.start)
        assert (handed.number, handed.audio) == (number, f"turn-{number:03d}.wav")
        assert handed.start == began - PRE_ROLL
        assert handed.end == ended + TAIL
        bench.tell(e.NoReply(bench.moderator.at, handed.turn))
    assert [entry["audio"] for entry in bench.of("heard")] == ["turn-001.wav", "turn-002.wav"]


def test_what_is_handed_over_is_always_still_kept() -> None:
    bench = Bench(Turns(longest_turn_ms=5000, patience_ms=3000))
    bench.tell(e.Ready(0))
    bench.hear(3000, 0.02)
    bench.hear(20_000, 0.97)
    handed = bench.actions(a.HandOver)[0]
    assert isinstance(handed, a.HandOver)
    closed_at = next(d.at for d in bench.decided if handed in d.actions)
    assert closed_at - HOP - handed.start <= bench.moderator.kept
    assert handed.end <= closed_at - HOP


def test_so_is_what_is_taken_up_again_and_again() -> None:
    """Nothing that was said while the machine thought that the turn was over is lost."""
    bench = Bench(Turns(longest_turn_ms=5000))
    bench.tell(e.Ready(0))
    bench.hear(3000, 0.02)
    bench.moderator.decisions()
    for _ in range(12):
        bench.hear(1500, 0.97)
        bench.hear(1400, 0.02)
    assert len(bench.actions(a.ReopenTurn)) > 3
    for decision in bench.decided:
        for handed in decision.actions:
            if isinstance(handed, a.HandOver):
                assert decision.at - HOP - handed.start <= bench.moderator.kept
                assert handed.start == handed.turn - PRE_ROLL
    assert len({handed.turn for handed in bench.actions(a.HandOver) if isinstance(handed, a.HandOver)}) > 3


def test_a_doubt_without_verdict_ends_by_itself() -> None:
    bench = speaking()
    bench.hear(500, 0.02)
    bench.hear(48, 0.9)
    assert isinstance(bench.moderator.state, s.Doubting)
    bench.hear(3000, 0.5)
    assert isinstance(bench.moderator.state, s.Speaking)


def test_untrusted_echo_is_said_once_and_undone() -> None:
    bench = speaking()
    for _ in range(3):
        bench.moderator.trust(HOP, untrusted=True)
    assert isinstance(bench.moderator.state, s.HalfDuplex)
    assert len(bench.of("echo_doubted")) == 1
    bench.moderator.trust(HOP, untrusted=False)
    assert isinstance(bench.moderator.state, s.Speaking)


def half_duplex() -> Bench:
    """Our own voice passes for a person's: nothing takes it out."""
    bench = speaking()
    bench.moderator.trust(HOP, untrusted=True)
    bench.hear(3000, 0.97)
    return bench


def test_our_own_voice_of_which_the_echo_was_not_taken_out_is_no_turn_afterwards() -> None:
    bench = half_duplex()
    bench.tell(e.Ceased(bench.moderator.at, 3, 24_000, 24_000, finished=True))
    bench.hear(2000, 0.02)
    assert not bench.actions(a.OpenTurn)
    assert bench.moderator.state == s.Idle()


def test_nor_does_it_stop_us_once_the_echo_is_trusted() -> None:
    bench = half_duplex()
    bench.moderator.trust(bench.moderator.at, untrusted=False)
    bench.hear(2000, 0.02)
    assert not bench.of("suspected")
    assert bench.moderator.state == s.Speaking(3)


@pytest.mark.parametrize(
    ("failed", "back"), [(e.MicrophoneFailed(0, "overdriven"), e.MicrophoneBack), (e.Failed(0, "away"), e.Recovered)]
)
def test_a_turn_is_none_of_what_was_heard_while_the_device_did_not_work(
    failed: e.Event, back: type[e.MicrophoneBack | e.Recovered]
) -> None:
    bench = Bench()
    bench.tell(e.Ready(0), failed)
    bench.hear(8000, 0.97)
    returned = bench.moderator.at
    bench.tell(back(returned))
    bench.hear(500, 0.97)
    (opened,) = bench.actions(a.OpenTurn)
    assert isinstance(opened, a.OpenTurn)
    assert opened.turn >= returned


def test_a_finished_utterance_frees_the_floor() -> None:
    bench = speaking()
    bench.tell(e.Ceased(0, 3, 24_000, 24_000, finished=True))
    assert bench.moderator.state == s.Idle()
    assert bench.of("heard_words")[0]["heard"] == 3


def test_what_was_said_while_muted_is_never_handed_over() -> None:
    bench = Bench()
    bench.tell(e.Ready(0), e.ButtonLong(0))
    bench.hear(5000, 0.97)
    bench.tell(e.ButtonLong(bench.moderator.at))
    unmuted = bench.moderator.at
    bench.hear(1000, 0.97)
    assert bench.moderator.state == s.Idle()
    bench.hear(800, 0.02)
    bench.hear(600, 0.97)
    bench.hear(1000, 0.02)
    (handed,) = bench.actions(a.HandOver)
    assert isinstance(handed, a.HandOver)
    assert handed.start >= unmuted
    assert all(opened.start >= unmuted for opened in bench.actions(a.OpenTurn) if isinstance(opened, a.OpenTurn))


@pytest.mark.parametrize(
    ("away", "back"),
    [(e.MicrophoneFailed(0, "gone"), e.MicrophoneBack(0)), (e.Failed(0, "no loudspeaker"), e.Recovered(0))],
)
def test_nor_where_it_is_unmuted_while_the_card_is_away(away: e.Event, back: e.Event) -> None:
    bench = Bench(Turns(patience_ms=200))
    bench.tell(e.Ready(0), e.ButtonLong(0))
    bench.tell(away)
    bench.hear(1000, 0.97)  # its sound is there before it is believed
    bench.hear(240, 0.02)
    unmuted = bench.moderator.at
    bench.tell(e.ButtonLong(unmuted), back)
    bench.hear(16, 0.02)
    bench.hear(300, 0.97)
    (opened,) = bench.actions(a.OpenTurn)
    assert isinstance(opened, a.OpenTurn)
    assert opened.start >= unmuted


def test_who_talks_on_after_the_longest_turn_is_answered_all_the_same() -> None:
    bench = Bench(Turns(longest_turn_ms=5000))
    bench.tell(e.Ready(0))
    bench.hear(12_000, 0.97)
    assert isinstance(bench.moderator.state, s.Thinking)
    assert len(bench.actions(a.HandOver)) == 1
    assert not bench.actions(a.ReopenTurn)


def test_a_short_press_while_somebody_speaks_is_not_undone_by_the_next_step() -> None:
    bench = Bench()
    bench.tell(e.Ready(0))
    bench.hear(600, 0.97)
    assert len(bench.actions(a.OpenTurn)) == 1
    bench.tell(e.ButtonShort(bench.moderator.at))
    bench.hear(2000, 0.97)
    assert bench.moderator.state == s.Idle()


@pytest.mark.parametrize("press", [e.ButtonShort, e.ButtonLong])
def test_a_sentence_that_is_ready_in_the_moment_of_a_press_is_not_said(press: type[e.Event]) -> None:
    """Told before whoever makes it could know of the press. What comes after it is another matter."""
    bench = speaking()
    bench.hear(100, 0.01)
    at = bench.moderator.at
    bench.tell(press(at), e.ReplyReady(at, 4))
    assert isinstance(bench.moderator.state, s.Muted if press is e.ButtonLong else s.Idle)
    assert a.Discard(4) in bench.actions(a.Discard)
    if press is e.ButtonShort:
        bench.hear(16, 0.01)
        bench.tell(e.ReplyReady(bench.moderator.at, 5))
        assert bench.actions(a.Play)[-1] == a.Play(5)


def test_a_doubt_that_ran_out_does_not_come_back_while_the_sound_goes_on() -> None:
    bench = speaking()
    bench.hear(500, 0.02)
    bench.hear(10_000, 0.9, floor=0.02)
    assert len(bench.of("suspected")) == 1
    assert isinstance(bench.moderator.state, s.Speaking)


def test_a_verdict_says_why() -> None:
    bench = speaking()
    bench.hear(500, 0.02)
    bench.hear(600, 0.97)
    assert {"near", "floor", "evidence"} <= set(bench.of("judged")[0])


def test_a_false_alarm_says_what_it_most_likely_was_when_it_was_heard() -> None:
    for floor, backchannel, likely in ((0.1, 0.8, "backchannel"), (0.2, 0.1, "other"), (0.5, 0.4, "floor")):
        bench = speaking()
        bench.hear(500, 0.02)
        bench.hear(240, 0.97, floor, backchannel=backchannel)
        bench.hear(200, 0.02, floor, backchannel=backchannel)
        bench.hear(1000, 0.02, 0.3)  # the ear forgets
        (judged,) = bench.of("judged")
        assert (judged["verdict"], judged["likely"]) == (e.Verdict.FALSE_ALARM, likely)
        assert (judged["floor_heard"], judged["backchannel_heard"]) == (floor, backchannel)


def test_a_stop_that_is_taken_back_says_so_too_and_an_interruption_does_not() -> None:
    bench = speaking()
    bench.hear(500, 0.02)
    bench.hear(300, 0.97, 0.95)
    bench.hear(600, 0.02, 0.1, backchannel=0.7)
    stopped, taken_back = bench.of("judged")
    assert "likely" not in stopped
    assert taken_back["likely"] == "backchannel"


def test_after_a_question_yeah_is_likely_an_answer() -> None:
    bench = Bench()
    script = e.Scripted(0, 3, "Shall we?", length=samples(1000))
    bench.tell(e.Ready(0), script, e.ReplyReady(0, 3), e.Playing(0, 3, 0, 0))
    bench.hear(900, 0.02)
    asked, _ = bench.moderator.in_context(Percept(bench.moderator.at, 0.9, 0.1, 0.8), s.Speaking(3))
    assert asked.likely == "floor"
    assert asked.floor + asked.backchannel == pytest.approx(0.1 + 0.8)


def test_a_turn_that_is_handed_over_tells_once_how_loud_its_voice_was() -> None:
    bench = Bench()
    bench.tell(e.Ready(0))
    for power in (0.01, 0.0001):
        bench.hear(2000, 0.02, power=1e-6)
        bench.hear(800, 0.97, power=power)
        bench.hear(1500, 0.02, power=1e-6)
        (handed,) = bench.actions(a.HandOver)[-1:]
        assert isinstance(handed, a.HandOver)
        bench.tell(e.NoReply(bench.moderator.at, handed.turn))
    assert bench.voices == [pytest.approx(0.01), pytest.approx(0.0001)]


def test_a_false_alarm_tells_nothing_and_is_no_part_of_the_turn_after_it() -> None:
    bench = speaking()
    bench.hear(500, 0.02)
    bench.hear(300, 0.97, floor=0.95, power=0.1)
    assert len(bench.actions(a.Halt)) == 1
    bench.tell(e.Ceased(bench.moderator.at, 3, 17_000, 17_000, finished=False))
    bench.hear(2500, 0.02, floor=0.1)
    assert bench.moderator.state == s.Speaking(3)
    assert bench.voices == []
    bench.hear(900, 0.97, floor=0.95, power=0.001)
    bench.hear(1500, 0.02)
    assert bench.voices == [pytest.approx(0.001)]


def test_a_turn_with_hardly_any_voice_tells_nothing() -> None:
    bench = Bench()
    bench.tell(e.Ready(0))
    bench.hear(96, 0.97, power=0.01)
    bench.hear(1500, 0.02)
    assert len(bench.actions(a.HandOver)) == 1
    assert bench.voices == []


def answered(text: str) -> Bench:
    bench = Bench()
    length = samples(3000)
    bench.tell(e.Ready(0), e.Scripted(0, 3, text, length=length), e.ReplyReady(0, 3), e.Playing(0, 3, 0, 0))
    bench.hear(2500, 0.02)
    for _ in range(samples(450) // HOP):
        bench.moderator.at += HOP
        bench.moderator.hear(Percept(bench.moderator.at, 0.97, floor=0.1, backchannel=0.85))
    return bench


def test_yeah_is_an_answer_after_a_question_and_a_backchannel_otherwise() -> None:
    for text, wanted in (("Shall I go on?", True), ("I shall go on.", False)):
        bench = answered(text)
        bench.hear(900, 0.02, floor=0.1)
        bench.tell(e.Ceased(bench.moderator.at, 3, samples(3000), bench.moderator.at, finished=True))
        assert bool(bench.actions(a.OpenTurn)) is wanted


def interrupted(left_ms: float, *, protected: bool) -> Bench:
    """Somebody goes on and on over an utterance of which `left_ms` are left when they begin."""
    bench = Bench()
    length = samples(3000)
    script = e.Scripted(0, 3, "A story.", length=length, protected=protected)
    bench.tell(e.Ready(0), script, e.ReplyReady(0, 3), e.Playing(0, 3, 0, 0))
    bench.hear(3000 - left_ms, 0.02)
    bench.hear(min(left_ms, 1000), 0.98)
    return bench


def test_a_protected_utterance_is_ducked_and_never_stopped() -> None:
    assert interrupted(2000, protected=False).actions(a.Halt)
    spoken = interrupted(2000, protected=True)
    assert Gate.DUCKED in [d.outputs.gate for d in spoken.decided]
    assert not spoken.actions(a.Halt)
    spoken.tell(e.ButtonShort(0))
    assert spoken.actions(a.Halt)


@pytest.mark.parametrize("pause_ms", [0, 320])
@pytest.mark.parametrize("floor", [0.9, 0.02])
def test_who_speaks_over_a_protected_utterance_for_long_has_the_floor_when_it_is_over(
    pause_ms: int, floor: float
) -> None:
    bench = Bench()
    script = e.Scripted(0, 3, "Terms.", length=samples(6000), protected=True)
    bench.tell(e.Ready(0), script, e.ReplyReady(0, 3), e.Playing(0, 3, 0, 0))
    bench.hear(1008, 0.02)
    began = bench.moderator.at
    bench.hear(4960, 0.98, floor)
    assert bench.decided[-1].outputs.gate is Gate.OPEN  # at full level again, after a second and a half
    bench.hear(pause_ms, 0.02, floor)
    bench.tell(e.Ceased(bench.moderator.at, 3, samples(6000), bench.moderator.at, finished=True))
    bench.hear(112, 0.98, floor)
    onsets = [action.turn for action in bench.actions(a.OpenTurn) if isinstance(action, a.OpenTurn)]
    assert len(onsets) == (1 if pause_ms or floor == 0.9 else 0)  # a television goes on and on and wants nothing
    assert (began in onsets) is (pause_ms == 0 and floor == 0.9)
    assert not bench.actions(a.Halt)


def test_who_speaks_over_a_protected_utterance_for_long_stops_what_follows_it() -> None:
    bench = Bench()
    script = e.Scripted(0, 3, "Terms.", length=samples(4000), protected=True)
    bench.tell(e.Ready(0), script, e.ReplyReady(0, 3), e.Playing(0, 3, 0, 0))
    bench.tell(e.Scripted(0, 4, "A story.", length=samples(9000)), e.ReplyReady(0, 4))
    bench.hear(1008, 0.02)
    began = bench.moderator.at
    bench.hear(3000, 0.98)
    bench.tell(e.Ceased(bench.moderator.at, 3, samples(4000), bench.moderator.at, finished=True))
    over = bench.moderator.at
    bench.tell(e.Playing(over, 4, 0, over))
    bench.hear(64, 0.98)
    assert bench.actions(a.Halt) == [a.Halt(4)]
    assert bench.actions(a.OpenTurn) == [a.OpenTurn(began, 1, began - PRE_ROLL)]


def test_who_must_press_a_button_to_stop_a_protected_utterance_teaches_no_boldness() -> None:
    for protected, counted in ((True, 0), (False, 1)):
        spoken = interrupted(2000, protected=True)
        spoken.tell(e.Scripted(0, 3, "A story.", length=samples(3000), protected=protected), e.ButtonShort(0))
        assert spoken.actions(a.Halt)
        assert spoken.moderator.policy.temper.habits.repeats == counted


def test_an_utterance_that_is_as_good_as_over_ends_by_itself_and_the_person_has_the_floor() -> None:
    spoken = interrupted(480, protected=False)
    assert Gate.DUCKED in [d.outputs.gate for d in spoken.decided]
    assert not spoken.actions(a.Halt)
    spoken.tell(e.Ceased(spoken.moderator.at, 3, samples(3000), spoken.moderator.at, finished=True))
    assert spoken.actions(a.OpenTurn)


def test_a_sensor_that_stays_on_fills_no_journal_and_still_counts() -> None:
    bench = speaking()
    for ms in range(0, 10_000, 500):
        bench.tell(e.Hint(samples(ms), "presence", 0.5, 0.0))
    assert len(bench.of("hint")) == 1
    assert bench.moderator.policy.hints.weigh(samples(9500))[0] > 1.0
