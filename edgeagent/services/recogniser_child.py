"""The process in which a recogniser of whole sentences lives; `recogniser_wire` is how it is spoken to.

These libraries take long to load, hold the interpreter's lock or all cores while they compute, and end the process over
a model that does not fit. So they are loaded here and nowhere else, and may be killed at any time.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from edgeagent.services import recogniser_wire as wire

RATE = 16_000

TAIL_S = 0.66
"""Silence behind a turn: a streaming transducer says its last word only once it has seen so much more."""


class Vosk:
    """Streaming; ends of sentences within a turn are its own affair."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        import vosk

        vosk.SetLogLevel(-1)
        self._vosk = vosk
        self._model = vosk.Model(told["files"]["model"])
        self.begin()

    def begin(self) -> None:
        self._recogniser = self._vosk.KaldiRecognizer(self._model, float(RATE))
        self._said = ""

    def hear(self, sound: bytes) -> str:
        if self._recogniser.AcceptWaveform(sound):
            self._said = f"{self._said} {json.loads(self._recogniser.Result()).get('text', '')}"
            return self._said.strip()
        return f"{self._said} {json.loads(self._recogniser.PartialResult()).get('partial', '')}".strip()

    def end(self) -> str:
        return f"{self._said} {json.loads(self._recogniser.FinalResult()).get('text', '')}".strip()


class Streaming:
    """sherpa-onnx, a streaming transducer."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        import sherpa_onnx

        self._recogniser = sherpa_onnx.OnlineRecognizer.from_transducer(
            **told["files"], num_threads=told["threads"], sample_rate=RATE, feature_dim=80
        )
        self.begin()

    def begin(self) -> None:
        self._stream = self._recogniser.create_stream()

    def hear(self, sound: bytes) -> str:
        self._stream.accept_waveform(RATE, samples(sound))
        return self._decoded()

    def end(self) -> str:
        self._stream.accept_waveform(RATE, samples(bytes(2 * round(TAIL_S * RATE))))
        self._stream.input_finished()
        return self._decoded()

    def _decoded(self) -> str:
        while self._recogniser.is_ready(self._stream):
            self._recogniser.decode_stream(self._stream)
        return str(self._recogniser.get_result(self._stream)).strip()


class Whole:
    """sherpa-onnx, a model that hears the whole turn at once."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        import sherpa_onnx

        make, files, threads = sherpa_onnx.OfflineRecognizer, told["files"], told["threads"]
        match told["form"]:
            case "whisper":
                self._recogniser = make.from_whisper(**files, num_threads=threads, language=told["language"])
            case "sense_voice":
                language = told["language"] or "auto"
                self._recogniser = make.from_sense_voice(**files, num_threads=threads, language=language, use_itn=True)
            case _:
                self._recogniser = make.from_transducer(**files, num_threads=threads)
        self.begin()

    def begin(self) -> None:
        self._sound = bytearray()

    def hear(self, sound: bytes) -> str:
        self._sound += sound
        return ""

    def end(self) -> str:
        if not self._sound:
            return ""
        stream = self._recogniser.create_stream()
        stream.accept_waveform(RATE, samples(bytes(self._sound)))
        self._recogniser.decode_stream(stream)
        return str(stream.result.text).strip()


class Pocketsphinx:
    """With the English model that it comes with, and any words."""

    def __init__(self, _told: Mapping[str, Any]) -> None:
        import pocketsphinx

        self._decoder: Any = pocketsphinx.Decoder(loglevel="FATAL", samprate=RATE)
        self._open = False

    def begin(self) -> None:
        if self._open:
            self._decoder.end_utt()
        self._decoder.reinit_feat()  # otherwise its mean and noise floor are those of the turn before
        self._decoder.start_utt()
        self._open = True

    def hear(self, sound: bytes) -> str:
        self._decoder.process_raw(sound, False, False)
        return self._text()

    def end(self) -> str:
        self._decoder.end_utt()
        self._open = False
        return self._text()

    def _text(self) -> str:
        hypothesis = self._decoder.hyp()
        return "" if hypothesis is None else str(hypothesis.hypstr)


def load(told: Mapping[str, Any]) -> wire.Ears:
    """The recogniser that is wanted. Raises what its library raises."""
    match told["kind"], told["form"]:
        case "vosk", _:
            return Vosk(told)
        case "pocketsphinx", _:
            return Pocketsphinx(told)
        case _, "streaming":
            return Streaming(told)
    return Whole(told)


def samples(sound: bytes) -> Any:
    """(n,) float32 in [-1, 1]."""
    import numpy as np

    return np.frombuffer(sound, dtype="<i2").astype(np.float32) / np.float32(32768)


def main() -> None:
    """argv: where libraries are, by os.pathsep; and as JSON kind, form, files, language, threads, extra."""
    places, about = sys.argv[1:]
    sys.path[:0] = places.split(os.pathsep)
    told = json.loads(about)
    wire.behind_the_sound()
    os.environ.setdefault("OMP_NUM_THREADS", str(told["threads"]))
    try:
        ears = load(told)
    except ImportError as error:
        remedy = f"{sys.executable} -m pip install '.[{told['extra']}]' in the checkout"
        wire.failed(f"{told['kind']} cannot be loaded: {error}", remedy)
    except Exception as error:
        wire.failed(f"{told['kind']} cannot load its model: {error}", "see recogniser.model")
    else:
        wire.serve(ears)
