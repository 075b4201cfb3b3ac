"""The model card of tuned models: where they come from, and what is known of them. It names nobody."""

from __future__ import annotations

HEAD = "# The ear, tuned"

WHAT = """The two models of a release of edgeagent (their card tells what they are and what they were made from), tuned
by `python -m tools.train.tune` with recordings of `edgeagent collect`:"""

FIGURES = """On the recordings that were held back, through the files as the device runs them; the number of takes says
how much a figure is worth. Surprise is the mean negative logarithm of the probability of what was true. Floor from
listening: the equal error rate among as many takes of either kind, matched in length; beside it that of who goes by
nothing but the length, or the level, so far."""

LIMITS = """- The figures hold for these people, this room and this device.
- People did as they were asked: nobody who says "uh-huh" because a line tells them to listens as people listen.
- The recordings are personal data of those who agreed to them; they are not part of the models' folder, and whoever
  passes the models on should know what was agreed to."""


def card(parted: str, figures: str, told: str) -> str:
    """Markdown. parted: what was learnt from and measured on. figures: the table. told: what became of each model."""
    blocks = (HEAD, WHAT, _quoted(f"{parted}\n\n{told}"), "## Figures", FIGURES, _quoted(figures), "## Limits", LIMITS)
    return "\n\n".join(blocks) + "\n"


def _quoted(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())
