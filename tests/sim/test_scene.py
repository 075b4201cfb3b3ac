"""Scenes as folders: what is written is read back, and everything wrong is said at once."""

from __future__ import annotations

import re
import shutil
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
import yaml

from edgeagent.errors import SceneError
from edgeagent.sim.folder import write_scene
from edgeagent.sim.scene import Change, EchoPath, Line, Scene, load_scene
from edgeagent.sim.truth import Happening, Kind, read_truth
from edgeagent.turn.events import Word
from edgeagent.units import RATE
from tests.sim.made_up import build


def test_a_scene_comes_back_sample_for_sample(made_up: Path) -> None:
    scene, truth, _ = build()
    again = load_scene(made_up)
    assert again.name == scene.name
    assert again.length == scene.length
    np.testing.assert_array_equal(again.near, scene.near)
    np.testing.assert_array_equal(again.echo.response, scene.echo.response)
    assert (again.echo.delay, again.echo.drift_ppm, again.echo.saturation) == (648.0, 60.0, 0.2)
    for line, was in zip(again.agent, scene.agent, strict=True):
        assert (line.at, line.text, line.words) == (was.at, was.text, was.words)
        np.testing.assert_array_equal(line.sound, was.sound)
    assert read_truth(made_up) == tuple(truth)


def test_a_path_change_comes_back(tmp_path: Path) -> None:
    responses = [np.array(h, np.float32) for h in ([0.5, -1.5], [0.25])]
    echo = EchoPath(responses[0], 200.0, change=Change(RATE, responses[1]))
    line = Line(16, np.full(400, 0.5, np.float32), "Grüß Gott", (Word(0, 160, "Grüß"), Word(160, 400, "Gott")), True)
    write_scene(tmp_path, Scene("x", 2 * RATE, (line,), np.zeros(2 * RATE, np.float32), echo), [])
    again = load_scene(tmp_path)
    assert again.echo.change is not None
    assert again.echo.change.at == RATE
    np.testing.assert_array_equal(again.echo.change.response, responses[1])
    np.testing.assert_array_equal(again.echo.response, responses[0])
    assert again.agent[0].words == line.words
    assert again.agent[0].protected
    assert again.echo.saturation == 0


def test_unknown_keys_and_a_longer_near_are_no_fault(made_up: Path, tmp_path: Path) -> None:
    copy = _altered(made_up, tmp_path, {"colour": "red", "duration_s": 30.0})
    assert load_scene(copy).near.size == 30 * RATE


def test_a_line_that_is_due_behind_the_end_is_left_out(made_up: Path, tmp_path: Path) -> None:
    """As near is: nobody could say it, and it is no mistake of the device."""
    last = load_scene(made_up).agent[-1]
    copy = _altered(made_up, tmp_path, {"duration_s": last.at / RATE})
    assert len(load_scene(copy).agent) == len(load_scene(made_up).agent) - 1
    assert load_scene(_altered(copy, tmp_path / "more", {"duration_s": (last.at + 1) / RATE})).agent[-1].at == last.at


@pytest.mark.parametrize("rate", [8000, 48_000])
def test_an_echo_is_as_loud_whatever_the_rate_of_its_response(made_up: Path, tmp_path: Path, rate: int) -> None:
    """A response that lets everything through, at half the level."""
    copy = _altered(made_up, tmp_path, {})
    with wave.open(str(copy / "ir.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack("<200h", *(16384 if i == 100 else 0 for i in range(200))))
    spectrum = np.abs(np.fft.rfft(load_scene(copy).echo.response, 1600))  # 10 Hz each
    assert spectrum[:300] == pytest.approx(np.full(300, 0.5), rel=0.02)


def test_words_that_yaml_takes_for_something_else_are_words(made_up: Path, tmp_path: Path) -> None:
    copy = _altered(made_up, tmp_path, {"agent": []})
    line = "{at_s: 1, audio: agent-0.wav, text: %s, words: [[0.0, .2, on], [.2, 1, 12:30], [1, 2, 007], [2, 3, ~]]}"
    text = (copy / "scene.yaml").read_text().replace("agent: []", f"agent: [{line % 'No'}, {line % '~'}]")
    (copy / "scene.yaml").write_text(re.sub("^name: .*$", "name: Yes", text, flags=re.MULTILINE))
    scene = load_scene(copy)
    assert scene.name == "Yes"
    assert [line.text for line in scene.agent] == ["No", ""]
    assert [word.text for word in scene.agent[1].words] == ["on", "12:30", "007", ""]


def test_all_faults_are_named_at_once(made_up: Path, tmp_path: Path) -> None:
    copy = _altered(
        made_up,
        tmp_path,
        {
            "format": 2,
            "sample_rate_hz": 8000,
            "duration_s": "long",
            "near": "nowhere.wav",
            "agent": [{"at_s": -1, "audio": "agent-0.wav"}, {"at_s": 2, "words": [1]}, "hello"],
            "echo": {"path": "ir.wav", "delay_ms": 3, "change": 7},
        },
    )
    with pytest.raises(SceneError) as caught:
        load_scene(copy)
    message = str(caught.value)
    for where in (
        "10 problems",
        "format",
        "sample_rate_hz",
        "duration_s",
        "near",
        "nowhere.wav",
        "agent[0].at_s",
        "agent[1].audio",
        "agent[1].words",
        "agent[2]",
        "echo.delay_ms",
        "echo.change",
    ):
        assert where in message
    assert len(message.splitlines()) == 11
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("number", ["1.0e+308", ".inf", ".nan", "1.0e+9", "0x" + 5000 * "1"])
@pytest.mark.parametrize("key", ["duration_s", "agent[0].at_s", "echo.delay_ms", "echo.change.at_s"])
def test_a_number_beyond_any_scene_is_a_fault_of_its_key(made_up: Path, tmp_path: Path, key: str, number: str) -> None:
    wrong = {each: "BEYOND" if each == key else 1 for each in ("duration_s", "agent[0].at_s", "echo.change.at_s")}
    change = {"at_s": wrong["echo.change.at_s"], "path": "ir.wav"}
    delay_ms = "BEYOND" if key == "echo.delay_ms" else 40
    changes: dict[str, object] = {
        "duration_s": wrong["duration_s"],
        "agent": [{"at_s": wrong["agent[0].at_s"], "audio": "agent-0.wav"}],
        "echo": {"path": "ir.wav", "delay_ms": delay_ms, "change": change},
    }
    copy = _altered(made_up, tmp_path, changes)
    file = copy / "scene.yaml"
    file.write_text(file.read_text().replace("BEYOND", number))
    with pytest.raises(SceneError) as caught:
        load_scene(copy)
    head, told = str(caught.value).splitlines()
    assert head == f"{copy}: 1 problem"
    assert re.fullmatch(rf"  {re.escape(key)}  .{{1,30}}; give a number from [\d.]+ to \d+", told)


def test_a_number_that_python_does_not_read_and_a_nul_are_faults_of_the_scene(made_up: Path, tmp_path: Path) -> None:
    copy = _altered(made_up, tmp_path, {"near": "a\0b"})
    with pytest.raises(SceneError, match="near  holds a NUL"):
        load_scene(copy)
    (copy / "scene.yaml").write_text(f"duration_s: {5000 * '1'}")
    with pytest.raises(SceneError, match="cannot be read"):
        load_scene(copy)


def test_a_damaged_sound_file_is_a_fault_of_the_scene(made_up: Path, tmp_path: Path) -> None:
    copy = _altered(made_up, tmp_path, {})
    (copy / "agent-1.wav").write_bytes((copy / "agent-1.wav").read_bytes()[:5000])
    with pytest.raises(SceneError, match=r"agent\[1\]\.audio .*cut short"):
        load_scene(copy)


def test_a_near_that_ends_early_is_a_fault(made_up: Path, tmp_path: Path) -> None:
    with pytest.raises(SceneError, match=r"lasts 40 s, the scene 41 s"):
        load_scene(_altered(made_up, tmp_path, {"duration_s": 41}))


@pytest.mark.parametrize("content", [None, "a: [", "- 1\n- 2\n", b"\xff\xfe\x00"])
def test_no_scene_there(tmp_path: Path, content: str | bytes | None) -> None:
    if content is not None:
        (tmp_path / "scene.yaml").write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(SceneError, match=r"scene\.yaml"):
        load_scene(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        None,
        "[",
        '{"kind": 1}',
        '[{"kind": "sneeze", "start_s": 1, "end_s": 2}]',
        '[{"kind": "noise", "start_s": 1, "end_s": Infinity}]',
        '[{"kind": "noise", "start_s": 2, "end_s": 1}]',
        '[{"kind": "noise", "start_s": -1, "end_s": 1}]',
        "[3]",
    ],
)
def test_a_wrong_truth_is_one_clear_error(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "truth.json").write_text(content)
    with pytest.raises(SceneError, match=r"truth\.json"):
        read_truth(tmp_path)


def test_truth_is_read_as_an_editor_of_windows_writes_it(tmp_path: Path) -> None:
    text = '[{"kind": "noise", "start_s": 1, "end_s": 2, "text": "T\u00fcr"}]'
    (tmp_path / "truth.json").write_text(text, encoding="utf-8-sig")
    assert [event.text for event in read_truth(tmp_path)] == ["T\u00fcr"]


def test_truth_is_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "truth.json").write_text(
        '[{"kind": "noise", "start_s": 2.5, "end_s": 3, "style": "x"},'
        ' {"kind": "command", "start_s": 1, "end_s": 2, "text": "stop"},'
        ' {"kind": "noise", "start_s": 0, "end_s": 0, "text": null}]'
    )
    assert read_truth(tmp_path) == (
        Happening(Kind.NOISE, 0, 0),
        Happening(Kind.COMMAND, RATE, 2 * RATE, "stop"),
        Happening(Kind.NOISE, 40_000, 48_000, "", "x"),
    )


def _altered(scene: Path, tmp_path: Path, changes: dict[str, object]) -> Path:
    copy = tmp_path / "copy"
    shutil.copytree(scene, copy)
    document = yaml.safe_load((copy / "scene.yaml").read_text(encoding="utf-8"))
    (copy / "scene.yaml").write_text(yaml.safe_dump(document | changes), encoding="utf-8")
    return copy
