#!/bin/sh
# about: Tcl: lists, dictionaries, a regular expression, a server with its client in one loop
# needs: tclsh
# tier: slow
cat >t.tcl <<'END'
puts [lsort -integer {3 1 2}]; set d [dict create a 1 b 2]; dict incr d a 5; puts $d
regexp {(\w+)@(\w+)} "me@host" all user host; puts "$user $host"
proc serve {channel address port} { fconfigure $channel -buffering line; puts $channel [string toupper [gets $channel]]; close $channel }
set server [socket -server serve -myaddr 127.0.0.1 0]; set port [lindex [fconfigure $server -sockname] 2]
set client [socket 127.0.0.1 $port]; fconfigure $client -buffering line -blocking 0; puts $client hello
fileevent $client readable { if {[gets $client line] >= 0} { puts $line; set done 1 } }
vwait done; puts [exec sh -c {echo from a shell}]; after 10 {set late 1}; vwait late; puts [catch {expr {1 / 0}} e]\ $e; exit 6
END
tclsh t.tcl; echo $?
