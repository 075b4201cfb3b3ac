"""Cue words by pocketsphinx in a child process; see `ports.Spotter`.

The engine's thread only leaves pieces of sound and takes texts; one thread here moves them through the child's pipes.
A child that dies or does not answer costs the stretch that it was in. It is replaced a few times, and then no more: the
device can do without a recogniser, and a machine that kills one has other troubles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread
from time import monotonic

from edgeagent.errors import ServiceError, install
from edgeagent.services.apart import apart
from edgeagent.services.child import pump
from edgeagent.services.pocketsphinx_link import LOADING_S, STALL_S, Link
from edgeagent.services.pocketsphinx_spotting import PocketsphinxSpotting
from edgeagent.services.wake import Wake
from edgeagent.units import seconds

RESTARTS = 3
"""Children that are replaced while one device runs."""

CLOSING_S = 2.0


def package() -> Path:
    """The folder to import pocketsphinx from, which is not done here. Raises ServiceError with the remedy."""
    spec = find_spec("pocketsphinx")
    if spec is None or spec.origin is None:
        raise ServiceError("hints.words is pocketsphinx, which is not installed", install("words"))
    return Path(spec.origin).parent.parent


class PocketsphinxSpotter:
    """See `ports.Spotter`. Its child is started at once, and loads while the rest of the device is built."""

    def __init__(
        self,
        phrases: Iterable[str],
        trouble: Callable[[str], None] = lambda _text: None,
        stall_s: float = STALL_S,
    ) -> None:
        """phrases: English ones, to listen for; those that it cannot pronounce are left out. trouble: gets a line, on
        our own thread, for each child that is lost; must not block. stall_s: after which a child that does not answer
        is lost. Raises ServiceError where pocketsphinx is not installed."""
        self._argv = apart("edgeagent.services.pocketsphinx_child", str(package()), *sorted(phrases))
        self._trouble = trouble
        self._stall_s = stall_s
        self._wake = Wake()
        self._newest: PocketsphinxSpotting | None = None
        self._counts: dict[str, int | float] = dict.fromkeys(("heard_s", "busy_s", "dropped_s"), 0.0)
        self._counts |= {"died": 0, "stalled": 0}
        self._link: Link | None = None
        self._closing = False
        self._settled = Event()  # the first child is ready, or has failed
        self._failure = "pocketsphinx is not ready"
        self._thread = Thread(target=self._work, name="words", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Wait until it has loaded. Raises ServiceError with the remedy."""
        self._settled.wait(LOADING_S)
        if self._failure:
            raise ServiceError(*self._failure.split("\n", 1))

    def listen(self, start: int) -> PocketsphinxSpotting:
        if self._newest is not None:
            self._newest.cancel()
            self._counts["dropped_s"] += seconds(self._newest.dropped)
        self._newest = PocketsphinxSpotting(start, self._wake)
        if self._closing or (self._link is None and self._settled.is_set()):
            self._newest.give_up()
        return self._newest

    def facts(self) -> Mapping[str, int | float]:
        """heard_s: sound given to the child. busy_s: what it computed on it. dropped_s: sound that came while it was
        too far behind. died, stalled: children that were lost."""
        counts, newest, link = dict(self._counts), self._newest, self._link
        counts["dropped_s"] += seconds(newest.dropped) if newest is not None else 0.0
        counts["busy_s"] += link.busy_s if link is not None else 0.0
        return counts

    def close(self) -> None:
        self._closing = True
        if self._newest is not None:
            self._newest.cancel()
        self._wake.set()
        self._thread.join(CLOSING_S)

    # Our own thread ---------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        for attempt in range(1 + RESTARTS):
            try:
                self._link = Link(self._argv, monotonic(), self._stall_s)
            except ServiceError as error:
                self._lose(str(error), last=True)
                break
            lost = self._serve(self._link)
            self._counts["busy_s"] += self._link.busy_s
            self._link.busy_s = 0.0
            self._link.close()
            if self._closing:
                break
            self._lose(lost, last=attempt == RESTARTS)
        self._link = None
        if self._newest is not None:
            self._newest.give_up()
        self._wake.close()

    def _serve(self, link: Link) -> str:
        """Until the device closes, "", or the child is lost: why."""
        while not self._closing:
            self._counts["heard_s"] += seconds(link.serve(self._newest, monotonic()))
            pump([link.child], self._wake, link.left(monotonic()))
            link.listen()
            if link.ready and not self._settled.is_set():
                self._failure = ""
                self._settled.set()
            if link.failure:
                return link.failure
            if link.child.ended:
                self._counts["died"] += 1
                return f"the pocketsphinx child died {link.child.complaint()}".rstrip()
            if link.hung(monotonic()):
                self._counts["stalled"] += 1
                return "the pocketsphinx child did not answer"
        return ""

    def _lose(self, why: str, *, last: bool) -> None:
        """Why a child was lost; the first one's reason is also what `check` says."""
        if not self._settled.is_set():
            self._failure = why
            self._settled.set()
        self._trouble(why.replace("\n", ": ") + ("; no more hints from words" if last else ""))
