"""Trains the two small models of the ear from a folder of recordings: `python -m tools.train FOLDER --out models/`."""
