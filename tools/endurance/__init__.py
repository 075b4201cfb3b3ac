"""Whether the device lasts: a simulated day, an hour through the real PortAudio. `python -m tools.endurance`."""
