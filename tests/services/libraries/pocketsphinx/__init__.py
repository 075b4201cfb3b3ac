"""As pocketsphinx 5.1: an utterance is started, fed and ended; `hyp` is None or has `hypstr`."""

import os
import time
from types import SimpleNamespace

MODE = os.environ.get("FAKE_POCKETSPHINX", "")


def _log(what):
    if path := os.environ.get("FAKE_LOG"):
        with open(path, "a") as log:
            log.write(what + "\n")


class Decoder:
    def __init__(self, config=None, **kwargs):
        assert kwargs == {"loglevel": "FATAL", "samprate": 16000}
        if MODE == "refuses":
            raise RuntimeError("Failed to initialize PocketSphinx")
        _log("load")
        self._open = False
        self._count = 0

    def reinit_feat(self):
        _log("begin")
        assert not self._open

    def start_utt(self):
        assert not self._open
        self._open, self._count = True, 0

    def process_raw(self, data, no_search=False, full_utt=False):
        assert self._open
        _log("hear")
        if MODE == "stalled":
            time.sleep(3600)
        if MODE == "dies":
            os._exit(7)
        self._count += len(data) // 2

    def end_utt(self):
        _log("end")
        assert self._open
        self._open = False

    def hyp(self):
        return SimpleNamespace(hypstr=f"heard {self._count}") if self._count else None
