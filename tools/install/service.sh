# From an installed program to a device: user, configuration, state, rights, service.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the parts of one script read each other's variables

GROUPS_WANTED=(audio gpio spi i2c)

make_user() {
    say "User $user" "The device runs as a user who may use sound card, pins and LEDs, and nothing else."
    replace device "$user"
    if getent passwd "$user" >/dev/null; then
        already "$user exists"
    else
        run useradd --system --user-group --no-create-home --home-dir "$STATE" --shell /usr/sbin/nologin \
            --comment edgeagent "$user"
        record user "$user"
    fi
    local group absent=()
    for group in "${GROUPS_WANTED[@]}"; do
        if ! getent group "$group" >/dev/null; then
            absent+=("$group")
        elif id -nG "$user" 2>/dev/null | tr ' ' '\n' | grep -qx "$group"; then
            already "$user is in group $group"
        else
            run usermod -aG "$group" "$user"
            note "$user joins group $group"
            record group "$user $group"
            changes
        fi
    done
    # A group alone gives no rights: the system's rules that hand pins to it come with it, on Raspberry Pi OS.
    [ ${#absent[@]} -eq 0 ] || note "Groups that do not exist here, and are not needed without such hardware: ${absent[*]}"
}

# The user's own group: what the user may read and others may not.
own_group() { id -gn "$user" 2>/dev/null || echo "$user"; }

write_config() {
    say "Configuration $CONFIG" "Every key with its meaning, range and default. Yours is never overwritten."
    if [ -e "$CONFIG" ]; then
        already "it exists and stays as it is"
        check_config
    elif [ "$dry" = yes ]; then
        note "+ edgeagent check --example > $CONFIG"
    else
        need_scratch
        "$VENV/bin/edgeagent" check --example >"$scratch/example"
        # A device that was unplugged need not get to know its people again: a few numbers, no sound and no words.
        awk -v file="$STATE/memory.db" \
            '/^[a-z]/ { section = $1 } section == "memory:" && $1 == "file:" { $0 = "  file: " file } { print }' \
            "$scratch/example" >"$scratch/config"
        write "$CONFIG" 644 root "$(cat "$scratch/config")"
        chmod 755 "$CONFIG_DIR"
    fi
}

# Of an older version, or with a slip of the hand: better told now than by a device that does not start.
check_config() {
    local found code=0
    [ "$dry" = no ] || return 0
    found=$("$VENV/bin/edgeagent" check --config "$CONFIG" 2>&1) || code=$?
    [ "$code" -lt 2 ] || note "It must be mended before the device starts:"$'\n'"$found"
}

make_state() {
    say "Folder $STATE" "What the device remembers, and records if asked to. Only $user and root see into it."
    if [ "$(stat -Lc '%U %a' "$STATE" 2>/dev/null)" = "$user 700" ]; then
        already "it is there, and ${user}'s"
        return
    fi
    run install -d -m 700 -o "$user" -g "$(own_group)" "$STATE"
    run chown -RH "$user:$(own_group)" "$STATE" # of an earlier installation, whose user had another number
}

write_limits() {
    say "Real-time rights in $LIMITS" "So that \`edgeagent\` started by hand has no gaps in its sound either; the service has rights of its own."
    if [ -e "$LIMITS" ] && ! grep -qF "$MARK" "$LIMITS"; then
        already "a file of yours is there and stays as it is"
        return
    fi
    write "$LIMITS" 644 root "$MARK"$'\n@audio - rtprio 95\n@audio - memlock unlimited'
}

link_command() {
    say "Command $COMMAND" "So that you can type \`edgeagent\`."
    if [ "$(readlink "$COMMAND" 2>/dev/null)" = "$VENV/bin/edgeagent" ]; then
        already "it is there"
    elif [ -e "$COMMAND" ] || [ -L "$COMMAND" ]; then
        note "Something else of that name is there and stays. Ours: $VENV/bin/edgeagent"
    else
        run ln -s "$VENV/bin/edgeagent" "$COMMAND"
    fi
}

switch_spi_on() {
    [ "$spi" = yes ] || return 0
    say "SPI" "Asked for by --spi: a lamp of APA102 LEDs is on that bus."
    if compgen -G '/dev/spidev*' >/dev/null; then
        already "it is on"
    elif command -v raspi-config >/dev/null; then
        run raspi-config nonint do_spi 0
        record spi on
    else
        note "There is no raspi-config here: SPI must be switched on in another way."
    fi
}

# The unit of this checkout, for this user.
unit_text() { sed "s/^User=.*/User=$user/; s/^Group=.*/Group=$(own_group)/" systemd/edgeagent.service; }

install_unit() {
    say "Service edgeagent" "Starts with the machine, waits for the sound card, and is started again whatever happens to it."
    [ "$(unit_text)" = "$(cat -- "$UNIT" 2>/dev/null)" ] || changes
    write "$UNIT" 644 root "$(unit_text)"
    if ! systemd_runs; then
        note "No systemd runs here: the service is installed and was neither enabled nor started."
    elif [ "$start" = no ]; then
        run systemctl daemon-reload
        note "Not started: --no-start. Later: sudo systemctl enable edgeagent; sudo systemctl restart edgeagent"
    else
        run systemctl daemon-reload
        run systemctl --quiet enable edgeagent.service
        start_unit
    fi
}

# Asks for the start and looks how it goes: a device without its card waits for it, which is no fault.
start_unit() {
    local is
    is=$(systemctl is-active edgeagent.service || true)
    if [ "$is" = active ] && [ "$(recorded restart)" != wanted ]; then
        already "it runs, and what it runs has not changed"
        return
    fi
    quietly systemctl reset-failed edgeagent.service || true # what never failed is not known
    run systemctl --no-block restart edgeagent.service
    replace restart asked
    [ "$dry" = no ] || return 0
    for _ in {1..50}; do
        sleep 0.2
        is=$(systemctl is-active edgeagent.service || true)
        [ "$is" != active ] || break
    done
    case $is in
    active) note "It runs." ;;
    activating) note "It waits: $(systemctl show --property=StatusText --value edgeagent.service)" ;;
    *) note "It is $is: systemctl status edgeagent; journalctl -u edgeagent" ;;
    esac
}

tell_next() {
    if [ "$dry" = yes ]; then
        printf '\nNothing was changed.\n'
        return
    fi
    printf '\nDone. Next, see what it found here and what is missing:\n\n    sudo edgeagent check --config %s --machine\n' "$CONFIG"
    printf '\nAfter a change in %s: sudo systemctl restart edgeagent\n' "$CONFIG"
}
