"""Artificial runs of a scene: what a system with a simple habit would have played."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from edgeagent.ports import Sound
from edgeagent.signal.wav import write_wav
from edgeagent.sim.scene import Scene
from edgeagent.sim.truth import USER, Happening
from edgeagent.units import RATE, samples

Piece = tuple[int, Sound]
"""Samples after the line's own time, and the sound that is played from there on."""

Habit = Callable[[int, Sound], list[Piece]]


def play(scene: Scene, out: Path, habit: Habit, heard: Sequence[tuple[float, float]] = ()) -> Path:
    """Write speaker.wav, report.json and a journal with turns (seconds) cut from the scene's near sound."""
    out.mkdir(exist_ok=True)
    speaker = np.zeros(scene.length, np.float32)
    spoken = []
    for index, line in enumerate(scene.agent):
        until = scene.agent[index + 1].at if index + 1 < len(scene.agent) else scene.length
        reached = 0
        for after, sound in habit(index, line.sound):
            start = line.at + after
            kept = sound[: max(0, until - start)]
            speaker[start : start + kept.size] += kept
            reached += kept.size
        spoken.append({"index": index, "spoken_s": reached / RATE, "words_heard": 5})
    write_wav(out / "speaker.wav", speaker)
    (out / "report.json").write_text(json.dumps({"utterances": spoken}))
    with (out / "journal.jsonl").open("w") as journal:
        for number, (start_s, end_s) in enumerate(heard):
            write_wav(out / f"turn-{number}.wav", scene.near[round(start_s * RATE) : round(end_s * RATE)])
            entry = {"at_s": end_s, "event": "heard", "start_s": start_s, "end_s": end_s, "audio": f"turn-{number}.wav"}
            journal.write(json.dumps(entry) + "\n")
    return out


def whole(_index: int, sound: Sound) -> list[Piece]:
    """Never stops."""
    return [(0, sound)]


def habits(scene: Scene, truth: Sequence[Happening]) -> dict[str, Habit]:
    """Never stops; stops where it should; stops always; ducks, and fades where it should stop; holds and resumes."""
    rng = np.random.default_rng(5)
    first: list[Happening | None] = [
        next((e for e in truth if line.at <= e.start < line.at + line.sound.size), None) for line in scene.agent
    ]
    both = zip(first, scene.agent, strict=True)
    stops = [e.start - line.at + int(rng.integers(1000, 9000)) if e else 0 for e, line in both]
    gaps = [int(rng.integers(4000, 20_000)) for _ in first]
    backs = [int(rng.integers(-3000, 12_000)) for _ in first]

    def right(i: int, x: Sound) -> list[Piece]:
        event = first[i]
        return [(0, x[: stops[i]] if event and event.kind in USER else x)]

    def always(i: int, x: Sound) -> list[Piece]:
        return [(0, x[: stops[i] or 20_000])]

    def duck(i: int, x: Sound) -> list[Piece]:
        event = first[i]
        y = x.copy()
        if event:
            y[stops[i] : stops[i] + 12_000] *= np.float32(0.25)
            if event.kind in USER:
                y = y[: stops[i] + 6000]
                y[-80:] *= np.linspace(1, 0, 80, dtype=np.float32)
        return [(0, y)]

    def hold(i: int, x: Sound) -> list[Piece]:
        if not first[i]:
            return [(0, x)]
        return [(0, x[: stops[i]]), (stops[i] + gaps[i], x[max(0, stops[i] - backs[i]) :])]

    return {"never": whole, "right": right, "always": always, "duck": duck, "hold": hold}


def cut(sound: Sound, at_s: float) -> list[Piece]:
    return [(0, sound[: samples(1000 * at_s)])]
