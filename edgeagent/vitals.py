"""How the device is at one moment, for whoever looks after it: a service manager, a page, a graph. And of whom these
may have its card.

Beside `ports` on its floor: the runtime makes vitals, monitors read them, and the two do not know each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

SILENT_DBFS = -120.0
"""Stands for the level of exact silence: below the last bit of 16 (-96)."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """At sample `at` since the start. Any thread may keep and read it."""

    at: int = 0
    monotonic_s: float = 0.0
    """time.monotonic() when it was made: a reader that finds it old knows that the engine hangs."""

    state: str = "starting"
    """As the journal names it."""

    light: str = "starting"
    """What the lamp shows."""

    impaired: tuple[str, ...] = ()
    """Why a device that works hears less well than it should (`turn.outputs.Impairment`)."""

    card: str = ""
    """The card's name."""

    hears: bool = False
    """Sound comes and makes sense (silence does not before there was any sound), and the engine keeps up with it."""

    excused: bool = False
    """It does not hear, and that is meant and has an end: the card is lent."""

    trouble: str = ""
    """What is wrong with the microphone, the card or the engine; "" for nothing."""

    microphone_dbfs: float = SILENT_DBFS
    loudspeaker_dbfs: float = SILENT_DBFS
    """Mean level since the vitals before, 0 for a square wave at full scale."""

    microphone_peak: float = 0.0
    """Largest magnitude since the vitals before, 0 to 1."""

    erle_db: float = 0.0
    """How much of our own echo is taken away (`signal.confidence`)."""

    trust: str = "converging"
    """What the canceller believes of itself."""

    delay_ms: float = -1.0
    """From the loudspeaker to the strongest echo; -1 unknown."""

    drift_ppm: float = 0.0
    """By how much the loudspeaker's clock is fast."""

    person: float = 0.0
    """P(a person is speaking here), 0 to 1."""

    floor: float = 0.0
    """P(what has been heard since the onset takes the floor), 0 to 1."""

    lost: int = 0
    """Samples of the microphone lost since the start, in place of which the engine got silence."""

    reopened: int = 0
    """How often the card was opened anew."""

    facts: Mapping[str, int | float | str] = field(default_factory=dict)
    """Of the card and of the engine's pace, at most a second old, as the note `card` has them (`live.health`)."""


Watcher = Callable[[Vitals], None]
"""Gets every new vitals, ten times a second and whenever `hears` changes, on the engine thread: it must return at once
and never raise."""


class Lender(Protocol):
    """Whoever has the card and lends it (`live.loan.Loan`). Any thread."""

    def ask(self, borrower: Callable[[], None]) -> str:
        """Ask for it. borrower: ends whatever has it then, at once; called from any thread when the time for it is
        over. Returns why not; "" if that is open."""
        ...

    def answer(self) -> str | None:
        """Empty when the card is free, why not where it is not to be had, None while that is open."""
        ...

    def give_back(self) -> None:
        """It is not needed any more, or not wanted after all. Idempotent."""
        ...
