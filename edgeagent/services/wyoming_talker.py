"""A Wyoming server as the voice: text there, sound back. It tells no word times, so what was heard is estimated."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from edgeagent import settings
from edgeagent.errors import ServiceError
from edgeagent.ports import Sound
from edgeagent.services.feed import Feed
from edgeagent.services.voice_rate import VoiceRate
from edgeagent.services.voice_rates import RATES
from edgeagent.services.wyoming_link import WyomingLink
from edgeagent.services.wyoming_wire import Message
from edgeagent.turn.events import Word

WAITING = 64
"""Pieces of sound that may wait for their reader, some 60 ms each."""

SIXTEEN_BIT = 2
"""Bytes of a sample; other widths are refused."""


class WyomingTalker:
    """See `ports.Talker`. Utterances are independent of each other."""

    def __init__(self, talker: settings.Talker) -> None:
        """Raises ServiceError when the library is missing."""
        WyomingLink(talker.uri, 0.0)
        self._settings = talker

    def say(self, text: str) -> WyomingTalk:
        """See `ports.Talker`; the connection is made at once, and not waited for."""
        return WyomingTalk(self._settings, text)

    def close(self) -> None:
        """Nothing is kept between utterances."""


class WyomingTalk:
    """See `ports.Talk`."""

    words: tuple[Word, ...] = ()

    def __init__(self, talker: settings.Talker, text: str) -> None:
        self._link = WyomingLink(talker.uri, talker.stall_ms / 1000)
        self._text = text
        self._voice = talker.voice if talker.voice != settings.Talker().voice else ""
        self._feed: Feed[Sound] = Feed("wyoming-talk", self._work, WAITING)
        self._feed.start()

    def __iter__(self) -> Iterator[Sound]:
        return iter(self._feed)

    def cancel(self) -> None:
        """See `ports.Talk`."""
        self._feed.cancel()
        self._link.cut()

    def _work(self, put: Callable[[Sound], bool]) -> None:
        voice = {"voice": {"name": self._voice}} if self._voice else {}
        try:
            self._link.connect()
            if self._feed.cancelled.is_set():
                return
            self._link.send("synthesize", {"text": self._text, **voice})
            self._receive(put)
        finally:
            self._link.close()

    def _receive(self, put: Callable[[Sound], bool]) -> None:
        rate: VoiceRate | None = None
        mono = 1
        for event in self._link.events("audio-start", "audio-chunk", "audio-stop"):
            match event.kind:
                case "audio-start":
                    rate, mono = _form(event)
                case "audio-chunk" if rate is not None:
                    sound = rate.push(_first_channel(event.payload, mono))
                    if sound.size and not put(sound):
                        return
                case "audio-stop" if rate is not None:
                    put(rate.finish())
                    return
        if not self._feed.cancelled.is_set():
            raise ServiceError("the voice breaks off in the middle", "see what its server says")


def _form(start: Message) -> tuple[VoiceRate, int]:
    """Rate and channels of the sound that follows. Raises ServiceError for what is no int16."""
    rate, width, channels = (start.number(name) for name in ("rate", "width", "channels"))
    if width != SIXTEEN_BIT or rate is None or rate not in RATES or not channels or channels < 1:
        needed = f"needed are {SIXTEEN_BIT} bytes at {RATES[0]} to {RATES[-1]} Hz in steps of {RATES.step}"
        raise ServiceError(f"the voice has {width} bytes, {channels} channels at {rate} Hz; {needed}")
    return VoiceRate(rate), channels


def _first_channel(pcm: bytes, channels: int) -> bytes:
    if channels == 1:
        return pcm
    frames = memoryview(pcm[: len(pcm) // (SIXTEEN_BIT * channels) * SIXTEEN_BIT * channels]).cast("h")
    return frames[::channels].tobytes()
