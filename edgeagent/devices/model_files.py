"""Models from the models folder, checked against its manifest before anything is decided with them.

`models/manifest.yaml` names each model's file and its SHA-256. A `.npz` is a perceptron of our own; an `.onnx` runs in
onnxruntime. Both stand behind the Model port, so a trained network replaces the first rule by a line in the manifest.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
import yaml

from edgeagent.detect.perceptron import Perceptron
from edgeagent.errors import ModelError
from edgeagent.ports import Model

FOLDER = Path(__file__).parents[1] / "models"
"""Beside the package in a checkout and inside it when installed."""

RESTORE = "restore the models folder from the release you installed"


def manifest(folder: Path = FOLDER) -> dict[str, tuple[Path, str]]:
    """Each model's name to its file and the SHA-256 it must have. Raises ModelError."""
    path = folder / "manifest.yaml"
    try:
        listed = yaml.safe_load(path.read_text(encoding="utf-8"))
        return {name: (folder / str(row["file"]), str(row["sha256"])) for name, row in listed["models"].items()}
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}", RESTORE) from None
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        raise ModelError(f"{path}: not a list of models", RESTORE) from None


def load_model(name: str, folder: Path = FOLDER) -> Model:
    """The model called `name` in the manifest. Raises ModelError when it is missing, altered or of an unknown kind."""
    listed = manifest(folder)
    if name not in listed:
        raise ModelError(f"{folder / 'manifest.yaml'}: no model '{name}'", RESTORE)
    path, expected = listed[name]
    data = verified(path, expected)
    if path.suffix == ".npz":
        return _perceptron(data, path)
    if path.suffix == ".onnx":
        from edgeagent.devices.onnx_model import OnnxModel  # here, because onnxruntime costs 60 MB and 0.2 s

        return OnnxModel(data, str(path))
    raise ModelError(f"{path}: neither .npz nor .onnx", RESTORE)


def verified(path: Path, expected: str) -> bytes:
    """The file's bytes, if they are the ones the manifest was written for."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}", RESTORE) from None
    if hashlib.sha256(data).hexdigest() != expected:
        raise ModelError(f"{path}: checksum differs from manifest.yaml", RESTORE)
    return data


def _perceptron(data: bytes, path: Path) -> Perceptron:
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            return Perceptron({key: stored[key] for key in stored.files}, str(path))
    except (zipfile.BadZipFile, ValueError, OSError, EOFError):
        raise ModelError(f"{path}: not a NumPy archive", RESTORE) from None
