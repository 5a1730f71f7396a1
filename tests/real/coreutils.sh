#!/bin/sh
# about: sort, uniq, cut, tr, join, split, comm, od, checksums, dates, links, permissions
# needs: sort sha256sum
# tier: slow
seq 1 500 | shuf --random-source=/etc/passwd | sort -n | md5sum; seq 20 | split -l 7 - part; wc -l part*
printf '1 a\n2 b\n' >x; printf '1 c\n3 d\n' >y; join x y; comm -12 x x; cut -d' ' -f2 x | tr ab AB; paste x y
sha256sum x; cksum x; od -c x; base64 x; date -u -d @86400 +%F; ln -s x l; readlink l; ln x h; stat -c %h x; chmod 640 x; stat -c %a x
tac x; nl x; fold -w 2 x; expand -t 4 x; factor 123456; numfmt --to=iec 1048576; tail -n +2 x; head -c 3 x; truncate -s 5 x; cat x; df --output=fstype /proc | tail -1
mktemp -u XXXX | wc -c; test -w x && echo w; dd if=/dev/zero bs=1k count=3 2>/dev/null | wc -c; du -b x | cut -f1; touch -d '2001-02-03 UTC' t; date -u -r t +%F; ls -A; id -u; env -i A=1 env; timeout 0.1 sleep 9; echo $?; nproc | wc -l
