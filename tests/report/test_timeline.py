"""The lines on the terminal."""

from __future__ import annotations

from edgeagent.report.palette import LOOKS
from edgeagent.report.timeline import lines, shortened
from edgeagent.turn.outputs import Light
from tests.report.made_up import JOURNAL, entry, state

EXPECTED = """\
  0.00 s  IDLE         listening                                            lamp green
  1.00 s  SPEAKING     "One two three <b>four</b> & five six."              lamp white
  2.25 s  DOUBTING     sound from 2.12 s                                    lamp amber
  2.75 s  SPEAKING     false alarm; speaks on                               lamp white
  5.50 s  DOUBTING     sound from 5.44 s                                    lamp amber
  6.00 s  YIELDING     interruption; stopped                                lamp cyan
  6.02 s               heard 4 of 6 words: "One two three <b>four</b>"
  8.00 s  THINKING     turn ended at 7.30 s                                 lamp violet
  8.00 s               handed over the turn from 4.94 s to 7.30 s: turn-001.wav
  9.00 s               never_heard_of text=<script>alert("x")</script> value=None
"""


def test_the_made_up_run_reads_like_this() -> None:
    assert "\n".join(lines(JOURNAL)) + "\n" == EXPECTED


def test_colour_only_when_asked() -> None:
    plain, coloured = list(lines(JOURNAL)), list(lines(JOURNAL, colour=True))
    assert not any("\x1b" in line for line in plain)
    assert coloured[2] == f"\x1b[33m{plain[2]}\x1b[0m"
    assert coloured[6] == plain[6]


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
        "  1.00 s  MIC LOST     all zeros                                            lamp magenta",
        "  2.00 s               lost kind=overflow frames=160",
        "  3.00 s               the reply failed: died [2J ",
    ]


def test_every_light_has_a_look_of_its_own() -> None:
    assert set(LOOKS) == {light.value for light in Light}
    assert len({look.fill for look in LOOKS.values()}) == len({look.lamp for look in LOOKS.values()}) == len(LOOKS)


def test_text_is_shortened_at_the_end_asked_for() -> None:
    assert shortened("one two three", 20) == "one two three"
    assert shortened("one two three four", 10) == "one two t…"
    assert shortened("one two three four", 12, ending=True) == "…three four"
