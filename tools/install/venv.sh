# The program and what it needs from pip, in an environment of its own: Debian's Python is not for pip (PEP 668).
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the parts of one script read each other's variables

# What of the checkout is the program.
SOURCES=(edgeagent models setup.cfg pyproject.toml README.md LICENSE)

make_venv() {
    say "Virtual environment in $VENV" "Debian's Python is not for pip; so nothing else on this machine sees our libraries."
    local options=() kind
    [ "$pins" != system ] || options=(--system-site-packages)
    kind="$("$PYTHON" --version 2>/dev/null || echo 'Python, to come')${options[*]:+ ${options[*]}}"
    if [ "$(recorded venv)" = "$kind" ] && "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
        already "$kind"
        return
    fi
    run "$PYTHON" -m venv --clear "${options[@]}" "$VENV"
    replace program none # what was in it is gone
    replace venv "$kind"
}

# The sources' checksum: whether the program is that of this checkout. The names of our caches do not count.
checkout_sum() {
    find -L "${SOURCES[@]}" docs -type f ! -path '*/__pycache__/*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum |
        sha256sum | cut -c1-16
}

# A copy of the sources in `scratch`: building in the checkout would leave root's files in it.
copy_sources() {
    need_scratch
    rm -rf "$scratch/edgeagent"
    mkdir "$scratch/edgeagent"
    tar --exclude=__pycache__ -c "${SOURCES[@]}" | tar -x --no-same-owner -C "$scratch/edgeagent"
}

# Options of pip: nobody is asked, and root's home gets no cache unless one is named.
pip_options() {
    pip=(--quiet --no-input --disable-pip-version-check)
    [ -n "${PIP_CACHE_DIR:-}" ] || pip+=(--no-cache-dir)
}

# What pip is to bring.
requirements() {
    echo "${scratch:-COPY}/edgeagent[$extras]"
    [ "$pins" != build ] || echo 'lgpio>=0.2.2'
}

# pip_of VENV COMMAND...: PYPI=1 is lgpio's own switch, for a module that has all of lgpio in it.
pip_of() { run env PYPI=1 "$1/bin/python" -m pip "${@:2}"; }

install_program() {
    say "edgeagent[$extras]" "The program from this checkout, and the libraries of these extras. Takes some minutes the first time."
    local want wanted
    want="$(checkout_sum) $extras"
    if [ "$(recorded program)" = "$want" ] && "$VENV/bin/edgeagent" --version >/dev/null 2>&1; then
        already "$("$VENV/bin/edgeagent" --version), from the same sources"
        return
    fi
    pip_options
    [ -z "$wheelhouse" ] || pip+=(--no-index --find-links "$wheelhouse")
    [ "$dry" = yes ] || copy_sources
    replace program none # until pip is done
    replace extras "$extras"
    changes
    mapfile -t wanted < <(requirements)
    pip_of "$VENV" install "${pip[@]}" "${wanted[@]}" || pip_trouble
    run rm -rf "$PREFIX/docs"
    run install -D -m 644 -t "$PREFIX/docs" docs/*.md # `systemctl status` names them
    replace pins "$pins"
    replace program "$want"
    [ "$dry" = yes ] || note "installed: $("$VENV/bin/edgeagent" --version)"
}

pip_trouble() {
    if [ -n "$wheelhouse" ]; then
        note "The wheelhouse must have been filled by --download with the same extras, on the same Debian and processor."
    fi
    return 1
}
