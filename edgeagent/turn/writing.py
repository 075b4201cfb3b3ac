"""The words of a written sentence: what stands between blanks, punctuation included, so that the ends of phrases can be
seen. Chinese and Japanese are written without blanks; there a sign is a word, with what belongs to it.

A sign is a syllable or two, and what a voice tells the time of (espeak-ng's Mandarin marks each). Thai, Lao, Khmer and
Burmese have blanks between phrases only: a phrase is a word there, for finding finer ones takes a dictionary.
"""

from __future__ import annotations

import re

SIGN = "\u3005-\u3007\u3040-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Han characters and kana."""

JOINED = "ぁぃぅぇぉゃゅょゎァィゥェォャュョヮー\u3099\u309a"
"""Kana that are no syllable by themselves."""

OPENING = "「『（《〈【“‘("  # noqa: RUF001 (full-width brackets)
"""Belong to what follows."""

WORD = re.compile(rf"[{OPENING}]*[{SIGN}][{JOINED}]*(?:(?![{OPENING}])[^\w\s])*|[^\s{SIGN}]+")


def written_words(text: str) -> tuple[tuple[int, int], ...]:
    """Characters [start, stop) of each, in order. All that is no blank belongs to one."""
    return tuple(match.span() for match in WORD.finditer(text))


def signs(word: str) -> int:
    """How many of them there are in it."""
    return len(re.findall(f"[{SIGN}]", word))
