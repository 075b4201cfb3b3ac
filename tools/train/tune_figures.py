"""How good two models are on collected recordings: the figures before and after tuning, and which pair is better.

Whether it is a person is judged as the device judges it, by both models (`detect/accord.py`); what the overlap is, by
the backchannel model alone, as there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeagent.detect.accord import accord
from edgeagent.detect.backchannel import KINDS, Overlap
from edgeagent.detect.near_end import NEAR, Presence
from edgeagent.devices.onnx_model import OnnxModel
from edgeagent.store.takes import Expected
from edgeagent.units import HOP, RATE
from tools.train.calibration import probabilities
from tools.train.collected import HEARD, Recorded
from tools.train.figures import (
    AFTERWARDS,
    MOMENTS,
    NEAR_KINDS,
    NONE,
    RUN,
    Pairs,
    auc,
    compared,
    kind_figures,
    near_figures,
    pair_rows,
)
from tools.train.reopen import through
from tools.train.scenes import Listened
from tools.train.sequences import vectors
from tools.train.truth import IGNORED, KIND, Floats, hop_of

WORSE = 0.002
"""Area under the curve that may be lost on the held-back recordings: less than chance moves."""

GAIN = 0.01
"""Share of the surprise that must be gone: less is rounding."""

FORGOTTEN = 0.01
"""Area under the curve that may be lost on the corpus."""


@dataclass(frozen=True, slots=True)
class Near:
    """Of the device's belief that it is a person. loss: its mean surprise in nats, of all hops that are sure. auc:
    of speech against nothing and noise. found: share of utterances found within a second, after `median_s`. runs:
    false ones of 200 ms, per minute. utterances: how many there were. corpus: area under the curve on the corpus,
    None without one."""

    loss: float
    auc: float
    found: float
    median_s: float
    runs: float
    utterances: int
    corpus: float | None = None

    def worse_than(self, before: Near) -> str:
        """How, or "" if it is not."""
        if _forgets(self.corpus, before.corpus):
            return f"forgets: {before.corpus:.3f} to {self.corpus:.3f} on the corpus"
        if self.auc < before.auc - WORSE:
            return f"tells people from the rest worse: {before.auc:.3f} to {self.auc:.3f}"
        if self.found < before.found:
            return f"finds fewer utterances: {before.found:.2f} to {self.found:.2f}"
        return ""

    def better_than(self, before: Near) -> str:
        """ "" if so, else why not."""
        return self.worse_than(before) or (
            "" if self.loss < (1 - GAIN) * before.loss else f"is no better: {before.loss:.3f} to {self.loss:.3f} nats"
        )


@dataclass(frozen=True, slots=True)
class Kind:
    """Of the backchannel model, at the end of each take. loss: mean surprise in nats. said: how often what is expected
    (a row of KINDS) was taken for what. corpus: as above. pairs: taking the floor against listening, also before the
    end, and how far length or level alone gets."""

    loss: float
    said: Mapping[tuple[str, str], int]
    corpus: float | None = None
    pairs: Pairs = NONE

    def right(self, kind: str) -> tuple[int, int]:
        """How many of a kind were told right, of how many."""
        return self.said.get((kind, kind), 0), sum(self.said.get((kind, other), 0) for other in KINDS)

    @property
    def balanced(self) -> float:
        """Mean share told right of the kinds that occur."""
        shares = [right / of for right, of in map(self.right, KINDS) if of]
        return float(np.mean(shares)) if shares else 0.0

    def better_than(self, before: Kind) -> str:
        """ "" if so, else why not."""
        if _forgets(self.corpus, before.corpus):
            return f"forgets: {before.corpus:.3f} to {self.corpus:.3f} on the corpus"
        if self.balanced < before.balanced:
            return f"tells kinds apart worse: {before.balanced:.2f} to {self.balanced:.2f}"
        return (
            "" if self.loss < (1 - GAIN) * before.loss else f"is no better: {before.loss:.3f} to {self.loss:.3f} nats"
        )


Pair = Mapping[str, bytes]
"""Both models: name to file."""

NEAR_END, BACKCHANNEL = "near_end", "backchannel"


def near(pair: Pair, sessions: Sequence[Recorded], corpus: Sequence[Listened] = ()) -> Near:
    """Of what a device with these two models believes."""
    rows = [(one, _believed(pair, one.listened)) for one in sessions]
    sure = [(one.truth().near, told) for one, told in rows]
    labels = np.concatenate([label[label != IGNORED] for label, _ in sure])
    told = np.concatenate([probability[label != IGNORED] for label, probability in sure])
    delays, runs, minutes = [], 0, 0.0
    for one, probability in rows:
        for event in one.listened.events:
            if event.heard in NEAR_KINDS:
                first = hop_of(event.start)
                above = np.flatnonzero(probability[first : first + RATE // HOP] >= 0.5)
                delays.append(float(above[0]) * HOP / RATE if above.size else np.inf)
        nobody = ~np.isin(one.listened.heard, NEAR_KINDS) & ~one.unsure & (_distance(one) > RUN)
        alarm = np.convolve((probability >= 0.5) & nobody, np.ones(RUN), "valid") == RUN
        runs += int(alarm[0]) + int(np.count_nonzero(alarm[1:] & ~alarm[:-1]))
        minutes += float(nobody.sum()) * HOP / RATE / 60
    return Near(
        loss=float(-np.log(np.where(labels == NEAR, told, 1 - told)).mean()),
        auc=auc(told, labels == NEAR),
        found=float(np.mean(np.isfinite(delays))) if delays else 0.0,
        median_s=float(np.quantile(delays, 0.5, method="higher")) if delays else np.inf,
        runs=runs / max(minutes, 1e-9),
        utterances=len(delays),
        corpus=near_figures(corpus, [_believed(pair, each) for each in corpus])["all"] if corpus else None,
    )


def kind(pair: Pair, sessions: Sequence[Recorded], corpus: Sequence[Listened] = ()) -> Kind:
    """Of the backchannel model of the two."""
    data = pair[BACKCHANNEL]
    said: dict[tuple[str, str], int] = {}
    losses, rows = [], []
    for one in sessions:
        probability = _told(data, one.listened)
        rows += pair_rows(one.listened, probability)
        for take in one.takes:
            if take.expected is Expected.SILENCE:
                continue
            expected = KIND[HEARD[take.expected]]
            at = min(hop_of(take.sounds[-1][1]) + AFTERWARDS, len(probability) - 1)
            answer = expected, KINDS[int(probability[at].argmax())]
            said[answer] = said.get(answer, 0) + 1
            losses.append(-np.log(probability[at, KINDS.index(expected)]))
    known = kind_figures(corpus, [_told(data, each) for each in corpus])["all"] if corpus else None
    return Kind(float(np.mean(losses)), said, known, compared(rows))


def report(before: tuple[Near, Kind], after: tuple[Near, Kind]) -> str:
    """A table of two columns; where there are baselines, of four."""
    rows: list[tuple[str, ...]] = [("", "before", "after")]
    near_rows = [
        (f"found within 1 s, of {before[0].utterances}", "found", ".2f"),
        ("onset to found, median (s)", "median_s", ".2f"),
        ("false runs of 200 ms a minute", "runs", ".1f"),
        ("person against the rest, AUC", "auc", ".3f"),
        ("surprise of a hop (nats)", "loss", ".3f"),
    ]
    rows += [
        (name, *(format(getattr(pair[0], key), form) for pair in (before, after))) for name, key, form in near_rows
    ]
    rows += [
        (f"{each} told right", *("{} of {}".format(*pair[1].right(each)) for pair in (before, after))) for each in KINDS
    ]
    rows += [("surprise of a take (nats)", *(f"{pair[1].loss:.3f}" for pair in (before, after)))]
    for part, name in enumerate(("corpus: person, AUC", "corpus: takes the floor, AUC")):
        if before[part].corpus is not None:
            rows += [(name, *(f"{pair[part].corpus:.3f}" for pair in (before, after)))]
    return "\n".join((*(f"{name:<34} {one:>10} {two:>10}" for name, one, two in rows), *_pairs(before[1], after[1])))


def _pairs(before: Kind, after: Kind) -> Iterator[str]:
    """Errors where floor and listening are told apart, beside those of the baselines, which are the same for both."""
    if not after.pairs.count:
        return
    head = f"floor from listening, of {after.pairs.count}"
    yield "\n" + " ".join((f"{head:<34}", *(f"{name:>10}" for name in ("before", "after", "length", "level"))))
    told = before.pairs.model, after.pairs.model, after.pairs.length, after.pairs.level
    for moment, errors in zip(MOMENTS, zip(*told, strict=True), strict=True):
        yield f"{f'wrong {moment}':<34} " + " ".join(f"{error:>10.2f}" for error in errors)


def _believed(pair: Pair, scene: Listened) -> Floats:
    """(hops,): P(a person is speaking here), which the device makes of both models."""
    presences, overlaps = (_told(pair[name], scene) for name in (NEAR_END, BACKCHANNEL))
    rows = zip(presences[:, NEAR], presences[:, NEAR + 1 :].sum(axis=1), overlaps, strict=True)
    told = [
        accord(Presence(float(near), float(other)), Overlap(float(overlap[0]), float(overlap[1])))
        for near, other, overlap in rows
    ]
    return np.array(told, np.float32)


def _told(data: bytes, scene: Listened) -> Floats:
    """(hops, classes) probabilities of the file, as the device runs it and knows nothing of the person."""
    return probabilities(through(OnnxModel(data), vectors([scene], None)[0]))


def _distance(one: Recorded) -> Floats:
    """(hops,): to the nearest hop in which a person speaks; borders are not sure."""
    speech = np.isin(one.listened.heard, NEAR_KINDS).astype(np.float32)
    near = np.convolve(speech, np.ones(2 * RUN + 1), "same") > 0.5
    return np.where(near, 0, 2 * RUN).astype(np.float32)


def _forgets(after: float | None, before: float | None) -> bool:
    return after is not None and before is not None and after < before - FORGOTTEN
