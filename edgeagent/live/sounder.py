"""Plays sounds into the room and records what comes back, through the same card, player and timeline as the device.

For measuring a device that is not talking. What is recorded is what the engine would get: the loudspeaker at each
instant beside the microphone at the same instant, as the card's stamps have it. Whatever happens, leaving it silences
the card and mutes the amplifier.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Literal, Self

import numpy as np

from edgeagent.errors import DeviceError
from edgeagent.live.guarded_card import GuardedCard, close_quietly
from edgeagent.live.sound_path import Instant, SoundPath
from edgeagent.live.timeline import LEAD
from edgeagent.ports import Card, Heard, MutePin, Pcm, Play, Sound
from edgeagent.signal.playback import Playback
from edgeagent.units import RATE, samples

GONE_S = 3.0
"""Seconds without a callback after which the card is given up: longer than a busy machine holds one up."""

TICK_S = 0.05
"""The longest sleep."""

TAIL = samples(450)
"""Recorded behind the end of a sound: what the card buffers, and the room's ringing."""

SETTLE_S = 0.3
"""From opening the card to the first frames that count: some microphones begin with a thump."""

SMOOTHING = 0.05
"""Weight of a new block in how far ahead the card asks: callbacks of a loaded machine are late now and then."""

Way = Literal["gate", "abort", "pin"]
"""How to stop: the gate in the callback, an abort of the card, the amplifier's mute pin."""


@dataclass(frozen=True, slots=True)
class Take:
    """What was recorded. reference, microphone: (n,) float32 at 16 kHz, of the same instants. early: samples by which
    the reference comes before its instant, on average: LEAD, and what the clocks have drifted. lost: samples of the
    microphone that were lost and are silence here."""

    reference: Sound
    microphone: Sound
    early: float
    lost: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """A take in the midst of which the sound was stopped. asked: sample of the microphone, within the take, at which
    that was; a sound at the loudspeaker then is in the reference `take.early` samples earlier. when: the same moment,
    in seconds of time.monotonic()."""

    take: Take
    asked: float
    when: float


class _Stamps:
    """A card that notes how far ahead it asks for sound, and how late it tells of it. Callback threads write, one
    float each."""

    def __init__(self, card: Card) -> None:
        self.name, self.input_rate, self.output_rate = card.name, card.input_rate, card.output_rate
        self.ahead_s = self.behind_s = 0.0
        self._card = card
        self.abort, self.restart, self.age = card.abort, card.restart, card.age
        self.facts, self.close = card.facts, card.close

    def open(self, heard: Heard, play: Play) -> None:
        """See `ports.Card`."""

        def hear(pcm: Pcm, lost: int, when: float) -> None:
            self.behind_s = _smoothed(self.behind_s, time.monotonic() - when)
            heard(pcm, lost, when)

        def fill(out: Pcm, when: float) -> None:
            self.ahead_s = _smoothed(self.ahead_s, when - time.monotonic())
            play(out, when)

        self._card.open(hear, fill)


def _smoothed(before: float, now: float) -> float:
    """0 before the first."""
    return before + SMOOTHING * (now - before) if before else now


class Sounder:
    """A context; opened, it plays nothing until told. One thread. Every method raises DeviceError when frames cease,
    DeviceHung when the sound library does not answer."""

    def __init__(self, card: Card, pin: MutePin) -> None:
        """card: found, not opened. pin: muted. Raises DeviceError."""
        self.name = card.name
        self._pin = pin
        self._playback = Playback()
        self._stamps = _Stamps(card)
        self._card = GuardedCard(self._stamps)
        try:
            self._path = SoundPath(self._card, self._playback)
        except BaseException:
            close_quietly(self._card)
            raise
        self._utterances = 0
        self._levels: Callable[[Sound], None] = lambda _: None

    def __enter__(self) -> Self:
        try:
            self.record(SETTLE_S)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def card_s(self) -> tuple[float, float]:
        """Seconds from handing a block over until it sounds, and from hearing one until it is told; smoothed."""
        return self._stamps.ahead_s, self._stamps.behind_s

    @contextmanager
    def watched(self, levels: Callable[[Sound], None]) -> Iterator[None]:
        """Hands each block of the microphone on as it comes."""
        before, self._levels = self._levels, levels
        try:
            yield
        finally:
            self._levels = before

    def record(self, seconds: float) -> Take:
        """So much of the room, without a sound of ours."""
        self._drain()
        return self._joined(self._take(round(seconds * RATE)))

    def play(self, sound: Sound, gain: float) -> Take:
        """(n,) float32 at a gain from 0 to 1, whole, and what it leaves in the room."""
        self._begin(sound, gain)
        take = self._joined(self._take(len(sound) + TAIL))
        self._end()
        return take

    def stop(self, sound: Sound, gain: float, way: Way, after_s: float, phase_s: float) -> Stopped:
        """Plays `sound`, stops it `after_s` seconds later and `phase_s` behind a block, and listens on for as long
        again."""
        self._begin(sound, gain)
        before = list(self._take(round(after_s * RATE)))
        astray = self._path.timeline.astray
        zero = self._path.timeline.at - sum(instant.microphone.size for instant in before)
        time.sleep(phase_s)
        asked = time.monotonic()
        self._stop(way)
        behind = list(self._take(round(after_s * RATE)))
        place = self._path.timeline.sample(asked) - zero
        self._end()
        self.record(TAIL / RATE)  # the mute pin hides a sound that has gone on until here
        return Stopped(replace(self._joined([*before, *behind]), early=LEAD + astray), place, asked)

    def silence(self) -> None:
        """At once: gate, mute pin, abort."""
        self._playback.halt()
        self._pin.amplify(False)
        with suppress(DeviceError):
            self._path.abort()

    def close(self) -> None:
        """Silences and releases the card. Raises DeviceHung."""
        try:
            self.silence()
        finally:
            self._path.close()

    def _drain(self) -> None:
        """What was heard while nobody listened, as somebody computed, belongs to no take."""
        while self._path.capture.waiting:
            for _ in self._path.take():
                pass

    def _begin(self, sound: Sound, gain: float) -> None:
        self._drain()
        self._utterances += 1
        self._playback.load(self._utterances)
        self._playback.feed(self._utterances, sound)
        self._playback.seal(self._utterances)
        self._playback.aim(gain)
        self._playback.play(self._utterances)
        self._pin.amplify(True)

    def _end(self) -> None:
        self._playback.aim(0.0)
        self._playback.drop(self._utterances)
        self._pin.amplify(False)

    def _stop(self, way: Way) -> None:
        match way:
            case "gate":
                self._playback.aim(0.0)
            case "abort":
                self._playback.halt()
                self._playback.take_back(self._path.abort())
                self._path.restart()  # with silence, as the device does: one stream for both ways is deaf till then
            case "pin":
                self._pin.amplify(False)

    def _take(self, count: int) -> Iterator[Instant]:
        """The next `count` samples at least."""
        while count > 0:
            self._path.capture.wait(TICK_S)
            for instant in self._path.take():
                count -= instant.microphone.size
                self._levels(instant.microphone)
                yield instant
            deaf = self._card.deaf() > GONE_S
            if deaf or self._card.stalled() > GONE_S:
                what = "gives" if deaf else "takes"
                raise DeviceError(f"sound device '{self.name}' {what} no sound", "unplug it and plug it in again")

    def _joined(self, instants: Iterable[Instant]) -> Take:
        before = self._path.timeline.astray
        parts = list(instants)
        return Take(
            np.concatenate([np.zeros(0, np.float32), *(part.reference for part in parts)]),
            np.concatenate([np.zeros(0, np.float32), *(part.microphone for part in parts)]),
            LEAD + (before + self._path.timeline.astray) / 2,
            sum(fact.frames for part in parts for fact in part.lost),
        )
