"""The turn machine: `step(state, event) -> (state, actions)`, pure and total.

Every pair of state and event is decided once: it is in TABLE, or it is in IGNORED. Nothing else in the project decides
what the device does. Gate, lamp and amplifier follow from the state (`outputs`), so no transition can forget them.

Two stages make the stop: `Suspected` ducks (Doubting), `Judged(INTERRUPTION)` stops (Yielding). Both can be taken
back by `Judged(FALSE_ALARM)`: out of Doubting the sentence has never stopped, out of Yielding it resumes at a word or
phrase start. When the user's turn closes, the stop is final and the rest is discarded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from edgeagent.turn import actions as a
from edgeagent.turn import events as e
from edgeagent.turn import states as s

WAITING_MOST = 8
"""Utterances that may wait for the one being spoken; what comes after them is discarded."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Durations in samples after which a state is left by itself."""

    doubt: int = 24_000
    turn: int = 480_000
    reply: int = 320_000

    @property
    def whole(self) -> int:
        """A turn with all that it is taken up again for, however often. Its sound must be kept for so long."""
        return self.turn + self.turn // 2


Step = tuple[s.State, tuple[a.Action, ...]]
Talking = s.Speaking | s.Doubting | s.HalfDuplex


def step(state: s.State, event: e.Event, limits: Limits) -> Step:
    """The next state and what to do. Raises KeyError for a pair nobody decided (a test proves that there is none)."""
    key = (type(state), type(event))
    return (state, ()) if key in IGNORED else TABLE[key](state, event, limits)


def deadline(state: s.State) -> int | None:
    """The sample index at which `Passed` is due, None if the state has no deadline."""
    return state.until if isinstance(state, s.Hearing | s.Thinking | s.Doubting | s.Yielding) else None


def abandon(state: s.State) -> tuple[a.Action, ...]:
    """What must be called off when `state` is left for something else altogether: then nothing goes on by itself."""
    match state:
        case s.Speaking() | s.Doubting() | s.HalfDuplex():
            rest = tuple(a.Discard(u) for u in state.waiting)
            return (a.Halt(state.utterance), a.Discard(state.utterance), *rest, a.CallOff())
        case s.Yielding():
            return (a.DropTurn(state.turn), *(a.Discard(u) for u in (state.utterance, *state.waiting)), a.CallOff())
        case s.Hearing() | s.Thinking():
            return (a.DropTurn(state.turn), a.CallOff())
        case s.Idle():  # between two sentences of a reply, perhaps
            return (a.CallOff(),)
        case _:
            return ()


# --- user speech ------------------------------------------------------------------------------------------------------


def hear(_state: s.Idle, event: e.SpeechStarted, limits: Limits) -> Step:
    return s.Hearing(event.onset, event.at + limits.turn), (a.OpenTurn(event.onset),)


def reopen(state: s.Thinking, event: e.SpeechStarted, limits: Limits) -> Step:
    """The person goes on before we answered: it is still the same turn, unless that is as long as a turn may be."""
    if event.at >= state.turn + limits.turn:
        return s.Hearing(event.onset, event.at + limits.turn), (a.OpenTurn(event.onset),)
    until = min(event.at + limits.turn, state.turn + limits.whole)
    return s.Hearing(state.turn, until), (a.ReopenTurn(state.turn),)


def close(state: s.Hearing, event: e.SpeechEnded | e.Passed, limits: Limits) -> Step:
    end = event.end if isinstance(event, e.SpeechEnded) else event.at
    return s.Thinking(state.turn, event.at + limits.reply), (a.CloseTurn(state.turn, end),)


def close_final(state: s.Yielding, event: e.SpeechEnded | e.Passed, limits: Limits) -> Step:
    """The interruption is complete: now the stop cannot be taken back any more."""
    end = event.end if isinstance(event, e.SpeechEnded) else event.at
    dropped = (a.Discard(u) for u in (state.utterance, *state.waiting))
    return s.Thinking(state.turn, event.at + limits.reply), (*dropped, a.CloseTurn(state.turn, end))


# --- doubt and verdict ------------------------------------------------------------------------------------------------


def doubt(state: s.Speaking, event: e.Suspected, limits: Limits) -> Step:
    return s.Doubting(state.utterance, event.onset, event.at + limits.doubt, state.waiting), ()


def judge(state: s.Doubting, event: e.Judged, limits: Limits) -> Step:
    if event.verdict is e.Verdict.FALSE_ALARM:
        return s.Speaking(state.utterance, state.waiting), ()
    yielding = s.Yielding(state.utterance, state.onset, event.at + limits.turn, state.waiting)
    return yielding, (a.Halt(state.utterance), a.OpenTurn(state.onset))


def undoubt(state: s.Doubting, _event: e.Passed, _limits: Limits) -> Step:
    """No verdict in time: the benefit of the doubt goes to our sentence."""
    return s.Speaking(state.utterance, state.waiting), ()


def take_back(state: s.Yielding, event: e.Judged, _limits: Limits) -> Step:
    if event.verdict is e.Verdict.INTERRUPTION:
        return state, ()
    return s.Speaking(state.utterance, state.waiting), (a.DropTurn(state.turn), a.Resume(state.utterance))


# --- our own speech ---------------------------------------------------------------------------------------------------


def speak(_state: s.Idle | s.Thinking, event: e.ReplyReady, _limits: Limits) -> Step:
    return s.Speaking(event.utterance), (a.Play(event.utterance),)


def queue(state: Talking | s.Yielding, event: e.ReplyReady, _limits: Limits) -> Step:
    if len(state.waiting) >= WAITING_MOST:
        return state, (a.Discard(event.utterance),)
    return replace(state, waiting=(*state.waiting, event.utterance)), ()


def refuse(state: s.State, event: e.ReplyReady, _limits: Limits) -> Step:
    """The user has the floor, or we may not speak: what we wanted to say is stale by then."""
    return state, (a.Discard(event.utterance),)


def follow(state: Talking, limits: Limits, at: int, done: tuple[a.Action, ...]) -> Step:
    """The utterance is over: the next one waiting, or the floor is free."""
    if state.waiting:
        first, *rest = state.waiting
        return replace(state, utterance=first, waiting=tuple(rest)), (*done, a.Play(first))
    if isinstance(state, s.Doubting):  # whoever began to speak over our last words has the floor now
        return s.Hearing(state.onset, at + limits.turn), (*done, a.OpenTurn(state.onset))
    return s.Idle(), done


def finish(state: Talking, event: e.ReplyFinished, limits: Limits) -> Step:
    return follow(state, limits, event.at, ()) if event.utterance == state.utterance else (state, ())


def fail(state: Talking, event: e.ReplyFailed, limits: Limits) -> Step:
    if event.utterance == state.utterance:
        return follow(state, limits, event.at, (a.Discard(event.utterance),))
    return replace(state, waiting=tuple(u for u in state.waiting if u != event.utterance)), (
        a.Discard(event.utterance),
    )


def fail_aside(state: s.Yielding, event: e.ReplyFailed, _limits: Limits) -> Step:
    """Of the sentence that was cut what there is may still be taken up; another one will not come."""
    if event.utterance == state.utterance:
        return state, ()
    waiting = tuple(u for u in state.waiting if u != event.utterance)
    return replace(state, waiting=waiting), (a.Discard(event.utterance),)


def fail_silently(_state: s.Idle | s.Thinking, event: e.ReplyFailed, _limits: Limits) -> Step:
    """Between two sentences of a reply as well: whoever makes it must not wait for room that nobody gives back."""
    return s.Idle(), (a.Discard(event.utterance),)


def no_reply(state: s.Thinking, event: e.NoReply, _limits: Limits) -> Step:
    return (s.Idle(), ()) if event.turn == state.turn else (state, ())


def give_up(state: s.Thinking, _event: e.Passed, _limits: Limits) -> Step:
    return s.Idle(), (a.DropTurn(state.turn),)


def close_ears(state: s.Speaking | s.Doubting, _event: e.EchoDoubted, _limits: Limits) -> Step:
    return s.HalfDuplex(state.utterance, state.waiting), ()


def open_ears(state: s.HalfDuplex, _event: e.EchoTrusted, _limits: Limits) -> Step:
    return s.Speaking(state.utterance, state.waiting), ()


# --- button and faults ------------------------------------------------------------------------------------------------


def stop(state: s.State, _event: e.Event, _limits: Limits) -> Step:
    return s.Idle(), abandon(state)


def mute(state: s.State, _event: e.ButtonLong, _limits: Limits) -> Step:
    return s.Muted(), abandon(state)


def lose_microphone(state: s.State, event: e.MicrophoneFailed, _limits: Limits) -> Step:
    return s.MicLost(event.reason, muted(state)), abandon(state)


def break_down(state: s.State, event: e.Failed, _limits: Limits) -> Step:
    return s.Faulty(event.reason, muted(state)), abandon(state)


def muted(state: s.State) -> bool:
    """By the button. A card that was away must not open a microphone that somebody has closed."""
    return isinstance(state, s.Muted) or (isinstance(state, s.MicLost | s.Faulty) and state.muted)


def mute_or_not(state: s.MicLost | s.Faulty, _event: e.ButtonLong, _limits: Limits) -> Step:
    return replace(state, muted=not state.muted), ()


def recover(state: s.MicLost | s.Faulty, _event: e.Event, _limits: Limits) -> Step:
    return s.Muted() if state.muted else s.Idle(), ()


Handler = Callable[..., Step]

ANY_TIME: dict[type[e.Event], Handler] = {
    e.ButtonShort: stop,
    e.ButtonLong: mute,
    e.MicrophoneFailed: lose_microphone,
    e.Failed: break_down,
}
"""What stops anything that is under way."""

ROWS: dict[type[s.State], dict[type[e.Event], Handler]] = {
    s.Starting: {e.Ready: stop, e.MicrophoneFailed: lose_microphone, e.Failed: break_down, e.ReplyReady: refuse},
    s.Idle: {
        e.SpeechStarted: hear,
        e.ReplyReady: speak,
        e.ReplyFailed: fail_silently,
        e.ButtonShort: stop,
        e.ButtonLong: mute,
        e.MicrophoneFailed: lose_microphone,
        e.Failed: break_down,
    },
    s.Hearing: {
        e.SpeechEnded: close,
        e.Passed: close,
        e.ReplyReady: refuse,
        **ANY_TIME,
    },
    s.Thinking: {
        e.SpeechStarted: reopen,
        e.ReplyReady: speak,
        e.ReplyFailed: fail_silently,
        e.NoReply: no_reply,
        e.Passed: give_up,
        **ANY_TIME,
    },
    s.Speaking: {
        e.Suspected: doubt,
        e.EchoDoubted: close_ears,
        e.ReplyReady: queue,
        e.ReplyFinished: finish,
        e.ReplyFailed: fail,
        **ANY_TIME,
    },
    s.Doubting: {
        e.Judged: judge,
        e.Passed: undoubt,
        e.EchoDoubted: close_ears,
        e.ReplyReady: queue,
        e.ReplyFinished: finish,
        e.ReplyFailed: fail,
        **ANY_TIME,
    },
    s.Yielding: {
        e.Judged: take_back,
        e.SpeechEnded: close_final,
        e.Passed: close_final,
        e.ReplyReady: queue,
        e.ReplyFailed: fail_aside,
        **ANY_TIME,
    },
    s.HalfDuplex: {
        e.EchoTrusted: open_ears,
        e.ReplyReady: queue,
        e.ReplyFinished: finish,
        e.ReplyFailed: fail,
        **ANY_TIME,
    },
    s.Muted: {
        e.ReplyReady: refuse,
        e.ButtonLong: stop,
        e.MicrophoneFailed: lose_microphone,
        e.Failed: break_down,
    },
    s.MicLost: {
        e.ReplyReady: refuse,
        e.ButtonLong: mute_or_not,
        e.MicrophoneBack: recover,
        e.MicrophoneFailed: lose_microphone,
        e.Failed: break_down,
    },
    s.Faulty: {e.ReplyReady: refuse, e.ButtonLong: mute_or_not, e.Recovered: recover},
}

TABLE: dict[tuple[type[s.State], type[e.Event]], Handler] = {
    (state, event): handler for state, row in ROWS.items() for event, handler in row.items()
}

EAR = (e.SpeechStarted, e.SpeechEnded, e.Suspected, e.Judged)
ECHO = (e.EchoTrusted, e.EchoDoubted)
REPLY = (e.ReplyFinished, e.ReplyFailed, e.NoReply)
BUTTONS = (e.ButtonShort, e.ButtonLong)
FAULTS = (e.MicrophoneFailed, e.Failed)
BACK = (e.MicrophoneBack, e.Recovered)

IGNORED: set[tuple[type[s.State], type[e.Event]]] = {
    (state, event)
    for state, events in {
        s.Starting: (*EAR, *ECHO, *REPLY, *BUTTONS, *BACK, e.Passed),
        s.Idle: (e.Ready, e.SpeechEnded, e.Suspected, e.Judged, *ECHO, e.ReplyFinished, e.NoReply, *BACK, e.Passed),
        s.Hearing: (e.Ready, e.SpeechStarted, e.Suspected, e.Judged, *ECHO, *REPLY, *BACK),
        s.Thinking: (e.Ready, e.SpeechEnded, e.Suspected, e.Judged, *ECHO, e.ReplyFinished, *BACK),
        s.Speaking: (e.Ready, e.SpeechStarted, e.SpeechEnded, e.Judged, e.EchoTrusted, e.NoReply, *BACK, e.Passed),
        s.Doubting: (e.Ready, e.SpeechStarted, e.SpeechEnded, e.Suspected, e.EchoTrusted, e.NoReply, *BACK),
        s.Yielding: (e.Ready, e.SpeechStarted, e.Suspected, *ECHO, e.ReplyFinished, e.NoReply, *BACK),
        s.HalfDuplex: (e.Ready, *EAR, e.EchoDoubted, e.NoReply, *BACK, e.Passed),
        s.Muted: (e.Ready, *EAR, *ECHO, *REPLY, e.ButtonShort, *BACK, e.Passed),
        s.MicLost: (e.Ready, *EAR, *ECHO, *REPLY, e.ButtonShort, e.Recovered, e.Passed),
        s.Faulty: (e.Ready, *EAR, *ECHO, *REPLY, e.ButtonShort, *FAULTS, e.MicrophoneBack, e.Passed),
    }.items()
    for event in events
}
