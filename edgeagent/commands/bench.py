"""Measures this program: what it costs on this machine, how well it hears through its own voice, how well it decides.

Other programs slow down even the medians of what is timed: let the machine be idle."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edgeagent.commands.terminal import add_json

HELP = "what the engine costs here, how good its echo canceller is and how good its decisions are"

STAGES = """What each stage of the engine costs: milliseconds for 10 ms of sound, on one core.

Two synthetic talkers speak at the same time, one of them through the loudspeaker and back by an echo path, so that no
stage rests. An indented stage is part of the one above it."""

ECHO = """How well the echo canceller does: scenes in which a device talks all the time and a person talks over it, and
what is left of both.

The speech comes from a folder of sound files, or from voices of espeak-ng. In a folder with a manifest.csv (columns
path and kind; kinds agent, near, noise, rir) the device speaks with the voices of agent; in one without, files in
subfolders of these names are of that kind, and the others speak by turns for the device and for the person.

conditions:
"""


DECISIONS = """How well it decides: every scene of a folder through the whole engine, judged as `edgeagent score` does,
with what became of each kind of event, and of each style where the truth names one.

An event that takes the floor (interruption, command) is stopped for in time (within 1.5 s, and the utterance does not
come back), or the device talked on after all, was late, or missed it. Through any other (backchannel, noise, far
speech) it goes on undisturbed, ducked only, or held (silent for at most a second, nothing lost); all else is a false
stop. A stop that no event can be blamed for is a self stop. An event is tested when the device was speaking at its
onset and had half a second left; one that takes the floor not over a protected line, which nobody may stop. Shares come
with their 95 % interval (Wilson); with few events it is wide.

With --shed the device leaves out what it leaves out on a machine that is too slow: 1 the word spotter's hints, 2 also
every second answer of the backchannel model, 3 also the suppression of the echo that the filter leaves.

With --peers a table shows what others make of the same scenes: WebRTC AEC3, or a perfect canceller, with Silero VAD
behind it and the rules by which LiveKit Agents and Pipecat stop. It takes some ten times as long.

With --report each wrong decision gets a card: microphone and cleaned sound to see and to hear, the probabilities, the
evidence against its bounds, and the gate, from a second before the onset to one and a half after the decision.

  edgeagent generate --out scenes --count 12 --seed 7       scenes of your own, or any folder of scenes with truth.json
  edgeagent bench decisions scenes --report decisions.html
  edgeagent simulate scenes/scene-003 --out run --report    one of them from beginning to end"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    benches = parser.add_subparsers(dest="bench", required=True, metavar="BENCH")
    stages = benches.add_parser(
        "stages",
        help="median, p95 and p99 of each stage",
        description=STAGES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    stages.add_argument("--seconds", type=int, default=20, metavar="N", help="sound to measure on (default 20)")
    stages.add_argument("--config", type=Path, metavar="FILE", help="of this device, with its shadow if it has one")
    add_json(stages)
    _add_echo(benches)
    _add_decisions(benches)


def _add_echo(benches: Any) -> None:
    from edgeagent.sim.echo_bench.conditions import CONDITIONS

    echo = benches.add_parser(
        "echo",
        help="the echo canceller over many conditions, and others beside it",
        description=ECHO + "\n".join(f"  {condition.name:<14} {condition.what}" for condition in CONDITIONS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    echo.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="recordings to make the scenes from")
    echo.add_argument("--conditions", nargs="+", metavar="NAME", help="only these (default: all)")
    echo.add_argument("--speakers", type=Path, metavar="FILE", help="only these speakers of the manifest's split train")
    echo.add_argument("--seed", type=int, default=1, metavar="S", help="other voices and rooms (default 1)")
    echo.add_argument("--seeds", type=int, default=1, metavar="N", help="so many of each condition (default 1)")
    echo.add_argument("--seconds", type=int, default=32, metavar="N", help="length of a scene (default 32)")
    echo.add_argument("--peers", action="store_true", help="also WebRTC AEC3 and Speex")
    echo.add_argument("--real", type=Path, metavar="FOLDER", help="also its microphone.wav and reference.wav")
    echo.add_argument("--report", type=Path, metavar="PAGE.html", help="also write a page with pictures")
    echo.add_argument("--jobs", type=int, default=1, metavar="N", help="scenes at the same time (default 1)")
    add_json(echo)


def _add_decisions(benches: Any) -> None:
    decisions = benches.add_parser(
        "decisions",
        help="the whole chain over a folder of scenes, and a page of what went wrong",
        description=DECISIONS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    decisions.add_argument("folder", type=Path, metavar="FOLDER", help="scenes with truth.json, or one scene")
    decisions.add_argument("--config", type=Path, metavar="FILE", help="settings of the device")
    decisions.add_argument("--report", type=Path, metavar="PAGE.html", help="also write a page with what went wrong")
    decisions.add_argument("--cards", type=int, default=60, metavar="N", help="wrong decisions on it (default 60)")
    decisions.add_argument(
        "--shed",
        type=int,
        choices=range(4),
        default=0,
        metavar="LEVEL",
        help="as on a machine that is too slow (0 to 3)",
    )
    decisions.add_argument("--peers", action="store_true", help="also AEC3 and Silero with the rules of two frameworks")
    decisions.add_argument("--jobs", type=int, default=1, metavar="N", help="scenes at the same time (default 1)")
    add_json(decisions)


def run(args: argparse.Namespace) -> int:
    from edgeagent.live.realtime import one_thread

    one_thread()  # one core is what is measured; numpy is not loaded yet
    if args.bench == "echo":
        from edgeagent.commands import _bench_echo

        return _bench_echo.run(args)
    if args.bench == "decisions":
        from edgeagent.commands import _bench_decisions

        return _bench_decisions.run(args)
    from edgeagent.commands import _bench_stages

    return _bench_stages.run(args)
