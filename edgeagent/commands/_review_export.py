"""Labelled clips as recordings that `python -m tools.train.tune` reads: sessions with a consent and takes.

Clips are put one behind the other, with a gap between them that the session calls lost sound, which is neither learnt
from nor measured on. What a clip is labelled as holds for the sound itself, found by its energy in what the canceller
had left then (`detect.stretch`, as in `edgeagent collect`), so that no label depends on the models that it is to teach.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgeagent.commands._collect_text import ask
from edgeagent.commands.terminal import print_json, warn
from edgeagent.detect.stretch import Ground, Stretches, level_db
from edgeagent.errors import EdgeAgentError, SessionError
from edgeagent.ports import Sound
from edgeagent.settings import Echo, Settings
from edgeagent.store.clips import Clip, implied, now, read_clips
from edgeagent.store.journal import JsonLinesJournal
from edgeagent.store.occasions import Kind, Was
from edgeagent.store.session import Recording
from edgeagent.store.takes import TAKES, Consent, Expected, Outcome, Take, take_to_json, write_consent
from edgeagent.turn import events as e
from edgeagent.units import HOP, RATE, samples, seconds

EXPECTED: Mapping[Was, Expected] = {
    Was.INTERRUPTION: Expected.FLOOR,
    Was.BACKCHANNEL: Expected.BACKCHANNEL,
    Was.COUGH: Expected.NOISE,
    Was.NOISE: Expected.NOISE,
    Was.TELEVISION: Expected.FAR,
    Was.SELF: Expected.SILENCE,
}
"""What a sound so labelled teaches; what is something else teaches nothing."""

GAP = samples(1000)
"""Of silence between two clips; the canceller is told that sound was lost."""

EARLY = samples(500)
"""Before the onset that the policy had found, the sound may already have begun: words begin softly."""

PRESSED = samples(4000)
"""Before a press of the button whoever was not stopped for has spoken."""

MARGIN = samples(320)
"""Around the sounds of a clip of which it is sure that nothing is in it."""

SETTLING = samples(1000)
"""At a clip's beginning, not taken for the ground: the previous sound may just be ending."""

CLIPS = 10
"""In a session at least, before another one is begun: whole sessions are held back to measure on."""

CONSENT = """\
You are about to make recordings for teaching out of {count} that the device's flight recorder has kept.

What is in them: some seconds of everything that the microphone heard around each moment that you have labelled, other
people's voices included; what the device said; what you said it was; the name or pseudonym you give, and this text.

Where they go: into the folder {folder} on this machine. Nothing is sent anywhere by this program.

What they are for: teaching the device with `python -m tools.train.tune`. A model taught with them does not contain
them; but whoever has the folder can hear those people.

Agree only if everybody who can be heard in them does. To get rid of them delete the folder, and the clips."""

QUESTION = "Type yes if they do: "
HOUSEHOLD = "household"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A clip and what its sound teaches. take: in samples of the clip; its number is that of the clip."""

    clip: Clip
    take: Take


def run(folder: Path, out: Path, args: argparse.Namespace) -> int:
    """`review export OUT`. Raises EdgeAgentError."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise EdgeAgentError(f"{out}: is there already", "name a folder that is new or empty")
    found, left_out = sorted_out(read_clips(folder, warn))
    if not found:
        remedy = "label some: `edgeagent review ask`, or `label N right|wrong --was WHAT`"
        raise EdgeAgentError(f"{folder}: no clip that could teach anything{_because(left_out)}", remedy)
    told = CONSENT.format(count=f"{len(found)} clip" + "s" * (len(found) != 1), folder=out)
    print(told, file=sys.stderr)
    if not args.consent and ask(QUESTION).casefold() != "yes":
        print("nothing was written", file=sys.stderr)
        return 1
    act = "--consent" if args.consent else "typed yes"
    consent = Consent(" ".join((args.person or "").split()) or HOUSEHOLD, act, now(), told, 0)
    sessions = [_write(out / f"{n:03d}", part, consent) for n, part in enumerate(parts(found), start=1)]
    _account(out, sessions, found, left_out, as_json=args.json)
    return 0


def sorted_out(clips: Iterable[Clip]) -> tuple[list[Labelled], dict[str, list[int]]]:
    """Those that teach something, the oldest first, and why the others with a label do not, by number."""
    found: list[Labelled] = []
    left_out: dict[str, list[int]] = {}
    for clip in clips:
        if clip.label is None:
            continue
        was = implied(clip)
        if was is None:
            left_out.setdefault("it is not said what they were", []).append(clip.number)
        elif was not in EXPECTED:
            left_out.setdefault(f"labelled {was}", []).append(clip.number)
        elif damage := clip.damage():
            warn(damage)
            left_out.setdefault("their sound is damaged", []).append(clip.number)
        elif (take := taken(clip, EXPECTED[was])) is None:
            left_out.setdefault("no sound stands out where it was decided", []).append(clip.number)
        else:
            found.append(Labelled(clip, take))
    return sorted(found, key=lambda one: one.clip.number), left_out


def taken(clip: Clip, expected: Expected) -> Take | None:
    """Where in the clip the sound is that the label is about; None if nothing stands out there."""
    one = clip.occasion
    clean = clip.sound("clean")
    levels = [level_db(clean[at : at + HOP]) for at in range(0, len(clean) - HOP + 1, HOP)]
    pressed = one.kind is Kind.BUTTON and one.ducked < 0
    onset = one.onset - clip.start
    first = max(0, onset - (PRESSED if pressed else EARLY)) // HOP
    ground = Ground()
    for level in levels[min(first // 2, SETTLING // HOP) : first]:
        ground.push(level)
    stretches = Stretches(ground.level())
    for level in levels[first:]:
        stretches.push(level)
    until = (one.ended if expected is Expected.FLOOR else max(one.decided, one.onset + HOP)) - clip.start
    if expected is Expected.SILENCE:
        shown = max(0, onset - EARLY)
        return _take(clip, expected, (shown, min(until, len(clean))), (), stretches.level_db([]), ground.level())
    spans = [(start, stop) for start, stop in stretches.found() if (first + start) * HOP < until]
    if not spans:
        return None
    sounds = tuple(((first + start) * HOP, (first + stop) * HOP) for start, stop in spans)
    window = max(0, sounds[0][0] - MARGIN), min(len(clean), sounds[-1][1] + MARGIN)
    return _take(clip, expected, window, sounds, stretches.level_db(spans), ground.level())


def _take(
    clip: Clip,
    expected: Expected,
    window: tuple[int, int],
    sounds: tuple[tuple[int, int], ...],
    level: float,
    ground: float,
) -> Take:
    prompt = f"clip {clip.number}: {clip.occasion.kind}"
    return Take(clip.number, 1, expected, prompt, "", *window, Outcome.GOOD, sounds, round(level, 1), round(ground, 1))


def parts(found: Sequence[Labelled]) -> list[list[Labelled]]:
    """Sessions of CLIPS clips and more; what is left over goes to the last one. Clips that share sound stay together,
    or what is measured on had been learnt from."""
    made: list[list[Labelled]] = []
    for one in found:
        other = not made or made[-1][0].clip.echo != one.clip.echo
        if other or (len(made[-1]) >= CLIPS and _apart(made[-1], one.clip)):
            made.append([])
        made[-1].append(one)
    if len(made) > 1 and len(made[-1]) < CLIPS // 2 and made[-1][0].clip.echo == made[-2][0].clip.echo:
        rest = made.pop()
        made[-1] += rest
    return made


def _apart(part: Sequence[Labelled], clip: Clip) -> bool:
    return all(one.clip.run != clip.run or one.clip.stop <= clip.start for one in part)


def _write(folder: Path, part: Sequence[Labelled], consent: Consent) -> Path:
    """One session. Raises SessionError, also where it is not written whole: half of it would pass for all of it."""
    folder.mkdir(mode=0o700, parents=True)
    write_consent(folder, consent)
    first, unwritten = part[0].clip, list[str]()
    recording = Recording(folder, Settings(echo=Echo(**first.echo)), first.versions, unwritten.append)
    journal = JsonLinesJournal(folder / TAKES, unwritten.append)
    recording.tell(e.Ready(0))
    at = 0
    for one in part:
        if at:
            recording.tell(e.Lost(at, "between_clips", GAP))
            _sound(recording, np.zeros(GAP, np.float32), np.zeros(GAP, np.float32))
            at += GAP
        for lost in one.clip.journal:
            if lost.get("event") == "lost":
                told = e.Lost(at + lost["at"] - one.clip.start, lost["kind"], lost["frames"], lost["shift"])
                recording.tell(told)
        _sound(recording, one.clip.sound("reference"), one.clip.sound("mic"))
        journal.write(take_to_json(moved(one.take, at)))
        at += one.clip.stop - one.clip.start
    recording.close()
    journal.close()
    if unwritten:
        problem = unwritten[0].rpartition("; ")[0]
        raise SessionError(problem, f"make room on the disk, delete {folder.parent}, and export again")
    return folder


def moved(take: Take, by: int) -> Take:
    """The take `by` samples later."""
    sounds = tuple((start + by, stop + by) for start, stop in take.sounds)
    return replace(take, shown=take.shown + by, until=take.until + by, sounds=sounds)


def _sound(recording: Recording, reference: Sound, microphone: Sound) -> None:
    for start in range(0, len(microphone), RATE):
        recording.reference(reference[start : start + RATE])
        recording.capture(microphone[start : start + RATE])


def _because(left_out: Mapping[str, Sequence[int]]) -> str:
    return "".join(f"; {len(which)} left out: {why}" for why, which in left_out.items())


def _account(
    out: Path,
    sessions: Sequence[Path],
    found: Sequence[Labelled],
    left_out: Mapping[str, Sequence[int]],
    *,
    as_json: bool,
) -> None:
    counts = {str(kind): sum(one.take.expected is kind for one in found) for kind in Expected}
    lasts = sum(one.clip.stop - one.clip.start for one in found)
    if as_json:
        print_json({"sessions": [str(path) for path in sessions], "takes": counts, "left_out": dict(left_out)})
        return
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    many = f"{len(sessions)} session" + "s" * (len(sessions) != 1)
    print(f"{many} in {out}, {seconds(lasts) / 60:.1f} minutes: {told}")
    for why, which in left_out.items():
        print(f"left out, {why}: {', '.join(map(str, sorted(which)))}")
    print(
        f"\nto teach the ear with them:  python -m tools.train.tune {out} --out DIR\n(docs/collect.md, docs/review.md)"
    )
