"""Everything a person may set, frozen, the unit under each field. `config` reads it from YAML and checks the ranges.

The defaults work: with nothing configured the device holds a small scripted conversation on the default card. The text
under a field is also what `edgeagent check --example` prints above it, and the range in its type is what a person is
told who leaves it. Built directly (in a test, in a program), nothing is checked.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields, replace
from typing import get_type_hints

from edgeagent.settings.awake import Activation
from edgeagent.settings.body import Amplifier, Button, Hints, Lamp
from edgeagent.settings.kept import Flight, Memory, Record
from edgeagent.settings.marks import PRIVATE, Command, OptionalPin, Pin, Port
from edgeagent.settings.satellite import Satellite
from edgeagent.settings.sound import Audio, Echo, Models, Shadow, Turns
from edgeagent.settings.talk import Capture, Dialogue, Follows, Recogniser, Replier, Script, Talker
from edgeagent.settings.watched import Metrics, Mqtt, Page

__all__ = [
    "PRIVATE",
    "Activation",
    "Amplifier",
    "Audio",
    "Button",
    "Capture",
    "Command",
    "Dialogue",
    "Echo",
    "Flight",
    "Follows",
    "Hints",
    "Lamp",
    "Memory",
    "Metrics",
    "Models",
    "Mqtt",
    "OptionalPin",
    "Page",
    "Pin",
    "Port",
    "Recogniser",
    "Record",
    "Replier",
    "Satellite",
    "Script",
    "Settings",
    "Shadow",
    "Talker",
    "Turns",
    "settings_hash",
    "shown",
    "understands",
]


HIDDEN = "***"
"""Stands for what is set and private."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration."""

    audio: Audio = field(default_factory=Audio)
    echo: Echo = field(default_factory=Echo)
    models: Models = field(default_factory=Models)
    turns: Turns = field(default_factory=Turns)
    shadow: Shadow = field(default_factory=Shadow)
    activation: Activation = field(default_factory=Activation)
    capture: Capture = field(default_factory=Capture)
    lamp: Lamp = field(default_factory=Lamp)
    button: Button = field(default_factory=Button)
    hints: Hints = field(default_factory=Hints)
    amplifier: Amplifier = field(default_factory=Amplifier)
    talker: Talker = field(default_factory=Talker)
    script: Script = field(default_factory=Script)
    recogniser: Recogniser = field(default_factory=Recogniser)
    replier: Replier = field(default_factory=Replier)
    dialogue: Dialogue = field(default_factory=Dialogue)
    satellite: Satellite = field(default_factory=Satellite)
    record: Record = field(default_factory=Record)
    flight: Flight = field(default_factory=Flight)
    memory: Memory = field(default_factory=Memory)
    metrics: Metrics = field(default_factory=Metrics)
    mqtt: Mqtt = field(default_factory=Mqtt)
    page: Page = field(default_factory=Page)


def understands(settings: Settings) -> bool:
    """Whether anybody tells what a person has said."""
    understood = settings.recogniser.kind != "command" or settings.satellite.enabled
    return understood or bool(settings.capture.on_turn)


def settings_hash(settings: Settings) -> str:
    """16 hex digits that differ wherever two configurations do that may be shown; every journal names them. The same on
    every machine."""
    return hashlib.sha256(json.dumps(asdict(shown(settings)), sort_keys=True).encode()).hexdigest()[:16]


def shown(settings: Settings) -> Settings:
    """The settings as others may see them: of what is private only whether it is set. For whatever is written down."""
    changed = {}
    for section in fields(settings):
        given = getattr(settings, section.name)
        hidden = {name: HIDDEN for name in _private(type(given)) if getattr(given, name)}
        changed[section.name] = replace(given, **hidden)
    return replace(settings, **changed)


def _private(section: type) -> tuple[str, ...]:
    """The names of its fields that are marked as private."""
    hints = get_type_hints(section, include_extras=True)
    return tuple(name for name, kind in hints.items() if PRIVATE in getattr(kind, "__metadata__", ()))
