"""`check --levels`: the meter that a person looks at, and the verdict that a program reads."""

from __future__ import annotations

import io
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.commands import _level_probes
from edgeagent.commands._level_probes import verdict
from edgeagent.commands._meter import COLUMNS, Meter, bar
from edgeagent.ports import Sound
from edgeagent.signal.level import SILENT_DB, level
from edgeagent.signal.wav import write_wav
from edgeagent.units import RATE
from tests.commands.conftest import Run


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def noise(rms: float, seconds: float = 3.0) -> Sound:
    return (rms * np.random.default_rng(1).standard_normal(round(seconds * RATE))).astype(np.float32)


def spoken(peak: float) -> Sound:
    """A voice in a quiet room."""
    sound = noise(0.0005)
    sound[RATE : 2 * RATE] += peak * np.sin(np.arange(RATE) * 0.2).astype(np.float32)
    return np.clip(sound, -1, 1)


@given(rms=st.floats(-120, 0), peak=st.floats(-120, 0))
def test_the_bar_is_always_as_long_and_louder_is_longer(rms: float, peak: float) -> None:
    drawn = bar(rms, peak)
    assert len(drawn) == COLUMNS
    assert bar(min(0.0, rms + 10), -120.0).count("#") >= bar(rms, -120.0).count("#")


def test_a_clipping_peak_is_marked() -> None:
    assert bar(-20.0, -6.0).count("|") == 1
    assert bar(-20.0, 0.0)[-1] == "!"


def test_the_bar_moves_on_a_terminal_and_leaves_a_clean_line() -> None:
    terminal = Terminal()
    with Meter(terminal) as meter:
        for block in np.split(np.concatenate((noise(0.001, 1.0), noise(0.1, 1.0))), 200):
            meter.hear(block)
    drawings = terminal.getvalue().split("\r")[1:]
    lengths = [drawing.count("#") for drawing in drawings[:-1]]
    assert len(lengths) >= 20
    assert lengths[-1] > lengths[0] + 10
    assert len({len(drawing) for drawing in drawings[:-1]}) == 1  # nothing of a longer line stays behind
    assert drawings[-1] == "\x1b[K"
    assert "\n" not in terminal.getvalue()


@pytest.mark.parametrize(("columns", "bars"), [(40, 0), (60, 16), (80, 36), (200, COLUMNS)])
def test_no_drawing_is_longer_than_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: int, bars: int) -> None:
    terminal = Terminal()
    monkeypatch.setattr(terminal, "fileno", lambda: 2)
    monkeypatch.setattr(os, "get_terminal_size", lambda _number: os.terminal_size((columns, 24)))
    with Meter(terminal) as meter:
        meter.hear(np.zeros(RATE, np.float32))
        meter.hear(np.tile(np.array([1, -1], np.float32), RATE // 2))
    _, silent, loud, _ = terminal.getvalue().split("\r")
    for drawing in (silent, loud):
        assert len(drawing) < columns
        assert drawing.startswith("[" * bool(bars))
    assert loud.count("#") + loud.count("!") == bars
    assert "peak    0.0 dBFS" in loud


def test_a_log_gets_a_line_a_second_or_none() -> None:
    log, silent = io.StringIO(), io.StringIO()
    for meter in (Meter(log), Meter(silent, log=False)):
        for block in np.split(noise(0.1, 3.0), 300):
            meter.hear(block)
    assert len(log.getvalue().splitlines()) == 3
    assert silent.getvalue() == ""


def test_only_the_newest_minute_is_kept() -> None:
    meter = Meter(io.StringIO(), log=False)
    for _ in range(80):
        meter.hear(np.zeros(RATE, np.float32))
    assert 59 * RATE <= meter.whole().size <= 61 * RATE


@pytest.mark.parametrize(
    ("sound", "grades", "words"),
    [
        (spoken(0.3), {"microphone": "OK", "noise floor": "OK"}, "peak -10."),
        (spoken(1.5), {"microphone": "WARN", "noise floor": "OK"}, "clipped"),
        (noise(0.0005), {"microphone": "WARN", "noise floor": "OK"}, "nobody spoke"),
        (noise(0.05), {"microphone": "OK", "noise floor": "WARN"}, "quietest"),
        (np.zeros(RATE, np.float32), {"microphone": "FAIL"}, "only zeros"),
        (np.full(RATE, 0.1, np.float32), {"microphone": "FAIL"}, "frozen"),
        (np.zeros(10, np.float32), {"microphone": "FAIL"}, "hardly any sound"),
    ],
)
def test_the_verdict(sound: Sound, grades: dict[str, str], words: str) -> None:
    found = list(verdict(sound))
    assert {finding.topic: finding.grade.name for finding in found} == grades
    assert words in " ".join(finding.text for finding in found)
    assert all(bool(finding.fix) == (finding.grade.name != "OK") for finding in found)


@given(gain=st.floats(0.001, 1.0), offset=st.floats(-0.3, 0.3))
def test_a_constant_offset_is_no_sound_but_brings_the_peak_nearer_to_clipping(gain: float, offset: float) -> None:
    tone = (0.5 * gain * np.sin(2 * np.pi * 100 * np.arange(RATE) / RATE)).astype(np.float32)
    moved = level((tone + np.float32(offset)).astype(np.float32))
    assert moved.rms_dbfs == pytest.approx(level(tone).rms_dbfs, abs=0.01)
    assert moved.peak_dbfs == pytest.approx(20 * np.log10(0.5 * gain + abs(offset)), abs=0.1)


def test_silence_has_a_level_that_is_a_number() -> None:
    silent = level(np.zeros(100, np.float32))
    assert (silent.rms_dbfs, silent.peak_dbfs, silent.zero) == (SILENT_DB, SILENT_DB, True)


def test_from_the_card_to_the_exit_code(edgeagent: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_wav(tmp_path / "mic.wav", spoken(0.3))
    settings = tmp_path / "edgeagent.yaml"
    settings.write_text(f"audio: {{card: wav, microphone_wav: {tmp_path}/mic.wav}}\n")
    assert edgeagent("check", "--config", settings, "--levels", "--seconds", "2", "--json") == 0
    printed = capsys.readouterr()
    assert [finding["topic"] for finding in json.loads(printed.out)] == ["microphone", "noise floor"]
    assert re.search(r"rms +-\d", printed.err)
    settings.write_text("audio: {card: wav, microphone_wav: none.wav}\n")
    assert edgeagent("check", "--config", settings, "--levels") == 2


@pytest.mark.parametrize("seconds", ["nan", "inf", "0", "-1", "601"])
def test_a_time_that_cannot_be_is_told(edgeagent: Run, capsys: pytest.CaptureFixture[str], seconds: str) -> None:
    assert edgeagent("check", "--levels", "--seconds", seconds) == 2
    told = capsys.readouterr().err
    assert f"--seconds {seconds} is out of range" in told
    assert "unplug" not in told


def test_who_ends_it_before_a_sound_reads_nothing_of_a_broken_microphone(
    edgeagent: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_audio: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_level_probes, "build_card", interrupted)
    assert edgeagent("check", "--levels") == 130
    assert "microphone" not in capsys.readouterr().out
