"""A language model as the replier: any server with OpenAI's chat interface (Ollama, llama.cpp, vLLM, a cloud).

Told is what was heard, not what was meant to be said: a sentence of ours that was cut stands there as far as it
sounded, with a dash. A correction is named as one, so that a small model need not find out. Thinking aloud (`<think>`)
is not spoken.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from edgeagent import settings
from edgeagent.dialogue.history import Line, Who
from edgeagent.dialogue.kinds import Kind, Understood
from edgeagent.errors import ServiceError
from edgeagent.ports import Request
from edgeagent.services.event_stream import EventStream

DONE = "[DONE]"
"""The last event."""

LONGEST = 8000
"""Characters of a reply at most, ten minutes of speech: a model that repeats itself does not end."""

CUT = " —"
"""Stands behind what was cut off."""

BRIEF = "People have had to interrupt you, or asked you to speak slower: answer in one short sentence."
"""Told behind what it is told about itself, while that is so."""

THINKING = ("<think>", "</think>")


class ChatReplier:
    """See `ports.Replier`."""

    def __init__(self, replier: settings.Replier, key: str = "") -> None:
        """key: goes to the server, and nowhere else."""
        self._settings = replier
        self._key = key

    def reply(self, request: Request) -> ChatReply:
        """See `ports.Replier`; the request is under way."""
        body: dict[str, object] = {
            "model": self._settings.model,
            "messages": messages(" ".join(filter(None, (self._settings.system, BRIEF * request.brief))), request),
            "stream": True,
            "max_tokens": self._settings.most_tokens,
        }
        url = self._settings.url.rstrip("/") + "/chat/completions"
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        return ChatReply(EventStream(url, body, headers, self._settings.stall_ms / 1000), self._key)

    def close(self) -> None:
        """Nothing is kept between replies."""


class ChatReply:
    """See `ports.Reply`. key: is in no complaint, though servers repeat what they refuse."""

    def __init__(self, stream: EventStream, key: str = "") -> None:
        self._stream = stream
        self._key = key
        self._cancelled = False

    def __iter__(self) -> Iterator[str]:
        try:
            yield from self._spoken()
        except ServiceError as error:
            if not self._key:
                raise
            shown = (part.replace(self._key, "***") for part in (error.problem, error.remedy))
            raise ServiceError(*shown) from None

    def _spoken(self) -> Iterator[str]:
        thoughts, length, ended = Thoughts(), 0, False
        try:
            for event in self._stream:
                if event == DONE:
                    ended = True
                    break
                piece, ends = _piece(event)
                ended = ended or ends
                spoken = thoughts.without(piece)
                length += len(spoken)
                if length > LONGEST:
                    ended = True
                    break
                if spoken:
                    yield spoken
        finally:
            self._stream.cancel()  # whatever has ended it: a server may go on for ever
        if not ended and not self._cancelled:
            raise ServiceError("the reply breaks off in the middle")
        if rest := thoughts.rest():
            yield rest

    def cancel(self) -> None:
        """See `ports.Reply`."""
        self._cancelled = True
        self._stream.cancel()


class Thoughts:
    """Takes what stands between THINKING out of a stream of pieces."""

    def __init__(self) -> None:
        self._text = ""
        self._inside = False

    def without(self, piece: str) -> str:
        """What of it is to be spoken; what may be the beginning of a mark waits."""
        self._text += piece
        spoken = ""
        while True:
            before, mark, after = self._text.partition(THINKING[self._inside])
            if mark:
                spoken += "" if self._inside else before
                self._inside, self._text = not self._inside, after
                continue
            keep = max(n for n in range(len(THINKING[0]) + 1) if self._text.endswith(THINKING[self._inside][:n]))
            cut = len(self._text) - keep
            spoken += "" if self._inside else self._text[:cut]
            self._text = self._text[cut:]
            return spoken

    def rest(self) -> str:
        """What waited for more."""
        return "" if self._inside else self._text


def _piece(event: str) -> tuple[str, bool]:
    """The text of one event, and whether it is the last. Raises ServiceError for what is none."""
    try:
        told = json.loads(event)
        if "error" in told:
            error = told["error"]
            raise ServiceError(
                f"the server gives up: {error.get('message', error) if isinstance(error, dict) else error}"
            )
        choices = told.get("choices") or [{}]
        delta = choices[0].get("delta") or {}
        return str(delta.get("content") or ""), bool(choices[0].get("finish_reason"))
    except (ValueError, AttributeError, TypeError, KeyError, IndexError) as error:
        raise ServiceError("the server sends what is no chat", "check replier.url") from error


def messages(system: str, request: Request) -> list[dict[str, str]]:
    """The conversation as a model takes it."""
    told = [{"role": "system", "content": system}] if system else []
    for line in request.history:
        role = "assistant" if line.who is Who.DEVICE else "user"
        text = _told(line)
        if told and told[-1]["role"] == role:  # most templates want them in turn
            told[-1]["content"] += f" {text}"
        else:
            told.append({"role": role, "content": text})
    if not told or told[-1]["role"] != "user":
        told.append({"role": "user", "content": request.text})
    if hint := _hint(request):
        told[-1]["content"] += f"\n({hint})"
    return told


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
