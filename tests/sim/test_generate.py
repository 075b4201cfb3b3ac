"""Generated scenes keep the format's rules, their conditions, and their bits."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from edgeagent.errors import SceneError
from edgeagent.ports import Sound
from edgeagent.signal.wav import read_wav, write_wav
from edgeagent.sim.acoustics import Model
from edgeagent.sim.folder import write_scene
from edgeagent.sim.generate import VALUES, Conditions, conditions, generate
from edgeagent.sim.mix import active_rms
from edgeagent.sim.person import Encounter, Remark, encounter
from edgeagent.sim.room import Echo
from edgeagent.sim.scene import Line, load_scene
from edgeagent.sim.truth import USER, Kind, read_truth
from edgeagent.sim.voices import Cast, Clip, from_folder, from_speech, from_table
from edgeagent.units import CARD_BLOCK, RATE, samples
from tests.sim.made_up import speechlike


def say(voice: str, text: str) -> Sound:
    """Noise in the rhythm of speech, one letter for 60 ms, with silence around it; the same for the same words."""
    rng = np.random.default_rng([*voice.encode(), *text.encode()])
    silence = np.zeros(800, np.float32)
    return np.concatenate((silence, speechlike(rng, samples(60) * len(text)), silence))


@pytest.fixture(scope="module")
def cast() -> Cast:
    return from_speech(say, "device", ("anna", "bert"))


@pytest.fixture(scope="module")
def scenes(cast: Cast) -> list[tuple[Encounter, Conditions]]:
    return list(generate(cast, 8, seed=3))


def test_conditions_are_balanced() -> None:
    made = conditions(24, seed=7)
    for field in fields(Conditions):
        counts = Counter(getattr(condition, field.name) for condition in made)
        wanted = Counter(VALUES[field.name])
        for value, times in wanted.items():
            assert abs(counts[value] / 24 - times / len(VALUES[field.name])) <= 1 / 24 + 1e-9
    assert conditions(24, seed=7) == made != conditions(24, seed=8)


def test_scenes_keep_the_rules_of_the_format(scenes: list[tuple[Encounter, Conditions]]) -> None:
    for made, _ in scenes:
        scene = made.scene
        assert scene.near.size == scene.length == made.clean.size == 40 * RATE
        assert len(scene.agent) >= 3
        ends = [line.at + line.sound.size for line in scene.agent]
        assert all(line.at >= end for line, end in zip(scene.agent[1:], ends, strict=False))
        assert ends[-1] <= scene.length
        for event in made.truth:
            line = max((line for line in scene.agent if line.at <= event.start), key=lambda line: line.at)
            assert samples(800) <= event.start - line.at <= line.sound.size - samples(500)
            assert event.end - event.start <= samples(5000)
            assert event.end + samples(1500) <= scene.length  # or no turn in it could be handed on
            if event.kind in USER:
                assert not any(event.start <= line.at < event.end + samples(700) for line in scene.agent)
        assert scene.echo.delay >= 160
        assert list(made.truth) == sorted(made.truth, key=lambda event: event.start)


def test_all_kinds_of_event_occur(scenes: list[tuple[Encounter, Conditions]]) -> None:
    assert {event.kind for made, _ in scenes for event in made.truth} == set(Kind)


def test_events_begin_where_the_truth_says(scenes: list[tuple[Encounter, Conditions]]) -> None:
    for made, _ in scenes:
        for event in made.truth:
            if event.kind in USER:
                assert np.abs(made.clean[event.start - 1600 : event.start - 16]).max() < 1e-4
                assert np.abs(made.clean[event.start : event.start + 1600]).max() > 5e-3


def test_the_echo_is_as_loud_as_asked(scenes: list[tuple[Encounter, Conditions]]) -> None:
    for made, condition in scenes[:3]:
        clear = next(line for line in made.scene.agent if line.at + 5 * RATE < made.scene.length)
        echo = Echo(made.scene.echo, made.scene.length)
        speaker = np.zeros(clear.at + clear.sound.size + RATE, np.float32)
        speaker[clear.at : clear.at + clear.sound.size] = clear.sound
        sound = np.concatenate([echo.block(speaker[a : a + CARD_BLOCK]) for a in range(0, speaker.size, CARD_BLOCK)])
        level = 20 * np.log10(active_rms(sound[clear.at :]))
        loss = 9 if condition.saturation else 3  # the soft clip takes some
        assert -27 + condition.echo_to_near_db - loss < level < -27 + condition.echo_to_near_db + 3


def test_nothing_is_said_twice_in_a_line_while_there_is_something_else() -> None:
    """Lines of several short clips, of which there are seven."""
    texts = [f"short clip number {n}" for n in range(7)]
    clips = [Clip(partial(say, "device", text), text) for text in texts]
    short = Cast(clips, {kind: [] for kind in Kind} | {Kind.INTERRUPTION: clips[:1]})
    lines = [line for made, _ in generate(short, 2, seed=5) for line in made.scene.agent]
    assert lines
    for line in lines:
        counts = [line.text.count(text) for text in texts]
        assert sum(counts) > 1
        assert max(counts) == 1


def test_no_two_lines_of_a_scene_hold_the_same_clip_while_there_is_something_else() -> None:
    """The scorer finds by its sound what was played. Twelve sentences are more than a scene of this length needs."""
    texts = [
        f"the sentence with the letter {letter}, which is as long as a line of a scene has to be"
        for letter in "abcdefghijkl"
    ]
    cast = Cast([Clip(partial(say, "device", text), text) for text in texts], {kind: [] for kind in Kind})
    cast.events[Kind.INTERRUPTION] = [Clip(partial(say, "user", "wait"), "wait")]
    for made, _ in generate(cast, 6, seed=5):
        said = [line.text for line in made.scene.agent]
        assert set(said) <= set(texts)
        assert len(said) == len(set(said)) > 1


def test_no_line_of_a_scene_begins_as_another_does_while_there_is_something_else() -> None:
    """ "So did you drive here" and the same with "this morning" behind it: one voice says both alike."""
    stems = [f"the sentence with the letter {letter}, which is nearly as long as a line" for letter in "abcdefghijklmn"]
    texts = [stem + end for stem in stems for end in ("", " of a scene has to be")]
    cast = Cast([Clip(partial(say, "device", text), text) for text in texts], {kind: [] for kind in Kind})
    cast.events[Kind.INTERRUPTION] = [Clip(partial(say, "user", "wait"), "wait")]
    for made, _ in generate(cast, 6, seed=5):
        begun = [stem for line in made.scene.agent for stem in stems if stem in line.text]
        assert len(begun) == len(set(begun)) > 1


def test_who_has_one_sentence_says_it_again() -> None:
    cast = Cast([Clip(partial(say, "device", "all there is"), "all there is")], {kind: [] for kind in Kind})
    cast.events[Kind.INTERRUPTION] = [Clip(partial(say, "user", "wait"), "wait")]
    made, _ = next(iter(generate(cast, 1, seed=5)))
    assert all(line.text.count("all there is") > 1 for line in made.scene.agent)


def test_the_device_s_pauses_are_no_digital_silence() -> None:
    """The scorer takes that for silence of the device: a stop in such a pause counted as one before it."""
    texts = [f"short clip number {n}" for n in range(7)]
    short = Cast([Clip(partial(say, "device", text), text) for text in texts], {kind: [] for kind in Kind})
    short.events[Kind.INTERRUPTION] = [Clip(partial(say, "user", "wait"), "wait")]
    made, _ = next(iter(generate(short, 1, seed=5)))
    for line in made.scene.agent:
        sounding = np.flatnonzero(line.sound)
        assert np.diff(sounding).max() < samples(2)
        level = [
            10 * np.log10(np.mean(piece**2)) for piece in np.array_split(line.sound, line.sound.size // samples(50))
        ]
        assert -90 < min(level) < -84


def test_the_same_seed_gives_the_same_bits(
    cast: Cast, scenes: list[tuple[Encounter, Conditions]], tmp_path: Path
) -> None:
    again, _ = next(iter(generate(cast, 8, seed=3)))
    for number, made in enumerate((again, scenes[0][0])):
        write_scene(tmp_path / str(number), made.scene, made.truth, made.clean)
    files = sorted(path.name for path in (tmp_path / "0").iterdir())
    assert {"scene.yaml", "near.wav", "near_clean.wav", "ir.wav", "truth.json", "agent-0.wav"} <= set(files)
    for name in files:
        assert (tmp_path / "0" / name).read_bytes() == (tmp_path / "1" / name).read_bytes(), name
    other, _ = next(iter(generate(cast, 8, seed=4)))
    assert not np.array_equal(other.scene.near, again.scene.near)


def test_a_written_scene_is_read_back(scenes: list[tuple[Encounter, Conditions]], tmp_path: Path) -> None:
    for made, condition in scenes:
        if condition.path_changes:
            write_scene(tmp_path, made.scene, made.truth, made.clean)
            again = load_scene(tmp_path)
            assert again.echo.change is not None
            np.testing.assert_array_equal(again.near, made.scene.near)
            assert again.echo.delay == pytest.approx(made.scene.echo.delay)
            assert read_truth(tmp_path) == made.truth
            return
    pytest.fail("no scene with a path change")


def test_image_rooms_work_with_the_extra(cast: Cast) -> None:
    pytest.importorskip("pyroomacoustics")
    made, _ = next(iter(generate(cast, 1, model=Model.IMAGE, duration_s=12.0)))
    assert np.isfinite(made.scene.echo.response).all()


def test_a_table_of_recordings(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for name in ("long", "many"):
        write_wav(tmp_path / f"{name}.wav", speechlike(rng, 6 * RATE))
    (tmp_path / "clips.csv").write_text(
        "path,kind,text,start_s,end_s,colour\n"
        "long.wav,agent,hello there,,,red\n"
        "many.wav,near,Stop!,0.5,1.0,\n"
        "many.wav,near,uh-huh,1.0,1.4,\n"
        "many.wav,near,what about the other one,2.0,3.5,\n"
        "many.wav,near,bed,4.0,4.5,\n"
        "many.wav,far_speech,,5.0,6.0,\n"
        "many.wav,rir,,,,\n",
        encoding="utf-8-sig",  # as a spreadsheet writes it
    )
    cast = from_table(tmp_path / "clips.csv")
    assert [clip.text for clip in cast.device] == ["hello there"]
    assert {kind: len(clips) for kind, clips in cast.events.items()} == {
        Kind.INTERRUPTION: 1,
        Kind.COMMAND: 1,
        Kind.BACKCHANNEL: 1,
        Kind.NOISE: 0,
        Kind.FAR_SPEECH: 1,
    }
    assert cast.events[Kind.COMMAND][0].load().size == RATE // 2
    styles = [cast.events[kind][0].style for kind in (Kind.INTERRUPTION, Kind.COMMAND, Kind.BACKCHANNEL)]
    assert styles == ["phrase", "word", "hum"]


@pytest.mark.parametrize(
    ("active", "first", "last"),
    [
        ("0.5-0.9", 0.5, 0.9),
        ("0.1-0.13;0.5-0.9;1.2-1.5", 0.5, 1.5),
        ("0.5-0.9;1.2-1.24", 0.5, 0.9),
        ("0.1-0.13", 0.1, 0.13),
        ("0.0-9.0", 0.05, 1.95),
        ("", 0.05, 1.95),
    ],
)
def test_what_is_before_the_voice_is_cut_off_however_loud_it_is(
    tmp_path: Path, active: str, first: float, last: float
) -> None:
    sound = speechlike(np.random.default_rng(1), 2 * RATE)
    write_wav(tmp_path / "a.wav", sound)
    row = f"path,kind,start_s,end_s,active\na.wav,agent,,,\na.wav,command,0.05,1.95,{active}\n"
    (tmp_path / "clips.csv").write_text(row)
    clip = from_table(tmp_path / "clips.csv").events[Kind.COMMAND][0].load()
    np.testing.assert_array_equal(clip, read_wav(tmp_path / "a.wav")[round(first * RATE) : round(last * RATE)])


def test_of_a_recording_whose_length_the_table_does_not_tell_it_is_measured(tmp_path: Path) -> None:
    """Sentences of users are interruptions each by itself, and not single words to be put in a row."""
    rng = np.random.default_rng(1)
    for name, lasts in (("long", 5.0), ("said", 1.5), ("brief", 0.5)):
        write_wav(tmp_path / f"{name}.wav", speechlike(rng, round(lasts * RATE)))
    texts = ("wait, not that one", "how long is it", "and tomorrow evening", "")
    rows = ["long.wav,agent,,bo", *(f'said.wav,near,"{text}",ann' for text in texts), "brief.wav,near,,ann"]
    (tmp_path / "clips.csv").write_text("\n".join(["path,kind,text,speaker", *rows]))
    cast = from_table(tmp_path / "clips.csv")
    assert [clip.text for clip in cast.events[Kind.INTERRUPTION]] == list(texts)


def test_single_words_of_one_speaker_are_said_in_a_row(tmp_path: Path) -> None:
    sound = np.zeros(8 * RATE, np.float32)
    for second in range(8):  # each word is surrounded by silence
        sound[second * RATE + 4000 : second * RATE + 8000] = speechlike(np.random.default_rng(second), 4000)
    write_wav(tmp_path / "a.wav", sound)
    said = [("ann", word) for word in ("zero", "Five", "up.", "left", "no", "seven")]
    rows = [f"a.wav,near,{word},{at},{at + 1},{who},digits" for at, (who, word) in enumerate([*said, ("bo", "one")])]
    head = "path,kind,text,start_s,end_s,speaker,source"
    (tmp_path / "clips.csv").write_text("\n".join([head, "a.wav,agent,,,,,", *rows]))
    cast = from_table(tmp_path / "clips.csv")
    (phrase,) = cast.events[Kind.INTERRUPTION]  # of "left seven" and "one" too little is left
    assert (phrase.text, phrase.style) == ("zero five up", "phrase, digits")
    assert [clip.text for clip in cast.events[Kind.COMMAND]] == ["no"]
    assert phrase.load().size == pytest.approx(3 * 4000 + 2 * 1600, abs=6 * 320)


@pytest.mark.parametrize(
    ("kind", "row", "style"),
    [
        ("near", "yes,somewhere,", "word, somewhere"),
        ("near", "mm-hm.,somewhere,", "hum, somewhere"),
        ("command", "stop talking please,,", "phrase"),
        ("far_speech", "the news,radio,", "radio"),
        ("near", "Yes!,somewhere,whispered", "whispered"),
        ("noise", ",,", ""),
    ],
)
def test_the_style_of_a_recording_is_what_the_table_says_or_its_words(
    tmp_path: Path, kind: str, row: str, style: str
) -> None:
    path = tmp_path / "clips.csv"
    path.write_text(f"path,kind,text,source,style\na.wav,agent,,,\na.wav,interruption,,,\nb.wav,{kind},{row}\n")
    cast = from_table(path)
    clip = next(clips[-1] for key, clips in cast.events.items() if clips and key is not Kind.INTERRUPTION)
    assert clip.style == style


def test_the_truth_names_styles(scenes: list[tuple[Encounter, Conditions]]) -> None:
    events = [event for made, _ in scenes for event in made.truth]
    hums = {event.style for event in events if event.kind is Kind.BACKCHANNEL and event.text in ("mm-hm", "uh-huh")}
    assert "synthetic hum" in hums
    assert {event.style for event in events if event.kind is Kind.INTERRUPTION} == {"phrase, text-to-speech"}
    assert all(event.style for event in events if event.kind is not Kind.FAR_SPEECH)


def test_a_folder_of_recordings(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    (tmp_path / "backchannel").mkdir()
    for name, lasts in (("a.wav", 5.0), ("b.wav", 1.5), ("backchannel/c.wav", 4.0)):
        write_wav(tmp_path / name, speechlike(rng, round(lasts * RATE)))
    cast = from_folder(tmp_path)
    assert (len(cast.device), len(cast.events[Kind.INTERRUPTION]), len(cast.events[Kind.BACKCHANNEL])) == (1, 1, 1)
    assert len(list(generate(cast, 2, duration_s=15.0))) == 2


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("path,kind\n", "nothing for the device"),
        ("path,kind\nx.wav,agent\n", "no user turns"),
        ("file,kind\nx.wav,agent\n", "line 2"),
        ("kind,path\nagent,x.wav\ncommand\n", "line 3: names no file"),
        ("path,kind,start_s\nx.wav,agent,soon\n", "line 2"),
        ("path,kind,start_s,end_s\nx.wav,agent,1,inf\n", "line 2"),
        ("path,kind,start_s,end_s\nx.wav,agent,,1\ny.wav,near,2,1.5\n", "line 3: there is no sound from 2 s to 1.5 s"),
        ("path,kind,start_s\nx.wav,agent,-1\n", "line 2: there is no sound from -1 s"),
        ("path,kind,active\nx.wav,agent,0.2\n", "line 2"),
        ("path,kind,active\nx.wav,agent,0.2-soon\n", "line 2"),
        ("path,kind,active\nx.wav,agent,0.2-0.5-0.7\n", "line 2"),
    ],
)
def test_a_wrong_table_is_one_clear_error(tmp_path: Path, text: str, wrong: str) -> None:
    (tmp_path / "clips.csv").write_text(text)
    with pytest.raises(SceneError, match=wrong):
        from_table(tmp_path / "clips.csv")


def test_a_table_that_begins_behind_a_recording_is_one_clear_error(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", speechlike(np.random.default_rng(1), RATE))
    (tmp_path / "clips.csv").write_text("path,kind,start_s\na.wav,agent,\na.wav,interruption,1000\n")
    clip = from_table(tmp_path / "clips.csv").events[Kind.INTERRUPTION][0]
    with pytest.raises(SceneError, match=r"a\.wav: lasts 1 s, the table takes it from 1000 s on"):
        clip.load()


def test_a_clip_in_which_nothing_is_heard_is_one_clear_error(tmp_path: Path) -> None:
    """In a scene it would be somebody whom the device had missed."""
    sound = np.concatenate((speechlike(np.random.default_rng(1), 2 * RATE), np.zeros(2 * RATE, np.float32)))
    write_wav(tmp_path / "a.wav", sound)
    (tmp_path / "clips.csv").write_text("path,kind,start_s,end_s\na.wav,agent,,2\na.wav,command,2.5,3.5\n")
    cast = from_table(tmp_path / "clips.csv")
    with pytest.raises(SceneError, match=r"a\.wav: holds nothing but silence from 2\.5 s on"):
        cast.events[Kind.COMMAND][0].load()


def test_no_recordings_at_all(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="nothing for the device"):
        from_folder(tmp_path)
    with pytest.raises(SceneError, match="cannot be read"):
        from_table(tmp_path / "missing.csv")


def test_an_encounter_for_the_demo() -> None:
    story = Line(8000, say("device", "once upon a time there was a device that could be interrupted by everybody"))
    answer = Line(8000 + 130_000, say("device", "all right"))
    remarks = [
        Remark(Kind.BACKCHANNEL, 0, 20_000, say("anna", "uh-huh"), "uh-huh", -6.0),
        Remark(Kind.INTERRUPTION, 0, 48_000, say("anna", "wait, no"), "wait, no"),
    ]
    made = encounter([story, answer], remarks)
    assert [(e.kind, e.start, e.text) for e in made.truth] == [
        (Kind.BACKCHANNEL, 28_000, "uh-huh"),
        (Kind.INTERRUPTION, 56_000, "wait, no"),
    ]
    assert made.scene.length > answer.at + answer.sound.size + RATE
    before, during = made.scene.near[24_000:27_900], made.clean[56_000:60_000]
    assert active_rms(before.astype(np.float64)) < 1e-3
    assert 20 * np.log10(active_rms(during.astype(np.float64))) == pytest.approx(-26, abs=3)
    np.testing.assert_array_equal(encounter([story, answer], remarks).scene.near, made.scene.near)
