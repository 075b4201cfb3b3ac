"""From what went through the card to milliseconds, trial by trial.

A card stamps each block; stamps jitter, samples do not. So a frame's moment is that of its number by the median of the
stamps around it, within a run of the output that nothing broke. Two clocks may be at work: the microphone's is that of
the axis on which both are compared, the loudspeaker's sound is read a little faster or slower.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from edgeagent.ports import Pcm, Sound
from edgeagent.signal.convert import to_float
from edgeagent.signal.resample import resample
from edgeagent.units import RATE, milliseconds, samples
from tools.probe.director import Trial
from tools.probe.silence import EARLY, TAPS, End, Wave, Way, end_of, learn, onset_of, sharp
from tools.probe.tap import Block, Cut, Tape

NEAR = 25
"""Blocks on either side whose stamps count: half a second in all, in which crystals drift by 0.05 ms."""

JUMP_S = 0.005
"""A stamp so far off is that of another run."""

FEW = 7
"""Stamps of which the middle one is trusted."""

LEARNT = samples(1800)
"""Before a stop: what the way to the microphone is learnt from."""

UNSURE = samples(1)
"""An end by the microphone that may be off by more is none: it fell into a pause of ours, or into loud noise."""

PAUSE_S = 0.06
"""Where our last sound lies so long before the verdict, the stop fell into a pause: there was nothing to silence."""

LEAST = samples(500)
"""What must be known of a sentence to learn the way from."""

STRETCH_TAPS = 16
"""On either side, of the windowed sinc that reads between two samples."""

REQUIRED_PPM = 2.0
"""A drift below that moves nothing by a tenth of a sample."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A trial as one can draw it. Sounds (n,) float32 at 16 kHz, in step; marks: samples."""

    microphone: Sound
    loudspeaker: Sound
    marks: dict[str, int]


@dataclass(frozen=True, slots=True)
class Judged:
    """figures: milliseconds by name; what could not be measured is not there. path_ms, echo_db: the way of the echo:
    its delay behind the card's stamps, and by how much our voice stands out of everything else."""

    number: int
    figures: dict[str, float]
    stopped: bool
    undone: bool
    path_ms: float | None = None
    echo_db: float | None = None
    scene: Scene | None = None

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        said = {"trial": self.number, "stopped": self.stopped, "undone": self.undone}
        kept = {name: round(value, 3) for name, value in self.figures.items()}
        return {**said, **kept, "path_ms": self.path_ms, "echo_db": self.echo_db}


def judge(trial: Trial, rates: tuple[int, int], drift_ppm: float = 0.0, truths: Sequence[float] = ()) -> Judged:
    """rates: the card's, microphone and loudspeaker. drift_ppm: by how much the loudspeaker's clock is fast. truths:
    when a simulated person really began."""
    tape = trial.tape
    assert tape is not None
    if not trial.verdict:
        return Judged(trial.number, {}, stopped=False, undone=False)
    figures = {"abort": trial.abort_ms}
    if trial.card_ms is not None and np.isfinite(trial.card_ms) and trial.card_ms > -1000 * PAUSE_S:
        figures["cut_card"] = trial.card_ms
    onset = moment(tape.heard, trial.start, rates[0]) if trial.start else None
    given, cut = stopped_run(tape, trial.verdict, rates[1])
    last = last_sound(given, cut.played, rates[1]) if cut is not None else None
    if last is not None and last > trial.verdict - PAUSE_S:
        figures["cut"] = 1000 * (last - trial.verdict)
    scene, way, end, axis = _listen(trial, given, cut, rates, drift_ppm)
    if scene is not None:
        onset = onset or axis.person
    if trial.start and way is not None and end is not None and end.unsure <= UNSURE:
        figures["cut_mic"] = 1000 * (axis.moment(end.at) - trial.verdict)
    if onset is not None and onset > trial.verdict:
        return Judged(trial.number, {}, stopped=False, undone=trial.undone)
    if onset is not None:
        if truths:
            figures["off_onset"] = 1000 * min(abs(onset - truth) for truth in truths)
        _since(onset, trial, given, rates[1], figures)
    if scene is not None:
        spots = {"onset": onset, "verdict": trial.verdict, "last sample": last}
        scene.marks.update({name: axis.place(when) for name, when in spots.items() if when is not None})
        if "cut_mic" in figures and end is not None:
            scene.marks["silent, by the microphone"] = end.at
    if "cut" in figures and "cut_card" in figures:
        figures["off_card"] = abs(figures["cut"] - figures["cut_card"])
    if "duck" in figures and "duck_card" in figures:
        figures["off_duck"] = abs(figures["duck"] - figures["duck_card"])
    if "cut_mic" in figures and "cut_card" in figures:
        figures["off_mic"] = abs(figures["cut_mic"] - figures["cut_card"])
    path_ms = round(milliseconds(way.delay), 2) if way else None
    return Judged(trial.number, figures, True, trial.undone, path_ms, round(way.gain_db, 1) if way else None, scene)


def _since(onset: float, trial: Trial, given: Sequence[Block], rate: int, figures: dict[str, float]) -> None:
    """What is counted from the onset."""
    figures["verdict"] = 1000 * (trial.verdict - onset)
    doubt = next((when for when in trial.doubts if onset < when <= trial.verdict), None)
    if doubt is not None:
        lowered = next((block for block in given if block.began >= doubt), None)
        if lowered is not None and (when := moment(given, lowered.frame, rate)) is not None:
            figures["duck"] = 1000 * (when - onset)
        if doubt in trial.lowered:
            figures["duck_card"] = 1000 * (trial.lowered[doubt] - onset)
    for end in ("cut", "cut_mic", "cut_card"):
        if end in figures:
            figures[end.replace("cut", "stop")] = figures["verdict"] + figures[end]


def moment(blocks: Sequence[Block], frame: int, rate: int) -> float | None:
    """When frame number `frame` of these blocks of one run was heard or sounds; None if it is not among them."""
    place = next((n for n, block in enumerate(blocks) if block.frame <= frame < block.frame + block.pcm.size), None)
    if place is None:
        return None
    zeros = _zeros(blocks[max(0, place - NEAR) : place + NEAR + 1], rate)
    here = _middle(zeros, min(place, NEAR) - FEW // 2)
    return float(np.median(zeros[np.abs(zeros - here) < JUMP_S])) + frame / rate


def _zeros(blocks: Sequence[Block], rate: int) -> Wave:
    """When frame 0 would have been, by each block's stamp."""
    return np.array([block.when - block.frame / rate for block in blocks])


def _middle(zeros: Wave, first: int) -> float:
    """Of FEW stamps, or of as many as there are; a single one may be late by more than a period."""
    few = np.sort(zeros[max(0, first) : max(0, first) + FEW])
    return float(few[few.size // 2])


def stopped_run(tape: Tape, verdict: float, rate: int) -> tuple[list[Block], Cut | None]:
    """The run of the output that was cut for the verdict, back to where it was last broken by an underrun, after which
    everything sounds later than its number says; and the cut."""
    cut = next((cut for cut in tape.cuts if cut.asked >= verdict), None)
    if cut is None:
        return [], None
    run = [block for block in tape.given if block.run == cut.run]
    zeros = _zeros(run, rate)
    for place in range(len(run) - FEW, FEW - 1, -1):
        if abs(_middle(zeros, place) - _middle(zeros, place - FEW)) > JUMP_S:
            return run[_edge(zeros, place) :], cut
    return run, cut


def _edge(zeros: Wave, place: int) -> int:
    """The first block behind a break that was noticed at `place`, to within FEW."""
    after = _middle(zeros, place)
    same = np.abs(zeros[:place] - after) < JUMP_S
    return place - int(np.argmin(same[::-1])) if not same.all() else place


def last_sound(given: Sequence[Block], played: int, rate: int) -> float | None:
    """When the last sample ended that sounded and was no silence; of the run the first `played` frames sounded."""
    for block in reversed(given):
        sounding = np.flatnonzero(block.pcm[: max(0, played - block.frame)])
        if sounding.size:
            begun = moment(given, block.frame + int(sounding[-1]), rate)
            return None if begun is None else begun + 1 / rate
    return None


@dataclass(frozen=True, slots=True)
class Axis:
    """Samples at 16 kHz on the microphone's clock. zero: the moment of the first. person: when somebody began."""

    zero: float
    person: float | None = None

    def moment(self, at: float) -> float:
        return self.zero + at / RATE

    def place(self, when: float) -> int:
        return round((when - self.zero) * RATE)


def _listen(
    trial: Trial, given: Sequence[Block], cut: Cut | None, rates: tuple[int, int], drift_ppm: float
) -> tuple[Scene | None, Way | None, End | None, Axis]:
    """Both sounds on one axis, and what the microphone says of the end of ours."""
    tape, nothing = trial.tape, Axis(0.0)
    assert tape is not None
    heard = [block for block in tape.heard if block.when > trial.verdict - milliseconds(LEARNT) / 1000 - 1]
    if cut is None or not heard or not given:
        return None, None, None, nothing
    zero = moment(heard, heard[0].frame, rates[0])
    begins = moment(given, given[0].frame, rates[1])
    if zero is None or begins is None:
        return None, None, None, nothing
    axis = Axis(zero)
    microphone = resample(to_float(joined(heard)), rates[0], RATE)
    speaker = laid(resample(to_float(joined(given)), rates[1], RATE), axis.place(begins), drift_ppm)
    microphone = np.pad(microphone, (0, max(0, speaker.size + TAPS - microphone.size)))
    sound, recording = sharp(speaker), sharp(microphone)
    told = axis.place(cut.asked)
    before = axis.place(trial.doubts[0]) - samples(800) if not trial.start and trial.doubts else told
    start = max(0, before - LEARNT, axis.place(begins))
    scene = Scene(microphone, np.pad(speaker, (0, microphone.size - speaker.size)), {})
    if before - start < LEAST or not sound[start:before].any() or torn(heard, axis.moment(start)):
        return scene, None, None, axis
    way = learn(sound, recording, start, before)
    end = end_of(sound, recording, way, told)
    if not trial.start:
        noticed = axis.place(max((when for when in trial.doubts if when <= trial.verdict), default=trial.verdict))
        axis = Axis(zero, _person(sound, recording, way, (start, before, noticed), axis))
    return scene, way, end, axis


def _person(sound: Wave, recording: Wave, way: Way, spots: tuple[int, int, int], axis: Axis) -> float | None:
    """When a person began, by what our own voice does not explain. spots: samples; nobody speaks between the first two,
    and by the third the device had noticed."""
    start, quiet, noticed = spots
    echo = np.convolve(sound, way.response)[EARLY:][: recording.size]
    left = recording - np.pad(echo, (0, recording.size - echo.size))
    begun = onset_of(left[start:], quiet - start, noticed - start)
    return None if begun is None else axis.moment(start + begun)


def torn(blocks: Sequence[Block], since: float) -> bool:
    """Whether frames have been lost since that moment, as a duplex card loses some in an abort: there the microphone
    would seem to hear silence."""
    return any(b.when > since and b.frame != a.frame + a.pcm.size for a, b in pairwise(blocks))


def joined(blocks: Sequence[Block]) -> Pcm:
    """(n,) int16; what was lost in between is silence."""
    first, last = blocks[0].frame, blocks[-1]
    whole = np.zeros(last.frame + last.pcm.size - first, np.int16)
    for block in blocks:
        whole[block.frame - first : block.frame - first + block.pcm.size] = block.pcm
    return whole


def laid(sound: Sound, at: int, drift_ppm: float) -> Sound:
    """`sound` from sample `at` of an axis on, from 0; read faster by so many millionths."""
    if abs(drift_ppm) >= REQUIRED_PPM and sound.size:
        sound = stretched(sound, drift_ppm)
    return sound[-at:] if at < 0 else np.concatenate((np.zeros(at, np.float32), sound))


def stretched(sound: Sound, ppm: float) -> Sound:
    """(n,) of a clock that is fast by `ppm`, on a right one; its end stays where it is."""
    last = sound.size - 1
    places = last - (last - np.arange(sound.size)) * (1 + ppm * 1e-6)
    whole = np.floor(places).astype(int)
    offsets = np.arange(1 - STRETCH_TAPS, STRETCH_TAPS + 1)
    distance = (places - whole)[:, None] - offsets
    weights = np.sinc(distance) * (0.5 + 0.5 * np.cos(np.pi * np.clip(distance / STRETCH_TAPS, -1, 1)))
    padded = np.pad(sound, 2 * STRETCH_TAPS + 64)
    read: Sound = np.vecdot(padded[whole[:, None] + offsets + 2 * STRETCH_TAPS + 64], weights).astype(np.float32)
    return read
