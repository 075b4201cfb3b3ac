"""Speaks Piper's command line: a voice is loaded, each line of stdin becomes int16 on stdout, stdin's end is the end.

What it does besides stands in the voice's description, `{"audio": {"sample_rate": 22050}, "fake": "stalled"}`. Python,
as Piper itself is; sound comes a twentieth of a second at a time.
"""

import argparse
import json
import math
import struct
import sys
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--output-raw", action="store_true", required=True)
    parser.add_argument("--length-scale", type=float, default=1.0)
    args = parser.parse_args()
    told = json.loads(Path(args.model + ".json").read_text())
    rate, fake = told["audio"]["sample_rate"], told.get("fake", "")
    if fake == "refuses":
        sys.exit("ValueError: Unable to load the voice")
    block = rate // 20
    sine = struct.pack(f"<{block}h", *(round(8000 * math.sin(n / 7)) for n in range(block)))
    for line in sys.stdin:
        if fake == "silent":
            time.sleep(3600)
        blocks = round(len(line.strip()) * args.length_scale)  # 20 characters a second
        count = 0
        while count < blocks or fake == "endless":
            sys.stdout.buffer.write(sine)
            sys.stdout.buffer.flush()
            count += 1
            if count == 3 and fake == "stalled":
                time.sleep(3600)
            if count == 3 and fake == "dies":
                sys.exit("the reason")


main()
