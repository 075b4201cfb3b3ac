"""How often the device stops for nothing at each caution: `python -m tools.wishes SCENES`."""
