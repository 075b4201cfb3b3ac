"""The journal as a timeline for the terminal, a line for each thing a person would want to know.

     2.31 s  DOUBTING     sound from 2.28 s                                  lamp amber
     2.61 s  YIELDING     interruption                                       lamp cyan, blinking
     2.63 s               heard 7 of 19 words: "The forecast for tomorrow"

Entries come in the engine's order: first what happened, then the state it led to, then the actions.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite

from edgeagent.report.palette import look
from edgeagent.turn import levels
from edgeagent.turn.outputs import MEANT, OUTPUTS, WITHOUT_EARS
from edgeagent.turn.states import CALIBRATING
from edgeagent.units import RATE

Entry = Mapping[str, object]

TEXT_WIDTH, NARROWEST = 52, 24
"""Columns of the middle part, at most and at least; with time, state and lamp a line fits into 100, mostly into 60."""

BESIDE_LAMP = len("  0.00 s  HALF DUPLEX   lamp cyan, blinking")
BESIDE_WORDS = len('  0.00 s               heard about 26 of 51 words: ""')
"""Columns that the rest of a line takes."""

TEXTS_KEPT = 64
"""Sentences remembered until they are played."""

UNSPOKEN = {
    "started", "ready", "scripted", "reply_ready", "suspected", "judged", "passed", "speech_started", "speech_ended",
    "playing", "ceased", "reply_finished", "no_reply", "echo_doubted", "echo_trusted", "button_short", "button_long",
    "microphone_failed", "microphone_back", "failed", "recovered", "halted", "hint", "learnt",
    "alone", "completeness", "wake_word",
}  # fmt: skip
"""Causes that the following state line tells of, what another entry tells in words, and what only the page shows."""


BESIDE = ("alone", "shed", "ear_upset", "ear_failed", "shadow", "shadow_failed")
"""Entries that cause no change of state, though they may stand between a cause and the state that it led to."""

FOLLOWS = {
    "silent": "is silent",
    "acknowledge": "says so and is silent",
    "repair": "is sorry and replies",
    "offer": "replies and offers to go on",
    "resume": "goes on",
    "repeat": "says it again",
}
"""What a `dialogue.reactions.Reaction` is in plain words; a reply needs none."""

TOLD = {
    "reply_failed": ("the reply failed", "reason"),
    "reply_broken": ("the reply breaks off", "text"),
    "card_trouble": ("the card cannot be opened", "text"),
    "lent": ("lends its card to a calibration, deaf meanwhile; seconds at most", "most_s"),
    "loan_over": ("the card that was lent is", "end"),
    "hint_trouble": ("trouble with a hint", "text"),
    "volume_trouble": ("trouble with the volume", "text"),
    "memory_trouble": ("trouble with the memory", "text"),
    "wake_trouble": ("trouble with the wake word", "text"),
    "turn_end_trouble": ("trouble with the ends of turns", "text"),
    "turn_trouble": ("trouble with a turn", "text"),
    "discarded": ("samples that were no numbers, and were heard as silence", "samples"),
    "recording": ("records all that it hears and says in", "folder"),
    "satellite": ("satellite", "text"),
    "satellite_trouble": ("satellite", "text"),
    "ear_failed": ("the ear goes by simple rules from now on", "reason"),
    "shadow_failed": ("the models of the shadow failed; it goes by simple rules from now on", "reason"),
}
"""Entries that are a few words and one of their facts."""

FORGOTTEN = {"forgotten": "it has learnt about the people here", "talk_forgotten": "was said"}

UNIMPAIRED = {*(OUTPUTS[kind].light.value for kind in WITHOUT_EARS), CALIBRATING}
"""States whose lamp does not show that the device is impaired."""


@dataclass(slots=True)
class Timeline:
    """Turns entries, one at a time as they happen, into lines. One thread.

    colour: ANSI colours, one per state; ask for it only where the output is a terminal. answers: whether there is
    anybody who answers; in a scene there is nobody, and a turn without an answer is nothing to tell. columns: of the
    terminal, for whose sake texts are shortened."""

    colour: bool = False
    answers: bool = True
    columns: int = sys.maxsize
    _cause: Entry = field(default_factory=dict)
    _texts: dict[float, str] = field(default_factory=dict)
    _state: str = ""
    _impaired: bool = False
    _thinks_from: float = 0.0
    _understood: Entry = field(default_factory=dict)

    def line(self, entry: Entry) -> str | None:
        """The line for `entry`; None for one that needs none."""
        event = entry.get("event")
        if event == "scripted":
            self._texts[_number(entry, "utterance")] = str(entry.get("text", ""))
            while len(self._texts) > TEXTS_KEPT:
                del self._texts[next(iter(self._texts))]
        if event == "state":
            lent = entry.get("state") == "mic_lost" and self._cause.get("reason") == CALIBRATING
            self._state = CALIBRATING if lent else str(entry.get("state"))
            said = "deaf until the card is back" if lent else self._unanswered(entry) or reason(entry, self._cause)
            return None if said is None else self._format(entry, self._state, said, self._lamp())
        if event == "action":
            said = self._utterance(entry) if entry.get("action") == "play" else None
            return None if said is None else self._format(entry, self._state, said, self._lamp())
        if event == "impaired":
            self._impaired = bool(entry.get("by"))
        elif event not in BESIDE:
            self._cause = entry
        if event == "understood":
            self._understood = entry
        said = remark(entry, self._room(BESIDE_WORDS))
        return None if said is None else self._format(entry, "", said, "")

    def _unanswered(self, entry: Entry) -> str:
        """That a turn ends without a reply, where nothing else tells it; "" for any other state."""
        if entry.get("state") == "thinking":
            self._thinks_from = _number(entry, "at")
        if (entry.get("from"), entry.get("state")) != ("thinking", "idle"):
            return ""
        match self._cause.get("event"):
            case "passed":
                waited = (_number(entry, "at") - self._thinks_from) / RATE
                return f"no answer in {round(waited, 1):g} s; listening"
            case "no_reply" if self.answers and not self._means_silence():
                return "nothing was answered; listening"
        return ""

    def _means_silence(self) -> bool:
        """Whether silence is what the turn that got no reply asked for: "stop", a cough."""
        plan = self._understood
        return plan.get("turn") == self._cause.get("turn") and plan.get("reaction") == "silent"

    def _room(self, beside: int) -> int:
        """Columns of a text in a line of which the rest takes so many."""
        return max(NARROWEST, min(TEXT_WIDTH, self.columns - beside))

    def _lamp(self) -> str:
        lamp = look(self._state).lamp
        winks = self._impaired and self._state not in UNIMPAIRED
        return f"{lamp} + red winks" if winks and lamp else lamp

    def _utterance(self, entry: Entry) -> str:
        text = self._texts.get(_number(entry, "utterance"), "")
        quoted = f'"{text}"' if text else f"utterance {entry.get('utterance')}"
        if self._cause.get("event") == "judged":
            return f"false alarm; goes on from {_number(entry, 'offset') / RATE:.2f} s of {quoted}"
        return quoted

    def _format(self, entry: Entry, state: str, text: str, lamp: str) -> str:
        name = state.replace("_", " ").upper()
        text = printable(text)
        if lamp:
            width = self._room(BESIDE_LAMP)
            most = width if text.startswith('"') else TEXT_WIDTH  # what was decided is told whole all the same
            text = f"{shortened(text, most):<{width}} lamp {lamp}"
        line = f"{_number(entry, 'at') / RATE:6.2f} s  {name:<11}  {text}"
        return f"\x1b[{look(state).ansi}m{line}\x1b[0m" if self.colour and look(state).ansi else line


def lines(journal: Iterable[Entry], *, colour: bool = False) -> Iterator[str]:
    """The timeline of a whole journal."""
    timeline = Timeline(colour)
    return (line for entry in journal if (line := timeline.line(entry)) is not None)


def reason(entry: Entry, cause: Entry) -> str | None:
    """Why the device is in the state of `entry`; None when the play action that follows says it better."""
    state, before, event = entry.get("state"), entry.get("from"), cause.get("event")
    onset = f"sound from {_number(cause, 'onset') / RATE:.2f} s"
    match state:
        case "speaking":
            if before == "doubting":
                return "false alarm; speaks on" if event == "judged" else "no verdict in time; speaks on"
            return "the echo is under control; listens again" if before == "half_duplex" else None
        case "doubting":
            return onset
        case "yielding":
            return "interruption; stopped"
        case "hearing":
            return onset if event == "speech_started" else "the person goes on"
        case "thinking":
            ended = event == "speech_ended"
            return f"turn ended at {_number(cause, 'end') / RATE:.2f} s" if ended else "turn cut after the longest time"
        case "half_duplex":
            return "the echo is not trusted; does not judge what it hears"
        case "muted":
            return "by the button"
        case "mic_lost" | "faulty":
            return str(cause.get("reason", "") or "reason unknown")
        case "idle":
            return "stopped by the button" if event == "button_short" else "listening"
    return ""


def remark(entry: Entry, width: int = TEXT_WIDTH) -> str | None:
    """What to say about an entry that changes no state; None for nothing. width: of the words that were heard."""
    event = str(entry.get("event", "?"))
    match event:
        case "heard_words":
            return _heard(entry, width)
        case "heard":
            start, end = entry.get("start_s"), entry.get("end_s")
            if isinstance(start, int | float) and isinstance(end, int | float):
                return f"handed over the turn from {start:.2f} s to {end:.2f} s"  # `kept` says whether a file stays
        case "lost":
            return _lost(entry)
        case "outage":
            return f"the microphone gave nothing for {_number(entry, 'frames') / RATE:.1f} s in all"
        case "realtime":
            return _realtime(entry)
        case "card":
            return _worse(entry)
        case "flight_recorder":
            return f"keeps the sound of stops, holds and presses in {entry.get('folder', '')}; `edgeagent review`"
        case "kept":
            return f"the turn is kept in {entry.get('wav', '')}"
        case "understood":
            return _understood(entry)
        case "recognised":
            return f'understood: "{entry.get("text", "")}"'
        case "remembered":
            level, turns = _number(entry, "level_dbfs"), round(_number(entry, "turns"))
            return f"remembers a person at {level:.0f} dBFS, from {turns} turn{'s' * (turns != 1)}" if turns else None
        case "forgotten" | "talk_forgotten":
            return f"forgets what {FORGOTTEN[event]}"
        case "volume" | "pace":
            return f"{entry.get('by', '')}: {event} {_number(entry, 'percent'):.0f} %"
        case "shed":
            return _shed(entry)
        case "ear_upset":
            return _upset(entry)
        case "impaired":
            return _impaired(entry)
        case "woken":
            return f'woken by "{entry.get("word", "")}"'
        case "attention":
            return "listens to whoever speaks" if entry.get("awake") else "sleeps until it is woken"
        case "words":
            return f'a word: "{entry["text"]}"' if entry.get("text") else "no word after all"
        case "hints_lost":
            return _hints_lost(entry)
        case "word_spotter":
            return _recognised(entry)
        case "shadow":
            return _shadow(entry)
        case "journal_lost":
            return f"{_number(entry, 'entries'):.0f} entries of the journal are lost"
        case _ if event in TOLD:
            words, fact = TOLD[event]
            return f"{words}: {entry.get(fact, '')}"
        case _ if event in UNSPOKEN:
            return None
    facts = " ".join(f"{key}={value}" for key, value in entry.items() if key not in ("at", "at_s", "event"))
    return f"{event} {facts}".rstrip()


def _shed(entry: Entry) -> str:
    """What is left out because the machine is too slow."""
    level = round(_number(entry, "level"))
    return levels.said(levels.Level(level)) if level in set(levels.Level) else f"left out: level {level}"


def _upset(entry: Entry) -> str:
    """What the ear could not make sense of in the last second."""
    blind, failed = round(_number(entry, "blind")), round(_number(entry, "failed"))
    told = [f"{blind} steps of sound were no numbers and were not heard"] if blind else []
    told += [f"a model failed and begins anew ({entry.get('reason', '')})"] if failed else []
    return "; ".join(told)


def _impaired(entry: Entry) -> str:
    """What the red winks of the lamp mean."""
    by = entry.get("by")
    causes = [MEANT.get(str(each), str(each)) for each in by] if isinstance(by, list | tuple) else []
    return (
        f"the lamp winks red: {', '.join(causes)}" if causes else "the lamp winks no more: it hears as well as it can"
    )


def _hints_lost(entry: Entry) -> str:
    """How many of what other programs sent were of no use."""
    refused, dropped = _number(entry, "refused"), _number(entry, "dropped")
    return f"hints that were lost: {refused:.0f} were none, {dropped:.0f} came too fast"


def _recognised(entry: Entry) -> str:
    """What listening for words has cost, and what was lost of it."""
    told = (
        f"listened for words: {_number(entry, 'heard_s'):.1f} s of sound, {_number(entry, 'busy_s'):.1f} s of computing"
    )
    dropped, lost = _number(entry, "dropped_s"), _number(entry, "died") + _number(entry, "stalled")
    told += f"; {dropped:.1f} s left out, too slow" if dropped else ""
    return told + (f"; lost its process {lost:.0f} times" if lost else "")


DID = {
    "nothing": ("did nothing", "do nothing"),
    "held": ("lowered its voice", "only lower its voice"),
    "stopped": ("stopped", "stop"),
    "taken_back": ("stopped and went on", "stop and go on"),
}
"""What a policy did, and what another one would do; see `turn.shadow`."""


def _shadow(entry: Entry) -> str:
    """What the shadow would have done."""
    live, would = (course if isinstance(course := entry.get(name), Mapping) else {} for name in ("live", "shadow"))
    did, other = (DID.get(str(course.get("outcome")), ("did ?", "do ?")) for course in (live, would))
    return f"{did[0]}{_at(live)}; the shadow would {other[1]}{_at(would)}"


def _at(course: Entry) -> str:
    """When it stopped, or first did anything."""
    name = next((name for name in ("stopped", "ducked") if name in course), None)
    return f" at {_number(course, name) / RATE:.2f} s" if name else ""


def _lost(entry: Entry) -> str:
    """What the card lost, or by how much loudspeaker and microphone moved against each other."""
    kind, shift = str(entry.get("kind", "?")), round(_number(entry, "shift"))
    gap = f"{1000 * _number(entry, 'frames') / RATE:.0f} ms"
    match kind:
        case "no_frames":
            return f"the microphone gave nothing for {gap}"
        case "overflow":
            return f"{gap} of the microphone were lost: the program was held up"
        case "underflow":
            return "the loudspeaker ran out of sound for a moment"
        case "drift":
            return f"the loudspeaker is now {abs(shift)} samples {'later' if shift > 0 else 'earlier'}"
    return f"{gap} of the microphone were lost: {kind.replace('_', ' ')}"


def _realtime(entry: Entry) -> str:
    """How well the sound is protected from everything else on the machine."""
    first = entry.get("scheduler") == "fifo"
    locked = bool(entry.get("memory_locked"))
    said = f"{'' if first else 'no '}real-time priority, memory {'' if locked else 'not '}locked"
    return said if first and locked else f"{said}: `edgeagent check` tells how"


def _worse(entry: Entry) -> str | None:
    """By how much the card's counters of trouble have grown; nothing when they have not."""
    worse = entry.get("worse")
    if not worse or not isinstance(worse, Mapping):
        return None
    counted = ", ".join(f"{count:g} {name.replace('_', ' ')}" for name, count in worse.items())
    return f"trouble with the sound: {counted}"


def _heard(entry: Entry, width: int) -> str | None:
    """How much of an utterance was heard; nothing when it was all of it."""
    heard, of = round(_number(entry, "heard")), round(_number(entry, "of"))
    if not of or heard == of:
        return None
    text = str(entry.get("text_heard", ""))
    about = "about " if entry.get("estimated") else ""
    return f"heard {about}{heard} of {of} words" + (f': "{shortened(text, width, ending=True)}"' if text else "")


def _understood(entry: Entry) -> str | None:
    """What kind of turn it was, where it is not simply answered."""
    kind, follows = str(entry.get("kind", "")), FOLLOWS.get(str(entry.get("reaction")))
    if follows is None:
        return None
    told = f'"{entry.get("command")}"' if entry.get("command") else kind
    return f"{told}: {follows}"


def shortened(text: str, width: int, *, ending: bool = False) -> str:
    """`text` in at most `width` columns, with an ellipsis; `ending` keeps the last whole words."""
    if len(text) <= width:
        return text
    if ending:
        return "…" + text[-(width - 1) :].partition(" ")[2]
    return text[: width - 1].rstrip() + "…"


def printable(text: str) -> str:
    """Control characters taken out: a text must not steer the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def _number(entry: Entry, key: str) -> float:
    value = entry.get(key)
    return float(value) if isinstance(value, int | float) and isfinite(value) else 0.0
