"""The page's server: who gets in, what is answered, and that nobody takes more than their share."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.monitor.broker import until

pytest.importorskip("starlette", reason="needs the extra [page]")
pytest.importorskip("uvicorn", reason="needs the extra [page]")

from starlette.datastructures import URL
from starlette.requests import Request
from starlette.types import Message

from edgeagent.monitor.page import calibration, guard, impatient, job, site
from edgeagent.monitor.page.calibration import REFUSED, Calibration
from edgeagent.monitor.page.job import Job, Outcome
from edgeagent.monitor.page.server import CONNECTIONS, Server
from edgeagent.monitor.page.site import Content, Site
from edgeagent.monitor.places import listening

TOKEN = "a token of some length"


class Shown:
    """Something to show. `said` is what the check has printed."""

    def __init__(self, folder: Path) -> None:
        self.changes = 0
        self.said: list[Outcome] = []
        self.word = self.unfit = ""
        self.heard: list[Outcome] = []
        self.kept: list[Outcome] = []
        self.may_keep = True
        self.sound = folder / "turn-001.wav"
        self.sound.write_bytes(bytes(range(200)))
        (folder / "secret").write_bytes(b"secret")

    def page(self, word: str, _outcome: Outcome, _calibrated: Outcome) -> str:
        self.word = word
        return f"<p>{word}</p>"

    def findings(self, outcome: Outcome) -> str:
        self.said.append(outcome)
        return "checking" if outcome.running else f"code {outcome.code}"

    def calibrated(self, _word: str, outcome: Outcome) -> str:
        self.heard.append(outcome)
        return "calibrating" if outcome.running else f"code {outcome.code}, kept {len(self.kept)}"

    def keep(self, outcome: Outcome) -> bool:
        if not self.may_keep:
            return False
        self.kept.append(outcome)
        return True

    def content(self) -> Content:
        return Content(
            page=self.page,
            now=lambda: {"state": "idle"},
            minute=lambda: [("#fff", 0.1, 0.2)],
            version=lambda: self.changes,
            history=lambda: f"<p>{self.changes}</p>",
            findings=self.findings,
            calibrated=self.calibrated,
            unfit=self.unfit,
            keep=self.keep,
            sounds=lambda: {"0123": self.sound},
            style="p{}",
            script="'use strict'",
        )


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    return Shown(tmp_path)


class Card:
    """A device that lends its card, or says why not. log: what is asked of it."""

    def __init__(self, why_not: str = "", answers: tuple[str | None, ...] = (None, "")) -> None:
        self.log: list[str] = []
        self.borrower: Callable[[], None] = lambda: None
        self._why_not = why_not
        self._answers = list(answers)

    def ask(self, borrower: Callable[[], None]) -> str:
        self.borrower = borrower
        self.log.append("ask")
        return self._why_not

    def answer(self) -> str | None:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def give_back(self) -> None:
        self.log.append("back")


Serve = Callable[..., int]


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    servers: list[Server] = []
    yield servers
    for server in servers:
        server.close()


@pytest.fixture
def serve(shown: Shown, servers: list[Server]) -> Serve:
    def serve(
        token: str = "", name: str = "", code: str = "print(1)", calibrates: str = "print(2)", lender: object = None
    ) -> int:
        ours = listening("127.0.0.1", 0, "page.port")
        jobs = Job([sys.executable, "-c", code]), Calibration([sys.executable, "-c", calibrates])
        if isinstance(lender, Card):
            jobs[1].borrow_from(lender)
        servers.append(Server(ours, shown.content(), jobs, token, name))
        servers[-1].start()
        port: int = ours.getsockname()[1]
        return port

    return serve


Answer = tuple[int, dict[str, str], str]


def ask(port: int, method: str, path: str, body: str = "", **headers: str) -> Answer:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as client:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        client.request(method, path, body or None, named)
        answer = client.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode("latin-1")


def own(port: int) -> str:
    return f"http://127.0.0.1:{port}"


class Stream:
    """A browser that watches."""

    def __init__(self, port: int, **headers: str) -> None:
        self._client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self._client.request("GET", "/events", headers=headers)
        self.answer = self._client.getresponse()

    def event(self, name: str) -> object:
        """The data of the next event of that name."""
        while line := self.answer.readline():
            if line == f"event: {name}\n".encode():
                return json.loads(self.answer.readline().removeprefix(b"data: "))
        raise AssertionError("the stream has ended")

    def close(self) -> None:
        self.answer.close()
        self._client.close()


def test_on_this_machine_it_is_simply_there(serve: Serve) -> None:
    status, headers, text = ask(serve(), "GET", "/")
    assert (status, text[:3]) == (200, "<p>")
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert not [name for name in headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/", "/events", "/sound/0123", "/style.css"])
def test_it_has_no_name_that_others_can_have(serve: Serve, path: str) -> None:
    assert ask(serve(), "GET", path, Host="evil.example")[0] == 421


def test_a_name_that_the_owner_gives_is_good(serve: Serve) -> None:
    port = serve(name="kitchen.home.example")
    assert ask(port, "GET", "/", Host="kitchen.home.example")[0] == 200
    assert ask(port, "GET", "/", Host="hall.home.example")[0] == 421


HOSTS = [
    "127.0.0.1:1/style.css?",
    "127.0.0.1/style.css?",
    "localhost:80/style.css#",
    "[::1]/style.css?",
    "x@127.0.0.1:80",
]
"""Whoever makes an address of them finds another path in it than the one that is asked for."""


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_that_is_more_than_a_host_is_refused(serve: Serve, shown: Shown, host: str) -> None:
    port = serve(TOKEN)
    for path in ("/", "/events", "/sound/0123", "/script.js"):
        assert ask(port, "GET", path, Host=host)[0] == 421
    assert ask(port, "POST", "/check", Host=host, Origin=f"http://{host}")[0] == 421
    assert shown.said == []


@pytest.mark.parametrize("path", ["/", "/events", "/sound/0123", "/script.js"])
def test_whatever_an_address_is_made_of_the_path_that_is_asked_for_counts(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    style = property(lambda _request: URL("http://127.0.0.1:1/style.css?" + path))
    monkeypatch.setattr(Request, "url", style)  # as older versions of the library make it of such a Host
    assert ask(serve(TOKEN), "GET", path)[0] == 401


@pytest.mark.parametrize("path", ["/", "/events", "/sound/0123", "/script.js"])
def test_where_others_can_reach_it_everything_takes_the_token(serve: Serve, path: str) -> None:
    port = serve(TOKEN)
    assert ask(port, "GET", path)[0] == 401
    assert ask(port, "GET", f"{path}?token=wrong")[0] == 401
    assert ask(port, "GET", path, Authorization="Bearer wrong")[0] == 401
    assert ask(port, "GET", path, Cookie=f"edgeagent-{port}=")[0] == 401


def test_the_token_in_the_address_is_needed_once(serve: Serve) -> None:
    port = serve(TOKEN)
    status, headers, _ = ask(port, "GET", f"/?token={TOKEN.replace(' ', '%20')}")
    assert (status, headers["location"]) == (303, "/")
    cookie = headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert TOKEN not in cookie
    assert ask(port, "GET", "/", Cookie=cookie.partition(";")[0])[0] == 200
    assert ask(port, "GET", "/script.js", Authorization=f"Bearer {TOKEN}")[0] == 200


def test_or_in_the_form(serve: Serve) -> None:
    port = serve(TOKEN)
    body = f"token={TOKEN.replace(' ', '+')}"
    status, headers, _ = ask(port, "POST", "/login", body, Origin=own(port))
    assert (status, headers["location"]) == (303, "/")
    assert "set-cookie" in headers
    assert ask(port, "POST", "/login", "token=wrong", Origin=own(port))[0] == 401
    assert ask(port, "POST", "/login", body, Origin="http://evil.example")[0] == 403
    assert ask(port, "POST", "/login", body + "x" * 10_000, Origin=own(port))[0] == 401


def test_nobody_is_sent_elsewhere(serve: Serve) -> None:
    port = serve(TOKEN)
    _, headers, _ = ask(port, "GET", f"//evil.example/?token={TOKEN.replace(' ', '%20')}")
    assert headers.get("location", "/")[:2] != "//"


def test_a_button_works_from_our_page_alone(serve: Serve, shown: Shown) -> None:
    port = serve()
    ask(port, "GET", "/")
    body = f"word={shown.word}"
    assert ask(port, "POST", "/check", body)[0] == 403
    assert ask(port, "POST", "/check", body, Origin="http://evil.example")[0] == 403
    assert ask(port, "POST", "/check", body, Origin="null")[0] == 403
    assert ask(port, "POST", "/check", body, Sec_Fetch_Site="cross-site")[0] == 403
    assert ask(port, "POST", "/check", "word=guessed", Origin=own(port))[0] == 403
    assert ask(port, "POST", "/check", "", Origin=own(port))[0] == 403
    assert shown.said == []
    with closing(Stream(port)) as stream:
        assert ask(port, "POST", "/check", body, Origin=own(port))[0] == 303
        while stream.event("check") != "code 0":
            pass
    assert shown.said[-1] == Outcome(code=0, said=b"1\n")


@pytest.mark.parametrize(
    ("origin", "body", "length"),
    [
        ("http://127.0.0.1", "tok", 50),
        ("http://127.0.0.1", "&".join(f"a{n}=1" for n in range(11)), 0),
        ("http://[", "a", 0),
    ],
    ids=["gone in the middle", "too many fields", "no origin"],
)
def test_a_stranger_leaves_no_trace_of_a_fault(
    serve: Serve, origin: str, body: str, length: int, caplog: pytest.LogCaptureFixture
) -> None:
    port = serve(TOKEN)
    with socket.create_connection(("127.0.0.1", port)) as browser:
        browser.settimeout(10)
        head = f"Origin: {origin}\r\nContent-Length: {length or len(body)}\r\n\r\n"
        browser.sendall(f"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}{body}".encode())
        if length:
            browser.shutdown(socket.SHUT_WR)
        assert b" 500 " not in browser.recv(300)
    assert "Exception" not in caplog.text


def test_what_no_text_can_hold_does_not_end_the_page(
    serve: Serve, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file name that is no UTF-8, as another program reports it."""
    monkeypatch.setattr(shown, "page", lambda *_: "<p>/home/m\udcfcller</p>")
    status, _, text = ask(serve(), "GET", "/")
    assert (status, text) == (200, "<p>/home/m?ller</p>")


def test_other_methods_are_refused(serve: Serve) -> None:
    port = serve()
    for method in ("PUT", "DELETE", "OPTIONS", "PATCH"):
        assert ask(port, method, "/", Origin="http://evil.example")[0] == 405


def test_who_watches_gets_the_last_minute_and_then_what_changes(serve: Serve, shown: Shown) -> None:
    with closing(Stream(serve())) as stream:
        assert stream.answer.getheader("content-type", "").startswith("text/event-stream")
        assert stream.event("minute") == [["#fff", 0.1, 0.2]]
        assert stream.event("history") == "<p>0</p>"
        assert stream.event("now") == {"state": "idle"}
        shown.changes = 1
        assert stream.event("history") == "<p>1</p>"


def test_who_asks_only_for_the_head_does_not_watch(serve: Serve, servers: list[Server]) -> None:
    port = serve()
    with ExitStack() as closing_all:
        for _ in range(site.WATCHING):  # and keeps the connection
            client = closing_all.enter_context(closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)))
            for _ in range(2):
                client.request("HEAD", "/events")
                answer = client.getresponse()
                assert (answer.status, answer.read()) == (200, b"")
                assert answer.getheader("content-type", "").startswith("text/event-stream")
        with closing(Stream(port)) as watching:
            assert watching.event("now")
            assert servers[0]._site._watching == 1


def test_so_many_may_watch_and_who_leaves_makes_room(serve: Serve) -> None:
    port = serve()
    with ExitStack() as closing_all:
        watching = [closing_all.enter_context(closing(Stream(port))) for _ in range(site.WATCHING)]
        assert all(stream.event("now") for stream in watching)
        assert ask(port, "GET", "/events")[0] == 503
        assert ask(port, "GET", "/")[0] == 200
        watching[0].close()

        def room() -> bool:
            with closing(Stream(port)) as another:
                return another.answer.status == 200

        until(room, "a browser that left keeps its place")


def test_who_takes_nothing_any_more_does_not_keep_the_place(
    serve: Serve, servers: list[Server], shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a browser whose network vanishes: no end of the connection is ever told."""
    monkeypatch.setattr(impatient, "TAKEN_S", 0.3)
    monkeypatch.setattr(shown, "changes", "more than waits in the kernel" * 500_000)
    port = serve()
    with closing(socket.socket()) as silent:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        silent.connect(("127.0.0.1", port))
        silent.sendall(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        until(lambda: servers[0]._site._watching == 1, "it does not watch")
        until(lambda: servers[0]._site._watching == 0, "it keeps its place")
        with closing(Stream(port)) as another:
            assert another.answer.status == 200


def test_who_asks_at_the_same_moment_is_counted_as_well(shown: Shown) -> None:
    watched = Site(shown.content(), Job([]), Calibration([]))
    scope = {"type": "http", "method": "GET", "path": "/events", "headers": []}

    async def left() -> Message:
        return {"type": "http.disconnect"}

    async def sent(_message: Message) -> None: ...

    async def ask_all() -> list[int]:
        answers = [await watched._events(Request(scope)) for _ in range(site.WATCHING + 1)]
        for answer in answers:
            await answer(scope, left, sent)
        return [answer.status_code for answer in (*answers, await watched._events(Request(scope)))]

    assert asyncio.run(ask_all()) == [*[200] * site.WATCHING, 503, 200]


HEAD = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
ASKS_AND_GOES_ON = HEAD + b"\r\n" + HEAD
FORM = b"POST /login HTTP/1.1\r\nHost: [::1]\r\nOrigin: http://[::1]\r\nContent-Length: 99\r\n\r\ntoken="


@pytest.mark.parametrize("sent", [b"", HEAD, ASKS_AND_GOES_ON, FORM], ids=["nothing", "half", "one and a half", "form"])
def test_nobody_keeps_it_to_themselves_by_asking_for_nothing(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(impatient, "LOOK_S", 1.0)
    monkeypatch.setattr(guard, "FORM_S", 1.0)
    port = serve(TOKEN)
    assert ask(port, "GET", "/style.css")[0] == 200  # it is there
    with ExitStack() as closing_all:
        for _ in range(CONNECTIONS):
            client = closing_all.enter_context(socket.create_connection(("127.0.0.1", port)))
            client.sendall(sent)
        assert ask(port, "GET", "/style.css")[0] == 503
        until(lambda: ask(port, "GET", "/style.css")[0] == 200, "they keep their places")


def test_who_watches_or_goes_on_asking_keeps_the_connection(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impatient, "LOOK_S", 0.5)
    port = serve()
    with closing(Stream(port)) as stream, closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as client:
        client.connect()
        ours = client.sock
        for _ in range(8):  # five a second
            assert stream.event("now") == {"state": "idle"}
            client.request("GET", "/style.css")
            assert client.getresponse().read() == b"p{}"
            assert client.sock is ours


def test_only_the_sounds_that_it_shows_are_played(serve: Serve) -> None:
    port = serve()
    status, headers, sound = ask(port, "GET", "/sound/0123")
    assert (status, headers["content-type"], len(sound)) == (200, "audio/wav", 200)
    status, _, part = ask(port, "GET", "/sound/0123", Range="bytes=10-19")
    assert (status, part.encode("latin-1")) == (206, bytes(range(10, 20)))
    for path in ("/sound/secret", "/sound/../secret", "/sound/..%2fsecret", "/sound/", "/sound/turn-001.wav"):
        assert ask(port, "GET", path)[0] == 404


def test_it_ends_at_once_whoever_watches_and_whatever_it_runs(
    serve: Serve, servers: list[Server], shown: Shown, tmp_path: Path
) -> None:
    file = tmp_path / "pid"
    code = f"import os, time; open({str(file)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    port = serve(code=code)
    ask(port, "GET", "/")
    with closing(Stream(port)) as stream:
        stream.event("now")
        ask(port, "POST", "/check", f"word={shown.word}", Origin=own(port))
        until(lambda: file.exists() and file.read_text(), "the check does not run")
        servers[0].close()
        assert not servers[0]._thread.is_alive()
    assert not Path(f"/proc/{file.read_text()}/cmdline").exists()


@pytest.mark.parametrize(
    ("code", "limit"), [("import time; time.sleep(600)", "LONGEST_S"), ("while True: print('x' * 1000)", "MOST_BYTES")]
)
def test_a_check_that_has_no_end_is_ended(
    serve: Serve, shown: Shown, monkeypatch: pytest.MonkeyPatch, code: str, limit: str
) -> None:
    monkeypatch.setattr(job, limit, 0.2)
    port = serve(code=code)
    ask(port, "GET", "/")
    ask(port, "POST", "/check", f"word={shown.word}", Origin=own(port))
    with closing(Stream(port)) as stream:
        while stream.event("check") == "checking":
            pass
    assert shown.said[-1].code == -9


def test_one_that_ends_as_it_is_killed_takes_nobody_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """The button's thread kills, and the server's sees the end: group 0 is the device itself."""
    groups, killed = iter([4711]), list[int]()
    monkeypatch.setattr(os, "killpg", lambda group, _number: killed.append(group))
    monkeypatch.setattr(Job, "_group", property(lambda _: next(groups, 0), lambda *_: None), raising=False)
    Job(["true"]).kill()
    assert killed == [4711]


def test_a_program_that_is_not_there_is_told(serve: Serve, shown: Shown, servers: list[Server]) -> None:
    port = serve()
    servers[0]._jobs[0]._command = ["no-such-program"]
    ask(port, "GET", "/")
    ask(port, "POST", "/check", f"word={shown.word}", Origin=own(port))
    with closing(Stream(port)) as stream:
        while stream.event("check") == "checking":
            pass
    assert shown.said[-1].code == 127


PROGRESS = "import sys; print('one', file=sys.stderr); print('two', file=sys.stderr, flush=True); print('{}')"
FOR_EVER = "import sys, time; print('at it', file=sys.stderr, flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); " + FOR_EVER


def press(port: int, shown: Shown, path: str, more: str = "") -> Answer:
    ask(port, "GET", "/")
    return ask(port, "POST", path, f"word={shown.word}{more}", Origin=own(port))


def begun(port: int, shown: Shown) -> None:
    """A calibration is under way, and the program runs."""
    assert press(port, shown, "/calibrate")[0] == 303
    until(lambda: shown.word and told(port, shown), "the calibration does not run")


def told(port: int, shown: Shown) -> tuple[str, ...]:
    with closing(Stream(port)) as stream:
        stream.event("calibrate")
    return shown.heard[-1].told


def over(port: int, shown: Shown) -> Outcome:
    with closing(Stream(port)) as stream:
        while stream.event("calibrate") == "calibrating":
            pass
    return shown.heard[-1]


def test_the_card_is_asked_for_the_program_runs_and_the_card_is_given_back(serve: Serve, shown: Shown) -> None:
    card = Card()
    port = serve(calibrates=PROGRESS, lender=card)
    assert press(port, shown, "/calibrate")[0] == 303
    done = over(port, shown)
    assert (done.code, done.said.strip(), done.told) == (0, b"{}", ("one", "two"))
    assert card.log == ["ask", "back"]


def test_whoever_says_a_sentence_is_waited_for_only_if_somebody_is_there(serve: Serve, shown: Shown) -> None:
    port = serve(calibrates="import sys; print(sys.argv[1:])", lender=Card())
    press(port, shown, "/calibrate")
    assert over(port, shown).said == b"['--no-person']\n"
    press(port, shown, "/calibrate", "&person=yes")
    until(lambda: over(port, shown).said == b"[]\n", "it is not told that somebody is there")


def test_a_card_that_is_not_lent_is_told_and_nothing_runs(serve: Serve, shown: Shown) -> None:
    for card in (Card("muted"), Card(answers=(None, "it hangs"))):
        port = serve(calibrates="import sys; sys.exit(3)", lender=card)
        press(port, shown, "/calibrate")
        done = over(port, shown)
        assert done.code == REFUSED
        assert done.said.decode() in ("muted", "it hangs")
        assert card.log == ["ask", "back"]


def test_one_at_a_time_and_a_second_click_gets_an_answer(serve: Serve, shown: Shown) -> None:
    card = Card()
    port = serve(calibrates=FOR_EVER, lender=card)
    begun(port, shown)
    for path in ("/calibrate", "/check"):
        status, _, text = press(port, shown, path)
        assert (status, "under way already" in text) == (409, True)
    assert card.log == ["ask"]
    assert press(port, shown, "/calibrate/stop")[0] == 303
    assert over(port, shown).code == -2
    assert card.log == ["ask", "back"]


def test_while_it_checks_it_does_not_calibrate(serve: Serve, shown: Shown) -> None:
    port = serve(code="import time; time.sleep(600)", lender=Card())
    assert press(port, shown, "/check")[0] == 303
    status, _, text = press(port, shown, "/calibrate")
    assert (status, "A check is under way" in text) == (409, True)


@pytest.mark.parametrize("how", ["stop", "time", "device", "server"])
def test_one_that_hangs_is_killed_and_the_card_given_back(
    serve: Serve, servers: list[Server], shown: Shown, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(calibration, "GRACE_S", 0.1)
    if how == "time":
        monkeypatch.setattr(calibration, "LONGEST_S", 1.0)
    card = Card()
    port = serve(calibrates=STUBBORN, lender=card)
    begun(port, shown)
    if how == "server":
        servers[0].close()
        assert card.log == ["ask", "back"]
        return
    if how == "stop":
        press(port, shown, "/calibrate/stop")
    if how == "device":
        card.borrower()
    assert over(port, shown).code == -9
    assert card.log == ["ask", "back"]


@pytest.mark.parametrize("how", ["stop", "device", "as the card comes"])
def test_one_that_is_stopped_while_it_waits_for_the_card_does_not_begin(
    serve: Serve, shown: Shown, tmp_path: Path, how: str
) -> None:
    card = Card(answers=(None,))
    port = serve(calibrates=f"open({str(tmp_path / 'begun')!r}, 'w')", lender=card)
    assert press(port, shown, "/calibrate")[0] == 303
    until(lambda: card.log == ["ask"], "the card is not asked for")
    if how == "stop":
        press(port, shown, "/calibrate/stop")
    elif how == "device":
        card.borrower()
    else:
        card.answer = lambda: card.borrower() or ""  # type: ignore[method-assign]
    assert over(port, shown).code == -2
    assert card.log == ["ask", "back"]
    assert not (tmp_path / "begun").exists()


def test_it_goes_on_when_everybody_leaves_the_page(serve: Serve, shown: Shown, tmp_path: Path) -> None:
    card = Card()
    code = f"import os, time\nwhile not os.path.exists({str(tmp_path / 'go')!r}): time.sleep(0.01)"
    port = serve(calibrates=code, lender=card)
    press(port, shown, "/calibrate")
    with closing(Stream(port)) as stream:
        assert stream.event("calibrate") == "calibrating"
    (tmp_path / "go").touch()
    until(lambda: card.log == ["ask", "back"], "the card is not given back")
    assert over(port, shown).code == 0


def test_settings_are_kept_at_a_click_by_who_may(serve: Serve, shown: Shown) -> None:
    port = serve(lender=Card())
    press(port, shown, "/calibrate")
    done = over(port, shown)
    with closing(Stream(port)) as stream:
        assert stream.event("calibrate") == "code 0, kept 0"
        assert press(port, shown, "/calibrate/keep")[0] == 303
        assert stream.event("calibrate") == "code 0, kept 1"
    assert shown.kept == [done]
    shown.may_keep = False
    assert press(port, shown, "/calibrate/keep")[0] == 403
    assert ask(port, "POST", "/calibrate/keep", "word=guessed", Origin=own(port))[0] == 403
    assert ask(port, "POST", "/calibrate", f"word={shown.word}", Origin="http://evil.example")[0] == 403


def test_a_device_that_cannot_be_calibrated_says_why(serve: Serve, shown: Shown) -> None:
    shown.unfit = "no room"
    card = Card()
    status, _, text = press(serve(lender=card), shown, "/calibrate")
    assert (status, text, card.log) == (409, "no room\n", [])
