"""What a voice says of a sentence in Markdown: language models write it, whatever they are told, and a voice reads
"asterisk asterisk".

Off come the marks of emphasis, code, headings, lists, quotations and tables, and the address of a link. Words stay, and
so does what only looks like a mark: "2 * 3", "snake_case". Left out: what takes more than one line to know (a heading
that is underlined, an address at the end of the text).
"""

from __future__ import annotations

import re

ROW = re.compile(r"\|.*\|")
"""A row of a table, on a line of its own."""

MARKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^\s*```.*$"), ""),  # around a block of code, with the name of its language
    (re.compile(r"!?\[([^\[\]]*)\](?:\(\S*(?:\s+\"[^\"]*\")?\)|\[[^\[\]]*\])"), r"\1"),  # a link, a picture
    (re.compile(r"\]\([^\s()]*\)"), ""),  # the end of a link that another sentence begins
    (re.compile(r"<(https?://[^\s<>]*)>"), r"\1"),
    (re.compile(r"^(?:\s*>)+\s*"), ""),  # a quotation
    (re.compile(r"^\s*(?:#{1,6}|[-*+•])\s+(?:\[[ xX]\]\s+)?"), ""),  # a heading; an entry of a list, or of what to do
    (re.compile(r"`+|~~|(?<!\d)\*{2,3}(?=\S)|(?<=\S)\*{2,3}(?!\d)"), ""),  # code, struck out, strong emphasis
    (re.compile(r"(?<![\w*])\*(?=[^\s*])|(?<=[^\s*])\*(?![\w*])"), ""),  # emphasis
    (re.compile(r"(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)|(?<=[^\w\s])_{1,3}(?!\w)"), ""),
)
"""What is sought, and what stands there instead; in this order."""


def unmarked(sentence: str) -> str:
    """`sentence`, on one line, as it is said."""
    if ROW.fullmatch(sentence):
        sentence = ", ".join(cell.strip() for cell in sentence.strip("|").split("|"))
    for mark, instead in MARKS:
        sentence = mark.sub(instead, sentence)
    return sentence.strip()
