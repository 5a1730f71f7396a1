#!/bin/sh
# about: haproxy, tinyproxy and stunnel before Python's server, asked by curl
# needs: haproxy tinyproxy stunnel4 python3 openssl curl nc
# tier: slow
mkdir www; echo page >www/index.html; (cd www && exec python3 -m http.server -b 127.0.0.1 23180) >/dev/null 2>&1 & p=$!; until nc -z 127.0.0.1 23180; do sleep 0.2; done
printf 'global\n maxconn 100\ndefaults\n mode http\n timeout connect 2s\n timeout client 5s\n timeout server 5s\nfrontend f\n bind 127.0.0.1:23181\n default_backend b\nbackend b\n server s 127.0.0.1:23180\n' >h.cfg; haproxy -c -f h.cfg; haproxy -D -p pid -f h.cfg
until curl -sf http://127.0.0.1:23181/; do sleep 0.2; done; curl -s -o /dev/null -w '%{http_code}\n' http://127.0.0.1:23181/none; kill "$(cat pid)"
printf 'Port 23182\nListen 127.0.0.1\nMaxClients 10\nTimeout 5\nAllow 127.0.0.1\n' >t.conf; tinyproxy -d -c t.conf >/dev/null 2>&1 & t=$!; until nc -z 127.0.0.1 23182; do sleep 0.2; done
curl -s -x http://127.0.0.1:23182 http://127.0.0.1:23180/; curl -s -o /dev/null -w '%{http_code}\n' -x http://127.0.0.1:23182 http://127.0.0.1:1/
openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 2 -subj /CN=localhost 2>/dev/null; cat k.pem c.pem >s.pem
printf 'foreground=yes\npid=\n[s]\naccept=127.0.0.1:23183\nconnect=127.0.0.1:23180\ncert=%s/s.pem\n' "$PWD" >st.conf; stunnel4 st.conf >/dev/null 2>&1 & s=$!; until nc -z 127.0.0.1 23183; do sleep 0.2; done
curl -sk https://127.0.0.1:23183/; kill $p $t $s
