"""Where `run` writes what happens: each place is one method, and gets what the engine decides, what happens beside it,
or both. Imported only after numpy has been told to be modest."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from edgeagent.app import versions
from edgeagent.commands._device import Fan, Journal, Printer, Warner
from edgeagent.commands.terminal import coloured, columns
from edgeagent.errors import EdgeAgentError
from edgeagent.live.runtime import Runtime
from edgeagent.monitor.journald import SystemJournal, under_journald
from edgeagent.report.timeline import Timeline
from edgeagent.settings import Settings
from edgeagent.store.flight import Flight
from edgeagent.store.journal import JsonLinesJournal, line, long_journal
from edgeagent.store.session import Recording

NOTES = "notes.jsonl"


class Journals:
    """A context: leaving it writes what waits and closes every file. decided, noted: for `app.build_runtime`."""

    def __init__(self, settings: Settings, warn: Warner) -> None:
        self.decided, self.noted = Fan(), Fan()
        self._settings = settings
        self._warn = warn
        self._refused: set[str] = set()
        """Keys whose place cannot be written."""
        self._files = ExitStack()

    def both(self, journal: Journal | None) -> None:
        """What is decided and what happens beside it; nothing for None."""
        if journal is not None:
            self.decided.journals.append(journal)
            self.noted.journals.append(journal)

    def keep(self, *, wait: bool, tail: Path | None) -> None:
        """The journal over all starts, if the settings name one."""
        if (log := long_journal(self._settings, self._warn, wait, tail)) is not None:
            self._files.callback(log.close)
            log.write({"at": 0, "event": "began", "utc": datetime.now(UTC).isoformat(timespec="seconds")})
            self.both(log)

    def tell_system(self) -> None:
        """The system's journal, if it reads us."""
        if under_journald():
            system = SystemJournal(Timeline().line)
            self._files.callback(system.close)
            self.both(system)

    def record(self, folder: Path | None, runtime: Runtime, *, wait: bool, given: bool) -> None:
        """A whole session; only for a device that starts, so that one that does not leaves none. given: on the command
        line."""
        if folder is None:
            return
        with self._place("--record" if given else "record.dir", wait):
            recording = Recording(folder, self._settings, versions(self._settings), self._warn)
            self._files.callback(recording.close)
            runtime.record(recording)
            for name, fan in (("journal.jsonl", self.decided), (NOTES, self.noted)):
                file = JsonLinesJournal(folder / name, self._warn, background=True)
                self._files.callback(file.close)
                fan.journals.append(file)

    def fly(self, runtime: Runtime, *, wait: bool) -> None:
        """The flight recorder, if the settings name a folder for it."""
        if not self._settings.flight.dir:
            return
        with self._place("flight.dir", wait):
            flight = Flight(self._settings, versions(self._settings), self._warn)
            self._files.callback(flight.close)
            runtime.follow(flight)
            self.decided.journals.append(flight)
            self.noted.journals.append(flight.beside())

    def print(self, args: argparse.Namespace, runtime: Runtime) -> Printer | None:
        """The terminal, unless it shall be quiet."""
        if args.quiet:
            return None
        timeline = Timeline(colour=coloured(), columns=columns())
        form = (lambda entry: line(entry).decode().rstrip()) if args.json else timeline.line
        printer = Printer(form, runtime.stop)
        self._files.callback(printer.close)
        self.both(printer)
        return printer

    def say_what_is_recorded(self, folder: Path | None, given: Path) -> None:
        """Nobody is recorded without being told, nor told so where nothing is. given: where a person asked for it, who
        need not be told."""
        if folder is not None and folder != given and not self._refused & {"record.dir", "--record"}:
            self.noted.write({"at": 0, "event": "recording", "folder": str(folder)})
        if (flight := self._settings.flight.dir) and "flight.dir" not in self._refused:
            self.noted.write({"at": 0, "event": "flight_recorder", "folder": flight, "mb": self._settings.flight.mb})

    @contextmanager
    def _place(self, key: str, wait: bool) -> Iterator[None]:
        """Where something is to be kept. A service talks from a disk that has become read-only, too; a person is told
        which key is wrong."""
        try:
            yield
        except EdgeAgentError as refused:
            if not wait:
                raise EdgeAgentError(f"{key}: {refused.problem}", refused.remedy) from refused
            self._refused.add(key)
            self._warn(f"{key}: {refused.problem}; nothing is kept there, everything else goes on")

    def __enter__(self) -> Journals:
        return self

    def __exit__(self, *_error: object) -> None:
        self._files.close()
