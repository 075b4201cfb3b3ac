"""What the status page shows, in words: from the tally of a device to `report.status_page`."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from edgeagent.commands._status_calibration import Calibrating
from edgeagent.credential import NAMES, given
from edgeagent.monitor import board
from edgeagent.monitor.page.job import Outcome
from edgeagent.monitor.page.site import Content
from edgeagent.monitor.tally import Overlap, Tally
from edgeagent.report.markup import Markup
from edgeagent.report.palette import look
from edgeagent.report.status_calibration import calibration
from edgeagent.report.status_page import Checked, Happening, Now, checked, history, status_page
from edgeagent.report.status_script import JS
from edgeagent.report.status_style import CSS
from edgeagent.report.timeline import remark, shortened
from edgeagent.turn import levels
from edgeagent.turn.outputs import MEANT, Light
from edgeagent.turn.policy import Likely
from edgeagent.units import RATE
from edgeagent.vitals import Vitals

STALE_S = 2.0
"""Without a sign of life from the engine."""

FLOOR_DBFS, ERLE_MOST = -72.0, 50.0
"""Ends of the meters."""

MINUTE = 300
"""Looks at the device that the strip shows."""

MACHINE_EVERY_S = 2.0
"""Between two looks at the machine itself: these are files, and it changes slowly."""

CLIPS_SHOWN = 12
CLIPS_EVERY_S = 5.0
"""Between two looks at the clips: they are files."""

Clips = Callable[[], Iterable[Path]]
"""Sound files of a recorder, the newest first. Called on the page's thread; must not raise."""

OUTCOMES = {
    "held": "Spoken through",
    "no_verdict": "Spoken through, undecided",
    "outlived": "Spoke over the end of a sentence",
    "echo": "The echo was not trusted",
    "called_off": "Called off",
    "open": "In doubt",
}

CAUSES = {"interruption": "Stopped", "button": "Stopped by the button", "mute": "Muted", "fault": "Stopped by a fault"}


LIKELY = {
    Likely.FLOOR: "most likely a person who wanted the floor",
    Likely.BACKCHANNEL: 'most likely somebody listening aloud ("uh-huh")',
    Likely.OTHER: "most likely a noise, or nobody here",
}


class Status:
    """Makes what `monitor.page.site.Content` asks for. Server's thread."""

    def __init__(
        self,
        tally: Tally,
        config: Path | None,
        clips: Clips | None = None,
        calibrating: Calibrating | None = None,
    ) -> None:
        self.calibrating = calibrating or Calibrating(config)
        self._tally = tally
        self._config = config
        self._clips = clips
        self._minute: deque[tuple[str, float, float]] = deque(maxlen=MINUTE)
        self._odd = False
        self._felt: tuple[float, dict[str, str]] = (-MACHINE_EVERY_S, {})  # when, and what of the machine

    def look(self, vitals: Vitals) -> None:
        """See `vitals.Watcher`: for the strip, five times a second. Engine thread."""
        self._odd = not self._odd
        if self._odd:
            self._minute.append((vitals.light, vitals.microphone_dbfs, vitals.loudspeaker_dbfs))

    def minute(self) -> Sequence[Sequence[object]]:
        """See `Content`."""
        return [(look(state).fill, _level(one), _level(other)) for state, one, other in tuple(self._minute)]

    def content(self) -> Content:
        """Everything that the page shows."""
        return Content(
            self.page,
            self.now,
            self.minute,
            self.version,
            lambda: history(self.happenings()),
            self.findings,
            self.calibrated,
            self.calibrating.unfit,
            self.calibrating.keep,
            self.sounds,
            CSS,
            JS,
        )

    def check_command(self) -> list[str]:
        """What the button runs: beside us, who hold card and pins. It gets no password and no key, and is told which of
        them there are."""
        options = ["--config", str(self._config), "--machine"] if self._config else []
        options += [f"--held={name}" for name in NAMES if given(name)]
        return [sys.executable, "-m", "edgeagent", "check", "--json", "--beside", str(os.getpid()), *options]

    def page(self, word: str, outcome: Outcome, calibrated: Outcome) -> str:
        """See `Content`."""
        lately, check = history(self.happenings()), checked(read(outcome))
        return status_page(
            socket.gethostname(), self._now(), lately, check, word, Markup(self.calibrated(word, calibrated))
        )

    def now(self) -> Mapping[str, object]:
        """See `Content`."""
        return self._now().plain()

    def version(self) -> int:
        """See `Content`."""
        return self._tally.changes + (int(time.monotonic() / CLIPS_EVERY_S) if self._clips else 0)

    def findings(self, outcome: Outcome) -> str:
        """See `Content`."""
        return checked(read(outcome))

    def calibrated(self, word: str, outcome: Outcome) -> str:
        """See `Content`."""
        return calibration(self.calibrating.calibrated(outcome), word)

    def sounds(self) -> dict[str, Path]:
        """See `Content`: what is in `happenings`, and nothing else on the disk."""
        turns = (Path(overlap.wav) for overlap in tuple(self._tally.overlaps) if overlap.wav)
        return {_named(path): path for path in (*turns, *self._newest_clips())}

    def happenings(self) -> list[Happening]:
        """The newest first."""
        found = [(overlap.utc, _overlap(overlap)) for overlap in tuple(self._tally.overlaps)]
        for utc, entry in tuple(self._tally.troubles):
            if entry.get("kind") != "no_frames":  # an outage tells of it when it is over, and the lamp meanwhile
                text = remark(entry) or str(entry.get("reason", "") or entry.get("event", ""))
                found.append((utc, Happening(_clock(utc), "trouble", shortened(text[:1].upper() + text[1:], 200))))
        for path in self._newest_clips():
            with suppress(OSError):  # the recorder may have dropped it just now
                utc = path.stat().st_mtime
                found.append(
                    (utc, Happening(_clock(utc), "sound", "Recorded", f"{path.parent.name}/{path.name}", _named(path)))
                )
        return [happening for _, happening in sorted(found, key=lambda each: -each[0])]

    def _newest_clips(self) -> list[Path]:
        return [path for path, _ in zip(self._clips() if self._clips else (), range(CLIPS_SHOWN), strict=False)]

    def _now(self) -> Now:
        vitals = self._tally.vitals
        age_s = time.monotonic() - vitals.monotonic_s
        meters = {
            "microphone": _level(vitals.microphone_dbfs),
            "loudspeaker": _level(vitals.loudspeaker_dbfs),
            "person": _share(vitals.person, 0.0, 1.0),
            "erle": _share(vitals.erle_db, 0.0, ERLE_MOST),
        }
        fields = {**_told(vitals), **self._counted(), **self._machine(vitals)}
        return Now(vitals.light, fields, meters, stale=vitals.monotonic_s > 0 and age_s > STALE_S)

    def _counted(self) -> dict[str, str]:
        counts = self._tally.counts
        stops = sum(number for (name, _), number in list(counts.items()) if name == "stop")
        undone = counts["taken_back", ""]
        held = sum(counts["doubt", outcome] for outcome in ("held", "no_verdict"))
        taken_back = f"{stops}, {undone} taken back" if undone else str(stops)
        return {"stops": taken_back, "held": str(held), "turns": str(counts["turn", ""])}

    def _machine(self, vitals: Vitals) -> dict[str, str]:
        now = time.monotonic()
        if now < self._felt[0] + MACHINE_EVERY_S:
            return self._felt[1]
        heard_s = vitals.at / RATE
        share = f"{100 * self._tally.engine_cpu_s / heard_s:.1f} %" if heard_s > 1 else "-"
        warmest = max(board.temperatures().values(), default=None)
        held_back = [reason.replace("_", " ") for reason, so in board.throttled().items() if so]
        warm = f"{warmest:.0f} °C" if warmest is not None else "not told"
        felt = {
            "engine": share,
            "memory": f"{board.resident_bytes() / 1e6:.0f} MB",
            "temperature": ", ".join([warm, *held_back]),
            "up": _span(board.up_s()),
        }
        self._felt = (now, felt)
        return felt


def read(outcome: Outcome) -> Checked:
    """What `edgeagent check --json` has said."""
    if outcome.running or outcome.code is None:
        return Checked(running=outcome.running)
    try:
        found = json.loads(outcome.said)
        if isinstance(found, list):
            return Checked(findings=[{key: str(value) for key, value in finding.items()} for finding in found])
    except (ValueError, AttributeError):
        pass
    return Checked(problem=f"The check did not come to its end (exit code {outcome.code}). Run it in a terminal.")


def _told(vitals: Vitals) -> dict[str, str]:
    left_out = vitals.facts.get("left_out", 0)
    shed = [levels.said(levels.Level(left_out))] if isinstance(left_out, int) and left_out in set(levels.Level) else []
    impaired = [MEANT.get(by, by) for by in vitals.impaired] + (shed if left_out else [])
    return {
        "lamp": f"Lamp {look(vitals.light).lamp}" if look(vitals.light).lamp else "",
        "trouble": "" if vitals.light == Light.CALIBRATING else vitals.trouble,
        "impaired": "; ".join(impaired),
        "card": vitals.card,
        "microphone": f"{vitals.microphone_dbfs:.0f} dBFS" + (", clipped" if vitals.microphone_peak >= 1.0 else ""),
        "loudspeaker": f"{vitals.loudspeaker_dbfs:.0f} dBFS",
        "person": f"{100 * vitals.person:.0f} %",
        "erle": f"{vitals.erle_db:.0f} dB",
        "trust": {"trusted": "yes", "untrusted": "no"}.get(vitals.trust, "not yet"),
        "delay": f"{vitals.delay_ms:.0f} ms" if vitals.delay_ms >= 0 else "not known",
        "drift": f"{vitals.drift_ppm:.0f} ppm",
        "lost": f"{vitals.lost / RATE:.2f} s" if vitals.lost else "none",
    }


def _overlap(overlap: Overlap) -> Happening:
    told = []
    if overlap.stop_s is not None:
        told.append(f"{1000 * overlap.stop_s:.0f} ms after the onset")
    if overlap.silence_s is not None:
        told.append(f"silent {1000 * overlap.silence_s:.1f} ms later")
    if overlap.of:
        heard = f': "{shortened(overlap.text_heard, 60, ending=True)}"' if overlap.text_heard else ""
        told.append(f"heard {overlap.heard} of {overlap.of} words{heard}")
    if overlap.likely:
        told.append(LIKELY[Likely(overlap.likely)])
    stopped = overlap.outcome == "stopped"
    kind = "undone" if overlap.taken_back else "stop" if stopped else "hold"
    what = CAUSES.get(overlap.cause, "Stopped") if stopped else OUTCOMES.get(overlap.outcome, overlap.outcome)
    what += ", and taken back" if overlap.taken_back else ""
    sound = _named(Path(overlap.wav)) if overlap.wav else ""
    return Happening(_clock(overlap.utc), kind, what, ", ".join(told), sound)


def _named(path: Path) -> str:
    return sha256(str(path).encode()).hexdigest()[:16]


def _level(dbfs: float) -> float:
    return round(_share(dbfs, FLOOR_DBFS, 0.0), 3)


def _share(value: float, least: float, most: float) -> float:
    return min(1.0, max(0.0, (value - least) / (most - least)))


def _clock(utc: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(utc))


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = int(seconds) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    return f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
