"""Every voice, with an other side that behaves, and with one that does not."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from shlex import quote
from threading import Event

import numpy as np
import pytest

from edgeagent import settings
from edgeagent.errors import ServiceError
from edgeagent.ports import Talker
from edgeagent.services.apart import apart
from edgeagent.services.command_talker import CommandTalker
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.services.flite_talker import FliteTalker
from edgeagent.services.library_talker import LibraryTalker
from edgeagent.services.piper_talker import PiperTalker
from edgeagent.services.tone_talker import ToneTalker
from edgeagent.services.wav_talker import WavTalker
from edgeagent.services.wyoming_talker import WyomingTalker
from edgeagent.signal.wav import write_wav
from tests.services.leftovers import children
from tests.services.nowhere import nowhere

EVERY = ("espeak", "flite", "piper", "command", "wav", "tone", "wyoming")

OTHERS = ("espeak", "flite", "piper", "command", "wyoming")
"""Those with another side that can fail."""

STALL_MS = 1000
"""Of a voice that is to be given up. Any other may take STARTS_MS: a busy machine takes its time to start a program."""

STARTS_MS = 30_000

SOUND = "head -c 22050 /dev/zero | tr '\\0' '\\20'"
"""Half a second at 22.05 kHz."""

PROGRAMS = {
    "whole": f"cat >/dev/null; for n in 1 2 3 4 5 6; do {SOUND}; done",
    "stalled": f"{SOUND}; exec sleep 3600",
    "silent": "exec sleep 3600",
    "endless": f"while :; do {SOUND}; done",
    "dies": f"{SOUND}; echo the reason >&2; exit 3",
}


class Side:
    """A voice whose other side does as `mode` says: whole, endless, silent, and once it has begun: stalled, dies."""

    def __init__(self, kind: str, mode: str, folder: Path, stack: ExitStack) -> None:
        self._mode = mode
        self._stall_ms = STALL_MS if mode in ("silent", "stalled") else STARTS_MS
        self._asked: Event | None = None
        makers: dict[str, Callable[[], Talker]] = {
            "espeak": lambda: loaded(EspeakTalker(settings.Talker(stall_ms=STARTS_MS))),
            "flite": lambda: loaded(FliteTalker(settings.Talker(stall_ms=STARTS_MS))),
            "piper": lambda: piper(folder, mode),
            "command": lambda: command(PROGRAMS[mode], self._stall_ms),
            "wav": lambda: recorded(folder),
            "tone": ToneTalker,
            "wyoming": lambda: self._wyoming(stack),
        }
        self.talker = makers[kind]()
        stack.callback(self.talker.close)
        if mode == "silent":
            self._hit(signal.SIGSTOP)
        self._before = self._requests(), children()

    def begun(self) -> None:
        """Call this once its first sound is there."""
        if (what := {"stalled": signal.SIGSTOP, "dies": signal.SIGKILL}.get(self._mode)) is not None:
            self._hit(what)

    def asked(self) -> bool:
        """The other side has something to say."""
        if self._asked is not None:
            return self._asked.is_set()
        if isinstance(self.talker, PiperTalker):
            return self.talker._spare is None
        return (self._requests(), children()) > self._before

    def _hit(self, what: signal.Signals) -> None:
        """The child of a library."""
        if isinstance(self.talker, LibraryTalker):
            self.talker._settings = settings.Talker(stall_ms=STALL_MS)
            os.kill(self.talker._child.pid, what)

    def _requests(self) -> int:
        return self.talker._request if isinstance(self.talker, LibraryTalker) else 0

    def _wyoming(self, stack: ExitStack) -> WyomingTalker:
        pytest.importorskip("wyoming", reason="needs the extra [wyoming]")
        from tests.services.wyoming_server import serving

        server = stack.enter_context(serving({"endless": "flowing"}.get(self._mode, self._mode)))
        self._asked = server.asked
        return WyomingTalker(settings.Talker(kind="wyoming", uri=server.uri, stall_ms=self._stall_ms))


def loaded(talker: LibraryTalker) -> LibraryTalker:
    try:
        talker.check()
    except ServiceError as error:
        talker.close()
        pytest.skip(str(error))
    return talker


def command(program: str, stall_ms: int) -> CommandTalker:
    wanted = settings.Talker(
        kind="command", command=f"sh -c {quote(program)}", command_rate_hz=22_050, stall_ms=stall_ms
    )
    return CommandTalker(wanted)


def recorded(folder: Path) -> WavTalker:
    write_wav(folder / "voice.wav", np.full(48_000, 0.1, np.float32))
    return WavTalker(str(folder / "voice.wav"))


def piper_voice(folder: Path, fake: str) -> settings.Talker:
    (folder / "voice.onnx").write_bytes(b"")
    (folder / "voice.onnx.json").write_text(json.dumps({"audio": {"sample_rate": 22_050}, "fake": fake}))
    program = f"{quote(sys.executable)} {quote(str(Path(__file__).with_name('fake_piper.py')))}"
    stall_ms = 5000 if fake == "whole" else 1500  # python starts meanwhile
    return settings.Talker(kind="piper", model=str(folder / "voice.onnx"), command=program, stall_ms=stall_ms)


def piper(folder: Path, fake: str) -> PiperTalker:
    return PiperTalker(piper_voice(folder, fake))


def absent(kind: str, folder: Path) -> Talker:
    """A voice whose other side is not there."""
    match kind:
        case "espeak":
            child = apart("edgeagent.services.espeak_child", "libespeak-ng-that-is-not-there.so", "")
            return LibraryTalker("espeak-ng", child, "en", settings.Talker())
        case "flite":
            child = apart("edgeagent.services.flite_child")
            child[-1] = "import ctypes; ctypes.CDLL = lambda *_, mode: open('/not-there'); " + child[-1]
            return LibraryTalker("flite", child, "slt", settings.Talker())
        case "piper":
            return PiperTalker(settings.Talker(kind="piper", model=str(folder / "none.onnx")))
        case "command":
            return CommandTalker(settings.Talker(kind="command", command="no-such-program"))
    pytest.importorskip("wyoming", reason="needs the extra [wyoming]")
    return WyomingTalker(settings.Talker(kind="wyoming", uri=f"tcp://127.0.0.1:{nowhere()}"))
