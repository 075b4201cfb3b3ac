"""The conversation after an interruption: what was heard, what is left to say, and what to do about what was said.

Pure: it is told what the ledger knows and what a recogniser understood, and answers with a plan. An utterance is a
sentence; sentences that belong together are a speech. When somebody takes the floor, what is left of the speech is its
rest: the sentence that was cut, from a phrase start on, and the sentences behind it. A rest outlives the speech that
answers a question in between, and no more than that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeagent.dialogue.history import History
from edgeagent.dialogue.kinds import Context, Kind, Understood, agrees, understand
from edgeagent.dialogue.language import Language
from edgeagent.dialogue.reactions import Reaction, reaction
from edgeagent.dialogue.speech import Speech

CLOSING = "\"'»”’) "  # noqa: RUF001
"""May stand behind a question mark."""

QUESTION = ("?", "？", "؟")  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do about a turn: say `first`, then ask the replier if `ask`, then say `last`. A replier that is asked
    behind a rest is to go on from there."""

    understood: Understood
    reaction: Reaction
    first: tuple[str, ...] = ()
    ask: bool = False
    last: tuple[str, ...] = ()

    @property
    def resumes(self) -> bool:
        """Whether what was cut off goes on."""
        return self.reaction in (Reaction.RESUME, Reaction.REPEAT)


class Dialogue:
    """One thread. wanted: the reaction to every kind but commands."""

    def __init__(self, language: Language, wanted: Mapping[Kind, Reaction]) -> None:
        self.history = History()
        self._language = language
        self._wanted = wanted
        self._speech = Speech()
        self._kept = Speech()  # its rest may still be wanted
        self._fresh = True
        self._silenced = False

    @property
    def rest(self) -> tuple[str, ...]:
        """What is left to say of what was interrupted last."""
        return self._left.rest

    @property
    def _left(self) -> Speech:
        return self._speech if self._speech.unfinished else self._kept

    def begin(self) -> None:
        """The next utterance begins a new speech."""
        self._fresh = True

    def says(self, utterance: int, text: str) -> None:
        """We mean to say this, behind what else there is of the speech."""
        self._silenced = False
        if self._fresh:
            self._fresh = False
            if self._speech.unfinished:
                self._kept = self._speech
            self._speech = Speech()
        self._speech.add(utterance, text)

    def heard(self, utterance: int, text: str, again: str, *, whole: bool, estimated: bool = False) -> None:
        """Of `utterance` so much was heard up to now. again: what would be said if it went on, from a phrase start."""
        self._speech.heard(utterance, text, "" if whole else again)
        self.history.heard(utterance, text, whole=whole, estimated=estimated)

    def soundless(self, utterance: int) -> None:
        """The voice has no sound for it: it can neither be heard nor be left."""
        self._speech.heard(utterance, "", "")

    def broken(self) -> None:
        """Whoever makes the speech was cut off before its end; if it has begun at all."""
        self._speech.more = self._speech.more or not self._fresh

    def silence(self) -> None:
        """Somebody wants us to be silent, by a button or by a word: what is left is said when they ask for it, and not
        because of a small sound, which interrupts nothing from now on."""
        self._silenced = True

    def turn(self, turn: int, text: str) -> Plan:
        """What a person said, "" for nothing that a recogniser knows, and what to do about it."""
        interrupted = self._speech.unfinished and not self._silenced
        offered = self._offered and not self._silenced
        asked = offered or (not interrupted and self._speech.last.rstrip(CLOSING)[-1:] in QUESTION)
        understood = understand(text, Context(self._speech.text, asked, interrupted), self._language)
        follows = self._follows(understood, interrupted)
        if offered and (agreed := agrees(text, self._language)) is not None:
            follows = Reaction.RESUME if agreed else Reaction.SILENT
            if not agreed:
                self._drop()
        elif follows is not Reaction.RESUME or understood.kind is Kind.COMMAND:
            self.history.said(turn, text)
        return self._plan(understood, follows)

    @property
    def _offered(self) -> bool:
        """Whether the last that was heard of us was the question whether to go on."""
        offer = self._language.offer  # "" in languages without one, as is the last of which nothing was heard
        return bool(offer) and self._kept.unfinished and self._speech.last == offer

    def _follows(self, understood: Understood, interrupted: bool) -> Reaction:
        """A small sound that interrupted nothing goes to the replier, if it is a word, and otherwise nowhere."""
        follows = reaction(understood, self._wanted)
        asked = understood.kind is Kind.COMMAND  # to go on
        if follows is Reaction.RESUME and not (self._left.unfinished and (asked or not self._silenced)):
            spoken = understood.kind in (Kind.BACKCHANNEL, Kind.COMMAND)
            return Reaction.REPLY if spoken and not interrupted else Reaction.SILENT
        return follows

    def _plan(self, understood: Understood, follows: Reaction) -> Plan:
        rest, more = self.rest, self._left.more
        match follows:
            case Reaction.RESUME:
                self._resume()
                return Plan(understood, follows, first=rest, ask=more)
            case Reaction.REPEAT:
                again = self._speech.repeated or rest
                self._resume()
                return Plan(understood, follows, first=again, ask=more or not again)
            case Reaction.SILENT:
                self.silence()
                return Plan(understood, follows)
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


def _said(phrase: str) -> tuple[str, ...]:
    return (phrase,) if phrase else ()
