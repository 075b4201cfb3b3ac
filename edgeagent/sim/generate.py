"""Scenes by the dozen: conditions crossed by shuffling, so that every value of each occurs equally often.

A scene is made from the seed, its number and the count of scenes alone: the same bits on every run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np

from edgeagent.errors import SceneError
from edgeagent.ports import Sound
from edgeagent.signal.convert import to_float, to_int16
from edgeagent.sim import noises
from edgeagent.sim.acoustics import Model, loudspeaker, room
from edgeagent.sim.mix import Mix, active_rms, convolved, trimmed
from edgeagent.sim.noises import Dice, Wave
from edgeagent.sim.person import Encounter, echo_gain
from edgeagent.sim.scene import Change, EchoPath, Line, Scene
from edgeagent.sim.truth import Kind
from edgeagent.sim.voices import Cast, Clip
from edgeagent.units import RATE, samples

LINE_LEVEL = -20.0
"""dBFS of the device's speech at the loudspeaker."""

HISS = -87.0
"""dBFS of what recorded silence still holds, a bit or two: sound that is nought is taken for a stop by who measures."""

USER_LEVEL = -27.0
USER_SPREAD = 4.0
"""dBFS of users at the microphone, and dB by which they differ one way or the other."""

FAR_BELOW = 16.0
"""dB by which somebody who does not talk to the device is below a user."""

NOISE_ABOVE = 3.0
"""dB by which coughs and clatter are above a user: they are louder and shorter."""

FLOOR = -72.0
"""dBFS of the microphone's own noise, in every scene."""

FIRST = samples(900)
"""The first line comes about so long after the scene's beginning."""

EARLIEST, LAST = samples(1000), samples(1200)
"""An event begins at least so long after its line does and before it ends."""

LONGEST = samples(4000)
"""Of an event: the format wants a few seconds at most."""

AFTER = samples(2500)
"""Between the end of an event and that of the scene: a user's turn is over and handed on by then."""

REST = samples(1500)
"""Between the end of a line, or of the event in it, and the next line: the user's turn is closed by then."""

SHARE = {Kind.INTERRUPTION: 5, Kind.COMMAND: 4, Kind.BACKCHANNEL: 5, Kind.NOISE: 2, Kind.FAR_SPEECH: 2, None: 2}
"""How often each event occurs, in lines; None: a line without an event."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Of one scene. noise_snr_db: user over background, None for a quiet room."""

    echo_to_near_db: float
    noise_snr_db: float | None
    background: str
    rt60_s: float
    delay_ms: float
    drift_ppm: float
    saturation: float
    path_changes: bool


VALUES: dict[str, tuple[object, ...]] = {
    "echo_to_near_db": (12.0, 6.0, 0.0, -6.0),
    "noise_snr_db": (None, 25.0, 15.0, 8.0),
    "background": (*noises.BACKGROUNDS, "babble"),
    "rt60_s": (0.15, 0.25, 0.4, 0.6),
    "delay_ms": (15.0, 30.0, 45.0, 62.0, 90.0, 120.0, 150.0, 180.0),
    "drift_ppm": (0.0, 0.0, 40.0, -40.0, 120.0, -120.0),
    "saturation": (0.0, 0.25, 0.0, 0.12),
    "path_changes": (False, False, False, True),
}
"""What is crossed."""


def conditions(count: int, seed: int) -> list[Conditions]:
    """`count` conditions; in each field every value as often as every other, give or take one."""
    dice = np.random.default_rng((seed, 0))
    columns: dict[str, list[object]] = {}
    for item in fields(Conditions):
        values = VALUES[item.name]
        order = [values[i % len(values)] for i in range(count)]
        columns[item.name] = [order[i] for i in dice.permutation(count)]
    return [Conditions(**{name: column[i] for name, column in columns.items()}) for i in range(count)]  # type: ignore[arg-type]


def generate(
    cast: Cast, count: int, seed: int = 1, model: Model = Model.DECAY, duration_s: float = 40.0, prefix: str = "scene"
) -> Iterator[tuple[Encounter, Conditions]]:
    """`count` scenes named prefix-000, prefix-001, ... Raises SceneError, SoundFileError from the clips."""
    for number, condition in enumerate(conditions(count, seed)):
        dice = np.random.default_rng((seed, 1, number))
        name = f"{prefix}-{number:03d}"
        yield _Maker(cast, condition, model, dice, round(duration_s * RATE)).encounter(name), condition


class _Maker:
    """One scene in the making."""

    def __init__(self, cast: Cast, condition: Conditions, model: Model, dice: Dice, length: int) -> None:
        self._cast = cast
        self._condition = condition
        self._model = model
        self._dice = dice
        self._length = length
        self._mix = Mix(length)
        self._lines: list[Line] = []
        self._unsaid: list[Clip] = []
        self._hiss = dice.spawn(1)[0]  # so that nothing else is drawn otherwise

    def encounter(self, name: str) -> Encounter:
        """Lines with their events from first to last, then the background, then the echo."""
        at = FIRST + int(self._dice.integers(0, samples(400)))
        deck: list[Kind | None] = []
        while True:
            sound, text = self._sentence()
            if at + sound.size + samples(300) > self._length:
                break
            self._lines.append(Line(at, sound, text))
            end = at + sound.size
            latest = min(end - LAST, self._length - AFTER - LONGEST)
            if at + EARLIEST < latest:
                deck = deck or self._shuffled_deck()
                kind = deck.pop()
                if kind is not None:
                    end = max(end, self._happen(kind, int(self._dice.integers(at + EARLIEST, latest))))
            at = end + REST + int(self._dice.integers(0, samples(600)))
        if not self._lines:
            problem = f"{self._length / RATE:g} s are too short for a sentence of {sound.size / RATE:.0f} s"
            raise SceneError(problem, "make longer scenes, or give shorter recordings")
        self._background()
        echo = self._echo()
        truth = tuple(sorted(self._mix.truth, key=lambda event: event.start))
        return Encounter(
            Scene(name, self._length, tuple(self._lines), self._mix.near(), echo), truth, self._mix.clean()
        )

    def _sentence(self) -> tuple[Sound, str]:
        """One clip, or as many as give a line of 4 s, at the device's level. None occurs twice in a scene, nor one that
        begins as another does, while there are others, and least of all in a line: who finds out from the sound what
        was played could not tell a repetition from a jump, nor one line from another."""
        parts: list[Wave] = []
        said: list[Clip] = []
        while sum(part.size for part in parts) < samples(4000):
            clip = self._other(said)
            speech = trimmed(clip.load().astype(np.float64))
            parts += [speech * 10 ** (LINE_LEVEL / 20) / active_rms(speech), np.zeros(samples(250))]
            said.append(clip)
        texts = [clip.text for clip in said]
        sound = np.concatenate(parts[:-1])
        sound += noises.coloured(self._hiss, sound.size, 0.0) * 10 ** (HISS / 20)
        sound /= max(1.0, float(np.abs(sound).max()) / 0.95)
        return to_float(to_int16(sound.astype(np.float32))), " ".join(texts) if all(texts) else ""

    def _other(self, line: list[Clip]) -> Clip:
        """One that is unlike all that was said, or else all that `line` holds, or else any."""
        everything = self._cast.device
        left = self._unsaid or [clip for clip in everything if not _alike(clip, line)] or everything
        clip = self._any(left)
        self._unsaid = [other for other in left if not _alike(other, [clip])]
        return clip

    def _shuffled_deck(self) -> list[Kind | None]:
        possible = self._cast.kinds()
        deck = [kind for kind, share in SHARE.items() for _ in range(share) if kind is None or kind in possible]
        return [deck[i] for i in self._dice.permutation(len(deck))]

    def _happen(self, kind: Kind, start: int) -> int:
        """Let an event of `kind` begin at sample `start`; returns where it ends."""
        sound, text, style = self._event(kind)
        level = USER_LEVEL + self._dice.uniform(-USER_SPREAD, USER_SPREAD)
        level += {Kind.FAR_SPEECH: -FAR_BELOW, Kind.NOISE: NOISE_ABOVE}.get(kind, 0.0)
        distance = self._dice.uniform(2.5, 4.0) if kind is Kind.FAR_SPEECH else self._dice.uniform(0.5, 1.5)
        air = room(self._dice, self._model, self._condition.rt60_s, distance)
        self._mix.happen(kind, sound, start, air, level, text)
        self._mix.truth[-1] = replace(self._mix.truth[-1], style=style)
        return self._mix.truth[-1].end

    def _event(self, kind: Kind) -> tuple[Sound | Wave, str, str]:
        """A clip of that kind, its text and style; without one, or now and then anyway, a synthesised sound."""
        clips = self._cast.events[kind]
        synthesise = not clips or self._dice.random() < 0.25
        if kind is Kind.BACKCHANNEL and synthesise:
            return noises.hum(self._dice), "mm-hm", "synthetic hum"
        if kind is Kind.NOISE and synthesise:
            name = str(self._dice.choice(list(noises.EVENTS)))
            return noises.EVENTS[name](self._dice), name, f"synthetic {name}"
        clip = self._any(clips)
        return clip.load()[:LONGEST], clip.text, clip.style

    def _background(self) -> None:
        self._mix.background(noises.coloured(self._dice, self._length, 0.0), FLOOR)
        if self._condition.noise_snr_db is None:
            return
        if self._condition.background == "babble":
            talk = self._cast.events[Kind.FAR_SPEECH] or self._cast.events[Kind.INTERRUPTION] or self._cast.device
            noise = noises.babble(self._dice, self._length, [self._any(talk).load() for _ in range(6)])
        else:
            noise = noises.BACKGROUNDS[self._condition.background](self._dice, self._length)
        self._mix.background(noise, USER_LEVEL - self._condition.noise_snr_db)

    def _echo(self) -> EchoPath:
        c = self._condition
        speaker = loudspeaker(self._dice)
        paths = [
            convolved(speaker, room(self._dice, self._model, c.rt60_s, self._dice.uniform(0.1, 0.3))) for _ in "ab"
        ]
        sounds = [line.sound for line in self._lines]
        gained = [(p * echo_gain(sounds, p, USER_LEVEL + c.echo_to_near_db)).astype(np.float32) for p in paths]
        middle = round(self._length * self._dice.uniform(0.3, 0.7))
        change = Change(middle, gained[1]) if c.path_changes else None
        return EchoPath(gained[0], c.delay_ms * RATE / 1000, c.drift_ppm, c.saturation, change)

    def _any(self, clips: list[Clip]) -> Clip:
        return clips[int(self._dice.integers(len(clips)))]


def _alike(clip: Clip, others: list[Clip]) -> bool:
    """Whether it is one of `others`, or one of two texts begins with the other: a voice says that alike."""
    return any(
        clip is other
        or bool(clip.text and other.text and (clip.text.startswith(other.text) or other.text.startswith(clip.text)))
        for other in others
    )
