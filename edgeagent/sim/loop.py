"""The closed loop: the engine, a player and a room, sample by sample and as fast as the machine can.

For each block of at most CARD_BLOCK samples the loudspeaker is fixed first, then the engine gets the microphone of the
same samples. What the engine decides at sample t takes effect at loudspeaker sample t + CARD_BLOCK, whatever the block:
that is the delay of a card that runs one period ahead, and it makes speaker, microphone and journal the same byte for
byte for any chunking.

The scene has no replier: the device's lines come at their own time, and a user turn is answered by `NoReply` after as
long as a replier would think. Who goes on speaking until then goes on with the same turn, as on the device.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeagent.detect.words import Words
from edgeagent.engine import Engine
from edgeagent.ports import Sound
from edgeagent.settings import Settings
from edgeagent.signal.convert import to_float, to_int16
from edgeagent.signal.pauses import pauses
from edgeagent.signal.playback import Kind, Playback
from edgeagent.signal.wav import WavWriter, write_wav
from edgeagent.sim.room import Room
from edgeagent.sim.scene import Scene
from edgeagent.turn import actions as a
from edgeagent.turn import events as e
from edgeagent.turn.moderator import Decision
from edgeagent.turn.outputs import Gate, gain
from edgeagent.units import CARD_BLOCK, RATE, samples, seconds

ANSWERED = samples(1500)
"""From the end of a user turn to the answer: recognition, a language model, the first sound of a voice."""

Progress = Callable[[int, int], None]
"""Called about once per simulated second with the samples done and the samples in all."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the loudspeaker got of line `index`: samples before `reached`, and so many of its words whole."""

    index: int
    reached: int
    words: int


def simulate(
    scene: Scene,
    engine: Engine,
    settings: Settings,
    out: Path,
    *,
    words: Words | None = None,
    block: int = CARD_BLOCK,
    progress: Progress = lambda _done, _length: None,
) -> tuple[Spoken, ...]:
    """Run `engine` through `scene`. Writes speaker.wav, mic.wav, turn-NNN.wav and report.json into the folder `out`,
    which must exist; the engine's journal is the caller's.

    The engine must be new. words: the lexical hint, over the engine's ring, with a patient spotter. block: 1 ..
    CARD_BLOCK samples; never changes the result."""
    loop = _Loop(scene, engine, settings, out, words)
    with _Tape(out / "speaker.wav") as speaker, _Tape(out / "mic.wav") as microphone:
        while loop.at < scene.length:
            played, heard = loop.step(min(block, scene.length - loop.at))
            speaker.add(played)
            microphone.add(heard)
            if loop.at % RATE < block:
                progress(loop.at, scene.length)
    spoken = loop.spoken()
    report = {
        "scene": scene.name,
        "duration_s": seconds(scene.length),
        "heard_turns": loop.turns,
        "utterances": [
            {"index": s.index, "spoken_s": round(seconds(s.reached), 4)}
            | ({"words_heard": s.words} if scene.agent[s.index].words else {})
            for s in spoken
        ],
    }
    (out / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return spoken


class _Loop:
    """Everything of one run that lasts from block to block."""

    def __init__(self, scene: Scene, engine: Engine, settings: Settings, out: Path, words: Words | None) -> None:
        self.at = 0
        self.turns = 0
        self._scene = scene
        self._engine = engine
        self._out = out
        self._words = words
        self._duck_db = settings.turns.duck_db
        self._gate = Gate.SHUT
        self._playback = Playback()
        self._room = Room(scene.near, scene.echo)
        self._cues: list[e.Playing | e.Ceased] = []
        engine.tell(e.Ready(0))
        for index, line in enumerate(scene.agent):
            self._playback.load(index)
            self._playback.feed(index, line.sound)
            self._playback.seal(index)
            known = (line.text, line.words, pauses(line.sound), line.sound.size, line.protected)
            engine.tell(e.Scripted(line.at, index, *known))
            engine.tell(e.ReplyReady(line.at, index))

    def step(self, n: int) -> tuple[Sound, Sound]:
        """The next n samples of loudspeaker and microphone, both as 16-bit converters pass them."""
        played = to_float(to_int16(self._playback.render(n)))
        self._tell_cues()
        self._engine.reference(played)
        heard = to_float(self._room.hear(played))
        self._engine.capture(heard)
        self.at += n
        self._tell_hints()
        for decision in self._engine.decisions():
            self._apply(decision)
        return played, heard

    def spoken(self) -> tuple[Spoken, ...]:
        """How far the loudspeaker got with each line, a line that the scene's end cuts off included."""
        reached = [0] * len(self._scene.agent)
        for cue in self._cues:
            reached[cue.utterance] = max(reached[cue.utterance], cue.offset)
        if self._cues and isinstance(last := self._cues[-1], e.Playing):
            reached[last.utterance] = max(reached[last.utterance], last.offset + self.at - last.dac)
        return tuple(
            Spoken(i, count, sum(word.end <= count for word in line.words))
            for i, (count, line) in enumerate(zip(reached, self._scene.agent, strict=True))
        )

    def _tell_cues(self) -> None:
        while self._playback.cues:
            cue = self._playback.cues.popleft()
            fact: e.Playing | e.Ceased
            if cue.kind is Kind.PLAYING:
                fact = e.Playing(cue.dac, cue.utterance, cue.offset, cue.dac)
            else:
                fact = e.Ceased(cue.dac, cue.utterance, cue.offset, cue.dac, cue.finished)
            self._cues.append(fact)
            self._engine.tell(fact)

    def _tell_hints(self) -> None:
        if self._words is not None:
            for hint in self._words.hear(self._engine.state, self._engine.at):
                self._engine.tell(hint)

    def _apply(self, decision: Decision) -> None:
        """Gate, then the actions in order. The amplifier and the lamp do not sound."""
        at = decision.at + CARD_BLOCK
        if decision.outputs.gate is not self._gate:
            self._gate = decision.outputs.gate
            self._playback.aim(gain(self._gate, self._duck_db), at)
        for action in decision.actions:
            match action:
                case a.Play():
                    self._playback.play(action.utterance, action.offset, at)
                case a.Halt():
                    self._playback.halt(at)
                case a.Discard():
                    self._playback.drop(action.utterance, at)
                case a.HandOver():
                    self._hand_over(action)
                    self._engine.tell(e.NoReply(at + ANSWERED, action.turn))

    def _hand_over(self, turn: a.HandOver) -> None:
        """The user's turn as a recogniser gets it: linearly cancelled, because suppression costs it syllables."""
        self.turns += 1
        write_wav(self._out / turn.audio, self._engine.linear.read(turn.start, turn.end))


class _Tape:
    """Writes a sound file in pieces of a second, however small the blocks are."""

    def __init__(self, path: Path) -> None:
        self._writer = WavWriter(path)
        self._pending: list[Sound] = []
        self._count = 0

    def __enter__(self) -> _Tape:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._writer.close()

    def add(self, sound: Sound) -> None:
        self._pending.append(sound)
        self._count += len(sound)
        if self._count >= RATE:
            self._flush()

    def _flush(self) -> None:
        if self._pending:
            self._writer.append(np.concatenate(self._pending))
            self._pending, self._count = [], 0
