"""Which voices flite has, and what of it has to be installed."""

from __future__ import annotations

from edgeagent.errors import ServiceError
from edgeagent.services.loadable import loadable

VOICES = ("slt", "rms", "awb", "kal", "kal16")
"""Those of the library, its best one first; kal has 8 kHz, the others 16."""

ESPEAKS = "en"
"""What `talker.voice` is where nobody has set it: one of espeak-ng's. flite then takes its own best one. (Written down
here, because the child that imports this has no libraries, which the settings need.)"""

LIBRARIES = ("libflite.so.1", "libflite_usenglish.so.1", "libflite_cmulex.so.1")
"""What each voice needs."""

INSTALL = "sudo apt install flite"


def of_voice(voice: str) -> str:
    """The library that a voice is."""
    return f"libflite_cmu_us_{voice}.so.1"


def chosen(voice: str) -> str:
    """The voice that `talker.voice` means here."""
    return VOICES[0] if voice == ESPEAKS else voice


def check_voice(voice: str) -> None:
    """Raises ServiceError for one that flite does not have. voice: `chosen`, here and below."""
    if voice not in VOICES:
        raise ServiceError(f"flite has no voice '{voice}'", f"set talker.voice to one of {', '.join(VOICES)}")


def check_installed(voice: str) -> None:
    """Raises ServiceError where flite, or that voice of its own, is not installed."""
    for library in (*LIBRARIES, of_voice(VOICES[0]), of_voice(voice if voice in VOICES else VOICES[0])):
        if not loadable(library):
            raise ServiceError(f"flite is not installed, or not whole: there is no {library}", INSTALL)
