"""Our own utterances, from their text to the player: made by the worker, told to the engine, kept while they may still
be wanted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from edgeagent.errors import ServiceError
from edgeagent.live.answers import NOBODY, WAITING, Answer, Script, Worker
from edgeagent.live.door import Door
from edgeagent.live.inbox import Inbox
from edgeagent.ports import Sound, Talker
from edgeagent.signal.playback import Playback
from edgeagent.turn import events as e

BEHIND = 256
"""Sentences that may wait behind those that are being made: more than any rest of a speech has. What comes after them
fails."""

HELD = 4
"""Utterances that may wait for whoever has the floor; the oldest is dropped for another. Each may be three minutes of
sound."""


class Voice:
    """Engine thread only. gone: called there with each utterance of which nothing is wanted any more, and its turn."""

    def __init__(
        self,
        door: Door,
        playback: Playback,
        inbox: Inbox,
        talker: Talker,
        gone: Callable[[int, int], None],
        soundless: Callable[[int], None],
    ) -> None:
        """talker: is closed with the voice. soundless: called with each utterance for which it had no sound."""
        self._door = door
        self._playback = playback
        self._worker = Worker(talker, inbox, self)
        self._gone = gone
        self._soundless = soundless
        self._answers: dict[int, Answer] = {}
        self._behind: deque[Answer] = deque()  # those not yet ordered
        self._held: list[int] = []  # made, and refused by the machine while somebody has the floor
        self._next = 0

    @property
    def busy(self) -> bool:
        """Whether something is being said, or waits to be."""
        return any(not answer.over for answer in self._answers.values())

    def say(self, text: str, *, turn: int = NOBODY, protected: bool = False, patient: bool = False) -> int:
        """Speak as soon as the floor allows; the number of the utterance. protected: see `events.Scripted`. patient:
        see `Answer`."""
        answer = Answer(self.number(), text, turn, protected, patient)
        self._answers[answer.utterance] = answer
        self._behind.append(answer)
        self._order()
        if len(self._behind) > BEHIND:
            self._behind.pop()
            self.failed(answer, "too many sentences wait to be said")
        return answer.utterance

    def number(self) -> int:
        """A number for an utterance, used by none before."""
        self._next += 1
        return self._next - 1

    def turn(self, utterance: int) -> int:
        """The turn that it answers; NOBODY for none, and for one that is done with."""
        answer = self._answers.get(utterance)
        return NOBODY if answer is None else answer.turn

    def play(self, utterance: int, offset: int) -> None:
        """From its own sample `offset` on; those before it are done with."""
        self._playback.play(utterance, offset)
        self._answers[utterance].patient = False
        for over in [number for number, one in self._answers.items() if number < utterance and not self._waits(one)]:
            self.forget(over)

    def _waits(self, answer: Answer) -> bool:
        """Whether it may be said after ones that were made later: held, or offered and not begun."""
        return answer.utterance in self._held or (answer.patient and not answer.over)

    def hold(self, utterance: int) -> bool:
        """Keep one that is patient, and is refused because somebody has the floor; whether it is such a one."""
        answer = self._answers.get(utterance)
        if answer is None or answer.over or not answer.patient:
            return False
        self._held.append(utterance)
        for oldest in self._held[:-HELD]:
            self.forget(oldest)
        return True

    def offer(self) -> None:
        """Nobody has the floor any more: what waits for it is ready."""
        held, self._held = self._held, []
        for utterance in held:
            self._door.tell(e.ReplyReady(0, utterance))

    def forget(self, utterance: int) -> None:
        """Nothing more of it is wanted."""
        answer = self._answers.pop(utterance, None)
        self._held = [held for held in self._held if held != utterance]
        if answer is not None:
            self._tell_script(answer)
            self._worker.cancel(answer)
        self._playback.drop(utterance)
        if answer is not None:
            self._gone(utterance, answer.turn)
            self._order()

    def drop(self, turn: int) -> None:
        """Whatever answers this turn and has not begun to sound. What has is known to the machine, which discards it if
        it is not wanted."""
        self._forget_all(one for one in self._answers.values() if one.turn == turn and not one.started)

    def drop_stale(self, turn: int) -> None:
        """As `drop`, whatever answers another turn than this."""
        self._forget_all(one for one in self._answers.values() if one.turn not in (NOBODY, turn) and not one.started)

    def discard(self, utterance: int) -> None:
        """It is not wanted; nor is what waits behind those that are being made, if it was one of them."""
        answer = self._answers.get(utterance)
        if answer is not None and answer.ordered:
            self._forget_all(self._behind)
        self.forget(utterance)

    def drop_all(self) -> None:
        """Whatever has not begun to sound."""
        held = frozenset(self._held)
        self._forget_all(one for one in self._answers.values() if not one.started or one.utterance in held)

    def ceases(self, utterance: int, *, finished: bool) -> None:
        """The engine is about to be told that it ceased: now it must know the words. (Before, only what is new for
        good is told, or the journal would repeat every sentence for each of its words.)"""
        if (answer := self._answers.get(utterance)) is not None:
            answer.over = answer.over or finished
            self._tell_script(answer)
            self._order()

    def close(self) -> None:
        """Nobody speaks any more."""
        self._worker.close()

    def _order(self) -> None:
        """Have made what is to be said next: as many as the worker and the machine let wait, in their order."""
        room = WAITING - sum(one.ordered and not one.over for one in self._answers.values())
        while self._behind and (room > 0 or self._behind[0].cancelled):
            answer = self._behind.popleft()
            if not answer.cancelled:
                room -= 1
                answer.ordered = True
                self._worker.order(answer)

    def _forget_all(self, answers: Iterable[Answer]) -> None:
        unwanted = list(answers)
        for answer in unwanted:  # before the first makes room for another of them
            answer.cancelled = True
        for answer in unwanted:
            self.forget(answer.utterance)

    def _tell_script(self, answer: Answer) -> None:
        if (script := answer.script) is not None and script != answer.told:
            answer.told = script
            known = (script.text, script.words, script.pauses, script.length, answer.protected)
            self._door.tell(e.Scripted(0, answer.utterance, *known))

    # `answers.Receiver` -----------------------------------------------------------------------------------------------

    def knows(self, answer: Answer, script: Script) -> None:
        answer.script = script
        if answer.told is None or script.length:
            self._tell_script(answer)

    def sounds(self, answer: Answer, sound: Sound) -> None:
        if not sound.size:
            return
        try:
            if not answer.started:
                self._playback.load(answer.utterance)
            self._playback.feed(answer.utterance, sound)
        except ServiceError as endless:
            self._worker.cancel(answer)
            self.failed(answer, str(endless))
            return
        if not answer.started:
            answer.started = True
            self._door.tell(e.ReplyReady(0, answer.utterance))

    def done(self, answer: Answer) -> None:
        self._playback.seal(answer.utterance)
        if not answer.started:
            self.forget(answer.utterance)
            self._soundless(answer.utterance)
            self._door.tell(e.ReplyFailed(0, answer.utterance, "the talker made no sound"))

    def failed(self, answer: Answer, reason: str) -> None:
        answer.over = True
        self._playback.seal(answer.utterance)  # should it be resumed all the same, it has an end
        self._door.tell(e.ReplyFailed(0, answer.utterance, reason))
        self._order()
