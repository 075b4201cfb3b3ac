"""What `check` finds: only what the settings ask for can be missing, and each finding says how to mend it."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgeagent.__main__ import main
from edgeagent.commands import (
    _level_probes,
    _listening_probes,
    _monitor_probes,
    _pace_probes,
    _pin_probes,
    _probes,
    _remembered,
    _right_probes,
    _sound_probes,
    _word_probes,
)
from edgeagent.commands._finding import Finding, Grade, fail, ok, report, warn
from edgeagent.devices import model_files
from edgeagent.devices.alsa_names import KernelCard
from edgeagent.errors import EdgeAgentError
from edgeagent.live import realtime
from edgeagent.services import library_recogniser, pocketsphinx_spotter
from edgeagent.services.scripted_spotter import ScriptedSpotter
from edgeagent.settings import (
    Amplifier,
    Audio,
    Button,
    Capture,
    Echo,
    Flight,
    Hints,
    Lamp,
    Memory,
    Models,
    Mqtt,
    Recogniser,
    Record,
    Replier,
    Script,
    Settings,
    Talker,
)
from edgeagent.signal.wav import write_wav
from tests.services.nowhere import nowhere

TYPED = re.compile(
    r"\bset [a-z_]+\.[a-z_]+|`[^`]+`|\b(sudo|pip install|apt install|echo|export|unset|kill|python3|cd) "
)
"""What a person can type, or set: every remedy holds one."""


def grades(findings: Iterator[Finding]) -> dict[str, str]:
    found = {finding.topic: finding for finding in findings}
    assert all(bool(finding.fix) == (finding.grade is not Grade.OK) for finding in found.values())
    assert all(TYPED.search(finding.fix) for finding in found.values() if finding.fix), found
    return {topic: finding.grade.name.lower() for topic, finding in found.items()}


def test_the_worst_finding_is_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert report([]) == 0
    assert report([ok("a", "fine"), warn("b", "slow", "buy a faster one")]) == 1
    assert report([fail("c", "broken", "mend it"), ok("d", "fine")]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "ok    a              fine",
        "warn  b              slow",
        "                     fix: buy a faster one",
    ]


def test_seconds_without_levels_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--seconds", "30"]) == 2
    assert "--levels" in capsys.readouterr().err


def test_what_a_server_says_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    report([warn("wake word", "it says: \x1b]0;oops\x07\n\x9b2Jline 2", "set\x1b[2J it")])
    assert capsys.readouterr().out.splitlines() == [
        "warn  wake word      it says:  ]0;oops ",
        " 2Jline 2",
        "                     fix: set [2J it",
    ]


def test_a_bug_report_has_what_it_needs() -> None:
    text = " ".join(finding.text for finding in _probes.versions(Settings()))
    for word in ("Python 3.", "numpy", "onnxruntime", "cores"):
        assert word in text


def test_pins_that_nobody_asked_for_cannot_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pin_probes, "board", lambda: "")
    assert grades(_pin_probes.pins(Settings())) == {"pins": "ok"}


@pytest.mark.parametrize(("board", "grade"), [("Raspberry Pi 4", "warn"), ("", "fail")])
def test_a_missing_driver_is_bad_where_pins_are_wanted(board: str, grade: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "no-such-driver")
    monkeypatch.setattr(_pin_probes, "board", lambda: board)
    settings = Settings() if board else Settings(button=Button(pin=17))
    assert grades(_pin_probes.pins(settings)) == {"pins": grade}


def test_every_pin_is_claimed_and_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gpiozero")
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    settings = Settings(lamp=Lamp(kind="rgb", pins=(5, 6, 13)), button=Button(pin=17), amplifier=Amplifier(mute_pin=4))
    for _ in range(2):
        found = grades(_pin_probes.pins(settings))
        assert found == {"pins": "ok", "mute pin": "ok", "lamp": "ok", "button": "ok"}
    shared = Settings(lamp=Lamp(kind="rgb", pins=(5, 6, 5)))
    assert grades(_pin_probes.pins(shared)) == {"pins": "ok", "lamp": "fail"}


def test_cards_of_files_and_of_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wav = tmp_path / "mic.wav"
    settings = Settings(audio=Audio(card="wav", microphone_wav=str(wav), loudspeaker_wav="out.wav"))
    assert grades(_sound_probes.cards(settings)) == {"microphone": "fail"}
    wav.touch()  # empty, and so refused by `run`
    assert grades(_sound_probes.cards(settings)) == {"microphone": "fail"}
    write_wav(wav, np.zeros(160, np.float32))
    assert grades(_sound_probes.cards(settings)) == {"microphone": "ok"}
    pipe = Settings(audio=Audio(card="pipe"))
    (tmp_path / "arecord").touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert grades(_sound_probes.cards(pipe)) == {"arecord": "ok", "aplay": "fail"}


def test_services_that_cannot_start(tmp_path: Path) -> None:
    settings = Settings(
        talker=Talker(kind="command", command="no-such-program"),
        script=Script(file=str(tmp_path / "none.yaml")),
        capture=Capture(on_turn="no-such-hook --flag"),
    )
    assert grades(_probes.services(settings)) == {"voice": "fail", "script": "fail", "turn command": "fail"}
    wav = Settings(talker=Talker(kind="wav", wav_dir=str(tmp_path)))
    assert grades(_probes.services(wav)) == {"voice": "fail", "script": "ok"}


def test_real_time_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    before = os.sched_getscheduler(0)
    list(_right_probes.real_time(Settings()))
    assert os.sched_getscheduler(0) == before
    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (8 << 20, 8 << 20))
    assert grades(_right_probes.real_time(Settings())) == {"real time": "warn", "memory lock": "warn"}


def test_rights_are_those_that_run_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to the highest priority that a thread asks for, and memory without limit."""
    most, asked = 20, []

    def limited(_thread: int, _policy: int, wanted: os.sched_param) -> None:
        asked.append(wanted.sched_priority)
        if wanted.sched_priority > most:
            raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", limited)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1 << 30, 1 << 30))
    assert grades(_right_probes.real_time(Settings())) == {"real time": "warn", "memory lock": "warn"}
    assert not realtime.lock_memory()
    most = max(realtime.CARD_PRIORITY, realtime.ENGINE_PRIORITY)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert grades(_right_probes.real_time(Settings())) == {"real time": "ok", "memory lock": "ok"}
    assert asked == [most, most]


def test_models_are_checked_as_run_checks_them(tmp_path: Path) -> None:
    assert grades(_probes.models(Settings())) == {"models": "ok"}
    folder = tmp_path / "models"
    shutil.copytree(model_files.FOLDER, folder)
    settings = Settings(models=Models(folder=str(folder)))
    weights = folder / "near_end.int8.onnx"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert grades(_probes.models(settings)) == {"models": "fail"}
    weights.unlink()
    assert grades(_probes.models(settings)) == {"models": "fail"}


def test_headroom_is_measured_on_this_machine() -> None:
    (finding,) = _pace_probes.headroom(Settings())
    assert finding.topic == "headroom"
    took = re.search(r"takes ([0-9.]+) ms of a core for 10 ms", finding.text)
    assert took is not None
    assert 0.02 < float(took[1]) < 20


@pytest.mark.parametrize(
    ("shares", "grade"), [((0.3, 0.1), "ok"), ((0.7, 0.6), "warn"), ((1.2, 0.8), "warn"), ((1.2, 1.0), "fail")]
)
def test_little_headroom(shares: tuple[float, float], grade: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts in the end is whether all that can be left out helps."""
    whole, least = shares
    monkeypatch.setattr(_pace_probes, "_share", lambda _settings, level: least if level else whole)
    assert grades(_pace_probes.headroom(Settings())) == {"headroom": grade}


def test_how_the_last_run_went(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    settings = Settings(record=Record(journal=str(path)))
    assert list(_pace_probes.last_run(Settings())) == list(_pace_probes.last_run(settings)) == []
    began = {"at": 0, "event": "began"}

    def told(*entries: dict[str, object]) -> str:
        path.write_text("cut\n" + "".join(json.dumps(entry) + "\n" for entry in entries))
        return " ".join(f"{finding.grade.name} {finding.text}" for finding in _pace_probes.last_run(settings))

    shed, failed = {"at": 5, "event": "shed", "level": 2}, {"at": 6, "event": "ear_failed", "reason": "no number"}
    lost = {"at": 7, "event": "lost", "kind": "overflow", "frames": 8000}
    assert told(began, shed, failed, began) == "OK the machine kept up, and the models heard"
    assert "WARN a model failed while it ran: no number" in told(began, failed)
    assert "backchannel answer left out; 0.0 s of sound lost" in told(
        began, shed, {"at": 9, "event": "shed", "level": 0}
    )
    assert "WARN the program was held up, and 0.5 s of sound were lost" in told(began, lost)
    upset = {"at": 8, "event": "ear_upset", "blind": 120, "failed": 5, "reason": ""}
    assert told(began, upset) == "WARN for 2.0 s the models gave or got what is no number"


@pytest.mark.parametrize(("megabytes", "grade"), [(10, "fail"), (100, "warn"), (10_000, "ok")])
def test_room_on_the_disk(megabytes: int, grade: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=megabytes << 20))
    settings = Settings(record=Record(dir=str(tmp_path / "not" / "yet")))
    assert grades(_probes.disk(settings)) == {"disk": grade}


WORDS = Settings(hints=Hints(words="pocketsphinx"))


def test_words_are_looked_at_where_they_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert grades(_word_probes.words(Settings())) == {}
    monkeypatch.setattr(pocketsphinx_spotter, "find_spec", lambda _name: None)
    (missing,) = _word_probes.words(WORDS)
    assert missing.grade is Grade.FAIL
    assert ".[words]" in missing.fix


@pytest.mark.parametrize(("factor", "grade"), [(0.1, "ok"), (0.9, "warn")])
def test_a_machine_may_be_too_slow_for_words(factor: float, grade: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if find_spec("pocketsphinx") is None:  # imported it is in its child only
        pytest.skip("pocketsphinx is not installed")
    monkeypatch.setattr(_word_probes, "pace", lambda _spotter: factor)
    assert grades(_word_probes.words(WORDS)) == {"words": grade}


def test_the_pace_is_that_of_the_recogniser() -> None:
    assert _word_probes.pace(ScriptedSpotter([])) < 1.0
    with pytest.raises(EdgeAgentError, match="died"):
        _word_probes.pace(ScriptedSpotter([], dies=8000))


def test_the_folder_of_the_flight_recorder_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    told = [finding.text for finding in _probes.disk(Settings(flight=Flight(str(tmp_path / "clips" / "new"))))]
    assert any(str(tmp_path / "clips") in text for text in told)


def test_what_louder_and_softer_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "amixer"
    program.write_text("#!/bin/sh\ntest $5 = PCM && echo '  Mono: Playback 76 [53%] [-14.00dB] [on]'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def told(**audio: Any) -> str:
        (finding,) = _sound_probes.mixer(Settings(audio=Audio(**audio)))
        return f"{finding.grade.name.lower()}: {finding.text}"

    assert told(mixer="hw:Toy/PCM") == "ok: hw:Toy/PCM is at 53 %; 20 to 100 %"
    assert told(mixer="hw:Toy/Bass").startswith("fail: the mixer's control 'Bass'")
    assert told(volume_percent=60) == "ok: begins at 60 %, of a gain of our own; 20 to 100 %"
    assert told().endswith("where it is already at its loudest")
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    assert told(mixer="hw:Toy/PCM") == "fail: there is no amixer"


def test_what_the_services_need_is_said_with_the_line_that_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_recogniser, "find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "voice.onnx").touch()
    (tmp_path / "voice.onnx.json").write_text('{"audio": {"sample_rate": 22050}}')
    settings = Settings(
        talker=Talker(kind="piper", model=str(tmp_path / "voice.onnx")),
        recogniser=Recogniser(kind="vosk", model=str(tmp_path)),
    )
    found = {finding.topic: finding for finding in _probes.services(settings)}
    assert {found[topic].grade for topic in ("voice", "recogniser")} == {Grade.FAIL}
    assert "pip install piper-tts" in found["voice"].fix
    assert ".[vosk]" in found["recogniser"].fix


def test_a_server_that_is_not_there_is_to_be_started() -> None:
    pytest.importorskip("wyoming", reason="needs the extra [wyoming]")
    asked = Replier(kind="wyoming", uri=f"tcp://127.0.0.1:{nowhere()}")
    found = {finding.topic: finding for finding in _probes.services(Settings(replier=asked))}
    assert found["replier"].grade is Grade.FAIL
    assert "start the server" in found["replier"].fix


def test_every_fault_of_a_file_of_sentences_comes_with_what_to_type(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("rules: [{when: [}]")
    latin, empty = tmp_path / "latin.txt", tmp_path / "empty.txt"
    latin.write_bytes(b"caf\xe9.")
    empty.touch()
    quiet = Talker(kind="command", command="true")
    for script in (
        Script(rules=str(bad)),
        Script(file=str(bad)),
        Script(reading=str(latin)),
        Script(reading=str(empty)),
    ):
        assert grades(_probes.services(Settings(talker=quiet, script=script)))["script"] == "fail"
    chat = Settings(talker=quiet, replier=Replier(kind="chat", model="m", tools=str(bad)))
    assert grades(_probes.services(chat))["tools"] == "fail"
    piper = Settings(talker=Talker(kind="piper", command="true", model=str(tmp_path / "en_US-lessac-medium.onnx")))
    (voice,) = (finding for finding in _probes.services(piper) if finding.topic == "voice")
    assert voice.fix == f"python3 -m piper.download_voices --data-dir {tmp_path} en_US-lessac-medium"


def test_a_voice_of_mbrola_that_is_not_installed_is_told_with_what_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices" / "mb-zz9").write_text("name zz-mbrola-9\nmbrola zz9 zz9_phtrans\n")
    monkeypatch.setattr("edgeagent.services.espeak_voices.data_folders", lambda: [tmp_path])
    monkeypatch.setenv("PATH", "")
    (voice,) = (f for f in _probes.services(Settings(talker=Talker(voice="mb-zz9"))) if f.topic == "voice")
    assert (voice.grade, voice.fix) == (Grade.FAIL, "sudo apt install mbrola mbrola-zz9")


def test_rules_and_tools_are_counted(tmp_path: Path) -> None:
    rules, tools = tmp_path / "rules.yaml", tmp_path / "tools.yaml"
    rules.write_text("rules: [{when: ticket, say: Five euros.}]")
    tools.write_text("tools: [{name: lamp, description: the lamp, command: 'true'}]")
    quiet = Talker(kind="command", command="true")
    (found,) = (
        f for f in _probes.services(Settings(talker=quiet, script=Script(rules=str(rules)))) if f.topic == "script"
    )
    assert "1 rules" in found.text
    chat = Settings(talker=quiet, replier=Replier(kind="chat", model="m", tools=str(tools)))
    (found,) = (f for f in _probes.services(chat) if f.topic == "tools")
    assert found.text == "lamp"


def test_a_slow_machine_is_told_the_cheapest_thing_that_helps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pace_probes, "GOVERNORS", tmp_path)
    governor = tmp_path / "cpu3" / "cpufreq" / "scaling_governor"
    governor.parent.mkdir(parents=True)
    governor.write_text("ondemand\n")
    busy = Settings(hints=Hints(words="pocketsphinx"))
    assert "echo performance | sudo tee" in _pace_probes.faster(busy, beside_it=True)
    governor.write_text("performance\n")
    assert _pace_probes.faster(busy, beside_it=True) == "set hints.words: none"
    assert "echo.enabled: false" in _pace_probes.faster(busy)  # words are not the engine's
    assert "smart_turn" in _pace_probes.faster(Settings(models=Models(smart_turn="x.onnx")), beside_it=True)
    assert "`top`" in _pace_probes.faster(Settings(echo=Echo(enabled=False)))


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("plughw:CARD=Device", "-c Device"),
        ("hw:1,0", "-c Device"),
        ("usb pnp", "-c Device"),
        ("USB PnP Sound Device: Audio (hw:3,0)", "-c Device"),
        ("default", "capture`"),
        ("s", "capture`"),
    ],
)
def test_the_bars_of_the_microphones_own_card(name: str, command: str) -> None:
    cards = (
        KernelCard("vc4hdmi", 0, "vc4-hdmi", False, True),
        KernelCard("Device", 1, "USB PnP Sound Device", True, True),
        KernelCard("seeed", 2, "seeed-2mic", True, True),
        KernelCard("odd", 3, "", True, True),
    )
    assert _level_probes.mixer(Audio(input=name), lambda: cards).endswith(f"{command}`".replace("``", "`"))


def test_a_free_pin_is_one_that_nothing_has() -> None:
    taken = Settings(lamp=Lamp(kind="rgb", pins=(17, 27, 22)), amplifier=Amplifier(mute_pin=23))
    assert _listening_probes.free(taken) not in (17, 27, 22, 23)


def test_a_place_that_a_start_would_refuse_is_no_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service goes on without what it cannot keep, but somebody who starts the device by hand is refused."""
    nowhere = tmp_path / "nowhere"
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) == tmp_path / "folder")
    (tmp_path / "folder" / "journal").mkdir(parents=True)
    for settings, key in (
        (Settings(record=Record(journal=str(nowhere / "journal"))), "record.journal"),
        (Settings(record=Record(journal=str(tmp_path / "folder" / "journal"))), "record.journal"),
        (Settings(hints=Hints(socket=str(nowhere / "socket"))), "hints.socket"),
        (Settings(flight=Flight(dir=str(nowhere / "clips"))), "flight.dir"),
    ):
        found = [finding for finding in _probes.disk(settings) if finding.grade is Grade.FAIL]
        assert [key in finding.text and key in finding.fix for finding in found] == [True]


def test_a_certificate_that_is_not_there_is_told_before_a_broker_is_asked(tmp_path: Path) -> None:
    pytest.importorskip("paho.mqtt", reason="needs the extra [mqtt]")
    settings = Settings(mqtt=Mqtt(host="localhost", tls=True, ca_file=str(tmp_path / "none.pem")))
    (found,) = _monitor_probes.monitors(settings)
    assert found.grade is Grade.FAIL
    assert "mqtt.ca_file" in found.text


@pytest.mark.usefixtures("closed")
def test_a_folder_that_may_not_be_entered_does_not_end_the_check() -> None:
    settings = Settings(
        record=Record(journal="/closed/edgeagent/journal"), memory=Memory(file="/closed/edgeagent/x/db")
    )
    assert list(_probes.disk(settings))
    assert list(_remembered.memory(settings))
    assert not list(_pace_probes.last_run(settings))
