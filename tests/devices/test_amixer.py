"""A mixer's control: the program behind it, and the fake, pass the same tests."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue

import pytest

from edgeagent.devices.amixer import Amixer, FakeMixer
from edgeagent.errors import DeviceError
from edgeagent.ports import Mixer

PROGRAM = """#!/bin/sh
# answers as amixer does: amixer -M -D CARD sget|sset NAME [VALUE]
test "$1 $2 $3" = "-M -D hw:Toy" || { echo "amixer: Control device $3 open error" >&2; exit 1; }
test "$5" = "PCM" || { echo "amixer: Unable to find simple control '$5',0" >&2; exit 1; }
test "$4" = "sset" && echo "${6%\\%}" > "$0.level"
echo "Simple mixer control 'PCM',0"
echo "  Capabilities: pvolume pswitch"
echo "  Limits: Playback 0 - 151"
echo "  Front Left: Playback 76 [$(cat $0.level)%] [-14.00dB] [on]"
echo "  Front Right: Playback 151 [99%] [0.00dB] [on]"
"""

Told = tuple[float, str]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    file = tmp_path / "amixer"
    file.write_text(PROGRAM)
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "amixer.level").write_text("50")
    return file


def posted(note: Callable[[], None]) -> bool:
    note()
    return True


@pytest.fixture(params=["amixer", "fake"])
def mixer(request: pytest.FixtureRequest, program: Path) -> Iterator[Mixer]:
    made: Mixer = Amixer("hw:Toy/PCM", posted, str(program)) if request.param == "amixer" else FakeMixer(0.5)
    yield made
    made.close()


def changed(mixer: Mixer, by: Callable[[float], float]) -> Told:
    told: Queue[Told] = Queue()
    mixer.change(by, lambda level, trouble: told.put((level, trouble)))
    return told.get(timeout=10)


def test_it_moves_from_where_it_is(mixer: Mixer) -> None:
    for by, reached in ((lambda level: level + 0.12, 0.62), (lambda level: level / 2, 0.31)):
        level, trouble = changed(mixer, by)
        assert (round(level, 6), trouble) == (reached, "")


@pytest.mark.parametrize(("control", "said"), [("hw:Other/PCM", "open error"), ("hw:Toy/Bass", "Unable to find")])
def test_what_is_not_there_is_told_with_the_remedy(program: Path, control: str, said: str) -> None:
    mixer = Amixer(control, posted, str(program))
    _, trouble = changed(mixer, lambda level: level)
    assert said in trouble
    assert "audio.mixer" in trouble
    mixer.close()


def test_without_the_program_it_says_what_to_install(tmp_path: Path) -> None:
    mixer = Amixer("hw:Toy/PCM", posted, str(tmp_path / "none"))
    with pytest.raises(DeviceError, match="alsa-utils"):
        mixer.level()
    mixer.close()


def test_a_stuck_mixer_refuses_instead_of_waiting(program: Path) -> None:
    mixer = Amixer("hw:Toy/PCM", posted, str(program))
    go: Queue[None] = Queue()

    def stuck(level: float) -> float:
        go.get(timeout=10)
        return level

    told: Queue[Told] = Queue()
    for _ in range(12):
        mixer.change(stuck, lambda level, trouble: told.put((level, trouble)))
    assert "does not answer" in told.get(timeout=10)[1]
    for _ in range(12):
        go.put(None)
    mixer.close()
