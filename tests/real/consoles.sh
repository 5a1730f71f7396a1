#!/bin/bash
# about: nano, emacs, vim, less and mc on terminals, typed into by expect
# needs: nano emacs vim less mc expect
# tier: slow
export TERM=xterm
expect -c 'set timeout 60; spawn nano -I x.txt; expect "New File"; send "hello\rworld"; send "\x0f"; expect "File Name"; send "\r"; expect "Wrote"; send "\x18"; expect eof' >/dev/null; cat x.txt
expect -c 'set timeout 60; spawn emacs -nw -Q y.txt; expect "y.txt"; send "emacs text\x18\x13"; expect "Wrote"; send "\x18\x03"; expect eof' >/dev/null; cat y.txt
expect -c 'set timeout 60; spawn vim -u NONE z.txt; expect "New"; send "ivim text\033:wq\r"; expect eof' >/dev/null; cat z.txt
expect -c 'set timeout 60; spawn less x.txt; expect "hello"; send "q"; expect eof; puts left' | tail -1 | grep -o left
expect -c 'set timeout 60; spawn mc -u; expect "Quit"; send "\033\[21~"; expect {"Do you" {send "\r"; expect eof} eof {}}; puts left' | tail -1 | grep -o left
