# Takes back what the list in /opt/edgeagent says was done.
# shellcheck shell=bash
# shellcheck disable=SC2154  # the parts of one script read each other's variables

remove_all() {
    if [ ! -e "$PREFIX" ] && [ ! -e "$UNIT" ] && [ ! -e "$CONFIG_DIR" ] && [ ! -e "$STATE" ]; then
        printf 'edgeagent is not installed here.\n'
        return
    fi
    remove_unit
    remove_files
    remove_user
    remove_packages
    say "The program and the list of what was done" "Last, so that this can be run again if it was interrupted."
    run rm -rf -- "$PREFIX"
    if [ "$dry" = yes ]; then printf '\nNothing was changed.\n'; else printf '\nDone.\n'; fi
}

remove_unit() {
    say "Service edgeagent" "Stopped, and no longer started with the machine."
    if systemd_runs && [ -e "$UNIT" ]; then
        run systemctl --quiet disable --now edgeagent.service
        quietly systemctl reset-failed edgeagent.service || true # what never failed is not known
    fi
    run rm -f -- "$UNIT"
    [ "$keep_data" = yes ] || run rm -rf -- "$UNIT.d"
    ! systemd_runs || run systemctl daemon-reload
}

remove_files() {
    say "Files" "The command, the real-time rights, the configuration, the memory and the recordings."
    [ "$(readlink "$COMMAND" 2>/dev/null)" != "$VENV/bin/edgeagent" ] || run rm -f -- "$COMMAND"
    ! grep -qsF "$MARK" "$LIMITS" || run rm -f -- "$LIMITS"
    if [ "$keep_data" = yes ]; then
        note "Kept: $CONFIG_DIR and $STATE"
    else
        [ ! -L "$STATE" ] || note "$STATE is a link. What it leads to stays; to remove it: sudo rm -rf $(readlink -f "$STATE")"
        run rm -rf -- "$CONFIG_DIR" "$STATE"
    fi
    if [ "$(recorded spi)" = on ] && command -v raspi-config >/dev/null; then
        run raspi-config nonint do_spi 1
    fi
}

# A user who was here before us stays, and leaves the groups that we brought them into.
remove_user() {
    say "User" "Those that were made for the device; who was here before stays."
    local name group
    for name in $(recorded user); do
        ! getent passwd "$name" >/dev/null || run userdel "$name"
    done
    while read -r name group; do
        ! id -nG "$name" 2>/dev/null | tr ' ' '\n' | grep -qx "$group" || quietly gpasswd --delete "$name" "$group"
    done < <(recorded group)
}

remove_packages() {
    local names
    mapfile -t names < <(for name in $(recorded package); do ! installed "$name" || echo "$name"; done)
    [ ${#names[@]} -gt 0 ] || return 0
    say "Debian packages" "${#names[@]} came with the installation. Other programs may have begun to use them."
    if [ "$purge_packages" = no ]; then
        note "They stay. Those that nothing else needs go with --packages, given with --uninstall; or afterwards, since the list" \
            "goes now: sudo apt-mark auto ${names[*]}; sudo apt-get autoremove --purge"
        return
    fi
    # What apt would take for left over only since these count as not asked for; so what another program needs stays.
    local before unneeded
    before=$(left_over)
    run apt-mark -qq auto "${names[@]}"
    mapfile -t unneeded < <(comm -12 <(printf '%s\n' "${names[@]}" | sort) <(comm -13 <(echo "$before") <(left_over)))
    [ ${#unneeded[@]} -eq 0 ] || logged env DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq "${unneeded[@]}"
}

left_over() { apt-get -s autoremove 2>/dev/null | sed -n 's/^Remv \([^ ]*\).*/\1/p' | sort; }
