"""A scene: what happens around one device for a fixed time (scene format 1).

A scene holds what the device wants to say, everything else that reaches its microphone, and how its own loudspeaker
leaks into that microphone. In memory everything is in samples. Unknown keys of scene.yaml are ignored. What is true
about the scene (truth.json) is not read here: a system under test must not see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from sys import float_info
from typing import Any

import numpy as np
import yaml

from edgeagent.errors import SceneError, SoundFileError
from edgeagent.ports import Sound
from edgeagent.signal.wav import load, read_wav
from edgeagent.turn.events import Word
from edgeagent.units import RATE, samples, seconds

LEAST_DELAY = samples(10)
"""The format's least echo delay: the echo of a sample is never needed before the sample is fixed."""

LONGEST_S = 86_400.0
LONGEST_DELAY_MS = 10_000.0
"""Far beyond any scene; what is more is a mistake, and would take all memory, or be no number of samples."""


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance of the device. `at`: scene sample at which it is due. words: in samples of `sound`."""

    at: int
    sound: Sound
    text: str = ""
    words: tuple[Word, ...] = ()
    protected: bool = False
    """Voices may lower it, and not stop it (an addition to the format)."""


@dataclass(frozen=True, slots=True)
class Change:
    """From scene sample `at` on the response is this one."""

    at: int
    response: Sound


@dataclass(frozen=True, slots=True)
class EchoPath:
    """From loudspeaker to microphone. response: (taps,) float32, gain included. delay: samples, need not be whole;
    added before the response. drift_ppm: the loudspeaker's clock against the microphone's. saturation: level of the
    loudspeaker's soft clip, 0 for none."""

    response: Sound
    delay: float
    drift_ppm: float = 0.0
    saturation: float = 0.0
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """length: samples. near: (length,) float32, the microphone without the device's own sound. What of a scene's files
    lies behind that is left out, lines that are due there included."""

    name: str
    length: int
    agent: tuple[Line, ...]
    near: Sound
    echo: EchoPath


def load_scene(folder: Path) -> Scene:
    """The scene in `folder`. Raises SceneError, which names everything that is wrong with it."""
    reader = _Reader(folder)
    document = reader.document()
    if document.get("format", 1) != 1:
        reader.fault("format", f"{_said(document['format'])}: only format 1 is known")
    if document.get("sample_rate_hz", RATE) != RATE:
        reader.fault("sample_rate_hz", f"{_said(document['sample_rate_hz'])}: must be {RATE}; resample the sound files")
    length = round(reader.number(document, "duration_s", least=0.1, most=LONGEST_S) * RATE)
    near = reader.sound(document, "near")
    if near.size and near.size < length:
        lasts = f"lasts {seconds(near.size):g} s, the scene {seconds(length):g} s"
        reader.fault("near", f"{lasts}; lengthen it or lower duration_s")
    lines = document.get("agent")
    if not isinstance(lines, list):
        reader.fault("agent", "missing; give a list of what the device says, [] for nothing")
        lines = []
    agent = tuple(line for i, given in enumerate(lines) if (line := _line(reader, given, i)).at < length)
    echo = _echo(reader, document.get("echo"))
    reader.raise_faults()
    return Scene(reader.text(document.get("name"), "name") or folder.name, length, agent, near[:length], echo)


def _line(reader: _Reader, line: object, index: int) -> Line:
    where, way = f"agent[{index}].", ("agent", index)
    if not isinstance(line, Mapping):
        reader.fault(where.rstrip("."), "must be a mapping with at_s and audio")
        return Line(0, np.zeros(0, np.float32))
    at = round(reader.number(line, "at_s", where, least=0.0, most=LONGEST_S) * RATE)
    words = line.get("words") or []
    try:
        timed = tuple(
            Word(round(float(w[0]) * RATE), round(float(w[1]) * RATE), reader.text(w[2], *way, "words", i, 2))
            for i, w in enumerate(words)
        )
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        reader.fault(where + "words", "must be a list of [start, end, word], in seconds of this file; or leave it out")
        timed = ()
    protected = line.get("protected", False)
    if not isinstance(protected, bool):
        reader.fault(where + "protected", "must be true or false")
    text = reader.text(line.get("text"), *way, "text")
    return Line(at, reader.sound(line, "audio", where), text, timed, protected is True)


def _echo(reader: _Reader, echo: object) -> EchoPath:
    if not isinstance(echo, Mapping):
        reader.fault("echo", "missing; give path and delay_ms")
        return EchoPath(np.zeros(1, np.float32), LEAST_DELAY)
    change = None
    match echo.get("change"):
        case None:
            pass
        case Mapping() as given:
            at = round(reader.number(given, "at_s", "echo.change.", least=0.0, most=LONGEST_S) * RATE)
            change = Change(at, reader.response(given, "path", "echo.change."))
        case _:
            reader.fault("echo.change", "must be a mapping with at_s and path; or leave it out")
    least_ms = 1000 * LEAST_DELAY / RATE
    delay_ms = reader.number(echo, "delay_ms", "echo.", least=least_ms, most=LONGEST_DELAY_MS)
    return EchoPath(
        response=reader.response(echo, "path", "echo."),
        delay=delay_ms * RATE / 1000,
        drift_ppm=reader.number(echo, "drift_ppm", "echo.", default=0.0, least=-1000.0),
        saturation=reader.number(echo, "saturation", "echo.", default=0.0, least=0.0),
        change=change,
    )


def _said(value: object) -> str:
    """As it was written, but for a number that Python does not print."""
    return "a number without end" if isinstance(value, int) and value.bit_length() > 1000 else repr(value)


class _Reader:
    """Reads the parts of one scene folder and remembers every fault, so that the person sees all of them at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[tuple[str, str]] = []
        self._written: Any = None

    def fault(self, where: str, what: str) -> None:
        self.faults.append((where, what))

    def raise_faults(self) -> None:
        if not self.faults:
            return
        count = "1 problem" if len(self.faults) == 1 else f"{len(self.faults)} problems"
        width = max(len(where) for where, _ in self.faults)
        lines = [f"  {where:{width}}  {what}" for where, what in self.faults]
        raise SceneError("\n".join([f"{self.folder}: {count}", *lines]))

    def document(self) -> Mapping[str, object]:
        path = self.folder / "scene.yaml"
        if not path.is_file():
            raise SceneError(f"{self.folder}: no scene.yaml there", "name a folder that holds one scene")
        try:
            text = path.read_text(encoding="utf-8")
            document = yaml.safe_load(text)
            self._written = yaml.load(text, yaml.BaseLoader)
        except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
            reason = " ".join(str(error).split())
            raise SceneError(f"{path}: cannot be read: {reason}", "it must be YAML in UTF-8") from None
        if not isinstance(document, Mapping):
            raise SceneError(f"{path}: is not a mapping", "see the scene format in the documentation")
        return document

    def text(self, value: object, *way: str | int) -> str:
        """A text as it is written at the end of `way`: to YAML "no" and "on" are truth values and 12:30 is a number."""
        written = self._written
        try:
            for step in way:
                written = written[step]
        except (KeyError, IndexError, TypeError):  # behind a merge key
            written = value
        return "" if value is None else str(written)

    def number(
        self,
        source: Mapping[str, object],
        key: str,
        where: str = "",
        *,
        least: float,
        most: float = float_info.max,
        default: float | None = None,
    ) -> float:
        value = source.get(key)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            said = "missing" if value is None else _said(value)
            bounds = f"from {least:g} to {most:g}" if most < float_info.max else f"of at least {least:g}"
            self.fault(where + key, f"{said}; give a number {bounds}")
            return max(least, 0.0)
        return float(value)

    def response(self, source: Mapping[str, object], key: str, where: str) -> Sound:
        """An impulse response: its gain is the sum of its samples, of which another rate has more, or fewer."""
        sound = self.sound(source, key, where)
        return sound * np.float32(load(self.folder / str(source[key]))[1] / RATE) if sound.size else sound

    def sound(self, source: Mapping[str, object], key: str, where: str = "") -> Sound:
        value = source.get(key)
        if not isinstance(value, str) or not value or "\0" in value:
            said = "holds a NUL" if isinstance(value, str) and value else "missing"
            self.fault(where + key, f"{said}; give a sound file, relative to the scene folder")
            return np.zeros(0, np.float32)
        try:
            return read_wav(self.folder / value)
        except SoundFileError as error:
            self.fault(where + key, str(error))
            return np.zeros(0, np.float32)
