"""HTML in which nothing can be left unescaped: text becomes markup only through `element`.

A template engine would bring its own language and a dependency for a single page.
"""

from __future__ import annotations

from html import escape

VOID = {"meta", "br", "input", "link", "path", "rect", "line"}


class Markup(str):
    """Text that is already HTML."""

    __slots__ = ()


def element(name: str, *content: str, **attributes: str | float | None) -> Markup:
    """`<name attributes>content</name>`. Content is escaped unless it is Markup; attributes always are.

    `class_` stands for `class`, `_` in other names for `-`; None leaves the attribute out, "" writes it bare."""
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + (f'="{escape(str(value))}"' if value != "" else "")
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Markup(f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{join(*content)}</{name}>")


def join(*content: str) -> Markup:
    """The pieces one after the other, escaped unless they are Markup."""
    return Markup("".join(piece if isinstance(piece, Markup) else escape(piece) for piece in content))
