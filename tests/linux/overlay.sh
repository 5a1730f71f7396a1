set +e
mkdir -p /tmp/mm; mount -t tmpfs t /tmp/mm || exit 1
cd /tmp/mm
mkdir l1 l2 u w m
mkdir l1/d l2/d l2/only l2/d/sub
echo one >l1/f; echo two >l2/f; echo low >l2/d/low; echo high >l1/d/high; echo x >l2/only/x; ln -s f l2/link; echo gone >l2/gone
mount -t overlay ov -o lowerdir=l1:l2,upperdir=u,workdir=w m; echo mounted $?; grep -c "ov /tmp/mm/m overlay rw,relatime,lowerdir=l1:l2,upperdir=u,workdir=w" /proc/self/mounts
cd m
find . | sort
cat f d/low d/high link
echo changed >>d/low; cat d/low ../l2/d/low; ls -R ../u | sort
rm gone; ls; stat -c '%F %t,%T' ../u/gone
echo back >gone; cat gone; stat -c %F ../u/gone
rm -r only; ls; stat -c %F ../u/only
mkdir only; ls only; ls -A ../u/only; getfattr -m - -d ../u/only 2>/dev/null | grep -v file
mv d e; echo mv $?; ls -R e | sort; ls
mv f g; cat g; ls; stat -c '%F' ../u/f
chmod 600 e/high; stat -c %a e/high ../l1/d/high 2>&1
ln g h; stat -c %h g h; echo more >>h; cat g
exec 5<g; echo new >>g; ln -sf nothing link; cat <&5 
rmdir only; ls -d only 2>&1; mv e only; ls only
touch -d @1000 only/high; stat -c %Y only/high
python3 - <<'P'
import os
os.mkdir('p'); os.rename('p','q'); print(sorted(os.listdir('.')))
try: os.rename('q','only')
except OSError as e: print(e.errno)
fd=os.open('h',os.O_RDONLY); os.fchmod(fd,0o640); print(oct(os.stat('h').st_mode), oct(os.stat('g').st_mode))
s=os.stat('h'); t=os.fstat(fd); print(s.st_ino==t.st_ino, s.st_dev==t.st_dev)
import mmap
m=mmap.mmap(os.open('h',os.O_RDWR),5); m[0:3]=b'MAP'; print(open('h').read())
P
cd ..; umount m; echo umount $?; find u | sort

mount -t overlay ov -o lowerdir=l1:l2 m; touch m/new 2>&1; ls m; umount m
mount -t overlay ov -o lowerdir=u:l1:l2 m; ls m; umount m
for o in lowerdir=l1 upperdir=u,workdir=w lowerdir=l1,upperdir=u lowerdir=none:l1 lowerdir=l1:l1/f lowerdir=l1,upperdir=u,workdir=u/x lowerdir=l1,upperdir=l1/d,workdir=w bogus=1,lowerdir=l1:l2; do
  mkdir -p u/x; python3 - $o <<'P'
import ctypes,os,sys
l=ctypes.CDLL(None,use_errno=True)
print(sys.argv[1], l.mount(b'o',b'm',b'overlay',0,sys.argv[1].encode()) and ctypes.get_errno())
P
done
