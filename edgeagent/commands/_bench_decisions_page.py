"""What `bench decisions --report` shows: the same figures as the terminal, and the cards that fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from edgeagent.commands._bench_decisions_result import Result, cell
from edgeagent.report.decisions_page import Bars, Cards, Table, page
from edgeagent.report.markup import Markup
from edgeagent.sim.outcomes import Wrong
from edgeagent.sim.stops import SELF
from edgeagent.sim.truth import Kind
from edgeagent.store.disk import write_whole

TILES = (
    ("Right, balanced", "right_balanced"),
    ("Stopped in time", "recall"),
    ("Onset to stop, median (s)", "latency_p50"),
    ("Backchannels rejected", "backchannel_rejection"),
    ("Noises rejected", "noise_rejection"),
    ("Far speech rejected", "far_speech_rejection"),
)
"""Headline figures."""


@dataclass(slots=True)
class Gallery:
    """Keeps what may be shown of the cards that come in: `most` of them, of every kind about as many."""

    most: int
    _kept: dict[str, list[Markup]] = field(default_factory=lambda: {kind: [] for kind in (*map(str, Kind), SELF)})

    def add(self, cards: Iterable[tuple[Wrong, Markup]]) -> None:
        """Beyond `most` of a kind they are dropped at once: memory stays bounded, whatever the number of scenes."""
        for decision, card in cards:
            if len(self._kept[decision.kind]) < self.most:
                self._kept[decision.kind].append(card)

    def shown(self) -> dict[str, list[Markup]]:
        """The first ones of each kind, in its order; without kinds that have none."""
        quota = dict.fromkeys(self._kept, 0)
        left = self.most
        while left and (open_ := [kind for kind, cards in self._kept.items() if len(cards) > quota[kind]]):
            for kind in open_[:left]:
                quota[kind] += 1
            left -= len(open_[:left])
        return {kind: cards[: quota[kind]] for kind, cards in self._kept.items() if quota[kind]}


def write_page(path: Path, result: Result, gallery: Gallery) -> str:
    """Raises OSError. What to say of it."""
    kinds = gallery.shown()
    shown, every = sum(map(len, kinds.values())), len(result.wrong)
    note = f"{shown} of {every} wrong decisions" + ("" if shown == every else "; --cards N shows more")
    tiles = [(name, cell(result.pooled[key]), result.interval(key)) for name, key in TILES]
    tiles.append(("Self stops", cell(result.pooled["self_stops"]), f"in {cell(result.pooled['clear_min'])} min"))
    rows = [(name.startswith("  "), (name.strip(), value, note)) for name, value, note in result.figures()]
    figures = Table("All figures", ("", "", "95 %"), rows)
    bars = Bars("Onset to stop", [(f"{edge:g} s", n) for edge, n in result.histogram()], result.latency_note())
    worst = result.worst_note()
    told = {"Self stops": result.self_note(), **({"Worst scene": worst} if worst else {}), **result.told}
    text = page(result.subtitle, tiles, result.tables(), bars, Cards(kinds, note), figures, told)
    write_whole(path, text)
    return f"{path}: {note}, {len(text) / 1e6:.1f} MB"
