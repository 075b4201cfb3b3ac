"""Keys that an earlier version had, or meant otherwise: what to write in their place."""

from __future__ import annotations


def instead(key: str, value: object = None) -> str:
    """How to mend such a key (dotted), from a full stop on; "" for any other."""
    if key == "memory.talk" and value == "":
        return ". Where no file was named nothing was kept: set memory.talk: false"
    if key == "memory.talk" and isinstance(value, str):
        return f". One file holds all now. Set memory.file: {value} and memory.talk: true"
    if key == "memory.talk_words":
        return ". Leave it out: memory.talk: false in its place keeps no words"
    return ""
