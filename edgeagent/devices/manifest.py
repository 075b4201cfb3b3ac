"""The list of models in a models folder, and the files that it names: what a model is run with is `model_files`.

`models/manifest.yaml` says for which `version` of the ear the models were made, and names each model's file and its
SHA-256: under `models` the .onnx, under `tflite` the same models as .tflite. The latter are run where LiteRT is
installed and onnxruntime is not; both decide alike.
"""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

import yaml

from edgeagent.errors import ModelError
from edgeagent.settings import Models

FOLDER = Path(__file__).parents[1] / "models"
"""Beside the package in a checkout and inside it when installed."""

RESTORE = "restore the models folder from the release you installed (git restore models, and install it again)"
RENEW = f"{RESTORE}, or train your own anew: python -m tools.train --help"


VERSION = 1
"""Of what a model is shown and of what its answers mean (`signal.features`, the classes in `detect`). Shapes alone do
not tell: a network that learnt other features runs, and decides at random. Raise it whenever models must be trained
anew; a manifest without it is of version 1."""

ONNX, TFLITE = "models", "tflite"
"""What a kind of file is called in the manifest."""


def kind_to_run() -> str:
    """ONNX or TFLITE: what this installation can run; ONNX also when it can run neither."""
    litert = find_spec("ai_edge_litert") or find_spec("tflite_runtime")
    return TFLITE if litert and not find_spec("onnxruntime") else ONNX


KINDS = {"auto": "", "onnx": ONNX, "litert": TFLITE}
"""What each `models.runtime` asks of the manifest."""


def chosen(models: Models) -> tuple[Path, str]:
    """Folder and kind that these settings mean, for the two functions below."""
    return Path(models.folder).expanduser() if models.folder else FOLDER, KINDS[models.runtime]


def manifest(folder: Path = FOLDER, kind: str = "") -> dict[str, tuple[Path, str]]:
    """Each model's name to its file and the SHA-256 it must have. kind: ONNX or TFLITE, "" for the one that is run.
    Raises ModelError."""
    path = folder / "manifest.yaml"
    try:
        listed = yaml.safe_load(path.read_text(encoding="utf-8"))
        rows, version = listed[kind or kind_to_run()], listed.get("version", 1)
        if version != VERSION:
            raise ModelError(f"{path}: models of version {version}, this program runs those of {VERSION}", RENEW)
        return {name: (folder / str(row["file"]), str(row["sha256"])) for name, row in rows.items()}
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}", RESTORE) from None
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        raise ModelError(f"{path}: not a list of models", RESTORE) from None


def verified(path: Path, expected: str) -> bytes:
    """The file's bytes, if they are the ones the manifest was written for."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}", RESTORE) from None
    if hashlib.sha256(data).hexdigest() != expected:
        raise ModelError(f"{path}: checksum differs from manifest.yaml", RESTORE)
    return data
