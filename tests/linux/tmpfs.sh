mkdir -p /tmp/mm; mount -t tmpfs -o size=64k,nr_inodes=5,mode=750,uid=3 t /tmp/mm; cd /tmp/mm
stat -c '%a %u' .; stat -f -c '%b %f %c %d' .
head -c 100000 /dev/zero >big; stat -c %s big; stat -f -c '%f %d' .
sh -c "echo x >more" 2>/dev/null; cat more; rm big; echo y >more; cat more
touch 1 2 3 4; ls; ln -s a b; mkdir d; rm 1 && touch 5 && ls
dd if=/dev/zero of=more bs=4096 count=30 conv=notrunc 2>&1 | tail -1 | cut -d' ' -f1,2
fallocate -l 200k 2; echo $?
rm -f more; fallocate -l 60k 2; echo $?; stat -f -c '%f' .
python3 - <<'P'
import mmap,os,signal
f=os.open('2',os.O_RDWR); os.ftruncate(f,1<<20); m=mmap.mmap(f,1<<20); m[0]=1
if os.fork()==0: m[900000]=1; m[800000]=1; os._exit(0)
print(os.WTERMSIG(os.wait()[1]) == signal.SIGBUS)
P
grep /tmp/mm /proc/self/mounts
rm 2
mount -o remount,size=1m,nr_inodes=100 t /tmp/mm; echo $?; stat -f -c '%b %c' .
head -c 500000 /dev/zero >big; stat -c %s big
mount -o remount,size=4k t /tmp/mm 2>/dev/null; echo $?
cd /; umount /tmp/mm
for o in size=0 size=x nr_blocks=10 size=0x10k mode=8 size=10%k nr_inodes=1k size=5g; do mount -t tmpfs -o $o t /tmp/mm 2>/dev/null && { stat -f -c '%c' /tmp/mm | tail -c 9 >/dev/null; grep /tmp/mm /proc/self/mounts | grep -v %; umount /tmp/mm; } ; done
