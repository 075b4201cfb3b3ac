"""Notes come in order, and a full inbox refuses those who must not wait."""

from __future__ import annotations

import threading

from edgeagent.live import inbox as module
from edgeagent.live.capture import Capture
from edgeagent.live.inbox import Inbox


def test_notes_are_taken_in_order_and_later_ones_later() -> None:
    inbox, taken = Inbox(), list[int]()

    def first() -> None:
        taken.append(1)
        inbox.post(lambda: taken.append(3))

    inbox.post(first)
    inbox.post(lambda: taken.append(2))
    inbox.deliver()
    assert taken == [1, 2]
    inbox.deliver()
    assert taken == [1, 2, 3]


def test_a_full_inbox_refuses_and_makes_workers_wait() -> None:
    inbox, taken = Inbox(), list[int]()
    while inbox.post(lambda: taken.append(0)):
        pass
    assert not inbox.post(lambda: taken.append(1))
    inbox.put(lambda: taken.append(2), lambda: False)  # nobody wants it any more
    worker = threading.Thread(target=inbox.put, args=(lambda: taken.append(3), lambda: True))
    worker.start()
    inbox.deliver()
    worker.join()
    inbox.deliver()
    assert taken == [0] * module.WAITING + [3]


def test_what_must_not_be_lost_is_taken_by_a_full_inbox_behind_the_others() -> None:
    inbox, taken = Inbox(), list[int]()
    while inbox.post(lambda: taken.append(0)):
        pass
    inbox.leave(lambda: taken.append(1))
    assert not inbox.post(lambda: taken.append(2))
    inbox.deliver()
    assert taken == [0] * module.WAITING + [1]


def test_a_note_ends_the_wait_of_the_capture_attached() -> None:
    inbox, old, new = Inbox(), Capture(16000), Capture(16000)
    inbox.post(lambda: None)  # to nobody yet
    inbox.attach(old)
    inbox.attach(new)
    old.close()
    inbox.post(lambda: None)
    new.wait(10)
    new.close()
    inbox.attach(None)
    inbox.ring()
