"""The spreads as an image, for where no page can be shown: a chat, a ticket, a slide."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from edgeagent.errors import EdgeAgentError, install
from tools.probe.figures import MEANING
from tools.probe.page import LEAST_MS, SPREADS

COLOURS = ("#2563c9", "#c77800", "#d0211c", "#0b7f6f")

INCHES, DPI = (10.0, 8.0), 120


def check() -> None:
    """Raises EdgeAgentError where the library is missing."""
    if find_spec("matplotlib") is None:
        raise EdgeAgentError("--png needs matplotlib, which is not installed", install("plots"))


def draw(document: Mapping[str, Any], path: Path) -> None:
    """Write the image. Raises EdgeAgentError."""
    check()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=INCHES, dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)  # what it is drawn with
    single = document["single"]
    stopped = f"{single['trials'] - single['missed']} of {single['trials']} stopped"
    figure.suptitle(
        f"{document['card']['name']}, {document['mode']}; {stopped}; {document['machine']['model']}", fontsize=9
    )
    for axes, (title, names) in zip(figure.subplots(len(SPREADS), 1), SPREADS.items(), strict=True):
        for name, colour in zip(names, COLOURS, strict=True):
            values = np.sort([trial[name] for trial in document["trials"] if name in trial])
            if not values.size:
                continue
            share = 100 * np.arange(1, values.size + 1) / values.size
            at = f"{np.percentile(values, 50):.1f} / {np.percentile(values, 95):.1f} ms"
            axes.step(np.maximum(values, LEAST_MS), share, where="post", color=colour, label=f"{MEANING[name]}: {at}")
        for line in (50, 95):
            axes.axhline(line, color="#888", linewidth=0.6, linestyle=":")
        axes.set(title=f"{title} (p50 / p95)", xlabel="ms", ylabel="% of the trials", ylim=(0, 102))
        axes.grid(alpha=0.2)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=8, loc="lower right")
    try:
        figure.savefig(path, format="png", dpi=DPI)
    except OSError as error:
        raise EdgeAgentError(f"{path}: {error.strerror}", "write elsewhere") from error
