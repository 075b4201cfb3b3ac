"""A network read from a file of a release is the one that wrote it, and goes on learning from there."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra [train]")
pytest.importorskip("onnx", reason="needs the extra [train]")

import onnx
from onnx import numpy_helper

from edgeagent.devices.model_files import FOLDER, ONNX, manifest
from edgeagent.devices.onnx_model import OnnxModel
from edgeagent.errors import ModelError
from edgeagent.signal.features import SIZE
from tools.train.export import to_onnx
from tools.train.learn import forward
from tools.train.reopen import reopened, rescaled, through
from tools.train.sizes import NEAR_END

VECTORS = np.random.default_rng(3).uniform(0, 3, (80, SIZE)).astype(np.float32)


def release(name: str) -> bytes:
    return manifest(FOLDER, ONNX)[name][0].read_bytes()


@pytest.mark.parametrize("name", ["near_end", "backchannel"])
def test_it_says_what_the_file_says_and_so_does_what_is_written_of_it(name: str) -> None:
    network = reopened(release(name), name)
    said = through(OnnxModel(release(name)), VECTORS)
    np.testing.assert_allclose(forward(network, VECTORS[None])[0], said, atol=1e-3)
    np.testing.assert_allclose(through(OnnxModel(to_onnx(network, name)), VECTORS), said, atol=1e-3)


@pytest.mark.parametrize("name", ["near_end", "backchannel"])
def test_inputs_of_another_scale_change_nothing_that_it_says(name: str) -> None:
    network = reopened(release(name), name)
    before = forward(network, VECTORS[None])
    rescaled(network, VECTORS.mean(axis=0), VECTORS.std(axis=0))
    np.testing.assert_allclose(forward(network, VECTORS[None]), before, atol=1e-3)
    rescaled(network, np.zeros(SIZE, np.float32), np.ones(SIZE, np.float32))
    np.testing.assert_allclose(forward(network, VECTORS[None]), before, atol=1e-3)


def test_what_is_no_model_is_refused() -> None:
    for data in (b"", b"something else", release("near_end")[:-2000]):
        with pytest.raises(ModelError):
            reopened(data, "it")


def test_a_file_that_computes_something_else_is_refused() -> None:
    """A gate turned round: the constants are all there, and read another way."""
    model = onnx.load_from_string(release("near_end"))
    for each in model.graph.initializer:
        if each.name == "layer0_keep_from":
            each.CopyFrom(numpy_helper.from_array(np.array([0]), each.name))
        if each.name == "layer0_keep_to":
            each.CopyFrom(numpy_helper.from_array(np.array(NEAR_END[1]), each.name))
    with pytest.raises(ModelError, match="something else"):
        reopened(model.SerializeToString(), "it")
