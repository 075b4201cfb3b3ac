# What the steps of install.sh share: where things lie, how to tell what is done, and the list of what was done.
# shellcheck shell=bash
# shellcheck disable=SC2034  # the parts of one script read each other's variables

extras=card,pi,speech user=edgeagent wheelhouse='' download=''
dry=no spi=no start=yes uninstall=no keep_data=no purge_packages=no
step='looking at this machine'
scratch=''

PATH=$PATH:/usr/sbin:/sbin # `su` leaves root the person's, in which useradd is not
PREFIX=/opt/edgeagent
VENV=$PREFIX/venv
RECORD=$PREFIX/installed
CONFIG_DIR=/etc/edgeagent
CONFIG=$CONFIG_DIR/edgeagent.yaml
STATE=/var/lib/edgeagent
UNIT=/etc/systemd/system/edgeagent.service
LIMITS=/etc/security/limits.d/edgeagent.conf
COMMAND=/usr/local/bin/edgeagent
MARK='# Written by tools/install.sh of edgeagent'

# say WHAT WHY: a step begins.
say() {
    step=$1
    printf '\n== %s\n   %s\n' "$1" "$2"
}

note() { printf '   %s\n' "$*"; }
already() { printf '   Done already: %s\n' "$*"; }

# die PROBLEM REMEDY: nothing was changed, and nothing will be.
die() {
    printf 'install.sh: %s\n   fix: %s\n' "$1" "$2" >&2
    exit 2
}

failed() {
    local code=$?
    [ "$BASHPID" = $$ ] || exit "$code" # in a subshell: the script itself will tell
    trap - ERR
    printf '\ninstall.sh: this step failed (%s): %s\n' "$code" "$step" >&2
    printf '   fix: mend what is said above, then run the same command again; what is done is passed over\n' >&2
    exit 1
}

clean() { [ -z "$scratch" ] || rm -rf -- "$scratch"; }

# A folder of ours in /tmp, until the end.
need_scratch() { [ -n "$scratch" ] || scratch=$(mktemp -d -t edgeagent-install.XXXXXX); }

# run COMMAND...: with --dry-run, print it instead.
run() {
    if [ "$dry" = yes ]; then
        printf '   +'
        printf ' %q' "$@"
        printf '\n'
    else
        "$@"
    fi
}

# logged COMMAND...: what it prints is shown only if it fails.
logged() {
    if [ "$dry" = yes ]; then run "$@" && return; fi
    need_scratch
    "$@" >"$scratch/log" 2>&1 || {
        tail -n 30 "$scratch/log" >&2
        return 1
    }
}

# quietly COMMAND...: what it prints is for nobody.
quietly() { if [ "$dry" = yes ]; then run "$@"; else "$@" >/dev/null 2>&1; fi; }

need_root() {
    [ "$dry" = yes ] || [ "$(id -u)" -eq 0 ] ||
        die "this changes the system and needs root" "sudo bash tools/install.sh ...; --dry-run shows what it would do"
}

# write FILE MODE GROUP TEXT: FILE holds TEXT and a line end, if it does not yet. Sets `written` (yes, no).
write() {
    written=no
    if [ -e "$1" ] && [ "$4" = "$(cat -- "$1")" ]; then
        already "$1"
        return
    fi
    written=yes
    if [ "$dry" = yes ]; then
        note "+ write $1"
        return
    fi
    # Beside it first: whoever reads the file meanwhile sees the old one or the new one.
    printf '%s\n' "$4" | install -D -m "$2" -o root -g "$3" /dev/stdin "$1.new"
    mv -- "$1.new" "$1"
    note "written: $1"
}

# The list of what was done is lines of a key and a value; --uninstall undoes what it holds, and
# removes the folders that bear our name, whoever made them: after --keep-data nobody would know any more.
recorded() { sed -n "s/^$1 //p" "$RECORD" 2>/dev/null || true; }

# What the installation of before was given, where it is not given anew.
as_before() {
    local before
    before=$(recorded extras)
    extras=${before:-$extras}
    before=$(recorded device)
    user=${before:-$user}
}

# record KEY VALUE: once.
record() {
    [ "$dry" = no ] && [ -z "$download" ] || return 0 # --download leaves nothing to uninstall
    mkdir -p "$PREFIX"
    grep -qxF "$1 $2" "$RECORD" 2>/dev/null || printf '%s %s\n' "$1" "$2" >>"$RECORD"
}

# replace KEY VALUE: instead of what stood there.
replace() {
    [ "$dry" = no ] && [ -z "$download" ] || return 0
    mkdir -p "$PREFIX"
    { grep -v "^$1 " "$RECORD" 2>/dev/null || true; printf '%s %s\n' "$1" "$2"; } >"$RECORD.new"
    mv -- "$RECORD.new" "$RECORD"
}

# A running device is not the one that is installed from now on: it must be started anew, by the next run at the latest.
changes() { replace restart wanted; }

# Whether a systemd runs here; in a chroot or a plain container it may be installed and not run.
systemd_runs() { [ -d /run/systemd/system ] && command -v systemctl >/dev/null; }
