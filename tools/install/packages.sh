# Debian packages: what pip cannot bring, and what it needs to build the libraries that have no wheel.
# shellcheck shell=bash
# shellcheck disable=SC2154  # the parts of one script read each other's variables

# Sets `pins`, where lgpio comes from: none, wheel, system (python3-lgpio, which the environment must see) or build. On
# Python 3.13 it has no wheel; Raspberry Pi OS has it as a package, Debian itself has not. Once built it stays so; but
# only what is installed counts (`install_program`): without network no package is seen anywhere.
find_pins() {
    if ! wants pi; then
        pins=none
    elif [ "$(python_expected)" -lt 313 ]; then
        pins=wheel
    elif [ "$(recorded pins)" = build ]; then
        pins=build
    elif installed python3-lgpio || offered python3-lgpio; then
        pins=system
    else
        pins=build
    fi
}

# offered PACKAGE: whether apt, or the wheelhouse, has it.
offered() {
    if [ -n "$wheelhouse" ]; then
        grep -qsx "Package: $1" "$wheelhouse/debs/Packages"
    else
        candidate "$1" || { patient apt-get update -qq && candidate "$1"; }
    fi
}

candidate() { apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [0-9]'; }

packages_to_run() {
    echo python3 python3-venv
    ! wants card || echo libportaudio2 alsa-utils
    [ "$pins" != system ] || echo python3-lgpio python3-spidev
}

packages_to_build() {
    echo ca-certificates
    case $pins in wheel | build) echo gcc python3-dev ;; *) ! wants card || echo gcc python3-dev ;; esac
    [ "$pins" != build ] || echo swig
    ! wants card || echo portaudio19-dev
}

installed() { dpkg-query -W -f '${db:Status-Abbrev}\n' "$1" 2>/dev/null | grep -q '^ii'; }
all_installed() { dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' | sed -n 's/^ii *//p' | sort -u; }

install_packages() {
    say "Debian packages" "The sound library and Python's venv; where no wheelhouse has them, a compiler for PyAudio and spidev."
    local wanted
    find_pins
    wanted=$(packages_to_run; [ -n "$wheelhouse" ] || packages_to_build)
    # shellcheck disable=SC2086  # names without blanks
    bring $wanted
    [ "$dry" = yes ] || python_found
}

# bring PACKAGE...: install those that are missing, and note all that came with them.
bring() {
    local package missing=() before code=0
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
        patient apt-get update -qq || apt_trouble
        patient env DEBIAN_FRONTEND=noninteractive apt-get "${APT_WAIT[@]}" install -y -qq --no-install-recommends "${missing[@]}" ||
            code=$?
    fi
    for package in $(comm -13 <(echo "$before") <(all_installed)); do
        record package "$package"
    done
    [ "$code" -eq 0 ] || apt_trouble # what came all the same is on the list
}

# On a machine that has just been started, Debian may be at its own updates: they are waited for. apt waits for dpkg's lock
# by itself, and not for those of its lists and of what it fetches.
APT_WAIT=(-o DPkg::Lock::Timeout=300)

# patient COMMAND...: as `logged`, again and again while another apt holds such a lock.
patient() {
    local end=$((SECONDS + 300)) waits=no
    if [ "$dry" = yes ]; then run "$@" && return; fi
    need_scratch
    until LC_ALL=C "$@" >"$scratch/log" 2>&1; do
        if [ "$SECONDS" -ge "$end" ] || ! grep -q 'Could not get lock' "$scratch/log"; then
            tail -n 30 "$scratch/log" >&2
            return 1
        fi
        [ "$waits" = yes ] || note "Another apt is at work, perhaps Debian's own updates; waiting for it."
        waits=yes
        sleep 2
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
    apt=(apt-get "${APT_WAIT[@]}" -y -qq -o "Dir::Etc::SourceList=$scratch/sources" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State::Lists=$scratch/lists" -o "Dir::Cache=$scratch" -o APT::Sandbox::User=root)
    logged "${apt[@]}" update
    logged env DEBIAN_FRONTEND=noninteractive "${apt[@]}" install --no-install-recommends "$@"
}
