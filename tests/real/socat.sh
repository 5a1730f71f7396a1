#!/bin/sh
# about: socat between sockets of all kinds, with programs and a terminal at the other end; GNU parallel
# needs: socat parallel
# tier: slow
socat -u UNIX-LISTEN:s,fork OPEN:out,creat,append & p=$!; until [ -S s ]; do sleep 0.1; done; echo one | socat - UNIX-CONNECT:s; until [ -s out ]; do sleep 0.1; done; cat out; kill $p
socat TCP-LISTEN:22001,bind=127.0.0.1,reuseaddr,fork EXEC:cat & p=$!; sleep 0.5; echo echoed | socat -t 5 - TCP:127.0.0.1:22001; kill $p; socat UDP-RECVFROM:22002,bind=127.0.0.1 EXEC:'tr a-z A-Z' & sleep 0.5; echo datagram | socat -T 5 - UDP:127.0.0.1:22002,shut-none & sleep 1; kill $! 2>/dev/null; socat - EXEC:'tty',pty,stderr </dev/null | cut -c1-8 | tr -d '\r'
socat -u PIPE:fifo STDOUT & sleep 0.3; echo through >fifo; wait $!; seq 5 | parallel -k -j2 echo item 2>/dev/null; socat TCP6-LISTEN:22003,bind=[::1] EXEC:'wc -c' & sleep 0.5; printf 12345 | socat -t 5 - TCP6:[::1]:22003
