"""How the device is, for the service manager: ready, alive, and in a line for a person.

The manager's watchdog is fed by vitals that hear, and by nothing else: no thread of its own goes on feeding for an
engine that hangs, a microphone that makes no sense, or a machine that does not keep up. So a device that goes deaf is
started anew within seconds; one that is deaf from the start never counts as ready, and the manager waits, rather than
start it over and over.

One absence is excused: the card is lent to a calibration, for a time with an end (`live.loan`). It is the engine's
thread that goes on feeding then, too, so an engine that hangs meanwhile is noticed all the same.
"""

from __future__ import annotations

from edgeagent.monitor.notify import Manager
from edgeagent.turn.outputs import MEANT
from edgeagent.vitals import Vitals

FEEDS = 4
"""Times within the watchdog's patience: two in a row may get lost."""

LATE_S = 0.25
"""By which systemd's timers may be late: its event loop gathers those of a quarter of a second (sd-event(3), accuracy).
With READY the watchdog is asked to bite so much sooner; then a device that hangs is ended after WatchdogSec at most."""

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


class Service:
    """Tells `manager`. A `Watcher`: the engine thread calls it with every new vitals."""

    def __init__(self, manager: Manager) -> None:
        self._manager = manager
        self._ready = False
        self._said = ""
        self._due = 0.0

    def __call__(self, vitals: Vitals) -> None:
        """READY once, WATCHDOG as often as it takes, STATUS on change."""
        news: dict[str, str | int] = {}
        if vitals.hears and not self._ready:
            news["READY"] = 1
            if self._manager.watchdog_s > FEEDS * LATE_S:
                news["WATCHDOG_USEC"] = round(1e6 * (self._manager.watchdog_s - LATE_S))
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

    def say(self, text: str) -> None:
        """A status of other words, until the next vitals."""
        self._said = ""
        self._manager.tell(STATUS=text)

    def stopping(self) -> None:
        """We are about to leave. Once."""
        self._manager.tell(STOPPING=1, STATUS="stopping")
