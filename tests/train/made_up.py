"""A corpus of a few synthetic voices, laid out like a real one."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from edgeagent.signal.wav import write_wav
from edgeagent.sim import noises
from edgeagent.units import RATE
from tools.train.corpus import held_out

NAMES = [name for name in (f"voice-{i}" for i in range(60)) if not held_out(name)][:2]
HELD_OUT = next(name for name in (f"voice-{i}" for i in range(200)) if held_out(name))

SOURCE = "speech_commands"
"""One of which listening and taking the floor are compared."""

GIVEN = [("agent", "", 4.0), ("near", "", 3.0), ("near", "stop", 0.5), ("near", "yes", 0.5), ("near", "seven", 0.5)]


def build(folder: Path) -> Path:
    """Every speaker says everything, in the split train; one noise and one room."""
    dice = np.random.default_rng(5)
    manifest, segments = [], []
    for speaker in (*NAMES, HELD_OUT):
        for kind, text, lasts in GIVEN:
            path = f"{speaker}-{kind}-{text or 'phrase'}.wav"
            sound = np.zeros(round((lasts + 0.4) * RATE))
            voice = noises.murmur(dice, round(lasts * RATE), voices=1)
            sound[round(0.2 * RATE) :][: voice.size] = 0.1 * voice / np.abs(voice).max()
            write_wav(folder / path, sound.astype(np.float32))
            row = {"path": path, "split": "train", "kind": kind, "source": SOURCE, "speaker": speaker, "text": text}
            manifest.append(row | {"licence": "CC0", "attribution": "nobody"})
            active = f"0.20-{lasts + 0.2:.2f}"
            segments.append(row | {"start_s": "0", "end_s": str(lasts + 0.4), "active": active})
    write_wav(folder / "hiss.wav", (0.01 * noises.coloured(dice, RATE, 1.0)).astype(np.float32))
    row = {"path": "hiss.wav", "split": "train", "kind": "noise", "source": "made up", "speaker": "", "text": ""}
    manifest.append(row | {"licence": "CC0", "attribution": "nobody"})
    for name, rows in (("manifest.csv", manifest), ("segments.csv", segments)):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return folder
