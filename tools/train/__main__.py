"""Renders, learns, measures and writes the two models of the ear.

    python -m tools.train CORPUS_FOLDER --out models/ [--scenes 1000] [--more 0] [--seed 0] [--cache DIR] [--jobs 2]

Learns from the split `train` without the held-out speakers, impulse responses and noises; calibrates on scenes made of
those; shows figures for them and for the split `dev`. Models that are not better than their gate, that lose by
being quantized, or that tell a listener's recorded words from a taker's no better than length or level alone do, are
not written. A run that was interrupted goes on where it was, from the cache. With `--more` a last
cycle learns from so many crowded scenes of what is hard (part `later`), and from some of the others. With `--only` two
networks learn at the same time, each in a process of its own; a run without it then has only to measure and to write.
With `--blank` the networks never see part of what the ear sees, to find out what that is worth (`tools.ablate`); such
models are written however good they are.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgeagent.__main__ import ended
from edgeagent.errors import EdgeAgentError, install
from tools.train.options import training

try:
    import ai_edge_litert  # noqa: F401
    import onnx  # noqa: F401
    import torch
except ModuleNotFoundError as error:
    if __name__ == "__main__":
        training(__doc__).parse_args()  # --help needs none of them
    raise SystemExit(f"python -m tools.train: {error.name} is not installed; {install('train')}") from None

from edgeagent.commands.terminal import check_folder
from edgeagent.detect.near_end import NEAR
from edgeagent.devices.onnx_model import OnnxModel
from tools.train.blank import Blank, blanked
from tools.train.calibration import probabilities, temperature
from tools.train.card import Result, write
from tools.train.corpus import Part, load_corpus
from tools.train.export import to_onnx
from tools.train.export_tflite import to_tflite
from tools.train.figures import (
    calibration_figures,
    kind_baselines,
    kind_figures,
    near_figures,
    onset_figures,
    pair_figures,
)
from tools.train.further import Later, learn_further
from tools.train.gate import BACKCHANNEL, NEAR_END, comparable, gate
from tools.train.learn import Loss, Recipe, forward, kind_loss, learn, near_loss
from tools.train.learnt_from import learnt_from
from tools.train.made import made, spoken
from tools.train.networks import Overlap, Recurrent, near_end
from tools.train.reopen import through
from tools.train.scenes import Listened, listened
from tools.train.sequences import vectors
from tools.train.truth import Floats, Truth, truth, vocabulary

RECIPES: dict[str, tuple[Loss, Recipe]] = {
    NEAR_END: (near_loss, Recipe(cycles=((15, 5e-3), (8, 2.5e-3)))),
    BACKCHANNEL: (kind_loss, Recipe(cycles=((15, 5e-3), (8, 2.5e-3)))),
}

LATER = Later()

MEASURED = {Part.HELD_OUT: 80, Part.DEV: 60}
"""Scenes of each part that is measured on."""

STRANGE = 16
"""Scenes with nothing but voices and a program of which nothing was learnt from."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit status."""
    asked = training(__doc__).parse_args(arguments)
    try:
        check_folder(asked.out)
        _look_over(asked.corpus, gated=not asked.blank)
        work = asked.corpus, asked.cache, asked.jobs
        scenes, later = _scenes(*work, asked.scenes, asked.seed), _later(*work, asked.more, asked.seed)
        if asked.blank:
            asked.cache /= asked.blank  # for the checkpoints
            scenes = {part: [blanked(one, Blank(asked.blank)) for one in some] for part, some in scenes.items()}
            later = [blanked(one, Blank(asked.blank)) for one in later]
        if asked.only:
            taught(asked.only, scenes[Part.TRAIN], later, asked.seed, asked.cache)
        else:
            write(asked.out, train(asked.corpus, scenes, later, asked.seed, asked.cache, blank=asked.blank or ""))
    except EdgeAgentError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def train(
    folder: Path, scenes: dict[Part, list[Listened]], later: Sequence[Listened], seed: int, cache: Path, *,
    blank: str = "",
) -> Result:  # fmt: skip
    """Everything but rendering and writing. blank: what is not in the scenes. Raises EdgeAgentError, also when a model
    does not pass its gates."""
    networks = {name: taught(name, scenes[Part.TRAIN], later, seed, cache) for name in RECIPES}
    held = [truth(scene, {}) for scene in scenes[Part.HELD_OUT]]
    seen = vectors(scenes[Part.HELD_OUT], None)
    calibrate(networks[NEAR_END], seen, held, "near")
    calibrate(networks[BACKCHANNEL], seen, held, "kind")
    result = Result(load_corpus(folder, Part.TRAIN).credits, len(scenes[Part.TRAIN]), seed)
    result.more, result.share, result.made, result.blank = len(later), LATER.share, made(), blank
    result.spoken = {
        NEAR_END: spoken(scenes[Part.TRAIN]),
        BACKCHANNEL: spoken((*scenes[Part.TRAIN], *later)),
    }
    result.files = {name: to_onnx(network, name) for name, network in networks.items()}
    result.tflite = {name: to_tflite(network, name) for name, network in networks.items()}
    for part in MEASURED:
        _measure(result, part, scenes[part], networks)
    strange = _quantized(result.files[BACKCHANNEL], vectors(scenes[Part.UNHEARD], None))
    result.pairs[Part.UNHEARD] = pair_figures(scenes[Part.UNHEARD], list(strange))
    if not blank:
        gate(result)
    return result


def taught(
    name: str, scenes: Sequence[Listened], later: Sequence[Listened], seed: int, cache: Path
) -> Recurrent:  # fmt: skip
    """The network of that name, when it has learnt from `scenes`, and then from `later` ones, which teach what an
    overlap is: the near-end detector has nothing of them. Goes on from a checkpoint in `cache` that is of the
    same."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    words = vocabulary(scenes)
    network = near_end() if name == NEAR_END else Overlap(len(words))
    loss, recipe = RECIPES[name]
    told = scenes, [truth(scene, words) for scene in scenes]
    checkpoint = cache / f"{name}-{len(scenes)}-{seed}-{learnt_from(scenes, network, recipe)}"
    learn(network, loss, *told, recipe, checkpoint, seed)
    if later and name == BACKCHANNEL:
        more = f"more-{len(later)}-{learnt_from(later, network, LATER)}"
        checkpoint = checkpoint.with_name(f"{checkpoint.name}-{more}")
        learn_further(network, loss, told, (later, [truth(scene, words) for scene in later]), LATER, checkpoint, seed)
    return network


def _look_over(folder: Path, *, gated: bool) -> None:
    """Raises EdgeAgentError for a corpus with which all would be in vain."""
    corpora = {part: load_corpus(folder, part) for part in (Part.TRAIN, *MEASURED)}
    if gated:
        comparable(corpora[Part.HELD_OUT])


def _later(folder: Path, cache: Path, jobs: int, count: int, seed: int) -> list[Listened]:
    return listened(folder, Part.LATER, count, seed, cache, jobs) if count else []


def _scenes(folder: Path, cache: Path, jobs: int, count: int, seed: int) -> dict[Part, list[Listened]]:
    counts = {Part.TRAIN: count, **MEASURED, Part.UNHEARD: STRANGE}
    return {part: listened(folder, part, n, seed, cache, jobs) for part, n in counts.items()}


def calibrate(network: Recurrent, seen: Floats, truths: Sequence[Truth], what: str) -> None:
    """Divide the network's scores by the temperature at which they mean what they say on those scenes."""
    labels = np.stack([getattr(each, what) for each in truths])
    weights = np.stack([getattr(each, f"{what}_weight") for each in truths])
    by = temperature(forward(network, seen), labels, weights)
    print(f"{what}: temperature {by:.2f}", file=sys.stderr, flush=True)
    network.output.weight.data /= by
    network.output.bias.data /= by


def _measure(result: Result, part: Part, scenes: Sequence[Listened], networks: dict[str, Recurrent]) -> None:
    seen = vectors(scenes, None)
    told = {name: _quantized(result.files[name], seen) for name in networks}
    near, kinds = list(told[NEAR_END][..., NEAR]), list(told[BACKCHANNEL])
    result.near[part] = near_figures(scenes, near)
    result.onset[part] = onset_figures(scenes, near)
    result.kind[part], result.kind_alone[part] = kind_figures(scenes, kinds), kind_baselines(scenes)
    result.pairs[part] = pair_figures(scenes, kinds)
    result.calibration[part] = calibration_figures(scenes, kinds)
    exact = {name: probabilities(forward(network, seen)) for name, network in networks.items()}
    result.lost[part] = {
        NEAR_END: near_figures(scenes, list(exact[NEAR_END][..., NEAR]))["all"] - result.near[part]["all"],
        BACKCHANNEL: kind_figures(scenes, list(exact[BACKCHANNEL]))["all"] - result.kind[part]["all"],
    }


def _quantized(data: bytes, seen: Floats) -> Floats:
    """(n, hops, SIZE) through the file as the device runs it, to probabilities."""
    model = OnnxModel(data)
    return probabilities(np.stack([through(model, scene) for scene in seen]))


if __name__ == "__main__":
    raise SystemExit(ended(main))
