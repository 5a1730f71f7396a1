mkdir -p /tmp/mm; mount -t tmpfs -o mode=755 t /tmp/mm || exit 1
cd /tmp/mm; umask 022
as() { user=$1; shift; setpriv --reuid "$user" --regid "${group:-100}" --clear-groups "$@" 2>&1; }
echo data >f; chmod 640 f
setfacl -m u:1001:r,u:1002:rw,g:2000:r f; ls -l f | cut -c1-11; getfacl f; stat -c %a f
as 1001 cat f; as 1003 cat f; as 1001 sh -c 'echo more >>f'; as 1002 sh -c 'echo more >>f'; cat f
group=2000 as 1003 cat f; group=0 as 1004 cat f; group=0 as 1001 sh -c ': >>f'
chmod 600 f; getfacl -c f; as 1001 cat f; chmod 660 f; getfacl -c f
setfacl -m m::r f; as 1002 sh -c ': >>f'; getfacl -ce f
setfacl -x u:1002 f; getfacl -c f; setfacl -b f; getfacl -c f; stat -c %a f; ls -l f | cut -c1-11
mkdir d; setfacl -d -m u:1001:rwx,o::- d; getfacl -c d; touch d/a; mkdir d/b; getfacl -c d/a d/b; stat -c %a d/a d/b
(umask 077; echo >d/c; mkdir d/e); getfacl -c d/c d/e; mkfifo d/p; getfacl -c d/p
setfacl -k d; getfacl -c d; getfattr -m - d/a 2>/dev/null | grep -v '^$'
as 1001 setfacl -m u:1001:rwx f; setfacl -d -m u:1001:r f 2>&1 | head -1
ln -s f l; setfacl -m u:5:r l; getfacl -c f; cp -a f g; getfacl -c g; cp f h; getfacl -c h
chown 7 f; getfacl f; mv g d/; getfacl -c d/g; setfacl -m u::rw,g::r,o::r f; getfacl -c f
python3 - <<'P'
import os, struct
def entry(tag, bits, who=0xFFFFFFFF): return struct.pack("<HHI", tag, bits, who)
def tried(raw, name="system.posix_acl_access"):
    try: os.setxattr("f", name, raw)
    except OSError as error: return error.errno
    return 0
head, base = struct.pack("<I", 2), [entry(1, 6), entry(4, 4), entry(32, 4)]
print(tried(b"1"), tried(struct.pack("<I", 1) + base[0]), tried(head + base[0]), tried(head + b"".join(base)))
print(tried(head + b"".join([base[0], entry(2, 4, 9), *base[1:]])), tried(head + b"".join(reversed(base))))
print(tried(head + b"".join([entry(1, 9), *base[1:]])), tried(head + b"".join(base), "system.posix_acl_default"))
print(tried(b""), tried(head), tried(head, "system.other"), os.listxattr("f"))
P
