"""The engine thread: sound and notes in, decisions made true at once.

It sleeps until the card has a block, somebody leaves a note, or a tick is over. What the engine decides takes effect in
this order: gate, amplifier, hard stop, then whatever concerns the slow world, and the lamp last. Nothing here waits for
a talker, a disk, a lamp or a terminal.

When frames stop, silence takes their place at the pace of the clock: buttons, deadlines and the journal go on. A card
that stays dead is opened anew (`repair`); a sound library that hangs ends the process with exit code 75.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import numpy as np

from edgeagent.errors import DeviceHung
from edgeagent.live.absent_card import ABSENT
from edgeagent.live.actuators import Actuators
from edgeagent.live.conversation import Conversation
from edgeagent.live.cues import Cues
from edgeagent.live.door import Door
from edgeagent.live.gauge import Gauge
from edgeagent.live.guarded_card import GuardedCard
from edgeagent.live.health import Health
from edgeagent.live.inbox import Inbox
from edgeagent.live.loan import LONGEST_S, Loan
from edgeagent.live.realtime import Collector
from edgeagent.live.repair import Repair
from edgeagent.live.sound_path import Instant, SoundPath
from edgeagent.live.standby import DRY_S, Standby
from edgeagent.live.watchdog import Watchdog
from edgeagent.ports import Sound
from edgeagent.turn import actions as a
from edgeagent.turn import events as e
from edgeagent.turn import states as s
from edgeagent.turn.moderator import Decision
from edgeagent.turn.outputs import outputs
from edgeagent.units import HOP, samples

TICK_S = 0.05
"""The longest sleep but where sound is gathered: how late it is noticed that no more frames come."""

GATHERED, GATHERED_S = samples(96), 0.1
"""While nobody speaks: sound that is awaited before the engine looks at it, and for how long. Waking up costs more than
a step, for whatever ran meanwhile has taken the processor's caches: one waking for six steps is a third of the price. A
turn then begins to be heard up to so much later, from its first syllable all the same, and ends no later."""

RESTING, RESTING_S = samples(144), 0.15
"""The same in a quiet room, where the engine rests and waking up is nearly all that it costs."""

CALM, CALM_S = 3 * HOP, 0.1
"""While we speak and nothing that we hear may be a person: sound that is awaited beyond the next step, and for how
long, for the same reason. A first syllable then lowers our voice later by half of it on average. As soon as one is
noticed, each step is taken as it comes."""

GONE_S = 1.0
"""Seconds without frames, or without the loudspeaker asking for any, after which the card is opened anew."""

Clock = Callable[[], float]


class Loop:
    """`run`, or `begin` and then `round`, are for the engine thread, `stop` for any thread and for signal handlers."""

    def __init__(
        self,
        door: Door,
        path: SoundPath,
        inbox: Inbox,
        actuators: Actuators,
        cues: Cues,
        conversation: Conversation,
        watchdog: Watchdog,
        repair: Repair,
        health: Health,
        clock: Clock = time.monotonic,
    ) -> None:
        """path: opened, over a GuardedCard."""
        self._door = door
        self._path = path
        self._inbox = inbox
        self._actuators = actuators
        self._cues = cues
        self._conversation = conversation
        self._watchdog = watchdog
        self._repair = repair
        self._health = health
        self._clock = clock
        self._standby = Standby(clock())
        self._over = False
        inbox.attach(path.capture)

    @property
    def gauge(self) -> Gauge:
        """What there is to see from outside."""
        return self._health.gauge

    @property
    def loan(self) -> Loan:
        """Through which the card is lent."""
        return self._repair.loan

    @property
    def absent(self) -> str:
        """Why there is no card yet; "" where there is."""
        return str(self._card.facts().get(ABSENT, ""))

    def stop(self) -> None:
        """Let `run` return."""
        self._over = True
        self._inbox.ring()

    def run(self) -> None:
        """Until `stop` is called or a card of files has no more. Raises DeviceHung after everything that can be done
        without the card has been done."""
        collector = Collector(self._clock())
        self.begin()
        try:
            while not self._over:
                self._rest_until_needed()
                self.round()
                collector.visit(self._clock(), isinstance(self._door.engine.state, s.Idle | s.Muted))
            self._actuators.silence(self._path)
            self._settle()
        except DeviceHung as hung:
            self._give_up(hung)
            raise
        finally:
            self._conversation.note("card", **self._health.last(self._path))

    def _rest_until_needed(self) -> None:
        """Until there is sound for a step of the engine, or, while nobody else speaks, for several; or a note. What a
        note has told is decided with the next step, whoever speaks; and frames that have stopped are made up for."""
        capture, engine, pace = self._path.capture, self._door.engine, self._health.pace
        at_once = capture.waiting >= HOP or engine.due or self._standby.absent(self._clock()) >= DRY_S
        gathered, most_s = (0, 0.0) if at_once else self._gathered()
        pace.gathering = gathered
        if gathered:
            capture.wait(most_s, gathered)
        else:
            capture.wait(TICK_S, engine.wanting)

    def _gathered(self) -> tuple[int, float]:
        """Sound that is awaited, and for how long; nothing where each step is wanted at once."""
        engine = self._door.engine
        if isinstance(engine.state, s.Idle | s.Muted):
            return (RESTING, RESTING_S) if engine.rests else (GATHERED, GATHERED_S)
        return (engine.wanting + CALM, CALM_S) if engine.calm else (0, 0.0)

    def begin(self) -> None:
        """The device is ready: the first that the engine is told. Without a card it is deaf, and looks for one."""
        self._door.tell(e.Ready(0))
        if self.absent:
            self._tell(self._watchdog.fail(self.absent))
            self._repair.start(self._card)

    def round(self) -> None:
        """Everything that has come since the last one."""
        now = self._clock()
        self._inbox.deliver()
        for instant in self._path.take(joined=self._health.pace.gathering > 0):
            self._take(instant, now)
            if self._over:
                return
            if not any(fact.frames for fact in instant.lost):  # silence in place of lost sound takes no time
                self._keep_up(instant.microphone.size)
        if self._standby.absent(now) >= DRY_S and self._card.facts().get("finished"):
            self._over = True
            return
        if silence := self._standby.missing(now):
            self._rest(silence, now)
        if (news := self._health.news(self._path, now)) is not None:
            self._conversation.note("card", **news)
        self._look(now)
        self._look_after_card()

    def close(self) -> None:
        """Release the card. Raises DeviceHung."""
        self._inbox.attach(None)
        self._repair.close()
        if not self._repair.at_work:
            self._path.close()

    # Sound ------------------------------------------------------------------------------------------------------------

    def _take(self, instant: Instant, now: float) -> None:
        """One instant of sound, less the silence that was given for it already."""
        self._end_outage()
        lost = sum(fact.frames for fact in instant.lost)
        already = self._standby.came(now, instant.microphone.size, lost > 0)
        self._card.hurry()
        for fact in instant.lost:
            self._door.tell(fact)
        unheard = max(0, min(lost, instant.microphone.size - already))
        self.gauge.lost += unheard
        self._health.pace.lost.count(0, unheard)
        if not lost:
            self._listen(instant.microphone)
        if already < instant.microphone.size:
            self._hear(instant.reference[already:], instant.microphone[already:], now)

    def _listen(self, microphone: Sound) -> None:
        """Whether the sound makes sense: not asked of the last that comes from a card that is about to be lent."""
        if not self._repair.loan.away:
            self._tell(self._watchdog.hear(microphone))

    def _keep_up(self, taken: int) -> None:
        """Leave something out, or take it up again, as what waits behind the instant demands; the engine is told, and
        so is a replay."""
        pace = self._health.pace
        if (level := pace.look(self._path.capture.waiting, taken)) is not None:
            self._door.tell(e.Shed(0, level))
        elif pace.hopeless:
            self._path.capture.drop()
            pace.dropped()

    def _look(self, now: float) -> None:
        """For those who watch from outside."""
        behind = self._health.pace.lost.most or self._path.capture.crowded
        late = "the engine does not keep up with the sound" if behind else ""
        trouble, believed = self._repair.reason or self._watchdog.trouble or late, self._watchdog.believed
        excused = self._repair.loan.excused
        self.gauge.look(now, self._door.engine, self._card.name, trouble, self._health.latest, believed, excused)

    def _rest(self, silence: int, now: float) -> None:
        """Silence in place of frames."""
        self._card.calm()
        if silence >= samples(100):  # the first of it, and after a suspend
            self._door.tell(e.Lost(0, "no_frames", silence))
        self._tell(self._watchdog.absent(self._standby.absent(now)))
        if self._watchdog.trouble != s.CALIBRATING:  # what somebody else measures with is not lost
            self.gauge.lost += silence
        zeros = np.zeros(silence, np.float32)
        self._hear(zeros, zeros, now)

    def _end_outage(self) -> None:
        """How much silence it was in all: the `Lost` that began it could not know."""
        if frames := self._standby.over():
            self._door.tell(e.Outage(0, frames))

    def _hear(self, reference: Sound, microphone: Sound, now: float) -> None:
        self.gauge.hear(reference, microphone)
        self._door.hear(reference, microphone)
        self._tell_cues(self._cues.due(now, self._card.sounds_until))
        self._conversation.stream()
        for decision in self._door.engine.decisions():
            self._apply(decision)
        self._conversation.settle()

    def _tell(self, event: e.Event | None) -> None:
        if event is not None:
            self._door.tell(event)

    def _tell_cues(self, cues: Iterable[e.Playing | e.Ceased]) -> None:
        for fact in cues:
            if isinstance(fact, e.Ceased):
                self._conversation.ceases(fact)
            self._door.tell(fact)

    # Decisions --------------------------------------------------------------------------------------------------------

    def _apply(self, decision: Decision) -> None:
        begun = self._clock()
        self._actuators.set(decision.outputs)
        for action in decision.actions:
            if isinstance(action, a.Halt):
                self._actuators.halt(self._path)
                took_ms = 1000 * (self._clock() - begun)
                self._tell_cues(self._cues.all())
                self._conversation.note("halted", utterance=action.utterance, monotonic_s=begun, took_ms=took_ms)
            else:
                self._conversation.act(action)
        self._actuators.show(decision.outputs)

    def _settle(self) -> None:
        """The journal's last words: what was heard of an utterance that we cut off ourselves."""
        self._end_outage()
        self._tell_cues(self._cues.all())
        zeros = np.zeros(HOP, np.float32)
        self._door.hear(zeros, zeros)
        self._door.engine.decisions()

    def _give_up(self, hung: DeviceHung) -> None:
        """Shown and written before the process leaves."""
        self._end_outage()
        self._door.tell(e.Failed(0, hung.problem))
        self._settle()
        wanted = outputs(self._door.engine.state)
        self._actuators.set(wanted)
        self._actuators.show(wanted)

    # The card ---------------------------------------------------------------------------------------------------------

    @property
    def _card(self) -> GuardedCard:
        card = self._path.card
        assert isinstance(card, GuardedCard)
        return card

    def _look_after_card(self) -> None:
        if ended := self._repair.loan.ended():
            self._conversation.note("loan_over", end=ended)
        self._lend()
        if self._repair.at_work:
            if why := self._repair.news():
                self._conversation.note("card_trouble", text=why)
                self._tell(self._watchdog.overdue(why))
            if (path := self._repair.take()) is not None:
                self._swap(path)
            return
        deaf, dumb = self._card.deaf() > GONE_S, self._card.stalled() > GONE_S
        if not (deaf or dumb):
            return
        if not deaf:
            self._door.tell(e.Failed(0, "the loudspeaker takes no sound"))
        self._repair.start(self._card)

    def _lend(self) -> None:
        """The card to whoever asks for it (`loan`): say so, wait until the engine is silent, then close the card."""
        loan, state = self._repair.loan, self._door.engine.state
        if loan.asked:
            if why := self._unlendable(state):
                loan.refuse(why)
            elif loan.grant():
                self._conversation.note("lent", most_s=LONGEST_S)
                self._tell(self._watchdog.fail(s.CALIBRATING))
        elif loan.granted and not self._repair.at_work:
            if isinstance(state, s.MicLost):
                self._repair.start(self._card)
            elif isinstance(state, s.Faulty):
                loan.refuse(state.reason)

    def _unlendable(self, state: s.State) -> str:
        """Why the card cannot be lent now; "" if it can."""
        if isinstance(state, s.Muted):
            return "it is muted: unmute it by its button first"
        trouble = self._watchdog.trouble  # also after a repair: a device that is not believed yet tells no new trouble
        if trouble or self._repair.at_work or isinstance(state, s.MicLost | s.Faulty | s.Starting):
            return "its card is not ready" if trouble in ("", s.CALIBRATING) else trouble
        return ""

    def _swap(self, path: SoundPath) -> None:
        self._conversation.note("card", **self._health.last(self._path))
        dead, self._path = self._path, path
        self.gauge.reopened += 1
        self._inbox.attach(path.capture)
        dead.capture.close()
        self._door.tell(e.Recovered(0))  # whatever the state: what has failed may be told and not decided yet
        if (trouble := self._watchdog.trouble) and not isinstance(self._door.engine.state, s.MicLost):
            self._door.tell(e.MicrophoneFailed(0, trouble))  # a fault hid that it is deaf, too: that is not mended yet
