"""What is true about a scene: who made a sound, when, and what the device ought to do about it. For scoring only."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from edgeagent.errors import SceneError
from edgeagent.units import RATE, seconds


class Kind(StrEnum):
    """What an event is. A device stops for the first two and goes on through the others."""

    INTERRUPTION = "interruption"
    COMMAND = "command"
    BACKCHANNEL = "backchannel"
    NOISE = "noise"
    FAR_SPEECH = "far_speech"


USER = (Kind.INTERRUPTION, Kind.COMMAND)
"""The kinds that take the floor."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event: samples [start, end) of the scene as it reaches the microphone."""

    kind: Kind
    start: int
    end: int
    text: str = ""


def read_truth(folder: Path) -> tuple[Happening, ...]:
    """The events of the scene in `folder`, in order of onset. Raises SceneError."""
    path = folder / "truth.json"
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        events = (
            Happening(Kind(x["kind"]), round(x["start_s"] * RATE), round(x["end_s"] * RATE), str(x.get("text", "")))
            for x in entries
        )
        return tuple(sorted(events, key=lambda event: event.start))
    except FileNotFoundError:
        raise SceneError(f"{path} is missing", "only scenes that come with their truth can be scored") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SceneError(f"{path}: {error}", "it must be a list of {kind, start_s, end_s, text}") from None


def write_truth(folder: Path, events: Iterable[Happening]) -> None:
    """Write truth.json."""
    entries = [
        {"kind": str(e.kind), "start_s": seconds(e.start), "end_s": seconds(e.end), "text": e.text} for e in events
    ]
    (folder / "truth.json").write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
