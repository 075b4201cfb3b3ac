"""What the satellite says of itself."""

from __future__ import annotations

import socket

from edgeagent import __version__, settings
from edgeagent.services.satellite_talk import WIDTH
from edgeagent.services.wyoming_wire import Message
from edgeagent.units import RATE

FORMAT = {"rate": RATE, "width": WIDTH, "channels": 1}
"""Of the microphone, exactly; of the loudspeaker the form that costs least, any other is converted."""


def name_of(satellite: settings.Satellite) -> str:
    """What Home Assistant calls it."""
    return satellite.name or socket.gethostname()


def info(satellite: settings.Satellite) -> Message:
    """The answer to `describe`."""
    kept = {
        "attribution": {"name": "edgeagent", "url": ""},
        "installed": True,
        "version": __version__,
        "description": "A device that can be interrupted",
    }
    ours = {
        **kept,
        "name": name_of(satellite),
        "area": satellite.area or None,
        "has_vad": True,
        "active_wake_words": [],
        "max_active_wake_words": 0,
        "supports_trigger": False,
    }
    microphone = {**kept, "name": "microphone", "mic_format": FORMAT}
    loudspeaker = {**kept, "name": "loudspeaker", "snd_format": FORMAT}
    others: dict[str, object] = {key: [] for key in ("asr", "tts", "handle", "intent", "wake")}
    return Message("info", {**others, "mic": [microphone], "snd": [loudspeaker], "satellite": ours})
