"""The state diagram, drawn from the table itself: every transition is tried on sample states and sample events.

Mermaid text, so that it renders in a browser and reads well as text. Transitions that every state shares (faults) are
drawn once, as a note, and self-transitions are left out.
"""

from __future__ import annotations

from collections import defaultdict

from edgeagent.turn import events as e
from edgeagent.turn import states as s
from edgeagent.turn.machine import TABLE, Limits, step
from edgeagent.turn.naming import name

SAMPLE_STATES: tuple[s.State, ...] = (
    s.Starting(),
    s.Idle(),
    s.Hearing(1, 9),
    s.Thinking(1, 9),
    s.Speaking(1),
    s.Speaking(1, (2,)),
    s.Doubting(1, 1, 9),
    s.Doubting(1, 1, 9, (2,)),
    s.Yielding(1, 1, 9),
    s.HalfDuplex(1),
    s.HalfDuplex(1, (2,)),
    s.Muted(),
    s.MicLost("zeros"),
    s.MicLost("zeros", muted=True),
    s.Faulty("card"),
    s.Faulty("card", muted=True),
)

EVERYWHERE = (e.MicrophoneFailed, e.Failed)
"""Events whose arrows would hide all the others."""


def samples_of(kind: type[e.Event]) -> list[tuple[str, e.Event]]:
    """Sample events of one kind, each with the label of its arrow."""
    label = name(kind(*([1] * len(kind.__dataclass_fields__))))
    if kind is e.Judged:
        return [(str(verdict), e.Judged(1, verdict)) for verdict in e.Verdict]
    return [(label, kind(*([1] * len(kind.__dataclass_fields__))))]


def arrows() -> dict[tuple[str, str], list[str]]:
    """From and to by name, with the labels of what leads there."""
    drawn: dict[tuple[str, str], list[str]] = defaultdict(list)
    for state in SAMPLE_STATES:
        for kind in e.EVENTS:
            if kind in EVERYWHERE or (type(state), kind) not in TABLE:
                continue
            for label, event in samples_of(kind):
                after, _ = step(state, event, Limits())
                pair = name(state), name(after)
                if pair[0] != pair[1] and label not in drawn[pair]:
                    drawn[pair].append(label)
    return {pair: labels for pair, labels in drawn.items() if labels}


def diagram() -> str:
    """The whole diagram as Mermaid text, ending in a newline."""
    lines = ["stateDiagram-v2", f"    [*] --> {name(s.Starting())}"]
    lines += [f"    {start} --> {end}: {', '.join(labels)}" for (start, end), labels in arrows().items()]
    lines += [
        f"    note right of {name(s.Faulty(''))}",
        "        microphone_failed leads from every working state to mic_lost,",
        "        failed leads from every state to faulty",
        "    end note",
    ]
    return "\n".join(lines) + "\n"
