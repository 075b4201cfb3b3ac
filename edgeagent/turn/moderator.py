"""Who has the floor: the one place where events, percepts and deadlines meet the machine.

Holds the state, the ledger and the policy; writes every change to the journal; collects decisions for the runtime.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace

from edgeagent.settings import Activation, Turns
from edgeagent.turn import actions as a
from edgeagent.turn import events as e
from edgeagent.turn import states as s
from edgeagent.turn.attention import Attention
from edgeagent.turn.heard import Ledger
from edgeagent.turn.loudness import Loudness
from edgeagent.turn.machine import Limits, Step, deadline, muted, step
from edgeagent.turn.naming import name
from edgeagent.turn.outputs import Impairment, Outputs, outputs
from edgeagent.turn.policy import VOICED, Percept, Policy, bounded
from edgeagent.units import HOP, samples, seconds

DOUBT_MOST = samples(1500)
"""A doubt without verdict ends after this long; the benefit goes to our sentence."""

ANSWERS = 0.85
"""Of what sounds like a backchannel after a question, so much is an answer."""

TAIL = samples(450)
"""Handed over from behind the last voice: word endings are weak, and recognisers want a silence."""

PRE_ROLL_KEPT = samples(3000)
"""Sound from before an onset is always kept for so long, also while starting, muted or half duplex."""

AFTERWARDS = samples(1000)
"""At most this much lies between the end of a turn and its handing over beyond the longest patience: the canceller's
delay, and doubts."""

SLACK = samples(1000)
"""By this much whoever takes a turn's sound may come late, while the ring goes on."""

Write = Callable[[Mapping[str, object]], None]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the runtime must make true, decided at sample `at`: outputs first, then the actions in order."""

    at: int
    outputs: Outputs
    actions: tuple[a.Action, ...]


class Decisions:
    """What was decided and not yet taken, with the outputs that follow."""

    def __init__(self) -> None:
        self.impaired: frozenset[Impairment] = frozenset()
        self.awake = True
        self.called_off = -1
        """Sample at which everything was called off last."""
        self._waiting: list[Decision] = []

    def add(self, at: int, state: s.State, actions: tuple[a.Action, ...] = ()) -> None:
        if any(isinstance(action, a.CallOff) for action in actions):
            self.called_off = at
        self._waiting.append(Decision(at, outputs(state, bool(self.impaired), self.awake), actions))

    def take(self) -> list[Decision]:
        taken, self._waiting = self._waiting, []
        return taken


class Moderator:
    """Engine thread only."""

    def __init__(self, turns: Turns, write: Write, pre_roll: int, activation: Activation | None = None) -> None:
        """pre_roll: samples handed over from before the onset of a user turn."""
        self.state: s.State = s.Starting()
        self.ledger = Ledger()
        self.policy = Policy(turns)
        self._limits = Limits(DOUBT_MOST, samples(turns.longest_turn_ms), samples(turns.reply_timeout_ms))
        self._write = write
        self._decisions = Decisions()
        self._pre_roll = pre_roll
        self._turns = 0
        self.attention = Attention(activation or Activation())
        self._loudness = Loudness()
        self.voice = 0.0
        """Mean square of the person's voice in the turn that the last percept closed; 0 if it closed none."""
        self.at = 0

    @property
    def kept(self) -> int:
        """Samples of sound to keep for the longest user turn there can be, with its pre-roll and what follows it."""
        return PRE_ROLL_KEPT + self._limits.whole + self.policy.temper.ending.most + AFTERWARDS + SLACK

    def decisions(self) -> list[Decision]:
        """What was decided since the last call, in order."""
        return self._decisions.take()

    @property
    def impaired(self) -> frozenset[Impairment]:
        """Why the device hears less well than it should."""
        return self._decisions.impaired

    def impair(self, impairment: Impairment, on: bool) -> None:
        """That the device hears less well than it should, or no longer for this reason. Any number of times."""
        before = self._decisions.impaired
        now = before | {impairment} if on else before - {impairment}
        if now != before:
            self._decisions.impaired = now
            self._write({"at": self.at, "event": "impaired", "by": sorted(now)})
            self._decisions.add(self.at, self.state)

    def take(self, told: e.Event | e.Fact) -> None:
        """An event or fact from outside, at its own sample."""
        if not isinstance(told, e.Hint) or self.policy.hints.is_news(told):
            self._write({"at": told.at, "event": name(told), **_payload(told)})
        match told:
            case e.Scripted() | e.Playing():
                self.ledger.note(told)
            case e.Ceased():
                self._cease(told)
            case e.Hint():
                self.policy.hints.take(told)
            case e.Remembered():
                self.policy.temper.habits.recall(told.false_stops, told.repeats, told.spoken_s)
                self.policy.temper.ending.recall(told.pause_ms, told.phrases)
            case e.Forgotten():
                self.policy.temper.habits.recall(0.0, 0.0, 0.0)
                self.policy.temper.ending.recall(0.0, 0)
            case e.Woken():
                self._wake(told)
            case e.WakeWord():
                self.impair(Impairment.WAKE, not told.heard)
            case e.Completeness():
                self.policy.temper.ending.think(told)
            case e.Event():
                self._advance(told)

    def hear(self, percept: Percept) -> None:
        """What the ear made of the step that ended at `percept.at`; then the deadline of the state."""
        self.voice = 0.0
        if isinstance(self.state, s.Hearing | s.Doubting | s.Yielding):
            self._loudness.hear(percept.near, percept.power)
        percept, may_stop = self.in_context(percept, self.state)
        if isinstance(self.state, s.Speaking | s.Doubting):
            self.policy.temper.habits.spoke(HOP)
        self.policy.temper.ending.hear(percept.at, percept.near >= VOICED)
        if self._attend(percept.at):
            self._decisions.add(self.at, self.state)
        for event in self.policy.hear(percept, self.state, may_stop=may_stop):
            if isinstance(self.state, s.Idle) and not self._decisions.awake:
                continue
            self._note_and_advance(event, self._why(event, percept))
        due = deadline(self.state)
        if due is not None and percept.at >= due:
            self._note_and_advance(e.Passed(percept.at))

    def trust(self, at: int, *, untrusted: bool) -> None:
        """What the canceller says of itself after the step that ended at `at`."""
        if untrusted and isinstance(self.state, s.Speaking | s.Doubting):
            self._note_and_advance(e.EchoDoubted(at))
        elif not untrusted and isinstance(self.state, s.HalfDuplex):
            self._note_and_advance(e.EchoTrusted(at))

    def in_context(self, percept: Percept, state: s.State) -> tuple[Percept, bool]:
        """What a step means beside our own sentence in `state`, and whether that may be stopped. After a question
        "yeah" is an answer, and answers take the floor (84 to 99 % of them in Switchboard); so much the less is it a
        backchannel."""
        if not isinstance(state, s.Speaking | s.Doubting | s.Yielding):
            return percept, True
        if self.ledger.asked(state.utterance, percept.at):
            answers = ANSWERS * percept.backchannel
            percept = replace(
                percept, floor=bounded(percept.floor + answers), backchannel=percept.backchannel - answers
            )
        return percept, self.ledger.may_stop(state.utterance, percept.at)

    def _wake(self, told: e.Woken) -> None:
        """What was said until now was said for that. Whoever has the floor needs no waking."""
        if not isinstance(self.state, s.Idle):
            return
        self.attention.wake(told.at, told.end)
        self.policy.restart()
        if self._attend(told.at):
            self._decisions.add(self.at, self.state)

    def _attend(self, at: int) -> bool:
        """Whether the device has fallen asleep or is awake now, which is noted."""
        changed = self.attention.changed(at)
        if changed:
            self._decisions.awake = self.attention.awake(at)
            self._write({"at": at, "event": "attention", "awake": self._decisions.awake})
        return changed

    def _cease(self, fact: e.Ceased) -> None:
        self.ledger.note(fact)
        heard = self.ledger.heard(fact.utterance)
        self._write(
            {
                "at": fact.at,
                "event": "heard_words",
                "utterance": fact.utterance,
                "samples": heard.samples,
                "heard": heard.words,
                "of": heard.of,
                "text_heard": heard.text_heard,
                "text_unheard": heard.text_unheard,
                **({"estimated": True} if heard.estimated else {}),
            }
        )
        if fact.finished:
            self._advance(e.ReplyFinished(fact.at, fact.utterance))

    def _why(self, event: e.Event, percept: Percept) -> dict[str, object]:
        """What the ear and the policy thought when something happened."""
        if isinstance(event, e.SpeechEnded):
            return {"near": percept.near, **self.policy.temper.ending.why}
        heard = {"near": percept.near, "floor": percept.floor, "evidence": self.policy.evidence}
        return {**heard, **self._taken_for(event), **self.policy.hints.why(percept.at)}

    def _taken_for(self, event: e.Event) -> dict[str, object]:
        """What a false alarm most likely was, and the probabilities when something was last heard: the ear forgets, and
        when the verdict falls it may have been quiet for long."""
        if not isinstance(event, e.Judged) or event.verdict is not e.Verdict.FALSE_ALARM:
            return {}
        last = self.policy.heard
        return {"likely": last.likely, "floor_heard": last.floor, "backchannel_heard": last.backchannel}

    def _note_and_advance(self, event: e.Event, why: Mapping[str, object] | None = None) -> None:
        self._write({"at": event.at, "event": name(event), **_payload(event), **(why or {})})
        self._advance(event)

    def _advance(self, event: e.Event) -> None:
        before = self.state
        self.state, wanted = self._step(event)
        shielded = self._shielded(before)
        if not shielded:
            self.policy.temper.habits.note(before, event, self.state)
        self.policy.temper.ending.note(before, event, self.state)
        self.attention.note(before, event, self.state)
        slept = isinstance(before, s.Idle) and not self._decisions.awake
        rouses = slept and isinstance(self.state, s.Speaking)
        if rouses or self.attention.wakes(before, event):
            self.policy.restart()
        elif shielded and isinstance(event, e.Passed):
            self.policy.postpone()
        elif isinstance(event, e.Passed | e.ButtonShort | e.ButtonLong):
            self.policy.forget(after_patience=not isinstance(before, s.Doubting))
        if shielded and isinstance(self.state, s.Speaking | s.Idle) and not self._shielded(self.state):
            self.policy.hear_out(event.at)
        if rouses or (muted(before) and not muted(self.state)):  # perhaps while the microphone is away
            self.attention.shut_until(event.at)
        if type(self.state) is not type(before):
            if isinstance(self.state, s.Speaking | s.Idle):
                self._loudness.take()
            self._write({"at": event.at, "event": "state", "state": name(self.state), "from": name(before)})
        actions = tuple(self._settle(action) for action in wanted)
        for action in actions:
            self._write({"at": event.at, "event": "action", "action": name(action), **_payload(action)})
        if self._attend(event.at) or actions or self.state != before:
            self._decisions.add(self.at, self.state, actions)

    def _step(self, event: e.Event) -> Step:
        """As the machine has it. But the first sound of a reply may be told in the same moment in which all was called
        off, and behind it: before whoever made it could know. It is not wanted any more."""
        if isinstance(event, e.ReplyReady) and self._decisions.called_off == self.at:
            return self.state, (a.Discard(event.utterance),)
        return step(self._undoubted(event), event, self._limits)

    def _undoubted(self, event: e.Event) -> s.State:
        """The state, but for a doubt in less than a turn takes, when the last sentence ends: one step of a knock there
        gives nobody the floor. If it was a voice after all, it opens a turn like any other, from the same onset."""
        state = self.state
        if not isinstance(state, s.Doubting) or state.waiting or self.policy.voiced:
            return state
        over = isinstance(event, e.ReplyFinished | e.ReplyFailed) and event.utterance == state.utterance
        return s.Speaking(state.utterance) if over else state

    def _shielded(self, state: s.State) -> bool:
        """Whether a protected utterance is being spoken: that it goes on, and that it takes a button, is no mistake."""
        return isinstance(state, s.Speaking | s.Doubting) and self.ledger.protected(state.utterance)

    def _settle(self, action: a.Action) -> a.Action:
        """What only the ledger and the count of turns know is filled in."""
        match action:
            case a.Resume():
                return a.Play(action.utterance, self.ledger.resume_point(action.utterance))
            case a.OpenTurn():
                return self.opening(action.turn)
            case a.ReopenTurn():
                return replace(action, number=self._turns + 1, start=self._start(action.turn))
            case a.CloseTurn():
                return self._hand_over(action)
            case _:
                return action

    def opening(self, turn: int) -> a.OpenTurn:
        """How the turn with its onset at `turn` would be opened now."""
        return a.OpenTurn(turn, self._turns + 1, self._start(turn))

    def _start(self, turn: int) -> int:
        """Where the sound of a turn begins: with its pre-roll, but neither while muted nor before what is kept."""
        return max(self.attention.start(turn, self._pre_roll), self.at - HOP - self.kept + SLACK)

    def _hand_over(self, closing: a.CloseTurn) -> a.HandOver:
        self._turns += 1
        self.voice = self._loudness.take()
        start = self._start(closing.turn)
        end = min(closing.end + TAIL, self.at - HOP)
        handed = a.HandOver(closing.turn, self._turns, start, end)
        times = {"start_s": seconds(start), "end_s": seconds(end)}
        self._write({"at": self.at, "event": "heard", "turn": handed.turn, **times, "audio": handed.audio})
        return handed


def _payload(thing: e.Event | e.Fact | a.Action) -> dict[str, object]:
    """The fields of an event, fact or action for the journal; word lists are counted, not repeated."""
    values = {f.name: getattr(thing, f.name) for f in fields(thing) if f.name != "at"}
    return {k: len(v) if isinstance(v, tuple) else v for k, v in values.items()}
