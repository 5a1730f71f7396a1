#!/bin/sh
# about: expect drives programs on terminals: a shell, bc, and a program that reads a password
# needs: expect bc
# tier: slow
cat >e.exp <<'END'
log_user 0
spawn sh -c {stty size; read -p "name? " n 2>/dev/null || { printf "name? "; read n; }; echo "hello $n"; stty -echo; printf "password: "; read p; stty echo; echo; echo "got $p"}
expect "name? "; send "me\r"; expect -re {hello (\w+)}; puts $expect_out(1,string)
expect "password: "; send "secret\r"; expect -re {got (\w+)}; puts $expect_out(1,string); expect eof; puts [lindex [wait] 3]
spawn bc -q; send "2^10\r"; expect -re {\n(\d+)\r}; puts $expect_out(1,string); send "\004"; expect eof; puts closed
spawn cat; send "\003"; expect eof; set w [wait]; puts [lindex $w 5]
END
expect e.exp; echo $?
