"""What a voice can say of a sentence as language models write it, whatever they are told: a voice reads Markdown as
"asterisk asterisk", and an emoji as "slightly smiling face".

Off come emojis, the marks of emphasis, code, headings, lists, quotations and tables, and the address of a link. Words
stay, and so does what only looks like a mark: "2 * 3", "snake_case". Left out: what takes more than one line to know (a
heading that is underlined, an address at the end of the text).
"""

from __future__ import annotations

import re

ROW = re.compile(r"\|.*\|")
"""A row of a table, on a line of its own."""

EMOJIS = "\u2600-\u2668\u2670-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
"""Pictures, and how they are varied; not the sharps and flats among them. A joiner belongs to one only beside one: the
scripts of India use it, too."""

MARKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"\s*[{EMOJIS}](?:[{EMOJIS}\u200d\ufe0f\u20e3]|\s+(?=[{EMOJIS}]))*"), ""),
    (re.compile(r"^\s*```.*$"), ""),  # around a block of code, with the name of its language
    (re.compile(r"!?\[([^\[\]]*)\]\((?:[^\s()]|\([^\s()]*\))*(?:\s+\"[^\"]*\")?\)"), r"\1"),  # a link, a picture
    (re.compile(r"\]\([^\s()]*\)"), ""),  # the end of a link that another sentence begins
    (re.compile(r"<(https?://[^\s<>]*)>"), r"\1"),
    (re.compile(r"^(?:\s*>)+\s*"), ""),  # a quotation
    (re.compile(r"^\s*(?:#{1,6}|[-*+•])\s+(?:\[[ xX]\]\s+)?"), ""),  # a heading; an entry of a list, or of what to do
    (re.compile(r"`+|~~|(?<!\d)\*{2,3}(?=\S)|(?<=\S)\*{2,3}(?!\d)"), ""),  # code, struck out, strong emphasis
    (re.compile(r"(?<![\w*])\*(?=[^\s*])|(?<=[^\s*])\*(?![\w*])"), ""),  # emphasis
    (re.compile(r"(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)|(?<=[^\w\s])_{1,3}(?!\w)"), ""),
)
"""What is sought, and what stands there instead; in this order."""


def sayable(sentence: str) -> str:
    """`sentence`, on one line, as it is said."""
    if ROW.fullmatch(sentence):
        sentence = ", ".join(cell.strip() for cell in sentence.strip("|").split("|"))
    for mark, instead in MARKS:
        sentence = mark.sub(instead, sentence)
    return sentence.strip()
