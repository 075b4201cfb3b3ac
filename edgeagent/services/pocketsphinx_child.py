"""The process in which pocketsphinx lives: sound on stdin, what it has understood of it on stdout.

pocketsphinx holds the interpreter's lock while it computes, which beside the audio threads would be a gap in the sound;
so it is loaded here and nowhere else, and may be killed at any time. `recogniser_wire` is how it is spoken to.

The words are a closed grammar: the cue words in any order, and between them single phones, which take in whatever else
is said. Only the acoustic model (6 MB) is loaded, neither the language model nor the big dictionary.
"""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any

from edgeagent.services import recogniser_wire as wire

FILLER = "_"
"""Begins the name of a phone that takes in what is no cue word."""

FILLER_WEIGHT = 1e-2
"""Of a phone against a word in the grammar, as a likelihood. More of it, and cue words are heard as phones; less, and
anything that is said becomes a cue word."""

PHONES = "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"
"""Of the model en-us (CMUdict's set)."""

SAID = {
    "but": ("B AH T",),
    "cancel": ("K AE N S AH L",),
    "course": ("K AO R S",),
    "enough": ("IH N AH F",),
    "excuse": ("IH K S K Y UW Z",),
    "go": ("G OW",),
    "hang": ("HH AE NG",),
    "hey": ("HH EY",),
    "hm": ("HH M",),
    "hold": ("HH OW L D",),
    "i": ("AY",),
    "listen": ("L IH S AH N",),
    "me": ("M IY",),
    "mhm": ("M HH M", "AH M HH AH M"),
    "mm-hm": ("M HH M", "AH M HH AH M"),
    "no": ("N OW",),
    "of": ("AH V",),
    "ok": ("OW K EY",),
    "okay": ("OW K EY",),
    "on": ("AA N", "AO N"),
    "pause": ("P AO Z",),
    "quiet": ("K W AY AH T",),
    "right": ("R AY T",),
    "see": ("S IY",),
    "sorry": ("S AA R IY",),
    "stop": ("S T AA P",),
    "sure": ("SH UH R",),
    "uh-huh": ("AH HH AH", "AH N HH AH N"),
    "wait": ("W EY T",),
    "what": ("W AH T",),
    "yeah": ("Y AE", "Y EH AH"),
    "yep": ("Y EH P",),
    "yes": ("Y EH S",),
}
"""How the cue words are pronounced (CMUdict, and the nasal "uh-huh"). None is a single phone: those are heard in
everything."""


def dictionary() -> str:
    """The words and the fillers, one pronunciation a line."""
    lines = []
    for word, ways in SAID.items():
        lines += [f"{word}({n}) {way}" if n > 1 else f"{word} {way}" for n, way in enumerate(ways, start=1)]
    return "\n".join([*lines, *(f"{FILLER}{phone} {phone}" for phone in PHONES.split())]) + "\n"


def grammar(phrases: list[str]) -> str:
    """Those of the phrases that can be pronounced, in any order, with fillers between."""
    phrases = [phrase for phrase in phrases if all(word in SAID for word in phrase.split())]
    fillers = " | ".join(FILLER + phone for phone in PHONES.split())
    return (
        "#JSGF V1.0; grammar cues;\n"
        f"public <said> = ( /1/ <cue> | /{FILLER_WEIGHT:g}/ <filler> )+ ;\n"
        f"<cue> = {' | '.join(phrases)} ;\n"
        f"<filler> = {fillers} ;\n"
    )


def cues(hypothesis: str) -> str:
    """The words of a hypothesis. Fillers are left out: they take in breath and noise as well as words."""
    return " ".join(word.partition("(")[0] for word in hypothesis.split() if not word.startswith(FILLER))


def load(phrases: list[str]) -> Any:
    """The decoder. Raises ImportError, RuntimeError, OSError."""
    import pocketsphinx

    model = os.path.join(pocketsphinx.get_model_path(), "en-us", "en-us")
    with tempfile.NamedTemporaryFile("w", suffix=".dict") as file:
        file.write(dictionary())
        file.flush()
        # bestpath: its word lattice takes minutes with a grammar that loops.
        decoder = pocketsphinx.Decoder(hmm=model, dict=file.name, lm=None, bestpath=False, loglevel="FATAL")
    decoder.add_jsgf_string("cues", grammar(phrases))
    decoder.activate_search("cues")
    return decoder


class Ears:
    """The decoder and the stretch it is in."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder
        self._open = False

    def begin(self) -> None:
        """Each stretch begins as the first did: pocketsphinx carries its mean and its noise floor over from what it
        heard before, and would understand the same sound otherwise."""
        self._stop()
        self._decoder.reinit_feat()
        self._decoder.start_utt()
        self._open = True

    def hear(self, sound: bytes) -> str:
        if not self._open:
            return ""
        self._decoder.process_raw(sound, False, False)
        return self._text()

    def end(self) -> str:
        self._stop()
        return self._text()

    def _stop(self) -> None:
        if self._open:
            self._decoder.end_utt()
            self._open = False

    def _text(self) -> str:
        hypothesis = self._decoder.hyp()
        return cues(hypothesis.hypstr) if hypothesis is not None else ""


def main() -> None:
    """argv: the folder that holds the package, and the phrases."""
    folder, *phrases = sys.argv[1:]
    sys.path.append(folder)
    wire.behind_the_sound()
    try:
        ears = Ears(load(phrases))
    except Exception as error:
        remedy = f"{sys.executable} -m pip install '.[words]' in the checkout"
        wire.failed(f"pocketsphinx cannot be loaded: {error}", remedy)
        return
    wire.serve(ears)
