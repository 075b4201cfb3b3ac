"""Whether the user's words reached the recogniser: the turns that the journal hands over, and the scene's events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeagent.errors import SceneError
from edgeagent.ports import Sound
from edgeagent.signal.wav import read_wav
from edgeagent.sim.truth import USER, Happening, Kind
from edgeagent.sim.verdicts import EventScore
from edgeagent.units import RATE, samples, seconds

LEAD = samples(100)
"""A turn must begin so long before the onset, or a weak first consonant is lost."""

LEAD_MOST = samples(5000)
"""A turn that began earlier is another one."""

END_TOLERANCE = samples(50)

SEARCH = samples(200)
"""Misalignment of a turn's sound that is forgiven."""

SHORTEST = samples(100)
"""Less sound in common says nothing about its quality."""

NEARBY = samples(300)
"""A turn that misses an event by no more still belongs to it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A user turn handed to recognition: scene samples [start, end), and its sound if it was kept."""

    start: int
    end: int
    sound: Sound | None = None


def read_turns(run: Path) -> list[Turn]:
    """The `heard` entries of the journal in folder `run`; none if there is no journal. Raises SceneError."""
    journal = run / "journal.jsonl"
    turns: list[Turn] = []
    if not journal.is_file():
        return turns
    lines = journal.read_bytes().split(b"\n")  # a line of text would also end at U+2028, which stands in sentences
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line) if line.strip() else {}
            if entry.get("event") == "heard":
                audio = run / str(entry["audio"]) if entry.get("audio") else None
                sound = read_wav(audio) if audio is not None and audio.is_file() else None
                turns.append(Turn(round(entry["start_s"] * RATE), round(entry["end_s"] * RATE), sound))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            remedy = "each line must be a JSON object; run the scene again"
            raise SceneError(f"{journal}, line {number}: {error}", remedy) from None
    return turns


def judge_handover(event: Happening, verdict: EventScore, turns: Sequence[Turn], clean: Sound | None) -> None:
    """Fill in what of the user event was handed over. clean: the scene's user alone, without noise or echo."""
    touching = [turn for turn in turns if turn.start < event.end and turn.end > event.start]
    if not touching:
        return
    leading = [turn for turn in touching if LEAD <= event.start - turn.start <= LEAD_MOST]
    whole = [turn for turn in leading if turn.end >= event.end - END_TOLERANCE]
    verdict.heard, verdict.lead_ok, verdict.covered = True, bool(leading), bool(whole)
    verdict.lead_loss_s = seconds(max(0, min(turn.start for turn in touching) - event.start))
    best = (whole or touching)[0]
    if clean is not None and best.sound is not None:
        start, end = max(event.start, best.start), min(event.end, best.start + best.sound.size)
        if end - start > SHORTEST:
            verdict.sisdr_db = si_sdr(best.sound[start - best.start : end - best.start], clean[start:end])


def is_ghost(turn: Turn, truth: Sequence[Happening]) -> bool:
    """Whether nobody spoke to the device during the turn."""
    voices = [event for event in truth if event.kind in (*USER, Kind.BACKCHANNEL)]
    return not any(turn.start < event.end + NEARBY and turn.end > event.start - NEARBY for event in voices)


def si_sdr(heard: Sound, clean: Sound) -> float | None:
    """Scale-invariant signal-to-distortion ratio in dB (Le Roux et al., "SDR - half-baked or well done?", ICASSP 2019)
    at the best alignment within SEARCH; None if there is too little in common."""
    x, y = heard.astype(np.float64), clean.astype(np.float64)
    size = 1 << (x.size + y.size).bit_length()
    product = np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(y, size).conj(), size)
    shifts = np.arange(-SEARCH, SEARCH)
    shift = int(shifts[np.argmax(np.abs(product[shifts]))])
    x, y = (x[shift:], y) if shift >= 0 else (x, y[-shift:])
    count = min(x.size, y.size)
    x, y = x[:count], y[:count]
    if count < SHORTEST // 2 or not y.any():
        return None
    target = (x @ y) / (y @ y) * y
    distortion = x - target
    return float(10 * np.log10((target @ target + 1e-12) / (distortion @ distortion + 1e-12)))
