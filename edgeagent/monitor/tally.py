"""Counts what a journal tells, so that figures, messages and pages need not read it.

The engine thread writes; it only counts, and appends to what is bounded. Any thread may read: numbers a moment apart
may be of two moments.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

from edgeagent.turn.events import Verdict
from edgeagent.turn.policy import Likely
from edgeagent.turn.states import CALIBRATING
from edgeagent.units import RATE
from edgeagent.vitals import Vitals

Entry = Mapping[str, object]

Told = Callable[[str, Mapping[str, object]], None]
"""Gets what happened and its facts, on the engine thread: it must return at once."""

OVERLAPS_KEPT, TROUBLES_KEPT = 30, 30
"""How many of the newest stay to be looked at."""

DUCK_S = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0)
STOP_S = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0)
SILENCE_S = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25)
"""Upper bounds of the histograms: fine where the promises lie (0.1 and 0.25 s; 0.35 and 0.8 s; 1 and 10 ms)."""

CAUSES = {
    "judged": "interruption",
    "button_short": "button",
    "button_long": "mute",
    "microphone_failed": "fault",
    "failed": "fault",
}
"""Of a stop: the event of the journal, and what we call it."""

DECISIVE = {*CAUSES, "passed", "suspected", "reply_finished", "reply_failed", "echo_doubted"}
"""Events that may be the cause of what follows them; between the two others may stand."""

TROUBLES = {
    "ear_failed", "ear_upset", "reply_failed", "reply_broken", "turn_trouble", "hint_trouble", "memory_trouble",
    "volume_trouble", "wake_trouble", "turn_end_trouble", "satellite_trouble",
    "lost", "outage", "impaired", "shed", "microphone_failed", "failed",
}  # fmt: skip
"""Entries of the journal that somebody should know of; of `card` those that tell that something has become worse."""

DEAF = {"microphone_failed", "lost", "outage"}
"""Of these, what is no trouble while the card is lent."""

SHOWN = {*TROUBLES, "state", "action", "halted", "heard_words", "kept", "card"}
"""Entries that change what there is to look at."""


class Distribution:
    """How often a duration fell between two bounds."""

    def __init__(self, bounds: Sequence[float]) -> None:
        """bounds: upper ones in seconds, growing; what is longer counts above the last."""
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        """One more, in seconds."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


@dataclass(slots=True)
class Overlap:
    """Somebody spoke, or was thought to, while we did; or a button stopped us. It goes on being filled in."""

    utc: float
    """Seconds since 1970 at which the voice was lowered or stopped."""

    at: int
    """The same as a sample."""

    onset: int = -1
    """Sample at which the sound began; -1 for a button."""

    outcome: str = "open"
    """stopped, or how else it ended: held (judged a false alarm), no_verdict, outlived (the sentence was over), echo
    (not trusted any more), called_off."""

    cause: str = ""
    """Of a stop: interruption, button, mute or fault."""

    stop_s: float | None = None
    """From the onset to the verdict."""

    silence_s: float | None = None
    """From the verdict to the last call that silences."""

    taken_back: bool = False
    """The stop was a false alarm after all."""

    utterance: int = -1
    heard: int = 0
    of: int = 0
    text_heard: str = ""
    """Of our sentence: the words that were heard, of how many."""

    wav: str = ""
    """File of the user's turn, where turns are kept."""

    likely: str = ""
    """Of a false alarm: what it most likely was, one of `turn.policy.Likely`."""


@dataclass(frozen=True, slots=True)
class _Stay:
    """In a state, since a sample; and the samples spent in each of those before. Replaced as a whole, so that whoever
    reads it from another thread never counts a stay twice, or not at all."""

    state: str = "starting"
    since: int = 0
    spent: Mapping[str, int] = field(default_factory=dict)

    def then(self, state: str, at: int, before: str) -> _Stay:
        """The next one, from sample `at` on. before: the state that this one was in."""
        spent = self.spent.get(before, 0) + max(0, at - self.since)
        return _Stay(state, at, {**self.spent, before: spent})


@dataclass(slots=True)
class _Last:
    """The newest of each. event: a decisive one. onset: of a suspicion. words: of which utterance, and how many of it
    were heard. lent: the card, so that it is deaf is meant. before_s: processor time that the thread had taken before
    it was the engine's; None until it is."""

    event: str = ""
    onset: int = -1
    stay: _Stay = field(default_factory=_Stay)
    words: tuple[int, int] = (-1, 0)
    lent: bool = False
    before_s: float | None = None


class Tally:
    """A journal (`ports.Journal`) for both the engine's entries and the notes beside them, and a `vitals.Watcher`."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """clock: seconds since 1970."""
        self.counts: Counter[tuple[str, str]] = Counter()
        """By name and label."""
        self.duck = Distribution(DUCK_S)
        self.stop = Distribution(STOP_S)
        self.silence = Distribution(SILENCE_S)
        self.vitals = Vitals()
        self.engine_cpu_s = 0.0
        """Processor time of the engine thread since the first vitals: building the device is none of it."""
        self.overlaps: deque[Overlap] = deque(maxlen=OVERLAPS_KEPT)
        self.troubles: deque[tuple[float, Entry]] = deque(maxlen=TROUBLES_KEPT)
        """When (seconds since 1970), and the entry."""
        self.changes = 0
        """Grows whenever `overlaps` or `troubles` may have changed."""
        self.listeners: list[Told] = []
        """To be filled before the device runs."""
        self._clock = clock
        self._last = _Last()

    def look(self, vitals: Vitals) -> None:
        """See `vitals.Watcher`."""
        self.vitals = vitals
        if self._last.before_s is None:
            self._last.before_s = time.thread_time()
        self.engine_cpu_s = time.thread_time() - self._last.before_s

    def state_s(self) -> dict[str, float]:
        """Seconds spent in each state so far; none of them ever becomes less."""
        now = self.vitals.at  # before the stay: a newer one has told by itself how long the one before was
        stay = self._last.stay
        return {state: count / RATE for state, count in stay.then(stay.state, now, stay.state).spent.items()}

    def write(self, entry: Entry) -> None:
        """See `ports.Journal`."""
        event = str(entry.get("event", ""))
        if event in DECISIVE:
            self._last.event = event
        if event == "suspected":
            self._last.onset = _whole(entry, "onset")
        self._lent(event, entry)
        if event in TROUBLES and not (self._last.lent and event in DEAF):
            self._trouble(entry)
        match event:
            case "judged":
                self._judged(entry)
            case "state":
                self._moved(entry)
            case "action":
                self._acted(entry)
            case "halted":
                self._silent(entry)
            case "heard_words":
                self._heard(entry)
            case "heard":
                self._turn(entry)
            case "kept":
                self._kept(entry)
            case "card":
                self._card(entry)
            case "ear_failed" | "reply_failed":
                self.counts[event, ""] += 1
            case "ear_upset":
                for label in ("blind", "failed"):
                    self.counts["ear_upset", label] += _whole(entry, label)
        self.changes += event in SHOWN

    # What happened ----------------------------------------------------------------------------------------------------

    def _lent(self, event: str, entry: Entry) -> None:
        """Whether the card is away because somebody calibrates."""
        if event == "microphone_failed":
            self._last.lent = entry.get("reason") == CALIBRATING
        elif event == "microphone_back":
            self._last.lent = False

    def _judged(self, entry: Entry) -> None:
        """A false alarm, of a doubt or of a stop. What it was taken for is one of three, whatever the entry holds."""
        likely = str(entry.get("likely"))
        if entry.get("verdict") == Verdict.FALSE_ALARM and likely in set(Likely):
            self.counts["false_alarm", likely] += 1
            if self.overlaps:
                self.overlaps[-1].likely = likely

    def _likely(self) -> Mapping[str, object]:
        """What the last overlap was taken for, if it was a false alarm."""
        likely = self.overlaps[-1].likely if self.overlaps else ""
        return {"likely": likely} if likely else {}

    def _moved(self, entry: Entry) -> None:
        at, state, before = _whole(entry, "at"), str(entry.get("state")), str(entry.get("from"))
        event, onset = self._last.event, self._last.onset
        self._last.stay = self._last.stay.then(state, at, before)
        self._tell("state", {"state": state, "from": before, "at_s": at / RATE})
        if state == "doubting":
            self.overlaps.append(Overlap(self._clock(), at, onset))
            self.duck.add((at - onset) / RATE)
        if before == "doubting":
            self._decided(at, state, event)
        if before == "yielding" and state == "speaking":
            self.counts["taken_back", ""] += 1
            if self.overlaps:
                self.overlaps[-1].taken_back = True
            self._tell("taken_back", {**self._likely(), "at_s": at / RATE})

    def _decided(self, at: int, state: str, event: str) -> None:
        """A doubt is over."""
        outcome = {
            "yielding": "stopped",
            "speaking": "held" if event == "judged" else "no_verdict",
            "hearing": "outlived",
            "half_duplex": "echo",
        }.get(state, "called_off")
        self.counts["doubt", outcome] += 1
        if not self.overlaps:
            return
        overlap = self.overlaps[-1]
        overlap.outcome = outcome
        lasted_s = (at - overlap.onset) / RATE
        if outcome == "stopped":
            overlap.stop_s = lasted_s
            self.stop.add(lasted_s)
        elif outcome != "called_off":
            self._tell("hold", {"outcome": outcome, **self._likely(), "after_s": lasted_s, "at_s": at / RATE})

    def _acted(self, entry: Entry) -> None:
        """`halt`: our voice is cut. The doubt that led to it, if one did, is the last overlap."""
        if entry.get("action") != "halt":
            return
        cause = CAUSES.get(self._last.event, "fault")
        self.counts["stop", cause] += 1
        at = _whole(entry, "at")
        if cause != "interruption":
            self.overlaps.append(Overlap(self._clock(), at, outcome="stopped"))
        if self.overlaps:
            self.overlaps[-1].cause = cause
            self.overlaps[-1].utterance = _whole(entry, "utterance")

    def _silent(self, entry: Entry) -> None:
        took_s = _number(entry, "took_ms") / 1000
        self.silence.add(took_s)
        if self.overlaps and self.overlaps[-1].utterance == entry.get("utterance"):
            stopped = self.overlaps[-1]
            stopped.silence_s = took_s
            told = {"cause": stopped.cause, "utterance": stopped.utterance, "silence_s": took_s}
            known = {} if stopped.stop_s is None else {"stop_s": stopped.stop_s}
            self._tell("stop", {**told, **known, "at_s": _whole(entry, "at") / RATE})

    def _heard(self, entry: Entry) -> None:
        heard, of, utterance = _whole(entry, "heard"), _whole(entry, "of"), _whole(entry, "utterance")
        before = self._last.words[1] if self._last.words[0] == utterance else 0  # a stop was taken back
        self._last.words = (utterance, heard)
        self.counts["words", ""] += max(0, heard - before)
        for overlap in self.overlaps:
            if overlap.utterance == utterance and not overlap.of:
                overlap.heard, overlap.of, overlap.text_heard = heard, of, str(entry.get("text_heard", ""))
        if heard < of:
            self._tell("heard", {"utterance": utterance, "heard": heard, "of": of, "at_s": _whole(entry, "at") / RATE})

    def _turn(self, entry: Entry) -> None:
        lasted_s = _number(entry, "end_s") - _number(entry, "start_s")
        self.counts["turn", ""] += 1
        self._tell("turn", {"turn": entry.get("turn"), "lasts_s": lasted_s, "at_s": _whole(entry, "at") / RATE})

    def _kept(self, entry: Entry) -> None:
        for overlap in self.overlaps:
            if overlap.onset >= 0 and overlap.onset == entry.get("turn"):
                overlap.wav = str(entry.get("wav", ""))

    def _card(self, entry: Entry) -> None:
        """`worse` is by how much the card's counters have grown, whatever card it was."""
        worse = entry.get("worse")
        if isinstance(worse, Mapping) and worse:
            for kind in worse:
                self.counts["card", str(kind)] += _whole(worse, kind)
            self._trouble(entry)

    def _trouble(self, entry: Entry) -> None:
        self.troubles.append((self._clock(), entry))
        self._tell("trouble", entry)

    def _tell(self, what: str, facts: Mapping[str, object]) -> None:
        for listener in self.listeners:
            listener(what, facts)


def _number(entry: Mapping[str, object], key: str) -> float:
    value = entry.get(key)
    return float(value) if isinstance(value, int | float) and isfinite(value) else 0.0


def _whole(entry: Mapping[str, object], key: str) -> int:
    return round(_number(entry, key))
