"""One run of `edgeagent collect`: the consent, the device that talks, what is written, and the account at the end."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from edgeagent import app
from edgeagent.commands import _collect_text as text
from edgeagent.commands._collect_deck import WORDS, Prompt, deck, read_words
from edgeagent.commands._collect_director import Director
from edgeagent.commands._collect_talk import STORY, Talking
from edgeagent.commands._device import Fan, hold
from edgeagent.commands.say import sentences, text_of
from edgeagent.commands.terminal import check_seed, print_json
from edgeagent.detect.deaf import Deaf
from edgeagent.errors import EdgeAgentError, ServiceError
from edgeagent.services.recorded_sentences import read_index
from edgeagent.settings import Activation, Capture, Hints, Recogniser, Record, Settings
from edgeagent.store.journal import JsonLinesJournal
from edgeagent.store.session import EAR, Recording
from edgeagent.store.spool import Spool
from edgeagent.store.takes import ATTEMPTS, TAKES, Consent, Take, take_to_json, write_consent

LINES = 200
"""Lines that may wait for a slow terminal."""

SEEDS = 1 << 31
"""Seeds that are drawn, without --seed, are below this."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for and what the device says. seed: of the order, and of the ducks."""

    prompts: Sequence[Prompt]
    says: Sequence[str]
    seed: int


def alone(settings: Settings) -> Settings:
    """The device without whoever else would hear, record or hint while somebody collects: nothing leaves it."""
    alone = replace(settings, capture=Capture(), hints=Hints(), record=Record())
    return replace(alone, recogniser=Recogniser(), activation=Activation())


def plan(settings: Settings, args: argparse.Namespace) -> Plan:
    """Raises EdgeAgentError."""
    seed = args.seed if args.seed is not None else secrets.randbelow(SEEDS)
    check_seed(seed)
    if args.text == "-" and not args.consent and not sys.stdin.isatty():
        problem = "--text - leaves nothing of standard input to agree on"
        raise EdgeAgentError(problem, "give the text as a file, or --consent for who has read what it is about")
    words = read_words(args.prompts) if args.prompts else WORDS
    return Plan(deck(args.rounds, seed, words), _says(settings, args.text), seed)


def _says(settings: Settings, given: str | None) -> list[str]:
    """The given text, else the sentences that a voice of recordings has, else ours."""
    if given:
        return sentences(text_of(given))
    folder = Path(settings.talker.wav_dir).expanduser()
    if settings.talker.kind == "wav" and settings.talker.wav_dir and folder.is_dir():
        return list(read_index(folder))
    return list(STORY)


def asked_for_consent(args: argparse.Namespace, folder: Path, seed: int) -> Consent | None:
    """What the person agreed to; None if they did not."""
    told = text.CONSENT.format(folder=folder)
    print(told, file=sys.stderr)
    if not args.consent and text.ask(text.QUESTION).casefold() != "yes":
        return None
    person = args.person
    if person is None:
        person = "" if args.consent else text.ask(text.NAME)
    act = "--consent" if args.consent else "typed yes"
    utc = datetime.now(UTC).isoformat(timespec="seconds")
    return Consent(" ".join(person.split()) or text.ANONYMOUS, act, utc, told, seed)


def collect(settings: Settings, args: argparse.Namespace, folder: Path, plan: Plan, consent: Consent) -> int:
    """The whole of it. Returns the exit code; raises EdgeAgentError."""
    takes, kept, decided = list[Take](), Fan(), Fan()

    def keep(take: Take) -> None:
        takes.append(take)
        kept.write(take_to_json(take))

    def lost(line: str) -> None:
        """Nobody shall go on for minutes for what is not kept. Any thread."""
        talking.failure = talking.failure or line.rpartition("; ")[0]
        runtime.stop()

    lines: Spool[str] = Spool("prompts", _print, lambda _error: None, LINES)
    director = Director(plan.prompts, plan.seed, lines.offer, keep, lambda: runtime.stop())
    talking = Talking(plan.says, director.speaks, lines.offer)
    decided.journals.append(talking)
    ear = Deaf(plan.seed if args.ducks else None, director.hop)
    with ExitStack() as files, app.build_runtime(settings, decided, Fan(), replies=False, ear=ear) as runtime:
        files.callback(lines.close)
        write_consent(folder, consent)  # before the first sample
        recording = Recording(folder, settings, {**app.versions(settings), EAR: ear.name}, lost)
        files.callback(recording.close)
        runtime.record(recording)
        for name, fan in (("journal.jsonl", decided), (TAKES, kept)):
            file = JsonLinesJournal(folder / name, lost, background=True)
            files.callback(file.close)
            fan.journals.append(file)
        talking.begin(runtime)
        lines.offer("\nThe device begins to talk; the first line comes after some seconds.\n")
        code = hold(runtime, args.seconds)
    _account(folder, takes, len(plan.prompts), as_json=args.json)
    if talking.failure:
        raise ServiceError(talking.failure)
    return code or int(_answered(takes) < len(plan.prompts))


def _print(lines: list[str]) -> None:
    """On stderr: the result goes to stdout."""
    print("\n".join(lines), file=sys.stderr, flush=True)


def _answered(takes: Sequence[Take]) -> int:
    """Prompts that need not be shown again."""
    return sum(take.good or take.attempt == ATTEMPTS for take in takes)


def _account(folder: Path, takes: Sequence[Take], asked: int, *, as_json: bool) -> None:
    rows, answered = text.counts(takes), _answered(takes)
    if as_json:
        print_json({"folder": str(folder), "asked": asked, "answered": answered, "takes": rows})
        return
    if answered < asked:
        print(f"ended after {answered} of {asked} prompts; what is complete is kept\n")
    print(f"{text.table(rows)}\n\n{text.farewell(folder)}")
