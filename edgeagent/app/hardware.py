"""The card, and what hangs on pins."""

from __future__ import annotations

from edgeagent.devices.gpio import Factory, pin_factory
from edgeagent.devices.gpio_lamp import GpioLamp
from edgeagent.devices.gpio_mute import GpioMute
from edgeagent.devices.terminal_lamp import TerminalLamp
from edgeagent.errors import DeviceError
from edgeagent.live.actuators import NoLamp, NoMutePin
from edgeagent.ports import Card, Lamp, MutePin
from edgeagent.settings import Audio, Settings


def build_card(audio: Audio) -> Card:
    """The card, found and not yet opened. Raises DeviceError or SoundFileError."""
    match audio.card:
        case "wav":
            from edgeagent.devices.wav_card import WavCard

            if not audio.microphone_wav:
                raise DeviceError("the card of files has no microphone", "set audio.microphone_wav")
            return WavCard(audio.microphone_wav, audio.loudspeaker_wav, audio.block_ms)
        case "pipe":
            from edgeagent.devices.pipe_card import PipeCard

            return PipeCard(audio.input, audio.output, audio.rate_hz, audio.block_ms)
    from edgeagent.devices.pyaudio_card import PyAudioCard

    return PyAudioCard(audio.input, audio.output, audio.streams, audio.rate_hz, audio.block_ms)


def build_factory(settings: Settings) -> Factory | None:
    """The driver of the pins, if there are any. Raises DeviceError."""
    pins = (settings.button.pin, settings.amplifier.mute_pin, settings.lamp.power_pin, *settings.lamp.pins)
    pins += (settings.button.louder_pin, settings.button.softer_pin)
    pins += (settings.hints.presence_pin, settings.hints.gesture_pin)
    return pin_factory() if any(pin >= 0 for pin in pins) else None


def build_lamp(settings: Settings, factory: Factory | None) -> Lamp:
    """Raises DeviceError."""
    match settings.lamp.kind:
        case "terminal":
            return TerminalLamp()
        case "led" | "rgb":
            return GpioLamp(settings.lamp, factory)
        case "apa102":
            from edgeagent.devices.apa102_lamp import Apa102Lamp, open_spi

            return Apa102Lamp(settings.lamp, open_spi(settings.lamp.spi_device), factory)
    return NoLamp()


def build_amplifier(settings: Settings, factory: Factory | None) -> MutePin:
    """Muted until somebody speaks. Raises DeviceError."""
    return GpioMute(settings.amplifier, factory) if settings.amplifier.mute_pin >= 0 else NoMutePin()
