"""Decisions from sound: is a person speaking here, and does that person want the floor. Models are handed in."""
