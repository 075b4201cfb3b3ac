"""A sound card in user space for tests: what the loudspeaker played, sample by sample, and a microphone to feed."""

from tools.simcard.build import BuildError, build
from tools.simcard.card import RING, SimCard, State

__all__ = ["RING", "BuildError", "SimCard", "State", "build"]
