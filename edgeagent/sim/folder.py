"""A scene and its truth as a folder on disk: what `load_scene` and `read_truth` read back, sample for sample.

Plain WAV, so that nothing but the core is needed to write or read it: 16 bit for sound, 32-bit float for responses.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

import yaml

from edgeagent.ports import Sound
from edgeagent.signal.wav import write_wav
from edgeagent.sim.scene import Line, Scene
from edgeagent.sim.truth import Happening, write_truth
from edgeagent.units import RATE, seconds

FLOAT = 3
"""WAVE_FORMAT_IEEE_FLOAT."""


def write_scene(folder: Path, scene: Scene, truth: Iterable[Happening], clean: Sound | None = None) -> None:
    """Write the scene into the new or existing `folder`. clean: the user's turns alone, as they reach the
    microphone."""
    folder.mkdir(parents=True, exist_ok=True)
    echo: dict[str, object] = {
        "path": "ir.wav",
        "delay_ms": scene.echo.delay * 1000 / RATE,
        "drift_ppm": scene.echo.drift_ppm,
    }
    _write_float(folder / "ir.wav", scene.echo.response)
    if scene.echo.saturation:
        echo["saturation"] = scene.echo.saturation
    if change := scene.echo.change:
        _write_float(folder / "ir2.wav", change.response)
        echo["change"] = {"at_s": seconds(change.at), "path": "ir2.wav"}
    document = {
        "format": 1,
        "name": scene.name,
        "sample_rate_hz": RATE,
        "duration_s": seconds(scene.length),
        "agent": [_line(folder, i, line) for i, line in enumerate(scene.agent)],
        "near": "near.wav",
        "echo": echo,
    }
    write_wav(folder / "near.wav", scene.near)
    if clean is not None:
        write_wav(folder / "near_clean.wav", clean)
    write_truth(folder, truth)
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)
    (folder / "scene.yaml").write_text(text, encoding="utf-8")


def _line(folder: Path, index: int, line: Line) -> dict[str, object]:
    name = f"agent-{index}.wav"
    write_wav(folder / name, line.sound)
    entry: dict[str, object] = {"at_s": seconds(line.at), "audio": name, "text": line.text}
    if line.words:
        entry["words"] = [[seconds(word.start), seconds(word.end), word.text] for word in line.words]
    if line.protected:
        entry["protected"] = True
    return entry


def _write_float(path: Path, response: Sound) -> None:
    """Mono 16 kHz WAV in 32-bit float: an impulse response needs more than 16 bits and may exceed full scale."""
    data = response.astype("<f4").tobytes()
    form = struct.pack("<HHIIHH", FLOAT, 1, RATE, 4 * RATE, 4, 32)
    chunks = b"".join(name + struct.pack("<I", len(body)) + body for name, body in ((b"fmt ", form), (b"data", data)))
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
