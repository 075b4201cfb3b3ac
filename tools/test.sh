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
if (($#)); then
    say "Tests (pytest)"
    exec .venv/bin/python -m pytest "$@"
fi
# Some tests go by the clock and leave the processor alone half of the time: they run beside the others, which give way
# and share all cores, a file at a time.
clock="timing or live"
.venv/bin/python -m pytest -p no:cacheprovider -m "not slow and ($clock)" >.venv/clock.log 2>&1 &
beside=$!
trap 'kill "$beside" 2>/dev/null || true' EXIT # what fails in here would be the script's own end, also after success
say "Tests (pytest), but for those that go by the clock"
code=0
nice .venv/bin/python -m pytest -n "$(nproc)" --dist loadfile -m "not slow and not ($clock)" || code=$?
say "Tests that go by the clock, which run beside them"
wait "$beside" || code=$?
cat .venv/clock.log
exit "$code"
