"""A key, a password and a token are nowhere but where they belong, whatever goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from edgeagent import settings
from edgeagent.dialogue.kinds import Kind, Understood
from edgeagent.errors import ServiceError
from edgeagent.ports import Request
from edgeagent.services.chat_replier import ChatReplier
from edgeagent.services.command_line import words_of
from edgeagent.signal.wav import write_wav
from edgeagent.units import RATE
from tests.monitor.broker import free_port
from tests.services.chat_server import ChatServer, Talking, serving
from tests.talking import voice

ROOT = Path(__file__).parents[1]
KEY, PASSWORD, TOKEN = "sk-very-secret-key-0123456789", "very-secret-password-77", "very-secret-token-abcdef"
ARGUMENT = "very-secret-argument-42"
SECRETS = (KEY, PASSWORD, TOKEN, ARGUMENT)
TURNS = 6
"""The first two fall into the opening."""
OPENING = "Hello. I will now speak for so long that whoever begins has to speak over me. And that is all."
MOST_PAGES = 2000


def status(talking: Talking) -> None:
    talking.begin(401, "application/json")
    talking.raw(json.dumps({"error": {"message": f"Incorrect key {KEY}"}}))


def cut_off(talking: Talking) -> None:
    """Where a complaint is cut, half of the key would be left."""
    talking.begin(500, "text/plain")
    talking.raw("x" * 185 + KEY + " and more")


def told(talking: Talking) -> None:
    talking.begin()
    talking.say("Well. ")
    talking.raw(f'data: {{"error": {{"message": "Bearer {KEY} is over its quota"}}}}\n\n')


def garbage(talking: Talking) -> None:
    talking.begin()
    talking.raw(f"data: {KEY}\n\n")


def wrong_type(talking: Talking) -> None:
    talking.begin()
    talking.raw(f'data: {{"choices": "{KEY}"}}\n\n')


def header(talking: Talking) -> None:
    """No HTTP: the client's complaint quotes it."""
    talking._handler.wfile.write(f"HTTP/{KEY} 200\r\n\r\n".encode())


ACTS = (status, cut_off, told, garbage, wrong_type, header)


@pytest.mark.parametrize("act", ACTS)
def test_no_complaint_about_a_server_holds_the_key(act: object, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(act) as server:  # type: ignore[arg-type]
        replier = ChatReplier(settings.Replier(kind="chat", url=server.url, model="m"), KEY)
        with pytest.raises(ServiceError) as failed:
            list(replier.reply(Request(1, np.zeros(0, np.float32), "hello", Understood(Kind.REQUEST))))
    assert server.keys == [f"Bearer {KEY}"]
    shown = f"{failed.value} {failed.value!r}"
    assert not any(KEY[:length] in shown for length in (len(KEY), 12))
    assert failed.value.__cause__ is None
    monkeypatch.undo()


def test_an_exception_of_any_kind_is_told_without_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_event: str, _key: str) -> None:
        raise RuntimeError(f"cannot send Authorization: Bearer {KEY}")

    monkeypatch.setattr("edgeagent.services.chat_replier._piece", broken)
    with serving(told) as server:
        replier = ChatReplier(settings.Replier(kind="chat", url=server.url, model="m"), KEY)
        with pytest.raises(ServiceError, match=r"RuntimeError: cannot send Authorization: Bearer \*\*\*"):
            list(replier.reply(Request(1, np.zeros(0, np.float32), "hello", Understood(Kind.REQUEST))))


def test_a_key_that_cannot_be_sent_is_refused_without_being_shown() -> None:
    with pytest.raises(ServiceError) as refused:
        ChatReplier(settings.Replier(kind="chat"), "schl\u00fcssel-\u20ac")
    assert "schl" not in str(refused.value)


def test_a_command_line_is_in_no_message_and_no_repr() -> None:
    command = f"tool --token {ARGUMENT} 'unfinished"
    with pytest.raises(ServiceError) as refused:
        words_of(command, "talker.command")
    assert ARGUMENT not in str(refused.value)
    whole = settings.Settings(
        talker=settings.Talker(command=command),
        capture=settings.Capture(on_turn=command),
        replier=settings.Replier(command=command),
    )
    assert ARGUMENT not in repr(whole)
    assert ARGUMENT not in json.dumps(asdict(settings.shown(whole)))
    assert (
        settings.settings_hash(whole)
        == settings.settings_hash(settings.shown(whole))
        != settings.settings_hash(settings.Settings())
    )


def someone_who_speaks(path: Path) -> None:
    """A microphone that hears `TURNS` turns, with a pause behind each."""
    dice = np.random.default_rng(3)
    turn = [0.0005 * dice.standard_normal(RATE), 2 * voice(dice, 1.2), 0.0005 * dice.standard_normal(round(1.6 * RATE))]
    sound = np.concatenate([np.zeros(0), *(turn * TURNS), 0.0005 * dice.standard_normal(2 * RATE)])
    write_wav(path, sound.astype(np.float32))


Ran = tuple[Path, str, list[str], ChatServer]
"""A device's folder, all it printed and served, what its page showed of it, and its server."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """A device that meets errors of each kind."""
    folder = tmp_path_factory.mktemp("device")
    someone_who_speaks(folder / "mic.wav")
    acts = iter(ACTS)

    def act(talking: Talking) -> None:
        next(acts, status)(talking)

    with serving(act) as server:
        port = free_port() if find_spec("starlette") and find_spec("uvicorn") else 0
        config = {
            "audio": {"card": "wav", "microphone_wav": str(folder / "mic.wav")},
            "capture": {"on_turn": f"sh -c 'cat >/dev/null; echo what is the time' {ARGUMENT}"},
            "replier": {"kind": "chat", "url": server.url, "model": "m"},
            "record": {"dir": str(folder / "sessions"), "journal": str(folder / "journal.jsonl")},
            "flight": {"dir": str(folder / "flight")},
            "script": {"opening": OPENING},
            "page": {"port": port},
            "mqtt": {"host": "127.0.0.1" if find_spec("paho") else "", "port": free_port(), "user": "me"},
        }
        file = folder / "config.yaml"
        file.write_text(json.dumps(config))
        given = {"EDGEAGENT_CHAT_KEY": KEY, "EDGEAGENT_MQTT_PASSWORD": PASSWORD, "EDGEAGENT_PAGE_TOKEN": TOKEN}
        command = [sys.executable, "-m", "edgeagent"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "cwd": ROOT}
        device = subprocess.Popen([*command, "run", "--config", str(file)], env={**os.environ, **given}, **pipes)  # type: ignore[call-overload]
        pages = watched(port, device) if port else []
        printed = [*pages, device.communicate(timeout=90)[0]]
        for options in (["--json"], []):
            looked = [*command, "check", "--config", str(file), *options]
            printed.append(subprocess.run(looked, env={**os.environ, **given}, check=False, **pipes).stdout)  # type: ignore[call-overload]
        for session in (folder / "sessions").iterdir():
            printed.append(subprocess.run([*command, "replay", str(session)], check=False, **pipes).stdout)  # type: ignore[call-overload]
        review = [*command, "review", "--config", str(file), "--report", str(folder / "report.html")]
        printed.append(subprocess.run(review, env={**os.environ, **given}, check=False, **pipes).stdout)  # type: ignore[call-overload]
        file.unlink()  # where the argument belongs
        yield folder, "\n".join(printed), pages, server


def watched(port: int, device: subprocess.Popen[str]) -> list[str]:
    """What the status page and its stream show, from the beginning to the device's end."""
    pages: list[str] = []
    while device.poll() is None:
        for path in ("", "events"):
            asked = urllib.request.Request(f"http://127.0.0.1:{port}/{path}")
            asked.add_header("Authorization", f"Bearer {TOKEN}")
            with suppress(OSError), closing(urllib.request.urlopen(asked, timeout=1)) as page:
                while len(pages) < MOST_PAGES and (some := page.read1(1 << 20)):
                    pages.append(some.decode())
                    if path and "event: now" in pages[-1]:
                        break
        with suppress(subprocess.TimeoutExpired):
            device.wait(0.5)
    return pages


@pytest.mark.live
@pytest.mark.slow
def test_errors_of_each_kind_leave_no_secret_behind(run: Ran) -> None:
    folder, printed, pages, server = run
    assert len(server.requests) >= TURNS - 2, printed  # it did meet them
    assert "refuses the key" in printed
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert {"journal.jsonl", "events.jsonl", "notes.jsonl", "clip.json"} <= {path.name for path in written}
    assert "I will now speak for so long" in (folder / "report.html").read_text()
    if find_spec("starlette") and find_spec("uvicorn"):
        shown = "".join(pages)
        assert "<b>The reply failed: http://127.0.0.1" in shown  # on the page itself
        assert "refuses the key (401): Incorrect key ***" in shown
        assert "event: now" in shown
    for secret in SECRETS:
        assert secret not in printed
        assert not any(secret.encode() in path.read_bytes() for path in written), secret
    assert server.keys[0] == f"Bearer {KEY}"


@pytest.mark.live
@pytest.mark.slow
def test_no_child_inherits_a_secret(tmp_path: Path) -> None:
    someone_who_speaks(tmp_path / "mic.wav")
    given = {"EDGEAGENT_CHAT_KEY": KEY, "EDGEAGENT_MQTT_PASSWORD": PASSWORD, "EDGEAGENT_PAGE_TOKEN": TOKEN}
    config = {
        "capture": {"on_turn": f"sh -c 'env > {tmp_path}/env; cat >/dev/null; echo hello'"},
        "replier": {"kind": "chat", "url": "http://127.0.0.1:9/v1", "model": "m"},
    }
    (tmp_path / "config.yaml").write_text(json.dumps(config))
    command = [sys.executable, "-m", "edgeagent", "run", "--config", str(tmp_path / "config.yaml")]
    command += ["--card", f"wav:{tmp_path / 'mic.wav'}", "--quiet"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **given}, timeout=90, check=False, capture_output=True)
    assert KEY not in (tmp_path / "env").read_text()
