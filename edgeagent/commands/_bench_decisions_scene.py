"""One scene of `bench decisions`: simulated, judged, and every wrong decision cut out of it for the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from edgeagent.commands import _simulation
from edgeagent.report.decision_card import Case, card
from edgeagent.report.markup import Markup
from edgeagent.report.record import Trace
from edgeagent.report.story import states
from edgeagent.settings import Settings
from edgeagent.signal.wav import read_wav
from edgeagent.sim.outcomes import Outcome, Wrong, wrong
from edgeagent.sim.peer_loop import Peer, simulate_peer
from edgeagent.sim.scene import Scene, load_scene
from edgeagent.sim.score import RunScore, score
from edgeagent.turn.outputs import OUTPUTS
from edgeagent.units import HOP, RATE, samples

BEFORE, AFTER = samples(1000), samples(1500)
"""Shown before the onset and after the decision."""

APPROACH = samples(1500)
"""Shown before BEFORE where there was no onset: what a stop without an event came from."""

LONGEST = samples(9000)
"""Of a cut, whatever the event: sounds are most of the page."""

GATE = {outputs.light.value: outputs.gate.value for outputs in OUTPUTS.values()}
"""Of each state, by its name in the journal."""


@dataclass(frozen=True, slots=True)
class Order:
    """A scene to judge. cards: whether its wrong decisions are drawn. shed: the `Level` of a machine that is too
    slow. peers: who else is judged on it."""

    scene: Path
    settings: Settings
    cards: bool
    shed: int = 0
    peers: tuple[Peer, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """cards: of `wrong(score)`, in its order; empty where none were asked for. peers: in the order of the order."""

    score: RunScore
    cards: tuple[tuple[Wrong, Markup], ...]
    peers: tuple[RunScore, ...]


def judge(order: Order, progress: Callable[[int, int], None] = lambda _done, _length: None) -> Judged:
    """Simulate the scene, judge the run and forget it. Raises SceneError, SoundFileError, ModelError."""
    with TemporaryDirectory(prefix="edgeagent-") as name:
        folder = Path(name)
        run = _simulation.perform(load_scene(order.scene), order.settings, folder, shed=order.shed, progress=progress)
        judged = replace(score(order.scene, folder), scene=order.scene.name)
        cards = tuple(_cards(run, judged)) if order.cards else ()
        return Judged(judged, cards, tuple(_peer(order.scene, run.scene, peer) for peer in order.peers))


def _peer(folder: Path, scene: Scene, peer: Peer) -> RunScore:
    with TemporaryDirectory(prefix="edgeagent-") as name:
        simulate_peer(scene, peer, Path(name))
        return replace(score(folder, Path(name)), scene=folder.name)


def _cards(run: _simulation.Run, judged: RunScore) -> Iterator[tuple[Wrong, Markup]]:
    found = list(wrong(judged))
    if found:
        microphone, clean, traces = read_wav(run.folder / "mic.wav"), run.witness.clean_sound(), run.witness.traces()
        gates = [(span.start, span.end, GATE[span.state]) for span in states(run.journal, run.scene.length)]
        for each in found:
            start, end = bounds(each, run.scene.length)
            case = Case(
                kind=each.kind,
                style=each.style,
                text=each.text,
                scene=each.scene,
                outcome=str(each.outcome),
                said=said(each),
                start=start,
                event=None if each.end_s is None else (_within(each.at_s, start), _within(each.end_s, start)),
                stop=None if each.stop_s is None else _within(each.stop_s, start),
                microphone=microphone[start:end],
                clean=clean[start:end],
                traces=tuple(_cut(trace, start, end) for trace in traces),
                gates=tuple(_shown(gates, start, end)),
            )
            yield each, card(case)


def bounds(decision: Wrong, length: int) -> tuple[int, int]:
    """Scene samples [start, end) that show the decision; start lies on a step of the engine, for the traces."""
    before = BEFORE if decision.start_s is not None else BEFORE + APPROACH
    start = max(0, round(decision.at_s * RATE) - before) // HOP * HOP
    return start, min(length, start + LONGEST, round(decision.decided_s * RATE) + AFTER)


def said(decision: Wrong) -> str:
    """What the device did, in words."""
    if decision.stop_s is None:
        return "it talked on"
    if decision.start_s is None:
        return "it stopped, and there was no event to stop for"
    stopped = f"it stopped {decision.stop_s - decision.start_s:.2f} s after the onset"
    reasons = {Outcome.LATE: ", which is too late", Outcome.TALKED_ON: ", and the utterance came back"}
    return stopped + reasons.get(decision.outcome, "")


def _within(at_s: float, start: int) -> int:
    return round(at_s * RATE) - start


def _cut(trace: Trace, start: int, end: int) -> Trace:
    return replace(trace, values=trace.values[start // HOP : -(-end // HOP)])


def _shown(gates: list[tuple[int, int, str]], start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """The gate within [start, end), one piece for as long as it stays the same."""
    piece: tuple[int, int, str] | None = None
    for begin, until, gate in gates:
        if until <= start or begin >= end:
            continue
        if piece is not None and piece[2] == gate:
            piece = (piece[0], until - start, gate)
            continue
        if piece is not None:
            yield piece
        piece = (begin - start, until - start, gate)
    if piece is not None:
        yield piece
