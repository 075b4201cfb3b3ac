"""Every recogniser, with an other side that behaves, and with one that does not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from shlex import quote
from typing import Literal

import pytest

from edgeagent import settings
from edgeagent.live.turns import Listener
from edgeagent.services.library_recogniser import LibraryRecogniser, process
from edgeagent.services.turn_hook import TurnHook
from edgeagent.services.wyoming_recogniser import WyomingRecogniser
from tests.services.nowhere import nowhere

EVERY = ("command", "wyoming", "vosk", "pocketsphinx", "streaming", "transducer", "whisper", "sense_voice")

LIBRARIES = Path(__file__).with_name("libraries")

LOG = "calls"
"""Below a test's folder: what the stand-ins were asked to do, a line each: load, begin, hear, end."""

FILES = {
    "streaming": ("tokens.txt", "encoder-99.onnx", "encoder-99.int8.onnx", "decoder-99.onnx", "joiner-99.onnx"),
    "transducer": ("tokens.txt", "encoder.onnx", "decoder.onnx", "joiner.onnx"),
    "whisper": ("tiny-tokens.txt", "tiny-encoder.onnx", "tiny-decoder.int8.onnx"),
    "sense_voice": ("tokens.txt", "model.int8.onnx"),
    "vosk": ("am/final.mdl",),
}

PROGRAMS = {
    "whole": "cat >/dev/null; echo hello there",
    "stalled": "exec sleep 3600",
    "dies": "echo the reason >&2; exit 3",
}


class Heard:
    """What a recogniser told."""

    def __init__(self) -> None:
        self.texts: list[tuple[int, str]] = []
        self.troubles: list[tuple[int, str]] = []
        self.partials: list[str] = []

    def has(self, turn: int) -> bool:
        return turn in dict(self.texts)

    def recognised(self, turn: int, text: str) -> None:
        self.texts.append((turn, text))

    def trouble(self, turn: int, text: str) -> None:
        self.troubles.append((turn, text))

    def partial(self, _turn: int, text: str) -> None:
        self.partials.append(text)


def model(kind: str, folder: Path, mode: str = "") -> settings.Recogniser:
    """The settings of a recogniser with a made-up model."""
    place = folder / kind
    for name in FILES.get(kind, ()):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).touch()
    if kind in FILES:
        (place / "fake").write_text(mode)
    if kind == "vosk":
        return settings.Recogniser(kind="vosk", model=str(place))
    if kind == "pocketsphinx":
        return settings.Recogniser(kind="pocketsphinx")
    forms: dict[str, Literal["streaming", "transducer", "whisper", "sense_voice"]] = {
        "streaming": "streaming",
        "transducer": "transducer",
        "whisper": "whisper",
        "sense_voice": "sense_voice",
    }
    return settings.Recogniser(kind="sherpa", form=forms[kind], model=str(place))


def library(
    kind: str, folder: Path, heard: Heard, mode: str = "", patience_s: float = 10.0, *, early: bool = True
) -> LibraryRecogniser:
    wanted = model(kind, folder, "" if mode == "whole" else mode)
    argv = process(wanted, [str(LIBRARIES), *sys.path])
    argv = ["env", f"FAKE_POCKETSPHINX={mode}", f"FAKE_LOG={folder / LOG}", *argv]
    recogniser = LibraryRecogniser(argv, patience_s, heard.recognised, heard.trouble, early=early)
    recogniser.tell_so_far(heard.partial)
    return recogniser


def made(
    kind: str, mode: str, folder: Path, stack: ExitStack, heard: Heard, patience_s: float = 10.0, *, early: bool = True
) -> Listener:
    """mode: whole, stalled, dies, absent."""

    def command() -> Listener:
        program = "exit 127" if mode == "absent" else PROGRAMS[mode]
        said = heard.recognised, heard.trouble, lambda *_: None
        return TurnHook(f"sh -c {quote(program)}", str(folder), patience_s, *said)

    def wyoming() -> Listener:
        pytest.importorskip("wyoming", reason="needs the extra [wyoming]")
        from tests.services.wyoming_server import serving

        uri = f"tcp://127.0.0.1:{nowhere()}" if mode == "absent" else stack.enter_context(serving(mode)).uri
        wanted = settings.Recogniser(kind="wyoming", uri=uri, patience_ms=round(1000 * patience_s), early=early)
        return WyomingRecogniser(wanted, heard.recognised, heard.trouble)

    makers: dict[str, Callable[[], Listener]] = {"command": command, "wyoming": wyoming}
    fake = "refuses" if mode == "absent" else mode
    listener = makers.get(kind, lambda: library(kind, folder, heard, fake, patience_s, early=early))()
    stack.callback(listener.close)
    return listener
