"""As vosk 0.3.45: `AcceptWaveform` ends a sentence after a second of sound, `Result` then gives it."""

import json
import os
import time
from pathlib import Path


def _log(what):
    if path := os.environ.get("FAKE_LOG"):
        with open(path, "a") as log:
            log.write(what + "\n")


def SetLogLevel(level):
    pass


class Model:
    def __init__(self, model_path=None, model_name=None, lang=None):
        _log("load")
        fake = Path(model_path, "fake")
        self.mode = fake.read_text() if fake.exists() else ""
        if self.mode == "refuses":
            raise Exception("Failed to create a model")
        if self.mode == "loads for ever":
            time.sleep(3600)


class KaldiRecognizer:
    def __init__(self, *args):
        _log("begin")
        self._model, rate = args
        assert isinstance(rate, float)
        self._count = self._ended = 0

    def AcceptWaveform(self, data):
        assert isinstance(data, bytes)
        _log("hear")
        self._count += len(data) // 2
        if self._model.mode == "stalled":
            time.sleep(3600)
        if self._model.mode == "dies":
            os._exit(7)
        if self._model.mode == "garbage":
            os.write(1, b"\xff" * 100)
        return 1 if self._count - self._ended >= 16000 else 0

    def Result(self):
        count, self._ended = self._count - self._ended, self._count
        return json.dumps({"text": f"heard {count}"})

    def PartialResult(self):
        return json.dumps({"partial": f"heard {self._count - self._ended}"})

    def FinalResult(self):
        return self.Result() if self._count > self._ended else json.dumps({"text": ""})
