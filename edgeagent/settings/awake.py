"""When the device listens to people who speak to it while it is silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Interval


@dataclass(frozen=True, slots=True)
class Activation:
    """What it takes for a turn while the device is silent. While it speaks anybody may interrupt it, in every mode."""

    mode: Literal["open", "button", "wake"] = "open"
    """open: speaking to it. button: a short press, then speaking. wake: a wake word, or a press."""

    follow_up_ms: Annotated[int, Interval(ge=0, le=60_000)] = 8000
    """Modes `button` and `wake`: how long after a press, a wake word or a turn one may begin to speak without
    another."""

    uri: str = "tcp://127.0.0.1:10400"
    """Mode `wake`: tcp://host:port or unix:///path of a wake word server of Home Assistant's protocol, such as
    wyoming-openwakeword. While the device sleeps, what the microphone hears goes there."""

    words: tuple[str, ...] = ()
    """Mode `wake`: names of the server's wake words that count, for example [hey_jarvis]; empty for all it has."""
