"""Models that are not those of this release: `run` and `check` say so in one message, with the remedy, and no device
starts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import yaml

from edgeagent.__main__ import main
from edgeagent.commands import _pace_probes, _pin_probes, _probes, _right_probes
from edgeagent.devices.model_files import FOLDER, ONNX, TFLITE, VERSION
from edgeagent.live import realtime
from edgeagent.signal.features import SIZE
from edgeagent.signal.wav import write_wav
from edgeagent.units import RATE

RUNTIMES = {ONNX: "onnx", TFLITE: "litert"}
Read = pytest.CaptureFixture[str]


class Release:
    """A copy of this release's models, to be spoilt."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.kind = folder, kind
        shutil.copytree(FOLDER, folder)
        self._path = folder / "manifest.yaml"
        self.listed = yaml.safe_load(self._path.read_text(encoding="utf-8"))

    def file(self, name: str = "near_end") -> Path:
        return self.folder / str(self.listed[self.kind][name]["file"])

    def put(self, data: bytes, name: str = "near_end") -> None:
        """Another file under the right checksum."""
        self.file(name).write_bytes(data)
        self.listed[self.kind][name]["sha256"] = sha256(data).hexdigest()
        self.write()

    def write(self) -> None:
        self._path.write_text(yaml.safe_dump(self.listed), encoding="utf-8")


def one_byte(release: Release) -> str:
    data = bytearray(release.file().read_bytes())
    data[len(data) // 3] ^= 1
    release.file().write_bytes(data)
    return "checksum differs"


def missing(release: Release) -> str:
    release.file().unlink()
    return "No such file"


def another_version(release: Release) -> str:
    release.listed["version"] = VERSION + 1
    release.write()
    return f"models of version {VERSION + 1}, this program runs those of {VERSION}"


def other_classes(release: Release) -> str:
    release.put(release.file("backchannel").read_bytes())
    return "near-end model does not tell"


def other_inputs(release: Release) -> str:
    """One feature more."""
    release.put(wider_onnx() if release.kind == ONNX else wider_tflite(release.file().read_bytes()))
    return f"near-end model takes {{'features': (1, {SIZE + 1})"


def wider_onnx() -> bytes:
    pytest.importorskip("onnx", reason="needs the extra [train]")
    from onnx import TensorProto, helper

    info = helper.make_tensor_value_info
    nodes = [
        helper.make_node("Softmax", ["features"], ["logits"]),
        helper.make_node("Identity", ["state"], ["state_out"]),
    ]
    given = [info("features", TensorProto.FLOAT, [1, SIZE + 1]), info("state", TensorProto.FLOAT, [1, 2])]
    made = [info("logits", TensorProto.FLOAT, [1, SIZE + 1]), info("state_out", TensorProto.FLOAT, [1, 2])]
    graph = helper.make_graph(nodes, "wider", given, made)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def wider_tflite(data: bytes) -> bytes:
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    made = schema.ModelT.InitFromPackedBuf(data)
    graph = made.subgraphs[0]
    for index in graph.inputs:
        if graph.tensors[index].name == b"features":
            graph.tensors[index].shape = [1, SIZE + 1]
    builder = flatbuffers.Builder()
    builder.Finish(made.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.fixture(params=[ONNX, TFLITE])
def release(request: pytest.FixtureRequest, tmp_path: Path) -> Release:
    if request.param == TFLITE:
        pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed (extra litert)")
    return Release(tmp_path / "models", request.param)


@pytest.fixture
def config(release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A device that could start, but for its models."""
    monkeypatch.setattr(realtime, "lock_memory", lambda: False)
    write_wav(tmp_path / "room.wav", np.zeros(RATE // 2, np.float32))
    path = tmp_path / "edgeagent.yaml"
    settings = {
        "audio": {"card": "wav", "microphone_wav": str(tmp_path / "room.wav")},
        "models": {"runtime": RUNTIMES[release.kind], "folder": str(release.folder)},
        "talker": {"kind": "command", "command": "cat"},
    }
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("spoil", [one_byte, missing, another_version, other_classes, other_inputs])
def test_the_start_is_refused_with_one_message(
    spoil: Callable[[Release], str], release: Release, config: str, capsys: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = spoil(release)
    assert main(["run", "--config", config]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("edgeagent: error: ")
    (line,) = (line for line in err.splitlines() if problem in line)
    assert "estore the models folder" in line or "use the models of this release" in line
    assert err.splitlines() in ([line], [f"edgeagent: error: {config}: 1 problem", line])
    for module, probe in ((_probes, "services"), (_pin_probes, "pins"), (_right_probes, "real_time")):
        monkeypatch.setattr(module, probe, lambda _settings, **_beside: iter(()))  # looked at elsewhere
    assert main(["check", "--config", config, "--machine"]) == 2
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("fail"))
    assert line.startswith("fail  models")
    assert problem in line


def test_untouched_they_pass(release: Release, config: str, capsys: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """So the refusals above are for what was changed; also a manifest from before there was a version."""
    del release.listed["version"]
    release.write()
    monkeypatch.setattr(_pace_probes, "headroom", lambda _settings: iter(()))
    assert main(["check", "--config", config, "--machine"]) in (0, 1)
    assert "ok    models" in capsys.readouterr().out
