"""The page of `edgeagent review`: a card for each clip of the flight recorder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edgeagent.report import decision_card, decisions_page, sheet
from edgeagent.report.decisions_page import Cards
from edgeagent.report.markup import Markup, element
from edgeagent.report.spectrogram import CSS
from edgeagent.report.tables import facts


def page(subtitle: str, tiles: Iterable[tuple[str, str, str]], cards: Cards, told: Mapping[str, str]) -> str:
    """The page as HTML. tiles: name, value and note of the headline figures. told: what to print at the foot."""
    hidden = decisions_page.filtered(cards)
    return sheet.document(
        "Clips of the flight recorder",
        subtitle,
        sheet.tiles(tiles),
        element("h2", "Decisions"),
        element("p", cards.note),
        *decisions_page.gallery(cards),
        facts(told),
        element("script", Markup(decisions_page.JS)),
        css=CSS + decision_card.STYLE + decisions_page.STYLE + hidden,
        script=decisions_page.JS,
    )
