"""Whether the models decide alike wherever they run: `python -m tools.parity`."""
