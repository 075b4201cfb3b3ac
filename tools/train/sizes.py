"""How large the two networks are: units of the dense layer, and of the recurrent ones.

A hop of both must stay below a tenth of its time on the smallest machine."""

from __future__ import annotations

NEAR_END = (72, (88,))
BACKCHANNEL = (112, (128, 96))

MOST = 700 * 1024
"""Bytes of all files together, as .onnx and as .tflite: what a package may weigh that nobody notices."""
