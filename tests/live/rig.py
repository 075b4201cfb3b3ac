"""The whole device with a card that is cranked by hand, on a clock that only the crank moves."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from edgeagent.detect.backchannel import KINDS
from edgeagent.detect.ear import Ear
from edgeagent.detect.near_end import CLASSES
from edgeagent.dialogue.dialogue import Dialogue
from edgeagent.engine import Engine
from edgeagent.errors import DeviceError
from edgeagent.live.actuators import Actuators
from edgeagent.live.conversation import Conversation, Listen
from edgeagent.live.cues import Cues
from edgeagent.live.door import Door
from edgeagent.live.guarded_card import GuardedCard
from edgeagent.live.health import Health
from edgeagent.live.inbox import Inbox
from edgeagent.live.loop import Loop
from edgeagent.live.pace import Pace
from edgeagent.live.repair import Repair
from edgeagent.live.sound_path import SoundPath
from edgeagent.live.watchdog import Watchdog
from edgeagent.ports import EchoCanceller, Heard, Journal, Pcm, Play, Replier, Sound, Talker
from edgeagent.report.timeline import lines
from edgeagent.services.tone_talker import ToneTalker
from edgeagent.settings import Settings
from edgeagent.signal.canceller import Cancelled, Canceller
from edgeagent.signal.playback import Playback
from edgeagent.store.flight import Flight
from edgeagent.store.journal import MemoryJournal, TeeJournal
from edgeagent.turn.events import Event, Fact
from edgeagent.turn.naming import name
from edgeagent.turn.outputs import Light
from edgeagent.turn.policy import FAINT, Percept
from edgeagent.units import RATE
from tests.detect.made_up import Counting

BLOCK = 160

PATIENCE_S = 20.0
"""Real time after which a test gives up; nothing here takes longer than a moment."""

THOUGHT_S = 0.0005
"""Real seconds that others' threads get for each period in which the device waits for them."""


class CrankCard:
    """See `ports.Card`. Plays `buffered` frames ahead of the air; `air` is what sounded."""

    name = "crank"
    input_rate = output_rate = RATE

    def __init__(self, rig: Rig, buffered: int = 480) -> None:
        self.rig = rig
        self.buffered = buffered
        self.air: list[int] = []
        self.dead = self.hangs = False
        self.silent = True
        self.heard: Heard = lambda _pcm, _lost, _when: None
        self.play: Play = lambda _out, _when: None

    def open(self, heard: Heard, play: Play) -> None:
        self.heard, self.play = heard, play
        self.silent = False

    def abort(self) -> int:
        while self.hangs:
            time.sleep(0.01)
        self.rig.log.append("abort")
        self.silent = True
        unplayed = min(self.buffered, len(self.air))
        del self.air[len(self.air) - unplayed :]
        return unplayed

    def restart(self) -> None:
        self.silent = False

    def age(self) -> float:
        return 0.0

    def facts(self) -> Mapping[str, int | float | str]:
        return {}

    def close(self) -> None:
        self.rig.log.append("close")

    def turn(self, microphone: Pcm, lost: int = 0) -> None:
        """One period."""
        if not self.silent:
            out = np.zeros(BLOCK, np.int16)
            self.play(out, self.rig.now + self.buffered / RATE)
            self.air.extend(out.tolist())
        self.heard(microphone, lost, self.rig.now)


class PromptCard(GuardedCard):
    """Its restart is waited for. A device does not wait, for then a thread of the card's does it in a millisecond; on
    the rig's clock a busy machine may take seconds for that, and the loudspeaker would be taken for dead."""

    def restart(self) -> None:
        super().restart()
        if not self._hung:
            self._ask(lambda: None, PATIENCE_S)


class Recorded:
    """See `door.Recorder`."""

    def __init__(self) -> None:
        self.played: list[Sound] = []
        self.heard: list[Sound] = []
        self.told: list[Event | Fact] = []

    def reference(self, block: Sound) -> None:
        self.played.append(block.copy())

    def capture(self, block: Sound) -> None:
        self.heard.append(block.copy())

    def tell(self, event: Event | Fact) -> None:
        self.told.append(event)


class LoudEar(Ear):
    """Takes for a person whatever is loud."""

    def __init__(self) -> None:
        super().__init__(Counting([0.0] * len(CLASSES)), Counting([0.0] * len(KINDS)))

    def hear(self, cancelled: Cancelled, at: int) -> Percept:
        near = 0.99 if np.abs(cancelled.linear).mean() > 0.01 else 0.01
        return Percept(at, near, near)


class SlowEar(LoudEar):
    """Takes its time, while the card goes on, and is never so sure that nobody speaks that the engine may rest. cost:
    seconds for a hop; spared: of these, what is saved where the backchannel model is asked less often."""

    def __init__(self, cost: float = 0.0, spared: float = 0.0) -> None:
        super().__init__()
        self.cost, self.spared = cost, spared
        self.spend: Callable[[float], None] = lambda _seconds: None

    def hear(self, cancelled: Cancelled, at: int) -> Percept:
        self.spend(self.cost - (self.spared if self.every > 1 else 0.0))
        percept = super().hear(cancelled, at)
        return replace(percept, near=max(percept.near, FAINT))


STIR = np.tile(np.array([0, 1], np.int16), BLOCK // 2)
"""A live microphone is never quite still."""

VOICE = 1000
"""A level that LoudEar hears."""


class Rig:
    """`turn` cranks the card, `until` cranks it until something is so."""

    def __init__(
        self,
        talker: Talker | None = None,
        replier: Replier | None = None,
        listener: Listen = lambda _recognised, _trouble, _kept: None,
        settings: Settings | None = None,
        ear: Ear | None = None,
        dialogue: Dialogue | None = None,
        canceller: EchoCanceller | None = None,
        follower: Flight | None = None,
        beside: Journal | None = None,
    ) -> None:
        """beside: is told what the engine decides."""
        settings = settings or Settings()
        self.now = 100.0
        self.log: list[str] = []
        self.plugged = True
        self.cards: list[CrankCard] = []
        self.journal = MemoryJournal()
        self.notes = MemoryJournal()
        self.told = MemoryJournal()
        self.recorded = Recorded()
        self.playback = Playback()
        self.inbox = Inbox()
        self.drift_ppm = 0.0
        self.pace = Pace()
        self.due = self.now
        canceller = canceller or Canceller(settings.echo.drift)
        journal = TeeJournal(self.journal, self.told, *(one for one in (follower, beside) if one))
        notes = TeeJournal(self.notes, self.told)
        self.engine = Engine(settings, journal, canceller, ear or LoudEar())
        door = Door(self.engine)
        door.record(self.recorded)
        if follower:
            door.follow(follower)
        self.conversation = Conversation(
            door, self.playback, self.inbox, notes, talker or ToneTalker(), replier, listener, dialogue
        )
        self.loop = Loop(
            door,
            self.opened(),
            self.inbox,
            Actuators(self.playback, self, self, settings),
            Cues(self.playback),
            self.conversation,
            Watchdog(still=True),
            Repair(self.opened),
            Health(self.playback, lambda: self.drift_ppm, self.pace),
            clock=lambda: self.now,
        )
        self.door = door
        self.loop.begin()

    def opened(self) -> SoundPath:
        if not self.plugged:
            raise DeviceError("unplugged")
        self.cards.append(CrankCard(self))
        return SoundPath(PromptCard(self.cards[-1], lambda: self.now), self.playback)

    @property
    def card(self) -> CrankCard:
        return self.cards[-1]

    @property
    def state(self) -> str:
        return name(self.engine.state)

    def turn(self, blocks: int = 1, level: int = 0, lost: int = 0) -> None:
        """So many periods."""
        for _ in range(blocks):
            self.now += BLOCK / RATE
            self.card.turn(np.int16(level) + STIR, lost)
            self.loop.round()

    def speak(self, text: str, blocks: int = 60) -> None:
        """Say something, until it has sounded for so many periods."""
        self.conversation.say(text)
        self.until(lambda: self.state == "speaking")
        self.turn(blocks)

    def spend(self, seconds: float, level: int = 0) -> None:
        """The engine is at work for so long; the card's callbacks go on."""
        until = self.now + seconds
        while self.due + BLOCK / RATE <= until:
            self.due += BLOCK / RATE
            self.now = self.due
            self.card.turn(np.int16(level) + STIR)
        self.now = until

    def live(self, seconds: float) -> None:
        """The engine sleeps until there is a block, and takes as long as it does."""
        until = self.now + seconds
        self.due = self.now
        while self.now < until:
            if not self.loop._path.capture.waiting:
                self.spend(max(0.0, self.due + BLOCK / RATE - self.now) + 1e-9)
            self.loop.round()

    def wait(self, seconds: float) -> None:
        """Time passes without frames."""
        for _ in range(round(seconds / 0.05)):
            self.now += 0.05
            self.loop.round()

    def until(self, so: Callable[[], bool], most: int = 3000, level: int = 0) -> None:
        """Crank until `so`; what the worker thread does may take real time, but a turn takes none of ours."""
        begun = time.monotonic()
        while not so():
            self.turn(1, level)
            most -= 1
            if self.state == "thinking":  # others' threads are at work
                time.sleep(THOUGHT_S)
            if most < 0:
                time.sleep(0.001)
            assert time.monotonic() - begun < PATIENCE_S, f"still {self.state}"

    def close(self) -> None:
        self.conversation.close()
        self.loop.close()

    def entries(self, event: str) -> list[dict[str, Any]]:
        """The journal's entries of one kind."""
        return [entry for entry in self.journal.entries if entry["event"] == event]

    @property
    def terminal(self) -> list[str]:
        """What a person reads, without times and lamps."""
        return [line.partition(" s ")[2].partition("  lamp ")[0].strip() for line in lines(self.told.entries)]

    # Lamp and mute pin ------------------------------------------------------------------------------------------------

    def show(self, light: Light, impaired: bool = False) -> None:
        self.log.append(f"lamp {light.value}{', impaired' if impaired else ''}")

    def amplify(self, on: bool) -> None:
        self.log.append(f"amplify {on}")
