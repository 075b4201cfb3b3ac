"""What the status page says of a calibration, and the settings that a person keeps of one."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from edgeagent.commands._calibrate_keep import keep, known, may_keep, typed
from edgeagent.errors import EdgeAgentError
from edgeagent.monitor.journald import under_journald
from edgeagent.monitor.page.calibration import REFUSED, STOPPED
from edgeagent.monitor.page.job import Outcome
from edgeagent.report.status_calibration import Calibrated

UNFIT = "This device runs on a card of files, which has no room to be measured."

KILLED = -signal.SIGKILL
"""Of one that was ended: by the button, or because its time was over."""


class Calibrating:
    """config: the file of the device, if there is one. card: `--card` of the device, "" for none. token: whether who
    sees the page has shown one: only then are settings written. unfit: why it cannot be calibrated. Server's thread,
    but for `keep`."""

    def __init__(self, config: Path | None = None, card: str = "", *, token: bool = False, unfit: str = "") -> None:
        self.unfit = unfit
        self._config = config
        self._card = card
        self._token = token
        self._kept: tuple[float, str] = (0.0, "")  # of the calibration begun then
        self._written = 0.0
        self._keeping = Lock()  # two clicks are two threads

    def command(self) -> list[str]:
        """What the button runs; "--no-person" may follow."""
        options = ["--config", str(self._config)] if self._config else []
        options += ["--card", self._card] if self._card else []
        return [sys.executable, "-m", "edgeagent", "calibrate", "--yes", "--tethered", "--json", *options]

    def keep(self, outcome: Outcome) -> bool:
        """See `site.Content`. Once for each calibration: the file as it was before is kept, and not written over. What
        could not be written may be tried again. Any thread."""
        with self._keeping:
            return self._holds(outcome) or self._keep(outcome)

    def _holds(self, outcome: Outcome) -> bool:
        """Whether what it found has been written."""
        return self._written == outcome.begun > 0.0

    def _keep(self, outcome: Outcome) -> bool:
        found = known(read(outcome).get("settings"))
        if self._config is None or not found or self._why_not():
            return False
        try:
            before = keep(self._config, found)
            said = f"Written into {self._config}; as it was before: {before}. It holds from the device's next start on."
            self._written = outcome.begun
        except (EdgeAgentError, OSError) as error:
            said = f"Not written: {error}."
        self._kept = (outcome.begun, said)
        return True

    def calibrated(self, outcome: Outcome) -> Calibrated:
        """How it goes."""
        since = time.strftime("%H:%M:%S", time.localtime(time.time() - (time.monotonic() - outcome.begun)))
        if outcome.running:
            return Calibrated(running=True, since=since, told=outcome.told)
        if outcome.code is None or self.unfit:
            return Calibrated(unfit=self.unfit)
        said = read(outcome)
        if not said:
            return Calibrated(problem=_problem(outcome))
        found, configured = known(said.get("settings")), said.get("configured", {})
        kept = self._kept[1] if self._kept[0] == outcome.begun else ""
        written = self._holds(outcome)
        why_not = self._why_not() if found and not written else ""
        return Calibrated(
            figures=[(str(name), str(value), str(note)) for name, value, note in said["figures"]],
            advice=[(str(line["text"]), bool(line["urgent"])) for line in said["advice"]],
            settings=[(key, _yaml(value), _yaml(configured.get(key, ""))) for key, value in found.items()],
            kept=kept,
            may_keep=bool(found) and not (why_not or written),
            why_not=why_not,
            lines=self._lines(found) if why_not and self._config else self._restart() if written else [],
        )

    def _why_not(self) -> str:
        """Why this page does not write them."""
        if self._config is None:
            return "The device was started without a configuration: there is no file to write them into."
        if not self._token:
            return "This page asks for no token, so it writes nothing for whoever sees it. In a terminal on the device:"
        if not may_keep(self._config):
            return f"The device may not write {self._config}, and that is well. In a terminal on the device:"
        return ""

    def _lines(self, found: Mapping[str, int | bool]) -> list[str]:
        assert self._config is not None
        return [typed(self._config, found), *self._restart()]

    def _restart(self) -> list[str]:
        return ["sudo systemctl restart edgeagent"] if under_journald() else []  # it is a service


def read(outcome: Outcome) -> dict[str, Any]:
    """What `edgeagent calibrate --json` has said; nothing where it has not come to its end."""
    with suppress(ValueError):
        said = json.loads(outcome.said) if outcome.code in (0, 1) else None
        if isinstance(said, dict) and isinstance(said.get("figures"), list) and isinstance(said.get("advice"), list):
            return said
    return {}


def _problem(outcome: Outcome) -> str:
    last = outcome.told[-1] if outcome.told else ""
    match outcome.code:
        case code if code == REFUSED:
            return f"The device keeps its card: {outcome.said.decode(errors='replace')}."
        case code if code in (STOPPED, 128 + signal.SIGINT):
            return "Stopped. Nothing was written."
        case code if code == KILLED:
            return "It was ended before it was done: by the device's button, or because its time was over."
        case 2:
            return last.removeprefix("edgeagent: error: ")
    return f"The calibration did not come to its end (exit code {outcome.code}). {last}"


def _yaml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
