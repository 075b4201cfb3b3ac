"""The conversation around the engine: turns out to whoever understands them, replies in.

What the engine decides about turns and utterances is done here; what the slow world answers arrives here through the
inbox. What follows from what was understood is `dialogue`'s business. All of it is in the engine's thread; the slow
work is done by the replier's worker, the talker's and the hook, each in its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from edgeagent.detect.words import Words
from edgeagent.dialogue.dialogue import Dialogue, Plan
from edgeagent.dialogue.kinds import Kind, Understood
from edgeagent.live.answers import NOBODY
from edgeagent.live.asking import Asker, Question
from edgeagent.live.door import Door
from edgeagent.live.inbox import Inbox
from edgeagent.live.turns import Audience, Listener, Partly, Turns
from edgeagent.live.voice import Voice
from edgeagent.ports import Journal, Replier, Request, Sound, Talker
from edgeagent.signal.playback import Playback
from edgeagent.turn import actions as a
from edgeagent.turn import events as e
from edgeagent.turn import states as s

Told = Callable[[int, str], None]

Listen = Callable[[Told, Told, Told], Audience | None]
"""Makes whoever gets the user's turns, None for nobody. It tells the first function the text of each turn, the second
what went wrong with one, and the third the path under which one is kept, from any thread."""

WORDS_SO_FAR = "text"
"""The opinion of the words on whether a turn is complete."""

CEASED = 64
"""Reports of the player that wait until somebody asks what was heard; the ledger keeps no more utterances."""

TAKEN = s.Hearing | s.Thinking | s.Speaking | s.Doubting | s.Yielding | s.HalfDuplex
"""Somebody has the floor; when they have not, what is patient is said. In other states it never is."""

LONGEST_TEXT = 2000
"""Characters of a turn that count, two minutes of speech: a recogniser that repeats itself must not hold up the sound,
whose thread finds out here what was meant."""


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
        dialogue: Dialogue | None = None,
        words: Words | None = None,
    ) -> None:
        """talker, replier, and what `listen` makes are closed with the conversation. replier: None for a device that
        only speaks by itself. dialogue: None where nobody understands what is said: then every turn goes to the
        replier, which goes its own way. words: the lexical hint, if there is one; its spotter is not closed here."""
        self.words = words
        self._door = door
        self._journal = journal
        self._inbox = inbox
        self._dialogue = dialogue
        self._listener = listen(self._recognised, self._trouble, self._kept)
        if isinstance(self._listener, Partly) and dialogue is not None:
            self._listener.tell_so_far(self._so_far)
        self.turns = Turns(door.engine.linear, self._listener)
        self._voice = Voice(door, playback, inbox, talker, self._gone, self._soundless)
        self._asker = Asker(replier, inbox, self) if replier is not None else None
        self._question: Question | None = None
        self._closed: dict[int, tuple[Sound, float]] = {}  # turns whose text is awaited, and how likely each is far
        self._ceased: deque[tuple[int, e.Ceased]] = deque(maxlen=CEASED)  # with the engine's sample at that moment

    def say(self, text: str, *, protected: bool = False, patient: bool = False) -> int:
        """Speak as soon as the floor allows; the number of the utterance. protected: see `events.Scripted`. patient:
        while somebody has the floor, or is answered, wait; otherwise it is dropped."""
        if self._dialogue is not None and not self._voice.busy:
            self._begin(self._dialogue)
        utterance = self._voice.say(text, protected=protected, patient=patient)
        if self._dialogue is not None:
            self._dialogue.says(utterance, text, unasked=True)
        return utterance

    def attend(self, listener: Listener) -> None:
        """Somebody else who gets the turns, and tells no text. Closed with the conversation."""
        self.turns.attend(listener)

    def open(self, turn: int) -> None:
        """Let the replier begin, though nobody has said anything: behind what is being said, as its continuation. turn:
        the number that it knows this by, negative."""
        if self._dialogue is not None:
            if not self._voice.busy:
                self._begin(self._dialogue)
            self._dialogue.opened(turn)
        self._follow(Request(turn, np.empty(0, np.float32), "", Understood(Kind.REQUEST)), ask=True)

    def act(self, action: a.Action) -> None:
        """Do what was decided; any action but Halt."""
        match action:
            case a.Play():
                self._voice.play(action.utterance, action.offset)
            case a.Discard():
                self._discard(action.utterance)
            case a.CallOff():
                self._cut()
                self._await_no_more()
                self._voice.drop_all()
                if self._dialogue is not None:
                    self._dialogue.silence()
            case a.OpenTurn():
                self.turns.open(action)
            case a.HandOver():
                self._hand_over(action)
            case a.DropTurn():
                self._drop(action.turn)
            case a.ReopenTurn():
                self._drop(action.turn)
                if self._dialogue is not None:
                    self._dialogue.reopened(action.turn)
                self.turns.open(action)

    def ceases(self, fact: e.Ceased) -> None:
        """The engine is about to be told this: now it must know the words."""
        self._voice.ceases(fact.utterance, finished=fact.finished)
        self._ceased.append((self._door.engine.at, fact))

    def stream(self) -> None:
        """A step is over: hand on what was heard."""
        self.turns.stream()
        self._learn_what_was_heard()
        if self.words is not None:
            for hint in self.words.hear(self._door.engine.state, self._door.engine.at):
                self._door.tell(hint)
                self.note("words", text=self.words.last)

    def settle(self) -> None:
        """What was decided in a step has been done: whoever may be speaking over us is listened to already, and what
        waits until nobody has the floor is said."""
        state, moderator = self._door.engine.state, self._door.engine.moderator
        if isinstance(state, s.Doubting):
            self.turns.suspect(moderator.opening(state.onset))
        else:
            self.turns.trust()
        if isinstance(state, s.Idle) and self._question is None:
            self._voice.offer()

    def close(self) -> None:
        """Nobody speaks or listens any more."""
        self._learn_what_was_heard()
        self.turns.end()
        if self._asker is not None:
            self._asker.close()
        self._voice.close()

    def note(self, event: str, **facts: object) -> None:
        """Write down what the engine knows nothing of."""
        self._journal.write({"at": self._door.engine.at, "event": event, **facts})

    # Turns ------------------------------------------------------------------------------------------------------------

    def _hand_over(self, turn: a.HandOver) -> None:
        self._cut()
        sound = self.turns.close(turn)
        for overtaken in self._await_no_more():
            self.note("turn_trouble", turn=overtaken, text="the next one came before its text")
        self._voice.drop_stale(turn.turn)
        self._closed[turn.turn] = sound, self._door.engine.far
        if self._listener is None:
            self._answer(turn.turn, "")

    def _await_no_more(self) -> tuple[int, ...]:
        """Whatever was said, and is not understood yet, would be answered out of turn. Returns the turns dropped."""
        awaited = tuple(self._closed)
        for turn in awaited:
            self._drop(turn)
        return awaited

    def _recognised(self, turn: int, text: str) -> None:
        """Any thread. Must not wait: the engine thread may be waiting until all has been told (`one_turn.Telling`)."""
        self._inbox.leave(lambda: self._answer(turn, text))

    def _so_far(self, turn: int, text: str) -> None:
        """Any thread."""
        self._inbox.post(lambda: self._opine(turn, text))

    def _opine(self, turn: int, text: str) -> None:
        """What the words so far say about whether there will be more. What is meant is not looked at yet."""
        if turn == self.turns.current and self._dialogue is not None:
            at, end = self._door.engine.at, text[-LONGEST_TEXT:]  # by which it is told
            self._door.tell(e.Completeness(0, WORDS_SO_FAR, self._dialogue.completeness(end), at))

    def _trouble(self, turn: int, text: str) -> None:
        """Any thread."""
        self._inbox.post(lambda: self.note("turn_trouble", turn=turn, text=text))

    def _kept(self, turn: int, wav: str) -> None:
        """Any thread."""
        self._inbox.post(lambda: self.note("kept", turn=turn, wav=wav))

    def _answer(self, turn: int, text: str) -> None:
        closed = self._closed.pop(turn, None)
        if closed is None:  # dropped meanwhile
            return
        sound, far = closed
        text = text[:LONGEST_TEXT]
        if text:
            self.note("recognised", turn=turn, text=text)
        if self._dialogue is None:
            self._follow(Request(turn, sound, text, Understood(Kind.REQUEST)), ask=True)
            return
        self._begin(self._dialogue)
        plan = self._dialogue.turn(turn, text, far)
        self._note_plan(turn, plan)
        told = (plan.understood, self._dialogue.history.lines, plan.first, plan.resumes, self._dialogue.brief())
        request = Request(turn, sound, text, *told)
        self._follow(request, plan.first, plan.last, ask=plan.ask, aside=plan.aside)

    def _note_plan(self, turn: int, plan: Plan) -> None:
        known = {"command": plan.understood.command, "wrong": plan.understood.wrong, "right": plan.understood.right}
        told = {name: value for name, value in known.items() if value}
        self.note("understood", turn=turn, kind=plan.understood.kind.value, reaction=plan.reaction.value, **told)

    def _begin(self, dialogue: Dialogue) -> None:
        """A new speech of ours, upon what has been heard of those before."""
        self._learn_what_was_heard()
        dialogue.begin()

    def _learn_what_was_heard(self) -> None:
        ledger, dialogue = self._door.engine.moderator.ledger, self._dialogue
        while self._ceased and self._ceased[0][0] < self._door.engine.at:  # the ledger learns of it with the next step
            _, fact = self._ceased.popleft()
            if dialogue is not None:
                heard, left = ledger.heard(fact.utterance), ledger.left(fact.utterance)
                meant, estimated = f"{heard.text_heard} {heard.text_unheard}".strip(), heard.estimated
                told = (fact.utterance, heard.text_heard, left)
                dialogue.heard(*told, whole=fact.finished, estimated=estimated, meant=meant)

    def _follow(
        self,
        request: Request,
        first: tuple[str, ...] = (),
        last: tuple[str, ...] = (),
        *,
        ask: bool = False,
        aside: tuple[str, ...] = (),
    ) -> None:
        for text in aside:
            self._voice.say(text, turn=request.turn)
        for text in first:
            self._say(text, request.turn)
        if ask and self._asker is not None:
            self._question = Question(request, last, said=len(first), ahead=len(first))
            self._asker.ask(self._question)
        elif not (first or aside):
            self._door.tell(e.NoReply(0, request.turn))

    def _say(self, text: str, turn: int) -> None:
        if self._dialogue is not None:
            self._dialogue.brief()  # whoever reads for an hour is as fast as ever after ten minutes
        utterance = self._voice.say(text, turn=turn)
        if self._dialogue is not None:
            self._dialogue.says(utterance, text)

    def _drop(self, turn: int) -> None:
        self._closed.pop(turn, None)
        self.turns.drop(turn)
        if self._question is not None and self._question.request.turn == turn:
            self._cut()
        self._voice.drop(turn)
        if self._dialogue is not None:
            self._learn_what_was_heard()
            self._dialogue.dropped(turn)

    def _discard(self, utterance: int) -> None:
        """All of a turn is called off together: what is spoken, what waits, and what is still being thought of."""
        if isinstance(self._door.engine.state, TAKEN) and self._voice.hold(utterance):
            return
        turn = self._voice.turn(utterance)
        self._voice.discard(utterance)
        if turn != NOBODY:
            self._voice.drop(turn)
            if self._question is not None and self._question.request.turn == turn:
                self._cut()

    def _cut(self) -> None:
        """What the replier is at is not wanted any more, nor is what it has said and nobody has heard yet."""
        question, self._question = self._question, None
        if question is not None and self._asker is not None:
            self._asker.cancel(question)
            self._voice.drop(question.request.turn)
            if self._dialogue is not None:
                self._dialogue.broken()

    def _gone(self, _utterance: int, turn: int) -> None:
        """An utterance is done with."""
        if self._question is not None and self._question.request.turn == turn and self._asker is not None:
            self._asker.spoken(self._question)

    def _soundless(self, utterance: int) -> None:
        if self._dialogue is not None:
            self._dialogue.soundless(utterance)

    # `asking.Receiver` ------------------------------------------------------------------------------------------------

    def sentence(self, question: Question, text: str) -> None:
        question.said += 1
        self._say(text, question.request.turn)

    def answered(self, question: Question) -> None:
        self._question = None
        if self._dialogue is not None:
            self._dialogue.complete()
        if question.said:
            self._say_last(question)
        else:
            self._door.tell(e.NoReply(0, question.request.turn))

    def refused(self, question: Question, reason: str) -> None:
        self._question = None
        if self._dialogue is not None:
            end = self._dialogue.complete if question.said else self._dialogue.refused
            end()
        if question.said:  # what it has said stands
            self.note("reply_broken", turn=question.request.turn, text=reason)
            self._say_last(question)
        else:
            self._door.tell(e.ReplyFailed(0, self._voice.number(), reason))

    def _say_last(self, question: Question) -> None:
        for text in question.last:
            self._say(text, question.request.turn)
