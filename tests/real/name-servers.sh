#!/bin/sh
# about: BIND with a zone and a transfer, Unbound with local data, asked by dig, host and nslookup
# needs: named named-checkzone unbound dig host nslookup
# tier: slow
printf 'options { directory "%s"; listen-on port 23221 { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; pid-file "%s/pid"; session-keyfile "%s/sk"; };\nzone "x.test" { type master; file "%s/z"; };\ncontrols { };\n' "$PWD" "$PWD" "$PWD" "$PWD" >n.conf
printf '$TTL 60\n@ SOA ns.x.test. a.x.test. 1 2 3 4 5\n@ NS ns\nns A 127.0.0.1\nw A 10.0.0.1\nw AAAA ::5\nt TXT "some text"\n' >z
named-checkzone x.test z; named -f -c n.conf 2>/dev/null & n=$!
until dig +short +time=1 +tries=1 -p 23221 @127.0.0.1 w.x.test >/dev/null 2>&1; do sleep 0.2; done
dig +short -p 23221 @127.0.0.1 w.x.test A; dig +short -p 23221 @127.0.0.1 w.x.test AAAA; dig +noall +answer -p 23221 @127.0.0.1 x.test AXFR; host -p 23221 -t TXT t.x.test 127.0.0.1 | tail -1; nslookup -port=23221 w.x.test 127.0.0.1; kill $n; wait $n; echo $?
printf 'server:\n interface: 127.0.0.1\n port: 23184\n username: ""\n chroot: ""\n directory: "%s"\n pidfile: "%s/pid"\n use-syslog: no\n do-daemonize: no\n local-zone: "test." static\n local-data: "a.test. A 10.2.3.4"\n' "$PWD" "$PWD" >u.conf
unbound -d -c u.conf 2>/dev/null & u=$!; until dig +short +time=1 +tries=1 -p 23184 @127.0.0.1 a.test >/dev/null 2>&1; do sleep 0.2; done
dig +short -p 23184 @127.0.0.1 a.test; dig +tcp +short -p 23184 @127.0.0.1 a.test; dig -p 23184 @127.0.0.1 c.test | grep -o 'status: [A-Z]*'; kill $u; wait $u; echo $?
