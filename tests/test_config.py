"""The configuration: every fault at once, in words that say what to change."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from edgeagent import config
from edgeagent.config.keys import Key, sections
from edgeagent.config.named_files import PATHS
from edgeagent.credential import NAMES, variable
from edgeagent.devices.manifest import FOLDER
from edgeagent.errors import ConfigError
from edgeagent.services.espeak_voices import data_folders
from edgeagent.settings import PRIVATE, Lamp, Settings, Talker, Turns, settings_hash

EVERY_KEY = [key for keys in sections().values() for key in keys.values()]
every_key = pytest.mark.parametrize("key", EVERY_KEY, ids=lambda key: key.path)


@pytest.fixture(autouse=True)
def everything_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are of what is written, on any machine."""
    monkeypatch.setattr("edgeagent.config.named_files.installed", lambda _library: True)


def faults(text: str) -> list[str]:
    """The lines of the refusal, without the head."""
    with pytest.raises(ConfigError) as refusal:
        config.loads(text, "edgeagent.yaml")
    head, *lines = str(refusal.value).splitlines()
    assert head == f"edgeagent.yaml: {len(lines)} problem{'s' if len(lines) > 1 else ''}"
    return lines


def fault(text: str) -> tuple[str, str]:
    """Key and message of the only fault."""
    (line,) = faults(text)
    key, _, message = line.strip().partition("  ")
    return key, message.strip()


def test_five_mistakes_in_one_message() -> None:
    lines = faults(
        """\
        audio:
          rate_hz: 22050
          volume_percents: 80
        turns:
          patience_ms: fast
        lamp:
          kind: rgb
          pins: [17]
        lampe: {}
        """
    )
    assert lines == [
        "  audio.rate_hz          22050: needs one of 0, 16000, 32000, 44100, 48000 Hz",
        "  audio.volume_percents  unknown key. Did you mean 'volume_percent'?",
        "  turns.patience_ms      'fast': needs a whole number from 200 to 3000 ms",
        "  lamp.pins              1 given, lamp.kind rgb has 3. Give the GPIO numbers of red, green and blue, "
        "for example [17, 27, 22]",
        "  lampe                  unknown section. Did you mean 'lamp'?",
    ]


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}", "audio:\n", "audio: {}\nlamp:\n"])
def test_nothing_said_means_every_default(text: str) -> None:
    assert config.loads(text) == Settings()


def test_what_is_said_is_what_is_set() -> None:
    text = "lamp: {kind: rgb, pins: [5, 6, 13]}\nturns: {false_stops_per_hour: 2}\ntalker: {voice: hi}"
    assert config.loads(text) == Settings(
        lamp=Lamp(kind="rgb", pins=(5, 6, 13)), turns=Turns(false_stops_per_hour=2.0), talker=Talker(voice="hi")
    )


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        ("audio: {pre_roll_ms: 3}", "audio.pre_roll_ms", "unknown key. Did you mean 'capture.pre_roll_ms'?"),
        (
            "memory: {file: /a/memory.json, talk: /a/talk.db}",
            "memory.talk",
            "'/a/talk.db': needs true or false."
            " One file holds all now. Set memory.file: /a/talk.db and memory.talk: true",
        ),
        (
            "memory: {file: /a/memory.json, talk: ''}",  # as the installation of that version wrote it
            "memory.talk",
            "'': needs true or false. Where no file was named nothing was kept: set memory.talk: false",
        ),
        (
            "memory: {talk_words: false}",
            "memory.talk_words",
            "unknown key. Leave it out: memory.talk: false in its place keeps no words",
        ),
        (
            "memory: {talk: true}",
            "memory.file",
            "missing. memory.talk is true: give the file to keep it in, for example /var/lib/edgeagent/memory.db",
        ),
        ("lamp.kind: led", "lamp.kind", "is written in two: `lamp: {kind: ...}`"),
        ("volume_percent: 3", "volume_percent", "unknown section. Did you mean 'audio.volume_percent'?"),
        ("echo: {xyzzy: 3}", "echo.xyzzy", "unknown key. There are: enabled, drift"),
        ("echo: {7: 3}", "echo.7", "unknown key. There are: enabled, drift"),
        ("echo: 5", "echo", "needs keys below it: enabled, drift"),
        ("echo: [5]", "echo", "needs keys below it: enabled, drift"),
        ("echo:\n  - drift: true", "echo", "needs keys below it, without dashes: enabled, drift"),
        ("echo:\n  drift:true", "echo", "needs keys below it, with a blank behind each colon: enabled, drift"),
        ("turns: {patience_ms: '700'}", "turns.patience_ms", "'700': needs a whole number from 200 to 3000 ms"),
        ("turns: {patience_ms: 700.0}", "turns.patience_ms", "700.0: needs a whole number from 200 to 3000 ms"),
        ("turns: {patience_ms: true}", "turns.patience_ms", "true: needs a whole number from 200 to 3000 ms"),
        (
            "turns: {patience_ms:}",
            "turns.patience_ms",
            "empty: needs a whole number from 200 to 3000 ms; or leave the line out",
        ),
        ("turns: {duck_db: .nan}", "turns.duck_db", "nan: needs a number from -30 to -3 dB"),
        ("turns: {duck_db: -.inf}", "turns.duck_db", "-inf: needs a number from -30 to -3 dB"),
        (
            "turns: {false_stops_per_hour: 0}",
            "turns.false_stops_per_hour",
            "0: needs a number above 0, up to 120 an hour",
        ),
        (
            "talker: {kind: Espeek}",
            "talker.kind",
            "'Espeek': needs one of espeak, flite, piper, wav, command, wyoming. Did you mean 'espeak'?",
        ),
        (
            "talker: {voice: no}",
            "talker.voice",
            "false: needs text. YAML reads on, off, yes, no as true or false: put the word in quotes",
        ),
        ("talker: {voice: {a: b}}", "talker.voice", "a group of keys: needs text"),
        ("audio: {input: 1}", "audio.input", "1: needs text"),
        ("lamp: {kind: led, pins: 17}", "lamp.pins", "17: needs a list in [ ], each entry a whole number from 0 to 27"),
        (
            "lamp: {kind: rgb, pins: [1, 99, 3]}",
            "lamp.pins",
            "[1, 99, 3]: needs a list in [ ], each entry a whole number from 0 to 27",
        ),
        ("flight: {before_s: 99}", "flight.before_s", "99: needs a whole number from 1 to 30 s"),
        (
            f"shadow: {{models: {FOLDER}}}\nmodels: {{folder: {FOLDER}}}",
            "shadow.models",
            "the same folder as models.folder. Give another, or leave it out",
        ),
        (
            "shadow: {false_stops_per_hour: 8.7}",
            "shadow.false_stops_per_hour",
            "the same as in turns. Give another number, or leave it out",
        ),
        ("lamp: {kind: led}", "lamp.pins", "missing. Give the GPIO number, for example [17]"),
        (
            "lamp: {pins: [17]}",
            "lamp.pins",
            "given, but lamp.kind is none, which has none. Set lamp.kind to led or rgb",
        ),
        (
            "lamp: {power_pin: 5}",
            "lamp.power_pin",
            "given, but lamp.kind is none, which has none. Set lamp.kind to apa102, or leave it out",
        ),
        (
            "lamp: {kind: led, pins: [17], power_pin: 5}",
            "lamp.power_pin",
            "given, but lamp.kind is led, which has none. Set lamp.kind to apa102, or leave it out",
        ),
        (
            "button: {pin: 17}\namplifier: {mute_pin: 17}",
            "amplifier.mute_pin",
            "GPIO 17 already belongs to button.pin. Give each its own",
        ),
        (
            "button: {louder_pin: 5, softer_pin: 5}",
            "button.softer_pin",
            "GPIO 5 already belongs to button.louder_pin. Give each its own",
        ),
        (
            "audio: {volume_least_percent: 60, volume_most_percent: 50}",
            "audio.volume_least_percent",
            "more than audio.volume_most_percent. Give less",
        ),
        ("audio: {mixer: PCM}", "audio.mixer", "no card and control. Give CARD/CONTROL, for example hw:Device/PCM"),
        (
            "lamp: {kind: rgb, pins: [5, 6, 5]}",
            "lamp.pins",
            "GPIO 5 already belongs to lamp.pins. Give each its own",
        ),
        (
            "lamp: {kind: apa102}\nbutton: {pin: 11}",
            "button.pin",
            "GPIO 11 already belongs to the strip on SPI bus 0 (lamp.kind apa102). Give each its own",
        ),
        (
            "talker: {kind: command}",
            "talker.command",
            "missing. talker.kind is command: give the program that turns text into sound",
        ),
        (
            "talker: {kind: wav}",
            "talker.wav_dir",
            "missing. talker.kind is wav: give the folder of recorded sentences",
        ),
        (
            "audio: {card: wav}",
            "audio.microphone_wav",
            "missing. audio.card is wav: give the file it hears",
        ),
        (
            "audio: {card: wav, microphone_wav: a, loudspeaker_wav: a}",
            "audio.loudspeaker_wav",
            "the same file as audio.microphone_wav; it would be overwritten",
        ),
        (
            "capture: {on_turn: say 'hi}",
            "capture.on_turn",
            "no closing quotation in the command line. Set capture.on_turn with each \" and ' closed",
        ),
        ("echo:\n  drift: true\n  drift: false", "echo.drift", "given twice, the second time in line 3. Remove one"),
    ],
)
def test_one_mistake(text: str, key: str, message: str) -> None:
    assert fault(text) == (key, message)


@pytest.mark.parametrize(("name", "size"), [("x" * 250, 0), ("x" * 251, 251), ("ü" * 125, 0), ("ü" * 126, 252)])
def test_a_name_that_mdns_cannot_tell_is_a_fault_of_its_key(name: str, size: int) -> None:
    found = f"satellite: {{enabled: true, address: 192.0.2.7, name: {name}, discovery: true}}"
    if size:
        told = f"{size} bytes of UTF-8, and mDNS tells 250 at most. Give a shorter one"
        assert fault(found) == ("satellite.name", told)
        found = found.replace("discovery: true", "discovery: false")
    assert config.loads(found).satellite.name == name


@pytest.mark.parametrize("key", [key for key in EVERY_KEY if key.needs.endswith("text")], ids=lambda key: key.path)
@pytest.mark.parametrize("text", [r"a\0b", r"~\0"])
def test_a_nul_is_a_fault_of_its_key(key: Key, text: str) -> None:
    value = f'["{text}"]' if key.needs.startswith("a list") else f'"{text}"'
    lines = faults(f"{key.section}: {{{key.name}: {value}}}")
    assert f"  {key.path}  holds a NUL, \\0, which no text here may. Take it out" in lines


@pytest.mark.parametrize("number", ["0x" + 5000 * "1", 5000 * "9", "1" + 3000 * ":59"], ids=["0x", "10", "60"])
@pytest.mark.parametrize("key", ["audio.volume_percent", "echo.drift", "lamp.pins"])
def test_a_number_without_end_is_a_fault_of_its_key(key: str, number: str) -> None:
    section, _, name = key.partition(".")
    told, message = fault(f"{section}: {{{name}: {f'[{number}]' if name == 'pins' else number}}}")
    assert told == key
    assert len(message) < 150


def test_a_section_given_twice_is_named_and_its_keys_are_not_lost_in_silence() -> None:
    assert fault("echo: {drift: true}\naudio: {}\necho: {enabled: true}") == (
        "echo",
        "given twice, the second time in line 3. Remove one",
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("audio:\n  card: pyaudio\n input: x", "edgeagent.yaml: line 3, column 2: "),
        ("audio:\n\tcard: pyaudio", "Indent with spaces, not with tabs"),
        ("audio: {card: pyaudio", "edgeagent.yaml: line 1, column 22: "),
        ("audio: !!python/object:os.system {}", "edgeagent.yaml: line 1"),
        ("a: &a [*a]", "aliases (*name) are not taken"),
        ("audio: &x {}\nlamp: *x", "line 2, column 7: aliases (*name) are not taken"),
        ("a: 1\n---\nb: 2", "but found another document"),
        ("[1, 2]", "edgeagent.yaml: needs sections"),
        ("hello", "edgeagent.yaml: needs sections"),
        ("a: \x00", "edgeagent.yaml: "),
        ("audio:\n  input: USB PnP: Audio\n", "column 17: mapping values are not allowed here. Put a text that"),
        ("audio:\n  input: 'USB PnP\n  output: x\n", "line 2, column 10: this quote is not closed"),
        ("audio:\n  input: @home\n", "cannot start any token. Put a text that begins so in quotes"),
        ("? [a, b]\n: c", "edgeagent.yaml: "),
        ("a: 2026-99-99", "edgeagent.yaml: "),
        ("a: " + "[" * 5000, "edgeagent.yaml: "),
    ],
)
def test_what_is_no_configuration_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        config.loads(text, "edgeagent.yaml")
    assert words in str(refusal.value)


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    path = tmp_path / "edgeagent.yaml"
    with pytest.raises(ConfigError) as refusal:
        config.load(path)
    assert refusal.value.problem == f"{path}: no such file"
    assert refusal.value.remedy == f"edgeagent check --example > {path} writes one with every default"


def test_files_that_are_no_settings_are_refused(tmp_path: Path) -> None:
    wav = tmp_path / "sound.wav"
    wav.write_bytes(b"RIFF\xff\xfe\x80\x81")
    huge = tmp_path / "huge.yaml"
    huge.write_bytes(b"#" * 2_000_000)
    for path, words in [(tmp_path, "directory"), (wav, "not UTF-8"), (huge, "2000000 bytes")]:
        with pytest.raises(ConfigError, match=words):
            config.load(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_we_may_not_read(tmp_path: Path) -> None:
    path = tmp_path / "edgeagent.yaml"
    path.touch(0o000)
    with pytest.raises(ConfigError, match="Permission denied; give a file you may read"):
        config.load(path)


def test_no_secret_is_repeated() -> None:
    secret = "Bearer 12345"
    with pytest.raises(ConfigError) as refusal:
        config.loads(f"capture: {{on_turn: [{secret}], password: {secret}}}\ntalker: {{command: {{a: {secret}}}}}")
    assert "12345" not in str(refusal.value)
    assert {key.path for key in EVERY_KEY if key.private} == {"capture.on_turn", "talker.command", "replier.command"}


@pytest.mark.parametrize(
    ("section", "key", "name"),
    [
        ("mqtt", "password", "mqtt-password"),
        ("mqtt", "passwd", "mqtt-password"),
        ("page", "token", "page-token"),
        ("replier", "api_key", "chat-key"),
        ("replier", "key", "chat-key"),
    ],
)
def test_a_password_in_the_configuration_is_told_where_it_belongs(section: str, key: str, name: str) -> None:
    told = str(fault(f"{section}: {{{key}: hush}}"))
    assert f"`export {variable(name)}=...`, or `LoadCredential={name}:FILE` in the unit" in told
    assert name in NAMES
    assert "hush" not in told
    assert "Did you mean 'most_tokens'" in str(fault("replier: {max_tokens: 5}"))


def test_the_environment_is_not_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAID", "hello")
    assert config.loads("script: {opening: '${SAID}'}").script.opening == "${SAID}"


def test_the_example_is_every_default_and_says_what_each_key_takes() -> None:
    text = config.example()
    assert config.loads(text) == Settings()
    given_keys = {f"{section}.{key}" for section, keys in yaml.safe_load(text).items() for key in keys}
    assert given_keys == {key.path for key in EVERY_KEY}
    comments = " ".join(line.strip(" #") for line in text.splitlines() if line.lstrip().startswith("#"))
    for key in EVERY_KEY:
        assert " ".join(key.doc.split()) in comments
        if key.needs != "text":
            assert key.needs in comments


@every_key
def test_every_key_is_documented_and_every_number_has_a_range(key: Key) -> None:
    assert key.doc
    if "number" in key.needs:
        assert " to " in key.needs
    assert PRIVATE not in key.needs


@every_key
@pytest.mark.parametrize("wrong", [None, {"a": 1}, [[1]], {}], ids=repr)
def test_a_wrong_type_is_one_fault_under_any_key(key: Key, wrong: object) -> None:
    path, message = fault(yaml.safe_dump({key.section: {key.name: wrong}}))
    assert path == key.path
    assert f"needs {key.needs}" in message


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda children: st.lists(children, max_size=3)
    | st.dictionaries(st.sampled_from([key.name for key in EVERY_KEY] + list(sections())), children, max_size=3),
))  # fmt: skip
def test_no_document_gets_past_as_anything_but_settings_or_a_refusal(document: Any) -> None:
    with contextlib.suppress(ConfigError):
        assert isinstance(config.loads(yaml.safe_dump(document)), Settings)


def test_a_key_that_is_no_text_is_a_fault_like_any_other() -> None:
    with pytest.raises(ConfigError, match=r"lamp\.pins +a group of keys"):
        config.loads("lamp: {pins: {2020-01-01: [{2: 3}]}}")


def test_the_hash_tells_settings_apart_and_is_the_same_in_every_process() -> None:
    variants = [dataclasses.replace(Settings(), talker=Talker(words_per_minute=rate)) for rate in (164, 165, 166)] + [
        Settings(lamp=Lamp(pins=(1,)))
    ]
    hashes = [settings_hash(variant) for variant in variants]
    assert len(set(hashes)) == len(hashes)
    assert settings_hash(Settings()) == hashes[1]
    program = "from edgeagent.settings import *; print(settings_hash(Settings()))"
    printed = subprocess.check_output([sys.executable, "-c", program], text=True, env={"PYTHONHASHSEED": "7"})
    assert printed.strip() == hashes[1]


def test_a_language_that_nobody_knows_is_refused_with_the_other_faults() -> None:
    with pytest.raises(ConfigError) as refused:
        config.loads("dialogue: {languages: [en, klingon]}\nturns: {patience_ms: 1}\n")
    assert "'klingon' is unknown. Known are ar" in str(refused.value)
    assert "patience_ms" in str(refused.value)
    with pytest.raises(ConfigError, match="Name at least one"):
        config.loads("dialogue: {languages: []}\n")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("replier: {kind: chat}", ["replier.model", "capture.on_turn"]),
        ("talker: {kind: piper}", ["talker.model"]),
        ("talker: {kind: piper, model: /no/such.onnx}", ["talker.model"]),
        ("recogniser: {kind: vosk}\ntalker: {kind: piper}", ["recogniser.model", "missing", "talker.model"]),
        ("recogniser: {kind: sherpa, model: /no/such}", ["recogniser.model", "there is no folder '/no/such'"]),
        ("recogniser: {kind: pocketsphinx}\ncapture: {on_turn: cat}", ["Only one of them"]),
        ("talker: {kind: flite, voice: mary}", ["talker.voice"]),
        ("replier: {kind: chat, model: m, url: localhost}", ["replier.url", "no address"]),
        ("replier: {kind: chat, model: m, url: 'http://u:p@host/v1'}", ["EDGEAGENT_CHAT_KEY"]),
        ("replier: {kind: chat, model: m, url: 'http://host:port/v1'}", ["replier.url"]),
        ("replier: {kind: command}", ["replier.command"]),
    ],
)
def test_a_replier_that_cannot_answer_is_refused(text: str, told: list[str]) -> None:
    with pytest.raises(ConfigError) as refused:
        config.loads(text)
    assert all(word in str(refused.value) for word in told)
    assert "u:p" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("recogniser: {kind: wyoming, uri: 'localhost:1'}", "recogniser.uri"),
        ("recogniser: {kind: wyoming, uri: 'tcp://localhost'}", "recogniser.uri"),
        ("recogniser: {kind: wyoming, uri: 'tcp://voice..local:10300'}", "recogniser.uri"),
        ("activation: {mode: wake, uri: 'tcp://.local:10400'}", "activation.uri"),
        ("talker: {kind: wyoming, uri: 'unix://'}", "talker.uri"),
        ("talker: {kind: wyoming, uri: 'unix://run/voice'}", "talker.uri"),
        ("replier: {kind: wyoming, uri: 'tcp://host:99999'}\ncapture: {on_turn: cat}", "replier.uri"),
        ("replier: {kind: wyoming, uri: 'tcp://u:secret-1@host:1'}\ncapture: {on_turn: cat}", "replier.uri"),
        ("recogniser: {kind: wyoming, uri: 'tcp://host:1/asr'}", "recogniser.uri"),
        ("recogniser: {kind: wyoming, uri: 'tcp://host:1?key=secret-1'}", "recogniser.uri"),
        ("recogniser: {kind: wyoming}\ncapture: {on_turn: cat}", "Only one of them"),
    ],
)
def test_a_server_without_an_address_is_refused(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as refused:
        config.loads(text)
    assert "1 problem\n" in str(refused.value)
    assert "secret-1" not in str(refused.value)


def test_a_server_with_an_address_is_taken() -> None:
    settings = config.loads("recogniser: {kind: wyoming, uri: 'unix:///run/asr'}\nreplier: {kind: chat, model: m}\n")
    assert settings.recogniser.uri == "unix:///run/asr"


def named(tmp_path: Path) -> str:
    """A configuration in which everything that it names is missing or broken, and one number is wrong."""
    (tmp_path / "xx.yaml").write_text("language: xx\nname: X\nreviewed: no\nsources: [me]\nyes: 7\n")
    (tmp_path / "yy.yaml").write_text("language: yy\nname: Y\nreviewed: no\nsources: [me]\nno: [[a]]\n")
    (tmp_path / "script.yaml").write_text("replies: [3]\n")
    return f"""
        audio: {{volume_percent: 900}}
        models: {{folder: {tmp_path}/my-models, smart_turn: {tmp_path}/smart.onnx}}
        shadow: {{models: {tmp_path}/their-models}}
        capture: {{on_turn: {tmp_path}/understand --quickly}}
        talker: {{voice: elvish}}
        script: {{file: {tmp_path}/script.yaml, reading: {tmp_path}/book.txt}}
        replier: {{command: TOKEN=very-secret answer}}
        dialogue: {{languages: [xx, klingon, yy]}}
        """


def test_whatever_is_named_and_missing_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = named(tmp_path)
    monkeypatch.setattr("edgeagent.config.languages.FOLDER", tmp_path)
    told = [tuple(line.split(maxsplit=1)) for line in faults(text)]
    expected = [
        ("audio.volume_percent", "900: needs a whole number from 1 to 100 %"),
        ("models.folder", f"{tmp_path}/my-models/manifest.yaml: No such file or directory. Restore the models folder"),
        ("models.smart_turn", f"there is no file '{tmp_path}/smart.onnx'. Give the smart-turn-v3 file"),
        ("shadow.models", f"{tmp_path}/their-models/manifest.yaml: No such file"),
        ("capture.on_turn", f"there is no program '{tmp_path}/understand'. Set capture.on_turn with the whole path"),
        ("talker.voice", "espeak-ng has no voice 'elvish'"),
        ("script.file", f"the script '{tmp_path}/script.yaml': reply 1 is not a sentence. Write"),
        ("script.reading", f"cannot read script.reading '{tmp_path}/book.txt': No such file or directory"),
        (
            "replier.command",
            "'TOKEN=...' is no program. No shell is asked: set replier.command: env TOKEN=VALUE PROGRAM",
        ),
        ("dialogue.languages", "'klingon' is unknown. Known are script, xx, yy"),
        ("dialogue.languages", f"{tmp_path}/xx.yaml, yes is no list of phrases"),
        ("dialogue.languages", f"{tmp_path}/yy.yaml, no ['a'] is no text"),
    ]
    if not data_folders():
        expected.remove(("talker.voice", "espeak-ng has no voice 'elvish'"))
    assert len(told) == len(expected)
    for (key, message), (wanted_key, beginning) in zip(told, expected, strict=True):
        assert key == wanted_key
        assert message.startswith(beginning)
    assert "very-secret" not in str(told)


@pytest.mark.parametrize(
    ("talker", "key", "told"),
    [
        ("{kind: wav, wav_dir: /no/such}", "talker.wav_dir", "there are no recorded sentences at '/no/such'"),
        ("{kind: command, command: /no/such --voice x}", "talker.command", "there is no program '/no/such'"),
        ("{kind: piper, command: cat, model: /no/such.onnx}", "talker.model", "no file '/no/such.onnx' and no '/no/"),
        ("{kind: flite, voice: mary}", "talker.voice", "flite has no voice 'mary'"),
    ],
)
def test_a_missing_voice_is_told_with_a_wrong_number(
    talker: str, key: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeagent.services.flite_voices.loadable", lambda _library: True)
    number, voice = faults(f"audio: {{volume_percent: 900}}\ntalker: {talker}")
    assert number.startswith("  audio.volume_percent")
    assert voice.split(maxsplit=1)[0] == key
    assert told in voice


def test_every_library_that_is_wanted_and_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("edgeagent.config.named_files.installed", asked.append)
    told = faults(
        """
        recogniser: {kind: vosk}
        talker: {kind: wyoming}
        replier: {kind: wyoming}
        activation: {mode: wake}
        hints: {words: pocketsphinx}
        audio: {volume_percent: 900}
        """
    )
    lines = dict(line.split(maxsplit=1) for line in told)
    assert set(lines) == {
        *("recogniser.kind", "recogniser.model", "talker.kind", "replier.kind", "activation.mode", "hints.words"),
        "audio.volume_percent",
    }
    assert lines["hints.words"] == (
        "'pocketsphinx' needs the library pocketsphinx, which is not installed. "
        f"{sys.executable} -m pip install '.[words]' in the checkout"
    )
    assert "'.[vosk]'" in lines["recogniser.kind"]
    asked.clear()
    assert config.loads("") == Settings()
    assert not asked


def test_a_voice_that_is_not_installed_is_told_with_a_wrong_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeagent.services.flite_voices.loadable", lambda library: "cmulex" not in library)
    number, flite = faults("audio: {volume_percent: 900}\ntalker: {kind: flite}")
    assert number.startswith("  audio.volume_percent")
    assert flite.split(maxsplit=1) == [
        "talker.kind",
        "flite is not installed, or not whole: there is no libflite_cmulex.so.1. sudo apt install flite",
    ]
    (tmp_path / "voices" / "mb").mkdir(parents=True)
    (tmp_path / "voices" / "mb" / "mb-zz9").write_text("name zz-mbrola-9\nlanguage zz\nmbrola zz9 zz9_phtrans\n")
    monkeypatch.setattr("edgeagent.services.espeak_voices.data_folders", lambda: [tmp_path])
    monkeypatch.setenv("PATH", "")
    number, espeak = faults("audio: {volume_percent: 900}\ntalker: {voice: mb-zz9}")
    assert espeak.split(maxsplit=1) == [
        "talker.voice",
        "espeak-ng's voice 'mb-zz9' needs the program mbrola and its voice zz9. sudo apt install mbrola mbrola-zz9",
    ]


def test_a_broken_cue_file_is_no_fault_of_a_device_that_understands_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "xx.yaml").write_text("yes: 7\n")
    monkeypatch.setattr("edgeagent.config.languages.FOLDER", tmp_path)
    assert config.loads("dialogue: {languages: [xx]}").dialogue.languages == ("xx",)
    assert "xx.yaml" in faults("dialogue: {languages: [xx]}\nrecogniser: {kind: wyoming}")[0]


def test_a_kind_that_is_none_is_one_fault_and_no_guess_about_the_rest_of_its_section() -> None:
    assert fault("talker: {kind: Piper, voice: lessac, wav_dir: /no/such}")[0] == "talker.kind"


def test_looking_at_the_files_loads_neither_numpy_nor_a_library() -> None:
    pytest.importorskip("wyoming", reason="needs the extra [wyoming]")
    program = (
        "import sys; from edgeagent import config; config.loads('recogniser: {kind: wyoming}'); "
        "print(sorted({'numpy', 'onnxruntime', 'espeakng_loader'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


@pytest.fixture
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeagent.credential._hidden", {})
    monkeypatch.delenv("EDGEAGENT_CHAT_KEY", raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


def chat(url: str, needs_key: str = "auto") -> str:
    return f"replier: {{kind: chat, model: m, url: '{url}', needs_key: {needs_key}}}\ncapture: {{on_turn: cat}}\n"


CLOUD = "https://api.openai.com/v1"


@pytest.mark.usefixtures("no_key")
def test_a_missing_key_is_told_with_the_other_faults_and_both_ways_of_giving_it() -> None:
    number, missing = faults(chat(CLOUD) + "audio: {volume_percent: 900}")[::-1]
    assert "volume_percent" in number
    assert missing.split(maxsplit=1)[0] == "replier.url"
    for told in ("EDGEAGENT_CHAT_KEY", "LoadCredential=chat-key:FILE", "replier.needs_key: never"):
        assert told in missing


@pytest.mark.usefixtures("no_key")
@pytest.mark.parametrize(
    ("url", "needs_key", "refused"),
    [
        (CLOUD, "auto", True),
        (CLOUD, "never", False),
        ("https://8.8.8.8/v1", "auto", True),
        ("https://[2606:4700::1111]/v1", "auto", True),
        ("http://api.example.com/v1", "auto", False),
        ("https://127.0.0.1:8000/v1", "auto", False),
        ("https://192.168.1.7/v1", "auto", False),
        ("https://100.100.1.2/v1", "auto", False),
        ("https://[fd00::1]/v1", "auto", False),
        ("https://localhost/v1", "auto", False),
        ("https://nas/v1", "auto", False),
        ("https://nas.local./v1", "auto", False),
        ("https://llm.home.arpa/v1", "auto", False),
        ("https://notlocal.example/v1", "auto", True),
        ("http://127.0.0.1:8000/v1", "always", True),
    ],
)
def test_a_key_is_missed_where_a_server_wants_one(url: str, needs_key: str, refused: bool) -> None:
    if refused:
        assert "wants a key, and there is none" in faults(chat(url, needs_key))[0]
    else:
        config.loads(chat(url, needs_key))


@pytest.mark.usefixtures("no_key")
@pytest.mark.parametrize("way", ["variable", "credential"])
def test_a_key_that_is_given_is_not_missed(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if way == "variable":
        monkeypatch.setenv("EDGEAGENT_CHAT_KEY", "secret")
    else:
        (tmp_path / "chat-key").write_text("secret")
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert config.loads(chat(CLOUD)).replier.url == CLOUD


@pytest.mark.usefixtures("no_key")
def test_a_key_is_not_missed_by_who_only_changes_or_reads_the_file() -> None:
    assert config.loads(chat(CLOUD), files=False).replier.url == CLOUD
    assert "volume_percent: 50" in config.amend(chat(CLOUD), {"audio.volume_percent": 50})


@pytest.mark.parametrize(
    "url",
    [
        "http://me:very-secret@host/v1",
        "http://me:very-secret/v1",
        "http://host:very-secret@/v1",
        "http://[very-secret/v1",
        "https://host/v1?api_key=very-secret",
        "https://host/v1#very-secret",
        "very-secret",
    ],
)
def test_a_wrong_address_is_refused_without_what_may_be_a_password(url: str) -> None:
    key, message = fault(f"replier: {{kind: chat, model: m, url: '{url}'}}\ncapture: {{on_turn: cat}}")
    assert key == "replier.url"
    assert "very-secret" not in message


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("talker: {kind: piper, model: /closed/voice.onnx, command: /bin/cat}", "talker.model"),
        ("talker: {kind: wav, wav_dir: /closed/wavs}", "talker.wav_dir"),
        ("models: {smart_turn: /closed/smart-turn.onnx}", "models.smart_turn"),
        ("recogniser: {kind: vosk, model: /closed/vosk}", "recogniser.model"),
    ],
)
def test_a_file_in_a_closed_folder_is_a_fault_of_its_key(text: str, key: str) -> None:
    with pytest.raises(ConfigError, match=rf"{key}.*Let the device's user read it"):
        config.loads(text)


@pytest.mark.parametrize("key", PATHS)
@pytest.mark.parametrize("files", [True, False])
def test_the_home_of_nobody_is_a_fault_of_its_key(key: str, files: bool) -> None:
    section, _, name = key.partition(".")
    with pytest.raises(ConfigError, match=rf"1 problem\n +{key} +there is no home '~nobody-here' on this machine"):
        config.loads(f"{section}: {{{name}: ~nobody-here/somewhere}}", files=files)


def test_every_setting_that_is_a_path_is_known_as_one() -> None:
    empty = {key.path for key in EVERY_KEY if key.default == "" and not key.private}
    names = {f"{section}.{key}" for section in ("satellite", "metrics", "page", "mqtt") for key in sections()[section]}
    assert set(PATHS) == empty - names - {"audio.mixer", "recogniser.language", "replier.model"} | {"mqtt.ca_file"}


@pytest.mark.parametrize("model", [".", "/", "/etc"])
def test_a_folder_is_no_voice_of_piper(model: str) -> None:
    key, message = fault(f"talker: {{kind: piper, model: {model}, command: /bin/cat}}")
    assert key == "talker.model"
    assert message.startswith(f"there is no file '{model}'")


def test_half_of_a_surrogate_pair_is_no_letter() -> None:
    with pytest.raises(ConfigError, match="not a settings file"):
        config.loads('script: {opening: "\\ud800"}')
