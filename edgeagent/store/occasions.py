"""What is worth keeping the sound of: every doubt with how it ended, every press of the button, every disagreement of
the shadow. Read off the journal as it is written, so it costs the engine nothing and knows nothing else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from edgeagent.units import samples

LISTENED = samples(6000)
"""After a stop the person's turn may go on for half a minute; so much of it tells what it was."""

LONGEST = samples(9000)
"""Of an occasion, from the onset to its end: half a second before the first voice, a doubt of 1.5 s, LISTENED."""

JUST = samples(1000)
"""A press so soon after a sentence may be about it: between two of them we are silent."""

DEAF = ("mic_lost", "faulty")
"""States in which nothing is heard."""

TEXTS_KEPT = 64
"""Sentences remembered until they are played."""

RECENT = 8
"""Occasions remembered, to see whether a disagreement belongs to one of them."""

Entry = Mapping[str, object]


class Kind(StrEnum):
    """How it ended. stop: the person got the floor. taken_back: so it was, and we went on. hold: we had only lowered
    our voice. over: the sentence was over, or broken off, before anything was decided. button: pressed. shadow: nothing
    happened, but the shadow policy would have done something."""

    STOP = "stop"
    TAKEN_BACK = "taken_back"
    HOLD = "hold"
    OVER = "over"
    BUTTON = "button"
    SHADOW = "shadow"


class Was(StrEnum):
    """What a sound really was, by whoever labels it. self: our own voice. other: something else that did not want the
    floor."""

    INTERRUPTION = "interruption"
    BACKCHANNEL = "backchannel"
    COUGH = "cough"
    NOISE = "noise"
    TELEVISION = "television"
    SELF = "self"
    OTHER = "other"


def right(kind: Kind, was: Was) -> bool:
    """Whether that was the right thing to do about such a sound: who interrupts gets the floor, and nobody else."""
    return (was is Was.INTERRUPTION) == (kind in (Kind.STOP, Kind.OVER))


@dataclass(frozen=True, slots=True)
class Occasion:
    """In samples of the session. onset: where the sound began that it was about, or the moment of the press. ducked,
    stopped: when our voice was lowered and stopped, -1 if it was not. decided: when that fell which `kind` names.
    ended: up to where it is worth hearing. saying: the sentence that was being said, "" for none."""

    kind: Kind
    onset: int
    ducked: int
    stopped: int
    decided: int
    ended: int
    saying: str

    def meets(self, onset: int, end: int) -> bool:
        """Whether something else that lasted from `onset` to `end` may be about the same."""
        return onset <= self.ended and self.onset <= end


@dataclass(slots=True)
class _Doubt:
    """The one that is going on."""

    onset: int
    ducked: int
    saying: str
    stopped: int = -1


class Occasions:
    """One thread. after: samples kept from behind an occasion."""

    def __init__(self, after: int) -> None:
        self._after = after
        self._onset = 0
        self._doubt: _Doubt | None = None
        self._texts: dict[int, str] = {}
        self._saying = ""
        self._ceased: int | None = None
        """Where its sound ended, None while it sounds."""
        self._recent: deque[Occasion] = deque(maxlen=RECENT)

    def take(self, entry: Entry) -> Occasion | None:
        """An entry of the engine's journal; the occasion that has ended with it."""
        at = _number(entry, "at")
        match entry.get("event"):
            case "scripted":
                self._texts[_number(entry, "utterance")] = str(entry.get("text", ""))
                while len(self._texts) > TEXTS_KEPT:
                    del self._texts[next(iter(self._texts))]
            case "playing":
                self._saying, self._ceased = self._texts.get(_number(entry, "utterance"), ""), None
            case "ceased":
                self._ceased = at
            case "suspected":
                self._onset = _number(entry, "onset", at)
            case "button_short" | "button_long":
                return self._pressed(at)
            case "state":
                return self._changed(str(entry.get("state")), str(entry.get("from")), at)
            case "shadow":
                return self._disagreed(_number(entry, "onset", at), at)
        return None

    def passes(self, at: int) -> Occasion | None:
        """Time has come to sample `at`: what goes on for too long ends here."""
        doubt = self._doubt
        if doubt is None or doubt.stopped < 0 or at - doubt.stopped < LISTENED:
            return None
        return self._end(Kind.STOP, doubt.stopped, at)

    def leave(self, at: int) -> Occasion | None:
        """The device goes off at sample `at`: a stop whose person still has the floor ends here."""
        doubt = self._doubt
        return None if doubt is None or doubt.stopped < 0 else self._end(Kind.STOP, doubt.stopped, at)

    def _changed(self, state: str, before: str, at: int) -> Occasion | None:
        doubt = self._doubt
        if state == "doubting":
            self._doubt = _Doubt(self._onset, at, self._saying)
        elif doubt is None:
            return None
        elif before == "doubting" and state == "yielding":
            doubt.stopped = at
        elif before == "doubting" and state in DEAF:
            self._doubt = None  # nobody has decided anything
        elif before == "doubting":
            return self._end(Kind.HOLD if state == "speaking" else Kind.OVER, at, at)
        elif before == "yielding":
            if state == "speaking":
                return self._end(Kind.TAKEN_BACK, at, at)
            return self._end(Kind.STOP, doubt.stopped, at)
        return None

    def _pressed(self, at: int) -> Occasion:
        """A press within a doubt that nothing was decided in decides it; otherwise it stands for itself."""
        if self._doubt is not None and self._doubt.stopped < 0:
            return self._end(Kind.BUTTON, at, at)
        return self._noted(Occasion(Kind.BUTTON, at, -1, -1, at, at, self._said(at)))

    def _disagreed(self, onset: int, at: int) -> Occasion | None:
        """None if the clip of what the device did holds the disagreement, too, or will hold it."""
        if self._doubt is not None and self._doubt.onset <= at:
            return None
        if any(one.meets(onset, at) and at < one.ended + self._after for one in self._recent):
            return None
        saying = self._said(onset)
        return self._noted(Occasion(Kind.SHADOW, onset, -1, -1, onset, min(at, onset + LONGEST), saying))

    def _said(self, at: int) -> str:
        """What we were saying then."""
        return self._saying if self._ceased is None or at - self._ceased <= JUST else ""

    def _end(self, kind: Kind, decided: int, ended: int) -> Occasion:
        doubt, self._doubt = self._doubt, None
        assert doubt is not None
        ended = min(ended, doubt.onset + LONGEST)
        return self._noted(Occasion(kind, doubt.onset, doubt.ducked, doubt.stopped, decided, ended, doubt.saying))

    def _noted(self, occasion: Occasion) -> Occasion:
        self._recent.append(occasion)
        return occasion


def _number(entry: Entry, key: str, default: int = 0) -> int:
    value = entry.get(key, default)
    return int(value) if isinstance(value, int) else default
