# SPDX-License-Identifier: GPL-2.0-or-later
# The guest on a TAP in a network namespace of the test: an address by DHCP,
# ping, and 64 MiB each way with their hash.  Sourced by boot.sh.

tap_ns=pimigrate-$$
tap_net=10.97.5
in_ns() { ip netns exec "$tap_ns" "$@"; }

tap_cleanup() {
	[ -z "${tap_pids:-}" ] || kill $tap_pids 2>/dev/null || true
	ip netns del "$tap_ns" 2>/dev/null || true
}

# The namespace is the LAN: it has the TAP's other end, a DHCP server and a
# web server that gives a file and takes one.
tap_lan() {
	ip netns add "$tap_ns"
	ip -n "$tap_ns" link set lo up
	ip -n "$tap_ns" tuntap add tap0 mode tap
	ip -n "$tap_ns" address add "$tap_net.1/24" dev tap0
	ip -n "$tap_ns" link set tap0 up
	# not in_ns: what is in the background, and killed, must be dnsmasq itself
	ip netns exec "$tap_ns" dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 \
		--interface=tap0 --bind-interfaces --user=root \
		--dhcp-range="$tap_net.50,$tap_net.60,1h" \
		--dhcp-leasefile="$scratch/leases" --pid-file="$scratch/dnsmasq.pid" \
		>"$scratch/dnsmasq.log" 2>&1 &
	tap_pids=$!
	mkdir "$scratch/tap"
	head -c 67108864 /dev/urandom >"$scratch/tap/down"
	(cd "$scratch/tap" && exec ip netns exec "$tap_ns" python3 - "$tap_net.1") <<-'E' >"$scratch/tap.log" 2>&1 &
	import http.server, shutil, sys
	class Handler(http.server.SimpleHTTPRequestHandler):
	    def do_PUT(self):
	        left = int(self.headers["Content-Length"])
	        if self.headers.get("Expect"):
	            self.send_response_only(100)
	            self.end_headers()
	        with open("up", "wb") as f:
	            while left:
	                data = self.rfile.read(min(left, 1 << 20))
	                if not data:
	                    break
	                f.write(data)
	                left -= len(data)
	        self.send_response(201)
	        self.send_header("Content-Length", "0")
	        self.end_headers()
	http.server.HTTPServer((sys.argv[1], 80), Handler).serve_forever()
	E
	tap_pids="$tap_pids $!"
}

# The guest's one network card moves from user networking to the TAP.
tap_guest() {
	python3 - "$PIMIGRATE_GUESTS/$name/guest.yaml" <<-'E'
	import re, sys
	text = open(sys.argv[1]).read()
	text = re.sub(r"- kind: user\n", "- kind: tap\n  tap: tap0\n", text)
	text = re.sub(r"  forwards:\n(  +.*\n)*", "", text)
	open(sys.argv[1], "w").write(text)
	E
}

tap_address() {
	awk '{ print $3; exit }' "$scratch/leases" 2>/dev/null
}

tap_in_guest() {
	SSHPASS=$password in_ns sshpass -e ssh -q -o UserKnownHostsFile="\"$known_hosts\"" \
		-o StrictHostKeyChecking=yes -o HostKeyAlgorithms=ssh-ed25519 -o PubkeyAuthentication=no \
		-o NumberOfPasswordPrompts=1 -o ConnectTimeout=30 "$user@$(tap_address)" "$@"
}

tap_test() {
	local down up
	tap_lan
	tap_guest
	in_ns "$pimigrate" start --engine "$engine" --wait --wait-timeout "$limit" "$name" ||
		fail_with_console "no login prompt with a TAP"
	for _ in $(seq 60); do
		[ -z "$(tap_address)" ] || break
		sleep 1
	done
	[ -n "$(tap_address)" ] || fail "no lease: $(tail -n 3 "$scratch/dnsmasq.log")"
	in_ns ping -q -c 5 -W 5 "$(tap_address)" >"$scratch/ping" || fail "ping: $(cat "$scratch/ping")"
	down=$(sha256sum <"$scratch/tap/down")
	up=$(tap_in_guest "set -e; curl -fsS -o /tmp/blob http://$tap_net.1/down
		sha256sum </tmp/blob; curl -fsS -T /tmp/blob http://$tap_net.1/up; rm /tmp/blob") ||
		fail_with_console "64 MiB did not pass: $(tail -n 3 "$scratch/tap.log")"
	[ "$up" = "$down" ] || fail "what came into the guest is not what was sent"
	[ "$(sha256sum <"$scratch/tap/up")" = "$down" ] || fail "what came out of the guest is not what was sent"
	in_ns "$pimigrate" stop "$name" || fail_with_console "the power button did not stop it"
}
