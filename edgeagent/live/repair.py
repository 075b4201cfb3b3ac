"""A card that died, or is lent, is closed and opened anew, by a thread of its own, as often as it takes.

PortAudio sees a card that was plugged in again only after it has been ended and begun afresh, so everything is made
from scratch. A library whose card is gone fails in ways it does not document: whatever goes wrong is tried again. Only
if it hangs, a new process is needed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread

from edgeagent.errors import DeviceHung, EdgeAgentError
from edgeagent.live.loan import Loan
from edgeagent.live.sound_path import SoundPath
from edgeagent.ports import Card

RETRY_S = 1.0
"""Between two attempts; each asks the sound library for all its devices."""

HANGS_S = 15.0
"""An attempt that takes so long will never end: closing takes 6 s at most, and opening a busy card some seconds."""


def in_time(make: Callable[[], SoundPath]) -> SoundPath:
    """The card, opened in a thread of its own. Raises what that raises, and DeviceHung after HANGS_S."""
    done: list[SoundPath | Exception] = []

    def work() -> None:
        try:
            done.append(make())
        except Exception as error:
            done.append(error)

    thread = Thread(target=work, name="open", daemon=True)
    thread.start()
    thread.join(HANGS_S)
    if not done:
        raise _hangs()
    if isinstance(done[0], Exception):
        raise done[0]
    return done[0]


def _hangs() -> DeviceHung:
    return DeviceHung("the sound library hangs opening the card", "only a new process can use it again")


class Repair:
    """make: finds and opens the card, or raises. loan: who may have the card meanwhile. Engine thread only."""

    def __init__(self, make: Callable[[], SoundPath], loan: Loan | None = None) -> None:
        self.loan = loan or Loan()
        self._make = make
        self._over = Event()
        self._thread: Thread | None = None
        self._dead: Card | None = None
        self._path: SoundPath | None = None
        self._taking = Lock()
        self._hung: DeviceHung | None = None
        self.reason = ""
        """Why the last attempt failed; "" while there was none, or when it succeeded."""
        self._told = ""
        self._since = 0.0  # of the attempt that is made now

    @property
    def at_work(self) -> bool:
        """Between `start` and the `take` that gives a path."""
        return self._thread is not None

    def start(self, dead: Card) -> None:
        """Close `dead`, then open the card as soon as it can be."""
        self._dead = dead
        self._begin()

    def take(self) -> SoundPath | None:
        """The card anew, once. Raises DeviceHung if there can be none in this process."""
        over = self._thread is not None and not self._thread.is_alive()  # before looking at what it left
        since = self._since  # once: the thread may begin to rest meanwhile
        if self._hung is None and not over and since and time.monotonic() - since > HANGS_S:
            self._hung = _hangs()
        if self._hung is not None:
            raise self._hung
        if (path := self._taken()) is not None:
            self._thread = None
        elif over:  # it never began, for want of memory
            self._begin()
        return path

    def news(self) -> str:
        """The reason, if it is another than when this was last asked; "" if not, or if there is none."""
        reason, before = self.reason, self._told
        self._told = reason
        return reason if reason != before else ""

    def close(self) -> None:
        """No more attempts. Does not wait for one that is under way, which leaves no card open."""
        self._over.set()
        self.loan.give_back()
        self._close_unwanted()

    def _taken(self) -> SoundPath | None:
        """The path that was made, for one who asks. Any thread."""
        with self._taking:
            path, self._path = self._path, None
        return path

    def _close_unwanted(self) -> None:
        """Of a path that comes while nobody wants one any more. Any thread."""
        if self._over.is_set() and (path := self._taken()) is not None:
            with suppress(Exception):
                path.close()

    def _begin(self) -> None:
        self._since = 0.0
        self._thread = Thread(target=self._work, name="repair", daemon=True)
        with suppress(RuntimeError):  # no memory for a thread
            self._thread.start()

    def _work(self) -> None:
        if self.loan.granted:
            self._hand_out()
        while self._hung is None and not self._over.is_set():
            self._since = time.monotonic()
            if self._step():
                return
            self._since = 0.0
            self._over.wait(RETRY_S)

    def _hand_out(self) -> None:
        """Close the card and wait until whoever wants it has had it."""
        dead, self._dead = self._dead, None
        try:
            if dead is not None:
                dead.close()
        except DeviceHung as hung:
            self._hung = hung
            self.loan.refuse(hung.problem)
            return
        except Exception:  # whatever it says, it is not ours any more
            pass
        self.loan.hand_out()

    def _step(self) -> bool:
        """Whether there is nothing more to do."""
        try:
            dead, self._dead = self._dead, None
            if dead is not None:
                dead.close()
            path = self._make()
            self.reason, self._path = "", path
            self._close_unwanted()
        except DeviceHung as hung:
            self._hung = hung
        except Exception as error:
            self.reason = str(error) if isinstance(error, EdgeAgentError) else f"{type(error).__name__}: {error}"
            return False
        return True
