"""`python -m tools.simcard` builds the plugin and prints where it lies."""

from tools.simcard.build import build

print(build())
