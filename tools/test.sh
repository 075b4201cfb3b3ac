#!/usr/bin/env bash
# Sets up what the tests need and runs them: lint, types, tests. Arguments go to pytest: tools/test.sh -m slow -k echo
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

environment
extras speech,sim,wyoming,zeroconf,metrics,mqtt,page,plots,test
# Two libraries are built from source on most machines. Where that fails the tests that need them are skipped.
extras card >.venv/card.log 2>&1 ||
    say "No PyAudio (.venv/card.log says why): tests of the sound card are skipped.
   sudo apt-get install portaudio19-dev libasound2-dev python3-dev gcc"
extras pi >.venv/pi.log 2>&1 ||
    say "No GPIO libraries (.venv/pi.log says why): tests of lamps and pins are skipped. Off a Raspberry Pi that is fine."

extras words >.venv/words.log 2>&1 ||
    say "No pocketsphinx (.venv/words.log says why): tests of the lexical hint's recogniser are skipped."

extras sherpa >.venv/sherpa.log 2>&1 ||
    say "No sherpa-onnx (.venv/sherpa.log says why): whether its stand-in is like it is not tested."

say "Lint (ruff)"
.venv/bin/python -m ruff check .
say "Types (mypy)"
.venv/bin/python -m mypy
say "Tests (pytest)"
.venv/bin/python -m pytest "$@"
