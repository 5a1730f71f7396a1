#!/bin/sh
# about: tcpdump on the loopback interface: UDP, a handshake of TCP, ping; a file, read again; arping's kind of frame by Python
# needs: tcpdump python3 ping
listen() { # name, count, filter...
    name=$1 count=$2
    shift 2
    timeout 60 tcpdump -Z root -tnqi lo --immediate-mode -c "$count" "$@" >"$name.out" 2>"$name.err" &
    until grep -q listening "$name.err" 2>/dev/null; do sleep 0.1; done
}
listen udp 2 -A udp dst port 40053
python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
r = socket.create_server(('127.0.0.1', 40054))
s.bind(('127.0.0.1', 40055))
t = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
t.bind(('127.0.0.1', 40053))
for text in b'one', b'another':
    s.sendto(text, ('127.0.0.1', 40053))
"
wait
grep -a -o 'IP 127.*\|one$\|another$' udp.out
listen tcp 2 'tcp port 40054 and tcp[tcpflags] & tcp-syn != 0'
python3 -c "
import socket
r = socket.create_server(('127.0.0.1', 40054))
socket.create_connection(('127.0.0.1', 40054), source_address=('127.0.0.1', 40056)).close()
"
wait
cat tcp.out
timeout 60 tcpdump -Z root -Uni lo -c 2 -w ping.pcap icmp 2>ping.err &
until grep -q listening ping.err 2>/dev/null; do sleep 0.1; done
ping -c 1 127.0.0.1 | grep -c 'bytes from'
wait
tcpdump -tnqr ping.pcap 2>/dev/null | sed 's/id [0-9]*/id N/'
python3 -c "
import socket
other = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b5))
other.bind(('lo', 0x88b5))
one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
one.bind(('lo', 0))
print(one.getsockname(), one.send(bytes(12) + b'\x88\xb5' + b'a frame'))
print(other.recvfrom(100))
"
