"""Every replier, with an other side that behaves, and with one that does not."""

from __future__ import annotations

import socket
import ssl
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import Path
from shlex import quote
from threading import Event, Thread
from time import monotonic
from typing import NamedTuple, Protocol

import numpy as np
import pytest

from edgeagent import settings
from edgeagent.dialogue.history import Line, Who
from edgeagent.dialogue.kinds import Kind, Understood
from edgeagent.ports import Replier, Request
from edgeagent.services.chat_replier import ChatReplier
from edgeagent.services.command_replier import CommandReplier
from edgeagent.services.reading_replier import BEGIN, ReadingReplier
from edgeagent.services.rule_replier import RuleReplier
from edgeagent.services.scripted_replier import ScriptedReplier
from edgeagent.services.wyoming_replier import WyomingReplier
from tests.services.chat_server import babbling, calling, dying, flowing, sentences, serving, silent, stalled
from tests.services.nowhere import nowhere
from tests.services.tools import tools, with_tools

EVERY = ("script", "rules", "reading", "chat", "https", "command", "wyoming whole", "wyoming pieces", "wyoming not")

OTHERS = ("chat", "https", "command", "wyoming")
"""Those with another side that can fail."""

REQUEST = Request(7, np.zeros(16, np.float32), "hello", Understood(Kind.REQUEST), (Line(Who.PERSON, 7, "hello"),))
SAID = "One, two. Three four."
KEY = "sk-very-secret-0123456789"

ACTS = {
    "whole": sentences(SAID),
    "flowing": flowing,
    "stalled": stalled,
    "silent": silent,
    "dies": dying,
    "garbage": babbling,
}

PROGRAMS = {
    "whole": "cat >/dev/null; printf 'One, two. '; sleep 0.01; printf 'Three four.'",
    "flowing": f"while :; do echo {'word ' * 20}; sleep 0.01; done",
    "stalled": "echo word; exec sleep 3600",
    "silent": "exec sleep 3600",
    "dies": "echo word; echo the reason >&2; exit 3",
    "garbage": "while :; do printf '\\377\\376'; done",
}

WYOMING = {"dies": "breaks", "garbage": "noise"}
"""The modes of its server that are named otherwise there."""


class Left(Protocol):
    """A server that notices when somebody asks, and when they leave."""

    asked: Event
    gone: Event
    left: float | None


class Dumb:
    """Takes one connection, and whatever comes, and never says anything."""

    def __init__(self) -> None:
        self.asked, self.gone = Event(), Event()
        self.left: float | None = None
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        Thread(target=self._take, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _take(self) -> None:
        taken, _ = self._listening.accept()
        with taken, suppress(OSError):
            while taken.recv(65_536):
                self.asked.set()
        self.left = monotonic()
        self.gone.set()


class Folders(NamedTuple):
    """Where a test may write, and for https a certificate with its key."""

    tmp: Path
    certificate: Path | None = None


def asked(kind: str) -> Request:
    """What makes it say SAID."""
    return replace(REQUEST, turn=BEGIN) if kind == "reading" else REQUEST


def made(kind: str, mode: str, folders: Folders, stack: ExitStack, stall_ms: int = 5000) -> tuple[Replier, Left | None]:
    """A replier whose other side does as `mode` says: whole, flowing, silent, absent, garbage, in the middle of its
    reply stalled or dies, or while TLS is agreed on, handshake. And its server, where that notices who leaves."""
    kind, _, form = kind.partition(" ")
    replier, server = _made(kind, form or mode, folders, stack, stall_ms)
    stack.callback(replier.close)
    return replier, server


def _made(kind: str, mode: str, folders: Folders, stack: ExitStack, stall_ms: int) -> tuple[Replier, Left | None]:
    match kind, mode:
        case "script", _:
            return ScriptedReplier(settings.Script(replies=(SAID,))), None
        case "rules", _:
            file = folders.tmp / "rules.yaml"
            file.write_text(f"rules: [{{when: hello, say: '{SAID}'}}]")
            return RuleReplier(str(file)), None
        case "reading", _:
            return ReadingReplier(("One, two.", "Three four."), ScriptedReplier(settings.Script())), None
        case "command", "absent":
            return CommandReplier(settings.Replier(kind="command", command="no-such-program")), None
        case "command", _:
            return command(PROGRAMS[mode], stall_ms), None
        case "tool", _:
            program = "while :; do echo word; done" if mode == "flowing" else "exec sleep 3600"
            act = calling(('{"on": true}',), spoken="" if mode == "silent" else "Let me see. ")
            return with_tools(stack.enter_context(serving(act)), tools(folders.tmp, program)), None
        case "wyoming", "absent":
            return wyoming(f"tcp://127.0.0.1:{nowhere()}", stall_ms), None
        case "wyoming", _:
            return _handled(mode, stack, stall_ms)
        case (("chat" | "https"), "absent"):
            return chat(f"{kind.replace('chat', 'http')}://127.0.0.1:{nowhere()}/v1", stall_ms), None
        case "https", "handshake":
            dumb = stack.enter_context(closing(Dumb()))
            return chat(f"https://127.0.0.1:{dumb.port}/v1", stall_ms), dumb
    server = stack.enter_context(serving(ACTS[mode], tls(folders.certificate) if kind == "https" else None))
    return chat(server.url, stall_ms, KEY), server


def _handled(mode: str, stack: ExitStack, stall_ms: int) -> tuple[Replier, Left]:
    pytest.importorskip("wyoming", reason="needs the extra [wyoming]")
    from tests.services import wyoming_server

    server = stack.enter_context(wyoming_server.serving(WYOMING.get(mode, mode)))
    server.text = SAID
    return wyoming(server.uri, stall_ms), server


def chat(url: str, stall_ms: int = 5000, key: str = "") -> ChatReplier:
    return ChatReplier(settings.Replier(kind="chat", url=url, model="small", stall_ms=stall_ms), key)


def command(program: str, stall_ms: int = 5000) -> CommandReplier:
    return CommandReplier(settings.Replier(kind="command", command=f"sh -c {quote(program)}", stall_ms=stall_ms))


def wyoming(uri: str, stall_ms: int = 5000) -> WyomingReplier:
    return WyomingReplier(settings.Replier(kind="wyoming", uri=uri, stall_ms=stall_ms))


def tls(certificate: Path | None) -> ssl.SSLContext:
    assert certificate is not None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
