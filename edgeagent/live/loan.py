"""The card, lent to somebody else on this machine for a time with an end, as to a calibration.

Whoever wants it asks, from any thread. The engine thread falls silent and says that it is deaf, and why; the repairer's
thread closes the card, waits until it is given back, and opens it anew as after any loss. When the time is over it is
taken back whether it was given back or not: whoever has it is told so first (`Borrower`), and ends whatever holds it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum
from threading import Event, Lock

from edgeagent.ports import Sound
from edgeagent.turn.events import ButtonLong, ButtonShort, Fact
from edgeagent.turn.events import Event as Told

LONGEST_S = 180.0
"""Then the card is taken back whatever happened: a calibration takes one minute, and three where nothing goes well."""

PATIENCE_S = 8.0
"""For the card to be free, seconds: silence comes within a block, and closing a card takes 4 s at most."""

ALREADY = "a calibration is under way already"
RETURNED, OVERDUE = "given back", "taken back, for its time is over"
"""Ends of a loan, as the journal tells them."""

LATE = "the device does not let go of its card"

Borrower = Callable[[], None]
"""Ends whatever has the card, at once. Any thread; must not raise."""


class Stage(Enum):
    """Where a loan is."""

    NONE = "none"
    ASKED = "asked"
    GIVING = "giving"
    GIVEN = "given"


class Loan:
    """One at a time. let_go: gives up what else a borrower needs, such as the mute pin, in the repairer's thread."""

    def __init__(
        self,
        let_go: Callable[[], None] = lambda: None,
        ring: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """ring: wakes the engine thread; any thread."""
        self._let_go = let_go
        self._ring = ring
        self._clock = clock
        self._lock = Lock()
        self._stage = Stage.NONE
        self._refused = ""
        self._until = self._patient = 0.0  # when it is taken back; until when whoever asked waits for it
        self._back = Event()
        self._borrower: Borrower = lambda: None
        self._ended = ""

    # Whoever wants the card: any thread -------------------------------------------------------------------------------

    def ask(self, borrower: Borrower) -> str:
        """Ask for the card; `answer` says what comes of it. Returns why not, "" if that is still open."""
        with self._lock:
            if self._stage is not Stage.NONE:
                return ALREADY
            self._stage, self._refused, self._borrower = Stage.ASKED, "", borrower
            self._patient = self._clock() + PATIENCE_S
            self._back.clear()
        self._ring()
        return ""

    def answer(self) -> str | None:
        """Empty when the card is free, why not where it was refused, None while that is open."""
        with self._lock:
            if self._stage is Stage.GIVEN:
                return ""
            if self._stage is Stage.NONE:
                return self._refused or LATE
            return LATE if self._clock() > self._patient else None

    def give_back(self) -> None:
        """It is not needed any more, or not wanted after all. Idempotent."""
        with self._lock:
            if self._stage is Stage.ASKED:
                self._stage = Stage.NONE
        self._back.set()

    # The engine thread ------------------------------------------------------------------------------------------------

    @property
    def asked(self) -> bool:
        """Somebody waits for the card."""
        return self._stage is Stage.ASKED

    def refuse(self, why: str) -> None:
        """Whoever asked does not get it. Any thread."""
        with self._lock:
            self._stage, self._refused = Stage.NONE, why

    def grant(self) -> bool:
        """From now on it is on its way; False if nobody wants it any more."""
        with self._lock:
            if self._stage is not Stage.ASKED:
                return False
            self._stage, self._until = Stage.GIVING, self._clock() + LONGEST_S
            return True

    def recall(self) -> None:
        """End it at once, as by a press of the button, be the card lent already or on its way."""
        if self._stage is not Stage.NONE:
            self._borrower()

    def ended(self) -> str:
        """How the last one ended, once: RETURNED or OVERDUE; "" for no news."""
        told, self._ended = self._ended, ""
        return told

    @property
    def away(self) -> bool:
        """It is on its way, or lent."""
        return self._stage in (Stage.GIVING, Stage.GIVEN)

    @property
    def excused(self) -> bool:
        """It is lent, and its time is not over: that the device is deaf is meant."""
        return self.away and self._clock() < self._until

    # The repairer's thread --------------------------------------------------------------------------------------------

    @property
    def granted(self) -> bool:
        """The card that was closed just now is to be handed out."""
        return self._stage is Stage.GIVING

    def hand_out(self) -> None:
        """The card is closed. Returns when it is back, or its time is over; then nobody holds it who heeds us."""
        try:
            self._let_go()
            with self._lock:
                self._stage = Stage.GIVEN
            in_time = self._back.wait(max(0.0, self._until - self._clock()))
            if not in_time:
                self._borrower()
            self._ended = RETURNED if in_time else OVERDUE
        finally:
            with self._lock:
                self._stage, self._refused = Stage.NONE, "the time for it is over"


class Recall:
    """A `door.Recorder`: a press of the button ends a calibration as well; a long one, too, for who mutes the device
    wants no recording. Engine thread."""

    def __init__(self, loan: Loan) -> None:
        self._loan = loan

    def reference(self, block: Sound) -> None: ...

    def capture(self, block: Sound) -> None: ...

    def tell(self, event: Told | Fact) -> None:
        if isinstance(event, ButtonShort | ButtonLong):
            self._loan.recall()
