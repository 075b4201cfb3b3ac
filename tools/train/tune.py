"""Tunes the two models of the ear with what people have recorded, and writes them if they have become better.

    python -m tools.train.tune SESSIONS... --out DIR [--corpus FOLDER] [--from MODELS] [--hold-back person|session]

SESSIONS are folders that `edgeagent collect` wrote, or folders of these. Learning begins with the models of this
release (or of MODELS) at a small rate, and is pulled back to them; with --corpus half of what is learnt from are scenes
of the corpus that they come from, so that nothing is forgotten. Part of the sessions is held back: people who are not
learnt from where there are three or more, else other sessions. Before and after are measured on these alone, and on
held-out scenes of the corpus, as the device uses them: whether it is a person it asks both. The backchannel model is
judged first, beside the old detector, then the detector beside the better of the two; one that is not better stays as
it was, and when both do, nothing is written and the exit code is 1. Set `models.folder` of the device to DIR to use
what was written.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeagent.__main__ import ended
from edgeagent.errors import EdgeAgentError, install
from tools.train.options import ROUNDS, tuning

try:
    import ai_edge_litert  # noqa: F401
    import onnx  # noqa: F401
    import torch
except ModuleNotFoundError as error:
    if __name__ == "__main__":
        tuning(__doc__).parse_args()  # --help needs none of them
    raise SystemExit(f"python -m tools.train.tune: {error.name} is not installed; {install('train')}") from None
from torch import Tensor, nn

from edgeagent.commands.terminal import check_folder
from edgeagent.devices.model_files import ONNX, TFLITE, manifest, verified
from tools.train.card import write_models
from tools.train.collected import Recorded, find, pieces, recorded
from tools.train.corpus import Part
from tools.train.export import to_onnx
from tools.train.export_tflite import to_tflite
from tools.train.held_back import By, Split, split
from tools.train.learn import Loss, near_loss, spread, weighted
from tools.train.networks import Recurrent
from tools.train.reopen import reopened, rescaled
from tools.train.scenes import Listened, listened
from tools.train.sequences import Batch, batches, vectors
from tools.train.truth import Truth, truth
from tools.train.tune_card import card
from tools.train.tune_figures import BACKCHANNEL, NEAR_END, Pair, kind, near, report

Scenes = tuple[Sequence[Listened], Sequence[Truth]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """rounds: over all recordings. size: sequences at a time. hops: of a sequence. rate: of learning, a tenth of what
    the models were made with. pull: towards where they were, per squared distance of the weights (Li et al. 2018,
    "Explicit inductive bias for transfer learning"): a handful of people must not move them far."""

    rounds: int = ROUNDS
    size: int = 16
    hops: int = 500
    rate: float = 4e-4
    pull: float = 0.02


MEASURED = 24
"""Held-out scenes of the corpus that are measured on."""

PIECE = 2250
"""Hops of a piece of a session: 36 s, as the scenes of the corpus."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit status."""
    asked = tuning(__doc__).parse_args(arguments)
    try:
        return _tune(asked)
    except EdgeAgentError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def _tune(asked: argparse.Namespace) -> int:
    check_folder(asked.out)
    before = {form: _files(asked.source, form) for form in (ONNX, TFLITE)}
    sessions = [_listened_to(folder) for folder in find(asked.sessions)]
    parted = split(sessions, asked.seed, By(asked.hold_back) if asked.hold_back else None)
    print(parted)
    corpus, known = _corpus(asked)
    if not corpus:
        print("no corpus: only the nearness to the old weights guards what they knew")
    after: dict[str, dict[str, bytes]] = {ONNX: {}, TFLITE: {}}
    for name, loss in LOSSES.items():
        network = reopened(before[ONNX][name], name)
        tune(network, loss, parted.learnt, corpus, Recipe(rounds=asked.rounds), asked.seed)
        after[ONNX][name], after[TFLITE][name] = to_onnx(network, name), to_tflite(network, name)
    verdict = judged(before[ONNX], after[ONNX], parted, known)
    print(verdict.told)
    return _written(asked.out, before, after, parted, verdict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """told: the table. faults: of each model why the tuned one is not used, "" where it is."""

    told: str
    faults: dict[str, str]


def judged(before: Pair, after: Pair, parted: Split, known: Sequence[Listened]) -> Verdict:
    """Which of two pairs' models are better, on what was held back and on `known` scenes of the corpus."""
    kind_was, kind_is = (kind(pair, parted.held, known) for pair in (before, after))
    first = near(before, parted.held, known)
    beside = {NEAR_END: before[NEAR_END], BACKCHANNEL: after[BACKCHANNEL]}
    near_was = near(beside, parted.held, known)
    faults = {BACKCHANNEL: kind_is.better_than(kind_was) or near_was.worse_than(first)}
    if faults[BACKCHANNEL]:
        beside, near_was = dict(before), first
    near_is = near({**beside, NEAR_END: after[NEAR_END]}, parted.held, known)
    faults = {NEAR_END: near_is.better_than(near_was), **faults}
    return Verdict(report((first, kind_was), (near_is, kind_is)), faults)


def _written(
    out: Path,
    before: dict[str, dict[str, bytes]],
    after: dict[str, dict[str, bytes]],
    parted: Split,
    verdict: Verdict,
) -> int:
    faults = verdict.faults
    for name, fault in faults.items():
        print(f"{name}: {f'stays as it was; the tuned one {fault}' if fault else 'tuned'}")
    if all(faults.values()):
        print("nothing is written")
        return 1
    files = {
        form: {name: (before if fault else after)[form][name] for name, fault in faults.items()} for form in before
    }
    told = "\n".join(f"{name}: {'as it was' if fault else 'tuned'}" for name, fault in faults.items())
    write_models(out, files, card(str(parted), verdict.told, told))
    print(f"written to {out}; to use it:  models: {{folder: {out.resolve()}}}")
    return 0


def _files(folder: Path, form: str) -> dict[str, bytes]:
    """Both models of a folder. Raises ModelError."""
    return {name: verified(*row) for name, row in manifest(folder, form).items()}


def _listened_to(folder: Path) -> Recorded:
    print(f"listens to {folder}", file=sys.stderr, flush=True)
    return recorded(folder)


def _corpus(asked: argparse.Namespace) -> tuple[list[Listened], list[Listened]]:
    """Scenes to learn from, and to measure on; none without a corpus."""
    if asked.corpus is None:
        return [], []
    counts = {Part.TRAIN: asked.scenes, Part.HELD_OUT: MEASURED}
    found = (listened(asked.corpus, part, n, asked.seed, asked.cache, asked.jobs) for part, n in counts.items())
    learnt, held = found
    return learnt, held


def tune(
    network: Recurrent, loss: Loss, sessions: Sequence[Recorded], corpus: Sequence[Listened], recipe: Recipe, seed: int
) -> None:
    """Trains `network` in place, on all of `sessions` and as many scenes of `corpus` in each round. Raises
    EdgeAgentError when no session is long enough."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    own = _cut(sessions, recipe.hops)
    scenes = corpus, [truth(scene, {}) for scene in corpus]
    rescaled(network, *spread(vectors(own[0], None)))
    start = [weights.detach().clone() for weights in network.parameters()]
    optimiser = torch.optim.AdamW(network.parameters(), recipe.rate, weight_decay=0.0)
    for turn in range(recipe.rounds):
        network.train()
        total, count = 0.0, 0
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * (1 - turn / recipe.rounds)
        for batch in _round(own, scenes, recipe, np.random.default_rng((seed, turn))):
            lost = loss(network, batch)
            away = torch.stack(
                [(now - was).square().sum() for now, was in zip(network.parameters(), start, strict=True)]
            )
            optimiser.zero_grad()
            torch.autograd.backward(lost + recipe.pull * away.sum())
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            total, count = total + float(lost.detach()), count + 1
        print(f"round {turn + 1} of {recipe.rounds}, loss {total / count:.4f}", file=sys.stderr, flush=True)
    network.eval()


def _cut(sessions: Sequence[Recorded], least: int) -> Scenes:
    """Pieces of one length: PIECE, or as long as the shortest session."""
    hops = min(PIECE, *(len(one.listened.heard) for one in sessions))
    if short := [str(one.folder) for one in sessions if len(one.listened.heard) < 2 * least]:
        raise EdgeAgentError(f"{', '.join(short)}: shorter than a quarter of a minute", "leave it out")
    cut = [piece for one in sessions for piece in pieces(one, hops)]
    return [scene for scene, _ in cut], [told for _, told in cut]


def _round(own: Scenes, corpus: Scenes, recipe: Recipe, dice: np.random.Generator) -> Iterator[Batch]:
    """Batches of either, in random order."""
    made = list(batches(*own, recipe.size, recipe.hops, dice))
    if corpus[0]:
        drawn = dice.permutation(len(corpus[0]))[: len(own[0])]
        some = [corpus[0][i] for i in drawn], [corpus[1][i] for i in drawn]
        made += batches(*some, recipe.size, recipe.hops, dice)
    yield from (made[i] for i in dice.permutation(len(made)))


def _kind_loss(network: Recurrent, batch: Batch) -> Tensor:
    """As `learn.kind_loss` without the words, which are not in a file."""
    return weighted(network(torch.from_numpy(batch.features)), batch.kind, batch.kind_weight)


LOSSES: dict[str, Loss] = {NEAR_END: near_loss, BACKCHANNEL: _kind_loss}


if __name__ == "__main__":
    raise SystemExit(ended(main))
