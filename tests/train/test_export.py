"""The file that the device runs computes what was trained."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra [train]")
pytest.importorskip("onnx", reason="needs the extra [train]")

import torch

from edgeagent.detect.backchannel import Backchannel
from edgeagent.detect.near_end import NearEnd
from edgeagent.devices.onnx_model import OnnxModel
from edgeagent.signal.features import SIZE
from tools.train.export import to_onnx
from tools.train.learn import forward
from tools.train.networks import Overlap, Recurrent, near_end

HOPS = 40


def network(kind: str) -> Recurrent:
    """Not trained; its inputs are scaled, as they are after training."""
    torch.manual_seed(4)
    made = near_end() if kind == "near_end" else Overlap(words=5)
    made.mean.uniform_(-1.0, 1.0)
    made.scale.uniform_(0.2, 2.0)
    made.eval()
    return made


def vectors() -> np.ndarray:
    return np.random.default_rng(1).uniform(-1, 3, (HOPS, SIZE)).astype(np.float32)


def step_by_step(data: bytes) -> np.ndarray:
    """(HOPS, classes) logits, one hop a call, the state handed back."""
    model = OnnxModel(data)
    state, logits = np.zeros(model.inputs["state"], np.float32), []
    for vector in vectors():
        told = model.run({"features": vector[None], "state": state})
        state = told["state_out"]
        logits.append(told["logits"][0])
    return np.stack(logits)


def of_eight_bits(made: Recurrent) -> Recurrent:
    """The same with weights that eight bits can tell, so that nothing is lost."""
    made.scale.fill_(1.0)
    for weights in made.parameters():
        if weights.dim() == 2:
            step = weights.data.abs().amax(dim=1, keepdim=True) / 127
            weights.data = torch.round(weights.data / step) * step
    return made


@pytest.mark.parametrize("kind", ["near_end", "backchannel"])
def test_hop_by_hop_it_says_what_the_network_says(kind: str) -> None:
    made = of_eight_bits(network(kind))
    exact = forward(made, vectors()[None])[0]
    assert np.ptp(exact, axis=0).min() > 0.01
    np.testing.assert_allclose(step_by_step(to_onnx(made, kind)), exact, atol=1e-5)


@pytest.mark.parametrize("kind", ["near_end", "backchannel"])
def test_eight_bits_cost_little(kind: str) -> None:
    exact = forward(network(kind), vectors()[None])[0]
    rough = step_by_step(to_onnx(network(kind), kind))
    assert 0.0 < np.abs(rough - exact).max() < 0.1 * np.ptp(exact)


@pytest.mark.parametrize("kind", ["near_end", "backchannel"])
def test_the_same_network_is_the_same_bytes_and_another_is_not(kind: str) -> None:
    first, again = to_onnx(network(kind), kind), to_onnx(network(kind), kind)
    assert first == again
    other = network(kind)
    other.output.bias.data += 0.5
    assert to_onnx(other, kind) != first


def test_eight_bits_take_a_third_of_the_room() -> None:
    made = network("backchannel")
    weights = sum(weight.numel() for name, weight in made.named_parameters() if not name.startswith("word"))
    assert len(to_onnx(made, "backchannel")) < 4 * weights / 3


def test_the_detectors_take_them() -> None:
    near = NearEnd(OnnxModel(to_onnx(network("near_end"), "near_end")))
    overlap = Backchannel(OnnxModel(to_onnx(network("backchannel"), "backchannel")))
    assert 0.0 < near.hear(vectors()[0]).near < 1.0
    assert sum(overlap.hear(vectors()[0])) < 1.01
