"""Which utterance a piece of sound belongs to, on a connection that never says so.

After an interruption Home Assistant goes on sending the sound of the run before, to its end, and that of the new run
may begin meanwhile. Pieces have no name, but a time: each stream counts its own milliseconds from its `audio-start` on.
So every stream that has not ended yet is remembered with the time that its next piece must have, and a piece goes where
its time is awaited. Where two await the same, nobody can tell: the newer one gets silence. So an old piece never
sounds in a new utterance; what the old utterance still gets is the machine's to play or, mostly, to discard.

A server that counts no time can send one stream after the other only: there a piece belongs to the newest.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgeagent.services.satellite_talk import WIDTH, SatelliteTalk
from edgeagent.services.wyoming_wire import Message

STOP_MS = 2.0
"""By how much the time of an `audio-stop` may be off: whole milliseconds, and one more."""

UNENDED_MOST = 8
"""Streams that may be without an end; then the oldest is forgotten."""


@dataclass(slots=True, eq=False)
class _Stream:
    talk: SatelliteTalk | None
    """Who gets it; None for nobody."""

    due: int
    """Milliseconds at its next piece."""


class Incoming:
    """One thread at a time."""

    def __init__(self) -> None:
        self._streams: list[_Stream] = []  # without an end yet, the newest last

    def start(self, message: Message, talk: SatelliteTalk | None) -> None:
        """`audio-start`: a stream begins. talk: who gets it, None for nobody."""
        if talk is not None:
            talk.start(message.number("rate"), message.number("width"), message.number("channels"))
        self._streams.append(_Stream(talk, message.number("timestamp") or 0))
        for forgotten in self._streams[:-UNENDED_MOST]:
            _finish(forgotten)
        self._streams = self._streams[-UNENDED_MOST:]

    def chunk(self, message: Message) -> None:
        """`audio-chunk`: to whom it belongs, if to anybody."""
        length = _length_ms(message)
        awaited, doubtful = self._awaiting(message, length / 2)
        if awaited is None:
            return
        at = message.number("timestamp")
        awaited.due = (awaited.due if at is None else at) + length
        if awaited.talk is not None:
            awaited.talk.push(bytes(len(message.payload)) if doubtful else message.payload)

    def stop(self, message: Message) -> None:
        """`audio-stop`: a stream is whole."""
        ended, _ = self._awaiting(message, STOP_MS)
        if ended is None and self._streams:
            ended = self._streams[0]  # one that lost count: the older one is the safer guess
        if ended is not None:
            self._streams.remove(ended)
            _finish(ended)

    def gone(self, reason: str) -> None:
        """The connection is: nothing more comes."""
        for stream in self._streams:
            if stream.talk is not None:
                stream.talk.fail(reason)
        self._streams.clear()

    def _awaiting(self, message: Message, within_ms: float) -> tuple[_Stream | None, bool]:
        """The stream, and whether it may as well be an older one."""
        at = message.number("timestamp")
        if not self._streams or at is None:
            return (self._streams[-1] if self._streams else None), False
        found = [stream for stream in self._streams if abs(stream.due - at) <= within_ms]
        if not found and len(self._streams) == 1:  # there is no other, so its count is its own affair
            self._streams[0].due = at
            return self._streams[0], False
        return (found[-1], len(found) > 1) if found else (None, False)


def _finish(stream: _Stream) -> None:
    if stream.talk is not None:
        stream.talk.finish()


def _length_ms(message: Message) -> int:
    """As Home Assistant counts it: whole milliseconds of each piece."""
    rate, channels = message.number("rate") or 0, message.number("channels") or 0
    if rate <= 0 or channels <= 0:
        return 0
    return 1000 * (len(message.payload) // (WIDTH * channels)) // rate
