"""Piper: a stand-in with its command line, and Piper itself with a made-up voice where it is installed."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from shutil import which
from threading import Event, Thread

import numpy as np
import pytest

from edgeagent import settings
from edgeagent.errors import ServiceError
from edgeagent.services import piper_talker
from edgeagent.services.child import Child
from edgeagent.services.piper_talker import PiperTalker
from tests.services.leftovers import children
from tests.services.talkers import piper, piper_voice

Eventually = Callable[[Callable[[], object]], None]


def test_the_next_process_is_ready_before_it_is_needed(tmp_path: Path, eventually: Eventually) -> None:
    talker = piper(tmp_path, "whole")
    before = talker._spare
    assert before is not None
    sound = np.concatenate(list(talker.say("Twenty characters.")))
    assert sound.size == pytest.approx(18 * 800, abs=200)
    after = talker._spare
    assert after is not None
    assert after is not before
    talker.close()
    eventually(lambda: not children())


def test_a_process_that_died_while_it_waited_is_replaced(tmp_path: Path, eventually: Eventually) -> None:
    talker = piper(tmp_path, "whole")
    spare = talker._spare
    assert spare is not None
    os.kill(spare.pid, signal.SIGKILL)
    eventually(lambda: spare.status() is not None)
    assert list(talker.say("Hello."))
    talker.close()


def test_lines_and_blanks_are_one_utterance(tmp_path: Path) -> None:
    talker = piper(tmp_path, "whole")
    assert sum(map(len, talker.say("One\n two\r\n"))) == pytest.approx(7 * 800, abs=200)
    assert list(talker.say(" \n")) == []
    talker.close()


def test_the_pace_is_that_of_the_setting(tmp_path: Path) -> None:
    talker = PiperTalker(replace(piper_voice(tmp_path, "whole"), words_per_minute=330))
    assert sum(map(len, talker.say("Twenty characters.."))) == pytest.approx(10 * 800, abs=900)
    talker.close()


def test_the_pace_changes_from_the_next_sentence_on(tmp_path: Path, eventually: Eventually) -> None:
    with closing(piper(tmp_path, "whole")) as talker:
        lengths = []
        for rate in (1.0, 0.5, 0.5, 1.0):
            talker.pace(rate)
            lengths.append(sum(map(len, talker.say("Twenty characters.."))))
        assert lengths == pytest.approx([15_200, 30_400, 30_400, 15_200], abs=900)
    eventually(lambda: not children())


def test_the_pace_waits_for_no_process_that_is_being_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine's thread changes it. What was started at the old pace says nothing at the new one."""
    starting, may = Event(), Event()

    def slowly(argv: list[str]) -> Child:
        starting.set()
        may.wait(10)
        return Child(argv)

    with closing(piper(tmp_path, "whole")) as talker:
        monkeypatch.setattr(piper_talker, "Child", slowly)
        said: list[float] = []
        speaking = Thread(target=lambda: said.extend(map(len, talker.say("Twenty characters.."))))
        speaking.start()
        assert starting.wait(10)
        pacing = Thread(target=talker.pace, args=(0.5,))
        pacing.start()
        pacing.join(5)
        waited = pacing.is_alive()
        may.set()
        speaking.join(10)
        assert not waited
        assert sum(said) == pytest.approx(15_200, abs=900)
        assert sum(map(len, talker.say("Twenty characters.."))) == pytest.approx(30_400, abs=900)


def test_one_that_refuses_its_voice_says_why(tmp_path: Path) -> None:
    talker = piper(tmp_path, "refuses")
    with pytest.raises(ServiceError, match="status 1; ValueError: Unable to load the voice"):
        list(talker.say("Hello."))
    talker.close()


@pytest.mark.parametrize(
    ("about", "told"),
    [
        ("", "describes no voice"),
        ("{}", "describes no voice"),
        ('{"audio": {"sample_rate": "fast"}}', "a rate of 'fast'"),
        ('{"audio": {"sample_rate": 0}}', "a rate of 0"),
        (None, "there is no file"),
    ],
)
def test_a_voice_that_is_none_is_refused_at_the_start(about: str | None, told: str, tmp_path: Path) -> None:
    wanted = piper_voice(tmp_path, "whole")
    file = tmp_path / "voice.onnx.json"
    if about is None:
        file.unlink()
    else:
        file.write_text(about)
    with pytest.raises(ServiceError, match=told) as refused:
        PiperTalker(wanted)
    assert refused.value.remedy


def test_without_piper_the_remedy_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    there = re.escape(str(Path(sys.executable).parent))
    with pytest.raises(ServiceError, match=f"{there}.* -m pip install piper-tts, .* talker.command: {there}/piper$"):
        PiperTalker(replace(piper_voice(tmp_path, "whole"), command=""))


def made_up_voice(folder: Path) -> Path:
    """A network with a Piper voice's inputs and output: 256 samples of one level for each phoneme."""
    onnx = pytest.importorskip("onnx")
    helper, number, real = onnx.helper, onnx.TensorProto.INT64, onnx.TensorProto.FLOAT
    inputs = [("input", number, [1, "phonemes"]), ("input_lengths", number, [1]), ("scales", real, [3])]
    constants = [("frame", number, [1], [256]), ("shape", number, [3], [1, 1, -1]), ("level", real, [1], [0.25])]
    nodes = [
        helper.make_node("Cast", ["input"], ["wave"], to=real),
        helper.make_node("Mul", ["input_lengths", "frame"], ["length"]),
        helper.make_node("Expand", ["level", "length"], ["flat"]),
        helper.make_node("ReduceMax", ["wave"], ["largest"], keepdims=0),
        helper.make_node("Mul", ["largest", "zero"], ["nothing"]),
        helper.make_node("Add", ["flat", "nothing"], ["used"]),
        helper.make_node("ReduceMax", ["scales"], ["scale"], keepdims=0),
        helper.make_node("Mul", ["scale", "zero"], ["nothing2"]),
        helper.make_node("Add", ["used", "nothing2"], ["used2"]),
        helper.make_node("Reshape", ["used2", "shape"], ["output"]),
    ]
    kept = [helper.make_tensor(*constant) for constant in constants] + [helper.make_tensor("zero", real, [], [0.0])]
    graph = helper.make_graph(
        nodes,
        "voice",
        [helper.make_tensor_value_info(*one) for one in inputs],
        [helper.make_tensor_value_info("output", real, [1, 1, None])],
        kept,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    path = folder / "made-up.onnx"
    onnx.save(model, str(path))
    letters = {letter: [n] for n, letter in enumerate("_^$ abcdefghijklmnopqrstuvwxyzH.,")}
    about = {
        "audio": {"sample_rate": 22_050},
        "espeak": {"voice": "en-us"},
        "inference": {"noise_scale": 0.0, "length_scale": 1.0, "noise_w": 0.0},
        "phoneme_type": "text",
        "phoneme_id_map": letters,
        "num_symbols": len(letters),
        "num_speakers": 1,
        "speaker_id_map": {},
    }
    (folder / "made-up.onnx.json").write_text(json.dumps(about))
    return path


@pytest.mark.skipif(which("piper") is None, reason="piper is not installed")
def test_piper_itself_speaks_and_ends(tmp_path: Path, eventually: Eventually) -> None:
    wanted = settings.Talker(kind="piper", model=str(made_up_voice(tmp_path)), stall_ms=30_000)
    with closing(PiperTalker(wanted)) as talker:
        for _ in range(2):
            short, long = (sum(map(len, talker.say(text))) for text in ("Hello.", "Hello hello hello."))
            assert 0 < short < long
        talk = talker.say("Hello.")
        talk.cancel()
        assert list(talk) == []
    eventually(lambda: not children())
