"""The scenes as the ears get them, in a cache: models come and go, and a minute of sound takes seconds to render.

What lies in the cache depends on the corpus, the seed, the generator, the signal path and the release of Silero, and
lies under a digest of them; nothing in it depends on our models.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeagent.commands._jobs import watched
from tools.ear_bench.silero import CHUNK, listen_as_silero, release
from tools.ear_bench.stage import Condition, stage
from tools.train.cache import drafted, reading
from tools.train.corpus import Corpus, Part, load_corpus, tables
from tools.train.scenes import LISTENING, RENDERING, Listened, digest, listen

SOURCES = digest((*RENDERING, *LISTENING, "tools/ear_bench/stage.py", "tools/ear_bench/cases.py"))


@dataclass(frozen=True, slots=True)
class Case:
    """A scene through the canceller. silero: (chunks,) float32, P(speech) in each CHUNK of the microphone; empty where
    Silero is not installed or was not asked. changed: see `Staged`."""

    condition: Condition
    listened: Listened
    changed: int
    silero: NDArray[np.float32]


def cases(folder: Path, conditions: Sequence[Condition], cache: Path, jobs: int, label: str) -> list[Case]:
    """Of every condition, in their order; shows progress. Raises EdgeAgentError for a corpus that cannot be read."""
    return watched(partial(_case, folder, tables(folder), cache), conditions, jobs, label)


def _case(folder: Path, corpus: str, cache: Path, condition: Condition) -> Case:
    theirs = "" if condition.echo else f"{CHUNK} {release()}"
    name = sha256(f"{SOURCES} {corpus} {condition} {theirs}".encode()).hexdigest()[:24]
    path = cache / f"{name}.pickle"
    if path.exists():
        with reading(path) as file:
            case: Case = pickle.load(file)
        return case
    staged = stage(_corpus(folder, corpus, condition.part), condition)
    probabilities = np.zeros(0, np.float32) if condition.echo else listen_as_silero(staged.rendered.microphone)
    case = Case(condition, listen(staged.rendered), staged.changed, probabilities)
    if condition.echo or probabilities.size:  # without Silero the scene is made again once it is there
        with drafted(path) as draft:
            draft.write_bytes(pickle.dumps(case))
    return case


@lru_cache(maxsize=2)
def _corpus(folder: Path, _tables: str, part: Part) -> Corpus:
    return load_corpus(folder, part)
