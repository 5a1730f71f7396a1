#!/bin/sh
# about: keys by ssh-keygen; sshd, a client with a terminal, without and by agent, sftp and scp
# needs: ssh sshd ssh-keygen ssh-agent ssh-keyscan sftp scp
# tier: slow
umask 077; sshd=$(command -v sshd); here=$PWD; mkdir -p /run/sshd
ssh-keygen -q -t ed25519 -N '' -f host; ssh-keygen -q -t ed25519 -N '' -f key -C c; cp key.pub authorized
printf 'from ssh-keygen\n' | ssh-keygen -Y sign -n file -f key 2>/dev/null | head -1
cat >config <<END
HostKey $here/host
AuthorizedKeysFile $here/authorized
PidFile $here/pid
StrictModes no
UsePAM no
Subsystem sftp internal-sftp
END
$sshd -f config -p 12222 -o ListenAddress=127.0.0.1; echo $?
printf 'Host there\n HostName 127.0.0.1\n Port 12222\n IdentityFile %s/key\n StrictHostKeyChecking no\n UserKnownHostsFile %s/known\n LogLevel ERROR\n' "$here" "$here" >client
ssh -F client there 'echo inside; tty >/dev/null; echo $?; exit 3'; echo $?
ssh -F client -tt there 'tty >/dev/null; echo terminal $?' </dev/null | tr -d '\r'
seq 20000 | ssh -F client there md5sum
echo copied >file; scp -q -F client file "there:$here/copy" && cat copy
printf 'get %s/copy again\nls -1 %s/copy\n' "$here" "$here" | sftp -q -b - -F client there | tail -1 | sed "s:$here/::"; cmp copy again; echo $?
eval "$(ssh-agent)" >/dev/null; ssh-add -q key; ssh-add -l | wc -l; ssh -F client -o IdentityFile=none -A there 'ssh-add -l | wc -l'; kill "$SSH_AGENT_PID"
ssh -F client -M -S "$here/control" -f -N -L 12223:127.0.0.1:12222 there; ssh-keyscan -p 12223 127.0.0.1 2>/dev/null | cut -d' ' -f2
ssh -F client -S "$here/control" there 'echo by the same connection'; ssh -F client -S "$here/control" -O exit there 2>&1 | tr -d '\r'; kill "$(cat pid)"; echo ended
