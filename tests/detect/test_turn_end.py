"""Smart Turn's shape, on a small network of the same inputs and outputs: the mean of the last frames decides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeagent.app import load_turn_end
from edgeagent.errors import ModelError

onnx = pytest.importorskip("onnx", reason="makes a network")

SPEECH = (0.1 * np.sin(np.arange(24_000) / 3)).astype(np.float32)
PAUSE = np.zeros(8000, np.float32)


def network(path: Path, *, shape: tuple[str | int, ...] = ("batch", 80, 800), squashed: bool = True) -> str:
    """1 / (1 + exp(16 * mean of the last 40 frames)), sigmoid left out where not squashed."""
    from onnx import TensorProto, helper

    numbers = {"starts": [760], "ends": [800], "axes": [2]}
    given = [helper.make_tensor(name, TensorProto.INT64, [1], values) for name, values in numbers.items()]
    given += [helper.make_tensor("steep", TensorProto.FLOAT, [1], [-16.0])]
    given += [helper.make_tensor("both", TensorProto.INT64, [2], [1, 2])]
    last = "logits" if not squashed else "scaled"
    nodes = [
        helper.make_node("Slice", ["input_features", "starts", "ends", "axes"], ["tail"]),
        helper.make_node("ReduceMean", ["tail", "both"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "steep"], [last]),
    ]
    nodes += [helper.make_node("Sigmoid", [last], ["logits"])] if squashed else []
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("input_features", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)],
        given,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    path.write_bytes(model.SerializeToString())
    return str(path)


def test_it_hears_the_whole_turn_with_the_pause_behind_it(tmp_path: Path) -> None:
    judge = load_turn_end(network(tmp_path / "small.onnx"))
    done, going = judge.complete(np.concatenate((SPEECH, PAUSE))), judge.complete(np.concatenate((PAUSE, SPEECH)))
    assert 0 <= going < 0.5 < done <= 1


def test_a_fixed_number_of_inputs_is_as_good(tmp_path: Path) -> None:
    assert 0 <= load_turn_end(network(tmp_path / "one.onnx", shape=(1, 80, 800))).complete(SPEECH) <= 1


def test_another_network_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no Smart Turn v3.*smart-turn-v3\.x-cpu\.onnx"):
        load_turn_end(network(tmp_path / "v1.onnx", shape=(1, 80, 3000)))
    (tmp_path / "none.onnx").write_bytes(b"not a network")
    with pytest.raises(ModelError):
        load_turn_end(str(tmp_path / "none.onnx"))
    with pytest.raises(ModelError, match="No such file"):
        load_turn_end(str(tmp_path / "away.onnx"))


def test_an_answer_that_is_no_probability_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no probability"):
        load_turn_end(network(tmp_path / "raw.onnx", squashed=False)).complete(np.concatenate((PAUSE, SPEECH)))
