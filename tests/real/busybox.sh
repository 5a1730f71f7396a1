#!/bin/sh
# about: static busybox, as a shell and by its applets
# needs: busybox
busybox sh -c 'for i in 1 2 3; do echo $((i * i)); done | busybox sort -rn'; busybox seq 100 | busybox md5sum; busybox printf '%x\n' 255; busybox tar c /etc/passwd 2>/dev/null | busybox tar t; busybox awk 'BEGIN { print 2 ^ 10 }'; busybox vi --help 2>&1 | head -1 | cut -c1-7; busybox false; echo $?
