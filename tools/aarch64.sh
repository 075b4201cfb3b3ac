#!/usr/bin/env bash
# edgeagent on 64-bit ARM without a Raspberry Pi: a Debian for arm64 in a folder, run by qemu, in which the tests pass and
# scenes are decided as here.
#
#   sudo bash tools/aarch64.sh                         all of it; an hour or two, a tenth of that on an ARM machine
#   sudo bash tools/aarch64.sh --scenes FOLDER         these scenes instead of six generated ones
#   sudo bash tools/aarch64.sh --only scenes           one step: prepare, tests or scenes (the others need prepare once)
#   sudo bash tools/aarch64.sh -- tests/turn -x        arguments for pytest
#
#   --folder DIR   where the Debian lies (default build/aarch64; 1.5 GB). What is there already is used again.
#   --count N      of the scenes, the first N (default 6)
#
# Steps: prepare makes the Debian, fetches the wheels (pip as it is configured on this machine) and installs edgeagent from
# them; tests runs the unit tests, but those that are slow, that measure time (`timing`) and that run live threads against
# a clock (`live`); scenes simulates the scenes on both machines and compares the journals entry by entry, and replays
# there what was recorded here.
#
# Needs root, for a chroot: debootstrap, qemu-user-static. Environment: DEBIAN_MIRROR (default: where this machine's apt
# gets Debian from), DEBIAN_SUITE (bookworm), EDGEAGENT_PYTHON (a Python that has edgeagent with speech, sim and packaging;
# default: .venv, made as by tools/test.sh). Mounts, and the kernel's memory of qemu, are taken back at the end.
from=$PWD
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

# absolute PATH: as it was meant where the script was called.
absolute() { if [[ $1 = /* ]]; then echo "$1"; else echo "$from/$1"; fi; }

folder=build/aarch64 scenes="" count=6 only=""
while [ $# -gt 0 ]; do
    case $1 in
    --folder | --scenes | --count | --only) [ -n "${2:-}" ] || { echo "$1 needs a value" >&2 && exit 2; } ;;&
    --folder) folder=$(absolute "$2") && shift 2 ;;
    --scenes) scenes=$(absolute "$2") && shift 2 ;;
    --count) count=$2 && shift 2 ;;
    --only) only=$2 && shift 2 ;;
    --) shift && break ;;
    -h | --help) sed -n '2,/^from=/{/^#/s/^# \{0,1\}//p}' tools/aarch64.sh && exit ;;
    *) echo "What is $1? See --help" >&2 && exit 2 ;;
    esac
done
case $only in "" | prepare | tests | scenes) ;; *) echo "--only takes prepare, tests or scenes" >&2 && exit 2 ;; esac
[[ $count =~ ^[1-9][0-9]*$ ]] || { echo "--count takes 1 or more, not '$count'" >&2 && exit 2; }
[ "$(id -u)" -eq 0 ] || { echo "A chroot needs root: sudo bash tools/aarch64.sh" >&2 && exit 2; }
if [ -n "$scenes" ] && [ ! -d "$scenes" ]; then echo "--scenes $scenes: no such folder" >&2 && exit 2; fi

mkdir -p "$folder"
folder=$(realpath "$folder")
root=$folder/root wheels=$folder/wheels
[ -z "$scenes" ] || scenes=$(realpath "$scenes")
undo=()

clean() {
    local step
    for ((step = ${#undo[@]} - 1; step >= 0; step--)); do eval "${undo[step]}" || true; done
    undo=()
}
trap clean EXIT
trap 'exit 130' INT TERM

# mounted KIND_OR_FOLDER AT: until the end
mounted() {
    mkdir -p "$2"
    mountpoint -q "$2" && return
    case $1 in proc) mount -t proc proc "$2" ;; *) mount --bind "$1" "$2" ;; esac
    undo+=("umount '$2' 2>/dev/null || umount --lazy '$2'")
}

# The kernel starts arm64 programs by qemu, also inside of the chroot (F: it keeps the program open).
understand() {
    [ "$(uname -m)" != aarch64 ] || return 0
    local known=/proc/sys/fs/binfmt_misc here='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
    if [ ! -e $known/register ]; then
        mount -t binfmt_misc binfmt_misc $known
        undo+=("umount $known")
    fi
    ! grep -qs enabled $known/qemu-aarch64 || return 0
    local magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
    echo ":qemu-aarch64:M::$magic:$here:$(command -v qemu-aarch64-static):PF" >$known/register
    undo+=("echo -1 >$known/qemu-aarch64")
}

# there COMMAND...: in the Debian for arm64, as its root, in the checkout
there() {
    chroot "$root" /usr/bin/env -i HOME=/root PATH=/venv/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 OMP_NUM_THREADS=1 \
        EDGEAGENT_SHARED="${EDGEAGENT_SHARED-}" sh -c 'cd /src && exec "$@"' sh "$@"
}

mirror() {
    local found
    # shellcheck disable=SC2016 # apt's own variable
    found=$(apt-get indextargets --format '$(REPO_URI)' "Created-By: Packages" 2>/dev/null | grep -m1 '/debian/\?$' || true)
    echo "${DEBIAN_MIRROR:-${found:-http://deb.debian.org/debian}}"
}

prepare() {
    packages debootstrap
    [ "$(uname -m)" = aarch64 ] || packages qemu-user-static
    understand
    if [ ! -e "$folder/debian" ]; then
        say "Making a Debian ${DEBIAN_SUITE:-bookworm} for arm64 in $root, from $(mirror)"
        rm -rf "$root"
        debootstrap --arch=arm64 --variant=minbase --include=python3,python3-venv,libgomp1 \
            "${DEBIAN_SUITE:-bookworm}" "$root" "$(mirror)" >"$folder/debootstrap.log" || {
            tail -5 "$folder/debootstrap.log" >&2
            return 1
        }
        touch "$folder/debian"
    fi
    ready
    local version
    version=$(chroot "$root" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    say "Fetching wheels for Python $version on aarch64"
    "$python" -m tools.wheels --python "$version" --extras speech,sim,words,litert,test --download "$wheels"
    mounted "$wheels" "$root/wheels"
    say "Installing edgeagent there, from wheels alone"
    [ -x "$root/venv/bin/pip" ] || chroot "$root" python3 -m venv /venv
    there pip install --quiet --disable-pip-version-check --no-index --find-links /wheels \
        '.[speech,sim,words,litert,test]'
    there python -c 'import platform, numpy, onnxruntime, edgeagent; print(platform.machine(), "Python", \
platform.python_version(), "numpy", numpy.__version__, "onnxruntime", onnxruntime.__version__, edgeagent.__file__)'
    touch "$folder/installed"
}

tests() {
    say "The tests, on aarch64"
    there python -m pytest -q -p no:cacheprovider -m "not slow and not timing and not live" "$@"
}

decisions() {
    local each runs=$folder/runs unlike=0
    rm -rf "$runs" "$root/runs" "$root/scenes"
    mkdir -p "$runs" "$root/runs" "$root/scenes"
    if [ -z "$scenes" ]; then
        scenes=$folder/scenes
        [ -d "$scenes" ] || "$python" -m edgeagent generate --out "$scenes" --count "$count"
    fi
    while read -r each; do
        cp -rL "$each" "$root/scenes/"
    done < <(find -L "$scenes" -name scene.yaml -printf '%h\n' | sort | head -n "$count")
    say "Simulating them here, $(uname -m)"
    "$python" -m edgeagent simulate "$root/scenes" --out "$runs/here" --record
    say "Simulating them on aarch64"
    there python -m edgeagent simulate /scenes --out /runs/there
    cp -r "$root/runs/there" "$runs/there"
    say "Replaying on aarch64 what was recorded here"
    cp -r "$runs/here" "$root/runs/here"
    for each in "$root"/scenes/*; do
        each=$(basename "$each")
        mkdir -p "$runs/replayed/$each"
        there python -m edgeagent replay "/runs/here/$each/session" --out /runs/journal || true
        cp "$root/runs/journal" "$runs/replayed/$each/journal.jsonl"
    done
    say "Entry by entry: simulated here and there"
    "$python" -m tools.parity journals "$runs/here" "$runs/there" || unlike=1
    say "Entry by entry: recorded here, replayed there"
    "$python" -m tools.parity journals "$runs/here" "$runs/replayed" || unlike=1
    return $unlike
}

# onnxruntime asks /sys for the processors. In that of another kind of machine a program for ARM loses its way and crashes, so
# there it is only told how many there are
processors() {
    local each told=$root/sys/devices/system/cpu
    if [ "$(uname -m)" = aarch64 ]; then
        mounted /sys "$root/sys"
        return
    fi
    mkdir -p "$told"
    for each in possible present; do cat "/sys/devices/system/cpu/$each" >"$told/$each"; done
}

# ready: the Debian can be used: its mounts, and the checkout as it is now
ready() {
    understand
    mounted proc "$root/proc"
    mounted /dev "$root/dev"
    mounted /dev/pts "$root/dev/pts"
    processors
    rm -rf "$root/src"
    mkdir -p "$root/src"
    tar --create --exclude=./.git --exclude=./.venv --exclude=./build --exclude='*_cache' --exclude=__pycache__ . |
        tar --extract --directory "$root/src" --no-same-owner
}

python=${EDGEAGENT_PYTHON:-$PWD/.venv/bin/python}
if [ -z "${EDGEAGENT_PYTHON-}" ]; then
    environment
    extras speech,sim,test
fi
export PYTHONPATH=$PWD OMP_NUM_THREADS=1

case $only in
"") # one after the other: joined by && a step would go on where something in it fails
    prepare
    tests "$@"
    decisions
    ;;
prepare) prepare ;;
*)
    [ -e "$folder/installed" ] || { echo "First: --only prepare" >&2 && exit 2; }
    ready
    if [ "$only" = tests ]; then tests "$@"; else decisions; fi
    ;;
esac
