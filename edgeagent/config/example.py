"""A configuration file with every key, its meaning, its range and its default: to start from, and to look things up."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import yaml

from edgeagent.config.keys import Key, sections, summary

WIDTH = 100
"""Columns of a comment line."""

HEAD = """\
# edgeagent: every setting with its default. Keep the lines you change and drop the rest: what is left out has its
# default. Check it with: edgeagent check --config FILE
"""


def example() -> str:
    """The text of the file; `loads` of it gives exactly `Settings()`."""
    return HEAD + "".join(_section(section) for section in sections())


def _section(section: str) -> str:
    keys = "\n".join("\n".join(_lines(key)) for key in sections()[section].values())
    return f"\n# {summary(section)}\n{section}:\n{textwrap.indent(keys, '  ')}\n"


def _lines(key: Key) -> Iterator[str]:
    needs = "" if key.needs == "text" else f" ({key.needs})"
    yield textwrap.fill(key.doc + needs, WIDTH, initial_indent="# ", subsequent_indent="# ")
    value = list(key.default) if isinstance(key.default, tuple) else key.default
    yield yaml.safe_dump({key.name: value}, allow_unicode=True, sort_keys=False, width=10_000).rstrip()
