#!/bin/sh
# about: what looks at the system runs: ps, vmstat, free, ss, ip, lscpu, dpkg, script
# needs: ps vmstat ss ip lscpu dpkg script
# tier: slow
ps -e -o pid= | grep -c . >/dev/null; echo $?; vmstat >/dev/null; echo $?; free >/dev/null; echo $?; ss -tln >/dev/null; echo $?; ip -o addr show lo | grep -c 127.0.0.1; lscpu | grep Architecture | tr -s ' '; dpkg -l dash >/dev/null; echo $?; script -qec 'echo in a terminal; tty >/dev/null; echo $?' /dev/null | tr -d '\r'; ssh -V 2>&1 | cut -c1-7; top -bn1 | head -1 | cut -c1-3
