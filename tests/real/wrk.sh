#!/bin/bash
# about: wrk, with threads and epoll, asks an HTTP server of Python inside; none of the requests fails
# needs: wrk /usr/bin/python3 curl
# tier: slow
echo hello >hello
/usr/bin/python3 - <<'END' &
import http.server
class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *what): pass
http.server.ThreadingHTTPServer(("127.0.0.1", 18181), Handler).serve_forever()
END
until curl -s http://127.0.0.1:18181/hello; do sleep 0.2; done
wrk -t 2 -c 4 -d 2 http://127.0.0.1:18181/hello >out; echo $?
grep -c 'Socket errors\|Non-2xx' out; grep -c 'Requests/sec: *[1-9]' out; kill $!
