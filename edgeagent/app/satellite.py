"""The device as a satellite of Home Assistant."""

from __future__ import annotations

from contextlib import ExitStack

from edgeagent.live.conversation import Conversation
from edgeagent.live.door import Door
from edgeagent.live.inbox import Inbox
from edgeagent.monitor.places import awaited, listening, loopback
from edgeagent.ports import Voiced
from edgeagent.services.satellite import Satellite
from edgeagent.services.satellite_info import name_of
from edgeagent.services.satellite_zeroconf import Discovery
from edgeagent.settings import Settings
from edgeagent.turn.events import Alone


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

    def __init__(self, inbox: Inbox, door: Door, conversation: Conversation) -> None:
        self._inbox = inbox
        self._door = door
        self._conversation = conversation

    def announce(self, said: Voiced) -> bool:
        def say() -> None:
            self._conversation.say(said)

        return self._inbox.post(say)

    def note(self, text: str, *, trouble: bool = False) -> None:
        event = "satellite_trouble" if trouble else "satellite"
        self._inbox.post(lambda: self._conversation.note(event, text=text))

    def reach(self, there: bool) -> None:
        self._inbox.post(lambda: self._door.tell(Alone(0, not there)))
