"""The conversation after an interruption: what was heard, what is left to say, and what to do about what was said.

Pure: it is told what the ledger knows and what a recogniser understood, and answers with a plan. An utterance is a
sentence; sentences that belong together are a speech. When somebody takes the floor, what is left of the speech is its
rest: the sentence that was cut, from a phrase start on, and the sentences behind it. A rest outlives the speech that
answers a question in between; where that is interrupted by another question, its own rest comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edgeagent.dialogue.completeness import complete
from edgeagent.dialogue.history import History
from edgeagent.dialogue.kinds import Context, Kind, Understood, agrees, granted, understand
from edgeagent.dialogue.language import Language
from edgeagent.dialogue.manner import INTERRUPTED, MANNER, MISSED
from edgeagent.dialogue.reactions import Reaction, reaction
from edgeagent.dialogue.saved import Saved
from edgeagent.dialogue.speech import Speech

CLOSING = "\"'»”’) "  # noqa: RUF001
"""May stand behind a question mark."""

PASSING = (Kind.BACKCHANNEL, Kind.NONVERBAL, Kind.FAR)
"""Nobody wanted the floor."""

WORDLESS = (Kind.NONVERBAL, Kind.FAR)
"""Nothing was said to us."""

STOP, HOLD = "stop", "hold"
"""The commands to be silent. After the second we are waited for."""

QUESTION = ("?", "？", "؟")  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do about a turn: say `first`, then ask the replier if `ask`, then say `last`. A replier that is asked
    behind a rest is to go on from there. aside: what to say alone, that is no part of what we have to say."""

    understood: Understood
    reaction: Reaction
    first: tuple[str, ...] = ()
    ask: bool = False
    last: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()

    @property
    def resumes(self) -> bool:
        """Whether what was cut off goes on."""
        return self.reaction in (Reaction.RESUME, Reaction.REPEAT)


@dataclass(slots=True)
class _Answer:
    """What we say to the turn that was answered last. rest: it is what was cut off. asking: the replier is at it.
    before: where we stood then. adjusted: the turn that last said how we speak, or interrupted us, and which."""

    turn: int = -1
    rest: bool = False
    asking: bool = False
    before: tuple[Speech, Speech] | None = None
    adjusted: tuple[int, str] = (-1, "")


class Dialogue:
    """One thread. wanted: the reaction to every kind but commands, and to some of these (`reactions.reaction`)."""

    def __init__(self, language: Language, wanted: Mapping[str, Reaction]) -> None:
        self.history = History()
        self.keep: Callable[[Saved], None] = _nobody
        """Gets where the conversation stands whenever that has changed; must return at once."""
        self.adjust: Callable[[str], None] = _nothing
        """Gets what is said about how we speak (`manner.MANNER`), and that somebody interrupted us and meant it."""
        self.brief: Callable[[], bool] = lambda: False
        """Whether a short reply is wanted."""
        self._language = language
        self._wanted = wanted
        self._speech = Speech()
        self._kept = Speech()  # its rest may still be wanted
        self._fresh = True
        self._answer = _Answer()

    @property
    def rest(self) -> tuple[str, ...]:
        """What is left to say of what was interrupted last."""
        return self._left.rest

    @property
    def _left(self) -> Speech:
        return self._speech if self._speech.unfinished else self._kept

    @property
    def _nested(self) -> Speech:
        """What is left of an answer, and of what it answered in: that was to be offered behind it, and now comes."""
        answer = (text for text in self._speech.rest if text != self._language.offer)
        return Speech.left_over((*answer, *self._kept.rest), self._kept.more)

    @property
    def saved(self) -> Saved:
        """Where the conversation stands. Of an answer in between nothing is left to say: what it interrupted is."""
        if self._kept.unfinished:
            return Saved(self.history.lines, self._kept.rest, self._kept.more)
        begun = self._answer.rest or not self._fresh
        more = self._speech.more or (self._answer.asking and begun)
        return Saved(self.history.lines, self._speech.rest, more)

    def recall(self, saved: Saved) -> str:
        """Begin where the device was when it went off; before anything is said. Returns what to ask first: whether to
        go on; "" where nothing is left, or the language has no phrase for it."""
        self.history.recall(saved.lines)
        self._kept = Speech.left_over(saved.rest, saved.more)
        return self._language.offer if saved.unfinished else ""

    def forget(self) -> None:
        """Nothing has been said, and nothing is left to say."""
        self.history.clear()
        self._drop()
        self._answer.before = None

    def begin(self) -> None:
        """The next utterance begins a new speech."""
        self._fresh = True

    def opened(self, turn: int) -> None:
        """The replier begins by itself, from the start. turn: the number that it knows this by."""
        self._kept = Speech()
        self._answer = _Answer(turn, asking=True)

    def says(self, utterance: int, text: str, *, unasked: bool = False) -> None:
        """We mean to say this, behind what else there is of the speech. unasked: it answers nobody, so who had us be
        silent before has not changed their mind."""
        if self._fresh:
            self._fresh = False
            if self._speech.unfinished:
                silenced = self._speech.silenced
                self._kept = self._nested if self._kept.unfinished else self._speech
                self._kept.silenced = silenced
            self._speech = Speech()
        if not unasked:
            self._speech.silenced = self._kept.silenced = ""
        self._speech.add(utterance, text)
        self.keep(self.saved)

    def heard(
        self, utterance: int, text: str, again: str, *, whole: bool, estimated: bool = False, meant: str = ""
    ) -> None:
        """Of `utterance` so much was heard up to now. again: what would be said if it went on, from a phrase start.
        meant: all of its text, which may have become known while it sounded."""
        self._speech.heard(utterance, text, "" if whole else again, meant)
        self.history.heard(utterance, text, whole=whole, estimated=estimated)
        self.keep(self.saved)

    def soundless(self, utterance: int) -> None:
        """The voice has no sound for it: it can neither be heard nor be left."""
        self._speech.heard(utterance, "", "")

    def broken(self) -> None:
        """Whoever makes the speech was cut off before its end; if it has begun at all, or was asked to go on."""
        self._speech.more = self._speech.more or not self._fresh
        self.refused()

    def refused(self) -> None:
        """Nothing came of whoever was asked. If it was to go on, it still is."""
        self._speech.more = self._speech.more or (self._answer.rest and self._answer.asking)
        self.complete()

    def complete(self) -> None:
        """No more comes of whoever makes the speech."""
        self._answer.asking = False
        self.keep(self.saved)

    def dropped(self, turn: int) -> None:
        """The turn is none, or it goes on: of an answer to it of which nothing was heard nothing is left to say."""
        unheard = not self._fresh and not self._speech.text
        if turn == self._answer.turn and unheard and not self._answer.rest:
            self._speech = Speech()
            self.keep(self.saved)

    def reopened(self, turn: int) -> None:
        """The turn goes on, and nothing of an answer has been heard: what was made of its beginning is taken back, for
        who pauses behind "tell me" has dropped nothing."""
        if turn == self._answer.turn and self._answer.before is not None:
            self._speech, self._kept = self._answer.before
            self._answer = _Answer(adjusted=self._answer.adjusted)
            self.keep(self.saved)

    def completeness(self, text: str) -> float:
        """Probability that nothing follows `text` in a turn that is still open; see `completeness`."""
        return complete(text, self._language)

    def silence(self, how: str = STOP) -> None:
        """Somebody wants us to be silent, by a button or by a word: what is left is said when they ask for it, and not
        because of a small sound, which interrupts nothing from now on. how: STOP or HOLD."""
        self._speech.silenced = self._kept.silenced = how

    def turn(self, turn: int, text: str, far: float = 0.0) -> Plan:
        """What a person said, "" for nothing that a recogniser knows, and what to do about it. far: probability that it
        was not said to us."""
        before = self._speech.copy(), self._kept.copy()
        interrupted = self._speech.unfinished and not self._speech.silenced
        offered = self._offered and not self._kept.silenced
        asked = offered or (not interrupted and self._speech.last.rstrip(CLOSING)[-1:] in QUESTION)
        held = self._speech.silenced == HOLD and self._speech.unfinished  # who had us wait asks in between, too
        understood = understand(text, Context(self._speech.text, asked, interrupted or held, far), self._language)
        manner = granted(text, self._language) if offered and understood.kind is not Kind.FAR else ""
        adjusted = self._adjusted(turn, understood, manner, interrupted=interrupted)
        agreed = bool(manner) or agrees(text, self._language) if offered and understood.kind is not Kind.FAR else None
        unheard = self._kept.unfinished and self._speech.rest == (self._language.offer,)
        early = unheard and understood.command == "continue"
        if early or (offered and (agreed is not None or understood.kind not in PASSING)):
            self._speech.finish()  # nobody waits for a question that they have answered, or passed over
        follows = self._follows(understood, interrupted)
        if agreed is not None:
            follows = Reaction.RESUME if agreed else Reaction.SILENT
            if not agreed:
                self._drop()
        elif understood.kind is Kind.COMMAND or not _passes(understood, follows):
            self.history.said(turn, text)
        plan = self._plan(understood, follows)
        self._answer = _Answer(turn, plan.resumes, plan.ask, before, adjusted)
        if not plan.first:  # otherwise `says` comes at once, and a power cut in between must not cost the rest
            self.keep(self.saved)
        return plan

    def _adjusted(self, turn: int, understood: Understood, manner: str, *, interrupted: bool) -> tuple[int, str]:
        """Tells how we are to speak, and that we were interrupted: once for each turn, however often it is taken up."""
        said = manner or (understood.command if understood.command in MANNER else "")
        if not said and interrupted and understood.kind not in PASSING:
            said = INTERRUPTED
        if not said or (turn, said) == self._answer.adjusted:
            return self._answer.adjusted
        self.adjust(said)
        return turn, said

    @property
    def _offered(self) -> bool:
        """Whether the last that was heard of us was the question whether to go on."""
        offer = self._language.offer  # "" in languages without one, as is the last of which nothing was heard
        return bool(offer) and self._kept.unfinished and self._speech.last == offer

    def _follows(self, understood: Understood, interrupted: bool) -> Reaction:
        """A small sound that interrupted nothing goes to the replier, if it is a word, and otherwise nowhere: it is no
        yes to an offer, and no "go on" hours later."""
        follows = reaction(understood, self._wanted)
        if follows is Reaction.RESUME and understood.kind in WORDLESS and not interrupted:
            return Reaction.SILENT
        if understood.command in MANNER and (self._offered or not self._left.unfinished):
            again = self._speech.repeated and (self._offered or understood.command in MISSED)
            return Reaction.REPEAT if again else Reaction.SILENT
        if understood.command in MANNER and self._left.silenced:
            return Reaction.SILENT  # who wants us softer has not asked us to go on
        asked = understood.kind is Kind.COMMAND  # to go on
        if follows is Reaction.RESUME and not (self._left.unfinished and (asked or not self._left.silenced)):
            spoken = understood.kind in (Kind.BACKCHANNEL, Kind.COMMAND)
            return Reaction.REPLY if spoken and not interrupted else Reaction.SILENT
        return follows

    def _plan(self, understood: Understood, follows: Reaction) -> Plan:
        rest, more = self.rest, self._left.more
        how = understood.command if understood.command in (STOP, HOLD) else self._left.silenced or STOP
        match follows:
            case Reaction.RESUME:
                self._resume()
                return Plan(understood, follows, first=rest, ask=more)
            case Reaction.REPEAT:
                if again := self._speech.repeated:
                    self._speech.finish()  # and what it interrupted may still be wanted
                else:
                    again = rest
                    self._resume()
                return Plan(understood, follows, first=again, ask=more or not again)
            case Reaction.SILENT:
                if self._speech.unfinished or understood.kind not in PASSING:  # a cough after an offer leaves it open
                    self.silence(how)
                return Plan(understood, follows)
            case Reaction.ACKNOWLEDGE:
                self.silence(how)
                return Plan(understood, follows, aside=_said(self._language.okay))
            case Reaction.OFFER if rest or more:
                return Plan(understood, follows, ask=True, last=_said(self._language.offer))
            case Reaction.REPAIR:
                self._drop()
                return Plan(understood, follows, first=_said(self._language.repair), ask=True)
        self._drop()
        return Plan(understood, follows, ask=True)

    def _resume(self) -> None:
        """The rest is about to be said again: of this speech, or of the one before it."""
        if not self._speech.unfinished:
            self._kept = Speech()
        self._speech.finish()

    def _drop(self) -> None:
        """Nothing is left to say."""
        self._kept = Speech()
        self._speech.finish()


def _nothing(_command: str) -> None:
    """We speak as ever."""


def _nobody(_saved: Saved) -> None:
    """Nothing is kept."""


def _passes(understood: Understood, follows: Reaction) -> bool:
    """Whether it only accompanied us, or was said to somebody else: no replier need know it."""
    return follows is Reaction.RESUME or (follows is Reaction.SILENT and understood.kind in WORDLESS)


def _said(phrase: str) -> tuple[str, ...]:
    return (phrase,) if phrase else ()
