"""Writes the models, the manifest with their checksums, and the model card with figures, limits and credits."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np

from tools.train.corpus import Part
from tools.train.labels import Array

Figures = dict[Part, dict[str, float]]


@dataclass(slots=True)
class Result:
    """The weights of both models, where they come from, and how good they are: areas under curves, by part and by what
    they are told from."""

    near_end: dict[str, Array]
    backchannel: dict[str, Array]
    credits: set[tuple[str, str]]
    scenes: int
    seed: int
    near: Figures = field(default_factory=dict)
    floor: Figures = field(default_factory=dict)
    length_only: Figures = field(default_factory=dict)
    energy_only: Figures = field(default_factory=dict)


def write(folder: Path, result: Result) -> None:
    """near_end.npz, backchannel.npz, manifest.yaml and first_ear.md into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["# Checked at start: a model that is not byte for byte this one is refused.", "models:"]
    for name, weights in (("near_end", result.near_end), ("backchannel", result.backchannel)):
        data = archive(weights)
        (folder / f"{name}.npz").write_bytes(data)
        lines += [f"  {name}:", f"    file: {name}.npz", f"    sha256: {sha256(data).hexdigest()}"]
    (folder / "manifest.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "first_ear.md").write_text(card(result), encoding="utf-8")


def archive(weights: Mapping[str, Array]) -> bytes:
    """The arrays as a `.npz`."""
    held = io.BytesIO()
    np.savez(held, allow_pickle=False, **weights)
    return held.getvalue()


def card(result: Result) -> str:
    """Markdown."""
    return "\n\n".join(
        (
            "# The first ear: near_end.npz and backchannel.npz",
            WHAT.format(scenes=result.scenes, seed=result.seed),
            "## Figures\n\n" + FIGURES,
            "Near-end detector, by step of 16 ms:\n\n" + _near_table(result),
            BESIDE + _floor_table(result),
            _verdict(result),
            "## Limits\n\n" + LIMITS,
            "## Licence and credits\n\n" + LICENCE + "\n\n" + _credits(result.credits),
        )
    ) + "\n"  # fmt: skip


WHAT = """Two perceptrons with one hidden layer of 48 units each, in NumPy arrays. `near_end`: from the mel bands of the
echo canceller's three outputs to nothing, near speech, noise or far speech, every 16 ms. `backchannel`: from the last
1.3 s of the same, weighted by near speech, to whether what was heard takes the floor. Trained by
`python -m tools.train.first_ear` (`--scenes {scenes} --seed {seed}`) on scenes of 36 s made of the recordings below and
of synthesised sounds, through this project's own canceller. They are for this canceller and these features, and for
nothing else."""

FIGURES = """Area under the ROC curve: the probability that one of the first sounds more like it than one of the
second; 0.5 is chance. *Held out*: scenes of the training split with speakers (`tools/train/held_out.txt`), impulse
responses and noises that were not learnt from. *Dev*: the split `dev`. The temperature of each model was set on the
held-out part, and the inputs, the length of training and the working point were chosen with an eye on both: all are
tuning figures. No part of the corpus is a test set."""

BESIDE = """Backchannel rule, 0.1 s after the end of what was heard, beside two rules that only look at its true
length or at its loudness, each in whichever direction serves it better:

"""

LIMITS = """- **No natural backchannel was heard in training or in measuring.** Listeners are read words ("right",
  "yes", "ok" in English and Arabic), espeak-ng ("uh huh", "mm hmm", "yeah", ...) and synthesised hums. Takers of the
  floor are read words, chains of them, and sentences read from books. How well it does with people who really listen is
  not known.
- What it tells apart are mostly these words. A word it does not know falls on either side.
- English and Arabic near-end speech, a few voices of the device, seventeen recorded noises, simulated echo: no
  recording of a real device was used. No children, few accents, no Lombard speech. Coughs and clatter are synthesised.
- The figures hold for a person 8 dB or more above the noise and an echo at most 12 dB above the person."""

LICENCE = """The models are under the licence of the project. They were made from the recordings below, cut, mixed with
each other and filtered; espeak-ng and the simulator of this project made the synthetic sounds."""


def _near_table(result: Result) -> str:
    rows = [f"| {part} | " + " | ".join(f"{value:.3f}" for value in result.near[part].values()) + " |"
            for part in result.near]  # fmt: skip
    heads = [f"near against {name}" for name in next(iter(result.near.values()))]
    return "\n".join(["| | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|", *rows])


def _floor_table(result: Result) -> str:
    rows = []
    for part, figures in result.floor.items():
        for name, value in figures.items():
            alone = (f"{scores[part][name]:.3f}" for scores in (result.length_only, result.energy_only))
            rows.append(f"| {part} | {name} | **{value:.3f}** | " + " | ".join(alone) + " |")
    return "\n".join(
        ["| | takes the floor against | model | length alone | energy alone |", "|---|---|---|---|---|", *rows]
    )


def _verdict(result: Result) -> str:
    """Whether the backchannel model is better than what could be had for nothing."""
    worse = [
        f"{name} ({part})"
        for part, figures in result.floor.items()
        for name, value in figures.items()
        if value <= max(result.length_only[part][name], result.energy_only[part][name])
    ]
    if worse:
        return "The backchannel model is **not better than length or energy alone** against: " + ", ".join(worse) + "."
    return "The backchannel model is better than length or energy alone in every row."


def _credits(credits: set[tuple[str, str]]) -> str:
    return "\n".join(f"- {line} ({licence})" for line, licence in sorted(credits))
