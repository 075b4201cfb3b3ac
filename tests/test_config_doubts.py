"""A mistake in a configuration is told once: not as well what only seems wrong because of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from edgeagent import config
from edgeagent.errors import ConfigError

WHOLE = (
    "recogniser: {kind: wyoming}\nreplier: {kind: chat, model: m}",
    "capture: {on_turn: cat}\nreplier: {kind: wyoming}",
    "recogniser: {kind: pocketsphinx}\nscript: {reading: 'TEXT'}",
    "recogniser: {kind: wyoming}\nscript: {rules: 'RULES'}",
    "satellite: {enabled: true}\nscript: {reading: 'TEXT'}",
    "recogniser: {kind: wyoming}\nreplier: {kind: chat, model: m, needs_key: never, url: 'https://a.example.com/v1'}",
    "talker: {kind: piper, command: cat, model: 'MODEL'}",
    "talker: {kind: command, command: cat}",
    "recogniser: {kind: sherpa, form: sense_voice, model: 'SENSE'}",
    "mqtt: {host: localhost, tls: true, ca_file: /etc/hosts}",
    "audio: {volume_least_percent: 90, volume_most_percent: 95, volume_percent: 92}",
    "turns: {false_stops_per_hour: 2}\nshadow: {false_stops_per_hour: 1}",
    "activation: {mode: button}\nbutton: {pin: 17}",
    "lamp: {kind: rgb, pins: [5, 6, 13]}",
    "memory: {file: /var/lib/edgeagent/memory.db, talk: true}",
)
"""Each without a fault. MODEL, SENSE, RULES, TEXT: a voice of Piper, a model of sherpa-onnx, rules, a text to read."""


@pytest.fixture(autouse=True)
def everything_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are of what is written, on any machine."""
    monkeypatch.setattr("edgeagent.config.named_files.installed", lambda _library: True)


def faults(text: str) -> list[str]:
    """The keys at fault, in their order."""
    with pytest.raises(ConfigError) as refusal:
        config.loads(text)
    return [line.split()[0] for line in str(refusal.value).splitlines()[1:]]


def one_wrong() -> Iterator[Any]:
    """Each of WHOLE with a key of a wrong type, or of a wrong name, or in a section of a wrong name."""
    for text in WHOLE:
        for section, keys in yaml.safe_load(text).items():
            for key in keys:
                for name, wrong in (
                    (f"{section}.{key}", {section: {**keys, key: {"no": "such"}}}),
                    (f"{section}.{key}x", {section: {(f"{key}x" if k == key else k): v for k, v in keys.items()}}),
                    (f"{section}x", {f"{section}x": keys}),
                ):
                    rest = {other: inner for other, inner in yaml.safe_load(text).items() if other != section}
                    yield pytest.param({**rest, **wrong}, name, id=f"{' '.join(text.split())} {name}")


@pytest.fixture
def placed(tmp_path: Path) -> Callable[[str], str]:
    """Writes the names of models that are there."""
    (tmp_path / "voice.onnx").touch()
    (tmp_path / "voice.onnx.json").write_text('{"audio": {"sample_rate": 16000}}')
    for name in ("tokens.txt", "model.onnx"):
        (tmp_path / name).touch()
    (tmp_path / "rules.yaml").write_text("rules: [{when: hello, say: hello}]")
    names = {
        "MODEL": tmp_path / "voice.onnx",
        "SENSE": tmp_path,
        "RULES": tmp_path / "rules.yaml",
        "TEXT": Path(__file__),
    }
    return lambda text: re.sub("|".join(names), lambda found: str(names[found[0]]), text)


@pytest.mark.parametrize("text", WHOLE)
def test_what_one_mistake_is_made_in_has_none(text: str, placed: Callable[[str], str]) -> None:
    config.loads(placed(text))


@pytest.mark.parametrize(("wrong", "key"), list(one_wrong()))
def test_one_mistake_is_one_fault(wrong: object, key: str, placed: Callable[[str], str]) -> None:
    """Nothing is told that would be gone with it."""
    assert faults(placed(yaml.safe_dump(wrong, sort_keys=False))) == [key]


def test_a_mistake_hides_no_other() -> None:
    told = faults("recogniser: {kind: wyomin}\nreplier: {kind: chat}\nturns: {patience_ms: 1}")
    assert told == ["recogniser.kind", "replier.model", "turns.patience_ms"]
    assert faults("replier: {kind: chat, model: m}") == ["capture.on_turn"]
    assert faults("lamp: {kind: rgb, pins: [17]}\nlampe: {}") == ["lamp.pins", "lampe"]
