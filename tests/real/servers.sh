#!/bin/sh
# about: memcached, lighttpd, apache2 and dnsmasq asked by nc, curl and dig
# needs: memcached lighttpd apache2 dnsmasq nc curl dig
# tier: slow
memcached -u root -l 127.0.0.1 -p 21211 & m=$!; until nc -z 127.0.0.1 21211; do sleep 0.2; done; printf 'set k 0 0 5\r\nhello\r\nget k\r\nquit\r\n' | nc -N 127.0.0.1 21211 | tr -d '\r'; kill $m
mkdir www; echo page >www/index.html; printf 'server.document-root = "%s/www"\nserver.port = 21280\nserver.bind = "127.0.0.1"\nindex-file.names = ("index.html")\n' "$PWD" >l.conf; lighttpd -D -f l.conf >/dev/null 2>&1 & l=$!; until curl -s http://127.0.0.1:21280/; do sleep 0.2; done; curl -s -o /dev/null -w '%{http_code}\n' http://127.0.0.1:21280/none; kill $l
cat >a.conf <<END
ServerRoot $PWD
ServerName localhost
Listen 127.0.0.1:21281
PidFile $PWD/pid
ErrorLog $PWD/log
DocumentRoot $PWD/www
User daemon
Group daemon
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
Mutex file:$PWD
END
chmod 755 . ; apache2 -f "$PWD/a.conf" -k start; until curl -s http://127.0.0.1:21281/; do sleep 0.2; done; for i in 1 2 3; do curl -s http://127.0.0.1:21281/ & done; wait; kill "$(cat pid)"
dnsmasq -k --no-resolv --no-hosts --port=21253 --listen-address=127.0.0.1 --bind-interfaces --address=/name.test/10.1.2.3 --user=root --pid-file= >/dev/null 2>&1 & d=$!; sleep 1; dig +short +tries=5 +time=1 -p 21253 @127.0.0.1 name.test; dig +short +tcp -p 21253 @127.0.0.1 name.test; kill $d
