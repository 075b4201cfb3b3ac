"""As sherpa-onnx 1.10 and later, what is used of it: streams are fed, then decoded while they are ready."""

import os
import time
from pathlib import Path
from types import SimpleNamespace


def _log(what):
    if path := os.environ.get("FAKE_LOG"):
        with open(path, "a") as log:
            log.write(what + "\n")


def _mode(tokens):
    _log("load")
    fake = Path(tokens).with_name("fake")
    mode = fake.read_text() if fake.exists() else ""
    if mode == "refuses":
        raise RuntimeError("Failed to load model because protobuf parsing failed")
    return mode


def _act(mode):
    if mode == "stalled":
        time.sleep(3600)
    if mode == "dies":
        os._exit(7)


class OnlineStream:
    def __init__(self):
        _log("begin")
        self._count = self._decoded = 0
        self._finished = False

    def accept_waveform(self, sample_rate, waveform):
        assert sample_rate == 16000
        assert waveform.dtype.name == "float32"
        assert not self._finished
        _log("hear")
        self._count += len(waveform)

    def input_finished(self):
        self._finished = True


class OnlineRecognizer:
    @classmethod
    def from_transducer(cls, tokens, encoder, decoder, joiner, num_threads=2, sample_rate=16000, feature_dim=80):
        self = cls()
        self._mode = _mode(tokens)
        assert all(Path(file).suffix == ".onnx" for file in (encoder, decoder, joiner))
        return self

    def create_stream(self, hotwords=None):
        return OnlineStream()

    def is_ready(self, s):
        return s._decoded < s._count

    def decode_stream(self, s):
        _act(self._mode)
        s._decoded = s._count

    def get_result(self, s):
        return f"heard {s._decoded}" if s._decoded else ""


class OfflineRecognizer:
    @classmethod
    def from_transducer(cls, encoder, decoder, joiner, tokens, num_threads=1):
        return cls._made(tokens)

    @classmethod
    def from_whisper(cls, encoder, decoder, tokens, language="", task="transcribe", num_threads=1):
        return cls._made(tokens)

    @classmethod
    def from_sense_voice(cls, model, tokens, num_threads=1, language="", use_itn=False):
        return cls._made(tokens)

    @classmethod
    def _made(cls, tokens):
        self = cls()
        self._mode = _mode(tokens)
        return self

    def create_stream(self, hotwords=None):
        stream = OnlineStream()
        stream.result = SimpleNamespace(text="")
        return stream

    def decode_stream(self, s):
        _act(self._mode)
        s.result.text = f" heard {s._count}"
