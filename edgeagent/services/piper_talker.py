"""Piper as the voice: a program with a neural voice, which is given text and writes sound.

Loading a voice takes a second on a small machine, and Piper does not say where the sound of a sentence ends. So each
utterance has a process of its own that was started ahead: it has loaded by the time it is needed, its sound ends where
it does, and a cancel is a kill. Both of Piper's programs are understood: that of the package piper-tts, and the older
one in C++. It tells no word times, so what was heard is estimated.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock

from edgeagent import settings
from edgeagent.errors import ServiceError
from edgeagent.ports import Sound
from edgeagent.services.child import Child
from edgeagent.services.command_talker import CommandTalk
from edgeagent.services.piper_voice import PROGRAM, program, voice_rate
from edgeagent.turn.events import Word

NATURAL = 165
"""Words a minute that count as the voice's own pace: the default of the setting."""


class PiperTalker:
    """See `ports.Talker`. Utterances are independent of each other; one process waits for the next."""

    def __init__(self, talker: settings.Talker) -> None:
        """Starts the first process, and does not wait for it. Raises ServiceError when there is no such program or
        voice."""
        self._settings = talker
        self._rate = voice_rate(talker.model)
        self._argv = [*program(talker), "--model", str(Path(talker.model).expanduser()), "--output-raw"]
        self._pace = 1.0
        self._spare: Child | None = None
        self._spare_pace = 1.0
        self._closed = False
        self._changing = Lock()  # of the spare process
        self._prepare()

    def pace(self, rate: float) -> None:
        """From the next sentence on speak so much faster than is configured. Any thread, at once; the process that
        waits is replaced."""
        self._pace = rate  # not with the lock, which is held while a process is started

    def say(self, text: str) -> PiperTalk:
        """See `ports.Talker`."""
        line = " ".join(text.split())  # a line is an utterance
        return PiperTalk(
            line, CommandTalk(self._take, PROGRAM, line, self._rate, self._settings.stall_ms, self._prepare)
        )

    def close(self) -> None:
        """Ends the process that waits."""
        with self._changing:
            self._closed = True
            spare, self._spare = self._spare, None
        if spare is not None:
            spare.close()

    def _take(self) -> Child:
        """The process that waits, or a new one where it has died."""
        with self._changing:
            spare, self._spare = self._spare, None
            closed, fits = self._closed, self._spare_pace == self._pace
        if spare is not None and spare.status() is None and fits and not closed:
            return spare
        if spare is not None:
            spare.close()
        if closed:
            raise ServiceError("the voice is closed")
        return self._start(self._pace)

    def _start(self, pace: float) -> Child:
        scale = NATURAL / (self._settings.words_per_minute * pace)
        return Child([*self._argv, "--length-scale", f"{scale:.2f}"])

    def _prepare(self) -> None:
        with self._changing, suppress(ServiceError):  # it is told when there is something to say
            if self._spare is None and not self._closed:
                pace = self._pace  # once: it may change meanwhile
                self._spare, self._spare_pace = self._start(pace), pace


class PiperTalk:
    """See `ports.Talk`."""

    words: tuple[Word, ...] = ()

    def __init__(self, text: str, talk: CommandTalk) -> None:
        self._text = text
        self._talk = talk

    def __iter__(self) -> Iterator[Sound]:
        if self._text:
            yield from self._talk

    def cancel(self) -> None:
        self._talk.cancel()
