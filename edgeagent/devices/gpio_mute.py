"""The amplifier's mute pin: a plain output, because it stands on the path of the hard stop."""

from __future__ import annotations

from edgeagent import settings
from edgeagent.devices.gpio import Factory, claiming, let_go

OVERLAY = (
    "if the max98357a overlay owns it, the amplifier is already muted whenever the card's output is dropped: "
    "set amplifier.mute_pin: -1, or write dtoverlay=max98357a,no-sdmode in config.txt and reboot"
)


class GpioMute:
    """See `ports.MutePin`. Muted from the start until `amplify(True)`.

    After `close` another program may have the pin. Until then it floats; a board that pulls it up then amplifies, of a
    card that plays nothing."""

    def __init__(self, amplifier: settings.Amplifier, factory: Factory) -> None:
        """Raises DeviceError; its remedy says what an overlay that owns the pin means."""
        from gpiozero import OutputDevice

        self._factory = factory
        with claiming(f"GPIO {amplifier.mute_pin} (amplifier)", busy=OVERLAY):
            self._pin = OutputDevice(
                amplifier.mute_pin,
                active_high=amplifier.mute_when == "low",  # active: the amplifier sounds
                initial_value=False,
                pin_factory=factory,
            )

    def amplify(self, on: bool) -> None:
        if on:
            self._pin.on()
        else:
            self._pin.off()

    def close(self) -> None:
        """Mutes, then gives the pin back. Idempotent."""
        if not self._pin.closed:
            self._pin.off()
            line = self._pin.pin
            self._pin.close()
            let_go(self._factory, line)
