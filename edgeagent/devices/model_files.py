"""Models from the models folder, checked against its manifest (`manifest`) before anything is decided with them."""

from __future__ import annotations

from pathlib import Path

from edgeagent.devices.manifest import FOLDER, ONNX, RESTORE, TFLITE, VERSION, chosen, kind_to_run, manifest, verified
from edgeagent.errors import ModelError
from edgeagent.ports import Model

__all__ = ["FOLDER", "ONNX", "TFLITE", "VERSION", "chosen", "kind_to_run", "load_model", "manifest", "verified"]


def load_model(name: str, folder: Path = FOLDER, *, kind: str = "") -> Model:
    """The model called `name` in the manifest; kind as there. Raises ModelError when it is missing, altered or of an
    unknown kind."""
    listed = manifest(folder, kind)
    if name not in listed:
        raise ModelError(f"{folder / 'manifest.yaml'}: no model '{name}'", RESTORE)
    path, expected = listed[name]
    data = verified(path, expected)
    match path.suffix:  # imported here, because onnxruntime takes 20 MB and 60 ms
        case ".onnx":
            from edgeagent.devices.onnx_model import OnnxModel

            return OnnxModel(data, str(path))
        case ".tflite":
            from edgeagent.devices.litert_model import LiteRtModel

            return LiteRtModel(data, str(path))
    raise ModelError(f"{path}: neither .onnx nor .tflite", RESTORE)
