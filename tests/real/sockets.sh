#!/bin/sh
# about: ss with states, queues and filters, netstat, lsof, ping over both families, nmap
# needs: ss netstat lsof ping nmap python3 nc
# tier: slow
python3 -m http.server -b 127.0.0.1 23195 >/dev/null 2>&1 & p=$!; until nc -z 127.0.0.1 23195; do sleep 0.2; done
ss -ltn | grep 23195; ss -ltnp | grep 23195 | sed 's/pid=[0-9]*/pid/'; ss -nlt 'sport = :23195' | tail -1; ss -H -lt sport = 23196 | wc -l; ss -4 -ltn src 127.0.0.1:23195 | tail -1; netstat -ltn | grep 23195
lsof -i :23195 -a -p $p -P -n | awk '{print $1,$5,$8,$9,$10}'; ping -c 2 -i 0.2 127.0.0.1 | sed 's/time[= ].*//;s/rtt.*//'; ping -c 1 ::1 | sed 's/time[= ].*//;s/rtt.*//'; ip -br addr show lo; ip rule show table main
nmap -n -Pn -sT -p 23195-23197 127.0.0.1 | grep tcp; kill $p
