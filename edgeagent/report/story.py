"""The journal read as a story: which state when, what each disturbance led to, which words were heard.

Every field of an entry may be missing or strange: a journal of another version still gives a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from edgeagent.ports import Sound
from edgeagent.report.record import FLOOR_TAKING, Truth
from edgeagent.turn.events import Verdict
from edgeagent.units import samples

Entries = Sequence[Mapping[str, object]]

SILENCE = samples(20)
"""Exact zeros for so long are silence: longer than any run of zeros within a voice, shorter than the shortest pause."""

AFTERMATH = samples(1000)
"""A reaction so long after the end of an event is still counted as its own."""

ALLOWANCE = samples(100)
"""Truth's onsets are so exact: a reaction so much earlier is still its own."""


@dataclass(frozen=True, slots=True)
class Span:
    """Samples [start, end) in one state."""

    start: int
    end: int
    state: str


@dataclass(frozen=True, slots=True)
class Overlap:
    """One doubt: ducked at `suspected`, over at `ended` (None: still open)."""

    onset: int
    suspected: int
    ended: int | None = None
    verdict: str = ""
    """A `Verdict`, or "" when it ended otherwise."""

    taken_back: int | None = None
    """When a stop proved a false alarm after all."""

    heard: tuple[int, int] | None = None
    """After a stop: words heard, of so many."""

    @property
    def stopped(self) -> bool:
        """Whether the device stopped for good."""
        return self.verdict == Verdict.INTERRUPTION and self.taken_back is None


@dataclass(frozen=True, slots=True)
class Reaction:
    """An event at the microphone and what the device did about it. Without truth, one overlap stands for itself."""

    onset: int
    truth: Truth | None
    overlaps: tuple[Overlap, ...]
    speaking: bool
    """Whether the device was speaking at the onset."""

    silent: int | None = None
    """The first sample of the silence that the stop brought."""

    @property
    def right(self) -> bool | None:
        """Whether it was the right thing to do; None when unknown or when there was nothing to interrupt."""
        if self.truth is None or not (self.speaking or self.overlaps):
            return None
        return any(overlap.stopped for overlap in self.overlaps) == (self.truth.kind in FLOOR_TAKING)


@dataclass(frozen=True, slots=True)
class Utterance:
    """One sentence of the device. spoken: (start, end, own sample at start) of each stretch it sounded."""

    number: int
    text: str = ""
    spoken: tuple[tuple[int, int, int], ...] = ()
    length: int = 0
    """Samples in all; 0 when unknown."""

    heard: int = 0
    of: int = 0
    text_heard: str = ""
    text_unheard: str = ""
    finished: bool = False


def number(entry: Mapping[str, object], key: str, default: int = 0) -> int:
    """An integer field, or `default` when it is missing or something else."""
    value = entry.get(key)
    return int(value) if isinstance(value, int | float | np.integer) and np.isfinite(value) else default


def states(journal: Entries, length: int) -> list[Span]:
    """The states of the run, without gaps from the first one on."""
    changes = [(number(entry, "at"), str(entry.get("state"))) for entry in journal if entry.get("event") == "state"]
    return [Span(at, end, state) for (at, state), (end, _) in pairwise([*changes, (length, "")]) if end > at]


def overlaps(journal: Entries) -> list[Overlap]:
    """Every doubt of the run, in order."""
    found: list[Overlap] = []
    for entry in journal:
        at = number(entry, "at")
        if entry.get("event") == "suspected":
            found.append(Overlap(number(entry, "onset", at), at))
        elif found:
            found[-1] = _go_on(found[-1], entry, at)
    return found


def _go_on(last: Overlap, entry: Mapping[str, object], at: int) -> Overlap:
    """The newest overlap after one more entry."""
    verdict = str(entry.get("verdict", ""))
    match entry.get("event"):
        case "judged" if last.ended is None:
            return replace(last, ended=at, verdict=verdict)
        case "state" if last.ended is None and entry.get("from") == "doubting":
            return replace(last, ended=at)
        case "state" if entry.get("from") == "yielding" and entry.get("state") == "speaking":
            return replace(last, taken_back=at)
        case "heard_words" if last.verdict == Verdict.INTERRUPTION and last.heard is None:
            return replace(last, heard=(number(entry, "heard"), number(entry, "of")))
    return last


def reactions(
    found: Iterable[Overlap], truth: Sequence[Truth], spans: Sequence[Span], speaker: Sound
) -> list[Reaction]:
    """Every event of the truth with the overlaps it caused, and every overlap that none explains, by time. Of events
    at the same moment, somebody who takes the floor, and was not stopped for before, comes first, as the scorer has it.
    """
    claimed: dict[int, list[Overlap]] = {index: [] for index in range(len(truth))}
    rows = []
    for overlap in found:
        near = [
            index
            for index, event in enumerate(truth)
            if event.start - ALLOWANCE <= overlap.suspected <= event.end + AFTERMATH
        ]
        floor = [
            index
            for index in near
            if truth[index].kind in FLOOR_TAKING
            and overlap.suspected <= truth[index].end
            and not any(before.stopped for before in claimed[index])
        ]
        if near:
            claimed[max(floor or near, key=lambda index: truth[index].start)].append(overlap)
        else:
            rows.append(_reaction(overlap.onset, None, (overlap,), spans, speaker))
    rows += [_reaction(event.start, event, tuple(claimed[i]), spans, speaker) for i, event in enumerate(truth)]
    return sorted(rows, key=lambda row: row.onset)


def _reaction(
    onset: int, truth: Truth | None, caused: tuple[Overlap, ...], spans: Sequence[Span], speaker: Sound
) -> Reaction:
    audible = ("speaking", "doubting", "half_duplex")
    speaking = any(span.start <= onset < span.end and span.state in audible for span in spans)
    stops = [
        overlap.ended for overlap in caused if overlap.verdict == Verdict.INTERRUPTION and overlap.ended is not None
    ]
    return Reaction(onset, truth, caused, speaking, silent_from(speaker, stops[-1]) if stops else None)


def silent_from(speaker: Sound, at: int) -> int | None:
    """The first sample at or after `at` from which the loudspeaker is exactly silent for `SILENCE`; None if never."""
    rest = speaker[max(at, 0) :]
    edges = np.concatenate(([-1], np.flatnonzero(rest), [len(rest)]))
    gaps = np.flatnonzero(np.diff(edges) > SILENCE)
    return at + int(edges[gaps[0]]) + 1 if gaps.size else None


def utterances(journal: Entries, length: int) -> list[Utterance]:
    """The device's sentences, in the order in which they were first mentioned."""
    told: dict[int, Utterance] = {}
    for entry in journal:
        if "utterance" in entry:
            which = number(entry, "utterance")
            told[which] = _tell(told.get(which, Utterance(which)), entry, length)
    return [utterance for utterance in told.values() if utterance.text or utterance.spoken]


def _tell(so_far: Utterance, entry: Mapping[str, object], length: int) -> Utterance:
    """The utterance after one more entry about it."""
    at = number(entry, "at")
    match entry.get("event"):
        case "scripted":
            return replace(so_far, text=str(entry.get("text", "")), length=number(entry, "length"))
        case "playing":
            return replace(so_far, spoken=(*so_far.spoken, (at, length, number(entry, "offset"))))
        case "ceased":
            spoken = so_far.spoken[:-1] + tuple((start, at, offset) for start, _, offset in so_far.spoken[-1:])
            return replace(so_far, spoken=spoken, finished=bool(entry.get("finished")))
        case "heard_words":
            return replace(
                so_far,
                heard=number(entry, "heard"),
                of=number(entry, "of"),
                text_heard=str(entry.get("text_heard", "")),
                text_unheard=str(entry.get("text_unheard", "")),
            )
    return so_far
