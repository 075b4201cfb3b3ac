"""What is true about a scene: who made a sound, when, and what the device ought to do about it. For scoring only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

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
    """One event: samples [start, end) of the scene as it reaches the microphone. style: what sort of its kind it is, or
    where it is from; "" when not known."""

    kind: Kind
    start: int
    end: int
    text: str = ""
    style: str = ""


def read_truth(folder: Path) -> tuple[Happening, ...]:
    """The events of the scene in `folder`, in order of onset. Raises SceneError."""
    path = folder / "truth.json"
    try:
        entries = json.loads(path.read_bytes())  # which passes over a byte order mark, as editors of Windows write it
        return tuple(sorted((_happening(entry) for entry in entries), key=lambda event: event.start))
    except FileNotFoundError:
        raise SceneError(f"{path} is missing", "only scenes that come with their truth can be scored") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise SceneError(f"{path}: {error}", "it must be a list of {kind, start_s, end_s, text}") from None


def _happening(entry: Mapping[str, Any]) -> Happening:
    """Keys that are not known are passed over; `source` stands in for a missing `style`."""
    start, end = (round(entry[key] * RATE) for key in ("start_s", "end_s"))
    if not 0 <= start <= end:
        raise ValueError(f"nothing happens from {seconds(start):g} s to {seconds(end):g} s")
    style = entry.get("style") or entry.get("source") or ""
    return Happening(Kind(entry["kind"]), start, end, str(entry.get("text") or ""), str(style))


def write_truth(folder: Path, events: Iterable[Happening]) -> None:
    """Write truth.json."""
    entries = [
        {"kind": str(e.kind), "start_s": seconds(e.start), "end_s": seconds(e.end), "text": e.text}
        | ({"style": e.style} if e.style else {})
        for e in events
    ]
    (folder / "truth.json").write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
