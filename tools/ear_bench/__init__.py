"""Measures the near-end detector against its targets: `python -m tools.ear_bench CORPUS`."""
