"""How large the two networks are: units of the dense layer, and of the recurrent ones.

Together, as .onnx and as .tflite, all files must stay below 700 KB, and a hop of both below a tenth of its time on the
smallest machine."""

from __future__ import annotations

NEAR_END = (72, (88,))
BACKCHANNEL = (112, (128, 96))
