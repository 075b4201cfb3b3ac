"""A YAML text to plain data, strictly: a key given twice is a fault, not "the last one wins".

Left out on purpose: anchors and aliases (a settings file has nothing to share, and a recursive one would have no end)
and every tag beyond plain YAML.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from edgeagent.config.faults import Fault
from edgeagent.errors import ConfigError

LARGEST_BYTES = 1 << 20
"""A settings file is some kB; a megabyte is a wrong file (a WAV, a log) and would take seconds to parse."""

LONGEST_NUMBER = 100
"""Characters of a whole number. What is longer stays text, and so no number: Python would not print it."""

REMEDIES = {
    "'\\t'": "Indent with spaces, not with tabs",
    "mapping values": "Put a text that holds a colon, as a card's name may, in quotes; indent a section's keys alike",
    "cannot start": "Put a text that begins so in quotes",
    "aliases": "Put a text that begins so in quotes",
    "another document": "Leave out the line ---",
}
"""What to do about what YAML does not like, by words of it."""


@dataclass(frozen=True, slots=True)
class Document:
    """name: what messages call it. data: what the text says. order: each dotted key's place in it. duplicates: keys
    given more than once."""

    name: str
    data: object
    order: dict[str, int]
    duplicates: tuple[Fault, ...]


class _Loader(yaml.SafeLoader):
    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            place = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not taken", problem_mark=place)
        return super().compose_node(parent, index)

    def construct_number(self, node: yaml.ScalarNode) -> int | str:
        return node.value if len(node.value) > LONGEST_NUMBER else self.construct_yaml_int(node)


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_number)


def read_text(path: Path) -> str:
    """The file's text. Raises ConfigError with the remedy."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ConfigError(f"{path}: {path.stat().st_size} bytes are no settings file", "give the YAML file")
        with path.open(encoding="utf-8", newline="") as file:  # line ends are the owner's, should it be written again
            return file.read()
    except FileNotFoundError:
        remedy = f"edgeagent check --example > {path} writes one with every default"
        raise ConfigError(f"{path}: no such file", remedy) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text", "save it as UTF-8, or give another file") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", "give a file you may read") from None


def parse(text: str, name: str) -> Document:
    """`text` as plain data; `name` heads the message. Raises ConfigError, with the line, where it is no YAML."""
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        order: dict[str, int] = {}
        duplicates = tuple(_walk(node, "", order))
        data: Any = None if node is None else loader.construct_document(node)
        _encodes(node)
    except yaml.YAMLError as error:
        raise ConfigError(f"{name}: {_plain(error)}") from None
    except (RecursionError, ValueError) as error:
        raise ConfigError(f"{name}: not a settings file: {error}") from None
    return Document(name, data, order, duplicates)


def _encodes(node: yaml.Node | None) -> None:
    """Raises UnicodeEncodeError for half of a surrogate pair, which is no letter."""
    if isinstance(node, yaml.ScalarNode):
        node.value.encode()
    elif isinstance(node, yaml.SequenceNode):
        for part in node.value:
            _encodes(part)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _encodes(key)
            _encodes(value)


def _walk(node: yaml.Node | None, prefix: str, order: dict[str, int]) -> list[Fault]:
    """Note the place of every key below `node`; the duplicates among them."""
    duplicates: list[Fault] = []
    if not isinstance(node, yaml.MappingNode):
        return duplicates
    for key, value in node.value:
        path = f"{prefix}{key.value if isinstance(key, yaml.ScalarNode) else '?'}"
        if path in order:
            line = key.start_mark.line + 1
            duplicates.append(Fault(path, f"given twice, the second time in line {line}. Remove one"))
        order.setdefault(path, len(order))
        duplicates += _walk(value, f"{path}.", order)
    return duplicates


def _plain(error: yaml.YAMLError) -> str:
    if not isinstance(error, yaml.MarkedYAMLError):  # a character that YAML forbids
        return str(error).splitlines()[0]
    mark, problem = error.problem_mark or error.context_mark, error.problem or error.context or "not YAML"
    if "quoted scalar" in (error.context or "") and "end of stream" in problem:  # it is noticed where the file ends
        mark, problem = error.context_mark, "this quote is not closed"
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    remedy = next((f". {remedy}" for words, remedy in REMEDIES.items() if words in problem), "")
    return f"{where}{problem}{remedy}"
