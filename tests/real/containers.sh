#!/bin/sh
# about: bubblewrap and unshare make containers; chroot; setpriv
# needs: bwrap unshare setpriv
# tier: slow
bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --proc /proc --dev /dev --tmpfs /tmp --unshare-all --die-with-parent --hostname inside sh -c 'hostname; echo $$; ls /; cat /proc/self/uid_map | wc -l; touch /usr/x 2>/dev/null; echo $?'
unshare -r -m -p -f --mount-proc sh -c 'id -u; echo $$; ps -e -o pid= | wc -l; mount -t tmpfs t /mnt && touch /mnt/a && ls /mnt'; unshare -n ip -o link | grep -c LOOPBACK; unshare -u sh -c 'hostname other; hostname'; setpriv --reuid=1000 --clear-groups --no-new-privs sh -c 'id; grep NoNewPrivs /proc/self/status'
