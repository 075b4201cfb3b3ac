"""The page of `edgeagent bench decisions`: the figures, and a card for each wrong decision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from edgeagent.report import decision_card, sheet
from edgeagent.report.markup import Markup, element, join
from edgeagent.report.spectrogram import CSS
from edgeagent.report.tables import facts

STYLE = """
.bench{font-size:.82rem;white-space:nowrap;width:auto;min-width:min(100%,54rem);margin:.4rem 0 1.2rem}
.bench th,.bench td{padding:.25rem .9rem .25rem 0;text-align:right}
.bench th:first-child,.bench td:first-child{text-align:left}.bench .part td:first-child{padding-left:1.2rem}
.bench .part{color:var(--soft)}
.bars{display:flex;align-items:flex-end;gap:3px;height:9rem;max-width:44rem;border-bottom:1px solid var(--rule)}
.bars div{flex:1;display:flex;flex-direction:column;justify-content:flex-end;height:100%;font-size:.74rem;
text-align:center;color:var(--soft)}
.bars i{display:block;background:var(--speaker);border-radius:3px 3px 0 0}
.edges{display:flex;max-width:44rem;font-size:.74rem;color:var(--soft)}.edges span{flex:1}
.only{position:absolute;opacity:0}
.only+label{display:inline-block;font-size:.85rem;border:1px solid var(--rule);background:var(--card);cursor:pointer;
padding:.25rem .7rem;border-radius:7px;margin:0 .35rem .35rem 0}
.only:checked+label{background:var(--ink);color:var(--paper);border-color:var(--ink)}
.only:focus-visible+label{outline:2px solid var(--speaker);outline-offset:2px}
@media print{.only,.only+label{display:none}}
"""

JS = """
"use strict";
for (const card of document.querySelectorAll(".card")) {
  const players = [...card.querySelectorAll("audio")], over = card.querySelector(".over");
  const cursor = over.querySelector(".cursor"), figure = card.querySelector(".inner");
  let active = players[0];
  const place = () => {
    cursor.style.display = "block";
    cursor.style.left = 100 * active.currentTime / active.duration + "%";
  };
  const follow = () => { if (!active.paused) { place(); requestAnimationFrame(follow); } };
  for (const player of players) {
    player.addEventListener("play", () => {
      for (const other of document.querySelectorAll("audio")) if (other !== player) other.pause();
      active = player;
      follow();
    });
    player.addEventListener("seeked", place);
  }
  figure.addEventListener("click", event => {
    const box = over.getBoundingClientRect(), share = (event.clientX - box.left) / box.width;
    if (!(share >= 0 && active.duration)) return;
    for (const player of players) player.currentTime = share * player.duration;
    place();
  });
}
"""
"""The cursor that follows the sound; a click sets the place. Without it the page still shows, filters and plays."""


@dataclass(frozen=True, slots=True)
class Table:
    """rows: whether it is a part of the row above that is none, and its cells of text, the first one the name."""

    title: str
    headings: Sequence[str]
    rows: Sequence[tuple[bool, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Bars:
    """A histogram. bars: label of the lower edge, and count. note: what is not in it."""

    title: str
    bars: Sequence[tuple[str, int]]
    note: str


@dataclass(frozen=True, slots=True)
class Cards:
    """kinds: contents of cards by kind, in the order to show them. note: how many there are, and which are not
    shown."""

    kinds: Mapping[str, Sequence[Markup]]
    note: str


def page(
    subtitle: str,
    tiles: Iterable[tuple[str, str, str]],
    tables: Iterable[Table],
    bars: Bars,
    cards: Cards,
    figures: Table,
    told: Mapping[str, str],
) -> str:
    """The page as HTML. tiles: name, value and note of the headline figures. figures: the others, folded away. told:
    what to print at the foot."""
    return sheet.document(
        "Decisions on the bench",
        subtitle,
        sheet.tiles(tiles),
        *(part for table in tables for part in (element("h2", table.title), _table(table))),
        element("h2", bars.title),
        *_bars(bars),
        element("h2", "Wrong decisions"),
        element("p", cards.note),
        *gallery(cards),
        element("details", element("summary", figures.title), _table(figures)),
        facts(told),
        element("script", Markup(JS)),
        css=CSS + decision_card.STYLE + STYLE + filtered(cards),
        script=JS,
    )


def filtered(cards: Cards) -> str:
    """The style sheet by which the choice of a kind hides the cards of the others."""
    return "".join(
        f"#only-{index}:checked~.cards>:not(.of-{index}){{display:none}}" for index in range(len(cards.kinds))
    )


def gallery(cards: Cards) -> Iterator[Markup]:
    """The choice of a kind, and the cards."""
    yield from _choices(cards)
    yield element("div", *_cards(cards), class_="cards")


def _table(table: Table) -> Markup:
    head = element("tr", *(element("th", text, scope="col") for text in table.headings))
    body = (
        element("tr", *(element("td", cell) for cell in cells), class_="part" if part else None)
        for part, cells in table.rows
    )
    whole = element("table", element("thead", head), element("tbody", *body), class_="bench")
    return element("div", whole, class_="scroll")


def _bars(bars: Bars) -> Iterator[Markup]:
    most = max((count for _, count in bars.bars), default=0) or 1
    columns = (
        element("div", str(count or ""), element("i", style=f"height:{85 * count / most:.1f}%"))
        for _, count in bars.bars
    )
    spoken = f"{bars.title}: " + ", ".join(f"{label} {count}" for label, count in bars.bars if count)
    yield element("div", *columns, class_="bars", role="img", aria_label=spoken)
    yield element("div", *(element("span", label) for label, _ in bars.bars), class_="edges")
    yield element("p", bars.note, class_="kind")


def _choices(cards: Cards) -> Iterator[Markup]:
    """The filter: plain radio buttons and the style sheet, no script."""
    if not cards.kinds:
        return
    names = [("all", "all", sum(map(len, cards.kinds.values())))]
    names += [(str(i), kind.replace("_", " "), len(of)) for i, (kind, of) in enumerate(cards.kinds.items())]
    for which, name, count in names:
        checked = "" if which == "all" else None
        yield join(
            element("input", type="radio", name_="only", id=f"only-{which}", class_="only", checked=checked),
            element("label", f"{name} {count}", for_=f"only-{which}"),
        )


def _cards(cards: Cards) -> Iterator[Markup]:
    for index, contents in enumerate(cards.kinds.values()):
        for content in contents:
            yield element("section", content, class_=f"card of-{index}")
