"""Whoever is recorded has been told that nothing is sent anywhere: so nobody else listens."""

from __future__ import annotations

from edgeagent.commands._collect_session import alone
from edgeagent.settings import Activation, Capture, Hints, Recogniser, Record, Settings

ELSEWHERE = "tcp://192.0.2.1:10400"


def test_nobody_else_hears_what_is_collected() -> None:
    settings = Settings(
        capture=Capture(on_turn="send"),
        recogniser=Recogniser(kind="wyoming", uri=ELSEWHERE),
        activation=Activation(mode="wake", uri=ELSEWHERE),
        hints=Hints(words="pocketsphinx", socket="/run/hints"),
        record=Record(dir="sessions", journal="journal"),
    )
    assert alone(settings) == Settings()
