"""Which utterance a piece of sound belongs to, on a connection that never says so.

After an interruption Home Assistant goes on sending the sound of the run before, to its end, and that of the new run
may begin meanwhile. Pieces have no name, but a time: each stream counts its own milliseconds from its `audio-start` on.
So every stream that has not ended yet is remembered with the time that its next piece must have, and a piece goes where
its time is awaited. Where two may await the same, nobody can tell, and the newest
gets silence; from then on it is not known how far either is, until one is alone or at a time of its own. So no piece
ever sounds in another's utterance; what an old utterance still gets is the machine's to play or, mostly, to discard.

A stream that has been still for a third of a second was being made while its run was called off, and does not go on: it
raises no doubt, for it would silence the new one for good.

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


STILL_S = 0.3
"""Home Assistant sends what there is as fast as the connection takes it; a pause is that of a language model, which is
called off with its run."""


@dataclass(slots=True, eq=False)
class _Stream:
    talk: SatelliteTalk | None
    """Who gets it; None for nobody."""

    least: int
    most: int
    """Milliseconds at its next piece: from the one to the other, mostly the same."""

    moved: float
    """When it last moved."""

    stops: int = 0
    """Ends that were its own or that of another."""


class Incoming:
    """One thread at a time. now: seconds of any clock that does not go back."""

    def __init__(self) -> None:
        self._streams: list[_Stream] = []  # without an end yet, the newest last
        self._forgot = False  # that there was another

    def start(self, message: Message, talk: SatelliteTalk | None, now: float) -> None:
        """`audio-start`: a stream begins. talk: who gets it, None for nobody."""
        if talk is not None:
            talk.start(message.number("rate"), message.number("width"), message.number("channels"))
        at = message.number("timestamp") or 0
        self._streams.append(_Stream(talk, at, at, now))
        for forgotten in self._streams[:-UNENDED_MOST]:
            self._forgot = True
            _finish(forgotten)
        self._streams = self._streams[-UNENDED_MOST:]

    def chunk(self, message: Message, now: float) -> None:
        """`audio-chunk`: to whom it belongs, if to anybody."""
        at, length = message.number("timestamp"), _length_ms(message)
        found = self._awaiting(at, length / 2, now)
        if not found:
            return
        newest, doubtful = found[-1], len(found) > 1
        for stream in found:
            after = length + (stream.most if at is None else at)
            stream.least, stream.most = (stream.least, max(stream.most, after)) if doubtful else (after, after)
            stream.moved = now
        if newest.talk is not None:
            newest.talk.push(bytes(len(message.payload)) if doubtful else message.payload)

    def stop(self, message: Message, now: float) -> None:
        """`audio-stop`: a stream is whole. Of those among which there is doubt, all, once as many ends have come."""
        found = self._awaiting(message.number("timestamp"), STOP_MS, now)
        for stream in found:
            stream.stops += 1
        if found and min(stream.stops for stream in found) >= len(found):
            self._streams = [stream for stream in self._streams if stream not in found]
            for stream in found:
                _finish(stream)

    def gone(self, reason: str) -> None:
        """The connection is: nothing more comes."""
        for stream in self._streams:
            if stream.talk is not None:
                stream.talk.fail(reason)
        self._streams.clear()
        self._forgot = False

    def _awaiting(self, at: int | None, within_ms: float, now: float) -> list[_Stream]:
        """The streams that something at this time may belong to, the newest last."""
        if at is None:
            return self._streams[-1:]
        found = [one for one in self._streams if one.least - within_ms <= at <= one.most + within_ms]
        if (
            not found and len(self._streams) == 1 and not self._forgot
        ):  # there is no other, so its count is its own affair
            return list(self._streams)
        return [one for one in found if one is found[-1] or now - one.moved < STILL_S]


def _finish(stream: _Stream) -> None:
    if stream.talk is not None:
        stream.talk.finish()


def _length_ms(message: Message) -> int:
    """As Home Assistant counts it: whole milliseconds of each piece."""
    rate, channels = message.number("rate") or 0, message.number("channels") or 0
    if rate <= 0 or channels <= 0:
        return 0
    return 1000 * (len(message.payload) // (WIDTH * channels)) // rate
