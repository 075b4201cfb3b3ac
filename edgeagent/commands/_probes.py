"""What `check` looks at besides sound cards, pins and rights: the machine, services, models and the disk.

Each probe takes the settings, because only what the settings ask for can be missing, and yields findings. None of them
changes anything that outlives it.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib import metadata
from pathlib import Path
from time import monotonic

from edgeagent import __version__
from edgeagent.app import parts
from edgeagent.commands._finding import Finding, fail, ok, warn
from edgeagent.commands._installed import installed, theirs
from edgeagent.commands.terminal import nearest
from edgeagent.config import named_files
from edgeagent.config.keys import sections
from edgeagent.devices.model_files import chosen, manifest
from edgeagent.errors import EdgeAgentError, ModelError, ServiceError
from edgeagent.live.realtime import SWITCH_S
from edgeagent.services import espeak_voices
from edgeagent.services.chat_tools import read_tools
from edgeagent.services.command_line import words_of
from edgeagent.services.espeak_talker import EspeakTalker
from edgeagent.services.flite_talker import FliteTalker
from edgeagent.services.library_recogniser import LOADING_S, LibraryRecogniser, process
from edgeagent.services.piper_voice import program, voice_rate
from edgeagent.services.reading_text import read_text
from edgeagent.services.rule_file import read_rules
from edgeagent.services.scripted_replier import ScriptedReplier
from edgeagent.services.wav_talker import WavTalker
from edgeagent.services.wyoming_link import WyomingLink
from edgeagent.settings import Recogniser, Script, Settings, Talker

LIBRARIES = (
    "numpy",
    "onnxruntime",
    "ai-edge-litert",
    "pydantic",
    "PyYAML",
    "PyAudio",
    "gpiozero",
    "lgpio",
    "spidev",
    "espeakng-loader",
    "pocketsphinx",
    "wyoming",
    "vosk",
    "sherpa-onnx",
    "piper-tts",
    "zeroconf",
)

BOARD = Path("/proc/device-tree/model")
"""Raspberry Pi kernels tell their board here; a PC has no such file."""

PATIENCE_S = 3.0
"""For a server that is asked whether it is there."""

LITTLE_BYTES, NOTHING_BYTES = 500 << 20, 20 << 20
"""A recorded hour is 240 MB; below the second figure not even a journal is safe."""


ROOM = "sudo apt-get clean; sudo journalctl --vacuum-size=50M; sudo du -xh -d 2 {} | sort -h | tail shows what is large"


def elsewhere(key: str, name: str) -> str:
    """The setting, for who writes for themselves."""
    return f"set {key}: ~/edgeagent/{name}" if name else "cd ~, and start it there"


def configuration(settings: Settings) -> Iterator[Finding]:
    """What differs from the defaults; passwords and keys starred."""
    changed = []
    for section, keys in sections().items():
        for name, key in keys.items():
            value = getattr(getattr(settings, section), name)
            if value != key.default:
                changed.append(f"{key.path}: {'***' if key.private else repr(value)}")
    yield ok("configuration", ", ".join(changed) or "every setting has its default")


def board() -> str:
    """The Raspberry Pi's model, '' on other machines."""
    return BOARD.read_text(errors="replace").rstrip("\0\n") if BOARD.exists() else ""


def versions(_settings: Settings) -> Iterator[Finding]:
    """What a bug report needs."""
    yield ok("edgeagent", f"{__version__}, Python {platform.python_version()}")
    machine = f"{board() or 'no Raspberry Pi'}, {platform.machine()}, {os.cpu_count()} cores"
    yield ok("machine", f"{machine}, Linux {platform.release()}")
    if platform.architecture()[0] != "64bit":
        yield fail(
            "machine",
            "a 32-bit system: onnxruntime has no build for it",
            "write the 64-bit Raspberry Pi OS to the SD card, with `rpi-imager`",
        )
    found = []
    for library in LIBRARIES:
        try:
            found.append(f"{library} {metadata.version(library)}")
        except metadata.PackageNotFoundError:
            continue
    yield ok("libraries", ", ".join(found))


def interpreter(_settings: Settings) -> Iterator[Finding]:
    """What `run` does about Python itself; nothing can be missing."""
    yield ok("interpreter", f"no collection while somebody speaks; threads switch every {1000 * SWITCH_S:g} ms")


def services(settings: Settings) -> Iterator[Finding]:
    """Whether the voice, the script and the command for the user's turns can start."""
    yield _started("voice", lambda: _voice(settings.talker))
    if settings.replier.kind == "script":
        yield _started("script", lambda: _script(settings.script), settings.script.rules)
    if settings.replier.kind == "wyoming":
        yield _started("replier", lambda: _answers(settings.replier.uri, "replier.uri"))
    if settings.replier.kind == "chat" and settings.replier.tools:
        yield _started("tools", lambda: ", ".join(read_tools(settings.replier.tools)), settings.replier.tools)
    if settings.replier.kind == "command":
        yield _started("replier", lambda: words_of(settings.replier.command, "replier.command")[0])
    if settings.recogniser.kind != "command":
        yield _started("recogniser", lambda: _recogniser(settings.recogniser))
    if settings.capture.on_turn:
        yield _started("turn command", lambda: words_of(settings.capture.on_turn, "capture.on_turn")[0])


def _started(topic: str, start: Callable[[], str], file: str = "") -> Finding:
    """file: that has the faults, where they are told with their lines."""
    mended = f"`nano {file}`" if file else "`edgeagent check --example` shows every key"
    try:
        return ok(topic, start())
    except EdgeAgentError as error:
        return fail(topic, error.problem, error.remedy or mended)


def _voice(talker: Talker) -> str:
    if talker.kind == "command":
        return words_of(talker.command, "talker.command")[0]
    if talker.kind == "wav":
        WavTalker(talker.wav_dir).close()
        return f"recorded sentences in {talker.wav_dir}"
    if talker.kind == "piper":
        return f"{program(talker)[0]}, {talker.model}, {voice_rate(talker.model)} Hz"
    if talker.kind == "wyoming":
        return _answers(talker.uri, "talker.uri")
    if talker.kind == "espeak":
        espeak_voices.check_voice(talker.voice)  # the library says of any voice that will not load that it has none
    with closing(FliteTalker(talker) if talker.kind == "flite" else EspeakTalker(talker)) as library:
        library.check()
    return f"{library.name}, voice {library.voice}"


def _recogniser(recogniser: Recogniser) -> str:
    """Loads the model: that it is there does not say that the library takes it."""
    if recogniser.kind == "wyoming":
        return _answers(recogniser.uri, "recogniser.uri")
    begun = monotonic()
    with closing(LibraryRecogniser(process(recogniser), LOADING_S, _nobody, _nobody)) as library:
        library.check()
    return f"{recogniser.kind} {recogniser.model}".rstrip() + f", loaded in {monotonic() - begun:.1f} s"


def _answers(uri: str, key: str) -> str:
    with closing(WyomingLink(uri, PATIENCE_S)) as link:
        connected(link, key)
    return f"{uri} answers"


def connected(link: WyomingLink, key: str) -> None:
    """key: the setting that names the server. Raises ServiceError."""
    try:
        link.connect()
    except ServiceError as error:
        raise ServiceError(error.problem, f"start the server; or set {key}: tcp://ITS-ADDRESS:PORT") from error


def _nobody(_turn: int, _text: str) -> None:
    """Does not want to know."""


def _script(script: Script) -> str:
    if script.rules:
        return f"{script.rules}, {len(read_rules(script.rules).rules.rules)} rules"
    ScriptedReplier(script).close()
    if script.reading:
        return f"reads {len(read_text(script.reading))} sentences of {script.reading}"
    return script.file or "the sentences of the configuration"


def texts(settings: Settings) -> Iterator[Finding]:
    """What is wrong with texts that are looked at nowhere else: files of languages, and a script beside a replier."""
    for fault in named_files.cues(settings):
        how = "git restore edgeagent/languages, and install it again; or set dialogue.languages without it"
        yield fail("languages", fault.message, how)
    if settings.replier.kind != "script":
        for fault in named_files.repliers(settings):
            if fault.key.startswith("script."):
                text = fault.message if fault.key in fault.message else f"{fault.key}: {fault.message}"
                yield fail("script", text, f"mend the file, or set {fault.key}: ''")


def shadow_models(settings: Settings) -> Iterator[Finding]:
    """Whether what `shadow.models` names is there and whole; loads none of it."""
    for fault in named_files.models(settings):
        if fault.key == "shadow.models":
            yield fail("models", f"{fault.key}: {fault.message}", f"mend the file, or set {fault.key}: ''")


def models(settings: Settings) -> Iterator[Finding]:
    """Whether the models are those that their manifest names, and of the form that this version runs."""
    try:
        listed = manifest(*chosen(settings.models))
        parts(settings)
    except ModelError as error:
        yield fail(
            "models",
            error.problem,
            f'set models.folder: ""; or {error.remedy}' if settings.models.folder else error.remedy,
        )
    else:
        yield ok("models", ", ".join(f"{name} {expected[:12]}" for name, (_, expected) in listed.items()))


def disk(settings: Settings) -> Iterator[Finding]:
    """Whether what the settings write can be written, and whether there is room for it. A service goes on without what
    it cannot write; a device that somebody starts by hand is refused."""
    files = {"record.journal": settings.record.journal, "hints.socket": settings.hints.socket}
    written = {
        **{key: str(Path(name).parent) for key, name in files.items() if name},
        "record.dir": settings.record.dir,
        "capture.turns_dir": settings.capture.turns_dir,
        "flight.dir": settings.flight.dir,
    }
    service = installed()
    refused = warn if service else fail
    journal = Path(settings.record.journal).expanduser()
    if settings.record.journal and os.path.isdir(journal):
        yield refused("disk", f"record.journal: {journal} is a folder", f"set record.journal: {journal}/journal.jsonl")
    for folder, key in {name or ".": key for key, name in written.items()}.items():
        existing = (service.path(folder) if service else Path(folder).expanduser()).resolve()
        if service and service.makes(existing):
            yield ok("disk", f"{existing} is made when the service starts")
            continue
        existing = nearest(existing)
        free, called = shutil.disk_usage(existing).free, Path(files.get(key, folder)).name
        text = f"{free / (1 << 30):.1f} GiB free for {existing}"
        if service and (why := service.denies(existing)):
            yield warn(
                "disk",
                f"nothing can be written in {existing}: {why}",
                service.elsewhere(key, called, existing),
            )
        elif not os.access(existing, os.W_OK):
            if theirs(existing):
                told = f"{key}: {existing} is the service's, where only it writes"
                yield warn("disk", told, "give the same command with sudo")
            elif written[key]:
                yield refused("disk", f"{key}: nothing can be written in {existing}", elsewhere(key, called))
            else:  # nothing is to be written, but something may be yet
                yield warn("disk", f"nothing can be written in {existing}", elsewhere(key, ""))
        elif free < LITTLE_BYTES:
            grade = fail if free < NOTHING_BYTES else warn
            yield grade("disk", f"{text}, and a recorded hour takes 240 MB", ROOM.format(existing))
        else:
            yield ok("disk", text)
