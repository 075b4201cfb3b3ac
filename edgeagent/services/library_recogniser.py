"""A recogniser that is a library, in a child process, as who understands the user's turns: Vosk, sherpa-onnx,
pocketsphinx.

A turn goes to the child while it is spoken, from before the onset. The engine's thread only leaves sound; one thread
here moves it. A child that dies, hangs or takes too long costs the text of the turn it was in, and is replaced; one
that cannot load its model, or does not live long with it, is tried again with the next turn.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from threading import Event, Thread
from time import monotonic

from edgeagent import settings
from edgeagent.errors import ServiceError, install
from edgeagent.services.apart import apart
from edgeagent.services.child import pump
from edgeagent.services.library_turn import LibraryTurn
from edgeagent.services.one_turn import OneTurn, Telling, Told
from edgeagent.services.pocketsphinx_link import Link
from edgeagent.services.recogniser_models import LIBRARIES, model_files
from edgeagent.services.wake import Wake
from edgeagent.units import RATE

LOADING_S = 120.0
"""A model that is not ready after this does not come any more: a large one from an SD card takes half a minute."""

IDLE_S = 3600.0
"""Seconds to sleep when there is nothing to wait for: any turn wakes us."""

ENDURED_S = 30.0
"""A child that ends after less, and without a turn, ends again: a model that does not fit, a library that is broken."""

CLOSING_S = 2.0


def process(recogniser: settings.Recogniser, places: Sequence[str] | None = None) -> list[str]:
    """The child's command. places: where libraries are, ours where None. Raises ServiceError where the library or the
    model is missing."""
    library, extra = LIBRARIES[recogniser.kind]
    if places is None and find_spec(library) is None:
        raise ServiceError(f"recogniser.kind is {recogniser.kind}, which is not installed", install(extra))
    about = {
        "kind": recogniser.kind,
        "form": recogniser.form,
        "files": dict(model_files(recogniser)),
        "language": recogniser.language,
        "threads": recogniser.threads,
        "extra": extra,
    }
    where = os.pathsep.join(place for place in places or sys.path if place)
    return apart("edgeagent.services.recogniser_child", where, json.dumps(about))


class LibraryRecogniser(OneTurn[LibraryTurn]):
    """See `live.turns.Listener`. All methods return at once and are for one thread, the engine's; but for `check`."""

    def __init__(
        self, argv: Sequence[str], patience_s: float, recognised: Told, trouble: Told, *, early: bool = True
    ) -> None:
        """argv: see `process`. patience_s: how long a text may take once its turn is over. recognised: called exactly
        once for each closed turn that is not dropped, with "" for no text. trouble: what went wrong with a turn. Both
        are called on our own thread, or where the turn is opened. early: see `settings.Recogniser.early`."""
        super().__init__(early)
        self._argv = argv
        self._patience_s = patience_s
        self._recognised = recognised
        self._trouble = trouble
        self._partial: Told | None = None
        self._wake = Wake()
        self._closing = self._ready = False
        self._settled = Event()  # the first child is ready, or has failed
        self._failure = "the recogniser is not ready"
        self._thread = Thread(target=self._work, name="recogniser", daemon=True)
        self._thread.start()

    def check(self, timeout_s: float = LOADING_S) -> None:
        """Waits until the model is loaded. Any thread. Raises ServiceError with the remedy."""
        self._settled.wait(timeout_s)
        if self._failure:
            raise ServiceError(*self._failure.split("\n", 1))

    def tell_so_far(self, told: Told) -> None:
        """From now on tell `told` what is understood so far of the open turn, whole each time, on our own thread."""
        self._partial = told

    def suspect_turn(self, turn: int, audio: str) -> bool:
        """See `live.turns.Early`. A child is not started anew for a suspicion: at the next turn it is."""
        return self._ready and super().suspect_turn(turn, audio)

    def _begin(self, turn: int, *, sure: bool) -> LibraryTurn:
        return LibraryTurn(Telling(turn, sure=sure), self._wake)

    def close(self) -> None:
        """See `live.turns.Listener`."""
        self._cut()
        self._closing = True
        self._wake.set()
        self._thread.join(CLOSING_S)

    # Our own thread ---------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._closing:
            before, began = self._turn, monotonic()
            try:
                link = Link(self._argv, began, self._patience_s, LOADING_S)
            except ServiceError as error:
                lost, again = str(error), False
            else:
                try:
                    lost = self._serve(link)
                finally:
                    self._ready = False
                    link.close()
                again = link.ready and (link.busy_s > 0 or monotonic() - began > ENDURED_S)
            if self._closing:
                break
            self._settle(lost)
            self._lose(lost)
            while not again and self._turn in (before, None) and not self._closing:
                pump([], self._wake, IDLE_S)  # the next turn may find what is missing now
        self._wake.close()

    def _serve(self, link: Link) -> str:
        """Until the device closes, "", or the child is lost: why."""
        shown = ""
        while not self._closing:
            turn, now = self._turn, monotonic()
            link.serve(turn, now)
            pump([link.child], self._wake, self._left(link, turn, now))
            link.listen()
            self._ready = link.ready
            if link.ready and not self._settled.is_set():
                self._settle("")
            if turn is not None and not turn.over:
                if turn.said.text != shown and self._partial is not None:
                    shown = turn.said.text
                    turn.telling.tell(self._partial, shown)
                if turn.said.final:
                    self._end(turn, turn.said.text)
                elif not link.ready and self._late(turn, monotonic()) <= 0.0:
                    turn.telling.tell(self._trouble, "the recogniser is still loading its model")
                    self._end(turn, "")
            if link.failure:
                return link.failure
            if link.child.ended:
                return f"the recogniser's process ended; {link.child.complaint()}".rstrip("; ")
            if self._left(link, self._turn, monotonic()) <= 0.0:
                return "the recogniser does not answer"
        return ""

    def _left(self, link: Link, turn: LibraryTurn | None, now: float) -> float:
        """Seconds until it must have said something."""
        left = link.left(now) if not link.ready or link.busy else IDLE_S
        return left if turn is None else min(left, self._late(turn, now))

    def _late(self, turn: LibraryTurn, now: float) -> float:
        """Seconds until the turn's text is late."""
        return turn.closed + self._patience_s - now if turn.closed and not turn.over else IDLE_S

    def _settle(self, failure: str) -> None:
        if not self._settled.is_set():
            self._failure = failure
            self._settled.set()

    def _lose(self, why: str) -> None:
        """The child is lost, and with it the text of the turn that it was in."""
        turn = self._turn
        if turn is None or turn.over:
            return
        turn.telling.tell(self._trouble, why.replace("\n", "; "))
        while not (turn.closed or turn.over or self._closing):
            pump([], self._wake, IDLE_S)
        self._end(turn, "")

    def _end(self, turn: LibraryTurn, text: str) -> None:
        if turn.lost:
            told = f"{turn.lost / RATE:.1f} s of the turn were lost: the recogniser is too slow"
            turn.telling.tell(self._trouble, told)
        turn.telling.tell(self._recognised, " ".join(text.split()))
        turn.drop()
