"""The models of this release decide alike as .onnx and as .tflite."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed (extra litert)")

from edgeagent.detect.ear import Ear
from edgeagent.devices.model_files import ONNX, TFLITE, load_model
from edgeagent.errors import ModelError
from edgeagent.units import HOP
from tests.detect.mixture import cancelled


def ear(kind: str) -> Ear:
    try:
        return Ear(*(load_model(name, kind=kind) for name in ("near_end", "backchannel")))
    except ModelError as error:
        if kind == TFLITE and "not a list" in error.problem:
            pytest.skip("models/manifest.yaml names no .tflite")
        raise


@pytest.mark.parametrize("what", ["voice", "hum"])
def test_they_hear_the_same(what: str) -> None:
    ears = [ear(kind) for kind in (ONNX, TFLITE)]
    heard = []
    for number, hop in enumerate(cancelled(what)):
        percepts = [each.hear(hop, number * HOP) for each in ears]
        heard.append([(percept.near, percept.floor, percept.backchannel) for percept in percepts])
    one, other = np.array(heard).swapaxes(0, 1)
    np.testing.assert_allclose(other, one, atol=1e-4)
    assert ((other > 0.5) == (one > 0.5)).all()
    assert not any(each.take_failure() for each in ears)
