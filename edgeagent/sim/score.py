"""How a run of a scene went: stops where stops were due, none elsewhere, and the user's words handed on.

Judged from the loudspeaker's sound (`track`), the journal's user turns and the scene's truth. Events of a user claim
stops before other events do, and what no event claims is the device's own doing: "self".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from edgeagent.errors import SceneError
from edgeagent.ports import Sound
from edgeagent.signal.convert import to_float
from edgeagent.signal.wav import read_wav
from edgeagent.sim.handover import is_ghost, judge_handover, read_turns
from edgeagent.sim.room import Room
from edgeagent.sim.scene import Scene, load_scene
from edgeagent.sim.stops import LOST, SELF, Course, Stop, course
from edgeagent.sim.track import FRAME, Played, audible, track
from edgeagent.sim.truth import USER, Happening, read_truth
from edgeagent.sim.verdicts import EventScore, ducked_frames, judge, window
from edgeagent.units import CARD_BLOCK, RATE, seconds

MIC_WRONG = -25.0
"""Difference in dB from which on mic.wav is not what the scene's microphone hears."""


@dataclass(slots=True)
class LineScore:
    """One line of the device. `right`: with a user event in it, stopped for good and in time, and not before; without,
    or where the line is protected, said to its end. Errors: what report.json claims less what was measured, None
    without a claim."""

    index: int
    started: bool
    user: bool
    right: bool
    length_s: float
    spoken_s: float
    start_delay_s: float | None
    lost_s: float
    repeated_s: float
    words_lost: int
    words_repeated: int
    spoken_error_s: float | None = None
    words_error: int | None = None


@dataclass(slots=True)
class RunScore:
    """One run of one scene. planned_s: length of all lines. clear_s: agent speech outside all event windows. foreign_s:
    sound that belongs to no line. mic_error_db: mic.wav against the scene's microphone, None without mic.wav."""

    scene: str
    events: list[EventScore]
    lines: list[LineScore]
    stops: list[Stop]
    planned_s: float
    played_s: float
    clear_s: float
    ducked_s: float
    cracks_s: float
    foreign_s: float
    heard_turns: int
    ghost_turns: int
    mic_error_db: float | None
    warnings: list[str]

    def plain(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self) | {"stops": [asdict(stop) | {"held": stop.held} for stop in self.stops]}


def look_over(scene_folder: Path) -> None:
    """Read all of a scene that `score` will, for whoever is to spend minutes on others first. Raises SceneError,
    SoundFileError."""
    load_scene(scene_folder)
    read_truth(scene_folder)
    _clean(scene_folder)


def score(scene_folder: Path, run: Path) -> RunScore:
    """Judge the run in folder `run` of the scene in `scene_folder`. Raises SceneError, SoundFileError."""
    scene, truth = load_scene(scene_folder), read_truth(scene_folder)
    recorded = read_wav(run / "speaker.wav")
    speaker = np.pad(recorded, (0, max(0, scene.length - recorded.size)))[: scene.length]
    played = track(speaker, scene.agent)
    courses = [course(i, line, played.stretches, scene.length) for i, line in enumerate(scene.agent)]
    stops = [stop for c in courses for stop in c.stops]
    ducked = ducked_frames(played)
    turns, clean = read_turns(run), _clean(scene_folder)
    verdicts: dict[int, EventScore] = {}  # by place in the truth: two events may be alike in everything
    for place, event in sorted(enumerate(truth), key=lambda placed: placed[1].kind not in USER):
        verdicts[place] = judge(event, scene.agent, played, stops, ducked)
        if event.kind in USER:
            judge_handover(event, verdicts[place], turns, clean)
    for stop in stops:
        stop.cause = stop.cause or SELF
    events = [verdicts[place] for place in range(len(truth))]
    microphone_error = _microphone_error(scene, run, speaker)
    return RunScore(
        scene=scene.name,
        events=events,
        lines=_lines(scene, courses, list(zip(truth, events, strict=True)), _claims(run)),
        stops=stops,
        planned_s=seconds(sum(line.sound.size for line in scene.agent)),
        played_s=seconds(sum(s.stop - s.start for s in played.stretches)),
        clear_s=seconds(_clear(truth, played, scene.length)),
        ducked_s=seconds(FRAME * ducked.size),
        cracks_s=seconds(sum(c.cracks for c in courses)),
        foreign_s=seconds(played.foreign),
        heard_turns=len(turns),
        ghost_turns=sum(is_ghost(turn, truth) for turn in turns),
        mic_error_db=microphone_error,
        warnings=_warnings(scene, recorded, microphone_error),
    )


def _lines(
    scene: Scene,
    courses: Sequence[Course],
    verdicts: Sequence[tuple[Happening, EventScore]],
    claims: dict[int, dict[str, float]],
) -> list[LineScore]:
    scores = []
    for index, (line, went) in enumerate(zip(scene.agent, courses, strict=True)):
        within = [v for e, v in verdicts if e.kind in USER and line.at <= e.start < line.at + line.sound.size]
        user = [] if line.protected else within
        wrong = [stop for stop in went.stops if not stop.held]
        right = user[0].committed and len(wrong) == 1 if user else not wrong and went.lost <= 5 * LOST
        claim = claims.get(index, {}) if went.started else {}
        words = sum(word.end <= went.reached for word in line.words)
        scores.append(
            LineScore(
                index=index,
                started=went.started,
                user=bool(user),
                right=went.started and right,
                length_s=seconds(line.sound.size),
                spoken_s=seconds(went.reached),
                start_delay_s=None if went.delay is None else seconds(went.delay),
                lost_s=seconds(went.lost),
                repeated_s=seconds(went.repeated),
                words_lost=went.words_lost,
                words_repeated=went.words_repeated,
                spoken_error_s=claim["spoken_s"] - seconds(went.reached) if "spoken_s" in claim else None,
                words_error=round(claim["words_heard"]) - words if line.words and "words_heard" in claim else None,
            )
        )
    return scores


def _claims(run: Path) -> dict[int, dict[str, float]]:
    """What report.json says of each line."""
    path = run / "report.json"
    if not path.is_file():
        return {}
    try:
        entries = json.loads(path.read_text(encoding="utf-8")).get("utterances", [])
        wanted = ("spoken_s", "words_heard")
        return {int(x["index"]): {key: float(x[key]) for key in wanted if x.get(key) is not None} for x in entries}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        remedy = "it must hold utterances, a list of {index, spoken_s}; run the scene again"
        raise SceneError(f"{path}: {error}", remedy) from None


def _clear(truth: Sequence[Happening], played: Played, length: int) -> int:
    """Samples of agent speech that no event can be blamed for."""
    clear = np.ones(length, np.bool_)
    for start, end in map(window, truth):
        clear[start:end] = False
    return sum(int(clear[s.start : s.stop].sum()) for s in played.stretches)


def _clean(folder: Path) -> Sound | None:
    """The scene's user alone, if the scene comes with it."""
    for path in (folder / "near_clean.flac", folder / "near_clean.wav"):
        if path.is_file():
            return read_wav(path)
    return None


def _microphone_error(scene: Scene, run: Path, speaker: Sound) -> float | None:
    """dB of mic.wav less the microphone that this loudspeaker makes, relative to the latter."""
    if not (run / "mic.wav").is_file():
        return None
    recorded = read_wav(run / "mic.wav")[: scene.length]
    room = Room(scene.near, scene.echo)
    blocks = [room.hear(speaker[at : at + CARD_BLOCK]) for at in range(0, recorded.size, CARD_BLOCK)]
    wanted = to_float(np.concatenate(blocks))[: recorded.size].astype(np.float64)
    error = recorded - wanted
    return float(10 * np.log10((np.mean(error**2) + 1e-12) / (np.mean(wanted**2) + 1e-12)))


def _warnings(scene: Scene, recorded: Sound, microphone_error: float | None) -> list[str]:
    warnings = []
    if abs(recorded.size - scene.length) > RATE // 10:
        warnings.append(f"speaker.wav lasts {seconds(recorded.size):.2f} s, the scene {seconds(scene.length):.2f} s")
    if microphone_error is not None and microphone_error > MIC_WRONG:
        warnings.append("mic.wav is not near + the echo of speaker.wav")
    if silent := [str(index) for index, line in enumerate(scene.agent) if not audible(line.sound)]:
        warnings.append(f"lines too faint to be found count as never begun: {', '.join(silent)}")
    return warnings
