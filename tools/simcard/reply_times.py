"""How soon the device answers, judged by the DAC of the simulated card.

    python -m tools.simcard.reply_times [--turns 40] [--seed 1] [--json]
    python -m tools.simcard.reply_times --recogniser slow [--late]

The whole device talks through the real PortAudio, with the scripted replier and espeak-ng. Somebody asks it something,
interrupts the answer, interrupts the next one: their voice is laid over the microphone's sound at frames that are known
to a sample. What is measured of each turn is the first sound of the reply in the card's record, after the end of the
turn: of its last voice as the ear heard it, and of the voice that was laid over. From both the patience is taken off
that the device had just then, for it is a setting. Exit code 1: in one of twenty the former is above 150 ms.

--recogniser slow has a Wyoming server understand the turns which needs as long as the sound lasts. Then what matters is
how long after the turn its text is there, and how early it was asked: with --late at the stop, otherwise as soon as
somebody may be speaking.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edgeagent import app
from edgeagent.__main__ import ended
from edgeagent.live.runtime import Runtime
from edgeagent.ports import Card, Pcm, Sound
from edgeagent.settings import Audio, Recogniser, Script, Settings
from edgeagent.units import RATE, samples
from tools.probe.tap import Tap
from tools.probe.voices import SENTENCE, interruptions
from tools.simcard.card import SimCard
from tools.simcard.quiet_room import measured, underruns
from tools.simcard.slow_recogniser import Slow

PHRASES = ("Tell me about the train.", "No, tell me something else.", "Wait, how much is the ticket?")

LEVEL_DBFS = -26.0
"""RMS of somebody who sits in front of it."""

ECHO = (1 << 13, 80)
"""Gain in 2^-15 and delay in frames of the echo: -12 dB after 5 ms."""

LIMIT_MS = 150.0
"""From the end of a turn, beyond the patience, to the reply."""

AUDIBLE = 33
"""Of 32768: -60 dBFS, where a reply is taken to begin; espeak-ng begins its sentences softly."""

SETTLING = samples(2500)
"""Before anything is asked; the noise floor is learnt."""

SOONEST, LATEST = samples(700), samples(1800)
"""From the beginning of a reply to its interruption."""

AHEAD = samples(50)
"""The voice is laid over so much later than it is decided: the card's callback must not have passed it."""

UNANSWERED = samples(10_000)
"""After which somebody asks again."""

NEVER = 1 << 62


class Turn(NamedTuple):
    """Milliseconds. by_ear, by_voice: from the end of the turn to the reply, less the patience; patience: that. text:
    from the handing over to its text, nan without a recogniser. stop: from the onset to the stop; nan in silence."""

    by_ear: float
    by_voice: float
    patience: float
    text: float
    stop: float


class Person:
    """Asks, and interrupts. A journal and a recorder: engine thread only."""

    def __init__(self, sim: SimCard, tap: Tap, voices: Sequence[Pcm], turns: int, seed: int) -> None:
        self.turns: list[Turn] = []
        self.spoilt = 0
        self._sim, self._tap = sim, tap
        self._voices = voices
        self._wanted = turns
        self._dice = np.random.default_rng(seed)
        self._runtime: Runtime | None = None
        self._at = 0
        self._due = SETTLING
        self._turn = Begun()

    def direct(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def write(self, entry: Mapping[str, Any]) -> None:
        """Both journals."""
        turn = self._turn
        match entry["event"]:
            case "halted" if not turn.ended:
                turn.stopped = self._at
            case "speech_ended" if turn.voice_end:
                turn.ended, turn.patience = int(entry["end"]), float(entry["patience_ms"])
            case "heard":
                turn.closed = self._at
            case "recognised":
                turn.text = self._at
            case "playing" if turn.ended:
                self._due = self._at + int(self._dice.integers(SOONEST, LATEST))
                turn.answered = True
            case "no_reply":
                turn.broken = True
            case "action" if entry["action"] == "drop_turn":
                turn.broken = True

    def tell(self, event: object) -> None:
        """The engine was told."""

    def reference(self, block: Sound) -> None:
        """What the loudspeaker got."""

    def capture(self, block: Sound) -> None:
        """Time passes."""
        assert self._runtime is not None
        self._at += block.size
        if self._at < self._due:
            return
        if self._turn.voice_end:
            self._judge()
        if len(self.turns) >= self._wanted or self.spoilt > self._wanted:
            self._due = NEVER
            self._runtime.stop()
            return
        voice = self._voices[int(self._dice.integers(len(self._voices)))]
        start = self._tap.inject(voice, AHEAD)
        self._turn = Begun(start, start + voice.size, underruns(self._sim))
        self._due = self._at + UNANSWERED

    def _judge(self) -> None:
        """The turn has been answered, for longer than the card buffers; or it has not."""
        turn, offset = self._turn, self._offset()
        end = turn.voice_end + offset
        record = np.abs(self._sim.played(end, self._sim.frame()).astype(np.int32))
        sounding = np.flatnonzero(record >= AUDIBLE)
        known = turn.answered and sounding.size and sounding[0] > 0 and not turn.broken
        if not known or underruns(self._sim) > turn.holes:
            self.spoilt += 1
            return
        by_voice = int(sounding[0])
        by_ear = by_voice + turn.voice_end - turn.ended
        text = turn.text - turn.closed if turn.text else float("nan")
        stop = turn.stopped - turn.start if turn.stopped else float("nan")
        ms = 1000 / RATE
        self.turns.append(
            Turn(by_ear * ms - turn.patience, by_voice * ms - turn.patience, turn.patience, text * ms, stop * ms)
        )
        if sys.stderr.isatty():
            print(f"\r{len(self.turns)} turns", end="", file=sys.stderr)

    def _offset(self) -> int:
        """Which frame of the card the microphone's first was, by the stamps of all blocks that are kept."""
        blocks = self._tap.tape().heard
        return round(float(np.median([self._sim.frame(round(block.when * 1e9)) - block.frame for block in blocks])))


class Begun:
    """A turn, as far as it has come. Microphone frames, which are the engine's samples; 0 for not yet."""

    def __init__(self, start: int = 0, voice_end: int = 0, holes: int = 0) -> None:
        self.start, self.voice_end, self.holes = start, voice_end, holes
        self.ended = self.closed = self.text = self.stopped = 0
        self.patience = 0.0
        self.answered = self.broken = False


def measure(asked: argparse.Namespace) -> int:
    """In the child, which sees the simulated card only."""
    sim, tap = SimCard.attach(os.environ["ALSA_CONFIG_PATH"]), Tap()
    script = Script(opening="", replies=(SENTENCE * 2,))
    recogniser = Recogniser(kind="wyoming", uri=asked.uri, early=not asked.late) if asked.uri else Recogniser()
    settings = Settings(audio=Audio(rate_hz=16000), script=script, recogniser=recogniser)
    person = Person(sim, tap, interruptions(PHRASES, None, LEVEL_DBFS, RATE), asked.turns, asked.seed)

    def card(audio: Audio) -> Card:
        return tap.around(app.build_card(audio))

    with app.build_runtime(settings, person, person, card=card) as runtime:
        person.direct(runtime)
        runtime.record(person)
        runtime.run()
    return report(person, asked)


def report(person: Person, asked: argparse.Namespace) -> int:
    """Prints what was found; the exit code."""
    if not person.turns:
        print("no turn was answered", file=sys.stderr)
        return 1
    columns = {name: [getattr(turn, name) for turn in person.turns] for name in Turn._fields}
    found = {name: percentiles(values) for name, values in columns.items()}
    figures = {"turns": len(person.turns), "spoilt": person.spoilt, **{k: v for k, v in found.items() if v}}
    if asked.json:
        print(json.dumps(figures))
    else:
        print(f"{len(person.turns)} turns, {person.spoilt} not counted (no answer, or the card had run dry)")
        print(f"{'ms':<12}" + "".join(f"{name:>8}" for name in ("p50", "p95", "max")))
        for name, row in found.items():
            if row:
                print(f"{name:<12}" + "".join(f"{row[key]:8.1f}" for key in ("p50", "p95", "max")))
    return int(not asked.uri and found["by_ear"]["p95"] > LIMIT_MS)


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Of those that are known; empty where none is."""
    known = [value for value in values if value == value]
    if not known:
        return {}
    levels = zip(("p50", "p95", "max"), np.percentile(known, [50, 95, 100]), strict=True)
    return {name: round(float(value), 1) for name, value in levels}


def main() -> int:
    """Makes the card, then measures in a child that sees no other."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.simcard.reply_times", description="how soon a reply comes. On the simulated sound card"
    )
    parser.add_argument("--turns", type=int, default=40, help="how many (default 40, three minutes)")
    parser.add_argument("--recogniser", choices=("none", "slow"), default="none")
    parser.add_argument("--late", action="store_true", help="`recogniser.early: false`")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--uri", default="", help=argparse.SUPPRESS)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        return measure(asked)
    with ExitStack() as stack:
        sim = SimCard(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        sim.state.echo_gain_q15, sim.state.echo_delay = ECHO
        server = ["--uri", stack.enter_context(Slow()).uri] if asked.recogniser == "slow" else []
        return measured(sim, "tools.simcard.reply_times", [*sys.argv[1:], *server])


if __name__ == "__main__":
    raise SystemExit(ended(main))
