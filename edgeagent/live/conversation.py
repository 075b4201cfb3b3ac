"""What the machine asks of the slow world: user turns out, answers in, and the player between them.

Everything here runs in the engine thread; waiting is done by `answers.Worker` and by the turn hook, each in its own.
"""

from __future__ import annotations

from collections.abc import Callable

from edgeagent.detect.words import Words
from edgeagent.errors import ServiceError
from edgeagent.live.answers import NOBODY, Answer, Script, Worker
from edgeagent.live.door import Door
from edgeagent.live.inbox import Inbox
from edgeagent.live.turns import Listener, Turns
from edgeagent.ports import Journal, Replier, Sound, Talker
from edgeagent.signal.playback import Playback
from edgeagent.turn import actions as a
from edgeagent.turn import events as e

Told = Callable[[int, str], None]

Listen = Callable[[Told, Told, Told], Listener | None]
"""Makes whoever gets the user's turns, None for nobody. It tells the first function the text of each turn, the second
what went wrong with one, and the third the path under which one is kept, from any thread."""


class Conversation:
    """Engine thread only, but for what `listen` gets. journal: gets what the engine knows nothing of."""

    def __init__(
        self,
        door: Door,
        playback: Playback,
        inbox: Inbox,
        journal: Journal,
        talker: Talker,
        replier: Replier | None,
        listen: Listen,
        words: Words | None = None,
    ) -> None:
        """talker, replier, and what `listen` makes are closed with the conversation. words: the lexical hint, if there
        is one; its spotter is not closed here."""
        self.words = words
        self._door = door
        self._playback = playback
        self._inbox = inbox
        self._journal = journal
        self._replies = replier is not None
        self._listener = listen(self._recognised, self._trouble, self._kept)
        self._turns = Turns(door.engine.linear, self._listener)
        self._worker = Worker(talker, replier, inbox, self)
        self._answers: dict[int, Answer] = {}
        self._closed: dict[int, Sound] = {}  # turns whose text is awaited
        self._next = 0

    def say(self, text: str, *, protected: bool = False) -> int:
        """Speak as soon as the floor allows; the number of the utterance. protected: see `events.Scripted`."""
        return self._order(Answer(self._next, text=text, protected=protected))

    def act(self, action: a.Action) -> None:
        """Do what was decided; any action but Halt."""
        match action:
            case a.Play():
                self._playback.play(action.utterance, action.offset)
                for over in [u for u in self._answers if u < action.utterance]:
                    self._forget(over)
            case a.Discard():
                self._forget(action.utterance)
            case a.OpenTurn():
                self._turns.open(action)
            case a.HandOver():
                self._hand_over(action)
            case a.DropTurn():
                self._drop(action.turn)
            case a.ReopenTurn():
                self._drop(action.turn)
                self._turns.open(action)

    def ceases(self, utterance: int) -> None:
        """The engine is about to be told that it ceased: now it must know the words. (Before, only what is new for
        good is told, or the journal would repeat every sentence for each of its words.)"""
        if utterance in self._answers:
            self._tell_script(self._answers[utterance])

    def stream(self) -> None:
        """A step is over: hand on what was heard."""
        self._turns.stream()
        if self.words is not None:
            for hint in self.words.hear(self._door.engine.state, self._door.engine.at):
                self._door.tell(hint)
                self.note("words", text=self.words.last)

    def close(self) -> None:
        """Nobody speaks or listens any more."""
        self._turns.end()
        self._worker.close()

    # Turns ------------------------------------------------------------------------------------------------------------

    def _hand_over(self, turn: a.HandOver) -> None:
        self._closed[turn.turn] = self._turns.close(turn)
        if self._listener is None:
            self._answer(turn.turn, "")

    def _recognised(self, turn: int, text: str) -> None:
        """Any thread."""
        self._inbox.put(lambda: self._answer(turn, text), lambda: True)

    def _trouble(self, turn: int, text: str) -> None:
        """Any thread."""
        self._inbox.post(lambda: self.note("turn_trouble", turn=turn, text=text))

    def _kept(self, turn: int, wav: str) -> None:
        """Any thread."""
        self._inbox.post(lambda: self.note("kept", turn=turn, wav=wav))

    def note(self, event: str, **facts: object) -> None:
        """Write down what the engine knows nothing of."""
        self._journal.write({"at": self._door.engine.at, "event": event, **facts})

    def _answer(self, turn: int, text: str) -> None:
        sound = self._closed.pop(turn, None)
        if sound is None:  # dropped meanwhile
            return
        if text:
            self.note("recognised", turn=turn, text=text)
        if self._replies:
            self._order(Answer(self._next, turn, sound, text))
        else:
            self._door.tell(e.NoReply(0, turn))

    def _drop(self, turn: int) -> None:
        self._closed.pop(turn, None)
        self._turns.drop(turn)
        stale = [answer for answer in self._answers.values() if answer.turn == turn and not answer.started]
        for answer in stale:  # one that has started is known to the machine, which discards it if it is not wanted
            self._forget(answer.utterance)

    # Answers; the last four are `answers.Receiver` --------------------------------------------------------------------

    def _order(self, answer: Answer) -> int:
        self._answers[answer.utterance] = answer
        self._next += 1
        self._worker.order(answer)
        return answer.utterance

    def _forget(self, utterance: int) -> None:
        answer = self._answers.pop(utterance, None)
        if answer is not None:
            self._tell_script(answer)
            self._worker.cancel(answer)
        self._playback.drop(utterance)

    def _tell_script(self, answer: Answer) -> None:
        if (script := answer.script) is not None and script != answer.told:
            answer.told = script
            known = (script.text, script.words, script.pauses, script.length, answer.protected)
            self._door.tell(e.Scripted(0, answer.utterance, *known))

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
        if answer.started:
            return
        self._forget(answer.utterance)
        if answer.text:
            self._door.tell(e.ReplyFailed(0, answer.utterance, "the talker made no sound"))
        elif answer.turn != NOBODY:
            self._door.tell(e.NoReply(0, answer.turn))

    def failed(self, answer: Answer, reason: str) -> None:
        self._playback.seal(answer.utterance)  # should it be resumed all the same, it has an end
        self._door.tell(e.ReplyFailed(0, answer.utterance, reason))
