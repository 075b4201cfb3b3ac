"""Changes single values in the text of a settings file, and nothing else: comments, order, quotes, blank lines stay.

PyYAML tells where in the text a value stands, to the character. Only those characters are replaced; a key that is not
there yet gets a line of its own, directly below the name of its section. A library that writes the whole file anew from
its own model (ruamel.yaml) would keep the comments, and still indent, quote and wrap the rest its own way. The result
is read again and compared: exactly the wanted values differ, or nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from edgeagent.config.load import loads
from edgeagent.errors import ConfigError

Value = bool | int | float | str


def amend(text: str, values: Mapping[str, Value], name: str = "configuration") -> str:
    """`text` with `values`, by dotted key (`audio.volume_percent`). Raises ConfigError where `text` or the result is no
    configuration, or where it cannot be done without touching anything else; then a person has to."""
    loads(text, name, files=False)
    changed, wanted = text, _plain(text)
    try:
        for key, value in values.items():
            section, _, field = key.partition(".")
            changed = _one(changed, section, field, _scalar(value))
            wanted[section] = {**(wanted.get(section) or {}), field: value}
        loads(changed, name, files=False)
        same = _plain(changed) == wanted
    except (ConfigError, yaml.YAMLError) as error:
        raise _by_hand(name, values) from error
    if not same:
        raise _by_hand(name, values)
    return changed


def _by_hand(name: str, values: Mapping[str, Value]) -> ConfigError:
    lines = ", ".join(f"{key}: {_scalar(value)}" for key, value in values.items())
    return ConfigError(f"{name}: its form is too unusual to be changed without harm", f"set by hand: {lines}")


def _plain(text: str) -> dict[str, dict[str, object]]:
    return yaml.safe_load(text) or {}


def _scalar(value: Value) -> str:
    return yaml.safe_dump(value).partition("\n")[0]


def _one(text: str, section: str, field: str, value: str) -> str:
    """`text` with one value replaced or put in."""
    root = yaml.compose(text, yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode) or (not root.value and not root.flow_style):
        return _with_end(text) + _lines(text, f"{section}:", f"  {field}: {value}")
    found = _child(root, section)
    if found is None:
        if root.flow_style:
            return _put(text, root.start_mark.index + 1, f"{section}: {{{field}: {value}}}", bool(root.value))
        column = " " * root.value[0][0].start_mark.column
        return _with_end(text) + _lines(text, f"{column}{section}:", f"{column}  {field}: {value}")
    key, node = found
    if not isinstance(node, yaml.MappingNode):  # `audio:` with nothing below it
        deeper = " " * (key.start_mark.column + 2)
        return _below(text, key, f"{deeper}{field}: {value}")
    inner = _child(node, field)
    if inner is not None:
        return text[: inner[1].start_mark.index] + value + text[inner[1].end_mark.index :]
    if node.flow_style:
        return _put(text, node.start_mark.index + 1, f"{field}: {value}", bool(node.value))
    return _below(text, key, " " * node.value[0][0].start_mark.column + f"{field}: {value}")


def _child(node: yaml.MappingNode, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    return next(((key, value) for key, value in node.value if key.value == name), None)


def _put(text: str, at: int, entry: str, more: bool) -> str:
    """Into { }."""
    return text[:at] + entry + (", " if more else "") + text[at:]


def _below(text: str, key: yaml.Node, line: str) -> str:
    """As a line of its own below the one of `key`."""
    end = text.find("\n", key.end_mark.index)
    if end < 0:
        return _with_end(text) + _lines(text, line)
    return text[: end + 1] + _lines(text, line) + text[end + 1 :]


def _with_end(text: str) -> str:
    return text if not text or text.endswith("\n") else text + _lines(text, "")


def _lines(text: str, *several: str) -> str:
    """Whole ones, that end as those of `text` do."""
    end = "\r\n" if "\r\n" in text else "\n"
    return "".join(line + end for line in several)
