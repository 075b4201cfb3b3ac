"""Models of which the .tflite pair is not the .onnx pair."""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path

import yaml

from edgeagent.devices.model_files import FOLDER, TFLITE


def spoilt(folder: Path) -> Path:
    """A copy of this release's models with some weights of the near-end .tflite zeroed, and its checksum right."""
    shutil.copytree(FOLDER, folder)
    path = folder / "manifest.yaml"
    listed = yaml.safe_load(path.read_text(encoding="utf-8"))
    row = listed[TFLITE]["near_end"]
    file = folder / row["file"]
    data = bytearray(file.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = bytes(4000)
    file.write_bytes(data)
    row["sha256"] = sha256(data).hexdigest()
    path.write_text(yaml.safe_dump(listed), encoding="utf-8")
    return folder
