#!/bin/sh
# about: tar with gzip, bzip2, xz and zstd, there and back
# needs: tar gzip xz zstd
# tier: slow
mkdir -p d/e; seq 20000 >d/n; ln -s n d/l; ln d/n d/h; printf x >d/e/x; chmod 600 d/e/x
for c in gzip bzip2 xz zstd; do tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf t.$c --use-compress-program=$c d; mkdir o-$c; tar -xf t.$c --use-compress-program=$c -C o-$c; diff -r d o-$c/d && echo $c same; stat -c %a o-$c/d/e/x; tar -tf t.$c --use-compress-program=$c; done
gzip -c d/n | zcat | cmp - d/n && echo gzip; xz -9c d/n | xzcat | md5sum; zstd -qc d/n | zstd -dqc | md5sum; tar -cf - d | tar -df - && echo compared
