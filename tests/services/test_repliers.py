"""The contract of `ports.Replier`, kept by every replier, and what each does when the other side does not."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from threading import enumerate as enumerate_threads
from time import monotonic
from typing import Protocol

import numpy as np
import pytest

from edgeagent import settings
from edgeagent.dialogue.history import Line, Who
from edgeagent.dialogue.kinds import Kind, Understood
from edgeagent.errors import ServiceError
from edgeagent.ports import Replier, Request
from edgeagent.services.chat_replier import ChatReplier, Thoughts, messages
from edgeagent.services.command_replier import CommandReplier
from edgeagent.services.rule_replier import RuleReplier
from edgeagent.services.scripted_replier import ScriptedReplier
from edgeagent.services.wyoming_replier import WyomingReplier
from tests.services.chat_server import ChatServer, Talking, calling, flowing, sentences, serving, stalled
from tests.services.leftovers import children
from tests.services.nowhere import nowhere
from tests.services.tools import tools, with_tools

REQUEST = Request(7, np.zeros(16, np.float32), "hello", Understood(Kind.REQUEST), (Line(Who.PERSON, 7, "hello"),))
SAID = "One, two. Three four."
KEY = "sk-very-secret-0123456789"
GIVE_UP_S = 10.0

Eventually = Callable[[Callable[[], object]], None]


def chat(server: ChatServer, stall_ms: int = 5000, key: str = "") -> ChatReplier:
    return ChatReplier(settings.Replier(kind="chat", url=server.url, model="small", stall_ms=stall_ms), key)


def command(program: str, stall_ms: int = 5000) -> CommandReplier:
    return CommandReplier(settings.Replier(kind="command", command=f'sh -c "{program}"', stall_ms=stall_ms))


def wyoming(uri: str, stall_ms: int = 5000) -> WyomingReplier:
    return WyomingReplier(settings.Replier(kind="wyoming", uri=uri, stall_ms=stall_ms))


@pytest.fixture(params=["script", "rules", "chat", "command", "wyoming whole", "wyoming pieces", "wyoming not"])
def replier(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Replier]:
    match request.param.split():
        case ["script"]:
            yield ScriptedReplier(settings.Script(replies=(SAID,)))
        case ["rules"]:
            file = tmp_path / "rules.yaml"
            file.write_text(f"rules: [{{when: hello, say: '{SAID}'}}]")
            yield RuleReplier(str(file))
        case ["wyoming", mode]:
            pytest.importorskip("wyoming", reason="needs the extra [wyoming]")
            from tests.services import wyoming_server

            with wyoming_server.serving(mode) as voice:
                voice.text = SAID
                yield wyoming(voice.uri)
        case ["chat"]:
            with serving(sentences(SAID)) as server:
                yield chat(server)
        case _:
            yield command("cat >/dev/null; printf 'One, two. '; sleep 0.01; printf 'Three four.'")


def test_a_reply_comes_whole_and_again(replier: Replier) -> None:
    for _ in range(2):
        assert " ".join("".join(replier.reply(REQUEST)).split()) == SAID
    replier.close()


def test_one_that_was_cancelled_before_it_is_read_says_nothing(replier: Replier) -> None:
    reply = replier.reply(REQUEST)
    reply.cancel()
    assert list(reply) == []
    assert "".join(replier.reply(REQUEST)).strip() == SAID


@pytest.mark.parametrize("mode", ["flowing", "stalled"])
@pytest.mark.parametrize("kind", ["chat", "command", "tool", "wyoming"])
def test_a_cancel_takes_ten_milliseconds_whatever_the_other_side_does(kind: str, mode: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        replier, server = other_side(kind, mode, tmp_path, stack)
        reply = replier.reply(REQUEST)
        got: list[str] = []
        begun, ended = Event(), []

        def read() -> None:
            for piece in reply:
                got.append(piece)
                begun.set()
            ended.append(monotonic())

        before = children()
        reader = Thread(target=read)
        reader.start()
        assert begun.wait(GIVE_UP_S)
        while kind == "tool" and children() <= before:  # until its program runs
            assert reader.is_alive()
        asked = monotonic()
        reply.cancel()
        returned = monotonic()
        reader.join(GIVE_UP_S)
        assert returned - asked < 0.01
        assert ended[0] - asked < 0.05  # a busy machine; alone it is 1 ms
        assert children() <= before
        if server is not None:
            assert server.gone.wait(GIVE_UP_S)
            assert server.left is not None
            assert server.left - asked < 0.05


def other_side(kind: str, mode: str, folder: Path, stack: ExitStack) -> tuple[Replier, Left | None]:
    """A replier and, where it notices when somebody leaves, its server."""
    if kind == "wyoming":
        pytest.importorskip("wyoming", reason="needs the extra [wyoming]")
        from tests.services import wyoming_server

        handling = stack.enter_context(wyoming_server.serving(mode))
        return wyoming(handling.uri), handling
    if kind == "command":
        return command("while :; do echo word; sleep 0.01; done" if mode == "flowing" else "echo word; exec sleep 100"), None
    if kind == "tool":
        program = "while :; do echo word; done" if mode == "flowing" else "exec sleep 100"
        act = calling(('{"on": true}',), spoken="Let me see. ")
        return with_tools(stack.enter_context(serving(act)), tools(folder, program)), None
    holder: list[ChatServer] = []
    server = stack.enter_context(serving(flowing(holder) if mode == "flowing" else stalled(holder)))
    holder.append(server)
    return chat(server), server


class Left(Protocol):
    gone: Event
    left: float | None


def complaint(act: Callable[[Talking], None], stall_ms: int = 5000) -> str:
    with serving(act) as server, pytest.raises(ServiceError) as failed:
        list(chat(server, stall_ms, KEY).reply(REQUEST))
    text = str(failed.value)
    assert "\n" not in text
    assert KEY not in text
    return text


def status(code: int, body: str = "") -> Callable[[Talking], None]:
    def act(talking: Talking) -> None:
        talking.begin(code, "application/json")
        talking.raw(body)

    return act


def test_a_server_that_is_gone() -> None:
    replier = ChatReplier(settings.Replier(kind="chat", url=f"http://127.0.0.1:{nowhere()}/v1", model="m"))
    with pytest.raises(ServiceError, match="start it"):
        list(replier.reply(REQUEST))


@pytest.mark.parametrize(
    ("code", "body", "told"),
    [
        (401, json.dumps({"error": {"message": f"Incorrect key {KEY}"}}), "refuses the key (401): Incorrect key ***"),
        (404, json.dumps({"error": "model 'small' not found"}), "model 'small' not found"),
        (429, "", "too much to do (429)"),
        (500, "<html>oh</html>", "failed (500 Internal Server Error)"),
        (503, "try later\nplease", "try later please"),
    ],
)
def test_a_server_that_refuses(code: int, body: str, told: str) -> None:
    assert told in complaint(status(code, body))


def test_a_server_that_says_nothing() -> None:
    def act(talking: Talking) -> None:
        talking.gone(GIVE_UP_S)

    assert "does not answer" in complaint(act, 300)


def test_half_a_reply() -> None:
    def act(talking: Talking) -> None:
        talking.begin()
        talking.say("Half ")

    assert "breaks off" in complaint(act)


def readers() -> int:
    """Threads that read from a server."""
    return sum(thread.name == "event-stream" for thread in enumerate_threads())


OUT_OF_MEMORY = 'data: {"error": {"message": "out of memory"}}\n\n'


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("data: {\n\n", "what is no chat"),
        ("data: 7\n\n", "what is no chat"),
        ('data: {"choices": 3}\n\n', "what is no chat"),
        ("data: [1]\n\n", "what is no chat"),
        (OUT_OF_MEMORY, "out of memory"),
    ],
)
def test_a_server_that_goes_on_with_what_is_no_reply_is_left(sent: str, told: str, eventually: Eventually) -> None:
    def act(talking: Talking) -> None:
        talking.begin()
        talking.say("Well ")
        while not talking.gone(0):
            talking.raw(sent)
        server.leave()

    before = readers()
    with serving(act) as server:
        with pytest.raises(ServiceError) as failed:
            list(chat(server).reply(REQUEST))
        assert told in str(failed.value)
        assert server.gone.wait(GIVE_UP_S)
        eventually(lambda: readers() == before)


def test_a_line_without_end() -> None:
    def act(talking: Talking) -> None:
        talking.begin()
        talking.raw("x" * 200_000)

    assert "without end" in complaint(act)


def test_an_empty_reply_is_none() -> None:
    with serving(sentences()) as server:
        assert list(chat(server).reply(REQUEST)) == []


@pytest.mark.parametrize("kind", ["chat", "command", "wyoming"])
def test_of_an_endless_reply_the_beginning_is_said_and_that_it_is_cut_is_told(
    kind: str, tmp_path: Path, eventually: Eventually
) -> None:
    before = children()
    said: list[str] = []
    with ExitStack() as stack:
        replier, server = other_side(kind, "flowing", tmp_path, stack)
        with pytest.raises(ServiceError, match="more than 8000 characters") as cut:
            said.extend(replier.reply(REQUEST))
        assert len("".join(said)) == 8000
        assert "\n" not in str(cut.value)
        assert server is None or server.gone.wait(GIVE_UP_S)
        eventually(lambda: children() <= before)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Signed by nobody."""
    folder = tmp_path_factory.mktemp("tls")
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    made += ["-keyout", str(folder / "both.pem"), "-out", str(folder / "cert.pem")]
    try:
        subprocess.run(made, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("openssl is not installed")
    with (folder / "both.pem").open("a") as both:
        both.write((folder / "cert.pem").read_text())
    return folder / "both.pem"


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = ChatServer(sentences(SAID))
    server._server.socket = context.wrap_socket(server._server.socket, server_side=True)
    server._server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.start()
    try:
        url = server.url.replace("http:", "https:")
        with pytest.raises(ServiceError, match="certificate"):
            list(ChatReplier(settings.Replier(kind="chat", url=url, model="m"), KEY).reply(REQUEST))
    finally:
        server.close()
    assert not server.requests  # and nothing was told to it


def test_what_a_server_is_told() -> None:
    with serving(sentences(SAID)) as server:
        list(chat(server, key=KEY).reply(REQUEST))
    (body,) = server.requests
    assert (body["model"], body["stream"]) == ("small", True)
    assert body["messages"][-1] == {"role": "user", "content": "hello"}
    assert server.keys == [f"Bearer {KEY}"]


def test_the_conversation_as_a_model_takes_it() -> None:
    history = (
        Line(Who.DEVICE, 0, "The train leaves"),
        Line(Who.DEVICE, 1, "It stops in", interrupted=True),
        Line(Who.PERSON, 9, "no not bangalore mangalore"),
    )
    understood = Understood(Kind.CORRECTION, wrong="bangalore", right="mangalore")
    told = messages("Be brief.", Request(9, np.zeros(0, np.float32), "", understood, history))
    assert [message["role"] for message in told] == ["system", "assistant", "user"]
    assert told[1]["content"] == "The train leaves It stops in —"
    assert "instead of 'bangalore', 'mangalore'" in told[2]["content"]


def test_a_model_that_was_cut_off_is_told_where_to_go_on() -> None:
    history = (Line(Who.DEVICE, 0, "The train", interrupted=True),)
    request = Request(
        9, np.zeros(0, np.float32), "uh-huh", Understood(Kind.BACKCHANNEL), history, ("It leaves.",), True
    )
    told = messages("", request)[-1]
    assert told["role"] == "user"
    assert told["content"].startswith("uh-huh\n(You are now saying: 'It leaves.'")


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_thinking_aloud_is_not_spoken(size: int) -> None:
    text = "<think>Hm, <b>?</think>Yes, 3 < 4.<think>more"
    thoughts = Thoughts()
    spoken = "".join(thoughts.without(text[at : at + size]) for at in range(0, len(text), size))
    assert spoken + thoughts.rest() == "Yes, 3 < 4."


def test_the_openai_client_understands_the_server_of_these_tests() -> None:
    openai = pytest.importorskip("openai", reason="the openai client is not installed")
    with serving(sentences(SAID)) as server:
        client = openai.OpenAI(base_url=server.url, api_key=KEY)
        chunks = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}], stream=True)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks).strip() == SAID
        client.close()


@pytest.mark.parametrize(
    ("program", "told"),
    [("exit 3", "ended with status 3"), ("echo oops >&2; exit 1", "oops"), ("exec sleep 10", "said nothing")],
)
def test_a_program_that_fails(program: str, told: str) -> None:
    before = descriptors()
    with pytest.raises(ServiceError, match=told):
        list(command(program, 300).reply(REQUEST))
    assert descriptors() == before


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_what_nobody_wanted_or_nothing_started_leaves_no_descriptor(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\ncat")
    program.chmod(0o755)
    repliers = [command("cat"), CommandReplier(settings.Replier(kind="command", command=str(program)))]
    program.chmod(0o644)
    before = descriptors()
    unwanted, failing = (replier.reply(REQUEST) for replier in repliers)
    unwanted.cancel()
    assert descriptors() == before
    with pytest.raises(ServiceError, match="cannot start"):
        list(failing)
    assert list(unwanted) == []
    assert descriptors() == before


def test_a_program_is_told_the_turn_as_json() -> None:
    told = json.loads("".join(command("cat").reply(REQUEST)))
    assert (told["text"], told["kind"]) == ("hello", "request")
    assert told["history"] == [
        {"who": "person", "number": 7, "text": "hello", "interrupted": False, "estimated": False}
    ]


def test_a_program_that_does_not_exist_is_refused_at_the_start() -> None:
    with pytest.raises(ServiceError, match=r"replier\.command"):
        CommandReplier(settings.Replier(kind="command", command="no-such-program"))


def test_a_model_is_told_to_be_brief_while_it_is_too_much() -> None:
    with serving(sentences(SAID)) as server:
        for request in (REQUEST, replace(REQUEST, brief=True)):
            list(chat(server).reply(request))
    plain, brief = (body["messages"][0]["content"] for body in server.requests)
    assert "in one short sentence" not in plain
    assert brief.startswith(plain)
    assert "in one short sentence" in brief


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("refuses", "no home"),
        ("dies", "breaks off"),
        ("garbage", "breaks off"),
        ("stalled", "does not answer"),
        ("absent", "start the server"),
    ],
)
def test_a_handling_server_that_fails_is_told_in_one_line(mode: str, told: str) -> None:
    pytest.importorskip("wyoming", reason="needs the extra [wyoming]")
    from tests.services import wyoming_server

    with ExitStack() as stack:
        uri = f"tcp://127.0.0.1:{nowhere()}"
        if mode != "absent":
            uri = stack.enter_context(wyoming_server.serving(mode)).uri
        with pytest.raises(ServiceError, match=told) as failed:
            list(wyoming(uri, 400).reply(REQUEST))
        assert "\n" not in str(failed.value)


def test_a_handling_server_is_told_the_words_and_its_own_context() -> None:
    pytest.importorskip("wyoming", reason="needs the extra [wyoming]")
    from tests.services import wyoming_server

    with wyoming_server.serving("whole") as server:
        replier = wyoming(server.uri)
        assert list(replier.reply(REQUEST)) == ["hello there"]
        assert list(replier.reply(REQUEST)) == ["hello there"]
        assert [event.data for event in server.told] == [{"text": "hello"}, {"text": "hello", "context": {"topic": 1}}]
        server.mode, server.text = "not", ""
        assert list(replier.reply(REQUEST)) == []
