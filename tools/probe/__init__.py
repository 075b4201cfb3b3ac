"""How fast a device falls silent, measured on the device itself: `python tools/latency_probe.py`."""
