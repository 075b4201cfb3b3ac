"""Measures what the lexical hint is worth on recordings: `python -m tools.word_bench CORPUS`."""
