# Debian packages: what pip cannot bring, and what it needs to build the libraries that have no wheel.
# shellcheck shell=bash
# shellcheck disable=SC2154  # the parts of one script read each other's variables

packages_to_run() {
    echo python3 python3-venv
    ! wants card || echo libportaudio2 alsa-utils
    ! system_pins || echo python3-lgpio python3-spidev
}

packages_to_build() {
    echo ca-certificates
    if wants card || { wants pi && ! system_pins; }; then echo gcc python3-dev; fi
    ! wants card || echo portaudio19-dev
}

installed() { dpkg-query -W -f '${db:Status-Abbrev}\n' "$1" 2>/dev/null | grep -q '^ii'; }
all_installed() { dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' | sed -n 's/^ii *//p' | sort -u; }

install_packages() {
    say "Debian packages" "The sound library and Python's venv; where no wheelhouse has them, a compiler for PyAudio and spidev."
    local wanted
    wanted=$(packages_to_run; [ -n "$wheelhouse" ] || packages_to_build)
    # shellcheck disable=SC2086  # names without blanks
    bring $wanted
    [ "$dry" = yes ] || python_found
}

# bring PACKAGE...: install those that are missing, and note all that came with them.
bring() {
    local package missing=() before
    for package in "$@"; do
        installed "$package" || missing+=("$package")
    done
    if [ ${#missing[@]} -eq 0 ]; then
        already "$*"
        return
    fi
    note "missing: ${missing[*]}. This can take some minutes."
    before=$(all_installed)
    if [ -d "$wheelhouse/debs" ]; then
        apt_from_folder "$wheelhouse/debs" "${missing[@]}"
    else
        logged apt-get update -qq || apt_trouble
        logged env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" ||
            apt_trouble
    fi
    [ -z "$download" ] || return 0 # nothing is installed here that could be uninstalled
    for package in $(comm -13 <(echo "$before") <(all_installed)); do
        record package "$package"
    done
}

apt_trouble() {
    note "Without network: fill a folder elsewhere with --download DIR, bring it here, and give it with --wheelhouse DIR."
    return 1
}

# apt_from_folder FOLDER PACKAGE...: apt takes what is missing from FOLDER and looks nowhere else.
apt_from_folder() {
    local folder=$1 apt
    shift
    need_scratch
    ln -sfn "$(realpath "$folder")" "$scratch/debs" # a name without blanks, which apt's list cannot take
    mkdir -p "$scratch/lists/partial" "$scratch/archives/partial"
    echo "deb [trusted=yes] file:$scratch/debs ./" >"$scratch/sources"
    apt=(apt-get -y -qq -o "Dir::Etc::SourceList=$scratch/sources" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State::Lists=$scratch/lists" -o "Dir::Cache=$scratch" -o APT::Sandbox::User=root)
    logged "${apt[@]}" update
    logged env DEBIAN_FRONTEND=noninteractive "${apt[@]}" install --no-install-recommends "$@"
}
