"""What each key of the configuration takes, in plain words, read off the types of `edgeagent.settings`.

So the range in the type, the range in the message and the range in the example file are one and the same.
"""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import sys
import types
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from annotated_types import Interval

from edgeagent.settings import PRIVATE, Settings

UNITS = {
    "_ms": "ms",
    "_s": "s",
    "_hz": "Hz",
    "_db": "dB",
    "_percent": "%",
    "_per_minute": "a minute",
    "_per_hour": "an hour",
}
"""The unit that the end of a key's name promises."""

PLAIN = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of one section. default: as `Settings()` has it. needs: 'a whole number from 0 to 3000 ms'. doc: the text
    under the field. choices: for keys that take one of a few words. private: its value is never printed."""

    section: str
    name: str
    default: object
    needs: str
    doc: str
    choices: tuple[str, ...]
    private: bool

    @property
    def path(self) -> str:
        return f"{self.section}.{self.name}"


@functools.cache
def sections() -> Mapping[str, Mapping[str, Key]]:
    """Every section and its keys, in the order of the settings."""
    found = {}
    for section, kind in get_type_hints(Settings).items():
        hints = get_type_hints(kind, include_extras=True)
        docs = _docs(kind)
        found[section] = {
            field.name: _key(section, field.name, hints[field.name], field.default, docs[field.name])
            for field in fields(kind)
        }
    return types.MappingProxyType(found)


def summary(section: str) -> str:
    """The section's own docstring."""
    return inspect.getdoc(get_type_hints(Settings)[section]) or ""


def _key(section: str, name: str, hint: Any, default: object, doc: str) -> Key:
    assert default is not MISSING, "every setting has a default"
    inner, metadata = _split(hint)
    choices = tuple(choice for choice in get_args(inner) if isinstance(choice, str))
    return Key(section, name, default, _needs(hint, _unit(name)), doc, choices, PRIVATE in metadata)


def _split(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """A hint without its annotations, and those."""
    if get_origin(hint) is Annotated:
        inner, *metadata = get_args(hint)
        return inner, tuple(metadata)
    return hint, ()


def _unit(name: str) -> str:
    return next((f" {unit}" for ending, unit in UNITS.items() if name.endswith(ending)), "")


def _needs(hint: Any, unit: str) -> str:
    inner, metadata = _split(hint)
    if get_origin(inner) is Literal:
        return "one of " + ", ".join(map(str, get_args(inner))) + unit
    if get_origin(inner) is tuple:
        return f"a list in [ ], each entry {_needs(get_args(inner)[0], unit)}"
    return PLAIN[inner] + _range(metadata) + unit


def _range(metadata: Iterable[Any]) -> str:
    for bound in metadata:
        if isinstance(bound, Interval):
            return f" above {bound.gt}, up to {bound.le}" if bound.ge is None else f" from {bound.ge} to {bound.le}"
    return ""


@functools.cache
def _classes(module: str) -> Mapping[str, ast.ClassDef]:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _docs(kind: type) -> dict[str, str]:
    """The string under each field: Python keeps it in the source only."""
    body = _classes(kind.__module__)[kind.__name__].body
    docs = {}
    for field, text in itertools.pairwise(body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(doc))):
                docs[name] = inspect.cleandoc(doc)
    return docs
