# Sourced by demo.sh, test.sh and .ci/run: system packages where they are missing, and edgeagent in the folder .venv.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\n== %s\n' "$*"; }

# packages NAME...: Debian packages, those that are missing. Where we may not install, say what to install and fail.
packages() {
    local missing=() sudo=()
    for package in "$@"; do
        dpkg -s "$package" 2>/dev/null | grep -q '^Status: install ok' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "Missing here, please have them installed: apt-get install ${missing[*]}" >&2
            return 1
        fi
        sudo=(sudo)
    fi
    say "Installing system packages: ${missing[*]}"
    "${sudo[@]}" apt-get update -qq || return
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

# environment: a virtual environment in .venv, made with $PYTHON (default python3), 3.11 or later.
environment() {
    local python=${PYTHON:-python3}
    command -v "$python" >/dev/null || packages python3
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        echo "edgeagent needs Python 3.11 or later and $python is $("$python" --version). Set PYTHON to a newer one." >&2
        exit 1
    fi
    [ -x .venv/bin/python ] && .venv/bin/python -m pip --version >/dev/null 2>&1 && return
    say "Making a virtual environment in .venv ($("$python" --version))"
    "$python" -c 'import ensurepip' 2>/dev/null || packages python3-venv
    "$python" -m venv --clear .venv
}

# extras NAMES: edgeagent with these extras (comma separated), editable, unless that was done for this setup.cfg.
extras() {
    local stamp=".venv/installed-$1" want
    want="$PWD $(.venv/bin/python --version) $(cksum <setup.cfg)"
    [ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && return
    say "Installing edgeagent[$1] and what it needs into .venv"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[$1]" || return
    echo "$want" >"$stamp"
}
