"""Those who look after a running device: what the settings ask for, made before the device and fed by it."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from edgeagent.errors import EdgeAgentError, ServiceError, install
from edgeagent.monitor.stages import Stages
from edgeagent.monitor.tally import Tally
from edgeagent.settings import Metrics, Settings
from edgeagent.store.starts import count_start
from edgeagent.vitals import Lender, Watcher

STATE = "STATE_DIRECTORY"
"""Where systemd says the state of a service lives (`StateDirectory=`)."""


class Watched(Protocol):
    """What is used here of `live.runtime.Runtime`."""

    @property
    def loan(self) -> Lender: ...

    def watch(self, watcher: Watcher) -> None: ...


class Monitors:
    """A context around the device. `tally` is a journal for the engine's entries and for the notes, or None where
    nobody asked for anything."""

    def __init__(
        self,
        settings: Settings,
        warn: Callable[[str], None],
        config: Path | None = None,
        clips: Callable[[], Iterable[Path]] | None = None,
        card: str = "",
        *,
        wait: bool = False,
    ) -> None:
        """warn: gets a line about what goes wrong later, from any thread. config: the file that the settings are from.
        clips: see `_status.Clips`. card: what `--card` says, if anything. wait: for no network either: an address that
        is not this machine's yet is said, and listened at. Raises ServiceError that lists all that is wrong with any
        of them."""
        self.tally: Tally | None = None
        self._warn = warn
        self._wait = wait
        self._about = (config, card)
        self._clips = clips
        self._watchers: list[Watcher] = []
        self._lent: list[Callable[[Lender], None]] = []
        self.stages: Stages | None = None
        self._said = ""
        self._starting: list[Callable[[], None]] = []
        self._closing = ExitStack()
        wanted = [self._metrics] if settings.metrics.port else []
        wanted += [self._mqtt] if settings.mqtt.host else []
        wanted += [self._page] if settings.page.port else []
        if not wanted:
            return
        self.tally, faults = Tally(), []
        for make in wanted:
            try:
                make(settings, self.tally)
            except EdgeAgentError as fault:
                faults.append(fault)
        if faults:
            self._closing.close()
            raise faults[0] if len(faults) == 1 else ServiceError("\n".join(map(str, faults)))

    def attach(self, device: Watched) -> None:
        """The device is built: watch it."""
        if self.tally is not None:
            device.watch(self.tally.look)
        for watcher in self._watchers:
            device.watch(watcher)
        for lend in self._lent:
            lend(device.loan)
        for start in self._starting:
            start()
        if self._said:
            print(f"edgeagent: {self._said}", file=sys.stderr, flush=True)

    def __enter__(self) -> Monitors:
        return self

    def __exit__(self, *_error: object) -> None:
        self._closing.close()

    def _listening(self, address: str, port: int, section: str) -> socket.socket:
        from edgeagent.monitor.places import awaited, listening

        ours = listening(address, port, f"{section}.port", early=self._wait)
        if why := awaited(address, f"{section}.address"):
            self._warn(why)
        return ours

    def _metrics(self, settings: Settings, tally: Tally) -> None:
        metrics: Metrics = settings.metrics
        try:
            from edgeagent.monitor.metrics import Figures
            from edgeagent.monitor.scrape import Scrape
        except ImportError as missing:
            raise ServiceError("metrics.port needs the library prometheus-client", install("metrics")) from missing

        folder = os.environ.get(STATE, "").partition(":")[0]
        starts = count_start(Path(folder)) if folder else None
        self.stages = Stages()
        ours = self._listening(metrics.address, metrics.port, "metrics")
        scrape = Scrape(ours, Figures(tally, self.stages, starts), metrics.name)
        self._closing.callback(scrape.close)
        self._starting.append(scrape.start)

    def _mqtt(self, settings: Settings, tally: Tally) -> None:
        mqtt = settings.mqtt
        try:
            from edgeagent.monitor.mqtt import PahoLink
        except ImportError as missing:
            raise ServiceError("mqtt.host needs the library paho-mqtt", install("mqtt")) from missing
        from edgeagent.credential import credential
        from edgeagent.monitor.teller import Teller

        base = f"{mqtt.prefix}/{mqtt.device or socket.gethostname()}"
        link = PahoLink(mqtt, base, credential("mqtt-password"), self._warn)
        teller = Teller(tally, link, base, mqtt.vitals_s)
        link.connected = teller.again
        tally.listeners.append(teller.event)
        self._watchers.append(teller.look)
        self._closing.callback(teller.close)
        self._starting += [link.start, teller.start]

    def _page(self, settings: Settings, tally: Tally) -> None:
        page = settings.page
        try:
            from edgeagent.commands._status import Status
            from edgeagent.commands._status_calibration import UNFIT, Calibrating
            from edgeagent.monitor.page.calibration import Calibration
            from edgeagent.monitor.page.guard import SHORTEST
            from edgeagent.monitor.page.job import Job
            from edgeagent.monitor.page.server import Server
        except ImportError as missing:
            raise ServiceError("page.port needs the libraries starlette and uvicorn", install("page")) from missing
        from edgeagent.credential import credential
        from edgeagent.monitor.places import loopback

        given = credential("page-token")
        if given and len(given) < SHORTEST:
            raise ServiceError(
                f"credential page-token: has {len(given)} characters, needs {SHORTEST}",
                "python3 -c 'import secrets; print(secrets.token_urlsafe())' makes one",
            )
        asks = bool(page.name) or not loopback(page.address)
        token = given or (secrets.token_urlsafe() if asks else "")
        ours = self._listening(page.address, page.port, "page")
        unfit = UNFIT if settings.audio.card == "wav" else ""
        calibrating = Calibrating(*self._about, token=bool(token), unfit=unfit)
        status = Status(tally, self._about[0], self._clips, calibrating)
        jobs = Job(status.check_command()), Calibration(calibrating.command())
        server = Server(ours, status.content(), jobs, token, page.name)
        self._lent.append(jobs[1].borrow_from)
        self._watchers.append(status.look)
        self._closing.callback(server.close)
        self._starting.append(server.start)
        host = page.name or (page.address if loopback(page.address) else socket.gethostname())
        host = f"[{host}]" if ":" in host else host
        secret = f"?token={token}" if token and not given else ""  # one that was given is known
        self._said = f"the device is shown at http://{host}:{page.port}/{secret}"
