#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A download that is cut off: one plain sentence, and the next run fetches the
# rest only.  By a proxy between convert and this machine's mirror.
. "$(dirname "$0")/convert-functions.sh"
requires curl

mini_card bullseye card.img
proxy=
cleanup() { [ -z "$proxy" ] || kill "$proxy" 2>/dev/null; }

cat >proxy.py <<-'END'
	# Ends each large package behind its first MB, as long as there is a file
	# "cut"; tells of each request and where it begins.
	import os, socketserver, urllib.request, http.server
	class Proxy(http.server.BaseHTTPRequestHandler):
	    def do_GET(self):
	        headers = {k: v for k, v in self.headers.items()
	                   if k.lower() in ('range', 'if-modified-since', 'user-agent')}
	        with open('requests', 'a') as log:
	            log.write(f'{self.path} {headers.get("Range", "whole")}\n')
	        try:
	            answer = urllib.request.urlopen(urllib.request.Request(self.path, headers=headers))
	        except urllib.error.HTTPError as e:
	            answer = e
	        except OSError as e:
	            self.send_error(502, str(e))
	            return
	        self.send_response(answer.status)
	        for key in ('Content-Length', 'Content-Range', 'Last-Modified'):
	            if answer.headers.get(key):
	                self.send_header(key, answer.headers[key])
	        self.end_headers()
	        left = int(answer.headers.get('Content-Length') or 0)
	        if self.path.endswith('.deb') and left > 2 << 20 and os.path.exists('cut'):
	            left = 1 << 20
	        while left > 0:
	            data = answer.read(min(left, 65536))
	            if not data:
	                break
	            self.wfile.write(data)
	            left -= len(data)
	        self.close_connection = True
	    def log_message(self, *args):
	        pass
	server = socketserver.ThreadingTCPServer(('127.0.0.1', 0), Proxy)
	print(server.server_address[1], flush=True)
	server.serve_forever()
END
# What the proxy itself asks goes out as it would without it.
python3 proxy.py >port &
proxy=$!
for _ in $(seq 50); do
	[ ! -s port ] || break
	sleep 0.1
done
[ -s port ] || fail "the proxy did not start"
unset https_proxy no_proxy NO_PROXY
http_proxy=http://127.0.0.1:$(cat port)
export http_proxy

# Is there a mirror, by plain HTTP?
"$PIMIGRATE" convert --dry-run --mirror http://127.0.0.1:9/debian card.img >out 2>&1
[ -s requests ] || fail "convert does not ask the proxy"
rm requests
touch cut
"$PIMIGRATE" convert --dry-run card.img >out 2>err
code=$?
[ -s requests ] || skip "this machine's apt sources name no mirror by HTTP"
[ "$code" = 1 ] || fail "exit code $code, not 1, from a download that was cut off"
grep -q 'pimigrate: cannot fetch .*\.deb' err || skip "the mirror cannot be reached: $(tail -n 1 err)"
[ "$(tail -n 1 err | wc -c)" -lt 500 ] || fail "not a plain sentence"
deb=$(grep '\.deb ' requests | tail -n 1 | cut -d' ' -f1)
part=$(echo "$PIMIGRATE_CACHE"/*.part)
size=$(stat -c %s "$part") || fail "nothing is kept of what came"
[ "$size" -ge 500000 ] || fail "only $size bytes are kept"

rm cut requests
expect 0 "$PIMIGRATE" convert --dry-run card.img
grep -qF "$deb bytes=$size-" requests || fail "it does not go on at $size: $(grep -F "$deb" requests)"
grep -q 'fetched' err || fail "it does not say that it fetched"
rm requests
expect 0 "$PIMIGRATE" convert --dry-run card.img
grep -q 'from the cache' err || fail "it does not say where the kernel is from"
! grep -q '\.deb ' requests || fail "what is in the cache is fetched again"
[ "$(ls "$PIMIGRATE_CACHE" | grep -cE '\.part|^dry-run$')" = 0 ] || fail "the cache is not clean"
