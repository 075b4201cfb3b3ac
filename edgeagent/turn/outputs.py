"""Gate, lamp and amplifier as a function of the state, and of whether the device is impaired: what must never be
forgotten is computed, not ordered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from edgeagent.turn import states as s


class Gate(StrEnum):
    """What the player lets through."""

    OPEN = "open"
    DUCKED = "ducked"
    SHUT = "shut"


class Light(StrEnum):
    """One distinct light per state; the lamp adapter knows how each looks."""

    STARTING = "starting"
    IDLE = "idle"
    ASLEEP = "asleep"
    """Idle, where somebody who wants to speak must wake the device first."""
    HEARING = "hearing"
    THINKING = "thinking"
    SPEAKING = "speaking"
    DOUBTING = "doubting"
    YIELDING = "yielding"
    HALF_DUPLEX = "half_duplex"
    MUTED = "muted"
    MIC_LOST = "mic_lost"
    CALIBRATING = "calibrating"
    """Mic_lost, where that is meant and has an end."""
    FAULTY = "faulty"


class Impairment(StrEnum):
    """Why a device that works hears less well than it should: somebody should look after it."""

    RULES = "rules"
    """A model of the ear has failed, and simple rules hear in its place."""
    SLOW = "slow"
    """The machine is too slow: all is left out that can be."""
    WAKE = "wake"
    """Nobody listens for the wake word: the button wakes it."""

    ALONE = "alone"
    """Whoever understands and answers is away: it hears, and to no purpose."""


MEANT: Mapping[str, str] = {
    Impairment.RULES: "the models of the ear do not hear",
    Impairment.SLOW: "the machine is too slow",
    Impairment.WAKE: "nobody listens for the wake word",
    Impairment.ALONE: "whoever answers is away",
}
"""Each of them in words, for all who tell of it."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the device must show and let sound. The runtime applies differences: gate, amplifier, abort, then lamp."""

    gate: Gate
    light: Light
    amplifier: bool
    """False pulls the amplifier's mute pin."""
    impaired: bool = False
    """Red winks between the light's own: it works, but less well."""


OUTPUTS: dict[type[s.State], Outputs] = {
    s.Starting: Outputs(Gate.SHUT, Light.STARTING, amplifier=False),
    s.Idle: Outputs(Gate.SHUT, Light.IDLE, amplifier=False),
    s.Hearing: Outputs(Gate.SHUT, Light.HEARING, amplifier=False),
    s.Thinking: Outputs(Gate.SHUT, Light.THINKING, amplifier=False),
    s.Speaking: Outputs(Gate.OPEN, Light.SPEAKING, amplifier=True),
    s.Doubting: Outputs(Gate.DUCKED, Light.DOUBTING, amplifier=True),
    s.Yielding: Outputs(Gate.SHUT, Light.YIELDING, amplifier=False),
    s.HalfDuplex: Outputs(Gate.OPEN, Light.HALF_DUPLEX, amplifier=True),
    s.Muted: Outputs(Gate.SHUT, Light.MUTED, amplifier=False),
    s.MicLost: Outputs(Gate.SHUT, Light.MIC_LOST, amplifier=False),
    s.Faulty: Outputs(Gate.SHUT, Light.FAULTY, amplifier=False),
}


WITHOUT_EARS = (s.Starting, s.Muted, s.MicLost, s.Faulty)
"""States in which it does not matter how well the device hears; some of them are worse, and their light is red."""


def outputs(state: s.State, impaired: bool = False, awake: bool = True) -> Outputs:
    """The outputs of `state`. impaired: whether there is any `Impairment`. awake: see `turn.attention`."""
    wanted = OUTPUTS[type(state)]
    if isinstance(state, s.Idle) and not awake:
        wanted = replace(wanted, light=Light.ASLEEP)
    if isinstance(state, s.MicLost) and state.reason == s.CALIBRATING:
        wanted = replace(wanted, light=Light.CALIBRATING)
    return replace(wanted, impaired=True) if impaired and not isinstance(state, WITHOUT_EARS) else wanted


def gain(gate: Gate, duck_db: float) -> float:
    """What the player multiplies our voice by, 0 to 1. duck_db: level while in doubt."""
    return {Gate.OPEN: 1.0, Gate.DUCKED: float(10.0 ** (duck_db / 20.0)), Gate.SHUT: 0.0}[gate]
