"""The .tflite and the .onnx of a network are the same network."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra [train]")
pytest.importorskip("onnx", reason="needs the extra [train]")
pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed (extra litert)")

import onnx
import torch
from ai_edge_litert import schema_py_generated as schema

from edgeagent.devices.litert_model import LiteRtModel
from edgeagent.devices.onnx_model import OnnxModel
from edgeagent.ports import Model
from edgeagent.signal.features import SIZE
from tools.train.export import to_onnx
from tools.train.export_tflite import ALIGNED, to_tflite
from tools.train.networks import Overlap, Recurrent, near_end

HOPS = 300


@pytest.fixture(params=["near_end", "backchannel"])
def network(request: pytest.FixtureRequest) -> Recurrent:
    """Weights at random, large enough that it makes up its mind and changes it."""
    torch.manual_seed(4)
    made = near_end() if request.param == "near_end" else Overlap(words=5)
    for weights in made.parameters():
        weights.data *= 3
    made.mean.uniform_(-1.0, 1.0)
    made.scale.uniform_(0.5, 2.0)
    made.eval()
    return made


def step_by_step(model: Model) -> np.ndarray:
    """(HOPS, classes) logits."""
    state, logits = np.zeros(model.inputs["state"], np.float32), []
    for vector in np.random.default_rng(1).uniform(-1, 3, (HOPS, SIZE)).astype(np.float32):
        told = model.run({"features": vector[None], "state": state})
        state = told["state_out"]
        logits.append(told["logits"][0])
    return np.stack(logits)


def test_says_the_same_in_every_hop(network: Recurrent) -> None:
    one = step_by_step(OnnxModel(to_onnx(network, "x")))
    other = step_by_step(LiteRtModel(to_tflite(network, "x")))
    assert np.ptp(one, axis=0).min() > 1.0
    assert len(np.unique(one.argmax(axis=1))) > 1
    np.testing.assert_allclose(other, one, atol=1e-4)
    assert (other.argmax(axis=1) == one.argmax(axis=1)).all()


def constants(data: bytes) -> dict[str, np.ndarray]:
    """Bytes of each constant of a .tflite, by tensor name, as they lie in `data`."""
    model = schema.Model.GetRootAsModel(data, 0)
    graph = model.Subgraphs(0)
    tensors = [graph.Tensors(number) for number in range(graph.TensorsLength())]
    return {each.Name().decode(): model.Buffers(each.Buffer()).DataAsNumpy() for each in tensors if each.Buffer()}


def test_has_the_same_weights_in_eight_bits(network: Recurrent) -> None:
    proto = onnx.load_from_string(to_onnx(network, "x"))
    theirs = {each.name: onnx.numpy_helper.to_array(each) for each in proto.graph.initializer}
    ours = constants(to_tflite(network, "x"))
    stored = {name for name, value in theirs.items() if value.dtype == np.int8}
    assert stored == {name for name in ours if name.endswith("_int8")}
    for name in stored:
        assert ours[name].tobytes() == theirs[name].T.tobytes()


def test_constants_lie_where_a_processor_reads_them_at_once(network: Recurrent) -> None:
    data = to_tflite(network, "x")
    start = np.frombuffer(data, np.uint8).ctypes.data
    assert {(value.ctypes.data - start) % ALIGNED for value in constants(data).values()} == {0}


def test_the_same_network_is_the_same_bytes_and_another_is_not(network: Recurrent) -> None:
    first = to_tflite(network, "x")
    assert to_tflite(network, "x") == first
    network.output.bias.data += 0.5
    assert to_tflite(network, "x") != first
