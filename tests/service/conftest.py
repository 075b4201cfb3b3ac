"""Commands under a manager, each ended when its test is over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.service.managed import Managed, Start


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Managed] = []

    def begin(*options: str, environment: Mapping[str, str] | None = None) -> Managed:
        started.append(Managed(tmp_path, *options, environment=environment))
        return started[-1]

    yield begin
    for managed in started:
        managed.end()
