"""The figures of the whole device: `edgeagent run` through the real PortAudio, judged by the simulated card's frames.

    python -m tools.simcard.run_figures start [--times 10]
    python -m tools.simcard.run_figures talk [--seconds 600] [--streams split|duplex]

`start` prints how long it takes from exec to listening. `talk` has a person interrupt the device again and again. It
prints how soon after each verdict the loudspeaker was silent, the memory, and what the card lost against what the
device has told; exit code 1 if a frame was lost untold, or the device left by itself.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeagent.__main__ import ended
from edgeagent.live.timeline import DRIFT
from edgeagent.store.journal import read_lines
from edgeagent.store.session import read_session
from edgeagent.units import RATE
from tools.simcard.card import SimCard
from tools.simcard.device import Person, running
from tools.simcard.stop_times import table

SOUNDING = RATE // 100
"""A verdict that falls into a pause of speech stops nothing; so long before it there must be sound."""

SPAN = RATE // 10
"""Where the end of sound is looked for, on both sides of a verdict."""

REACH = RATE // 2
"""Slips of the sample index that are found."""

SLIP = 4
"""Stamps are good to a frame, and each break takes two: over n breaks that may add up to 2 sqrt(n) (5 sigma)."""

MINUTE_S = 60


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.simcard.run_figures", description="figures of `edgeagent run` on the simulated sound card"
    )
    what = parser.add_subparsers(dest="what", required=True)
    start = what.add_parser("start", help="from exec to listening")
    start.add_argument("--times", type=int, default=10)
    talk = what.add_parser("talk", help="stops, lost frames, memory")
    talk.add_argument("--seconds", type=int, default=600)
    talk.add_argument("--streams", choices=("split", "duplex"), default="split")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if wanted.what == "start":
            table({"exec -> listening": [listening_ms(Path(folder), n) for n in range(wanted.times)]})
            return 0
        return conversation(Path(folder), wanted.seconds, wanted.streams)


def listening_ms(folder: Path, number: int) -> float:
    """From exec to `ready` on stdout."""
    sim = SimCard(folder)
    sim.feed((20 * np.random.default_rng(1).standard_normal(20 * RATE)).astype(np.int16))
    begun = time.monotonic()
    with running(sim, folder / str(number), "--json") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "ready":
                return 1000 * (time.monotonic() - begun)
    raise RuntimeError("the device left before it was ready")


def memory_mb(pid: int) -> float:
    """Peak resident memory of a process so far."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def conversation(folder: Path, seconds: int, streams: str) -> int:
    """Talk for so long, then judge. Returns the exit code."""
    sim, session = SimCard(folder), folder / "session"
    config = folder / "config.yaml"
    config.write_text(f"audio: {{streams: {streams}}}\n")
    person = Person(sim)
    peaks: list[float] = []
    with running(sim, session, "--quiet", "--config", str(config)) as process:
        begun = time.monotonic()
        while (passed := time.monotonic() - begun) < seconds:
            person.live()
            if process.poll() is not None:
                print(f"the device left with exit code {process.returncode}")
                return 1
            if passed >= MINUTE_S * (len(peaks) + 1):
                peaks.append(memory_mb(process.pid))
            time.sleep(0.1)
        person.live()
        peaks.append(memory_mb(process.pid))
    noted: list[dict[str, Any]] = read_lines(session / "notes.jsonl")
    halts = [note for note in noted if note["event"] == "halted"]
    print(f"{streams}, {seconds} s: the person spoke {person.spoke} times, {len(halts)} stops")
    ends = stop_times_ms(sim, person, halts)
    if ends:
        table({"verdict -> last DAC sample": ends, "verdict -> card aborted": [halt["took_ms"] for halt in halts]})
    print("peak RSS after each minute and at the end, MB:", *(round(peak) for peak in peaks))
    found = told(sim, person, session, noted)
    print(found)
    return int(not found.exact)


def stop_times_ms(sim: SimCard, person: Person, halts: Sequence[dict[str, Any]]) -> list[float]:
    """Of every verdict that fell into sound: when the last non-zero sample had left the DAC."""
    played = np.concatenate(person.played)
    ends = []
    for halt in halts:
        at = sim.frame(round(halt["monotonic_s"] * 1e9)) - person.start
        around = played[at - SPAN : at + SPAN]
        if around.size == 2 * SPAN and around[SPAN - SOUNDING : SPAN].any():
            ends.append((int(np.flatnonzero(around)[-1]) + 1 - SPAN) * 1000 / RATE)
    return ends


@dataclass(frozen=True, slots=True)
class Sight:
    """At sample `at` of the recording was the card's frame `frame` of what was fed or played."""

    at: int
    frame: int


@dataclass(frozen=True, slots=True)
class Told:
    """What the card lost beside what the device said of it. rows: what, by the card, by the device. outages: how many
    times no frames came, and the samples of silence given for them; by how much the index then slips nobody can know,
    so it does not count. slips, shifts: the largest other slips, in frames, of the microphone and of the loudspeaker,
    and in how many sights."""

    rows: tuple[tuple[str, int, int], ...]
    outages: tuple[int, int]
    slips: tuple[int, int]
    shifts: tuple[int, int]
    exact: bool

    def __str__(self) -> str:
        lines = [f"{'':<36}{'card':>8}{'told':>8}"]
        lines += [f"{name:<36}{of_card:>8}{of_device:>8}" for name, of_card, of_device in self.rows]
        lines.append(f"outages: {self.outages[0]}, with {self.outages[1]} samples of silence in place of frames")
        for name, (slip, count) in (("microphone", self.slips), ("loudspeaker", self.shifts)):
            lines.append(f"largest slip of the {name}: {slip} frames, in {count} sights")
        return "\n".join([*lines, "every lost frame was told" if self.exact else "FRAMES WERE LOST UNTOLD"])


def told(sim: SimCard, person: Person, session: Path, noted: Sequence[dict[str, Any]]) -> Told:
    """Compares what the card lost with what the device said of it."""
    recorded = read_session(session)
    journal: list[dict[str, Any]] = read_lines(session / "journal.jsonl")
    lost = [entry for entry in journal if entry["event"] == "lost" and entry["kind"] == "overflow"]
    frames = sum(entry["frames"] for entry in lost)
    heard = sights(recorded.microphone, np.concatenate(person.fed))
    sounded = sights(recorded.reference, np.concatenate(person.played))
    outages = [(entry["at"], entry["frames"]) for entry in journal if entry["event"] == "outage"]
    slips, shifts = (slips_of(found, [at for at, _ in outages]) for found in (heard, sounded))
    state, counted = sim.state, {"overflows": 0, "underflows": 0}
    for note in noted:  # by how much each has grown; the card may have two xruns before it calls us again
        for name in counted if note["event"] == "card" else ():
            counted[name] += note["worse"].get(name, 0)
    rows = (
        ("microphone frames lost", frames + slips[-1], frames),
        ("breaks of the microphone", state.input_starts - 1, len(lost)),
        ("xruns, microphone", state.input_overruns, counted["overflows"]),
        ("xruns, loudspeaker", state.output_underruns, counted["underflows"]),
    )
    may = SLIP + 2 * sqrt(len(lost))
    slip, shift = max(map(abs, slips)), max(map(abs, shifts))
    exact = slip <= may and shift <= may + DRIFT
    silence = len(outages), sum(given for _, given in outages)
    return Told(rows, silence, (slip, len(slips)), (shift, len(shifts)), exact)


def slips_of(found: Sequence[Sight], outages: Sequence[int] = ()) -> list[int]:
    """By how many frames each sight is off the first. A slip lasts: a sight alone with its opinion is mistaken.
    outages: samples at which frames came again after none had come; what slips within a second of one is left out."""
    off = [sight.frame - sight.at for sight in found]
    middle = [sorted(three)[1] for three in zip(off, off[1:], off[2:], strict=False)]
    slips = [0]
    for n, (before, after) in enumerate(pairwise(middle)):
        first, last = found[n].at - RATE, found[n + 3].at + 2 * RATE
        slips.append(slips[-1] + (0 if any(first <= at <= last for at in outages) else after - before))
    return slips


def sights(recorded: NDArray[np.float32], truth: NDArray[np.int16]) -> list[Sight]:
    """Each second of the recording that can be found again in what the card knows."""
    found: list[Sight] = []
    for at in range(0, len(recorded) - RATE, RATE):
        expected = at + (found[-1].frame - found[-1].at if found else 0)
        first = max(0, expected - (REACH if found else 0))
        last = expected + RATE + (REACH if found else 10 * RATE)
        place = where(recorded[at : at + RATE], truth[first:last].astype(np.float32))
        if place is not None:
            found.append(Sight(at, first + place))
    return found


def where(heard: NDArray[np.float32], truth: NDArray[np.float32]) -> int | None:
    """The place of `heard` in `truth` by the phase of their cross spectrum (Knapp and Carter, "The generalized
    correlation method for estimation of time delay", 1976); None if it is not clear."""
    if truth.size < heard.size or not (heard.any() and truth.any()):
        return None
    size = 1 << (truth.size + heard.size).bit_length()
    cross = np.fft.rfft(truth, size) * np.fft.rfft(heard, size).conj()
    likeness = np.fft.irfft(cross / (np.abs(cross) + 1e-9))
    place = int(np.argmax(likeness))
    return place if place <= truth.size - heard.size and likeness[place] > 10 * likeness.std() else None


if __name__ == "__main__":
    raise SystemExit(ended(main))
