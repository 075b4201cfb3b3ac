"""What `review --report` shows of each clip: the same card as for a wrong decision on the bench."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from edgeagent.commands import _review_text as text
from edgeagent.report.decision_card import Case, card
from edgeagent.report.decisions_page import Cards
from edgeagent.report.markup import Markup
from edgeagent.report.record import Trace
from edgeagent.report.review_page import page as written
from edgeagent.report.timeline import shortened
from edgeagent.store.clips import Clip
from edgeagent.store.occasions import Kind
from edgeagent.turn.outputs import OUTPUTS
from edgeagent.turn.policy import CEILING, EVEN, SUSPICION, VOICED
from edgeagent.units import HOP

GATE = {outputs.light.value: outputs.gate.value for outputs in OUTPUTS.values()}
"""Of each state, by its name in the journal."""

TITLES = {
    Kind.STOP: "stops",
    Kind.TAKEN_BACK: "stops taken back",
    Kind.HOLD: "holds",
    Kind.OVER: "over before decided",
    Kind.BUTTON: "button",
    Kind.SHADOW: "only the shadow",
}


def page(folder: Path, clips: Sequence[Clip], most: int, damaged: Callable[[str], None]) -> str:
    """Of the newest `most` clips. damaged: gets a line about each whose sound is, and that has no card."""
    made: dict[str, list[Markup]] = {title: [] for title in TITLES.values()}
    for clip in clips[:most]:
        if damage := clip.damage():
            damaged(f"{damage}; it has no card")
            continue
        made[TITLES[clip.occasion.kind]].append(card(case(clip)))
    kinds = {title: cards for title, cards in made.items() if cards}
    shown = min(most, len(clips))
    note = f"{shown} of {len(clips)} clips, the newest first" + (
        "" if shown == len(clips) else "; --cards N shows more"
    )
    counts = [sum(clip.occasion.kind is kind for clip in clips) for kind in TITLES]
    tiles = [(name.capitalize(), str(count), "") for name, count in zip(TITLES.values(), counts, strict=True) if count]
    labels = [clip.label for clip in clips if clip.label is not None]
    wrong = sum(not label.right for label in labels)
    tiles.append(("Labelled wrong", str(wrong), f"of {len(labels)} with a label"))
    tiles.append(("Shadow disagrees", str(sum(clip.shadow is not None for clip in clips)), f"of {len(clips)} clips"))
    newest = clips[0]
    told = {"folder": str(folder), "settings": newest.settings, **newest.versions}
    return written(f"{folder}, {text.moment(clips[-1])} to {text.moment(newest)}", tiles, Cards(kinds, note), told)


def case(clip: Clip) -> Case:
    """The clip as a card takes it."""
    one, label = clip.occasion, clip.label
    verdict = "no label" if label is None else "right" if label.right else "wrong"
    return Case(
        kind=label.was if label and label.was else str(one.kind),
        style="",
        text="",
        scene=f"clip {clip.number}, {text.moment(clip)}",
        outcome=verdict,
        said=" ".join(part[0].upper() + part[1:] + "." for part in _told(clip) if part),
        start=clip.start,
        event=(one.onset - clip.start, max(one.ended, one.onset + HOP) - clip.start),
        stop=one.stopped - clip.start if one.stopped >= 0 else None,
        microphone=clip.sound("mic"),
        clean=clip.sound("clean"),
        traces=traces(clip),
        gates=tuple(gates(clip)),
        manner={"right": "right", "wrong": "wrong"}.get(verdict, "open"),
        source="as labelled" if label and label.was else "since the onset",
    )


def _told(clip: Clip) -> Iterator[str]:
    did = text.did(clip)
    yield did if did.startswith("the ") else f"it {did}"
    yield text.would(clip)
    yield f"it was saying “{shortened(clip.occasion.saying, 60)}”" if clip.occasion.saying else ""


def traces(clip: Clip) -> tuple[Trace, ...]:
    """What it thought, a value for each step from the clip's first sample on."""
    behind = max(0, (clip.first - clip.start) // HOP - 1)
    marks = {"near": {"voice": VOICED}, "floor": {"even": EVEN}, "evidence": {"duck": SUSPICION}}
    names = {"near": "Somebody speaks", "floor": "Takes the floor", "evidence": "Evidence"}
    tops = {"evidence": CEILING}
    return tuple(
        Trace(
            names[name],
            np.concatenate((np.full(behind, np.nan), clip.trace[name])).astype(np.float32),
            tops.get(name, 1.0),
            marks[name],
        )
        for name in names
    )


def gates(clip: Clip) -> Iterator[tuple[int, int, str]]:
    """What our own voice was let through by, in samples of the clip. Nothing where nobody knows."""
    changes = [(int(e["at"]), str(e.get("state"))) for e in clip.journal if e["event"] == "state"]
    begun, gate = clip.start, GATE.get(clip.state, "")
    for at, state in [*changes, (clip.stop, "")]:
        following = GATE.get(state, "")
        if following != gate or at == clip.stop:
            if gate and at > begun:
                yield begun - clip.start, at - clip.start, gate
            begun, gate = at, following
