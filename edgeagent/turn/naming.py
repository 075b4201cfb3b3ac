"""What journals, diagrams and the terminal call a state, an event, a fact or an action."""

from __future__ import annotations


def name(thing: object) -> str:
    """The name of its class as it is written there: `half_duplex`, `speech_started`, `hand_over`."""
    return "".join("_" + c.lower() if c.isupper() else c for c in type(thing).__name__).lstrip("_")
