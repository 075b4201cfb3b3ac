"""A clip in words: what the device did, when, and what somebody said of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from edgeagent.report.timeline import lines, shortened
from edgeagent.store.clips import Clip, Label
from edgeagent.store.occasions import Kind
from edgeagent.units import HOP, seconds

DID_WIDTH = 46
"""Columns for what it did; a line of the list fits into 100."""

BEHIND = ("started", "learnt", "realtime", "card", "flight_recorder", "recording")
"""Entries that say nothing about an occasion."""


def did(clip: Clip) -> str:
    """What the device did about the sound, or what the person did."""
    one = clip.occasion
    after = seconds(one.stopped - one.onset)
    match one.kind:
        case Kind.STOP:
            return f"stopped, {after:.2f} s after the onset"
        case Kind.TAKEN_BACK:
            return f"stopped after {after:.2f} s, spoke on {seconds(one.decided - one.stopped):.1f} s later"
        case Kind.HOLD:
            return f"lowered its voice for {seconds(one.decided - one.ducked):.2f} s and spoke on"
        case Kind.OVER:
            return "decided nothing: it had said all, or could no longer trust its ears"
        case Kind.BUTTON:
            return "the button was pressed" + (" while it was in doubt" if one.ducked >= 0 else "")
    return "did nothing"


def would(clip: Clip) -> str:
    """What the shadow would have done; empty where it agreed."""
    course = clip.shadow["shadow"] if clip.shadow is not None else {}
    after = f"{seconds(course.get('stopped', 0) - clip.occasion.onset):.2f} s after the onset"
    match course.get("outcome"):
        case None:
            return ""
        case "stopped":
            return f"the shadow would stop {after}"
        case "taken_back":
            return f"the shadow would stop {after}, and go on"
        case "held":
            return "the shadow would only lower its voice"
    return "the shadow would do nothing"


def labelled(label: Label | None) -> str:
    """What somebody said of it."""
    if label is None:
        return ""
    return ("right" if label.right else "wrong") + (f", {label.was}" if label.was else "")


def moment(clip: Clip) -> str:
    """When it happened, in the time of this place."""
    try:
        return datetime.fromisoformat(clip.utc).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return clip.utc


def length(clip: Clip) -> float:
    """Seconds of sound."""
    return seconds(clip.stop - clip.start)


HEADING = f"number  {'when':<19}  {'what the device did':<{DID_WIDTH}}  {'sound':>6}  label"


def row(clip: Clip) -> str:
    """Its line of the list."""
    told = shortened(did(clip), DID_WIDTH)
    line = (
        f"{clip.number:6d}  {moment(clip)}  {told:<{DID_WIDTH}}  {length(clip):4.1f} s  {labelled(clip.label) or '-'}"
    )
    return line + (f"\n{'':29}{would(clip)}" if clip.shadow else "")


def plain(clip: Clip) -> dict[str, object]:
    """The same for a program. Times in seconds of the session."""
    one = clip.occasion
    times = {name: getattr(one, name) for name in ("onset", "ducked", "stopped", "decided", "ended")}
    label = clip.label
    return {
        "number": clip.number,
        "folder": str(clip.folder),
        "utc": clip.utc,
        "kind": str(one.kind),
        "did": did(clip),
        "saying": one.saying,
        "from_s": round(seconds(clip.start), 4),
        "length_s": round(length(clip), 4),
        **{f"{name}_s": round(seconds(at), 4) if at >= 0 else None for name, at in times.items()},
        "thought": thought(clip, one.decided),
        "shadow": dict(clip.shadow) if clip.shadow else None,
        "label": {"right": label.right, "was": label.was or None} if label else None,
        "settings": clip.settings,
        "versions": dict(clip.versions),
    }


def thought(clip: Clip, at: int) -> Mapping[str, float]:
    """The ear's probabilities and the evidence of the step that ended at sample `at`; empty where it is not there."""
    index = (at - clip.first) // HOP
    if not 0 <= index < len(clip.trace["near"]):
        return {}
    return {name: values[index] for name, values in clip.trace.items()}


def story(clip: Clip) -> Iterator[str]:
    """Everything about one clip, line by line."""
    one = clip.occasion
    yield f"clip {clip.number}, {moment(clip)}: {did(clip)}"
    if one.saying:
        yield f'it was saying: "{shortened(one.saying, 80)}"'
    if mind := thought(clip, one.decided):
        yield (
            f"the ear then: a person {mind['near']:.2f}, takes the floor {mind['floor']:.2f}, "
            f"backchannel {mind['backchannel']:.2f}; evidence {mind['evidence']:.1f} nats"
        )
    if clip.shadow:
        yield would(clip)
    yield f"label: {labelled(clip.label) or 'none yet'}"
    yield ""
    yield from lines(entry for entry in clip.journal if entry.get("event") not in BEHIND)
    yield ""
    yield f"sounds: {clip.folder}/ mic.wav, clean.wav (what the ear heard), reference.wav (our own voice)"
