"""The process in which flite lives; `voice_wire` is how it is spoken to.

flite's errors end in `exit`, so it is loaded here and nowhere else. The library streams: the times of all words are
known before the first sound, and a cancel ends the synthesis within a piece.
Structures are those of flite 2.2's cst_audio.h, cst_wave.h and cst_voice.h; Debian 12 and 13 have it.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterator
from typing import Any

from edgeagent.errors import ServiceError
from edgeagent.services import voice_wire as wire
from edgeagent.services.flite_voices import INSTALL, LIBRARIES, VOICES, check_voice, of_voice

NATURAL = 215.0
"""Words a minute of the voice slt when nobody asks for a pace, over a page of plain English."""

GO_ON, STOP = 0, -1
"""What the callback answers."""

BEGINS = b"R:Token.daughter1.R:SylStructure.daughter1.daughter1.R:Segment.p.end"
"""Of a written token: when the phone before its first one ends, in seconds."""

ENDS = b"R:Token.daughtern.R:SylStructure.daughtern.daughtern.R:Segment.end"
"""When its last phone ends; 0 for one that is not spoken, such as a dash."""


class Wave(ctypes.Structure):
    """cst_wave."""

    _fields_ = (
        ("type", ctypes.c_char_p),
        ("sample_rate", ctypes.c_int),
        ("num_samples", ctypes.c_int),
        ("num_channels", ctypes.c_int),
        ("samples", ctypes.POINTER(ctypes.c_short)),
    )


class Streaming(ctypes.Structure):
    """cst_audio_streaming_info; its callback gets a pointer to it."""


Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(Wave), ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.POINTER(Streaming)
)
Streaming._fields_ = (
    ("min_buffsize", ctypes.c_int),
    ("asc", Callback),
    ("utt", ctypes.c_void_p),
    ("item", ctypes.c_void_p),
    ("userdata", ctypes.c_void_p),
)


class Voice(ctypes.Structure):
    """cst_voice, its beginning."""

    _fields_ = (("name", ctypes.c_char_p), ("features", ctypes.c_void_p))


SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "new_audio_streaming_info": (ctypes.POINTER(Streaming), ()),
    "audio_streaming_info_val": (ctypes.c_void_p, (ctypes.POINTER(Streaming),)),
    "feat_set": (None, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)),
    "flite_feat_set_float": (None, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_float)),
    "flite_synth_text": (ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_void_p)),
    "delete_utterance": (None, (ctypes.c_void_p,)),
    "utt_relation": (ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_char_p)),
    "relation_head": (ctypes.c_void_p, (ctypes.c_void_p,)),
    "item_next": (ctypes.c_void_p, (ctypes.c_void_p,)),
    "item_feat_string": (ctypes.c_char_p, (ctypes.c_void_p, ctypes.c_char_p)),
    "flite_ffeature_float": (ctypes.c_float, (ctypes.c_void_p, ctypes.c_char_p)),
}
"""What is used of it: result and arguments."""


class Flite:
    """The library, opened. Raises OSError where it is not installed."""

    def __init__(self) -> None:
        self._library: Any = ctypes.CDLL(LIBRARIES[0], mode=ctypes.RTLD_GLOBAL)
        for part in LIBRARIES[1:]:
            ctypes.CDLL(part, mode=ctypes.RTLD_GLOBAL)
        for name, (result, arguments) in SIGNATURES.items():
            function = getattr(self._library, name)
            function.restype, function.argtypes = result, arguments
        self._library.flite_init()
        self._callback = Callback(self._made)  # kept: the library holds only the bare pointer
        self._voices: dict[str, Any] = {}
        self._requests = wire.Requests()
        self._request = 0
        self._text = b""
        self._marks: list[tuple[int, int]] = []

    def serve(self) -> None:
        """Requests, one after the other, for ever."""
        while True:
            self._say(*self._requests.next())

    def _say(self, request: int, words_per_minute: int, voice: bytes, text: bytes) -> None:
        """Speaks, writing frames from the callback; returns when done or cancelled."""
        name = voice.decode(errors="replace")
        try:
            check_voice(name)
            chosen = self._voices.get(name) or self._open(name)
        except ServiceError as error:
            wire.failed(request, error.problem, error.remedy)
            return
        except OSError as error:
            wire.failed(request, f"flite's voice '{name}' cannot be loaded: {error}", INSTALL)
            return
        features = chosen.contents.features
        self._library.flite_feat_set_float(features, b"duration_stretch", NATURAL / max(1, words_per_minute))
        self._request, self._text, self._marks = request, text, []
        if not text.strip():  # it would make a fifth of a second of silence
            wire.write(wire.RATE, request, struct.pack("<I", 16_000))
        elif spoken := self._library.flite_synth_text(text, chosen):
            self._library.delete_utterance(spoken)
        else:
            wire.failed(request, "flite cannot speak this")
            return
        wire.write(wire.DONE, request)

    def _open(self, name: str) -> Any:
        """A voice, with our callback. Raises OSError where it is not installed."""
        library = ctypes.CDLL(of_voice(name), mode=ctypes.RTLD_GLOBAL)
        register = getattr(library, f"register_cmu_us_{name}")
        register.restype, register.argtypes = ctypes.POINTER(Voice), (ctypes.c_char_p,)
        voice = self._voices[name] = register(None)
        streaming = self._library.new_audio_streaming_info()
        streaming.contents.asc = self._callback
        streaming.contents.min_buffsize = 16 * wire.BLOCK_MS
        told = self._library.audio_streaming_info_val(streaming)
        self._library.feat_set(voice.contents.features, b"streaming_info", told)
        return voice

    def _made(self, wave: Any, start: int, size: int, _last: int, streaming: Any) -> int:
        """The library's callback: `size` samples from `start` on are there."""
        if self._requests.cancelled(self._request):
            return STOP
        if start == 0:
            rate = wave.contents.sample_rate
            wire.write(wire.RATE, self._request, struct.pack("<I", rate))
            self._marks = list(self._placed(streaming.contents.utt, rate))
        while self._marks and self._marks[0][0] < start + size:
            wire.write(wire.MARK, self._request, wire.PLACE.pack(*self._marks.pop(0)))
        if size:
            begin = ctypes.addressof(wave.contents.samples.contents) + 2 * start
            wire.write(wire.SOUND, self._request, ctypes.string_at(begin, 2 * size))
        return GO_ON

    def _placed(self, utterance: int, rate: int) -> Iterator[tuple[int, int]]:
        """Sample and character at which each written token begins that is spoken; both never step back."""
        item = self._library.relation_head(self._library.utt_relation(utterance, b"Token"))
        at = sample = 0
        while item:
            token = self._library.item_feat_string(item, b"name") or b""
            found = self._text.find(token, at)
            if found >= 0:
                at = found
            if self._library.flite_ffeature_float(item, ENDS) > 0.0:
                sample = max(sample, round(self._library.flite_ffeature_float(item, BEGINS) * rate))
                yield sample, len(self._text[:at].decode(errors="replace"))
            at += len(token) if found >= 0 else 0
            item = self._library.item_next(item)


def main() -> None:
    """No arguments."""
    try:
        flite = Flite()
        flite._open(VOICES[0])
    except OSError as error:
        wire.failed(wire.NOBODY, f"flite cannot be loaded: {error}", INSTALL)
        return
    flite.serve()
