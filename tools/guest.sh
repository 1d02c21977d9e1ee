# SPDX-License-Identifier: GPL-2.0-or-later
# What tools/quickstart.sh and the boot tests do with a card and its guest;
# sourced after lib.sh.  $pimigrate is the program, $name the guest.

# Read one file of a card's ext4 file system, without mounting anything.
# Nothing comes if there is none; links are not followed.
card_file() { # CARD PATH
	local start
	start=$(as_reader "$1" sfdisk -d "$1" 2>/dev/null | awk -F'[=,]' '/type=83/ { print $2 + 0; exit }') || true
	[ -z "$start" ] || as_reader "$1" debugfs -R "cat $2" "$1?offset=$((start * 512))" 2>/dev/null || true
}

# A card in its slot is readable for root only.
as_reader() { # CARD COMMAND...
	if [ -r "$1" ]; then
		shift
		"$@"
	else
		shift
		as_root "$@"
	fi
}

# The password of a card that tools/make-card.sh made; nothing for any other.
card_password() { # CARD
	! card_file "$1" /etc/rpi-issue | grep -q 'made by pimigrate' || echo raspberry
}

# A guest keeps its card's host key: expect that one, where it can be read.
expect_host_key() { # CARD KNOWN_HOSTS
	card_file "$1" /etc/ssh/ssh_host_ed25519_key.pub |
		awk '{ print "* " $1 " " $2 }' >"$2"
}

# The port of this machine that is the guest's ssh.
ssh_port() {
	"$pimigrate" status --json "$name" | python3 -c '
import json, sys
print(next((f["host"] for f in json.load(sys.stdin)["forwards"] if f["guest"] == 22), ""))'
}

guest_state() {
	"$pimigrate" status --json "$name" | python3 -c 'import json, sys; print(json.load(sys.stdin)["state"])'
}

# Run a command in the guest by ssh.  Needs $port, $user, $password and
# $known_hosts (expect_host_key).
in_guest() {
	local strict=accept-new
	[ ! -s "$known_hosts" ] || strict=yes
	SSHPASS=$password sshpass -e ssh -q -p "$port" -o UserKnownHostsFile="\"$known_hosts\"" \
		-o StrictHostKeyChecking=$strict -o HostKeyAlgorithms=ssh-ed25519 -o PubkeyAuthentication=no \
		-o NumberOfPasswordPrompts=1 -o ConnectTimeout=20 "$user@127.0.0.1" "$@"
}

# Wait until ssh answers at $port with its banner: SECONDS at most.
wait_for_ssh() {
	local end=$((SECONDS + $1)) banner=''
	while [ $SECONDS -lt $end ]; do
		banner=$(timeout 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port && read -r line <&3 && echo \"\$line\"" 2>/dev/null) || true
		case "$banner" in SSH-2.0-*) return 0 ;; esac
		sleep 2
	done
	return 1
}
