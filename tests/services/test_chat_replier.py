"""A language model as the replier: what a server is told, and what becomes of one that refuses, fails or babbles."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import enumerate as enumerate_threads
from typing import Literal
from urllib.parse import urlsplit

import numpy as np
import pytest

from edgeagent import settings
from edgeagent.app.talking import build_replier
from edgeagent.dialogue.history import Line, Who
from edgeagent.dialogue.kinds import Kind, Understood
from edgeagent.dialogue.sentences import Sentences
from edgeagent.errors import ServiceError
from edgeagent.ports import Request
from edgeagent.services.chat_deeds import Deeds
from edgeagent.services.chat_replier import messages
from edgeagent.services.complaint import TOLD
from edgeagent.services.event_stream import connecting
from edgeagent.services.thoughts import Thoughts
from tests.services.chat_server import Talking, sentences, serving
from tests.services.nowhere import nowhere
from tests.services.repliers import KEY, REQUEST, SAID, chat, tls

GIVE_UP_S = 10.0

Eventually = Callable[[Callable[[], object]], None]


def complaint(act: Callable[[Talking], None], stall_ms: int = 5000) -> str:
    with serving(act) as server, pytest.raises(ServiceError) as failed:
        list(chat(server.url, stall_ms, KEY).reply(REQUEST))
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
    with pytest.raises(ServiceError, match="start it"):
        list(chat(f"http://127.0.0.1:{nowhere()}/v1").reply(REQUEST))


@pytest.mark.parametrize(
    ("code", "body", "told"),
    [
        (301, "", "has moved (301); set url to where it is now"),
        (401, json.dumps({"error": {"message": f"Incorrect key {KEY}"}}), "refuses the key (401): Incorrect key ***"),
        (404, json.dumps({"error": "model 'small' not found"}), "model 'small' not found"),
        (429, "", "too much to do (429)"),
        (500, "<html>oh</html>", "failed (500 Internal Server Error)"),
        (503, "try later\nplease", "try later please"),
        (400, json.dumps([{"error": {"code": 400, "message": "no such model"}}]), "(400 Bad Request): no such model"),
        (400, json.dumps({"detail": "Model not loaded"}), "(400 Bad Request): Model not loaded"),
        (422, json.dumps({"detail": [{"loc": ["body"], "msg": "field required"}]}), "field required"),
        (400, json.dumps({"why": "no idea"}), '{"why": "no idea"}'),
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


@pytest.mark.parametrize(
    ("said", "spoken", "told"),
    [
        ("One. And two are three and fo", ["One.", "And two are three and fo"], "longer than replier.most_tokens"),
        ("<think>Let me see. One and", [], "before it said anything; raise replier.most_tokens"),
        ("", [], "before it said anything"),
    ],
)
def test_an_answer_that_is_stopped_at_its_limit_says_so_behind_what_there_is(
    said: str, spoken: list[str], told: str
) -> None:
    def act(talking: Talking) -> None:
        talking.begin()
        talking.say(said)
        talking.say("", "length")
        talking.raw("data: [DONE]\n\n")

    splitter = Sentences()
    found: list[str] = []

    def take(url: str) -> None:
        for piece in chat(url).reply(REQUEST):
            found.extend(splitter.feed(piece))

    with serving(act) as server, pytest.raises(ServiceError, match=told):
        take(server.url)
    assert found == spoken


def plainly(told: object, indent: int | None = None) -> Callable[[Talking], None]:
    """Answers well, and with one piece of JSON."""

    def act(talking: Talking) -> None:
        talking.begin(200, "application/json")
        talking.raw(json.dumps(told, indent=indent))

    return act


@pytest.mark.parametrize("indent", [None, 2])
def test_one_that_does_not_stream_is_spoken_whole(indent: int | None) -> None:
    whole = {"message": {"role": "assistant", "content": "Here {I} am."}, "finish_reason": "stop"}
    with serving(plainly({"choices": [whole]}, indent)) as server:
        assert "".join(chat(server.url).reply(REQUEST)) == "Here {I} am."


def test_what_is_said_in_place_of_a_stream_is_told() -> None:
    assert complaint(plainly({"error": {"message": "the model is being loaded"}})).endswith("the model is being loaded")


@pytest.mark.parametrize(
    "sent",
    [
        'data: {"error": {"message": "too\\nlong"}}',
        'data: {"object": "error", "message": "too long", "code": 400}',
        'event: error\ndata: {"message": "too long"}',
        'error: {"code": 500, "message": "too long", "type": "server_error"}',
    ],
)
def test_why_a_server_gives_up_in_the_middle_is_told_however_it_says_so(sent: str) -> None:
    def act(talking: Talking) -> None:
        talking.begin()
        talking.say("Well ")
        talking.raw(f"{sent}\n\n")

    assert complaint(act) == "the server gives up: too long"


def test_a_complaint_in_the_middle_is_as_short_as_one_at_the_beginning() -> None:
    def act(talking: Talking) -> None:
        talking.begin()
        talking.raw(f"data: {json.dumps({'error': {'message': 'x' * (TOLD - 9) + KEY + 'x' * 9999}})}\n\n")

    assert len(complaint(act)) == len("the server gives up: ") + TOLD


def test_a_server_that_does_not_leave_when_it_has_said_all_has_said_all() -> None:
    def act(talking: Talking) -> None:
        talking.begin()
        talking.say("Half past nine.", "stop")
        talking.gone(GIVE_UP_S)

    with serving(act) as server:
        assert "".join(chat(server.url, 200).reply(REQUEST)) == "Half past nine."


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
            list(chat(server.url).reply(REQUEST))
        assert told in str(failed.value)
        assert server.gone.wait(GIVE_UP_S)
        eventually(lambda: readers() == before)


def test_a_line_without_end() -> None:
    def act(talking: Talking) -> None:
        talking.begin()
        talking.raw("x" * 200_000)

    assert "without end" in complaint(act)


def test_an_event_without_end() -> None:
    def act(talking: Talking) -> None:
        talking.begin()
        with suppress(OSError):  # it is left
            for _ in range(100):
                talking.raw("data: " + "x" * 60_000 + "\n")

    assert "an event without end" in complaint(act)


def test_an_empty_reply_is_none() -> None:
    with serving(sentences()) as server:
        assert list(chat(server.url).reply(REQUEST)) == []


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    with serving(sentences(SAID), tls(certificate)) as server:
        with pytest.raises(ServiceError, match="certificate"):
            list(chat(server.url, key=KEY).reply(REQUEST))
        assert not server.requests  # and nothing was told to it


def test_what_a_server_is_told() -> None:
    with serving(sentences(SAID)) as server:
        list(chat(server.url, key=KEY).reply(REQUEST))
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
    told = messages("Be brief.", Request(9, np.zeros(0, np.float32), "", understood, history), Deeds())
    assert [message["role"] for message in told] == ["system", "user", "assistant", "user"]
    assert told[2]["content"] == "The train leaves It stops in —"
    assert "instead of 'bangalore', 'mangalore'" in told[3]["content"]


def test_a_model_that_was_cut_off_is_told_where_to_go_on() -> None:
    history = (Line(Who.DEVICE, 0, "The train", interrupted=True),)
    request = Request(
        9, np.zeros(0, np.float32), "uh-huh", Understood(Kind.BACKCHANNEL), history, ("It leaves.",), True
    )
    told = messages("", request, Deeds())[-1]
    assert told["role"] == "user"
    assert told["content"].startswith("uh-huh\n(You are now saying: 'It leaves.'")


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_thinking_aloud_is_not_spoken(size: int) -> None:
    text = "<think>Hm, <b>?</think>Yes, 3 < 4.<think>more"
    thoughts = Thoughts()
    spoken = "".join(thoughts.without(text[at : at + size]) for at in range(0, len(text), size))
    assert spoken + thoughts.rest() == "Yes, 3 < 4."


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_an_answer_whose_thoughts_have_no_beginning_is_spoken_without_them_once_that_is_known(size: int) -> None:
    """Where the template has written the first mark, behind the question."""
    thoughts = Thoughts(unopened=True)
    text = "Hm, <b>?\n</think>Yes, 3 < 4."
    spoken = "".join(thoughts.without(text[at : at + size]) for at in range(0, len(text), size))
    assert (spoken + thoughts.rest()).strip() == "Yes, 3 < 4."


@pytest.mark.parametrize(
    ("text", "whole", "spoken"),
    [
        ("Yes, 3 < 4.", True, "Yes, 3 < 4."),
        ("Yes.<think>Hm", True, "Yes."),
        ("<think>Hm</think>Yes.", True, "Yes."),
        ("Let me see", False, ""),
    ],
)
def test_an_answer_that_waits_for_the_end_of_thoughts_is_spoken_where_there_are_none(
    text: str, whole: bool, spoken: str
) -> None:
    thoughts = Thoughts(unopened=True)
    assert thoughts.without(text) + thoughts.rest(whole=whole) == spoken


def test_thoughts_without_a_beginning_are_not_spoken_a_second_time() -> None:
    def act(talking: Talking) -> None:
        talking.begin()
        for piece in ("A greeting. I gr", "eet back.", "</think>", "Good morning."):
            talking.say(piece)
        talking.done()

    with serving(act) as server:
        replier = chat(server.url)
        first, second = ("".join(replier.reply(REQUEST)) for _ in range(2))
    assert first.endswith("eet back.\nGood morning.")
    assert second.strip() == "Good morning."


def test_of_an_answer_in_parts_the_text_is_spoken() -> None:
    """As Mistral's models that think send it."""

    def act(talking: Talking) -> None:
        talking.begin()
        thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "Nine or ten?"}]}]
        for content in (thinking, [{"type": "text", "text": "At "}], "nine.", None):
            talking.raw(f"data: {json.dumps({'choices': [{'delta': {'content': content}}]})}\n\n")
        talking.done()

    with serving(act) as server:
        assert "".join(chat(server.url).reply(REQUEST)) == "At nine."


def test_the_openai_client_understands_the_server_of_these_tests() -> None:
    openai = pytest.importorskip("openai", reason="the openai client is not installed")
    with serving(sentences(SAID)) as server:
        client = openai.OpenAI(base_url=server.url, api_key=KEY)
        chunks = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}], stream=True)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks).strip() == SAID
        client.close()


def test_a_model_is_told_to_be_brief_while_it_is_too_much() -> None:
    with serving(sentences(SAID)) as server:
        for request in (REQUEST, replace(REQUEST, brief=True)):
            list(chat(server.url).reply(request))
    plain, brief = (body["messages"][0]["content"] for body in server.requests)
    assert "in one short sentence" not in plain
    assert brief.startswith(plain)
    assert "in one short sentence" in brief


@pytest.mark.parametrize(
    ("needs_key", "sent"), [("auto", f"Bearer {KEY}"), ("always", f"Bearer {KEY}"), ("never", None)]
)
def test_a_key_goes_to_whom_it_is_meant_for(
    needs_key: Literal["auto", "always", "never"], sent: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeagent.credential._hidden", {})
    monkeypatch.setenv("EDGEAGENT_CHAT_KEY", KEY)
    with serving(sentences(SAID)) as server:
        wanted = settings.Replier(kind="chat", url=server.url, model="m", needs_key=needs_key)
        replier, _ = build_replier(settings.Settings(replier=wanted))
        assert "".join(replier.reply(REQUEST)).split() == SAID.split()
        replier.close()
    assert server.keys == [sent]


def test_a_model_that_takes_only_the_later_name_of_the_limit_answers() -> None:
    """As OpenAI's models since o1, which refuse the name that all other servers know."""
    seen: list[dict[str, object]] = []

    def act(talking: Talking) -> None:
        seen.append(talking.body)
        if "max_tokens" in talking.body:
            said = "Unsupported parameter: 'max_tokens' is not supported with this model. "
            status(400, json.dumps({"error": {"message": said + "Use 'max_completion_tokens' instead."}}))(talking)
        else:
            sentences("At nine.")(talking)

    with serving(act) as server:
        replier = chat(server.url)
        for _ in range(2):
            assert "".join(replier.reply(REQUEST)).strip() == "At nine."
    assert [("max_tokens" in body, "max_completion_tokens" in body) for body in seen] == [
        (True, False),
        (False, True),
        (False, True),
    ]


def test_a_conversation_that_has_grown_beyond_the_models_context_goes_on_without_its_beginning() -> None:
    """As llama.cpp refuses it, and then each question after it."""
    room = 3000
    told = {"code": 400, "message": "request (977 tokens) exceeds the available context size (512 tokens), try again"}

    def act(talking: Talking) -> None:
        if len(json.dumps(talking.body["messages"])) > room:
            status(400, json.dumps({"error": told}))(talking)
        else:
            sentences(SAID)(talking)

    lines = [Line(Who((Who.DEVICE, Who.PERSON)[at % 2]), at, f"line {at} " + 50 * "x") for at in range(180)]
    request = replace(REQUEST, history=(*lines, Line(Who.PERSON, 999, "hello")))
    with serving(act) as server:
        replier = chat(server.url)
        for _ in range(2):
            assert "".join(replier.reply(request)).split() == SAID.split()
    refused, *taken = server.requests
    sizes = [len(json.dumps(each["messages"])) for each in server.requests]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == sizes[-2] > room / 4  # the second question is not refused
    assert taken[-1]["messages"][0] == refused["messages"][0]
    assert [message["role"] for message in taken[-1]["messages"]][:3] == ["system", "user", "assistant"]
    assert taken[-1]["messages"][-1]["content"].endswith("hello")


@pytest.mark.parametrize(
    "trouble", ["rpc error: code = DeadlineExceeded desc = context deadline exceeded", "llama runner: context canceled"]
)
def test_a_server_that_takes_too_long_is_told_the_whole_conversation_again(trouble: str) -> None:
    """As Go's servers write it, Ollama's among them: their context is no model's."""
    troubles = [status(500, json.dumps({"error": {"message": trouble}}))]

    def act(talking: Talking) -> None:
        (troubles.pop() if troubles else sentences(SAID))(talking)

    lines = (Line(Who((Who.PERSON, Who.DEVICE)[at % 2]), at, f"line {at}") for at in range(41))
    request = replace(REQUEST, history=tuple(lines))
    with serving(act) as server:
        replier = chat(server.url)
        with pytest.raises(ServiceError, match="context"):
            "".join(replier.reply(request))
        assert "".join(replier.reply(request)).split() == SAID.split()
    refused, taken = server.requests
    assert taken["messages"] == refused["messages"]


def test_what_only_keeps_a_connection_alive_is_no_answer() -> None:
    """A gateway sends comments while the model behind it hangs; before the first word it may."""

    def act(talking: Talking) -> None:
        talking.begin()
        for _ in range(6):
            talking.raw(": PROCESSING\n\n")
            talking.gone(0.05)
        talking.say("It is nine. And")
        while not talking.gone(0.05):
            talking.raw(": PROCESSING\n\n")

    assert "does not answer" in complaint(act, stall_ms=200)


def test_one_turn_that_is_too_much_alone_is_told() -> None:
    complained = complaint(status(400, json.dumps({"error": "the context is too small"})))
    assert "the context is too small" in complained


def test_a_server_that_refuses_both_names_is_asked_twice_and_no_more() -> None:
    seen: list[object] = []

    def act(talking: Talking) -> None:
        seen.append(talking.body)
        status(400, "use max_completion_tokens")(talking)

    assert "max_completion_tokens" in complaint(act)
    assert len(seen) == 2


def test_an_error_that_is_none_ends_nothing() -> None:
    def act(talking: Talking) -> None:
        talking.begin()
        for told in (
            {"error": None, "choices": [{"delta": {"content": "At nine."}, "finish_reason": "stop"}]},
            "[DONE]",
        ):
            talking.raw(f"data: {told if isinstance(told, str) else json.dumps(told)}\n\n")

    with serving(act) as server:
        assert "".join(chat(server.url).reply(REQUEST)) == "At nine."


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://[fd00::20]/v1", "fd00::20", 80),
        ("http://[::1]/v1", "::1", 80),
        ("https://[fd00::ab]/v1", "fd00::ab", 443),
        ("http://[fd00::20]:11434/v1", "fd00::20", 11434),
        ("http://pi/v1", "pi", 80),
    ],
)
def test_an_address_is_itself_whatever_its_form(url: str, host: str, port: int) -> None:
    connection = connecting(urlsplit(url), 1.0)
    assert (connection.host, connection.port) == (host, port)
