"""The way in and every way out: commands are found, faults become one line and an exit code."""

from __future__ import annotations

import argparse
import errno
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from edgeagent import __version__, commands, config
from edgeagent.__main__ import TRACEBACK, main
from edgeagent.commands._device import settings_of
from edgeagent.commands.terminal import Progress, check_place, print_json
from edgeagent.devices import alsa_names, portaudio
from edgeagent.devices.portaudio import Device
from edgeagent.errors import DeviceError, DeviceHung, EdgeAgentError
from edgeagent.settings import Settings

ROOT = Path(__file__).parents[1]

Obey = Callable[[argparse.Namespace], int]
Given = Callable[[Obey], None]


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Given:
    """Make `edgeagent walk [--far]` the only command, and the function given what it does."""

    def make(obey: Obey) -> None:
        def add_arguments(parser: argparse.ArgumentParser) -> None:
            parser.add_argument("--far", type=int)

        command = SimpleNamespace(HELP="goes", __doc__="Goes a way.", add_arguments=add_arguments, run=obey)
        monkeypatch.setattr(commands, "names", lambda: ["walk"])
        monkeypatch.setattr(commands, "command", lambda name: {"walk": command}[name])
        monkeypatch.delenv(TRACEBACK, raising=False)

    return make


def failing(error: BaseException) -> Obey:
    def obey(_args: argparse.Namespace) -> int:
        raise error

    return obey


def python(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_gets_its_options_and_its_exit_code_is_ours(given: Given) -> None:
    given(lambda args: int(args.far))
    assert main(["walk", "--far", "3"]) == 3


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["wakl"], "there is no command 'wakl'. Did you mean 'walk'?; try 'edgeagent --help'"),
        (["xyzzy"], "there is no command 'xyzzy'; try 'edgeagent --help'"),
        (["walk", "--fra"], "unknown argument '--fra'. Did you mean '--far'?; try 'edgeagent walk --help'"),
        (["walk", "--fa", "3"], "unknown argument '--fa'. Did you mean '--far'?; try 'edgeagent walk --help'"),
        (["walk", "on"], "unknown argument 'on'; try 'edgeagent walk --help'"),
        (["walk", "--far", "x"], "argument --far: invalid int value: 'x'; try 'edgeagent walk --help'"),
    ],
)
def test_a_wrong_command_line_is_one_line(
    words: list[str], line: str, given: Given, capsys: pytest.CaptureFixture[str]
) -> None:
    given(lambda _args: 0)
    assert main(words) == 2
    assert capsys.readouterr().err == f"edgeagent: error: {line}\n"


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (DeviceError("no card 'Jabra'", "plug it in"), 2, "no card 'Jabra'; plug it in"),
        (DeviceHung("PortAudio hangs"), 75, "PortAudio hangs"),
        (DeviceError("a server says: \x1b[2Jgone\x9b2J"), 2, "a server says:  [2Jgone 2J"),
        (
            ModuleNotFoundError("", name="pyaudio"),
            2,
            f"the library pyaudio is missing; {sys.executable} -m pip install '.[card]' in the checkout",
        ),
        (OSError(errno.ENOSPC, "No space left on device"), 2, "No space left on device; make room on the disk"),
        (
            PermissionError(errno.EACCES, "Permission denied", "/root/x"),
            2,
            "/root/x: Permission denied; check the path and its permissions",
        ),
        (
            ZeroDivisionError("1/0"),
            70,
            "this is a fault in edgeagent: ZeroDivisionError: 1/0; "
            "run it again with EDGEAGENT_TRACEBACK=1 and report what it prints",
        ),
        (
            ModuleNotFoundError("No module named 'edgeagent.x'", name="edgeagent.x"),
            70,
            "this is a fault in edgeagent: ModuleNotFoundError: No module named 'edgeagent.x'; "
            "run it again with EDGEAGENT_TRACEBACK=1 and report what it prints",
        ),
    ],
)
def test_every_error_is_one_line_and_an_exit_code(
    error: Exception, code: int, line: str, given: Given, capsys: pytest.CaptureFixture[str]
) -> None:
    given(failing(error))
    assert main(["walk"]) == code
    assert capsys.readouterr() == ("", f"edgeagent: error: {line}\n")


def test_the_traceback_is_there_for_who_asks(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    given(failing(ZeroDivisionError()))
    monkeypatch.setenv(TRACEBACK, "1")
    with pytest.raises(ZeroDivisionError):
        main(["walk"])


def test_ctrl_c_says_nothing(given: Given, capsys: pytest.CaptureFixture[str]) -> None:
    given(failing(KeyboardInterrupt()))
    assert main(["walk"]) == 130
    assert capsys.readouterr() == ("", "")


def test_closed_streams_are_nobodys_and_their_numbers_no_files(tmp_path: Path) -> None:
    code = (
        "import os, sys; from edgeagent.__main__ import main; code = main(['diagram']); "
        f"took = os.open({str(tmp_path / 'journal')!r}, os.O_CREAT | os.O_WRONLY); os._exit(code or took <= 2)"
    )
    words = ["sh", "-c", 'exec "$0" -c "$1" <&- >&- 2>&-', sys.executable, code]
    assert subprocess.run(words, cwd=ROOT, check=False).returncode == 0


def test_nobody_is_asked_where_stdin_is_closed() -> None:
    words = ["sh", "-c", 'exec "$0" -m edgeagent say --card wav:none.wav <&-', sys.executable]
    said = subprocess.run(words, cwd=ROOT, check=False, capture_output=True, text=True)
    assert (said.returncode, said.stdout) == (2, "")
    assert "there is nothing to say" in said.stderr


def test_a_reader_who_goes_away_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "edgeagent", "check", "--example"], cwd=ROOT, stdout=write, stderr=subprocess.PIPE
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    text = capsys.readouterr().out
    for name in commands.names():
        assert re.search(rf"^  {name} +{re.escape(commands.command(name).HELP)}$", text, re.MULTILINE)


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"edgeagent {__version__}\n"


@pytest.mark.parametrize("name", commands.names())
def test_every_command_says_what_it_is_for(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = commands.command(name)
    assert command.HELP
    assert not command.HELP.endswith(".")
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: edgeagent {name}")
    assert (command.__doc__ or "?").splitlines()[0] in text


def test_help_answers_without_loading_anything_heavy() -> None:
    program = "import sys; from edgeagent.__main__ import main; main([]); print(*sys.modules, file=sys.stderr)"
    loaded = set(python("-c", program).stderr.split())
    assert "edgeagent.commands.check" in loaded
    assert not loaded & {"numpy", "onnxruntime", "pydantic", "yaml", "pyaudio", "gpiozero", "asyncio", "subprocess"}


def test_the_installed_command_and_the_module_are_the_same_program() -> None:
    done = python("-m", "edgeagent", "chek")
    assert done.returncode == 2
    assert done.stderr == (
        "edgeagent: error: there is no command 'chek'. Did you mean 'check'?; try 'edgeagent --help'\n"
    )


def test_check_prints_an_example_that_it_accepts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--example"]) == 0
    file = tmp_path / "edgeagent.yaml"
    file.write_text(capsys.readouterr().out)
    assert config.load(file) == Settings()
    main(["check", "--config", str(file)])  # the voice may be missing
    assert capsys.readouterr().out.startswith("ok    configuration  every setting has its default\n")


def test_check_of_a_configuration_needs_no_hardware_and_shows_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "edgeagent.yaml"
    file.write_text(
        "audio: {input: No Such Card}\nbutton: {pin: 17}\ncapture: {on_turn: cat -H Key=12345}\n"
        "talker: {kind: command, command: sh --token 67890}\n"
    )
    assert main(["check", "--config", str(file), "--json"]) == 0
    told = capsys.readouterr().out
    assert "12345" not in told
    assert "67890" not in told
    finding, *others = json.loads(told)
    assert finding == {
        "grade": "ok",
        "topic": "configuration",
        "text": "audio.input: 'No Such Card', capture.on_turn: ***, button.pin: 17, talker.kind: 'command', "
        "talker.command: ***",
        "fix": "",
    }
    assert [other["topic"] for other in others] == ["voice", "script", "turn command", "models"]


def test_check_of_a_configuration_finds_what_run_will_refuse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "edgeagent.yaml"
    file.write_text(
        f"audio: {{card: wav, microphone_wav: {tmp_path}/none.wav}}\nscript: {{file: {tmp_path}/none.yaml}}\n"
        "capture: {on_turn: no-such-hook}\ntalker: {kind: command, command: cat}\n"
        f"models: {{folder: {tmp_path}}}\n"
    )
    assert main(["check", "--config", str(file), "--json"]) == 2
    findings = json.loads(capsys.readouterr().out)
    assert [finding["topic"] for finding in findings if finding["grade"] == "fail"] == [
        "microphone",
        "script",
        "turn command",
        "models",
    ]
    assert all(finding["fix"] for finding in findings if finding["grade"] == "fail")


def test_check_finds_broken_texts_and_models_that_no_service_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeagent.config.languages.FOLDER", tmp_path)
    for code in ("xx", "yy"):
        (tmp_path / f"{code}.yaml").write_text(f"language: {code}\nname: X\nreviewed: no\nsources: [me]\nyes: 7\n")
    file = tmp_path / "config"
    file.write_text(
        "dialogue: {languages: [xx, yy]}\nreplier: {kind: command, command: cat}\nrecogniser: {kind: wyoming}\n"
        f"script: {{reading: {tmp_path}/none.txt}}\nshadow: {{models: {tmp_path}/none}}\n"
    )
    assert main(["check", "--config", str(file), "--json"]) == 2
    failed = [finding for finding in json.loads(capsys.readouterr().out) if finding["grade"] == "fail"]
    assert [finding["topic"] for finding in failed if finding["topic"] not in ("recogniser", "voice")] == [
        *("models", "languages", "languages", "script"),
    ]
    assert all(finding["fix"] for finding in failed)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--on-turn", "cat"], "--on-turn: recogniser.kind is wyoming, and only one can tell what was said"),
        (["--seconds", "-1"], "-1 is no time to run for"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused_and_not_ignored(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("wyoming", reason="needs the extra [wyoming]")
    file = tmp_path / "edgeagent.yaml"
    sound = {"card": "wav", "microphone_wav": str(tmp_path / "none.wav")}
    file.write_text(json.dumps({"audio": sound, "recogniser": {"kind": "wyoming", "uri": "tcp://127.0.0.1:9"}}))
    assert main(["run", "--config", str(file), *options]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("configured", "meant"), [("wav", "pyaudio"), ("pipe", "pipe"), ("pyaudio", "pyaudio")])
def test_a_sound_device_by_its_name_is_no_file(configured: str, meant: str, tmp_path: Path) -> None:
    file = tmp_path / "edgeagent.yaml"
    file.write_text(f"audio: {{card: {configured}, microphone_wav: room.wav}}\n")
    audio = settings_of(argparse.Namespace(config=file, card="USB Audio")).audio
    assert (audio.card, audio.input, audio.output) == (meant, "USB Audio", "USB Audio")


def test_check_refuses_a_wrong_configuration_as_a_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "edgeagent.yaml"
    file.write_text("audio: {rate_hz: 1}\nlampe: {}\n")
    assert main(["check", "--config", str(file)]) == 2
    assert capsys.readouterr().err == (
        f"edgeagent: error: {file}: 2 problems\n"
        "  audio.rate_hz  1: needs one of 0, 16000, 32000, 44100, 48000 Hz\n"
        "  lampe          unknown section. Did you mean 'lamp'?\n"
    )


class Cards:
    """Stands for PortAudio with one USB card, or with none."""

    devices: tuple[Device, ...] = (Device(index=3, name="USB Audio: - (hw:1,0)", inputs=1, outputs=2, rate=48000),)

    def close(self) -> None:
        pass


ALSA = {"arecord": "null\n    Discard\nsysdefault:CARD=USB\n    USB Audio\n", "aplay": "sysdefault:CARD=USB\nplug\n"}
"""What the programs say when asked for `-L`."""


def programs(folder: Path, said: dict[str, str]) -> str:
    """A PATH on which these programs, and no others, list what is given."""
    for name, listing in said.items():
        (folder / f"{name}.txt").write_text(listing)
        script = f'while IFS= read -r line; do echo "$line"; done < {folder}/{name}.txt'
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return str(folder)


def test_devices_are_named_without_their_numbers_as_each_card_takes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(portaudio, "PortAudio", Cards)
    monkeypatch.setenv("PATH", programs(tmp_path, ALSA))
    assert main(["devices", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"card": "pyaudio", "name": "USB Audio: -", "inputs": 1, "outputs": 2, "rate_hz": 48000},
        {"card": "pipe", "name": "sysdefault:CARD=USB", "inputs": 1, "outputs": 1},
        {"card": "pipe", "name": "plug", "inputs": 0, "outputs": 1},
    ]
    assert main(["devices"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "audio.card: pyaudio, microphones (audio.input)",
        f"  {'USB Audio: -':<50}   1 channels, 48000 Hz",
        "audio.card: pyaudio, loudspeakers (audio.output)",
        f"  {'USB Audio: -':<50}   2 channels, 48000 Hz",
        "audio.card: pipe, microphones (audio.input)",
        "  sysdefault:CARD=USB",
        "audio.card: pipe, loudspeakers (audio.output)",
        "  sysdefault:CARD=USB",
        "  plug",
    ]


def test_devices_of_one_way_are_listed_without_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> object:
        raise DeviceError("PyAudio is not installed", "install it")

    monkeypatch.setattr(portaudio, "PortAudio", missing)
    monkeypatch.setenv("PATH", programs(tmp_path, {"arecord": "", "aplay": "plug\n"}))
    assert main(["devices"]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines() == ["audio.card: pipe, loudspeakers (audio.output)", "  plug"]
    assert told.err == "edgeagent: warning: audio.card: pyaudio: PyAudio is not installed; install it\n"
    monkeypatch.setattr(portaudio, "PortAudio", Cards)
    monkeypatch.setenv("PATH", "")
    assert main(["devices", "--json"]) == 0
    assert [device["card"] for device in json.loads(capsys.readouterr().out)] == ["pyaudio"]


def test_what_keeps_both_ways_from_every_device_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> object:
        raise DeviceError("ALSA cannot read a file", "mend it")

    monkeypatch.setattr(portaudio, "PortAudio", refused)
    monkeypatch.setattr(alsa_names, "devices_of", refused)
    with pytest.raises(DeviceError) as error:
        commands.command("devices").run(argparse.Namespace(json=False))
    assert str(error.value) == "no sound device was found, and ALSA cannot read a file; mend it"


@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize(
    ("pyaudio", "said", "remedy"),
    [
        (True, {"arecord": "null\n", "aplay": "null\n"}, "plug one in"),
        (False, {"arecord": "null\n", "aplay": "null\n"}, "PyAudio is not installed; plug one in"),
        (True, {}, "arecord is not installed; plug one in"),
        (False, {}, "PyAudio is not installed, and arecord is not installed; sudo apt install portaudio19-dev"),
    ],
)
def test_without_any_device_there_is_one_line_with_the_remedy(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    pyaudio: bool,
    said: dict[str, str],
    remedy: str,
) -> None:
    if pyaudio:
        monkeypatch.setattr(Cards, "devices", ())
        monkeypatch.setattr(portaudio, "PortAudio", Cards)
    else:
        monkeypatch.setitem(sys.modules, "pyaudio", None)
    monkeypatch.setenv("PATH", programs(tmp_path, said))
    assert main(["devices", *options]) == 2
    told = capsys.readouterr()
    assert not told.out
    (line,) = told.err.splitlines()
    assert line.startswith("edgeagent: error: no sound device was found")
    assert remedy in line
    assert ("pip install '.[card]'" in line) != pyaudio


def test_progress_in_a_log_is_a_line_every_tenth() -> None:
    log = io.StringIO()
    with Progress("simulating", 200, log) as progress:
        for done in range(201):
            progress.at(done)
    assert log.getvalue().splitlines() == [f"simulating: {percent} %" for percent in range(0, 101, 10)]


def test_progress_on_a_terminal_is_one_line_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True)
    with Progress("simulating", 0.5, screen) as progress:
        progress.at(0.25)
        progress.at(7)
    drawn = screen.getvalue()
    assert "\n" not in drawn
    assert drawn.endswith("100 %\r\x1b[K")
    assert " 50 %" in drawn


@pytest.mark.parametrize("columns", [20, 40, 60, 80])
def test_progress_on_a_narrow_terminal_breaks_no_line(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True)
    monkeypatch.setattr(screen, "fileno", lambda: 2)
    monkeypatch.setattr(os, "get_terminal_size", lambda _number: os.terminal_size((columns, 24)))
    with Progress("generating", 1, screen) as progress:
        progress.at(1)
    drawings = screen.getvalue().split("\r")
    assert max(map(len, drawings)) < columns
    assert drawings[-2].endswith(" 100 %")
    assert drawings[-2].count("#") == {20: 0, 40: 20, 60: 30, 80: 30}[columns]


def test_json_keeps_every_script(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"words": ["ठीक है", "да"]})
    text = capsys.readouterr().out
    assert "ठीक है" in text
    assert json.loads(text) == {"words": ["ठीक है", "да"]}


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])  # the latter in LANG=C, also where it is UTF-8
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_what_stdout_cannot_hold_ends_nothing(
    given: Given, monkeypatch: pytest.MonkeyPatch, encoding: str, errors: str
) -> None:
    told = "sc\udce9ne \u00e9 \u2026 \U0001f600 \ud83d"

    def obey(_args: argparse.Namespace) -> int:
        print(told)
        print_json([told])
        return 0

    given(obey)
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding=encoding, errors=errors))
    assert main(["walk"]) == 0
    line, document = out.getvalue().decode(encoding).split("\n", 1)
    assert line.startswith("sc\\udce9ne ")
    assert json.loads(document) == [told]


def test_a_place_where_nothing_can_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_place("--report", None)
    check_place("--report", tmp_path / "page.html")
    monkeypatch.setattr(os, "access", lambda _path, mode: mode != os.W_OK)
    check_place("--out", Path("/dev/null"))
    with pytest.raises(EdgeAgentError, match="nothing can be written in"):
        check_place("--report", tmp_path / "page.html")
