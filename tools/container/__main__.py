"""The shipped service under a real systemd, with everything that goes wrong on the simulated card.

    python -m tools.container --each 10 --only SIGKILL SIGSTOP unplugged
    python -m tools.container --count 100 --seed 1

After each fault a person speaks until they are heard. Printed is how soon lamp and journal said that the device is
deaf, how soon after the fault's end it listened, and what was promised and not kept; then the exit code is 1. Needs
root and a Debian 12 or later with systemd-container; nothing is installed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from statistics import median

from edgeagent.__main__ import ended
from tools.container.drill import CONFIG, Outcome, drill, lost_lines, started
from tools.container.faults import FAULTS, PATIENT
from tools.container.machine import CannotRun, Machine
from tools.container.room import Room
from tools.simcard import BuildError


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.container", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=0, help="so many faults at random")
    parser.add_argument("--each", type=int, default=0, help="each fault so many times, in order")
    names = [fault.name for fault in FAULTS + PATIENT]
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=names, help="of these: " + ", ".join(names))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="for the container's root; must be empty")
    wanted = parser.parse_args(arguments)
    if wanted.count < 0 or wanted.each < 0:  # nothing would go wrong, and every promise be kept
        parser.error("--count and --each take 1 or more")
    folder = wanted.folder
    if folder and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        parser.error(f"--folder {folder}: no empty folder; name a new one")
    with tempfile.TemporaryDirectory(prefix="edgeagent-container-") as temporary:
        try:
            return _run(wanted, wanted.folder or Path(temporary))
        except (CannotRun, BuildError) as missing:
            print(f"cannot run here: {missing}", file=sys.stderr)
            return 2


def _run(wanted: argparse.Namespace, folder: Path) -> int:
    known = FAULTS if wanted.count and not wanted.only else FAULTS + PATIENT
    faults = [fault for fault in known if not wanted.only or fault.name in wanted.only]
    random = Random(wanted.seed)
    order = (
        random.choices(faults, k=wanted.count) if wanted.count else [f for f in faults for _ in range(wanted.each or 1)]
    )
    outcomes: list[Outcome] = []
    with Machine(folder, CONFIG) as machine, Room(machine.sim) as room:
        started(machine)
        for outcome in drill(machine, room, order, random):
            outcomes.append(outcome)
            print(_line(outcome), file=sys.stderr, flush=True)
        restarts = machine.show("NRestarts")["NRestarts"]
        machine.call("systemctl", "stop", "edgeagent")
        left, lost = machine.processes(), lost_lines(machine)
    print(_table(outcomes))
    wrong = [f"{outcome.fault}: {each}" for outcome in outcomes for each in outcome.wrong]
    wrong += [f"lost from the journal: {line}" for line in lost] + [f"left behind: process {pid}" for pid in left]
    print(f"\n{len(outcomes)} faults, {restarts} restarts, {len(lost)} lines lost, {len(left)} processes left behind")
    print("\n".join(f"not kept: {each}" for each in wrong) or "every promise was kept")
    return bool(wrong)


def _line(outcome: Outcome) -> str:
    said = ", ".join(outcome.wrong) or "well"
    return (
        f"{outcome.fault:<30} shown {outcome.shown_s:5.2f} s  listening {outcome.again_s:5.2f} s"
        f"  heard {outcome.heard_s:5.2f} s  {said}"
    )


def _table(outcomes: Sequence[Outcome]) -> str:
    lines = [
        "| fault | times | shown after, median / max | listening again after its end, median / max |",
        "|---|---|---|---|",
    ]
    for name in dict.fromkeys(outcome.fault for outcome in outcomes):
        ours = [outcome for outcome in outcomes if outcome.fault == name]
        shown = _pair([outcome.shown_s for outcome in ours if outcome.shown_s >= 0])
        again = _pair([outcome.again_s for outcome in ours if outcome.again_s >= 0])
        lines.append(f"| {name} | {len(ours)} | {shown} | {again} |")
    return "\n".join(lines)


def _pair(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.2f} / {max(seconds):.2f} s" if seconds else "not needed"


if __name__ == "__main__":
    raise SystemExit(ended(main))
