"""The scene of the demonstration: a device and a person with two voices of espeak-ng in one living room.

The device tells a story; the person says "uh-huh", coughs, and then interrupts. The scene is made in memory from text;
the engine gets the same as on a Raspberry Pi, loudspeaker and microphone, and knows nothing of what will be said.
"""

from __future__ import annotations

from contextlib import closing

import numpy as np

from edgeagent.ports import Sound
from edgeagent.report.record import FLOOR_TAKING, RunRecord
from edgeagent.report.story import Reaction, overlaps, reactions, states, utterances
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.settings import Talker
from edgeagent.sim.noises import cough
from edgeagent.sim.person import Encounter, Remark, encounter
from edgeagent.sim.scene import Line
from edgeagent.sim.truth import Kind
from edgeagent.turn.events import Verdict, Word
from edgeagent.units import milliseconds, samples

DEVICE = Talker(voice="en-us", words_per_minute=165)
PERSON = Talker(voice="en-gb-scotland", words_per_minute=170)

STORY = (
    "Here is the plan for your trip to Vienna. Your train leaves on Friday at half past seven in the morning, "
    "from platform nine. You change once, in Salzburg, where you have forty minutes for a coffee. "
    "In Vienna I have booked a small hotel near the opera, for two nights, with breakfast."
)
REPLY = "All right. Saturday it is. I will look for another train."

SUBTITLE = "A device and a person in one simulated living room, both with voices of espeak-ng."

UH_HUH, WAIT = "Uh-huh.", "Wait, no, I want to leave on Saturday."

MURMUR = -6.0
"""dB below their usual level at which people say "uh-huh": a listener does not raise the voice."""

BEGINS = samples(800)
"""The device begins so long after the scene: a moment of quiet room first."""

ANSWERS = samples(1400)
"""From the end of the person's sentence to the device's answer: its patience, and a moment to think."""


def build(seed: int) -> Encounter:
    """The scene, the same for the same `seed` but for the few samples by which espeak-ng differs from run to run.
    Raises ServiceError without espeak-ng."""
    with closing(EspeakTalker(DEVICE)) as device, closing(EspeakTalker(PERSON)) as person:
        story, words = spoken(device, STORY)
        reply, reply_words = spoken(device, REPLY)
        uh_huh, wait = spoken(person, UH_HUH)[0], spoken(person, WAIT)[0]
    remarks = (
        Remark(Kind.BACKCHANNEL, 0, samples(3200), uh_huh, "uh-huh", MURMUR),
        Remark(Kind.NOISE, 0, samples(6000), cough(np.random.default_rng(seed)), "cough"),
        Remark(Kind.INTERRUPTION, 0, samples(8800), wait, WAIT),
    )
    answers = BEGINS + remarks[-1].after + wait.size + ANSWERS
    lines = (Line(BEGINS, story, STORY, words), Line(answers, reply, REPLY, reply_words))
    return encounter(lines, remarks, seed)


def spoken(talker: EspeakTalker, text: str) -> tuple[Sound, tuple[Word, ...]]:
    """`text` said by `talker`: (n,) float32, and its word times."""
    talk = talker.say(text)
    sound = np.concatenate(list(talk))
    return sound, talk.words


def summary(record: RunRecord) -> tuple[bool, list[str]]:
    """Whether the device did what it should, and two lines that say what it did."""
    rows = reactions(overlaps(record.journal), record.truth, states(record.journal, record.length), record.speaker)
    wrong = [f'"{row.truth.text}"' if row.truth else "nothing" for row in rows if _stopped(row) and not _may(row)]
    took = [milliseconds(row.silent - row.onset) for row in rows if _may(row) and row.silent is not None]
    story = utterances(record.journal, record.length)[0]
    heard = f"{story.heard} of its {story.of} words were heard"
    if wrong:
        first = f"The device stopped for {' and for '.join(wrong)}, which it should not have done; {heard}."
    else:
        first = f'The device spoke on through "uh-huh" and the cough; {heard}.'
    if took:
        return not wrong, [first, f'"Wait, no" silenced it {took[0]:.0f} ms after the first sound of it.']
    if not any(row.speaking for row in rows if _may(row)):
        return False, [first, '"Wait, no" found it silent already.']
    return False, [first, '"Wait, no" did not silence it, which it should have done.']


def _may(row: Reaction) -> bool:
    """Whether it is something to stop for."""
    return row.truth is not None and row.truth.kind in FLOOR_TAKING


def _stopped(row: Reaction) -> bool:
    """Whether the loudspeaker fell silent for it, if only for a moment."""
    return any(overlap.verdict == Verdict.INTERRUPTION for overlap in row.overlaps)
