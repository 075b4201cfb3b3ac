"""The lines on the terminal."""

from __future__ import annotations

from colorsys import rgb_to_hsv
from dataclasses import fields

import pytest

from edgeagent.devices.lights import LOOKS as LAMPS
from edgeagent.devices.lights import RGB
from edgeagent.report.palette import LOOKS
from edgeagent.report.timeline import Entry, Timeline, lines, remark, shortened
from edgeagent.turn import events as e
from edgeagent.turn.colours import Colour
from edgeagent.turn.naming import name
from edgeagent.turn.outputs import Light
from edgeagent.units import RATE
from tests.report.made_up import JOURNAL, entry, state

EXPECTED = """\
  0.00 s  IDLE         listening                                            lamp green
  1.00 s  SPEAKING     "One two three <b>four</b> & five six."              lamp white
  2.25 s  DOUBTING     sound from 2.12 s                                    lamp amber
  2.75 s  SPEAKING     false alarm; speaks on                               lamp white
  5.50 s  DOUBTING     sound from 5.44 s                                    lamp amber
  6.00 s  YIELDING     interruption; stopped                                lamp cyan, blinking
  6.02 s               heard 4 of 6 words: "One two three <b>four</b>"
  8.00 s  THINKING     turn ended at 7.30 s                                 lamp blue
  8.00 s               handed over the turn from 4.94 s to 7.30 s
  9.00 s               never_heard_of text=<script>alert("x")</script> value=None
"""


def test_the_made_up_run_reads_like_this() -> None:
    assert "\n".join(lines(JOURNAL)) + "\n" == EXPECTED


@pytest.mark.parametrize("columns", [79, 80, 100])
def test_a_line_fits_into_the_terminal(columns: int) -> None:
    journal = [
        *JOURNAL[:-1],
        entry(
            9, "heard_words", heard=26, of=51, text_heard="from platform nine. You change once, " * 4, estimated=True
        ),
    ]
    timeline = Timeline(columns=columns)
    told = [line for each in journal if (line := timeline.line(each)) is not None]
    assert max(map(len, told)) <= columns
    assert len(told) == len(EXPECTED.splitlines())
    assert any("false alarm; speaks on  " in line for line in told)


def test_colour_only_when_asked() -> None:
    plain, coloured = list(lines(JOURNAL)), list(lines(JOURNAL, colour=True))
    assert not any("\x1b" in line for line in plain)
    assert coloured[2] == f"\x1b[33m{plain[2]}\x1b[0m"
    assert coloured[6] == plain[6]


KINDS = [kind for kind in vars(e).values() if isinstance(kind, type) and issubclass(kind, e.Event | e.Fact)]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in (e.Event, e.Fact)])
def test_whatever_the_engine_is_told_is_told_in_words_or_not_at_all(kind: type) -> None:
    called = name(object.__new__(kind))
    facts = {field.name: 1 for field in fields(kind) if field.name != "at"}
    told = "".join(lines([entry(1, called, **facts)]))
    assert not told.endswith(called)
    assert not any(f"{fact}=" in told for fact in facts)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (entry(1, "recording", folder="/records"), "records all that it hears and says in: /records"),
        (entry(1, "discarded", samples=3), "samples that were no numbers, and were heard as silence: 3"),
        (entry(1, "hints_lost", refused=2, dropped=30), "hints that were lost: 2 were none, 30 came too fast"),
    ],
)
def test_what_happens_beside_is_told_in_words(told: Entry, said: str) -> None:
    assert remark(told) == said


def test_a_stop_taken_back_tells_from_where_it_goes_on() -> None:
    journal = [
        entry(1, "scripted", utterance=4, text="A sentence."),
        entry(3, "judged", verdict="false_alarm"),
        state(3, "yielding", "speaking"),
        entry(3, "action", action="play", utterance=4, offset=8000),
    ]
    assert [line.split("lamp")[0].strip() for line in lines(journal)] == [
        '3.00 s  SPEAKING     false alarm; goes on from 0.50 s of "A sentence."'
    ]


def test_faults_and_losses_are_told_and_cannot_steer_the_terminal() -> None:
    journal = [
        entry(1, "microphone_failed", reason="all zeros"),
        state(1, "idle", "mic_lost"),
        entry(2, "lost", kind="overflow", frames=160),
        entry(3, "reply_failed", utterance=1, reason="died\x1b[2J\n"),
    ]
    assert list(lines(journal)) == [
        "  1.00 s  MIC LOST     all zeros                                            lamp red, two blinks",
        "  2.00 s               10 ms of the microphone were lost: the program was held up",
        "  3.00 s               the reply failed: died [2J ",
    ]


def test_what_happens_beside_the_decisions_is_told_in_words() -> None:
    rights = {"scheduler": "normal", "memory_locked": False, "collector": "frozen", "switch_ms": 0.5}
    journal = [
        entry(0, "realtime", **rights),
        entry(0, "realtime", **rights | {"scheduler": "fifo", "memory_locked": True}),
        entry(1, "lost", kind="no_frames", frames=3226, shift=0),
        entry(1, "outage", frames=480_000),
        entry(2, "lost", kind="underflow", frames=0, shift=0),
        entry(3, "lost", kind="drift", frames=0, shift=-3),
        entry(5, "kept", turn=1, wav="turns/turn-001.wav"),
        entry(5, "recognised", turn=1, text="tea, please"),
        entry(6, "turn_trouble", turn=1, text="'hook' ended with status 1"),
        entry(7, "journal_lost", entries=12),
        entry(8, "words", text="yeah but"),
        entry(8, "words", text=""),
        entry(9, "word_spotter", heard_s=12.3, busy_s=1.44, dropped_s=0.0, died=0, stalled=0),
        entry(9, "word_spotter", heard_s=9.0, busy_s=8.0, dropped_s=2.5, died=1, stalled=1),
    ]
    told = [line.partition(" s ")[2].strip() for line in lines(journal)]
    assert told == [
        "no real-time priority, memory not locked: `edgeagent check` tells how",
        "real-time priority, memory locked",
        "the microphone gave nothing for 202 ms",
        "the microphone gave nothing for 30.0 s in all",
        "the loudspeaker ran out of sound for a moment",
        "the loudspeaker is now 3 samples earlier",
        "the turn is kept in turns/turn-001.wav",
        'understood: "tea, please"',
        "trouble with a turn: 'hook' ended with status 1",
        "12 entries of the journal are lost",
        'a word: "yeah but"',
        "no word after all",
        "listened for words: 12.3 s of sound, 1.4 s of computing",
        "listened for words: 9.0 s of sound, 8.0 s of computing; 2.5 s left out, too slow; lost its process 2 times",
    ]


def test_a_device_that_hears_less_well_says_so_and_its_lamp_winks() -> None:
    journal = [
        state(1, "starting", "idle"),
        entry(2, "shed", level=1),
        entry(2, "shed", level=3),
        entry(2, "impaired", by=["slow"]),
        entry(3, "speech_started", onset=2 * 16_000),
        entry(3, "ear_upset", blind=3, failed=0, reason=""),
        state(3, "idle", "hearing"),
        state(4, "hearing", "muted"),
        entry(5, "ear_upset", blind=0, failed=1, reason="near-end model gives what is no number"),
        entry(6, "ear_failed", reason="near-end model gives what is no number"),
        entry(7, "impaired", by=[]),
        entry(8, "shed", level=0),
        state(8, "muted", "idle"),
    ]
    told = [line.partition(" s ")[2].strip() for line in lines(journal)]
    assert told == [
        "IDLE         listening                                            lamp green",
        "the machine is too slow for the sound: the hints of words left out",
        "the machine is too slow for the sound: the hints of words, every second backchannel answer, "
        "the suppression of residual echo left out",
        "the lamp winks red: the machine is too slow",
        "3 steps of sound were no numbers and were not heard",
        "HEARING      sound from 2.00 s                                    lamp cyan + red winks",
        "MUTED        by the button                                        lamp red, rare flashes",
        "a model failed and begins anew (near-end model gives what is no number)",
        "the ear goes by simple rules from now on: near-end model gives what is no number",
        "the lamp winks no more: it hears as well as it can",
        "the machine keeps up with the sound: nothing is left out",
        "IDLE         listening                                            lamp green",
    ]


def test_the_lamp_told_is_the_lamp_shown() -> None:
    for light, lamp in LAMPS.items():
        told = LOOKS[light.value]
        name = told.lamp.partition(",")[0]
        assert RGB[Colour(name)] == lamp.colour, light
        hue, saturation = hue_of(told.fill)
        if name == "white":
            assert saturation < 0.1, light
        else:
            apart = abs(hue - rgb_to_hsv(*lamp.colour)[0])
            assert min(apart, 1 - apart) < 0.13, light  # pastels of 47 degrees at most: the page needs dark ink on them


def hue_of(css: str) -> tuple[float, float]:
    hue, saturation, _ = rgb_to_hsv(*(int(css[i : i + 2], 16) / 255 for i in (1, 3, 5)))
    return hue, saturation


def test_the_card_is_told_of_only_when_something_went_wrong() -> None:
    journal = [
        entry(1, "card", overflows=0, worse={}),
        entry(2, "card", overflows=2, worse={"overflows": 2, "reference_holes": 160.0}),
        entry(3, "card", overflows=2, drift_ppm=41.5, worse={}),
    ]
    assert list(lines(journal)) == ["  2.00 s               trouble with the sound: 2 overflows, 160 reference holes"]


def test_every_light_has_a_look_of_its_own() -> None:
    assert set(LOOKS) == {light.value for light in Light}
    assert len({look.fill for look in LOOKS.values()}) == len({look.lamp for look in LOOKS.values()}) == len(LOOKS)
    assert max(len(look.lamp) for look in LOOKS.values()) <= 19  # the line fits into 100 columns


def test_text_is_shortened_at_the_end_asked_for() -> None:
    assert shortened("one two three", 20) == "one two three"
    assert shortened("one two three four", 10) == "one two t…"
    assert shortened("one two three four", 12, ending=True) == "…three four"


def test_what_the_shadow_would_have_done_is_told_with_what_was_done() -> None:
    did = {"outcome": "stopped", "ducked": RATE, "stopped": 2 * RATE}
    held, nothing = {"outcome": "held", "ducked": RATE}, {"outcome": "nothing"}
    told = [
        remark({"event": "shadow", "at": 0, "onset": 0, "live": live, "shadow": shadow})
        for live, shadow in ((did, held), (nothing, did), (held, {**did, "outcome": "taken_back"}), ({}, "?"))
    ]
    assert told == [
        "stopped at 2.00 s; the shadow would only lower its voice at 1.00 s",
        "did nothing; the shadow would stop at 2.00 s",
        "lowered its voice at 1.00 s; the shadow would stop and go on at 2.00 s",
        "did ?; the shadow would do ?",
    ]


def test_what_people_want_of_our_voice_and_memory_reads_like_this() -> None:
    assert remark(entry(0, "volume", by="louder", percent=75)) == "louder: volume 75 %"
    assert remark(entry(0, "pace", by="interrupted", percent=85)) == "interrupted: pace 85 %"
    assert remark(entry(0, "volume_trouble", text="no such control")) == "trouble with the volume: no such control"
    assert remark(entry(0, "talk_forgotten")) == "forgets what was said"
