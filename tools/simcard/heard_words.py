"""Whether the device knows which words were heard, judged by the DAC of the simulated card.

    python -m tools.simcard.heard_words [--stops 200] [--talker espeak|flite|command] [--seed 1] [--json]

The whole device talks through the real PortAudio and is stopped by its button at random moments. What it then says was
heard is compared with what the card has played: the record's last sample is looked for in the same sentence, spoken
once more without being stopped, and the words that ended before it are counted by the voice's own word times.

--talker flite speaks with flite (`apt install flite`), which tells word times as espeak-ng does. --talker command
speaks with `espeak-ng --stdout`, a voice that tells no word times: the device estimates them, and may be wrong by a
word. Exit code 1: it was wrong by more.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edgeagent import app
from edgeagent.__main__ import ended
from edgeagent.live.runtime import Runtime
from edgeagent.ports import Pcm, Sound
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.services.flite_talker import FliteTalker
from edgeagent.settings import Audio, Settings, Talker
from edgeagent.turn import events as e
from edgeagent.units import samples
from tools.simcard.card import SimCard
from tools.simcard.quiet_room import measured, underruns

SENTENCES = (
    "The next train to the coast leaves at a quarter past nine, and it stops at every station on the way.",
    "Most people do not know that a heron can stand on one leg for hours without ever getting tired.",
    "First you melt the butter, then you add the flour, and only after a minute you pour in the cold milk.",
    "There are seven letters in the box, three of which came on Monday; the others have been there for weeks.",
    "Nobody has seen the key since yesterday evening, when it was lying on the table beside the blue lamp.",
)

LEAST, MOST = samples(150), samples(4500)
"""When the button is pressed, counted from when the device began to speak."""

SETTLED = samples(700)
"""After a stop, before the next sentence: the record is complete, and silent for long enough to show where the sentence
began."""

NEVER = 1 << 40

SLACK = 24
"""Samples (1.5 ms) by which the record's last sample may be off the last one played: a sentence passes through zero."""


RENDERINGS = 5
"""Of each sentence: flite's voices breathe with noise of their own, so that a word before a pause dies away up to 20 ms
sooner or later each time. espeak-ng says it the same way always."""


class Trial(NamedTuple):
    """text; heard: words by the device; record: (n,) int16, what the loudspeaker gave from its start to its stop."""

    text: str
    heard: int
    record: Pcm


class Whole(NamedTuple):
    """A sentence that nobody stops: (n,) sound, and between which samples each written word ends ("of the" is one to
    the voice)."""

    sound: Sound
    ends: list[tuple[int, int]]


class Director:
    """Lets the device talk and presses its button. A journal and a recorder: engine thread only."""

    def __init__(self, sim: SimCard, stops: int, seed: int) -> None:
        self.trials: list[Trial] = []
        self._sim = sim
        self._stops = stops
        self._dice = np.random.default_rng(seed)
        self._runtime: Runtime | None = None
        self._text = ""
        self._heard = -1
        self._since = self._holes = 0
        self.spoiled = 0
        self._disturbed = False
        """It has heard somebody, who is a hole in the room's noise on a busy machine."""

        self._silent = True
        self._wait = SETTLED
        self._due: int | None = None

    def direct(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def write(self, entry: Mapping[str, Any]) -> None:
        """The device's journal."""
        if entry["event"] == "state":
            self._silent = entry["state"] == "idle"
            self._disturbed |= entry["state"] not in ("idle", "speaking")
            if entry["state"] == "speaking":
                self._due = int(self._dice.integers(LEAST, MOST))
        elif entry["event"] == "heard_words" and self._text:
            self._heard, self._due, self._wait = len(str(entry["text_heard"]).split()), None, SETTLED

    def tell(self, event: object) -> None:
        """The engine was told."""

    def reference(self, block: Sound) -> None:
        """What the loudspeaker got."""

    def capture(self, block: Sound) -> None:
        """Time passes."""
        assert self._runtime is not None
        if self._due is not None:
            self._due -= block.size
            if self._due <= 0:
                self._due = None
                self._runtime.tell(e.ButtonShort(0))
        elif self._silent and (not self._text or self._heard >= 0):
            self._wait -= block.size
            if self._wait <= 0:
                self._next(self._runtime)

    def _next(self, runtime: Runtime) -> None:
        now = self._sim.frame()
        if self._text and (self._disturbed or underruns(self._sim) > self._holes):
            self.spoiled += 1
        elif self._text:
            self.trials.append(Trial(self._text, self._heard, self._sim.played(self._since, now)))
            if sys.stderr.isatty():
                print(f"\r{len(self.trials)} stops", end="", file=sys.stderr)
        if len(self.trials) == self._stops:
            self._text, self._wait = "", NEVER
            runtime.stop()
            return
        self._text, self._heard, self._since = str(self._dice.choice(SENTENCES)), -1, now
        self._holes, self._disturbed = underruns(self._sim), False
        runtime.say(self._text)


def spoken(voice: Talker) -> dict[str, Whole]:
    """Each sentence, whole."""
    talker = FliteTalker(voice) if voice.kind == "flite" else EspeakTalker(voice)
    found = {}
    for text in SENTENCES:
        ends = []
        for _ in range(RENDERINGS):
            talk = talker.say(text)
            sound = np.concatenate(list(talk))
            ends.append([word.end for word in talk.words for _ in word.text.split()])
        found[text] = Whole(sound, [(min(each), max(each)) for each in zip(*ends, strict=True)])
    talker.close()
    return found


def played(record: Sound, sentence: Sound) -> int:
    """How many samples of `sentence` are in the record of the card, which begins in silence. The beginning is found by
    correlation, the end is the last sample that is not zero."""
    size = 1 << (record.size + sentence.size).bit_length()
    last = int(np.flatnonzero(record)[-1])
    likeness = np.fft.irfft(np.fft.rfft(record, size) * np.conj(np.fft.rfft(sentence, size)))
    return last + 1 - int(np.argmax(likeness[: record.size]))


def judged(trials: Iterable[Trial], whole: Mapping[str, Whole]) -> Counter[int]:
    """How often the device was wrong by so many words; what was wrong is told on stderr."""
    off: Counter[int] = Counter()
    for trial in trials:
        sound, ends = whole[trial.text]
        count = played(trial.record.astype(np.float32), sound)
        least, most = (sum(late <= count - SLACK for _, late in ends), sum(early <= count + SLACK for early, _ in ends))
        by = max(trial.heard - most, least - trial.heard, 0)
        off[by] += 1
        if by:
            near = min((late for _, late in ends), key=lambda end: abs(end - count))
            print(
                f"{trial.heard} words heard by the device and {least} by the record, whose end is {count - near:+} "
                f"samples from that of a word: {trial.text}",
                file=sys.stderr,
            )
    return off


def measure(asked: argparse.Namespace) -> int:
    """In the child, which sees the simulated card only."""
    sim = SimCard.attach(os.environ["ALSA_CONFIG_PATH"])
    voice = told = Talker(kind="flite") if asked.talker == "flite" else Talker()
    if asked.talker == "command":
        speak = (
            f"espeak-ng --stdin --stdout -s {voice.words_per_minute} -v {voice.voice} | tail -c +45"  # less its header
        )
        told = Talker(kind="command", command=f"sh -c '{speak}'", command_rate_hz=22050)
    settings = Settings(audio=Audio(rate_hz=16000), talker=told)
    director = Director(sim, asked.stops, asked.seed)
    with app.build_runtime(settings, director, director, replies=False) as runtime:
        director.direct(runtime)
        runtime.record(director)
        runtime.run()
    off = judged(director.trials, spoken(voice))
    wrong, worst = sum(n for by, n in off.items() if by), max(off)
    found = {"talker": asked.talker, "stops": sum(off.values()), "wrong": wrong, "worst": worst}
    text = f"{found['stops']} stops: {wrong} wrong, at worst by {worst} words"
    print(json.dumps(found) if asked.json else text)
    if director.spoiled:
        print(f"not counted, for the card had run dry or somebody was heard: {director.spoiled}", file=sys.stderr)
    return int(worst > (asked.talker == "command"))


def main() -> int:
    """Makes the card, then measures in a child that sees no other."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.simcard.heard_words", description="are the heard words right? On the simulated sound card"
    )
    parser.add_argument("--stops", type=int, default=200, help="how many (default 200, 11 minutes)")
    parser.add_argument("--talker", choices=("espeak", "flite", "command"), default="espeak")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        return measure(asked)
    with tempfile.TemporaryDirectory() as folder:
        return measured(SimCard(Path(folder)), "tools.simcard.heard_words", sys.argv[1:])


if __name__ == "__main__":
    raise SystemExit(ended(main))
