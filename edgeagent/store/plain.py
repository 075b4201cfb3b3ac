"""Frozen dataclasses to plain JSON values and back, losslessly, led by their type hints.

Written for our own small vocabulary (int, float, str, bool, enums, literals, tuples, nested dataclasses); anything else
in a hint is a fault in our code and raises TypeError. A general library would do it too, but none is needed elsewhere.
"""

from __future__ import annotations

import dataclasses
import typing
from enum import Enum


def to_plain(value: object) -> object:
    """Dataclass to dict in field order, tuple to list, enum to its value."""
    if dataclasses.is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    return value


def from_plain(hint: typing.Any, value: object) -> typing.Any:
    """The value of type `hint` that `to_plain` turned into `value`. Raises ValueError, saying what does not fit."""
    origin = typing.get_origin(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _dataclass(hint, value)
    if origin is tuple:
        return _tuple(typing.get_args(hint), value)
    if origin is typing.Literal:
        if value not in typing.get_args(hint):
            raise ValueError(f"{value!r} is none of {typing.get_args(hint)}")
        return value
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if hint is float and type(value) is int:
        return float(value)
    if hint not in (int, float, str, bool):
        raise TypeError(f"no plain form for {hint}")
    if type(value) is not hint:
        raise ValueError(f"{value!r} is not of type {hint.__name__}")
    return value


def _dataclass(hint: type, value: object) -> object:
    if not isinstance(value, dict):
        raise ValueError(f"{value!r} is no {hint.__name__}")
    hints = typing.get_type_hints(hint)
    if unknown := sorted(set(value) - set(hints)):
        raise ValueError(f"{hint.__name__} has no {', '.join(map(str, unknown))}")
    known = {}
    for key, item in value.items():
        try:
            known[key] = from_plain(hints[key], item)
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from error
    required = [f.name for f in dataclasses.fields(hint) if f.default is f.default_factory is dataclasses.MISSING]
    if missing := [name for name in required if name not in known]:
        raise ValueError(f"{hint.__name__} lacks {', '.join(missing)}")
    return hint(**known)


def _tuple(hints: tuple[typing.Any, ...], value: object) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{value!r} is no list")
    if hints[1:] == (...,):
        return tuple(from_plain(hints[0], item) for item in value)
    if len(value) != len(hints):
        raise ValueError(f"{value!r} does not have {len(hints)} items")
    return tuple(from_plain(hint, item) for hint, item in zip(hints, value, strict=True))
