#!/bin/bash
# about: fio writes, reads and verifies by read, readv, preadv2, mmap, splice, Linux's and POSIX's asynchronous calls, by several processes
# needs: fio
# tier: slow
for e in sync psync vsync pvsync2 mmap libaio posixaio splice; do fio --name=j --ioengine=$e --rw=randrw --bs=4k --size=256k --filename=f --verify=crc32c --output-format=terse --thread 2>/dev/null | cut -d';' -f3,5,6,47; echo "$e $?"; rm -f f; done
fio --name=j --ioengine=sync --rw=write --numjobs=3 --size=64k --group_reporting --output-format=terse 2>/dev/null | cut -d';' -f3,5,6,47
