"""One sequence of features through the models of other builds of the inference libraries.

`record` keeps what the models are shown while the engine runs through scenes, and what they answer. `compare` shows the
same to the models where it is called, which may be another version of onnxruntime or numpy: the canceller's arithmetic
differs between numpys, so the sound itself would not do.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from edgeagent.detect.networks import Networks
from edgeagent.devices.model_files import chosen, load_model
from edgeagent.errors import EdgeAgentError
from edgeagent.ports import Model
from edgeagent.settings import Models, Turns
from edgeagent.turn import events as e
from edgeagent.turn import states as s
from edgeagent.turn.policy import Percept, Policy
from edgeagent.units import HOP

Floats = NDArray[np.float32]
Codes = NDArray[np.int8]

STATES: tuple[s.State, ...] = (s.Speaking(0), s.Doubting(0, 0, 0))
"""In which the policy is asked, at every step: whether it would suspect, and what its verdict would be."""

VERDICTS = (None, e.Suspected, e.Verdict.INTERRUPTION, e.Verdict.FALSE_ALARM)


@dataclass(frozen=True, slots=True)
class Told:
    """beliefs: (steps, 3) P(near), P(takes the floor), P(backchannel). decisions: (steps, 2), indices of VERDICTS, what
    the policy makes of them in each of STATES."""

    beliefs: Floats
    decisions: Codes


@dataclass(slots=True)
class Watched:
    """A model that remembers the features it is shown."""

    model: Model
    inputs: Mapping[str, tuple[int, ...]] = field(init=False)
    outputs: tuple[str, ...] = field(init=False)
    seen: list[Floats] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.inputs, self.outputs = self.model.inputs, tuple(self.model.outputs)

    def run(self, feeds: Mapping[str, Floats]) -> Mapping[str, Floats]:
        """As the model does."""
        self.seen.append(feeds["features"][0].copy())
        return self.model.run(feeds)


def tell(features: Floats, models: Models) -> Told:
    """(steps, SIZE) of one scene to what these models and the policy make of it. Raises ModelError."""
    folder, kind = chosen(models)
    near, overlap = (load_model(name, folder, kind=kind) for name in ("near_end", "backchannel"))
    networks = Networks(near, overlap)
    policies = [Policy(Turns()) for _ in STATES]
    beliefs, decisions = np.zeros((len(features), 3), np.float32), np.zeros((len(features), len(STATES)), np.int8)
    for step, vector in enumerate(features):
        person, what = networks.hear(vector)
        beliefs[step] = person, *what
        percept = Percept((step + 1) * HOP, *map(float, beliefs[step]))
        for column, (policy, state) in enumerate(zip(policies, STATES, strict=True)):
            decisions[step, column] = VERDICTS.index(_decided(policy, percept, state))
    return Told(beliefs, decisions)


def _decided(policy: Policy, percept: Percept, state: s.State) -> object:
    event = next(policy.hear(percept, state), None)
    return event.verdict if isinstance(event, e.Judged) else type(event) if event is not None else None


def save(path: Path, scenes: Mapping[str, tuple[Floats, Told]]) -> None:
    """Write features and answers of each scene."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for name, (features, told) in scenes.items():
        arrays |= {f"{name}/features": features, f"{name}/beliefs": told.beliefs, f"{name}/decisions": told.decisions}
    with path.open("wb") as file:  # to a name numpy would append its own ending
        np.savez_compressed(file, allow_pickle=False, **arrays)


def load(path: Path) -> dict[str, tuple[Floats, Told]]:
    """What `save` wrote. Raises EdgeAgentError."""
    try:
        with path.open("rb") as file, np.load(file) as stored:
            names = sorted({name.rpartition("/")[0] for name in stored.files})
            return {
                name: (stored[f"{name}/features"], Told(stored[f"{name}/beliefs"], stored[f"{name}/decisions"]))
                for name in names
            }
    except (OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile, zlib.error) as error:
        raise EdgeAgentError(f"{path}: cannot be read: {error}", "make it with `tools.parity record`") from None
