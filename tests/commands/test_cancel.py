"""`edgeagent cancel`: recordings of any kind in, output in step with them; the findings, and all ways to be refused."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeagent.signal.resample import resample
from edgeagent.signal.wav import HEADER, load, read_wav, write_wav
from edgeagent.units import RATE, samples
from tests.commands.conftest import Run
from tests.signal.echo_world import Sound, echo_of, level, room, voice

Spoil = Callable[[Sound, Sound], tuple[Sound, Sound]]

FAR = voice(7.0, 1)
HEARD = echo_of(FAR, room(2), 1000)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """A recording and what was played, as the device itself would write them."""
    write_wav(tmp_path / "mic.wav", HEARD)
    write_wav(tmp_path / "ref.wav", FAR)
    return tmp_path / "mic.wav", tmp_path / "ref.wav"


def float_wav(path: Path, frames: Sound, rate: int) -> Path:
    """(n, channels) as 32 bit float, as audio editors export it."""
    data, step = frames.astype("<f4").tobytes(), 4 * frames.shape[1]
    form = (16, 3, frames.shape[1], rate, rate * step, step, 32)
    path.write_bytes(HEADER.pack(b"RIFF", 36 + len(data), b"WAVE", b"fmt ", *form, b"data", len(data)) + data)
    return path


def erle(output: Path, start: float = 3, stop: float = 6) -> float:
    part = slice(int(start * RATE), int(stop * RATE))
    return level(HEARD[part]) - level(read_wav(output)[part])


def test_the_echo_is_gone_and_all_else_in_its_place(
    pair: tuple[Path, Path], edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    out, linear = pair[0].with_name("out.wav"), pair[0].with_name("linear.wav")
    assert edgeagent("cancel", *pair, out, "--linear", linear) == 0
    for file, least in ((out, 25), (linear, 14)):
        frames, rate = load(file)
        assert (frames.shape, rate) == ((len(HEARD), 1), RATE)
        assert erle(file) > least
    told = capsys.readouterr().out
    assert "delay        63.5 ms" in told
    assert "trust        trusted" in told
    assert f"{out}, {linear}: 16 kHz, in step with mic.wav" in told


def test_other_rates_stereo_float_and_another_beginning(
    tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    stereo = np.repeat(resample(HEARD, RATE, 48_000)[:, None], 2, axis=1)
    late = np.concatenate((np.zeros(samples(1500), np.float32), FAR))
    files = (
        float_wav(tmp_path / "mic.wav", stereo, 48_000),
        float_wav(tmp_path / "ref.wav", resample(late, RATE, 44_100)[:, None], 44_100),
    )
    assert edgeagent("cancel", *files, tmp_path / "out.wav", "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert erle(tmp_path / "out.wav") > 25
    assert result["delay_ms"] == pytest.approx(63.5 - 1500, abs=1)
    assert result["seconds"] == pytest.approx(7.0)
    assert result["erle_db"] > result["linear_erle_db"] > 10
    assert result["trust"] == "trusted"
    assert result["times_real_time"] > 1
    assert result["warnings"] == []


def test_the_page_lies_beside_the_output(pair: tuple[Path, Path], edgeagent: Run) -> None:
    out = pair[0].with_name("out.wav")
    assert edgeagent("cancel", *pair, out, "--report") == 0
    assert "mic.wav without ref.wav" in out.with_suffix(".html").read_text(encoding="utf-8")
    assert edgeagent("cancel", *pair, out, "--report", out.with_name("page.html")) == 0
    left = {path.name for path in out.parent.iterdir()}
    assert left == {"mic.wav", "ref.wav", "out.wav", "out.html", "page.html"}


def test_the_voice_of_a_person_is_its_owners_alone_to_hear(pair: tuple[Path, Path], edgeagent: Run) -> None:
    out, linear = pair[0].with_name("out.wav"), pair[0].with_name("linear.wav")
    assert edgeagent("cancel", *pair, out, "--linear", linear, "--report") == 0
    assert {path.stat().st_mode & 0o777 for path in (out, linear, out.with_suffix(".html"))} == {0o600}


def loud(microphone: Sound, reference: Sound) -> tuple[Sound, Sound]:
    return np.clip(microphone * np.float32(4 / np.abs(microphone).max()), -1, 1), reference


def unrelated(_: Sound, reference: Sound) -> tuple[Sound, Sound]:
    return voice(7.0, 5), reference


def changed_places(microphone: Sound, reference: Sound) -> tuple[Sound, Sound]:
    return reference, microphone


def muted(microphone: Sound, reference: Sound) -> tuple[Sound, Sound]:
    return np.zeros_like(microphone), reference


def nothing_played(microphone: Sound, reference: Sound) -> tuple[Sound, Sound]:
    return microphone, np.zeros_like(reference)


@pytest.mark.parametrize(
    ("spoil", "code", "warning"),
    [
        (loud, 0, "is clipped in"),
        (unrelated, 1, "no echo of"),
        (changed_places, 1, "swap MIC and REFERENCE?"),
        (muted, 1, "there is nothing to hear in"),
        (nothing_played, 1, "there is nothing to hear in"),
    ],
)
def test_what_is_odd_is_said(
    spoil: Spoil, code: int, warning: str, tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, sound in zip(("mic.wav", "ref.wav"), spoil(HEARD, FAR), strict=True):
        write_wav(tmp_path / name, sound)
    assert edgeagent("cancel", tmp_path / "mic.wav", tmp_path / "ref.wav", tmp_path / "out.wav") == code
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    assert warning in line
    assert len(read_wav(tmp_path / "out.wav")) == len(HEARD)


def test_the_offset_of_a_converter_does_no_harm(pair: tuple[Path, Path], edgeagent: Run) -> None:
    out = pair[0].with_name("out.wav")
    write_wav(pair[0], HEARD + np.float32(0.2))
    assert edgeagent("cancel", *pair, out) == 0
    assert erle(out) > 25


def test_a_lopsided_voice_leaves_silence_silent(pair: tuple[Path, Path], edgeagent: Run) -> None:
    """Synthetic voices have more above zero than below: less their mean, digital silence would be sound."""
    out = pair[0].with_name("out.wav")
    lopsided: Sound = (FAR + 0.3 * np.abs(FAR)).astype(np.float32)
    lopsided[: 3 * RATE] = 0
    write_wav(pair[1], lopsided)
    write_wav(pair[0], echo_of(lopsided, room(2), 1000))
    assert edgeagent("cancel", *pair, out, "--report") == 0
    assert erle(out, 5, 7) > 25


def test_of_several_channels_the_mean_is_taken_and_said(
    pair: tuple[Path, Path], edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stereo loopback whose channels differ: what one loudspeaker gives of it is their mean."""
    aside = voice(7.0, 9)
    reference = float_wav(pair[1], np.stack([FAR + aside, FAR - aside], axis=1), RATE)
    out = reference.with_name("out.wav")
    assert edgeagent("cancel", pair[0], reference, out) == 0
    assert erle(out) > 25
    told = capsys.readouterr().err
    assert f"warning: the channels of {reference} differ; their mean is taken" in told
    assert str(pair[0]) not in told


def test_channels_that_cancel_each_other_leave_nothing_to_hear(
    pair: tuple[Path, Path], edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    microphone = float_wav(pair[0], np.stack([HEARD, -HEARD], axis=1), RATE)
    assert edgeagent("cancel", microphone, pair[1], microphone.with_name("out.wav")) == 1
    told = capsys.readouterr().err
    assert f"the channels of {microphone} differ" in told
    assert f"there is nothing to hear in {microphone}" in told


def test_sound_beyond_full_scale_is_told(
    pair: tuple[Path, Path], edgeagent: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    microphone = float_wav(pair[0], HEARD[:, None] * np.float32(1.6 / np.abs(HEARD).max()), RATE)
    assert edgeagent("cancel", microphone, pair[1], microphone.with_name("out.wav")) == 0
    assert "goes beyond full scale" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("spoilt", "words", "line"),
    [
        (b"", ("mic.wav", "ref.wav", "out.wav"), "mic.wav: the file is empty; record or copy it again"),
        (None, ("nope.wav", "ref.wav", "out.wav"), "nope.wav: no such file; check the path"),
        (None, ("mic.wav", "ref.wav", "./mic.wav"), "OUT and MIC are the same file, mic.wav"),
        (None, ("mic.wav", "mic.wav", "out.wav"), "REFERENCE and MIC are the same file, mic.wav"),
        (None, ("mic.wav", "ref.wav", "out.wav", "--linear", "out.wav"), "--linear and OUT are the same file, out.wav"),
        (None, ("mic.wav", "ref.wav", "out.flac"), "OUT out.flac: is no .wav file; give a name that ends in .wav"),
        (None, ("mic.wav", "ref.wav", "out.wav", "--report", "page.pdf"), "--report page.pdf: is no .html file"),
        (None, ("mic.wav", "ref.wav", "no/out.wav"), "OUT no/out.wav: no: no such folder; make it, or write elsewhere"),
        (np.nan, ("mic.wav", "ref.wav", "out.wav"), "mic.wav: 112000 samples are not numbers (NaN or infinite)"),
        (9000.0, ("mic.wav", "ref.wav", "out.wav"), "mic.wav: the peak is 79 dB above full scale; export it with 1.0"),
    ],
)
def test_refused_in_one_line_with_nothing_written(
    spoilt: bytes | float | None,
    words: tuple[str, ...],
    line: str,
    pair: tuple[Path, Path],
    edgeagent: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(pair[0].parent)
    if isinstance(spoilt, bytes):
        pair[0].write_bytes(spoilt)
    elif spoilt is not None:
        float_wav(pair[0], np.full((len(HEARD), 1), spoilt, np.float32), RATE)
    assert edgeagent("cancel", *words) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"edgeagent: error: {line}")
    assert told.err.count("\n") == 1
    assert {path.name for path in pair[0].parent.iterdir()} == {"mic.wav", "ref.wav"}


def test_a_folder_that_is_closed_is_told_before_an_hour_is_spent(
    pair: tuple[Path, Path],
    tmp_path: Path,
    edgeagent: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(os, "access", lambda _path, mode: mode != os.W_OK)
    assert edgeagent("cancel", *pair, tmp_path / "out.wav") == 2
    told = capsys.readouterr().err
    assert f"OUT {tmp_path}/out.wav: nothing can be written in {tmp_path}; write elsewhere" in told
    assert "cancelling" not in told


def test_the_real_recording(shared: Path, tmp_path: Path, edgeagent: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """A device that plays speech, then a person. What is left of the first seconds is the echo alone."""
    real = shared / "bench" / "real"
    out = tmp_path / "out.wav"
    assert edgeagent("cancel", real / "microphone.wav", real / "reference.wav", out, "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert result["delay_ms"] == pytest.approx(11, abs=3)
    assert result["erle_db"] > 25
    person = slice(4 * RATE, 7 * RATE)
    kept, heard = read_wav(out)[person], read_wav(real / "microphone.wav")[person]
    assert level(kept) > level(heard) - 1
