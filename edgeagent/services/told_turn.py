"""A turn in plain values, for those who are told it as JSON: programs and servers name the same things alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from edgeagent.dialogue.history import Line, Who
from edgeagent.dialogue.kinds import Kind
from edgeagent.ports import Request

PLAIN = (Kind.REQUEST, Kind.QUESTION, Kind.ANSWER)
"""Kinds of which the words say everything, unless they cut us off."""


def meant(request: Request, history: Sequence[Line]) -> dict[str, object]:
    """All but the words and the sound. history: as much of it as is to be told."""
    return {
        **{key: str(value) for key, value in asdict(request.understood).items()},
        "saying": list(request.saying),
        "resumes": request.resumes,
        "brief": request.brief,
        "history": [asdict(line) for line in history],
    }


def since_ours(history: Sequence[Line]) -> tuple[Line, ...]:
    """The last line of ours and what followed it; nothing where we have said nothing."""
    ours = [at for at, line in enumerate(history) if line.who is Who.DEVICE]
    return tuple(history[ours[-1] :]) if ours else ()


def says_all(request: Request) -> bool:
    """Whether the words alone say what was meant: they correct nothing, ask about nothing of ours and cut nothing
    off, and nothing is asked of the reply."""
    cut = any(line.interrupted for line in since_ours(request.history)[:1])
    return request.understood.kind in PLAIN and not (cut or request.saying or request.resumes or request.brief)
