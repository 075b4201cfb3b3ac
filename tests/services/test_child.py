"""A child process whose pipes never block us."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread, Timer
from time import monotonic

import pytest

from edgeagent.errors import ServiceError
from edgeagent.services import child as module
from edgeagent.services.child import COMPLAINT, Child, pump
from edgeagent.services.wake import Wake

Eventually = Callable[[Callable[[], object]], None]
Start = Callable[..., Child]


@pytest.fixture
def wake() -> Iterator[Wake]:
    wake = Wake()
    yield wake
    wake.close()


@pytest.fixture
def start() -> Iterator[Start]:
    children: list[Child] = []

    def shell(script: str, **options: int) -> Child:
        children.append(Child(["sh", "-c", script], **options))  # type: ignore[arg-type]
        return children[-1]

    yield shell
    for child in children:
        child.close()


def run(child: Child, wake: Wake) -> bytes:
    """Everything it writes until it exits."""
    deadline = monotonic() + 10
    while not child.exited:
        assert monotonic() < deadline
        pump([child], wake, deadline - monotonic())
    return bytes(child.received)


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def test_what_goes_in_comes_out_whole(start: Start, wake: Wake) -> None:
    data = os.urandom(1_000_000)
    child = start("cat")
    child.send(data)
    child.end_input()
    assert run(child, wake) == data
    assert child.status() == 0


def test_two_children_in_one_poll(start: Start, wake: Wake) -> None:
    children = [start("cat"), start("cat")]
    for child, text in zip(children, (b"one", b"two"), strict=True):
        child.send(text)
        child.end_input()
    while not all(child.exited for child in children):
        pump(children, wake, 10)
    assert [bytes(child.received) for child in children] == [b"one", b"two"]


@pytest.mark.timing
def test_sending_to_a_child_that_does_not_read_returns_at_once(start: Start) -> None:
    child = start("exec sleep 60")
    begun = monotonic()
    for _ in range(100):
        child.send(bytes(10_000))
    assert monotonic() - begun < 0.5


def test_a_child_that_wants_no_input_is_no_error(start: Start, wake: Wake) -> None:
    child = start("exec <&-; echo ready; read nothing; echo done")
    child.send(bytes(1_000_000))
    assert run(child, wake).startswith(b"ready")


def test_kill_ends_the_whole_group(start: Start, wake: Wake, eventually: Eventually) -> None:
    child = start("sleep 60 & echo $!; wait")
    while b"\n" not in child.received:
        pump([child], wake, 10)
    grandchild = int(child.received)
    child.kill()
    run(child, wake)
    assert child.status() == -signal.SIGKILL
    eventually(lambda: gone(grandchild))


def test_a_grandchild_that_keeps_the_pipe_does_not_keep_us(start: Start, wake: Wake) -> None:
    child = start("sleep 60 & echo $!")
    begun = monotonic()
    grandchild = int(run(child, wake))
    assert child.ended
    assert monotonic() - begun < 5
    os.kill(grandchild, signal.SIGKILL)


def test_the_complaint_is_the_last_line_of_stderr_and_bounded(start: Start, wake: Wake) -> None:
    child = start("head -c 1000000 /dev/zero >&2; echo >&2; printf '\\033[31mthe\\treason\\033[0m\\a\\n' >&2; exit 3")
    run(child, wake)
    assert child.status() == 3
    assert child.complaint() == "the reason"
    assert len(child._complaint) <= COMPLAINT


def test_the_wake_ends_the_wait(start: Start, wake: Wake) -> None:
    child = start("exec sleep 60")
    timer = Timer(0.02, wake.set)
    timer.start()
    begun = monotonic()
    pump([child], wake, 10)
    assert monotonic() - begun < 5
    timer.join()
    pump([child], wake, 0)  # it was cleared: with nothing to report this returns at its timeout


def test_a_closed_wake_may_still_be_set() -> None:
    wake = Wake()
    wake.close()
    wake.set()
    wake.close()


def test_a_small_pipe_makes_the_child_wait_for_us(start: Start, wake: Wake) -> None:
    child = start("head -c 100000 /dev/zero; echo done >&2", pipe_bytes=4096)
    pump([child], wake, 10)
    assert len(child.received) <= 4096
    assert len(run(child, wake)) == 100_000


def test_closing_twice_and_killing_the_dead_are_harmless(start: Start, wake: Wake) -> None:
    child = start("exit 0")
    run(child, wake)
    child.close()
    child.kill()
    child.close()


def test_killing_waits_for_nobody_who_waits_for_the_end(
    start: Start, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large program takes its time to die; the engine's thread, which calls a reply off meanwhile, has none."""
    child = start("exec sleep 60")
    with monkeypatch.context() as stays:
        stays.setattr(module, "GONE_S", 60.0)
        stays.setattr(os, "killpg", lambda *_: None)
        closing, killing = Thread(target=child.close), Thread(target=child.kill)
        closing.start()
        eventually(lambda: child._stdin.closed)
        killing.start()
        killing.join(10)
        waited = killing.is_alive()
    os.killpg(child.pid, signal.SIGKILL)
    closing.join(10)
    assert not waited
    assert child.status() == -signal.SIGKILL


def test_one_that_may_not_be_killed_is_left(
    start: Start, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as sudo, which is root's."""

    def refuse(*_: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    child = start("exec sleep 60")
    with monkeypatch.context() as foreign:
        foreign.setattr(module, "GONE_S", 0.0)
        foreign.setattr(os, "killpg", refuse)
        child.kill()
        child.close()
    assert child.status() is None
    os.killpg(child.pid, signal.SIGKILL)
    eventually(lambda: child.status() is not None)


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(ServiceError, match=r"no-such-program.*check that it is installed"):
        Child(["/no-such-program"])
