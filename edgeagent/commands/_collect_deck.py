"""What people are asked to do while the device talks: prompts of four kinds, in rounds, each round shuffled."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from edgeagent.errors import EdgeAgentError
from edgeagent.store.takes import Expected


@dataclass(frozen=True, slots=True)
class Prompt:
    """show: what the person reads. text: the words they are to say, "" for their own or for none."""

    expected: Expected
    show: str
    text: str = ""


EACH: Mapping[Expected, int] = {
    Expected.BACKCHANNEL: 4,
    Expected.FLOOR: 4,
    Expected.NOISE: 3,
    Expected.SILENCE: 1,
}
"""Prompts of each kind in a round: what is hard to tell apart comes equally often."""

SILENT = Prompt(Expected.SILENCE, "stay silent until the next line")

OWN = (
    Prompt(Expected.FLOOR, "interrupt with a question of your own"),
    Prompt(Expected.FLOOR, "interrupt: you want something else, in your own words"),
)
"""Interruptions in the person's own words, of which there is one in each round at least."""

WORDS: Mapping[Expected, Sequence[str]] = {
    Expected.BACKCHANNEL: ("uh-huh", "mm-hm", "yeah", "right", "okay", "I see", "yes", "oh"),
    Expected.FLOOR: ("wait, stop", "no", "stop", "hold on", "no, that's wrong", "yes, but", "okay, enough", "wait"),
    Expected.NOISE: (
        "cough",
        "laugh",
        "knock on the table",
        "clear your throat",
        "put a cup down",
        "rustle some paper",
    ),
}
"""Words and noises to ask for. Some open alike ("yes" and "yes, but"): those are what has to be told apart."""

SHOWN: Mapping[Expected, str] = {
    Expected.BACKCHANNEL: "say, as a listener: {}",
    Expected.FLOOR: "interrupt me: {}",
    Expected.NOISE: "{}",
}

QUOTES_REMEDY = "put yes, no, on and off in quotes: in YAML they are true or false"
PROMPTS_REMEDY = "write backchannel, floor and noise, each with a list of what to say or do"


def deck(rounds: int, seed: int, words: Mapping[Expected, Sequence[str]] = WORDS) -> list[Prompt]:
    """`rounds` times EACH, the same for the same seed. Within a kind everything comes up before anything comes
    twice."""
    dice = random.Random(seed)
    piles: dict[Expected, list[Prompt]] = {kind: [] for kind in EACH}
    cards: list[Prompt] = []
    for number in range(rounds):
        hand = [OWN[number % len(OWN)]]
        for kind, count in EACH.items():
            wanted = count - sum(prompt.expected is kind for prompt in hand)
            hand += [_drawn(piles[kind], kind, words, dice) for _ in range(wanted)]
        dice.shuffle(hand)
        cards += hand
    return cards


def _drawn(pile: list[Prompt], kind: Expected, words: Mapping[Expected, Sequence[str]], dice: random.Random) -> Prompt:
    if kind is Expected.SILENCE:
        return SILENT
    if not pile:
        pile += [Prompt(kind, SHOWN[kind].format(text), text) for text in words[kind]]
        dice.shuffle(pile)
    return pile.pop()


def read_words(path: Path) -> dict[Expected, Sequence[str]]:
    """What to ask for from a YAML file, for other languages; kinds that it leaves out are as above. Raises
    EdgeAgentError."""
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EdgeAgentError(f"{path}: {error.strerror}", "name a file of prompts") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise EdgeAgentError(f"{path}: is not YAML: {' '.join(str(error).split())}", PROMPTS_REMEDY) from error
    known = {str(kind) for kind in WORDS}
    if not isinstance(given, dict) or not given or set(given) - known:
        raise EdgeAgentError(f"{path}: the keys must be among {', '.join(sorted(known))}", PROMPTS_REMEDY)
    for name, texts in given.items():
        if isinstance(texts, list) and any(isinstance(text, bool) for text in texts):
            raise EdgeAgentError(f"{path}: {name} has words that are no texts", QUOTES_REMEDY)
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text for text in texts):
            raise EdgeAgentError(f"{path}: {name} is no list of texts", PROMPTS_REMEDY)
    return {**WORDS, **{Expected(name): texts for name, texts in given.items()}}
