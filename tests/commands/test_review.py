"""`edgeagent review`: what a person sees, hears and says of the clips; every wrong word teaches the right one."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import stat
import subprocess
import sys
import tracemalloc
from functools import partial
from pathlib import Path

import pytest

from edgeagent.commands._review_label import ASKS, asked
from edgeagent.devices import holders
from edgeagent.settings import Shadow
from edgeagent.store.clips import Label, read_clip, read_clips
from edgeagent.store.occasions import Kind, Was, right
from edgeagent.units import RATE
from tests.commands.conftest import Run
from tests.commands.made_up_flight import fly
from tests.devices.made_up_proc import MadeUpProc
from tests.store.made_up_clips import Fed, settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def flown(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips of a real engine that was interrupted, with a shadow that is much more cautious."""
    folder = tmp_path_factory.mktemp("flown")
    assert fly(recorded / "session", folder, Shadow(false_stops_per_hour=0.01)) == []
    return folder


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Three: a hold, a stop, a hold."""
    fed = Fed(settings(tmp_path / "clips"))
    fed.live(20 * RATE, [*fed.hold(3 * RATE), *fed.stop(8 * RATE), *fed.hold(14 * RATE)])
    fed.close()
    assert not fed.warned
    return tmp_path / "clips"


Said = pytest.CaptureFixture[str]


def said(capsys: Said) -> str:
    return capsys.readouterr().out


def test_the_list_says_what_was_decided_the_newest_first(edgeagent: Run, clips: Path, capsys: Said) -> None:
    assert edgeagent("review", clips) == 0
    head, _, heading, *rows, _, foot = said(capsys).splitlines()
    assert head.startswith(f"3 clips in {clips}, ")
    assert head.endswith("3 without a label")
    assert heading.split() == ["number", "when", "what", "the", "device", "did", "sound", "label"]
    assert [row.split()[0] for row in rows] == ["3", "2", "1"]
    assert "stopped, 0.37 s after the onset" in rows[1]
    assert "lowered its voice for 0.50 s and spoke on" in rows[2]
    assert all(re.search(r" \d{4}-\d\d-\d\d \d\d:\d\d:\d\d  .* \d\.\d s  -$", row) for row in rows)
    assert f"review {clips} ask" in foot
    assert max(map(len, rows)) <= 100


def test_the_configuration_knows_the_folder(edgeagent: Run, clips: Path, tmp_path: Path, capsys: Said) -> None:
    (tmp_path / "edgeagent.yaml").write_text(f"flight: {{dir: {clips}}}\n")
    assert edgeagent("review", "--config", tmp_path / "edgeagent.yaml", "show", 2) == 0
    assert "clip 2," in said(capsys)


def test_a_clip_is_told_in_full(edgeagent: Run, flown: Path, capsys: Said) -> None:
    (stop,) = read_clips(flown, pytest.fail)
    assert stop.occasion.kind is Kind.STOP
    assert edgeagent("review", flown, "show", 1) == 0
    text = said(capsys)
    assert 'it was saying: "twelve words and then some"' in text
    assert re.search(r"the ear then: a person 0\.\d\d, takes the floor 0\.\d\d, .* evidence \d+\.\d nats", text)
    assert re.search(r"the shadow would stop \d\.\d\d s after the onset\n", text)
    assert "YIELDING     interruption; stopped" in text
    assert str(stop.folder) in text


def test_a_program_gets_the_same(edgeagent: Run, flown: Path, capsys: Said) -> None:
    assert edgeagent("review", flown, "--json") == 0
    (listed,) = json.loads(said(capsys))
    assert listed["kind"] == "stop"
    assert listed["onset_s"] < listed["ducked_s"] < listed["stopped_s"] == listed["decided_s"]
    assert listed["shadow"]["live"]["outcome"] == "stopped"
    assert listed["thought"]["near"] > 0.5
    assert edgeagent("review", flown, "show", 1, "--json") == 0
    shown = json.loads(said(capsys))
    assert listed.items() <= shown.items()
    assert any(entry["event"] == "judged" for entry in shown["journal"])


def test_disagreements_alone(edgeagent: Run, flown: Path, clips: Path, tmp_path: Path, capsys: Said) -> None:
    assert edgeagent("review", flown, "--shadow") == 0
    assert "1 clip where the shadow disagreed" in said(capsys)
    assert edgeagent("review", clips, "--shadow") == 1
    assert "nowhere did the shadow disagree" in said(capsys)
    (tmp_path / "journal.jsonl").write_text(json.dumps(read_clip(flown, 1).shadow) + "\n")
    for folder in (tmp_path, tmp_path / "journal.jsonl"):
        assert edgeagent("review", folder, "--shadow") == 0
        assert re.search(r"stopped at [\d.]+ s; the shadow would stop at [\d.]+ s", said(capsys))


def test_a_journal_may_be_larger_than_the_memory(edgeagent: Run, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    journal.write_bytes(b'{"at":0,"event":"suspected"}\n' * 100_000)
    assert edgeagent("review", journal, "--shadow") == 1  # all that is imported only now does not count
    tracemalloc.start()
    try:
        assert edgeagent("review", journal, "--shadow") == 1
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < journal.stat().st_size / 2


def test_a_label_is_kept_and_shown(edgeagent: Run, clips: Path, capsys: Said) -> None:
    assert edgeagent("review", clips, "label", 1, "wrong", "--was", "interruption") == 0
    assert edgeagent("review", clips, "label", 2, "right") == 0
    assert edgeagent("review", clips, "label", 3, "--was", "cough") == 0
    labels = [read_clip(clips, number).label for number in (1, 2, 3)]
    assert labels == [Label(False, Was.INTERRUPTION), Label(True), Label(True, Was.COUGH)]
    capsys.readouterr()
    assert edgeagent("review", clips) == 0
    text = said(capsys)
    assert text.splitlines()[0].endswith("0 without a label")
    assert "wrong, interruption" in text
    assert " ask" not in text


def test_whoever_interrupts_gets_the_floor_and_nobody_else() -> None:
    for kind in Kind:
        for was in Was:
            gets = kind in (Kind.STOP, Kind.OVER)
            assert right(kind, was) == (gets if was is Was.INTERRUPTION else not gets)


WRONG = [
    (["labl", "1", "right"], "'labl' is nothing to do. Did you mean 'label'?"),
    (["show"], "show takes N"),
    (["show", "9"], "there is no clip 9; `edgeagent review` lists them"),
    (["show", "x"], "'x' is no number of a clip"),
    (["label", "1"], "label takes N right|wrong"),
    (["label", "1", "rigth"], "'rigth' is no verdict. Did you mean 'right'?"),
    (["label", "1", "right", "--was", "couhg"], "Did you mean 'cough'?; one of interruption, backchannel,"),
    (["label", "2", "right", "--was", "cough"], "for cough that is wrong, not right; say wrong, or another --was"),
    (["ask"], "ask needs a terminal; use `edgeagent review label"),
    (["export", "out"], "no clip that could teach anything; label some"),
    (["--report", "no/where.html"], "no: no such folder"),
]


@pytest.mark.parametrize(("words", "taught"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_what_is_wrong_teaches(edgeagent: Run, clips: Path, words: list[str], taught: str, capsys: Said) -> None:
    assert edgeagent("review", clips, *words) == 2
    error = capsys.readouterr().err
    assert taught in error
    assert error.count("\n") == 1
    assert all(clip.label is None for clip in read_clips(clips, pytest.fail))


def test_without_a_folder_it_says_how_to_name_one(edgeagent: Run, tmp_path: Path, capsys: Said) -> None:
    (tmp_path / "edgeagent.yaml").write_text("turns: {}\n")
    assert edgeagent("review") == 2
    assert "--config FILE" in capsys.readouterr().err
    assert edgeagent("review", "--config", tmp_path / "edgeagent.yaml") == 2
    assert "flight.dir is not set" in capsys.readouterr().err
    assert edgeagent("review", tmp_path / "none") == 2
    assert "name the folder of `flight.dir`" in capsys.readouterr().err
    assert edgeagent("review", tmp_path) == 1
    assert "no clip yet" in said(capsys)


@pytest.fixture
def aplay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One that writes down what it is to play; it lists one card."""
    program, heard = tmp_path / "bin" / "aplay", tmp_path / "heard"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\ntest "$1" = -L && echo plughw:CARD=Speaker || echo "$@" >> {heard}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    return heard


def test_it_is_played_through_the_card_of_the_settings(
    edgeagent: Run, clips: Path, tmp_path: Path, aplay: Path, capsys: Said
) -> None:
    (tmp_path / "edgeagent.yaml").write_text(f"flight: {{dir: {clips}}}\naudio: {{output: Speaker}}\n")
    assert edgeagent("review", "--config", tmp_path / "edgeagent.yaml", "play", 2, "--sound", "clean") == 0
    assert aplay.read_text() == f"-q -D plughw:CARD=Speaker {clips}/000002/clean.wav\n"
    assert "not played" not in said(capsys)


@pytest.mark.parametrize("output", ["UACDemo", "UACDemoV1.0: USB Audio (hw:3,0)"])
def test_it_is_played_through_the_card_that_portaudio_calls_so(
    edgeagent: Run, clips: Path, tmp_path: Path, aplay: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    """As docs/hardware.md has it: ALSA has other names for it, several for each card."""
    program, proc = tmp_path / "bin" / "aplay", MadeUpProc(tmp_path / "proc")
    listed = "".join(f"{kind}:CARD=UACDemoV10,DEV=0\n" for kind in ("hw", "plughw", "sysdefault", "front"))
    program.write_text(program.read_text().replace("echo plughw:CARD=Speaker", f"echo '{listed}'"))
    proc.card(1, "UACDemoV10", "UACDemoV1.0")
    proc.pcm(1, 0, "p", [None])
    monkeypatch.setattr(holders, "Holders", partial(holders.Holders, proc.root))
    (tmp_path / "edgeagent.yaml").write_text(f"flight: {{dir: {clips}}}\naudio: {{output: '{output}'}}\n")
    assert edgeagent("review", "--config", tmp_path / "edgeagent.yaml", "play", 2) == 0
    assert "not played" not in said(capsys)
    assert aplay.read_text() == f"-q -D plughw:CARD=UACDemoV10,DEV=0 {clips}/000002/mic.wav\n"


def test_what_cannot_be_played_can_be_found(
    edgeagent: Run, clips: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    monkeypatch.setenv("PATH", "")
    assert edgeagent("review", clips, "play", 2) == 0
    assert f"The sound is in {clips}/000002/mic.wav" in said(capsys)


def test_one_key_labels_one_clip(clips: Path, aplay: Path) -> None:
    """In a terminal: play the newest again, it was a cough; the stop is passed over; the last was an interruption."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "edgeagent", "review", str(clips), "ask"]
    with subprocess.Popen(command, cwd=ROOT, stdin=theirs, stdout=subprocess.PIPE, text=True) as asking:
        os.close(theirs)
        assert asking.stdout is not None
        text = ""
        for key in b"pxc i":
            while not text.endswith(ASKS):
                text += asking.stdout.read(1)
            os.write(ours, bytes([key]))
            text += asking.stdout.readline()
        text += asking.stdout.read()
        assert asking.wait() == 0
    os.close(ours)
    assert "1 of 3" in text
    assert "3 of 3" in text
    assert text.count("keys:") == 2  # once more for a key that says nothing
    assert text.endswith("2 labelled, 1 left\n")
    assert [read_clip(clips, number).label for number in (1, 2, 3)] == [
        Label(False, Was.INTERRUPTION),
        None,
        Label(True, Was.COUGH),
    ]
    played = [Path(line.split()[-1]).parent.name for line in aplay.read_text().splitlines()]
    assert played == ["000003", "000003", "000002", "000001"]


def test_of_two_people_who_go_through_the_clips_neither_is_asked_what_the_other_has_said(
    edgeagent: Run, clips: Path
) -> None:
    todo = list(read_clips(clips, pytest.fail))
    shown: list[int] = []

    def key() -> str:
        """The other person is faster with the second clip, and the device removes the last."""
        assert edgeagent("review", clips, "label", 2, "right") == 0
        shutil.rmtree(todo[-1].folder)
        return "c"

    assert asked(todo, lambda clip: shown.append(clip.number), key) == 1
    assert shown == [3]
    assert read_clip(clips, 2).label == Label(True)


def test_a_key_ends_the_playing(clips: Path, aplay: Path) -> None:
    program = aplay.parent / "bin" / "aplay"
    program.write_text(
        '#!/bin/sh\ntest "$1" = -L && echo default || { echo it sounds; exec cat /dev/zero > /dev/null; }\n'
    )
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "edgeagent", "review", str(clips), "ask"]
    with subprocess.Popen(command, cwd=ROOT, stdin=theirs, stdout=subprocess.PIPE, text=True) as asking:
        os.close(theirs)
        assert asking.stdout is not None
        while "it sounds" not in asking.stdout.readline():
            pass
        os.write(ours, b"q")
        assert asking.stdout.read().endswith("0 labelled, 3 left\n")
        assert asking.wait() == 0
    os.close(ours)


GATES = ["open", "ducked", "shut", "shut", "ducked", "open", "open", "ducked", "open"]
"""Of a stop up to the clip's end, of the hold after it, and of the one before it."""


@pytest.mark.parametrize("file", ["", "journal.jsonl"])
def test_a_session_has_no_page_and_says_so(
    edgeagent: Run, recorded: Path, tmp_path: Path, capsys: Said, file: str
) -> None:
    page = tmp_path / "page.html"
    assert edgeagent("review", recorded / "session" / file, "--shadow", "--report", page) == 2
    assert "--report: a page shows clips; there are none here" in capsys.readouterr().err
    assert not page.exists()


def test_the_page_shows_every_clip_and_is_nobody_elses(
    edgeagent: Run, clips: Path, tmp_path: Path, capsys: Said
) -> None:
    assert edgeagent("review", clips, "label", 2, "--was", "cough") == 0
    page = tmp_path / "page.html"
    page.touch(mode=0o644)
    assert edgeagent("review", clips, "--report", page) == 0
    assert f"{page}: 3 of 3 clips" in said(capsys)
    text = page.read_text(encoding="utf-8")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert text.count("data:audio/wav;base64,") == 6
    assert text.count("data:image/png;base64,") == 6
    assert re.findall(r'<h3><span class="(\w+)">([^<]+)</span>([\w ]+)', text) == [
        ("wrong", "wrong", "cough "),
        ("open", "no label", "hold "),
        ("open", "no label", "hold "),
    ]
    assert "It stopped, 0.37 s after the onset." in text
    assert re.findall(r'class="gate (\w+)"', text) == GATES
    assert edgeagent("review", clips, "--report", page, "--cards", 1) == 0
    assert page.read_text(encoding="utf-8").count("<h3>") == 1
