"""Smart Turn v3: from how somebody sounds, whether they have finished.

A network on Whisper's encoder that hears the last 8 s of a turn and answers with one probability (Daily, "Smart Turn
v3", BSD-2; the file is not part of this project). It is asked at a pause; what is asked is the whole turn so far, for a
few words sound like the end of many sentences.
"""

from __future__ import annotations

from math import isfinite

import numpy as np

from edgeagent.errors import ModelError
from edgeagent.ports import Model, Sound
from edgeagent.signal.log_mel import BANDS, FRAMES, log_mel

WANTED = (1, BANDS, FRAMES)

GET = "give the smart-turn-v3 file for the CPU (smart-turn-v3.x-cpu.onnx), or leave models.smart_turn empty"


class TurnEnd:
    """One thread at a time."""

    def __init__(self, model: Model) -> None:
        """Raises ModelError on another model."""
        shapes = list(model.inputs.values())
        if shapes != [WANTED] or len(model.outputs) != 1:
            raise ModelError(f"no Smart Turn v3: its inputs are {shapes}, not {[WANTED]}", GET)
        (self._input,), (self._output,) = model.inputs, model.outputs
        self._model = model

    def complete(self, sound: Sound) -> float:
        """Probability that whoever said `sound`, (n,) float32 at 16 kHz with the pause behind it, has finished. Takes
        tens of milliseconds. Raises ModelError."""
        answer = self._model.run({self._input: log_mel(sound)[np.newaxis]})[self._output]
        probability = float(answer.reshape(-1)[0]) if answer.size else float("nan")
        if not isfinite(probability) or not 0 <= probability <= 1:
            raise ModelError(f"no Smart Turn v3: it answers {probability}, which is no probability", GET)
        return probability
