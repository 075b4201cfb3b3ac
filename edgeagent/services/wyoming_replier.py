"""A Wyoming server that handles what people say (`handle`) as the replier: a transcript there, a sentence back.

Where the words do not say everything, because they correct something or cut us off, the transcript's context does,
under a name of ours (`OURS`). Libraries before 1.5.1 read no context in a transcript and pass over it; a turn whose
words say all goes without one of ours, because a server may take any context for one that it gave itself.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping

from edgeagent import settings
from edgeagent.errors import ServiceError
from edgeagent.ports import Request
from edgeagent.services.feed import Feed
from edgeagent.services.reply_length import within
from edgeagent.services.told_turn import meant, says_all, since_ours
from edgeagent.services.wyoming_link import WyomingLink

WAITING = 64
"""Pieces of a reply that may wait for their reader."""

OURS = "edgeagent"
"""Name in the context of a transcript below which we tell what was meant. The other names are the server's."""


class WyomingReplier:
    """See `ports.Replier`. What a server calls the context of its answer goes back to it with the next turn."""

    def __init__(self, replier: settings.Replier) -> None:
        """Raises ServiceError when the library is missing."""
        WyomingLink(replier.uri, 0.0)
        self._settings = replier
        self._context: Mapping[str, object] = {}

    def reply(self, request: Request) -> WyomingReply:
        """See `ports.Replier`; the request is under way."""
        context = dict(self._context)
        if not says_all(request):
            context[OURS] = meant(request, since_ours(request.history))
        told: dict[str, object] = {"text": request.text}
        if context:
            told["context"] = context
        return WyomingReply(self._settings, told, self._keep)

    def close(self) -> None:
        """Nothing is kept open between replies."""

    def _keep(self, context: object) -> None:
        """A server may give back all that it was told; ours is of one turn only."""
        given = context if isinstance(context, Mapping) else {}
        self._context = {name: value for name, value in given.items() if name != OURS}


class WyomingReply:
    """See `ports.Reply`."""

    def __init__(self, replier: settings.Replier, told: dict[str, object], keep: Callable[[object], None]) -> None:
        self._link = WyomingLink(replier.uri, replier.stall_ms / 1000)
        self._told = told
        self._keep = keep
        self._feed: Feed[str] = Feed("wyoming-reply", self._work, WAITING)
        self._feed.start()

    def __iter__(self) -> Iterator[str]:
        return iter(self._feed)

    def cancel(self) -> None:
        """See `ports.Reply`."""
        self._feed.cancel()
        self._link.cut()

    def _work(self, put: Callable[[str], bool]) -> None:
        try:
            self._link.connect()
            if self._feed.cancelled.is_set():
                return
            self._link.send("transcript", self._told)
            for text in within(self._texts()):
                if not put(text):
                    return
        finally:
            self._link.close()

    def _texts(self) -> Generator[str]:
        """Whole, or piece by piece, as newer servers send it; the whole text behind the pieces says nothing new."""
        pieces = False
        for event in self._link.events("handled-start", "handled-chunk", "handled-stop", "handled", "not-handled"):
            text = str(event.data.get("text") or "")
            if event.kind in ("handled-start", "handled", "not-handled") and event.data.get("context"):
                self._keep(event.data["context"])
            match event.kind:
                case "handled-start":
                    pieces = True
                case "handled-chunk":
                    yield text
                case "handled-stop":
                    return
                case "handled" | "not-handled" if not pieces:
                    yield text
                    return
        if not self._feed.cancelled.is_set():
            raise ServiceError("the reply breaks off in the middle", "see what its server says")
