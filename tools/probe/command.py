"""Measures on the device itself how fast it falls silent when somebody speaks up, and what it costs to run it.

    python tools/latency_probe.py [--config FILE] [--card NAME] [--person] [--trials 50] [--report FILE.html]
    python tools/latency_probe.py --simulated --trials 50 --assert 'stop.p95<=800ms' --assert 'off_card.max<=1ms'

It runs the device of the configuration, with its card and its models: 20 s idle, 20 s talking, then trial after trial.
In each it talks, somebody speaks up, it lowers its voice, stops, and the probe looks for the last sample that sounded:
by the card's own stamps (the converter's clock), and in what the microphone recorded of the device's voice.

Who speaks up: by default nobody. The interruption is laid over the microphone's sound in the card's callback, so that
its onset is known to a sample, and the microphone itself still hears nothing but the room and the device. --person asks
a person (or a telephone that plays somebody) to do it; the onset is then where the microphone hears what is not our
voice, good to some 10 ms. --simulated runs it all on the simulated card of tools/simcard, whose record knows the truth.

The device is measured as it is configured, but learns and keeps nothing meanwhile, and hands no turn to anybody.

Exit code 0; 1 if an --assert is broken; 2 for wrong input or a missing device; 130 after Ctrl-C, which reports what
there is so far.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgeagent.commands._device import add_device, leaving, settings_of
from edgeagent.commands.terminal import add_json, check_place, check_seed, print_json, warn
from edgeagent.errors import EdgeAgentError
from edgeagent.live.realtime import one_thread
from edgeagent.settings import Capture, Memory, Record, Settings
from tools.probe.figures import Assertion, assertion, compared, flat, singles, table

CHILD = "--in-simulation"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    asked = _parser().parse_args(words)
    try:
        bounds = [assertion(text) for text in asked.bounds]
        earlier = _earlier(asked.compare) if asked.compare else None
        _check(asked)
        if asked.simulated and not asked.in_simulation:
            from tools.probe.simulated import measure

            return measure(words, asked.fifo, asked.person)
        return _measure(asked, bounds, earlier)
    except EdgeAgentError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python tools/latency_probe.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_device(parser)
    who = parser.add_mutually_exclusive_group()
    who.add_argument(
        "--self", action="store_true", help="the interruption is laid over the microphone's sound (default)"
    )
    who.add_argument("--person", action="store_true", help="a person is asked to interrupt")
    parser.add_argument("--simulated", action="store_true", help="on the simulated card of tools/simcard")
    parser.add_argument("--fifo", type=int, default=0, metavar="N", help="simulated: frames that outlive an abort")
    parser.add_argument("--trials", type=int, default=50, metavar="N", help="default 50, some 6 minutes")
    parser.add_argument("--idle", type=float, default=20, metavar="S", help="seconds of silence measured (default 20)")
    parser.add_argument("--speak", type=float, default=20, metavar="S", help="seconds of speech measured (default 20)")
    parser.add_argument("--say", action="append", metavar="TEXT", help="what interrupts; may be given more than once")
    parser.add_argument("--stimulus", type=Path, metavar="WAV", help="a recording that interrupts, instead of a text")
    parser.add_argument("--level", type=float, metavar="DBFS", help="how loud it is at the microphone (default -30)")
    parser.add_argument("--seed", type=int, default=1, help="other moments to interrupt at (default 1)")
    parser.add_argument(
        "--assert",
        action="append",
        default=[],
        dest="bounds",
        metavar="EXPR",
        help="such as stop.p95<=800ms or cpu.idle<=3%%",
    )
    parser.add_argument("--compare", type=Path, metavar="FILE", help="an earlier --out: print what has changed")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write everything as JSON")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a page with plots (HTML)")
    parser.add_argument("--png", type=Path, metavar="FILE", help="write the plots as an image (extra plots)")
    parser.add_argument(CHILD, action="store_true", help=argparse.SUPPRESS)
    add_json(parser)
    return parser


def _check(asked: argparse.Namespace) -> None:
    """Raises EdgeAgentError for what cannot be done, before minutes are spent on it."""
    if asked.trials < 1 or not 1 <= asked.idle <= 3600 or not 1 <= asked.speak <= 90:
        raise EdgeAgentError("--trials must be 1 or more, --idle 1 .. 3600 s, --speak 1 .. 90 s", "give other numbers")
    if asked.say and asked.stimulus:
        raise EdgeAgentError("--say and --stimulus are two answers to one question", "leave one of them out")
    if asked.level is not None and not -100 <= asked.level <= 0:
        raise EdgeAgentError(f"--level {asked.level:g}: is no level", "give -100 .. 0 dBFS, such as -24")
    if asked.fifo < 0:
        raise EdgeAgentError(f"--fifo {asked.fifo}: no fewer than no frames outlive an abort", "give 0 or more")
    check_seed(asked.seed)
    for option in ("out", "report", "png"):
        check_place(f"--{option}", getattr(asked, option))
    if asked.png:
        from tools.probe.png import check

        check()


def _earlier(path: Path) -> dict[str, Any]:
    """An earlier document. Raises EdgeAgentError."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        flat(document)
    except OSError as error:
        raise EdgeAgentError(f"{path}: {error.strerror}", "give a file that --out has written") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EdgeAgentError(f"{path}: is no result of this probe", "give a file that --out has written") from error
    return dict(document)


def measured(settings: Settings) -> Settings:
    """The device as it is to be measured: it learns nothing, keeps nothing, and hands nothing on."""
    turns = replace(settings.turns, adapt=False)
    capture = replace(Capture(), pre_roll_ms=settings.capture.pre_roll_ms)
    return replace(settings, turns=turns, capture=capture, memory=Memory(), record=Record())


def _measure(asked: argparse.Namespace, bounds: Sequence[Assertion], earlier: dict[str, Any] | None) -> int:
    one_thread()  # before numpy
    from tools.probe import session
    from tools.probe.page import page

    settings = settings_of(asked)
    with tempfile.TemporaryDirectory() as folder, leaving():
        result = session.hold(settings, measured(settings), asked, Path(folder))
    document = result.document
    if asked.out:
        asked.out.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if asked.report:
        asked.report.write_text(page(document, result.trials), encoding="utf-8")
    if asked.png:
        from tools.probe.png import draw

        draw(document, asked.png)
    if asked.json:
        print_json(document)
    else:
        print(told(document))
        if earlier is not None:
            print("\n" + compared(earlier, document))
    figures = flat(document)
    judged = [bound.judge(figures) for bound in bounds]
    for holds, line in judged:
        print(line, file=sys.stdout if holds and not asked.json else sys.stderr)
    for line in document["remarks"]:
        warn(line)
    sys.stdout.flush()
    return result.code or int(not all(holds for holds, _ in judged))


def told(document: dict[str, Any]) -> str:
    """For a terminal."""
    costs = "\n".join(
        f"{when:<16}" + ", ".join(f"{name} {value:.2f}" for name, value in parts.items())
        for when, parts in document["cpu"].items()
    )
    stages = "\n".join(
        f"{name:<26}{parts['median']:8.3f}{parts['p95']:8.3f}" for name, parts in document["stages"].items()
    )
    return "\n\n".join(
        (
            f"{document['card']['name']}, {document['mode']}; {document['machine']['model']}",
            table(document["figures"]),
            singles(document["single"]),
            f"per cent of one core:\n{costs}",
            f"{'ms per 10 ms of sound':<26}{'median':>8}{'p95':>8}\n{stages}",
        )
    )
