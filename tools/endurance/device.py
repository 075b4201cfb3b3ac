"""The device as `app.build_runtime` builds it, with all its threads and children, but with a card of air and on a clock
that only samples move. So it runs as fast as the machine can."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from edgeagent import app
from edgeagent.engine import Engine
from edgeagent.live import realtime
from edgeagent.live.actuators import Actuators, NoLamp, NoMutePin
from edgeagent.live.conversation import Conversation
from edgeagent.live.cues import Cues
from edgeagent.live.door import Door
from edgeagent.live.guarded_card import GuardedCard
from edgeagent.live.health import Health
from edgeagent.live.inbox import Inbox
from edgeagent.live.loop import Loop
from edgeagent.live.repair import Repair
from edgeagent.live.sound_path import SoundPath
from edgeagent.live.watchdog import Watchdog
from edgeagent.services.scripted_replier import ScriptedReplier
from edgeagent.settings import Capture, Memory, Record, Script, Settings
from edgeagent.signal.playback import Playback
from edgeagent.sim.voices import SENTENCES
from edgeagent.store.journal import CallbackJournal, JsonLinesJournal, TeeJournal
from edgeagent.store.keeper import Keeper
from edgeagent.turn import states as s
from tools.endurance.air import AirCard

GRACE_S = 0.002
"""Real seconds given to the threads that make an answer, in each period in which one is awaited: a thinker that has
twenty seconds shall not get one of them because sound goes by so fast."""

Entry = Mapping[str, object]


def settings_of(folder: Path) -> Settings:
    """Everything that a device may keep over a day, within its bounds."""
    return Settings(
        capture=Capture(turns_dir=str(folder / "turns"), turns_kept=20),
        script=Script(replies=SENTENCES),
        record=Record(journal=str(folder / "journal.jsonl"), journal_mb=2),
        memory=Memory(file=str(folder / "memory.db")),
    )


class PatientCard(GuardedCard):
    """Whose calls take as long as they take: a loaded machine is no hanging sound library."""

    def _ask(self, act: Callable[[], object], patience_s: float | None) -> object:  # noqa: ARG002
        return super()._ask(act, None)


class Device:
    """A context. `turn` is one period of the card and all that follows from it."""

    def __init__(self, card: AirCard, folder: Path, watch: Callable[[Entry], None]) -> None:
        """watch: gets each entry of the journal, and of the notes beside it. Raises EdgeAgentError."""
        self.round_s = 0.0
        """Seconds of processor time that the engine's thread has spent in its rounds."""
        self._card = card
        settings = settings_of(folder)
        with ExitStack() as closing:
            log = JsonLinesJournal(Path(settings.record.journal), _warn, background=True, most_bytes=2_000_000)
            closing.callback(log.close)
            notes = TeeJournal(log, CallbackJournal(watch))
            keeper = Keeper(Path(settings.memory.file), settings.memory.talk_hours, settings.memory.talk)
            self.engine: Engine = app.build_engine(settings, TeeJournal(log, CallbackJournal(watch), keeper))
            self._loop = self._built(settings, notes, keeper, closing)
            realtime.prepare()
            closing.callback(realtime.relax)
            self._collector = realtime.Collector(card.now)
            self._closing = closing.pop_all()
        self._loop.begin()

    def _built(self, settings: Settings, notes: TeeJournal, keeper: Keeper, closing: ExitStack) -> Loop:
        door, playback, inbox = Door(self.engine), Playback(), Inbox()
        talker = app.build_talker(settings.talker)
        replier = ScriptedReplier(settings.script)
        conversation = Conversation(door, playback, inbox, notes, talker, replier, app.build_listener(settings, None))
        closing.callback(conversation.close)
        app.add_memory(keeper, None, (inbox, door, lambda: conversation), closing)
        loop = Loop(
            door,
            SoundPath(PatientCard(self._card, lambda: self._card.now), playback),
            inbox,
            Actuators(playback, NoMutePin(), NoLamp(), settings),
            Cues(playback),
            conversation,
            Watchdog(),
            Repair(_no_other),
            Health(playback, lambda: self.engine.drift_ppm),
            clock=lambda: self._card.now,
        )
        closing.callback(loop.close)
        conversation.say(replier.opening)
        return loop

    def turn(self) -> None:
        """After a period of the card."""
        begun = time.thread_time()
        self._loop.round()
        self.round_s += time.thread_time() - begun
        state = self.engine.state
        self._collector.visit(self._card.now, isinstance(state, s.Idle | s.Muted))
        if isinstance(state, s.Thinking):
            time.sleep(GRACE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.__exit__(kind, error, trace)


def _no_other() -> SoundPath:
    raise AssertionError("the card of air is never away for so long")


def _warn(text: str) -> None:
    raise AssertionError(text)
