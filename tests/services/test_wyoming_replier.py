"""A server of Home Assistant's protocol that handles what people say, of its own library."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from edgeagent.errors import ServiceError
from tests.services.nowhere import nowhere
from tests.services.repliers import REQUEST, wyoming

pytest.importorskip("wyoming", reason="needs the extra [wyoming]")

from tests.services.wyoming_server import serving


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("refuses", "no home"),
        ("dies", "breaks off"),
        ("breaks", "breaks off"),
        ("garbage", "breaks off"),
        ("stalled", "does not answer"),
        ("absent", "start the server"),
    ],
)
def test_a_handling_server_that_fails_is_told_in_one_line(mode: str, told: str) -> None:
    with ExitStack() as stack:
        uri = f"tcp://127.0.0.1:{nowhere()}"
        if mode != "absent":
            uri = stack.enter_context(serving(mode)).uri
        with pytest.raises(ServiceError, match=told) as failed:
            list(wyoming(uri, 400).reply(REQUEST))
        assert "\n" not in str(failed.value)


def test_a_handling_server_is_told_the_words_and_its_own_context() -> None:
    with serving("whole") as server:
        replier = wyoming(server.uri)
        assert list(replier.reply(REQUEST)) == ["hello there"]
        assert list(replier.reply(REQUEST)) == ["hello there"]
        assert [event.data for event in server.told] == [{"text": "hello"}, {"text": "hello", "context": {"topic": 1}}]
        server.mode, server.text = "not", ""
        assert list(replier.reply(REQUEST)) == []
