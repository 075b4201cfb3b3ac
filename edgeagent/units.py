"""The one clock of edgeagent: the sample index at 16 kHz, and the ways in and out of it.

Every duration inside floors 0 to 4 is an integer count of samples; milliseconds and seconds exist only in settings,
journals and messages to people.
"""

RATE = 16_000
"""Samples per second everywhere inside the engine. Cards at other rates pass through `signal.resample`."""

HOP = 256
"""Samples per engine step (16 ms): the canceller's block, and so the grain of every decision. A power of two for the
FFT; at 160 (10 ms) the same filter length would cost 1.6 times as much per second of sound."""

CARD_BLOCK = 160
"""The largest block a simulation may advance by (10 ms): so late, as behind a card, what is decided takes effect."""


def samples(ms: float) -> int:
    """Milliseconds to samples, rounded to the nearest sample."""
    return round(ms * RATE / 1000)


def milliseconds(count: int) -> float:
    """Samples to milliseconds, exactly (a sample is 1/16 ms)."""
    return count * 1000 / RATE


def seconds(count: int) -> float:
    """Samples to seconds, exactly (a sample is 62.5 us)."""
    return count / RATE
