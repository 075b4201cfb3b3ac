"""A recurrent classifier behind the Model port: features and state in, logits and state out."""

from __future__ import annotations

from math import exp, isfinite

import numpy as np

from edgeagent.errors import ModelError
from edgeagent.ports import Model
from edgeagent.signal.features import SIZE
from edgeagent.signal.measure import Vector
from edgeagent.turn.policy import bounded

REMEDY = "use the models of this release"


class Recurrent:
    """Keeps the state from hop to hop. One thread."""

    def __init__(self, model: Model, name: str, classes: int) -> None:
        """model: `features` (1, SIZE) and `state` (1, n) to `logits` (1, classes) and `state_out` (1, n). Raises
        ModelError on another shape."""
        shapes = dict(model.inputs)
        state = shapes.pop("state", ())
        if shapes != {"features": (1, SIZE)} or len(state) != 2 or tuple(model.outputs) != ("logits", "state_out"):
            raise ModelError(
                f"{name} model takes {dict(model.inputs)} to {model.outputs}, not features (1, {SIZE}) and state",
                REMEDY,
            )
        self._model = model
        self._name = name
        self._feeds = {"features": np.zeros((1, SIZE), np.float32), "state": np.zeros(state, np.float32)}
        told = self._model.run(self._feeds)
        if told["logits"].shape != (1, classes):
            raise ModelError(f"{name} model does not tell {classes} classes apart", REMEDY)
        if told["state_out"].shape != state:
            raise ModelError(f"{name} model takes a state {state} and gives back {told['state_out'].shape}", REMEDY)

    def run(self, vector: Vector) -> list[float]:
        """`vector` (SIZE,), finite, to the probability of each class, in [1 - SURE, SURE]. Raises ModelError when the
        model fails or gives what is no number; then the state is what it was."""
        feeds = self._feeds
        feeds["features"][0] = vector
        told = self._model.run(feeds)
        scores, state = told["logits"][0].tolist(), told["state_out"]
        most, memory = max(scores), state.ravel()
        if not (isfinite(sum(scores)) and isfinite(float(memory @ memory))):
            raise ModelError(f"{self._name} model gives what is no number", REMEDY)
        feeds["state"] = state
        odds = [exp(score - most) for score in scores]
        total = sum(odds)
        return [bounded(each / total) for each in odds]

    def restart(self) -> None:
        """Forget everything, as at the start."""
        self._feeds["state"] = np.zeros_like(self._feeds["state"])
