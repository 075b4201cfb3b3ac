#!/usr/bin/env bash
# Sets everything up on a fresh machine and runs the demonstration: no microphone, no loudspeaker, no compiler needed.
# Arguments go to `edgeagent demo`. Run again, it starts at once and needs no network.
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

environment
extras speech # espeak-ng and its voices, for the device and for the person who interrupts it
exec .venv/bin/python -m edgeagent demo "$@"
