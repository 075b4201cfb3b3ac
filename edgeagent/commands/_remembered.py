"""What a device remembers of its people, and how much of what they said, in words."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from edgeagent.commands._finding import Finding, ok, warn
from edgeagent.commands._installed import installed, place, theirs
from edgeagent.dialogue.saved import Saved
from edgeagent.settings import Settings, Turns, understands
from edgeagent.store.memory_database import Refused
from edgeagent.store.memory_file import REFUSED, Stood, look
from edgeagent.turn.events import Remembered
from edgeagent.turn.habits import MOST, lean

FELT = 0.05
"""Nats from which a shift is worth a word."""


def memory(settings: Settings) -> Iterator[Finding]:
    """What `check` says about it."""
    memory = settings.memory
    if not memory.file:
        yield ok("memory", "what is learnt about people, and said, is forgotten at every start (memory.file)")
        return
    path = place(memory.file)
    if theirs(path):
        yield warn("memory", f"{path} is the service's, which only root sees", "give the same command with sudo")
        return
    try:
        stood = look(path) or Stood()
    except Refused as refused:
        told = f"sudo mv {path} {path}{REFUSED}, which the device does by itself as it starts"
        yield warn("memory", f"{path}: {refused}", told)
    except OSError as error:
        told = f"sudo ls -l {path} shows what it is; or set memory.file: {path}.db"
        yield warn("memory", f"{path}: {error.strerror}", told)
    else:
        yield ok("memory", "; ".join(profile(stood, settings.turns)))
        if memory.talk:
            yield ok("conversation", "; ".join(said(stood.saved)))
    if memory.talk and not understands(settings):
        told = "set memory.talk: false, or recogniser.kind: pocketsphinx, vosk, sherpa or wyoming"
        yield warn("conversation", "nobody tells what people say, so there are no words to keep", told)
    yield from _writable("memory", path, "memory.file")


def said(saved: Saved) -> list[str]:
    """How much of a conversation there is, without a word of it."""
    if saved == Saved():
        return ["nothing"]
    facts = [plural(len(saved.lines), "line") + " of conversation"]
    if saved.unfinished:
        facts.append(f"{plural(len(saved.rest), 'sentence')} that the device was cut off in, or had still to say")
    return facts


def profile(stood: Stood, turns: Turns) -> list[str]:
    """What is known of people; one fact each."""
    manner = [f"it was asked for {name} {100 * value:.0f} %" for name, value in stood.manner.items()]
    known = _learnt(stood.remembered, turns) if stood.remembered else []
    return [*known, *manner] or ["nothing"]


def _writable(name: str, path: Path, key: str) -> Iterator[Finding]:
    folder = path.parent
    while not os.path.exists(folder):
        folder = folder.parent
    service = installed()
    if service and (why := service.denies(folder)):
        yield warn(name, f"nothing can be written in {folder}: {why}", service.elsewhere(key, path.name, folder))
    elif not service and not os.access(folder, os.W_OK):
        yield warn(name, f"nothing can be written in {folder}", f"set {key}: ~/{path.name}")


def _learnt(remembered: Remembered, turns: Turns) -> list[str]:
    """One fact each; what it does with `turns` comes last."""
    counted = plural(remembered.turns, "turn")
    facts = [f"the person is usually heard at {remembered.level_dbfs:.0f} dBFS, learnt from {counted}"]
    if not remembered.turns:
        facts = ["nobody has taken a turn yet"]
    hours = remembered.spoken_s / 3600
    stops, repeats = round(remembered.false_stops), round(remembered.repeats)
    facts.append(
        f"in {hours:.1f} hours of its own speech {plural(stops, 'stop')} had to be taken back and "
        f"{plural(repeats, 'interruption')} said twice"
    )
    if remembered.phrases:
        phrases = plural(remembered.phrases, "longer turn")
        facts.append(f"pauses inside a turn stay below {remembered.pause_ms / 1000:.1f} s, learnt from {phrases}")
    shift = lean(remembered.false_stops, remembered.repeats, remembered.spoken_s, turns.false_stops_per_hour)
    if not turns.adapt:
        facts.append("turns.adapt is off: its mistakes change nothing")
    elif abs(shift) < FELT:
        facts.append("it stops as readily as the settings say")
    else:
        how = "less" if shift > 0 else "more"
        facts.append(f"it stops {how} readily than the settings say, by {abs(shift):.1f} of at most {MOST} nats")
    return facts


def plural(count: int, what: str) -> str:
    return f"{count} {what}" + "s" * (count != 1)
