"""What the lexical hint is worth: recorded words through the recogniser, and how often each is taken for which cue.

    python -m tools.word_bench CORPUS [--part dev] [--most 40] [--seed 1] [--json]
    python -m tools.word_bench --scenes FOLDER [--json]

CORPUS is a folder of recordings as for tools.train. Of each group at most so many are drawn: words that take the floor
and words of listening aloud, both that the recogniser knows (English) and that it does not (another language), other
words, the first two seconds of phrases, and noise. Each is heard as in a doubt: from 300 ms before the onset, in
pieces of 100 ms, over a faint noise.

The log-likelihood ratios (nats) at the end are what `turn.cue_words.WORTH` is set by: how much likelier a cue is from
people who take the floor (half of them with a word that the recogniser knows, a quarter with another word, a quarter
with a phrase) than from people who listen aloud (half of them with a word that it knows, half with another word), and
from people than from noise. Half a case is added to every count, so that few cases give no great figures.

FOLDER holds scenes with their truth. Their events go through the device's canceller while it talks, and are heard from
300 ms before their onset to 1.5 s after it: with the echo suppressed, as on the device, and cancelled linearly only.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from math import log
from pathlib import Path
from typing import TypeVar

import numpy as np

from edgeagent.__main__ import ended
from edgeagent.commands._bench_decisions import scenes
from edgeagent.commands.terminal import Progress, add_json, check_seed, print_json
from edgeagent.config.languages import floor_words
from edgeagent.detect.words import PIECE, PRE_ROLL
from edgeagent.errors import EdgeAgentError
from edgeagent.ports import Sound, Spotter
from edgeagent.services.pocketsphinx_spotter import PocketsphinxSpotter
from edgeagent.sim.patient_spotter import PATIENCE_S, PatientSpotter
from edgeagent.turn.cue_words import Cue, cue
from edgeagent.units import milliseconds, samples
from tools.train.corpus import Clip, Corpus, Part, load_corpus, whole
from tools.word_bench.through_echo import events

ENGLISH = floor_words("en")

T = TypeVar("T")

KNOWN = ("speech_commands", "speech_commands_v2")
"""Sources of single words whose language the recogniser knows."""

PHRASE = samples(2000)
"""Heard of a phrase: a doubt is over after 1.5 s."""

NOISE = samples(1200)

AFTER = samples(300)
"""Heard after the last voice."""

FAINT = 3e-4
"""Of full scale (-70 dBFS): no microphone is silent."""

TAKING = {"takes the floor": 0.5, "takes it, unknown": 0.25, "phrase": 0.25}
LISTENING = {"listens": 0.5, "listens, unknown": 0.5}
PEOPLE = {"takes the floor": 0.25, "takes it, unknown": 0.25, "listens": 0.25, "listens, unknown": 0.25}
"""What the ratios compare, with the share of each group."""


@dataclass(slots=True)
class Row:
    """What became of a group. late: ms from the onset to the first partial with the cue that was final."""

    cues: dict[Cue, int] = field(default_factory=lambda: dict.fromkeys(Cue, 0))
    late: list[float] = field(default_factory=list)

    def share(self, kind: Cue) -> float:
        """Of the cue, with half a case added to each."""
        return (self.cues[kind] + 0.5) / (sum(self.cues.values()) + 0.5 * len(Cue))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        drawn = _drawn(asked)
        with closing(PocketsphinxSpotter(ENGLISH.all, stall_s=PATIENCE_S)) as spotter:
            spotter.check()
            rows = measure(drawn, PatientSpotter(spotter))
            facts = spotter.facts()
    except EdgeAgentError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    speed = facts["busy_s"] / facts["heard_s"]
    if asked.json:
        plain = {name: {**row.cues, "late_ms": row.late} for name, row in rows.items()}
        worth = {} if asked.scenes else {"nats": ratios(rows)}
        print_json({"groups": plain, **worth, "computing_per_second": speed})
    else:
        tables = [table(rows)] if asked.scenes else [table(rows), nats(rows)]
        print(*tables, f"{speed:.3f} s of computing for a second of sound", sep="\n\n")
    return 0


def _drawn(asked: argparse.Namespace) -> dict[str, list[tuple[Sound, int]]]:
    """Sounds and their onsets by group. Raises EdgeAgentError."""
    if (asked.corpus is None) == (asked.scenes is None):
        raise EdgeAgentError("there is one thing to listen to", "give CORPUS or --scenes FOLDER")
    if asked.scenes:
        return events(scenes(asked.scenes))
    if asked.most < 1:
        raise EdgeAgentError(f"--most {asked.most}: nothing would be heard", "give 1 or more")
    check_seed(asked.seed)
    return groups(load_corpus(asked.corpus, Part(asked.part)), asked.most, np.random.default_rng(asked.seed))


def groups(corpus: Corpus, most: int, draw: np.random.Generator) -> dict[str, list[tuple[Sound, int]]]:
    """Sounds and their onsets by group."""
    words = [clip for speaker in sorted(corpus.words) for clip in corpus.words[speaker]]
    clips = {
        "takes the floor": [clip for clip in corpus.commands if clip.source in KNOWN],
        "takes it, unknown": [clip for clip in corpus.commands if clip.source not in KNOWN],
        "listens": [clip for clip in corpus.backchannels if clip.source in KNOWN],
        "listens, unknown": [clip for clip in corpus.backchannels if clip.source not in KNOWN],
        "other word": words,
        "phrase": corpus.phrases,
    }
    drawn = {name: [heard(clip, draw) for clip in _some(found, most, draw)] for name, found in clips.items()}
    pieces = [sound[at : at + NOISE] for path in corpus.noises for sound in [whole(path)] for at in _starts(sound)]
    return {**drawn, "noise": [(piece, PRE_ROLL) for piece in _some(pieces, most, draw)]}


def heard(clip: Clip, draw: np.random.Generator) -> tuple[Sound, int]:
    """As the recogniser gets it in a doubt, and the sample of the onset."""
    onset = clip.active[0][0]
    end = min(clip.active[-1][1] + AFTER, onset + PHRASE)
    voice = clip.sound()[max(0, onset - PRE_ROLL) : end]
    sound = np.concatenate([np.zeros(max(0, PRE_ROLL - onset)), voice])
    return (sound + FAINT * draw.standard_normal(sound.size)).astype(np.float32), PRE_ROLL


def measure(drawn: Mapping[str, Sequence[tuple[Sound, int]]], spotter: Spotter) -> dict[str, Row]:
    """Every sound through the recogniser."""
    rows = {name: Row() for name in drawn}
    with Progress("listening", sum(map(len, drawn.values()))) as progress:
        done = 0
        for name, sounds in drawn.items():
            for sound, onset in sounds:
                said = list(_partials(sound, spotter))
                last = said[-1][1]
                rows[name].cues[last] += 1
                if last is not Cue.NOTHING:
                    rows[name].late.append(milliseconds(next(at for at, kind in said if kind is last) - onset))
                done += 1
                progress.at(done)
    return rows


def ratios(rows: Mapping[str, Row]) -> dict[str, dict[str, float]]:
    """Nats of each cue, for the floor and for a person."""
    return {
        kind.value: {
            "floor": log(_mixed(rows, TAKING, kind) / _mixed(rows, LISTENING, kind)),
            "person": log(_mixed(rows, PEOPLE, kind) / rows["noise"].share(kind)),
        }
        for kind in Cue
    }


def table(rows: Mapping[str, Row]) -> str:
    """What each group was understood as."""
    lines = [
        "| heard | recordings | takes | listens | nothing | ms after the onset, median |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        count = sum(row.cues.values())
        kinds = (Cue.TAKES, Cue.LISTENS, Cue.NOTHING)
        shares = " | ".join(f"{row.cues[kind] / count:.2f}" if count else "-" for kind in kinds)
        late = f"{np.median(row.late):.0f}" if row.late else "-"
        lines.append(f"| {name} | {count} | {shares} | {late} |")
    return "\n".join(lines)


def nats(rows: Mapping[str, Row]) -> str:
    """What each cue is worth."""
    lines = ["| cue | floor, nats | person, nats |", "|---|---|---|"]
    lines += [f"| {kind} | {worth['floor']:+.2f} | {worth['person']:+.2f} |" for kind, worth in ratios(rows).items()]
    return "\n".join(lines)


def _partials(sound: Sound, spotter: Spotter) -> Iterator[tuple[int, Cue]]:
    """(sample, cue) of each partial."""
    spotting = spotter.listen(0)
    for at in range(0, sound.size, PIECE):
        spotting.feed(sound[at : at + PIECE])
        yield from ((partial.upto, cue(partial.text, ENGLISH)) for partial in spotting.partials())
    spotting.finish()
    yield from ((partial.upto, cue(partial.text, ENGLISH)) for partial in spotting.partials())


def _mixed(rows: Mapping[str, Row], shares: Mapping[str, float], kind: Cue) -> float:
    return sum(share * rows[name].share(kind) for name, share in shares.items())


def _some(found: Sequence[T], most: int, draw: np.random.Generator) -> list[T]:
    return [found[index] for index in draw.permutation(len(found))[:most]]


def _starts(sound: Sound) -> range:
    return range(0, sound.size - NOISE, NOISE)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.word_bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "corpus",
        type=Path,
        nargs="?",
        metavar="CORPUS",
        help="folder with manifest.csv and segments.csv, as for tools.train",
    )
    parser.add_argument("--scenes", type=Path, metavar="FOLDER", help="events of scenes instead, through the canceller")
    parser.add_argument("--part", choices=list(Part), default=Part.DEV, help="recordings to measure on (default dev)")
    parser.add_argument("--most", type=int, default=40, metavar="N", help="recordings of each group (default 40)")
    parser.add_argument("--seed", type=int, default=1, help="other recordings (default 1)")
    add_json(parser)
    return parser


if __name__ == "__main__":
    raise SystemExit(ended(main))
