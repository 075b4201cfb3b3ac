"""What a pair of models must show before it is written: that it is good enough, that eight bits cost it nothing, and
that it knows more than how long or how loud somebody was."""

from __future__ import annotations

from collections.abc import Iterator

from edgeagent.errors import EdgeAgentError
from tools.train.card import Result
from tools.train.corpus import Corpus, Part
from tools.train.figures import MOMENTS, PAIRS

NEAR_END, BACKCHANNEL = "near_end", "backchannel"

GATE = {NEAR_END: 0.93, BACKCHANNEL: 0.80}
"""Least area under the curve on held-out scenes with which a model is written."""

QUANTIZED_LOSS = 0.005
"""Most area under the curve that eight bits may cost, on any set."""

MAIN = ("English words", "Arabic words")
"""Of `figures.PAIRS`, recorded words of one source: the rows that nothing but the word can win, by speakers who were
not learnt from."""

UNCOMPARABLE = f"no held-out speakers of {' or '.join(MAIN)} to beat length and level with"


def comparable(held_out: Corpus) -> None:
    """Raises EdgeAgentError for a corpus that could give no main row, however long is learnt."""
    said = {(clip.source, clip.text) for clip in (*held_out.backchannels, *held_out.commands)}
    for source, *kinds in map(PAIRS.__getitem__, MAIN):
        texts = {text for name, text in said if name.startswith(source)}
        if all(texts & set(words) for words in kinds):
            return
    remedy = "name its sources and words in PAIRS, tools/train/figures.py"
    raise EdgeAgentError(f"the corpus has {UNCOMPARABLE}", remedy)


def gate(result: Result) -> None:
    """Raises EdgeAgentError with all that is wrong."""
    faults = [*_weak(result), *_coarse(result), *_blind(result)]
    if faults:
        raise EdgeAgentError("; ".join(faults), "render more scenes")


def _weak(result: Result) -> Iterator[str]:
    found = {NEAR_END: result.near[Part.HELD_OUT]["all"], BACKCHANNEL: result.kind[Part.HELD_OUT]["all"]}
    for name, least in GATE.items():
        if not found[name] >= least:
            yield f"{name}: area under the curve {found[name]:.3f} < {least}"


def _coarse(result: Result) -> Iterator[str]:
    for part, lost in result.lost.items():
        for name, loss in lost.items():
            if not loss <= QUANTIZED_LOSS:
                yield f"{name}: loses {loss:.4f} of the area under the curve by being quantized ({part})"


def _blind(result: Result) -> Iterator[str]:
    """Whether the backchannel model beats who goes by length or by level alone."""
    rows = {name: told for name, told in result.pairs[Part.HELD_OUT].items() if name in MAIN and told.count}
    if not rows:
        yield f"{BACKCHANNEL}: {UNCOMPARABLE}"
    for row, told in rows.items():
        for at, model, length, level in zip(MOMENTS, told.model, told.length, told.level, strict=True):
            for what, alone in (("length", length), ("level", level)):
                if not model < alone:
                    yield f"{BACKCHANNEL}: errs in {model:.2f} of {row} {at}, {what} alone in {alone:.2f}"
