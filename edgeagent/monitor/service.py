"""How the device is, for the service manager: ready, alive, and in a line for a person.

The manager's watchdog is fed by vitals that hear, and by nothing else: no thread of its own goes on feeding for an
engine that hangs, a microphone that makes no sense, or a machine that does not keep up. So a device that goes deaf is
started anew within seconds; one that is deaf from the start never counts as ready, and the manager waits, rather than
start it over and over.

But it waits for one that moves on, only. Its watchdog begins with READY, so before that the time a start may take is
asked for piece by piece: for each step of it (`say`), and, once the engine runs and looks for its card, by the same
vitals, however deaf they are. An engine that hangs before it is ready is ended as one that hangs later.

One absence is excused: the card is lent to a calibration, for a time with an end (`live.loan`). It is the engine's
thread that goes on feeding then, too, so an engine that hangs meanwhile is noticed all the same.
"""

from __future__ import annotations

from edgeagent.monitor.notify import Manager
from edgeagent.turn.outputs import MEANT
from edgeagent.vitals import Vitals

LONGER = "EXTEND_TIMEOUT_USEC"
"""What asks a manager for time (sd_notify(3), since systemd 236)."""

FEEDS = 4
"""Times within the watchdog's patience: two in a row may get lost."""

LATE_S = 0.25
"""By which systemd's timers may be late: its event loop gathers those of a quarter of a second (sd-event(3), accuracy).
With READY the watchdog is asked to bite so much sooner; then a device that hangs is ended after WatchdogSec at most."""

START_S = 60.0
"""That a step of the start may take: a large model and a card that does not answer are 45 s, if both are slow. As
TimeoutStartSec of the unit, which is for the first step; a manager never takes back time that it has given."""

WAITS_S = 5.0
"""A device that waits for its card shows so often that it still does. As WatchdogSec of the unit."""

STATES = {
    "starting": "starting",
    "idle": "listening",
    "asleep": "waiting to be woken",
    "hearing": "hearing somebody",
    "thinking": "thinking of an answer",
    "speaking": "speaking",
    "doubting": "speaking, and somebody may be, too",
    "yielding": "interrupted, listening",
    "half_duplex": "speaking, deaf to all but the button",
    "muted": "muted by the button",
    "mic_lost": "microphone lost",
    "calibrating": "calibrating, and deaf meanwhile",
    "faulty": "faulty",
}

STEP_DB = 5
"""What is taken away of the echo is told in such steps: a status that changes all the time is not read."""


def status(vitals: Vitals) -> str:
    """Microphone, state, card and echo in a line."""
    said = STATES.get(vitals.light if vitals.light in ("asleep", "calibrating") else vitals.state, vitals.state)
    if vitals.trouble and vitals.light != "calibrating":
        said = f"deaf: {vitals.trouble}" if vitals.state in ("mic_lost", "faulty") else f"{said}; {vitals.trouble}"
    card = f"card {vitals.card}" if vitals.card else "no card"
    flaws = [f"hears less well: {MEANT.get(flaw, flaw)}" for flaw in vitals.impaired]
    return "; ".join([said, card, _echo(vitals), *flaws])


def _echo(vitals: Vitals) -> str:
    match vitals.trust:
        case "trusted":
            return f"hears through its own voice, echo {STEP_DB * int(vitals.erle_db // STEP_DB)} dB less"
        case "untrusted":
            return "cannot hear through its own voice"
    return "echo not learnt yet"


def _longer(seconds: float) -> dict[str, str | int]:
    """That the start takes so long from now on, unless more is asked for in time."""
    return {LONGER: round(1e6 * seconds)}


class Service:
    """Tells `manager`. A `Watcher`: the engine thread calls it with every new vitals."""

    def __init__(self, manager: Manager) -> None:
        self._manager = manager
        self._ready = False
        self._said = ""
        self._due = self._extended = 0.0  # of the watchdog's next, and of the next time to wait

    def __call__(self, vitals: Vitals) -> None:
        """READY once, until then more time, WATCHDOG as often as it takes, STATUS on change."""
        news: dict[str, str | int] = {}
        if vitals.hears and not self._ready:
            news["READY"] = 1
            if self._manager.watchdog_s > FEEDS * LATE_S:
                news["WATCHDOG_USEC"] = round(1e6 * (self._manager.watchdog_s - LATE_S))
        elif not self._ready and vitals.monotonic_s >= self._extended:
            news |= _longer(WAITS_S - LATE_S)
        if (vitals.hears or vitals.excused) and self._manager.watchdog_s and vitals.monotonic_s >= self._due:
            news["WATCHDOG"] = 1
        said = status(vitals)
        if said != self._said:
            news["STATUS"] = said
        if not news or not self._manager.tell(**news):
            return
        self._said = said
        self._ready = self._ready or "READY" in news
        if "WATCHDOG" in news:
            self._due = vitals.monotonic_s + self._manager.watchdog_s / FEEDS
        if LONGER in news:
            self._extended = vitals.monotonic_s + WAITS_S / FEEDS

    def say(self, text: str) -> None:
        """A status of other words, until the next vitals: the next step of a start, which may take START_S."""
        self._said = ""
        self._manager.tell(STATUS=text, **({} if self._ready else _longer(START_S)))

    def stopping(self) -> None:
        """We are about to leave. Once."""
        self._manager.tell(STOPPING=1, STATUS="stopping")
