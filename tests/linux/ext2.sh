# What is done with an ext2 file system: the arguments are a folder and what mke2fs is told.
cd "$1"; truncate -s 6M img; mke2fs -q -t ext2 $2 img && mkdir m && mount -o loop -t ext2 img m || exit
grep "$1/m" /proc/mounts | cut -d' ' -f3-; df --output=size,used,avail,iavail m | tail -1; cd m; ls -A
echo hello >a; mkdir d; ln a d/b; ln -s target s; ln -s $(printf '%0100d' 1) ls; mkfifo p; mknod null c 1 3; mknod big b 300 70000
seq 1 30000 >big.txt; cp big.txt d/big2; md5sum big.txt d/big2; echo lost >null; readlink ls | wc -c
cd d; touch $(seq -f a_rather_long_file_name_%g 200); ls | wc -l; rm a_rather_long_file_name_1*; ls | wc -l; cd ..
mv d/a_rather_long_file_name_2 x; mkdir e; mv d e/; ls e/d | wc -l; rmdir e 2>&1 | sed 's/.*: //'; mv x a; echo again >x
stat -c '%n %h %F %a' a e e/d s ls p null big x; stat -c '%n %s %t %T' s ls big
dd if=/dev/zero of=sparse bs=1k count=3 seek=4000 2>/dev/null; stat -c '%s %B' sparse; truncate -s 5000 big.txt; tail -c 9 big.txt
setfattr -n user.x -v hello a; getfattr -d a; setfacl -m u:1000:rw a; getfacl -cn a; chmod 4755 x; chown 70000:80000 x; stat -c '%u %g %a' x
python3 - <<'P'
import mmap, os
with open("mm", "wb+") as file:
    file.truncate(10000)
    shown = mmap.mmap(file.fileno(), 10000)
    os.unlink("mm")
    shown[9990:9995] = b"MAPPD"
    file.seek(9985)
    print(file.read())
free = os.statvfs(".").f_bfree
shown.close()
print(os.statvfs(".").f_bfree > free)
descriptor = os.open(".", os.O_TMPFILE | os.O_RDWR)
os.write(descriptor, b"named later\n")
os.link(f"/proc/self/fd/{descriptor}", "later", follow_symlinks=True)
P
cat later; dd if=/dev/zero of=full bs=4k 2>/dev/null; [ $(stat -f -c %f .) -lt 9 ] && echo full; rm full; touch -d 1980-01-01 old; stat -c %Y old
cp /bin/true t; ./t; echo $?; sh -c 'exec 5>gone; rm gone; echo data >&5; cat /proc/self/fd/5'; find . | sort | md5sum
umount . 2>/dev/null || echo busy; cd ..; umount m; e2fsck -fn img >/dev/null 2>&1; echo checked $?
L=$(losetup -f --show img); mount -o ro -t ext2 $L m; cat m/a m/x m/e/d/b; md5sum <m/e/d/big2; touch m/no 2>&1 | sed 's/.*: //'; mount -o remount,rw m; rm m/e/d/b
umount m; losetup -d $L; e2fsck -fn img >/dev/null 2>&1; echo checked $?; dumpe2fs -h img 2>/dev/null | grep -E 'state|Mount count|Free inodes'
