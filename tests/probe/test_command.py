"""`python tools/latency_probe.py`: what it refuses, and whole measurements on the simulated card."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeagent import settings
from edgeagent.errors import ServiceError
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.units import RATE
from tests.devices.sim_child import ROOT
from tools.probe import simulated
from tools.probe.command import main
from tools.probe.figures import flat
from tools.simcard import BuildError, build

Run = Callable[..., tuple[int, dict[str, Any], str]]

PERIOD_MS = settings.Audio().block_ms

QUICK = ("--idle", "2", "--speak", "2")
SHORT = 4
"""Trials."""

GIVE_UP_S = 1200


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The command on the simulated card: its exit code, its document, and all it printed."""
    pytest.importorskip("pyaudio", reason="needs the extra [card]")
    try:
        build()
        EspeakTalker(settings.Talker()).close()
    except (BuildError, ServiceError) as missing:
        pytest.skip(f"no measurement: {missing}")
    config = tmp_path / "device.yaml"
    config.write_text("turns: {patience_ms: 300}\n")

    def measure(*words: str) -> tuple[int, dict[str, Any], str]:
        out = tmp_path / "out.json"
        asked = ["--simulated", "--config", str(config), "--out", str(out), *words]
        command = [sys.executable, str(ROOT / "tools" / "latency_probe.py"), *asked]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=GIVE_UP_S, check=False)
        assert out.exists(), done.stderr
        return done.returncode, json.loads(out.read_text()), done.stdout + done.stderr

    return measure


def test_the_command_does_not_load_numpy_before_it_has_told_it_to_be_modest() -> None:
    """Else its linear algebra has its threads, and what is measured is not the device as `edgeagent run` runs it."""
    look = "import sys, tools.probe.command; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--assert", "stopp.p95<=1"], "Did you mean"),
        (["--trials", "0"], "--trials"),
        (["--idle", "0"], "--idle"),
        (["--say", "wait", "--stimulus", "wait.wav"], "leave one of them out"),
        (["--report", "nowhere/page.html"], "no such folder"),
        (["--out", "."], "is a folder"),
        (["--report", "."], "is a folder"),
        (["--seed", "-1"], "--seed -1"),
        (["--level", "nan"], "--level nan"),
        (["--level", "24"], "--level 24"),
        (["--fifo", "-1"], "--fifo -1"),
        (["--compare", "nothing.json"], "No such file"),
        (["--config", "nothing.yaml"], "nothing.yaml"),
    ],
)
def test_what_cannot_be_done_is_said_at_once(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("words", "person"), [(["--person"], True), (["--pers"], True), (["--self"], False)])
def test_a_person_is_in_the_simulated_room_when_one_is_asked_to_interrupt(
    words: list[str], person: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def measure(_words: Sequence[str], _fifo: int, person: bool) -> int:
        asked.append(person)
        return 0

    monkeypatch.setattr(simulated, "measure", measure)
    main(["--simulated", *words])
    assert asked == [person]


def test_a_file_that_is_no_result_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("{", "[]", '{"figures": 1}'):
        (tmp_path / "old.json").write_text(text)
        assert main(["--compare", str(tmp_path / "old.json")]) == 2
        assert "is no result" in capsys.readouterr().err


def test_help_shows_an_example_of_an_assertion(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert "--assert 'stop.p95<=800ms'" in capsys.readouterr().out


def check(document: dict[str, Any], trials: int) -> None:
    """The converter's clock is the card's, the stop is one, and the microphone says the same; the voice is lowered when
    the probe says so, but for a callback that falls between a decision and its execution. A busy machine may hold up a
    trial or two, and half of the lowered voices of a short run lie in pauses: their bounds are for the run of fifty."""
    figures, single = document["figures"], document["single"]
    assert single["trials"] == trials
    told, few = figures["off_card"]["n"], max(1, trials // 30)  # so many may fall where our voice pauses
    assert told == figures["cut_card"]["n"] >= figures["cut"]["n"] - few
    assert figures["off_card"]["p50"] <= 1.0
    assert figures["stop"]["p50"] < 1500
    by_both = [trial for trial in document["trials"] if "cut" in trial and "cut_mic" in trial]
    for trial in by_both:
        assert trial["cut_mic"] == pytest.approx(trial["cut_card"], abs=1.0)
        assert trial["path_ms"] == pytest.approx(1000 * 80 / RATE, abs=0.2)
    lowered = [trial["duck"] - trial["duck_card"] for trial in document["trials"] if "duck_card" in trial]
    early = [off for off in lowered if abs(off) > 1.0]
    assert len(early) <= few
    assert all(-PERIOD_MS - 1.0 <= off < 0 for off in early)


@pytest.mark.live
def test_a_short_measurement_tells_everything_and_is_judged(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    asked = ["--assert", "off_card.p50<=1ms", "--assert", "xruns<0", "--report", str(page)]
    code, document, printed = run(*QUICK, "--trials", str(SHORT), *asked)
    assert code == 1  # no count is below 0
    assert "holds  off_card.p50<=1ms" in printed
    assert "BROKEN xruns<0" in printed
    check(document, SHORT)
    assert {"cpu.idle", "cpu.speaking", "rss.idle", "engine.p50"} <= set(flat(document))
    assert document["cpu"]["idle"]["process"] >= document["cpu"]["idle"]["engine"] > 0
    assert document["stages"]["whole engine"]["median"] > 0
    assert document["machine"]["cores"] >= 1
    assert "How fast it falls silent" in page.read_text()


@pytest.mark.live
def test_the_microphone_notices_what_the_converters_clock_cannot(run: Run, tmp_path: Path) -> None:
    """A queue behind the card that no abort reaches, as USB has one; and a second measurement beside the first."""
    earlier = tmp_path / "earlier.json"
    late = 15.0
    code, document, _ = run(*QUICK, "--trials", "5", "--fifo", str(round(RATE * late / 1000)))
    assert code == 0
    by_both = [trial for trial in document["trials"] if "cut" in trial and "cut_mic" in trial]
    cuts = [trial for trial in by_both if trial["cut"] > -1]
    assert cuts, "every stop fell into a pause"
    for trial in cuts:
        assert trial["cut_mic"] - trial["cut"] == pytest.approx(late, abs=4.0)
    earlier.write_text(json.dumps(document))
    assert flat(json.loads(earlier.read_text())) == flat(document)
    assert main(["--compare", str(earlier), "--trials", "0"]) == 2  # it is a result; the trials are at fault


@pytest.mark.slow
def test_in_fifty_trials_clock_microphone_and_lowering_are_within_a_millisecond_of_the_cards_record(run: Run) -> None:
    bounds = ("off_card.max<=1ms", "off_card.n>=40", "off_mic.max<=1ms", "off_mic.n>=25", "off_duck.p95<=1ms")
    asked = [word for bound in (*bounds, "off_duck.n>=35") for word in ("--assert", bound)]
    code, document, printed = run("--trials", "50", *asked)
    assert code == 0, printed
    check(document, 50)
    assert document["single"]["missed"] <= 2


@pytest.mark.live
def test_a_person_is_asked_and_heard_to_begin(run: Run) -> None:
    code, document, printed = run("--person", *QUICK, "--trials", "4")
    assert code == 0
    assert printed.count("please interrupt it NOW") >= 4
    found = [trial["off_onset"] for trial in document["trials"] if "off_onset" in trial]
    assert len(found) >= 3
    assert float(np.median(found)) <= 10.0
    assert not any("cut_mic" in trial for trial in document["trials"])  # they go on talking over it
