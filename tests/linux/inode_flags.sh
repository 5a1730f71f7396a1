# Flags of files: what they keep from being done. The argument is a folder where something can be mounted.
mount -t tmpfs t "$1" && cd "$1" || exit
tried() { "$@" 2>&1 | sed "s/.*: //; s/^ *//"; }
w() { sh -c "$1" 2>&1 | sed 's/.*: //'; }
echo 1 >f; ln f g; mkdir d; echo 2 >d/in; mkfifo p
chattr +i f; lsattr f | cut -c1-22; w 'echo x >f'; w 'echo x >>f'; w 'cat f'; tried rm f; tried mv f h; tried ln f h; tried chmod 600 f
tried touch f; tried touch -d 1980-01-01 f; tried chown 5 f; tried truncate -s 0 f; tried setfattr -n user.a -v b f; tried rm -f g
chattr -i f; chattr +a f; w 'echo x >f'; w 'echo y >>f'; cat f; tried rm f; tried mv f h; tried truncate -s 0 f; tried touch f; tried chmod 600 f
chattr =d f; lsattr f | cut -c1-22; rm f; cat g; echo end
chattr +a d; w 'echo x >d/new'; tried rm d/new; tried mv d/new d/other; tried rmdir d; cat d/new
chattr =i d; w 'echo x >d/more'; tried rm d/new; w 'echo y >d/new'; cat d/new; tried rmdir d; tried chattr +c g; tried chattr +i p
chattr = d; echo a >t; touch -a -d 1980-01-01 t; chattr +A t; cat t; stat -c %X t; chattr -A t; cat t; [ $(stat -c %X t) -gt 400000000 ] && echo noted
mount -o remount,noatime t "$1"; touch -a -d 1980-01-01 t; cat t; stat -c %X t; chmod 4755 t
sh -c "setpriv --reuid 1000 --clear-groups chattr +i t" 2>&1 | sed 's/.*: //'
mkdir s; chgrp 7 s; chmod 3777 s; sh -c 'umask 0; setpriv --reuid 1000 --regid 1000 --clear-groups /usr/bin/python3 -c "import os; os.open(\"s/x\", os.O_CREAT, 0o2777); os.open(\"s/y\", os.O_CREAT, 0o2767); os.umask(0o10); os.open(\"s/z\", os.O_CREAT, 0o2777)"'; stat -c '%n %a %g' s/x s/y s/z
mount -t tmpfs u s && mount -o bind s d && mount -t tmpfs u s; umount s s d; echo $?
