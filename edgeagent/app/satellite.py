"""The device as a satellite of Home Assistant."""

from __future__ import annotations

import time
from collections import deque
from contextlib import ExitStack

from edgeagent.live.conversation import Conversation
from edgeagent.live.door import Door
from edgeagent.live.inbox import Inbox
from edgeagent.monitor.places import awaited, listening, loopback
from edgeagent.ports import Voiced
from edgeagent.services.satellite import Satellite
from edgeagent.services.satellite_info import name_of
from edgeagent.services.satellite_server import Clock
from edgeagent.services.satellite_zeroconf import Discovery
from edgeagent.settings import Settings
from edgeagent.turn.events import Alone

NEWS_MOST, NEWS_S = 20, 60.0
"""Lines told in so many seconds. Whoever reaches the port makes them, and must not fill the journal, which is bounded,
with them."""


def build_satellite(settings: Settings, closing: ExitStack, early: bool = False) -> Satellite | None:
    """It listens at its port, and answers nobody yet. None where none is wanted. early: see `listening`. Raises
    ServiceError."""
    wanted = settings.satellite
    if not wanted.enabled:
        return None
    satellite = Satellite(wanted, listening(wanted.address, wanted.port, "satellite.port", early=early))
    closing.callback(satellite.close)
    return satellite


def add_satellite(
    satellite: Satellite | None, settings: Settings, to: tuple[Inbox, Door, Conversation], closing: ExitStack
) -> None:
    """Home Assistant is answered from now on, and may find us. Raises ServiceError."""
    if satellite is None:
        return
    outside, wanted = Outside(*to), settings.satellite
    if why := awaited(wanted.address, "satellite.address"):
        outside.note(why, trouble=True)
    if wanted.discovery and not loopback(wanted.address):
        discovery = Discovery(name_of(wanted), wanted.address, satellite.port, outside.note)
        closing.callback(discovery.close)
    satellite.start(outside)


class Outside:
    """See `services.satellite.Outside`: everything becomes a note for the engine's thread."""

    def __init__(self, inbox: Inbox, door: Door, conversation: Conversation, clock: Clock = time.monotonic) -> None:
        self._inbox = inbox
        self._door = door
        self._conversation = conversation
        self._clock = clock
        self._there: bool | None = None
        self._told: deque[float] = deque(maxlen=NEWS_MOST)  # when
        self._left_out = 0

    def announce(self, said: Voiced) -> bool:
        def say() -> None:
            self._conversation.say(said, patient=True)

        return self._inbox.post(say)

    def note(self, text: str, *, trouble: bool = False) -> None:
        event, now = "satellite_trouble" if trouble else "satellite", self._clock()
        if len(self._told) == NEWS_MOST and now < self._told[0] + NEWS_S:
            self._left_out += 1
            return
        self._told.append(now)
        if self._left_out:
            text, self._left_out = f"{text} ({self._left_out} such lines before it were left out)", 0
        self._inbox.post(lambda: self._conversation.note(event, text=text))

    def reach(self, there: bool) -> None:
        if there is not self._there and self._inbox.post(lambda: self._door.tell(Alone(0, not there))):
            self._there = there
