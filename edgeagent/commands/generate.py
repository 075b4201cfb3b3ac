"""Makes scenes to simulate and to score: a device that talks, people who interrupt it, agree with it, cough, or talk to
somebody else, in rooms with more or less echo, noise, delay and drift.

The speech comes from a folder of sound files, or from a CSV with the columns path and kind (and speaker, where
--speakers chooses); without one, from voices of espeak-ng. The same seed, count and recordings give the same bits
(espeak-ng itself differs by a few samples from run to run). `edgeagent simulate DIR --out RUNS` runs the scenes,
`edgeagent score` judges.

Where a file holds many recordings, the CSV has start_s and end_s; and active, as in "2.59-3.14;3.20-3.31", says when
somebody is heard: in a noisy recording nothing else tells where the voice begins.

In the folder, files in subfolders called agent, interruption, command, backchannel, noise or far_speech are of that
kind; of the others, those of 3.5 s and more are the device's, and the rest interrupt it.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path

from edgeagent.commands.terminal import Progress, check_seed
from edgeagent.errors import EdgeAgentError, SceneError

HELP = "scenes with a known truth, from recordings or from synthetic voices"

SHORTEST_S, LONGEST_S = 15, 600
"""A scene must hold a sentence and what happens in it; and it is made in memory."""

MOST = 10_000
"""Scenes at once: some forty gigabytes. What they are like is drawn for all of them before the first is made."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="new or empty folder for the scenes")
    parser.add_argument("--count", type=int, default=10, metavar="N", help="how many scenes (default 10)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="other scenes (default 1)")
    parser.add_argument("--speech", type=Path, metavar="FOLDER_OR_CSV", help="recordings to make them from")
    parser.add_argument("--speakers", type=Path, metavar="FILE", help="only these, by the CSV's column speaker")
    parser.add_argument("--seconds", type=float, default=40.0, metavar="N", help="length of each (default 40)")


def run(args: argparse.Namespace) -> int:
    from edgeagent.commands import _speech
    from edgeagent.sim import voices
    from edgeagent.sim.folder import write_scene
    from edgeagent.sim.generate import generate

    _check(args)
    events = 0
    with ExitStack() as closing:
        if args.speech is None:
            speech = closing.enter_context(_speech.Voices())
            cast = voices.from_speech(speech.say, _speech.DEVICE, _speech.PEOPLE)
        elif args.speech.is_dir():
            cast = voices.from_folder(args.speech)
        else:
            cast = voices.from_table(args.speech, _speech.speakers(args.speakers) if args.speakers else None)
        progress = closing.enter_context(Progress("generating", args.count))
        made = generate(cast, args.count, args.seed, duration_s=args.seconds)
        for number, (encounter, _) in enumerate(made, start=1):
            write_scene(args.out / encounter.scene.name, encounter.scene, encounter.truth, encounter.clean)
            events += len(encounter.truth)
            progress.at(number)
    print(f"{args.count} scenes of {args.seconds:g} s with {events} events in {args.out}")
    return 0


def _check(args: argparse.Namespace) -> None:
    """Raises EdgeAgentError for what cannot be made."""
    if args.count < 1:
        raise EdgeAgentError(f"--count {args.count}: nothing would be made", "give a number of at least 1")
    if args.count > MOST:
        raise EdgeAgentError(f"--count {args.count}: more than {MOST} at once", "make the others with another --seed")
    check_seed(args.seed)
    if args.speakers and (args.speech is None or args.speech.is_dir()):
        raise EdgeAgentError("--speakers needs a table of recordings", "give --speech a CSV with a column speaker")
    if not SHORTEST_S <= args.seconds <= LONGEST_S:
        raise EdgeAgentError(f"--seconds {args.seconds:g} is out of range", f"give {SHORTEST_S} .. {LONGEST_S}")
    if args.out.is_dir() and any(args.out.iterdir()):
        raise SceneError(f"{args.out} is not empty", "give a new folder: scenes of two runs must not mix")
