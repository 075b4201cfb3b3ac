"""Rendered scenes and what the device's own canceller makes of them, in a cache, so that a run can be taken up again.

Scenes depend on the corpus, the seed and the rendering; features also on the signal path. Each lies under a digest of
the source files it comes from: a change of the canceller recomputes the features and nothing else.
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
from edgeagent.signal.features import SIZE, Features
from edgeagent.units import HOP
from tools.train.acts import Heard
from tools.train.corpus import Corpus, Part, load_corpus
from tools.train.render import Event, Rendered, render

ROOT = Path(__file__).parents[2]
TRAIN, SIM, SIGNAL = "tools/train/", "edgeagent/sim/", "edgeagent/signal/"
RENDERING = tuple(TRAIN + name for name in ("corpus.py", "acts.py", "render.py")) + tuple(
    SIM + name for name in ("acoustics.py", "mix.py", "noises.py", "person.py", "room.py")
)
LISTENING = (
    *(SIGNAL + name for name in ("alignment.py", "canceller.py", "confidence.py", "delay.py", "drift.py")),
    *(SIGNAL + name for name in ("echo_filter.py", "features.py", "fourier.py", "history.py", "loudspeaker.py")),
    *(SIGNAL + name for name in ("referee.py", "resample.py", "spectra.py", "suppressor.py")),
)
"""The source files that decide what a scene is, and what its features are."""


def digest(sources: tuple[str, ...]) -> str:
    """Of the files named."""
    return sha256(b"".join((ROOT / source).read_bytes() for source in sources)).hexdigest()[:12]


RENDERED, HEARD = digest(RENDERING), digest(LISTENING)
"""Taken once, with the code that runs: files may be edited meanwhile."""


@dataclass(frozen=True, slots=True)
class Listened:
    """One scene as the ear gets it, by hops. vectors: (hops, SIZE) float32. heard: (hops,) int8, of Heard. power:
    (hops,) float32, of the linear output."""

    vectors: NDArray[np.float32]
    heard: NDArray[np.int8]
    power: NDArray[np.float32]
    events: tuple[Event, ...]


def listened(folder: Path, part: Part, count: int, seed: int, cache: Path, jobs: int) -> list[Listened]:
    """`count` scenes of a part, those in `cache` taken from there; shows progress on stderr."""
    work = partial(_listened, folder, part, seed, cache)
    with ProcessPoolExecutor(jobs) as pool:
        return list(_shown(pool.map(work, range(count)), count, str(part)))


def listen(scene: Rendered) -> Listened:
    """The scene through canceller and features, as in the device."""
    canceller, features = Canceller(), Features()
    hops = scene.microphone.size // HOP
    vectors = np.zeros((hops, SIZE), np.float32)
    power = np.zeros(hops, np.float32)
    for hop in range(hops):
        span = slice(hop * HOP, (hop + 1) * HOP)
        cancelled = canceller.process(scene.reference[span], scene.microphone[span])
        vectors[hop] = features.push(cancelled)
        power[hop] = cancelled.linear @ cancelled.linear / HOP
    return Listened(vectors, per_hop(scene.heard), power, scene.events)


def per_hop(heard: NDArray[np.int8]) -> NDArray[np.int8]:
    """(samples,) to (hops,): what fills at least half of the newest hop of the canceller's output, which is
    `Canceller.delay` behind."""
    hops = heard.size // HOP
    delayed = np.concatenate((np.zeros(Canceller.delay, np.int8), heard))[: hops * HOP].reshape(hops, HOP)
    shares = np.stack([(delayed == kind).mean(axis=1) for kind in Heard])
    most = shares[1:].argmax(axis=0) + 1
    return np.where(shares[1:].sum(axis=0) >= 0.5, most, 0).astype(np.int8)


def _shown(done: Iterator[Listened], count: int, name: str) -> Iterator[Listened]:
    for number, item in enumerate(done, start=1):
        print(f"\r{name}: {number} of {count} scenes", end="", file=sys.stderr, flush=True)
        yield item
    print(file=sys.stderr)


def _listened(folder: Path, part: Part, seed: int, cache: Path, number: int) -> Listened:
    source = sha256((RENDERED + str(folder.resolve())).encode()).hexdigest()[:12]
    name = f"{source}-{part}-{seed}-{number:04d}"
    path = cache / f"{name}-{HEARD}.features.npz"
    if not path.exists():
        scene = _rendered(folder, part, seed, number, cache / f"{name}.scene.npz")
        result = listen(scene)
        _save(path, _table(result.events), vectors=result.vectors, heard=result.heard, power=result.power)
    with np.load(path) as stored:
        vectors, heard, power = stored["vectors"].astype(np.float32), stored["heard"], stored["power"]
        return Listened(vectors, heard, power, _events(stored["events"]))


def _rendered(folder: Path, part: Part, seed: int, number: int, path: Path) -> Rendered:
    if not path.exists():
        scene = render(_corpus(folder, part), part, seed, number)
        pcm = {"reference": to_int16(scene.reference), "microphone": to_int16(scene.microphone)}
        _save(path, _table(scene.events), **pcm, heard=scene.heard)
    with np.load(path) as stored:
        sounds = to_float(stored["reference"]), to_float(stored["microphone"])
        return Rendered(*sounds, stored["heard"], _events(stored["events"]))


def _save(path: Path, events: NDArray[np.str_], **arrays: NDArray[np.generic]) -> None:
    """Whole or not at all: a run may be interrupted at any time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part.npz")
    np.savez(half, allow_pickle=False, events=events, **arrays)
    half.replace(path)


def _table(events: tuple[Event, ...]) -> NDArray[np.str_]:
    rows = [[str(int(e.heard)), str(e.start), str(e.stop), e.text, str(e.level_db)] for e in events]
    return np.array(rows, dtype=np.str_).reshape(-1, 5)


def _events(table: NDArray[np.str_]) -> tuple[Event, ...]:
    return tuple(Event(Heard(int(h)), int(a), int(b), str(text), float(level)) for h, a, b, text, level in table)


@lru_cache(maxsize=1)
def _corpus(folder: Path, part: Part) -> Corpus:
    return load_corpus(folder, part)
