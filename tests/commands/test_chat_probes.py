"""What `check` says of a chat server, its key and its model, against a real server; and never the key itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from time import monotonic

import pytest

from edgeagent.__main__ import main
from edgeagent.commands import _chat_probes
from edgeagent.commands._chat_probes import chat
from edgeagent.commands._finding import Finding, Grade
from edgeagent.credential import FOLDER
from edgeagent.monitor.tally import Tally
from edgeagent.services import chat_models
from edgeagent.settings import Replier, Settings
from tests.services.chat_server import ChatServer, Talking, having, sentences, serving
from tests.services.nowhere import nowhere

KEY = "sk-very-secret-0123456789"


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeagent.credential._hidden", {})
    monkeypatch.delenv("EDGEAGENT_CHAT_KEY", raising=False)
    monkeypatch.delenv(FOLDER, raising=False)


@pytest.fixture
def with_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEAGENT_CHAT_KEY", KEY)


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with serving(sentences("Hello.")) as server:
        yield server


def found(url: str, model: str = "m", **others: str) -> Finding:
    """The only finding, which does not hold the key."""
    (finding,) = chat(Settings(replier=Replier(kind="chat", url=url, model=model, **others)))  # type: ignore[arg-type]
    assert "very-secret" not in repr(finding)
    assert finding.fix or finding.grade == Grade.OK
    return finding


def test_nobody_is_asked_where_no_language_model_answers() -> None:
    assert not list(chat(Settings()))


@pytest.mark.skipif(find_spec("openai") is None, reason="openai is not installed")
def test_the_servers_list_is_one_as_openais_own_client_reads_it(server: ChatServer) -> None:
    import openai

    server.listing = having("m", "n", key=KEY)
    assert [model.id for model in openai.OpenAI(base_url=server.url, api_key=KEY).models.list()] == ["m", "n"]
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(base_url=server.url, api_key="another").models.list()


@pytest.mark.usefixtures("with_key")
def test_a_key_that_is_taken(server: ChatServer) -> None:
    server.listing = having("m", key=KEY)
    assert found(server.url).text == f"{server.url} has m and takes the key"
    assert server.looked[0] == ("/v1/models", f"Bearer {KEY}")
    assert not server.requests, "nothing is generated for a check"


@pytest.mark.usefixtures("with_key")
def test_a_key_that_is_refused(server: ChatServer) -> None:
    server.listing = having("m", key="another")
    finding = found(f"{server.url}/")
    assert finding.grade == Grade.FAIL
    assert "refuses the key (401): Incorrect: Bearer ***" in finding.text
    assert "EDGEAGENT_CHAT_KEY" in finding.fix
    assert "LoadCredential=chat-key:FILE" in finding.fix


@pytest.mark.usefixtures("with_key")
def test_a_key_that_can_be_read_on_the_way(server: ChatServer) -> None:
    everywhere = server.url.replace("127.0.0.1", "0.0.0.0")
    replier = Replier(kind="chat", url=everywhere, model="m")
    _, clear = chat(Settings(replier=replier))
    assert (clear.grade, clear.text) == (Grade.WARN, f"the key goes to {everywhere} in the clear")
    assert len(list(chat(Settings(replier=replace(replier, needs_key="never"))))) == 1


def test_a_key_that_nobody_has_given(server: ChatServer) -> None:
    server.listing = having("m", key=KEY)
    finding = found(server.url)
    assert (finding.grade, finding.text) == (Grade.FAIL, f"{server.url} wants a key, and there is none")
    assert "EDGEAGENT_CHAT_KEY" in finding.fix
    assert "LoadCredential=chat-key:FILE" in finding.fix


def test_a_key_that_the_service_has(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.listing = having("m", key=KEY)
    monkeypatch.setattr(_chat_probes, "has", lambda name: name == "chat-key")
    finding = found(server.url)
    assert finding.grade == Grade.OK
    assert "the device has one" in finding.text


def test_a_key_of_the_device_whose_page_asks(
    server: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The program behind the page's button inherits no key."""
    pytest.importorskip("starlette", reason="needs the extra [page]")
    from edgeagent.commands._status import Status

    server.listing = having("m", key=KEY)
    file = tmp_path / "edgeagent.yaml"
    file.write_text(
        f"replier: {{kind: chat, url: '{server.url}', model: m, needs_key: always}}\ncapture: {{on_turn: cat}}\n"
        "talker: {kind: command, command: cat}\n"
    )
    assert main(["check", "--config", str(file)]) == 2
    monkeypatch.setenv("EDGEAGENT_CHAT_KEY", KEY)
    command = Status(Tally(), file).check_command()
    options = [option for option in command[command.index("check") :] if option not in ("--machine", "--json")]
    assert KEY not in str(command)
    monkeypatch.setattr("edgeagent.credential._hidden", {})
    capsys.readouterr()
    assert main(options) == 0
    assert "the device has one" in capsys.readouterr().out
    assert main(["check", "--config", str(file)]) == 2


def test_a_key_that_must_be_there_is_missed_whatever_the_server_says(server: ChatServer) -> None:
    missed, answered = chat(
        Settings(replier=Replier(kind="chat", url=server.url, model="m", needs_key="always")),
    )
    assert (missed.grade, answered.grade) == (Grade.FAIL, Grade.OK)
    assert "wants a key, and there is none" in missed.text
    assert "replier.needs_key: never" in missed.fix
    server.listing = having("m", key=KEY)
    assert "wants a key, and there is none" in found(server.url, needs_key="always").text, "told once"


@pytest.mark.usefixtures("with_key")
def test_a_key_that_shall_not_be_sent_is_not(server: ChatServer) -> None:
    assert found(server.url, needs_key="never").grade == Grade.OK
    server.listing = having("m", key=KEY)
    assert "set replier.needs_key: auto" in found(server.url, needs_key="never").fix
    assert {key for _, key in server.looked} == {None}


@pytest.mark.usefixtures("with_key")
def test_a_server_that_lists_its_models_to_anybody_has_not_judged_the_key(server: ChatServer) -> None:
    finding = found(server.url)
    assert finding.grade == Grade.OK
    assert "ours was not judged" in finding.text


@pytest.mark.usefixtures("with_key")
def test_a_model_that_is_not_there(server: ChatServer) -> None:
    server.listing = having("llama3.2:3b", f"bad\n{KEY}", *(f"model-{number}" for number in range(20)))
    finding = found(server.url, "lama3.2:3b")
    assert finding.grade == Grade.FAIL
    assert "has no model 'lama3.2:3b'. Did you mean 'llama3.2:3b'?; it has llama3.2:3b, bad***, model-0" in finding.text
    assert "model-10" not in finding.text
    assert "ollama pull lama3.2:3b" in finding.fix


def test_names_as_ollama_and_llama_cpp_take_them(server: ChatServer) -> None:
    server.listing = having("qwen3:latest")
    assert found(server.url, "qwen3").grade == Grade.OK
    server.listing = having("/models/qwen3.gguf", owner="llamacpp")
    assert found(server.url, "whatever").grade == Grade.OK


def nothing_there(talking: Talking) -> None:
    talking.begin(404, "text/plain")
    talking.raw("404 page not found")


def garbage(talking: Talking) -> None:
    talking.begin(200, "text/html")
    talking.raw("<html>")


def another_list(talking: Talking) -> None:
    talking.begin(200, "application/json")
    talking.raw(json.dumps({"data": [["id"]]}))


def broken(talking: Talking) -> None:
    talking.begin(500, "text/plain")


def no_http(talking: Talking) -> None:
    """The client's complaint quotes it."""
    talking._handler.wfile.write(f"HTTP/{talking.headers['Authorization']} 200\r\n\r\n".encode())


def endless(talking: Talking) -> None:
    talking.begin(200, "application/json")
    while True:
        talking.raw(" " * 100_000)


@pytest.mark.parametrize(
    ("act", "grade", "told"),
    [
        (nothing_there, Grade.WARN, "has no list of models there"),
        (garbage, Grade.FAIL, "sends what is no list of models"),
        (another_list, Grade.FAIL, "sends what is no list of models"),
        (broken, Grade.FAIL, "failed (500 Internal Server Error)"),
        (no_http, Grade.FAIL, ": HTTP/Bearer *** 200"),
        (endless, Grade.FAIL, "a list without end"),
    ],
)
@pytest.mark.usefixtures("with_key")
def test_what_is_no_list(server: ChatServer, act: object, grade: Grade, told: str) -> None:
    server.listing = act  # type: ignore[assignment]
    finding = found(server.url)
    assert finding.grade == grade
    assert told in finding.text


def dripping(talking: Talking) -> None:
    talking.begin(200, "application/json")
    while not talking.gone(0.02):
        talking.raw(" ")


def silent(talking: Talking) -> None:
    talking.gone(10)


@pytest.mark.parametrize("act", [dripping, silent])
def test_a_server_that_does_not_come_to_an_end_is_not_waited_for(
    server: ChatServer, act: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_chat_probes, "PATIENCE_S", 0.3)
    server.listing = act  # type: ignore[assignment]
    begun = monotonic()
    assert "does not answer" in found(server.url).text
    assert monotonic() - begun < 3


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/v1", "http://" + "a" * 70 + ".example/v1"])
def test_a_server_that_is_not_there(url: str) -> None:
    assert found(url.format(port=nowhere())).grade == Grade.FAIL


@pytest.mark.parametrize("key", ["schl\u00fcssel-very-secret", "very-secret\nline"])
def test_a_key_that_cannot_be_sent_is_refused_without_a_word_of_it(
    server: ChatServer, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEAGENT_CHAT_KEY", key)
    assert found(server.url).grade == Grade.FAIL
    assert not server.looked


def test_names_of_models_are_as_the_server_tells_them(server: ChatServer) -> None:
    server.listing = having("a", "b")
    assert chat_models.models(server.url, "", 3.0).names == ("a", "b")


@pytest.mark.usefixtures("with_key")
def test_the_command_tells_it_and_not_the_key(
    server: ChatServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.listing = having("n", key=KEY)
    file = tmp_path / "edgeagent.yaml"
    file.write_text(
        f"replier: {{kind: chat, url: '{server.url}', model: m}}\ncapture: {{on_turn: cat}}\n"
        "talker: {kind: command, command: cat}\n"
    )
    assert main(["check", "--config", str(file)]) == 2
    out, err = capsys.readouterr()
    assert "has no model 'm'" in out
    assert KEY not in out + err
