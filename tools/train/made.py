"""By which sources models were made, and of whose synthetic voices, for their card."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable

from tools.train.corpus import Part
from tools.train.scenes import HEARD, RENDERED, ROOT, Listened
from tools.train.synthesisers import FESTIVAL, FLITE, festival_voices

MADE = """Everything was rendered, learnt and measured by the sources {sources}. The command repeats the recipe; the
same bytes it gives only with the same sources, corpus, libraries and text-to-speech."""


def made() -> str:
    """A paragraph for what these sources make now."""
    known = f"of commit {commit}" if (commit := revision()) else "as they lie here"
    return MADE.format(sources=f"{known} (rendering {RENDERED}, signal path {HEARD})")


def revision() -> str:
    """The commit of these sources, with a + where some differ from it; "" outside a checkout."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--exclude=*", "--abbrev=10", "--dirty=+"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def spoken(scenes: Iterable[Listened]) -> str:
    """The programs whose voices are in these scenes, with the voices that are learnt from."""
    sources = {event.source for scene in scenes for event in scene.events}
    said = {
        "espeak": "espeak-ng",
        "festival": f"Festival ({', '.join(festival_voices(Part.TRAIN) or FESTIVAL)})",
        "flite": f"Flite ({', '.join(FLITE[Part.TRAIN])})",
    }
    return ", ".join(program for source, program in said.items() if source in sources) or "no program"
