"""The closed loop of `loop`, with others in the place of the engine: a canceller, Silero VAD, and the rule of a
framework.

A line begins at its time, or when nobody is taken to speak any more and the line before is over; what was stopped stays
away. Speech as the detector has it is handed over in the canceller's sound. Everything a rule decides takes effect as
soon as what the engine decides would: after a card block.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeagent.errors import EdgeAgentError, install
from edgeagent.ports import Sound
from edgeagent.signal.convert import to_float, to_int16
from edgeagent.signal.playback import Playback
from edgeagent.signal.wav import write_wav
from edgeagent.sim.echo_bench.judges import Silero
from edgeagent.sim.echo_bench.peers import Aec3
from edgeagent.sim.echo_bench.run import Maker
from edgeagent.sim.echo_bench.scenes import FRAME
from edgeagent.sim.room import Room
from edgeagent.sim.scene import Scene
from edgeagent.sim.vad_rule import RULES, Activity, Rule
from edgeagent.turn.actions import sound_file
from edgeagent.units import CARD_BLOCK, HOP, seconds

Vad = Callable[[Sound], float]
"""Probability of speech in the next FRAME of a sound, (FRAME,) float32."""


def silero() -> Vad:
    """A fresh Silero VAD. Raises ImportError."""
    return Silero().hear


@dataclass(frozen=True, slots=True)
class Peer:
    """canceller: None for a perfect one, which leaves everything but our own sound. vad: makes a fresh one."""

    name: str
    canceller: Maker | None
    rule: Rule
    vad: Callable[[], Vad] = silero


def peers() -> tuple[Peer, ...]:
    """All that are compared with. Raises EdgeAgentError without the extra [peers]."""
    try:
        Aec3()
        silero()
    except ImportError as error:
        raise EdgeAgentError(f"--peers: {error.name} is not installed", install("peers")) from error
    cancellers: tuple[tuple[str, Maker | None], ...] = (("AEC3", Aec3), ("a perfect canceller", None))
    return tuple(Peer(f"{name}, Silero, {rule.name}", maker, rule) for name, maker in cancellers for rule in RULES)


def simulate_peer(scene: Scene, peer: Peer, out: Path) -> None:
    """Run `peer` through `scene`. Writes speaker.wav, turn-NNN.wav and, of the journal, the `heard` entries into the
    folder `out`, which must exist: what `score` reads."""
    loop = _Loop(scene, peer)
    played = [loop.step() for _ in range(scene.length // HOP)]
    write_wav(out / "speaker.wav", np.concatenate([*played, np.zeros(scene.length % HOP, np.float32)]))
    entries = []
    for index, (start, end, sound) in enumerate(loop.turns(), start=1):
        audio = sound_file(index)
        write_wav(out / audio, sound)
        entries.append({"event": "heard", "start_s": seconds(start), "end_s": seconds(end), "audio": audio})
    (out / "journal.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")


class _Loop:
    def __init__(self, scene: Scene, peer: Peer) -> None:
        self._subject = peer.canceller() if peer.canceller else None
        self._delay = self._subject.delay if self._subject else 0
        self._activity, self._vad = Activity(peer.rule), peer.vad()
        self._near, self._room = scene.near, Room(scene.near, scene.echo)
        self._playback = Playback()
        self._clean: list[Sound] = []
        self._at = self._over = 0  # the latter: when what is being said is over
        self._due = [(line.at, line.sound.size, index) for index, line in enumerate(scene.agent)]
        for index, line in enumerate(scene.agent):
            self._playback.load(index)
            self._playback.feed(index, line.sound)
            self._playback.seal(index)

    def step(self) -> Sound:
        """The next HOP samples of the loudspeaker."""
        played = to_float(to_int16(self._playback.render(HOP)))
        halves = [to_float(self._room.hear(half)) for half in (played[: HOP // 2], played[HOP // 2 :])]
        if self._subject:
            clean = self._subject.process(played, np.concatenate(halves)).clean
        else:
            clean = self._near[self._at : self._at + HOP]
        self._clean.append(clean)
        self._at += HOP
        if len(self._clean) * HOP % FRAME == 0 and self._activity.hear(self._vad(np.concatenate(self._clean[-2:]))):
            self._over = self._at + CARD_BLOCK
            self._playback.halt(self._over)
        self._begin()
        return played

    def turns(self) -> list[tuple[int, int, Sound]]:
        """All that was taken for speech: scene samples [start, end), and the sound."""
        self._activity.finish()
        clean, before = np.concatenate(self._clean), self._activity.rule.before
        found = []
        for first, last in self._activity.speeches:
            start, end = max(0, first - before - self._delay), max(0, last - self._delay)
            found.append((start, end, clean[start + self._delay : end + self._delay]))
        return found

    def _begin(self) -> None:
        """The next line, if it is time."""
        if self._activity.speaking or not self._due:
            return
        due, size, index = self._due[0]
        at = max(due, self._over, self._at + CARD_BLOCK)
        if at <= self._at + HOP + CARD_BLOCK:
            del self._due[0]
            self._over = at + size
            self._playback.play(index, at=at)
            self._playback.aim(1.0, at)
