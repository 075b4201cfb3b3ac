"""What a collected session holds beside its sound: who agreed to what, and what they were asked and did.

`consent.json` is written before the first sample; `takes.jsonl` gets a line for every take when it is over, so that a
kill costs the take that is going on. The sound, the events and the settings are those of any recorded session
(store/session.py); all times are its sample indices.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from edgeagent.errors import SessionError
from edgeagent.store.disk import OWN_FILE, made, write_whole
from edgeagent.store.journal import read_lines
from edgeagent.store.plain import from_plain, to_plain

FORMAT = 1
"""Of both files. A reader refuses any other."""

ATTEMPTS = 2
"""Times that a prompt is shown at most."""

CONSENT, TAKES = "consent.json", "takes.jsonl"

REMEDY = "name a folder that `edgeagent collect` wrote"


class Expected(StrEnum):
    """What a person was asked for: to take the floor, to listen aloud, to make a sound that is no speech, or none.
    Nobody is asked for speech from far away, as of a television; but a clip of one may be labelled so."""

    FLOOR = "floor"
    BACKCHANNEL = "backchannel"
    NOISE = "noise"
    FAR = "far"
    SILENCE = "silence"


class Outcome(StrEnum):
    """How a take went. Only a good one is a label; the stretch of any other is to be left out."""

    GOOD = "good"
    NOTHING = "nothing heard"
    QUIET = "too quiet"
    CLIPPED = "overdriven"
    LONG = "too long"
    STIRRED = "not silent"


@dataclass(frozen=True, slots=True)
class Consent:
    """person: the name or pseudonym they chose. agreed: by which act. utc: when. text: what they agreed to, whole.
    seed: of the order of the prompts."""

    person: str
    agreed: str
    utc: str
    text: str
    seed: int


@dataclass(frozen=True, slots=True)
class Take:
    """One prompt, shown at sample `shown` and over at `until`, and what was heard meanwhile.

    text: the words to say, "" where they were the person's own. number: of the prompt, from 1; the same one comes again
    with attempt 2. sounds: stretches [start, stop) of microphone samples in which the person made a sound, in order.
    level_db: dBFS of these without our echo. ground_db: dBFS that our echo and the room left meanwhile."""

    number: int
    attempt: int
    expected: Expected
    prompt: str
    text: str
    shown: int
    until: int
    outcome: Outcome
    sounds: tuple[tuple[int, int], ...]
    level_db: float
    ground_db: float

    @property
    def good(self) -> bool:
        """Whether it is a label."""
        return self.outcome is Outcome.GOOD


def write_consent(folder: Path, consent: Consent) -> None:
    """Into `folder`, made if missing. Raises SessionError."""
    try:
        made(folder)
        plain = {"format": FORMAT, "consent": to_plain(consent)}
        write_whole(folder / CONSENT, json.dumps(plain, ensure_ascii=False, indent=1) + "\n", OWN_FILE)
    except OSError as error:
        raise SessionError(f"{folder}: {error.strerror}", "choose a folder that can be written") from error


def read_consent(folder: Path) -> Consent:
    """Raises SessionError when there is none: without it nothing may be made of the recording."""
    path = folder / CONSENT
    try:
        plain = json.loads(path.read_bytes())
        if plain["format"] != FORMAT:
            raise ValueError(f"format {plain['format']}, this version reads format {FORMAT}")
        consent: Consent = from_plain(Consent, plain["consent"])
    except FileNotFoundError:
        raise SessionError(f"{folder}: nobody's consent lies in it", REMEDY) from None
    except OSError as error:
        raise SessionError(f"{path}: {error.strerror}", REMEDY) from error
    except (ValueError, KeyError, TypeError) as error:
        raise SessionError(f"{path}: {error}", REMEDY) from error
    return consent


def take_to_json(take: Take) -> dict[str, object]:
    """A line of takes.jsonl."""
    plain = to_plain(take)
    assert isinstance(plain, dict)
    return {"at": take.shown, "event": "take", **plain}


def read_takes(folder: Path) -> tuple[Take, ...]:
    """In the order in which they were made. Raises SessionError."""
    takes = []
    for entry in read_lines(folder / TAKES):
        try:
            fields = {key: value for key, value in entry.items() if key not in ("at", "at_s", "event")}
            take: Take = from_plain(Take, fields)
        except ValueError as error:
            raise SessionError(f"{folder / TAKES}: {error}", REMEDY) from error
        takes.append(take)
    return tuple(takes)
