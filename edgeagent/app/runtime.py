"""The device as a whole."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from edgeagent.app.beside import (
    add_memory,
    add_senses,
    add_talk,
    add_turn_ends,
    build_keeper,
    build_manner,
    trouble_with,
)
from edgeagent.app.hardware import build_amplifier, build_card, build_factory, build_lamp
from edgeagent.app.hearing import build_engine, head
from edgeagent.app.satellite import add_satellite, build_satellite
from edgeagent.app.talking import build_dialogue, build_listener, build_replier, build_spotter, build_talker, spotted
from edgeagent.detect.ear import Ear
from edgeagent.detect.words import Words
from edgeagent.devices.gpio import Factory
from edgeagent.errors import DeviceError, DeviceHung, NotInstalled
from edgeagent.live import realtime
from edgeagent.live.absent_card import AbsentCard
from edgeagent.live.actuators import Actuators, LendablePin
from edgeagent.live.conversation import Conversation
from edgeagent.live.cues import Cues
from edgeagent.live.door import Door
from edgeagent.live.guarded_card import GuardedCard, close_quietly
from edgeagent.live.health import Health
from edgeagent.live.inbox import Inbox
from edgeagent.live.loan import Loan, Recall
from edgeagent.live.loop import Loop
from edgeagent.live.pace import Pace
from edgeagent.live.repair import Repair, in_time
from edgeagent.live.runtime import Runtime
from edgeagent.live.sound_path import SoundPath
from edgeagent.live.watchdog import Watchdog
from edgeagent.monitor.stages import Stages
from edgeagent.ports import Card, Journal, MutePin, Talker
from edgeagent.services.library_talker import LibraryTalker
from edgeagent.services.reading_replier import BEGIN, ReadingReplier
from edgeagent.settings import Audio, Settings
from edgeagent.settings import Talker as Voice
from edgeagent.signal.playback import Playback
from edgeagent.store.journal import TeeJournal
from edgeagent.vitals import Vitals


def build_runtime(
    settings: Settings,
    journal: Journal,
    notes: Journal,
    *,
    replies: bool = True,
    session: Path | None = None,
    ear: Ear | None = None,
    stages: Stages | None = None,
    card: Callable[[Audio], Card] = build_card,
    talker_of: Callable[[Voice], Talker] | None = None,
    wait: bool = False,
) -> Runtime:
    """A device ready to `run`. journal: what the engine decides, and nothing else; `replay` repeats it. notes: what
    happens beside it, such as turns handed over. replies: false for a device that only says what it is told to.
    session: the folder it is recorded in, for the turns' WAVs. ear, stages: see `build_engine`. card: see `build_card`;
    talker_of: instead of `build_talker`. wait: begin without a card that is away or busy, and look for it; without
    what cannot be written; and before the network. Raises EdgeAgentError with the remedy; then all is closed again."""
    with ExitStack() as closing:
        talker = (talker_of or build_talker)(settings.talker)  # first: a voice loads while the rest is built
        closing.callback(talker.close)
        satellite = build_satellite(settings, closing, wait) if replies else None
        replier, opening = build_replier(settings, satellite) if replies else (None, "")
        factory = build_factory(settings)
        playback, inbox = Playback(), Inbox()
        amplifier = LendablePin(lambda: build_amplifier(settings, factory))
        closing.callback(amplifier.close)
        actuators = _body(settings, factory, playback, amplifier, closing)
        keeper = build_keeper(settings.memory) if ear is None else None  # another's ear learns nothing of the device's
        told = TeeJournal(journal, *(follower for follower in (keeper, satellite) if follower))
        door = Door(build_engine(settings, told, ear, stages))
        listen, words = build_listener(settings, session, satellite, wait), None
        if spotter := build_spotter(settings.hints, trouble_with("hint_trouble", inbox, lambda: conversation)):
            closing.callback(spotter.close)
            words = Words(spotter, door.engine.clean, spotted())
        understands = build_dialogue(settings)
        manner = build_manner(settings.audio, actuators, talker, (inbox, door, lambda: conversation), closing)
        if keeper:
            add_memory(keeper, understands, (inbox, door, lambda: conversation), closing)
        offer = add_talk(keeper, settings.memory, understands, manner) if replies else ""
        conversation = Conversation(door, playback, inbox, notes, talker, replier, listen, understands, words)
        closing.callback(conversation.close)
        if spotter:
            closing.callback(lambda: conversation.note("word_spotter", **spotter.facts()))
        to = (inbox, door, conversation)
        add_senses(settings, factory, to, manner, closing, lenient=wait)
        add_satellite(satellite, settings, to, closing)
        if isinstance(talker, LibraryTalker):
            talker.check()
        opener, hygiene = _opener(settings.audio, playback, card, amplifier), realtime.prepare()
        closing.callback(realtime.relax)
        watchdog = Watchdog(still=settings.audio.card == "wav" or settings.audio.gated)
        pace = Pace(add_turn_ends(settings.models, to, words))
        health, cues = Health(playback, lambda: door.engine.drift_ppm, pace), Cues(playback)
        path, repair = _first(opener, playback, wait), _lendable(opener, amplifier, inbox, door)
        loop = Loop(door, path, inbox, actuators, cues, conversation, watchdog, repair, health)
        closing.callback(loop.close)
        _open(conversation, loop, offer or opening, reads=isinstance(replier, ReadingReplier) and not offer)
        return Runtime(door, loop, conversation, (journal, notes), head(settings), hygiene, closing.pop_all())


def _body(
    settings: Settings, factory: Factory | None, playback: Playback, amplifier: MutePin, closing: ExitStack
) -> Actuators:
    lamp = build_lamp(settings, factory)
    closing.callback(lamp.close)
    return Actuators(playback, amplifier, lamp, settings)


def _opener(
    audio: Audio, playback: Playback, find: Callable[[Audio], Card], amplifier: LendablePin
) -> Callable[[], SoundPath]:
    def opened() -> SoundPath:
        amplifier.take()  # it is lent with the card
        card = GuardedCard(find(audio))
        try:
            return SoundPath(card, playback)
        except BaseException:
            close_quietly(card)
            raise

    return opened


def _lendable(opener: Callable[[], SoundPath], amplifier: LendablePin, inbox: Inbox, door: Door) -> Repair:
    loan = Loan(amplifier.give_up, inbox.ring)
    door.record(Recall(loan))
    return Repair(opener, loan)


def _first(opener: Callable[[], SoundPath], playback: Playback, wait: bool) -> SoundPath:
    try:
        return in_time(opener)
    except (DeviceHung, NotInstalled):
        raise
    except DeviceError as absent:
        if not wait:
            raise
        return SoundPath(GuardedCard(AbsentCard(str(absent))), playback)


def _open(conversation: Conversation, loop: Loop, text: str, *, reads: bool) -> None:
    """Say this first, and begin to read; where there is no card yet, as soon as anybody can be heard."""
    waiting = [True]

    def begin() -> None:
        waiting.clear()
        if text:
            conversation.say(text)
        if reads:
            conversation.open(BEGIN)

    def look(vitals: Vitals) -> None:
        if vitals.hears and waiting:
            begin()

    if loop.absent:
        loop.gauge.watchers.append(look)
    else:
        begin()
