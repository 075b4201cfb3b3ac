"""What a canceller did in a scene, in figures.

ERLE is microphone over output power, noise included, while only the device speaks. In double talk the output is
projected on the person's sound (least squares over TAPS lags): what the projection holds is the person, what it leaves
is echo, noise and damage.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan

import numpy as np
from numpy.typing import NDArray

from edgeagent.ports import Sound
from edgeagent.sim.echo_bench.judges import Verdicts
from edgeagent.sim.echo_bench.run import Run
from edgeagent.sim.echo_bench.scenes import FRAME, EchoScene
from edgeagent.units import HOP, RATE, milliseconds, samples, seconds

TAPS, BEFORE = 64, 24
"""Lags of the projection, and how many of them are negative."""

ACTIVE = 10 ** (-20 / 10)
"""Power below the mean of what is loud in a sound, from which it rests."""

SILENT = 1e-10
"""Power (-100 dBFS) added to an output: what a 16-bit converter makes of silence."""

LEAST = 1e-6
"""Share of the person's power that counts as none: no SDR is above 60 dB; of a mute output it is -20, and its gain
-80."""

SMOOTH = samples(100)
"""Of the ERLE over time."""

LINGER = samples(300)
"""An echo is there so long after the last active sound of the far end."""

EARLY, LATE = samples(100), samples(500)
"""Before and after an utterance: reverberation, and a judge that holds on. What is there is neither the person's nor
echo alone."""

FOUND_LATE = samples(100)
"""After its end an utterance is no longer found."""

WARM_UP = samples(2000)
"""At the beginning, and after an event: not steady."""

RUN = 3
"""Frames in a row (96 ms) that make a false run."""

BACK_DB, HOLD = 20.0, 19 * HOP
"""ERLE at which a canceller is back after an event, and samples (304 ms) over which it must then have it: one lucky
moment is not enough."""

SURE = 0.5
"""Of a verdict."""

Mask = NDArray[np.bool_]
Exact = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Levels:
    """Of one output, in dB; nan: does not apply in this scene. back_s: inf when it never was."""

    erle_1s: float = nan
    erle_end: float = nan
    erle_median: float = nan
    sdr: float = nan
    gain: float = nan
    back_s: float = nan


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one scene. linear: all nan where there is no such output. Shares 0 .. 1; onsets_ms: of the utterances that
    were found."""

    clean: Levels
    linear: Levels
    speech_steady: float
    speech_event: float
    speech_quiet: float
    false_runs: float
    missed: float
    missed_quiet: float
    lost: float
    drift_2s: float
    drift_end: float
    block_ms: float
    block_p99_ms: float
    onsets_ms: tuple[float, ...]


def measure(scene: EchoScene, run: Run, judged: Verdicts, judged_quiet: Verdicts) -> Figures:
    """judged: the cleaned output; judged_quiet: what the microphone would have heard without the echo."""
    view = View(scene)
    speech, speech_quiet = (verdicts[: view.count] >= SURE for verdicts in (judged, judged_quiet))
    onsets = [_onset(speech, start, stop) for start, stop in scene.utterances]
    found = tuple(onset for onset in onsets if onset is not None)
    scored = view.echo_only & view.warm
    return Figures(
        clean=_levels(scene, view, run.clean),
        linear=Levels() if run.linear is None else _levels(scene, view, run.linear),
        speech_steady=_share(speech, scored & ~view.after_event),
        speech_event=_share(speech, view.echo_only & view.after_event),
        speech_quiet=_share(speech_quiet, scored),
        false_runs=_runs(speech & scored) / (np.count_nonzero(scored) * FRAME / RATE / 60) if scored.any() else nan,
        missed=_share(~speech, view.near),
        missed_quiet=_share(~speech_quiet, view.near),
        lost=1 - len(found) / len(onsets) if onsets else nan,
        drift_2s=_drift(scene, run, WARM_UP),
        drift_end=_drift(scene, run, scene.microphone.size - scene.begins - HOP),
        block_ms=float(np.median(run.times_ms)),
        block_p99_ms=float(np.percentile(run.times_ms, 99)),
        onsets_ms=found,
    )


class View:
    """Which parts of a scene are measured for what. Masks are (count,) over frames of FRAME samples."""

    def __init__(self, scene: EchoScene) -> None:
        self._scene = scene
        self._microphone = scene.microphone
        self.count = scene.microphone.size // FRAME
        begin = np.arange(self.count) * FRAME
        end = begin + FRAME
        echo = np.subtract(scene.microphone, scene.quiet, dtype=np.float64)
        self._far = _active(echo[: self.count * FRAME], HOP)
        lingering = np.convolve(self._far, np.ones(LINGER // HOP))[: 2 * self.count] > 0
        apart, inside = np.ones(self.count, np.bool_), np.zeros(self.count, np.bool_)
        for start, stop in scene.utterances:
            apart &= (end <= start - EARLY) | (begin >= stop + LATE)
            inside |= (end > start) & (begin < stop)
        self.alone = self._far & np.repeat(apart, FRAME // HOP)[: self._far.size]
        """(hops,): nobody but the device makes sound."""
        measured = begin >= scene.begins
        self.near = _active(scene.near, FRAME) & inside
        self.echo_only = lingering.reshape(-1, 2).any(axis=1) & apart & measured
        self.warm = begin >= scene.begins + WARM_UP
        event = scene.microphone.size if scene.event is None else scene.event
        self.after_event = (begin >= event) & (begin < event + WARM_UP)

    def erle_1s(self, output: Sound) -> float:
        """Over the second second."""
        return self._erle(output, self._scene.begins + RATE, self._scene.begins + 2 * RATE)

    def erle_end(self, output: Sound) -> float:
        """Over the last 4 s, or what is quiet of the person then."""
        size = output.size
        quiet_from = max((stop for _, stop in self._scene.utterances), default=0) + LATE
        return self._erle(output, max(size - 4 * RATE, quiet_from), size)

    def erle_median(self, output: Sound) -> float:
        """Of the smoothed ERLE, from the first second on, wherever only the device makes sound."""
        alone = self.alone.copy()
        alone[: (self._scene.begins + RATE) // HOP] = False
        return float(np.median(self.erle_over_time(output)[alone])) if self._scene.measurable and alone.any() else nan

    def back(self, output: Sound) -> float:
        """Seconds of active far end from the event until the smoothed ERLE is BACK_DB and so it stays for HOLD."""
        event = self._scene.event
        if event is None or not self._scene.measurable:
            return nan
        until = min((start for start, _ in self._scene.utterances if start > event), default=output.size)
        first, last = -(-event // HOP), until // HOP
        active = self._far[first:last]
        there = self.erle_over_time(output)[first:last] >= BACK_DB
        there[: SMOOTH // HOP] = False
        ahead = HOLD // HOP
        there[:-ahead] &= self.erle_over_time(output, HOLD)[first + ahead : last] >= BACK_DB
        reached = np.flatnonzero(there[:-ahead] & active[:-ahead])
        return seconds(int(np.count_nonzero(active[: reached[0] + 1])) * HOP) if reached.size else inf

    def erle_over_time(self, output: Sound, span: int = SMOOTH) -> Exact:
        """(n // HOP,) dB at the end of each hop, over the `span` samples before it."""
        heard, left = (_smoothed(sound, span) for sound in (self._microphone, output))
        return erle_db(heard, left)

    def _erle(self, output: Sound, start: int, stop: int) -> float:
        if not self._scene.measurable:
            return nan
        heard, left = (
            float(np.mean(np.square(sound[start:stop], dtype=np.float64))) for sound in (self._microphone, output)
        )
        return float(erle_db(heard, left))


def erle_db(heard: Exact | float, left: Exact | float) -> Exact:
    """Of the mean powers of microphone and output, (n,) or one of each, in dB."""
    levels: Exact = 10 * np.log10(np.divide(heard + SILENT, left + SILENT))
    return levels


def projected(scene: EchoScene, output: Sound) -> tuple[float, float]:
    """(SDR, gain) in dB of the person in `output` while they speak."""
    gram, cross, power, wanted = np.zeros((TAPS, TAPS)), np.zeros(TAPS), 0.0, 0.0
    near = np.concatenate((np.zeros(TAPS), scene.near, np.zeros(TAPS)))
    for start, stop in scene.utterances:
        out = output[start:stop].astype(np.float64)
        first = start + TAPS - (TAPS - 1 - BEFORE)
        lags = np.lib.stride_tricks.sliding_window_view(near[first : first + out.size + TAPS - 1], TAPS)
        gram += lags.T @ lags
        cross += lags.T @ out
        power += float(out @ out)
        person = scene.near[start : start + out.size].astype(np.float64)
        wanted += float(person @ person)
    if not scene.utterances:
        return nan, nan
    kept = float(cross @ np.linalg.solve(gram + 1e-9 * np.trace(gram) / TAPS * np.eye(TAPS), cross))
    kept, rest = max(kept / wanted, LEAST / 100), max((power - kept) / wanted, LEAST)
    return float(10 * np.log10(kept / rest)), float(10 * np.log10(kept))


def _levels(scene: EchoScene, view: View, output: Sound) -> Levels:
    sdr, gain = projected(scene, output)
    return Levels(
        erle_1s=view.erle_1s(output),
        erle_end=view.erle_end(output),
        erle_median=view.erle_median(output),
        sdr=sdr,
        gain=gain,
        back_s=view.back(output),
    )


def _active(sound: NDArray[np.floating], size: int) -> Mask:
    """(n // size,): which frames are not at rest."""
    power = np.mean(np.square(sound[: sound.size // size * size], dtype=np.float64).reshape(-1, size), axis=1)
    loud = power[power > ACTIVE * power.mean()]
    mask: Mask = power > ACTIVE * max(float(loud.mean()) if loud.size else 0.0, SILENT)
    return mask


def _smoothed(sound: Sound, span: int) -> Exact:
    total = np.concatenate((np.zeros(span), np.cumsum(np.square(sound, dtype=np.float64))))
    ends = np.arange(1, sound.size // HOP + 1) * HOP - 1 + span
    mean: Exact = (total[ends] - total[ends - span]) / span
    return mean


def _share(hits: Mask, of: Mask) -> float:
    return float(hits[of].mean()) if of.any() else nan


def _runs(speech: Mask) -> int:
    """How many stretches of RUN frames and more."""
    steps = np.flatnonzero(np.diff(np.concatenate(([False], speech, [False])).astype(np.int8)))
    return int(np.count_nonzero(steps[1::2] - steps[::2] >= RUN))


def _onset(speech: Mask, start: int, stop: int) -> float | None:
    """Milliseconds from `start` to the begin of the first frame of speech; None when there is none."""
    first = start // FRAME
    found = np.flatnonzero(speech[first : (stop + FOUND_LATE) // FRAME])
    return max(0.0, milliseconds((first + int(found[0])) * FRAME - start)) if found.size else None


def _drift(scene: EchoScene, run: Run, after: int) -> float:
    """Error of the estimate in ppm, so long after the beginning."""
    if run.drift_ppm is None or not scene.condition.drift_ppm:
        return nan
    at = min((scene.begins + after) // HOP, run.drift_ppm.size - 1)
    return float(abs(run.drift_ppm[at] - scene.condition.drift_ppm))
