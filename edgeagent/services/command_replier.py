"""Any program as the replier: the turn on its stdin as JSON, what it prints is the reply, as it comes.

    {"text": "how much is it?", "kind": "question", "command": "", "wrong": "", "right": "", "saying": [],
     "resumes": false, "brief": false,
     "history": [{"who": "device", "number": 3, "text": "The train", "interrupted": true, "estimated": false}, ...]}

One process per reply, in its own process group; a cancel is SIGKILL for the group.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Generator, Iterator
from time import monotonic

from edgeagent import settings
from edgeagent.errors import ServiceError
from edgeagent.ports import Request
from edgeagent.services.child import Child, pump
from edgeagent.services.command_line import words_of
from edgeagent.services.cuttable import Cuttable
from edgeagent.services.reply_length import within
from edgeagent.services.told_turn import meant
from edgeagent.services.wake import Wake


class CommandReplier:
    """See `ports.Replier`."""

    def __init__(self, replier: settings.Replier) -> None:
        """Raises ServiceError when there is no such program."""
        self._argv = words_of(replier.command, "replier.command")
        self._stall_s = replier.stall_ms / 1000

    def reply(self, request: Request) -> CommandReply:
        """See `ports.Replier`; the program starts when the reply is iterated."""
        return CommandReply(self._argv, told(request), self._stall_s)

    def close(self) -> None:
        """Nothing is kept between replies."""


def told(request: Request) -> str:
    """The request as one line of JSON."""
    plain = {"text": request.text, **meant(request, request.history)}
    return json.dumps(plain, ensure_ascii=False) + "\n"


class CommandReply(Cuttable):
    """One run of the program; see `ports.Reply`."""

    def __init__(self, argv: list[str], request: str, stall_s: float) -> None:
        super().__init__()
        self._argv = argv
        self._request = request
        self._stall_s = stall_s

    def __iter__(self) -> Iterator[str]:
        wake = self._wake = Wake()
        try:
            if not self._cancelled:  # by one who saw nothing to wake
                yield from within(self._said(wake))
        finally:
            wake.close()

    def _said(self, wake: Wake) -> Generator[str]:
        child = self._child = Child(self._argv)
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        try:
            child.send(self._request.encode(errors="replace"))
            child.end_input()
            while self._await(child, wake):
                text = decoder.decode(bytes(child.received))
                child.received.clear()
                if text:
                    yield text
            status = child.status()
            if status and not self._cancelled:
                raise ServiceError(f"'{self._argv[0]}' ended with status {status}", child.complaint())
        finally:
            child.close()

    def _await(self, child: Child, wake: Wake) -> bool:
        """Waits for text; false when there will be no more, and the program has ended."""
        deadline = monotonic() + self._stall_s
        while not child.received and not child.exited and not self._cancelled:
            if monotonic() >= deadline:
                raise ServiceError(f"'{self._argv[0]}' said nothing for {1000 * self._stall_s:.0f} ms")
            pump([child], wake, deadline - monotonic())
        return bool(child.received) and not self._cancelled
