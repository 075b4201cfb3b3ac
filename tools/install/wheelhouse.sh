# A folder from which a device without network installs: wheels, and the Debian packages that run them.
# shellcheck shell=bash
# shellcheck disable=SC2154  # the parts of one script read each other's variables

# Wheels and packages fit one Debian, one processor and one Python.
made_for() { echo "debian $debian, $arch, python $(python_expected)"; }

open_wheelhouse() {
    [ -d "$wheelhouse" ] || die "there is no folder $wheelhouse" "fill one elsewhere: bash tools/install.sh --download DIR"
    [ -r "$wheelhouse/made-for" ] || return 0 # somebody's own; pip will say what is missing
    [ "$(head -n 1 "$wheelhouse/made-for")" = "$(made_for)" ] ||
        die "$wheelhouse was made for $(head -n 1 "$wheelhouse/made-for"), and this is $(made_for)" \
            "run --download on a machine like this one"
    local extra
    for extra in ${extras//,/ }; do
        [[ ,$(sed -n 2p "$wheelhouse/made-for"), == *,$extra,* ]] ||
            die "$wheelhouse has nothing for the extra $extra" "run --download again, with --extras $extras"
    done
}

fill_wheelhouse() {
    local wanted
    find_pins
    say "Debian packages to build with" "PyAudio and spidev have no wheel: they are built here, and the device needs no compiler."
    wanted=$(packages_to_build; echo python3 python3-venv)
    # shellcheck disable=SC2086  # names without blanks
    [ -z "$(absent $wanted)" ] || need_root
    # shellcheck disable=SC2086
    bring $wanted
    run mkdir -p "$download/debs/partial"
    download_wheels
    download_debs
    [ "$dry" = no ] || return 0
    printf '%s\n' "$(made_for)" "$extras" >"$download/made-for"
    [ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$download"
    printf '\nDone: %s. Bring this checkout and that folder to the device, and there:\n\n' "$(du -sh "$download" | cut -f1)"
    printf '    sudo bash tools/install.sh --wheelhouse %q%s\n' "$(basename "$download")" \
        "$([ "$extras" = card,pi,speech ] || echo " --extras $extras")"
}

# absent PACKAGE...: those that are not installed.
absent() {
    local package
    for package in "$@"; do
        installed "$package" || echo "$package"
    done
}

download_wheels() {
    say "Wheels of edgeagent[$extras]" "Everything that pip would fetch, and what it builds edgeagent itself with."
    local wanted
    need_scratch
    pip_options
    copy_sources
    run "$PYTHON" -m venv "$scratch/venv"
    mapfile -t wanted < <(requirements)
    pip_of "$scratch/venv" wheel "${pip[@]}" --wheel-dir "$download" setuptools wheel "${wanted[@]}"
    run rm -f "$download"/edgeagent-*.whl # the device builds it from its own checkout
}

# What is wanted and all that it needs, as if nothing were installed: the device may lack anything.
download_debs() {
    say "Debian packages to run with" "With all that they need, since nobody here knows what the device has."
    need_scratch
    : >"$scratch/nothing"
    [ "$(id -u)" -ne 0 ] || patient apt-get update -qq
    local wanted
    wanted=$(packages_to_run)
    # shellcheck disable=SC2086  # names without blanks
    logged apt-get -y -qq --no-install-recommends --download-only -o Debug::NoLocking=1 -o APT::Sandbox::User=root \
        -o "Dir::State::Status=$scratch/nothing" -o "Dir::Cache::Archives=$download/debs" install $wanted
    [ "$dry" = no ] || return 0
    rm -rf "$download/debs/partial" "$download/debs/lock"
    index_debs "$download/debs" >"$download/debs/Packages"
}

# apt reads what a folder holds from a list: of each package its own description, where it lies and its checksum.
index_debs() {
    local file
    for file in "$1"/*.deb; do
        dpkg-deb -f "$file"
        printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$(basename "$file")" "$(stat -c %s "$file")" \
            "$(sha256sum "$file" | cut -d ' ' -f 1)"
    done
}
