"""The thread that writes: whatever goes wrong there is told, and nobody waits for it."""

from __future__ import annotations

from threading import Event

import pytest

from edgeagent.store.spool import Spool


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("made up")])
def test_what_fails_is_told_once_and_nothing_more_is_taken(error: Exception) -> None:
    told: list[OSError] = []
    failed = Event()

    def write(_batch: list[int]) -> None:
        raise error

    def tell(why: OSError) -> None:
        told.append(why)
        failed.set()

    spool: Spool[int] = Spool("spool", write, tell, 8)
    assert spool.offer(1)
    assert failed.wait(10)
    assert not spool.offer(2)
    assert spool.close()
    (why,) = told
    assert str(getattr(error, "strerror", error)) in str(why.strerror)
