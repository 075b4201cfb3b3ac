"""What a type and a range cannot say: keys that do not fit together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from edgeagent.config.chat_address import wrong_address
from edgeagent.config.faults import Fault
from edgeagent.config.languages import unknown
from edgeagent.settings import Lamp, Recogniser, Replier, Settings, understands

PINS_OF = {"led": 1, "rgb": 3}
"""How many GPIOs a kind of lamp is driven by; the others use none of `lamp.pins`."""

EXAMPLE_PINS = (17, 27, 22)

UNDERSTANDING = ("recogniser.kind", "satellite.enabled", "replier.kind", "script.rules")
"""What decides whether somebody has to understand speech, and who does."""

SPI0_DATA, SPI0_CLOCK, SPI0_SELECT = 10, 11, (8, 7)
"""The GPIOs of SPI bus 0 (BCM numbers); the kernel owns them while it drives an APA102 strip. Select 0 and 1."""

LONGEST_NAME = 255 - len("name=")
"""Bytes of UTF-8: of the TXT entry in which mDNS tells the satellite's name."""


def contradictions(settings: Settings) -> Iterator[Fault]:
    """Every contradiction in `settings`, each named by the key that a person would change."""
    yield from _missing(settings)
    yield from _lamp(settings.lamp)
    yield from _shared_pins(settings)
    yield from _languages(settings.dialogue.languages)
    yield from _watched(settings)
    yield from _shadow(settings)
    yield from _satellite(settings)


def _missing(settings: Settings) -> Iterator[Fault]:
    talker, audio = settings.talker, settings.audio
    if talker.kind == "command" and not talker.command:
        yield Fault("talker.command", "missing. talker.kind is command: give the program that turns text into sound")
    replier = settings.replier
    if replier.kind == "command" and not replier.command:
        yield Fault("replier.command", "missing. replier.kind is command: give the program that answers")
    answers = {"chat": "replier.kind is chat", "wyoming": "replier.kind is wyoming"}.get(replier.kind, "")
    if replier.kind == "script" and settings.script.rules:
        answers = "script.rules is given"
    if answers and not understands(settings):
        told = f"missing. {answers}: give what understands speech, or a recogniser"
        yield Fault("capture.on_turn", told, UNDERSTANDING)
    if replier.kind == "chat":
        if not replier.model:
            yield Fault("replier.model", "missing. replier.kind is chat: give the model's name on that server")
        yield from wrong_address(replier.url)
    if settings.script.reading and not understands(settings):
        yield Fault(
            "capture.on_turn",
            'missing. script.reading goes on after "go on": give what understands it, or a recogniser',
            UNDERSTANDING,
        )
    if settings.recogniser.kind != "command" and settings.capture.on_turn:
        told = f"given, but recogniser.kind is {settings.recogniser.kind}. Only one of them can tell what was said"
        yield Fault("capture.on_turn", told)
    for key, used, uri in (
        ("recogniser.uri", settings.recogniser.kind == "wyoming", settings.recogniser.uri),
        ("talker.uri", talker.kind == "wyoming", talker.uri),
        ("activation.uri", settings.activation.mode == "wake", settings.activation.uri),
        ("replier.uri", replier.kind == "wyoming", replier.uri),
    ):
        if used and (why := _wrong_uri(uri)):
            yield Fault(key, f"{why}. Give tcp://host:port or unix:///path")
    if settings.activation.mode == "button" and settings.button.pin < 0:
        yield Fault(
            "button.pin", "missing. activation.mode is button: give the GPIO number of the button, for example 17"
        )
    if settings.memory.talk and not settings.memory.file:
        told = "missing. memory.talk is true: give the file to keep it in, for example /var/lib/edgeagent/memory.db"
        yield Fault("memory.file", told)
    if talker.kind == "wav" and not talker.wav_dir:
        yield Fault("talker.wav_dir", "missing. talker.kind is wav: give the folder of recorded sentences")
    if audio.volume_least_percent > audio.volume_most_percent:
        most = "audio.volume_most_percent"
        yield Fault("audio.volume_least_percent", f"more than {most}. Give less", (most,))
    if audio.mixer and not all(audio.mixer.rpartition("/")[::2]):
        yield Fault("audio.mixer", "no card and control. Give CARD/CONTROL, for example hw:Device/PCM")
    if audio.card == "wav":
        if not audio.microphone_wav:
            yield Fault("audio.microphone_wav", "missing. audio.card is wav: give the file it hears")
        if audio.microphone_wav and audio.microphone_wav == audio.loudspeaker_wav:
            yield Fault("audio.loudspeaker_wav", "the same file as audio.microphone_wav; it would be overwritten")


def _wrong_uri(uri: str) -> str:
    """What is wrong with the address of a server of Wyoming; "" for nothing. Nothing of it is repeated."""
    try:
        parts = urlsplit(uri)
        where = bool(parts.hostname and _is_host(parts.hostname) and parts.port)
    except ValueError:
        return "no address"
    if parts.username or parts.password:
        return "holds a password, which would be shown, and that protocol has none"
    if parts.query or parts.fragment:
        return "goes on behind its end"
    if parts.scheme == "unix":
        return "" if parts.path and not parts.netloc else "no path"
    return "" if parts.scheme == "tcp" and where and not parts.path.strip("/") else "no address"


def _languages(codes: Sequence[str]) -> Iterator[Fault]:
    if not codes:
        yield Fault("dialogue.languages", "empty. Name at least one")
    yield from unknown(codes)


def _shadow(settings: Settings) -> Iterator[Fault]:
    """One that is the same would never disagree."""
    tried, live = settings.shadow, settings.turns.false_stops_per_hour
    if tried.models == settings.models.folder and tried.models:
        told = "the same folder as models.folder. Give another, or leave it out"
        yield Fault("shadow.models", told, ("models.folder",))
    if tried.false_stops_per_hour == live and not tried.models:
        told, of = "the same as in turns. Give another number, or leave it out", "turns.false_stops_per_hour"
        yield Fault("shadow.false_stops_per_hour", told, (of, "shadow.models"))


def _satellite(settings: Settings) -> Iterator[Fault]:
    """Home Assistant understands and answers, so nobody else can."""
    satellite, how = settings.satellite, "given, but satellite.enabled is true. Home Assistant does that; leave it out"
    for address in satellite.allow:
        if not _is_address(address):
            yield Fault("satellite.allow", f"'{address}' is no IP address. Give one such as 192.168.1.5")
    if not _is_address(satellite.address):
        yield Fault("satellite.address", "no IP address. Give one of this machine, or 0.0.0.0")
    elif satellite.discovery and ip_address(satellite.address).is_loopback:
        yield Fault("satellite.discovery", "true, but satellite.address is reached by this machine only")
    if satellite.discovery and (size := len(satellite.name.encode())) > LONGEST_NAME:
        told = f"{size} bytes of UTF-8, and mDNS tells {LONGEST_NAME} at most. Give a shorter one"
        yield Fault("satellite.name", told, ("satellite.discovery",))
    if not satellite.enabled:
        return
    for key, given in (
        ("recogniser.kind", settings.recogniser.kind != Recogniser().kind),
        ("capture.on_turn", bool(settings.capture.on_turn)),
        ("replier.kind", settings.replier.kind != Replier().kind),
    ):
        if given:
            yield Fault(key, how)


def _lamp(lamp: Lamp) -> Iterator[Fault]:
    if lamp.power_pin >= 0 and lamp.kind != "apa102":
        told = f"given, but lamp.kind is {lamp.kind}, which has none. Set lamp.kind to apa102, or leave it out"
        yield Fault("lamp.power_pin", told)
    wanted = PINS_OF.get(lamp.kind, 0)
    if len(lamp.pins) == wanted:
        return
    if not wanted:
        yield Fault("lamp.pins", f"given, but lamp.kind is {lamp.kind}, which has none. Set lamp.kind to led or rgb")
        return
    example = f"for example {list(EXAMPLE_PINS[:wanted])}"
    numbers = "the GPIO number" if wanted == 1 else "the GPIO numbers of red, green and blue"
    given = f"{len(lamp.pins)} given, lamp.kind {lamp.kind} has {wanted}" if lamp.pins else "missing"
    yield Fault("lamp.pins", f"{given}. Give {numbers}, {example}")


def _shared_pins(settings: Settings) -> Iterator[Fault]:
    """A GPIO has one owner."""
    lamp = settings.lamp
    used = [("lamp.pins", pin) for pin in lamp.pins]
    used += [("lamp.power_pin", lamp.power_pin), ("button.pin", settings.button.pin)]
    used += [("button.louder_pin", settings.button.louder_pin), ("button.softer_pin", settings.button.softer_pin)]
    used += [("hints.presence_pin", settings.hints.presence_pin), ("hints.gesture_pin", settings.hints.gesture_pin)]
    used += [("amplifier.mute_pin", settings.amplifier.mute_pin)]
    owners: dict[int, str] = {}
    if lamp.kind == "apa102":
        bus = "the strip on SPI bus 0 (lamp.kind apa102)"
        owners = dict.fromkeys((SPI0_DATA, SPI0_CLOCK, SPI0_SELECT[lamp.spi_device]), bus)
    for key, pin in used:
        if pin >= 0 and pin in owners:
            yield Fault(key, f"GPIO {pin} already belongs to {owners[pin]}. Give each its own")
        owners.setdefault(pin, key)


def _watched(settings: Settings) -> Iterator[Fault]:
    """Where those who look after the device find it."""
    metrics, mqtt, page = settings.metrics, settings.mqtt, settings.page
    for key, port, address in (("metrics", metrics.port, metrics.address), ("page", page.port, page.address)):
        if port and not _is_address(address):
            yield Fault(f"{key}.address", "no IP address. Give 127.0.0.1, 0.0.0.0, or one of this machine's")
    if page.port and page.port == metrics.port:
        yield Fault("page.port", f"{page.port} is also metrics.port. Give each its own")
    if mqtt.host and not _is_host(mqtt.host):
        yield Fault("mqtt.host", "no name and no address. Give one such as broker.local; the port is mqtt.port")
    if mqtt.ca_file and not mqtt.tls:
        yield Fault("mqtt.ca_file", "given, but mqtt.tls is off. Set mqtt.tls to true", ("mqtt.tls",))
    for key, text in (("mqtt.prefix", mqtt.prefix), ("mqtt.device", mqtt.device), ("mqtt.discovery", mqtt.discovery)):
        if any(character in text for character in "+#\0") or text.startswith("/") or text.endswith("/"):
            yield Fault(key, "no part of a topic. Leave out + and #, and / at either end")
    if mqtt.host and not mqtt.prefix:
        yield Fault("mqtt.prefix", "empty. Give the first part of the topics, for example edgeagent")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_host(text: str) -> bool:
    """Whether it may be looked up at all: what cannot ends the thread of the library that tries."""
    if _is_address(text):
        return True
    try:
        text.encode("idna")
    except UnicodeError:
        return False
    return text.isprintable() and not any(character in text for character in " /:@")
