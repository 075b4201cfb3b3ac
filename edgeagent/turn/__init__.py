"""Whose turn it is: events, states, the table between them, what was heard, and the verdict on an overlap. No sound
here."""
