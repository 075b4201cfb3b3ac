"""Keeps the device talking, sentence after sentence, for as long as somebody collects; and notices when it cannot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from edgeagent.commands._device import Device

STORY = (
    "Let me tell you about a small town by the sea, where nobody is ever in a hurry.",
    "In the morning the fishermen come back with their boats, and the whole harbour smells of salt and diesel.",
    "There is a bakery on the corner, and the baker knows everybody by name, even the cats.",
    "On Wednesdays there is a market, with cheese from the hills, apples in the autumn, and very old books.",
    "The train comes only four times a day, so people look at the clock of the church instead of at their phones.",
    "Once a year they paint the lighthouse, red and white, and every family paints one stripe of it.",
    "In the evening somebody always plays the accordion, not very well, but with great patience.",
    "If you walk along the beach for an hour, you come to a house that has been empty for thirty years.",
    "They say that a captain lived there, who could tell the weather by the sound of his wooden stairs.",
    "When the wind comes from the north, you can hear the stairs from the road, and then it rains for two days.",
    "The children do not believe it, of course, but they take their jackets with them all the same.",
    "And in winter, when the ferry stays in the harbour, they tell this story again from the beginning.",
)
"""What the device says where nothing else is given."""

ECHO = "(I cannot take my own voice out of the microphone at present: wait a little, or turn me down)"

BROKEN = ("mic_lost", "faulty")


class Talking:
    """A journal that says the sentences over and over: when one begins to sound, the next is ordered, so that there is
    no longer pause than between sentences. Engine thread only."""

    def __init__(
        self, sentences: Sequence[str], speaking: Callable[[bool], None], show: Callable[[str], object]
    ) -> None:
        """speaking: told whether our voice sounds and may be spoken over. show: gets lines for the person."""
        self.failure = ""
        self._show = show
        self._sentences = sentences
        self._speaking = speaking
        self._ordered = -1
        self._device: Device

    def begin(self, device: Device) -> None:
        """Order the first sentence."""
        self._device = device
        self._order()

    def write(self, entry: Mapping[str, object]) -> None:
        """See `ports.Journal`. The button ends it, as a person who presses it wants silence."""
        match entry.get("event"):
            case "playing" if entry.get("utterance") == self._ordered:
                self._order()
            case "state":
                state = entry.get("state")
                self._speaking(state in ("speaking", "doubting"))
                if state == "half_duplex":
                    self._show(ECHO)
                if state in BROKEN or state == "muted":
                    self._device.stop()
            case "button_short":
                self._device.stop()
            case "reply_failed" | "microphone_failed" | "failed":
                self.failure = self.failure or str(entry["reason"])
                self._device.stop()

    def _order(self) -> None:
        self._ordered = self._device.say(self._sentences[(self._ordered + 1) % len(self._sentences)])
