"""The contract of `ports.Replier`, kept by every replier, whatever its other side does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread, Timer
from time import monotonic

import pytest

from edgeagent.errors import ServiceError
from edgeagent.ports import Reply
from tests.services.leftovers import children, descriptors
from tests.services.repliers import EVERY, KEY, OTHERS, REQUEST, SAID, Folders, Left, asked, made

Eventually = Callable[[Callable[[], object]], None]
Say = Callable[[], Reply]
GIVE_UP_S = 10.0
STALL_MS = 400

others = pytest.mark.parametrize("kind", OTHERS)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def folders(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    """With a certificate that we trust, where the test's `kind` is https."""
    if request.node.callspec.params["kind"] != "https":
        return Folders(tmp_path)
    certificate: Path = request.getfixturevalue("certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_name("cert.pem")))
    return Folders(tmp_path, certificate)


@pytest.fixture(params=EVERY)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def say(kind: str, folders: Folders, stack: ExitStack) -> Say:
    """A reply that says SAID."""
    replier, _ = made(kind, "whole", folders, stack)
    return lambda: replier.reply(asked(kind))


def whole(reply: Reply) -> str:
    return " ".join("".join(reply).split())


def test_a_reply_comes_whole_and_again(say: Say) -> None:
    for _ in range(2):
        assert whole(say()) == SAID


def test_one_that_was_cancelled_before_it_is_read_says_nothing(say: Say) -> None:
    reply = say()
    reply.cancel()
    assert list(reply) == []
    assert whole(say()) == SAID


def test_nothing_follows_a_cancel_and_the_next_reply_is_whole(say: Say) -> None:
    reply = say()
    pieces = iter(reply)
    assert next(pieces)
    reply.cancel()
    reply.cancel()
    assert list(pieces) == []
    assert whole(say()) == SAID


def test_a_cancel_from_another_thread_ends_the_iteration(say: Say) -> None:
    reply = say()
    timer = Timer(0.0, reply.cancel)
    heard = ""
    for piece in reply:
        heard += piece
        if not timer.ident:
            timer.start()
        timer.join()  # so it is cancelled while there may be more
    assert heard
    assert SAID.startswith(" ".join(heard.split()))


def test_a_cancel_after_the_end_is_harmless(say: Say) -> None:
    reply = say()
    assert whole(reply) == SAID
    reply.cancel()
    assert whole(say()) == SAID


def test_many_replies_leave_nothing_behind(say: Say, eventually: Eventually) -> None:
    assert whole(say()) == SAID
    before = children(), descriptors()
    for n in range(9):
        reply = say()
        if n % 3 == 0:
            reply.cancel()
        for _ in reply:
            if n % 3 == 1:
                reply.cancel()
    eventually(lambda: children() <= before[0])
    eventually(lambda: descriptors() <= before[1] + 1)


class Reader:
    """Iterates a reply on a thread of its own."""

    def __init__(self, reply: Reply) -> None:
        self.begun = Event()
        self.ended = 0.0
        self.error: Exception | None = None
        self._reply = reply
        self.thread = Thread(target=self._read)
        self.thread.start()

    def _read(self) -> None:
        try:
            for _ in self._reply:
                self.begun.set()
        except Exception as error:
            self.error = error
        self.ended = monotonic()


def at_work(mode: str, reader: Reader, server: Left | None, before: set[int]) -> bool:
    """The other side is where it is to be cut."""
    begun = reader.begun.is_set() or mode in ("silent", "handshake")
    return begun and (server.asked.is_set() if server is not None else children() > before)


@pytest.mark.timing
@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *((kind, mode) for kind in (*OTHERS, "tool") for mode in ("flowing", "stalled", "silent")),
        ("https", "handshake"),
    ],
)
def test_a_cancel_takes_ten_milliseconds_whatever_the_other_side_does(
    kind: str, mode: str, folders: Folders, stack: ExitStack, eventually: Eventually
) -> None:
    """And the other side sees it within fifty."""
    took, ends, left = [], [], []
    for _ in range(3):
        before = children()
        replier, server = made(kind, mode, folders, stack)
        reply = replier.reply(REQUEST)
        reader = Reader(reply)
        eventually(lambda: at_work(mode, reader, server, before))  # noqa: B023
        cut_at = monotonic()
        reply.cancel()
        took.append(monotonic() - cut_at)
        reader.thread.join(GIVE_UP_S)
        assert not reader.thread.is_alive()
        assert reader.error is None
        ends.append(reader.ended - cut_at)
        if server is None:
            assert children() <= before
        else:
            assert server.gone.wait(GIVE_UP_S)
            assert server.left is not None
            left.append(server.left - cut_at)
    assert sorted(took)[1] < 0.01  # medians: a busy machine
    assert sorted(ends)[1] < 0.05
    assert not left or sorted(left)[1] < 0.05


@pytest.mark.parametrize("mode", ["absent", "silent", "stalled", "dies", "garbage"])
@others
def test_one_that_fails_is_told_in_one_line_and_leaves_nothing_behind(
    kind: str, mode: str, folders: Folders, eventually: Eventually
) -> None:
    before = children(), descriptors()
    said: list[str] = []
    servers: list[Left | None] = []

    def ask(stack: ExitStack) -> None:
        replier, server = made(kind, mode, folders, stack, STALL_MS)
        servers.append(server)
        said.extend(replier.reply(REQUEST))

    with ExitStack() as stack:
        with pytest.raises(ServiceError) as failed:
            ask(stack)
        assert "\n" not in str(failed.value)
        assert KEY not in str(failed.value)
        assert failed.value.remedy or mode != "absent"
        assert all(server.gone.wait(GIVE_UP_S) for server in servers if server is not None)
    if mode != "garbage":
        assert bool(said) == (mode in ("stalled", "dies"))
    eventually(lambda: children() <= before[0])
    eventually(lambda: descriptors() <= before[1])


@others
def test_of_an_endless_reply_the_beginning_is_said_and_that_it_is_cut_is_told(
    kind: str, folders: Folders, stack: ExitStack, eventually: Eventually
) -> None:
    before = children()
    said: list[str] = []
    replier, server = made(kind, "flowing", folders, stack)
    with pytest.raises(ServiceError, match="more than 8000 characters") as cut:
        said.extend(replier.reply(REQUEST))
    assert len("".join(said)) == 8000
    assert "\n" not in str(cut.value)
    assert server is None or server.gone.wait(GIVE_UP_S)
    eventually(lambda: children() <= before)
