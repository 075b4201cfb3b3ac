"""What `edgeagent cancel` does: reads, cancels, judges the result, writes."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from edgeagent import __version__
from edgeagent.commands.terminal import Progress, print_json, warn
from edgeagent.errors import SoundFileError
from edgeagent.ports import Sound
from edgeagent.report.cancel_page import CancelRecord, page
from edgeagent.report.spectrogram import erle
from edgeagent.signal.canceller import LOUDEST, Trust
from edgeagent.signal.convert import to_mono
from edgeagent.signal.resample import resample
from edgeagent.signal.wav import load, write_wav
from edgeagent.sim.recordings import Cancelled, cancel
from edgeagent.store.disk import OWN_FILE, write_whole
from edgeagent.units import RATE, milliseconds, seconds

FULL_SCALE = 0.999
"""Magnitude from which a sample lies at the end of its scale, whatever the scale (8 bit: 0.992 at the most)."""

IN_A_ROW = 3
"""Samples at full scale from which it was cut off there, and not only normalised to it."""

SILENT = 1e-4
"""Peak (-80 dBFS) up to which a file holds no sound."""

NOTHING_DB = 1.0
"""ERLE of the linear output below which there was nothing to cancel: 0 where there was no echo, 2.7 and more in the
hardest rooms. The suppressor finds something to suppress in any sound."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A sound file. sound: (n,) float32 at 16 kHz, the mean of its channels. unlike: these differ. peak: of all of
    them. cut: samples at the end of the scale, several in a row."""

    path: Path
    sound: Sound
    unlike: bool
    kind: str
    peak: float
    cut: int


@dataclass(frozen=True, slots=True)
class Result:
    """What the command prints; None where it is not known."""

    seconds: float
    erle_db: float | None
    linear_erle_db: float | None
    delay_ms: float | None
    drift_ppm: float
    trust: str
    took_s: float
    times_real_time: float


def run(args: argparse.Namespace) -> int:
    microphone, reference = read(args.microphone), read(args.reference)
    began = perf_counter()
    with Progress("cancelling", len(microphone.sound)) as progress:
        cancelled = cancel(microphone.sound, reference.sound, progress.at)
    result = _result(microphone.sound, cancelled, perf_counter() - began)
    faults = list(_faults(microphone, reference, cancelled, result))
    warnings = [*_mixed(microphone, reference), *_overdriven(microphone), *faults]
    write_wav(args.out, cancelled.clean, OWN_FILE)
    if args.linear is not None:
        write_wav(args.linear, cancelled.linear, OWN_FILE)
    if args.report is not None:
        write_whole(args.report, page(_record(microphone, reference, cancelled, result, warnings)), OWN_FILE)
    for warning in warnings:
        warn(warning)
    written = {name: str(path) for name in ("out", "linear", "report") if (path := getattr(args, name)) is not None}
    if args.json:
        print_json({**asdict(result), **written, "warnings": warnings})
    else:
        for name, value, note in _figures(result):
            print(f"{name:<12} {value}" + (f"  ({note})" if note else ""))
        print(f"{'written':<12} {', '.join(written.values())}: 16 kHz, in step with {microphone.path.name}")
    return 1 if faults else 0


def read(path: Path) -> Recording:
    """Raises SoundFileError, also for one whose full scale is not 1."""
    frames, rate = load(path)
    magnitude = np.abs(frames)
    peak = float(magnitude.max())
    if peak >= LOUDEST:
        over = 20 * np.log10(peak)
        raise SoundFileError(f"{path}: the peak is {over:.0f} dB above full scale", "export it with 1.0 as full scale")
    full = magnitude >= FULL_SCALE
    rows = np.lib.stride_tricks.sliding_window_view(full, IN_A_ROW, axis=0) if len(full) >= IN_A_ROW else full[:0]
    channels = frames.shape[1]
    sound = resample(to_mono(frames.reshape(-1), channels), rate, RATE)
    # A converter's offset is no sound, yet hides an echo. It is the median: less the mean of a lopsided voice, silence
    # would be a sound.
    sound -= np.median(sound)
    kind = f"{seconds(len(sound)):.1f} s, {rate} Hz, {'mono' if channels == 1 else f'{channels} channels'}"
    unlike = bool((frames != frames[:, :1]).any())
    return Recording(path, sound, unlike, kind, peak, int(rows.all(axis=-1).sum()))


def _result(microphone: Sound, cancelled: Cancelled, took: float) -> Result:
    enhancements = [erle(microphone, output, cancelled.audible) for output in (cancelled.clean, cancelled.linear)]
    clean, linear = (
        round(float(np.nanmedian(values)), 1) if np.isfinite(values).any() else None for values in enhancements
    )
    length = seconds(len(microphone))
    return Result(
        seconds=length,
        erle_db=clean,
        linear_erle_db=linear,
        delay_ms=None if cancelled.delay is None else round(milliseconds(cancelled.delay), 1),
        drift_ppm=round(cancelled.confidence.drift_ppm, 1),
        trust=cancelled.confidence.trust.value,
        took_s=round(took, 2),
        times_real_time=round(length / took, 1),
    )


def _mixed(*files: Recording) -> Iterator[str]:
    for file in files:
        if file.unlike:
            yield f"the channels of {file.path} differ; their mean is taken, as one microphone or loudspeaker has it"


def _overdriven(microphone: Recording) -> Iterator[str]:
    if microphone.peak > 1:
        yield f"{microphone.path} goes beyond full scale, where OUT is cut off; export it at a lower level"
    elif microphone.cut:
        yield f"{microphone.path} is clipped in {microphone.cut} places; record it with less gain"


def _faults(microphone: Recording, reference: Recording, cancelled: Cancelled, result: Result) -> Iterator[str]:
    """Why the output is not what was wanted."""
    silent = [str(file.path) for file in (microphone, reference) if np.abs(file.sound).max() < SILENT]
    if silent:
        yield f"there is nothing to hear in {' and in '.join(silent)}; record it again"
    elif cancelled.swapped:
        yield f"{reference.path} sounds like a recording of what is in {microphone.path}; swap MIC and REFERENCE?"
    elif result.linear_erle_db is None or result.linear_erle_db < NOTHING_DB:
        yield f"no echo of {reference.path} was found in {microphone.path}; are they of the same event?"
    elif cancelled.confidence.trust is Trust.UNTRUSTED:
        yield "the canceller does not believe in its result: the echo path keeps changing, or people speak all the time"


def _figures(result: Result) -> list[tuple[str, str, str]]:
    def decibels(value: float | None) -> str:
        return "not known" if value is None else f"{value:.1f} dB"

    return [
        ("ERLE", decibels(result.erle_db), "clean output, while the reference plays"),
        ("linear ERLE", decibels(result.linear_erle_db), "without suppression"),
        ("delay", "not found" if result.delay_ms is None else f"{result.delay_ms:.1f} ms", "MIC behind REFERENCE"),
        ("drift", f"{result.drift_ppm:+.1f} ppm" if result.drift_ppm else "none found", "the loudspeaker's clock"),
        ("trust", result.trust, "at the end"),
        ("time", f"{result.took_s:.2f} s", f"{result.times_real_time:.0f} x real time"),
    ]


def _record(
    microphone: Recording, reference: Recording, cancelled: Cancelled, result: Result, warnings: list[str]
) -> CancelRecord:
    return CancelRecord(
        title=f"{microphone.path.name} without {reference.path.name}",
        subtitle=f"Echo cancellation of {microphone.kind}",
        microphone=microphone.sound,
        linear=cancelled.linear,
        clean=cancelled.clean,
        audible=cancelled.audible,
        figures=_figures(result),
        warnings=warnings,
        facts={
            "Microphone": f"{microphone.path} ({microphone.kind})",
            "Reference": f"{reference.path} ({reference.kind})",
            "edgeagent": __version__,
        },
    )
