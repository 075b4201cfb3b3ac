"""What every adapter of the Model port does alike, shown with the near-end model of this release."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeagent.detect.near_end import CLASSES
from edgeagent.devices import model_files
from edgeagent.devices.litert_model import LiteRtModel
from edgeagent.devices.model_files import ONNX, TFLITE, chosen, load_model, manifest
from edgeagent.devices.onnx_model import OnnxModel
from edgeagent.errors import ModelError
from edgeagent.ports import Model
from edgeagent.settings import Models
from edgeagent.signal.features import SIZE

KINDS: dict[str, type[OnnxModel] | type[LiteRtModel]] = {ONNX: OnnxModel, TFLITE: LiteRtModel}
Feeds = dict[str, np.ndarray]


def shipped(kind: str) -> bytes:
    if kind == TFLITE:
        pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed (extra litert)")
    try:
        path, _ = manifest(kind=kind)["near_end"]
    except ModelError:
        pytest.skip(f"models/manifest.yaml has no list '{kind}'")
    return path.read_bytes()


def of_variable_size(kind: str) -> bytes:
    data = shipped(kind)
    if kind == ONNX:
        onnx = pytest.importorskip("onnx", reason="needs the extra [train]")
        proto = onnx.load_from_string(data)
        proto.graph.input[1].type.tensor_type.shape.dim[1].dim_param = "n"
        return bytes(proto.SerializeToString())
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    made = schema.ModelT.InitFromPackedBuf(data)
    made.subgraphs[0].tensors[made.subgraphs[0].inputs[1]].shapeSignature = [1, -1]
    builder = flatbuffers.Builder()
    builder.Finish(made.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def feeds(model: Model, seed: int = 0) -> Feeds:
    dice = np.random.default_rng(seed)
    return {name: dice.uniform(-1, 1, shape).astype(np.float32) for name, shape in model.inputs.items()}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def model(kind: str) -> Model:
    made: Model = KINDS[kind](shipped(kind))
    return made


def test_names_and_sizes_are_those_of_the_file(model: Model) -> None:
    assert model.outputs == ("logits", "state_out")
    assert set(model.inputs) == {"features", "state"}
    assert model.inputs["features"] == (1, SIZE)
    told = model.run(feeds(model))
    assert {name: x.shape for name, x in told.items()} == {
        "logits": (1, len(CLASSES)),
        "state_out": model.inputs["state"],
    }
    assert {x.dtype for x in told.values()} == {np.dtype(np.float32)}


def test_remembers_nothing_but_what_it_is_given(model: Model) -> None:
    first = model.run(feeds(model))
    kept = {name: value.copy() for name, value in first.items()}
    other = model.run(feeds(model, 1))
    again = model.run(feeds(model))
    for name, value in kept.items():
        assert (other[name] != value).any()
        assert (again[name] == value).all()
        assert (first[name] == value).all(), "a later step has written over what this one gave"


def test_leaves_what_it_is_given_as_it_is(model: Model) -> None:
    given = feeds(model)
    model.run(given)
    for name, value in feeds(model).items():
        assert (given[name] == value).all()


def test_what_is_no_number_does_not_stay(model: Model) -> None:
    clean = model.run(feeds(model))["logits"]
    assert not np.isfinite(
        model.run(feeds(model) | {"features": np.full((1, SIZE), np.nan, np.float32)})["logits"]
    ).any()
    assert (model.run(feeds(model))["logits"] == clean).all()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda given: {"features": given["features"]},
        lambda given: given | {"mood": given["state"]},
        lambda given: given | {"features": given["features"][:, 1:]},
        lambda given: given | {"state": given["state"][0]},
        lambda given: given | {"state": given["state"].astype(np.float64)},
    ],
    ids=["too few", "too many", "another size", "another rank", "another type"],
)
def test_refuses_what_it_does_not_take(model: Model, spoil: Callable[[Feeds], Feeds]) -> None:
    with pytest.raises(ModelError):
        model.run(spoil(feeds(model)))
    assert np.isfinite(model.run(feeds(model))["logits"]).all()


@pytest.mark.parametrize("data", [b"", b"no model at all, " * 9], ids=["empty", "text"])
def test_refuses_what_is_no_model(kind: str, data: bytes) -> None:
    shipped(kind)  # skips where the library is missing
    with pytest.raises(ModelError, match=r"ear\.file.*restore the models folder"):
        KINDS[kind](data, "ear.file")


def test_refuses_inputs_of_variable_size(kind: str) -> None:
    with pytest.raises(ModelError, match="variable size"):
        KINDS[kind](of_variable_size(kind))


def test_says_which_library_is_missing(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for library in ("onnxruntime", "ai_edge_litert.interpreter", "tflite_runtime.interpreter"):
        monkeypatch.setitem(sys.modules, library, None)
    package = {ONNX: "onnxruntime", TFLITE: r"'\.\[litert\]' in the checkout"}[kind]
    with pytest.raises(ModelError, match=rf"{re.escape(sys.executable)} -m pip install {package}$"):
        KINDS[kind](b"")


def folder_with(folder: Path, kind: str, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    row = f"{{file: {name}, sha256: {hashlib.sha256(data).hexdigest()}}}"
    (folder / "manifest.yaml").write_text(f"{kind}:\n  small: {row}\n", encoding="utf-8")
    return folder


def test_is_found_by_name_and_kind_unless_a_byte_was_changed(kind: str, tmp_path: Path) -> None:
    data = bytearray(shipped(kind))
    name = {ONNX: "small.onnx", TFLITE: "small.tflite"}[kind]
    folder_with(tmp_path, kind, name, bytes(data))
    assert isinstance(load_model("small", tmp_path, kind=kind), KINDS[kind])
    data[len(data) // 2] ^= 1
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ModelError, match="checksum"):
        load_model("small", tmp_path, kind=kind)


def test_refuses_files_of_other_kinds(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"neither \.onnx nor \.tflite"):
        load_model("small", folder_with(tmp_path, ONNX, "small.npz", b"PK"))


@pytest.mark.parametrize(
    ("installed", "runs"),
    [
        ({"onnxruntime"}, ONNX),
        ({"onnxruntime", "ai_edge_litert"}, ONNX),
        ({"ai_edge_litert"}, TFLITE),
        ({"tflite_runtime"}, TFLITE),
        (set(), ONNX),
    ],
)
def test_litert_runs_where_onnxruntime_is_missing(
    installed: set[str], runs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeagent.devices.manifest.find_spec", lambda name: name if name in installed else None)
    assert model_files.kind_to_run() == runs


def test_settings_choose_the_runtime_and_the_folder(kind: str, tmp_path: Path) -> None:
    runtime = {ONNX: "onnx", TFLITE: "litert"}[kind]
    name = {ONNX: "small.onnx", TFLITE: "small.tflite"}[kind]
    folder_with(tmp_path, kind, name, shipped(kind))
    folder, asked = chosen(Models(runtime=runtime, folder=str(tmp_path)))  # type: ignore[arg-type]
    assert isinstance(load_model("small", folder, kind=asked), KINDS[kind])
    assert chosen(Models())[0] == model_files.FOLDER


def test_the_library_keeps_nothing_about_the_machine(kind: str, tmp_path: Path) -> None:
    """onnxruntime with telemetry leaves a number for the machine and a database of events in the home folder."""
    name = {ONNX: "onnx_model.OnnxModel", TFLITE: "litert_model.LiteRtModel"}[kind]
    module, _, made = name.partition(".")
    code = f"import sys; from edgeagent.devices.{module} import {made}; {made}(sys.stdin.buffer.read())"
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    environment = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"} | home
    subprocess.run([sys.executable, "-c", code], input=shipped(kind), env=environment, check=True, timeout=60)
    assert not list(tmp_path.rglob("*"))
