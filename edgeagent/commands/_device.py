"""What `run` and `say` share: which settings, who may stop the device, and what is printed while it talks."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from edgeagent.commands.terminal import WARNING, tame
from edgeagent.devices.terminal_lamp import own_stderr
from edgeagent.errors import DeviceHung
from edgeagent.settings import Settings
from edgeagent.store.spool import Spool

Entry = Mapping[str, object]

LINES = 2000
"""Entries that may wait for a slow terminal; then they are left out. The journal in the file has them all."""

INTERRUPTED = 130
"""Exit code after Ctrl-C."""


class Device(Protocol):
    """What is used here of `live.runtime.Runtime`; importing that would load numpy before it is told to be modest."""

    def run(self) -> None: ...

    def stop(self) -> None: ...

    def say(self, text: str, *, protected: bool = False) -> int: ...


class Journal(Protocol):
    """See `ports.Journal`."""

    def write(self, entry: Entry) -> None: ...


def add_device(parser: argparse.ArgumentParser) -> None:
    """The options that say which device it is and how long it runs."""
    add_card(parser)
    parser.add_argument("--seconds", type=_duration, metavar="N", help="end after so long")


def _duration(given: str) -> float:
    with suppress(ValueError):
        if 0 <= (seconds := float(given)) < threading.TIMEOUT_MAX:
            return seconds
    raise argparse.ArgumentTypeError(f"{given} is no time to run for")


def add_card(parser: argparse.ArgumentParser) -> None:
    """The options that say which device it is."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings of the device")
    parser.add_argument(
        "--card",
        metavar="NAME",
        help="pyaudio, pipe, wav:MICROPHONE.wav[:LOUDSPEAKER.wav], or a sound device as `edgeagent devices` lists it",
    )


def settings_of(args: argparse.Namespace, *, files: bool = True) -> Settings:
    """The configuration, or the defaults, with the card that was asked for. files: see `config.loads`. Raises
    ConfigError."""
    settings = Settings()
    if args.config:
        from edgeagent import config  # here, because pydantic costs a quarter of the start

        settings = config.load(args.config, files=files)
    audio = settings.audio
    match (args.card or "").split(":"):
        case [""]:
            return settings
        case ["pyaudio" | "pipe" | "wav" as kind]:
            audio = replace(audio, card=kind)
        case ["wav", microphone]:
            audio = replace(audio, card="wav", microphone_wav=microphone)
        case ["wav", microphone, loudspeaker]:
            audio = replace(audio, card="wav", microphone_wav=microphone, loudspeaker_wav=loudspeaker)
        case _:
            kind = "pyaudio" if audio.card == "wav" else audio.card  # a sound device was asked for, and no file
            audio = replace(audio, card=kind, input=args.card, output=args.card)
    return replace(settings, audio=audio)


def hold(device: Device, seconds: float | None) -> int:
    """Run until Ctrl-C (130), SIGTERM, the end of the terminal, the time or the device's own end (0). A second Ctrl-C
    waits for nothing."""
    codes = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: 0}
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as it is under nohup
        codes[signal.SIGHUP] = 0
    code = 0

    def stop(number: int, _frame: object) -> None:
        nonlocal code
        code = codes[signal.Signals(number)]
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        device.stop()

    before = {number: signal.signal(number, stop) for number in codes}
    timer = threading.Timer(seconds or 0.0, device.stop)
    timer.daemon = True
    if seconds is not None:
        timer.start()
    try:
        device.run()
    finally:
        timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)
    return code


@contextmanager
def leaving() -> Iterator[None]:
    """Ends the process at once where the sound library hangs: the interpreter's own end would hang with it. It says so
    where stderr leads now: a library that hangs being asked for its cards has it put aside (`portaudio.quiet`)."""
    words = own_stderr()
    try:
        yield
    except DeviceHung as hung:
        with suppress(OSError):  # nobody reads it
            os.write(words, f"edgeagent: error: {hung}\n".encode(errors="replace"))
        sys.stdout.flush()
        os._exit(hung.exit_code)
    finally:
        os.close(words)


class Fan:
    """A journal that hands on to others, which may join late."""

    def __init__(self) -> None:
        self.journals: list[Journal] = []

    def write(self, entry: Entry) -> None:
        for journal in self.journals:
            journal.write(entry)


class Printer:
    """A journal that prints, in a thread of its own: the engine thread never waits for a terminal. Not by sys.stdout,
    whose lock the thread would have while nobody reads, and the process could not end.

    form: an entry's line, None for none. gone: called there when nobody reads any more; `error` says why."""

    def __init__(self, form: Callable[[Entry], str | None], gone: Callable[[], None]) -> None:
        self.error: OSError | None = None
        self._form = form
        self._gone = gone
        out = sys.stdout
        self._out, self._coding = out.fileno(), (out.encoding, out.errors or "strict")  # as it is now: see `portaudio`
        self._spool: Spool[Entry] = Spool("printer", self._print, self._failed, LINES)

    def write(self, entry: Entry) -> None:
        self._spool.offer(entry)

    def close(self) -> None:
        """Print what waits, for 2 s at most."""
        self._spool.close()

    def _failed(self, error: OSError) -> None:
        self.error = error
        self._gone()

    def _print(self, entries: list[Entry]) -> None:
        lines = (line for entry in entries if (line := self._form(entry)) is not None)
        rest = "".join(f"{line}\n" for line in lines).encode(*self._coding)
        while rest:
            rest = rest[os.write(self._out, rest) :]


class Warner:
    """Warnings on stderr, each reason once: a full disk ends a recording and a journal, and is one event. From any
    thread, whoever has stderr put aside meanwhile, or waits for it."""

    def __init__(self) -> None:
        self._told: set[str] = set()
        self._out = own_stderr()

    def __call__(self, line: str) -> None:
        reason = line.partition(": ")[2].partition(";")[0]
        if reason not in self._told:
            self._told.add(reason)
            with suppress(OSError):  # nobody reads it
                os.write(self._out, f"{WARNING} {tame(line)}\n".encode(errors="replace"))
