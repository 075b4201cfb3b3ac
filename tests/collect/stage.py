"""A device in a simulated room and a person who does what the lines say, all on a clock that a crank moves."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event

import numpy as np

from edgeagent.commands._collect_deck import Prompt, deck
from edgeagent.commands._collect_director import Director
from edgeagent.commands._collect_talk import STORY, Talking
from edgeagent.detect.deaf import Deaf
from edgeagent.live.guarded_card import GuardedCard
from edgeagent.live.sound_path import SoundPath
from edgeagent.ports import Pcm, Sound
from edgeagent.settings import Settings
from edgeagent.signal.convert import to_float, to_int16
from edgeagent.sim import noises
from edgeagent.sim.acoustics import Model, loudspeaker, room
from edgeagent.sim.mix import active_rms, convolved, trimmed
from edgeagent.sim.noises import Wave
from edgeagent.sim.person import LEVEL, QUIET, ROOM
from edgeagent.store.journal import JsonLinesJournal
from edgeagent.store.session import EAR, Recording
from edgeagent.store.takes import TAKES, Consent, Take, take_to_json, write_consent
from edgeagent.turn.events import Word
from edgeagent.units import RATE, samples
from tests.live.rig import BLOCK, CrankCard, Rig

LINE = re.compile(r"^ *\d+ of \d+   (?:once more, )?(.*)$")

NOISES = {
    "cough": noises.cough,
    "laugh": noises.cough,
    "clear your throat": noises.cough,
    "knock on the table": noises.knock,
    "put a cup down": noises.clatter,
    "rustle some paper": noises.clatter,
}

TAPS = 1024
"""Of the echo path."""

VOICE = 0.08
"""RMS of the device's voice."""

LONGEST = samples(200_000)
"""Of a rehearsal."""


class MurmurTalker:
    """Text to noise in the rhythm of speech, three seconds a sentence; the same text sounds the same."""

    def say(self, text: str) -> MurmurTalk:
        return MurmurTalk(text)

    def close(self) -> None:
        pass


class MurmurTalk:
    """See `ports.Talk`."""

    def __init__(self, text: str) -> None:
        self.words: tuple[Word, ...] = ()
        self._text = text
        self._cancelled = Event()

    def __iter__(self) -> Iterator[Sound]:
        dice = np.random.default_rng(zlib.crc32(self._text.encode()))
        sound = (VOICE * noises.murmur(dice, 3 * RATE, voices=1)).astype(np.float32)
        sound[-samples(200) :] = 0
        if not self._cancelled.is_set():
            yield np.clip(sound, -0.9, 0.9)

    def cancel(self) -> None:
        self._cancelled.set()


class Person:
    """Answers each line after a second or so. Subclasses answer worse."""

    def __init__(self, seed: int = 0, level_db: float = LEVEL) -> None:
        self.dice = np.random.default_rng(seed)
        self.level_db = level_db
        self.did: list[tuple[int, int]] = []
        """Samples [start, stop) of the microphone in which they made a sound."""
        self._air = room(self.dice, Model.DECAY, ROOM, 0.6)
        self._near = 10 ** (QUIET / 20) * noises.coloured(self.dice, LONGEST, 1.0)
        self._at = 0

    def reads(self, line: str) -> None:
        """A line on the terminal."""
        if (asked := LINE.match(line)) and (sound := self.answer(asked[1])) is not None:
            self.make(sound, self._at + int(self.dice.integers(samples(500), samples(1200))))

    def answer(self, asked: str) -> Wave | None:
        """What they do when asked so; None for nothing."""
        if asked.startswith("stay silent"):
            return None
        if asked.startswith("say"):
            return noises.hum(self.dice)
        if asked in NOISES:
            return NOISES[asked](self.dice)
        return noises.murmur(self.dice, samples(self.dice.uniform(900, 2000)), voices=1)

    def make(self, sound: Wave, at: int) -> None:
        """A sound that reaches the microphone at sample `at`."""
        source = trimmed(sound)
        arriving = convolved(source, self._air)
        arriving *= 10 ** (self.level_db / 20) / active_rms(arriving)
        self._near[at : at + arriving.size] += arriving
        self.did.append((at, at + source.size))

    def sounds(self, count: int) -> Wave:
        """The next samples of the microphone without the device."""
        self._at += count
        return self._near[self._at - count : self._at]


class RoomCard(CrankCard):
    """A card whose microphone hears its loudspeaker and a person."""

    def __init__(self, rig: Rig, person: Person, seed: int, echo_db: float) -> None:
        super().__init__(rig)
        dice = np.random.default_rng(seed)
        path = convolved(loudspeaker(dice), room(dice, Model.DECAY, ROOM, 0.15))[:TAPS]
        self._path = path * 10 ** (echo_db / 20) / VOICE / np.sqrt(np.sum(path**2))
        self._coming = np.zeros(self.buffered + samples(12) + TAPS)  # of the echo
        self._person = person

    def turn(self, microphone: Pcm, lost: int = 0) -> None:  # noqa: ARG002 (the room decides what is heard)
        out = np.zeros(BLOCK, np.int16)
        self.play(out, self.rig.now + self.buffered / RATE)
        late = self._coming.size - TAPS
        heard = self._coming[:BLOCK] + self._person.sounds(BLOCK)
        self._coming = np.concatenate((self._coming[BLOCK:], np.zeros(BLOCK)))
        self._coming[late - BLOCK :][: BLOCK + TAPS - 1] += np.convolve(to_float(out), self._path)
        self.heard(to_int16(heard.astype(np.float32)), lost, self.rig.now)


class Stage(Rig):
    """What `edgeagent collect` builds, on a card that is cranked."""

    def __init__(
        self,
        person: Person | None = None,
        prompts: Sequence[Prompt] | None = None,
        *,
        rounds: int = 1,
        seed: int = 3,
        ducks: bool = True,
        echo_db: float = LEVEL,
        folder: Path | None = None,
    ) -> None:
        self.person = person or Person(seed)
        self.lines: list[str] = []
        self.takes: list[Take] = []
        self.over = self.closed = False
        self._card_seed, self._echo_db = seed, echo_db
        self._told = 0
        self._file: JsonLinesJournal | None = None
        prompts = deck(rounds, seed) if prompts is None else prompts
        self.director = Director(prompts, seed, self._show, self._keep, self._done)
        self.ear = Deaf(seed if ducks else None, self.director.hop)
        super().__init__(MurmurTalker(), settings=Settings(), ear=self.ear)
        self.talking = Talking(STORY, self.director.speaks, self.lines.append)
        self.talking.begin(self)
        self.session: Recording | None = None
        if folder is not None:
            self._record(folder)

    def _record(self, folder: Path) -> None:
        write_consent(folder, Consent(folder.parent.name, "--consent", "2026-01-01T00:00:00+00:00", "a text", 3))
        self.session = Recording(folder, Settings(), {EAR: self.ear.name}, print)
        self._file = JsonLinesJournal(folder / TAKES, print)
        for event in self.recorded.told:  # what `begin` told
            self.session.tell(event)
        self.door.record(self.session)

    def opened(self) -> SoundPath:
        self.cards.append(RoomCard(self, self.person, self._card_seed, self._echo_db))
        return SoundPath(GuardedCard(self.cards[-1], lambda: self.now), self.playback)

    # What `Talking` asks of a device ----------------------------------------------------------------------------------

    def say(self, text: str, *, protected: bool = False) -> int:
        return self.conversation.say(text, protected=protected)

    def run(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        self.over = True

    # ------------------------------------------------------------------------------------------------------------------

    def turn(self, blocks: int = 1, level: int = 0, lost: int = 0) -> None:
        for _ in range(blocks):
            super().turn(1, level, lost)
            fresh, self._told = self.journal.entries[self._told :], len(self.journal.entries)
            for entry in fresh:
                self.talking.write(entry)

    def perform(self) -> None:
        """To the end."""
        while not self.over:
            self.turn()

    def close(self) -> None:
        """Idempotent."""
        if self.closed:
            return
        self.closed = True
        super().close()
        if self.session is not None and self._file is not None:
            self.session.close()
            self._file.close()

    def _show(self, line: str) -> None:
        self.lines.append(line)
        self.person.reads(line)

    def _keep(self, take: Take) -> None:
        self.takes.append(take)
        if self._file is not None:
            self._file.write(take_to_json(take))

    def _done(self) -> None:
        self.over = True
