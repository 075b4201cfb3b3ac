# Whether this machine can take it. Finds out whatever needs not be asked.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the parts of one script read each other's variables

OS_RELEASE=${OS_RELEASE:-/etc/os-release}
CMDLINE=${CMDLINE:-/proc/cmdline}
PYTHON=${PYTHON:-/usr/bin/python3} # not the one of somebody's PATH: Debian's libraries are for Debian's Python
BY_HAND="install by hand: docs/install.md"

os() { sed -n "s/^$1=//p" "$OS_RELEASE" | tr -d '"'; }

# Sets `debian` (12, 13), `arch` (arm64, amd64). Python may still be missing.
look() {
    if [ ! -r "$OS_RELEASE" ] || ! command -v dpkg >/dev/null; then die "this is not Debian" "$BY_HAND"; fi
    case $(os ID) in
    debian | raspbian) ;;
    *) die "this is $(os PRETTY_NAME), not Debian or Raspberry Pi OS" "$BY_HAND" ;;
    esac
    debian=$(os VERSION_ID)
    arch=$(dpkg --print-architecture)
    case $arch in
    arm64 | amd64) ;;
    *) die "this system is $arch, and the models need a 64-bit one (a 64-bit kernel alone is not enough)" \
        "write the 64-bit Raspberry Pi OS to the card" ;;
    esac
    [[ $debian =~ ^[0-9]+$ ]] || die "this is $(os PRETTY_NAME), and not a release" "take Debian 12 or 13, or $BY_HAND"
    [ "$debian" -ge 12 ] || die "Debian $debian has a Python that is too old" "update to Debian 12 or 13"
    local board=''
    [ ! -r /proc/device-tree/model ] || board="$(tr -d '\0' </proc/device-tree/model), "
    say "$board$(os PRETTY_NAME), $arch" "This can run edgeagent."
    [ "$debian" -le 13 ] || note "It is newer than what was tried (12 and 13)."
    [ -r systemd/edgeagent.service ] || die "this checkout is not complete: systemd/edgeagent.service is missing" "clone it anew"
    python_found
}

# Raspberry Pi OS can lay memory over its disk (raspi-config, Overlay File System); the next start has forgotten what was done.
need_disk() {
    if grep -qsE '(^| )(overlayroot=|boot=overlay)' "$CMDLINE" && [ "$(stat -f -c %T /)" = overlayfs ]; then
        die "the disk is read-only under an overlay in memory: all of this would be gone after the next start" \
            "switch it off first: sudo raspi-config nonint do_overlayfs 1; sudo reboot"
    fi
}

# Sets `python` (311, 313; '' where there is none yet).
python_found() {
    python=''
    [ ! -x "$PYTHON" ] || python=$("$PYTHON" -c 'import sys; print("%d%d" % sys.version_info[:2])')
    [ -z "$python" ] || [ "$python" -ge 311 ] || die "$PYTHON is older than 3.11" "$BY_HAND"
}

# Python's version, also where it is not installed yet.
python_expected() {
    if [ -n "$python" ]; then echo "$python"; elif [ "$debian" = 12 ]; then echo 311; else echo 313; fi
}

# wants EXTRA: whether it is to be installed.
wants() { [[ ,$extras, == *,$1,* ]]; }
