"""A YAML file that a person writes for the device, with the line of everything in it, so that a fault can be found."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from edgeagent.errors import ConfigError

LARGEST_BYTES = 1 << 20
"""Larger ones are something else."""

Place = tuple[str | int, ...]
"""Keys and positions on the way to a value."""


class JsonLoader(yaml.SafeLoader):
    """For what is handed on as JSON: its numbers, true, false and null, and all else is text, as in YAML 1.2. To YAML
    1.1 "on", "no" and "yes" are truth values, 12:30 is a number and 2024-01-01 a date."""


JsonLoader.yaml_implicit_resolvers = {}

NUMBER = r"-?(?:0|[1-9][0-9]*)"
for _tag, _form, _first in (
    ("null", r"null|~|", "n~"),
    ("bool", r"true|false", "tf"),
    ("int", NUMBER, "-0123456789"),
    ("float", rf"{NUMBER}(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", "-0123456789"),
):
    JsonLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_form})$"), [*_first, ""])


@dataclass(frozen=True, slots=True)
class Lined:
    """data: plain. lines: of each place, from 1. faults: keys given twice."""

    data: object
    lines: Mapping[Place, int]
    faults: tuple[str, ...]

    def fault(self, place: Place, message: str) -> str:
        """The message with the line of what it is about, or of the nearest thing around it."""
        at = place
        while at not in self.lines and at:
            at = at[:-1]
        return f"line {self.lines.get(at, 1)}: {message}"


def read_lined(file: str, setting: str, loads: type[yaml.SafeLoader] = yaml.SafeLoader) -> Lined:
    """setting: what names the file. loads: JsonLoader for what is to be JSON. Raises ConfigError where it is not there
    or no YAML."""
    path = Path(file).expanduser()
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ConfigError(f"'{file}' is too large to be meant", f"set {setting}")
        text = path.read_text(encoding="utf-8")
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            raise ConfigError(f"'{file}': aliases (*name) are not taken", "write it out")
        loader = loads(text)
        node = loader.get_single_node()
        lines: dict[Place, int] = {}
        faults: list[str] = []
        _walk(node, (), lines, faults)
        return Lined(None if node is None else loader.construct_document(node), lines, tuple(faults))
    except OSError as error:
        raise ConfigError(f"cannot read '{file}': {error.strerror}", f"set {setting}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        why = f"'{file}' is not YAML: {where}{error.problem or error.context}"
        raise ConfigError(why, "text with braces, colons or brackets goes in quotes: `'At 10:30.'`") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"'{file}' is not YAML: {str(error).splitlines()[0]}", "mend it") from error


def refused(file: str, faults: Sequence[str]) -> ConfigError:
    """All that is wrong with the file at once."""
    return ConfigError("\n".join([f"'{file}': {len(faults)} problem{'s' * (len(faults) > 1)}", *faults]))


def _walk(node: yaml.Node | None, place: Place, lines: dict[Place, int], faults: list[str]) -> None:
    if node is None:
        return
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            line = key.start_mark.line + 1
            if (*place, name) in lines:
                faults.append(f"line {line}: '{name}' is given twice. Remove one")
            lines[(*place, name)] = line
            _walk(value, (*place, name), lines, faults)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _walk(value, (*place, number), lines, faults)
