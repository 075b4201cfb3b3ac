"""edgeagent: a talking device that can be interrupted."""

__version__ = "0.1.0"
