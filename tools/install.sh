#!/usr/bin/env bash
# Makes a Raspberry Pi, or any Debian machine, a device that starts edgeagent by itself. See --help.
# shellcheck disable=SC2034  # the parts of one script read each other's variables
set -Eeuo pipefail
umask 022 # whatever root's is: others must be able to read the program
from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for part in common machine packages venv service wheelhouse uninstall; do
    # shellcheck source=/dev/null
    source "tools/install/$part.sh"
done

usage() {
    cat <<'END'
Usage: sudo bash tools/install.sh [OPTIONS]

Installs edgeagent from this checkout as a service that starts with the machine, on a 64-bit Raspberry Pi OS or Debian,
12 or 13. It tells each step and why, and asks nothing. Run it again after an update of the checkout, or after anything
went wrong: steps that are done are passed over, your configuration is never overwritten, and --extras and --user stay as
they were unless given anew.

What it makes:
  /opt/edgeagent                           the program in a virtual environment, and a list of what was done
  /usr/local/bin/edgeagent                 the command
  /etc/edgeagent/edgeagent.yaml            the configuration
  /var/lib/edgeagent                       what the device remembers and records
  /etc/systemd/system/edgeagent.service    the service, enabled and started
  /etc/security/limits.d/edgeagent.conf    real-time rights for group audio, for `edgeagent` started by hand
  a system user, in those of the groups audio, gpio, spi and i2c that exist here
  Debian packages that are missing

Options:
  --dry-run          print what would be done, and change nothing; needs no root
  --extras LIST      what to install of edgeagent, see the README (default: those of before, or card,pi,speech)
  --user NAME        the user that the device runs as (default: that of before, or edgeagent);
                     made if it does not exist
  --spi              switch SPI on as well (lamps of APA102 LEDs, such as the ReSpeaker's)
  --no-start         install the service, but neither enable nor start it
  --wheelhouse DIR   install from DIR, without any network
  --download DIR     install nothing here; fill DIR for --wheelhouse, on a machine with network that has the same Debian,
                     processor and Python as the device
  --uninstall        remove all that this script made, with the configuration, the memory and the recordings. The folders
                     above named edgeagent, and your drop-ins in edgeagent.service.d, go whole, also with files of yours
  --keep-data        with --uninstall: leave /etc/edgeagent and /var/lib/edgeagent for the next installation
  --packages         with --uninstall: also remove the Debian packages that it installed and nothing else needs now
  --help             this text

Exit code: 0 done, 1 a step failed (mend it and run the same again), 2 this cannot work here, or a wrong option.
docs/install.md tells more, and how to do all of this by hand.
END
}

# absolute PATH: as it was meant where the script was called.
absolute() { if [[ $1 = /* ]]; then echo "$1"; else echo "$from/$1"; fi; }

options() {
    as_before
    while [ $# -gt 0 ]; do
        case $1 in
        --extras | --user | --wheelhouse | --download)
            [[ ${2:--} != -* ]] || die "$1 needs a value" "see: bash tools/install.sh --help"
            ;;&
        --extras) extras=$2 && shift ;;
        --user) user=$2 && shift ;;
        --wheelhouse) wheelhouse=$(absolute "$2") && shift ;;
        --download) download=$(absolute "$2") && shift ;;
        --dry-run) dry=yes ;;
        --spi) spi=yes ;;
        --no-start) start=no ;;
        --uninstall) uninstall=yes ;;
        --keep-data) keep_data=yes ;;
        --packages) purge_packages=yes ;;
        --help | -h) usage && exit 0 ;;
        *) die "unknown option $1" "see: bash tools/install.sh --help" ;;
        esac
        shift
    done
    [[ $extras =~ ^[a-z]+(,[a-z]+)*$ ]] || die "--extras takes names between commas, not '$extras'" "such as card,pi,speech"
    [[ $user =~ ^[a-z_][a-z0-9_-]{0,31}$ ]] || die "'$user' is no user name" "take lower-case letters and digits"
    [ "$user" != root ] || die "the device must not run as root" "leave --user out, or name another user"
    if [ "$uninstall" = no ] && [ "$keep_data$purge_packages" != nono ]; then
        die "--keep-data and --packages go with --uninstall" "see: bash tools/install.sh --help"
    fi
}

main() {
    options "$@"
    trap failed ERR
    trap clean EXIT
    if [ "$uninstall" = yes ]; then
        need_root
        need_disk
        remove_all
        return
    fi
    look
    if [ -n "$download" ]; then
        fill_wheelhouse
        return
    fi
    need_root
    need_disk
    [ -z "$wheelhouse" ] || open_wheelhouse
    install_packages
    make_user
    make_venv
    install_program
    write_config
    make_state
    write_limits
    link_command
    switch_spi_on
    install_unit
    tell_next
}

main "$@"
