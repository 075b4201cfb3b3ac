"""What runs in the child process of the card tests: `python -m tests.devices.card_cases CASE JSON`, one JSON line out.

A child per case, because PortAudio keeps its state in the process, and can hang or abort it. The loudspeaker plays a
counter, so that a sample of the DAC's record tells which frame it is.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from edgeagent.devices.pipe_card import PipeCard
from edgeagent.devices.pyaudio_card import PyAudioCard
from edgeagent.errors import DeviceError
from edgeagent.live.sound_path import SoundPath
from edgeagent.ports import Card, Pcm, Sound
from tools.simcard import SimCard

CYCLE = 30_000
"""The counter runs 1 .. CYCLE: never zero, and longer than anything a card buffers."""


class Counting:
    """Both callbacks of a card."""

    def __init__(self) -> None:
        self.handed = 0
        self.plays: list[tuple[int, float]] = []
        self.hears: list[tuple[Pcm, int, float]] = []

    def play(self, out: Pcm, when: float) -> None:
        out[:] = np.arange(self.handed, self.handed + out.size) % CYCLE + 1
        self.plays.append((self.handed, when))
        self.handed += out.size

    def heard(self, pcm: Pcm, lost: int, when: float) -> None:
        self.hears.append((pcm, lost, when))


def xruns(sim: SimCard) -> int:
    """Over- and underruns since the card was made."""
    return int(sim.state.output_underruns + sim.state.input_overruns)


def record_around(sim: SimCard, moment_ns: int, ms: int) -> tuple[int, Pcm]:
    """The card's frame at a moment, and what it played from `ms` before to `ms` after it."""
    span = sim.state.rate * ms // 1000
    frame = sim.frame(moment_ns)
    return frame, sim.played(frame - span, frame + span)


def steady(sim: SimCard, card: Card) -> dict[str, Any]:
    """Both directions for a while, untouched."""
    before = xruns(sim)
    both = Counting()
    noise = np.random.default_rng(1).integers(-20000, 20000, sim.state.rate // 2).astype(np.int16)
    card.open(both.heard, both.play)
    fed = sim.feed(noise)
    time.sleep(0.8)
    end = sim.frame()
    record = sim.played(end - sim.state.rate // 2, end)
    age, facts = card.age(), dict(card.facts())
    card.close()
    heard = np.concatenate([pcm for pcm, _, _ in both.hears]).astype(int)
    first = round((both.hears[0][2] - sim.state.epoch_ns / 1e9) * sim.state.rate)
    index, when = both.plays[50]
    sounded = round((when - sim.state.epoch_ns / 1e9) * sim.state.rate)
    errors = {k: int(np.abs(heard[fed - first + k :][: noise.size] - noise).max()) for k in range(-16, 17)}
    return {
        "steps": sorted({int(step) for step in np.diff(record.astype(int)) % CYCLE}),
        "heard_at": min(errors, key=lambda k: errors[k]),
        "heard_error": min(errors.values()),
        "stamp_error": int(sim.played(sounded, sounded + 1)[0]) - 1 - index,
        "lost": sum(lost for _, lost, _ in both.hears),
        "xruns": xruns(sim) - before,
        "age": age,
        "facts": facts,
    }


def stops(sim: SimCard, card: Card, count: int = 12) -> dict[str, Any]:
    """Hard stops at odd moments: when sound ended, what was said to be unplayed and what was, when it began again."""
    before = xruns(sim)
    both = Counting()
    random = np.random.default_rng(2)
    card.open(both.heard, both.play)
    time.sleep(0.2)
    ends, errors, begins, twice = [], [], [], 0
    for _ in range(count):
        time.sleep(random.uniform(0.01, 0.03))
        asked = time.monotonic_ns()
        unplayed = card.abort()
        twice += card.abort()
        time.sleep(0.02)
        _, record = record_around(sim, asked, 100)
        last = int(np.flatnonzero(record)[-1])
        ends.append((last + 1 - len(record) // 2) * 1000 / sim.state.rate)
        errors.append(unplayed - (both.handed - int(record[last])) % CYCLE)
        asked = time.monotonic_ns()
        card.restart()
        card.restart()
        time.sleep(0.08)
        _, record = record_around(sim, asked, 80)
        begins.append((int(np.flatnonzero(record[len(record) // 2 :])[0])) * 1000 / sim.state.rate)
    facts = dict(card.facts())
    card.close()
    frames = sum(pcm.size + lost for pcm, lost, _ in both.hears)
    span = both.hears[-1][2] + both.hears[-1][0].size / card.input_rate - both.hears[0][2]
    return {
        "ends_ms": ends,
        "errors_ms": [error * 1000 / sim.state.rate for error in errors],
        "begins_ms": begins,
        "twice": twice,
        "lost": sum(lost for _, lost, _ in both.hears),
        "slip": frames - round(span * card.input_rate),
        "xruns": xruns(sim) - before,
        "facts": facts,
    }


def losses(sim: SimCard, card: Card, count: int = 25, hold_s: float = 0.0) -> dict[str, Any]:
    """What each break costs the microphone, by its samples and as told: hard stops at odd moments, or with `hold_s`
    callbacks that are so late that the card runs dry."""
    both, random = Counting(), np.random.default_rng(4)
    noise = random.integers(-20000, 20000, 20 * sim.state.rate).astype(np.int16)
    frames = {noise[i - 4 : i].tobytes(): i for i in range(4, noise.size)}
    sim.feed(noise, at=sim.frame())
    late: list[float] = []

    def heard(pcm: Pcm, lost: int, when: float) -> None:
        both.heard(pcm, lost, when)
        time.sleep(late.pop() if late else 0)

    card.open(heard, both.play)
    time.sleep(0.1)
    for _ in range(count):
        if hold_s:
            late.append(hold_s)
        else:
            card.abort()
            card.restart()
        time.sleep(hold_s + random.uniform(0.06, 0.08))
    card.close()
    ends = [frames[pcm[-4:].tobytes()] for pcm, _, _ in both.hears]  # PortAudio may put some old frames before a gap
    true = [
        (end - before - pcm.size, lost)
        for (before, end), (pcm, lost, _) in zip(pairwise(ends), both.hears[1:], strict=True)
    ]
    return {
        "lost": [lost for lost, _ in true if lost],
        "told": [told for lost, told in true if lost],
        "invented": sum(told for lost, told in true if not lost),
    }


def echo(sim: SimCard, card: Card, hold_s: float = 0.0) -> dict[str, Any]:
    """The whole path with an echo in the card: where it comes after its reference, before and after a hard stop, or
    with `hold_s` a callback that is so late that the loudspeaker runs dry."""
    before = xruns(sim)
    sim.state.echo_gain_q15 = 1 << 14
    random = np.random.default_rng(3)
    late: list[float] = []

    class Noise:
        def pass_over(self, _count: int) -> bool:
            return False

        def render_into(self, out: Sound) -> None:
            time.sleep(late.pop() if late else 0)
            out[:] = random.uniform(-0.3, 0.3, out.size)

    path = SoundPath(card, Noise())
    pieces: list[list[tuple[Sound, Sound]]] = [[], []]
    facts = []
    for piece in pieces:
        end = time.monotonic() + 0.65
        while time.monotonic() < end:
            path.capture.wait(0.1)
            for instant in path.take():
                piece.append((instant.reference, instant.microphone))
                facts += [(fact.kind, fact.frames, fact.shift) for fact in instant.lost]
        if piece is pieces[0] and hold_s:
            late.append(hold_s)
            time.sleep(hold_s + 0.1)
        elif piece is pieces[0]:
            path.abort()
            time.sleep(0.05)
            path.restart()
    path.close()
    lags = []
    for piece in pieces:
        reference, microphone = (np.concatenate(side)[-8000:] for side in zip(*piece, strict=True))
        spectrum = np.conj(np.fft.rfft(reference, 32768)) * np.fft.rfft(microphone, 32768)
        correlation = np.fft.irfft(spectrum)
        lag = int(np.argmax(np.abs(correlation)))
        lags.append(lag - 32768 if lag > 16384 else lag)
    return {"lags": lags, "facts": facts, "holes": path.timeline.holes, "xruns": xruns(sim) - before}


def pulled(sim: SimCard, card: Card, knob: str = "unplugged") -> dict[str, Any]:
    """The plug is pulled (or the bus stands still, or the driver hangs) in mid-sound."""
    both = Counting()
    card.open(both.heard, both.play)
    time.sleep(0.3)
    setattr(sim.state, knob, 1)
    time.sleep(0.1 if knob == "hanging" else 1.1)
    age = card.age()
    began = time.monotonic()
    if knob != "hanging":
        card.abort()
    aborted = time.monotonic()
    code = 0
    try:
        card.close()
    except DeviceError as error:
        code = error.exit_code
    return {"age": age, "abort_s": aborted - began, "close_s": time.monotonic() - aborted, "code": code}


def refused_later(sim: SimCard, card: Card) -> dict[str, Any]:
    """Another program takes the card between our finding it and our opening it."""
    sim.state.refusal = 16
    both = Counting()
    card.open(both.heard, both.play)
    return {}


def threads(_sim: SimCard, card: Card, count: int = 10) -> dict[str, Any]:
    """What the interpreter keeps for the callbacks: which of its records each direction had, over `count` hard stops,
    and how many there are before, in between and at the end."""
    python = ctypes.PyDLL(None)
    python.PyThreadState_Get.restype = python.PyInterpreterState_Get.restype = ctypes.c_void_p
    python.PyInterpreterState_ThreadHead.restype = python.PyThreadState_Next.restype = ctypes.c_void_p
    python.PyInterpreterState_ThreadHead.argtypes = python.PyThreadState_Next.argtypes = [ctypes.c_void_p]
    python.PyThreadState_GetID.restype, python.PyThreadState_GetID.argtypes = ctypes.c_uint64, [ctypes.c_void_p]
    hearing: list[int] = []
    playing: list[int] = []

    def own() -> int:
        return int(python.PyThreadState_GetID(python.PyThreadState_Get()))

    def known() -> int:
        states, state = 0, python.PyInterpreterState_ThreadHead(python.PyInterpreterState_Get())
        while state:
            states, state = states + 1, python.PyThreadState_Next(state)
        return states

    before = known()
    card.open(lambda *_: hearing.append(own()), lambda *_: playing.append(own()))
    between = []
    for _ in range(count):
        time.sleep(0.2)
        card.abort()
        card.restart()
        between.append(known())
    time.sleep(0.2)
    card.close()
    kinds = {"hearing": len(set(hearing)), "playing": len(set(playing)), "calls": min(len(hearing), len(playing))}
    return {"before": before, "between": between, "after": known(), **kinds}


CASES: dict[str, Callable[..., dict[str, Any]]] = {
    case.__name__: case for case in (steady, stops, losses, echo, pulled, refused_later, threads)
}


def main(case: str, form: str) -> int:
    """Runs one case on a card made from JSON, prints its findings or the error that a person would see."""
    wanted = json.loads(form)
    options = wanted.pop("case", {})
    sim = SimCard.attach(os.environ["ALSA_CONFIG_PATH"])
    try:
        make = PipeCard if wanted.pop("pipe", False) else PyAudioCard
        findings = CASES[case](sim, make(**wanted), **options)
    except DeviceError as error:
        findings = {"error": str(error), "code": error.exit_code}
    print(json.dumps(findings), flush=True)
    return 0


if __name__ == "__main__":
    os._exit(main(*sys.argv[1:]))  # not through the interpreter's end, where a hung sound library hangs again
