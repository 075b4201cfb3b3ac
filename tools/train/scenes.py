"""Rendered scenes and what the device's own canceller makes of them, in a cache, so that a run can be taken up again.

Scenes depend on the corpus, the seed and the rendering; features also on the signal path. Each lies under a digest of
the source files, of the corpus's tables and of the names of the voices that it comes from: a change of the canceller
recomputes the features and nothing else, and a corpus that has changed, or text-to-speech that has been installed, gets
scenes of its own, wherever the corpus lies.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeagent.signal.canceller import Canceller
from edgeagent.signal.convert import to_float, to_int16
from edgeagent.signal.measure import LEVELS, MEASURED, Measure
from edgeagent.units import HOP
from tools.train.acts import Heard
from tools.train.cache import drafted, reading
from tools.train.corpus import Corpus, Part, load_corpus, tables
from tools.train.render import LENGTH, Event, Rendered, render
from tools.train.synthesisers import voices

ROOT = Path(__file__).parents[2]
TRAIN, SIM, SIGNAL = "tools/train/", "edgeagent/sim/", "edgeagent/signal/"
RENDERING = (
    *(TRAIN + name for name in ("corpus.py", "acts.py", "render.py", "sayings.py", "synthesisers.py", "throat.py")),
    *(SIM + name for name in ("acoustics.py", "mix.py", "noises.py", "person.py", "room.py")),
    *(SIGNAL + name for name in ("convert.py", "resample.py", "ring.py", "wav.py")),
)
LISTENING = (
    *(SIGNAL + name for name in ("alignment.py", "canceller.py", "coherence.py", "confidence.py", "delay.py")),
    *(SIGNAL + name for name in ("drift.py", "echo_filter.py", "fourier.py", "history.py", "loudspeaker.py")),
    *(SIGNAL + name for name in ("left.py", "level.py", "measure.py", "path_change.py", "referee.py", "spectra.py")),
    SIGNAL + "suppressor.py",
    TRAIN + "scenes.py",
)
"""The source files that decide what a scene is, and what its features are."""


def digest(sources: tuple[str, ...]) -> str:
    """Of the files named."""
    return sha256(b"".join((ROOT / source).read_bytes() for source in sources)).hexdigest()[:12]


RENDERED, HEARD = digest(RENDERING), digest(LISTENING)
"""Taken once, with the code that runs: files may be edited meanwhile."""

RESTARTED = 0.6
"""Share of scenes in which the canceller must begin anew: those moments are rare in the scenes and dear in use."""

HOPS = LENGTH // HOP
"""Of a scene."""

LEAST = np.float32(1e-10)
"""Power that is nothing; below it float16 has no decades."""


@dataclass(frozen=True, slots=True)
class Listened:
    """One scene as the ear gets it, by hops. packed: (hops, MEASURED) float16, what `Measure` gives, its powers as
    decades. heard: (hops,) int8, of Heard."""

    packed: NDArray[np.float16]
    heard: NDArray[np.int8]
    events: tuple[Event, ...]

    @property
    def measured(self) -> NDArray[np.float32]:
        """(hops, MEASURED), as `Measure` gave it, to one part in 400."""
        vectors = self.packed.astype(np.float32)
        vectors[:, :LEVELS] = 10 ** vectors[:, :LEVELS]
        return vectors


def listened(folder: Path, part: Part, count: int, seed: int, cache: Path, jobs: int) -> list[Listened]:
    """`count` scenes of a part, those in `cache` taken from there; shows progress on stderr. Raises EdgeAgentError for
    a corpus that cannot be read."""
    work = partial(_listened, folder, f"{tables(folder)} {voices(part)}", part, seed, cache)
    with ProcessPoolExecutor(jobs) as pool:
        return list(_shown(pool.map(work, range(count)), count, str(part)))


def listen(scene: Rendered, restart: int = 0) -> Listened:
    """The scene through canceller and features, as in the device; from hop `restart` on by a canceller that knows
    nothing yet."""
    canceller, measure = Canceller(), Measure()
    hops = scene.microphone.size // HOP
    vectors = np.zeros((hops, MEASURED), np.float32)
    for hop in range(hops):
        if hop == restart:
            canceller = Canceller()
        span = slice(hop * HOP, (hop + 1) * HOP)
        vectors[hop] = measure.of(canceller.process(scene.reference[span], scene.microphone[span]))
    vectors[:, :LEVELS] = np.log10(vectors[:, :LEVELS] + LEAST)
    return Listened(vectors.astype(np.float16), per_hop(scene.heard), scene.events)


def per_hop(heard: NDArray[np.int8]) -> NDArray[np.int8]:
    """(samples,) to (hops,): what fills at least half of the newest hop of the canceller's output, which is
    `Canceller.delay` behind."""
    hops = heard.size // HOP
    delayed = np.concatenate((np.zeros(Canceller.delay, np.int8), heard))[: hops * HOP].reshape(hops, HOP)
    shares = np.stack([(delayed == kind).mean(axis=1) for kind in Heard])
    most = shares[1:].argmax(axis=0) + 1
    return np.where(shares[1:].sum(axis=0) >= 0.5, most, 0).astype(np.int8)


def _shown(done: Iterator[Listened], count: int, name: str) -> Iterator[Listened]:
    try:
        for number, item in enumerate(done, start=1):
            print(f"\r{name}: {number} of {count} scenes", end="", file=sys.stderr, flush=True)
            yield item
    finally:
        print(file=sys.stderr)  # what went wrong gets a line of its own


def _listened(folder: Path, sources: str, part: Part, seed: int, cache: Path, number: int) -> Listened:
    source = sha256((RENDERED + sources).encode()).hexdigest()[:12]
    name = f"{source}-{part}-{seed}-{number:04d}"
    path = cache / f"{name}-{HEARD}.features.npz"
    if not path.exists():
        scene = _rendered(folder, sources, part, seed, number, cache / f"{name}.scene.npz")
        dice = np.random.default_rng((seed, number))
        result = listen(scene, int(dice.integers(HOPS)) if dice.random() < RESTARTED else 0)
        _save(path, _table(result.events), packed=result.packed, heard=result.heard)
    with reading(path) as file, np.load(file) as stored:
        return Listened(stored["packed"], stored["heard"], _events(stored["events"]))


def _rendered(folder: Path, sources: str, part: Part, seed: int, number: int, path: Path) -> Rendered:
    if not path.exists():
        scene = render(_corpus(folder, sources, part), part, seed, number)
        pcm = {"reference": to_int16(scene.reference), "microphone": to_int16(scene.microphone)}
        _save(path, _table(scene.events), **pcm, heard=scene.heard)
    with reading(path) as file, np.load(file) as stored:
        sounds = to_float(stored["reference"]), to_float(stored["microphone"])
        return Rendered(*sounds, stored["heard"], _events(stored["events"]))


def _save(path: Path, events: NDArray[np.str_], **arrays: NDArray[np.generic]) -> None:
    with drafted(path) as draft:
        np.savez(draft, allow_pickle=False, events=events, **arrays)


def _table(events: tuple[Event, ...]) -> NDArray[np.str_]:
    rows = [[str(int(e.heard)), str(e.start), str(e.stop), e.text, str(e.level_db), e.source] for e in events]
    return np.array(rows, dtype=np.str_).reshape(-1, 6)


def _events(table: NDArray[np.str_]) -> tuple[Event, ...]:
    return tuple(
        Event(Heard(int(heard)), int(start), int(stop), str(text), float(level), str(source))
        for heard, start, stop, text, level, source in table
    )


@lru_cache(maxsize=1)
def _corpus(folder: Path, _sources: str, part: Part) -> Corpus:
    """Kept for the tables that it was read from: a process may outlive them."""
    return load_corpus(folder, part)
