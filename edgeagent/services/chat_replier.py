"""A language model as the replier: any server with OpenAI's chat interface (Ollama, llama.cpp, vLLM, a cloud).

Told is what was heard, not what was meant to be said: a sentence of ours that was cut stands there as far as it
sounded, with a dash. A correction is named as one, so that a small model need not find out. Thinking aloud (`<think>`)
is not spoken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import Any

from edgeagent import settings
from edgeagent.dialogue.history import Line, Who
from edgeagent.dialogue.kinds import Kind, Understood
from edgeagent.errors import ServiceError
from edgeagent.ports import Request
from edgeagent.services.chat_deeds import Deeds, Message
from edgeagent.services.chat_tools import Call, Run, Tool, read_tools
from edgeagent.services.complaint import complaint, hidden
from edgeagent.services.event_stream import EventStream, bearer
from edgeagent.services.reply_length import within
from edgeagent.services.thoughts import Thoughts

DONE = "[DONE]"
"""The last event."""

LENGTH = "length"
"""Why an answer ends that was stopped at its limit."""

CUT = " —"
"""Stands behind what was cut off."""

BEGUN = "(You begin.)"
"""Stands before what the device said first, unasked: templates of many models (Mistral's, Gemma's) refuse the whole
conversation unless a person's turn comes first and they then take turns."""

BRIEF = "People have had to interrupt you, or asked you to speak slower: answer in one short sentence."
"""Told behind what it is told about itself, while that is so."""

ROUNDS = 5
"""Times that a model may ask for tools before it must answer: one that loops does not end."""

CALLS = 8
"""Tools that it may ask for at a time; what is beyond is not done."""

CALLS_READ = 64
"""Beyond so many it does not end."""

ARGUMENTS = 65_536
"""Characters of a call's name and arguments."""

ROOM = re.compile(r"context[_ ](size|length|window)|maximum context", re.IGNORECASE)
"""Is in what servers say whose model cannot take in so much: "exceeds the available context size", "maximum context
length", "context_length_exceeded"; and not in "context deadline exceeded", which is a server that takes too long.
Ollama says nothing, and leaves out the oldest by itself."""

LIMIT, LATER_LIMIT = "max_tokens", "max_completion_tokens"
"""What the limit of an answer is called: by every server, and by OpenAI's models since 2024, which refuse the other."""

CUT_OFF = "error: it was ended in the middle"
"""Result of a program that was at work when the reply was cut: the model may look what has become of it."""

Ask = Callable[[list[Message], bool], EventStream]
"""A request with these messages, and whether tools may be asked for."""


@dataclass(slots=True)
class Found:
    """What is found out about a server while it answers, and holds for the next answer. Any thread."""

    limit: str = LIMIT
    unopened: bool = False
    """Thoughts have an end and no beginning; see `Thoughts`."""

    room: float = inf
    """Characters of messages that it has taken; of more the oldest are not told."""

    def adapts(self, refusal: ServiceError, told: list[Message]) -> bool:
        """Whether the server says what it wants to be told instead, and is told so from now on. told: the messages; of
        what is too much for it the older half falls."""
        if self.limit != LATER_LIMIT and LATER_LIMIT in refusal.problem:
            self.limit = LATER_LIMIT
            return True
        if not ROOM.search(refusal.problem):
            return False
        before = len(told)
        self.room = _size(told) / 2
        shorten(told, self.room)
        return len(told) < before


class ChatReplier:
    """See `ports.Replier`."""

    def __init__(self, replier: settings.Replier, key: str = "") -> None:
        """key: goes to the server, and nowhere else. Raises ConfigError for faults of `replier.tools`, and ServiceError
        for a key that cannot be sent."""
        self._headers = bearer(key)
        self._settings = replier
        self._key = key
        self._tools = read_tools(replier.tools) if replier.tools else {}
        self._found = Found()
        self._deeds = Deeds()

    def reply(self, request: Request) -> ChatReply:
        """See `ports.Replier`; the request is under way."""
        system = " ".join(filter(None, (self._settings.system, BRIEF * request.brief)))
        told = messages(system, request, self._deeds)
        shorten(told, self._found.room)
        done = partial(self._deeds.add, request.turn)
        return ChatReply(self._ask, told, self._tools, self._key, self._found, done)

    def close(self) -> None:
        """Nothing is kept between replies."""

    def _ask(self, told: list[Message], tools: bool) -> EventStream:
        body: dict[str, object] = {
            "model": self._settings.model,
            "messages": told,
            "stream": True,
            self._found.limit: self._settings.most_tokens,
        }
        if self._tools:
            body["tools"] = [tool.told() for tool in self._tools.values()]
            body["tool_choice"] = "auto" if tools else "none"
        url = self._settings.url.rstrip("/") + "/chat/completions"
        return EventStream(url, body, self._headers, self._settings.stall_ms / 1000, self._key)


class ChatReply:
    """See `ports.Reply`."""

    def __init__(
        self,
        ask: Ask,
        told: list[Message],
        tools: Mapping[str, Tool] | None = None,
        key: str = "",
        found: Found | None = None,
        done: Callable[[Message, list[Message]], None] = lambda _calls, _results: None,
    ) -> None:
        """key: is in no complaint, though servers repeat what they refuse. found: about the server until now. done: is
        told the calls and the results of each round of tools, also of one that is cut."""
        self._ask = ask
        self._found = found or Found()
        self._told = told
        self._tools = tools or {}
        self._key = key
        self._tell_done = done
        self._cancelled = False
        self._run: Run | None = None
        self._stream = ask(told, True)

    def __iter__(self) -> Iterator[str]:
        try:
            yield from within(self._answer())
        except ServiceError as error:
            raise ServiceError(hidden(error.problem, self._key), hidden(error.remedy, self._key)) from None
        except Exception as error:
            raise ServiceError(hidden(f"{type(error).__name__}: {error}", self._key)) from None

    def cancel(self) -> None:
        """See `ports.Reply`."""
        self._cancelled = True
        if (run := self._run) is not None:
            run.cancel()
        self._stream.cancel()

    def _answer(self) -> Generator[str]:
        """What is spoken, over as many rounds of tools as are needed."""
        for rounds_left in range(ROUNDS, -1, -1):
            asked = Asked()
            spoken = ""
            with closing(self._spoken(asked, rounds_left > 0)) as pieces:
                for piece in pieces:
                    spoken += piece
                    yield piece
            if self._cancelled or not asked.calls or not rounds_left:
                return
            if spoken:
                yield "\n"  # said while the tools are at work, and no word of it is joined to what comes behind them
            if results := list(self._done(list(asked.calls.values())[:CALLS])):
                self._tell_done(asked.told("", len(results)), results)
            if self._cancelled:
                return
            self._told += [asked.told(spoken, len(results)), *results]
            self._ask_again(rounds_left > 1)

    def _ask_again(self, tools: bool) -> None:
        self._stream = self._ask(self._told, tools)
        if self._cancelled:  # meanwhile, by one who saw the stream before
            self._stream.cancel()

    def _events(self, tools: bool) -> Iterator[str]:
        """Of the stream, or of another one where the server has refused how it was asked."""
        while True:
            begun = False
            try:
                for event in self._stream:
                    begun = True
                    yield event
            except ServiceError as refusal:
                if begun or not self._found.adapts(refusal, self._told):
                    raise
                self._ask_again(tools)
            else:
                return

    def _done(self, calls: list[Call]) -> Iterator[Message]:
        """What came of each call, for the model."""
        for call in calls:
            run = self._run = Run(self._tools, call)
            if self._cancelled:
                return
            result = run.result()
            yield {"role": "tool", "tool_call_id": call.id, "content": CUT_OFF if self._cancelled else result}

    def _spoken(self, asked: Asked, tools: bool) -> Generator[str]:
        """The text of one answer; what it asks for goes to `asked`."""
        thoughts, end, said = Thoughts(unopened=self._found.unopened), "", False
        try:
            for event in self._events(tools):
                if event == DONE:
                    end = end or DONE
                    break
                delta, ends = _piece(event, self._key)
                end = end or ends
                asked.add(delta.get("tool_calls"))
                spoken = thoughts.without(_text(delta.get("content")))
                if spoken:
                    said = said or not spoken.isspace()
                    yield spoken
        except ServiceError:
            if not end:  # otherwise it has only not left, or not well
                raise
        finally:
            self._stream.cancel()  # whatever has ended it: a server may go on for ever
            self._found.unopened |= thoughts.unopened
        if not end and not self._cancelled:
            raise ServiceError("the reply breaks off in the middle")
        if rest := thoughts.rest(whole=end != LENGTH):
            yield rest
        if end == LENGTH and not (asked.calls or self._cancelled):
            yield "\n"  # what there is of the last sentence is said
            raise _too_long(said=said)


@dataclass(slots=True)
class Asked:
    """The tools that an answer asks for, put together from its pieces."""

    calls: dict[int, Call] = field(default_factory=dict)

    def add(self, deltas: object) -> None:
        """Raises ServiceError for what is no call."""
        if not deltas:
            return
        try:
            for delta in deltas:  # type: ignore[attr-defined]
                self._add(delta)
        except (AttributeError, TypeError, ValueError) as error:
            raise ServiceError("the server sends what is no chat", "check replier.url") from error

    def told(self, spoken: str, count: int) -> Message:
        """As the server wants it back, with the first `count` calls."""
        calls = [call.told() for call in list(self.calls.values())[:count]]
        return {"role": "assistant", "content": spoken, "tool_calls": calls}

    def _add(self, delta: Mapping[str, Any]) -> None:
        function = delta.get("function") or {}
        index = delta.get("index")
        given, last = delta.get("id"), max(self.calls, default=-1)
        if index is None or (given and index in self.calls and self.calls[index].id != given):
            index = last + 1 if given or last < 0 else last  # some servers leave the index out, or count anew
        before = self.calls.get(int(index), Call("", "", ""))
        arguments = function.get("arguments") or ""
        whole = before.arguments + (arguments if isinstance(arguments, str) else json.dumps(arguments))
        name = before.name + str(function.get("name") or "")
        if len(name) + len(whole) > ARGUMENTS or len(self.calls) > CALLS_READ:
            raise ServiceError("the model asks for a tool without end", "take another model")
        self.calls[int(index)] = Call(before.id or str(given or f"call-{index}"), name, whole)


def _too_long(*, said: bool) -> ServiceError:
    """What it means that a model was stopped at its limit."""
    if said:
        short = "raise it, or ask for short answers in replier.system"
        return ServiceError("it is longer than replier.most_tokens", short)
    first = "raise replier.most_tokens, or take a model that thinks less first"
    return ServiceError("the model has used up its tokens before it said anything", first)


def _piece(event: str, key: str) -> tuple[Mapping[str, Any], str]:
    """What one event adds, and why it is the last, "" for not. Raises ServiceError for what is none, without the
    key."""
    try:
        told = json.loads(event)
        if told.get("error") or ("choices" not in told and told.get("message")):
            raise ServiceError(f"the server gives up: {complaint(event, key)}")
        choices = told.get("choices") or [{}]
        delta = choices[0].get("delta") or choices[0].get("message") or {}  # the latter of one that does not stream
        delta.get("content")
        return delta, str(choices[0].get("finish_reason") or "")
    except (ValueError, AttributeError, TypeError, KeyError, IndexError) as error:
        raise ServiceError("the server sends what is no chat", "check replier.url") from error


def _text(content: object) -> str:
    """What of a content is to be spoken: some servers send a list of parts, thoughts among them."""
    parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
    texts = (part.get("text") for part in parts if isinstance(part, dict) and part.get("type") == "text")
    return "".join(text for text in texts if isinstance(text, str))


def messages(system: str, request: Request, deeds: Deeds) -> list[Message]:
    """The conversation as a model takes it: in turn, and a person first. What was done for a turn stands behind it."""
    told: list[Message] = [{"role": "system", "content": system}] if system else []
    if request.history and request.history[0].who is Who.DEVICE:
        told.append({"role": "user", "content": BEGUN})
    done: list[Message] = []
    for line in request.history:
        role = "assistant" if line.who is Who.DEVICE else "user"
        text = _told(line)
        if told and told[-1]["role"] == role:
            told[-1]["content"] += f" {text}"
        else:
            told += [*done, {"role": role, "content": text}]
            done.clear()
        if line.who is Who.PERSON:
            done += deeds.of(line.number)
    if not told or told[-1]["role"] != "user":
        told.append({"role": "user", "content": request.text})
    if hint := _hint(request):
        told[-1]["content"] += f"\n({hint})"
    return told + done


def shorten(told: list[Message], room: float) -> None:
    """Takes away the oldest messages until the others have room, in characters; what stands before all stays, and so
    does all from a person's last turn on. What is left begins with a person's."""
    if _size(told) <= room:
        return
    first = int(told[0]["role"] == "system")
    turns = [at for at in range(first, len(told)) if told[at]["role"] == "user"]
    del told[first : next((at for at in turns if _size(told[:first] + told[at:]) <= room), turns[-1])]


def _size(told: list[Message]) -> int:
    return len(json.dumps(told, ensure_ascii=False))


def _told(line: Line) -> str:
    return line.text + (CUT if line.interrupted else "")


def _hint(request: Request) -> str:
    """What a small model would have to find out by itself."""
    saying = f"You are now saying: '{' '.join(request.saying)}'" if request.saying else ""
    if request.resumes:
        return f"{saying or 'You were cut off.'} Go on exactly from there, without a new beginning.".strip()
    return " ".join(filter(None, (_kind(request.understood), f"{saying}. Go on behind it." if saying else "")))


def _kind(understood: Understood) -> str:
    match understood:
        case Understood(Kind.CORRECTION, wrong=wrong, right=right) if right:
            instead = f"instead of '{wrong}', " if wrong else ""
            return f"This corrects what was said before: {instead}'{right}'. The topic is the same."
        case Understood(Kind.CORRECTION):
            return "Something that was said before is wrong."
        case Understood(Kind.CLARIFICATION):
            return "This asks about what the assistant has just said."
    return ""
