"""Renders, learns, measures and writes the two models of the ear.

    python -m tools.train.first_ear CORPUS_FOLDER --out models/ [--scenes 400] [--seed 0] [--cache DIR] [--jobs 2]

Learns from the split `train` without the held-out speakers, impulse responses and noises; calibrates on scenes made of
those; shows figures for them and for the split `dev`. Models that are not better than GATE are not written. A run that
was interrupted goes on where it was, from the cache. On two busy cores 420 scenes took a quarter of an hour, of
which learning took three minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgeagent.detect.near_end import NEAR, SURE
from edgeagent.detect.perceptron import Perceptron
from edgeagent.errors import EdgeAgentError
from tools.train.acts import Heard
from tools.train.card import Result, write
from tools.train.corpus import Part, load_corpus
from tools.train.figures import either_way, floor_figures, near_figures
from tools.train.fit import Recipe, fit, temperature
from tools.train.labels import Array, Looks, classes, contexts, looks, weights
from tools.train.scenes import Listened, listened

NEAR_END = Recipe(hidden=48, epochs=8, rate=3e-3, noise=0.2, dropped=0.05, decay=1e-3, batch=2048)
BACKCHANNEL = Recipe(hidden=48, epochs=12, rate=3e-3, noise=0.3, dropped=0.1, decay=3e-2, batch=1024)

COPIES = 3
"""Altered copies of each look back at an event."""

MEASURED = {Part.HELD_OUT: 50, Part.DEV: 30}
"""Scenes of each part that is measured on."""

SHIFT = {"near_end": -0.5, "backchannel": -0.7}
"""Nats added to the log odds of near speech, and of taking the floor. Training weighs both sides of each question
alike; in use silence and listening are the rule, and a stop for nothing costs more than a late one."""

GATE = {"near_end": 0.90, "backchannel": 0.70}
"""Least area under the curve on held-out scenes with which a model is written."""

Weights = dict[str, Array]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.train.first_ear", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("corpus", type=Path, help="folder with manifest.csv and segments.csv")
    parser.add_argument("--out", type=Path, required=True, help="folder for the models, their manifest and card")
    parser.add_argument("--scenes", type=int, default=400, help="scenes to learn from")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cache", type=Path, default=Path("build/first_ear"), help="folder for rendered scenes")
    parser.add_argument("--jobs", type=int, default=2, help="processes that render")
    asked = parser.parse_args(arguments)
    try:
        result = train(asked.corpus, asked.scenes, asked.seed, asked.cache, asked.jobs)
        write(asked.out, result)
    except EdgeAgentError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def train(folder: Path, count: int, seed: int, cache: Path, jobs: int) -> Result:
    """Everything but the writing. Raises EdgeAgentError, also when a model does not pass the gate."""
    counts = {Part.TRAIN: count, **MEASURED}
    scenes = {part: listened(folder, part, n, seed, cache, jobs) for part, n in counts.items()}
    say("near-end detector")
    near_end = _near_end(scenes[Part.TRAIN], scenes[Part.HELD_OUT], seed)
    near = {part: [near_probability(near_end, scene) for scene in found] for part, found in scenes.items()}
    say("backchannel rule")
    taught = looks(scenes[Part.TRAIN], near[Part.TRAIN], COPIES, seed)
    tested = {part: looks(scenes[part], near[part]) for part in MEASURED}
    backchannel = _backchannel(taught, tested[Part.HELD_OUT], seed)
    result = Result(near_end, backchannel, load_corpus(folder, Part.TRAIN).credits, count, seed)
    for part in MEASURED:
        result.near[part] = near_figures(scenes[part], near[part])
        result.floor[part] = floor_figures(_forward(backchannel, tested[part].inputs)[:, 0], tested[part])
        result.length_only[part] = either_way(floor_figures(tested[part].seconds, tested[part]))
        result.energy_only[part] = either_way(floor_figures(tested[part].level, tested[part]))
        say(f"{part}: near {result.near[part]}\n  floor {result.floor[part]}")
    found = {"near_end": result.near[Part.HELD_OUT]["all"], "backchannel": result.floor[Part.HELD_OUT]["all"]}
    failed = [f"{name} {found[name]:.3f} < {least}" for name, least in GATE.items() if found[name] < least]
    if failed:
        raise EdgeAgentError(f"area under the curve on held-out scenes: {', '.join(failed)}", "render more scenes")
    return result


def near_probability(model: Weights, scene: Listened) -> Array:
    """(hops,) P(near-end speech), as the detector gives it."""
    logits = _forward(model, contexts(scene))
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(np.clip(odds[:, NEAR] / odds.sum(axis=1), 1 - SURE, SURE), np.float32)


def _near_end(taught: Sequence[Listened], tested: Sequence[Listened], seed: int) -> Weights:
    inputs = np.concatenate([contexts(scene) for scene in taught])
    labels = np.concatenate([classes(scene) for scene in taught])
    model = fit(NEAR_END, inputs, labels, np.concatenate([weights(scene) for scene in taught]), seed=seed)
    logits = np.concatenate([_forward(model, contexts(scene)) for scene in tested])
    truth = np.concatenate([classes(scene) for scene in tested])
    by = temperature(logits, truth, np.concatenate([weights(scene) for scene in tested]))
    return calibrated(model, by, NEAR, SHIFT["near_end"])


def _backchannel(taught: Looks, tested: Looks, seed: int) -> Weights:
    labels = (taught.heard == Heard.FLOOR).astype(np.int64)
    model = fit(BACKCHANNEL, taught.inputs, labels, _look_weights(taught), seed)
    truth = tested.floor.astype(np.int64)
    by = temperature(_forward(model, tested.inputs), truth, _look_weights(tested))
    return calibrated(model, by, 0, SHIFT["backchannel"])


def _look_weights(taught: Looks) -> Array:
    """Takers of the floor and all others count the same in sum, each event as much as another."""
    each = 1.0 / np.bincount(taught.event)[taught.event]
    share = each[taught.floor].sum() / each.sum()
    return np.asarray(np.where(taught.floor, 0.5 / share, 0.5 / (1 - share)) * each, np.float32)


def calibrated(model: Weights, by: float, output: int, shift: float) -> Weights:
    """The model with its logits divided by `by`, and `shift` added to that of `output`."""
    say(f"temperature {by:.2f}")
    bias = (model["output_bias"] / by).astype(np.float32)
    bias[output] += np.float32(shift)
    return model | {"output": (model["output"] / by).astype(np.float32), "output_bias": bias}


def _forward(model: Weights, inputs: Array) -> Array:
    return np.asarray(Perceptron(model).run({"features": inputs})["logits"])


def say(what: str) -> None:
    """Progress."""
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
