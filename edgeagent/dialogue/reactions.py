"""What the device does after each kind of interruption."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from edgeagent.dialogue.kinds import Kind, Understood
from edgeagent.dialogue.manner import MANNER


class Reaction(StrEnum):
    """What follows. The rest is what was still unsaid when somebody took the floor."""

    SILENT = "silent"
    """Nothing; the rest is kept, in case they say "go on"."""

    ACKNOWLEDGE = "acknowledge"
    """A word that says so, then nothing; the rest is kept."""

    REPLY = "reply"
    """A reply; the rest is dropped."""

    REPAIR = "repair"
    """A short phrase of repair, then a reply to the correction; the rest is dropped."""

    OFFER = "offer"
    """A reply, then the question whether to go on with the rest."""

    RESUME = "resume"
    """The rest, as if nothing had been said."""

    REPEAT = "repeat"
    """The last sentence once more, then the rest."""


OF_COMMANDS: Mapping[str, Reaction] = {
    "stop": Reaction.SILENT,
    "hold": Reaction.SILENT,
    "continue": Reaction.RESUME,
    "repeat": Reaction.REPEAT,
    **dict.fromkeys(MANNER, Reaction.RESUME),
}
"""Where nothing else is wanted. What concerns how we speak is done, and then we go on."""

CHOSEN = ("stop", "hold", "repeat")
"""Commands of which a person may choose what follows. The others would not be what they say, if anything else did."""


def reaction(understood: Understood, wanted: Mapping[str, Reaction]) -> Reaction:
    """What follows. wanted: for every kind but commands, and for the commands of CHOSEN that are to be different."""
    if understood.kind is Kind.COMMAND:
        return wanted.get(understood.command) or OF_COMMANDS.get(understood.command, Reaction.REPLY)
    return wanted[understood.kind]
