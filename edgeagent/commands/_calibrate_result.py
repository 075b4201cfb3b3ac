"""A calibration from the card to its outcome: what was measured, what follows, and where it was written."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from edgeagent.app import build_amplifier, build_card, build_factory
from edgeagent.commands._calibrate_advice import Advice, advice, changes
from edgeagent.commands._calibrate_course import Course, Recorded
from edgeagent.commands._calibrate_keep import keep
from edgeagent.commands._calibrate_measured import Measured
from edgeagent.commands._calibrate_page import page
from edgeagent.commands._calibrate_text import figures
from edgeagent.live import realtime
from edgeagent.live.sounder import Sounder
from edgeagent.settings import Settings
from edgeagent.store.disk import OWN_FILE, write_whole


def measure(settings: Settings, person: bool) -> tuple[Measured, Recorded]:
    """The whole course, told on stderr. Whatever happens, the card is silent afterwards. Raises DeviceError."""
    with ExitStack() as closing:
        amplifier = build_amplifier(settings, build_factory(settings))
        closing.callback(amplifier.close)
        realtime.prepare()
        closing.callback(realtime.relax)
        sounder = closing.enter_context(Sounder(build_card(settings.audio), amplifier))
        return Course(settings, sounder, _tell, person).run()


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """settings: as configured, in `file`, if there is one. backup: where the old file is, if a new one was written.
    report: the page, if drawn."""

    settings: Settings
    measured: Measured
    file: Path | None = None
    backup: Path | None = None
    report: Path | None = None

    @property
    def advice(self) -> list[Advice]:
        return advice(self.settings, self.measured)

    @property
    def changes(self) -> dict[str, int | bool]:
        """Settings that should be others, by dotted key."""
        return changes(self.settings, self.measured)

    @property
    def urgent(self) -> bool:
        """Whether there is something to do that a script should notice."""
        return any(line.urgent for line in self.advice)

    def now(self, key: str) -> object:
        """What a setting is configured as."""
        section, _, field = key.partition(".")
        return getattr(getattr(self.settings, section), field)

    def written(self) -> Outcome:
        """The changes in the file, the old one beside it. Raises ConfigError or OSError."""
        if self.file is None or not self.changes:
            return self
        return replace(self, backup=keep(self.file, self.changes))

    def reported(self, path: Path, recorded: Recorded) -> Outcome:
        """The page drawn, for its owner alone: one can hear the room in it. Raises OSError."""
        drawn = page(self.measured, recorded, [line.text for line in self.advice], self.changes)
        write_whole(path, drawn, OWN_FILE)
        return replace(self, report=path)

    def plain(self) -> dict[str, object]:
        """As JSON takes it."""
        measured = asdict(self.measured)
        for plain, stops in zip(measured["stops"], self.measured.stops, strict=True):
            if stops.all_ms:
                plain.update(median_ms=round(stops.median_ms, 1), longest_ms=round(stops.longest_ms, 1))
        for name in ("echo_dbfs", "echo_to_voice_db"):
            value = getattr(self.measured, name)
            measured[name] = None if value is None else round(value, 1)
        return {
            **measured,
            "round_trip_ms": round(self.measured.acoustic_ms + self.measured.card_ms, 1),
            "advice": [asdict(line) for line in self.advice],
            "settings": self.changes,
            "configured": {key: self.now(key) for key in self.changes},
            "figures": [list(figure) for figure in figures(self.measured)],
            **{name: str(path) for name in ("file", "backup", "report") if (path := getattr(self, name)) is not None},
        }
