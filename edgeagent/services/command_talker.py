"""Any program as the voice: text on its stdin, int16 mono sound on its stdout.

One process per utterance, in its own process group; a cancel is SIGKILL for the group, so the sound of an interrupted
sentence is never waited for, whatever the program is doing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic

from edgeagent import settings
from edgeagent.errors import ServiceError
from edgeagent.ports import Sound
from edgeagent.services.child import Child, pump
from edgeagent.services.command_line import words_of
from edgeagent.services.cuttable import Cuttable
from edgeagent.services.voice_rate import VoiceRate
from edgeagent.services.wake import Wake
from edgeagent.turn.events import Word


class CommandTalker:
    """Text to sound by `settings.Talker.command`. Utterances are independent of each other."""

    def __init__(self, talker: settings.Talker) -> None:
        """Raises ServiceError when there is no such program."""
        self._settings = talker
        self._argv = words_of(talker.command, "talker.command")

    def say(self, text: str) -> CommandTalk:
        """The program starts when the talk is iterated."""
        settings = self._settings
        return CommandTalk(lambda: Child(self._argv), self._argv[0], text, settings.command_rate_hz, settings.stall_ms)

    def close(self) -> None:
        pass


class CommandTalk(Cuttable):
    """One run of a program; see `ports.Talk`."""

    words: tuple[Word, ...] = ()

    def __init__(
        self,
        start: Callable[[], Child],
        name: str,
        text: str,
        rate_hz: int,
        stall_ms: int,
        over: Callable[[], None] = lambda: None,
    ) -> None:
        """start: gives the running program, on the thread that iterates. name: what a person calls it. rate_hz: of its
        int16. stall_ms: without sound, after which it has failed. over: called when the program has ended."""
        super().__init__()
        self._start = start
        self._name = name
        self._text = text
        self._rate = VoiceRate(rate_hz)
        self._stall_ms = stall_ms
        self._over = over

    def __iter__(self) -> Iterator[Sound]:
        wake = self._wake = Wake()
        try:
            if not self._cancelled:  # by one who saw nothing to wake
                yield from self._spoken(wake)
        finally:
            wake.close()

    def _spoken(self, wake: Wake) -> Iterator[Sound]:
        child = self._child = self._start()
        try:
            child.send(self._text.encode(errors="replace"))
            child.end_input()
            while self._await(child, wake):
                sound = self._rate.push(bytes(child.received))
                child.received.clear()
                if len(sound):
                    yield sound
            if self._cancelled:
                return
            self._check_end(child, wake)
            rest = self._rate.finish()
            if len(rest):
                yield rest
        finally:
            child.close()
            self._over()

    def _await(self, child: Child, wake: Wake) -> bool:
        """Waits for sound; false when there will be no more."""
        deadline = monotonic() + self._stall_ms / 1000
        while not child.received and not child.ended and not self._cancelled:
            if monotonic() >= deadline:
                raise ServiceError(f"'{self._name}' gave no sound for {self._stall_ms} ms")
            pump([child], wake, deadline - monotonic())
        return bool(child.received) and not self._cancelled

    def _check_end(self, child: Child, wake: Wake) -> None:
        """Raises ServiceError unless the program ends well, and soon after its sound."""
        deadline = monotonic() + self._stall_ms / 1000
        while not child.exited and not self._cancelled and monotonic() < deadline:
            pump([child], wake, deadline - monotonic())
        status = child.status()
        if status != 0 and not self._cancelled:
            how = "does not end" if status is None else f"ended with status {status}"
            raise ServiceError(f"'{self._name}' {how}", child.complaint())
