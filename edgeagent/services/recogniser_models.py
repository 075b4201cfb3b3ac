"""What a recogniser needs: its library, and the files of its model, found in the folder in which it is unpacked.

Of several with the same part the one in eight bits is taken: as good for speech, and made for small machines.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgeagent import settings
from edgeagent.errors import ServiceError

PARTS = {
    "streaming": ("tokens", "encoder", "decoder", "joiner"),
    "transducer": ("tokens", "encoder", "decoder", "joiner"),
    "whisper": ("tokens", "encoder", "decoder"),
    "sense_voice": ("tokens", "model"),
}
"""What a form of sherpa-onnx's models consists of; their names have these words in them."""

LIBRARIES = {"vosk": ("vosk", "vosk"), "sherpa": ("sherpa_onnx", "sherpa"), "pocketsphinx": ("pocketsphinx", "words")}
"""Of each kind what is imported in the child, and the extra that brings it."""

FROM, THEN = "fetch one from", "and unpack it; then set recogniser.model to its folder"

FETCH = {
    "vosk": f"{FROM} https://alphacephei.com/vosk/models {THEN}",
    "sherpa": f"{FROM} https://github.com/k2-fsa/sherpa-onnx/releases/tag/asr-models {THEN}",
}


def model_files(recogniser: settings.Recogniser) -> Mapping[str, str]:
    """Part to path; of Vosk's the folder as `model`. Empty for kinds without a model. Raises ServiceError."""
    kind = recogniser.kind
    if kind not in FETCH:
        return {}
    if not recogniser.model:
        raise ServiceError(f"recogniser.model: missing. recogniser.kind is {kind}", FETCH[kind])
    folder = Path(recogniser.model).expanduser()
    if not folder.is_dir():
        raise ServiceError(f"recogniser.model: there is no folder '{folder}'", FETCH[kind])
    if kind == "vosk":
        if not any((folder / place).is_file() for place in ("am/final.mdl", "final.mdl")):
            raise ServiceError(
                f"recogniser.model: '{folder}' is no model of Vosk: am/final.mdl is missing", FETCH[kind]
            )
        return {"model": str(folder)}
    found = {part: _found(folder, part) for part in PARTS[recogniser.form]}
    if missing := [part for part, file in found.items() if not file]:
        told = f"recogniser.model: '{folder}' is no model of the form {recogniser.form}: no {' and no '.join(missing)}"
        raise ServiceError(told, f"set recogniser.form, or {FETCH[kind]}")
    return found


def _found(folder: Path, part: str) -> str:
    """The file of a part; "" for none."""
    ending = ".txt" if part == "tokens" else ".onnx"
    files = sorted(file for file in folder.iterdir() if part in file.name and file.suffix == ending)
    small = [file for file in files if ".int8." in file.name]
    return str(next(iter(small or files), ""))
